#include "tests/properties/laws.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_join.h"
#include "cli/test_runner.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "dsl/format.h"
#include "server/snapshot.h"
#include "tests/properties/generate.h"
#include "tests/properties/looser.h"
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
    if (decided == nullptr) {
      decisions[test.name] = "";
      continue;
    }
    reference::Decision words =
        reference::InWords(*decided, reference::Positions::kLeftOut);
    // Its parts stand in the order of their rules' positions.
    words.filter = absl::StrJoin(Conjuncts(*decided), " and ");
    decisions[test.name] = reference::Describe(words);
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

void Shuffle(std::vector<Piece>& parts, size_t first, size_t end,
             Random& random) {
  for (size_t i = end; i > first + 1; --i) {
    std::swap(parts[i - 1], parts[first + random.Below(i - first)]);
  }
}

// The rules of a policy, but for those up to the last `let`.
void ShuffleRules(Piece& policy, Random& random) {
  size_t first = 0;
  for (size_t i = 0; i < policy.parts.size(); ++i) {
    const std::string text = Render(policy.parts[i]);
    if (text == " {\n" || text.find("let ") != std::string::npos) {
      first = i + 1;
    }
  }
  if (first == 0 || policy.parts.size() < first + 1) return;
  Shuffle(policy.parts, first, policy.parts.size() - 1, random);
}

// The head (module and imports) stays first.
CompileInput Shuffled(std::vector<std::string> paths, std::vector<Piece> files,
                      Random& random) {
  for (size_t f = 0; f < files.size(); ++f) {
    if (!paths[f].ends_with(".bylaw")) continue;
    std::vector<Piece>& parts = files[f].parts;
    size_t first = 0;
    while (first < parts.size() && (parts[first].text.starts_with("module ") ||
                                    parts[first].text.starts_with("import "))) {
      ++first;
    }
    Shuffle(parts, first, parts.size(), random);
    for (Piece& part : parts) {
      if (!part.parts.empty() && part.parts[0].text.starts_with("policy ")) {
        ShuffleRules(part, random);
      }
    }
    // Files are read by their names.
    const size_t name = paths[f].rfind('/') + 1;
    paths[f].insert(name, 1, static_cast<char>('a' + random.Below(26)));
  }
  return InputOf(paths, files);
}

// The pieces of the conditions of rules and guards: " when ", the condition.
void Conditions(Piece& piece, std::vector<Piece*>* out) {
  if (piece.parts.size() == 2 &&
      (piece.parts[0].text == " when " || piece.parts[0].text == " unless ")) {
    out->push_back(&piece.parts[1]);
    return;
  }
  for (Piece& part : piece.parts) Conditions(part, out);
}

using Trials = std::vector<std::unique_ptr<cli::DecidedTest>>;

Trials DecideAll(const CompileResult& compiled) {
  Trials trials;
  const std::shared_ptr<const Program> program(std::shared_ptr<void>(),
                                               compiled.program.get());
  for (const typed::Test& test : compiled.tests) {
    std::string message;
    trials.push_back(cli::DecideTest(program, test, &message));
  }
  return trials;
}

// (5)
std::string ErrorsAreClosed(const std::vector<std::string>& paths,
                            std::vector<Piece> files, Random& random,
                            Counts* counts) {
  std::vector<Piece*> conditions;
  for (size_t f = 0; f < files.size(); ++f) {
    if (paths[f].ends_with("rules.bylaw")) Conditions(files[f], &conditions);
  }
  if (conditions.empty()) return "";
  Piece* condition = random.Pick(conditions);
  const std::string was = Render(*condition);
  const auto with = [&](const char* text) {
    *condition = Piece(text);
    return CompileWithPacks(InputOf(paths, files));
  };
  const CompileResult erring = with("1 / 0 == 1.0");
  if (!erring.ok) return "";  // it narrowed what stands beside it
  const Trials errs = DecideAll(erring);
  for (const char* value : {"true", "false"}) {
    const CompileResult other = with(value);
    if (!other.ok) continue;
    const Trials holds = DecideAll(other);
    for (size_t t = 0; t < errs.size(); ++t) {
      if (errs[t] == nullptr || holds[t] == nullptr) continue;
      if (counts != nullptr) ++(*counts)["law 5, errors are closed"];
      const std::string how = Looser(*errs[t], *holds[t]);
      if (how.empty()) continue;
      return "errors are closed (5), test \"" + erring.tests[t].name +
             "\": with an error instead of `" + was + "` it " + how +
             " than with " + value + "\n" +
             reference::Describe(reference::InWords(*errs[t])) + "beside " +
             reference::Describe(reference::InWords(*holds[t]));
    }
  }
  return "";
}

// (12)
std::string MandatoryDenies(const std::vector<std::string>& paths,
                            std::vector<Piece> files,
                            const CompileResult& compiled, Random& random,
                            Counts* counts) {
  const Program& program = *compiled.program;
  const Scope& scope = program.scopes[random.Below(program.scopes.size())];
  const std::string module = scope.parent == kNone ? "council" : scope.name;
  const Action& action =
      program.schema.actions[random.Below(program.schema.actions.size())];
  const std::string resource =
      program.schema.entities[random.Pick(action.resources)].name;
  bool placed = false;
  for (size_t f = 0; f < files.size() && !placed; ++f) {
    if (paths[f] != module + "/rules.bylaw") continue;
    files[f].parts.emplace_back("policy zz_never title \"t\" owner \"o\" on " +
                                action.name + " of " + resource +
                                " { deny because \"never\" }\n");
    placed = true;
  }
  if (!placed) return "";
  const CompileResult denying = CompileWithPacks(InputOf(paths, files));
  if (!denying.ok) return "a deny can be added (12): it does not compile";
  const Trials trials = DecideAll(denying);
  for (const auto& trial : trials) {
    if (trial == nullptr || !trial->bound.resource_known ||
        program.schema.actions[trial->bound.action].name != action.name ||
        program.schema.entities[trial->bound.resource_type].name != resource) {
      continue;
    }
    const std::vector<std::string> chain =
        Explain(*trial->engine, trial->bound, SqlDialect::kNone).chain;
    if (std::find(chain.begin(), chain.end(), scope.name) == chain.end()) {
      continue;
    }
    if (counts != nullptr) ++(*counts)["law 12, a mandatory deny denies"];
    bool listed = false;
    for (const ReportedDeterminant& d : trial->report.determining) {
      listed |= d.policy.ends_with(".zz_never");
    }
    if (listed && trial->report.outcome == DecisionOutcome::kDeny) continue;
    return "a mandatory deny denies (12): that of " + scope.name +
           " does not\n" + reference::Describe(reference::InWords(*trial));
  }
  return "";
}

}  // namespace

std::string BrokenLaw(const std::vector<std::string>& paths,
                      const std::vector<Piece>& files, uint64_t seed,
                      Counts* counts) {
  const CompileInput input = InputOf(paths, files);
  const CompileResult compiled = CompileWithPacks(CompileInput(input));
  if (!compiled.ok) return "";
  const Decisions before = Decide(compiled, *compiled.program);

  Random random(seed);
  std::string broken = Recompiled("order changes nothing (2)", before,
                                  Shuffled(paths, files, random));
  if (!broken.empty()) return broken;
  const auto count = [counts](const char* law) {
    if (counts != nullptr) ++(*counts)[std::string("law ") + law];
  };
  count("2, order changes nothing");

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
  broken = Difference("a bundle decides alike (9)", before, compiled,
                      bundle->program);
  if (!broken.empty()) return broken;
  count("9, formatting and bundles change nothing");

  broken = BrokenLawOfRules(compiled, random, counts);
  if (broken.empty()) broken = BrokenLawOfRequests(compiled, counts);
  if (broken.empty()) broken = ErrorsAreClosed(paths, files, random, counts);
  if (broken.empty()) {
    broken = MandatoryDenies(paths, files, compiled, random, counts);
  }
  return broken;
}

}  // namespace bylaw::properties
