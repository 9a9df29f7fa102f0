// Every #include of the tree against the table of who may include whom
// (CONTRIBUTING.md draws it). A folder that breaks it fails here, by file and
// line.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/catch.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

// What a folder may include: prefixes of include paths. Its own files and the
// standard library are always allowed.
struct Layer {
  std::string folder;
  std::vector<std::string> may;
};

const std::vector<Layer>& Layers() {
  static const std::vector<Layer> layers = {
      {"compiler/bytecode/", {"absl/"}},
      {"dsl/", {"absl/"}},
      {"compiler/",
       {"compiler/bytecode/", "dsl/", "absl/", "yaml-cpp/", "re2/"}},
      {"evaluator/", {"compiler/bytecode/", "absl/", "re2/", "openssl/"}},
      // Facts are numbered by a program and built by facts_builder.h.
      {"descriptors/",
       {"evaluator/facts.h", "evaluator/facts_builder.h", "evaluator/nearest.h",
        "evaluator/node.h", "compiler/bytecode/", "absl/", "yaml-cpp/",
        "nlohmann/"}},
      {"policies/", {}},
      // Beside the table: diagnostics and bundles are what compile.h speaks in,
      // and the packs are what it is given.
      {"server/",
       {"evaluator/", "descriptors/", "compiler/compile.h",
        "compiler/bytecode/", "dsl/diagnostics.h", "policies/embedded.h",
        "bylaw/v1/", "grpc/", "grpcpp/", "google/protobuf/", "nlohmann/",
        "httplib.h", "absl/"}},
  };
  return layers;
}

// The parser's own files, but not its face, parser.h: they alone see ANTLR.
bool IsParser(std::string_view path) {
  return path == "dsl/parser.cc" || path.substr(0, 11) == "dsl/parser_";
}
const std::vector<std::string> kAntlr = {"antlr4-runtime.h", "dsl/Bylaw"};

// Folders that may include anything but tests and bench.
const std::vector<std::string> kFree = {"cli/", "examples/"};
// Folders that may include anything, and that nobody includes.
const std::vector<std::string> kTop = {"tests/", "bench/"};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

template <typename Prefixes>
bool AnyPrefix(std::string_view text, const Prefixes& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) {
    return StartsWith(text, prefix);
  });
}

// <vector>, <unistd.h>, <sys/mman.h>: no library of ours or of a package.
bool IsStandard(std::string_view include) {
  static const std::set<std::string, std::less<>> folders = {
      "sys", "netinet", "arpa", "linux", "net"};
  const size_t slash = include.find('/');
  if (slash != std::string_view::npos) {
    return folders.count(include.substr(0, slash)) > 0;
  }
  static const std::set<std::string, std::less<>> libraries = {
      "antlr4-runtime.h", "httplib.h", "zlib.h", "curl.h"};
  return libraries.count(include) == 0;
}

// The include path of a line, or empty.
std::string IncludeOf(const std::string& line) {
  size_t at = line.find_first_not_of(" \t");
  if (at == std::string::npos || line[at] != '#') return "";
  at = line.find_first_not_of(" \t", at + 1);
  if (at == std::string::npos || line.compare(at, 7, "include") != 0) return "";
  const size_t open = line.find_first_of("<\"", at + 7);
  if (open == std::string::npos) return "";
  const size_t close = line.find_first_of(">\"", open + 1);
  if (close == std::string::npos) return "";
  return line.substr(open + 1, close - open - 1);
}

// The layer with the longest folder that holds `path`; null if none does.
const Layer* LayerOf(std::string_view path) {
  const Layer* best = nullptr;
  for (const Layer& layer : Layers()) {
    if (StartsWith(path, layer.folder) &&
        (best == nullptr || layer.folder.size() > best->folder.size())) {
      best = &layer;
    }
  }
  return best;
}

bool MayInclude(const std::string& path, const std::string& include) {
  if (AnyPrefix(path, kTop)) return true;
  if (AnyPrefix(include, kTop)) return false;
  if (AnyPrefix(path, kFree) || IsStandard(include)) return true;
  if (AnyPrefix(include, kAntlr)) return IsParser(path);
  const Layer* layer = LayerOf(path);
  if (layer == nullptr) return false;
  return LayerOf(include) == layer || AnyPrefix(include, layer->may);
}

struct Violation {
  std::string path;
  int line;
  std::string include;
};

std::vector<Violation> Scan(const fs::path& root) {
  std::vector<Violation> violations;
  for (const char* top :
       {"bench", "cli", "compiler", "descriptors", "dsl", "evaluator",
        "examples", "policies", "server", "tests"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc" && extension != ".def") {
        continue;
      }
      const std::string path = fs::relative(entry.path(), root).string();
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number) {
        const std::string include = IncludeOf(line);
        if (include.empty() || MayInclude(path, include)) continue;
        violations.push_back({path, number, include});
      }
    }
  }
  return violations;
}

TEST_CASE("every include keeps to the layers") {
  for (const Violation& violation : Scan(BYLAW_SOURCE_DIR)) {
    FAIL_CHECK(violation.path << ":" << violation.line << ": may not include "
                              << violation.include);
  }
}

TEST_CASE("the table forbids what it should") {
  CHECK_FALSE(MayInclude("evaluator/vm.cc", "dsl/ast.h"));
  CHECK_FALSE(MayInclude("evaluator/vm.cc", "compiler/typed.h"));
  CHECK_FALSE(MayInclude("evaluator/vm.cc", "antlr4-runtime.h"));
  CHECK_FALSE(MayInclude("evaluator/vm.cc", "grpcpp/grpcpp.h"));
  CHECK_FALSE(MayInclude("compiler/check.cc", "antlr4-runtime.h"));
  CHECK_FALSE(MayInclude("compiler/check.cc", "evaluator/value.h"));
  CHECK_FALSE(MayInclude("compiler/bytecode/program.h", "compiler/typed.h"));
  CHECK_FALSE(MayInclude("dsl/ast.h", "antlr4-runtime.h"));
  CHECK_FALSE(MayInclude("dsl/ast.h", "dsl/BylawParser.h"));
  CHECK_FALSE(MayInclude("server/service.cc", "compiler/typed.h"));
  CHECK_FALSE(MayInclude("cli/main.cc", "tests/catch.h"));
  CHECK(MayInclude("evaluator/vm.cc", "compiler/bytecode/program.h"));
  CHECK(MayInclude("evaluator/vm.cc", "sys/mman.h"));
  CHECK_FALSE(MayInclude("dsl/parser.h", "dsl/BylawParser.h"));
  CHECK(MayInclude("dsl/parser.cc", "dsl/BylawParser.h"));
  CHECK(MayInclude("cli/main.cc", "evaluator/engine.h"));
}

}  // namespace
}  // namespace bylaw
