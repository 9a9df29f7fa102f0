// The engine's decision of a test of the language in the oracle's words, so
// that the two can be compared field by field.
#ifndef BYLAW_TESTS_REFERENCE_WORDS_H_
#define BYLAW_TESTS_REFERENCE_WORDS_H_

#include "cli/test_runner.h"
#include "tests/reference/decide.h"

namespace bylaw::reference {

enum class Positions { kNamed, kLeftOut };  // the lines of rules

Decision InWords(const cli::DecidedTest& decided,
                 Positions positions = Positions::kNamed);

}  // namespace bylaw::reference

#endif  // BYLAW_TESTS_REFERENCE_WORDS_H_
