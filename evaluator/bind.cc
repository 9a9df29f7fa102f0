#include "evaluator/bind.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/decode.h"
#include "evaluator/nearest.h"
#include "evaluator/overlay.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

std::string Quote(std::string_view text) {
  constexpr size_t kLongest = 120;
  if (text.size() <= kLongest) return "`" + std::string(text) + "`";
  size_t cut = kLongest;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return "`" + std::string(text.substr(0, cut)) + "…`";
}

bool HasAttributes(const EntityReference& r) {
  return r.attributes != nullptr &&
         (r.attributes->kind != Node::Kind::kMap || !r.attributes->map.empty());
}

bool Contains(const std::vector<uint32_t>& sorted, uint32_t x) {
  return std::find(sorted.begin(), sorted.end(), x) != sorted.end();
}

bool HoldsCell(const Value& v, Cell c) {
  if (v.kind == Kind::kEntity) return v.entity() == c;
  if (v.element != Kind::kEntity) return false;
  for (uint32_t i = 0; i < v.size; ++i) {
    if ((v.cells[i] & kEntityMask) == c) return true;
  }
  return false;
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

class Binder : public ValueDecoder {
 public:
  Binder(const Facts& facts, const Request& request, const BindOptions& options,
         Arena& arena, BoundRequest* bound, RequestError* error)
      : ValueDecoder(&facts.program().schema, &arena),
        facts_(facts),
        request_(request),
        options_(options),
        bound_(*bound),
        error_(*error),
        asserted_(&arena) {}

  bool Bind();

 protected:
  Symbol Intern(std::string_view text) override { return world_->Intern(text); }
  uint32_t FindTerm(uint32_t vocabulary, std::string_view path) override {
    return facts_.FindTerm(vocabulary, path);
  }
  bool Reference(uint32_t entity_type, std::string_view id, const Node& node,
                 Cell* out) override;
  Cell NameEntity(uint32_t entity_type, std::string_view id) override {
    return world_->Resolve(entity_type, id);
  }
  bool ReferenceMap(const Node& node, const TypeInfo& type, Cell* out) override;
  bool Nested(const Node& node, const TypeInfo& collection,
              Value* out) override;
  void Fail(DecodeProblem problem, const Node& at, std::string message,
            std::string suggestion) override;
  void Push(std::string_view name) override { PushPart({name, 0}); }
  void Push(size_t index) override { PushPart({{}, index}); }
  void Pop() override { --depth_; }

 private:
  struct PathPart {
    std::string_view name;  // empty: an index
    size_t index;
  };
  static constexpr int kMaxPath = 48;

  void PushPart(PathPart part) {
    if (depth_ >= 0 && depth_ < kMaxPath) path_[depth_] = part;
    ++depth_;
  }
  std::string Path() const;
  bool Refuse(const char* code, std::string message, std::string remedy = "");
  std::string Describe(Cell n) const {
    return schema_.entities[world_->TypeOf(n)].name + " " +
           Quote(world_->IdOf(n));
  }

  bool FindTypes();
  bool BindSubject();
  bool BindResource();
  bool BindContext();
  bool BindColumns(const Node* names, Value* slot);
  void IncludeResource(const Attribute& attribute, Value* slot);
  bool Assert(Cell n, const Node& attributes);
  OverlayRecord* NewRecord(uint32_t type, Cell n);
  OverlayRecord* Patch(Cell n);
  Overlay& overlay();

  // Proposals.
  bool Propose();
  bool Declare(uint32_t type, Cell n, const Node& attributes, Cell owner,
               int depth);
  bool MayNest(uint32_t owner, const Attribute& attribute,
               uint32_t* child) const;
  std::string_view ChildId(Cell owner, std::string_view name);
  bool Fill(Cell n, const Node& attributes);
  bool ReadParents(OverlayRecord* r, const Node& node);
  bool CheckHeldElsewhere(Cell child, Cell owner);
  bool JoinInverses();
  bool Claim(Cell by, uint32_t slot, Cell target, uint32_t back);
  void DropInverses(Cell n);
  void RemoveChildren(Cell n);
  void CloseParents(OverlayRecord* r, Cell n);
  bool CheckCycles();
  OverlayRecord* Change(Cell n);
  bool IsProposed(Cell n) const {
    const Overlay* o = world_->overlay_;
    if (o == nullptr) return false;
    OverlayRecord** r = o->changed.Find(n);
    return r != nullptr && (*r)->proposed;
  }

  const Facts& facts_;
  const Request& request_;
  const BindOptions& options_;
  BoundRequest& bound_;
  RequestError& error_;
  World* world_ = nullptr;
  const Action* action_ = nullptr;
  Cell view_ = 0;  // given to references: kFactsView in a context
  bool in_context_ = false;
  Cell owner_ = kNone;  // whose attributes are being proposed
  uint32_t slot_ = kNone;
  int base_depth_ = 0;          // of that attribute
  ArenaMap<Value> asserted_;    // entity << 32 | slot
  std::vector<Cell> proposed_;  // resource first
  std::vector<Cell> changed_;   // and those whose inverses changed
  PathPart path_[kMaxPath];
  int depth_ = 0;
};

// --- Errors
// ---------------------------------------------------------------------

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

// --- The request
// ------------------------------------------------------------------

bool BindRequest(const Facts& facts, const Request& request,
                 const BindOptions& options, Arena& arena, BoundRequest* bound,
                 RequestError* error) {
  *bound = BoundRequest();
  error->code.clear();
  return Binder(facts, request, options, arena, bound, error).Bind();
}

bool Binder::Bind() {
  world_ = new (arena_.New<World>(1)) World(&facts_, &arena_);
  bound_.world = world_;
  bound_.now = request_.now;
  return FindTypes() && BindSubject() && BindResource() && BindContext();
}

bool Binder::FindTypes() {
  bound_.action = facts_.FindAction(request_.action);
  if (bound_.action == kNone) {
    Push("action");
    std::vector<std::string_view> names;
    for (const Action& a : schema_.actions) names.push_back(a.name);
    return Refuse("BL5204", "there is no action " + Quote(request_.action),
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
      return Refuse("BL5205", "there is no entity type " + Quote(r.type),
                    GuessText(r.type, all));
    }
    return Refuse("BL5212",
                  "the action " + Quote(action_->name) + " takes no " +
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

// --- Asserted attributes
// -------------------------------------------------------------

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
                    info.name + " has no attribute " + Quote(key.text),
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

// --- References
// ------------------------------------------------------------------------

bool Binder::Reference(uint32_t entity_type, std::string_view id,
                       const Node& node, Cell* out) {
  (void)node;
  uint32_t n = facts_.Lookup(entity_type, id);
  if (n == kNone) {
    // What the request itself makes known.
    n = world_->Resolve(entity_type, id);
    const bool subject = n == (bound_.subject & kEntityMask) &&
                         entity_type == bound_.subject_type;
    const bool resource = n == bound_.resource &&
                          entity_type == bound_.resource_type && in_context_;
    if (!subject && !resource && !IsProposed(n)) {
      Fail(
          DecodeProblem::kReference, node,
          "there is no " + schema_.entities[entity_type].name + " " + Quote(id),
          "");
      return false;
    }
    // No view of facts has it: the proposal's is the only one.
    *out = subject ? n | view_ : n;
    return true;
  }
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
      return Refuse("BL5206", "a reference has no " + Quote(key.text),
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
          known ? Quote(type_node->text) + " is not one of the types expected"
                : "there is no entity type " + Quote(type_node->text),
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

// --- Context
// -----------------------------------------------------------------------------

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
                      "the context of " + Quote(action_->name) + " has no " +
                          Quote(key.text),
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
        if (bound_.column_error.empty()) {
          bound_.column_error =
              arena_.Copy("the default of context." + attribute.name +
                          " cannot be computed: " + std::string(vm.error()));
        }
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
                  "ask for fewer columns, or raise --max-columns");
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
    bound_.column_error =
        arena_.Copy("facts know no columns of " + Describe(bound_.resource));
    return true;
  }
  if (names == nullptr) {
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
      if (bound_.column_error.empty()) {
        bound_.column_error =
            arena_.Copy(schema_.entities[bound_.resource_type].name + " " +
                        Quote(id) + " has no column " + Quote(name));
      }
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

// --- Proposals
// --------------------------------------------------------------------------

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
  return CheckCycles();
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
  const uint32_t owner_type = world_->TypeOf(owner);
  Cell other = kNone;
  for (uint32_t i = 0; i < known->num_parents; ++i) {
    if (known->parents[i] == owner) return true;
    if (world_->TypeOf(known->parents[i]) == owner_type) {
      other = known->parents[i];
    }
  }
  if (other == kNone) return true;
  return Refuse("BL5217",
                "facts hold " + Describe(child) + " in " + Describe(other),
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
                    info.name + " has no attribute " + Quote(key.text),
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
              Quote(items[i].text) + " names entities of several types",
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
  for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
    EachCell(facts_.Unclosed(n, slot), [&](Cell x) {
      const EntityRecord* child = facts_.Find(x);
      if (child == nullptr || IsProposed(x) || overlay().removed.contains(x) ||
          (proposed && HoldsCell((*mine)->slots[slot], x))) {
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

}  // namespace bylaw
