// Limits of one decision that nothing sets, each with its reason; those that a
// repository sets are in compiler/bytecode/limits.def. Reaching one is an error
// of the rule that reached it.
#ifndef BYLAW_EVALUATOR_LIMITS_H_
#define BYLAW_EVALUATOR_LIMITS_H_

#include <cstdint>

#include "compiler/bytecode/limits.h"

namespace bylaw {

// Steps that a deny, a requirement, a row filter or an error takes beside its
// instructions: each is sorted, worded and listed, which takes microseconds and
// some hundred bytes. It bounds an answer to 100,000 of them.
inline constexpr uint64_t kStepsPerFinding = 100;

// Steps that a mask or hide takes beside its instructions: it is kept in some
// hundred bytes until it is joined with others on its column. It bounds a
// decision to 500,000 of them.
inline constexpr uint64_t kStepsPerMask = 20;

// Bytes that one step of the budget may copy into a new text. It bounds the
// texts of a decision to 40 MB together.
inline constexpr uint32_t kTextBytesPerStep = 4;

// What holds where no program says otherwise.
inline constexpr uint64_t kDecisionBudget = Limits().decision_steps;
inline constexpr uint64_t kMaxTextBytes = Limits().text_bytes;

// Collections within collections that code makes: whoever walks a value
// recurses. No policy text is nested deeper.
inline constexpr uint16_t kMaxValueDepth = 256;

// What walking a nested value that code makes meets: values share their parts,
// so that few instructions could make one of 2^40 elements.
inline constexpr uint64_t kMaxValueElements = 100'000;

// Registers that are cleared in a step where a chunk is entered.
inline constexpr uint32_t kRegistersPerStep = 8;

// Elements of a set that count as one instruction of the budget where an
// operation walks through it.
inline constexpr uint32_t kElementsPerStep = 8;

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_LIMITS_H_
