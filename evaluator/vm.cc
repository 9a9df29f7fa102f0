// The machine. An error raised by an instruction goes on at the innermost
// handler of its chunk, leaves the chunk otherwise; running out of budget is
// handled nowhere. Calls are calls of Execute: the verifier bounds their depth
// and computed how many registers they take (Chunk::stack).
#include "evaluator/vm.h"

#include <algorithm>
#include <cstring>

#include "compiler/bytecode/opcode.h"
#include "evaluator/filter.h"
#include "evaluator/ops.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

constexpr uint16_t kCaught = 1;  // Value::reserved of a caught error

Value CaughtError(std::string_view message) {
  Value v;
  v.reserved = kCaught;
  v.size = static_cast<uint32_t>(message.size());
  v.cells = reinterpret_cast<const Cell*>(message.data());
  return v;
}

bool IsCaught(const Value& v) { return v.missing() && v.reserved == kCaught; }

std::string_view MessageOf(const Value& v) {
  return {reinterpret_cast<const char*>(v.cells), v.size};
}

Value EmptyOf(ReadMode mode) {
  const Kind kind = mode == ReadMode::kSet    ? Kind::kSet
                    : mode == ReadMode::kList ? Kind::kList
                                              : Kind::kMap;
  return EmptyCollection(kind, Kind::kMissing);
}

bool IsCollectionMode(ReadMode mode) { return mode >= ReadMode::kSet; }

bool Unknown(OpContext& cx, Cell entity) {
  return cx.Fail({DescribeEntity(cx.world, entity), " is not known"});
}

// What a missing attribute of `owner` reads as.
bool ReadMissing(OpContext& cx, ReadMode mode, std::string_view owner,
                 std::string_view attribute, Value* out) {
  if (mode == ReadMode::kRequired)
    return cx.Fail({owner, " has no ", attribute});
  *out = IsCollectionMode(mode) ? EmptyOf(mode) : Value::Missing();
  return true;
}

// R[b] := from.slot[slot]; `type` is that of the slot, or kAnyType.
[[gnu::always_inline]] inline bool ReadSlot(OpContext& cx, const Value& from,
                                            uint32_t type, uint32_t slot,
                                            ReadMode mode, Value* out) {
  World& world = cx.world;
  if (from.kind != Kind::kEntity) [[unlikely]] {
    if (!from.missing())
      return cx.Fail({KindName(from.kind), " has no attributes"});
    *out = IsCollectionMode(mode) ? EmptyOf(mode) : Value::Missing();
    return true;
  }
  const Cell entity = from.size;  // `out` may be where `from` is
  const EntityRecord* record = world.Find(entity);
  if (record == nullptr) [[unlikely]]
    return Unknown(cx, entity);
  if (record->type != type) [[unlikely]] {
    if (type != kAnyType ||
        slot >= world.schema().entities[record->type].attributes.size())
      return cx.Fail({DescribeEntity(world, entity), " is of another type"});
  }
  *out =
      world.has_overlay() ? world.Attribute(entity, slot) : record->slots[slot];
  if (out->missing() && mode != ReadMode::kOptional) [[unlikely]] {
    if (IsCollectionMode(mode)) {
      *out = EmptyOf(mode);
      return true;
    }
    return cx.Fail(
        {DescribeEntity(world, entity), " has no ",
         world.schema().entities[record->type].attributes[slot].name});
  }
  return true;
}

bool ReadNamed(OpContext& cx, const Value& from,
               const std::vector<uint32_t>& table, ReadMode mode, Value* out) {
  if (from.missing()) {
    *out = IsCollectionMode(mode) ? EmptyOf(mode) : Value::Missing();
    return true;
  }
  if (from.kind != Kind::kEntity)
    return cx.Fail({KindName(from.kind), " has no attributes"});
  const EntityRecord* record = cx.world.Find(from.size);
  if (record == nullptr) return Unknown(cx, from.size);
  const uint32_t slot = table[record->type];
  if (slot == kNone)
    return cx.Fail({DescribeEntity(cx.world, from.size),
                    " is of a type without this attribute"});
  return ReadSlot(cx, from, record->type, slot, mode, out);
}

bool ReadContext(OpContext& cx, const BoundRequest& request,
                 const std::vector<uint32_t>& table, ReadMode mode,
                 Value* out) {
  const uint32_t slot = table[request.action];
  if (slot != kNone && request.context != nullptr) *out = request.context[slot];
  if ((slot == kNone || request.context == nullptr || out->missing()))
    return ReadMissing(
        cx, mode, "the context",
        slot == kNone
            ? std::string_view("this attribute")
            : cx.world.schema().actions[request.action].context[slot].name,
        out);
  return true;
}

bool ReadField(OpContext& cx, const Value& from, uint32_t field, ReadMode mode,
               Value* out) {
  if (from.missing()) {
    *out = IsCollectionMode(mode) ? EmptyOf(mode) : Value::Missing();
    return true;
  }
  if (from.kind != Kind::kRecord || field >= from.size)
    return cx.Fail({KindName(from.kind), " has no such field"});
  *out = from.values[field];
  if (out->missing())
    return ReadMissing(cx, mode, "a record", "such field", out);
  return true;
}

// Of entering a chunk: its code runs once, its registers are cleared.
uint64_t StepsOf(const Chunk& chunk) {
  return chunk.end - chunk.begin + chunk.num_registers / kRegistersPerStep;
}

// Operands that BuildFilter relies on.
bool CheckFilterOperands(OpContext& cx, FilterOp op,
                         std::span<const Value> operands) {
  if (op == FilterOp::kColumn && operands[0].kind != Kind::kString &&
      operands[0].kind != Kind::kEntity)
    return cx.Fail({KindName(operands[0].kind), " is no column"});
  if (op == FilterOp::kInColumn &&
      (operands[1].kind != Kind::kString || operands[2].kind != Kind::kString))
    return cx.Fail({"a listed column has no name"});
  return true;
}

}  // namespace

Vm::Vm(const BoundRequest* request, const VmOptions& options, Arena* arena)
    : request_(request),
      world_(request->world),
      arena_(arena != nullptr ? arena : &request->world->arena()),
      program_(&request->world->program()),
      patterns_(options.patterns),
      steps_(options.budget),
      text_bytes_(options.text_bytes),
      budget_(options.budget),
      resource_(request->resource) {}

Value* Vm::Stack(uint32_t size) {
  if (size > stack_size_) {
    constexpr uint32_t kFirst = 64;
    stack_size_ = std::max({kFirst, size, 2 * stack_size_});
    stack_ = static_cast<Value*>(
        arena_->Allocate(sizeof(Value) * stack_size_, alignof(Value)));
  }
  return stack_;
}

// A finding is put in order among others, and written out.
bool Vm::ChargeFinding(std::span<const Value> elements) {
  return Charge(kStepsPerFinding + CountElements(elements, budget_));
}

bool Vm::Charge(uint64_t steps) {
  if (steps <= budget_) [[likely]] {
    budget_ -= steps;
    return true;
  }
  budget_ = 0;
  exhausted_ = true;
  error_ = arena_->Copy("the decision takes more than " +
                        std::to_string(steps_) + " steps; simplify the rule, " +
                        HowToRaise("decision_steps"));
  return false;
}

const Handler* Vm::FindHandler(const Chunk& chunk, uint32_t at) {
  for (const Handler& h : chunk.handlers)
    if (at >= h.begin && at < h.end) return &h;
  return nullptr;
}

const Value* Vm::CopyValues(const Value* from, uint32_t n) {
  if (n == 0) return nullptr;
  Value* to =
      static_cast<Value*>(arena_->Allocate(sizeof(Value) * n, alignof(Value)));
  std::memcpy(static_cast<void*>(to), from, sizeof(Value) * n);
  return to;
}

bool Vm::Run(uint32_t chunk, std::span<const Value> arguments, Value* result) {
  const Chunk& c = program_->chunks[chunk];
  error_ = {};
  if (arguments.size() != c.num_parameters) {
    error_ = "a condition takes other elements";
    return false;
  }
  Value* stack = Stack(c.stack);
  std::copy(arguments.begin(), arguments.end(), stack);
  return Execute(chunk, stack, result);
}

void Vm::RunRule(uint32_t rule, ArenaVector<Effect>* effects,
                 ArenaVector<RuleError>* errors) {
  const uint32_t chunk = program_->rules[rule].chunk;
  rule_ = rule;
  effects_ = effects;
  errors_ = errors;
  error_ = {};
  frame_ = Stack(program_->chunks[chunk].stack);
  Value ignored;
  if (!Execute(chunk, frame_, &ignored)) {
    RuleError e;
    e.rule = rule;
    e.message = error_;
    errors->push_back(e);
  }
  effects_ = nullptr;
  errors_ = nullptr;
  frame_ = nullptr;
}

Vm::Outcome Vm::RunCondition(uint32_t chunk, std::span<const Value> elements) {
  Value v;
  if (!Run(chunk, elements, &v)) return Outcome::kError;
  if (v.kind != Kind::kBool) {
    error_ = "a condition is neither true nor false";
    return Outcome::kError;
  }
  return v.number != 0 ? Outcome::kTrue : Outcome::kFalse;
}

Vm::Outcome Vm::RunConditionOn(uint32_t chunk, Cell resource) {
  const Cell before = resource_;
  resource_ = resource;
  const Outcome outcome = RunCondition(chunk);
  resource_ = before;
  return outcome;
}

bool Vm::RunValue(uint32_t chunk, std::span<const Value> elements, Value* out) {
  *out = Value::Missing();
  return Run(chunk, elements, out);
}

std::string_view Vm::RunText(uint32_t chunk, std::span<const Value> elements,
                             bool* erred) {
  text_erred_ = false;
  text_error_ = {};
  Value v;
  const bool done = Run(chunk, elements, &v);
  *erred = !done || text_erred_;
  if (text_erred_) error_ = text_error_;
  if (!done || v.kind != Kind::kString) return "<error>";
  return world_->Text(v.size);
}

bool Vm::Execute(uint32_t chunk_index, Value* R, Value* result) {
  const Chunk& chunk = program_->chunks[chunk_index];
  // Before any work: what is called without a budget costs nothing.
  if (!Charge(StepsOf(chunk))) return false;
  for (uint32_t i = chunk.num_parameters; i < chunk.num_registers; ++i)
    R[i] = Value();
  if (chunk.roots != kNoRoots) {
    R[chunk.roots] = Value::OfCell(Kind::kEntity, request_->subject);
    R[chunk.roots + 1] = Value::OfCell(Kind::kEntity, resource_);
  }
  const Instruction* const code = program_->code.data() + chunk.begin;
  const Instruction* pc = code;
  Instruction i;
  OpContext cx{*world_, {}, 0, text_bytes_, budget_};

#define TRY(e)           \
  if (!(e)) [[unlikely]] \
  goto raise
#define VALUE(e)                            \
  {                                         \
    const Test t = (e);                     \
    if (t == Test::kError) goto raise;      \
    R[i.b] = Value::Bool(t == Test::kTrue); \
    NEXT_INSTRUCTION;                       \
  }
#define BRANCH(e)                                              \
  {                                                            \
    const Test t = (e);                                        \
    if (t == Test::kError) [[unlikely]]                        \
      goto raise;                                              \
    pc = static_cast<uint8_t>(t) == i.a ? pc + 1 : code + i.d; \
    GO;                                                        \
  }

// Tests that count what is executed define it (tests/properties).
#ifndef BYLAW_ON
#define BYLAW_ON(op)
#endif
#if defined(__GNUC__)
  static const void* const kLabels[] = {
#define X(name, operands, formula) &&op_##name,
#include "compiler/bytecode/opcodes.def"
#undef X
  };
#define GO       \
  i = *pc;       \
  BYLAW_ON(i.op) \
  goto* kLabels[i.op]
#define OP(name) op_##name:
  GO;
#else
#define GO goto dispatch
#define OP(name) case Opcode::name:
dispatch:
  i = *pc;
  BYLAW_ON(i.op)
  switch (static_cast<Opcode>(i.op)) {
#endif
#define NEXT_INSTRUCTION \
  ++pc;                  \
  GO

  // --- Control -------------------------------------------------------------
  OP(END) {
    *result = Value();
    return cx.steps == 0 || Charge(cx.steps);
  }
  OP(RETURN) {
    *result = R[i.b];
    return cx.steps == 0 || Charge(cx.steps);
  }
  OP(JUMP) {
    pc = code + i.d;
    GO;
  }
  OP(JUMP_IF) {
    const Value& v = R[i.b];
    if (v.kind != Kind::kBool) {
      cx.Fail({KindName(v.kind), " is neither true nor false"});
      goto raise;
    }
    pc = v.number == i.a ? code + i.d : pc + 1;
    GO;
  }
  OP(JUMP_IF_MISSING) {
    pc = R[i.b].missing() == (i.a != 0) ? code + i.d : pc + 1;
    GO;
  }
  OP(BEGIN) {
    const Value& v = R[i.c];
    if (v.kind != Kind::kSet && v.kind != Kind::kList && !v.missing()) {
      cx.Fail({KindName(v.kind), " cannot be looped over"});
      goto raise;
    }
    R[i.b] = v.missing() ? EmptyCollection(Kind::kSet, Kind::kMissing) : v;
    R[i.b + 1] = Value::Number(Kind::kInt, 0);
    NEXT_INSTRUCTION;
  }
  OP(NEXT) {
    const Value& v = R[i.c];
    int64_t& at = R[i.c + 1].number;
    // The verifier does not ask that code has passed a BEGIN.
    if ((v.kind != Kind::kSet && v.kind != Kind::kList) ||
        static_cast<uint64_t>(at) >= v.size) {
      pc = code + i.d;
      GO;
    }
    const uint32_t n = static_cast<uint32_t>(at++);
    R[i.b] = IsCellKind(v.element) ? Value::OfCell(v.element, v.cells[n])
                                   : v.values[n];
    if (!Charge(1 + static_cast<uint64_t>(code + i.d - pc) + cx.steps))
      return false;
    cx.steps = 0;
    NEXT_INSTRUCTION;
  }
  OP(CALL) {
    const Chunk& callee = program_->chunks[i.d];
    Value* window = R + chunk.num_registers;
    std::copy_n(&R[i.c], callee.num_parameters, window);
    Value value;
    if (!Execute(i.d, window, &value)) {
      if (exhausted_) return false;
      cx.error = error_;
      goto raise;
    }
    R[i.b] = value;
    NEXT_INSTRUCTION;
  }
  OP(CATCH) {
    const Value& kept = R[i.b];
    if (i.a == 0 || !IsCaught(kept) || error_ < MessageOf(kept))
      R[i.b] = CaughtError(error_);
    NEXT_INSTRUCTION;
  }
  OP(RAISE) {
    if (IsCaught(R[i.b])) [[unlikely]] {
      cx.error = MessageOf(R[i.b]);
      goto raise;
    }
    NEXT_INSTRUCTION;
  }

  // --- Loading -------------------------------------------------------------
  OP(CONST) {
    R[i.b] = world_->facts().ConstantValue(i.wide());
    NEXT_INSTRUCTION;
  }
  OP(ENTITY) {
    const Constant& c = program_->constants[i.wide()];
    R[i.b] = Value::OfCell(Kind::kEntity, world_->Resolve(c.index, c.text));
    NEXT_INSTRUCTION;
  }
  OP(MOVE) {
    R[i.b] = R[i.c];
    NEXT_INSTRUCTION;
  }
  OP(NOW) {
    R[i.b] = Value::Number(Kind::kTime, request_->now);
    NEXT_INSTRUCTION;
  }
  OP(PREVIOUS) {
    R[i.b] = program_->schema.actions[request_->action].proposes
                 ? request_->previous
                 : Value::OfCell(Kind::kEntity, resource_);
    NEXT_INSTRUCTION;
  }
  OP(ACTION) {
    R[i.b] = Value::OfCell(
        Kind::kString,
        world_->Intern(program_->schema.actions[request_->action].name));
    NEXT_INSTRUCTION;
  }
  OP(ASKED) {
    R[i.b] = CellCollection(Kind::kList, Kind::kEntity, request_->asked);
    NEXT_INSTRUCTION;
  }
  OP(ALL_OF) {
    R[i.b] = CellCollection(Kind::kSet, Kind::kEntity, world_->AllOf(i.c));
    NEXT_INSTRUCTION;
  }
  OP(CONTEXT) {
    TRY(ReadContext(cx, *request_, program_->slot_tables[i.c],
                    static_cast<ReadMode>(i.a), &R[i.b]));
    NEXT_INSTRUCTION;
  }

  // --- Attributes ----------------------------------------------------------
  OP(GET) {
    TRY(ReadSlot(cx, R[i.c], i.a, i.d, ReadMode::kOptional, &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(GET_REQUIRED) {
    TRY(ReadSlot(cx, R[i.c], i.a, i.d, ReadMode::kRequired, &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(GET_SET) {
    TRY(ReadSlot(cx, R[i.c], i.a, i.d, ReadMode::kSet, &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(GET_LIST) {
    TRY(ReadSlot(cx, R[i.c], i.a, i.d, ReadMode::kList, &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(GET_MAP) {
    TRY(ReadSlot(cx, R[i.c], i.a, i.d, ReadMode::kMap, &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(GET_NAMED) {
    TRY(ReadNamed(cx, R[i.c], program_->slot_tables[i.d],
                  static_cast<ReadMode>(i.a), &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(FIELD) {
    TRY(ReadField(cx, R[i.c], i.d, static_cast<ReadMode>(i.a), &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(ID) {
    const Value v = R[i.c];
    if (v.kind != Kind::kEntity && !v.missing()) {
      cx.Fail({KindName(v.kind), " has no id"});
      goto raise;
    }
    R[i.b] = v.missing() ? v
                         : Value::OfCell(Kind::kString,
                                         world_->Intern(world_->IdOf(v.size)));
    NEXT_INSTRUCTION;
  }
  OP(MAP_GET) {
    Value out;
    TRY(MapGet(cx, R[i.c], R[i.d], &out));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }

  // --- Truth ---------------------------------------------------------------
  OP(NOT) {
    const Value& v = R[i.c];
    if (v.kind != Kind::kBool) {
      cx.Fail({KindName(v.kind), " is neither true nor false"});
      goto raise;
    }
    R[i.b] = Value::Bool(v.number == 0);
    NEXT_INSTRUCTION;
  }
  // One opcode a line.
  // clang-format off
  OP(EQ) VALUE(IsEqual(cx, R[i.c], R[i.d]))
  OP(LT) VALUE(IsLess(cx, R[i.c], R[i.d]))
  OP(LE) VALUE(IsLessOrEqual(cx, R[i.c], R[i.d]))
  OP(IN) VALUE(IsIn(cx, R[i.c], R[i.d]))
  OP(IN_BELOW) VALUE(IsInBelow(cx, R[i.c], R[i.d]))
  OP(HAS_BELOW) VALUE(HasBelow(cx, R[i.c], R[i.d]))
  OP(OVERLAPS) VALUE(Overlaps(cx, R[i.c], R[i.d]))
  OP(OVERLAPS_BELOW) VALUE(OverlapsBelow(cx, R[i.c], R[i.d]))
  OP(WITHIN) VALUE(IsWithin(cx, R[i.c], R[i.d]))
  OP(IP_WITHIN) VALUE(IsIpWithin(cx, R[i.c], R[i.d]))
  OP(HAS_KEY) VALUE(HasKey(cx, R[i.c], R[i.d]))
  OP(HAS_COLUMN) VALUE(HasColumn(cx, R[i.c], R[i.d]))
  OP(STARTS_WITH) VALUE(StartsWith(cx, R[i.c], R[i.d]))
  OP(ENDS_WITH) VALUE(EndsWith(cx, R[i.c], R[i.d]))
  OP(CONTAINS) VALUE(Contains(cx, R[i.c], R[i.d]))
  OP(LIKE) VALUE(IsLike(cx, R[i.c], R[i.d]))
      // clang-format on
      OP(MATCHES) {
    const Value v = R[i.b];
    if (v.kind != Kind::kString) {
      cx.Fail({KindName(v.kind), " is no text to match"});
      goto raise;
    }
    const std::string_view text = world_->Text(v.size);
    bool valid = false;
    const bool matches =
        patterns_ != nullptr
            ? patterns_->Matches(i.wide(), text, &valid)
            : Patterns::MatchesOnce(program_->patterns[i.wide()], text, &valid);
    if (!valid) {
      cx.error = "the pattern is not valid";
      goto raise;
    }
    TRY(cx.Work(text.size() / 16));
    R[i.b] = Value::Bool(matches);
    NEXT_INSTRUCTION;
  }
  OP(IS_EMPTY) VALUE(IsEmpty(cx, R[i.c])) OP(IS_MISSING) {
    R[i.b] = Value::Bool(R[i.c].missing());
    NEXT_INSTRUCTION;
  }
  OP(IS_PRESENT) {
    R[i.b] = Value::Bool(!R[i.c].missing());
    NEXT_INSTRUCTION;
  }
  OP(IS_TYPE) {
    const Value& v = R[i.c];
    R[i.b] =
        Value::Bool(v.kind == Kind::kEntity && world_->TypeOf(v.size) == i.d);
    NEXT_INSTRUCTION;
  }

  // --- Comparison and branch -----------------------------------------------
  // One opcode a line.
  // clang-format off
  OP(UNLESS_EQ) BRANCH(IsEqual(cx, R[i.b], R[i.c]))
  OP(UNLESS_LT) BRANCH(IsLess(cx, R[i.b], R[i.c]))
  OP(UNLESS_LE) BRANCH(IsLessOrEqual(cx, R[i.b], R[i.c]))
  OP(UNLESS_IN) BRANCH(IsIn(cx, R[i.b], R[i.c]))
  OP(UNLESS_IN_BELOW) BRANCH(IsInBelow(cx, R[i.b], R[i.c]))
  OP(UNLESS_HAS_BELOW) BRANCH(HasBelow(cx, R[i.b], R[i.c]))
  OP(UNLESS_OVERLAPS) BRANCH(Overlaps(cx, R[i.b], R[i.c]))
  OP(UNLESS_OVERLAPS_BELOW) BRANCH(OverlapsBelow(cx, R[i.b], R[i.c]))
  OP(UNLESS_WITHIN) BRANCH(IsWithin(cx, R[i.b], R[i.c]))
  // clang-format on
  // --- Numbers, texts, time ------------------------------------------------
#define BINARY(f)                     \
  {                                   \
    Value out;                        \
    TRY(f(cx, R[i.c], R[i.d], &out)); \
    R[i.b] = out;                     \
    NEXT_INSTRUCTION;                 \
  }
#define UNARY(f)              \
  {                           \
    Value out;                \
    TRY(f(cx, R[i.c], &out)); \
    R[i.b] = out;             \
    NEXT_INSTRUCTION;         \
  }
#define CIVIL(part)                                        \
  {                                                        \
    Value out;                                             \
    TRY(Civil(cx, CivilPart::part, R[i.c], R[i.d], &out)); \
    R[i.b] = out;                                          \
    NEXT_INSTRUCTION;                                      \
  }
#define PART(part)                                    \
  {                                                   \
    Value out;                                        \
    TRY(PartOf(cx, VersionPart::part, R[i.c], &out)); \
    R[i.b] = out;                                     \
    NEXT_INSTRUCTION;                                 \
  }
      // One opcode a line.
      // clang-format off
  OP(ADD) BINARY(Add)
  OP(SUB) BINARY(Subtract)
  OP(MUL) BINARY(Multiply)
  OP(DIV) BINARY(Divide)
  OP(NEGATE) UNARY(Negate)
  OP(LOWER) UNARY(Lower)
  OP(LENGTH) UNARY(Length)
  OP(TO_DECIMAL) UNARY(ToDecimal)
  OP(HOUR) CIVIL(kHour)
  OP(MINUTE) CIVIL(kMinute)
  OP(WEEKDAY) CIVIL(kWeekday)
  OP(DATE) CIVIL(kDate)
  OP(AGE) BINARY(Age)
      // clang-format on
      OP(MAJOR) PART(kMajor) OP(MINOR) PART(kMinor) OP(PATCH) PART(kPatch)

      // --- Quantifiers
      // ---------------------------------------------------------
      OP(COUNT_UP) {
    const Value& v = R[i.b];
    const bool counts = v.kind == Kind::kInt && v.number < INT64_MAX;
    R[i.b] = Value::Number(Kind::kInt, counts ? v.number + 1 : 1);
    NEXT_INSTRUCTION;
  }
  OP(SUM_BEGIN) {
    R[i.b] = R[i.b + 1] = Value::Number(Kind::kInt, 0);
    NEXT_INSTRUCTION;
  }
  OP(SUM_ADD) {
    TRY(AddToSum(cx, R[i.c], &R[i.b]));
    NEXT_INSTRUCTION;
  }
  OP(SUM_END) {
    Value out;
    TRY(SumOf(cx, static_cast<Kind>(i.a), &R[i.c], &out));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }
  OP(LEAST) {
    Value out;
    TRY(LeastOf(cx, R[i.b], R[i.c], &out));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }
  OP(GREATEST) {
    Value out;
    TRY(GreatestOf(cx, R[i.b], R[i.c], &out));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }

  // --- Construction --------------------------------------------------------
  OP(MAKE_SET) {
    Value out;
    if (!Charge(i.d)) return false;
    TRY(MakeSetOrList(cx, Kind::kSet, {&R[i.c], i.d}, &out));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }
  OP(MAKE_LIST) {
    Value out;
    if (!Charge(i.d)) return false;
    TRY(MakeSetOrList(cx, Kind::kList, {&R[i.c], i.d}, &out));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }
  OP(MAKE_RECORD) {
    Value out;
    if (!Charge(i.d)) return false;
    TRY(NestingOf(cx, {&R[i.c], i.d}, &out.reserved));
    out.kind = Kind::kRecord;
    out.size = i.d;
    out.values = CopyValues(&R[i.c], i.d);
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }
  OP(PRINT) {
    const std::string_view text = PrintValue(*world_, R[i.c], cx.text_bytes);
    if (!Charge(text.size() / kTextBytesPerStep)) return false;
    TRY(CheckTextSize(cx, text.size()));
    R[i.b] = Value::OfCell(Kind::kString, world_->Intern(text));
    NEXT_INSTRUCTION;
  }
  OP(CONCAT) {
    Value out;
    if (!Charge(i.d)) return false;
    TRY(Concatenate(cx, {&R[i.c], i.d}, &out));
    if (!Charge(cx.steps)) return false;
    cx.steps = 0;
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }
  OP(TEXT_ERROR) {
    if (!text_erred_) text_error_ = error_;
    text_erred_ = true;
    R[i.b] = Value::OfCell(Kind::kString, world_->Intern("<error>"));
    NEXT_INSTRUCTION;
  }
  OP(FILTER) {
    const std::span<const Value> operands(&R[i.c], i.d);
    const FilterOp op = static_cast<FilterOp>(i.a);
    Value out;
    if (!Charge(i.d)) return false;
    TRY(CheckFilterOperands(cx, op, operands));
    TRY(BuildFilter(*world_, resource_, op, operands, &out, &cx.error));
    R[i.b] = out;
    NEXT_INSTRUCTION;
  }

  // --- Effects -------------------------------------------------------------
  OP(FAIL) {
    if (!ChargeFinding({R, i.a})) return false;
    RuleError e;
    e.rule = rule_;
    e.num_elements = i.a;
    e.elements = CopyValues(R, i.a);
    e.message = error_;
    errors_->push_back(e);
    NEXT_INSTRUCTION;
  }
  OP(ALLOW)
  OP(DENY) {
    Effect e;
    e.rule = rule_;
    e.num_elements = program_->rules[rule_].num_elements;
    e.elements = Elements();
    if (e.num_elements != 0 && !ChargeFinding({e.elements, e.num_elements}))
      return false;
    effects_->push_back(e);
    NEXT_INSTRUCTION;
  }
  OP(MASK) {
    const Value& column = R[i.b];
    if (column.kind != Kind::kEntity) {
      cx.Fail({KindName(column.kind), " is no column"});
      goto raise;
    }
    Effect e;
    e.rule = rule_;
    e.num_elements = program_->rules[rule_].num_elements;
    e.elements = Elements();
    if (!Charge(kStepsPerMask + e.num_elements + i.d)) return false;
    e.column = column.size;
    e.mask = static_cast<MaskKind>(i.a);
    e.num_arguments = i.d;
    e.arguments = CopyValues(&R[i.c], i.d);
    effects_->push_back(e);
    NEXT_INSTRUCTION;
  }
  OP(ROWS) {
    const Value& v = R[i.b];
    if (v.kind != Kind::kFilter && v.kind != Kind::kBool && !v.missing()) {
      cx.Fail({KindName(v.kind), " is no condition on rows"});
      goto raise;
    }
    Effect e;
    e.rule = rule_;
    e.num_elements = program_->rules[rule_].num_elements;
    e.elements = Elements();
    if (!ChargeFinding({e.elements, e.num_elements})) return false;
    e.filter = FilterOf(*world_, v);
    effects_->push_back(e);
    NEXT_INSTRUCTION;
  }
  OP(REQUIRE) {
    Effect e;
    e.rule = rule_;
    e.num_elements = program_->rules[rule_].num_elements;
    e.elements = Elements();
    e.num_arguments = i.d;
    e.arguments = CopyValues(&R[i.c], i.d);
    if (!ChargeFinding({e.elements, e.num_elements}) ||
        !Charge(CountElements({e.arguments, i.d}, budget_)))
      return false;
    effects_->push_back(e);
    NEXT_INSTRUCTION;
  }
#if !defined(__GNUC__)
}
#endif

raise : error_ = cx.error;
const uint64_t steps = cx.steps + 1 + chunk.handlers.size() / kElementsPerStep;
cx.steps = 0;
if (!Charge(steps)) return false;
if (const Handler* h = FindHandler(chunk, static_cast<uint32_t>(pc - code))) {
  pc = code + h->target;
  GO;
}
return false;
}

const Value* Vm::Elements() {
  return CopyValues(frame_, program_->rules[rule_].num_elements);
}

}  // namespace bylaw
