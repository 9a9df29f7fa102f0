// Decides the requests of a generated repository by the engine and by the
// oracle, and says where they differ.
#ifndef BYLAW_TESTS_PROPERTIES_COMPARE_H_
#define BYLAW_TESTS_PROPERTIES_COMPARE_H_

#include <cstddef>
#include <map>
#include <string>

#include "compiler/compile.h"

namespace bylaw::properties {

// How often what was met; keys are for people, such as "outcome DENY".
using Counts = std::map<std::string, size_t>;

struct Comparison {
  enum class Kind {
    kEqual,
    kDiffers,
    kNotCompiled  // a generated program is well-formed: one of the two errs
  };
  Kind kind = Kind::kEqual;
  std::string text;     // the difference, or the diagnostics
  size_t pairs = 0;     // requests decided by both
  size_t refused = 0;   // requests that are no valid ones
  size_t failures = 0;  // of the pairs
};

// `counts` may be null.
Comparison Compare(const CompileInput& input, Counts* counts);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_COMPARE_H_
