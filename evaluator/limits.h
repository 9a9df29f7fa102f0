// Limits of one decision, each with its reason. Reaching one is an error of
// the rule that reached it.
#ifndef BYLAW_EVALUATOR_LIMITS_H_
#define BYLAW_EVALUATOR_LIMITS_H_

#include <cstdint>

namespace bylaw {

// Instructions of a decision, counted by loops and calls. Loops within loops
// over large sets are the only way to be slow: 10 million take about 50 ms.
inline constexpr uint64_t kDecisionBudget = 10'000'000;

// Bytes of one text that a policy makes with `+` or interpolation: doubling a
// text forty times must not take the machine's memory.
inline constexpr uint32_t kMaxTextBytes = 1 << 20;

// Collections within collections that code makes: whoever walks a value
// recurses. No policy text is nested deeper.
inline constexpr uint16_t kMaxValueDepth = 256;

// Elements of a set that count as one instruction of the budget where an
// operation walks through it.
inline constexpr uint32_t kElementsPerStep = 8;

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_LIMITS_H_
