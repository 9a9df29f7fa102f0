#include "tests/reference/words.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"

namespace bylaw::reference {
namespace {

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

}  // namespace

Decision InWords(const cli::DecidedTest& t, Positions positions) {
  Decision out;
  const World& world = *t.bound.world;
  const Program& program = t.engine->program();
  constexpr const char* kOutcomes[] = {"UNSPECIFIED", "ALLOW", "MASK", "DENY"};
  out.outcome = kOutcomes[static_cast<size_t>(t.report.outcome)];
  const Schema::Selectable* s =
      program.schema.FindSelectable(t.bound.resource_type);
  for (const ColumnDecision& c : t.decision.columns) {
    out.columns.push_back(std::string(world.ColumnName(c.column, s)) + " " +
                          MaskText(c.mask, c.type, world));
    if (t.report.columns.size() != t.decision.columns.size()) continue;
    const auto& reported = t.report.columns[out.columns.size() - 1];
    out.columns.back() += " by " + absl::StrJoin(reported.policies, ", ");
  }
  if (t.report.has_filter) out.filter = t.report.filter.text;
  for (const Effect& o : t.decision.obligations) {
    const ObligationType& type =
        program.schema.obligations[program.rules[o.rule].obligation];
    std::string text = type.name + "(";
    for (uint32_t a = 0; a < o.num_arguments; ++a) {
      if (o.arguments[a].missing()) continue;
      const Value& v = o.arguments[a];
      text +=
          type.parameters[a].name + ": " + std::string(PrintValue(world, v));
      // {} and {""} are printed alike.
      if (v.kind == Kind::kSet || v.kind == Kind::kList) {
        text += " of " + std::to_string(v.size);
      }
      text += ";";
    }
    out.obligations.push_back(text + ")");
  }
  std::sort(out.obligations.begin(), out.obligations.end());
  out.keep = t.report.keep;
  const auto list = [positions](const std::vector<ReportedDeterminant>& in,
                                std::vector<std::string>* to) {
    for (const ReportedDeterminant& d : in) {
      if (d.policy.empty()) {
        if (d.kind != "unhashed") to->push_back(d.kind);
        continue;
      }
      std::string text =
          d.severity + " " + d.policy + " of " + d.scope + ", " + d.kind;
      if (positions == Positions::kNamed) text += " " + std::to_string(d.line);
      // A rule that errs says so in the place of its text.
      if (!d.because.starts_with("error: ")) {
        if (!d.because.empty()) text += ": " + d.because;
        if (!d.help.empty()) text += " (" + d.help + ")";
      }
      to->push_back(text);
    }
    // They stand in the order of positions.
    if (positions == Positions::kLeftOut) std::sort(to->begin(), to->end());
  };
  list(t.report.determining, &out.determining);
  list(t.report.advisories, &out.advisories);
  list(t.report.not_delegated, &out.not_delegated);
  for (const auto& w : t.report.waivers) {
    out.waivers.insert(w.waiver + " of " + w.policy);
  }
  for (const auto& e : t.report.errors) {
    std::string text = e.policy;
    if (positions == Positions::kNamed) text += " " + std::to_string(e.line);
    if (out.errors.empty() || out.errors.back() != text) {
      out.errors.push_back(std::move(text));
    }
  }
  if (positions == Positions::kLeftOut) {
    std::sort(out.errors.begin(), out.errors.end());
    out.errors.erase(std::unique(out.errors.begin(), out.errors.end()),
                     out.errors.end());
  }
  return out;
}

}  // namespace bylaw::reference
