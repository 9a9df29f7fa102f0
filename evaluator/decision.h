// A decision as the evaluator makes it: numbers and spans into engine and
// arena, no text. report.h turns one into what callers read.
#ifndef BYLAW_EVALUATOR_DECISION_H_
#define BYLAW_EVALUATOR_DECISION_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "evaluator/mask.h"
#include "evaluator/vm.h"

namespace bylaw {

// kUnspecified is to be read as DENY.
enum class DecisionOutcome : uint8_t { kUnspecified, kAllow, kMask, kDeny };

struct ColumnDecision {
  Cell column = 0;
  Kind type = Kind::kMissing;
  FittedMask mask;                  // the join; kHide: hidden
  std::span<const uint32_t> rules;  // behind it, without `mask … with none`
};

struct WaiverUsed {
  uint32_t waiver = kNone;
  uint32_t policy = kNone;
};

// An error that belongs to no rule's code, or to one: `rule` kNone for an
// unknown resource, missing columns, a scope's governs clause.
struct DecisionError {
  uint32_t rule = kNone;
  uint32_t policy = kNone;  // waivers, may allow: what they are about
  const Position* position = nullptr;  // of what has no rule, if it has one
  uint32_t num_elements = 0;
  const Value* elements = nullptr;
  std::string_view message;
};

struct Decision {
  DecisionOutcome outcome = DecisionOutcome::kUnspecified;
  bool nothing_allows = false;              // no allow grants; never in gates
  std::span<const ColumnDecision> columns;  // asked, mask not none
  const FilterNode* filter = nullptr;       // null: none
  std::span<const Effect> obligations;      // unique by name and arguments
  int64_t keep = 0;                         // microseconds
  std::span<const Effect> determining;      // sorted as decisions.md says
  std::span<const RuleError> determining_errors;  // rules that erred (DENY)
  std::span<const Effect> advisories;
  std::span<const RuleError> advisory_errors;
  bool ungoverned = false;
  std::span<const Effect> not_delegated;
  std::span<const WaiverUsed> waivers;
  std::span<const DecisionError> errors;  // binding rules' and allows'
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_DECISION_H_
