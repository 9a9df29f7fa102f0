#include "evaluator/patterns.h"

#include <re2/re2.h>
#include <re2/stringpiece.h>

namespace bylaw {
namespace {

RE2::Options PatternOptions(int64_t max_bytes) {
  RE2::Options options;
  options.set_max_mem(max_bytes);
  options.set_log_errors(false);
  options.set_never_capture(true);
  return options;
}

bool Match(const RE2& re, std::string_view text, bool* valid) {
  *valid = re.ok();
  return re.ok() && re.Match(re2::StringPiece(text.data(), text.size()), 0,
                             text.size(), RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace

struct Patterns::Compiled {
  Compiled(const std::string& pattern, int64_t max_bytes)
      : re(pattern, PatternOptions(max_bytes)) {}
  RE2 re;
};

Patterns::Patterns(const Program& program) {
  // The compiler holds patterns to these limits; of a bundle that does not,
  // those beyond them match nothing: whoever uses one errs.
  const Limits& limits = program.settings.limits;
  int64_t instructions = 0;
  for (const std::string& pattern : program.patterns) {
    compiled_.push_back(
        instructions <= limits.pattern_instructions
            ? std::make_unique<Compiled>(pattern, limits.pattern_bytes)
            : nullptr);
    if (compiled_.back() != nullptr && compiled_.back()->re.ok()) {
      instructions += compiled_.back()->re.ProgramSize();
    }
  }
}

Patterns::~Patterns() = default;

bool Patterns::Matches(uint32_t pattern, std::string_view text,
                       bool* valid) const {
  *valid = false;
  return compiled_[pattern] != nullptr &&
         Match(compiled_[pattern]->re, text, valid);
}

bool Patterns::MatchesOnce(const std::string& pattern, std::string_view text,
                           bool* valid) {
  return Match(RE2(pattern, PatternOptions(Limits().pattern_bytes)), text,
               valid);
}

}  // namespace bylaw
