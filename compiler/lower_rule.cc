// Rules. The main code of one with two loops:
//
//        lets outside of loops
//        BEGIN the first collection      an error: the rule errs, once
//   1:   NEXT R[0]
//        where                           an error: errs for R[0], then on at 1
//        lets inside the first loop
//        BEGIN the second collection     an error: errs for R[0], then on at 1
//   2:   NEXT R[1]
//        where, lets                     an error: errs for R[0] R[1], on at 2
//        conditions of earlier rules of a `first`
//        when, unless, effect
//        on at 2
//
// A let is evaluated where it stands; if it errs, the error waits in its
// register for a use. That is what evaluating it at each use would do.
#include "compiler/lower_rule.h"

#include <algorithm>
#include <unordered_set>

namespace bylaw {
namespace {

using typed::Expr;
using typed::Op;

class RuleLowerer {
 public:
  RuleLowerer(LowerContext* context, const typed::Policy& policy,
              const typed::Rule& rule,
              const std::function<Position(const Span&)>& position,
              bylaw::Rule* out)
      : context_(*context),
        policy_(policy),
        rule_(rule),
        position_(position),
        out_(*out),
        num_loops_(static_cast<uint32_t>(rule.loops.size())) {}

  void Run() {
    out_.num_elements = num_loops_;
    for (const auto& loop : rule_.loops)
      out_.element_names.push_back(policy_.locals[loop->local].name);
    Applies();
    Main();
    out_.because = Text(rule_.because.get());
    out_.help = Text(rule_.help.get());
    for (uint32_t i = 0; i < num_loops_; ++i)
      out_.collections.push_back(ValueChunk(*rule_.loops[i]->collection, i));
    Conditions();
  }

 private:
  // --- Variables -----------------------------------------------------------

  // Of the lets that all these expressions use, themselves or through other
  // lets.
  std::set<uint32_t> UsedLocals(const std::vector<const Expr*>& exprs) const {
    std::set<uint32_t> used;
    for (const Expr* e : exprs)
      if (e != nullptr) CollectLocals(*e, &used);
    for (auto let = rule_.lets.rbegin(); let != rule_.lets.rend(); ++let)
      if (used.count((*let)->local)) CollectLocals(*(*let)->value, &used);
    return used;
  }

  void LetsAt(uint32_t depth, const std::set<uint32_t>& used,
              ChunkLowerer* chunk) const {
    for (const auto& let : rule_.lets)
      if (let->depth == depth && used.count(let->local)) chunk->Let(*let);
  }

  void Elements(uint32_t n, ChunkLowerer* chunk) const {
    for (uint32_t i = 0; i < n; ++i)
      chunk->SetLocal(rule_.loops[i]->local, static_cast<uint16_t>(i));
  }

  // A chunk that takes the first n elements, with the lets that e uses.
  ChunkLowerer WithElements(uint32_t n,
                            const std::vector<const Expr*>& exprs) const {
    ChunkLowerer chunk(&context_, n, n);
    Elements(n, &chunk);
    const std::set<uint32_t> used = UsedLocals(exprs);
    for (uint32_t depth = 0; depth <= n; ++depth) LetsAt(depth, used, &chunk);
    return chunk;
  }

  uint32_t ValueChunk(const Expr& e, uint32_t n) const {
    ChunkLowerer chunk = WithElements(n, {&e});
    chunk.code.Emit(Opcode::RETURN, 0, chunk.Operand(e));
    return chunk.code.Finish();
  }

  // --- Main code -----------------------------------------------------------

  void Applies() {
    if (rule_.own.marked_columns.empty()) return;
    ChunkLowerer chunk(&context_, 0, 0);
    const uint16_t result = chunk.code.NewRegister();
    Label no;
    SkipUnlessColumns(rule_.own.marked_columns, &no, &chunk);
    chunk.Bool(true, result);
    chunk.code.Emit(Opcode::RETURN, 0, result);
    chunk.code.Bind(&no);
    chunk.Bool(false, result);
    chunk.code.Emit(Opcode::RETURN, 0, result);
    out_.applies = chunk.code.Finish();
  }

  void SkipUnlessColumns(const std::vector<std::string>& names, Label* skip,
                         ChunkLowerer* chunk) {
    const uint32_t mark = chunk->code.Mark();
    const uint16_t name = chunk->code.NewRegister();
    const uint16_t found = chunk->code.NewRegister();
    for (const std::string& text : names) {
      chunk->Text(text, name);
      chunk->code.Emit(Opcode::HAS_COLUMN, 0, found, chunk->code.resource(),
                       name);
      chunk->code.EmitJump(Opcode::JUMP_IF, false, found, 0, skip);
    }
    chunk->code.Release(mark);
  }

  void Main() {
    ChunkLowerer chunk(&context_, 0, num_loops_);
    chunk_ = &chunk;
    Elements(num_loops_, &chunk);
    std::vector<const Expr*> exprs;
    for (const auto& loop : rule_.loops) {
      exprs.push_back(loop->collection.get());
      exprs.push_back(loop->where.get());
    }
    auto add = [&](const typed::Rule::Guard& g) {
      exprs.push_back(g.when.get());
      exprs.push_back(g.unless.get());
      exprs.push_back(g.predicate.get());
    };
    for (const auto& guard : rule_.earlier) add(guard);
    add(rule_.own);
    for (const auto& a : rule_.mask.args) exprs.push_back(a.get());
    for (const auto& a : rule_.arguments) exprs.push_back(a.get());
    used_ = UsedLocals(exprs);

    Label end;
    SkipUnlessColumns(rule_.own.marked_columns, &end, &chunk);
    if (IsMask()) {
      // Nothing of a mask rule is evaluated for columns not asked for.
      asked_ = chunk.code.NewRegister();
      const uint16_t empty = chunk.code.NewRegister();
      chunk.code.Emit(Opcode::ASKED, 0, asked_);
      chunk.code.Emit(Opcode::IS_EMPTY, 0, empty, asked_);
      chunk.code.EmitJump(Opcode::JUMP_IF, true, empty, 0, &end);
    }
    Level(0, &end);
    chunk.code.Bind(&end);
    chunk.code.Emit(Opcode::END);
    out_.chunk = chunk.code.Finish();
    chunk_ = nullptr;
  }

  bool IsMask() const {
    return rule_.kind == RuleKind::kMask || rule_.kind == RuleKind::kHide;
  }

  // The error of [begin, here) is one of the rule for `n` elements, after which
  // the code goes on at `next`. Without elements it leaves the chunk, which
  // says the same.
  void FailFor(uint32_t n, uint32_t begin, Label* handler) {
    if (n > 0) chunk_->code.AddHandler(begin, chunk_->code.here(), handler);
  }
  void Fail(uint32_t n, Label* handler, Label* next) {
    if (n == 0) return;
    chunk_->code.Bind(handler);
    chunk_->code.Emit(Opcode::FAIL, n);
    chunk_->code.EmitJump(Opcode::JUMP, 0, 0, 0, next);
  }

  // What stands inside `depth` loops; `next` ends it.
  void Level(uint32_t depth, Label* next) {
    ChunkBuilder& code = chunk_->code;
    const uint32_t begin = code.here();
    Label failed;
    LetsAt(depth, used_, chunk_);
    if (depth == num_loops_) {
      Body(next);
      if (depth == 0) return;
      FailFor(depth, begin, &failed);
      code.EmitJump(Opcode::JUMP, 0, 0, 0, next);
      Fail(depth, &failed, next);
      return;
    }
    const typed::Loop& loop = *rule_.loops[depth];
    // Only the target's own loop passes over what is not asked for.
    const bool asked = rule_.target == loop.local && loop.over_columns;
    const uint16_t collection =
        asked ? asked_ : chunk_->Operand(*loop.collection);
    const uint16_t iterator = code.NewIterator();
    code.Emit(Opcode::BEGIN, 0, iterator, collection);
    FailFor(depth, begin, &failed);

    Label again, skip, where_failed;
    code.Bind(&again);
    code.EmitJump(Opcode::NEXT, 0, depth, iterator, next);
    if (loop.where) {
      const uint32_t where = code.here();
      chunk_->Jump(*loop.where, false, &skip);
      FailFor(depth + 1, where, &where_failed);
    }
    Level(depth + 1, &skip);
    code.Bind(&skip);
    code.EmitJump(Opcode::JUMP, 0, 0, 0, &again);
    if (loop.where) Fail(depth + 1, &where_failed, &again);
    Fail(depth, &failed, next);
  }

  void Body(Label* next) {
    ChunkBuilder& code = chunk_->code;
    // The tests of `first`: an earlier rule that holds takes this one's place.
    for (const typed::Rule::Guard& guard : rule_.earlier) {
      Label passed;
      SkipUnlessColumns(guard.marked_columns, &passed, chunk_);
      if (guard.predicate) MarkedColumns(*guard.predicate, &passed);
      if (guard.when) chunk_->Jump(*guard.when, false, &passed);
      if (guard.unless) chunk_->Jump(*guard.unless, true, &passed);
      code.EmitJump(Opcode::JUMP, 0, 0, 0, next);
      code.Bind(&passed);
    }
    if (rule_.own.predicate) MarkedColumns(*rule_.own.predicate, next);
    if (rule_.own.when) chunk_->Jump(*rule_.own.when, false, next);
    if (rule_.own.unless) chunk_->Jump(*rule_.own.unless, true, next);
    Effect();
  }

  // `r[c]?`: the rule passes over datasets that lack the column.
  void MarkedColumns(const Expr& e, Label* next) {
    if (e.op == Op::kRowColumn && e.marked && !e.args.empty()) {
      const uint32_t mark = chunk_->code.Mark();
      const uint16_t column = chunk_->Operand(*e.args[0]);
      const uint16_t found = chunk_->code.NewRegister();
      chunk_->code.Emit(Opcode::HAS_COLUMN, 0, found, chunk_->code.resource(),
                        column);
      chunk_->code.EmitJump(Opcode::JUMP_IF, false, found, 0, next);
      chunk_->code.Release(mark);
    }
    for (const typed::ExprPtr& a : e.args)
      if (a) MarkedColumns(*a, next);
  }

  uint16_t TargetRegister() const {
    for (uint32_t i = 0; i < num_loops_; ++i)
      if (rule_.loops[i]->local == rule_.target)
        return static_cast<uint16_t>(i);
    return 0;
  }

  void Effect() {
    ChunkBuilder& code = chunk_->code;
    switch (rule_.kind) {
      case RuleKind::kAllow:
        code.Emit(Opcode::ALLOW);
        break;
      case RuleKind::kDeny:
        code.Emit(Opcode::DENY);
        break;
      case RuleKind::kMask: {
        const uint16_t run = Arguments(rule_.mask.args, nullptr);
        code.Emit(Opcode::MASK, static_cast<uint32_t>(rule_.mask.kind),
                  TargetRegister(), run,
                  static_cast<uint32_t>(rule_.mask.args.size()));
        break;
      }
      case RuleKind::kHide:
        code.Emit(Opcode::MASK, static_cast<uint32_t>(MaskKind::kHide),
                  TargetRegister());
        break;
      case RuleKind::kRows: {
        const uint16_t predicate = code.NewRegister();
        chunk_->Value(*rule_.own.predicate, predicate);
        chunk_->Filter(rule_.keep ? FilterOp::kKeep : FilterOp::kDrop,
                       {predicate}, predicate);
        code.Emit(Opcode::ROWS, 0, predicate);
        break;
      }
      case RuleKind::kRequire: {
        const ObligationType& type =
            context_.schema().obligations[rule_.obligation];
        const uint16_t run = Arguments(rule_.arguments, &type.parameters);
        code.Emit(Opcode::REQUIRE, 0, 0, run,
                  static_cast<uint32_t>(type.parameters.size()));
        break;
      }
    }
  }

  // A run of registers with the arguments; those left out are missing, or
  // empty collections.
  uint16_t Arguments(const std::vector<typed::ExprPtr>& args,
                     const std::vector<Attribute>* parameters) {
    const size_t n = parameters ? parameters->size() : args.size();
    const uint16_t run = chunk_->code.NewRun(static_cast<uint32_t>(n));
    for (size_t i = 0; i < n; ++i) {
      const uint16_t reg = static_cast<uint16_t>(run + i);
      if (i < args.size() && args[i]) {
        chunk_->Value(*args[i], reg);
        continue;
      }
      const uint32_t type = (*parameters)[i].type;
      Constant value;
      if (context_.schema().IsCollection(type)) {
        value.kind = context_.schema().type(type).kind;
      }
      chunk_->Constant(value, reg);
    }
    return run;
  }

  // --- Texts ---------------------------------------------------------------

  uint32_t Text(const typed::Text* text) {
    if (text == nullptr) return kNone;
    std::vector<const Expr*> exprs;
    for (const auto& e : text->exprs) exprs.push_back(e.get());
    ChunkLowerer chunk = WithElements(num_loops_, exprs);
    ChunkBuilder& code = chunk.code;
    uint32_t pieces = static_cast<uint32_t>(text->exprs.size());
    for (const std::string& s : text->literals) pieces += s.empty() ? 0 : 1;
    const uint16_t run = code.NewRun(pieces);
    const uint16_t result = code.NewRegister();
    uint16_t at = run;
    for (size_t i = 0; i < text->literals.size(); ++i) {
      if (!text->literals[i].empty()) chunk.Text(text->literals[i], at++);
      if (i == text->exprs.size()) break;
      const uint32_t begin = code.here();
      chunk.Value(*text->exprs[i], at);
      code.Emit(Opcode::PRINT, 0, at, at);
      const uint32_t end = code.here();
      Label caught, done;
      code.EmitJump(Opcode::JUMP, 0, 0, 0, &done);
      code.Bind(&caught);
      code.Emit(Opcode::TEXT_ERROR, 0, at);
      code.Bind(&done);
      code.AddHandler(begin, end, &caught);
      ++at;
    }
    code.Emit(Opcode::CONCAT, 0, result, run, pieces);
    code.Emit(Opcode::RETURN, 0, result);
    return code.Finish();
  }

  // --- For explain ---------------------------------------------------------

  void AddCondition(Condition::Role role, const Expr* e, uint32_t n) {
    if (e == nullptr) return;
    Condition c;
    c.role = role;
    c.text = FoldSource(e->span.text());
    c.position = position_(e->span);
    c.chunk = ValueChunk(*e, n);
    c.num_elements = n;
    std::unordered_set<std::string> seen;
    std::set<uint32_t> bound;
    Paths(*e, n, &bound, &seen, &c.paths);
    out_.conditions.push_back(std::move(c));
  }

  void Conditions() {
    AddCondition(Condition::Role::kGuard, policy_.guard_when.get(), 0);
    AddCondition(Condition::Role::kUnless, policy_.guard_unless.get(), 0);
    for (uint32_t i = 0; i < num_loops_; ++i)
      AddCondition(Condition::Role::kWhere, rule_.loops[i]->where.get(), i + 1);
    AddCondition(Condition::Role::kWhen, rule_.own.when.get(), num_loops_);
    AddCondition(Condition::Role::kUnless, rule_.own.unless.get(), num_loops_);
  }

  // A variable or root, or attributes from one, that no quantifier binds.
  static bool IsPath(const Expr& e, const std::set<uint32_t>& bound) {
    switch (e.op) {
      case Op::kSubject:
      case Op::kResource:
      case Op::kContext:
      case Op::kPrevious:
        return true;
      case Op::kLocal:
        return bound.count(e.index) == 0;
      case Op::kAttribute:
      case Op::kId:
        return IsPath(*e.args[0], bound);
      case Op::kMapGet:
        return IsPath(*e.args[0], bound) && e.args[1]->op == Op::kConstant;
      default:
        return false;
    }
  }

  void Paths(const Expr& e, uint32_t n, std::set<uint32_t>* bound,
             std::unordered_set<std::string>* seen,
             std::vector<Condition::Path>* out) {
    if (IsPath(e, *bound)) {
      // Roots alone say nothing that the request does not.
      if (e.op == Op::kSubject || e.op == Op::kResource || e.op == Op::kContext)
        return;
      std::string text = FoldSource(e.span.text());
      if (!text.empty() && seen->insert(text).second)
        out->push_back({std::move(text), ValueChunk(e, n)});
      return;
    }
    for (const typed::ExprPtr& a : e.args)
      if (a) Paths(*a, n, bound, seen, out);
    if (e.local == kNone) return;
    const bool added = bound->insert(e.local).second;
    if (e.where) Paths(*e.where, n, bound, seen, out);
    if (e.body) Paths(*e.body, n, bound, seen, out);
    if (added) bound->erase(e.local);
  }

  LowerContext& context_;
  const typed::Policy& policy_;
  const typed::Rule& rule_;
  const std::function<Position(const Span&)>& position_;
  bylaw::Rule& out_;
  const uint32_t num_loops_;
  std::set<uint32_t> used_;
  ChunkLowerer* chunk_ = nullptr;  // the main code
  uint16_t asked_ = 0;
};

}  // namespace

void LowerRule(LowerContext* context, const typed::Policy& policy,
               const typed::Rule& rule,
               const std::function<Position(const Span&)>& position,
               bylaw::Rule* out) {
  RuleLowerer(context, policy, rule, position, out).Run();
}

}  // namespace bylaw
