// Notes on what the policies of a module leave out: a policy that tightens
// for some subjects, or for some actions of a group, where no other policy of
// its module tightens for the rest.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

bool Tightens(const typed::Policy& policy) {
  for (const typed::Rule& rule : policy.rules) {
    if (rule.kind != RuleKind::kAllow) return true;
  }
  return false;
}

std::string List(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

void Checker::LintPolicies() {
  // By module and resource: the pairs of action and subject covered.
  using Pairs = std::set<std::pair<uint32_t, uint32_t>>;
  std::map<std::pair<const Module*, uint32_t>, Pairs> covered;
  for (size_t i = 0; i < program.policies.size(); ++i) {
    const PolicyTree& tree = policy_trees[i];
    if (!tree.head.ok || !Tightens(program.policies[i])) continue;
    Pairs& pairs = covered[{tree.module, tree.head.resource}];
    for (const uint32_t action : tree.head.actions) {
      for (const uint32_t subject : tree.head.subjects) {
        pairs.emplace(action, subject);
      }
    }
  }
  // A gap in a group is one note, at the first policy that shows it.
  std::set<std::tuple<const Module*, uint32_t, std::string, std::string>> gaps;
  for (size_t i = 0; i < program.policies.size(); ++i) {
    const PolicyTree& tree = policy_trees[i];
    const HeadInfo& head = tree.head;
    if (!head.ok || tree.module->shipped || !Tightens(program.policies[i])) {
      continue;
    }
    const Pairs& pairs = covered[{tree.module, head.resource}];
    std::set<std::string> subjects;
    if (!tree.tree->head.subjects.empty()) {
      for (const uint32_t action : head.actions) {
        for (const uint32_t subject : schema().actions[action].subjects) {
          if (!pairs.contains({action, subject})) {
            subjects.insert(schema().entities[subject].name);
          }
        }
      }
    }
    if (!subjects.empty()) {
      sink.Add(Code::BL4004, tree.tree->head.subjects.front().span,
               absl::StrCat("this does not cover ", List(subjects),
                            ", nor does another policy of the module"));
    }
    for (const ActionGroup& group : schema().groups) {
      bool part = false, whole = true;
      std::set<std::string> left;
      for (const uint32_t action : group.actions) {
        const std::vector<uint32_t>& takes = schema().actions[action].resources;
        if (!std::binary_search(takes.begin(), takes.end(), head.resource)) {
          continue;
        }
        if (std::binary_search(head.actions.begin(), head.actions.end(),
                               action)) {
          part = true;
          continue;
        }
        whole = false;
        const auto at = pairs.lower_bound({action, 0});
        if (at == pairs.end() || at->first != action) {
          left.insert(schema().actions[action].name);
        }
      }
      if (!part || whole || left.empty() || tree.tree->head.actions.empty()) {
        continue;
      }
      if (!gaps.emplace(tree.module, head.resource, group.name, List(left))
               .second) {
        continue;
      }
      sink.Add(
          Code::BL4005, tree.tree->head.actions.front().span,
          absl::StrCat("this does not cover ", List(left), " of the group `",
                       group.name, "`, nor does another policy of the module"));
    }
  }
}

}  // namespace bylaw
