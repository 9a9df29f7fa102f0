// A program's bytecode as text, for `bylaw dump --stage=bytecode` and tests:
// policies with their rules, each with its chunks; then defs and the rest.
#ifndef BYLAW_COMPILER_BYTECODE_DISASSEMBLE_H_
#define BYLAW_COMPILER_BYTECODE_DISASSEMBLE_H_

#include <cstdint>
#include <string>

#include "compiler/bytecode/program.h"

namespace bylaw {

// REQUIRES: the program is verified.
std::string Disassemble(const Program& program);
std::string DisassembleChunk(const Program& program, uint32_t chunk);
// A constant as source would spell it.
std::string ConstantText(const Schema& schema, const Constant& constant);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_DISASSEMBLE_H_
