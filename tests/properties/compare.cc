#include "tests/properties/compare.h"

#include <exception>
#include <memory>
#include <set>
#include <utility>

#include "cli/test_runner.h"
#include "compiler/bytecode/opcode.h"
#include "server/snapshot.h"
#include "tests/reference/words.h"

namespace bylaw::properties {
namespace {

void Count(const Program& program, Counts* counts) {
  for (const Instruction& i : program.code) {
    ++(*counts)["opcode written " + std::string(kOpcodes[i.op].name)];
  }
  constexpr const char* kKinds[] = {"allow", "deny", "mask",
                                    "hide",  "rows", "require"};
  for (const Rule& rule : program.rules) {
    ++(*counts)[std::string("rule ") + kKinds[static_cast<size_t>(rule.kind)]];
  }
}

void Count(const reference::Decision& d, Counts* counts) {
  ++(*counts)["outcome " + d.outcome];
  const auto some = [&](const char* name, bool any) {
    if (any) ++(*counts)[std::string("with ") + name];
  };
  some("masks", !d.columns.empty());
  some("filter", !d.filter.empty());
  some("obligations", !d.obligations.empty());
  some("advisories", !d.advisories.empty());
  some("allows not delegated", !d.not_delegated.empty());
  some("waivers", !d.waivers.empty());
  some("errors", !d.errors.empty());
}

// The masks that met on one column.
void CountJoins(const cli::DecidedTest& decided, Counts* counts) {
  std::map<Cell, std::set<MaskKind>> masks;
  for (const Effect& e : decided.decision.determining) {
    const RuleKind kind = decided.engine->program().rules[e.rule].kind;
    if (kind == RuleKind::kMask) masks[e.column].insert(e.mask);
    if (kind == RuleKind::kHide) masks[e.column].insert(MaskKind::kHide);
  }
  for (const auto& [column, kinds] : masks) {
    for (auto a = kinds.begin(); a != kinds.end(); ++a) {
      for (auto b = a; b != kinds.end(); ++b) {
        if (a == b && kinds.size() > 1) continue;
        ++(*counts)["masks " + std::string(MaskName(*a)) + " and " +
                    (a == b ? "no other" : std::string(MaskName(*b)))];
      }
    }
  }
}

// ALLOW carries nothing (7): nothing to perform, nothing hidden.
std::string BrokenAllow(const cli::DecidedTest& t) {
  if (t.report.outcome != DecisionOutcome::kAllow) return "";
  const bool bare = t.report.columns.empty() && !t.report.has_filter &&
                    t.report.obligations.empty();
  return bare ? "" : "ALLOW carries something (7)\n";
}

// What random text meets honestly: a comparison or test that never holds, a
// mask's literal argument out of its range, a mask of another type than the
// rule's own condition says, a `may allow` that is false.
bool IsMetAtTimes(Code code) {
  return code == Code::BL2024 || code == Code::BL2048 || code == Code::BL2057 ||
         code == Code::BL2062 || code == Code::BL3045;
}

// The code of a refusal; "given" where the givens contradict each other.
std::string CodeOf(const std::string& message) {
  const size_t at = message.find("BL");
  return at == std::string::npos ? "given" : message.substr(at, 6);
}

// A proposal claims or nests what facts hold elsewhere, or mixes what it nests
// with what it names, or a request names what nobody gives: random ones do at
// times. Nothing else is refused.
bool IsRefusedAtTimes(const std::string& message) {
  return CodeOf(message) == "BL5217" || CodeOf(message) == "BL5215" ||
         message.find("cannot be asked") != std::string::npos;
}

}  // namespace

Comparison Compare(const CompileInput& input, Counts* counts) {
  Comparison result;
  const CompileResult compiled = CompileWithPacks(CompileInput(input));
  if (!compiled.ok) {
    // A test for a type that was ruled out has followers: attributes of it.
    bool expected = true, ruled_out = false;
    for (const Diagnostic& d : compiled.diagnostics) {
      if (d.severity != Severity::kError) continue;
      result.text += Render(d);
      expected = expected && IsMetAtTimes(d.code);
      ruled_out = ruled_out || d.code == Code::BL2057;
    }
    if (!expected && !ruled_out) result.kind = Comparison::Kind::kNotCompiled;
    if (counts != nullptr) ++(*counts)["repositories refused by the checker"];
    return result;
  }
  if (counts != nullptr) Count(*compiled.program, counts);
  const std::shared_ptr<const Program> program(std::shared_ptr<void>(),
                                               compiled.program.get());
  for (const typed::Test& test : compiled.tests) {
    std::string message;
    const auto decided = cli::DecideTest(program, test, &message);
    if (decided == nullptr) {
      ++result.refused;
      if (counts != nullptr) ++(*counts)["refused " + CodeOf(message)];
      if (IsRefusedAtTimes(message)) continue;
      ++result.failures;
      if (result.kind == Comparison::Kind::kDiffers) continue;
      result.kind = Comparison::Kind::kDiffers;
      result.text = "test \"" + test.name + "\" is refused: " + message + "\n";
      continue;
    }
    ++result.pairs;
    if (counts != nullptr) CountJoins(*decided, counts);
    const reference::Decision engine = reference::InWords(*decided);
    reference::Decision oracle;
    try {
      oracle = reference::Decide(*compiled.typed, test,
                                 test.has_at ? test.at : cli::kDefaultTestNow);
    } catch (const std::exception& e) {
      oracle.outcome = e.what();
    }
    if (counts != nullptr) {
      Count(oracle, counts);
      if (oracle.outcome == "ALLOW")
        ++(*counts)["law 7, ALLOW carries nothing"];
    }
    const std::string a = BrokenAllow(*decided) + reference::Describe(engine);
    const std::string b = reference::Describe(oracle);
    if (a == b) continue;
    ++result.failures;
    if (result.kind == Comparison::Kind::kDiffers) continue;
    result.kind = Comparison::Kind::kDiffers;
    result.text = "test \"" + test.name + "\"\nengine: " + a + "oracle: " + b;
  }
  return result;
}

}  // namespace bylaw::properties
