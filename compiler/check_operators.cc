// Operators of expressions: comparison, membership, text, arithmetic,
// defaults, presence and type tests.
#include <re2/re2.h>

#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"
#include "compiler/manifest.h"

namespace bylaw {
namespace {

using typed::ExprPtr;
using typed::Op;

// A set or list as written, or what chooses between such.
bool IsCollectionLiteral(const ast::Expr& e) {
  switch (e.kind) {
    case ast::ExprKind::kSet:
    case ast::ExprKind::kList:
      return true;
    case ast::ExprKind::kIf:
      return IsCollectionLiteral(*e.operands[1]) ||
             IsCollectionLiteral(*e.operands[2]);
    case ast::ExprKind::kMatch:
      return std::any_of(e.arms.begin(), e.arms.end(),
                         [](const ast::MatchArm& arm) {
                           return IsCollectionLiteral(*arm.value);
                         });
    default:
      return false;
  }
}

}  // namespace

// --- Binary operators --------------------------------------------------------

ExprPtr Checker::InferBinary(const ast::Expr& e, Env& env, TypeId hint) {
  const int polarity = env.polarity;
  ExprPtr result;
  switch (e.op) {
    case ast::Op::kEqual:
    case ast::Op::kNotEqual:
      return InferEquality(e, env);
    case ast::Op::kLess:
    case ast::Op::kLessEqual:
    case ast::Op::kGreater:
    case ast::Op::kGreaterEqual:
      env.polarity = 0;
      result = InferOrdering(e, env);
      break;
    case ast::Op::kIn:
    case ast::Op::kNotIn:
    case ast::Op::kHas:
    case ast::Op::kOverlaps:
      env.polarity = 0;
      result = InferMembership(e, env);
      break;
    case ast::Op::kWithin:
      env.polarity = 0;
      result = InferWithin(e, env);
      break;
    case ast::Op::kStartsWith:
    case ast::Op::kEndsWith:
    case ast::Op::kContains:
    case ast::Op::kLike:
    case ast::Op::kMatches:
      env.polarity = 0;
      result = InferTextTest(e, env);
      break;
    case ast::Op::kDefault:
      env.polarity = 0;
      result = InferDefault(e, env, hint);
      break;
    default:
      env.polarity = 0;
      result = InferArithmetic(e, env, hint);
  }
  env.polarity = polarity;
  return result;
}

void Checker::LintMissing(const typed::Expr& l, const typed::Expr& r,
                          bool equal, const Env& env, const Span& span) {
  if (env.polarity == 0) return;
  const typed::Expr* missing = IsOptional(l.type)   ? &l
                               : IsOptional(r.type) ? &r
                                                    : nullptr;
  if (missing == nullptr) return;
  // A missing value makes `==` false and `!=` true. Rules that tighten are
  // weaker where the condition becomes false, allows where it becomes true.
  const bool becomes_true = equal == (env.polarity < 0);
  if (becomes_true != env.allow_rule) return;
  const std::string text(missing->span.text());
  Lint(Code::BL4001, env, span,
       absl::StrCat("where `", text, "` is missing this rule ",
                    env.allow_rule ? "allows" : "does not apply"),
       absl::StrCat("say what shall hold then: `", text, " ?? …`, or `", text,
                    " is missing or …`"));
}

ExprPtr Checker::InferEquality(const ast::Expr& e, Env& env) {
  const int polarity = env.polarity;
  env.polarity = 0;
  const auto present = [&](TypeId t) { return schema().Present(t); };
  ExprPtr l, r;
  const bool ok =
      InferPair(*e.operands[0], *e.operands[1], env, present, present, &l, &r);
  env.polarity = polarity;
  if (!ok) return nullptr;
  const TypeId lt = present(l->type), rt = present(r->type);
  bool fits = Assignable(lt, rt) || Assignable(rt, lt);
  if (!fits) {
    const TypeInfo& a = schema().type(lt);
    const TypeInfo& b = schema().type(rt);
    if (a.kind == Kind::kEntity && b.kind == Kind::kEntity) {
      for (const uint32_t x : a.entities) {
        fits =
            fits || std::binary_search(b.entities.begin(), b.entities.end(), x);
      }
    }
    fits = fits || (IsActionType(lt) && b.kind == Kind::kString) ||
           (IsActionType(rt) && a.kind == Kind::kString);
  }
  if (!fits) {
    std::string suggestion;
    if (schema().IsCollection(lt) != schema().IsCollection(rt)) {
      suggestion = "membership is tested with `in` and `has`";
    }
    Error(Code::BL2024, e.op_span ? e.op_span : e.span,
          absl::StrCat("a ", TypeName(lt), " never equals a ", TypeName(rt)),
          suggestion);
    return nullptr;
  }
  const Kind kind = KindOf(lt);
  if (kind == Kind::kRecord || kind == Kind::kMap) {
    Error(Code::BL2022, e.op_span ? e.op_span : e.span,
          absl::StrCat("values of ", TypeName(lt),
                       " cannot be compared; compare their parts"));
    return nullptr;
  }
  const bool equal = e.op == ast::Op::kEqual;
  LintMissing(*l, *r, equal, env, e.span);
  return Make(equal ? Op::kEq : Op::kNe, Simple(Kind::kBool), e.span,
              std::move(l), std::move(r));
}

bool Checker::IsOrdered(TypeId t) const {
  const TypeInfo& info = schema().type(t);
  switch (info.kind) {
    case Kind::kInt:
    case Kind::kDecimal:
    case Kind::kDate:
    case Kind::kTime:
    case Kind::kDuration:
    case Kind::kPeriod:
    case Kind::kVersion:
      return true;
    case Kind::kTerm:
      return schema().vocabularies[info.id].kind == VocabularyKind::kOrdered;
    default:
      return false;
  }
}

ExprPtr Checker::InferOrdering(const ast::Expr& e, Env& env) {
  const auto present = [&](TypeId t) { return schema().Present(t); };
  ExprPtr l, r;
  if (!InferPair(*e.operands[0], *e.operands[1], env, present, present, &l,
                 &r)) {
    return nullptr;
  }
  const TypeId lt = present(l->type), rt = present(r->type);
  if (!Assignable(lt, rt)) {
    Error(Code::BL2022, e.op_span ? e.op_span : e.span,
          absl::StrCat("a ", TypeName(lt), " cannot be compared with a ",
                       TypeName(rt)));
    return nullptr;
  }
  if (!IsOrdered(lt)) {
    Error(Code::BL2023, e.op_span ? e.op_span : e.span,
          absl::StrCat("values of ", TypeName(lt), " have no order"),
          KindOf(lt) == Kind::kTerm
              ? absl::StrCat("declare `vocabulary ", TypeName(lt),
                             " ordered { … }`")
              : "");
    return nullptr;
  }
  const bool left = NeedsPresence(*l), right = NeedsPresence(*r);
  if (!left || !right) return nullptr;
  const Op op = e.op == ast::Op::kLess        ? Op::kLt
                : e.op == ast::Op::kLessEqual ? Op::kLe
                : e.op == ast::Op::kGreater   ? Op::kGt
                                              : Op::kGe;
  return Make(op, Simple(Kind::kBool), e.span, std::move(l), std::move(r));
}

ExprPtr Checker::InferActionGroup(const ast::Expr& e, Env& env, TypeId type) {
  if (!IsActionType(type)) return nullptr;
  ast::Path path;
  path.parts = ChainOf(e);
  path.span = e.span;
  if (path.parts.empty() || FindBinding(env, path.parts[0].text) != nullptr) {
    return nullptr;
  }
  const auto found = LookUp(*this, *env.module, path.parts, &Module::actions);
  if (found.value == nullptr || !found.value->is_group) return nullptr;
  Constant set;
  set.kind = Kind::kSet;
  for (const uint32_t action : found.value->actions) {
    Constant name;
    name.kind = Kind::kString;
    name.text = schema().actions[action].name;
    set.elements.push_back(std::move(name));
  }
  SortConstants(&set.elements);
  return MakeConstant(std::move(set), SetOf(TermType(action_vocabulary_)),
                      e.span);
}

ExprPtr Checker::InferMembership(const ast::Expr& e, Env& env) {
  const ast::Expr& left = *e.operands[0];
  const ast::Expr& right = *e.operands[1];
  const bool has = e.op == ast::Op::kHas;
  const bool overlaps = e.op == ast::Op::kOverlaps;
  const Span& op_span = e.op_span ? e.op_span : e.span;
  const TypeId boolean = Simple(Kind::kBool);
  const auto to_set = [&](TypeId t) {
    return SetOf(schema().Present(ElementOr(t)));
  };
  const auto to_element = [&](TypeId t) {
    const TypeInfo& info = schema().type(t);
    if (info.kind == Kind::kMap) return Simple(Kind::kString);
    return ElementOr(schema().Present(t));
  };
  ExprPtr l, r;
  if (!has && !overlaps && DependenceOf(right, env) == Dependence::kNeedsHint) {
    // `action in consume`.
    l = Infer(left, env);
    if (l == nullptr) return nullptr;
    r = InferActionGroup(right, env, l->type);
    if (r == nullptr) r = Infer(right, env, to_set(l->type));
    if (r == nullptr) return nullptr;
  } else if (overlaps) {
    if (!InferPair(left, right, env, to_set, to_set, &l, &r)) return nullptr;
  } else if (has) {
    if (!InferPair(left, right, env, to_element, to_set, &l, &r)) {
      return nullptr;
    }
  } else if (!InferPair(left, right, env, to_set, to_element, &l, &r)) {
    return nullptr;
  }
  const auto is_collection = [&](const typed::Expr& x) {
    const Kind kind = KindOf(x.type);
    return kind == Kind::kSet || kind == Kind::kList;
  };
  if (overlaps) {
    if (!is_collection(*l) || !is_collection(*r)) {
      const typed::Expr& wrong = is_collection(*l) ? *r : *l;
      Error(Code::BL2022, wrong.span,
            absl::StrCat("`overlaps` takes two sets, not ",
                         TypeName(wrong.type)));
      return nullptr;
    }
    const TypeId a = ElementOr(l->type), b = ElementOr(r->type);
    if (!Related(a, b)) {
      Error(Code::BL2024, op_span,
            absl::StrCat(TypeName(l->type), " and ", TypeName(r->type),
                         " have nothing in common"));
      return nullptr;
    }
    const bool below = AnyHierarchy(schema().type(a));
    return Make(below ? Op::kOverlapsBelow : Op::kOverlaps, boolean, e.span,
                std::move(l), std::move(r));
  }
  ExprPtr& set = has ? l : r;
  ExprPtr& element = has ? r : l;
  const Kind set_kind = KindOf(set->type);
  if (has && set_kind == Kind::kMap) {
    if (KindOf(element->type) != Kind::kString) {
      Error(Code::BL2018, element->span,
            absl::StrCat("the keys of a map are String, not ",
                         TypeName(element->type)));
      return nullptr;
    }
    if (!NeedsPresence(*element)) return nullptr;
    return Make(Op::kHasKey, boolean, e.span, std::move(l), std::move(r));
  }
  if (!is_collection(*set)) {
    std::string suggestion;
    if (set_kind == Kind::kString) suggestion = "text has `contains`";
    if (set_kind == Kind::kEntity || set_kind == Kind::kTerm ||
        set_kind == Kind::kIp) {
      suggestion = "for one value write `within`";
    }
    Error(Code::BL2022, set->span,
          absl::StrCat("`", ast::OpText(e.op), "` needs a set or list, not ",
                       TypeName(set->type)),
          suggestion);
    return nullptr;
  }
  const TypeId element_type = ElementOr(set->type);
  // Left specific, right general: for `has` the set's element is specific.
  const bool related = has ? Related(element_type, element->type)
                           : Related(element->type, element_type);
  if (is_collection(*element) || !related) {
    Error(Code::BL2024, op_span,
          absl::StrCat("a ", TypeName(schema().Present(element->type)),
                       " is never in a ", TypeName(set->type)),
          is_collection(*element) ? "two sets are compared with `overlaps` "
                                    "and `within`"
                                  : "");
    return nullptr;
  }
  const bool below =
      AnyHierarchy(schema().type(has ? element_type : element->type));
  ExprPtr result;
  if (has && !IsOptional(element->type)) {
    result = Make(below ? Op::kHasBelow : Op::kHas, boolean, e.span,
                  std::move(l), std::move(r));
    // `tags has pii`: an element of the set is, or is below, pii.
    return result;
  }
  if (has && below) {
    // A missing term or entity is never in a set.
    ExprPtr again = Reinfer(*e.operands[1], env, element_type);
    if (again == nullptr) return nullptr;
    const Span span = element->span;
    ExprPtr test = Make(Op::kIsPresent, boolean, span, std::move(element));
    ExprPtr member =
        Make(Op::kHasBelow, boolean, e.span, std::move(l), std::move(again));
    return Make(Op::kAnd, boolean, e.span, std::move(test), std::move(member));
  }
  ExprPtr x = std::move(element), s = std::move(set);
  result = Make(below ? Op::kInBelow : Op::kIn, boolean, e.span, std::move(x),
                std::move(s));
  if (e.op == ast::Op::kNotIn) {
    return Make(Op::kNot, boolean, e.span, std::move(result));
  }
  return result;
}

ExprPtr Checker::Reinfer(const ast::Expr& e, Env& env, TypeId hint) {
  const bool was_quiet = quiet;
  quiet = true;
  ExprPtr result = Infer(e, env, hint);
  quiet = was_quiet;
  return result;
}

ExprPtr Checker::InferWithin(const ast::Expr& e, Env& env) {
  const ast::Expr& left = *e.operands[0];
  const ast::Expr& right = *e.operands[1];
  const Span& op_span = e.op_span ? e.op_span : e.span;
  const TypeId boolean = Simple(Kind::kBool);
  const auto hint_for = [&](const ast::Expr& other) {
    return [this, &other](TypeId t) {
      const TypeId element = ElementOr(schema().Present(t));
      return IsCollectionLiteral(other) ? SetOf(element) : element;
    };
  };
  ExprPtr l, r;
  if (!InferPair(left, right, env, hint_for(right), hint_for(left), &l, &r)) {
    return nullptr;
  }
  for (const TypeId type : {l->type, r->type}) {
    if (KindOf(schema().Present(type)) != Kind::kMap) continue;
    Error(Code::BL2022, op_span,
          absl::StrCat("a ", TypeName(type),
                       " is not within anything, and nothing within it"),
          "ask for a key with `has`");
    return nullptr;
  }
  if (!NeedsPresence(*r)) return nullptr;
  const bool left_set = schema().IsCollection(l->type);
  const bool right_set = schema().IsCollection(r->type);
  const TypeId a = schema().Present(ElementOr(l->type));
  const TypeId b = schema().Present(ElementOr(r->type));
  const bool ip = KindOf(a) == Kind::kIp;
  if (!Related(a, b)) {
    Error(Code::BL2024, op_span,
          absl::StrCat("a ", TypeName(a), " is never within a ", TypeName(b)));
    return nullptr;
  }
  const bool hierarchy = AnyHierarchy(schema().type(a));
  if (!ip && !hierarchy && !right_set) {
    Error(Code::BL2022, op_span,
          absl::StrCat("values of ", TypeName(a), " are not within each other"),
          "write `==`, or `in` for a set");
    return nullptr;
  }
  const Op op = ip ? Op::kIpWithin : hierarchy ? Op::kWithin : Op::kIn;
  if (left_set) {
    // Every element is within.
    const uint32_t local = AddLocal(env, "x", a, left.span);
    ExprPtr x = Make(Op::kLocal, a, l->span);
    x->index = local;
    x->name = "x";
    ExprPtr all = Make(Op::kAll, boolean, e.span, std::move(l));
    all->local = local;
    all->body = Make(op, boolean, e.span, std::move(x), std::move(r));
    return all;
  }
  if (IsOptional(l->type)) {
    // A missing value is within nothing.
    ExprPtr again = Reinfer(left, env, a);
    if (again == nullptr) return nullptr;
    const Span span = l->span;
    ExprPtr test = Make(Op::kIsPresent, boolean, span, std::move(l));
    ExprPtr within = Make(op, boolean, e.span, std::move(again), std::move(r));
    return Make(Op::kAnd, boolean, e.span, std::move(test), std::move(within));
  }
  return Make(op, boolean, e.span, std::move(l), std::move(r));
}

// --- Text --------------------------------------------------------------------

bool Checker::CheckPattern(const ast::Expr& pattern, bool regular) {
  if (pattern.kind != ast::ExprKind::kString) {
    Error(Code::BL2029, pattern.span,
          absl::StrCat("`", regular ? "matches" : "like",
                       "` takes a literal pattern"));
    return false;
  }
  if (!regular) return true;
  const Limits limits =
      input.manifest != nullptr ? input.manifest->settings.limits : Limits();
  const int64_t together = limits.pattern_instructions;
  if (pattern_instructions_ > together) return false;  // said already
  RE2::Options options;
  options.set_log_errors(false);
  const int64_t most = limits.pattern_bytes;
  options.set_max_mem(most);
  const RE2 re(pattern.text, options);
  if (re.ok()) {
    if (!patterns_.insert(pattern.text).second) return true;
    pattern_instructions_ += re.ProgramSize();
    if (pattern_instructions_ <= together) return true;
    Error(Code::BL2028, pattern.span,
          absl::StrCat("with this pattern, all patterns together take more "
                       "than ",
                       together, " instructions"),
          absl::StrCat("shorten them, ", HowToRaise("pattern_instructions")));
    return false;
  }
  if (re.error_code() == RE2::ErrorPatternTooLarge) {
    Error(Code::BL2028, pattern.span,
          absl::StrCat("the pattern takes more than ", most,
                       " bytes of memory when compiled"),
          absl::StrCat("shorten it, ", HowToRaise("pattern_bytes")));
    return false;
  }
  Error(Code::BL2028, pattern.span,
        absl::StrCat("the pattern is wrong: ", re.error()),
        re.error_code() == RE2::ErrorRepeatSize
            ? "repetitions of repetitions multiply: 1000 at most together"
            : "");
  return false;
}

ExprPtr Checker::InferTextTest(const ast::Expr& e, Env& env) {
  const TypeId string = Simple(Kind::kString);
  const bool pattern = e.op == ast::Op::kLike || e.op == ast::Op::kMatches;
  ExprPtr l = Infer(*e.operands[0], env, string);
  bool ok = l != nullptr;
  if (ok && KindOf(l->type) != Kind::kString) {
    std::string suggestion;
    if (e.op == ast::Op::kContains && schema().IsCollection(l->type)) {
      suggestion = "a set has an element: write `has`";
    }
    Error(Code::BL2022, e.operands[0]->span,
          absl::StrCat("`", ast::OpText(e.op), "` takes text, not ",
                       TypeName(l->type)),
          suggestion);
    ok = false;
  }
  ok = ok && NeedsPresence(*l);
  ExprPtr r;
  if (pattern) {
    ok = CheckPattern(*e.operands[1], e.op == ast::Op::kMatches) && ok;
    if (ok) r = InferLiteral(*e.operands[1], string);
  } else {
    r = CheckExpr(*e.operands[1], env, string);
  }
  if (!ok || r == nullptr) return nullptr;
  const Op op = e.op == ast::Op::kStartsWith ? Op::kStartsWith
                : e.op == ast::Op::kEndsWith ? Op::kEndsWith
                : e.op == ast::Op::kContains ? Op::kContains
                : e.op == ast::Op::kLike     ? Op::kLike
                                             : Op::kMatches;
  return Make(op, Simple(Kind::kBool), e.span, std::move(l), std::move(r));
}

// --- Arithmetic --------------------------------------------------------------

ExprPtr Checker::InferArithmetic(const ast::Expr& e, Env& env, TypeId hint) {
  const TypeId decimal = Simple(Kind::kDecimal);
  const TypeId wanted =
      hint != kNone && KindOf(hint) == Kind::kDecimal ? decimal : kNone;
  ExprPtr l, r;
  if (wanted != kNone && DependenceOf(e, env) != Dependence::kNone) {
    l = Infer(*e.operands[0], env, wanted);
    r = Infer(*e.operands[1], env, wanted);
    if (l == nullptr || r == nullptr) return nullptr;
  } else {
    const auto same = [&](TypeId t) {
      return KindOf(t) == Kind::kDecimal ? decimal : kNone;
    };
    if (!InferPair(*e.operands[0], *e.operands[1], env, same, same, &l, &r)) {
      return nullptr;
    }
  }
  const Kind a = KindOf(l->type), b = KindOf(r->type);
  const auto is = [&](Kind x, Kind y) { return a == x && b == y; };
  Kind result = Kind::kMissing;
  Op op = Op::kAdd;
  switch (e.op) {
    case ast::Op::kAdd:
    case ast::Op::kSubtract:
      op = e.op == ast::Op::kAdd ? Op::kAdd : Op::kSub;
      if (is(Kind::kInt, Kind::kInt) || is(Kind::kDecimal, Kind::kDecimal) ||
          is(Kind::kDuration, Kind::kDuration)) {
        result = a;
      } else if ((a == Kind::kDate || a == Kind::kTime) && b == Kind::kPeriod) {
        result = a;
      } else if (is(Kind::kTime, Kind::kDuration)) {
        result = Kind::kTime;
      } else if (op == Op::kSub && is(Kind::kTime, Kind::kTime)) {
        result = Kind::kDuration;
      } else if (op == Op::kAdd && is(Kind::kString, Kind::kString)) {
        result = Kind::kString;
      }
      break;
    case ast::Op::kMultiply:
      op = Op::kMul;
      if (is(Kind::kInt, Kind::kInt) || is(Kind::kDecimal, Kind::kDecimal)) {
        result = a;
      } else if (is(Kind::kDuration, Kind::kInt) ||
                 is(Kind::kInt, Kind::kDuration)) {
        result = Kind::kDuration;
      }
      break;
    default:
      op = Op::kDiv;
      if (is(Kind::kInt, Kind::kInt) || is(Kind::kDecimal, Kind::kDecimal)) {
        result = Kind::kDecimal;
      }
  }
  if (result == Kind::kMissing) {
    std::string suggestion;
    if (is(Kind::kInt, Kind::kDecimal) || is(Kind::kDecimal, Kind::kInt)) {
      suggestion = "an Int becomes a Decimal with `.decimal()`";
    }
    Error(Code::BL2022, e.op_span ? e.op_span : e.span,
          absl::StrCat("`", ast::OpText(e.op), "` does not take ",
                       TypeName(schema().Present(l->type)), " and ",
                       TypeName(schema().Present(r->type))),
          suggestion);
    return nullptr;
  }
  const bool left = NeedsPresence(*l), right = NeedsPresence(*r);
  if (!left || !right) return nullptr;
  return Make(op, Simple(result), e.span, std::move(l), std::move(r));
}

ExprPtr Checker::InferDefault(const ast::Expr& e, Env& env, TypeId hint) {
  const ast::Expr& left = *e.operands[0];
  const ast::Expr& right = *e.operands[1];
  ExprPtr l, r;
  if (hint != kNone) {
    l = Infer(left, env, hint);
    if (l == nullptr) return nullptr;
    r = Infer(right, env, schema().Present(l->type));
    if (r == nullptr) return nullptr;
  } else {
    const auto present = [&](TypeId t) { return schema().Present(t); };
    if (!InferPair(left, right, env, present, present, &l, &r)) return nullptr;
  }
  if (!IsOptional(l->type)) {
    LintNeverMissing(*l, env, e.span, "the value after `??` is never used");
  }
  const TypeId type = Join(schema().Present(l->type), r->type);
  if (type == kNone) {
    Error(Code::BL2018, right.span,
          absl::StrCat("expected ", TypeName(schema().Present(l->type)),
                       ", found ", TypeName(r->type)));
    return nullptr;
  }
  return Make(Op::kCoalesce, type, e.span, std::move(l), std::move(r));
}

// --- Presence and type -------------------------------------------------------

void Checker::LintNeverMissing(const typed::Expr& e, const Env& env,
                               const Span& span, const char* what) {
  const std::string path = PathOf(e);
  if (!path.empty()) {
    for (const Fact& fact : env.facts) {
      if (fact.present && fact.path == path) return;  // narrowed, not declared
    }
  }
  Lint(Code::BL4002, env, span,
       absl::StrCat("`", std::string(e.span.text()),
                    "` is never missing: ", what),
       schema().IsCollection(e.type) ? "an absent collection is empty: write "
                                       "`is empty`"
                                     : "");
}

ExprPtr Checker::InferPresence(const ast::Expr& e, Env& env) {
  ExprPtr operand = Infer(*e.operands[0], env);
  if (operand == nullptr) return nullptr;
  const TypeId boolean = Simple(Kind::kBool);
  if (e.kind == ast::ExprKind::kIsEmpty) {
    if (!schema().IsCollection(operand->type)) {
      Error(Code::BL2022, e.operands[0]->span,
            absl::StrCat("`is empty` takes a set, list or map, not ",
                         TypeName(operand->type)),
            IsOptional(operand->type) ? "write `is missing`" : "");
      return nullptr;
    }
    return Make(Op::kIsEmpty, boolean, e.span, std::move(operand));
  }
  const bool missing = e.kind == ast::ExprKind::kIsMissing;
  if (!IsOptional(operand->type)) {
    LintNeverMissing(
        *operand, env, e.span,
        missing ? "the test is always false" : "the test is always true");
  }
  return Make(missing ? Op::kIsMissing : Op::kIsPresent, boolean, e.span,
              std::move(operand));
}

ExprPtr Checker::InferIsType(const ast::Expr& e, Env& env) {
  ExprPtr operand = Infer(*e.operands[0], env);
  const std::vector<uint32_t> asked = ResolveEntities(*env.module, e.path);
  if (operand == nullptr || asked.empty()) return nullptr;
  const TypeInfo type = schema().type(operand->type);
  if (type.kind != Kind::kEntity) {
    Error(Code::BL2022, e.operands[0]->span,
          absl::StrCat("`is` takes an entity, not ", TypeName(operand->type)));
    return nullptr;
  }
  std::vector<uint32_t> both;
  std::set_intersection(asked.begin(), asked.end(), type.entities.begin(),
                        type.entities.end(), std::back_inserter(both));
  if (both.empty()) {
    Error(Code::BL2057, e.path.span,
          absl::StrCat("a ", TypeName(schema().Present(operand->type)),
                       " is never a ", e.path.Text()));
    return nullptr;
  }
  ExprPtr result =
      Make(Op::kIsType, Simple(Kind::kBool), e.span, std::move(operand));
  result->entities = std::move(both);
  return result;
}

}  // namespace bylaw
