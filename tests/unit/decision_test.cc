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
                            Ask("require errs", "bob", " with { rows: 2 }"));
  REQUIRE_COMPILES(d);
  d.Check("allow errs",
          "ALLOW | by analysts_read:allow | errors allow_errs | keep 5m");
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

}  // namespace
}  // namespace bylaw
