// Limits that protect a process from its input and can be raised: the table is
// limits.def, docs/operations.md describes it. What a limit stops says its name
// and how to raise it. Plain data.
#ifndef BYLAW_COMPILER_BYTECODE_LIMITS_H_
#define BYLAW_COMPILER_BYTECODE_LIMITS_H_

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bylaw {

struct Limits {
#define X(name, value, least, most, reason) int64_t name = value;
#include "compiler/bytecode/limits.def"
#undef X
  bool operator==(const Limits&) const = default;
};

struct LimitInfo {
  std::string_view name;
  int64_t Limits::*field;
  int64_t least, most;
};
inline constexpr LimitInfo kLimits[] = {
#define X(name, value, least, most, reason) {#name, &Limits::name, least, most},
#include "compiler/bytecode/limits.def"
#undef X
};

// The remedy of whoever reached a limit of the table.
inline std::string HowToRaise(std::string_view limit) {
  return "or raise `" + std::string(limit) + "` under `limits:` in bylaw.yaml";
}

// Limits on what is read before any bylaw.yaml has spoken are set by the
// environment.
inline constexpr char kMaxInputVariable[] = "BYLAW_MAX_INPUT_BYTES";
inline constexpr char kMaxBundleVariable[] = "BYLAW_MAX_BUNDLE_BYTES";
inline constexpr char kMaxManifestVariable[] = "BYLAW_MAX_MANIFEST_BYTES";

// `normal` where the variable is not set. What is no limit there allows
// nothing; the command refuses it at its start (EnvironmentProblem).
inline int64_t LimitOfEnvironment(const char* variable, int64_t normal) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return normal;
  const std::string_view digits(text);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.end();
  return whole && value > 0 ? value : 0;
}

// The first of these variables that is no limit, in words; "" if none is.
inline std::string EnvironmentProblem() {
  for (const char* variable :
       {kMaxInputVariable, kMaxBundleVariable, kMaxManifestVariable}) {
    if (LimitOfEnvironment(variable, 1) > 0) continue;
    return std::string(variable) + ": `" + std::getenv(variable) +
           "` is no whole number of bytes from 1; mend it in the environment";
  }
  return "";
}

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_LIMITS_H_
