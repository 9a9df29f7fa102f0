// What a node of a row filter does: bytecode names it (opcode FILTER), the
// evaluator builds, renders and applies it (evaluator/filter.h).
#ifndef BYLAW_COMPILER_BYTECODE_FILTER_OP_H_
#define BYLAW_COMPILER_BYTECODE_FILTER_OP_H_

#include <cstdint>

namespace bylaw {

enum class FilterOp : uint8_t {
  kColumn,    // r.x: name (leaf)
  kConstant,  // a value computed at decision time (leaf); missing: NULL
  kAnd,
  kOr,
  kNot,
  kNotIn,  // kNot of kIn or kInColumn, where the author wrote `not in`
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kIn,        // operand 0 in the constant set of operand 1
  kInColumn,  // operand 0 in column(table, name)
  kIsMissing,
  kIsPresent,
  kStartsWith,
  kEndsWith,
  kContains,
  kLike,  // operand 1: a constant, `*` stands for any run
  kCoalesce,
  // What a rule makes of its predicate p; both check that p is a truth value.
  kKeep,  // p itself; never a node
  kDrop,  // not (p), written with its brackets
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_FILTER_OP_H_
