#include "tests/properties/world.h"

#include <algorithm>
#include <string_view>

namespace bylaw::properties {
namespace {

constexpr size_t kMaxAttributes = 7;

std::string Number(std::string_view prefix, size_t n) {
  return std::string(prefix) + std::to_string(n);
}

Vocabulary MakeTree(Random& random) {
  Vocabulary v{"Topic", Vocabulary::Kind::kTree, {}, false};
  for (size_t i = 0; i < 2 + random.Below(2); ++i) {
    const std::string top = Number("t", i);
    v.terms.push_back(top);
    for (size_t j = 0; j < random.Below(3); ++j) {
      const std::string middle = top + "." + Number("m", j);
      v.terms.push_back(middle);
      for (size_t k = 0; k < random.Below(3); ++k) {
        v.terms.push_back(middle + "." + Number("u", k));
      }
    }
  }
  return v;
}

// Terms of a tree as declared: `t0 { m0 { u0 }, m1 }, t1`.
std::string TermsText(const Vocabulary& v, const std::string& below) {
  std::string text;
  for (const std::string& term : v.terms) {
    if (!term.starts_with(below)) continue;
    const std::string rest = term.substr(below.size());
    if (rest.find('.') != std::string::npos) continue;
    const std::string inner = TermsText(v, term + ".");
    text += (text.empty() ? "" : ", ") + rest +
            (inner.empty() ? "" : " { " + inner + " }");
  }
  return text;
}

Type Simple(Base base) { return Type{base, 0, Shape::kOne, false}; }
Type Of(Base base, size_t index) {
  return Type{base, index, Shape::kOne, false};
}

Type RandomAttributeType(const World& world, Random& random) {
  Type type = RandomScalar(world, random);
  const size_t other = random.Below(100);
  if (other < 18) {
    type = Of(Base::kEntity, random.Below(kNumEntities));
  } else if (other < 22) {
    type = Simple(Base::kUnion);
  } else if (other < 28 && !world.records.empty()) {
    type = Of(Base::kRecord, random.Below(world.records.size()));
  }
  const size_t shape = random.Below(100);
  if (shape < 25 && type.base != Base::kRecord) {
    type.shape = Shape::kSet;
  } else if (shape < 33) {
    type.shape = Shape::kList;
  } else if (shape < 39 && type.base != Base::kRecord &&
             type.base != Base::kEntity && type.base != Base::kUnion) {
    type.shape = Shape::kMap;
  } else {
    type.optional = random.Chance(65);
  }
  return type;
}

std::vector<Attribute> MakeAttributes(const World& world, Random& random,
                                      std::string_view prefix, bool entity) {
  std::vector<Attribute> attributes;
  const size_t n = 2 + random.Below(kMaxAttributes - 1);
  for (size_t i = 0; i < n; ++i) {
    Attribute a;
    a.name = Number(prefix, i);
    a.type = RandomAttributeType(world, random);
    if (entity && random.Chance(15)) {
      a.asserted = true;
      a.marks = " asserted";
    } else if (a.type.shape == Shape::kOne && !a.type.optional &&
               a.type.base < Base::kEntity && random.Chance(40)) {
      a.marks = " = " + Literal(world, a.type, random, true);
    }
    attributes.push_back(std::move(a));
  }
  return attributes;
}

std::string AttributesText(const World& world,
                           const std::vector<Attribute>& attributes) {
  std::string text = "{";
  for (const Attribute& a : attributes) {
    text += (text.size() > 1 ? ", " : " ") + a.name + ": " +
            world.Name(a.type) + a.marks;
  }
  return text + " }";
}

void MakeEntities(World* world, Random& random) {
  const auto add = [&](std::string name, std::string parents,
                       std::vector<std::string> ids) {
    world->entities.push_back(
        {std::move(name), std::move(parents), {}, std::move(ids)});
  };
  add("Team", "Team", {"g0", "g1", "g2", "g3"});
  add("Person", "Team", {"p0", "p1", "p2"});
  add("Robot", "Team", {"b0", "b1"});
  add("Place", "Place", {"l0", "l1", "l2", "l3"});
  add("Folder", "", {"f0", "f1", "f2"});
  add("Sheet", "Folder", {"s0", "s1", "s2"});
  add("Cell", "Sheet", {"s0.x", "s0.y", "s1.x", "s1.z", "s2.w"});
  for (size_t e = 0; e < kNumEntities; ++e) {
    world->entities[e].attributes = MakeAttributes(*world, random, "a", true);
  }
  const auto attribute = [&](size_t entity, std::string name, Type type,
                             std::string marks) {
    world->entities[entity].attributes.push_back(
        {std::move(name), type, false, std::move(marks)});
  };
  attribute(kFolder, "name", Simple(Base::kString), "");
  attribute(kFolder, "sheets", SetOf(Of(Base::kEntity, kSheet)), "");
  attribute(kSheet, "name", Simple(Base::kString), "");
  attribute(kSheet, "folder", Maybe(Of(Base::kEntity, kFolder)),
            " inverse sheets");
  attribute(kSheet, "columns", SetOf(Of(Base::kEntity, kCell)), "");
  attribute(kSheet, "topic", Maybe(Of(Base::kTerm, 4)), "");
  attribute(kFolder, "topic", Maybe(Of(Base::kTerm, 4)), "");
  attribute(kFolder, "rank", Maybe(Of(Base::kTerm, 3)), "");
  attribute(kCell, "name", Simple(Base::kString), "");
  attribute(kCell, "type", Maybe(Of(Base::kTerm, kColumnType)), "");
  attribute(kCell, "sheet", Maybe(Of(Base::kEntity, kSheet)),
            " inverse columns");
  attribute(kCell, "topics", SetOf(Of(Base::kTerm, 4)), "");
  attribute(kCell, "links", SetOf(Of(Base::kEntity, kCell)), " transitive");
  attribute(kTeam, "near", SetOf(Of(Base::kEntity, kTeam)), " transitive");
}

void MakeActions(World* world, Random& random) {
  // One pool, so that an attribute of two actions has one type.
  std::vector<Attribute> pool = MakeAttributes(*world, random, "c", false);
  for (Attribute& a : pool) {
    if (a.type.base == Base::kRecord) a.type = Maybe(Simple(Base::kInt));
    if (a.type.shape == Shape::kOne && a.marks.empty()) a.type.optional = true;
  }
  const auto add = [&](std::string name, size_t resource, bool gate,
                       bool selects, bool proposes) {
    Action a{std::move(name), resource, random.Chance(70), gate, selects,
             proposes,        {}};
    for (const Attribute& c : pool) {
      if (random.Chance(70)) a.context.push_back(c);
    }
    if (selects) {
      a.context.push_back(
          {"columns", SetOf(Of(Base::kEntity, kCell)), false, " = d.columns"});
    }
    if (proposes) {
      a.context.push_back(
          {"peer", Maybe(Of(Base::kEntity, resource)), false, ""});
    }
    if (random.Chance(50)) {
      const std::string name =
          resource == kSheet ? "with_sheets" : "with_folders";
      a.context.push_back(
          {name, SetOf(Of(Base::kEntity, resource)), false, " includes d"});
    }
    world->actions.push_back(std::move(a));
  };
  add("look", kSheet, false, true, false);
  add("take", kSheet, false, true, false);
  add("visit", kFolder, false, false, false);
  add("make", kFolder, true, false, true);
  add("redo", kFolder, true, false, true);
  add("burn", kFolder, true, false, false);
  add("post", kSheet, true, false, true);
  world->groups = {{"use", {0, 1}}, {"life", {3, 4, 5}}};
}

}  // namespace

std::string World::Name(const Type& type) const {
  std::string name;
  switch (type.base) {
    case Base::kTerm:
      name = vocabularies[type.index].name;
      break;
    case Base::kEntity:
      name = entities[type.index].name;
      break;
    case Base::kUnion:
      name = "Who";
      break;
    case Base::kRecord:
      name = records[type.index].name;
      break;
    default: {
      constexpr const char* kNames[] = {"Bool", "Int",    "Decimal",  "String",
                                        "Date", "Time",   "Duration", "Period",
                                        "IP",   "Version"};
      name = kNames[static_cast<size_t>(type.base)];
    }
  }
  if (type.shape == Shape::kSet) return "Set<" + name + ">";
  if (type.shape == Shape::kList) return "List<" + name + ">";
  if (type.shape == Shape::kMap) return "Map<" + name + ">";
  return type.optional ? name + "?" : name;
}

bool World::Ordered(const Type& type) const {
  if (type.shape != Shape::kOne) return false;
  switch (type.base) {
    case Base::kInt:
    case Base::kDecimal:
    case Base::kDate:
    case Base::kTime:
    case Base::kDuration:
    case Base::kPeriod:
    case Base::kVersion:
      return true;
    case Base::kTerm:
      return vocabularies[type.index].kind == Vocabulary::Kind::kOrdered;
    default:
      return false;
  }
}

World MakeWorld(Random& random) {
  World world;
  world.calm = random.Chance(60);
  world.masking = world.calm && random.Chance(40);
  world.vocabularies.push_back(
      {"ColumnType",
       Vocabulary::Kind::kPlain,
       {"bool", "int", "decimal", "string", "date", "time", "ip", "duration",
        "version", "object", "array"},
       true});
  world.vocabularies.push_back({"Weekday",
                                Vocabulary::Kind::kOrdered,
                                {"monday", "tuesday", "wednesday", "thursday",
                                 "friday", "saturday", "sunday"},
                                true});
  world.vocabularies.push_back(
      {"Shade", Vocabulary::Kind::kPlain, {"red", "green", "blue"}, false});
  world.vocabularies.push_back(
      {"Rank", Vocabulary::Kind::kOrdered, {"r0", "r1", "r2", "r3"}, false});
  world.vocabularies.push_back(MakeTree(random));
  for (size_t i = 0; i < 2; ++i) {
    Record record{Number("Pack", i), {}};
    for (size_t f = 0; f < 2 + random.Below(3); ++f) {
      Type type = RandomScalar(world, random);
      if (random.Chance(25)) {
        type.shape = Shape::kSet;
      } else {
        type.optional = random.Chance(50);
      }
      record.fields.push_back({Number("q", f), type, false, ""});
    }
    world.records.push_back(std::move(record));
  }
  MakeEntities(&world, random);
  MakeActions(&world, random);
  world.obligations.push_back({"note", {}});
  for (size_t i = 0; i < 2; ++i) {
    Obligation o{Number("duty", i), {}};
    for (size_t p = 0; p < 1 + random.Below(3); ++p) {
      Type type = random.Chance(20)
                      ? Of(Base::kEntity, random.Below(kNumEntities))
                      : RandomScalar(world, random);
      if (random.Chance(25)) {
        type.shape = Shape::kSet;
      } else {
        type.optional = random.Chance(30);
      }
      o.parameters.push_back({Number("v", p), type, false, ""});
    }
    world.obligations.push_back(std::move(o));
  }
  return world;
}

std::vector<Piece> Declare(const World& world) {
  std::vector<Piece> out;
  for (const Vocabulary& v : world.vocabularies) {
    if (v.languages_own) continue;
    constexpr const char* kKinds[] = {"", " ordered", " tree"};
    out.emplace_back("vocabulary " + v.name +
                     kKinds[static_cast<size_t>(v.kind)] + " { " +
                     TermsText(v, "") + " }\n");
  }
  for (const Record& r : world.records) {
    out.push_back(Optional("type " + r.name + " = " +
                           AttributesText(world, r.fields) + "\n"));
  }
  out.push_back(Optional(Piece("type Who = Person | Robot\n")));
  for (const Entity& e : world.entities) {
    Piece piece;
    piece.parts.emplace_back("entity " + e.name +
                             (e.parents.empty() ? "" : " in " + e.parents) +
                             " {");
    for (const Attribute& a : e.attributes) {
      piece.parts.push_back(
          Optional(" " + a.name + ": " + world.Name(a.type) + a.marks + ","));
    }
    piece.parts.emplace_back(" }\n");
    out.push_back(Optional(std::move(piece)));
  }
  for (const Obligation& o : world.obligations) {
    std::string text = "obligation " + o.name;
    if (!o.parameters.empty()) {
      std::string list = AttributesText(world, o.parameters);
      text += "(" + list.substr(2, list.size() - 4) + ")";
    }
    out.push_back(Optional(text + "\n"));
  }
  for (const Action& a : world.actions) {
    Piece piece;
    piece.parts.emplace_back(std::string("action ") + (a.gate ? "gate " : "") +
                             a.name + " of " + world.entities[a.resource].name +
                             " as d by Person" + (a.robots ? ", Robot" : ""));
    if (a.selects) {
      piece.parts.emplace_back(" selects d.columns by context.columns");
    }
    if (a.proposes) piece.parts.emplace_back(" proposes");
    piece.parts.emplace_back(" {");
    for (const Attribute& c : a.context) {
      piece.parts.push_back(
          Optional(" " + c.name + ": " + world.Name(c.type) + c.marks + ","));
    }
    piece.parts.emplace_back(" }\n");
    out.push_back(Optional(std::move(piece)));
  }
  for (const auto& [name, actions] : world.groups) {
    std::string list;
    for (const size_t a : actions) {
      list += (list.empty() ? "" : ", ") + world.actions[a].name;
    }
    out.push_back(Optional("action group " + name + " = { " + list + " }\n"));
  }
  return out;
}

const std::vector<std::string>& Instants() {
  static const std::vector<std::string> instants = {
      "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999999Z",
      "2026-01-01T12:00:00Z", "2026-02-28T23:00:00Z",
      "2024-02-29T10:30:00Z", "2026-01-03T05:00:00Z",
      "1969-12-31T23:59:59Z"};
  return instants;
}

const std::vector<std::string>& Dates() {
  static const std::vector<std::string> dates = {
      "2026-01-01", "2025-12-31", "2026-01-03", "2024-02-29",
      "2026-02-28", "2000-01-31", "1970-01-01"};
  return dates;
}

std::string Literal(const World& world, const Type& type, Random& random,
                    bool bare) {
  const auto pick = [&](const std::vector<std::string>& list) {
    return random.Pick(list);
  };
  switch (type.base) {
    case Base::kBool:
      return random.Chance(50) ? "true" : "false";
    case Base::kInt:
      if (!world.calm && random.Chance(4))
        return pick({"9223372036854775807", "4611686018427387904"});
      return pick({"0", "1", "2", "3", "7", "10"});
    case Base::kDecimal:
      if (!world.calm && random.Chance(4)) return "999999999999.999999";
      return pick({"0.0", "1.0", "0.5", "2.5", "3.25", "0.000001"});
    case Base::kString:
      return pick({"\"\"", "\"a\"", "\"x\"", "\"ab\"", "\"a@b.c\"", "\"p0\"",
                   "\"Xé\"", "\"a*b\"", "`back\\slash`"});
    case Base::kDate:
      return "date(\"" + pick(Dates()) + "\")";
    case Base::kTime:
      return "time(\"" + pick(Instants()) + "\")";
    case Base::kDuration:
      return pick({"0s", "1s", "30m", "1h30m", "24h", "2d"});
    case Base::kPeriod:
      return pick({"0mo", "1mo", "12mo", "1y", "1y6mo"});
    case Base::kIp:
      return "ip(\"" +
             pick({"10.0.0.1", "10.0.0.0/8", "10.1.0.0/16", "::1",
                   "2001:db8::/32", "2001:db8::7"}) +
             "\")";
    case Base::kVersion:
      return "version(\"" +
             pick({"1.0.0", "1.2.0", "2.0.0", "1.2.0-rc.1", "1.2.0+b"}) + "\")";
    case Base::kTerm: {
      const Vocabulary& v = world.vocabularies[type.index];
      const std::string term = random.Pick(v.terms);
      return bare && random.Chance(60) ? term : v.name + "." + term;
    }
    case Base::kUnion:
      return random.Chance(60)
                 ? Literal(world, {Base::kEntity, kPerson}, random, bare)
                 : Literal(world, {Base::kEntity, kRobot}, random, bare);
    case Base::kEntity: {
      const Entity& e = world.entities[type.index];
      return e.name + " \"" + random.Pick(e.ids) + "\"";
    }
    default:
      return "";
  }
}

std::string NumberedLiteral(Base base, size_t n) {
  return base == Base::kInt
             ? std::to_string(n)
             : "date(\"" + std::to_string(2000 + n) + "-01-31\")";
}

Type RandomScalar(const World& world, Random& random) {
  constexpr Base kBases[] = {
      Base::kBool,   Base::kInt,      Base::kInt,  Base::kDecimal,
      Base::kString, Base::kString,   Base::kDate, Base::kTime,
      Base::kPeriod, Base::kDuration, Base::kIp,   Base::kVersion,
      Base::kTerm,   Base::kTerm,     Base::kTerm, Base::kTerm};
  const Base base = kBases[random.Below(std::size(kBases))];
  if (base == Base::kTerm) {
    return Of(base, 1 + random.Below(world.vocabularies.size() - 1));
  }
  return Simple(base);
}

}  // namespace bylaw::properties
