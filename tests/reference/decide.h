// The oracle's decision: decisions.md read aloud, over the typed program and
// what a test of the language gives and asks.
#ifndef BYLAW_TESTS_REFERENCE_DECIDE_H_
#define BYLAW_TESTS_REFERENCE_DECIDE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "compiler/typed.h"

namespace bylaw::reference {

// In words, so that it can be compared and printed (what is left out:
// tests/properties/README.md).
struct Decision {
  std::string outcome;  // ALLOW MASK DENY
  // "email keep_domain() by p, q": asked ones, by name
  std::vector<std::string> columns;
  std::string filter;                    // canonical text; "" for none
  std::vector<std::string> obligations;  // by their text
  int64_t keep = 0;
  // "severity policy of scope, kind line: because (help)"; of rules that err
  // without the texts. By policy, position and elements of loops.
  std::vector<std::string> determining, advisories, not_delegated;
  std::set<std::string> waivers;
  // "policy line", each once, in the order of places; of what has no policy
  // "" and the line of its scope, if it is about one.
  std::vector<std::string> errors;
  friend bool operator==(const Decision&, const Decision&) = default;
};

std::string Describe(const Decision& d);

// Decides a test's request on the test's facts. `now` as the test says.
Decision Decide(const typed::Program& program, const typed::Test& test,
                int64_t now);

}  // namespace bylaw::reference

#endif  // BYLAW_TESTS_REFERENCE_DECIDE_H_
