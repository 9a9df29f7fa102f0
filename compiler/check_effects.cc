// What an expression mentions, reads, and may do wrong at decision time.
#include <algorithm>

#include "compiler/checker.h"

namespace bylaw {

using typed::Op;

const typed::Expr* Checker::Find(
    const typed::Expr& e, const std::function<bool(const typed::Expr&)>& test) {
  if (test(e)) return &e;
  for (const typed::ExprPtr& arg : e.args) {
    if (arg == nullptr) continue;
    if (const typed::Expr* found = Find(*arg, test)) return found;
  }
  for (const typed::ExprPtr* part : {&e.where, &e.body}) {
    if (*part == nullptr) continue;
    if (const typed::Expr* found = Find(**part, test)) return found;
  }
  return nullptr;
}

bool Checker::MentionsNow(const typed::Expr& e) const {
  return Find(e, [this](const typed::Expr& x) {
           return x.op == Op::kNow ||
                  (x.op == Op::kCall && program.defs[x.index].mentions_now);
         }) != nullptr;
}

const typed::Expr* Checker::FindFailing(const typed::Expr& e) const {
  return Find(e, [this](const typed::Expr& x) {
    switch (x.op) {
      case Op::kAdd:
        // Joining texts cannot overflow.
        return x.type == kNone || KindOf(x.type) != Kind::kString;
      case Op::kSub:
      case Op::kMul:
      case Op::kDiv:
      case Op::kNegate:
      case Op::kToDecimal:
      case Op::kSum:
        return true;
      case Op::kHour:
      case Op::kMinute:
      case Op::kWeekday:
      case Op::kDate:
        return x.args[1]->op != Op::kConstant;
      case Op::kCall:
        return x.index < def_effects_.size() && def_effects_[x.index].may_fail;
      default:
        return false;
    }
  });
}

const std::vector<bool>& Checker::ProposedTypes() const {
  if (proposed_.size() == schema().entities.size()) return proposed_;
  proposed_.assign(schema().entities.size(), false);
  std::vector<uint32_t> work;
  const auto add = [&](uint32_t entity) {
    if (!proposed_[entity]) {
      proposed_[entity] = true;
      work.push_back(entity);
    }
  };
  for (const Action& action : schema().actions) {
    if (!action.proposes) continue;
    for (const uint32_t entity : action.resources) add(entity);
  }
  while (!work.empty()) {
    const uint32_t parent = work.back();
    work.pop_back();
    for (uint32_t child = 0; child < schema().entities.size(); ++child) {
      const std::vector<uint32_t>& parents = schema().entities[child].parents;
      if (std::find(parents.begin(), parents.end(), parent) != parents.end()) {
        add(child);
      }
    }
  }
  return proposed_;
}

const typed::Expr* Checker::FindForbiddenRead(const typed::Expr& e,
                                              bool* asserted) const {
  const std::vector<bool>& proposed = ProposedTypes();
  return Find(e, [&](const typed::Expr& x) {
    if (x.op == Op::kCall && x.index < def_effects_.size()) {
      const DefEffects& effects = def_effects_[x.index];
      if (effects.reads_asserted || effects.reads_proposed) {
        *asserted = effects.reads_asserted;
        return true;
      }
      return false;
    }
    if (x.op != Op::kAttribute || x.args[0]->type == kNone ||
        KindOf(x.args[0]->type) != Kind::kEntity) {
      return false;
    }
    for (const uint32_t entity : schema().type(x.args[0]->type).entities) {
      const std::vector<Attribute>& list = schema().entities[entity].attributes;
      const uint32_t slot = Schema::FindAttribute(list, x.name);
      if (slot == kNone) continue;
      if (list[slot].asserted) {
        *asserted = true;
        return true;
      }
      if (proposed[entity] && schema().IsRequired(list[slot])) {
        *asserted = false;
        return true;
      }
    }
    return false;
  });
}

const typed::Expr* Checker::FindSelectingRead(
    const typed::Expr& e, const std::vector<uint32_t>& actions) const {
  return Find(e, [&](const typed::Expr& x) {
    if (x.op != Op::kAttribute || x.args[0]->op != Op::kContext) return false;
    for (const uint32_t action : actions) {
      const std::vector<Attribute>& context = schema().actions[action].context;
      const uint32_t slot = Schema::FindAttribute(context, x.name);
      if (slot != kNone && context[slot].selects) return true;
    }
    return false;
  });
}

}  // namespace bylaw
