// What a Facts is made of; seen by facts.cc and facts_builder.cc alone.
#ifndef BYLAW_EVALUATOR_FACTS_STORAGE_H_
#define BYLAW_EVALUATOR_FACTS_STORAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluator/arena.h"
#include "evaluator/facts.h"

namespace bylaw {

// Texts with numbers from 0. Open addressing over numbers; keys are compared.
class SymbolTable {
 public:
  SymbolTable();
  Symbol Intern(std::string_view text);
  Symbol Find(std::string_view text) const;
  std::string_view Text(Symbol s) const { return texts_[s]; }
  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }
  void Shrink() { texts_.shrink_to_fit(); }

 private:
  void Grow();
  uint64_t seed_;
  Arena arena_{16 * 1024};
  std::vector<std::string_view> texts_;
  std::vector<uint32_t> table_;  // symbol or kNone
};

// A handful of names, fixed after Build: (number, name) -> number.
class NameTable {
 public:
  void Add(uint32_t group, std::string_view name, uint32_t number);
  void Build();
  uint32_t Find(uint32_t group, std::string_view name) const;

 private:
  struct Name {
    std::string_view text;  // of the program
    uint32_t group, number;
    bool IsSame(const Name& other) const {
      return group == other.group && text == other.text;
    }
  };
  uint64_t seed_ = 0;
  std::vector<Name> names_;
  std::vector<uint32_t> table_;
};

struct Facts::Storage {
  // The key's bytes stand inline up to kInline; longer ones are compared with
  // the id's text.
  struct Entry {
    static constexpr size_t kInline = 20;
    uint32_t entity = kNone;
    uint32_t tag = 0;
    uint16_t type = 0;
    uint16_t length = 0;  // cut at 65535
    char key[kInline] = {};
  };
  static_assert(sizeof(Entry) == 32);
  struct ColumnEntry {
    uint32_t owner = kNone, column = kNone;
    uint32_t tag = 0;
    Symbol name = 0;
  };
  struct SlotPlace {
    uint16_t slot = 0;
    uint16_t column = 0;  // cut at 65535
    uint32_t line = 0;
    uint32_t file = kNone;
  };
  struct Unknown {
    uint32_t type;
    Symbol id;
  };

  uint64_t seed = 0;
  Arena arena{32 * 1024};
  std::vector<EntityRecord> records;
  std::vector<Value> slots;
  std::vector<Cell> identity;
  std::vector<std::pair<uint32_t, uint32_t>> ranges;  // by type: [begin, end)
  std::vector<Unknown> unknown;
  SymbolTable symbols;
  std::vector<Entry> table;
  std::vector<ColumnEntry> columns;
  std::vector<Value> constants;
  std::vector<Symbol> program_symbols;
  std::vector<uint32_t> places_begin;  // by entity, size()+1
  std::vector<SlotPlace> places;       // by entity, then slot
  std::vector<FactPosition> entity_places;
  std::vector<std::vector<uint32_t>> inverse;     // by type, by slot
  absl::flat_hash_map<uint64_t, Value> unclosed;  // entity << 32 | slot
  std::vector<std::vector<Value>> defaults;       // by type
  std::vector<std::vector<Value>> contexts;       // by action
  std::vector<std::vector<uint32_t>> specials;    // by action
  NameTable actions, types, terms;
  std::vector<std::string> files;
  std::string revision;

  std::vector<uint64_t> ancestor_bits;

  void BuildEntityTable(const Facts& facts);
  // REQUIRES: ancestors are closed.
  void BuildAncestorBits();
  void BuildColumnTable(const Program& program);
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_FACTS_STORAGE_H_
