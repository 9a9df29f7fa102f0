// Policy text: parsed, formatted, compiled together with mesh (and with
// tests/lang/world.bylaw where it speaks of probes, as tests/lang does); the
// tests in it are decided.
#include <optional>
#include <string>

#include "cli/test_runner.h"
#include "dsl/dump.h"
#include "dsl/format.h"
#include "dsl/parser.h"
#include "tests/fuzz/compile.h"
#include "tests/fuzz/support.h"

namespace bylaw::fuzz {
namespace {

// Of one input; each loads facts and an engine of its own.
constexpr size_t kMaxTests = 4;

// The tree's canonical text; nothing if the text has errors.
std::optional<std::string> Dump(const SourceFile& source) {
  DiagnosticSink sink;
  const std::unique_ptr<ast::File> tree = ParseFile(source, sink);
  Require(tree != nullptr, "there is always a tree");
  const std::string dump = DumpAst(*tree);
  sink.Sort();
  CheckDiagnostics(sink.diagnostics());
  if (sink.has_errors()) return std::nullopt;
  return dump;
}

void CheckFormat(const SourceFile& source) {
  const std::optional<std::string> tree = Dump(source);
  DiagnosticSink sink;
  const std::optional<std::string> formatted = FormatFile(source, sink);
  Require(tree.has_value() == formatted.has_value(),
          "what can be read can be formatted");
  if (!formatted) return;
  const SourceFile again("again.bylaw", *formatted);
  Require(Dump(again) == tree, "formatting keeps the tree", *formatted);
  Require(FormatFile(again, sink) == formatted,
          "formatting twice is formatting once", *formatted);
}

// Where it names probes, the text imports the world behind its module line.
std::string WithWorld(std::string text) {
  const size_t module =
      text.starts_with("module ") ? 0 : text.find("\nmodule ");
  if (module == std::string::npos || text.find("robe") == std::string::npos)
    return text;
  const size_t end =
      std::min(text.find('\n', module + 1), text.find("//", module));
  text.insert(std::min(end, text.size()), " import world ");
  return text;
}

void CheckCompile(std::string text) {
  static const Compiler compiler(
      {"mesh"}, {{"world.bylaw", ReadSource("tests/lang/world.bylaw")}});
  const auto result =
      compiler.Compile({{"case.bylaw", WithWorld(std::move(text))}});
  if (result->program == nullptr) return;
  size_t n = 0;
  for (const typed::Test& test : result->checked.tests) {
    if (++n > kMaxTests) break;
    std::string message;
    const auto decided = cli::DecideTest(result->program, test, &message);
    Require(decided != nullptr || !message.empty(),
            "a test is decided, or it is said why not");
    if (decided != nullptr) DecideBound(*decided->engine, decided->bound);
  }
}

}  // namespace
}  // namespace bylaw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  const std::string text(fuzz::TextOf(data, size));
  fuzz::CheckFormat(SourceFile("case.bylaw", text));
  fuzz::CheckCompile(text);
  return 0;
}
