// What bytecode looks like: instructions, chunks and their error handlers.
// The opcodes stand in opcodes.def, one table for enum, dispatch, verifier,
// disassembler and docs.
#ifndef BYLAW_COMPILER_BYTECODE_CODE_H_
#define BYLAW_COMPILER_BYTECODE_CODE_H_

#include <cstdint>
#include <vector>

namespace bylaw {

// One instruction, 8 bytes:
//
//    0       1       2       3       4               6               8
//   | op    | a     |     b         |       c       |      d        |
//
// b, c and d are 16-bit; wide operands (constants, patterns) take c and d
// together as 32 bits: see `wide()`. Jump targets count from the chunk's begin.
struct Instruction {
  uint8_t op = 0;
  uint8_t a = 0;
  uint16_t b = 0;
  uint16_t c = 0;
  uint16_t d = 0;
  uint32_t wide() const { return uint32_t{c} | uint32_t{d} << 16; }
  void set_wide(uint32_t v) {
    c = static_cast<uint16_t>(v);
    d = static_cast<uint16_t>(v >> 16);
  }
  friend bool operator==(const Instruction&, const Instruction&) = default;
};
static_assert(sizeof(Instruction) == 8);

// An error in [begin, end) continues at `target`, all counted from the chunk's
// begin; the innermost (the first listed that covers the place) wins. Without
// one it leaves the chunk.
struct Handler {
  uint32_t begin = 0, end = 0, target = 0;
  friend bool operator==(const Handler&, const Handler&) = default;
};

inline constexpr uint32_t kNoRoots = 0xffffffffu;

// A piece of code that runs in a window of registers of its own, which are
// missing until they are written.
struct Chunk {
  uint32_t begin = 0, end = 0;  // Program::code
  uint32_t num_parameters = 0;  // in R[0..)
  uint32_t num_registers = 0;
  // R[roots] is the subject and R[roots + 1] the resource, never written;
  // kNoRoots: the chunk sees neither.
  uint32_t roots = kNoRoots;
  // Registers of this chunk and of the largest chain of calls from it.
  uint32_t stack = 0;
  std::vector<Handler> handlers;
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_CODE_H_
