// Internal to lowering (lower.h): a rule with its loops, conditions, texts and
// what explain needs of them.
#ifndef BYLAW_COMPILER_LOWER_RULE_H_
#define BYLAW_COMPILER_LOWER_RULE_H_

#include "compiler/lower_chunk.h"

namespace bylaw {

// Fills chunks, texts and conditions of `out`; `guard` are the conditions of
// its policy, for explain.
void LowerRule(LowerContext* context, const typed::Policy& policy,
               const typed::Rule& rule,
               const std::function<Position(const Span&)>& position,
               bylaw::Rule* out);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_LOWER_RULE_H_
