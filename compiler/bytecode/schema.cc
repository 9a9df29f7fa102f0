#include "compiler/bytecode/schema.h"

namespace bylaw {
namespace {

template <class T>
uint32_t FindNamed(const std::vector<T>& list, std::string_view name) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name) return static_cast<uint32_t>(i);
  }
  return kNone;
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kMissing:
      return "nothing";
    case Kind::kBool:
      return "Bool";
    case Kind::kInt:
      return "Int";
    case Kind::kDecimal:
      return "Decimal";
    case Kind::kString:
      return "String";
    case Kind::kDate:
      return "Date";
    case Kind::kTime:
      return "Time";
    case Kind::kDuration:
      return "Duration";
    case Kind::kPeriod:
      return "Period";
    case Kind::kIp:
      return "IP";
    case Kind::kVersion:
      return "Version";
    case Kind::kTerm:
      return "term";
    case Kind::kEntity:
      return "entity";
    case Kind::kRecord:
      return "record";
    case Kind::kSet:
      return "Set";
    case Kind::kList:
      return "List";
    case Kind::kMap:
      return "Map";
    case Kind::kFilter:
      return "filter";
  }
  return "";
}

}  // namespace

TypeId Schema::Intern(const TypeInfo& type) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] == type) return static_cast<TypeId>(i);
  }
  types.push_back(type);
  return static_cast<TypeId>(types.size() - 1);
}

TypeId Schema::Optional(TypeId t) {
  if (types[t].optional || IsCollection(t)) return t;
  TypeInfo info = types[t];
  info.optional = true;
  return Intern(info);
}

TypeId Schema::Present(TypeId t) {
  if (!types[t].optional) return t;
  TypeInfo info = types[t];
  info.optional = false;
  return Intern(info);
}

bool Schema::IsCollection(TypeId t) const {
  const Kind kind = types[t].kind;
  return kind == Kind::kSet || kind == Kind::kList || kind == Kind::kMap;
}

std::string Schema::TypeName(TypeId t) const {
  const TypeInfo& info = types[t];
  std::string name;
  switch (info.kind) {
    case Kind::kTerm:
      name = vocabularies[info.id].name;
      break;
    case Kind::kRecord:
      name = records[info.id].name;
      break;
    case Kind::kEntity:
      for (const uint32_t entity : info.entities) {
        if (!name.empty()) name += " | ";
        name += entities[entity].name;
      }
      if (info.optional && info.entities.size() > 1) name = "(" + name + ")";
      break;
    case Kind::kSet:
    case Kind::kList:
    case Kind::kMap:
      name = std::string(KindName(info.kind)) + "<" +
             (info.element == kNone ? "?" : TypeName(info.element)) + ">";
      break;
    default:
      name = KindName(info.kind);
  }
  if (info.optional) name += '?';
  return name;
}

bool Schema::IsRequired(const Attribute& a) const {
  return a.type != kNone && !types[a.type].optional && !IsCollection(a.type) &&
         !a.default_value.has_value() && a.default_chunk == kNone;
}

uint32_t Schema::FindEntity(std::string_view name) const {
  return FindNamed(entities, name);
}

uint32_t Schema::FindRecord(std::string_view name) const {
  return FindNamed(records, name);
}

uint32_t Schema::FindVocabulary(std::string_view name) const {
  return FindNamed(vocabularies, name);
}

uint32_t Schema::FindTerm(uint32_t vocabulary, std::string_view path) const {
  const Vocabulary& v = vocabularies[vocabulary];
  for (uint32_t t = v.first_term; t < v.first_term + v.num_terms; ++t) {
    if (terms[t].path == path) return t;
  }
  return kNone;
}

uint32_t Schema::FindAction(std::string_view name) const {
  return FindNamed(actions, name);
}

uint32_t Schema::FindAttribute(const std::vector<Attribute>& list,
                               std::string_view name) {
  return FindNamed(list, name);
}

const Schema::Selectable* Schema::FindSelectable(uint32_t entity) const {
  for (const Selectable& s : selectables) {
    if (s.entity == entity) return &s;
  }
  return nullptr;
}

}  // namespace bylaw
