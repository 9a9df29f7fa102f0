// The kinds of value that a program computes with. One list for types,
// constants, run-time values and the verifier.
#ifndef BYLAW_COMPILER_BYTECODE_KIND_H_
#define BYLAW_COMPILER_BYTECODE_KIND_H_

#include <cstdint>

namespace bylaw {

enum class Kind : uint8_t {
  kMissing,  // no value (of a `T?`)
  kBool,
  kInt,      // 64 bits, checked
  kDecimal,  // in millionths: 18 digits, 6 of them fractional
  kString,
  kDate,      // days since 1970-01-01
  kTime,      // microseconds since 1970-01-01T00:00:00Z
  kDuration,  // microseconds
  kPeriod,    // months
  kIp,        // address or network
  kVersion,   // semver
  kTerm,      // of a vocabulary
  kEntity,
  kRecord,
  kSet,
  kList,
  kMap,
  kFilter,  // run time only: a residual of a row predicate
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_KIND_H_
