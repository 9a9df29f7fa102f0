// Two operands that type each other, and how their types relate.
#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {

using typed::ExprPtr;
using typed::Op;

namespace {

bool IsIntLiteral(const ast::Expr& e) {
  if (e.kind == ast::ExprKind::kInt) return true;
  return e.kind == ast::ExprKind::kUnary && e.op == ast::Op::kNegate &&
         e.operands[0]->kind == ast::ExprKind::kInt;
}

}  // namespace

Checker::Dependence Checker::DependenceOf(const ast::Expr& e, const Env& env) {
  const auto both = [](Dependence a, Dependence b) { return std::min(a, b); };
  switch (e.kind) {
    case ast::ExprKind::kInt:
      return Dependence::kSoft;
    case ast::ExprKind::kUnary:
      return IsIntLiteral(e) ? Dependence::kSoft : Dependence::kNone;
    case ast::ExprKind::kName:
    case ast::ExprKind::kMember: {
      const std::vector<ast::Name> chain = ChainOf(e);
      if (chain.empty()) return Dependence::kNone;
      const std::string& root = chain.front().text;
      if (FindBinding(env, root) != nullptr) return Dependence::kNone;
      for (const char* name :
           {"subject", "action", "resource", "context", "now", "previous"}) {
        if (root == name) return Dependence::kNone;
      }
      if (root[0] >= 'A' && root[0] <= 'Z') return Dependence::kNone;
      if (LookUpDef(*env.module, {chain[0]}, e.span, false) != kNone) {
        return Dependence::kNone;
      }
      // A constant of a module; a term may begin like a module's name.
      for (size_t n = 2; n <= chain.size(); ++n) {
        const std::vector<ast::Name> prefix(
            chain.begin(), chain.begin() + static_cast<ptrdiff_t>(n));
        if (chain[n - 1].text[0] >= 'A' && chain[n - 1].text[0] <= 'Z') {
          return Dependence::kNone;
        }
        if (LookUpDef(*env.module, prefix, e.span, false) != kNone) {
          return Dependence::kNone;
        }
      }
      return Dependence::kNeedsHint;
    }
    case ast::ExprKind::kSet:
    case ast::ExprKind::kList: {
      Dependence result = Dependence::kNeedsHint;
      for (const ast::ExprPtr& element : e.operands) {
        result = both(result, DependenceOf(*element, env));
        if (result == Dependence::kNone) break;
      }
      return result;
    }
    case ast::ExprKind::kIf:
      return both(DependenceOf(*e.operands[1], env),
                  DependenceOf(*e.operands[2], env));
    case ast::ExprKind::kMatch: {
      Dependence result = Dependence::kNeedsHint;
      for (const ast::MatchArm& arm : e.arms) {
        result = both(result, DependenceOf(*arm.value, env));
      }
      return result;
    }
    case ast::ExprKind::kBinary:
      if (e.op == ast::Op::kDefault || e.op == ast::Op::kAdd ||
          e.op == ast::Op::kSubtract || e.op == ast::Op::kMultiply) {
        return both(DependenceOf(*e.operands[0], env),
                    DependenceOf(*e.operands[1], env));
      }
      return Dependence::kNone;
    default:
      return Dependence::kNone;
  }
}

bool Checker::InferPair(const ast::Expr& left, const ast::Expr& right, Env& env,
                        const std::function<TypeId(TypeId)>& right_by_left,
                        const std::function<TypeId(TypeId)>& left_by_right,
                        ExprPtr* l, ExprPtr* r) {
  const Dependence dl = DependenceOf(left, env);
  const Dependence dr = DependenceOf(right, env);
  if (dl <= dr) {
    *l = Infer(left, env);
    // Without the type of one side a bare term of the other says nothing.
    if (*l == nullptr && dr == Dependence::kNeedsHint) return false;
    *r = Infer(right, env, *l == nullptr ? kNone : right_by_left((*l)->type));
  } else {
    *r = Infer(right, env);
    if (*r == nullptr && dl == Dependence::kNeedsHint) return false;
    *l = Infer(left, env, *r == nullptr ? kNone : left_by_right((*r)->type));
  }
  return *l != nullptr && *r != nullptr;
}

TypeId Checker::ElementOr(TypeId t) const {
  const TypeInfo& info = schema().type(t);
  return info.kind == Kind::kSet || info.kind == Kind::kList ? info.element : t;
}

bool Checker::CanBeBelow(uint32_t entity, uint32_t ancestor) const {
  std::vector<uint32_t> work = {entity};
  std::vector<bool> seen(schema().entities.size(), false);
  while (!work.empty()) {
    const uint32_t at = work.back();
    work.pop_back();
    if (at == ancestor) return true;
    if (seen[at]) continue;
    seen[at] = true;
    for (const uint32_t parent : schema().entities[at].parents) {
      work.push_back(parent);
    }
  }
  return false;
}

bool Checker::Related(TypeId value, TypeId of) {
  const TypeId v = schema().Present(value), o = schema().Present(of);
  if (Assignable(v, o) || Assignable(o, v)) return true;
  const TypeInfo& a = schema().type(v);
  const TypeInfo& b = schema().type(o);
  if (a.kind == Kind::kEntity && b.kind == Kind::kEntity) {
    for (const uint32_t x : a.entities) {
      for (const uint32_t y : b.entities) {
        if (CanBeBelow(x, y)) return true;
      }
    }
    return false;
  }
  // An action is compared with its name too.
  return (IsActionType(v) && b.kind == Kind::kString) ||
         (IsActionType(o) && a.kind == Kind::kString);
}

}  // namespace bylaw
