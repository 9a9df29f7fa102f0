// The schema of a program: vocabularies, entity and record types, actions and
// obligations, with the dense numbers that every later stage uses. Built by
// compiler/ (the checker fills it while it declares names), carried by
// Program, read by evaluator/ and descriptors/.
//
// Invariants after checking: a TypeId indexes Schema::types, and equal types
// have equal ids (types are interned by Schema::Intern); terms of one
// vocabulary are contiguous and numbered in preorder, so "is or is below" is
// `t >= a && t < terms[a].end`. Plain data, safe to share once built.
#ifndef BYLAW_COMPILER_BYTECODE_SCHEMA_H_
#define BYLAW_COMPILER_BYTECODE_SCHEMA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/bytecode/constant.h"
#include "compiler/bytecode/kind.h"

namespace bylaw {

using TypeId = uint32_t;
inline constexpr uint32_t kNone = 0xffffffffu;  // "no such index", everywhere

// A type. `T?` is the same entry with optional set.
struct TypeInfo {
  Kind kind = Kind::kBool;
  bool optional = false;
  uint32_t id = kNone;             // kTerm: vocabulary; kRecord: record
  std::vector<uint32_t> entities;  // kEntity: sorted entity types (>1: union)
  TypeId element = kNone;          // kSet, kList, kMap: what they hold
  friend bool operator==(const TypeInfo&, const TypeInfo&) = default;
};

enum class VocabularyKind : uint8_t { kPlain, kOrdered, kTree };

struct Vocabulary {
  std::string name;
  VocabularyKind kind = VocabularyKind::kPlain;
  uint32_t first_term = 0, num_terms = 0;  // contiguous, preorder / order
};

struct Term {
  uint32_t vocabulary = kNone;
  std::string path;  // whole path: "pii.name.first"
  uint32_t end = 0;  // one past the last term of its subtree
  uint32_t parent = kNone;
};

// An attribute of an entity, a field of a record, a parameter of a context or
// of an obligation. Its index in its list is its slot.
struct Attribute {
  std::string name;
  TypeId type = kNone;
  std::optional<Constant> default_value;  // `= constant`
  bool transitive = false;
  bool asserted = false;
  uint32_t inverse = kNone;  // slot in the entity type it refers to
  // Context attributes only:
  bool includes_resource = false;  // `includes d`
  bool selects = false;            // names the asked columns
  uint32_t default_chunk = kNone;  // code of a default that is no constant
  // A required attribute is one whose type is neither optional nor a
  // collection and that has no default.
};

struct EntityType {
  std::string name;
  std::vector<uint32_t> parents;  // entity types it may be nested in / below
  std::vector<Attribute> attributes;
};

struct RecordType {
  std::string name;
  std::vector<Attribute> fields;
};

struct Action {
  std::string name;
  bool gate = false;
  bool proposes = false;
  std::vector<uint32_t> resources;  // entity types, sorted
  std::vector<uint32_t> subjects;   // entity types, sorted
  std::vector<Attribute> context;   // slots of the context record
  // `selects d.columns by context.columns`
  uint32_t columns_slot = kNone;    // of the resource type: Set<Column>
  uint32_t selecting_slot = kNone;  // of context
};

struct ActionGroup {
  std::string name;
  std::vector<uint32_t> actions;  // flattened, sorted
};

struct ObligationType {
  std::string name;
  std::vector<Attribute> parameters;
};

struct Schema {
  std::vector<TypeInfo> types;
  std::vector<Vocabulary> vocabularies;
  std::vector<Term> terms;
  std::vector<EntityType> entities;
  std::vector<RecordType> records;
  std::vector<Action> actions;
  std::vector<ActionGroup> groups;
  std::vector<ObligationType> obligations;
  // The language's own vocabularies and, for each resource type that some
  // action `selects` on, how its columns are found.
  uint32_t column_type_vocabulary = kNone;  // ColumnType
  uint32_t weekday_vocabulary = kNone;      // Weekday
  struct Selectable {
    uint32_t entity = kNone;         // the owner, e.g. Dataset
    uint32_t columns_slot = kNone;   // Set<Column>
    uint32_t column_entity = kNone;  // e.g. Column
    uint32_t name_slot = kNone;      // Column.name
    uint32_t type_slot = kNone;      // Column.type
    uint32_t table_slot = kNone;     // owner's `table`, if declared
  };
  std::vector<Selectable> selectables;

  // Returns the id of `type`, adding it if it is new.
  TypeId Intern(const TypeInfo& type);
  TypeId Optional(TypeId t);  // t with optional set
  TypeId Present(TypeId t);   // t with optional cleared
  const TypeInfo& type(TypeId t) const { return types[t]; }
  bool IsCollection(TypeId t) const;
  // Spelled as in source: `Set<Column>`, `Classification?`.
  std::string TypeName(TypeId t) const;
  bool IsRequired(const Attribute& a) const;

  // Look-ups by name; kNone if there is none.
  uint32_t FindEntity(std::string_view name) const;
  uint32_t FindRecord(std::string_view name) const;
  uint32_t FindVocabulary(std::string_view name) const;
  uint32_t FindTerm(uint32_t vocabulary, std::string_view path) const;
  uint32_t FindAction(std::string_view name) const;
  static uint32_t FindAttribute(const std::vector<Attribute>& list,
                                std::string_view name);
  const Selectable* FindSelectable(uint32_t entity) const;
  bool IsBelow(uint32_t term, uint32_t ancestor) const {
    return term >= ancestor && term < terms[ancestor].end;
  }
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_SCHEMA_H_
