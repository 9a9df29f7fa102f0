// Predicates over rows: what mentions a column of the row becomes a filter
// node, which the store evaluates; the rest is computed here like any other
// value.
#include "compiler/lower_chunk.h"

namespace bylaw {
namespace {

using typed::Expr;
using typed::Op;

FilterOp FilterOpOf(Op op) {
  switch (op) {
    case Op::kAnd:
      return FilterOp::kAnd;
    case Op::kOr:
      return FilterOp::kOr;
    case Op::kNot:
      return FilterOp::kNot;
    case Op::kEq:
      return FilterOp::kEq;
    case Op::kNe:
      return FilterOp::kNe;
    case Op::kLt:
      return FilterOp::kLt;
    case Op::kLe:
      return FilterOp::kLe;
    case Op::kGt:
      return FilterOp::kGt;
    case Op::kGe:
      return FilterOp::kGe;
    case Op::kIsMissing:
      return FilterOp::kIsMissing;
    case Op::kIsPresent:
      return FilterOp::kIsPresent;
    case Op::kStartsWith:
      return FilterOp::kStartsWith;
    case Op::kEndsWith:
      return FilterOp::kEndsWith;
    case Op::kContains:
      return FilterOp::kContains;
    case Op::kLike:
      return FilterOp::kLike;
    case Op::kCoalesce:
      return FilterOp::kCoalesce;
    default:
      return FilterOp::kIn;
  }
}

}  // namespace

void ChunkLowerer::Filter(FilterOp op, const std::vector<uint16_t>& operands,
                          uint16_t dst) {
  const uint32_t n = static_cast<uint32_t>(operands.size());
  const uint32_t mark = code.Mark();
  const uint16_t run = code.NewRun(n);
  for (uint32_t i = 0; i < n; ++i)
    code.Emit(Opcode::MOVE, 0, run + i, operands[i]);
  code.Emit(Opcode::FILTER, static_cast<uint32_t>(op), dst, run, n);
  code.Release(mark);
}

// A node over the row's columns; false if e is computed like any other.
bool ChunkLowerer::RowValue(const Expr& e, uint16_t dst) {
  if (!e.has_row) return false;
  const uint32_t mark = code.Mark();
  switch (e.op) {
    case Op::kRowColumn: {
      uint16_t column;
      if (e.args.empty()) {
        column = code.NewRegister();
        Text(e.name, column);
      } else {
        column = Operand(*e.args[0]);
      }
      code.Emit(Opcode::FILTER, static_cast<uint32_t>(FilterOp::kColumn), dst,
                column, 1);
      break;
    }
    case Op::kRowIn: {
      const uint16_t run = code.NewRun(3);
      Value(*e.args[0], run);
      Text(e.table, static_cast<uint16_t>(run + 1));
      Text(e.name, static_cast<uint16_t>(run + 2));
      code.Emit(Opcode::FILTER, static_cast<uint32_t>(FilterOp::kInColumn), dst,
                run, 3);
      break;
    }
    case Op::kAnd:
    case Op::kOr: {
      // What stands before the first part with a row decides at once; after
      // it everything is computed.
      const uint32_t n = static_cast<uint32_t>(e.args.size());
      const uint16_t run = code.NewRun(n);
      Label decided, done;
      bool row = false;
      for (uint32_t i = 0; i < n; ++i) {
        const uint16_t reg = static_cast<uint16_t>(run + i);
        Value(*e.args[i], reg);
        row = row || e.args[i]->has_row;
        if (!row)
          code.EmitJump(Opcode::JUMP_IF, e.op == Op::kOr, reg, 0, &decided);
      }
      code.Emit(Opcode::FILTER, static_cast<uint32_t>(FilterOpOf(e.op)), dst,
                run, n);
      if (!decided.uses.empty()) {
        code.EmitJump(Opcode::JUMP, 0, 0, 0, &done);
        code.Bind(&decided);
        Bool(e.op == Op::kOr, dst);
        code.Bind(&done);
      }
      break;
    }
    case Op::kHas:
    case Op::kHasBelow:
    case Op::kIn:
    case Op::kInBelow: {
      const uint16_t run = code.NewRun(2);
      const bool swapped = e.op == Op::kHas || e.op == Op::kHasBelow;
      Value(*e.args[0], static_cast<uint16_t>(run + (swapped ? 1 : 0)));
      Value(*e.args[1], static_cast<uint16_t>(run + (swapped ? 0 : 1)));
      code.Emit(Opcode::FILTER, static_cast<uint32_t>(FilterOp::kIn), dst, run,
                2);
      break;
    }
    case Op::kCoalesce:
      if (!e.args[0]->has_row) return false;
      [[fallthrough]];
    case Op::kNot:
    case Op::kEq:
    case Op::kNe:
    case Op::kLt:
    case Op::kLe:
    case Op::kGt:
    case Op::kGe:
    case Op::kIsMissing:
    case Op::kIsPresent:
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kContains:
    case Op::kLike: {
      const uint16_t run = Run(e.args);
      const FilterOp op = e.not_in ? FilterOp::kNotIn : FilterOpOf(e.op);
      code.Emit(Opcode::FILTER, static_cast<uint32_t>(op), dst, run,
                static_cast<uint32_t>(e.args.size()));
      break;
    }
    default:
      return false;
  }
  code.Release(mark);
  return true;
}

}  // namespace bylaw
