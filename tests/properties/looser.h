// "No looser" of decisions.md, between two decisions of the engine.
#ifndef BYLAW_TESTS_PROPERTIES_LOOSER_H_
#define BYLAW_TESTS_PROPERTIES_LOOSER_H_

#include <set>
#include <string>

#include "cli/test_runner.h"

namespace bylaw::properties {

enum class Compared { kAll, kMasksAndRows };

// In what `d` is looser than `other`; "" if in nothing. Rows are compared by
// the conjuncts of the filters as they are written.
std::string Looser(const cli::DecidedTest& d, const cli::DecidedTest& other,
                   Compared what = Compared::kAll);

// The parts of the row filter that all must hold, as they are written.
std::set<std::string> Conjuncts(const cli::DecidedTest& d);

// What a caller may do and see, in words: outcome, masks of the columns that
// both decisions were asked for, filter, obligations.
std::string Effective(const cli::DecidedTest& d, const cli::DecidedTest& other);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_LOOSER_H_
