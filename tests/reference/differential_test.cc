// The engine against the oracle, over every test of the language in the
// repository: the packs, the example, the text cases.
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "cli/test_runner.h"
#include "compiler/bytecode/scalar.h"
#include "server/snapshot.h"
#include "tests/catch.h"
#include "tests/lang/cases.h"
#include "tests/reference/words.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

// What was compared; a change of the harness that loses cases is seen.
struct Compared {
  size_t cases = 0, tests = 0, refused = 0;
};
constexpr size_t kLeastCases = 190, kLeastTests = 680;

void Compare(const std::string& name, const CompileResult& compiled,
             Compared* compared) {
  const std::shared_ptr<const Program> program(std::shared_ptr<void>(),
                                               compiled.program.get());
  ++compared->cases;
  for (const typed::Test& test : compiled.tests) {
    INFO(name << ": " << test.module << ": " << test.name);
    std::string message;
    const auto decided = cli::DecideTest(program, test, &message);
    if (decided == nullptr) {  // the text cases say so
      ++compared->refused;
      continue;
    }
    ++compared->tests;
    const reference::Decision expected = reference::Decide(
        *compiled.typed, test, test.has_at ? test.at : cli::kDefaultTestNow);
    CHECK(reference::Describe(reference::InWords(*decided)) ==
          reference::Describe(expected));
  }
}

std::string Errors(const CompileResult& compiled) {
  std::string text;
  for (const Diagnostic& d : compiled.diagnostics) {
    if (d.severity == Severity::kError) text += Render(d);
  }
  return text;
}

}  // namespace

TEST_CASE("the engine decides the language's tests as the oracle does") {
  Compared compared;
  CompileInput example;
  example.root = BYLAW_SOURCE_DIR "/examples/acme";
  const CompileResult compiled = CompileWithPacks(std::move(example));
  INFO(Errors(compiled));
  REQUIRE(compiled.ok);
  Compare("examples/acme", compiled, &compared);

  CompileOptions options;
  options.now = *ParseTime(lang::kNow);
  for (const fs::path& path : lang::FindCases()) {
    const std::string name = fs::relative(path, lang::kRoot).string();
    std::multiset<lang::Finding> expected;
    const CompileResult result =
        Compile(lang::InputOf(path, &expected), options);
    if (!result.ok) {
      INFO(name << "\n" << Errors(result));
      CHECK(lang::ExpectsError(expected));
      continue;
    }
    Compare(name, result, &compared);
  }
  std::cout << compared.tests << " tests of " << compared.cases
            << " cases compared; " << compared.refused
            << " requests were refused\n";
  CHECK(compared.cases >= kLeastCases);
  CHECK(compared.tests >= kLeastTests);
}

}  // namespace bylaw
