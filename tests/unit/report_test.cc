// A decision in words: the tree of a real filter, and what its id is made of.
#include "evaluator/report.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/decision_cases.h"

namespace bylaw {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

#define REQUIRE_COMPILES(cases) \
  INFO((cases).messages());     \
  REQUIRE((cases).ok())

// (op column=value operand operand …)
std::string TreeLine(const ReportedFilterNode& n) {
  std::string out = "(" + n.op;
  if (!n.column.empty()) out += " " + n.column;
  if (n.op == "constant" || n.op == "in column") out += "=" + NodeLine(n.value);
  for (const ReportedFilterNode& o : n.operands) out += " " + TreeLine(o);
  return out + ")";
}

TEST_CASE("the tree of a filter is the filter") {
  DecisionCases c(Files{{"council.bylaw", R"bylaw(
module council
policy p title "t" owner "o" on read of Dataset as d {
  allow
  keep rows r where r.s == "a" and (r.n > 3 or r.n is missing)
  drop rows r where r.s in {"x", "y"}
  keep rows r where r.s in column("other", "key") and not (r.n ?? 7) in {1, 2}
}
given Dataset "other" { columns: { Column { name: "key", type: string } } }
given Dataset "d" { columns: {
  Column { name: "s", type: string }, Column { name: "n", type: int } } }
test "t" { when User "u" does read on Dataset "d" expect permit }
)bylaw"}});
  REQUIRE_COMPILES(c);
  const auto decided = c.Decide("t");
  REQUIRE(decided != nullptr);
  REQUIRE(decided->report.has_filter);
  CHECK(TreeLine(decided->report.filter.tree) ==
        "(and "
        "(and (== (column s) (constant=a)) "
        "(or (> (column n) (constant=3)) (is missing (column n)))) "
        "(not (in (column s) (constant=[x, y]))) "
        "(and (in column key=other (column s)) "
        "(not (in (?? (column n) (constant=7)) (constant=[1, 2])))))");
}

// Requests that differ in one thing.
constexpr const char* kCouncil = R"bylaw(
module council
extend vocabulary Purpose { billing, marketing }
policy p title "t" owner "o" on read, export of Dataset { allow }
given Dataset "d" { name: "d", columns: { Column { name: "c", type: string } } }
given Dataset "e" { name: "e", columns: { Column { name: "c", type: string } } }
given DataProduct "p" { name: "n" }
given DataProduct "q" { name: "n" }
test "one" { when User "u" does read on Dataset "d" expect permit }
test "other facts" {
  given Dataset "f" { name: "f", columns: { Column { name: "c", type: string } } }
  when User "u" does read on Dataset "d"
  expect permit
}
)bylaw";

// "" if the request is refused.
std::string IdOf(const Engine& engine, const Request& request) {
  Arena arena;
  BoundRequest bound;
  RequestError error;
  if (!engine.Bind(request, arena, &bound, &error)) return "";
  Decision decision;
  engine.Decide(bound, arena, &decision);
  return MakeReport(engine, bound, decision, SqlDialect::kNone).id;
}

TEST_CASE("whatever differs between requests is in the id of the decision") {
  DecisionCases c(Files{{"council.bylaw", kCouncil}});
  REQUIRE_COMPILES(c);
  const auto one = c.Decide("one"), other = c.Decide("other facts");
  REQUIRE(one != nullptr);
  REQUIRE(other != nullptr);
  Request request;
  request.subject = {"User", "u", nullptr};
  request.action = "read";
  request.resource = {"Dataset", "d", nullptr};
  request.now = 1'700'000'000'000'000;
  const std::string id = IdOf(*one->engine, request);
  CHECK(id.size() == 32);
  CHECK(IdOf(*one->engine, request) == id);

  Node billing = Node::Map(), marketing = Node::Map();
  billing.Set("purpose", Node::String("billing"));
  marketing.Set("purpose", Node::String("marketing"));
  std::vector<Request> requests(10, request);
  requests[1].subject.type = "Service";
  requests[2].subject.id = "v";
  requests[3].action = "export";
  requests[4].resource.id = "e";
  requests[5].now += 1;
  requests[6].context = &billing;
  requests[7].context = &marketing;
  // A context that does not name the resource.
  requests[8].action = requests[9].action = "retire";
  requests[8].resource = {"DataProduct", "p", nullptr};
  requests[9].resource = {"DataProduct", "q", nullptr};
  std::set<std::string> ids;
  for (const Request& r : requests) ids.insert(IdOf(*one->engine, r));
  ids.insert(IdOf(*other->engine, request));
  CHECK(ids.count("") == 0);
  CHECK(ids.size() == requests.size() + 1);

  // The same request under another policy.
  DecisionCases changed(
      {{"council.bylaw", std::string(kCouncil) + "policy q title \"t\" owner "
                                                 "\"o\" on read of Dataset { "
                                                 "allow }\n"}});
  REQUIRE_COMPILES(changed);
  const auto again = changed.Decide("one");
  REQUIRE(again != nullptr);
  CHECK(ids.count(IdOf(*again->engine, request)) == 0);
}

}  // namespace
}  // namespace bylaw
