#include "tests/properties/generate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tests/properties/expressions.h"
#include "tests/properties/world.h"

namespace bylaw::properties {
namespace {

std::string Number(const char* prefix, size_t n) {
  return prefix + std::to_string(n);
}

std::string ListText(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    text += (text.empty() ? "" : ", ") + item;
  }
  return text;
}

Type One(Base base, size_t index = 0) {
  return Type{base, index, Shape::kOne, false};
}

// Who owns a policy, and how it may be spoken of elsewhere.
struct MadePolicy {
  std::string id, module;
  size_t scope = 0;
  std::vector<size_t> actions;
  size_t resource = 0;
  std::string by;  // "Person", "Robot" or ""
  bool overridable = false, overriding = false;
};

struct MadeScope {
  std::string name, module;
  size_t parent = 0;
  std::vector<std::string> may;                   // items of its block
  std::set<std::pair<size_t, size_t>> delegated;  // action, resource
};

class Generator {
 public:
  Generator(uint64_t seed, size_t requests)
      : random_(seed),
        requests_(requests),
        world_(MakeWorld(random_)),
        expressions_(world_, defs_, random_) {}

  Case Run() {
    MakeScopes();
    for (Piece& piece : Declare(world_)) {
      File("council/world.bylaw", "module council.world\n", std::move(piece));
    }
    MakeDefs();
    MakePolicies();
    MakeOverrides();
    MakeWaivers();
    WriteScopes();
    WriteManifest();
    MakeFacts();
    MakeRequests();
    Case out;
    for (auto& [path, piece] : files_) {
      out.paths.push_back(path);
      out.files.push_back(std::move(piece));
    }
    return out;
  }

 private:
  void File(const std::string& path, const std::string& head, Piece piece) {
    auto& file = files_[path];
    if (file.parts.empty()) {
      file.parts.emplace_back(head);
      if (head.find("council.world") == std::string::npos) {
        file.parts.emplace_back("import council.world\n");
        if (!defs_.empty()) file.parts.emplace_back("import council.defs\n");
      }
    }
    file.parts.push_back(std::move(piece));
  }

  // --- Scopes and the manifest ---
  void MakeScopes() {
    scopes_.push_back({"org", "council", 0, {}, {}});
    if (random_.Chance(80)) scopes_.push_back({"north", "north", 0, {}, {}});
    if (random_.Chance(60)) scopes_.push_back({"south", "south", 0, {}, {}});
    if (scopes_.size() > 1 && random_.Chance(60)) {
      scopes_.push_back({"deep", "deep", 1, {}, {}});
    }
    for (size_t s = 1; s < scopes_.size(); ++s) {
      for (size_t a = 0; a < world_.actions.size(); ++a) {
        if (world_.actions[a].gate || !random_.Chance(60)) continue;
        scopes_[s].delegated.insert({a, world_.actions[a].resource});
      }
    }
  }

  // The actions' context as their heads see it.
  std::vector<Attribute> Context(const std::vector<size_t>& actions) {
    std::vector<Attribute> merged;
    for (const size_t a : actions) {
      for (const Attribute& c : world_.actions[a].context) {
        const bool known =
            std::any_of(merged.begin(), merged.end(),
                        [&](const Attribute& m) { return m.name == c.name; });
        if (known) continue;
        Attribute attribute = c;
        for (const size_t other : actions) {
          const auto& list = world_.actions[other].context;
          if (std::none_of(list.begin(), list.end(), [&](const Attribute& o) {
                return o.name == c.name;
              })) {
            attribute.type = Maybe(attribute.type);
          }
        }
        merged.push_back(std::move(attribute));
      }
    }
    return merged;
  }

  Sight SightOf(const std::vector<size_t>& actions, const std::string& by,
                bool selecting) {
    Sight sight;
    const size_t resource = world_.actions[actions[0]].resource;
    bool robots = false, gate = true, proposes = false;
    for (const size_t a : actions) {
      robots |= world_.actions[a].robots;
      gate &= world_.actions[a].gate;
      proposes |= world_.actions[a].proposes;
    }
    sight.gate = gate;
    expressions_.Add(&sight, "d", One(Base::kEntity, resource));
    if (by.empty() && robots) {
      expressions_.Add(&sight, "subject", One(Base::kUnion), 1);
      for (const Attribute& a : world_.entities[kPerson].attributes) {
        for (const Attribute& b : world_.entities[kRobot].attributes) {
          if (a.name == b.name && a.type == b.type) {
            sight.paths.push_back({"subject." + a.name, a.type});
          }
        }
      }
    } else {
      expressions_.Add(&sight, "subject",
                       One(Base::kEntity, by == "Robot" ? kRobot : kPerson));
    }
    for (const Attribute& c : Context(actions)) {
      if (c.name == "columns" && !selecting) continue;
      expressions_.Add(&sight, "context." + c.name, c.type, 1);
    }
    if (proposes) {
      Type previous = One(Base::kEntity, resource);
      previous.optional = true;
      expressions_.Add(&sight, "previous", previous);
    }
    sight.paths.push_back({"now", One(Base::kTime)});
    if (resource == kSheet) {
      sight.owners.push_back("d");
    }
    for (const size_t a : actions) {
      sight.actions.push_back(world_.actions[a].name);
    }
    return sight;
  }

  void WriteScopes() {
    File("council/scopes.bylaw", "module council\n",
         Piece("scope org root { owner \"council\" }\n"));
    for (size_t s = 1; s < scopes_.size(); ++s) {
      MadeScope& scope = scopes_[s];
      const MadeScope& parent = scopes_[scope.parent];
      Piece block;
      block.parts.emplace_back("scope " + scope.name + " under " + parent.name +
                               " { owner \"" + scope.name + "\"\n");
      for (const size_t entity : {size_t{kFolder}, size_t{kSheet}}) {
        for (size_t n = 0; n < 1 + random_.Below(2); ++n) {
          Sight sight;
          sight.total = true;
          expressions_.Add(&sight, "d", One(Base::kEntity, entity));
          Piece where = Piece("");
          if (random_.Chance(85)) {
            where = Optional(Join(" where ", expressions_.Condition(sight, 2)));
          }
          block.parts.push_back(
              Join("  governs " + world_.entities[entity].name + " as d",
                   std::move(where), "\n"));
        }
      }
      for (const auto& [action, resource] : scope.delegated) {
        Piece when;
        if (random_.Chance(50)) {
          when = Optional(Join(" when ", expressions_.Condition(
                                             SightOf({action}, "", false), 2)));
        }
        block.parts.push_back(
            Optional(Join("  may allow " + world_.actions[action].name +
                              " of " + world_.entities[resource].name + " as d",
                          std::move(when), "\n")));
      }
      for (const std::string& may : scope.may) {
        block.parts.push_back(Optional("  " + may + "\n"));
      }
      block.parts.emplace_back("}\n");
      if (scope.parent == 0) {
        File("council/scopes.bylaw", "", std::move(block));
      } else {
        File(parent.module + "/scopes.bylaw", "module " + parent.module + "\n",
             std::move(block));
      }
      // A source folder is not empty.
      File(scope.module + "/rules.bylaw", "module " + scope.module + ".rules\n",
           Piece("\n"));
    }
  }

  void WriteManifest() {
    std::string text = "mesh: generated\ntimezone: " +
                       random_.Pick(std::vector<std::string>{
                           "UTC", "Europe/Paris", "America/New_York"}) +
                       "\nscopes:\n";
    for (const MadeScope& s : scopes_) {
      text += "  " + s.name + ": { modules: " + s.module + ", sources: [\"" +
              s.module + "/*.bylaw\"] }\n";
    }
    if (random_.Chance(50)) {
      text += random_.Pick(std::vector<std::string>{
          "keep: { default: 10m, with_now: 90s, maximum: 2h }\n",
          "keep: { default: 1h, with_now: 1h, maximum: 1h }\n"});
    }
    File("bylaw.yaml", text, Piece(""));
    Piece& file = files_["bylaw.yaml"];
    file.parts = {Piece(text)};
    if (!enforcement_.empty()) {
      file.parts.emplace_back("enforcement:\n");
      for (const auto& [id, level] : enforcement_) {
        file.parts.push_back(Optional("  " + id + ": " + level + "\n"));
      }
    }
  }

  // --- Defs ---
  void MakeDefs() {
    std::vector<Def> made;
    for (size_t i = 0; i < 3 + random_.Below(4); ++i) {
      Def def;
      def.name = Number("f", i);
      Sight sight;
      sight.paths.push_back({"now", One(Base::kTime)});
      if (random_.Chance(70)) {
        sight.paths.clear();
        sight.paths.push_back({"now", One(Base::kTime)});
      }
      std::vector<std::string> parameters;
      for (size_t p = 0; p < random_.Below(3); ++p) {
        Type type = random_.Chance(50)
                        ? One(Base::kEntity, random_.Below(kNumEntities))
                        : RandomScalar(world_, random_);
        type.optional = random_.Chance(40);
        def.parameters.push_back(type);
        const std::string name = Number("y", p);
        parameters.push_back(name + ": " + world_.Name(type));
        expressions_.Add(&sight, name, type);
      }
      def.result = random_.Chance(50) ? Type{} : RandomScalar(world_, random_);
      if (random_.Chance(15)) def.result = SetOf(def.result);
      Piece body = expressions_.Make(def.result, sight, 3, true);
      File(
          "council/defs.bylaw", "module council.defs\n",
          Optional(Join(
              "def " + def.name +
                  (parameters.empty() ? "" : "(" + ListText(parameters) + ")") +
                  ": " + world_.Name(def.result) + " = ",
              std::move(body), "\n")));
      defs_.push_back(std::move(def));
    }
    File("council/defs.bylaw", "",
         Optional(Piece("def mask veiled = show_last(2)\n")));
  }

  // --- Policies ---
  void MakePolicies() {
    const size_t n = 4 + random_.Below(7);
    for (size_t i = 0; i < n; ++i) {
      const size_t scope = random_.Below(scopes_.size());
      const std::vector<std::vector<size_t>> heads = {
          {0}, {1}, {0, 1}, {2}, {3}, {4}, {5}, {3, 5}, {3, 4, 5}, {6}};
      // Most is about looking at sheets.
      MakePolicy(
          i, scope,
          random_.Chance(45) ? heads[random_.Below(3)] : random_.Pick(heads));
    }
    if (world_.masking) MakeMasking();
  }

  // Lets all look, through several masks at a time.
  void MakeMasking() {
    body_.sight = SightOf({0, 1}, "", false);
    Piece text(
        "policy masking title \"t\" owner \"o\" on look, take of Sheet as d {\n"
        "  allow\n  for e in d.columns {\n");
    Sight inner = body_.sight;
    expressions_.Add(&inner, "e", One(Base::kEntity, kCell), 1);
    for (size_t i = 0; i < 3 + random_.Below(3); ++i) {
      Piece rule = random_.Chance(60)
                       ? Join("mask e with ", MaskUse(inner))
                       : Join("mask e with ", MaskUse(inner), Clauses(inner));
      text.parts.push_back(Optional(Join("    ", std::move(rule), "\n")));
    }
    text.parts.emplace_back("  }\n}\n");
    File("council/masking.bylaw", "module council.masking\n",
         Optional(std::move(text)));
  }

  std::string HeadText(const MadePolicy& p, bool group) {
    std::vector<std::string> names;
    for (const size_t a : p.actions) names.push_back(world_.actions[a].name);
    std::string actions = ListText(names);
    if (group && p.actions == std::vector<size_t>{0, 1}) actions = "use";
    if (group && p.actions == std::vector<size_t>{3, 4, 5}) actions = "life";
    return "on " + actions + " of " + world_.entities[p.resource].name +
           " as d" + (p.by.empty() ? "" : " by " + p.by);
  }

  std::string Metadata() {
    std::string text = "  title \"t\" owner \"o\"";
    if (random_.Chance(40)) {
      text += " severity " +
              random_.Pick(std::vector<std::string>{"low", "high", "critical"});
    }
    if (random_.Chance(20)) text += " help \"of the policy\"";
    return text + "\n";
  }

  void MakePolicy(size_t number, size_t scope, std::vector<size_t> actions,
                  const MadePolicy* overridden = nullptr) {
    MadePolicy p;
    p.scope = scope;
    p.module = scopes_[scope].module + ".rules";
    p.id = p.module + "." + Number("p", number);
    p.actions = std::move(actions);
    p.resource = world_.actions[p.actions[0]].resource;
    p.overriding = overridden != nullptr;
    bool all_robots = true;
    for (const size_t a : p.actions) all_robots &= world_.actions[a].robots;
    if (random_.Chance(55)) {
      p.by = all_robots && random_.Chance(30) ? "Robot" : "Person";
    }
    if (overridden != nullptr) p.by = overridden->by;
    body_.sight = SightOf(p.actions, p.by, false);
    body_.with_columns = SightOf(p.actions, p.by, true);
    body_.gate = body_.sight.gate;
    body_.selects = p.resource == kSheet && !body_.gate;
    body_.allows = !body_.gate && CanAllow(p);
    body_.variables = 0;

    Piece text;
    text.parts.emplace_back(
        "policy " + Number("p", number) +
        (overridden != nullptr ? " overrides " + overridden->id : "") + "\n" +
        Metadata() + HeadText(p, random_.Chance(50)));
    if (overridden == nullptr && random_.Chance(40)) Guard(&text);
    text.parts.emplace_back(" {\n");
    const size_t rules = random_.Chance(4) ? 0 : 1 + random_.Below(4);
    for (size_t r = 0; r < rules; ++r) {
      text.parts.push_back(Optional(Rule(body_.sight, body_.with_columns, 0)));
    }
    text.parts.emplace_back("}\n");
    if (overridden == nullptr && random_.Chance(45)) {
      std::string level;
      switch (random_.Below(6)) {
        case 0:
          level = "advisory";
          break;
        case 1:
        case 2:
          level = "overridable";
          p.overridable = true;
          break;
        case 3:
          level = "{ grace: " + random_.Pick(Dates()) + ", then: mandatory }";
          break;
        default:
          level = "{ grace: " + random_.Pick(Dates()) + ", then: overridable }";
          p.overridable = true;
      }
      enforcement_[p.id] = level;
    } else if (overridden != nullptr && random_.Chance(20)) {
      enforcement_[p.id] =
          random_.Chance(50)
              ? "advisory"
              : "{ grace: " + random_.Pick(Dates()) + ", then: mandatory }";
    }
    File(scopes_[scope].module + "/rules.bylaw", "module " + p.module + "\n",
         Optional(std::move(text)));
    policies_.push_back(std::move(p));
  }

  bool CanAllow(const MadePolicy& p) const {
    for (size_t s = p.scope; s != 0; s = scopes_[s].parent) {
      for (const size_t a : p.actions) {
        if (scopes_[s].delegated.count({a, p.resource}) == 0) return false;
      }
    }
    return true;
  }

  void Guard(Piece* text) {
    // What the guard knows to be present is so in the whole text.
    std::vector<std::string> optional;
    for (const Path& path : body_.sight.paths) {
      if (path.type.optional) optional.push_back(path.text);
    }
    if (!optional.empty() && random_.Chance(40)) {
      const std::string path = random_.Pick(optional);
      text->parts.push_back(" when " + path + " is present");
      for (Sight* sight : {&body_.sight, &body_.with_columns}) {
        for (Path& p : sight->paths) {
          if (p.text == path) p.type.optional = false;
        }
      }
    } else {
      text->parts.push_back(
          Optional(Join(" when ", expressions_.Condition(body_.sight, 2))));
    }
    if (random_.Chance(30)) {
      text->parts.push_back(
          Optional(Join(" unless ", expressions_.Condition(body_.sight, 1))));
    }
  }

  Piece Clauses(const Sight& sight) {
    Piece clauses;
    if (random_.Chance(world_.calm ? 50 : 70)) {
      clauses.parts.push_back(Optional(
          Join(" when ", expressions_.Condition(sight, world_.calm ? 1 : 3))));
    }
    if (random_.Chance(25)) {
      clauses.parts.push_back(
          Optional(Join(" unless ", expressions_.Condition(sight, 2))));
    }
    return clauses;
  }

  std::string TextOf(const Sight& sight, const char* begin) {
    std::string text = begin;
    for (size_t i = 0; i < random_.Below(3); ++i) {
      const Path path = random_.Pick(sight.paths);
      if (path.type.base == Base::kRecord || path.type.shape == Shape::kMap) {
        continue;
      }
      text += " {" + path.text + "}";
    }
    return text + (random_.Chance(10) ? " {{}}" : "");
  }

  Piece Deny(const Sight& sight) {
    Piece deny =
        Join("deny", Clauses(sight), " because \"" + TextOf(sight, "b") + "\"");
    if (random_.Chance(30)) {
      deny.parts.push_back(
          Optional(Piece(" help \"" + TextOf(sight, "h") + "\"")));
    }
    return deny;
  }

  Piece Allow(const Sight& sight) {
    Piece allow = Join("allow", Clauses(sight));
    if (random_.Chance(35)) {
      allow.parts.push_back(Optional(Piece(
          " recheck after " +
          random_.Pick(std::vector<std::string>{"1s", "30m", "8h", "48h"}))));
    }
    return allow;
  }

  Piece Require(const Sight& sight, const Obligation& o) {
    Piece require("require " + o.name);
    if (!o.parameters.empty()) {
      require.parts.emplace_back("(");
      const bool named = random_.Chance(50);
      for (size_t i = 0; i < o.parameters.size(); ++i) {
        if (i > 0) require.parts.emplace_back(", ");
        if (named) require.parts.emplace_back(o.parameters[i].name + ": ");
        require.parts.push_back(
            expressions_.Make(o.parameters[i].type, sight, 2, true));
      }
      require.parts.emplace_back(")");
    }
    require.parts.push_back(Clauses(sight));
    return require;
  }

  Piece Rows(const Sight& sight) {
    return Join(
        random_.Chance(50) ? "keep rows r where " : "drop rows r where ",
        expressions_.Row(sight, 2), Clauses(sight));
  }

  Piece MaskUse(const Sight& sight) {
    const Type integer = One(Base::kInt);
    const auto small = [&] {
      return random_.Chance(85)
                 ? Piece(std::to_string(1 + random_.Below(4)))
                 : Join(expressions_.Make(integer, sight, 1, true));
    };
    switch (random_.Below(14)) {
      case 0:
        return "none";
      case 1:
        return Join("show_first(", small(), ")");
      case 2:
        return Join("show_last(", small(), ")");
      case 3:
        return "keep_domain";
      case 4:
        return "hash";
      case 5:
        return "truncate(" +
               random_.Pick(
                   std::vector<std::string>{"hour", "day", "month", "year"}) +
               ")";
      case 6:
      case 7:
        return "round(" +
               random_.Pick(std::vector<std::string>{"2", "3", "10", "6", "0.5",
                                                     "2.5", "1.0",
                                                     "9223372036854775807"}) +
               ")";
      case 8:
        return "network(" +
               random_.Pick(std::vector<std::string>{"8, 32", "24, 64",
                                                     "0, 128", "32, 0"}) +
               ")";
      case 9:
      case 10: {
        Type type = RandomScalar(world_, random_);
        if (type.base == Base::kTerm || type.base == Base::kPeriod) {
          type = random_.Chance(50) ? One(Base::kString) : integer;
        }
        return random_.Chance(80)
                   ? Piece("constant(" + Literal(world_, type, random_, false) +
                           ")")
                   : Join("constant(", expressions_.Make(type, sight, 1, false),
                          ")");
      }
      case 11:
        return "redact";
      case 12:
        return "null";
      default:
        return "veiled";
    }
  }

  Piece MaskOrHide(const std::string& column, const Sight& sight) {
    if (random_.Chance(15)) {
      return Join("hide " + column, Clauses(sight));
    }
    return Join("mask " + column + " with ", MaskUse(sight), Clauses(sight));
  }

  // `open` sees the selecting attribute too: for deny and require.
  Piece Rule(const Sight& sight, const Sight& open, size_t depth) {
    const std::string indent(2 * (depth + 1), ' ');
    const size_t kind = random_.Below(100);
    if (kind < 8) {
      // let
      const std::string name = Number("l", body_.variables++);
      Type type = expressions_.SomeType(sight);
      if (random_.Chance(50)) type = RandomScalar(world_, random_);
      if (type.base == Base::kRecord || type.shape == Shape::kMap)
        type = Type{};
      Piece value = expressions_.Make(type, sight, 3, false);
      Sight inner = sight, inner_open = open;
      for (int i = 0; i < 5; ++i) {
        expressions_.Add(&inner, name, type, 1);
        expressions_.Add(&inner_open, name, type, 1);
      }
      Piece rules =
          Join(indent + "let " + name + " = ", std::move(value), "\n");
      for (size_t i = 0; i < 1 + random_.Below(2); ++i) {
        rules.parts.push_back(Optional(Rule(inner, inner_open, depth)));
      }
      return rules;
    }
    if (kind < 28 && depth < 2) {
      // for
      Sight inner = sight, inner_open = open;
      Piece rule = Piece(indent + "for ");
      std::string column;
      const bool columns = body_.selects && random_.Chance(60);
      const size_t generators = 1 + random_.Below(2);
      for (size_t g = 0; g < generators; ++g) {
        const std::string name = Number("e", body_.variables++);
        Type element;
        Piece collection;
        if (columns && g + 1 == generators) {
          element = One(Base::kEntity, kCell);
          collection = "d.columns";
          column = name;
          inner.selected.push_back({name, element});
          inner_open.selected.push_back({name, element});
        } else {
          collection = expressions_.Collection(inner, 1, &element);
        }
        for (int i = 0; i < 5; ++i) {
          expressions_.Add(&inner, name, element, 1);
          expressions_.Add(&inner_open, name, element, 1);
        }
        rule.parts.push_back(
            Join((g ? ", " : "") + name + " in ", std::move(collection)));
        if (random_.Chance(50)) {
          rule.parts.push_back(
              Optional(Join(" where ", expressions_.Condition(inner, 2))));
        }
      }
      rule.parts.emplace_back(" {\n");
      for (size_t i = 0; i < 1 + random_.Below(3); ++i) {
        if (!column.empty() && random_.Chance(60)) {
          rule.parts.push_back(Optional(ColumnRule(column, inner, indent)));
        } else {
          rule.parts.push_back(Optional(Rule(inner, inner_open, depth + 1)));
        }
      }
      rule.parts.emplace_back(indent + "}\n");
      return rule;
    }
    if (kind < 38) return First(sight, open, indent);
    return Join(indent, Effect(sight, open), "\n");
  }

  Piece ColumnRule(const std::string& column, const Sight& sight,
                   const std::string& indent) {
    if (random_.Chance(70)) {
      return Join(indent + "  ", MaskOrHide(column, sight), "\n");
    }
    Piece first(indent + "  first {\n");
    for (size_t i = 0; i < 2 + random_.Below(2); ++i) {
      first.parts.push_back(
          Optional(Join(indent + "    ", MaskOrHide(column, sight), "\n")));
    }
    first.parts.emplace_back(indent + "  }\n");
    return first;
  }

  Piece First(const Sight& sight, const Sight& open,
              const std::string& indent) {
    const size_t kind = random_.Below(4);
    const Obligation o = random_.Pick(world_.obligations);
    Piece first(indent + "first {\n");
    for (size_t i = 0; i < 2 + random_.Below(2); ++i) {
      Piece rule;
      if (kind == 0) {
        rule = Require(open, o);
      } else if (kind == 1 && body_.allows) {
        rule = Allow(sight);
      } else if (kind == 2 && body_.selects) {
        rule = Rows(sight);
      } else {
        rule = Deny(open);
      }
      first.parts.push_back(
          Optional(Join(indent + "  ", std::move(rule), "\n")));
    }
    first.parts.emplace_back(indent + "}\n");
    return first;
  }

  Piece Effect(const Sight& sight, const Sight& open) {
    const size_t kind = random_.Below(100);
    if (kind < 35 && body_.allows) return Allow(sight);
    if (kind < 65 && body_.selects) return Rows(sight);
    if (kind < (world_.calm ? 95 : 75))
      return Require(open, random_.Pick(world_.obligations));
    return Deny(open);
  }

  // --- Overrides and waivers ---
  void MakeOverrides() {
    const size_t n = policies_.size();
    for (size_t i = 0; i < n; ++i) {
      if (!policies_[i].overridable || !random_.Chance(70)) continue;
      std::vector<size_t> below;
      for (size_t s = 1; s < scopes_.size(); ++s) {
        for (size_t a = s; a != 0; a = scopes_[a].parent) {
          if (scopes_[a].parent == policies_[i].scope &&
              s != policies_[i].scope) {
            below.push_back(s);
            break;
          }
        }
      }
      if (below.empty()) continue;
      for (size_t times = 0; times < 1 + random_.Below(2); ++times) {
        const size_t scope = random_.Pick(below);
        for (size_t s = scope; s != policies_[i].scope; s = scopes_[s].parent) {
          const std::string may =
              "may override " +
              (random_.Chance(70) ? policies_[i].id : policies_[i].module);
          if (std::count(scopes_[s].may.begin(), scopes_[s].may.end(), may) ==
              0) {
            scopes_[s].may.push_back(may);
          }
        }
        std::vector<size_t> actions = policies_[i].actions;
        if (actions.size() > 1 && random_.Chance(40)) actions.pop_back();
        const MadePolicy overridden = policies_[i];
        MakePolicy(policies_.size(), scope, actions, &overridden);
      }
    }
  }

  void MakeWaivers() {
    size_t number = 0;
    for (const MadePolicy& p : policies_) {
      if (!p.overridable || p.overriding || !random_.Chance(60)) continue;
      const size_t owner = p.scope != 0 && random_.Chance(30) ? 0 : p.scope;
      Sight sight;
      expressions_.Add(&sight, "d", One(Base::kEntity, p.resource));
      if (random_.Chance(30)) {
        sight.paths.push_back({"now", One(Base::kTime)});
      }
      Piece where;
      if (random_.Chance(60)) {
        where = Optional(Join(" where ", expressions_.Condition(sight, 2)));
      }
      const auto [from, until] =
          random_.Pick(std::vector<std::pair<std::string, std::string>>{
              {"2025-12-31", "2026-01-01"},
              {"2026-01-01", "2026-01-03"},
              {"2025-12-31", "2026-02-28"},
              {"2026-01-03", "2026-02-28"}});
      File(scopes_[owner].module + "/waivers.bylaw",
           "module " + scopes_[owner].module + ".waivers\n",
           Optional(Join("waiver " + Number("w", number++) + " of " + p.id +
                             " {\n  on " + world_.entities[p.resource].name +
                             " as d",
                         std::move(where),
                         "\n  reason \"r\" ticket \"T\" requested \"a\" "
                         "approved \"b\"\n  from date(\"" +
                             from + "\") until date(\"" + until + "\")\n}\n")));
    }
  }

  // --- Facts and requests ---
  std::string ValueOf(const Type& type) {
    if (type.base == Base::kRecord) {
      const auto one = [&] {
        std::vector<std::string> fields;
        for (const Attribute& f : world_.records[type.index].fields) {
          if ((f.type.optional || f.type.shape != Shape::kOne) &&
              random_.Chance(40)) {
            continue;
          }
          fields.push_back(f.name + ": " + ValueOf(f.type));
        }
        return world_.records[type.index].name + " { " + ListText(fields) +
               " }";
      };
      if (type.shape == Shape::kOne) return one();
      std::vector<std::string> items;
      for (size_t i = 0; i < random_.Below(3); ++i) items.push_back(one());
      return "[" + ListText(items) + "]";
    }
    const auto element = [&] {
      if (random_.Chance(10) &&
          (type.base == Base::kInt || type.base == Base::kDecimal)) {
        return "-" + Literal(world_, Element(type), random_, true);
      }
      return Literal(world_, Element(type), random_, true);
    };
    if (type.shape == Shape::kOne) return element();
    std::vector<std::string> items;
    if (type.shape != Shape::kMap && random_.Chance(4) &&
        (type.base == Base::kInt || type.base == Base::kDate)) {
      for (size_t i = 0; i < 20; ++i) {
        items.push_back(NumberedLiteral(type.base, i));
      }
    }
    for (size_t i = 0; i < random_.Below(4); ++i) {
      items.push_back(type.shape == Shape::kMap
                          ? std::string(i == 0   ? "\"a\""
                                        : i == 1 ? "\"k\""
                                                 : "\"z\"") +
                                ": " + element()
                          : element());
    }
    const std::string list = ListText(items);
    return type.shape == Shape::kList ? "[" + list + "]" : "{ " + list + " }";
  }

  // `name: value` of the attributes that are stated. A reference is to what
  // facts know, or they are refused.
  std::vector<Piece> Attributes(size_t entity) {
    std::vector<Piece> out;
    for (const Attribute& a : world_.entities[entity].attributes) {
      if (a.name == "sheets" || a.name == "folder" || a.name == "columns" ||
          a.name == "sheet" || a.name == "name" ||
          (world_.calm && a.name == "type")) {
        continue;
      }
      const bool has_default = a.marks.find('=') != std::string::npos;
      const bool required =
          !a.type.optional && a.type.shape == Shape::kOne && !has_default;
      if (random_.Chance(required ? (world_.calm ? 0 : 6) : 30)) continue;
      out.push_back(Optional(Piece(a.name + ": " + ValueOf(a.type) + ", ")));
    }
    return out;
  }

  Piece Cells(const std::vector<std::string>& names) {
    Piece cells("columns: { ");
    for (const std::string& name : names) {
      Piece cell("Cell { name: \"" + name + "\", ");
      if (world_.calm) {
        cell.parts.emplace_back(name == "x"   ? "type: int, "
                                : name == "w" ? "type: decimal, "
                                              : "type: string, ");
      }
      for (Piece& a : Attributes(kCell)) {
        cell.parts.push_back(std::move(a));
      }
      cell.parts.emplace_back("}, ");
      cells.parts.push_back(Optional(std::move(cell)));
    }
    cells.parts.emplace_back("}, ");
    return cells;
  }

  std::vector<std::string> CellNames() {
    std::vector<std::string> names;
    for (const char* name : {"x", "y", "z", "w"}) {
      if (random_.Chance(65)) names.emplace_back(name);
    }
    return names;
  }

  Piece EntityBody(size_t entity, bool proposal, size_t number) {
    Piece body("{ ");
    if (entity == kFolder || entity == kSheet) {
      body.parts.emplace_back("name: \"n" + std::to_string(number) + "\", ");
    }
    for (Piece& a : Attributes(entity)) {
      body.parts.push_back(std::move(a));
    }
    if (entity == kSheet) {
      std::vector<std::string> names = CellNames();
      if (!proposal) {
        // Those that requests and references speak of.
        names = number == 0   ? std::vector<std::string>{"x", "y"}
                : number == 1 ? std::vector<std::string>{"x", "z"}
                              : std::vector<std::string>{"w"};
      }
      body.parts.push_back(proposal ? Optional(Cells(names)) : Cells(names));
      if (!proposal && random_.Chance(60)) {
        body.parts.push_back(Optional(Piece(
            "folder: Folder \"f" + std::to_string(random_.Below(3)) + "\", ")));
      }
    }
    if (entity == kFolder && (proposal || random_.Chance(40))) {
      Piece sheets("sheets: { ");
      for (size_t s = 0; s < random_.Below(3); ++s) {
        Piece sheet("Sheet { name: \"k" + std::to_string(s) + "\", ");
        for (Piece& a : Attributes(kSheet)) {
          sheet.parts.push_back(std::move(a));
        }
        sheet.parts.push_back(Cells(CellNames()));
        sheet.parts.emplace_back("}, ");
        sheets.parts.push_back(Optional(std::move(sheet)));
      }
      sheets.parts.emplace_back("}, ");
      body.parts.push_back(Optional(std::move(sheets)));
    }
    if (entity == kSheet && random_.Chance(15)) {
      body.parts.push_back(Optional(Piece(
          "in: {Folder \"f" + std::to_string(random_.Below(3)) + "\"}, ")));
    }
    if (!world_.entities[entity].parents.empty() && entity != kSheet &&
        entity != kCell && number > 0 && random_.Chance(60)) {
      const size_t parent = entity == kPlace ? kPlace : kTeam;
      body.parts.push_back(Optional(Piece(
          "in: {" + world_.entities[parent].name + " \"" +
          world_.entities[parent].ids[entity == parent ? random_.Below(number)
                                                       : random_.Below(4)] +
          "\"}, ")));
    }
    body.parts.emplace_back("}");
    return body;
  }

  void MakeFacts() {
    for (size_t e = 0; e < kNumEntities; ++e) {
      if (e == kCell) continue;
      for (size_t i = 0; i < world_.entities[e].ids.size(); ++i) {
        File("council/tests.bylaw", "module council.tests\n",
             Optional(Join("given " + world_.entities[e].name + " \"" +
                               world_.entities[e].ids[i] + "\" ",
                           EntityBody(e, false, i), "\n")));
      }
    }
  }

  void MakeRequests() {
    for (size_t i = 0; i < requests_; ++i) {
      const Action action = random_.Chance(60)
                                ? world_.actions[random_.Below(2)]
                                : random_.Pick(world_.actions);
      Piece test("test \"" + std::to_string(i) + "\" {\n");
      if (random_.Chance(30)) {
        const size_t e =
            random_.Pick(std::vector<size_t>{kPerson, kTeam, kPlace, kRobot});
        const size_t n = random_.Below(world_.entities[e].ids.size());
        test.parts.push_back(
            Optional(Join("  given " + world_.entities[e].name + " \"" +
                              world_.entities[e].ids[n] + "\" ",
                          EntityBody(e, false, n), "\n")));
      }
      if (random_.Chance(15)) {
        test.parts.push_back(Optional(
            Piece("  given rows \"s1\" { { x: " +
                  random_.Pick(std::vector<std::string>{"1", "\"a\"", "true"}) +
                  " } }\n")));
      }
      const bool robot = action.robots && random_.Chance(30);
      const std::string subject =
          robot ? "Robot \"b" + std::to_string(random_.Below(2)) + "\""
                : "Person \"p" + std::to_string(random_.Below(4)) + "\"";
      const size_t n = random_.Below(random_.Chance(95) ? 3 : 4);
      std::string id =
          (action.resource == kSheet ? "s" : "f") + std::to_string(n);
      test.parts.emplace_back("  when " + subject + " does " + action.name +
                              " on " + world_.entities[action.resource].name +
                              " \"" + id + "\"");
      if (action.proposes && random_.Chance(75)) {
        test.parts.push_back(Optional(
            Join(" proposing ", EntityBody(action.resource, true, n))));
      }
      Piece context;
      for (const Attribute& c : action.context) {
        if (random_.Chance(
                c.type.optional || c.type.shape != Shape::kOne ? 45 : 10)) {
          continue;
        }
        if (c.name == "columns") {
          std::vector<std::string> asked;
          const std::vector<std::string> known =
              n == 0   ? std::vector<std::string>{"x", "y"}
              : n == 1 ? std::vector<std::string>{"x", "z"}
                       : std::vector<std::string>{"w"};
          for (const std::string& name : known) {
            if (random_.Chance(70)) asked.push_back("\"" + name + "\"");
          }
          if (!world_.calm && random_.Chance(4)) asked.push_back("\"q\"");
          context.parts.push_back(
              Optional(Piece("columns: { " + ListText(asked) + " }, ")));
          continue;
        }
        // A request may name the resource itself there, known or not.
        const std::string value =
            c.name == "peer" && random_.Chance(60)
                ? world_.entities[action.resource].name + " \"" + id + "\""
                : ValueOf(c.type);
        context.parts.push_back(Optional(Piece(c.name + ": " + value + ", ")));
      }
      if (!context.parts.empty()) {
        test.parts.push_back(
            Optional(Join(" with { ", std::move(context), "}")));
      }
      if (random_.Chance(60)) {
        test.parts.push_back(
            Optional(Piece(" at time(\"" + random_.Pick(Instants()) + "\")")));
      }
      test.parts.emplace_back("\n  expect permit\n}\n");
      File("council/tests.bylaw", "", Optional(std::move(test)));
    }
  }

  // What the policy being written sees and may hold.
  struct Body {
    Sight sight, with_columns;
    bool gate = false, selects = false, allows = false;
    size_t variables = 0;
  };

  Random random_;
  const size_t requests_;
  const World world_;
  std::vector<Def> defs_;
  Expressions expressions_;
  std::vector<MadeScope> scopes_;
  std::vector<MadePolicy> policies_;
  std::map<std::string, std::string> enforcement_;
  std::map<std::string, Piece> files_;
  Body body_;
};

}  // namespace

Case Generate(uint64_t seed, size_t requests) {
  return Generator(seed, requests).Run();
}

CompileInput InputOf(const std::vector<std::string>& paths,
                     const std::vector<Piece>& files) {
  CompileInput input;
  for (size_t i = 0; i < paths.size(); ++i) {
    input.files.emplace_back(paths[i], Render(files[i]));
  }
  return input;
}

}  // namespace bylaw::properties
