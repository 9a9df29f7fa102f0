#include "tests/properties/expressions.h"

#include <algorithm>

namespace bylaw::properties {
namespace {

Type One(Base base, size_t index = 0) {
  return Type{base, index, Shape::kOne, false};
}
const Type kBoolType = One(Base::kBool);
const Type kIntType = One(Base::kInt);
const Type kStringType = One(Base::kString);

bool Comparable(const Type& type) {
  return type.base != Base::kRecord && type.shape != Shape::kMap;
}

// The types that a constant stands for in a set or list.
bool Writable(const Type& type) { return type.base != Base::kRecord; }

}  // namespace

void Expressions::Add(Sight* sight, const std::string& text, const Type& type,
                      size_t depth) const {
  sight->paths.push_back({text, type});
  if (type.shape != Shape::kOne) return;
  const auto add = [&](const std::vector<Attribute>& attributes) {
    for (const Attribute& a : attributes) {
      // Nothing that can fail, and nothing that a proposal may lack.
      if (sight->total &&
          (a.asserted || (!a.type.optional && a.type.shape == Shape::kOne))) {
        continue;
      }
      Type reached = a.type;
      if (type.optional) reached = Maybe(reached);
      Add(sight, text + "." + a.name, reached, depth - 1);
    }
  };
  if (type.base == Base::kEntity || type.base == Base::kUnion) {
    sight->paths.push_back(
        {text + ".id", type.optional ? Maybe(kStringType) : kStringType});
  }
  if (type.base == Base::kRecord) {
    add(world_.records[type.index].fields);
  } else if (type.base == Base::kEntity && depth > 0) {
    add(world_.entities[type.index].attributes);
  }
}

const Path* Expressions::Pick(const Sight& sight, const Type& type,
                              bool optional_too) {
  std::vector<const Path*> found;
  for (const Path& path : sight.paths) {
    if (path.type == type ||
        (optional_too && Present(path.type) == Present(type))) {
      found.push_back(&path);
    }
  }
  return found.empty() ? nullptr : random_.Pick(found);
}

Piece Expressions::Tag(Piece piece, const Type& type) {
  piece.type = world_.Name(type);
  if (type.shape == Shape::kOne && type.base < Base::kEntity) {
    Random fixed(1);
    piece.simplest =
        type.base == Base::kBool ? "true" : Literal(world_, type, fixed, false);
  }
  return piece;
}

Piece Expressions::LiteralOf(const Type& type, bool bare) {
  if (type.shape == Shape::kOne) {
    if ((type.base == Base::kInt || type.base == Base::kDecimal ||
         type.base == Base::kDuration) &&
        random_.Chance(15)) {
      return "(-" + Literal(world_, type, random_, bare) + ")";
    }
    return Literal(world_, type, random_, bare);
  }
  const bool set = type.shape == Shape::kSet;
  std::string text;
  // Large sets are searched in another way than small ones.
  const bool large = (type.base == Base::kInt || type.base == Base::kDate) &&
                     random_.Chance(10);
  const size_t n = large ? 24 : bare ? random_.Below(4) : 1 + random_.Below(3);
  for (size_t i = 0; i < n; ++i) {
    text += i ? ", " : "";
    text += large && i > 2
                ? NumberedLiteral(type.base, i)
                : Literal(world_, Element(type), random_, bare || i > 0);
  }
  return set ? "{" + text + "}" : "[" + text + "]";
}

Type Expressions::SomeType(const Sight& sight) {
  for (int tries = 0; tries < 10; ++tries) {
    const Type type = random_.Pick(sight.paths).type;
    if (Comparable(type)) return Present(type);
  }
  return kIntType;
}

Piece Expressions::Make(const Type& type, const Sight& sight, size_t depth,
                        bool bare) {
  if (type.optional) {
    const Path* path = Pick(sight, type, true);
    if (path != nullptr && random_.Chance(85)) return path->text;
    return Make(Present(type), sight, depth, bare);
  }
  if (type == kBoolType) return Tag(Bool(sight, depth), type);
  return Tag(Value(type, sight, depth, bare), type);
}

// if, match, ??, narrowing and calls: of any type.
Piece Expressions::Structural(const Type& type, const Sight& sight,
                              size_t depth, bool bare) {
  const auto make = [&](const Type& t, bool b) {
    return Make(t, sight, depth - 1, b);
  };
  switch (random_.Below(5)) {
    case 0:
      return Join("(if ", make(kBoolType, true), " then ", make(type, bare),
                  " else ", make(type, bare), ")");
    case 1: {
      const Path* path = Pick(sight, Maybe(type), false);
      if (path == nullptr || !path->type.optional) break;
      return Join("(" + path->text + " ?? ", make(type, true), ")");
    }
    case 2: {
      const Path* path = Pick(sight, Maybe(type), false);
      if (path == nullptr || !path->type.optional) break;
      return Join(
          "(if " + path->text +
              (random_.Chance(50) ? " is missing then "
                                  : " is missing or not (" + path->text +
                                        " is present) then "),
          make(type, bare), " else " + path->text + ")");
    }
    case 3: {
      std::vector<const Def*> fitting;
      for (const Def& def : defs_) {
        if (def.result == type) fitting.push_back(&def);
      }
      if (fitting.empty() || sight.total) break;
      const Def& def = *random_.Pick(fitting);
      Piece call;
      call.parts.emplace_back(def.name + "(");
      for (size_t i = 0; i < def.parameters.size(); ++i) {
        if (i > 0) call.parts.emplace_back(", ");
        call.parts.push_back(make(def.parameters[i], true));
      }
      call.parts.emplace_back(")");
      if (def.parameters.empty()) return def.name;
      return call;
    }
    default: {
      std::vector<const Path*> terms;
      for (const Path& path : sight.paths) {
        if (path.type.base == Base::kTerm && path.type.shape == Shape::kOne &&
            path.type.index > kWeekday) {
          terms.push_back(&path);
        }
      }
      if (terms.empty()) break;
      const Path& path = *random_.Pick(terms);
      const Vocabulary& v = world_.vocabularies[path.type.index];
      Piece match;
      match.parts.push_back(
          Join("(match " +
               (path.type.optional
                    ? "(" + path.text + " ?? " + v.name + "." + v.terms[0] + ")"
                    : path.text) +
               " { "));
      // Arms from the most specific on, none covered by one before.
      std::vector<std::string> patterns(v.terms.rbegin(), v.terms.rend());
      const size_t arms = 1 + random_.Below(patterns.size());
      for (size_t i = 0; i < arms && i < 3; ++i) {
        match.parts.push_back(Join(patterns[i] + ": ", make(type, bare), ", "));
      }
      match.parts.push_back(Join("else: ", make(type, bare), " })"));
      return match;
    }
  }
  return Join("(if ", make(kBoolType, true), " then ", make(type, bare),
              " else ", make(type, bare), ")");
}

Piece Expressions::Collection(const Sight& sight, size_t depth, Type* element) {
  std::vector<const Path*> found;
  for (const Path& path : sight.paths) {
    if (path.type.shape == Shape::kSet || path.type.shape == Shape::kList) {
      found.push_back(&path);
    }
  }
  if (sight.gate && random_.Chance(10)) {
    const size_t e = random_.Below(kNumEntities);
    *element = One(Base::kEntity, e);
    return "all " + world_.entities[e].name;
  }
  if (found.empty() || (depth > 0 && random_.Chance(10))) {
    Type type = RandomScalar(world_, random_);
    *element = type;
    type.shape = random_.Chance(70) ? Shape::kSet : Shape::kList;
    return LiteralOf(type, false);
  }
  const Path* path = random_.Pick(found);
  *element = Element(path->type);
  return path->text;
}

Piece Expressions::Quantifier(const Sight& sight, size_t depth,
                              const std::string& kind) {
  Type element;
  Piece collection = Collection(sight, depth, &element);
  Sight inner = sight;
  const std::string x = "x" + std::to_string(next_variable_++);
  Add(&inner, x, element, 1);
  // The variable is spoken of more often than by chance.
  for (int i = 0; i < 6; ++i) Add(&inner, x, element, i % 2);
  const auto condition = [&] {
    return Make(kBoolType, inner, depth - 1, true);
  };
  if (kind == "any" || kind == "no") {
    return Join(kind + "(" + x + " in ", std::move(collection), " where ",
                condition(), ")");
  }
  Piece where;
  if (random_.Chance(50)) where = Optional(Join(" where ", condition()));
  if (kind == "all") {
    return Join("all(" + x + " in ", std::move(collection), std::move(where),
                " satisfy ", condition(), ")");
  }
  return Join("count(" + x + " in ", std::move(collection), std::move(where),
              ")");
}

Piece Expressions::Bool(const Sight& sight, size_t depth) {
  if (depth == 0) {
    const Path* path = Pick(sight, kBoolType, false);
    if (path != nullptr && random_.Chance(70)) return path->text;
    // A small test of some path.
    const Path some = random_.Pick(sight.paths);
    if (some.type.optional) {
      return "(" + some.text +
             (random_.Chance(50) ? " is missing)" : " is present)");
    }
    if (some.type.shape != Shape::kOne) return "(" + some.text + " is empty)";
    return random_.Chance(50) ? "true" : "false";
  }
  const auto make = [&](const Type& t, bool bare) {
    return Make(t, sight, depth - 1, bare);
  };
  const auto with = [&](const Type& type) {
    return random_.Chance(50) ? Maybe(type) : type;
  };
  if (!sight.actions.empty() && random_.Chance(4)) {
    const std::string action = random_.Pick(sight.actions);
    return random_.Chance(60) ? "(action == " + action + ")"
                              : "(action in {" + action + ", " +
                                    random_.Pick(sight.actions) + "})";
  }
  switch (random_.Below(26)) {
    case 0:
    case 1:
      return Join("(", make(kBoolType, true), " and ", make(kBoolType, true),
                  ")");
    case 2:
    case 3:
      return Join("(", make(kBoolType, true), " or ", make(kBoolType, true),
                  ")");
    case 4:
      return Join("(not ", make(kBoolType, true), ")");
    case 5:
    case 6:
    case 7:
    case 8: {
      const Type type = SomeType(sight);
      const bool left_bare = random_.Chance(30);
      return Join("(", Make(with(type), sight, depth - 1, left_bare),
                  random_.Chance(60) ? " == " : " != ",
                  Make(with(type), sight, depth - 1, !left_bare), ")");
    }
    case 9:
    case 10: {
      std::vector<Type> ordered;
      for (const Path& path : sight.paths) {
        if (world_.Ordered(Present(path.type))) {
          ordered.push_back(Present(path.type));
        }
      }
      const Type type = ordered.empty() ? kIntType : random_.Pick(ordered);
      constexpr const char* kOps[] = {" < ", " <= ", " > ", " >= "};
      return Join("(", make(type, false), kOps[random_.Below(4)],
                  make(type, true), ")");
    }
    case 11:
    case 12: {
      Type element = RandomScalar(world_, random_);
      const Type some = SomeType(sight);
      if (random_.Chance(70) && some.base != Base::kRecord) {
        element = Element(some);
      }
      Type set = element;
      set.shape = random_.Chance(80) ? Shape::kSet : Shape::kList;
      if (random_.Chance(50)) {
        return Join("(", Make(with(element), sight, depth - 1, false),
                    random_.Chance(70) ? " in " : " not in ", make(set, true),
                    ")");
      }
      return Join("(", make(set, false), " has ",
                  Make(with(element), sight, depth - 1, true), ")");
    }
    case 13: {
      Type element = Element(SomeType(sight));
      Type set = element;
      set.shape = random_.Chance(80) ? Shape::kSet : Shape::kList;
      Type other = element;
      other.shape = random_.Chance(80) ? Shape::kSet : Shape::kList;
      return Join("(", make(set, false), " overlaps ", make(other, true), ")");
    }
    case 14: {
      // within: trees, entities, addresses; sets on either side.
      std::vector<Type> types = {One(Base::kTerm, 4), One(Base::kEntity, kTeam),
                                 One(Base::kEntity, kPlace), One(Base::kIp),
                                 One(Base::kEntity, kCell)};
      const Type type = random_.Pick(types);
      const bool right_set = type.base != Base::kIp && random_.Chance(40);
      const bool left_set = random_.Chance(25);
      return Join("(",
                  left_set ? make(SetOf(type), false)
                           : Make(with(type), sight, depth - 1, false),
                  " within ", make(right_set ? SetOf(type) : type, true), ")");
    }
    case 15: {
      const Path some = random_.Pick(sight.paths);
      if (some.type.optional) {
        return "(" + some.text +
               (random_.Chance(50) ? " is missing)" : " is present)");
      }
      if (some.type.shape != Shape::kOne) {
        return "(" + some.text + " is empty)";
      }
      return Bool(sight, depth - 1);
    }
    case 16: {
      constexpr const char* kOps[] = {" starts with ", " ends with ",
                                      " contains "};
      return Join("(", make(kStringType, false), kOps[random_.Below(3)],
                  make(kStringType, true), ")");
    }
    case 17:
      return Join("(", make(kStringType, false),
                  random_.Chance(50) ? " like " : " matches ",
                  random_.Pick(std::vector<std::string>{
                      "\"a\"", "\"a.*\"", "\"x\"", "\".*b.*\"", "`[a-z]+`"}),
                  ")");
    case 18: {
      std::vector<const Path*> maps;
      for (const Path& path : sight.paths) {
        if (path.type.shape == Shape::kMap) maps.push_back(&path);
      }
      if (maps.empty()) return Bool(sight, depth - 1);
      return "(" + random_.Pick(maps)->text + " has \"" +
             (random_.Chance(50) ? "a" : "k") + "\")";
    }
    case 19: {
      std::vector<const Path*> unions;
      for (const Path& path : sight.paths) {
        if (path.type.base == Base::kUnion && path.type.shape == Shape::kOne) {
          unions.push_back(&path);
        }
      }
      if (unions.empty()) return Bool(sight, depth - 1);
      const Path& path = *random_.Pick(unions);
      const std::string type = random_.Chance(50) ? "Person" : "Robot";
      const size_t entity = type == "Person" ? kPerson : kRobot;
      if (path.type.optional || random_.Chance(40)) {
        return "(" + path.text + " is " + type + ")";
      }
      Sight narrowed = sight;
      for (int i = 0; i < 4; ++i) {
        Add(&narrowed, path.text, One(Base::kEntity, entity), 1);
      }
      std::erase_if(narrowed.paths,
                    [&](const Path& p) { return p.text == path.text; });
      return Join("(" + path.text + " is " + type + " and ",
                  Make(kBoolType, narrowed, depth - 1, true), ")");
    }
    case 20: {
      // Narrowing: what is known to be present may be used as such.
      std::vector<const Path*> optional;
      for (const Path& path : sight.paths) {
        if (path.type.optional) optional.push_back(&path);
      }
      if (optional.empty()) return Bool(sight, depth - 1);
      const Path path = *random_.Pick(optional);
      Sight narrowed = sight;
      std::erase_if(narrowed.paths,
                    [&](const Path& p) { return p.text == path.text; });
      for (int i = 0; i < 4; ++i) {
        narrowed.paths.push_back({path.text, Present(path.type)});
      }
      const bool both = random_.Chance(50);
      return Join(
          "(" + path.text + (both ? " is present and " : " is missing or "),
          Make(kBoolType, narrowed, depth - 1, true), ")");
    }
    case 21:
      return Quantifier(sight, depth, "any");
    case 22:
      return Quantifier(sight, depth, random_.Chance(50) ? "no" : "all");
    case 23:
      if (sight.owners.empty()) return Bool(sight, depth - 1);
      return Join("(" + random_.Pick(sight.owners) + ".has_column(",
                  make(kStringType, true), "))");
    default:
      return Structural(kBoolType, sight, depth, true);
  }
}

Piece Expressions::Value(const Type& type, const Sight& sight, size_t depth,
                         bool bare) {
  const Path* path = Pick(sight, type, false);
  // Records and maps are read, never written.
  const bool writable = Writable(type) && type.shape != Shape::kMap;
  if (depth == 0 || random_.Chance(35)) {
    if (path != nullptr && (!writable || random_.Chance(75))) return path->text;
    if (writable) {
      const Path* maybe = Pick(sight, Maybe(type), false);
      if (maybe != nullptr && maybe->type.optional && random_.Chance(50)) {
        return Join("(" + maybe->text + " ?? ", LiteralOf(type, true), ")");
      }
      return LiteralOf(type, bare);
    }
  }
  if (!writable) return path != nullptr ? path->text : "";
  const auto make = [&](const Type& t, bool b) {
    return Make(t, sight, depth - 1, b);
  };
  const size_t next = depth > 0 ? depth : 1;
  if (depth == 0) return LiteralOf(type, bare);
  if (type.shape != Shape::kOne || sight.total) {
    return random_.Chance(50) ? Structural(type, sight, next, bare)
                              : LiteralOf(type, bare);
  }
  const auto quantified = [&](const std::string& kind, const Type& result) {
    Type element;
    Piece collection = Collection(sight, depth, &element);
    Sight inner = sight;
    const std::string x = "x" + std::to_string(next_variable_++);
    for (int i = 0; i < 4; ++i) Add(&inner, x, element, i % 2);
    Piece where;
    if (random_.Chance(40)) {
      where =
          Optional(Join(" where ", Make(kBoolType, inner, depth - 1, true)));
    }
    return Join(kind + "(", Make(result, inner, depth - 1, false),
                " for " + x + " in ", std::move(collection), std::move(where),
                ")");
  };
  if (random_.Chance(10)) {
    std::vector<const Path*> maps;
    for (const Path& p : sight.paths) {
      if (p.type.shape == Shape::kMap && Element(p.type) == type) {
        maps.push_back(&p);
      }
    }
    if (!maps.empty()) {
      return Join("(" + random_.Pick(maps)->text + "[\"a\"] ?? ",
                  make(type, true), ")");
    }
  }
  if (world_.Ordered(type) && random_.Chance(12)) {
    return Join("(", quantified(random_.Chance(50) ? "min" : "max", type),
                " ?? ", make(type, true), ")");
  }
  const Type time = One(Base::kTime);
  const Type period = One(Base::kPeriod);
  const Type duration = One(Base::kDuration);
  const std::string zone = random_.Pick(std::vector<std::string>{
      "\"UTC\"", "\"Europe/Paris\"", "\"America/New_York\""});
  const std::string sign = random_.Chance(50) ? " + " : " - ";
  switch (type.base) {
    case Base::kInt:
      switch (random_.Below(9)) {
        case 0:
          return Join("(", make(type, true), sign, make(type, true), ")");
        case 1:
          return Join("(", make(type, true), " * ", make(type, true), ")");
        case 2:
          return Join("(-", make(type, true), ")");
        case 3:
          return Join("(", make(kStringType, false), ").length()");
        case 4:
          return Quantifier(sight, depth, "count");
        case 5:
          return quantified("sum", type);
        case 6:
          return Join("(", make(time, false),
                      random_.Chance(50) ? ").hour(" : ").minute(", zone, ")");
        case 7:
          return Join("(", make(One(Base::kDate), false), ").age(",
                      make(One(Base::kDate), true), ")");
        default:
          return Join("(", make(One(Base::kVersion), false), ")",
                      random_.Pick(std::vector<std::string>{".major", ".minor",
                                                            ".patch"}));
      }
    case Base::kDecimal:
      switch (random_.Below(6)) {
        case 0:
          return Join("(", make(type, true), sign, make(type, true), ")");
        case 1:
          return Join("(", make(type, true), " * ", make(type, true), ")");
        case 2:
          return Join("(", make(type, false), " / ", make(type, true), ")");
        case 3:
          return Join("(", make(kIntType, false), ").decimal()");
        case 4:
          return quantified("sum", type);
        default:
          return Join("((", make(kIntType, false), ").decimal() / 3.0)");
      }
    case Base::kString:
      if (random_.Chance(40)) {
        return Join("(", make(type, true), " + ", make(type, true), ")");
      }
      if (random_.Chance(40)) return Join("(", make(type, false), ").lower()");
      break;
    case Base::kDate:
      if (random_.Chance(40)) {
        return Join("(", make(type, false), sign, make(period, true), ")");
      }
      if (random_.Chance(40)) {
        return Join("(", make(time, false), ").date(" + zone + ")");
      }
      break;
    case Base::kTime:
      if (random_.Chance(60)) {
        return Join("(", make(type, false), sign,
                    make(random_.Chance(50) ? period : duration, true), ")");
      }
      break;
    case Base::kDuration:
      switch (random_.Below(5)) {
        case 0:
          return Join("(", make(time, false), " - ", make(time, false), ")");
        case 1:
          return Join("(", make(type, true), sign, make(type, true), ")");
        case 2:
          return Join("(", make(type, false), " * ", make(kIntType, true), ")");
        case 3:
          return quantified("sum", type);
        default:
          break;
      }
      break;
    case Base::kTerm:
      if (type.index == kWeekday && random_.Chance(50)) {
        return Join("(", make(time, false), ").weekday(" + zone + ")");
      }
      break;
    default:
      break;
  }
  return Structural(type, sight, next, bare);
}

// --- Rows --------------------------------------------------------------------

namespace {

// Columns of rows, as facts may have them: x, y, z, w, each maybe of another
// type at decision time.
const std::vector<std::string>& RowColumns() {
  static const std::vector<std::string> columns = {
      "r.x", "r.y", "r.z", "r.w", "r[\"x\"]", "r.x?", "r.y?"};
  return columns;
}

}  // namespace

// In a calm world x is an Int, y and z are text, w is a Decimal, and the rule
// passes over datasets without them.
Piece Expressions::RowOperand(const Type& type) {
  if (!world_.calm) return random_.Pick(RowColumns());
  if (type.base == Base::kInt) return "r.x?";
  if (type.base == Base::kDecimal) return "r.w?";
  return random_.Chance(50) ? "r.y?" : "r[\"z\"]?";
}

Piece Expressions::Row(const Sight& sight, size_t depth) {
  if (depth > 0 && random_.Chance(45)) {
    switch (random_.Below(3)) {
      case 0:
        return Tag(Join("(", Row(sight, depth - 1), " and ",
                        Row(sight, depth - 1), ")"),
                   {});
      case 1:
        return Tag(Join("(", Row(sight, depth - 1), " or ",
                        Row(sight, depth - 1), ")"),
                   {});
      default:
        return Tag(Join("(not ", Row(sight, depth - 1), ")"), {});
    }
  }
  if (random_.Chance(10)) return Make(kBoolType, sight, 1, true);
  // Types that a column can have; a term or an entity is its text.
  Type type = RandomScalar(world_, random_);
  if (type.base == Base::kPeriod) type = kStringType;
  if (random_.Chance(40)) type = random_.Chance(50) ? kIntType : kStringType;
  if (world_.calm && type.base != Base::kInt && type.base != Base::kDecimal) {
    type = kStringType;
  }
  Piece column = RowOperand(type);
  if (!sight.selected.empty() && random_.Chance(20)) {
    column = "r[" + random_.Pick(sight.selected).text + "]" +
             (random_.Chance(30) ? "?" : "");
  }
  switch (random_.Below(10)) {
    case 0:
      return Join("(", std::move(column),
                  random_.Chance(50) ? " is missing)" : " is present)");
    case 1: {
      constexpr const char* kOps[] = {" starts with ", " ends with ",
                                      " contains "};
      if (world_.calm) column = "r.z?";
      return Join("(", std::move(column), kOps[random_.Below(3)],
                  Make(kStringType, sight, 1, true), ")");
    }
    case 2:
      if (world_.calm) column = "r.y?";
      return Join("(", std::move(column), " like \"a*\")");
    case 3:
    case 4:
      if (type.base == Base::kVersion || type.base == Base::kIp) break;
      return Join("(", std::move(column),
                  random_.Chance(70) ? " in " : " not in ",
                  Make(SetOf(type), sight, 1, false), ")");
    case 5:
      if (world_.calm) column = "r.x?";
      return Join("(", std::move(column),
                  random_.Chance(70) ? " in " : " not in ",
                  world_.calm || random_.Chance(80) ? "column(\"s1\", \"x\")"
                                                    : "column(\"s2\", \"w\")",
                  ")");
    case 6:
      if (type.base == Base::kTerm || type.base == Base::kBool) break;
      return Join("((", std::move(column), " ?? ",
                  Literal(world_, type, random_, false),
                  ") == ", Make(type, sight, 1, false), ")");
    case 7: {
      const std::string other = world_.calm          ? "r.y?"
                                : random_.Chance(50) ? "r.y"
                                                     : "r.z";
      if (world_.calm) column = "r.z?";
      return Join("(", std::move(column), random_.Chance(70) ? " == " : " < ",
                  other, ")");
    }
    default:
      break;
  }
  if (world_.Ordered(type) && type.base != Base::kTerm &&
      type.base != Base::kVersion && random_.Chance(50)) {
    constexpr const char* kOps[] = {" < ", " <= ", " > ", " >= "};
    return Join("(", std::move(column), kOps[random_.Below(4)],
                Make(type, sight, 1, false), ")");
  }
  const Type wanted = random_.Chance(40) ? Maybe(type) : type;
  return Join("(", std::move(column), random_.Chance(70) ? " == " : " != ",
              Make(wanted, sight, 1, false), ")");
}

}  // namespace bylaw::properties
