// The facts: every known entity with its attributes in slots, closed over
// parents and transitive attributes, in the numbering and symbols of one
// program. Built by facts_builder.h from nodes; read by world.h.
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
};

// Where a fact was read, for findings.
struct FactPosition {
  uint32_t file = kNone;  // Facts::files()
  uint32_t line = 0, column = 0;
};

class Facts {
 public:
  ~Facts();
  const Program& program() const { return *program_; }
  uint32_t size() const { return size_; }
  const EntityRecord* Find(uint32_t entity) const {
    return entity < size_ ? &records_[entity] : nullptr;
  }
  // One seeded hash step; the key's bytes are always compared. kNone.
  uint32_t Lookup(uint32_t entity_type, std::string_view id) const;
  bool IsWithin(uint32_t a, uint32_t b) const;
  std::span<const Cell> AllOf(uint32_t entity_type) const;

  // Symbols: the program's strings first, then those of facts.
  std::string_view Text(Symbol s) const;
  uint32_t num_symbols() const;
  Symbol FindSymbol(std::string_view text) const;  // kNone
  // A constant of the program as a value (built once at load).
  const Value& ConstantValue(uint32_t constant) const;
  // Symbol of Program::symbols[i].
  Symbol ProgramSymbol(uint32_t i) const;
  // As written, before closing; for proposals.
  Value Unclosed(uint32_t entity, uint32_t slot) const;

  FactPosition PositionOf(uint32_t entity) const;
  FactPosition PositionOf(uint32_t entity, uint32_t slot) const;
  const std::vector<std::string>& files() const;
  // Hex hash of what the facts say, independent of the order of files.
  const std::string& revision() const;

 private:
  friend class FactsBuilder;
  Facts();
  struct Storage;
  std::shared_ptr<const Program> program_;
  const EntityRecord* records_ = nullptr;
  uint32_t size_ = 0;
  std::unique_ptr<Storage> storage_;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_FACTS_H_
