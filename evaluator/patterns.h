// The patterns of a program (`matches`), compiled once. Immutable, shareable
// between threads: an engine makes one and hands it to each Vm.
#ifndef BYLAW_EVALUATOR_PATTERNS_H_
#define BYLAW_EVALUATOR_PATTERNS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/bytecode/program.h"

namespace bylaw {

class Patterns {
 public:
  explicit Patterns(const Program& program);
  ~Patterns();
  Patterns(const Patterns&) = delete;
  Patterns& operator=(const Patterns&) = delete;

  // True if the whole text matches. `valid` is false if the pattern is none
  // (of bytecode that no compiler made).
  bool Matches(uint32_t pattern, std::string_view text, bool* valid) const;
  // The same for a pattern that is compiled for this one text.
  static bool MatchesOnce(const std::string& pattern, std::string_view text,
                          bool* valid);

 private:
  struct Compiled;
  std::vector<std::unique_ptr<Compiled>> compiled_;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_PATTERNS_H_
