// Proposals: what a request says of its resource and of what is nested in it
// replaces what facts hold, for one decision (decisions.md, "Requests and
// facts"). The proposed entities become records of the overlay; what follows
// for others, by inverses, parents and children left out, is worked out here,
// and world.cc closes the rest when it is asked.
#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/binder.h"
#include "evaluator/nearest.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

bool Contains(const std::vector<uint32_t>& sorted, uint32_t x) {
  return std::find(sorted.begin(), sorted.end(), x) != sorted.end();
}

bool HoldsCell(const Value& v, Cell c) {
  if (v.kind == Kind::kEntity) return v.entity() == c;
  if (v.element != Kind::kEntity) return false;
  const Cell* const end = v.cells + v.size;
  if (v.kind == Kind::kSet) {  // in order, and maybe very large
    const Cell* const at = std::lower_bound(
        v.cells, end, c, [](Cell a, Cell b) { return (a & kEntityMask) < b; });
    return at != end && (*at & kEntityMask) == c;
  }
  return std::any_of(v.cells, end,
                     [c](Cell a) { return (a & kEntityMask) == c; });
}

template <typename F>
void EachCell(const Value& v, const F& f) {
  if (v.kind == Kind::kEntity) {
    f(v.entity());
  } else if ((v.kind == Kind::kSet || v.kind == Kind::kList) &&
             v.element == Kind::kEntity) {
    for (uint32_t i = 0; i < v.size; ++i) f(v.cells[i] & kEntityMask);
  }
}

}  // namespace

bool Binder::Propose() {
  const Node& attributes = *request_.resource.attributes;
  if (attributes.kind != Node::Kind::kMap) {
    return Refuse("BL5208", "attributes are a map, not " +
                                std::string(NodeKindName(attributes)));
  }
  const Cell resource = bound_.resource;
  overlay().proposal = true;
  // First what is proposed, so that references among it are known; then its
  // attributes; then what follows from them elsewhere.
  if (!Declare(bound_.resource_type, resource, attributes, kNone, 0)) {
    return false;
  }
  (*overlay().changed.Find(resource))->place = {
      kProposalFile, attributes.position.line, attributes.position.column};
  if (!Fill(resource, attributes)) return false;
  if (!JoinInverses()) return false;
  for (size_t i = 0; i < proposed_.size(); ++i) RemoveChildren(proposed_[i]);
  for (size_t i = 0; i < proposed_.size(); ++i) DropInverses(proposed_[i]);
  // All that changed, inverses of others included, has new parents.
  for (size_t i = 0; i < changed_.size(); ++i) {
    CloseParents(*overlay().changed.Find(changed_[i]), changed_[i]);
  }
  return CheckCycles() && CheckColumnNames();
}

// Makes known what `attributes` proposes and nests, without reading it yet.
bool Binder::Declare(uint32_t type, Cell n, const Node& attributes, Cell owner,
                     int depth) {
  constexpr int kMaxNesting = 64;
  if (depth > kMaxNesting) {
    return Refuse("BL5219", "entities are nested deeper than " +
                                std::to_string(kMaxNesting));
  }
  bool added = false;
  OverlayRecord** place = overlay().changed.Insert(n, nullptr, &added);
  if (!added) {
    return Refuse("BL5217", Describe(n) + " is proposed twice", "nest it once");
  }
  OverlayRecord* r = NewRecord(type, n);
  *place = r;
  r->proposed = true;
  r->nested_in = owner;
  proposed_.push_back(n);
  changed_.push_back(n);
  const EntityType& info = schema_.entities[type];
  r->slot_places = nullptr;
  if (attributes.kind != Node::Kind::kMap) return true;
  FactPosition* places = arena_.New<FactPosition>(info.attributes.size());
  std::fill_n(places, info.attributes.size(), FactPosition());
  r->slot_places = places;
  for (const auto& [key, node] : attributes.map) {
    const uint32_t slot = Schema::FindAttribute(info.attributes, key.text);
    if (slot == kNone) continue;
    places[slot] = {kProposalFile, key.position.line, key.position.column};
    uint32_t child_type;
    if (!node.is_map() || !MayNest(type, info.attributes[slot], &child_type)) {
      continue;
    }
    Push(key.text);
    for (const auto& [name, child] : node.map) {
      Push(name.text);
      const Cell c = world_->Resolve(child_type, ChildId(n, name.text));
      if (!CheckHeldElsewhere(c, n) ||
          !Declare(child_type, c, child, n, depth + 1)) {
        return false;
      }
      (*overlay().changed.Find(c))->place = {kProposalFile, name.position.line,
                                             name.position.column};
      Pop();
    }
    Pop();
  }
  return true;
}

bool Binder::MayNest(uint32_t owner, const Attribute& attribute,
                     uint32_t* child) const {
  const TypeInfo& info = schema_.type(attribute.type);
  if (info.kind != Kind::kSet && info.kind != Kind::kList) return false;
  const TypeInfo& element = schema_.type(info.element);
  if (element.kind != Kind::kEntity || element.entities.size() != 1) {
    return false;
  }
  *child = element.entities[0];
  return Contains(schema_.entities[*child].parents, owner);
}

std::string_view Binder::ChildId(Cell owner, std::string_view name) {
  const std::string_view id = world_->IdOf(owner);
  char* text = arena_.New<char>(id.size() + 1 + name.size());
  std::copy(id.begin(), id.end(), text);
  text[id.size()] = '.';
  std::copy(name.begin(), name.end(), text + id.size() + 1);
  return {text, id.size() + 1 + name.size()};
}

bool Binder::CheckHeldElsewhere(Cell child, Cell owner) {
  const EntityRecord* known = facts_.Find(child);
  if (known == nullptr) return true;
  for (uint32_t i = 0; i < known->num_parents; ++i) {
    if (known->parents[i] == owner) return true;
  }
  // Whose it is, is not for the proposal to say.
  return Refuse(
      "BL5217",
      "facts hold " + Describe(child) +
          (known->num_parents > 0 ? " in " + Describe(known->parents[0])
                                  : ", and not in " + Describe(owner)),
      "a proposal nests what is its own");
}

// Reads the attributes of a declared entity into its record.
bool Binder::Fill(Cell n, const Node& attributes) {
  OverlayRecord* r = *overlay().changed.Find(n);
  const EntityType& info = schema_.entities[r->record.type];
  if (attributes.kind == Node::Kind::kNull) {
    return Refuse("BL5211", "null is no value", "write {} for no attributes");
  }
  if (attributes.kind != Node::Kind::kMap) {
    return Refuse("BL5208", "attributes are a map, not " +
                                std::string(NodeKindName(attributes)));
  }
  const Cell outer_owner = owner_;
  const uint32_t outer_slot = slot_;
  const int outer_base = base_depth_;
  for (const auto& [key, node] : attributes.map) {
    Push(key.text);
    const uint32_t slot = Schema::FindAttribute(info.attributes, key.text);
    if (slot == kNone && key.text == "in") {
      if (!ReadParents(r, node)) return false;
      Pop();
      continue;
    }
    if (key.text == "id") {
      return Refuse("BL5216", "the id is never among the attributes",
                    "leave `id` out");
    }
    if (slot == kNone) {
      std::vector<std::string_view> names;
      for (const Attribute& a : info.attributes) names.push_back(a.name);
      return Refuse("BL5206",
                    info.name + " has no attribute " + Quoted(key.text),
                    GuessText(key.text, names));
    }
    owner_ = n;
    slot_ = slot;
    base_depth_ = depth_;
    Value v;
    if (!Decode(node, info.attributes[slot].type, &v)) return false;
    r->slots[slot] = v;
    Pop();
  }
  owner_ = outer_owner;
  slot_ = outer_slot;
  base_depth_ = outer_base;
  return true;
}

bool Binder::Nested(const Node& node, const TypeInfo& collection, Value* out) {
  uint32_t child_type;
  if (owner_ == kNone || depth_ != base_depth_ ||
      !MayNest(world_->TypeOf(owner_),
               schema_.entities[world_->TypeOf(owner_)].attributes[slot_],
               &child_type)) {
    return ValueDecoder::Nested(node, collection, out);
  }
  const Cell owner = owner_;
  const uint32_t slot = slot_;
  const int base = base_depth_;
  const EntityType& child = schema_.entities[child_type];
  const uint32_t name_slot = Schema::FindAttribute(child.attributes, "name");
  ArenaVector<Value> cells(&arena_);
  for (const auto& [name, attributes] : node.map) {
    Push(name.text);
    if (name.text.empty()) {
      return Refuse("BL5208", "a nested entity has no name");
    }
    const Cell c = world_->Resolve(child_type, ChildId(owner, name.text));
    if (!Fill(c, attributes)) return false;
    OverlayRecord* r = *overlay().changed.Find(c);
    if (name_slot != kNone && attributes.Find("name") == nullptr &&
        schema_.type(child.attributes[name_slot].type).kind == Kind::kString) {
      r->slots[name_slot] =
          Value::OfCell(Kind::kString, world_->Intern(name.text));
    }
    cells.push_back(Value::OfCell(Kind::kEntity, c));
    Pop();
  }
  owner_ = owner;
  slot_ = slot;
  base_depth_ = base;
  *out = MakeCollection(arena_, collection.kind, Kind::kEntity, cells.span());
  return true;
}

bool Binder::ReadParents(OverlayRecord* r, const Node& node) {
  const EntityType& info = schema_.entities[r->record.type];
  const Node* items = &node;
  size_t n = 1;
  if (node.is_list()) {
    items = node.list.data();
    n = node.list.size();
  }
  Cell* parents = arena_.New<Cell>(n);
  uint32_t m = 0;
  for (size_t i = 0; i < n; ++i) {
    if (node.is_list()) Push(i);
    if (info.parents.empty()) {
      return Refuse("BL5208", info.name + " is not declared `in` any type");
    }
    Cell parent = kNone;
    if (items[i].is_map()) {
      TypeInfo types;
      types.entities = info.parents;
      if (types.entities.size() == 1) types.entities.push_back(info.parents[0]);
      if (!ValueDecoder::ReferenceMap(items[i], types, &parent)) return false;
    } else if (!items[i].is_string()) {
      return Refuse("BL5208", "an id is expected, not " +
                                  std::string(NodeKindName(items[i])));
    } else {
      for (uint32_t t : info.parents) {
        const uint32_t found = facts_.Lookup(t, items[i].text);
        if (found == kNone) continue;
        if (parent != kNone) {
          return Refuse(
              "BL5208",
              Quoted(items[i].text) + " names entities of several types",
              "write {type: …, id: …}");
        }
        parent = found;
      }
      if (parent == kNone &&
          !Reference(info.parents[0], items[i].text, items[i], &parent)) {
        return false;
      }
    }
    parents[m++] = parent;
    if (node.is_list()) Pop();
  }
  r->states_parents = true;
  r->stated_parents = parents;
  r->num_stated_parents = m;
  return true;
}

// The record of the proposal's view for an entity that is not itself
// proposed; nullptr if nobody knows it.
OverlayRecord* Binder::Change(Cell n) {
  if (OverlayRecord** known = overlay().changed.Find(n)) return *known;
  OverlayRecord* r = NewRecord(world_->TypeOf(n), n);
  const size_t slots = schema_.entities[r->record.type].attributes.size();
  if (OverlayRecord** patched = overlay().patched.Find(n)) {
    r->record = (*patched)->record;
    std::copy_n((*patched)->slots, slots, r->slots);
  } else if (const EntityRecord* facts = facts_.Find(n)) {
    r->record = *facts;
    std::copy_n(facts->slots, slots, r->slots);
  } else {
    return nullptr;
  }
  for (uint32_t slot = 0; slot < slots; ++slot) {
    if (schema_.entities[r->record.type].attributes[slot].transitive &&
        facts_.Find(n) != nullptr) {
      r->slots[slot] = facts_.Unclosed(n, slot);
    }
  }
  r->record.slots = r->slots;
  overlay().changed.Insert(n, r);
  changed_.push_back(n);
  return r;
}

bool Binder::JoinInverses() {
  for (size_t i = 0; i < proposed_.size(); ++i) {
    const Cell n = proposed_[i];
    const OverlayRecord* r = *overlay().changed.Find(n);
    const uint32_t type = r->record.type;
    const auto& attributes = schema_.entities[type].attributes;
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      const uint32_t back = facts_.InverseOf(type, slot);
      if (back == kNone) continue;
      std::vector<Cell> targets;
      EachCell(r->slots[slot], [&](Cell c) { targets.push_back(c); });
      for (Cell target : targets) {
        if (!Claim(n, slot, target, back)) return false;
      }
    }
  }
  return true;
}

// `by` names `target`, whose attribute `back` is the other side.
bool Binder::Claim(Cell by, uint32_t slot, Cell target, uint32_t back) {
  const uint32_t type = world_->TypeOf(target);
  const auto& attributes = schema_.entities[type].attributes;
  if (back >= attributes.size() || facts_.InverseOf(type, back) != slot) {
    return true;
  }
  const bool own = IsProposed(target);
  const TypeInfo& info = schema_.type(attributes[back].type);
  Value held;
  if (OverlayRecord** r = overlay().changed.Find(target)) {
    held = (*r)->slots[back];
  } else {
    held = facts_.Unclosed(target, back);
  }
  if (HoldsCell(held, by)) return true;
  if (info.kind == Kind::kEntity) {
    if (!held.missing() && (own || !IsProposed(held.entity()))) {
      return Refuse("BL5217",
                    "`" + attributes[back].name + "` of " + Describe(target) +
                        " is " + Describe(held.entity()) + ", not " +
                        Describe(by),
                    "a proposal claims what is its own");
    }
    if (OverlayRecord* r = Change(target)) {
      r->slots[back] = Value::OfCell(Kind::kEntity, by);
    }
    return true;
  }
  OverlayRecord* r = Change(target);
  if (r == nullptr) return true;
  Cell* cells = arena_.New<Cell>(held.size + 1);
  if (held.size > 0) std::copy_n(held.cells, held.size, cells);
  cells[held.size] = by;
  uint32_t n = held.size + 1;
  if (info.kind == Kind::kSet) n = SortCells(cells, n);
  r->slots[back] = CellCollection(info.kind, Kind::kEntity, {cells, n});
  return true;
}

// Inverse attributes of others that pointed at the replaced version of `n`.
void Binder::DropInverses(Cell n) {
  const EntityRecord* known = facts_.Find(n);
  if (known == nullptr) return;
  const auto& attributes = schema_.entities[known->type].attributes;
  for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
    const uint32_t back = facts_.InverseOf(known->type, slot);
    if (back == kNone) continue;
    EachCell(facts_.Unclosed(n, slot), [&](Cell x) {
      if (overlay().removed.contains(x) || IsProposed(x)) return;
      if (HoldsCell((*overlay().changed.Find(n))->slots[slot], x)) return;
      OverlayRecord* r = Change(x);
      if (r == nullptr) return;
      Value& v = r->slots[back];
      if (v.kind == Kind::kEntity) {
        if (v.entity() == n) v = Value::Missing();
        return;
      }
      if (v.element != Kind::kEntity) return;
      Cell* cells = arena_.New<Cell>(v.size);
      uint32_t m = 0;
      for (uint32_t i = 0; i < v.size; ++i) {
        if ((v.cells[i] & kEntityMask) != n) cells[m++] = v.cells[i];
      }
      v = CellCollection(v.kind, Kind::kEntity, {cells, m});
    });
  }
}

// Known children that the proposal leaves out, with all that is below them.
void Binder::RemoveChildren(Cell n) {
  const EntityRecord* known = facts_.Find(n);
  if (known == nullptr) return;
  OverlayRecord** mine = overlay().changed.Find(n);
  const bool proposed = mine != nullptr && (*mine)->proposed;
  const auto& attributes = schema_.entities[known->type].attributes;
  const auto names = [&](Cell x) {
    const Value* slots = (*mine)->slots;
    return std::any_of(slots, slots + attributes.size(),
                       [&](const Value& v) { return HoldsCell(v, x); });
  };
  for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
    EachCell(facts_.Unclosed(n, slot), [&](Cell x) {
      const EntityRecord* child = facts_.Find(x);
      if (child == nullptr || IsProposed(x) || overlay().removed.contains(x) ||
          (proposed && names(x))) {
        return;
      }
      // A child of another parent too is not lost.
      bool here = false, elsewhere = false;
      for (uint32_t i = 0; i < child->num_parents; ++i) {
        const Cell parent = child->parents[i];
        if (parent == n) {
          here = true;
        } else if (!overlay().removed.contains(parent)) {
          elsewhere = true;
        }
      }
      if (!here || elsewhere) return;
      overlay().removed.Insert(x, true);
      RemoveChildren(x);
    });
  }
}

void Binder::CloseParents(OverlayRecord* r, Cell n) {
  const uint32_t type = r->record.type;
  const auto& allowed = schema_.entities[type].parents;
  const size_t slots = schema_.entities[type].attributes.size();
  ArenaVector<Cell> parents(&arena_);
  const EntityRecord* known = facts_.Find(n);
  if (r->nested_in != kNone) parents.push_back(r->nested_in);
  if (r->states_parents) {
    for (uint32_t i = 0; i < r->num_stated_parents; ++i) {
      parents.push_back(r->stated_parents[i]);
    }
  } else if (known != nullptr) {
    // What facts state by `in` or by nesting stays; what they derive from an
    // inverse is derived anew.
    for (uint32_t i = 0; i < known->num_parents; ++i) {
      const Cell parent = known->parents[i];
      bool derived = false;
      for (uint32_t slot = 0; slot < slots && !derived; ++slot) {
        derived = facts_.InverseOf(type, slot) != kNone &&
                  HoldsCell(facts_.Unclosed(n, slot), parent);
      }
      if (!derived) parents.push_back(parent);
    }
  }
  for (uint32_t slot = 0; slot < slots; ++slot) {
    if (facts_.InverseOf(type, slot) == kNone) continue;
    EachCell(r->slots[slot], [&](Cell c) {
      if (Contains(allowed, world_->TypeOf(c))) parents.push_back(c);
    });
  }
  uint32_t m = SortCells(parents.data(), static_cast<uint32_t>(parents.size()));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < m; ++i) {
    if (!overlay().removed.contains(parents[i])) parents[kept++] = parents[i];
  }
  r->record.parents = parents.data();
  r->record.num_parents = kept;
}

bool Binder::CheckCycles() {
  for (Cell n : changed_) {
    const OverlayRecord* r = *overlay().changed.Find(n);
    ArenaMap<bool> seen(&arena_);
    ArenaVector<Cell> stack(&arena_);
    for (uint32_t i = 0; i < r->record.num_parents; ++i) {
      stack.push_back(r->record.parents[i]);
    }
    while (!stack.empty()) {
      const Cell c = stack.back();
      stack.resize_down(stack.size() - 1);
      if (c == n) {
        return Refuse("BL5220", Describe(n) + " is proposed below itself",
                      "parents do not go in a circle");
      }
      bool added = false;
      seen.Insert(c, true, &added);
      if (!added) continue;
      for (Cell parent : world_->ParentsInProposal(c)) stack.push_back(parent);
    }
  }
  return true;
}

// Columns are asked for by name: two of one name cannot be told apart.
bool Binder::CheckColumnNames() {
  for (const Schema::Selectable& s : schema_.selectables) {
    if (s.columns_slot == kNone || s.name_slot == kNone) continue;
    for (Cell owner : changed_) {
      const OverlayRecord* r = *overlay().changed.Find(owner);
      if (r->record.type != s.entity) continue;
      const Value& columns = r->slots[s.columns_slot];
      if (columns.element != Kind::kEntity) continue;
      ArenaMap<Cell> by_name(&arena_);
      for (uint32_t i = 0; i < columns.size; ++i) {
        const Cell column = columns.cells[i] & kEntityMask;
        const EntityRecord* record = world_->Find(column);
        if (record == nullptr) continue;
        const Value& name = record->slots[s.name_slot];
        if (name.kind != Kind::kString) continue;
        bool added = false;
        const Cell other = *by_name.Insert(name.size, column, &added);
        if (added) continue;
        Refuse("BL5221",
               Describe(owner) + " would have two columns named " +
                   Quoted(world_->Text(name.size)) + ": " + Describe(other) +
                   " and " + Describe(column),
               "give one of them another name");
        error_.field = PathOf(IsProposed(column) ? column : other);
        return false;
      }
    }
  }
  return true;
}

std::string Binder::PathOf(Cell proposed) const {
  OverlayRecord** r = world_->overlay_->changed.Find(proposed);
  if (r == nullptr || (*r)->nested_in == kNone) return "resource.attributes";
  const Cell owner = (*r)->nested_in;
  std::string path = PathOf(owner);
  for (const Attribute& a :
       schema_.entities[world_->TypeOf(owner)].attributes) {
    uint32_t child = kNone;
    if (!MayNest(world_->TypeOf(owner), a, &child) ||
        child != (*r)->record.type) {
      continue;
    }
    path += "." + a.name;
    break;
  }
  const std::string_view name =
      world_->IdOf(proposed).substr(world_->IdOf(owner).size() + 1);
  return path + "." + std::string(name);
}

}  // namespace bylaw
