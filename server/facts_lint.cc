#include "server/facts_lint.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/arena.h"
#include "evaluator/vm.h"
#include "evaluator/world.h"

namespace bylaw {
namespace {

using Clock = std::chrono::steady_clock;

// Time that all waivers may take together; the rest go unlinted.
constexpr std::chrono::seconds kWaiverTime(2);
// Instructions of one condition.
constexpr uint64_t kConditionBudget = 1'000'000;
// Entities tested before the arena is emptied.
constexpr size_t kEntitiesAtOnce = 1024;

// Calls `visit` for each constant below `root`, in source order.
template <typename Visit>
void VisitConstants(const typed::Expr* root, const Visit& visit) {
  std::vector<const typed::Expr*> stack;
  if (root != nullptr) stack.push_back(root);
  while (!stack.empty()) {
    const typed::Expr* e = stack.back();
    stack.pop_back();
    if (e->op == typed::Op::kConstant) visit(*e);
    const auto push = [&stack](const typed::ExprPtr& child) {
      if (child != nullptr) stack.push_back(child.get());
    };
    push(e->body);
    push(e->where);
    for (auto it = e->args.rbegin(); it != e->args.rend(); ++it) push(*it);
  }
}

class EntityLint {
 public:
  EntityLint(const typed::Program& typed, const Facts& facts,
             DiagnosticSink* sink)
      : typed_(typed), facts_(facts), sink_(sink) {}

  void Run() {
    for (const typed::Def& def : typed_.defs) Visit(def.body.get());
    for (const typed::Scope& scope : typed_.scopes) {
      for (const typed::Governs& g : scope.governs) Visit(g.where.get());
      for (const typed::MayAllow& m : scope.may_allow) Visit(m.when.get());
    }
    for (const typed::Waiver& w : typed_.waivers) Visit(w.where.get());
    for (const typed::Policy& policy : typed_.policies) {
      Visit(policy.guard_when.get());
      Visit(policy.guard_unless.get());
      for (const typed::Rule& rule : policy.rules) VisitRule(rule);
    }
  }

 private:
  void VisitRule(const typed::Rule& rule) {
    for (const auto& loop : rule.loops) {
      Visit(loop->collection.get());
      Visit(loop->where.get());
    }
    for (const auto& let : rule.lets) Visit(let->value.get());
    Visit(rule.own.when.get());
    Visit(rule.own.unless.get());
    Visit(rule.own.predicate.get());
    for (const auto& argument : rule.arguments) Visit(argument.get());
    for (const auto& argument : rule.mask.args) Visit(argument.get());
    for (const auto* text : {rule.because.get(), rule.help.get()}) {
      if (text == nullptr) continue;
      for (const auto& e : text->exprs) Visit(e.get());
    }
  }

  // Loops and lets are shared by the rules beside them: each place once.
  void Visit(const typed::Expr* root) {
    VisitConstants(root, [this](const typed::Expr& e) {
      if (seen_.insert(&e).second) Check(e.constant, e.span);
    });
  }

  void Check(const Constant& c, Span span) {
    if (c.kind == Kind::kEntity) {
      if (c.index >= facts_.program().schema.entities.size() ||
          facts_.Lookup(c.index, c.text) != kNone) {
        return;
      }
      sink_->Add(Code::BL4017, span,
                 "facts know no " +
                     facts_.program().schema.entities[c.index].name + " `" +
                     c.text + "`");
    }
    for (const Constant& element : c.elements) Check(element, span);
  }

  const typed::Program& typed_;
  const Facts& facts_;
  DiagnosticSink* const sink_;
  std::set<const typed::Expr*> seen_;
};

// Whether an expression reads what only a request says. Defs see none of it.
bool ReadsRequest(const typed::Expr* e) {
  if (e == nullptr) return false;
  switch (e->op) {
    case typed::Op::kSubject:
    case typed::Op::kContext:
    case typed::Op::kAction:
    case typed::Op::kPrevious:
      return true;
    default:
      break;
  }
  return ReadsRequest(e->body.get()) || ReadsRequest(e->where.get()) ||
         std::any_of(e->args.begin(), e->args.end(),
                     [](const auto& arg) { return ReadsRequest(arg.get()); });
}

enum class Match { kSome, kNone, kUnknown };

// Whether the waiver's condition is true of some entity that facts know.
// Unknown where a request would have to say, or where it errs.
Match MatchOf(const Waiver& waiver, const typed::Expr* condition,
              const Facts& facts, int64_t now, Clock::time_point end_of_time) {
  const std::span<const Cell> all = facts.AllOf(waiver.resource);
  if (all.empty()) return Match::kNone;
  if (waiver.chunk == kNone) return Match::kSome;
  if (ReadsRequest(condition)) return Match::kUnknown;
  bool erred = false;
  Arena arena;
  for (size_t begin = 0; begin < all.size(); begin += kEntitiesAtOnce) {
    if (Clock::now() > end_of_time) return Match::kUnknown;
    arena.Reset();
    World world(&facts, &arena);
    BoundRequest bound;
    bound.world = &world;
    bound.now = now;
    const size_t end = std::min(all.size(), begin + kEntitiesAtOnce);
    for (size_t i = begin; i < end; ++i) {
      VmOptions options;
      options.budget = kConditionBudget;
      bound.resource = all[i];
      bound.resource_type = waiver.resource;
      bound.resource_known = true;
      Vm vm(&bound, options);
      const Vm::Outcome outcome = vm.RunConditionOn(waiver.chunk, all[i]);
      if (outcome == Vm::Outcome::kTrue) return Match::kSome;
      erred = erred || outcome == Vm::Outcome::kError;
    }
  }
  return erred ? Match::kUnknown : Match::kNone;
}

}  // namespace

void LintFacts(const typed::Program& typed, const Facts& facts, int64_t now,
               DiagnosticSink* sink) {
  EntityLint(typed, facts, sink).Run();
  const Clock::time_point end_of_time = Clock::now() + kWaiverTime;
  const std::vector<Waiver>& waivers = facts.program().waivers;
  for (size_t i = 0; i < waivers.size(); ++i) {
    // Ended ones are reported as such.
    if (waivers[i].until <= now) continue;
    if (MatchOf(waivers[i], typed.waivers[i].where.get(), facts, now,
                end_of_time) != Match::kNone) {
      continue;
    }
    sink->Add(Code::BL4016, typed.waivers[i].span,
              "the waiver `" + waivers[i].id + "` matches no known " +
                  facts.program().schema.entities[waivers[i].resource].name);
  }
}

}  // namespace bylaw
