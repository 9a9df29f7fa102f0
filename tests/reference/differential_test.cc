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
#include "tests/reference/decide.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

std::string MaskText(const FittedMask& m, Kind type, const World& world) {
  const std::string kind = std::to_string(static_cast<int>(m.kind));
  switch (m.kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
    case MaskKind::kNetwork:
      return kind + " " + std::to_string(m.n) + " " + std::to_string(m.k);
    case MaskKind::kTruncate:
      return kind + " unit " + std::to_string(static_cast<int>(m.unit));
    case MaskKind::kRound:
      return kind + " " +
             (type == Kind::kDecimal ? FormatDecimal(m.step)
                                     : FormatInt(m.step));
    case MaskKind::kConstant:
      return kind + " " + std::string(PrintValue(world, m.constant));
    default:
      return kind;
  }
}

// The engine's decision in the oracle's words.
reference::Decision InWords(const cli::DecidedTest& t) {
  reference::Decision out;
  const World& world = *t.bound.world;
  const Program& program = t.engine->program();
  constexpr const char* kOutcomes[] = {"UNSPECIFIED", "ALLOW", "MASK", "DENY"};
  out.outcome = kOutcomes[static_cast<size_t>(t.report.outcome)];
  const Schema::Selectable* s =
      program.schema.FindSelectable(t.bound.resource_type);
  for (const ColumnDecision& c : t.decision.columns) {
    const Value name = world.Attribute(c.column, s->name_slot);
    out.columns.push_back(std::string(world.Text(name.size)) + " " +
                          MaskText(c.mask, c.type, world));
  }
  std::sort(out.columns.begin(), out.columns.end());
  if (t.report.has_filter) out.filter = t.report.filter.text;
  for (const Effect& o : t.decision.obligations) {
    const ObligationType& type =
        program.schema.obligations[program.rules[o.rule].obligation];
    std::string text = type.name + "(";
    for (uint32_t a = 0; a < o.num_arguments; ++a) {
      if (o.arguments[a].missing()) continue;
      text += type.parameters[a].name + ": " +
              std::string(PrintValue(world, o.arguments[a])) + ";";
    }
    out.obligations.push_back(text + ")");
  }
  std::sort(out.obligations.begin(), out.obligations.end());
  out.keep = t.report.keep;
  const auto list = [](const std::vector<ReportedDeterminant>& in,
                       std::multiset<std::string>* to) {
    for (const ReportedDeterminant& d : in) {
      if (d.policy.empty()) {
        if (d.kind != "unhashed") to->insert(d.kind);
        continue;
      }
      std::string text = d.policy + " " + d.kind + " " + std::to_string(d.line);
      // A rule that errs says so in the place of its text.
      if (!d.because.empty() && !d.because.starts_with("error: ")) {
        text += ": " + d.because;
      }
      to->insert(text);
    }
  };
  list(t.report.determining, &out.determining);
  list(t.report.advisories, &out.advisories);
  list(t.report.not_delegated, &out.not_delegated);
  for (const auto& w : t.report.waivers) {
    out.waivers.insert(w.waiver + " of " + w.policy);
  }
  for (const auto& e : t.report.errors) out.errors.insert(e.policy);
  return out;
}

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
    CHECK(reference::Describe(InWords(*decided)) ==
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
