// The laws of decisions.md ("Properties") that need no oracle, over generated
// repositories: all but 7, which compare.h checks on every decision. They
// compare decisions of the engine; that one is right is for compare.h too.
#ifndef BYLAW_TESTS_PROPERTIES_LAWS_H_
#define BYLAW_TESTS_PROPERTIES_LAWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "tests/properties/compare.h"
#include "tests/properties/piece.h"

namespace bylaw::properties {

// What is broken, beginning with the law and its number; "" if nothing is, or
// if the repository does not compile. `counts` says how often each law had
// something to compare; it may be null.
std::string BrokenLaw(const std::vector<std::string>& paths,
                      const std::vector<Piece>& files, uint64_t seed,
                      Counts* counts = nullptr);

// Its parts. REQUIRES: compiled.ok.
// The same requests to programs that lack some of the rules: 1, 4, 6, 13.
std::string BrokenLawOfRules(const CompileResult& compiled, Random& random,
                             Counts* counts);
// Other requests to the same program: 3, 8, 10, 11.
std::string BrokenLawOfRequests(const CompileResult& compiled, Counts* counts);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_LAWS_H_
