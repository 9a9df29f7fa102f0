// Nodes and constants to values, by the schema: one decoder for facts, for
// requests and for what tests give. A user says where texts are interned,
// what entities a reference means, and where errors go.
//
// All errors of a node are reported, not the first only. Not thread-safe.
#ifndef BYLAW_EVALUATOR_DECODE_H_
#define BYLAW_EVALUATOR_DECODE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/bytecode/schema.h"
#include "evaluator/arena.h"
#include "evaluator/node.h"
#include "evaluator/value.h"

namespace bylaw {

enum class DecodeProblem : uint8_t {
  kWrongType,
  kInexact,
  kBadSpelling,
  kUnknownTerm,
  kNull,
  kUnknownType,
  kUnknownField,
  kMissingField,
  kReference,  // an unknown entity
  kOther,      // the user's own
};

class ValueDecoder {
 public:
  ValueDecoder(const Schema* schema, Arena* arena)
      : schema_(*schema), arena_(*arena) {}
  virtual ~ValueDecoder() = default;

  // False if an error was reported. `out` is never missing on success.
  bool Decode(const Node& node, TypeId type, Value* out);
  // A checked constant of that type; an Int stands for a Decimal.
  Value FromConstant(const Constant& constant, TypeId type);
  // As FromConstant where no type is known: a literal of the program.
  Value FromLiteral(const Constant& constant);
  // What an attribute is without a value: its default, an empty collection,
  // or missing.
  Value Absent(const Attribute& attribute);

 protected:
  virtual Symbol Intern(std::string_view text) = 0;
  virtual uint32_t FindTerm(uint32_t vocabulary, std::string_view path) = 0;
  // The cell of a named entity; false after reporting why there is none.
  virtual bool Reference(uint32_t entity_type, std::string_view id,
                         const Node& node, Cell* out) = 0;
  // The same for constants, whose references may be to unknown entities.
  virtual Cell NameEntity(uint32_t entity_type, std::string_view id) = 0;
  // `{id: …, attributes: …}` where an entity is expected. The default reports
  // that a reference is an id.
  virtual bool ReferenceMap(const Node& node, const TypeInfo& type, Cell* out);
  // A map where a set or list of one entity type is expected: nested
  // entities. The default reports that ids are expected.
  virtual bool Nested(const Node& node, const TypeInfo& collection, Value* out);
  virtual void Fail(DecodeProblem problem, const Node& at, std::string message,
                    std::string suggestion) = 0;
  // Where Fail's `at` stands in the value, for requests: attributes, fields,
  // indexes.
  virtual void Push(std::string_view name) { (void)name; }
  virtual void Push(size_t index) { (void)index; }
  virtual void Pop() {}

  // Reports a node that is not of the type.
  bool WrongType(const Node& node, TypeId type, std::string_view hint = "");

  const Schema& schema_;
  Arena& arena_;

 private:
  bool DecodeNumber(const Node& node, TypeId type, Value* out);
  bool DecodeScalarText(const Node& node, TypeId type, Value* out);
  bool DecodeTerm(const Node& node, const TypeInfo& info, Value* out);
  bool DecodeEntity(const Node& node, TypeId type, Value* out);
  bool DecodeRecord(const Node& node, TypeId type, Value* out);
  bool DecodeCollection(const Node& node, TypeId type, Value* out);
  bool DecodeMap(const Node& node, TypeId type, Value* out);
};

// What a node is, in words: "a text", "a list".
std::string_view NodeKindName(const Node& node);
// The number times 10^scale, if it is whole and fits: exact, whatever the
// exponent. `is_number` is set to whether the text is a number at all.
std::optional<int64_t> ExactNumber(std::string_view text, int scale,
                                   bool* is_number = nullptr);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_DECODE_H_
