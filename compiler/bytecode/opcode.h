// Names, operands and meaning of the opcodes, as opcodes.def lists them.
#ifndef BYLAW_COMPILER_BYTECODE_OPCODE_H_
#define BYLAW_COMPILER_BYTECODE_OPCODE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "compiler/bytecode/code.h"

namespace bylaw {

enum class Opcode : uint8_t {
#define X(name, operands, formula) name,
#include "compiler/bytecode/opcodes.def"
#undef X
};

struct OpcodeInfo {
  std::string_view name;
  std::string_view operands;  // a letter each for a, b, c and d
  std::string_view formula;
};

inline constexpr OpcodeInfo kOpcodes[] = {
#define X(name, operands, formula) {#name, operands, formula},
#include "compiler/bytecode/opcodes.def"
#undef X
};
inline constexpr size_t kNumOpcodes = std::size(kOpcodes);
static_assert(kNumOpcodes <= 256);

// Operand a of GET and its kin: the slot is looked up in the schema.
inline constexpr uint8_t kAnyType = 255;

// How CONTEXT, GET_NAMED and FIELD read what is missing (operand a).
enum class ReadMode : uint8_t { kOptional, kRequired, kSet, kList, kMap };
inline constexpr uint8_t kNumReadModes = 5;

// The text of docs/opcodes.md.
std::string OpcodeDocs();

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_OPCODE_H_
