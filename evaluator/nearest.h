// Guesses for words that facts and requests spell wrongly.
#ifndef BYLAW_EVALUATOR_NEAREST_H_
#define BYLAW_EVALUATOR_NEAREST_H_

#include <string>
#include <string_view>
#include <vector>

namespace bylaw {

// The candidate nearest to `word` by edit distance (case ignored), or "" if
// none is near enough to be a likely slip. The first of equals wins.
std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates);
// "did you mean `x`?", or "" without a guess.
std::string GuessText(std::string_view word,
                      const std::vector<std::string_view>& candidates);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_NEAREST_H_
