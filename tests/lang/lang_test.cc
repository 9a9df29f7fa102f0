// Runs the text cases of tests/lang.
//
// A case is a file NAME.bylaw, or a folder with a bylaw.yaml: a whole
// governance repository. What is expected stands beside the line, in a comment:
//
//   deny when d.clasification == internal   //~ BL2005
//   //~^ BL2004              (on the line above; ^^ on the one above that)
//   test "…" {               //~ FAILS     (this test of the language fails)
//
// and in YAML after `#~`. Without an expected error the case must compile and
// its tests must pass. Errors and warnings must be exactly the expected ones;
// notes are compared only where a case expects one. `now` is kNow
// (cases.h).
//
// A file is compiled with world.bylaw beside it, which fills the vocabularies
// of `mesh` and declares `Probe`, an entity with attributes of every type: in
// its gate each `deny unless e` asserts that e is true.
//
// Every code in dsl/diagnostics.def needs a case here, or a line in
// elsewhere.txt that says which test has it. BYLAW_LANG=TEXT runs only the
// cases whose path contains TEXT.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <tuple>

#include "cli/test_runner.h"
#include "compiler/bytecode/scalar.h"
#include "compiler/compile.h"
#include "tests/catch.h"
#include "tests/lang/cases.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;
using lang::FindCases;
using lang::Finding;
using lang::InputOf;
using lang::kRoot;
using lang::ReadText;

// A mistake of the compiler itself cannot be provoked.
const char kDefect[] = "BL3029";

std::string Describe(const std::multiset<Finding>& findings) {
  std::string text;
  for (const auto& [file, line, code] : findings) {
    text += "  " + file + ":" + std::to_string(line) + ": " + code + "\n";
  }
  return text;
}

// Empty if the case holds.
std::string RunCase(const fs::path& path) {
  std::multiset<Finding> expected;
  const CompileInput input = InputOf(path, &expected);
  CompileOptions options;
  options.now = *ParseTime(lang::kNow);
  const CompileResult result = Compile(input, options);

  std::set<std::string> notes;
  std::multiset<Finding> wanted, failing;
  for (const Finding& finding : expected) {
    const std::string& code = std::get<2>(finding);
    if (code == "FAILS") {
      failing.insert(finding);
      continue;
    }
    wanted.insert(finding);
    const CodeInfo* info = FindCode(code);
    if (info == nullptr) return "there is no code " + code + "\n";
    if (info->severity == Severity::kNote) notes.insert(code);
  }
  std::multiset<Finding> found;
  std::string rendered;
  for (const Diagnostic& d : result.diagnostics) {
    const std::string code(InfoOf(d.code).id);
    if (d.severity == Severity::kNote && !notes.contains(code)) continue;
    found.emplace(std::string(d.path()), d.Start().line, code);
    rendered += Render(d);
  }
  if (found != wanted) {
    return "expected\n" + Describe(wanted) + "found\n" + rendered;
  }
  if (lang::ExpectsError(expected)) return "";
  if (!result.ok) return "it does not compile, and no diagnostic says why\n";

  const cli::TestRun run = cli::RunTests(result, "");
  std::string problems;
  for (const cli::TestResult& test : run.tests) {
    const Finding mark(std::string(test.test->span.path()),
                       test.test->span.line(), "FAILS");
    const bool must_fail = failing.contains(mark);
    if (test.passed == must_fail) {
      problems += "test \"" + test.test->name + "\" " +
                  (must_fail ? "passes" : "fails") + "\n" + test.message;
    }
  }
  return problems;
}

TEST_CASE("text cases") {
  const char* filter = std::getenv("BYLAW_LANG");
  size_t ran = 0;
  for (const fs::path& path : FindCases()) {
    const std::string name = fs::relative(path, kRoot).string();
    if (filter != nullptr && name.find(filter) == std::string::npos) continue;
    ++ran;
    const std::string problem = RunCase(path);
    if (problem.empty()) continue;
    std::cerr << "--- " << name << "\n" << problem;  // unwrapped
    FAIL_CHECK(name);
  }
  CHECK(ran > 0);
}

TEST_CASE("every diagnostic code has a case") {
  std::set<std::string> covered = {kDefect};
  for (const fs::path& path : FindCases()) {
    std::multiset<Finding> expected;
    InputOf(path, &expected);
    for (const Finding& finding : expected)
      covered.insert(std::get<2>(finding));
  }
  std::ifstream elsewhere(fs::path(kRoot) / "elsewhere.txt");
  for (std::string line; std::getline(elsewhere, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::string code = line.substr(0, line.find(' '));
    INFO("elsewhere.txt: " << line);
    CHECK(FindCode(code) != nullptr);
    const size_t at = line.find(' ');
    REQUIRE(at != std::string::npos);
    const std::string test = line.substr(at + 1);
    CHECK(fs::exists(fs::path(BYLAW_SOURCE_DIR) / test));
    CHECK(ReadText(fs::path(BYLAW_SOURCE_DIR) / test).find(code) !=
          std::string::npos);
    covered.insert(code);
  }
  for (const CodeInfo& info : AllCodes()) {
    INFO(info.id << " " << info.name);
    CHECK(covered.contains(std::string(info.id)));
  }
}

}  // namespace
}  // namespace bylaw
