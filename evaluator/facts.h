// The facts: every known entity with its attributes in slots, closed over
// parents and transitive attributes, in the numbering and symbols of one
// program. Built by facts_builder.h from nodes; read by world.h.
//
// Entities are numbered by type, then id; so the entities of a type are a
// range, and sets of one type's entities stand in the order of their ids.
// Numbers from size() to size()+num_unknown() stand for entities that are
// named (by literals of the program, or in facts that may refer forward) and
// not known: they have a type and an id and no record.
//
// Immutable once built; shareable between threads.
#ifndef BYLAW_EVALUATOR_FACTS_H_
#define BYLAW_EVALUATOR_FACTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/bytecode/program.h"
#include "evaluator/value.h"

namespace bylaw {

struct EntityRecord {
  uint32_t type = kNone;
  Symbol id = 0;
  const Value* slots = nullptr;     // one an attribute of its type
  const Cell* ancestors = nullptr;  // closed, with itself, sorted
  uint32_t num_ancestors = 0;
  const Cell* parents = nullptr;  // direct, sorted
  uint32_t num_parents = 0;
  // The same ancestors as bits, from first_ancestor on, where they lie close
  // enough together; else nullptr. Read by Facts::IsWithin alone.
  uint32_t first_ancestor = 0, ancestor_span = 0;
  const uint64_t* ancestor_bits = nullptr;
};

// Where a fact was read, for findings.
struct FactPosition {
  uint32_t file = kNone;  // Facts::files(), or kProposalFile
  uint32_t line = 0, column = 0;
};
// The file of what a request proposes: the caller knows which one it read.
inline constexpr uint32_t kProposalFile = kNone - 1;

class Facts {
 public:
  ~Facts();
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  const Program& program() const { return *program_; }
  const std::shared_ptr<const Program>& shared_program() const {
    return program_;
  }
  uint32_t size() const { return size_; }
  uint32_t num_unknown() const { return total_ - size_; }
  // size() + num_unknown(): the first number that is a request's own.
  uint32_t total() const { return total_; }
  const EntityRecord* Find(uint32_t entity) const {
    return entity < size_ ? &records_[entity] : nullptr;
  }
  // One seeded hash step; the key's bytes are always compared. kNone.
  uint32_t Lookup(uint32_t entity_type, std::string_view id) const {
    const uint32_t n = LookupNamed(entity_type, id);
    return n < size_ ? n : kNone;
  }
  // As Lookup, but finds the numbers of unknown entities too.
  uint32_t LookupNamed(uint32_t entity_type, std::string_view id) const;
  uint32_t TypeOf(uint32_t entity) const;  // REQUIRES: entity < total()
  Symbol IdOf(uint32_t entity) const;
  bool IsWithin(uint32_t a, uint32_t b) const;
  std::span<const Cell> AllOf(uint32_t entity_type) const;
  // The entity among `owner`'s columns that has this name; kNone. One hash
  // step. Names are unique within an owner.
  uint32_t ColumnNamed(uint32_t owner, std::string_view name) const;

  // Symbols: the program's strings first, then those of facts.
  std::string_view Text(Symbol s) const;
  uint32_t num_symbols() const;
  Symbol FindSymbol(std::string_view text) const;  // kNone
  // A constant of the program as a value (built once at load).
  const Value& ConstantValue(uint32_t constant) const;
  // As written, before closing; for proposals.
  Value Unclosed(uint32_t entity, uint32_t slot) const;
  // True if facts state the attribute (or its inverse): a default alone is
  // not stated.
  bool Holds(uint32_t entity, uint32_t slot) const;
  // Both sides of `inverse`, whichever declares it; kNone.
  uint32_t InverseOf(uint32_t entity_type, uint32_t slot) const;
  // Defaults of the attributes of a type (missing or empty if it has none).
  std::span<const Value> DefaultsOf(uint32_t entity_type) const;
  // The context of a request that gives none; chunks not run.
  std::span<const Value> ContextDefaults(uint32_t action) const;

  // Slots of an action's context that need more than a default: the selecting
  // one, those that include the resource, those whose default is code.
  std::span<const uint32_t> ContextSpecials(uint32_t action) const;
  // Seed of hash tables that live for one request.
  uint64_t hash_seed() const;

  // Names, by hash; kNone.
  uint32_t FindAction(std::string_view name) const;
  uint32_t FindType(std::string_view name) const;
  uint32_t FindTerm(uint32_t vocabulary, std::string_view path) const;

  FactPosition PositionOf(uint32_t entity) const;
  FactPosition PositionOf(uint32_t entity, uint32_t slot) const;
  const std::vector<std::string>& files() const;
  // Hex hash of what the facts say, independent of the order of files.
  const std::string& revision() const;

 private:
  friend class FactsBuilder;
  friend std::string SaveFacts(const Facts& facts);
  Facts();
  struct Storage;
  std::shared_ptr<const Program> program_;
  const EntityRecord* records_ = nullptr;
  uint32_t size_ = 0, total_ = 0;
  std::unique_ptr<Storage> storage_;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_FACTS_H_
