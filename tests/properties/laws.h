// Laws that need no oracle: what must change no decision. See "Properties" in
// decisions.md, whose numbers are named.
#ifndef BYLAW_TESTS_PROPERTIES_LAWS_H_
#define BYLAW_TESTS_PROPERTIES_LAWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/properties/piece.h"

namespace bylaw::properties {

// 2: the order of declarations and policies in a file; 9: formatting, and a
// bundle's bytes and back. Says which law a request breaks, and how; "" if all
// hold or the texts do not compile.
std::string BrokenLaw(const std::vector<std::string>& paths,
                      const std::vector<Piece>& files, uint64_t seed);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_LAWS_H_
