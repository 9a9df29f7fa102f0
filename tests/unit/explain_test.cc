// What explain says of each rule, instance by instance: every reason, the text
// of conditions, and which loop elements are the same.
#include <string>
#include <vector>

#include "evaluator/report.h"
#include "tests/catch.h"
#include "tests/unit/decision_cases.h"

namespace bylaw {
namespace {

using Lines = std::vector<std::string>;

Explanation ExplainTest(DecisionCases& cases, const char* test) {
  const auto decided = cases.Decide(test);
  REQUIRE(decided != nullptr);
  return Explain(*decided->engine, decided->bound, SqlDialect::kNone);
}

// "policy:kind [elements]: reason", with `*` in front of what counted and `~`
// of what matched and did not.
Lines ReasonsOf(const Explanation& explanation) {
  Lines lines;
  for (const Explanation::RuleInstance& r : explanation.rules) {
    std::string line = r.counted ? "*" : r.matched ? "~" : "";
    line += r.policy.substr(r.policy.find('.') + 1) + ":" + r.kind;
    for (const auto& [name, value] : r.elements) {
      line += " " + name + "=" + value;
    }
    lines.push_back(line + ": " + r.reason);
  }
  return lines;
}

// The condition texts of all rules that are no guards.
Lines ConditionsOf(const Explanation& explanation) {
  Lines lines;
  for (const Explanation::RuleInstance& r : explanation.rules) {
    for (const Explanation::ConditionValue& c : r.conditions) {
      lines.push_back(c.text);
    }
  }
  return lines;
}

constexpr const char* kCouncil = R"bylaw(
module council
extend vocabulary Tag { pii }
extend vocabulary Purpose { billing, marketing }
given Dataset "d" { name: "d", description: "ours", columns: {
  Column { name: "e", type: string, tags: {pii} }, Column { name: "f", type: string } } }
)bylaw";

DecisionCases Council(const std::string& text) {
  return DecisionCases({{"council.bylaw", kCouncil + text}});
}

std::string Ask(const std::string& name, const std::string& with = "") {
  return "test \"" + name + "\" { when User \"u\" does read on Dataset \"d\"" +
         (with.empty() ? "" : " with { " + with + " }") + " expect permit }\n";
}

#define REQUIRE_COMPILES(cases) \
  INFO((cases).messages());     \
  REQUIRE((cases).ok())

TEST_CASE("explain says what a rule that counts does") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  allow
  for c in d.columns where c.tags has pii { mask c with redact }
  for c in d.columns where c.name == "f" { hide c }
  keep rows r where r.e == "x"
  require audit(level: "low")
  deny when context.purpose == marketing because "no"
}
)bylaw" + Ask("all", "purpose: marketing"));
  REQUIRE_COMPILES(c);
  CHECK(ReasonsOf(ExplainTest(c, "all")) ==
        Lines{"*p:allow: grants", "*p:mask c=d.e: masks",
              "p:mask c=d.f: its conditions do not hold",
              "p:hide c=d.e: its conditions do not hold",
              "*p:hide c=d.f: hides", "*p:rows: filters rows",
              "*p:require: requires", "*p:deny: denies"});
}

constexpr const char* kManifest = R"yaml(
mesh: acme
scopes:
  org:       { modules: council,   sources: [council.bylaw] }
  sales:     { modules: sales,     sources: [sales.bylaw] }
  logistics: { modules: logistics, sources: [logistics.bylaw] }
enforcement:
  council.firm: overridable
  council.soft: overridable
  council.tried: advisory
  council.later: { grace: 2026-01-02, then: overridable }
)yaml";

constexpr const char* kScopes = R"bylaw(
scope org root { owner "council" }
scope sales under org {
  owner "sales"
  governs Dataset as d where d.description == "ours"
  may allow read of Dataset when context.purpose == billing
  may override council.soft
}
scope logistics under org {
  owner "logistics"
  governs Dataset as d where d.description == "theirs"
}
policy firm title "t" owner "o" on read of Dataset {
  allow
  deny when context.purpose == marketing because "firm"
}
policy guarded title "t" owner "o"
on read of Dataset when context.purpose == billing { require audit(level: "low") }
policy later title "t" owner "o" on read of Dataset {
  allow
  deny when true because "later"
}
policy soft title "t" owner "o" on read of Dataset { deny when true because "soft" }
policy tried title "t" owner "o" on read of Dataset { deny when true because "tried" }
)bylaw";

constexpr const char* kWaivers = R"bylaw(
waiver w1 of council.firm {
  on Dataset as d where d.name == "d"
  reason "r" ticket "T" requested "a" approved "b"
  from date("2026-01-01") until date("2026-01-03")
}
waiver w2 of council.later {
  on Dataset as d where d.name == "d"
  reason "r" ticket "T" requested "a" approved "b"
  from date("2026-01-01") until date("2026-01-03")
}
)bylaw";

constexpr const char* kSales = R"bylaw(
module sales
policy ours title "t" owner "o" on read of Dataset { allow }
policy softer overrides council.soft title "t" owner "o" on read of Dataset {
  deny when false because "softer"
}
)bylaw";

constexpr const char* kLogistics = R"bylaw(
module logistics
policy theirs title "t" owner "o" on read of Dataset { deny when true because "theirs" }
)bylaw";

DecisionCases Scopes(const std::string& more) {
  return DecisionCases({{"bylaw.yaml", kManifest},
                        {"council.bylaw", kCouncil + (kScopes + more)},
                        {"sales.bylaw", kSales},
                        {"logistics.bylaw", kLogistics}});
}

TEST_CASE("explain says what became of a rule's policy") {
  DecisionCases c =
      Scopes(Ask("no purpose") + Ask("billing", "purpose: billing"));
  REQUIRE_COMPILES(c);
  CHECK(
      ReasonsOf(ExplainTest(c, "no purpose")) ==
      Lines{"*firm:allow: grants", "firm:deny: its conditions do not hold",
            "guarded:require: its policy's guard is false",
            "~later:allow: in grace until 2026-01-02T00:00:00Z: reported only",
            "~later:deny: in grace until 2026-01-02T00:00:00Z: reported only",
            "soft:deny: replaced by sales.softer",
            "~tried:deny: advisory: reported only",
            "theirs:deny: scope logistics does not govern the resource",
            "~ours:allow: not delegated to scope sales",
            "softer:deny: its conditions do not hold"});
  const Lines billing = ReasonsOf(ExplainTest(c, "billing"));
  REQUIRE(billing.size() == 10);
  CHECK(billing[2] == "*guarded:require: requires");
  CHECK(billing[8] == "*ours:allow: grants");
}

// "A waiver tightens nothing": what a binding policy allows stands.
TEST_CASE("explain says what a waiver silences") {
  DecisionCases c = Scopes(kWaivers + Ask("waived", "purpose: marketing"));
  REQUIRE_COMPILES(c);
  const Lines lines = ReasonsOf(ExplainTest(c, "waived"));
  REQUIRE(lines.size() == 10);
  CHECK(lines[0] == "*firm:allow: grants");
  CHECK(lines[1] == "firm:deny: waived by council.w1");
  CHECK(lines[3] == "later:allow: waived by council.w2");
  CHECK(lines[4] == "later:deny: waived by council.w2");
}

TEST_CASE("explain says why a rule that counts did not match") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  allow
  keep rows r where r.x? == "x"
  for t in d.tags { deny when t == pii because "x" }
  for t in d.tags, c in d.columns { mask c with redact }
  deny when 1 / (context.rows ?? 1) > 5 because "x"
  first {
    require audit(level: "low")
    require audit(level: "high")
  }
}
)bylaw" + Ask("one") + Ask("error", "rows: 0"));
  REQUIRE_COMPILES(c);
  CHECK(
      ReasonsOf(ExplainTest(c, "one")) ==
      Lines{"*p:allow: grants",
            "p:rows: the resource lacks a column that the rule marks with `?`",
            "p:deny: its loop has no element",
            "p:mask: its loop has no element",
            "p:deny: its conditions do not hold", "*p:require: requires",
            "p:require: a rule above it in its `first` counts"});
  const Lines error = ReasonsOf(ExplainTest(c, "error"));
  REQUIRE(error.size() == 7);
  CHECK(error[4].starts_with("*p:deny: error: "));
}

// Whichever loop the column is of.
TEST_CASE(
    "explain knows the column that a rule masks from its other elements") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  allow
  for c in d.columns, y in [1, 2] { mask c with show_last(y) when c.name == "f" }
  for y in [1, 2], c in d.columns { mask c with show_last(y) when c.name == "f" }
  for a in d.columns, b in d.columns { mask a with redact when b.name == "none" }
  for a in d.columns, b in d.columns { hide b when a.name == "none" }
}
)bylaw" + Ask("one", "columns: {\"e\"}"));
  REQUIRE_COMPILES(c);
  const std::string unasked = "the column is not asked for";
  const std::string unmatched = "its conditions do not hold";
  CHECK(
      ReasonsOf(ExplainTest(c, "one")) ==
      Lines{
          "*p:allow: grants", "p:mask c=d.e y=1: " + unmatched,
          "p:mask c=d.e y=2: " + unmatched, "p:mask c=d.f y=1: " + unasked,
          "p:mask c=d.f y=2: " + unasked, "p:mask y=1 c=d.e: " + unmatched,
          "p:mask y=1 c=d.f: " + unasked, "p:mask y=2 c=d.e: " + unmatched,
          "p:mask y=2 c=d.f: " + unasked, "p:mask a=d.e b=d.e: " + unmatched,
          "p:mask a=d.e b=d.f: " + unmatched, "p:mask a=d.f b=d.e: " + unasked,
          "p:mask a=d.f b=d.f: " + unasked, "p:hide a=d.e b=d.e: " + unmatched,
          "p:hide a=d.e b=d.f: " + unasked, "p:hide a=d.f b=d.e: " + unmatched,
          "p:hide a=d.f b=d.f: " + unasked});
}

// Elements that the rule made anew when explain asked for its loops again.
TEST_CASE("explain compares loop elements by value") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  allow
  for a in [[context.rows ?? 0], [2]] { deny when a has 0 or a has 2 because "lists" }
  for a in [[context.rows ?? 0], [2]] { deny when a has 2 because "one list" }
  for a in [{"x", d.id}, {"y"}] { deny when a has "d" because "sets" }
  for a in [context.client_ip ?? ip("10.0.0.1"), ip("10.0.0.2")] {
    deny when a == ip("10.0.0.1") because "addresses"
  }
}
)bylaw" + Ask("one"));
  REQUIRE_COMPILES(c);
  CHECK(ReasonsOf(ExplainTest(c, "one")) ==
        Lines{"*p:allow: grants", "*p:deny a=0: denies", "*p:deny a=2: denies",
              "p:deny a=0: its conditions do not hold", "*p:deny a=2: denies",
              "*p:deny a=d, x: denies",
              "p:deny a=y: its conditions do not hold",
              "*p:deny a=10.0.0.1: denies",
              "p:deny a=10.0.0.2: its conditions do not hold"});
}

// One entity as the proposal and as facts have it is two elements.
TEST_CASE("explain tells an entity of a proposal from the same in facts") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on publish of DataProduct as p {
  for x in [p, previous ?? p] { deny when x.name == "after" because "one" }
  for x in [[previous ?? p], [p]] {
    deny when any(y in x where y.name == "after") because "in a list"
  }
}
given DataProduct "p" { name: "before" }
test "one" {
  when User "u" does publish on DataProduct "p" proposing { name: "after" }
  expect deny
}
)bylaw");
  REQUIRE_COMPILES(c);
  CHECK(ReasonsOf(ExplainTest(c, "one")) ==
        Lines{"*p:deny x=p: denies", "p:deny x=p: its conditions do not hold",
              "p:deny x=p: its conditions do not hold", "*p:deny x=p: denies"});
}

TEST_CASE("explain shows conditions with their brackets") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  allow
  deny when not (d.columns is empty) because "x"
  deny when (d.id == "a") == (d.id == "b") because "x"
  deny when ((context.rows ?? 0) + 1) > -(context.rows ?? 0) because "x"
  deny when ("a" + d.id).length() == (1) because "x"
  deny when (context.purpose == billing or context.rows is present) because "x"
  deny when (context.rows ?? 0) in {1, (2)} because "x"
  deny when ((context.rows)) is present because "x"
  deny when not (
    d.columns is empty  // all of them
  ) because "x"
}
)bylaw" + Ask("one"));
  REQUIRE_COMPILES(c);
  CHECK(ConditionsOf(ExplainTest(c, "one")) ==
        Lines{"not (d.columns is empty)", "(d.id == \"a\") == (d.id == \"b\")",
              "((context.rows ?? 0) + 1) > -(context.rows ?? 0)",
              "(\"a\" + d.id).length() == (1)",
              "context.purpose == billing or context.rows is present",
              "(context.rows ?? 0) in {1, (2)}", "((context.rows)) is present",
              "not ( d.columns is empty )"});
}

}  // namespace
}  // namespace bylaw
