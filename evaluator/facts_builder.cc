#include "evaluator/facts_builder.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/facts_builder_impl.h"
#include "evaluator/nearest.h"
#include "evaluator/value_order.h"

namespace bylaw {

// --- Errors ---

void FactsBuilder::Impl::AddError(FactError e) {
  if (e.severity == FactSeverity::kError) ++num_errors_;
  if (errors_.size() < kMaxFactErrors) errors_.push_back(std::move(e));
}

void FactsBuilder::Impl::Report(const char* code, FactPosition at,
                                uint32_t length, std::string message,
                                std::string suggestion) {
  FactError e;
  e.code = code;
  if (at.file < storage().files.size()) e.file = storage().files[at.file];
  e.line = at.line;
  e.column = at.column;
  e.end_line = at.line;
  e.end_column = at.column + std::max<uint32_t>(length, 1);
  e.message = std::move(message);
  e.suggestion = std::move(suggestion);
  AddError(std::move(e));
}

void FactsBuilder::Impl::Fail(DecodeProblem problem, const Node& at,
                              std::string message, std::string suggestion) {
  const char* code = "BL5008";
  switch (problem) {
    case DecodeProblem::kWrongType:
    case DecodeProblem::kOther:
      break;
    case DecodeProblem::kInexact:
      code = "BL5009";
      break;
    case DecodeProblem::kBadSpelling:
      code = "BL5018";
      break;
    case DecodeProblem::kUnknownTerm:
      code = "BL5010";
      break;
    case DecodeProblem::kNull:
      code = "BL5017";
      break;
    case DecodeProblem::kUnknownType:
      code = "BL5006";
      break;
    case DecodeProblem::kUnknownField:
      code = "BL5007";
      break;
    case DecodeProblem::kMissingField:
      code = "BL5013";
      break;
    case DecodeProblem::kReference:
      code = "BL5011";
      break;
  }
  std::string where;
  if (entity_ != kNone && slot_ != kNone) {
    where = Describe(entity_) + ", `" +
            schema_.entities[pending_[entity_].type].attributes[slot_].name +
            "`: ";
  }
  const bool scalar =
      at.kind == Node::Kind::kString || at.kind == Node::Kind::kNumber;
  Report(
      code, At(at),
      scalar ? static_cast<uint32_t>(at.text.size()) + (at.quoted ? 2 : 0) : 1,
      where + message, std::move(suggestion));
}

// --- Names ---

void FactsBuilder::Impl::BuildNames() {
  Storage& s = storage();
  for (uint32_t i = 0; i < schema_.actions.size(); ++i) {
    s.actions.Add(0, schema_.actions[i].name, i);
  }
  for (uint32_t i = 0; i < schema_.entities.size(); ++i) {
    s.types.Add(0, schema_.entities[i].name, i);
  }
  for (uint32_t i = 0; i < schema_.terms.size(); ++i) {
    s.terms.Add(schema_.terms[i].vocabulary, schema_.terms[i].path, i);
  }
  s.actions.Build();
  s.types.Build();
  s.terms.Build();
}

// Only one side declares `inverse`; both are known as such.
void FactsBuilder::Impl::BuildInverse() {
  auto& inverse = storage().inverse;
  for (const EntityType& e : schema_.entities) {
    inverse.emplace_back(e.attributes.size(), kNone);
  }
  for (uint32_t e = 0; e < schema_.entities.size(); ++e) {
    const auto& attributes = schema_.entities[e].attributes;
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      const uint32_t other = attributes[slot].inverse;
      if (other == kNone) continue;
      const TypeInfo* info = &schema_.type(attributes[slot].type);
      if (info->element != kNone) info = &schema_.type(info->element);
      for (uint32_t target : info->entities) {
        if (other >= inverse[target].size()) continue;
        inverse[e][slot] = other;
        inverse[target][other] = slot;
      }
    }
  }
}

Cell FactsBuilder::Impl::Name(uint32_t type, std::string_view id) {
  const Symbol symbol = Intern(id);
  const auto [it, added] = names_.try_emplace(
      uint64_t{type} << 32 | symbol, static_cast<Cell>(pending_.size()));
  if (added) {
    Pending p;
    p.type = type;
    p.id = symbol;
    pending_.push_back(std::move(p));
  }
  return it->second;
}

Cell FactsBuilder::Impl::Define(uint32_t type, std::string_view id,
                                FactPosition place) {
  const Cell e = Name(type, id);
  Pending& p = pending_[e];
  if (p.defined) return e;
  p.defined = true;
  p.place = place;
  const size_t n = schema_.entities[type].attributes.size();
  p.slots = scratch_.New<Value>(n);
  std::fill_n(p.slots, n, Value::Missing());
  const int64_t most = facts_->program().settings.limits.entities;
  if (static_cast<int64_t>(pending_.size()) == most + 1) {
    Report("BL5004", place, 1,
           "more than " + std::to_string(most) + " entities",
           HowToRaise("entities").substr(3));
  }
  return e;
}

void FactsBuilder::Impl::State(Cell e, uint32_t slot, const Value& v,
                               FactPosition at) {
  Pending& p = pending_[e];
  p.slots[slot] = v;
  Storage::SlotPlace place;
  place.slot = static_cast<uint16_t>(slot);
  place.column = static_cast<uint16_t>(std::min<uint32_t>(at.column, 0xffff));
  place.line = at.line;
  place.file = at.file;
  for (Storage::SlotPlace& known : p.places) {
    if (known.slot == slot) {
      known = place;
      return;
    }
  }
  p.places.push_back(place);
}

bool FactsBuilder::Impl::Reference(uint32_t entity_type, std::string_view id,
                                   const Node& node, Cell* out) {
  *out = Name(entity_type, id);
  if (!pending_[*out].defined && mode_ == Mode::kComplete) {
    references_.push_back(
        {*out, file_, node.position,
         static_cast<uint32_t>(node.text.size()) + (node.quoted ? 2u : 0u)});
  }
  return true;
}

// --- Nodes ---

void FactsBuilder::Impl::AddDocument(uint32_t file, const Node& root) {
  file_ = file;
  entity_ = slot_ = kNone;
  if (root.kind == Node::Kind::kNull) return;  // an empty file
  if (root.kind != Node::Kind::kMap) {
    Report("BL5005", At(root), 1,
           "facts are a map of entity types to ids to attributes, not " +
               std::string(NodeKindName(root)),
           "User: { ana: { … } }");
    return;
  }
  for (const auto& [type_key, entities] : root.map) {
    file_ = file;
    entity_ = slot_ = kNone;
    const uint32_t type = storage().types.Find(0, type_key.text);
    if (type == kNone) {
      std::vector<std::string_view> names;
      for (const EntityType& e : schema_.entities) names.push_back(e.name);
      Report("BL5006", At(type_key),
             static_cast<uint32_t>(type_key.text.size()),
             "there is no entity type " + Quote(type_key.text),
             GuessText(type_key.text, names));
      for (const auto& [id, attributes] : entities.map) Lose(id.text);
      continue;
    }
    if (entities.kind == Node::Kind::kNull) continue;
    if (entities.kind != Node::Kind::kMap) {
      Report("BL5005", At(entities), 1,
             "the entities of " + type_key.text +
                 " are a map of ids to attributes, not " +
                 std::string(NodeKindName(entities)));
      continue;
    }
    for (const auto& [id, attributes] : entities.map) {
      AddEntity(file, type, id.text, id.position, attributes);
    }
  }
}

void FactsBuilder::Impl::AddLine(uint32_t file, const Node& line) {
  file_ = file;
  entity_ = slot_ = kNone;
  if (line.kind != Node::Kind::kMap) {
    Report("BL5005", At(line), 1,
           "a line holds one entity, not " + std::string(NodeKindName(line)),
           "{\"type\": …, \"id\": …, \"attributes\": {…}}");
    return;
  }
  const Node* type = nullptr;
  const Node* id = nullptr;
  const Node* attributes = nullptr;
  bool ok = true;
  for (const auto& [key, value] : line.map) {
    if (key.text == "type") {
      type = &value;
    } else if (key.text == "id") {
      id = &value;
    } else if (key.text == "attributes") {
      attributes = &value;
    } else {
      Report("BL5005", At(key), static_cast<uint32_t>(key.text.size()) + 2,
             "an entity has type, id and attributes, no " + Quote(key.text),
             GuessText(key.text, {"type", "id", "attributes"}));
      ok = false;
    }
  }
  if (type == nullptr || id == nullptr || type->kind != Node::Kind::kString ||
      id->kind != Node::Kind::kString) {
    Report("BL5005", At(line), 1, "an entity has a type and an id, both texts",
           "{\"type\": …, \"id\": …, \"attributes\": {…}}");
    return;
  }
  const uint32_t t = storage().types.Find(0, type->text);
  if (t == kNone) {
    std::vector<std::string_view> names;
    for (const EntityType& e : schema_.entities) names.push_back(e.name);
    Report("BL5006", At(*type), static_cast<uint32_t>(type->text.size()) + 2,
           "there is no entity type " + Quote(type->text),
           GuessText(type->text, names));
    Lose(id->text);
    return;
  }
  if (!ok) return;
  static const Node kEmpty = Node::Map();
  AddEntity(file, t, id->text, id->position,
            attributes != nullptr ? *attributes : kEmpty);
}

void FactsBuilder::Impl::AddEntity(uint32_t file, uint32_t type,
                                   std::string_view id, NodePosition at,
                                   const Node& attributes) {
  const FactPosition place{file, at.line, at.column};
  const EntityType& info = schema_.entities[type];
  if (id.empty()) {
    Report("BL5005", place, 1, "an entity of " + info.name + " has no id");
    return;
  }
  const uint32_t outer_file = file_;
  const Cell outer_entity = entity_;
  const uint32_t outer_slot = slot_;
  const int outer_depth = depth_;
  file_ = file;
  const Cell e = Define(type, id, place);
  entity_ = e;
  slot_ = kNone;
  if (attributes.kind != Node::Kind::kMap &&
      attributes.kind != Node::Kind::kNull) {
    Report("BL5005", At(attributes), 1,
           "the attributes of " + Describe(e) + " are a map, not " +
               std::string(NodeKindName(attributes)));
  }
  for (const auto& [key, value] : attributes.map) {
    slot_ = kNone;
    const uint32_t slot = Schema::FindAttribute(info.attributes, key.text);
    const uint32_t key_length = static_cast<uint32_t>(key.text.size());
    if (slot == kNone && key.text == "in") {
      ReadParents(e, value);
      continue;
    }
    if (slot == kNone) {
      std::vector<std::string_view> names;
      for (const Attribute& a : info.attributes) names.push_back(a.name);
      const std::string_view guess = NearestWord(key.text, names);
      if (!guess.empty()) {
        misspelt_.insert({e, Schema::FindAttribute(info.attributes, guess)});
      }
      Report("BL5007", At(key), key_length,
             key.text == "id"
                 ? "the id of " + Describe(e) + " is its key"
                 : info.name + " has no attribute " + Quote(key.text),
             key.text == "id" ? "leave `id` out" : GuessText(key.text, names));
      continue;
    }
    if (IsStated(e, slot)) {
      Report("BL5012", At(key), key_length,
             Describe(e) + ": `" + key.text + "` has a source already",
             "it is stated at " + PlaceText(PlaceOf(e, slot)) +
                 "; an attribute has one source");
      continue;
    }
    slot_ = slot;
    depth_ = 0;
    Value v;
    // Stated first, so that a nested child finds its place taken.
    State(e, slot, Value::Missing(), At(key));
    if (Decode(value, info.attributes[slot].type, &v)) {
      pending_[e].slots[slot] = v;
    }
    entity_ = e;
    file_ = file;
  }
  file_ = outer_file;
  entity_ = outer_entity;
  slot_ = outer_slot;
  depth_ = outer_depth;
}

// `in: id` or `in: [ids]`; ids as {type, id} where parents may be of several
// types.
bool FactsBuilder::Impl::ReadParents(Cell e, const Node& node) {
  const EntityType& info = schema_.entities[pending_[e].type];
  const Node* first = &node;
  size_t n = 1;
  if (node.kind == Node::Kind::kList) {
    first = node.list.data();
    n = node.list.size();
  }
  if (info.parents.empty()) {
    Report("BL5014", At(node), 1, info.name + " is not declared `in` any type",
           "declare `entity " + info.name + " in …`, or leave `in` out");
    return false;
  }
  TypeInfo parents;
  parents.kind = Kind::kEntity;
  parents.entities = info.parents;
  for (size_t i = 0; i < n; ++i) {
    const Node& item = first[i];
    Cell parent;
    if (item.kind == Node::Kind::kMap) {
      if (parents.entities.size() == 1) {
        // One type: {type, id} is taken as well.
        parents.entities.push_back(parents.entities[0]);
      }
      if (!ReferenceMap(item, parents, &parent)) continue;
    } else if (item.kind != Node::Kind::kString) {
      Report("BL5008", At(item), 1,
             Describe(e) + ", `in`: an id is expected, not " +
                 std::string(NodeKindName(item)));
      continue;
    } else if (info.parents.size() == 1) {
      Reference(info.parents[0], item.text, item, &parent);
    } else {
      open_parents_.push_back({e, item.text, file_, item.position});
      continue;
    }
    pending_[e].parents.push_back(parent);
  }
  return true;
}

bool FactsBuilder::Impl::Nested(const Node& node, const TypeInfo& collection,
                                Value* out) {
  const Kind kind = collection.kind;
  const uint32_t child_type = schema_.type(collection.element).entities[0];
  const EntityType& child = schema_.entities[child_type];
  const Cell owner = entity_;
  const uint32_t slot = slot_;
  const uint32_t owner_type = pending_[owner].type;
  const bool may_nest = std::find(child.parents.begin(), child.parents.end(),
                                  owner_type) != child.parents.end();
  if (depth_ != 0 || !may_nest) {
    Fail(DecodeProblem::kWrongType, node,
         child.name + " is not nested in " + schema_.entities[owner_type].name +
             ": ids are expected",
         "write the ids in a list: […]");
    return false;
  }
  const uint32_t name_slot = Schema::FindAttribute(child.attributes, "name");
  const std::string prefix = std::string(IdText(owner)) + ".";
  const uint32_t file = file_;
  std::vector<Value> cells;
  nested_slots_[uint64_t{owner} << 32 | slot] = true;
  for (const auto& [name, attributes] : node.map) {
    if (name.text.empty()) {
      Fail(DecodeProblem::kWrongType, name, "a nested entity has no name", "");
      continue;
    }
    const std::string id = prefix + name.text;
    AddEntity(file, child_type, id, name.position, attributes);
    const Cell c = Name(child_type, id);
    if (name_slot != kNone &&
        schema_.type(child.attributes[name_slot].type).kind == Kind::kString) {
      implied_names_.push_back(
          {c,
           name_slot,
           Intern(name.text),
           {file, name.position.line, name.position.column}});
    }
    pending_[c].parents.push_back(owner);
    cells.push_back(Value::OfCell(Kind::kEntity, c));
  }
  *out = MakeCollection(arena_, kind, Kind::kEntity, cells);
  return true;
}

// --- Givens ---

void FactsBuilder::Impl::AddGiven(
    uint32_t type, std::string_view id,
    std::span<const std::pair<uint32_t, Constant>> attributes,
    uint32_t parent_type, std::string_view parent_id) {
  const Cell e = Define(type, id, FactPosition());
  const EntityType& info = schema_.entities[type];
  for (const auto& [slot, constant] : attributes) {
    if (slot >= info.attributes.size()) continue;
    State(e, slot, FromConstant(constant, info.attributes[slot].type),
          FactPosition());
  }
  if (parent_type == kNone) return;
  const Cell parent = Name(parent_type, parent_id);
  pending_[e].parents.push_back(parent);
  // Nested: its name is the last part of its id, and the parent holds it.
  const uint32_t name_slot = Schema::FindAttribute(info.attributes, "name");
  if (name_slot != kNone && !IsStated(e, name_slot) &&
      schema_.type(info.attributes[name_slot].type).kind == Kind::kString &&
      id.size() > parent_id.size() + 1 &&
      id.substr(0, parent_id.size()) == parent_id) {
    State(e, name_slot,
          Value::OfCell(Kind::kString, Intern(id.substr(parent_id.size() + 1))),
          FactPosition());
  }
  const auto& holders = schema_.entities[parent_type].attributes;
  for (uint32_t slot = 0; slot < holders.size(); ++slot) {
    const TypeInfo& holder = schema_.type(holders[slot].type);
    if (holder.kind != Kind::kSet && holder.kind != Kind::kList) continue;
    const TypeInfo& element = schema_.type(holder.element);
    if (element.kind != Kind::kEntity || element.entities.size() != 1 ||
        element.entities[0] != type) {
      continue;
    }
    nested_slots_[uint64_t{parent} << 32 | slot] = true;
  }
}

// --- FactsBuilder ---

FactsBuilder::FactsBuilder(std::shared_ptr<const Program> program, Mode mode)
    : impl_(std::make_unique<Impl>(std::move(program), mode)) {}
FactsBuilder::~FactsBuilder() = default;

uint32_t FactsBuilder::AddFile(std::string path) {
  return impl_->AddFile(std::move(path));
}
void FactsBuilder::AddDocument(uint32_t file, const Node& root) {
  impl_->AddDocument(file, root);
}
void FactsBuilder::AddLine(uint32_t file, const Node& line) {
  impl_->AddLine(file, line);
}
void FactsBuilder::AddEntity(uint32_t file, uint32_t type, std::string_view id,
                             NodePosition at, const Node& attributes) {
  impl_->AddEntity(file, type, id, at, attributes);
}
void FactsBuilder::AddGiven(
    uint32_t type, std::string_view id,
    std::span<const std::pair<uint32_t, Constant>> attributes,
    uint32_t parent_type, std::string_view parent_id) {
  impl_->AddGiven(type, id, attributes, parent_type, parent_id);
}
bool FactsBuilder::Defines(uint32_t type, std::string_view id) const {
  return impl_->Defines(type, id);
}
void FactsBuilder::ExpectLosses() { impl_->expects_losses_ = true; }
void FactsBuilder::ExpectLosses(uint32_t type) {
  impl_->lost_types_.insert(type);
}
void FactsBuilder::CheckProposal(const Facts& known) {
  impl_->CheckProposal(known);
}
void FactsBuilder::AddError(FactError error) {
  impl_->AddError(std::move(error));
}
const std::vector<FactError>& FactsBuilder::errors() const {
  return impl_->errors_;
}
std::vector<FactError> FactsBuilder::TakeErrors() {
  return std::move(impl_->errors_);
}
std::shared_ptr<const Facts> FactsBuilder::Build() { return impl_->Build(); }

}  // namespace bylaw
