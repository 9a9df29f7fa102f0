// decisions.md as tables of cases: the six steps of the decision, errors,
// columns, rows and obligations, all in the root scope.
#include <string>

#include "evaluator/report.h"
#include "tests/catch.h"
#include "tests/unit/decision_cases.h"

namespace bylaw {
namespace {

constexpr const char* kWorld = R"bylaw(
module council
extend vocabulary Role { analyst, steward }
extend vocabulary Tag { pii { email, phone }, secret }
extend vocabulary Purpose { billing, marketing }
extend vocabulary Employment { staff, contractor }

given User "ana" { roles: {analyst}, employment: staff }
given User "bob" { roles: {} }
given Dataset "orders" {
  name: "orders", classification: internal,
  columns: {
    Column { name: "email", type: string, tags: {pii.email} },
    Column { name: "phone", type: string, tags: {pii.phone} },
    Column { name: "total", type: decimal },
    Column { name: "odd" },
  }
}
policy analysts_read title "t" owner "o"
on read of Dataset by User as u { allow when u.roles has analyst }
)bylaw";

// `rules` go into policies of the root; `tests` ask.
DecisionCases Council(const std::string& text) {
  return DecisionCases({{"council.bylaw", kWorld + text}});
}

std::string Ask(const std::string& name, const std::string& user,
                const std::string& with = "") {
  return "test \"" + name + "\" { when User \"" + user +
         "\" does read on Dataset \"orders\"" + with + " expect permit }\n";
}

#define REQUIRE_COMPILES(cases) \
  INFO((cases).messages());     \
  REQUIRE((cases).ok())

TEST_CASE("allow, deny, nothing allows") {
  DecisionCases c =
      Council(R"bylaw(
policy no_marketing title "t" owner "o" on read of Dataset as d {
  deny when context.purpose == marketing because "no marketing on {d.name}"
  deny when context.purpose == marketing because "twice"
}
policy stewards_read title "t" owner "o"
on read of Dataset by User as u { allow when u.roles has steward recheck after 1h }
)bylaw" + Ask("analyst", "ana") +
              Ask("nobody", "bob") +
              Ask("marketing", "ana", " with { purpose: marketing }") +
              Ask("both", "bob", " with { purpose: marketing }"));
  REQUIRE_COMPILES(c);
  c.Check("analyst", "ALLOW | by analysts_read:allow | keep 5m");
  c.Check("nobody", "DENY | keep 5m");
  c.Check("marketing",
          "DENY | by no_marketing:deny(no marketing on orders), "
          "no_marketing:deny(twice) | keep 5m");
  c.Check("both",
          "DENY | by no_marketing:deny(no marketing on orders), "
          "no_marketing:deny(twice) | keep 5m");
}

TEST_CASE("errors fail closed and are all listed") {
  DecisionCases d = Council(R"bylaw(
def broken(n: Int): Bool = 1 / n > 0
policy allow_errs title "t" owner "o" on read of Dataset {
  allow when broken(context.rows ?? 1)
}
policy deny_errs title "t" owner "o" on read of Dataset {
  deny when broken((context.rows ?? 1) - 1) because "x"
}
policy require_errs title "t" owner "o" on read of Dataset {
  require audit(level: "low") when broken((context.rows ?? 1) - 2)
}
)bylaw" + Ask("allow errs", "ana", " with { rows: 0 }") +
                            Ask("deny errs", "ana", " with { rows: 1 }") +
                            Ask("nothing allows", "bob", " with { rows: 0 }") +
                            Ask("require errs", "bob", " with { rows: 2 }"));
  REQUIRE_COMPILES(d);
  d.Check("allow errs",
          "ALLOW | by analysts_read:allow | errors allow_errs | keep 5m");
  d.Check("nothing allows", "DENY | errors allow_errs | keep 5m");
  d.Check("deny errs",
          "DENY | by deny_errs:deny! | errors deny_errs | keep 5m");
  d.Check("require errs",
          "DENY | by deny_errs:deny(x), require_errs:require! | errors "
          "require_errs | keep 5m");
}

TEST_CASE("masks of a column are joined, all of them determine") {
  DecisionCases c = Council(
      R"bylaw(
policy pii title "t" owner "o" on read of Dataset as d {
  for c in d.columns where c.tags has pii {
    mask c with show_last(4) when c.tags has pii.phone
    mask c with keep_domain  when c.tags has pii.email
  }
}
policy more title "t" owner "o" on read of Dataset as d {
  for c in d.columns {
    mask c with none
    mask c with show_last(2) when c.name == "phone"
    mask c with show_first(3) when c.name == "email" and context.purpose == marketing
    mask c with hash when c.name == "odd" and context.purpose == billing
    hide c when c.name == "total" and context.purpose == billing
  }
}
)bylaw" +
      Ask("plain", "ana") +
      Ask("marketing", "ana", " with { purpose: marketing }") +
      Ask("billing", "ana", " with { purpose: billing }") +
      Ask("named", "ana",
          " with { purpose: billing, columns: {Column "
          "\"orders.total\"} }") +
      Ask("named and nothing allows", "bob",
          " with { purpose: billing, columns: {Column "
          "\"orders.total\"} }") +
      Ask("none asked", "ana", " with { purpose: billing, columns: {} }") +
      Ask("one asked", "ana", " with { columns: {Column \"orders.phone\"} }"));
  REQUIRE_COMPILES(c);
  c.Check("plain",
          "MASK | by analysts_read:allow, more:mask, more:mask, more:mask, "
          "more:mask, more:mask, pii:mask, pii:mask | columns "
          "email=keep_domain, phone=show_last(2,4) | keep 5m");
  c.Check("marketing",
          "MASK | by analysts_read:allow, more:mask, more:mask, more:mask, "
          "more:mask, more:mask, more:mask, pii:mask, pii:mask | columns "
          "email=redact, phone=show_last(2,4) | keep 5m");
  c.Check("billing",
          "MASK | by analysts_read:allow, more:mask, more:mask, more:mask, "
          "more:mask, more:mask, more:mask, more:hide, pii:mask, pii:mask | "
          "columns email=keep_domain, odd=null, phone=show_last(2,4), "
          "total=hide | keep 5m");
  c.Check("named", "DENY | by more:hide | keep 5m");
  c.Check("named and nothing allows", "DENY | keep 5m");
  c.Check("none asked", "ALLOW | by analysts_read:allow | keep 5m");
  c.Check("one asked",
          "MASK | by analysts_read:allow, more:mask, more:mask, pii:mask | "
          "columns phone=show_last(2,4) | keep 5m");
}

TEST_CASE("masked columns stand in the order of their names") {
  DecisionCases c = Council(R"bylaw(
policy every title "t" owner "o" on read of Dataset as d {
  for c in d.columns { mask c with redact }
  for c in d.columns { mask c with show_last(2) }
}
given Dataset "named" {
  name: "named",
  columns: {
    Column "named.a" { name: "omega", type: string },
    Column "named.b" { name: "alpha", type: string },
  }
}
test "order" { when User "ana" does read on Dataset "named" expect permit }
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("order",
          "MASK | by analysts_read:allow, every:mask, every:mask, every:mask, "
          "every:mask | columns alpha=redact, omega=redact | keep 5m");
  // Of a column each policy is named once.
  const auto decided = c.Decide("order");
  REQUIRE(decided != nullptr);
  REQUIRE(decided->report.columns.size() == 2);
  CHECK(decided->report.columns[0].policies ==
        std::vector<std::string>{"council.every"});
}

TEST_CASE("hide rules deny only columns that are asked for by name") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  for c in d.columns { hide c when c.name == "total" }
  deny when context.purpose == marketing because "x"
}
)bylaw" + Ask("all", "ana", " with { purpose: marketing }") +
                            Ask("named", "ana",
                                " with { purpose: marketing, columns: {Column "
                                "\"orders.total\"} }"));
  REQUIRE_COMPILES(c);
  c.Check("all", "DENY | by p:deny(x) | keep 5m");
  c.Check("named", "DENY | by p:hide, p:deny(x) | keep 5m");
}

TEST_CASE("an error of a text is listed with its rule, and no other's") {
  DecisionCases c = Council(R"bylaw(
policy a title "t" owner "o" on read of Dataset {
  deny when 1 / (context.rows ?? 1) > 0 because "x"
}
policy b title "t" owner "o" on read of Dataset {
  deny when true because "{1 / (context.rows ?? 1)}"
}
policy c title "t" owner "o" on read of Dataset { deny when true because "fine" }
)bylaw" + Ask("errs", "ana", " with { rows: 0 }"));
  REQUIRE_COMPILES(c);
  c.Check("errs",
          "DENY | by a:deny!, b:deny(<error>), c:deny(fine) | errors a, b | "
          "keep 5m");
}

TEST_CASE("what a finding is about, and its help") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" help "of the policy" on read of Dataset as d {
  for c in d.columns where c.name == "email", e in d.columns where e.name == "phone" {
    deny when context.purpose == marketing because "x"
  }
  deny when context.purpose == marketing because "y" help "of the rule"
}
)bylaw" + Ask("about", "ana", " with { purpose: marketing }"));
  REQUIRE_COMPILES(c);
  const auto decided = c.Decide("about");
  REQUIRE(decided != nullptr);
  const auto& by = decided->report.determining;
  REQUIRE(by.size() == 2);
  CHECK(by[0].about_type == "Column");
  CHECK(by[0].about_id == "orders.phone");
  CHECK(by[0].help == "of the policy");
  CHECK(by[1].about_id == "orders");
  CHECK(by[1].help == "of the rule");
}

TEST_CASE("a decision is made anew, and known by its id") {
  DecisionCases c =
      Council(R"bylaw(
policy rows title "t" owner "o" on read of Dataset {
  keep rows r where r.email == "a" when context.purpose == marketing
}
)bylaw" + Ask("rows", "ana", " with { purpose: marketing }") +
              Ask("again", "ana", " with { purpose: marketing }") +
              Ask("none", "ana", " with { purpose: billing }"));
  REQUIRE_COMPILES(c);
  const auto rows = c.Decide("rows"), again = c.Decide("again"),
             none = c.Decide("none");
  REQUIRE(rows != nullptr);
  REQUIRE(again != nullptr);
  REQUIRE(none != nullptr);
  CHECK(rows->report.id == again->report.id);
  CHECK(rows->report.id != none->report.id);
  Decision decision;
  Arena arena;
  rows->engine->Decide(rows->bound, arena, &decision);
  CHECK(decision.filter != nullptr);
  none->engine->Decide(none->bound, arena, &decision);
  CHECK(decision.filter == nullptr);
}

// "The maximum at most" is said of allows.
TEST_CASE("a denial is kept for the default, whatever the maximum") {
  DecisionCases c(
      {{"bylaw.yaml",
        "mesh: m\nscopes: { org: { modules: council, sources: "
        "[council.bylaw] } }\nkeep: { default: 4h, maximum: 2h }\n"},
       {"council.bylaw", std::string(kWorld) +
                             "scope org root { owner \"o\" }\n" +
                             Ask("nobody", "bob")}});
  REQUIRE_COMPILES(c);
  c.Check("nobody", "DENY | keep 4h");
}

TEST_CASE("advisory policies have a budget of their own") {
  std::string numbers;
  for (int i = 0; i < 20; ++i)
    numbers += (i > 0 ? ", " : "") + std::to_string(i);
  const std::string slow =
      "count(a in many where count(b in many where a == b) == 1) == 20";
  DecisionCases c(
      {{"bylaw.yaml",
        "mesh: m\nscopes: { org: { modules: council, sources: [council.bylaw] "
        "} }\n"
        "enforcement: { council.tried: advisory }\n"
        "limits: { decision_steps: 4000 }\n"},
       {"council.bylaw",
        std::string(kWorld) +
            "scope org root { owner \"o\" }\ndef many: List<Int> = [" +
            numbers +
            "]\npolicy bound title \"t\" owner \"o\" on read of Dataset { "
            "allow when " +
            slow +
            " }\npolicy tried title \"t\" owner \"o\" on read of Dataset { "
            "deny when " +
            slow + " because \"slow\" }\n" + Ask("both", "bob")}});
  REQUIRE_COMPILES(c);
  c.Check("both",
          "ALLOW | by bound:allow | advisory tried:deny(slow) | keep 5m");
}

TEST_CASE("rows and obligations") {
  DecisionCases c =
      Council(R"bylaw(
policy b_rows title "t" owner "o" on read of Dataset {
  drop rows r where r.phone == "x" when context.purpose == marketing
  keep rows r where r.email == "a" or r.total > 1.5
  keep rows r where r.absent? == "x"
  keep rows r where r.email == "never" or true
  require audit(level: "low")
  require audit(level: "low")
  require audit(level: "high") when context.purpose == marketing
}
policy a_rows title "t" owner "o" on read of Dataset {
  drop rows r where r.phone is missing when context.purpose == marketing
  keep rows r where false and r.phone == "x" when context.purpose == billing
}
)bylaw" + Ask("plain", "ana") +
              Ask("marketing", "ana", " with { purpose: marketing }") +
              Ask("billing", "ana", " with { purpose: billing }"));
  REQUIRE_COMPILES(c);
  c.Check("plain",
          "MASK | by analysts_read:allow, b_rows:rows, b_rows:require, "
          "b_rows:require | rows r.email == \"a\" or r.total > 1.5 | require "
          "audit(low) | keep 5m");
  c.Check("marketing",
          "MASK | by a_rows:rows, analysts_read:allow, b_rows:rows, "
          "b_rows:rows, b_rows:require, b_rows:require, b_rows:require | rows "
          "not (r.phone is missing) and not (r.phone == \"x\") and (r.email == "
          "\"a\" or r.total > 1.5) | require audit(high), audit(low) | keep "
          "5m");
  c.Check("billing",
          "MASK | by a_rows:rows, analysts_read:allow, b_rows:rows, "
          "b_rows:require, b_rows:require | rows false | require audit(low) | "
          "keep 5m");
}

TEST_CASE("a column that the dataset lacks is an error of the row rule") {
  DecisionCases c =
      Council(R"bylaw(
policy rows title "t" owner "o" on read of Dataset {
  keep rows r where r.absent == "x" when context.purpose == billing
  keep rows r where r.total == "x" when context.purpose == marketing
}
)bylaw" + Ask("lacking", "ana", " with { purpose: billing }") +
              Ask("misfit", "ana", " with { purpose: marketing }"));
  REQUIRE_COMPILES(c);
  c.Check("lacking", "DENY | by rows:rows! | errors rows | keep 5m");
  c.Check("misfit", "DENY | by rows:rows! | errors rows | keep 5m");
}

TEST_CASE("matches and errors of a rule stand in the order of the elements") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset {
  for n in [3, 0, 1] { deny when 1 / n > 0.1 because "{n}" }
}
)bylaw" + Ask("order", "ana"));
  REQUIRE_COMPILES(c);
  const auto decided = c.Decide("order");
  REQUIRE(decided != nullptr);
  const auto& by = decided->report.determining;
  REQUIRE(by.size() == 3);
  CHECK(by[0].because.starts_with("error: "));  // of 0
  CHECK(by[1].because == "1");
  CHECK(by[2].because == "3");
}

TEST_CASE("the errors of one rule are all listed") {
  DecisionCases c = Council(R"bylaw(
policy p title "t" owner "o" on read of Dataset as d {
  for c in d.columns { deny when 1 / (if c.name == "x" then 1 else 0) > 5 because "never" }
}
)bylaw" + Ask("all columns", "ana"));
  REQUIRE_COMPILES(c);
  const auto decided = c.Decide("all columns");
  REQUIRE(decided != nullptr);
  CHECK(decided->report.errors.size() > 1);
}

TEST_CASE("every asked column that is not known is listed") {
  DecisionCases c = Council(
      Ask("asked", "ana", " with { columns: {\"nope\", \"email\", \"no\"} }"));
  REQUIRE_COMPILES(c);
  const auto decided = c.Decide("asked");
  REQUIRE(decided != nullptr);
  CHECK(decided->report.errors.size() == 2);
}

TEST_CASE("a resource that is not known is denied, no rule is evaluated") {
  DecisionCases c = Council(R"bylaw(
policy d title "t" owner "o" on read of Dataset { deny when true because "x" }
test "unknown" {
  when User "ana" does read on Dataset "nowhere" expect deny
}
test "no columns" {
  given Dataset "empty" { name: "empty" }
  when User "ana" does read on Dataset "empty" expect deny
}
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("unknown", "DENY | errors (the resource is not known) | keep 5m");
  const auto decided = c.Decide("no columns");
  REQUIRE(decided != nullptr);
  CHECK(decided->report.outcome == DecisionOutcome::kDeny);
  CHECK(decided->report.errors.size() == 1);
  CHECK(decided->report.determining.size() == 1);
}

TEST_CASE("how long an answer may be kept") {
  DecisionCases c = Council(R"bylaw(
policy long title "t" owner "o" on read of Dataset by User as u {
  allow when context.purpose == billing recheck after 8h
}
policy longer title "t" owner "o" on read of Dataset by User as u {
  allow when context.purpose == billing recheck after 30d
}
policy clock title "t" owner "o" on read of Dataset
  when context.purpose == marketing {
  deny when now > time("2030-01-01T00:00:00Z") because "x"
}
policy not_ours title "t" owner "o" on read of Dataset {
  keep rows r where r.absent? == "x" when now > time("2030-01-01T00:00:00Z")
}
)bylaw" + Ask("default", "ana") +
                            Ask("long", "bob", " with { purpose: billing }") +
                            Ask("now", "ana", " with { purpose: marketing }"));
  REQUIRE_COMPILES(c);
  c.Check("default", "ALLOW | by analysts_read:allow | keep 5m");
  c.Check("long", "ALLOW | by long:allow, longer:allow | keep 1d");
  c.Check("now", "ALLOW | by analysts_read:allow | keep 1m");
}

TEST_CASE("a policy's guard is a conjunct of every rule") {
  DecisionCases c =
      Council(R"bylaw(
policy guarded title "t" owner "o" on read of Dataset as d
  when 1 / (context.rows ?? 1) > 0 {
  for c in d.columns { mask c with redact when c.name == "email" }
  allow
  deny when context.purpose == marketing because "x"
  keep rows r where r.absent? == "x"
}
)bylaw" + Ask("true", "bob") +
              Ask("false", "bob", " with { rows: 3 }") +
              Ask("error", "bob", " with { rows: 0 }") +
              Ask("error, no column", "bob", " with { rows: 0, columns: {} }"));
  REQUIRE_COMPILES(c);
  c.Check("true",
          "MASK | by guarded:mask, guarded:allow | columns email=redact | keep "
          "5m");
  c.Check("false",
          "MASK | by guarded:mask, guarded:allow | columns email=redact | keep "
          "5m");
  c.Check("error",
          "DENY | by guarded:mask!, guarded:deny! | errors guarded, guarded, "
          "guarded | keep 5m");
  c.Check("error, no column",
          "DENY | by guarded:deny! | errors guarded, guarded | keep 5m");
}

TEST_CASE("loops: every matching element is a finding, sorted by id") {
  DecisionCases c = Council(R"bylaw(
policy loops title "t" owner "o" on read of Dataset as d {
  for c in d.columns where c.tags has pii {
    deny when context.purpose == marketing because "{c.name}"
    deny when 1 / (if c.name == "phone" then 0 else 1) > 5 because "never"
  }
}
)bylaw" + Ask("findings", "ana", " with { purpose: marketing }"));
  REQUIRE_COMPILES(c);
  c.Check(
      "findings",
      "DENY | by loops:deny(email), loops:deny(phone), loops:deny! | errors "
      "loops | keep 5m");
}

TEST_CASE("explain says why each rule did or did not count") {
  DecisionCases c = Council(R"bylaw(
policy pii title "t" owner "o" on read of Dataset as d {
  for c in d.columns where c.tags has pii {
    mask c with redact when context.purpose == marketing
  }
}
)bylaw" + Ask("plain", "ana"));
  REQUIRE_COMPILES(c);
  const auto decided = c.Decide("plain");
  REQUIRE(decided != nullptr);
  const Explanation e =
      Explain(*decided->engine, decided->bound, SqlDialect::kNone);
  REQUIRE(e.chain.size() == 1);
  REQUIRE(e.rules.size() == 5);
  CHECK(e.rules[0].policy == "council.analysts_read");
  CHECK(e.rules[0].counted);
  CHECK(e.rules[0].reason == "grants");
  REQUIRE(e.rules[0].conditions.size() == 1);
  CHECK(e.rules[0].conditions[0].value == "true");
  CHECK(e.rules[1].elements.size() == 1);
  CHECK_FALSE(e.rules[1].matched);
  CHECK(e.rules[1].conditions.size() == 2);
}

TEST_CASE("explain says what hides a rule of a `first`, and what errs") {
  DecisionCases c =
      Council(R"bylaw(
policy f title "t" owner "o" on read of Dataset {
  first {
    allow when context.purpose == billing
    allow unless context.purpose == marketing
  }
}
policy g title "t" owner "o" on read of Dataset {
  allow when 1 / (context.rows ?? 1) > 0
}
)bylaw" + Ask("billing", "bob", " with { purpose: billing }") +
              Ask("marketing", "bob", " with { purpose: marketing, rows: 0 }"));
  REQUIRE_COMPILES(c);
  const auto explain = [&](const char* test) {
    const auto decided = c.Decide(test);
    REQUIRE(decided != nullptr);
    const Explanation e =
        Explain(*decided->engine, decided->bound, SqlDialect::kNone);
    REQUIRE(e.rules.size() == 4);
    return e;
  };
  const Explanation billing = explain("billing");
  CHECK(billing.rules[1].reason == "grants");
  CHECK(billing.rules[2].reason == "a rule above it in its `first` counts");
  const Explanation marketing = explain("marketing");
  CHECK(marketing.rules[2].reason == "its conditions do not hold");
  CHECK(marketing.rules[3].erred);
  CHECK_FALSE(marketing.rules[3].counted);
}

}  // namespace
}  // namespace bylaw
