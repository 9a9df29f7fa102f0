// A random governance repository with requests, as text: manifest, council and
// domains, defs, policies of every kind of rule, delegation, overrides,
// waivers, levels and grace; facts as `given`s and each request as a `test` of
// the language. Biased to the edges: few ids and instants that meet often,
// missing values, unknown entities, conditions that err.
#ifndef BYLAW_TESTS_PROPERTIES_GENERATE_H_
#define BYLAW_TESTS_PROPERTIES_GENERATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "tests/properties/piece.h"

namespace bylaw::properties {

struct Case {
  std::vector<std::string> paths;
  std::vector<Piece> files;  // one a path
};

// The same seed and number of requests give the same case everywhere.
Case Generate(uint64_t seed, size_t requests);

CompileInput InputOf(const std::vector<std::string>& paths,
                     const std::vector<Piece>& files);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_GENERATE_H_
