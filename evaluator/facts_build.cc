// From what was said to facts: references checked, both sides of inverses
// filled, entities numbered by type and id, ancestors and transitive
// attributes closed.
#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "evaluator/facts_builder_impl.h"
#include "evaluator/nearest.h"
#include "evaluator/value_order.h"
#include "openssl/evp.h"

namespace bylaw {
namespace {

constexpr uint32_t kMaxSuggestions = 20;  // guesses among ids take time
constexpr size_t kMaxGuessed = 10'000;    // ids of facts, for a proposal

// Calls f for every entity of what has an inverse or is transitive: an entity,
// or a set of them.
template <typename F>
void ForEachEntity(const Value& v, F&& f) {
  if (v.kind == Kind::kEntity) f(v.size);
  if (v.kind != Kind::kSet || v.element != Kind::kEntity) return;
  for (uint32_t i = 0; i < v.size; ++i) f(v.cells[i]);
}

}  // namespace

// --- Build: what is said is joined ---

void FactsBuilder::Impl::ResolveOpenParents(const Facts* known) {
  for (const OpenParent& open : open_parents_) {
    const EntityType& info = schema_.entities[pending_[open.child].type];
    const Symbol id = storage().symbols.Find(open.id);
    std::vector<Cell> found;
    for (uint32_t t : info.parents) {
      const auto it = names_.find(uint64_t{t} << 32 | id);
      if (it != names_.end() && pending_[it->second].defined) {
        found.push_back(it->second);
      } else if (known != nullptr && known->Lookup(t, open.id) != kNone) {
        found.push_back(Name(t, open.id));
      }
    }
    const FactPosition at{open.file, open.at.line, open.at.column};
    const uint32_t length = static_cast<uint32_t>(open.id.size());
    if (found.size() == 1) {
      pending_[open.child].parents.push_back(found[0]);
    } else if (found.empty()) {
      if (IsLost(open.id) ||
          std::any_of(info.parents.begin(), info.parents.end(),
                      [this](uint32_t t) { return MayBeLost(t); })) {
        continue;
      }
      Report("BL5011", at, length,
             Describe(open.child) + ", `in`: there is no " + Quote(open.id));
    } else {
      Report("BL5014", at, length,
             Describe(open.child) + ", `in`: " + Quote(open.id) +
                 " names entities of several types",
             "write {type: …, id: …}");
    }
  }
}

void FactsBuilder::Impl::CheckReferences(const Facts* known) {
  if (mode_ == Mode::kGiven || expects_losses_) return;
  for (const NamedReference& r : references_) {
    const Pending& p = pending_[r.target];
    if (p.defined || MayBeLost(p.type) || IsLost(IdText(r.target))) continue;
    if (known != nullptr && known->Lookup(p.type, IdText(r.target)) != kNone) {
      continue;
    }
    std::string hint;
    if (num_suggestions_ < kMaxSuggestions) {
      ++num_suggestions_;
      std::vector<std::string_view> ids;
      for (Cell e = 0; e < pending_.size(); ++e) {
        if (pending_[e].defined && pending_[e].type == p.type) {
          ids.push_back(IdText(e));
        }
      }
      if (known != nullptr && known->AllOf(p.type).size() <= kMaxGuessed) {
        for (Cell e : known->AllOf(p.type)) {
          ids.push_back(known->Text(known->IdOf(e)));
        }
      }
      hint = GuessText(storage().symbols.Text(p.id), ids);
    }
    Report("BL5011", {r.file, r.at.line, r.at.column}, r.length,
           "facts have no " + Describe(r.target), std::move(hint));
  }
}

void FactsBuilder::Impl::FillInverse() {
  std::vector<Addition> additions;
  const auto& inverse = storage().inverse;
  const Cell n = static_cast<Cell>(pending_.size());
  // Single values that were filled: by whom, for messages.
  for (Cell e = 0; e < n; ++e) {
    if (!pending_[e].defined) continue;
    const uint32_t type = pending_[e].type;
    for (uint32_t slot = 0; slot < inverse[type].size(); ++slot) {
      const uint32_t back = inverse[type][slot];
      if (back == kNone) continue;
      const Value v = pending_[e].slots[slot];
      ForEachEntity(v, [&](Cell target) {
        Pending& t = pending_[target];
        if (!t.defined || back >= inverse[t.type].size() ||
            inverse[t.type][back] != slot) {
          return;
        }
        const Attribute& attribute = schema_.entities[t.type].attributes[back];
        Value& other = t.slots[back];
        if (other.kind == Kind::kEntity) {
          if (other.size == e) return;
          // Not the nesting is at fault, but what the child states beside it.
          const bool nested =
              nested_slots_.contains(uint64_t{e} << 32 | slot) &&
              IsStated(target, back);
          // A test's own given wins over what stands in the way.
          Report("BL5016", nested ? PlaceOf(target, back) : PlaceOf(e, slot), 1,
                 Describe(e) + " has " + Describe(target) + " among its `" +
                     schema_.entities[type].attributes[slot].name + "`, but `" +
                     attribute.name + "` of " + Describe(target) + " is " +
                     Describe(other.size),
                 "state one side, or both alike");
          return;
        }
        const TypeInfo& info = schema_.type(attribute.type);
        if (info.kind == Kind::kEntity) {
          other = Value::OfCell(Kind::kEntity, e);
          return;
        }
        bool holds = false;
        if (info.kind == Kind::kSet) {
          holds = std::binary_search(other.cells, other.cells + other.size, e);
        } else {
          for (uint32_t i = 0; i < other.size; ++i)
            holds |= other.cells[i] == e;
        }
        if (holds) return;
        if (mode_ == Mode::kComplete && IsStated(target, back) &&
            !nested_slots_.contains(uint64_t{target} << 32 | back)) {
          Report("BL5016", PlaceOf(e, slot), 1,
                 Describe(e) + " names " + Describe(target) + ", whose `" +
                     attribute.name + "` does not list it",
                 "both sides of an inverse are stated alike, or one is left "
                 "out");
          return;
        }
        additions.push_back({target, back, e});
      });
    }
  }
  std::sort(additions.begin(), additions.end(),
            [](const Addition& a, const Addition& b) {
              return std::tie(a.target, a.slot, a.element) <
                     std::tie(b.target, b.slot, b.element);
            });
  for (size_t i = 0; i < additions.size();) {
    size_t end = i;
    while (end < additions.size() &&
           additions[end].target == additions[i].target &&
           additions[end].slot == additions[i].slot) {
      ++end;
    }
    Pending& p = pending_[additions[i].target];
    Value& v = p.slots[additions[i].slot];
    const TypeInfo& info = schema_.type(
        schema_.entities[p.type].attributes[additions[i].slot].type);
    Cell* cells = scratch_.New<Cell>(v.size + (end - i));
    if (v.size > 0) std::copy_n(v.cells, v.size, cells);
    uint32_t size = v.size;
    for (; i < end; ++i) cells[size++] = additions[i].element;
    if (info.kind == Kind::kSet) size = SortCells(cells, size);
    v = CellCollection(info.kind, Kind::kEntity, {cells, size});
  }
}

void FactsBuilder::Impl::CloseParents() {
  const auto& inverse = storage().inverse;
  const Cell n = static_cast<Cell>(pending_.size());
  for (Cell e = 0; e < n; ++e) {
    Pending& p = pending_[e];
    if (!p.defined) continue;
    const auto& allowed = schema_.entities[p.type].parents;
    for (uint32_t slot = 0; slot < inverse[p.type].size(); ++slot) {
      if (inverse[p.type][slot] == kNone) continue;
      ForEachEntity(p.slots[slot], [&](Cell target) {
        if (std::find(allowed.begin(), allowed.end(), pending_[target].type) !=
            allowed.end()) {
          p.parents.push_back(target);
        }
      });
    }
    p.parents.resize(
        SortCells(p.parents.data(), static_cast<uint32_t>(p.parents.size())));
    p.parents.shrink_to_fit();
  }
  // Cycles: depth first with a stack of one's own. 0 new, 1 open, 2 done.
  std::vector<uint8_t> state(n, 0);
  std::vector<std::pair<Cell, uint32_t>> stack;
  for (Cell start = 0; start < n; ++start) {
    if (state[start] != 0) continue;
    stack.push_back({start, 0});
    state[start] = 1;
    while (!stack.empty()) {
      auto& [e, next] = stack.back();
      if (next == pending_[e].parents.size()) {
        state[e] = 2;
        stack.pop_back();
        continue;
      }
      const Cell parent = pending_[e].parents[next++];
      if (state[parent] == 1) {
        std::string path;
        bool in = false;
        for (const auto& [cell, unused] : stack) {
          in |= cell == parent;
          if (in && path.size() < 200) path += Describe(cell) + " in ";
        }
        Report("BL5015", pending_[parent].place, 1,
               "parents go in a circle: " + path + Describe(parent));
      } else if (state[parent] == 0) {
        state[parent] = 1;
        stack.push_back({parent, 0});
      }
    }
  }
}

void FactsBuilder::Impl::CheckRequired() {
  if (mode_ == Mode::kGiven) return;
  for (Cell e = 0; e < pending_.size(); ++e) {
    const Pending& p = pending_[e];
    if (!p.defined) continue;
    const auto& attributes = schema_.entities[p.type].attributes;
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      if (attributes[slot].asserted || !p.slots[slot].missing() ||
          !schema_.IsRequired(attributes[slot]) || IsStated(e, slot) ||
          misspelt_.contains({e, slot})) {
        continue;
      }
      Report(
          "BL5013", p.place, static_cast<uint32_t>(IdText(e).size()),
          Describe(e) + " lacks its attribute `" + attributes[slot].name + "`",
          "state it, or declare it `" + attributes[slot].name + ": " +
              schema_.TypeName(attributes[slot].type) + "?`");
    }
  }
}

void FactsBuilder::Impl::FillDefaults() {
  Storage& s = storage();
  for (const EntityType& type : schema_.entities) {
    std::vector<Value> defaults;
    for (const Attribute& a : type.attributes) defaults.push_back(Absent(a));
    s.defaults.push_back(std::move(defaults));
  }
  for (const Action& action : schema_.actions) {
    std::vector<Value> defaults;
    for (const Attribute& a : action.context) defaults.push_back(Absent(a));
    s.contexts.push_back(std::move(defaults));
    std::vector<uint32_t> specials;
    for (uint32_t i = 0; i < action.context.size(); ++i) {
      const Attribute& a = action.context[i];
      if (i == action.selecting_slot || a.includes_resource ||
          a.default_chunk != kNone) {
        specials.push_back(i);
      }
    }
    s.specials.push_back(std::move(specials));
  }
  for (const Constant& c : program().constants) {
    s.constants.push_back(FromLiteral(c));
  }
  for (Pending& p : pending_) {
    if (!p.defined) continue;
    for (size_t i = 0; i < s.defaults[p.type].size(); ++i) {
      if (p.slots[i].missing()) p.slots[i] = s.defaults[p.type][i];
    }
  }
}

// --- Build: final numbers ---

void FactsBuilder::Impl::Number() {
  const Cell n = static_cast<Cell>(pending_.size());
  order_.resize(n);
  for (Cell e = 0; e < n; ++e) order_[e] = e;
  std::sort(order_.begin(), order_.end(), [&](Cell a, Cell b) {
    const Pending& x = pending_[a];
    const Pending& y = pending_[b];
    if (x.defined != y.defined) return x.defined;
    if (x.type != y.type) return x.type < y.type;
    return IdText(a) < IdText(b);
  });
  final_.resize(n);
  for (Cell i = 0; i < n; ++i) final_[order_[i]] = i;
}

Value FactsBuilder::Impl::CopyValue(const Value& v) {
  Arena& arena = storage().arena;
  Value copy = v;
  switch (v.kind) {
    case Kind::kEntity:
      copy.size = final_[v.size];
      break;
    case Kind::kIp:
      copy.ip = arena.Make(*v.ip);
      break;
    case Kind::kVersion:
      copy.version = arena.Make(*v.version);
      break;
    case Kind::kSet:
    case Kind::kList:
      if (v.size == 0) {
        copy.number = 0;
      } else if (IsCellKind(v.element)) {
        Cell* cells = arena.New<Cell>(v.size);
        for (uint32_t i = 0; i < v.size; ++i) {
          cells[i] =
              v.element == Kind::kEntity ? final_[v.cells[i]] : v.cells[i];
        }
        if (v.kind == Kind::kSet) copy.size = SortCells(cells, v.size);
        copy.cells = cells;
      } else {
        Value* values = arena.New<Value>(v.size);
        for (uint32_t i = 0; i < v.size; ++i) {
          values[i] = CopyValue(v.values[i]);
        }
        if (v.kind == Kind::kSet) copy.size = SortValues(values, v.size);
        copy.values = values;
      }
      break;
    case Kind::kRecord: {
      Value* values = arena.New<Value>(v.size);
      for (uint32_t i = 0; i < v.size; ++i) values[i] = CopyValue(v.values[i]);
      copy.values = values;
      break;
    }
    case Kind::kMap: {
      MapEntry* entries = arena.New<MapEntry>(v.size);
      for (uint32_t i = 0; i < v.size; ++i) {
        entries[i] = {v.entries[i].key, CopyValue(v.entries[i].value)};
      }
      copy.entries = entries;
      break;
    }
    default:
      break;
  }
  return copy;
}

void FactsBuilder::Impl::CopyEntities() {
  Storage& s = storage();
  uint32_t size = 0;
  size_t num_slots = 0, num_places = 0;
  for (const Pending& p : pending_) {
    if (!p.defined) continue;
    ++size;
    num_slots += schema_.entities[p.type].attributes.size();
    num_places += p.places.size();
  }
  facts_->size_ = size;
  facts_->total_ = static_cast<uint32_t>(pending_.size());
  s.records.resize(size);
  s.slots.reserve(num_slots);
  s.places.reserve(num_places);
  s.places_begin.reserve(size + 1);
  s.entity_places.reserve(size);
  s.identity.resize(size);
  s.ranges.assign(schema_.entities.size(), {0, 0});
  for (Cell i = 0; i < size; ++i) {
    Pending& p = pending_[order_[i]];
    EntityRecord& r = s.records[i];
    r.type = p.type;
    r.id = p.id;
    r.slots = s.slots.data() + s.slots.size();
    const size_t n = schema_.entities[p.type].attributes.size();
    for (size_t k = 0; k < n; ++k) s.slots.push_back(CopyValue(p.slots[k]));
    r.num_parents = static_cast<uint32_t>(p.parents.size());
    if (r.num_parents > 0) {
      Cell* parents = s.arena.New<Cell>(r.num_parents);
      for (uint32_t k = 0; k < r.num_parents; ++k) {
        parents[k] = final_[p.parents[k]];
      }
      SortCells(parents, r.num_parents);
      r.parents = parents;
    }
    s.places_begin.push_back(static_cast<uint32_t>(s.places.size()));
    std::sort(p.places.begin(), p.places.end(),
              [](const auto& a, const auto& b) { return a.slot < b.slot; });
    s.places.insert(s.places.end(), p.places.begin(), p.places.end());
    s.entity_places.push_back(p.place);
    s.identity[i] = i;
    auto& [begin, end] = s.ranges[p.type];
    if (end == 0) begin = i;
    end = i + 1;
  }
  s.places_begin.push_back(static_cast<uint32_t>(s.places.size()));
  for (Cell i = size; i < facts_->total_; ++i) {
    s.unknown.push_back({pending_[order_[i]].type, pending_[order_[i]].id});
  }
  for (auto* table : {&s.defaults, &s.contexts}) {
    for (auto& values : *table) {
      for (Value& v : values) v = CopyValue(v);
    }
  }
  for (Value& v : s.constants) v = CopyValue(v);
  facts_->records_ = s.records.data();
}

void FactsBuilder::Impl::CloseAncestors() {
  Storage& s = storage();
  const uint32_t size = facts_->size_;
  const size_t most =
      static_cast<size_t>(facts_->program().settings.limits.closure_cells);
  size_t total = 0;
  std::vector<Cell> stack, closed;
  std::vector<uint8_t> done(size, 0);
  // Parents before children; there are no cycles.
  for (Cell start = 0; start < size; ++start) {
    stack.assign(1, start);
    while (!stack.empty()) {
      const Cell e = stack.back();
      EntityRecord& r = s.records[e];
      bool ready = true;
      if (!done[e]) {
        for (uint32_t i = 0; i < r.num_parents; ++i) {
          if (r.parents[i] < size && !done[r.parents[i]]) {
            stack.push_back(r.parents[i]);
            ready = false;
          }
        }
      }
      if (!ready) continue;
      stack.pop_back();
      if (done[e]) continue;
      done[e] = 1;
      closed.assign(1, e);
      for (uint32_t i = 0; i < r.num_parents; ++i) {
        const Cell parent = r.parents[i];
        if (parent >= size) {
          closed.push_back(parent);
          continue;
        }
        const EntityRecord& up = s.records[parent];
        closed.insert(closed.end(), up.ancestors,
                      up.ancestors + up.num_ancestors);
      }
      const uint32_t n =
          SortCells(closed.data(), static_cast<uint32_t>(closed.size()));
      total += n;
      if (total > most) {
        Report("BL5004", s.entity_places[e], 1,
               "the ancestors of all entities are more than " +
                   std::to_string(most),
               "nest less deep, " + HowToRaise("closure_cells"));
        return;
      }
      Cell* cells = s.arena.New<Cell>(n);
      std::copy_n(closed.data(), n, cells);
      r.ancestors = cells;
      r.num_ancestors = n;
    }
  }
}

void FactsBuilder::Impl::CloseTransitive() {
  Storage& s = storage();
  const uint32_t size = facts_->size_;
  const size_t most =
      static_cast<size_t>(facts_->program().settings.limits.closure_cells);
  size_t work = 0;
  for (uint32_t type = 0; type < schema_.entities.size(); ++type) {
    const auto& attributes = schema_.entities[type].attributes;
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      if (!attributes[slot].transitive) continue;
      const auto [begin, end] = s.ranges[type];
      std::vector<Value> raw;
      for (Cell e = begin; e < end; ++e) {
        raw.push_back(s.records[e].slots[slot]);
      }
      std::vector<Cell> stamp(size_t{facts_->total_}, kNone);
      std::vector<Cell> found;
      for (Cell e = begin; e < end; ++e) {
        if (raw[e - begin].size == 0) continue;
        found.clear();
        const auto visit = [&](const Value& v) {
          ForEachEntity(v, [&](Cell c) {
            ++work;
            if (stamp[c] == e) return;
            stamp[c] = e;
            found.push_back(c);
          });
        };
        visit(raw[e - begin]);
        for (size_t i = 0; i < found.size(); ++i) {
          const Cell c = found[i];
          if (c < size && s.records[c].type == type) visit(raw[c - begin]);
        }
        if (work > most) {
          Report("BL5004", s.entity_places[e], 1,
                 "closing the transitive attribute `" + attributes[slot].name +
                     "` takes more than " + std::to_string(most) + " steps",
                 "shorten its chains, " + HowToRaise("closure_cells"));
          return;
        }
        Value& v =
            s.slots[static_cast<size_t>(s.records[e].slots - s.slots.data()) +
                    slot];
        if (v.kind != Kind::kSet || found.size() == v.size) continue;
        s.unclosed[uint64_t{e} << 32 | slot] = v;
        Cell* cells = s.arena.New<Cell>(found.size());
        std::copy(found.begin(), found.end(), cells);
        const uint32_t n =
            SortCells(cells, static_cast<uint32_t>(found.size()));
        v = CellCollection(Kind::kSet, Kind::kEntity, {cells, n});
      }
    }
  }
}

// Columns are asked for by name: two of one name cannot be told apart.
void FactsBuilder::Impl::CheckColumns() {
  Storage& s = storage();
  for (const Schema::Selectable& sel : schema_.selectables) {
    if (sel.entity == kNone || sel.columns_slot == kNone ||
        sel.name_slot == kNone) {
      continue;
    }
    for (Cell owner : facts_->AllOf(sel.entity)) {
      const Value& set = s.records[owner].slots[sel.columns_slot];
      if (set.element != Kind::kEntity) continue;
      std::vector<std::pair<Symbol, Cell>> names;
      for (uint32_t i = 0; i < set.size; ++i) {
        if (set.cells[i] >= facts_->size_) continue;
        const Value& name = s.records[set.cells[i]].slots[sel.name_slot];
        if (name.kind == Kind::kString) {
          names.push_back({name.size, set.cells[i]});
        }
      }
      std::sort(names.begin(), names.end());
      for (size_t i = 1; i < names.size(); ++i) {
        if (names[i].first != names[i - 1].first) continue;
        const FactPosition at = facts_->PositionOf(names[i].second);
        Report("BL5019", at, 1,
               schema_.entities[sel.entity].name + " " +
                   Quote(s.symbols.Text(s.records[owner].id)) +
                   " has two columns named " +
                   Quote(s.symbols.Text(names[i].first)) + ": " +
                   Quote(s.symbols.Text(s.records[names[i - 1].second].id)) +
                   " and " +
                   Quote(s.symbols.Text(s.records[names[i].second].id)));
      }
    }
  }
}

// --- Revision ---

void FactsBuilder::Impl::Canonical(std::string* out, const Value& v) {
  Storage& s = storage();
  const auto text = [&](std::string_view t) {
    *out += std::to_string(t.size());
    *out += ':';
    *out += t;
  };
  *out += static_cast<char>('a' + static_cast<int>(v.kind));
  switch (v.kind) {
    case Kind::kMissing:
    case Kind::kFilter:
      break;
    case Kind::kString:
      text(s.symbols.Text(v.size));
      break;
    case Kind::kTerm:
      text(schema_.terms[v.size].path);
      break;
    case Kind::kEntity:
      text(schema_.entities[facts_->TypeOf(v.size)].name);
      text(s.symbols.Text(facts_->IdOf(v.size)));
      break;
    case Kind::kIp:
      text(FormatIp(*v.ip));
      break;
    case Kind::kVersion:
      text(FormatVersion(*v.version));
      break;
    case Kind::kSet:
    case Kind::kList:
    case Kind::kRecord: {
      std::vector<std::string> parts;
      for (uint32_t i = 0; i < v.size; ++i) {
        std::string part;
        if (v.kind != Kind::kRecord && IsCellKind(v.element)) {
          Canonical(&part, Value::OfCell(v.element, v.cells[i]));
        } else {
          Canonical(&part, v.values[i]);
        }
        parts.push_back(std::move(part));
      }
      // Numbers of texts depend on the order of files; texts do not.
      if (v.kind == Kind::kSet) std::sort(parts.begin(), parts.end());
      *out += std::to_string(v.size);
      *out += ';';
      for (const std::string& part : parts) *out += part;
      break;
    }
    case Kind::kMap: {
      std::vector<std::string> parts;
      for (uint32_t i = 0; i < v.size; ++i) {
        std::string part;
        Canonical(&part, Value::OfCell(Kind::kString, v.entries[i].key));
        Canonical(&part, v.entries[i].value);
        parts.push_back(std::move(part));
      }
      std::sort(parts.begin(), parts.end());
      *out += std::to_string(v.size);
      *out += ';';
      for (const std::string& part : parts) *out += part;
      break;
    }
    default:
      *out += std::to_string(v.number);
      *out += ';';
      break;
  }
}

void FactsBuilder::Impl::Hash() {
  Storage& s = storage();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  std::string line;
  for (Cell e = 0; e < facts_->size_; ++e) {
    const EntityRecord& r = s.records[e];
    line.clear();
    Canonical(&line, Value::OfCell(Kind::kEntity, e));
    for (uint32_t i = 0; i < r.num_parents; ++i) {
      Canonical(&line, Value::OfCell(Kind::kEntity, r.parents[i]));
    }
    const auto& attributes = schema_.entities[r.type].attributes;
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      line += '\n';
      line += attributes[slot].name;
      line += '=';
      Canonical(&line, facts_->Unclosed(e, slot));
    }
    line += '\n';
    EVP_DigestUpdate(context, line.data(), line.size());
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  EVP_DigestFinal_ex(context, digest, &n);
  EVP_MD_CTX_free(context);
  constexpr char kHex[] = "0123456789abcdef";
  for (unsigned int i = 0; i < n; ++i) {
    s.revision += kHex[digest[i] >> 4];
    s.revision += kHex[digest[i] & 15];
  }
}

void FactsBuilder::Impl::CheckProposal(const Facts& known) {
  ResolveOpenParents(&known);
  CheckReferences(&known);
}

std::shared_ptr<const Facts> FactsBuilder::Impl::Build() {
  Storage& s = storage();
  for (const ImpliedName& n : implied_names_) {
    if (IsStated(n.entity, n.slot)) continue;
    State(n.entity, n.slot, Value::OfCell(Kind::kString, n.name), n.at);
  }
  ResolveOpenParents(nullptr);
  CheckReferences(nullptr);
  FillInverse();
  CloseParents();
  CheckRequired();
  if (num_errors_ > 0) return nullptr;
  FillDefaults();
  Number();
  CopyEntities();
  CloseAncestors();
  CloseTransitive();
  if (num_errors_ > 0) return nullptr;
  CheckColumns();
  if (num_errors_ > 0) return nullptr;
  s.BuildEntityTable(*facts_);
  s.BuildAncestorBits();
  s.BuildColumnTable(program());
  Hash();
  return std::move(facts_);
}

}  // namespace bylaw
