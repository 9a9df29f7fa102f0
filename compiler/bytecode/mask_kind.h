// The masks of the language, as rules write them.
#ifndef BYLAW_COMPILER_BYTECODE_MASK_KIND_H_
#define BYLAW_COMPILER_BYTECODE_MASK_KIND_H_

#include <cstdint>

namespace bylaw {

enum class MaskKind : uint8_t {
  kNone,
  kShowFirst,
  kShowLast,
  kKeepDomain,
  kHash,
  kTruncate,
  kRound,
  kNetwork,
  kConstant,
  kRedact,
  kNull,
  kHide
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_MASK_KIND_H_
