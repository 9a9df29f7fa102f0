// decisions.md as tables of cases: chains of scopes, delegation, overrides,
// levels, grace, waivers, proposals, and what cuts the time an answer may be
// kept.
#include <string>

#include "tests/catch.h"
#include "tests/unit/decision_cases.h"

namespace bylaw {
namespace {

constexpr const char* kManifest = R"yaml(
mesh: acme
scopes:
  org:   { modules: council, sources: [council/**.bylaw] }
  sales: { modules: sales,   sources: [sales/**.bylaw] }
  west:  { modules: west,    sources: [west/**.bylaw] }
  logistics: { modules: logistics, sources: [logistics/**.bylaw] }
enforcement:
  council.tried: advisory
  council.soft: overridable
  council.later: { grace: 2026-01-02, then: mandatory }
  council.later_soft: { grace: 2026-01-02, then: overridable }
  council.own: overridable
  sales.gentle: advisory
)yaml";

constexpr const char* kCouncil = R"bylaw(
module council
extend vocabulary Role { analyst, steward }
extend vocabulary Purpose { billing, marketing }
extend vocabulary Environment { prod }
extend entity Dataset { region: String? }

scope org root { owner "council" }
scope sales under org {
  owner "sales"
  governs Dataset as d where d.product.domain == Domain "sales"
  governs DataProduct as p where p.domain == Domain "sales"
  may allow read of Dataset when (context.rows ?? 1) / (context.rows ?? 1) == 1.0
  may allow read of Dataset when 1 / (context.rows ?? 1) > 5
  may override council.soft, council.later_soft
}
scope logistics under org {
  owner "logistics"
  governs Dataset as d where d.product.status == "shared"
  governs DataProduct as p where p.status == "shared"
  may allow read of Dataset as d when d.region == "nowhere"
}

given User "ana" { roles: {analyst} }
given User "bob" { roles: {} }
given Domain "sales" {}
given DataProduct "sp" { name: "sp", domain: Domain "sales" }
given DataProduct "shared" { name: "shared", domain: Domain "sales", status: "shared" }
given Dataset "s" {
  name: "s", product: DataProduct "sp", columns: { Column { name: "c", type: string } }
}
given Dataset "west" {
  name: "west", product: DataProduct "sp", region: "west",
  columns: { Column { name: "c", type: string } }
}
given Dataset "both" {
  name: "both", product: DataProduct "shared", columns: { Column { name: "c", type: string } }
}
given Dataset "free" { name: "free", columns: { Column { name: "c", type: string } } }

policy analysts title "t" owner "o"
on read, export of Dataset by User as u { allow when u.roles has analyst }
)bylaw";

constexpr const char* kSales = R"bylaw(
module sales
scope west under sales {
  owner "west"
  governs Dataset as d where d.region == "west"
  may allow read, export of Dataset
}
policy ours_read title "t" owner "o"
on read, export of Dataset by User as u { allow when u.roles has steward or context.purpose == billing }
policy careful title "t" owner "o"
on read of Dataset { deny when context.purpose == marketing because "no" }
)bylaw";

constexpr const char* kWest = R"bylaw(
module west
policy west_read title "t" owner "o"
on read, export of Dataset { allow when context.purpose == billing }
)bylaw";

constexpr const char* kLogistics = R"bylaw(
module logistics
policy shared_is_masked title "t" owner "o" on read of Dataset as d {
  for c in d.columns { mask c with redact }
}
policy loose title "t" owner "o" on read of Dataset { allow }
)bylaw";

// `council`, `sales` and `west` stand in files of their modules.
DecisionCases Acme(const std::string& council, const std::string& sales = "",
                   const std::string& west = "") {
  std::vector<std::pair<std::string, std::string>> files = {
      {"bylaw.yaml", kManifest},
      {"council/council.bylaw", kCouncil + council},
      {"sales/sales.bylaw", kSales + sales},
      {"west/west.bylaw", kWest + west},
      {"logistics/logistics.bylaw", kLogistics}};
  // Policies that the manifest names exist in every case.
  std::string rest = "module council\n";
  for (const char* name : {"tried", "soft", "later", "later_soft", "own"}) {
    if (council.find("policy " + std::string(name) + " ") ==
        std::string::npos) {
      rest += "policy " + std::string(name) +
              " title \"t\" owner \"o\" on merge of PolicyChange { deny when "
              "false because \"x\" }\n";
    }
  }
  files.emplace_back("council/rest.bylaw", rest);
  if (sales.find("policy gentle ") == std::string::npos) {
    files.emplace_back("sales/rest.bylaw",
                       "module sales\npolicy gentle title \"t\" owner \"o\" on "
                       "retire of DataProduct { deny when false because "
                       "\"x\" }\n");
  }
  return DecisionCases(std::move(files));
}

std::string Ask(const std::string& name, const std::string& user,
                const std::string& dataset, const std::string& with = "",
                const std::string& action = "read") {
  return "test \"" + name + "\" { when User \"" + user + "\" does " + action +
         " on Dataset \"" + dataset + "\"" + with + " expect permit }\n";
}

#define REQUIRE_COMPILES(cases) \
  INFO((cases).messages());     \
  REQUIRE((cases).ok())

TEST_CASE("the chain, delegation, ungoverned") {
  const std::string billing = " with { purpose: billing }";
  const std::string marketing = " with { purpose: marketing }";
  DecisionCases c = Acme(
      Ask("free", "ana", "free") +
      Ask("free, not ours", "ana", "free", marketing) +
      Ask("sales", "ana", "s") + Ask("sales tightens", "ana", "s", marketing) +
      Ask("sales allows", "bob", "s", billing) +
      Ask("not for export", "bob", "s", billing, "export") +
      Ask("west", "bob", "west", billing) +
      Ask("west export", "bob", "west", billing, "export") +
      Ask("siblings", "ana", "both") +
      Ask("siblings, no delegation", "bob", "both") +
      Ask("may allow errs", "bob", "s", " with { purpose: billing, rows: 0 }"));
  REQUIRE_COMPILES(c);
  c.Check("free", "ALLOW | by analysts:allow | advisory ungoverned | keep 5m");
  c.Check("free, not ours",
          "ALLOW | by analysts:allow | advisory ungoverned | keep 5m");
  c.Check("sales", "ALLOW | by analysts:allow | keep 5m");
  c.Check("sales tightens", "DENY | by careful:deny(no) | keep 5m");
  c.Check("sales allows", "ALLOW | by ours_read:allow | keep 5m");
  c.Check("not for export", "DENY | not delegated ours_read:allow | keep 5m");
  c.Check("west", "ALLOW | by ours_read:allow, west_read:allow | keep 5m");
  c.Check("west export",
          "DENY | not delegated ours_read:allow, west_read:allow | keep 5m");
  c.Check("siblings",
          "MASK | by analysts:allow, shared_is_masked:mask | columns c=redact "
          "| not delegated loose:allow | keep 5m");
  c.Check("siblings, no delegation",
          "DENY | not delegated loose:allow | keep 5m");
  c.Check(
      "may allow errs",
      "DENY | not delegated ours_read:allow | errors ours_read, ours_read | "
      "keep 5m");
}

TEST_CASE("overrides replace where every lowest scope overrides") {
  const char* soft = R"bylaw(
policy soft title "t" owner "o" on read of Dataset { deny when true because "soft" }
)bylaw";
  const char* replacement = R"bylaw(
policy softer overrides council.soft title "t" owner "o" on read of Dataset {
  require audit(level: "low")
}
)bylaw";
  DecisionCases c =
      Acme(soft + Ask("sales", "ana", "s") + Ask("below sales", "ana", "west") +
               Ask("siblings", "ana", "both") + Ask("free", "ana", "free"),
           replacement);
  REQUIRE_COMPILES(c);
  c.Check("sales",
          "MASK | by analysts:allow, softer:require | require audit(low) | "
          "keep 5m");
  c.Check("below sales",
          "MASK | by analysts:allow, softer:require | require audit(low) | "
          "keep 5m");
  // Logistics governs too and does not override.
  c.Check("siblings",
          "DENY | by soft:deny(soft) | not delegated loose:allow | keep 5m");
  c.Check("free", "DENY | by soft:deny(soft) | advisory ungoverned | keep 5m");
}

TEST_CASE("a replacement that does not bind leaves what it replaces") {
  DecisionCases c = Acme(R"bylaw(
policy soft title "t" owner "o" on read of Dataset { deny when true because "soft" }
)bylaw" + Ask("advisory", "ana", "s"),
                         R"bylaw(
policy gentle overrides council.soft title "t" owner "o" on read of Dataset {
  deny when true because "gentle"
}
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("advisory",
          "DENY | by soft:deny(soft) | advisory gentle:deny(gentle) | keep 5m");
}

TEST_CASE("advisory and grace are reported and do not bind") {
  DecisionCases c = Acme(R"bylaw(
policy tried title "t" owner "o" on read of Dataset {
  deny when true because "tried"
  deny when 1 / (context.rows ?? 1) > 5 because "never"
  allow
}
policy later title "t" owner "o" on read of Dataset { deny when true because "later" }
test "before" { when User "ana" does read on Dataset "s" expect permit }
test "just before" {
  when User "ana" does read on Dataset "s" at time("2026-01-01T23:59:00Z")
  expect permit
}
test "after" {
  when User "ana" does read on Dataset "s" at time("2026-01-02T00:00:00Z")
  expect deny
}
test "nobody" {
  when User "bob" does read on Dataset "s" with { rows: 0 } expect deny
}
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("before",
          "ALLOW | by analysts:allow | advisory later:deny(later), "
          "tried:deny(tried), tried:allow | keep 5m");
  c.Check("just before",
          "ALLOW | by analysts:allow | advisory later:deny(later), "
          "tried:deny(tried), tried:allow | keep 1m");
  c.Check("after",
          "DENY | by later:deny(later) | advisory tried:deny(tried), "
          "tried:allow | keep 5m");
  c.Check("nobody",
          "DENY | advisory later:deny(later), tried:deny(tried), tried:deny!, "
          "tried:allow | keep 5m");
}

TEST_CASE("waivers suspend what tightens") {
  DecisionCases c = Acme(R"bylaw(
policy soft title "t" owner "o" on read of Dataset by User as u {
  deny when context.purpose == marketing because "soft"
  require audit(level: "high")
  allow when u.roles has steward
}
policy later_soft title "t" owner "o" on read of Dataset {
  deny when true because "later"
}
waiver w9 of council.soft {
  on Dataset as d where d.name == "s"
  reason "r" ticket "T" requested "a" approved "b"
  from date("2026-01-01") until date("2026-01-03")
}
waiver w2 of council.soft {
  on Dataset as d where d.name == "s" or 1 / d.name.length() > 5
  reason "r" ticket "T" requested "a" approved "b"
  from date("2025-12-01") until time("2026-01-01T12:02:00Z")
}
waiver w3 of council.later_soft {
  on Dataset as d where d.name == "s"
  reason "r" ticket "T" requested "a" approved "b"
  from date("2026-01-01") until date("2026-01-03")
}
waiver w4 of council.soft {
  on Dataset as d where 1 / (d.name.length() - 1) > 100
  reason "r" ticket "T" requested "a" approved "b"
  from date("2026-01-01") until date("2026-01-03")
}
)bylaw" + Ask("waived", "ana", "s") +
                         Ask("not waived", "ana", "west") +
                         R"bylaw(
test "before" {
  when User "ana" does read on Dataset "s" at time("2025-11-30T23:59:30Z") expect permit
}
test "after" {
  when User "ana" does read on Dataset "s" with { purpose: marketing }
    at time("2026-01-03T00:00:00Z") expect deny
}
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("waived",
          "ALLOW | by analysts:allow | waived by w3, w9, w2 | errors soft | "
          "keep 2m");
  c.Check("not waived",
          "MASK | by analysts:allow, soft:require | require audit(high) | "
          "advisory later_soft:deny(later) | keep 2m");
  c.Check("before",
          "MASK | by analysts:allow, soft:require | require audit(high) | "
          "advisory later_soft:deny(later) | keep 30s");
  c.Check("after",
          "DENY | by later_soft:deny(later), soft:deny(soft), "
          "careful:deny(no) | keep 5m");
}

TEST_CASE("proposals count in both chains") {
  DecisionCases c = Acme(R"bylaw(
policy soft title "t" owner "o" on publish of DataProduct as p {
  deny when true because "soft"
}
waiver w1 of council.soft {
  on DataProduct as p where p.name == "sp"
  reason "r" ticket "T" requested "a" approved "b"
  from date("2026-01-01") until date("2026-01-03")
}
policy own title "t" owner "o" on publish of DataProduct as p {
  deny when previous is present and previous.name == "gone" because "own"
}
given DataProduct "gone" { name: "gone", domain: Domain "sales" }
test "as it is" {
  when User "ana" does publish on DataProduct "sp" expect permit
}
test "leaves the scope" {
  when User "ana" does publish on DataProduct "sp" proposing { name: "sp" }
  expect deny
}
test "joins the scope" {
  when User "ana" does publish on DataProduct "new"
    proposing { name: "sp", domain: Domain "sales" }
  expect deny
}
test "waived by name alone" {
  when User "ana" does publish on DataProduct "gone" proposing { name: "sp" }
  expect deny
}
)bylaw",
                         R"bylaw(
policy sales_gate title "t" owner "o" on publish of DataProduct as p {
  deny when p.version is missing because "version"
}
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("as it is",
          "DENY | by sales_gate:deny(version) | waived by w1 | keep 5m");
  c.Check("leaves the scope",
          "DENY | by sales_gate:deny(version) | waived by w1 | keep 5m");
  c.Check("joins the scope",
          "DENY | by sales_gate:deny(version) | waived by w1 | keep 5m");
  c.Check("waived by name alone",
          "DENY | by own:deny(own), soft:deny(soft), sales_gate:deny(version) "
          "| keep 5m");
}

TEST_CASE("an override with a proposal needs both chains") {
  DecisionCases c = Acme(R"bylaw(
policy soft title "t" owner "o" on publish of DataProduct as p {
  deny when true because "soft"
}
test "stays" {
  when User "ana" does publish on DataProduct "sp"
    proposing { name: "sp", domain: Domain "sales" }
  expect permit
}
test "leaves" {
  when User "ana" does publish on DataProduct "sp" proposing { name: "sp" }
  expect deny
}
test "new" {
  when User "ana" does publish on DataProduct "new"
    proposing { name: "new", domain: Domain "sales" }
  expect permit
}
test "becomes shared" {
  when User "ana" does publish on DataProduct "sp"
    proposing { name: "sp", domain: Domain "sales", status: "shared" }
  expect deny
}
)bylaw",
                         R"bylaw(
policy softer overrides council.soft title "t" owner "o"
on publish of DataProduct as p { require audit(level: "low") }
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("stays", "MASK | by softer:require | require audit(low) | keep 5m");
  c.Check("leaves", "DENY | by soft:deny(soft) | keep 5m");
  c.Check("new", "MASK | by softer:require | require audit(low) | keep 5m");
  c.Check("becomes shared", "DENY | by soft:deny(soft) | keep 5m");
}

TEST_CASE("gates are allowed unless denied") {
  DecisionCases c = Acme(R"bylaw(
test "nothing speaks" {
  when User "bob" does retire on DataProduct "sp" expect allow
}
)bylaw");
  REQUIRE_COMPILES(c);
  c.Check("nothing speaks", "ALLOW | keep 5m");
}

}  // namespace
}  // namespace bylaw
