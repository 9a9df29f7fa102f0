#include "tests/properties/laws.h"

#include <map>
#include <memory>
#include <utility>

#include "cli/test_runner.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "dsl/format.h"
#include "server/snapshot.h"
#include "tests/properties/generate.h"
#include "tests/reference/words.h"

namespace bylaw::properties {
namespace {

// By the names of the tests; "" where the request is refused.
using Decisions = std::map<std::string, std::string>;

Decisions Decide(const CompileResult& compiled, const Program& program) {
  Decisions decisions;
  const std::shared_ptr<const Program> shared(std::shared_ptr<void>(),
                                              &program);
  for (const typed::Test& test : compiled.tests) {
    std::string message;
    const auto decided = cli::DecideTest(shared, test, &message);
    decisions[test.name] = decided == nullptr
                               ? ""
                               : reference::Describe(reference::InWords(
                                     *decided, reference::Positions::kLeftOut));
  }
  return decisions;
}

std::string Difference(const char* law, const Decisions& before,
                       const CompileResult& compiled, const Program& program) {
  for (const auto& [test, decision] : Decide(compiled, program)) {
    const auto it = before.find(test);
    if (it != before.end() && it->second == decision) continue;
    return std::string(law) + ", test \"" + test +
           "\"\nbefore: " + (it == before.end() ? "" : it->second) +
           "after: " + decision;
  }
  return "";
}

std::string Recompiled(const char* law, const Decisions& before,
                       CompileInput input) {
  const CompileResult compiled = CompileWithPacks(std::move(input));
  if (!compiled.ok) return std::string(law) + ": does not compile any more";
  return Difference(law, before, compiled, *compiled.program);
}

// The head (module and imports) stays first.
CompileInput Shuffled(const std::vector<std::string>& paths,
                      std::vector<Piece> files, Random& random) {
  for (size_t f = 0; f < files.size(); ++f) {
    if (!paths[f].ends_with(".bylaw")) continue;
    std::vector<Piece>& parts = files[f].parts;
    size_t first = 0;
    while (first < parts.size() && (parts[first].text.starts_with("module ") ||
                                    parts[first].text.starts_with("import "))) {
      ++first;
    }
    for (size_t i = parts.size(); i > first + 1; --i) {
      std::swap(parts[i - 1], parts[first + random.Below(i - first)]);
    }
  }
  return InputOf(paths, files);
}

}  // namespace

std::string BrokenLaw(const std::vector<std::string>& paths,
                      const std::vector<Piece>& files, uint64_t seed) {
  const CompileInput input = InputOf(paths, files);
  const CompileResult compiled = CompileWithPacks(CompileInput(input));
  if (!compiled.ok) return "";
  const Decisions before = Decide(compiled, *compiled.program);

  Random random(seed);
  std::string broken = Recompiled("order changes nothing (2)", before,
                                  Shuffled(paths, files, random));
  if (!broken.empty()) return broken;

  CompileInput formatted = input;
  for (auto& [path, text] : formatted.files) {
    if (!path.ends_with(".bylaw")) continue;
    DiagnosticSink sink;
    const SourceFile source(path, text);
    std::optional<std::string> pretty = FormatFile(source, sink);
    if (!pretty.has_value()) return "formatting refuses " + path + " (9)";
    const SourceFile again(path, *pretty);
    if (FormatFile(again, sink) != pretty) {
      return "formatting twice is not formatting once (9): " + path;
    }
    text = std::move(*pretty);
  }
  broken = Recompiled("formatting changes nothing (9)", before,
                      std::move(formatted));
  if (!broken.empty()) return broken;

  const auto bundle = ParseBundle(SerializeBundle({*compiled.program, {}}));
  if (!bundle.ok()) return "a bundle is not read back (9)";
  if (!Verify(bundle->program).ok()) return "a bundle is not verified (9)";
  return Difference("a bundle decides alike (9)", before, compiled,
                    bundle->program);
}

}  // namespace bylaw::properties
