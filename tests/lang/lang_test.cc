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
// notes are compared only where a case expects one. `now` is kNow.
//
// A file is compiled with world.bylaw beside it, which fills the vocabularies
// of `mesh` and declares `Probe`, an entity with attributes of every type: in
// its gate each `deny unless e` asserts that e is true.
//
// Every code in dsl/diagnostics.def needs a case here, or a line in
// elsewhere.txt that says which test has it. BYLAW_LANG=TEXT runs only the
// cases whose path contains TEXT.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/test_runner.h"
#include "compiler/bytecode/scalar.h"
#include "compiler/compile.h"
#include "policies/embedded.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

const char kRoot[] = BYLAW_SOURCE_DIR "/tests/lang";
const char kWorld[] = "world.bylaw";
// A mistake of the compiler itself cannot be provoked.
const char kDefect[] = "BL3029";
const char kNow[] = "2026-11-20T12:00:00Z";

std::string ReadText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Folders that are repositories, and files outside of them.
std::vector<fs::path> FindCases() {
  std::vector<fs::path> cases;
  for (auto it = fs::recursive_directory_iterator(kRoot);
       it != fs::recursive_directory_iterator(); ++it) {
    if (it->is_directory()) {
      if (!fs::exists(it->path() / "bylaw.yaml") &&
          !fs::exists(it->path() / "no_manifest")) {
        continue;
      }
      cases.push_back(it->path());
      it.disable_recursion_pending();
    } else if (it->path().extension() == ".bylaw" &&
               it->path().filename() != kWorld) {
      cases.push_back(it->path());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

// (file, line, code); the code may be FAILS.
using Finding = std::tuple<std::string, uint32_t, std::string>;

void Expectations(const std::string& file, const std::string& text,
                  std::multiset<Finding>* expected) {
  std::istringstream in(text);
  std::string line;
  for (uint32_t number = 1; std::getline(in, line); ++number) {
    for (const char* mark : {"//~", "#~"}) {
      const size_t at = line.find(mark);
      if (at == std::string::npos) continue;
      std::string_view rest(line);
      rest.remove_prefix(at + std::string_view(mark).size());
      uint32_t target = number;
      while (!rest.empty() && rest[0] == '^') {
        --target;
        rest.remove_prefix(1);
      }
      std::istringstream words{std::string(rest)};
      for (std::string word; words >> word;) {
        expected->emplace(file, target, word);
      }
      break;
    }
  }
}

std::string Describe(const std::multiset<Finding>& findings) {
  std::string text;
  for (const auto& [file, line, code] : findings) {
    text += "  " + file + ":" + std::to_string(line) + ": " + code + "\n";
  }
  return text;
}

std::vector<Pack> Packs() {
  std::vector<Pack> packs;
  for (const char* name : {"mesh", "standard"}) {
    Pack pack;
    pack.name = name;
    for (const EmbeddedFile& file : EmbeddedPack(name)) {
      pack.files.emplace_back(file.path, file.text);
    }
    packs.push_back(std::move(pack));
  }
  return packs;
}

// A case that names a probe imports the world, on its first line of code so
// that no line moves.
void ImportWorld(std::string* text) {
  if (text->find("robe") == std::string::npos) return;
  const size_t module =
      text->starts_with("module ") ? 0 : text->find("\nmodule ");
  if (module == std::string::npos) return;
  size_t end = text->find('\n', module + 1);
  end = std::min(end, text->find("//", module));
  text->insert(std::min(end, text->size()), " import world ");
}

CompileInput InputOf(const fs::path& path, std::multiset<Finding>* expected) {
  CompileInput input;
  input.packs = Packs();
  if (!fs::is_directory(path)) {
    const std::string name = path.filename().string();
    std::string text = ReadText(path);
    Expectations(name, text, expected);
    ImportWorld(&text);
    input.files.emplace_back(name, text);
    input.files.emplace_back(kWorld, ReadText(fs::path(kRoot) / kWorld));
    return input;
  }
  input.root = path.string();
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".bylaw" && extension != ".yaml") continue;
    Expectations(fs::relative(entry.path(), path).string(),
                 ReadText(entry.path()), expected);
  }
  if (fs::exists(path / "no_manifest")) {
    expected->emplace(input.root, 0, "BL3001");
  }
  return input;
}

// Empty if the case holds.
std::string RunCase(const fs::path& path) {
  std::multiset<Finding> expected;
  const CompileInput input = InputOf(path, &expected);
  CompileOptions options;
  options.now = *ParseTime(kNow);
  const CompileResult result = Compile(input, options);

  std::set<std::string> notes;
  std::multiset<Finding> wanted, failing;
  bool wants_error = false;
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
    wants_error = wants_error || info->severity == Severity::kError;
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
  if (wants_error) return "";
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
