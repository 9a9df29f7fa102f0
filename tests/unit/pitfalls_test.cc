// Mistakes that users of other engines paid for, each a test named by its row
// in tests/pitfalls.txt, where the language itself (tests/lang/pitfalls) cannot
// show it. The last test here holds that list together.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <new>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>

#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "evaluator/engine.h"
#include "evaluator/facts_builder.h"
#include "evaluator/patterns.h"
#include "evaluator/report.h"
#include "tests/catch.h"
#include "tests/properties/compare.h"
#include "tests/properties/generate.h"
#include "tests/unit/decision_cases.h"

namespace {
bool g_counting = false;
size_t g_allocations = 0;
}  // namespace

// Counts what is taken from the heap; sanitizers bring their own heap.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCounts = false;
#else
constexpr bool kCounts = true;
// GCC does not see that what is freed came from the operator above.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t n) {
  if (g_counting) ++g_allocations;
  if (void* p = std::malloc(n)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t n, const std::nothrow_t&) noexcept {
  if (g_counting) ++g_allocations;
  return std::malloc(n);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#endif

namespace bylaw {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr char kOneDeny[] =
    "module council\n"
    "policy readers title \"t\" owner \"o\" on read of Dataset { allow }\n"
    "policy no_secrets title \"t\" owner \"o\"\n"
    "on read of Dataset as d {\n"
    "  deny when d.name matches `s.*` because \"{d.name} is secret\"\n"
    "    help \"ask for another\"\n"
    "}\n"
    "given Dataset \"s\" { name: \"secret\", columns: { Column { name: \"c\" } "
    "} "
    "}\n"
    "test \"denied\" { when User \"u\" does read on Dataset \"s\" expect deny "
    "by no_secrets }\n";

TEST_CASE("pitfall 4 a decision says why, at no extra call") {
  DecisionCases cases(Files{{"council.bylaw", kOneDeny}});
  INFO(cases.messages());
  REQUIRE(cases.ok());
  const auto decided = cases.Decide("denied");
  REQUIRE(decided != nullptr);
  REQUIRE(decided->report.determining.size() == 1);
  const ReportedDeterminant& why = decided->report.determining[0];
  CHECK(why.policy == "council.no_secrets");
  CHECK(why.kind == "deny");
  CHECK(why.file == "council.bylaw");
  CHECK(why.line == 5);
  CHECK(why.because == "secret is secret");
  CHECK(why.help == "ask for another");
}

// The oracle looks at every policy in turn; it shares no code with the index.
TEST_CASE("pitfall 7 the index finds what a linear scan finds") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const properties::Case c = properties::Generate(7'000 + seed, 4);
    const properties::Comparison found =
        properties::Compare(properties::InputOf(c.paths, c.files), nullptr);
    INFO("seed " << 7'000 + seed << "\n" << found.text);
    CHECK(found.kind == properties::Comparison::Kind::kEqual);
  }
}

TEST_CASE("pitfall 9 what a request says never becomes SQL") {
  DecisionCases cases(Files{
      {"council.bylaw",
       "module council\n"
       "policy own title \"t\" owner \"o\" on read of Dataset by User as u {\n"
       "  allow\n"
       "  keep rows r where r[\"a\\\"b; --\"] == u.id\n"
       "}\n"
       "given Dataset \"d\" { columns: {\n"
       "  Column { name: \"a\\\"b; --\", type: string } } }\n"
       "test \"t\" { when User \"x' OR '1'='1\" does read on Dataset \"d\" "
       "expect permit }\n"}});
  INFO(cases.messages());
  REQUIRE(cases.ok());
  const auto decided = cases.Decide("t");
  REQUIRE(decided != nullptr);
  const DecisionReport postgres =
      MakeReport(*decided->engine, decided->bound, decided->decision,
                 SqlDialect::kPostgres);
  REQUIRE(postgres.has_filter);
  CHECK(postgres.filter.sql.find("\"a\"\"b; --\"") != std::string::npos);
  CHECK(postgres.filter.sql.find("OR") == std::string::npos);
  REQUIRE(postgres.filter.parameters.size() == 1);
  CHECK(postgres.filter.parameters[0].text == "x' OR '1'='1");
  // Trino has no parameters: a literal, its quotes doubled.
  const DecisionReport trino = MakeReport(
      *decided->engine, decided->bound, decided->decision, SqlDialect::kTrino);
  CHECK(trino.filter.sql.find("'x'' OR ''1''=''1'") != std::string::npos);
}

// An engine is made by Load alone, from a program that is compiled, and
// decides only what is bound to it.
static_assert(!std::is_default_constructible_v<Engine>);
static_assert(
    !std::is_constructible_v<Engine, std::shared_ptr<const Program>,
                             std::shared_ptr<const Facts>, EngineOptions>);
static_assert(std::is_same_v<decltype(&Engine::Decide),
                             void (Engine::*)(const BoundRequest&, Arena&,
                                              Decision*) const>);

// Neither a parser nor a compiler of patterns works without the heap: what
// takes nothing from it compiles nothing.
TEST_CASE("pitfall 16 policies are compiled once for all decisions") {
  DecisionCases cases(Files{{"council.bylaw", kOneDeny}});
  REQUIRE(cases.ok());
  const auto decided = cases.Decide("denied");
  REQUIRE(decided != nullptr);
  Request request;
  request.subject = {"User", "u", nullptr};
  request.action = "read";
  request.resource = {"Dataset", "s", nullptr};
  request.now = decided->bound.now;
  Arena arena;
  bool ok = true;
  const auto decide = [&](int times) {
    g_allocations = 0;
    g_counting = true;
    for (int i = 0; i < times; ++i) {
      arena.Reset();
      BoundRequest bound;
      RequestError error;
      Decision decision;
      ok &= decided->engine->Bind(request, arena, &bound, &error);
      decided->engine->Decide(bound, arena, &decision);
      ok &= decision.outcome == DecisionOutcome::kDeny &&
            decision.determining.size() == 1 &&
            decision.determining_errors.empty();
    }
    g_counting = false;
    return g_allocations;
  };
  decide(2);  // the arena grows, the pattern's automaton gets its states
  CHECK(decide(1000) == 0);
  CHECK(ok);

  if (!kCounts) return;
  // Compiling the rule's pattern would have been counted.
  g_allocations = 0;
  g_counting = true;
  bool valid = false;
  ok = Patterns::MatchesOnce("s.*", "secret", &valid);
  g_counting = false;
  CHECK(ok);
  CHECK(g_allocations > 0);
}

CompileInput CaseOf(const fs::path& path) {
  CompileInput input;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  input.files.emplace_back(path.filename().string(), text.str());
  Pack pack{"mesh", {}};
  for (const EmbeddedFile& f : EmbeddedPack("mesh")) {
    pack.files.emplace_back(std::string(f.path), std::string(f.text));
  }
  input.packs.push_back(std::move(pack));
  return input;
}

TEST_CASE("pitfall 17 every diagnostic has a file, a line and an end") {
  size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(
           fs::path(BYLAW_SOURCE_DIR) / "tests/lang")) {
    if (entry.path().extension() != ".bylaw") continue;
    const CompileResult result = Compile(CaseOf(entry.path()));
    for (const Diagnostic& d : result.diagnostics) {
      INFO(entry.path() << "\n" << Render(d));
      ++seen;
      CHECK_FALSE(d.path().empty());
      CHECK(d.Start().line >= 1);
      CHECK(d.Start().column >= 1);
      const bool ends =
          d.End().line > d.Start().line || (d.End().line == d.Start().line &&
                                            d.End().column >= d.Start().column);
      CHECK(ends);
    }
  }
  CHECK(seen > 500);
}

TEST_CASE("pitfall 18 bytecode that is verified never fails otherwise") {
  DecisionCases cases(Files{{"council.bylaw", kOneDeny}});
  REQUIRE(cases.ok());
  const auto decided = cases.Decide("denied");
  REQUIRE(decided != nullptr);
  const std::string bytes = SerializeProgram(decided->engine->program());
  size_t ran = 0, refused = 0;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    absl::StatusOr<Program> parsed = ParseProgram(changed);
    if (!parsed.ok() || !Verify(*parsed).ok()) {
      ++refused;
      continue;
    }
    auto program = std::make_shared<const Program>(*std::move(parsed));
    FactsBuilder builder(program, FactsBuilder::Mode::kGiven);
    const std::shared_ptr<const Facts> facts = builder.Build();
    if (facts == nullptr) continue;
    const auto engine = Engine::Load(program, facts);
    if (!engine.ok()) continue;
    Request request;
    request.subject = {"User", "u", nullptr};
    request.action = "read";
    request.resource = {"Dataset", "s", nullptr};
    Arena arena;
    BoundRequest bound;
    RequestError error;
    if (!(*engine)->Bind(request, arena, &bound, &error)) continue;
    Decision decision;
    (*engine)->Decide(bound, arena, &decision);
    ++ran;
  }
  CHECK(ran > 0);
  CHECK(refused > 0);
}

// tests/pitfalls.txt: "ROW TEST", where TEST is a file of tests/lang/pitfalls,
// "FILE: name of a test case", or "pending: reason".
TEST_CASE("every pitfall has a test, or says what it waits for") {
  constexpr int kRows = 18;
  const fs::path root = BYLAW_SOURCE_DIR;
  std::ifstream in(root / "tests/pitfalls.txt");
  std::set<int> shown;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    INFO(line);
    const size_t space = line.find(' ');
    REQUIRE(space != std::string::npos);
    const int row = std::stoi(line.substr(0, space));
    CHECK((row >= 1 && row <= kRows));
    shown.insert(row);
    const std::string what = line.substr(space + 1);
    const size_t colon = what.find(": ");
    if (colon == std::string::npos) {
      CHECK(fs::exists(root / what));
      const std::string name = fs::path(what).filename().string();
      CHECK(std::stoi(name.substr(0, 2)) == row);
      continue;
    }
    const std::string head = what.substr(0, colon);
    const std::string rest = what.substr(colon + 2);
    if (head == "pending") {
      CHECK(rest.size() > 10);
      std::cerr << "PENDING pitfall " << row << ": " << rest << "\n";
      continue;
    }
    std::ifstream test(root / head);
    std::ostringstream text;
    text << test.rdbuf();
    CHECK(text.str().find("TEST_CASE(\"" + rest + "\")") != std::string::npos);
    CHECK(rest.find("pitfall " + std::to_string(row) + " ") == 0);
  }
  for (int row = 1; row <= kRows; ++row) {
    INFO("row " << row);
    CHECK(shown.contains(row));
  }
}

}  // namespace
}  // namespace bylaw
