#include "compiler/bytecode/opcode.h"

#include "absl/strings/str_cat.h"

namespace bylaw {

std::string OpcodeDocs() {
  std::string out =
      "# Opcodes\n"
      "\n"
      "Generated from `compiler/bytecode/opcodes.def` by `generate_docs`.\n"
      "\n"
      "An instruction is 8 bytes: opcode, `a` (8 bits), `b`, `c`, `d` (16 "
      "bits\n"
      "each). Code runs in a window of registers `R`; each value carries its\n"
      "kind, and an operand of another kind than the formula needs is an "
      "error.\n"
      "An error continues at the innermost handler of its chunk, or leaves "
      "it.\n"
      "\n"
      "Operands: `r` register read, `w` written, `p` pair read, `W` pair\n"
      "written, `R` first of a run, `n` its length, `j` jump forward, `l` "
      "jump\n"
      "forward or back to a NEXT, `k` constant, `x` pattern, `f` chunk, `s`\n"
      "slot, `t` entity type of the slot, `e` entity type, `v` table of "
      "slots,\n"
      "`g` mode of a read, `b` 0 or 1, `c` number of elements, `q` kind, `m`\n"
      "mask, `o` filter.\n"
      "\n"
      "| opcode | a b c d | meaning |\n"
      "|---|---|---|\n";
  for (const OpcodeInfo& op : kOpcodes) {
    std::string operands;
    for (char c : op.operands) {
      if (!operands.empty()) operands += ' ';
      operands += c;
    }
    absl::StrAppend(&out, "| `", std::string(op.name), "` | `", operands,
                    "` | ", std::string(op.formula), " |\n");
  }
  return out;
}

}  // namespace bylaw
