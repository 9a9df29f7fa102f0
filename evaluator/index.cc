#include "evaluator/index.h"

#include <algorithm>

namespace bylaw {
namespace {

bool Contains(const std::vector<uint32_t>& sorted, uint32_t v) {
  return std::binary_search(sorted.begin(), sorted.end(), v);
}

// decisions.md, Scopes: every scope from the replacement's own up to just
// below the owner of `replaced` has `may override` for it, and it is
// overridable, or on its way there.
bool MayReplace(const Program& program, uint32_t replacement,
                uint32_t replaced) {
  const Policy& x = program.policies[replacement];
  const Policy& y = program.policies[replaced];
  if (y.level != Level::kOverridable || !y.overrides.empty()) return false;
  if (x.scope == y.scope || !IsBelowScope(program, x.scope, y.scope)) {
    return false;
  }
  for (uint32_t s = x.scope; s != y.scope; s = program.scopes[s].parent) {
    if (!Contains(program.scopes[s].may_override, replaced)) return false;
  }
  return true;
}

// A `may allow` that an allow of the policy depends on mentions now.
bool DelegationMentionsNow(const Program& program, const Policy& policy,
                           uint32_t action, uint32_t resource) {
  for (uint32_t s = policy.scope; s != 0; s = program.scopes[s].parent) {
    for (const Scope::MayAllow& may : program.scopes[s].may_allow) {
      if (may.mentions_now && may.resource == resource &&
          Contains(may.actions, action)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool IsBelowScope(const Program& program, uint32_t scope, uint32_t ancestor) {
  for (uint32_t s = scope; s != kNone; s = program.scopes[s].parent) {
    if (s == ancestor) return true;
  }
  return false;
}

void PolicyIndex::FileWaivers(const Program& program, Candidate* c) {
  c->first_waiver = static_cast<uint32_t>(numbers_.size());
  auto it = std::lower_bound(waivers_.begin(), waivers_.end(),
                             std::make_pair(c->policy, uint32_t{0}));
  for (; it != waivers_.end() && it->first == c->policy; ++it) {
    const Waiver& w = program.waivers[it->second];
    if (w.resource != program.policies[c->policy].resource) continue;
    numbers_.push_back(it->second);
    c->mentions_now |= w.mentions_now;
  }
  c->num_waivers = static_cast<uint32_t>(numbers_.size()) - c->first_waiver;
}

void PolicyIndex::FileOverriders(
    const std::vector<std::vector<uint32_t>>& replaces, CandidateGroup* group) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;  // (replaced, replacement)
  for (const Candidate& c : group->candidates) {
    for (const uint32_t y : replaces[c.policy]) pairs.emplace_back(y, c.policy);
  }
  if (pairs.empty()) return;
  std::sort(pairs.begin(), pairs.end());
  for (Candidate& c : group->candidates) {
    c.first_overrider = static_cast<uint32_t>(numbers_.size());
    auto it = std::lower_bound(pairs.begin(), pairs.end(),
                               std::make_pair(c.policy, uint32_t{0}));
    for (; it != pairs.end() && it->first == c.policy; ++it) {
      numbers_.push_back(it->second);
    }
    c.num_overriders =
        static_cast<uint32_t>(numbers_.size()) - c.first_overrider;
  }
}

PolicyIndex::PolicyIndex(const Program& program)
    : num_entities_(program.schema.entities.size()),
      rows_(program.schema.actions.size() * program.schema.entities.size(),
            kNone),
      has_clauses_(program.schema.entities.size(), 0) {
  for (size_t s = 1; s < program.scopes.size(); ++s) {
    for (const Scope::Governs& g : program.scopes[s].governs) {
      if (g.entity < num_entities_) has_clauses_[g.entity] = 1;
    }
  }
  for (uint32_t i = 0; i < program.waivers.size(); ++i) {
    waivers_.emplace_back(program.waivers[i].policy, i);
  }
  std::sort(waivers_.begin(), waivers_.end());

  for (uint32_t p = 0; p < program.policies.size(); ++p) {
    const Policy& policy = program.policies[p];
    if (policy.resource >= num_entities_) continue;
    Candidate c;
    c.policy = p;
    c.scope = policy.scope;
    c.guard = policy.guard;
    c.first_rule = policy.first_rule;
    c.num_rules = policy.num_rules;
    c.grace_until = policy.grace_until;
    c.advisory = policy.level == Level::kAdvisory;
    c.guard_mentions_now = policy.guard_mentions_now;
    c.mentions_now = policy.guard_mentions_now;
    c.replaces = !policy.overrides.empty();
    // Candidates are rules: without one it is as without marked columns.
    c.marks_columns = policy.num_rules == 0;
    bool allows = false;
    for (uint32_t r = 0; r < policy.num_rules; ++r) {
      const Rule& rule = program.rules[policy.first_rule + r];
      const bool marks = rule.applies != kNone;
      c.marks_columns |= marks;
      c.marks_only &= marks;
      c.mentions_now |= rule.mentions_now && !marks;
      allows |= rule.kind == RuleKind::kAllow;
    }
    FileWaivers(program, &c);
    const bool plain = c.scope == 0 && !c.advisory && c.num_waivers == 0 &&
                       c.grace_until == INT64_MIN;
    for (const uint32_t action : policy.actions) {
      Candidate filed = c;
      filed.mentions_now |=
          allows && c.scope != 0 &&
          DelegationMentionsNow(program, policy, action, policy.resource);
      uint32_t& row = rows_[CellOf(action, policy.resource)];
      if (row == kNone) {
        row = static_cast<uint32_t>(groups_of_row_.size() / num_entities_);
        groups_of_row_.resize(groups_of_row_.size() + num_entities_, kNone);
      }
      for (const uint32_t subject : policy.subjects) {
        uint32_t& group = groups_of_row_[CellOf(row, subject)];
        if (group == kNone) {
          group = static_cast<uint32_t>(groups_.size());
          groups_.emplace_back();
        }
        groups_[group].candidates.push_back(filed);
        groups_[group].plain &= plain;
      }
    }
  }
  std::vector<std::vector<uint32_t>> replaces(program.policies.size());
  for (uint32_t p = 0; p < program.policies.size(); ++p) {
    for (const uint32_t y : program.policies[p].overrides) {
      if (MayReplace(program, p, y)) replaces[p].push_back(y);
    }
  }
  for (CandidateGroup& group : groups_) FileOverriders(replaces, &group);
}

}  // namespace bylaw
