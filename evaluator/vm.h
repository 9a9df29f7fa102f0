// Runs bytecode: the rules' code emits effects and errors, conditions give a
// Bool, texts a String. The stage after bind.h and before composition
// (decide.h). See compiler/bytecode/opcodes.def for what each opcode does.
//
// One Vm a decision, on one thread; all memory comes from the request's arena.
// Every run is bounded by a budget of instructions; running out is an error of
// the rule like any other.
#ifndef BYLAW_EVALUATOR_VM_H_
#define BYLAW_EVALUATOR_VM_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/bytecode/mask_kind.h"
#include "compiler/bytecode/program.h"
#include "evaluator/arena.h"
#include "evaluator/limits.h"
#include "evaluator/patterns.h"
#include "evaluator/request.h"
#include "evaluator/value.h"

namespace bylaw {

// What a rule that applies says, for one instance (loop elements).
struct Effect {
  uint32_t rule = kNone;
  uint32_t num_elements = 0;
  const Value* elements = nullptr;  // of the loops, from the outside
  // kMask, kHide
  Cell column = 0;
  MaskKind mask = MaskKind::kNone;
  // kMask: arguments of the mask. kRequire: one a parameter.
  uint32_t num_arguments = 0;
  const Value* arguments = nullptr;
  // kRows: what a row must satisfy (already negated for `drop`).
  const FilterNode* filter = nullptr;
};

// An error of a rule, for one instance.
struct RuleError {
  uint32_t rule = kNone;
  uint32_t num_elements = 0;
  const Value* elements = nullptr;
  std::string_view message;  // in the arena
};

struct VmOptions {
  uint64_t budget = kDecisionBudget;    // steps of a decision
  uint64_t text_bytes = kMaxTextBytes;  // of a text that it makes
  // Of the program; without them each `matches` compiles its pattern anew.
  const Patterns* patterns = nullptr;
};

class Vm {
 public:
  // Its registers and effects are made in `arena`; nullptr: the world's.
  Vm(const BoundRequest* request, const VmOptions& options,
     Arena* arena = nullptr);

  // Runs the rule's main chunk; appends what it emits.
  void RunRule(uint32_t rule, ArenaVector<Effect>* effects,
               ArenaVector<RuleError>* errors);

  enum class Outcome : uint8_t { kFalse, kTrue, kError };
  // Runs a chunk that gives a Bool (guards, governs, may allow, waivers,
  // conditions). On kError, `error()` says why. A Vm may be pointed at another
  // resource cell (previous, for chains and waivers).
  Outcome RunCondition(uint32_t chunk, std::span<const Value> elements = {});
  Outcome RunConditionOn(uint32_t chunk, Cell resource);
  // Runs a chunk that gives a value; false on an error.
  bool RunValue(uint32_t chunk, std::span<const Value> elements, Value* out);
  // Runs a text chunk (because, help). Interpolations that err print as
  // <error>; `erred` is set and `error()` is the first one's message.
  std::string_view RunText(uint32_t chunk, std::span<const Value> elements,
                           bool* erred);
  std::string_view error() const { return error_; }

 private:
  // Runs a chunk whose parameters stand in R[0..).
  bool Execute(uint32_t chunk, Value* R, Value* result);
  bool Run(uint32_t chunk, std::span<const Value> arguments, Value* result);
  Value* Stack(uint32_t size);
  bool Charge(uint64_t steps);
  bool ChargeFinding(std::span<const Value> elements);
  // Continues at the handler for `at`, or nullptr.
  static const Handler* FindHandler(const Chunk& chunk, uint32_t at);
  const Value* Elements();  // of the rule that runs, copied
  const Value* CopyValues(const Value* from, uint32_t n);

  const BoundRequest* request_;
  World* world_;
  Arena* arena_;
  const Program* program_;
  const Patterns* patterns_;
  const uint64_t steps_, text_bytes_;  // limits
  uint64_t budget_;                    // steps that are left
  bool exhausted_ = false;
  Cell resource_;
  std::string_view error_;
  // Of the rule that runs:
  uint32_t rule_ = kNone;
  Value* frame_ = nullptr;
  ArenaVector<Effect>* effects_ = nullptr;
  ArenaVector<RuleError>* errors_ = nullptr;
  bool text_erred_ = false;
  std::string_view text_error_;
  Value* stack_ = nullptr;
  uint32_t stack_size_ = 0;
};

// A value as policies print it: `because` texts, messages, explain. One of more
// than `most` bytes is cut somewhere beyond them.
std::string_view PrintValue(const World& world, const Value& v,
                            uint64_t most = kMaxTextBytes);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_VM_H_
