#include "evaluator/bind.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/binder.h"
#include "evaluator/hash.h"
#include "evaluator/nearest.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

bool HasAttributes(const EntityReference& r) {
  return r.attributes != nullptr &&
         (r.attributes->kind != Node::Kind::kMap || !r.attributes->map.empty());
}

}  // namespace

std::string Binder::Quoted(std::string_view text) {
  constexpr size_t kLongest = 120;
  if (text.size() <= kLongest) return "`" + std::string(text) + "`";
  size_t cut = kLongest;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return "`" + std::string(text.substr(0, cut)) + "…`";
}

std::string Binder::Describe(Cell n) const {
  return schema_.entities[world_->TypeOf(n)].name + " " +
         Quoted(world_->IdOf(n));
}

// --- Errors ---

std::string Binder::Path() const {
  std::string s;
  for (int i = 0; i < depth_ && i < kMaxPath; ++i) {
    if (path_[i].name.empty()) {
      s += "[" + std::to_string(path_[i].index) + "]";
    } else {
      if (!s.empty()) s += ".";
      s += path_[i].name;
    }
  }
  return s;
}

// The first error is the one that is told.
bool Binder::Refuse(const char* code, std::string message, std::string remedy) {
  if (!error_.code.empty()) return false;
  error_.code = code;
  error_.field = Path();
  error_.message = std::move(message);
  error_.remedy = std::move(remedy);
  return false;
}

void Binder::Fail(DecodeProblem problem, const Node& at, std::string message,
                  std::string suggestion) {
  (void)at;
  const char* code = "BL5208";
  switch (problem) {
    case DecodeProblem::kWrongType:
    case DecodeProblem::kBadSpelling:
    case DecodeProblem::kMissingField:
    case DecodeProblem::kOther:
      break;
    case DecodeProblem::kInexact:
      code = "BL5209";
      break;
    case DecodeProblem::kUnknownTerm:
      code = "BL5210";
      break;
    case DecodeProblem::kNull:
      code = "BL5211";
      break;
    case DecodeProblem::kUnknownType:
      code = "BL5205";
      break;
    case DecodeProblem::kUnknownField:
      code = "BL5206";
      break;
    case DecodeProblem::kReference:
      code = "BL5215";
      break;
  }
  Refuse(code, std::move(message), std::move(suggestion));
}

// --- The request ---

namespace {

// One of `types` by its name; kNone.
uint32_t TypeAmong(const Schema& schema, const std::vector<uint32_t>& types,
                   std::string_view name) {
  for (const uint32_t t : types) {
    if (SameText(schema.entities[t].name, name)) return t;
  }
  return kNone;
}

// What most requests are: three names that facts know, and nothing else.
// False for all others, which the Binder takes, and for what it has to refuse.
bool BindNames(const Facts& facts, const Request& request, Arena& arena,
               BoundRequest* bound) {
  const auto empty = [](const Node* n) {
    return n == nullptr || (n->kind == Node::Kind::kMap && n->map.empty());
  };
  if (!empty(request.subject.attributes) ||
      !empty(request.resource.attributes) || !empty(request.context)) {
    return false;
  }
  const uint32_t number = facts.FindAction(request.action);
  if (number == kNone) return false;
  const Schema& schema = facts.program().schema;
  const Action& action = schema.actions[number];
  if (action.proposes || !facts.ContextSpecials(number).empty()) return false;
  const uint32_t subject_type =
      TypeAmong(schema, action.subjects, request.subject.type);
  const uint32_t resource_type =
      TypeAmong(schema, action.resources, request.resource.type);
  if (subject_type == kNone || resource_type == kNone) return false;
  const uint32_t subject = facts.Lookup(subject_type, request.subject.id);
  const uint32_t resource = facts.Lookup(resource_type, request.resource.id);
  if (subject == kNone || resource == kNone) return false;
  bound->world = new (arena.New<World>(1)) World(&facts, &arena);
  bound->action = number;
  bound->subject_type = subject_type;
  bound->resource_type = resource_type;
  bound->subject = subject | kFactsView;
  bound->resource = resource;
  bound->resource_known = true;
  bound->previous = Value::OfCell(Kind::kEntity, resource);
  bound->proposal = false;
  bound->subject_attributes = bound->resource_attributes = nullptr;
  bound->context = facts.ContextDefaults(number).data();
  bound->now = request.now;
  bound->asked_by_name = false;
  bound->asked = {};
  bound->column_errors = {};
  return true;
}

}  // namespace

bool BindRequest(const Facts& facts, const Request& request,
                 const BindOptions& options, Arena& arena, BoundRequest* bound,
                 RequestError* error) {
  if (BindNames(facts, request, arena, bound)) [[likely]] {
    return true;
  }
  *bound = BoundRequest();
  error->code.clear();
  return Binder(facts, request, options, arena, bound, error).Bind();
}

bool Binder::Bind() {
  world_ = new (arena_.New<World>(1)) World(&facts_, &arena_);
  bound_.world = world_;
  bound_.now = request_.now;
  bound_.subject_attributes = request_.subject.attributes;
  bound_.resource_attributes = request_.resource.attributes;
  return FindTypes() && BindSubject() && BindResource() && BindContext();
}

bool Binder::FindTypes() {
  bound_.action = facts_.FindAction(request_.action);
  if (bound_.action == kNone) {
    Push("action");
    std::vector<std::string_view> names;
    for (const Action& a : schema_.actions) names.push_back(a.name);
    return Refuse("BL5204", "there is no action " + Quoted(request_.action),
                  GuessText(request_.action, names));
  }
  action_ = &schema_.actions[bound_.action];
  const auto find = [&](std::string_view what, const EntityReference& r,
                        const std::vector<uint32_t>& taken, uint32_t* type) {
    for (uint32_t t : taken) {
      if (schema_.entities[t].name == r.type) {
        *type = t;
        if (!r.id.empty()) return true;
        Push(what);
        Push("id");
        return Refuse("BL5201", "the " + std::string(what) + " has no id",
                      "name the " + std::string(what) + " by its id");
      }
    }
    Push(what);
    Push("type");
    std::vector<std::string_view> names;
    std::string list;
    for (uint32_t t : taken) {
      names.push_back(schema_.entities[t].name);
      list += (list.empty() ? "" : ", ") + schema_.entities[t].name;
    }
    if (facts_.FindType(r.type) == kNone) {
      std::vector<std::string_view> all = names;
      for (const EntityType& e : schema_.entities) all.push_back(e.name);
      return Refuse("BL5205", "there is no entity type " + Quoted(r.type),
                    GuessText(r.type, all));
    }
    return Refuse("BL5212",
                  "the action " + Quoted(action_->name) + " takes no " +
                      std::string(r.type) + " as its " + std::string(what),
                  "it takes " + list);
  };
  return find("subject", request_.subject, action_->subjects,
              &bound_.subject_type) &&
         find("resource", request_.resource, action_->resources,
              &bound_.resource_type);
}

Overlay& Binder::overlay() {
  if (world_->overlay_ == nullptr) {
    world_->overlay_ = new (arena_.New<Overlay>(1)) Overlay(&arena_);
  }
  return *world_->overlay_;
}

OverlayRecord* Binder::NewRecord(uint32_t type, Cell n) {
  OverlayRecord* r = new (arena_.New<OverlayRecord>(1)) OverlayRecord();
  const size_t slots = schema_.entities[type].attributes.size();
  r->slots = arena_.New<Value>(slots);
  r->record.type = type;
  r->record.slots = r->slots;
  r->record.id = world_->Intern(world_->IdOf(n));
  Cell* self = arena_.New<Cell>(1);
  *self = n;
  r->record.ancestors = self;
  r->record.num_ancestors = 1;
  const std::span<const Value> defaults = facts_.DefaultsOf(type);
  std::copy(defaults.begin(), defaults.end(), r->slots);
  return r;
}

// The record that both views see; facts' own, copied, if they know it.
OverlayRecord* Binder::Patch(Cell n) {
  bool added = false;
  OverlayRecord** r = overlay().patched.Insert(n, nullptr, &added);
  if (added) {
    OverlayRecord* fresh = NewRecord(world_->TypeOf(n), n);
    if (const EntityRecord* known = facts_.Find(n)) {
      const size_t slots = schema_.entities[known->type].attributes.size();
      fresh->record = *known;
      std::copy_n(known->slots, slots, fresh->slots);
      fresh->record.slots = fresh->slots;
    }
    *r = fresh;
  }
  return *r;
}

bool Binder::BindSubject() {
  const EntityReference& s = request_.subject;
  uint32_t n = facts_.Lookup(bound_.subject_type, s.id);
  if (n == kNone) {
    n = world_->Resolve(bound_.subject_type, s.id);
    Patch(n);
  }
  bound_.subject = n | kFactsView;
  if (!HasAttributes(s)) return true;
  Push("subject");
  Push("attributes");
  // References in them may name the resource only if facts know it.
  if (!Assert(n, *s.attributes)) return false;
  depth_ = 0;
  return true;
}

bool Binder::BindResource() {
  const EntityReference& r = request_.resource;
  uint32_t n = facts_.Lookup(bound_.resource_type, r.id);
  const bool known = n != kNone;
  if (!known) n = world_->Resolve(bound_.resource_type, r.id);
  bound_.resource = n;
  bound_.resource_known = known;
  const bool attributes = HasAttributes(r);
  if (action_->proposes) {
    bound_.previous =
        known ? Value::OfCell(Kind::kEntity, n | kFactsView) : Value::Missing();
    if (!attributes) return true;
    Push("resource");
    Push("attributes");
    if (!Propose()) return false;
    depth_ = 0;
    bound_.proposal = true;
    bound_.resource_known = true;
    return true;
  }
  bound_.previous = Value::OfCell(Kind::kEntity, n);
  if (!attributes) return true;
  Push("resource");
  Push("attributes");
  if (!known) {
    return Refuse("BL5218",
                  "facts do not know " + Describe(n) +
                      ", so that the request may not bring its attributes",
                  "leave the attributes out, or load the facts");
  }
  if (!Assert(n, *r.attributes)) return false;
  depth_ = 0;
  return true;
}

// --- Asserted attributes ---

bool Binder::Assert(Cell n, const Node& attributes) {
  if (attributes.kind != Node::Kind::kMap) {
    return Refuse("BL5208", "attributes are a map, not " +
                                std::string(NodeKindName(attributes)));
  }
  const uint32_t type = world_->TypeOf(n);
  const EntityType& info = schema_.entities[type];
  for (const auto& [key, node] : attributes.map) {
    Push(key.text);
    const uint32_t slot = Schema::FindAttribute(info.attributes, key.text);
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
    const Attribute& attribute = info.attributes[slot];
    if (!attribute.asserted) {
      return Refuse("BL5213",
                    "`" + attribute.name + "` of " + info.name +
                        " is not declared `asserted`: a request may not "
                        "supply it",
                    "leave it out; facts say what it is");
    }
    Value v;
    const Cell outer_view = view_;
    view_ = 0;
    const bool ok = Decode(node, attribute.type, &v);
    view_ = outer_view;
    if (!ok) return false;
    if (facts_.Holds(n, slot)) {
      if (CompareValues(facts_.Unclosed(n, slot), v) != 0 &&
          CompareValues(facts_.Find(n)->slots[slot], v) != 0) {
        return Refuse("BL5214",
                      "facts hold another value for `" + attribute.name +
                          "` of " + Describe(n),
                      "leave it out, or correct the facts");
      }
    } else {
      // The same entity may be named in several places, but not differently.
      bool first = false;
      const Value* before =
          asserted_.Insert(uint64_t{n} << 32 | slot, v, &first);
      if (!first && CompareValues(*before, v) != 0) {
        return Refuse("BL5214",
                      "the request says two things of `" + attribute.name +
                          "` of " + Describe(n),
                      "say one");
      }
      Patch(n)->slots[slot] = v;
    }
    Pop();
  }
  return true;
}

// --- References ---

bool Binder::Reference(uint32_t entity_type, std::string_view id,
                       const Node& node, Cell* out) {
  uint32_t n = facts_.Lookup(entity_type, id);
  if (n == kNone) {
    // What the request itself makes known.
    n = world_->Resolve(entity_type, id);
    const bool subject = n == (bound_.subject & kEntityMask) &&
                         entity_type == bound_.subject_type;
    const bool resource = n == bound_.resource &&
                          entity_type == bound_.resource_type && in_context_;
    const bool proposed = !in_context_ && IsProposed(n);
    if (!subject && !resource && !proposed) {
      Fail(DecodeProblem::kReference, node,
           "there is no " + schema_.entities[entity_type].name + " " +
               Quoted(id),
           "");
      return false;
    }
  }
  // "What the context names" is as facts know it, the resource too: what only
  // the proposal says of it is not to be read there.
  *out = n | view_;
  return true;
}

// In a context also {id: x, attributes: {…}}; {type, id} for unions.
bool Binder::ReferenceMap(const Node& node, const TypeInfo& type, Cell* out) {
  if (!in_context_) return ValueDecoder::ReferenceMap(node, type, out);
  const Node* attributes = node.Find("attributes");
  const Node* type_node = node.Find("type");
  const Node* id = node.Find("id");
  for (const auto& [key, value] : node.map) {
    if (key.text != "id" && key.text != "attributes" && key.text != "type") {
      Push(key.text);
      return Refuse("BL5206", "a reference has no " + Quoted(key.text),
                    "write {id: …, attributes: {…}}");
    }
  }
  if (id == nullptr || !id->is_string()) {
    return Refuse("BL5208", "a reference has an id, a text",
                  "write {id: …, attributes: {…}}");
  }
  uint32_t entity_type = type.entities[0];
  if (type_node == nullptr && type.entities.size() > 1) {
    return Refuse(
        "BL5208", "a reference to one of several types names its type",
        "write {type: " + schema_.entities[entity_type].name + ", id: …}");
  }
  if (type_node != nullptr) {
    entity_type = kNone;
    std::vector<std::string_view> names;
    for (uint32_t e : type.entities) {
      names.push_back(schema_.entities[e].name);
      if (schema_.entities[e].name == type_node->text) entity_type = e;
    }
    if (entity_type == kNone || !type_node->is_string()) {
      Push("type");
      const bool known = facts_.FindType(type_node->text) != kNone;
      return Refuse(
          known ? "BL5208" : "BL5205",
          known ? Quoted(type_node->text) + " is not one of the types expected"
                : "there is no entity type " + Quoted(type_node->text),
          GuessText(type_node->text, names));
    }
  }
  if (!Reference(entity_type, id->text, *id, out)) return false;
  if (attributes == nullptr) return true;
  const Cell n = *out & kEntityMask;
  Push("attributes");
  if (attributes->is_map() && !attributes->map.empty() &&
      facts_.Find(n) == nullptr && n != (bound_.subject & kEntityMask)) {
    return Refuse("BL5218",
                  "facts do not know " + Describe(n) +
                      ", so that the request may not bring its attributes",
                  "leave the attributes out");
  }
  if (!Assert(n, *attributes)) return false;
  Pop();
  return true;
}

// --- Context ---

bool Binder::BindContext() {
  const std::span<const Value> defaults = facts_.ContextDefaults(bound_.action);
  const std::span<const uint32_t> specials =
      facts_.ContextSpecials(bound_.action);
  const Node* context = request_.context;
  const bool given = context != nullptr && (context->kind != Node::Kind::kMap ||
                                            !context->map.empty());
  if (!given && specials.empty()) {
    bound_.context = defaults.data();
    return true;
  }
  Value* slots = arena_.New<Value>(defaults.size());
  std::copy(defaults.begin(), defaults.end(), slots);
  bound_.context = slots;
  const Node* selected = nullptr;
  bool* stated = arena_.New<bool>(defaults.size());
  std::fill_n(stated, defaults.size(), false);
  if (given) {
    Push("context");
    if (context->kind != Node::Kind::kMap) {
      return Refuse("BL5208", "the context is a map, not " +
                                  std::string(NodeKindName(*context)));
    }
    in_context_ = true;
    view_ = kFactsView;
    for (const auto& [key, node] : context->map) {
      Push(key.text);
      const uint32_t slot = Schema::FindAttribute(action_->context, key.text);
      if (slot == kNone) {
        std::vector<std::string_view> names;
        for (const Attribute& a : action_->context) names.push_back(a.name);
        return Refuse("BL5207",
                      "the context of " + Quoted(action_->name) + " has no " +
                          Quoted(key.text),
                      GuessText(key.text, names));
      }
      stated[slot] = true;
      if (slot == action_->selecting_slot) {
        if (node.is_null()) {
          return Refuse("BL5211", "null is no value",
                        "leave the name out to ask for all columns");
        }
        if (!node.is_list()) {
          return Refuse("BL5208", "a list of column names is expected, not " +
                                      std::string(NodeKindName(node)));
        }
        selected = &node;
      } else if (!Decode(node, action_->context[slot].type, &slots[slot])) {
        return false;
      }
      Pop();
    }
    Pop();
    in_context_ = false;
    view_ = 0;
  }
  for (uint32_t slot : specials) {
    const Attribute& attribute = action_->context[slot];
    if (slot == action_->selecting_slot) {
      Push("context");
      Push(attribute.name);
      if (!BindColumns(selected, &slots[slot])) return false;
      depth_ = 0;
    }
  }
  for (uint32_t slot : specials) {
    const Attribute& attribute = action_->context[slot];
    if (slot == action_->selecting_slot) continue;
    if (!stated[slot] && attribute.default_chunk != kNone &&
        bound_.resource_known) {
      Vm vm(&bound_, options_.vm);
      if (!vm.RunValue(attribute.default_chunk, {}, &slots[slot])) {
        slots[slot] = defaults[slot];
        AddColumnError("the default of context." + attribute.name +
                       " cannot be computed: " + std::string(vm.error()));
      }
    }
    if (attribute.includes_resource) IncludeResource(attribute, &slots[slot]);
  }
  return true;
}

// `includes d`: the resource itself, as the rest of the rules see it.
void Binder::IncludeResource(const Attribute& attribute, Value* slot) {
  const TypeInfo& info = schema_.type(attribute.type);
  if (info.kind != Kind::kSet && info.kind != Kind::kList) return;
  // Code of a default may give anything.
  if (slot->kind != info.kind ||
      (slot->size > 0 && slot->element != Kind::kEntity)) {
    *slot = EmptyCollection(info.kind, Kind::kEntity);
  }
  const Cell resource = bound_.resource;
  Cell* cells = arena_.New<Cell>(slot->size + 1);
  uint32_t n = 0;
  for (uint32_t i = 0; i < slot->size; ++i) {
    if ((slot->cells[i] & kEntityMask) != resource) cells[n++] = slot->cells[i];
  }
  cells[n++] = resource;
  if (info.kind == Kind::kSet) n = SortCells(cells, n);
  *slot = CellCollection(info.kind, Kind::kEntity, {cells, n});
}

bool Binder::BindColumns(const Node* names, Value* slot) {
  const Schema::Selectable* selectable = nullptr;
  for (const Schema::Selectable& s : schema_.selectables) {
    if (s.entity == bound_.resource_type &&
        (selectable == nullptr || s.columns_slot == action_->columns_slot)) {
      selectable = &s;
    }
  }
  bound_.asked_by_name = names != nullptr;
  const size_t n = names != nullptr ? names->list.size() : 0;
  if (n > options_.max_columns) {
    return Refuse("BL5219",
                  std::to_string(n) + " columns are asked for; the limit is " +
                      std::to_string(options_.max_columns),
                  "ask for fewer columns, " + HowToRaise("asked_columns"));
  }
  for (size_t i = 0; i < n; ++i) {
    if (names->list[i].is_string()) continue;
    Push(i);
    if (names->list[i].is_null()) return Refuse("BL5211", "null is no value");
    return Refuse("BL5208", "a column is named by a text, not by " +
                                std::string(NodeKindName(names->list[i])));
  }
  *slot = EmptyCollection(Kind::kSet, Kind::kEntity);
  if (!bound_.resource_known) return true;
  Value columns = EmptyCollection(Kind::kSet, Kind::kEntity);
  if (selectable != nullptr) {
    columns = world_->Attribute(bound_.resource, selectable->columns_slot);
  }
  const std::string_view id = request_.resource.id;
  if (columns.size == 0 || columns.element != Kind::kEntity) {
    AddColumnError("facts know no columns of " + Describe(bound_.resource));
    return true;
  }
  if (names == nullptr) {
    if (columns.size > options_.max_columns) {
      return Refuse("BL5219",
                    Describe(bound_.resource) + " has " +
                        std::to_string(columns.size) +
                        " columns, and none is named; the limit is " +
                        std::to_string(options_.max_columns),
                    "ask for fewer columns, " + HowToRaise("asked_columns"));
    }
    bound_.asked = {columns.cells, columns.size};
    *slot = columns;
    return true;
  }
  // Columns of one owner are numbered close together: a bitmap says which
  // were asked for already.
  const Cell low = columns.cells[0] & kEntityMask;
  Cell high = low;
  for (uint32_t i = 0; i < columns.size; ++i) {
    high = std::max(high, columns.cells[i] & kEntityMask);
  }
  const size_t words = (size_t{high} - low) / 64 + 1;
  const bool dense = words <= n * 8 + 64;
  uint64_t* seen_bits = nullptr;
  ArenaMap<bool> seen_map(&arena_);
  if (dense) {
    seen_bits = arena_.New<uint64_t>(words);
    std::fill_n(seen_bits, words, 0);
  }
  Cell* asked = arena_.New<Cell>(n);
  uint32_t m = 0;
  const bool plain = !world_->has_overlay();
  for (size_t i = 0; i < n; ++i) {
    const std::string& name = names->list[i].text;
    Cell c;
    if (plain) {
      c = facts_.ColumnNamed(bound_.resource, name);
    } else {
      c = world_->ColumnNamed(bound_.resource, *selectable,
                              world_->Intern(name));
    }
    if (c == kNone) {
      AddColumnError(schema_.entities[bound_.resource_type].name + " " +
                     Quoted(id) + " has no column " + Quoted(name));
      continue;
    }
    c &= kEntityMask;
    bool added = true;
    if (dense) {
      uint64_t& word = seen_bits[(c - low) / 64];
      const uint64_t bit = uint64_t{1} << ((c - low) % 64);
      added = (word & bit) == 0;
      word |= bit;
    } else {
      seen_map.Insert(c, true, &added);
    }
    if (added) asked[m++] = c;
  }
  bound_.asked = {asked, m};
  Cell* sorted = arena_.New<Cell>(m);
  std::copy_n(asked, m, sorted);
  SortCells(sorted, m);
  *slot = CellCollection(Kind::kSet, Kind::kEntity, {sorted, m});
  return true;
}

}  // namespace bylaw
