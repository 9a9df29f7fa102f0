// Internal to lowering (lower.h): one chunk in the making. Expressions become
// code that leaves their value in a register, or that goes on elsewhere.
#ifndef BYLAW_COMPILER_LOWER_CHUNK_H_
#define BYLAW_COMPILER_LOWER_CHUNK_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/bytecode/builder.h"
#include "compiler/bytecode/filter_op.h"
#include "compiler/typed.h"

namespace bylaw {

// What all chunks of a program share.
struct LowerContext {
  const typed::Program* typed = nullptr;
  ProgramBuilder* builder = nullptr;
  std::vector<uint32_t> def_chunks;  // by def

  const Schema& schema() const { return typed->schema; }
};

// A text of the source on one line: comments dropped, spaces folded.
std::string FoldSource(std::string_view text);

// Adds the locals that an expression mentions.
void CollectLocals(const typed::Expr& e, std::set<uint32_t>* out);

class ChunkLowerer {
 public:
  // Parameters and loop elements are R[0..num_fixed).
  ChunkLowerer(LowerContext* context, uint32_t num_parameters,
               uint32_t num_fixed, bool roots = true)
      : context_(*context),
        code(context->builder, num_parameters, num_fixed, roots) {}

  // Where a local variable is found. A `let` may hold a caught error, which
  // every use raises.
  void SetLocal(uint32_t local, uint16_t reg) { locals_[local] = {reg, false}; }
  // Evaluates a let into a register of its own; its error is kept for its uses.
  void Let(const typed::Let& let);

  // R[dst] := e.
  void Value(const typed::Expr& e, uint16_t dst);
  // A register that holds e: its own if it is a variable, else a new one.
  uint16_t Operand(const typed::Expr& e);
  // Goes to `target` if e is `when`, else goes on.
  void Jump(const typed::Expr& e, bool when, Label* target);
  void Constant(const bylaw::Constant& c, uint16_t dst);
  void Text(const std::string& text, uint16_t dst);
  void Bool(bool value, uint16_t dst);
  void Missing(uint16_t dst);
  void Filter(FilterOp op, const std::vector<uint16_t>& operands, uint16_t dst);
  // Ends the chunk with the value of `when and not unless`.
  void ReturnBoth(const typed::Expr* when, const typed::Expr* unless);

 private:
  struct LocalPlace {
    uint16_t reg = 0;
    bool may_hold_error = false;
  };
  LowerContext& context_;
  std::unordered_map<uint32_t, LocalPlace> locals_;

  const TypeInfo& TypeOf(const typed::Expr& e) const {
    return context_.schema().type(e.type);
  }
  // The run's first register, holding the arguments one after the other.
  uint16_t Run(const std::vector<typed::ExprPtr>& args);
  void Attribute(const typed::Expr& e, uint16_t dst);
  void Binary(Opcode op, const typed::Expr& e, uint16_t dst,
              bool swapped = false);
  void Unary(Opcode op, const typed::Expr& e, uint16_t dst);
  void Branch(Opcode op, const typed::Expr& e, bool expected, Label* target,
              bool swapped = false);
  void Logic(const typed::Expr& e, uint16_t dst);
  void Match(const typed::Expr& e, uint16_t dst);
  void InZone(Opcode op, const typed::Expr& e, uint16_t dst);
  void Quantifier(const typed::Expr& e, uint16_t dst);
  void EachElement(const typed::Expr& e, uint16_t error,
                   const std::function<void(Label* done)>& body);
  bool RowValue(const typed::Expr& e, uint16_t dst);

 public:
  ChunkBuilder code;
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_LOWER_CHUNK_H_
