// Lint that needs policies and facts together: waivers that match no known
// resource (BL4016) and entities that policies name and facts lack (BL4017).
#ifndef BYLAW_SERVER_FACTS_LINT_H_
#define BYLAW_SERVER_FACTS_LINT_H_

#include <cstdint>

#include "compiler/compile.h"
#include "evaluator/facts.h"

namespace bylaw {

// REQUIRES: the facts were loaded for the program that `typed` became. Bounded:
// what would take too long is left out.
void LintFacts(const typed::Program& typed, const Facts& facts, int64_t now,
               DiagnosticSink* sink);

}  // namespace bylaw

#endif  // BYLAW_SERVER_FACTS_LINT_H_
