// Entities, records, unions, obligations: names first, then attributes, so
// that declarations may stand in any order.
#include <algorithm>

#include "compiler/check_graph.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {

void Checker::DeclareSchema() {
  DeclareVocabularies();
  DeclareTypes();
  DeclareUnions();
  DeclareAttributes();
  CheckRecursiveRecords();
  CheckInverses();
  DeclareActions();
  DeclareObligations();
}

void Checker::RootDeclares(const Module& module, const Span& span,
                           std::string_view what) {
  if (module.scope == 0) return;
  Error(Code::BL3090, span,
        absl::StrCat("this ", std::string(what), " stands in scope `",
                     input.scopes[module.scope].name,
                     "`; only the root scope declares it"));
}

bool Checker::IsNewType(Module& module, const ast::Name& name,
                        bool whole_program) {
  for (const char* own : {"Bool", "Int", "Decimal", "String", "Date", "Time",
                          "Duration", "Period", "IP", "Version", "Set", "List",
                          "Map", "ColumnType", "Weekday", "Action"}) {
    if (name.text == own) {
      Error(Code::BL2003, name.span,
            absl::StrCat("`", name.text, "` is a type of the language"));
      return false;
    }
  }
  const bool taken = module.types.contains(name.text) ||
                     (whole_program && !type_names_.insert(name.text).second);
  if (taken) {
    Error(Code::BL2003, name.span,
          absl::StrCat("type `", name.text, "` is declared already"),
          whole_program ? "to add to it write `extend`" : "");
  }
  return !taken;
}

// --- Resolving types ---------------------------------------------------------

TypeId Checker::ResolveType(const Module& from, const ast::TypeRef& ref) {
  TypeInfo info;
  if (ref.kind != ast::TypeRef::Kind::kNamed) {
    info.kind = ref.kind == ast::TypeRef::Kind::kSet    ? Kind::kSet
                : ref.kind == ast::TypeRef::Kind::kList ? Kind::kList
                                                        : Kind::kMap;
    if (ref.element == nullptr) return kNone;
    info.element = ResolveType(from, *ref.element);
    if (info.element == kNone) return kNone;
    if (IsOptional(info.element)) {
      Error(Code::BL2037, ref.element->span,
            "the elements of a collection are never missing", "remove the `?`");
      return kNone;
    }
    if (ref.optional) {
      Error(Code::BL2037, ref.span,
            "a collection is never optional: an absent one is empty",
            "remove the `?`");
      return kNone;
    }
    return schema().Intern(info);
  }
  if (ref.name.parts.empty()) return kNone;
  info.optional = ref.optional;
  if (ref.name.parts.size() == 1) {
    const std::string& name = ref.name.parts.front().text;
    static constexpr std::pair<const char*, Kind> kSimple[] = {
        {"Bool", Kind::kBool},
        {"Int", Kind::kInt},
        {"Decimal", Kind::kDecimal},
        {"String", Kind::kString},
        {"Date", Kind::kDate},
        {"Time", Kind::kTime},
        {"Duration", Kind::kDuration},
        {"Period", Kind::kPeriod},
        {"IP", Kind::kIp},
        {"Version", Kind::kVersion}};
    for (const auto& [text, kind] : kSimple) {
      if (name == text) {
        info.kind = kind;
        return schema().Intern(info);
      }
    }
  }
  const TypeSymbol* symbol = ResolveTypeName(from, ref.name);
  if (symbol == nullptr) return kNone;
  switch (symbol->kind) {
    case TypeSymbol::Kind::kVocabulary:
      info.kind = Kind::kTerm;
      info.id = symbol->index;
      break;
    case TypeSymbol::Kind::kRecord:
      info.kind = Kind::kRecord;
      info.id = symbol->index;
      break;
    case TypeSymbol::Kind::kEntity:
      info.kind = Kind::kEntity;
      info.entities = {symbol->index};
      break;
    case TypeSymbol::Kind::kUnion:
      if (symbol->entities.empty()) return kNone;  // reported there
      info.kind = Kind::kEntity;
      info.entities = symbol->entities;
      break;
  }
  return schema().Intern(info);
}

TypeId Checker::Simple(Kind kind) {
  TypeInfo info;
  info.kind = kind;
  return schema().Intern(info);
}

TypeId Checker::EntityTypeId(std::vector<uint32_t> entities) {
  if (entities.empty()) return kNone;
  std::sort(entities.begin(), entities.end());
  entities.erase(std::unique(entities.begin(), entities.end()), entities.end());
  TypeInfo info;
  info.kind = Kind::kEntity;
  info.entities = std::move(entities);
  return schema().Intern(info);
}

TypeId Checker::TermType(uint32_t vocabulary) {
  TypeInfo info;
  info.kind = Kind::kTerm;
  info.id = vocabulary;
  return schema().Intern(info);
}

TypeId Checker::SetOf(TypeId element) {
  TypeInfo info;
  info.kind = Kind::kSet;
  info.element = element;
  return schema().Intern(info);
}

TypeId Checker::ListOf(TypeId element) {
  TypeInfo info;
  info.kind = Kind::kList;
  info.element = element;
  return schema().Intern(info);
}

std::string Checker::TypeName(TypeId t) const {
  return t == kNone ? "?" : schema().TypeName(t);
}

// --- Names -------------------------------------------------------------------

void Checker::DeclareTypes() {
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Entity& tree : file->entities) {
        if (tree.extends || tree.name.parts.empty()) continue;
        const ast::Name& name = tree.name.parts.front();
        RootDeclares(*module, name.span, "entity");
        if (!IsNewType(*module, name, true)) continue;
        TypeSymbol symbol;
        symbol.kind = TypeSymbol::Kind::kEntity;
        symbol.index = static_cast<uint32_t>(schema().entities.size());
        symbol.span = name.span;
        module->types[name.text] = symbol;
        schema().entities.emplace_back().name = name.text;
      }
      for (const ast::RecordType& tree : file->records) {
        if (!tree.name || !IsNewType(*module, tree.name, false)) continue;
        TypeSymbol symbol;
        symbol.kind = TypeSymbol::Kind::kRecord;
        symbol.index = static_cast<uint32_t>(schema().records.size());
        symbol.span = tree.name.span;
        module->types[tree.name.text] = symbol;
        schema().records.emplace_back().name = tree.name.text;
      }
      for (const ast::UnionType& tree : file->unions) {
        if (!tree.name || !IsNewType(*module, tree.name, false)) continue;
        TypeSymbol symbol;
        symbol.kind = TypeSymbol::Kind::kUnion;
        symbol.span = tree.name.span;
        module->types[tree.name.text] = symbol;
      }
    }
  }
}

void Checker::DeclareUnions() {
  // Unions of unions: resolved when all their members are; what never is
  // contains itself.
  struct Open {
    Module* module;
    const ast::UnionType* tree;
  };
  std::vector<Open> open;
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::UnionType& tree : file->unions) {
        const auto it = module->types.find(tree.name.text);
        if (it != module->types.end() && it->second.span == tree.name.span) {
          open.push_back({module.get(), &tree});
        }
      }
    }
  }
  absl::flat_hash_map<const TypeSymbol*, uint32_t> numbers;
  std::vector<TypeSymbol*> symbols;
  for (const Open& o : open) {
    TypeSymbol* symbol = &o.module->types[o.tree->name.text];
    numbers[symbol] = static_cast<uint32_t>(symbols.size());
    symbols.push_back(symbol);
  }
  std::vector<std::vector<uint32_t>> edges(open.size());
  std::vector<std::vector<uint32_t>> users(open.size());
  std::vector<uint32_t> waiting(open.size(), 0);
  for (size_t i = 0; i < open.size(); ++i) {
    for (const ast::Path& member : open[i].tree->members) {
      const TypeSymbol* symbol = ResolveTypeName(*open[i].module, member);
      if (symbol == nullptr) continue;
      if (symbol->kind == TypeSymbol::Kind::kUnion) {
        const uint32_t used = numbers[symbol];
        edges[i].push_back(used);
        users[used].push_back(static_cast<uint32_t>(i));
        ++waiting[i];
      } else if (symbol->kind == TypeSymbol::Kind::kEntity) {
        symbols[i]->entities.push_back(symbol->index);
      } else {
        Error(Code::BL2036, member.span,
              absl::StrCat("`", member.Text(),
                           "` is no entity; unions are of entities"));
      }
    }
  }
  std::vector<uint32_t> work;
  for (uint32_t i = 0; i < open.size(); ++i) {
    if (waiting[i] == 0) work.push_back(i);
  }
  while (!work.empty()) {
    const uint32_t i = work.back();
    work.pop_back();
    std::vector<uint32_t>& entities = symbols[i]->entities;
    for (const uint32_t used : edges[i]) {
      entities.insert(entities.end(), symbols[used]->entities.begin(),
                      symbols[used]->entities.end());
    }
    std::sort(entities.begin(), entities.end());
    entities.erase(std::unique(entities.begin(), entities.end()),
                   entities.end());
    for (const uint32_t user : users[i]) {
      if (--waiting[user] == 0) work.push_back(user);
    }
  }
  const std::vector<bool> cyclic = OnCycle(edges);
  for (size_t i = 0; i < open.size(); ++i) {
    if (!cyclic[i]) continue;
    Error(
        Code::BL2035, open[i].tree->name.span,
        absl::StrCat("union `", open[i].tree->name.text, "` contains itself"));
  }
}

// --- Attributes --------------------------------------------------------------

Attribute& Checker::AttributeOf(const Pending& pending) {
  switch (pending.owner) {
    case Pending::Owner::kEntity:
      return schema().entities[pending.index].attributes[pending.slot];
    case Pending::Owner::kRecord:
      return schema().records[pending.index].fields[pending.slot];
    case Pending::Owner::kAction:
      return schema().actions[pending.index].context[pending.slot];
    case Pending::Owner::kObligation:
      break;
  }
  return schema().obligations[pending.index].parameters[pending.slot];
}

void Checker::AddAttributes(const Module& module,
                            const std::vector<ast::Attribute>& trees,
                            Pending::Owner owner, uint32_t index,
                            std::vector<Attribute>* attributes) {
  for (const ast::Attribute& tree : trees) {
    if (!tree.name) continue;
    const bool is_id =
        owner == Pending::Owner::kEntity && tree.name.text == "id";
    if (is_id || Schema::FindAttribute(*attributes, tree.name.text) != kNone) {
      Error(Code::BL2003, tree.name.span,
            is_id ? "every entity has `id: String` already"
                  : absl::StrCat("`", tree.name.text, "` is declared already"));
      continue;
    }
    Attribute attribute;
    attribute.name = tree.name.text;
    attribute.type = ResolveType(module, tree.type);
    attribute.transitive = tree.transitive;
    attribute.asserted = tree.asserted;
    Pending pending;
    pending.owner = owner;
    pending.index = index;
    pending.slot = static_cast<uint32_t>(attributes->size());
    pending.tree = &tree;
    pending.module = &module;
    pending_.push_back(pending);
    attributes->push_back(std::move(attribute));
  }
}

void Checker::DeclareAttributes() {
  // Own attributes before those of extensions: slots do not depend on the
  // order of files of other modules.
  for (const bool extends : {false, true}) {
    for (const std::unique_ptr<Module>& module : modules) {
      for (const ast::File* file : module->files) {
        for (const ast::Entity& tree : file->entities) {
          if (tree.extends != extends || tree.name.parts.empty()) continue;
          uint32_t index = kNone;
          if (extends) {
            RootDeclares(*module, tree.name.span, "extension");
            index = ResolveEntity(*module, tree.name);
            if (index == kNone) {
              for (const ast::Attribute& a : tree.attributes) Lose(a.name);
            }
          } else {
            const ast::Name& name = tree.name.parts.front();
            const auto it = module->types.find(name.text);
            if (it != module->types.end() && it->second.span == name.span) {
              index = it->second.index;
            }
          }
          if (index == kNone) continue;
          for (const ast::Path& parent : tree.parents) {
            for (const uint32_t p : ResolveEntities(*module, parent)) {
              std::vector<uint32_t>& parents = schema().entities[index].parents;
              if (std::find(parents.begin(), parents.end(), p) ==
                  parents.end()) {
                parents.push_back(p);
              }
            }
          }
          // The list is moved out and back: resolving types may not see it.
          std::vector<Attribute> attributes =
              std::move(schema().entities[index].attributes);
          AddAttributes(*module, tree.attributes, Pending::Owner::kEntity,
                        index, &attributes);
          schema().entities[index].attributes = std::move(attributes);
        }
        if (extends) continue;
        for (const ast::RecordType& tree : file->records) {
          const auto it = module->types.find(tree.name.text);
          if (it == module->types.end() ||
              !(it->second.span == tree.name.span)) {
            continue;
          }
          std::vector<Attribute> fields;
          AddAttributes(*module, tree.attributes, Pending::Owner::kRecord,
                        it->second.index, &fields);
          schema().records[it->second.index].fields = std::move(fields);
        }
      }
    }
  }
  for (EntityType& entity : schema().entities) {
    std::sort(entity.parents.begin(), entity.parents.end());
  }
  for (const Pending& pending : pending_) {
    const Attribute& attribute = AttributeOf(pending);
    if (!attribute.transitive || attribute.type == kNone) continue;
    const TypeInfo& type = schema().type(attribute.type);
    const bool fits = pending.owner == Pending::Owner::kEntity &&
                      type.kind == Kind::kSet &&
                      schema().type(type.element).kind == Kind::kEntity &&
                      schema().type(type.element).entities ==
                          std::vector<uint32_t>{pending.index};
    if (!fits) {
      Error(Code::BL2039, pending.tree->name.span,
            absl::StrCat("`transitive` needs a Set<",
                         pending.owner == Pending::Owner::kEntity
                             ? schema().entities[pending.index].name
                             : "T",
                         ">, not ", TypeName(attribute.type)));
    }
  }
}

void Checker::CheckRecursiveRecords() {
  std::vector<std::vector<uint32_t>> edges(schema().records.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    for (const Attribute& field : schema().records[i].fields) {
      TypeId t = field.type;
      while (t != kNone && schema().IsCollection(t)) {
        t = schema().type(t).element;
      }
      if (t != kNone && KindOf(t) == Kind::kRecord) {
        edges[i].push_back(schema().type(t).id);
      }
    }
  }
  const std::vector<bool> cyclic = OnCycle(edges);
  for (const std::unique_ptr<Module>& module : modules) {
    for (const auto& [name, symbol] : module->types) {
      if (symbol.kind == TypeSymbol::Kind::kRecord && cyclic[symbol.index]) {
        Error(Code::BL2035, symbol.span,
              absl::StrCat("record `", name, "` contains itself"));
      }
    }
  }
}

void Checker::CheckInverses() {
  for (const Pending& pending : pending_) {
    if (pending.owner != Pending::Owner::kEntity || !pending.tree->inverse) {
      continue;
    }
    Attribute& attribute = AttributeOf(pending);
    if (attribute.type == kNone) continue;
    const ast::Name& name = pending.tree->inverse;
    const auto entity_of = [&](TypeId t) -> uint32_t {
      if (t == kNone) return kNone;
      if (KindOf(t) == Kind::kSet) t = schema().type(t).element;
      const TypeInfo& info = schema().type(t);
      return info.kind == Kind::kEntity && info.entities.size() == 1
                 ? info.entities.front()
                 : kNone;
    };
    const uint32_t target = entity_of(attribute.type);
    if (target == kNone) {
      Error(Code::BL2038, name.span,
            "`inverse` needs an entity, or a set of one type of entity");
      continue;
    }
    std::vector<Attribute>& others = schema().entities[target].attributes;
    const uint32_t slot = Schema::FindAttribute(others, name.text);
    if (slot == kNone) {
      std::vector<std::string> names;
      for (const Attribute& a : others) names.push_back(a.name);
      UnknownName(Code::BL2038, name.span,
                  absl::StrCat("`", schema().entities[target].name,
                               "` has no attribute `", name.text, "`"),
                  SuggestFrom(name.text, names));
      continue;
    }
    Attribute& other = others[slot];
    if (other.type == kNone) continue;
    if (entity_of(other.type) != pending.index) {
      Error(Code::BL2038, name.span,
            absl::StrCat("`", schema().entities[target].name, ".", name.text,
                         "` is a ", TypeName(other.type),
                         " and does not refer to ",
                         schema().entities[pending.index].name));
      continue;
    }
    const bool self = target == pending.index && slot == pending.slot;
    if ((other.inverse != kNone && other.inverse != pending.slot) ||
        (attribute.inverse != kNone && attribute.inverse != slot) || self) {
      Error(Code::BL2038, name.span,
            self ? "an attribute is no inverse of itself"
                 : absl::StrCat("`", schema().entities[target].name, ".",
                                name.text,
                                "` is the inverse of another attribute"));
      continue;
    }
    attribute.inverse = slot;
    other.inverse = pending.slot;
  }
}

void Checker::DeclareObligations() {
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Obligation& tree : file->obligations) {
        if (!tree.name) continue;
        RootDeclares(*module, tree.name.span, "obligation");
        if (!obligation_names_.insert(tree.name.text).second) {
          Error(Code::BL2003, tree.name.span,
                absl::StrCat("obligation `", tree.name.text,
                             "` is declared already"));
          continue;
        }
        const auto index = static_cast<uint32_t>(schema().obligations.size());
        module->obligations[tree.name.text] = index;
        schema().obligations.emplace_back().name = tree.name.text;
        std::vector<Attribute> parameters;
        AddAttributes(*module, tree.parameters, Pending::Owner::kObligation,
                      index, &parameters);
        schema().obligations[index].parameters = std::move(parameters);
      }
    }
  }
}

// --- Relations between types -------------------------------------------------

bool Checker::Assignable(TypeId from, TypeId to) const {
  if (from == to || from == kNone || to == kNone) return true;
  const TypeInfo& a = schema().type(from);
  const TypeInfo& b = schema().type(to);
  if (a.kind != b.kind || (a.optional && !b.optional)) return false;
  switch (a.kind) {
    case Kind::kTerm:
    case Kind::kRecord:
      return a.id == b.id;
    case Kind::kEntity:
      return std::includes(b.entities.begin(), b.entities.end(),
                           a.entities.begin(), a.entities.end());
    case Kind::kSet:
    case Kind::kList:
    case Kind::kMap:
      return Assignable(a.element, b.element);
    default:
      return true;
  }
}

TypeId Checker::Join(TypeId a, TypeId b) {
  if (a == b) return a;
  if (a == kNone || b == kNone) return kNone;
  if (Assignable(a, b)) return b;
  if (Assignable(b, a)) return a;
  TypeInfo x = schema().type(a);
  const TypeInfo y = schema().type(b);
  if (x.kind != y.kind) return kNone;
  x.optional = x.optional || y.optional;
  if (x.kind == Kind::kEntity) {
    x.entities.insert(x.entities.end(), y.entities.begin(), y.entities.end());
    std::sort(x.entities.begin(), x.entities.end());
    x.entities.erase(std::unique(x.entities.begin(), x.entities.end()),
                     x.entities.end());
    return schema().Intern(x);
  }
  if (schema().IsCollection(a)) {
    x.element = Join(x.element, y.element);
    return x.element == kNone ? kNone : schema().Intern(x);
  }
  x.optional = y.optional;
  if (x == y) return schema().Optional(a);
  return kNone;
}

bool Checker::AnyHierarchy(const TypeInfo& t) const {
  if (t.kind == Kind::kTerm) {
    return schema().vocabularies[t.id].kind == VocabularyKind::kTree;
  }
  if (t.kind != Kind::kEntity) return false;
  for (const uint32_t entity : t.entities) {
    if (!schema().entities[entity].parents.empty()) return true;
  }
  return false;
}

const Attribute* Checker::FindEntityAttribute(
    const std::vector<uint32_t>& entities, std::string_view name,
    uint32_t* slot) const {
  const Attribute* first = nullptr;
  for (const uint32_t entity : entities) {
    const std::vector<Attribute>& list = schema().entities[entity].attributes;
    const uint32_t at = Schema::FindAttribute(list, name);
    if (at == kNone) return nullptr;
    if (first == nullptr) {
      first = &list[at];
      *slot = at;
      continue;
    }
    if (list[at].type != first->type) return nullptr;
    if (at != *slot) *slot = kNone;
  }
  return first;
}

}  // namespace bylaw
