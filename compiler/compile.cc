#include "compiler/compile.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/bytecode/verifier.h"
#include "compiler/check.h"
#include "compiler/lower.h"
#include "compiler/manifest.h"
#include "compiler/repository.h"
#include "dsl/parser.h"

namespace bylaw {
namespace {

// Parsing takes most of the time of compiling and needs no state. More threads
// than this gain little and take memory (100 bytes a byte of text).
constexpr size_t kParserThreads = 2;

// Whether text may have been passed over. What is only spelt wrongly, stands
// in a wrong place, or lacks or repeats an item, is in the tree all the same.
bool LosesText(const Diagnostic& d) {
  switch (d.code) {
    case Code::BL1021:
    case Code::BL1022:
    case Code::BL1023:
    case Code::BL1024:
    case Code::BL1025:
    case Code::BL1040:
    case Code::BL1042:
      return false;
    default:
      return d.severity == Severity::kError;
  }
}

std::vector<std::unique_ptr<ast::File>> ParseAll(
    const std::vector<RepositoryFile>& files, const Limits& limits,
    DiagnosticSink& sink, std::vector<const ast::File*>* broken) {
  const ParseLimits parse{static_cast<size_t>(limits.policy_file_bytes),
                          static_cast<size_t>(limits.findings)};
  std::vector<std::unique_ptr<ast::File>> trees(files.size());
  std::vector<DiagnosticSink> sinks(files.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < files.size(); i = next++) {
      trees[i] = ParseFile(*files[i].source, sinks[i],
                           files[i].shipped ? ParseLimits() : parse);
    }
  };
  // What they throw (memory) is thrown here; and they are waited for.
  std::vector<std::future<void>> others;
  for (size_t i = 1; i < std::min(kParserThreads, files.size()); ++i) {
    others.push_back(std::async(std::launch::async, work));
  }
  work();
  for (std::future<void>& other : others) other.get();
  for (size_t i = 0; i < sinks.size(); ++i) {
    const std::vector<Diagnostic>& found = sinks[i].diagnostics();
    if (std::any_of(found.begin(), found.end(), LosesText)) {
      broken->push_back(trees[i].get());
    }
    sink.Append(std::move(sinks[i]));
  }
  return trees;
}

// Whether some source could not be had, so that names may be missing.
bool LacksFiles(const DiagnosticSink& sink) {
  return std::any_of(sink.diagnostics().begin(), sink.diagnostics().end(),
                     [](const Diagnostic& d) {
                       return d.code == Code::BL3002 || d.code == Code::BL3014;
                     });
}

// What the checker says of a line whose syntax is wrong follows from what the
// parser made of it: it is dropped.
DiagnosticSink WithoutEchoes(DiagnosticSink sink) {
  const auto line_of = [](const Diagnostic& d) {
    return std::pair(d.span.file, d.span.line());
  };
  const auto is_syntax = [](const Diagnostic& d) {
    return InfoOf(d.code).id.substr(0, 3) == "BL1";
  };
  std::set<std::pair<const SourceFile*, uint32_t>> broken;
  for (const Diagnostic& d : sink.diagnostics()) {
    if (is_syntax(d) && LosesText(d)) broken.insert(line_of(d));
  }
  if (broken.empty()) return sink;
  DiagnosticSink kept;
  for (const Diagnostic& d : sink.diagnostics()) {
    if (is_syntax(d) || !broken.contains(line_of(d))) kept.Add(d);
  }
  return kept;
}

int64_t Clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void Generate(DiagnosticSink& sink, CompileResult* result) {
  result->program = Lower(*result->typed, sink);
  if (result->program == nullptr) return;
  const absl::Status status = Verify(*result->program);
  if (status.ok()) return;
  sink.AddAt(Code::BL3029, "", {}, {}, std::string(status.message()));
  result->program = nullptr;
}

}  // namespace

CompileResult Compile(const CompileInput& input,
                      const CompileOptions& options) {
  CompileResult result;
  DiagnosticSink sink;
  Repository repository = ReadRepository(input, sink);
  const Limits limits = repository.manifest.has_value()
                            ? repository.manifest->settings.limits
                            : input.at_most.value_or(Limits());
  std::vector<const ast::File*> broken;
  const std::vector<std::unique_ptr<ast::File>> trees =
      ParseAll(repository.files, limits, sink, &broken);
  if (!repository.files.empty()) {
    CheckInput check = BindScopes(repository, trees, sink);
    check.broken = std::move(broken);
    check.incomplete = check.incomplete || LacksFiles(sink);
    check.now = options.now != 0 ? options.now : Clock();
    CheckOutput checked = Check(check, sink);
    if (!sink.has_errors()) {
      result.typed =
          std::make_unique<typed::Program>(std::move(checked.program));
      result.tests = std::move(checked.tests);
      Generate(sink, &result);
    }
  }
  if (repository.manifest.has_value()) {
    result.fact_spans = std::move(repository.manifest->fact_spans);
  }
  sink = WithoutEchoes(std::move(sink));
  sink.Sort();
  sink.Trim(static_cast<size_t>(limits.findings));
  result.sources = std::move(repository.sources);
  result.diagnostics = sink.diagnostics();
  result.ok = !sink.has_errors() && result.program != nullptr;
  return result;
}

std::vector<std::string> FactPatterns(const std::string& root) {
  return ManifestFacts(root + "/" + kManifestName);
}

}  // namespace bylaw
