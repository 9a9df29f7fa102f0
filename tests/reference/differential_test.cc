// The engine against the oracle, over every test of the language in the
// repository: the packs, the example, the text cases.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/test_runner.h"
#include "server/snapshot.h"
#include "tests/catch.h"
#include "tests/reference/words.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

void Compare(const std::string& name, CompileInput input) {
  const CompileResult compiled = CompileWithPacks(std::move(input));
  if (!compiled.ok) return;  // a case of a diagnostic
  const std::shared_ptr<const Program> program(std::shared_ptr<void>(),
                                               compiled.program.get());
  for (const typed::Test& test : compiled.tests) {
    INFO(name << ": " << test.module << ": " << test.name);
    std::string message;
    const auto decided = cli::DecideTest(program, test, &message);
    if (decided == nullptr) continue;  // refused; the text cases say so
    const reference::Decision expected = reference::Decide(
        *compiled.typed, test, test.has_at ? test.at : cli::kDefaultTestNow);
    CHECK(reference::Describe(reference::InWords(*decided)) ==
          reference::Describe(expected));
  }
}

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the engine decides the language's tests as the oracle does") {
  const fs::path root = BYLAW_SOURCE_DIR;
  for (const char* repository : {"examples/acme"}) {
    CompileInput input;
    input.root = (root / repository).string();
    Compare(repository, std::move(input));
  }
  std::vector<fs::path> cases;
  for (auto it = fs::recursive_directory_iterator(root / "tests/lang");
       it != fs::recursive_directory_iterator(); ++it) {
    const fs::path& path = it->path();
    if (it->is_directory() && fs::exists(path / "bylaw.yaml")) {
      it.disable_recursion_pending();  // a repository is one case
      cases.push_back(path);
    } else if (path.extension() == ".bylaw") {
      cases.push_back(path);
    }
  }
  std::sort(cases.begin(), cases.end());
  CHECK(!cases.empty());
  for (const fs::path& path : cases) {
    CompileInput input;
    if (fs::is_directory(path)) {
      if (!fs::exists(path / "bylaw.yaml")) continue;
      input.root = path.string();
    } else if (path.extension() == ".bylaw") {
      input.files.emplace_back(path.filename().string(), Read(path));
    } else {
      continue;
    }
    Compare(path.filename().string(), std::move(input));
  }
}

}  // namespace bylaw
