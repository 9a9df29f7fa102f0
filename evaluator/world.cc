#include "evaluator/world.h"

#include <algorithm>
#include <new>

#include "evaluator/overlay.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

// True if a value can hold entities.
bool MayHoldEntities(const Value& v) {
  switch (v.kind) {
    case Kind::kEntity:
    case Kind::kRecord:
      return true;
    case Kind::kSet:
    case Kind::kList:
      return v.size > 0 &&
             (v.element == Kind::kEntity || v.element == Kind::kRecord ||
              v.element == Kind::kSet || v.element == Kind::kList ||
              v.element == Kind::kMap);
    case Kind::kMap:
      return v.size > 0;
    default:
      return false;
  }
}

// Rebuilds a value with every entity cell passed through `f`, which returns
// false for those to leave out.
template <typename F>
Value MapEntities(Arena& arena, const Value& v, const F& f) {
  switch (v.kind) {
    case Kind::kEntity: {
      Value copy = v;
      return f(&copy.size) ? copy : Value::Missing();
    }
    case Kind::kSet:
    case Kind::kList: {
      if (!MayHoldEntities(v)) return v;
      Value copy = v;
      if (v.element == Kind::kEntity) {
        Cell* cells = arena.New<Cell>(v.size);
        uint32_t n = 0;
        for (uint32_t i = 0; i < v.size; ++i) {
          Cell c = v.cells[i];
          if (f(&c)) cells[n++] = c;
        }
        copy.cells = cells;
        copy.size = n;
      } else {
        Value* values = arena.New<Value>(v.size);
        for (uint32_t i = 0; i < v.size; ++i) {
          values[i] = MapEntities(arena, v.values[i], f);
        }
        copy.values = values;
      }
      return copy;
    }
    case Kind::kRecord: {
      Value copy = v;
      Value* values = arena.New<Value>(v.size);
      for (uint32_t i = 0; i < v.size; ++i) {
        values[i] = MapEntities(arena, v.values[i], f);
      }
      copy.values = values;
      return copy;
    }
    case Kind::kMap: {
      if (v.size == 0) return v;
      Value copy = v;
      MapEntry* entries = arena.New<MapEntry>(v.size);
      uint32_t n = 0;
      for (uint32_t i = 0; i < v.size; ++i) {
        entries[n].key = v.entries[i].key;
        entries[n].value = MapEntities(arena, v.entries[i].value, f);
        if (!entries[n].value.missing()) ++n;
      }
      copy.entries = entries;
      copy.size = n;
      return copy;
    }
    default:
      return v;
  }
}

}  // namespace

// --- Records and attributes ---

const EntityRecord* World::FindInOverlay(Cell entity) const {
  const Cell n = entity & kEntityMask;
  if (overlay_->proposal && (entity & kFactsView) == 0) {
    if (OverlayRecord** r = overlay_->changed.Find(n)) return &(*r)->record;
    if (overlay_->removed.contains(n)) return nullptr;
  }
  if (OverlayRecord** r = overlay_->patched.Find(n)) return &(*r)->record;
  return facts_->Find(n);
}

Value World::AttributeInOverlay(Cell entity, uint32_t slot) const {
  const EntityRecord* record = FindInOverlay(entity);
  const Value& v = record->slots[slot];
  if (!overlay_->proposal) return v;
  const bylaw::Attribute& attribute =
      schema().entities[record->type].attributes[slot];
  const bool facts_view = (entity & kFactsView) != 0;
  if (!MayHoldEntities(v) && !(attribute.transitive && !facts_view)) return v;
  const uint64_t key = uint64_t{entity} << 32 | slot;
  if (const Value* known = overlay_->values.Find(key)) return *known;
  Value result;
  if (facts_view) {
    result = WithView(v);
  } else if (attribute.transitive) {
    result = CloseAttribute(entity & kEntityMask, record->type, slot);
  } else {
    result = WithoutRemoved(v);
  }
  overlay_->values.Insert(key, result);
  return result;
}

bool World::IsChanged(Cell number) const {
  return overlay_->changed.contains(number) ||
         overlay_->removed.contains(number);
}

Value World::Raw(Cell number, uint32_t slot) const {
  if (OverlayRecord** r = overlay_->changed.Find(number)) {
    return (*r)->slots[slot];
  }
  if (OverlayRecord** r = overlay_->patched.Find(number)) {
    return (*r)->slots[slot];
  }
  return facts_->Unclosed(number, slot);
}

Value World::CloseAttribute(Cell number, uint32_t type, uint32_t slot) const {
  if (!overlay_->changed.contains(number)) {
    // What facts closed holds, unless it leads to what the proposal changed.
    const Value& closed = FindInOverlay(number)->slots[slot];
    bool touched = false;
    if (closed.kind == Kind::kSet && closed.element == Kind::kEntity) {
      for (uint32_t i = 0; i < closed.size && !touched; ++i) {
        touched = IsChanged(closed.cells[i]);
      }
    }
    if (!touched) return closed;
  }
  const Value start = Raw(number, slot);
  if (start.kind != Kind::kSet || start.element != Kind::kEntity) return start;
  ArenaMap<bool> seen(arena_);
  ArenaVector<Cell> found(arena_);
  const auto visit = [&](const Value& v) {
    for (uint32_t i = 0; i < v.size; ++i) {
      const Cell c = v.cells[i] & kEntityMask;
      if (overlay_->removed.contains(c)) continue;
      bool added = false;
      seen.Insert(c, true, &added);
      if (added) found.push_back(c);
    }
  };
  visit(start);
  for (size_t i = 0; i < found.size(); ++i) {
    const EntityRecord* r = FindInOverlay(found[i]);
    if (r == nullptr || r->type != type) continue;
    const Value next = Raw(found[i], slot);
    if (next.kind == Kind::kSet && next.element == Kind::kEntity) visit(next);
  }
  const uint32_t n =
      SortCells(found.data(), static_cast<uint32_t>(found.size()));
  return CellCollection(Kind::kSet, Kind::kEntity, {found.data(), n});
}

Value World::WithView(const Value& v) const {
  return MapEntities(*arena_, v, [](Cell* c) {
    *c |= kFactsView;
    return true;
  });
}

Value World::WithoutRemoved(const Value& v) const {
  if (overlay_->removed.empty()) return v;
  return MapEntities(*arena_, v, [this](Cell* c) {
    return !overlay_->removed.contains(*c & kEntityMask);
  });
}

// --- Hierarchy ---

std::span<const Cell> World::ParentsInProposal(Cell number) const {
  const EntityRecord* r = FindInOverlay(number);
  if (r == nullptr) return {};
  return {r->parents, r->num_parents};
}

bool World::IsWithinInOverlay(Cell a, Cell b) const {
  const Cell x = a & kEntityMask, y = b & kEntityMask;
  if (x == y) return true;
  if (!overlay_->proposal || (a & kFactsView) != 0) {
    return facts_->IsWithin(x, y);
  }
  const std::span<const Cell> up = Ancestors(a);
  return std::binary_search(up.begin(), up.end(), y);
}

std::span<const Cell> World::Ancestors(Cell a) const {
  const Cell n = a & kEntityMask;
  const EntityRecord* facts = facts_->Find(n);
  std::span<const Cell> up;
  if (facts != nullptr) up = {facts->ancestors, facts->num_ancestors};
  const bool proposal =
      overlay_ != nullptr && overlay_->proposal && (a & kFactsView) == 0;
  bool touched = false;
  if (proposal) {
    touched = IsChanged(n);
    for (size_t i = 0; i < up.size() && !touched; ++i) {
      touched = IsChanged(up[i]);
    }
  }
  if (!touched) {
    if (facts != nullptr) return up;
    Cell* self = arena_->New<Cell>(1);
    *self = n;
    return {self, 1};
  }
  if (const Overlay::Cells* known = overlay_->ancestors.Find(n)) {
    return {known->cells, known->size};
  }
  ArenaMap<bool> seen(arena_);
  ArenaVector<Cell> found(arena_);
  seen.Insert(n, true);
  found.push_back(n);
  for (size_t i = 0; i < found.size(); ++i) {
    for (Cell parent : ParentsInProposal(found[i])) {
      if (overlay_->removed.contains(parent)) continue;
      bool added = false;
      seen.Insert(parent, true, &added);
      if (added) found.push_back(parent);
    }
  }
  std::sort(found.begin(), found.end());
  const Overlay::Cells cells{found.data(), static_cast<uint32_t>(found.size())};
  overlay_->ancestors.Insert(n, cells);
  return {cells.cells, cells.size};
}

std::span<const Cell> World::AllOf(uint32_t entity_type) const {
  const std::span<const Cell> known = facts_->AllOf(entity_type);
  if (overlay_ == nullptr) return known;
  if (const Overlay::Cells* all = overlay_->all.Find(entity_type)) {
    return {all->cells, all->size};
  }
  ArenaVector<Cell> cells(arena_);
  for (Cell c : known) {
    if (!overlay_->removed.contains(c)) cells.push_back(c);
  }
  // What the request alone knows.
  const auto add = [&](Cell c) {
    if (c < facts_->size() || TypeOf(c) != entity_type) return;
    if (overlay_->patched.contains(c) || overlay_->changed.contains(c)) {
      cells.push_back(c);
    }
  };
  for (Cell c = facts_->size(); c < facts_->total(); ++c) add(c);
  if (extra_ != nullptr) {
    for (size_t i = 0; i < extra_->named.size(); ++i) {
      add(facts_->total() + static_cast<Cell>(i));
    }
  }
  const Overlay::Cells all{cells.data(), static_cast<uint32_t>(cells.size())};
  overlay_->all.Insert(entity_type, all);
  return {all.cells, all.size};
}

// --- Names and texts ---

World::Extra& World::extra() {
  if (extra_ == nullptr) extra_ = new (arena_->New<Extra>(1)) Extra(arena_);
  return *extra_;
}

uint32_t World::TypeOf(Cell entity) const {
  const Cell n = entity & kEntityMask;
  if (n < facts_->total()) return facts_->TypeOf(n);
  return extra_->named[n - facts_->total()].type;
}

std::string_view World::IdOf(Cell entity) const {
  const Cell n = entity & kEntityMask;
  if (n < facts_->total()) return facts_->Text(facts_->IdOf(n));
  return extra_->named[n - facts_->total()].id;
}

Cell World::Resolve(uint32_t entity_type, std::string_view id) {
  const uint32_t known = facts_->LookupNamed(entity_type, id);
  if (known != kNone) return known;
  Extra& e = extra();
  if (e.named_ids == nullptr) {
    e.named_ids =
        new (arena_->New<ArenaMap<uint32_t>>(1)) ArenaMap<uint32_t>(arena_);
  }
  uint64_t key = HashBytes(facts_->hash_seed(), entity_type, id);
  // Two names of one hash take the next key.
  for (;; ++key) {
    if (key == ~uint64_t{0}) key = 0;
    bool added = false;
    const uint32_t index = *e.named_ids->Insert(
        key, static_cast<uint32_t>(e.named.size()), &added);
    if (added) {
      e.named.push_back({entity_type, arena_->Copy(id)});
      return facts_->total() + index;
    }
    if (e.named[index].type == entity_type && e.named[index].id == id) {
      return facts_->total() + index;
    }
  }
}

std::string_view World::Text(Symbol s) const {
  const uint32_t known = facts_->num_symbols();
  if (s < known) return facts_->Text(s);
  if (extra_ == nullptr || s - known >= extra_->texts.size()) return {};
  return extra_->texts[s - known];
}

Symbol World::Intern(std::string_view text) {
  const Symbol known = facts_->FindSymbol(text);
  if (known != kNone) return known;
  Extra& e = extra();
  uint64_t key = HashBytes(facts_->hash_seed(), kNone, text);
  for (;; ++key) {
    if (key == ~uint64_t{0}) key = 0;
    bool added = false;
    const uint32_t index =
        *e.text_ids.Insert(key, static_cast<uint32_t>(e.texts.size()), &added);
    if (added) {
      e.texts.push_back(arena_->Copy(text));
      return facts_->num_symbols() + index;
    }
    if (e.texts[index] == text) return facts_->num_symbols() + index;
  }
}

Cell World::ColumnNamed(Cell owner, const Schema::Selectable& s,
                        Symbol name) const {
  const Cell n = owner & kEntityMask;
  const bool own = overlay_ != nullptr &&
                   (overlay_->patched.contains(n) || overlay_->proposal);
  if (!own) return facts_->ColumnNamed(n, Text(name));
  if (Find(owner) == nullptr) return kNone;
  const Value columns = Attribute(owner, s.columns_slot);
  if (columns.element != Kind::kEntity) return kNone;
  for (uint32_t i = 0; i < columns.size; ++i) {
    const EntityRecord* r = Find(columns.cells[i]);
    if (r == nullptr) continue;
    const Value& v = r->slots[s.name_slot];
    if (v.kind == Kind::kString && v.size == name) return columns.cells[i];
  }
  return kNone;
}

bool World::IsColumn(Cell entity, const Schema::Selectable& s) const {
  const EntityRecord* record = Find(entity);
  return record != nullptr && record->type == s.column_entity;
}

std::string_view World::ColumnName(Cell column,
                                   const Schema::Selectable* s) const {
  if (s == nullptr || !IsColumn(column, *s)) return IdOf(column);
  const Value name = Attribute(column, s->name_slot);
  return name.kind == Kind::kString ? Text(name.size) : IdOf(column);
}

// --- Positions ---

FactPosition World::PositionOf(Cell entity) const {
  const Cell n = entity & kEntityMask;
  if (overlay_ != nullptr && overlay_->proposal && (entity & kFactsView) == 0) {
    OverlayRecord** r = overlay_->changed.Find(n);
    if (r != nullptr && (*r)->proposed) return (*r)->place;
  }
  return facts_->PositionOf(n);
}

FactPosition World::PositionOf(Cell entity, uint32_t slot) const {
  const Cell n = entity & kEntityMask;
  if (overlay_ != nullptr && overlay_->proposal && (entity & kFactsView) == 0) {
    OverlayRecord** r = overlay_->changed.Find(n);
    if (r != nullptr && (*r)->proposed) {
      return (*r)->slot_places != nullptr ? (*r)->slot_places[slot]
                                          : FactPosition();
    }
  }
  return facts_->PositionOf(n, slot);
}

}  // namespace bylaw
