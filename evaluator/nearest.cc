#include "evaluator/nearest.h"

#include <algorithm>

namespace bylaw {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

// Edit distance with swaps of neighbours, cut off past `limit`.
size_t Distance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) {
    return limit + 1;
  }
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    size_t best = row[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) &&
          Lower(a[i - 2]) == Lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > limit) return limit + 1;
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates) {
  constexpr size_t kLongest = 100;  // longer words are not slips of others
  if (word.empty() || word.size() > kLongest) return {};
  std::string_view best;
  size_t limit = std::max<size_t>(1, word.size() / 3);
  size_t distance = limit + 1;
  for (std::string_view c : candidates) {
    const size_t d = Distance(word, c, distance - 1);
    if (d < distance) {
      distance = d;
      best = c;
      if (d == 0) break;
    }
    if (distance == 0) break;
  }
  if (!best.empty()) return best;
  // A term's last part, or a term written with other separators.
  for (std::string_view c : candidates) {
    const size_t dot = c.rfind('.');
    if (dot != std::string_view::npos &&
        Distance(word, c.substr(dot + 1), 0) == 0) {
      return c;
    }
  }
  return {};
}

std::string GuessText(std::string_view word,
                      const std::vector<std::string_view>& candidates) {
  const std::string_view guess = NearestWord(word, candidates);
  if (guess.empty()) return "";
  return "did you mean `" + std::string(guess) + "`?";
}

}  // namespace bylaw
