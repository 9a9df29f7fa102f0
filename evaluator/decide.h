// Composition: from a bound request to a decision, by the rules of
// decisions.md. The stage after bind.h and around vm.h; report.h puts its
// result into words.
//
// Free of state; all memory comes from the arena.
#ifndef BYLAW_EVALUATOR_DECIDE_H_
#define BYLAW_EVALUATOR_DECIDE_H_

#include <cstdint>

#include "evaluator/arena.h"
#include "evaluator/decision.h"
#include "evaluator/index.h"
#include "evaluator/request.h"
#include "evaluator/vm.h"

namespace bylaw {

// What became of a policy, for explain.
struct PolicyFate {
  enum class Standing : uint8_t {
    kNotGoverned,  // its scope is not in the chain
    kReplaced,     // by `by`, a policy
    kBinding,
    kAdvisory,
    kGrace,
  };
  uint32_t policy = kNone;
  Standing standing = Standing::kBinding;
  uint32_t by = kNone;
  uint32_t waiver = kNone;  // the first that applies
  Vm::Outcome guard = Vm::Outcome::kTrue;
  std::string_view guard_error;
};

// How a decision came about; filled on request only.
struct DecisionTrace {
  std::span<const uint32_t> chain;    // scopes, parents before children
  std::span<const PolicyFate> fates;  // of the group, by policy
  // What the rules said, whether it counted or not.
  std::span<const Effect> effects, advised;
  std::span<const RuleError> errors, advised_errors;
};

void Compose(const PolicyIndex& index, const BoundRequest& request,
             const VmOptions& options, Arena& arena, Decision* decision,
             DecisionTrace* trace = nullptr);

// Order of loop elements in the lists of a decision: by ids of entities, by
// value otherwise.
int CompareElements(const World& world, std::span<const Value> a,
                    std::span<const Value> b);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_DECIDE_H_
