#include "compiler/bytecode/verify_size.h"

#include <vector>

namespace bylaw {
namespace {

bool Allows(const Program& program, const Policy& policy) {
  for (uint32_t r = 0; r < policy.num_rules; ++r) {
    if (program.rules[policy.first_rule + r].kind == RuleKind::kAllow) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string SizeProblem(const Program& program) {
  const uint64_t entities = program.schema.entities.size();
  const uint64_t cells = program.schema.actions.size() * entities;
  if (cells > kMaxProduct) return "there are too many actions and entity types";

  // Of a scope and those above it, below the root.
  std::vector<uint64_t> clauses(program.scopes.size(), 0);
  for (size_t s = 1; s < program.scopes.size(); ++s) {
    clauses[s] =
        clauses[program.scopes[s].parent] + program.scopes[s].may_allow.size();
  }
  std::vector<bool> has_row(cells, false);  // by action and resource type
  uint64_t rows = 0, filed = 0, delegated = 0, replaced = 0;
  for (const Policy& policy : program.policies) {
    const uint64_t actions = policy.actions.size();
    const uint64_t overrides = policy.overrides.size();
    for (const uint32_t action : policy.actions) {
      const size_t row = action * entities + policy.resource;
      rows += has_row[row] ? 0 : 1;
      has_row[row] = true;
    }
    filed += actions * policy.subjects.size() * (1 + overrides);
    replaced += overrides * program.scopes.size();
    if (Allows(program, policy)) delegated += actions * clauses[policy.scope];
    // Each time, so that no sum overflows.
    if (rows * entities > kMaxProduct || filed > kMaxProduct) {
      return "policies are about too many actions and types";
    }
    if (replaced > kMaxProduct)
      return "there are too many overrides and scopes";
    if (delegated > kMaxProduct) {
      return "allows depend on too many `may allow` of the scopes above them";
    }
  }
  return "";
}

}  // namespace bylaw
