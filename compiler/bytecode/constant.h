// A value known before run time: literals of a program, defaults of
// attributes, and what the tests of the language give and propose. A tree of
// plain data; terms and entity types by their numbers in Schema.
#ifndef BYLAW_COMPILER_BYTECODE_CONSTANT_H_
#define BYLAW_COMPILER_BYTECODE_CONSTANT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compiler/bytecode/kind.h"
#include "compiler/bytecode/scalar.h"

namespace bylaw {

struct Constant {
  Kind kind = Kind::kMissing;
  int64_t number = 0;  // kBool kInt kDecimal kDate kTime kDuration kPeriod
  std::string text;    // kString; kEntity: its id
  uint32_t index = 0;  // kTerm: term; kEntity: entity type; kRecord: record
  Ip ip;               // kIp
  Version version;     // kVersion
  // kSet, kList: elements. kRecord: one a field (kMissing: left out).
  // kMap: values, beside keys.
  std::vector<Constant> elements;
  std::vector<std::string> keys;  // kMap
  friend bool operator==(const Constant&, const Constant&) = default;
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_CONSTANT_H_
