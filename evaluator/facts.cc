#include "evaluator/facts.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <random>

#include "evaluator/facts_storage.h"
#include "evaluator/hash.h"

namespace bylaw {
namespace {

// Up to here ancestors are searched one by one.
constexpr uint32_t kFewAncestors = 8;

// Of a table: one secret a process, mixed with the table's number (Steele et
// al., "Fast splittable pseudorandom number generators", OOPSLA 2014).
uint64_t RandomSeed() {
  static const uint64_t secret = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  static std::atomic<uint64_t> number{0};
  uint64_t z = secret + 0x9e3779b97f4a7c15 * ++number;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint16_t Cut16(size_t n) {
  return static_cast<uint16_t>(std::min<size_t>(n, 0xffff));
}

}  // namespace

// --- SymbolTable, NameTable ---

SymbolTable::SymbolTable() : seed_(RandomSeed()), table_(64, kNone) {}

Symbol SymbolTable::Intern(std::string_view text) {
  const size_t mask = table_.size() - 1;
  size_t i = HashBytes(seed_, 0, text) & mask;
  while (table_[i] != kNone) {
    if (texts_[table_[i]] == text) return table_[i];
    i = (i + 1) & mask;
  }
  const Symbol s = size();
  texts_.push_back(arena_.Copy(text));
  table_[i] = s;
  if (texts_.size() * 3 > table_.size() * 2) Grow();
  return s;
}

Symbol SymbolTable::Find(std::string_view text) const {
  const size_t mask = table_.size() - 1;
  size_t i = HashBytes(seed_, 0, text) & mask;
  while (table_[i] != kNone) {
    if (texts_[table_[i]] == text) return table_[i];
    i = (i + 1) & mask;
  }
  return kNone;
}

void SymbolTable::Grow() {
  table_.assign(table_.size() * 2, kNone);
  const size_t mask = table_.size() - 1;
  for (Symbol s = 0; s < size(); ++s) {
    size_t i = HashBytes(seed_, 0, texts_[s]) & mask;
    while (table_[i] != kNone) i = (i + 1) & mask;
    table_[i] = s;
  }
}

void NameTable::Add(uint32_t group, std::string_view name, uint32_t number) {
  names_.push_back({name, group, number});
}

void NameTable::Build() {
  seed_ = RandomSeed();
  table_.assign(std::bit_ceil(names_.size() * 2 + 2), kNone);
  const size_t mask = table_.size() - 1;
  for (uint32_t n = 0; n < names_.size(); ++n) {
    size_t i = HashBytes(seed_, names_[n].group, names_[n].text) & mask;
    // Of equal names the first is found: others would only lengthen the search.
    while (table_[i] != kNone && !names_[table_[i]].IsSame(names_[n])) {
      i = (i + 1) & mask;
    }
    if (table_[i] == kNone) table_[i] = n;
  }
}

uint32_t NameTable::Find(uint32_t group, std::string_view name) const {
  if (table_.empty()) return kNone;
  const size_t mask = table_.size() - 1;
  size_t i = HashBytes(seed_, group, name) & mask;
  while (table_[i] != kNone) {
    const Name& n = names_[table_[i]];
    if (n.group == group && SameText(n.text, name)) return n.number;
    i = (i + 1) & mask;
  }
  return kNone;
}

// --- Tables ---

void Facts::Storage::BuildEntityTable(const Facts& facts) {
  seed = RandomSeed();
  table.assign(std::bit_ceil(size_t{facts.total_} * 3 / 2 + 2), Entry());
  const size_t mask = table.size() - 1;
  for (uint32_t e = 0; e < facts.total_; ++e) {
    const uint32_t type = facts.TypeOf(e);
    const std::string_view id = symbols.Text(facts.IdOf(e));
    const uint64_t h = HashBytes(seed, type, id);
    size_t i = h & mask;
    while (table[i].entity != kNone) i = (i + 1) & mask;
    Entry& entry = table[i];
    entry.entity = e;
    entry.tag = static_cast<uint32_t>(h >> 32);
    entry.type = static_cast<uint16_t>(type);
    entry.length = Cut16(id.size());
    if (!id.empty()) {
      std::memcpy(entry.key, id.data(), std::min(id.size(), Entry::kInline));
    }
  }
}

void Facts::Storage::BuildAncestorBits() {
  // As many words as there are ancestors at most: twice their own memory.
  const auto words = [](const EntityRecord& r) -> uint64_t {
    if (r.num_ancestors <= kFewAncestors) return 0;
    const uint32_t span = r.ancestors[r.num_ancestors - 1] - r.ancestors[0] + 1;
    const uint64_t n = (uint64_t{span} + 63) / 64;
    return n <= r.num_ancestors ? n : 0;
  };
  uint64_t all = 0;
  for (const EntityRecord& r : records) all += words(r);
  ancestor_bits.assign(all, 0);
  uint64_t* next = ancestor_bits.data();
  for (EntityRecord& r : records) {
    const uint64_t n = words(r);
    if (n == 0) continue;
    r.ancestor_bits = next;
    r.first_ancestor = r.ancestors[0];
    r.ancestor_span = r.ancestors[r.num_ancestors - 1] - r.ancestors[0] + 1;
    for (uint32_t i = 0; i < r.num_ancestors; ++i) {
      const uint32_t bit = r.ancestors[i] - r.first_ancestor;
      next[bit / 64] |= uint64_t{1} << (bit % 64);
    }
    next += n;
  }
}

void Facts::Storage::BuildColumnTable(const Program& program) {
  size_t n = 0;
  const auto each = [&](auto&& visit) {
    for (const Schema::Selectable& s : program.schema.selectables) {
      if (s.entity == kNone || s.columns_slot == kNone || s.name_slot == kNone)
        continue;
      for (uint32_t e = ranges[s.entity].first; e < ranges[s.entity].second;
           ++e) {
        const Value& set = records[e].slots[s.columns_slot];
        if (set.kind != Kind::kSet || set.element != Kind::kEntity) continue;
        for (uint32_t i = 0; i < set.size; ++i) {
          const Cell c = set.cells[i];
          if (c >= records.size()) continue;
          const Value& name = records[c].slots[s.name_slot];
          if (name.kind == Kind::kString) visit(e, c, name.size);
        }
      }
    }
  };
  each([&](Cell, Cell, Symbol) { ++n; });
  columns.assign(std::bit_ceil(n * 3 / 2 + 2), ColumnEntry());
  const size_t mask = columns.size() - 1;
  each([&](Cell owner, Cell column, Symbol name) {
    const uint64_t h = HashBytes(seed, owner, symbols.Text(name));
    size_t i = h & mask;
    while (columns[i].column != kNone) {
      if (columns[i].owner == owner && columns[i].name == name) return;
      i = (i + 1) & mask;
    }
    columns[i] = {owner, column, static_cast<uint32_t>(h >> 32), name};
  });
}

// --- Facts ---

Facts::Facts() : storage_(std::make_unique<Storage>()) {}
Facts::~Facts() = default;

uint32_t Facts::LookupNamed(uint32_t entity_type, std::string_view id) const {
  const Storage& s = *storage_;
  const uint64_t h = HashBytes(s.seed, entity_type, id);
  const size_t mask = s.table.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(h >> 32);
  for (size_t i = h & mask;; i = (i + 1) & mask) {
    const Storage::Entry& e = s.table[i];
    if (e.entity == kNone) return kNone;
    if (e.tag != tag || e.type != entity_type || e.length != Cut16(id.size())) {
      continue;
    }
    if (id.size() <= Storage::Entry::kInline) {
      if (SameBytes(e.key, id.data(), id.size())) return e.entity;
    } else if (s.symbols.Text(IdOf(e.entity)) == id) {
      return e.entity;
    }
  }
}

uint32_t Facts::TypeOf(uint32_t entity) const {
  return entity < size_ ? records_[entity].type
                        : storage_->unknown[entity - size_].type;
}

Symbol Facts::IdOf(uint32_t entity) const {
  return entity < size_ ? records_[entity].id
                        : storage_->unknown[entity - size_].id;
}

bool Facts::IsWithin(uint32_t a, uint32_t b) const {
  if (a == b) return true;
  if (a >= size_) return false;
  const EntityRecord& r = records_[a];
  if (r.ancestor_bits != nullptr) {
    const uint32_t i = b - r.first_ancestor;
    return i < r.ancestor_span && (r.ancestor_bits[i / 64] >> (i % 64) & 1);
  }
  // Without a branch that could be mispredicted.
  if (r.num_ancestors <= kFewAncestors) {
    bool found = false;
    for (uint32_t i = 0; i < r.num_ancestors; ++i) found |= r.ancestors[i] == b;
    return found;
  }
  const Cell* from = r.ancestors;
  for (uint32_t n = r.num_ancestors; n > 1;) {
    const uint32_t half = n / 2;
    from += half & -static_cast<uint32_t>(from[half - 1] < b);
    n -= half;
  }
  return *from == b;
}

std::span<const Cell> Facts::AllOf(uint32_t entity_type) const {
  if (entity_type >= storage_->ranges.size()) return {};
  const auto [begin, end] = storage_->ranges[entity_type];
  return std::span<const Cell>(storage_->identity).subspan(begin, end - begin);
}

uint32_t Facts::ColumnNamed(uint32_t owner, std::string_view name) const {
  const Storage& s = *storage_;
  const uint64_t h = HashBytes(s.seed, owner, name);
  const size_t mask = s.columns.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(h >> 32);
  for (size_t i = h & mask;; i = (i + 1) & mask) {
    const Storage::ColumnEntry& c = s.columns[i];
    if (c.column == kNone) return kNone;
    if (c.tag == tag && c.owner == owner && s.symbols.Text(c.name) == name) {
      return c.column;
    }
  }
}

std::string_view Facts::Text(Symbol s) const {
  return s < storage_->symbols.size() ? storage_->symbols.Text(s)
                                      : std::string_view();
}
uint32_t Facts::num_symbols() const { return storage_->symbols.size(); }
Symbol Facts::FindSymbol(std::string_view text) const {
  return storage_->symbols.Find(text);
}
const Value& Facts::ConstantValue(uint32_t constant) const {
  return storage_->constants[constant];
}

Value Facts::Unclosed(uint32_t entity, uint32_t slot) const {
  if (entity >= size_) return Value::Missing();
  const auto it = storage_->unclosed.find(uint64_t{entity} << 32 | slot);
  if (it != storage_->unclosed.end()) return it->second;
  return records_[entity].slots[slot];
}

bool Facts::Holds(uint32_t entity, uint32_t slot) const {
  if (entity >= size_) return false;
  for (uint32_t i = storage_->places_begin[entity];
       i < storage_->places_begin[entity + 1]; ++i) {
    if (storage_->places[i].slot == slot) return true;
  }
  const Value& v = records_[entity].slots[slot];
  if (v.missing()) return false;
  const bool collection =
      v.kind == Kind::kSet || v.kind == Kind::kList || v.kind == Kind::kMap;
  if (collection && v.size == 0) return false;
  return InverseOf(records_[entity].type, slot) != kNone;
}

uint32_t Facts::InverseOf(uint32_t entity_type, uint32_t slot) const {
  return storage_->inverse[entity_type][slot];
}
std::span<const Value> Facts::DefaultsOf(uint32_t entity_type) const {
  return storage_->defaults[entity_type];
}
std::span<const Value> Facts::ContextDefaults(uint32_t action) const {
  return storage_->contexts[action];
}
std::span<const uint32_t> Facts::ContextSpecials(uint32_t action) const {
  return storage_->specials[action];
}
uint64_t Facts::hash_seed() const { return storage_->seed; }

uint32_t Facts::FindAction(std::string_view name) const {
  return storage_->actions.Find(0, name);
}
uint32_t Facts::FindType(std::string_view name) const {
  return storage_->types.Find(0, name);
}
uint32_t Facts::FindTerm(uint32_t vocabulary, std::string_view path) const {
  return storage_->terms.Find(vocabulary, path);
}

FactPosition Facts::PositionOf(uint32_t entity) const {
  return entity < size_ ? storage_->entity_places[entity] : FactPosition();
}

FactPosition Facts::PositionOf(uint32_t entity, uint32_t slot) const {
  if (entity < size_) {
    const Storage& s = *storage_;
    for (uint32_t i = s.places_begin[entity]; i < s.places_begin[entity + 1];
         ++i) {
      const Storage::SlotPlace& p = s.places[i];
      if (p.slot == slot) return {p.file, p.line, p.column};
    }
  }
  return {};
}

const std::vector<std::string>& Facts::files() const { return storage_->files; }
const std::string& Facts::revision() const { return storage_->revision; }

}  // namespace bylaw
