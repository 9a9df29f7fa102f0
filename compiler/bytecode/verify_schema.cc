#include "compiler/bytecode/verify_schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace bylaw {
namespace {

// Collections in collections: whoever spells or walks a type recurses. No
// policy text is nested deeper.
constexpr uint32_t kMaxTypeDepth = 256;

class SchemaVerifier {
 public:
  explicit SchemaVerifier(const Schema& schema) : s_(schema) {}

  std::string Run() {
    std::vector<uint32_t> depth(s_.types.size(), 1);
    for (size_t i = 0; i < s_.types.size(); ++i) {
      const TypeInfo& t = s_.types[i];
      if (IsCollection(t.kind)) depth[i] = depth[t.element] + 1;
      Require(depth[i] <= kMaxTypeDepth, "types", "a type is nested too deep");
      Require(t.kind != Kind::kEntity || !t.entities.empty(), "types",
              "a reference is to no type");
    }
    Records();
    if (!problem_.empty()) return problem_;
    DefaultValues();
    if (!problem_.empty()) return problem_;
    for (uint32_t e = 0; e < s_.entities.size(); ++e) Entity(e);
    for (const RecordType& r : s_.records) Defaults(r.name, r.fields);
    for (const ObligationType& o : s_.obligations) {
      Defaults(o.name, o.parameters);
    }
    selectables_.assign(s_.entities.size(), nullptr);
    for (const Schema::Selectable& x : s_.selectables) Selectable(x);
    for (const Action& a : s_.actions) OneAction(a);
    return problem_;
  }

 private:
  void Require(bool holds, const std::string& where, const char* message) {
    if (!holds && problem_.empty()) problem_ = where + ": " + message;
  }

  // The one entity type that a reference, or a set of references, is to.
  uint32_t EntityOf(TypeId type) const {
    const TypeInfo* t = &s_.type(type);
    if (t->kind == Kind::kSet) t = &s_.type(t->element);
    return t->kind == Kind::kEntity && t->entities.size() == 1 ? t->entities[0]
                                                               : kNone;
  }
  bool IsSetOf(TypeId type, uint32_t entity) const {
    return s_.type(type).kind == Kind::kSet && EntityOf(type) == entity;
  }

  // Fields of records and what collections hold, over and over: it ends.
  void Records() {
    enum : uint8_t { kNew, kOpen, kDone };
    absent_.resize(s_.records.size());
    std::vector<uint8_t> state(s_.records.size(), kNew);
    std::vector<std::pair<uint32_t, uint32_t>> path;  // record, next field
    for (uint32_t root = 0; root < s_.records.size(); ++root) {
      if (state[root] != kNew) continue;
      state[root] = kOpen;
      path.push_back({root, 0});
      while (!path.empty()) {
        auto& [record, next] = path.back();
        const std::vector<Attribute>& fields = s_.records[record].fields;
        if (next == fields.size()) {
          state[record] = kDone;
          for (const Attribute& field : fields)
            absent_[record].push_back(Absent(field));
          path.pop_back();
          continue;
        }
        const TypeInfo* t = &s_.type(fields[next++].type);
        while (IsCollection(t->kind)) t = &s_.type(t->element);
        if (t->kind != Kind::kRecord || state[t->id] == kDone) continue;
        Require(state[t->id] == kNew, s_.records[t->id].name,
                "a record contains itself");
        if (!problem_.empty()) return;
        state[t->id] = kOpen;
        path.push_back({t->id, 0});
      }
    }
  }

  // What is missing in a record takes its field's default, which may hold
  // records in turn: a few bytes may stand for any number of values.
  uint64_t Absent(const Attribute& a) const {
    return a.default_value ? Values(*a.default_value) : 1;
  }
  uint64_t Values(const Constant& c) const {
    uint64_t n = 1;
    for (size_t i = 0; i < c.elements.size(); ++i) {
      const bool absent = c.elements[i].kind == Kind::kMissing;
      // Fields of a record of another type have no sizes yet: Defaults refuses
      // such a constant.
      const bool known = c.kind == Kind::kRecord && absent_[c.index].size() > i;
      n += absent && known ? absent_[c.index][i] : Values(c.elements[i]);
      n = std::min(n, kMaxDefaultValues + 1);
    }
    return n;
  }

  void DefaultValues() {
    uint64_t n = 0;
    const auto add = [&](const std::vector<Attribute>& list) {
      for (const Attribute& a : list) {
        if (!a.default_value) continue;
        n = std::min(n + Values(*a.default_value), kMaxDefaultValues + 1);
      }
    };
    for (const EntityType& e : s_.entities) add(e.attributes);
    for (const RecordType& r : s_.records) add(r.fields);
    for (const Action& a : s_.actions) add(a.context);
    for (const ObligationType& o : s_.obligations) add(o.parameters);
    Require(n <= kMaxDefaultValues, "schema", "its defaults are too large");
  }

  static bool IsCollection(Kind kind) {
    return kind == Kind::kSet || kind == Kind::kList || kind == Kind::kMap;
  }

  void Defaults(const std::string& owner, const std::vector<Attribute>& list) {
    for (const Attribute& a : list) {
      if (!a.default_value) continue;
      Require(Fits(*a.default_value, a.type), owner + "." + a.name,
              "the default is of another type");
    }
  }

  bool Fits(const Constant& c, TypeId type) const {
    const TypeInfo& t = s_.type(type);
    const auto all = [&] {
      return std::all_of(c.elements.begin(), c.elements.end(),
                         [&](const Constant& e) { return Fits(e, t.element); });
    };
    switch (t.kind) {
      case Kind::kDecimal:
        return c.kind == t.kind || (c.kind == Kind::kInt &&
                                    c.number < kDecimalLimit / kDecimalOne &&
                                    c.number > -kDecimalLimit / kDecimalOne);
      case Kind::kTerm: {
        if (c.kind != t.kind) return false;
        return s_.terms[c.index].vocabulary == t.id;
      }
      case Kind::kEntity:
        return c.kind == t.kind &&
               std::binary_search(t.entities.begin(), t.entities.end(),
                                  c.index);
      case Kind::kSet:
      case Kind::kList:
        return (c.kind == Kind::kSet || c.kind == Kind::kList) && all();
      case Kind::kMap:
        return c.kind == t.kind && all();
      case Kind::kRecord: {
        if (c.kind != t.kind || c.index != t.id) return false;
        const std::vector<Attribute>& fields = s_.records[t.id].fields;
        for (size_t i = 0; i < fields.size(); ++i) {
          if (c.elements[i].kind != Kind::kMissing &&
              !Fits(c.elements[i], fields[i].type)) {
            return false;
          }
        }
        return true;
      }
      default:
        return c.kind == t.kind;
    }
  }

  void Entity(uint32_t e) {
    const EntityType& entity = s_.entities[e];
    Defaults(entity.name, entity.attributes);
    for (uint32_t slot = 0; slot < entity.attributes.size(); ++slot) {
      const Attribute& a = entity.attributes[slot];
      const std::string where = entity.name + "." + a.name;
      Require(!a.transitive || IsSetOf(a.type, e), where,
              "what is transitive is no set of its own type");
      if (a.inverse == kNone) continue;
      const uint32_t other = EntityOf(a.type);
      Require(other != kNone, where, "an inverse holds no entity");
      if (other == kNone) return;
      const std::vector<Attribute>& others = s_.entities[other].attributes;
      Require(a.inverse < others.size(), where, "an inverse is no attribute");
      if (a.inverse >= others.size()) return;
      const Attribute& back = others[a.inverse];
      Require((back.inverse == slot || back.inverse == kNone) &&
                  EntityOf(back.type) == e,
              where, "the other side of an inverse is not this one");
    }
  }

  void Selectable(const Schema::Selectable& x) {
    const EntityType& owner = s_.entities[x.entity];
    const EntityType& column = s_.entities[x.column_entity];
    Require(selectables_[x.entity] == nullptr, owner.name,
            "its columns are found in two ways");
    selectables_[x.entity] = &x;
    Require(IsSetOf(owner.attributes[x.columns_slot].type, x.column_entity),
            owner.name, "its columns are no set of their type");
    Require(IsText(column.attributes[x.name_slot]), column.name,
            "the name of a column is no text");
    const TypeInfo& type = s_.type(column.attributes[x.type_slot].type);
    Require(type.kind == Kind::kTerm && type.id == s_.column_type_vocabulary,
            column.name, "the type of a column is no column type");
    Require(x.table_slot == kNone || IsText(owner.attributes[x.table_slot]),
            owner.name, "its table is no text");
  }
  bool IsText(const Attribute& a) const {
    return s_.type(a.type).kind == Kind::kString;
  }

  void OneAction(const Action& a) {
    Defaults(a.name, a.context);
    Require((a.columns_slot == kNone) == (a.selecting_slot == kNone), a.name,
            "it selects nothing, or by nothing");
    std::set<TypeId> including;
    for (const Attribute& c : a.context) {
      if (!c.includes_resource) continue;
      const TypeInfo& set = s_.type(c.type);
      if (set.kind == Kind::kSet && !including.insert(set.element).second) {
        continue;
      }
      Require(set.kind == Kind::kSet &&
                  s_.type(set.element).kind == Kind::kEntity &&
                  Includes(s_.type(set.element).entities, a.resources),
              a.name + "." + c.name, "it cannot include the resource");
      if (!problem_.empty()) return;
    }
    if (a.columns_slot == kNone || a.selecting_slot == kNone) return;
    for (const uint32_t resource : a.resources) {
      const Schema::Selectable* x = selectables_[resource];
      Require(x != nullptr && x->columns_slot == a.columns_slot, a.name,
              "it selects what is not known to be columns");
      if (x == nullptr) return;
      Require(IsSetOf(a.context[a.selecting_slot].type, x->column_entity),
              a.name, "it selects by another type than columns");
    }
  }
  // Unions may be far larger than what an action is about.
  static bool Includes(const std::vector<uint32_t>& all,
                       const std::vector<uint32_t>& some) {
    return std::all_of(some.begin(), some.end(), [&](uint32_t e) {
      return std::binary_search(all.begin(), all.end(), e);
    });
  }

  const Schema& s_;
  std::vector<const Schema::Selectable*> selectables_;  // by entity type
  // By record and field: the values that it is made of where it is absent.
  std::vector<std::vector<uint64_t>> absent_;
  std::string problem_;
};

}  // namespace

uint64_t CountValues(const Constant& constant) {
  uint64_t n = 1;
  for (const Constant& e : constant.elements) n += CountValues(e);
  return n;
}

std::string SchemaProblem(const Schema& schema) {
  return SchemaVerifier(schema).Run();
}

}  // namespace bylaw
