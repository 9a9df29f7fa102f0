// Quantifiers see every element: an error of one is kept until all were seen,
// and of several the least, so that no order shows.
#include <functional>

#include "compiler/lower_chunk.h"

namespace bylaw {
namespace {

using typed::Expr;
using typed::Op;

}  // namespace

// Runs `body` for each element for which `where` of a count, sum, min, max or
// all holds; what errs is kept in `error`. `done` leaves the loop.
void ChunkLowerer::EachElement(const Expr& e, uint16_t error,
                               const std::function<void(Label* done)>& body) {
  const uint16_t collection = Operand(*e.args[0]);
  const uint16_t iterator = code.NewIterator();
  const uint16_t element = code.NewRegister();
  locals_[e.local] = {element, false};
  Missing(error);
  code.Emit(Opcode::BEGIN, 0, iterator, collection);
  Label next, skip, caught, done;
  code.Bind(&next);
  code.EmitJump(Opcode::NEXT, 0, element, iterator, &done);
  const uint32_t begin = code.here();
  const bool filters =
      e.where != nullptr && e.op != Op::kAny && e.op != Op::kNo;
  if (filters) Jump(*e.where, false, &skip);
  body(&done);
  const uint32_t end = code.here();
  code.Bind(&skip);
  code.EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  code.Bind(&caught);
  code.Emit(Opcode::CATCH, 1, error);
  code.EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  code.Bind(&done);
  code.AddHandler(begin, end, &caught);
}

void ChunkLowerer::Quantifier(const Expr& e, uint16_t dst) {
  const uint32_t mark = code.Mark();
  const uint16_t error = code.NewRegister();
  // The result is made in a register of its own: `dst` may be read inside.
  const uint16_t result = code.NewRun(2);
  switch (e.op) {
    case Op::kAny:
    case Op::kNo:
    case Op::kAll: {
      // One element that decides is enough, whatever errs elsewhere.
      const bool found = e.op == Op::kAny;
      const Expr& test = e.op == Op::kAll ? *e.body : *e.where;
      Bool(!found, result);
      EachElement(e, error, [&](Label* done) {
        Label next;
        Jump(test, e.op == Op::kAll, &next);
        Bool(found, result);
        Missing(error);
        code.EmitJump(Opcode::JUMP, 0, 0, 0, done);
        code.Bind(&next);
      });
      break;
    }
    case Op::kCount: {
      bylaw::Constant zero;
      zero.kind = Kind::kInt;
      Constant(zero, result);
      EachElement(e, error,
                  [&](Label*) { code.Emit(Opcode::COUNT_UP, 0, result); });
      break;
    }
    case Op::kSum:
      code.Emit(Opcode::SUM_BEGIN, 0, result);
      EachElement(e, error, [&](Label*) {
        const uint32_t inner = code.Mark();
        code.Emit(Opcode::SUM_ADD, 0, result, Operand(*e.body));
        code.Release(inner);
      });
      break;
    default:
      Missing(result);
      EachElement(e, error, [&](Label*) {
        const uint32_t inner = code.Mark();
        code.Emit(e.op == Op::kMin ? Opcode::LEAST : Opcode::GREATEST, 0,
                  result, Operand(*e.body));
        code.Release(inner);
      });
  }
  code.Emit(Opcode::RAISE, 0, error);
  if (e.op == Op::kSum) {
    code.Emit(Opcode::SUM_END, static_cast<uint32_t>(TypeOf(e).kind), dst,
              result);
  } else {
    code.Emit(Opcode::MOVE, 0, dst, result);
  }
  code.Release(mark);
}

}  // namespace bylaw
