#include "tests/properties/looser.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "evaluator/filter.h"
#include "tests/reference/words.h"

namespace bylaw::properties {
namespace {

struct MaskOf {
  FittedMask mask;
  Kind type = Kind::kMissing;
  std::string text;  // with the column's name
};

std::string NameOf(const cli::DecidedTest& d, Cell column) {
  const Schema::Selectable* s =
      d.engine->program().schema.FindSelectable(d.bound.resource_type);
  const World& world = *d.bound.world;
  return std::string(world.Text(world.Attribute(column, s->name_slot).size));
}

std::map<std::string, MaskOf> MasksOf(const cli::DecidedTest& d) {
  std::map<std::string, std::string> texts;
  for (const std::string& text : reference::InWords(d).columns) {
    texts[text.substr(0, text.find(' '))] = text;
  }
  std::map<std::string, MaskOf> masks;
  for (const ColumnDecision& c : d.decision.columns) {
    const std::string name = NameOf(d, c.column);
    masks[name] = {c.mask, c.type, texts[name]};
  }
  return masks;
}

std::set<std::string> AskedOf(const cli::DecidedTest& d) {
  std::set<std::string> names;
  for (const Cell c : d.bound.asked) names.insert(NameOf(d, c));
  return names;
}

// Constants are of two worlds: only their texts can be compared.
bool IsNoWeaker(const MaskOf& a, const MaskOf& b) {
  if (a.text == b.text) return true;
  if (a.mask.kind == MaskKind::kConstant &&
      b.mask.kind == MaskKind::kConstant) {
    return false;
  }
  return SameMask(JoinMasks(a.mask, b.mask, a.type), a.mask);
}

}  // namespace

std::set<std::string> Conjuncts(const cli::DecidedTest& d) {
  std::set<std::string> texts;
  const FilterNode* filter = d.decision.filter;
  if (filter == nullptr) return texts;
  std::vector<const FilterNode*> open = {filter};
  while (!open.empty()) {
    const FilterNode* node = open.back();
    open.pop_back();
    if (node->op == FilterOp::kAnd) {
      open.insert(open.end(), node->operands,
                  node->operands + node->num_operands);
    } else {
      texts.insert(FilterText(*node, *d.bound.world));
    }
  }
  return texts;
}

std::string Looser(const cli::DecidedTest& d, const cli::DecidedTest& other,
                   Compared what) {
  if (d.decision.outcome == DecisionOutcome::kDeny) return "";
  if (other.decision.outcome == DecisionOutcome::kDeny) {
    return "permits what was denied";
  }
  const std::set<std::string> asked = AskedOf(d), asked_too = AskedOf(other);
  if (asked == asked_too && d.decision.outcome < other.decision.outcome) {
    return "has a lower outcome";
  }
  const std::map<std::string, MaskOf> masks = MasksOf(d);
  for (const auto& [name, mask] : MasksOf(other)) {
    if (asked.count(name) == 0) continue;
    const auto it = masks.find(name);
    if (it == masks.end() || !IsNoWeaker(it->second, mask)) {
      return "has a weaker mask of " + name;
    }
  }
  const std::set<std::string> rows = Conjuncts(d);
  if (rows.count("false") == 0) {
    for (const std::string& conjunct : Conjuncts(other)) {
      if (rows.count(conjunct) == 0) return "lacks the filter " + conjunct;
    }
  }
  if (what == Compared::kMasksAndRows) return "";
  const std::vector<std::string> duties = reference::InWords(d).obligations;
  for (const std::string& duty : reference::InWords(other).obligations) {
    if (std::find(duties.begin(), duties.end(), duty) == duties.end()) {
      return "lacks the obligation " + duty;
    }
  }
  return d.report.keep > other.report.keep ? "is kept longer" : "";
}

std::string Effective(const cli::DecidedTest& d,
                      const cli::DecidedTest& other) {
  const reference::Decision words = reference::InWords(d);
  const std::set<std::string> asked = AskedOf(other);
  std::string text = words.outcome == "DENY" ? "DENY" : "permitted";
  for (const auto& [name, mask] : MasksOf(d)) {
    if (asked.count(name) != 0) text += "\n" + mask.text;
  }
  text += "\nrows " + words.filter;
  for (const std::string& duty : words.obligations) text += "\n" + duty;
  return text;
}

}  // namespace bylaw::properties
