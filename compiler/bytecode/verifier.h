// Checks a Program before it is run: after it, no index of any table, operand
// or schema entry is out of range, code stays in its chunk, every jump goes
// forward but those to a NEXT, loops are nested and nothing else writes their
// iterators (over finite collections), handlers are nested and forward, calls
// form no cycle and end within kMaxCallDepth, effects stand in rules' main code
// only. So verified code neither leaves its memory nor runs without end, and
// what an engine makes of the program is bounded (verify_schema.h,
// verify_size.h). Kinds of values are checked by each opcode when it runs.
//
// Runs after lowering (as a check of the compiler) and after loading.
#ifndef BYLAW_COMPILER_BYTECODE_VERIFIER_H_
#define BYLAW_COMPILER_BYTECODE_VERIFIER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "compiler/bytecode/program.h"

namespace bylaw {

// Calls within calls; the machine's own stack grows with them.
inline constexpr uint32_t kMaxCallDepth = 200;
// Registers of all calls that are open at once (16 bytes each).
inline constexpr uint32_t kMaxStack = 1u << 20;

// InvalidArgument with a BL6xxx code and the place of the first violation.
absl::Status Verify(const Program& program);

// Sets Chunk::stack of every chunk. False if calls are out of range, form a
// cycle or are nested too deeply.
bool ComputeStacks(Program* program);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_VERIFIER_H_
