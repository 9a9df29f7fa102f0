#include "compiler/given_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "compiler/check_names.h"

namespace bylaw {
namespace {

bool IsAmong(const std::vector<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

const typed::GivenEntity* GivenEntities::Find(uint32_t entity,
                                              const std::string& id) const {
  const auto it = index_.find({entity, id});
  return it == index_.end() ? nullptr : &list_[it->second];
}

typed::GivenEntity& GivenEntities::Entity(uint32_t entity,
                                          const std::string& id,
                                          const Span& span) {
  const auto [it, added] = index_.emplace(Key(entity, id), list_.size());
  if (added) {
    typed::GivenEntity given;
    given.entity = entity;
    given.id = id;
    given.span = span;
    list_.push_back(std::move(given));
  }
  return list_[it->second];
}

void GivenEntities::Add(const Module& module, const ast::Expr& entity) {
  const uint32_t type = checker_->ResolveEntity(module, entity.path);
  if (type == kNone) return;
  AddFields(module, type, entity.text, entity.fields, entity.span);
}

void GivenEntities::AddFields(const Module& module, uint32_t entity,
                              const std::string& id,
                              const std::vector<ast::Field>& fields,
                              const Span& span) {
  Entity(entity, id, span);
  const Key key(entity, id);
  for (const ast::Field& field : fields) ReadField(module, key, field);
}

void GivenEntities::Set(uint32_t entity, const std::string& id, uint32_t slot,
                        Constant value, const Span& span) {
  typed::GivenEntity& given = Entity(entity, id, span);
  for (const auto& [taken, other] : given.attributes) {
    if (taken != slot) continue;
    checker_->Error(
        Code::BL2071, span,
        absl::StrCat("`",
                     checker_->schema().entities[entity].attributes[slot].name,
                     "` of ", checker_->schema().entities[entity].name, " \"",
                     id, "\" is given already"));
    return;
  }
  given.attributes.emplace_back(slot, std::move(value));
}

void GivenEntities::ReadField(const Module& module, const Key& owner,
                              const ast::Field& field) {
  if (field.value == nullptr) return;
  const EntityType& type = checker_->schema().entities[owner.first];
  const uint32_t slot = Schema::FindAttribute(type.attributes, field.key.text);
  if (slot == kNone && field.key.text == "in") {
    ReadParents(module, owner, *field.value);
    return;
  }
  if (slot == kNone) {
    std::vector<std::string> names;
    for (const Attribute& a : type.attributes) names.push_back(a.name);
    checker_->UnknownName(
        Code::BL2005, field.key.span,
        field.key.text == "id"
            ? "the id stands after the type: `User \"ana\" { … }`"
            : absl::StrCat("`", type.name, "` has no attribute `",
                           field.key.text, "`"),
        SuggestFrom(field.key.text, names));
    return;
  }
  const TypeId expected = type.attributes[slot].type;
  if (expected == kNone) return;
  const TypeInfo& info = checker_->schema().type(expected);
  std::optional<Constant> value;
  if (field.value->kind == ast::ExprKind::kMap &&
      (info.kind == Kind::kSet || info.kind == Kind::kList) &&
      checker_->KindOf(info.element) == Kind::kEntity) {
    value = ReadNamed(module, owner, *field.value, expected);
  } else {
    const NestedEntities nested = [&](const ast::Expr& e, TypeId t) {
      return ReadNested(module, &owner, e, t, "");
    };
    value = checker_->EvalConstant(*field.value, module, expected, &nested);
  }
  if (!value.has_value()) return;
  Set(owner.first, owner.second, slot, std::move(*value), field.key.span);
}

// `in: Group "g"` or `in: {Group "g", Group "h"}`.
void GivenEntities::ReadParents(const Module& module, const Key& owner,
                                const ast::Expr& value) {
  std::vector<const ast::Expr*> parents;
  if (value.kind == ast::ExprKind::kSet || value.kind == ast::ExprKind::kList) {
    for (const auto& e : value.operands) parents.push_back(e.get());
  } else {
    parents.push_back(&value);
  }
  const std::vector<uint32_t> allowed =
      checker_->schema().entities[owner.first].parents;
  for (const ast::Expr* e : parents) {
    if (e->kind != ast::ExprKind::kEntity) {
      checker_->Error(Code::BL2072, e->span,
                      "`in` names entities: `in: Group \"staff\"`");
      continue;
    }
    const uint32_t parent = checker_->ResolveEntity(module, e->path);
    if (parent == kNone) continue;
    if (!IsAmong(allowed, parent)) {
      checker_->Error(
          Code::BL2072, e->span,
          absl::StrCat("`", checker_->schema().entities[owner.first].name,
                       "` is not declared `in ", e->path.Text(), "`"));
      continue;
    }
    if (e->has_body) Add(module, *e);
    Entity(owner.first, owner.second, e->span).in.emplace_back(parent, e->text);
  }
}

// `{ "email": Column { type: string } }`: the keys are the names.
std::optional<Constant> GivenEntities::ReadNamed(const Module& module,
                                                 const Key& owner,
                                                 const ast::Expr& map,
                                                 TypeId expected) {
  const TypeInfo info = checker_->schema().type(expected);
  Constant list;
  list.kind = info.kind;
  for (const ast::Field& field : map.fields) {
    if (field.value == nullptr) continue;
    if (field.value->kind != ast::ExprKind::kRecord) {
      checker_->Error(Code::BL2072, field.value->span,
                      "a nested entity is written with its type: `Column { "
                      "type: string }`");
      continue;
    }
    std::optional<Constant> child =
        ReadNested(module, &owner, *field.value, info.element, field.key.text);
    if (child.has_value()) list.elements.push_back(std::move(*child));
  }
  return list;
}

// The value of `name` in a nested entity's fields, if it is there.
std::optional<std::string> GivenEntities::NameOf(const Module& module,
                                                 const ast::Expr& e) {
  for (const ast::Field& field : e.fields) {
    if (field.key.text != "name" || field.value == nullptr) continue;
    const std::optional<Constant> name = checker_->EvalConstant(
        *field.value, module, checker_->Simple(Kind::kString));
    if (!name.has_value()) return std::nullopt;
    return name->text;
  }
  return std::string();
}

std::optional<Constant> GivenEntities::ReadNested(const Module& module,
                                                  const Key* owner,
                                                  const ast::Expr& e,
                                                  TypeId expected,
                                                  std::string_view name) {
  const uint32_t type = checker_->ResolveEntity(module, e.path);
  if (type == kNone) return std::nullopt;
  const EntityType& declared = checker_->schema().entities[type];
  if (expected != kNone) {
    const TypeInfo& info = checker_->schema().type(expected);
    if (info.kind != Kind::kEntity || !IsAmong(info.entities, type)) {
      checker_->Error(
          Code::BL2018, e.span,
          absl::StrCat("`", checker_->TypeName(expected),
                       "` is expected here, not `", declared.name, "`"));
      return std::nullopt;
    }
  }
  const bool child =
      owner != nullptr && IsAmong(declared.parents, owner->first);
  std::string id = e.text;
  if (e.kind != ast::ExprKind::kEntity) {
    if (!child) {
      checker_->Error(Code::BL2072, e.span,
                      absl::StrCat("`", declared.name,
                                   "` is not nested here and needs an "
                                   "id"),
                      absl::StrCat("write `", declared.name, " \"id\" { … }`"));
      return std::nullopt;
    }
    std::string last(name);
    if (last.empty()) {
      const std::optional<std::string> given = NameOf(module, e);
      if (!given.has_value()) return std::nullopt;
      last = *given;
    }
    if (last.empty()) {
      checker_->Error(Code::BL2072, e.span,
                      absl::StrCat("a nested `", declared.name,
                                   "` is known by its `name`, or needs an id"));
      return std::nullopt;
    }
    id = absl::StrCat(owner->second, ".", last);
  }
  if (Find(type, id) != nullptr && !Find(type, id)->attributes.empty() &&
      e.kind != ast::ExprKind::kEntity) {
    checker_->Error(
        Code::BL2071, e.span,
        absl::StrCat(declared.name, " \"", id, "\" is given already"));
    return std::nullopt;
  }
  typed::GivenEntity& given = Entity(type, id, e.span);
  if (child) {
    given.parent_entity = owner->first;
    given.parent_id = owner->second;
  }
  AddFields(module, type, id, e.fields, e.span);
  const uint32_t name_slot = Schema::FindAttribute(declared.attributes, "name");
  if (!name.empty() && name_slot != kNone &&
      Schema::FindAttribute(declared.attributes, "name") != kNone) {
    const typed::GivenEntity* made = Find(type, id);
    const bool named = std::any_of(
        made->attributes.begin(), made->attributes.end(),
        [name_slot](const auto& a) { return a.first == name_slot; });
    if (!named) {
      Constant text;
      text.kind = Kind::kString;
      text.text = std::string(name);
      Set(type, id, name_slot, std::move(text), e.span);
    }
  }
  Constant reference;
  reference.kind = Kind::kEntity;
  reference.index = type;
  reference.text = std::move(id);
  return reference;
}

NestedEntities GivenEntities::InContext(const Module& module) {
  return [this, &module](const ast::Expr& e, TypeId expected) {
    return ReadNested(module, nullptr, e, expected, "");
  };
}

// Forgets an attribute and what is nested in it.
void GivenEntities::Remove(const Key& key, uint32_t slot) {
  const auto it = index_.find(key);
  if (it == index_.end()) return;
  auto& attributes = list_[it->second].attributes;
  const auto at =
      std::find_if(attributes.begin(), attributes.end(),
                   [slot](const auto& a) { return a.first == slot; });
  if (at == attributes.end()) return;
  const Constant value = std::move(at->second);
  attributes.erase(at);
  std::vector<Key> gone;
  const auto collect = [&](const Constant& c) {
    if (c.kind == Kind::kEntity) gone.emplace_back(c.index, c.text);
  };
  collect(value);
  for (const Constant& element : value.elements) collect(element);
  for (const Key& child : gone) {
    const auto found = index_.find(child);
    if (found == index_.end()) continue;
    const typed::GivenEntity& given = list_[found->second];
    if (given.parent_entity != key.first || given.parent_id != key.second) {
      continue;
    }
    std::vector<uint32_t> slots;
    for (const auto& [s, unused] : given.attributes) slots.push_back(s);
    for (const uint32_t s : slots) Remove(child, s);
    const size_t position = index_[child];
    list_.erase(list_.begin() + static_cast<ptrdiff_t>(position));
    index_.erase(child);
    for (auto& [other, number] : index_) {
      if (number > position) --number;
    }
  }
}

void GivenEntities::Override(const GivenEntities& own) {
  for (const typed::GivenEntity& given : own.list_) {
    const Key key(given.entity, given.id);
    for (const auto& [slot, value] : given.attributes) Remove(key, slot);
  }
  for (const typed::GivenEntity& given : own.list_) {
    typed::GivenEntity& target = Entity(given.entity, given.id, given.span);
    target.attributes.insert(target.attributes.end(), given.attributes.begin(),
                             given.attributes.end());
    if (given.parent_entity != kNone) {
      target.parent_entity = given.parent_entity;
      target.parent_id = given.parent_id;
    }
    if (!given.in.empty()) target.in = given.in;
  }
}

}  // namespace bylaw
