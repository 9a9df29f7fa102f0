// Expressions: the entry points, conditions and literals. Names and attributes
// stand in check_values.cc, operators in check_operators.cc, calls in
// check_calls.cc, what holds other expressions in check_forms.cc.
#include <algorithm>
#include <limits>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {

using typed::ExprPtr;
using typed::Op;

ExprPtr Checker::Make(Op op, TypeId type, const Span& span, ExprPtr a,
                      ExprPtr b) {
  auto e = std::make_unique<typed::Expr>();
  e->op = op;
  e->type = type;
  e->span = span;
  if (a != nullptr) e->args.push_back(std::move(a));
  if (b != nullptr) e->args.push_back(std::move(b));
  return e;
}

ExprPtr Checker::MakeConstant(Constant value, TypeId type, const Span& span) {
  ExprPtr e = Make(Op::kConstant, type, span);
  e->constant = std::move(value);
  return e;
}

// --- Entry points ------------------------------------------------------------

ExprPtr Checker::CheckExpr(const ast::Expr& e, Env& env, TypeId expected) {
  ExprPtr result = Infer(e, env, expected);
  if (result == nullptr && !dropped_) dropped_ = e.span;
  if (result == nullptr || expected == kNone) return result;
  if (Assignable(result->type, expected)) return result;
  if (IsOptional(result->type) &&
      Assignable(schema().Present(result->type), expected)) {
    NeedsPresence(*result);
    return nullptr;
  }
  Error(Code::BL2018, e.span,
        absl::StrCat("expected ", TypeName(expected), ", found ",
                     TypeName(result->type)),
        SpellingHint(e, expected));
  return nullptr;
}

void Checker::ReportDropped() {
  if (!dropped_ || sink.has_errors()) return;
  Error(Code::BL2022, dropped_, "this has no type, and Bylaw does not know why",
        "please report it: it is a mistake of Bylaw's");
}

std::string Checker::SpellingHint(const ast::Expr& e, TypeId expected) const {
  const Kind kind = KindOf(expected);
  if (e.kind == ast::ExprKind::kList && kind == Kind::kSet) {
    return "a set is written `{…}`";
  }
  if (e.kind == ast::ExprKind::kSet && kind == Kind::kList) {
    return "a list is written `[…]`";
  }
  if (e.kind != ast::ExprKind::kString) return "";
  static constexpr std::pair<Kind, const char*> kSpellings[] = {
      {Kind::kDate, "date"},
      {Kind::kTime, "time"},
      {Kind::kIp, "ip"},
      {Kind::kVersion, "version"}};
  for (const auto& [literal, word] : kSpellings) {
    if (kind == literal) return absl::StrCat("write `", word, "(\"…\")`");
  }
  if (kind == Kind::kDuration) return "durations stand bare: `8h`, `1h30m`";
  if (kind == Kind::kPeriod) return "periods stand bare: `6mo`, `18y`";
  return "";
}

bool Checker::NeedsPresence(const typed::Expr& e) {
  if (!IsOptional(e.type)) return true;
  const std::string text(e.span.text());
  Error(Code::BL2019, e.span, absl::StrCat("`", text, "` may be missing here"),
        absl::StrCat("test it first (`", text,
                     " is present and …`), or give a default: `", text,
                     " ?? …`"));
  return false;
}

ExprPtr Checker::CheckCondition(const ast::Expr& e, Env& env, Facts* yes,
                                Facts* no) {
  if (e.kind == ast::ExprKind::kUnary && e.op == ast::Op::kNot) {
    env.polarity = -env.polarity;
    ExprPtr operand = CheckCondition(*e.operands[0], env, no, yes);
    env.polarity = -env.polarity;
    if (operand == nullptr) return nullptr;
    return Make(Op::kNot, Simple(Kind::kBool), e.span, std::move(operand));
  }
  if (e.kind == ast::ExprKind::kBinary &&
      (e.op == ast::Op::kAnd || e.op == ast::Op::kOr)) {
    const bool is_and = e.op == ast::Op::kAnd;
    // Of `and`: what each operand adds where it is true holds for the next
    // ones and for the whole; where the whole is false, one of them is and
    // those before it are true. Of `or` the other way round.
    Facts* through = is_and ? yes : no;
    Facts* stopped = is_and ? no : yes;
    const size_t mark = env.facts.size();
    ExprPtr result =
        Make(is_and ? Op::kAnd : Op::kOr, Simple(Kind::kBool), e.span);
    Facts common;
    bool first = true, ok = true;
    for (const ast::ExprPtr& operand : e.operands) {
      Facts if_true, if_false;
      ExprPtr typed = CheckCondition(*operand, env, &if_true, &if_false);
      Facts& go_on = is_and ? if_true : if_false;
      Facts& stop = is_and ? if_false : if_true;
      if (stopped != nullptr) {
        if (first) {
          common = stop;
        } else if (!common.empty()) {
          const Facts known(env.facts.begin() + static_cast<ptrdiff_t>(mark),
                            env.facts.end());
          Facts both = Common(common, known);
          Facts more = Common(common, stop);
          both.insert(both.end(), more.begin(), more.end());
          common = std::move(both);
        }
      }
      first = false;
      env.facts.insert(env.facts.end(), go_on.begin(), go_on.end());
      if (typed == nullptr) {
        ok = false;
      } else {
        result->args.push_back(std::move(typed));
      }
    }
    if (through != nullptr) {
      through->insert(through->end(),
                      env.facts.begin() + static_cast<ptrdiff_t>(mark),
                      env.facts.end());
    }
    if (stopped != nullptr) {
      stopped->insert(stopped->end(), common.begin(), common.end());
    }
    env.facts.resize(mark);
    return ok ? std::move(result) : nullptr;
  }
  ExprPtr result = CheckExpr(e, env, Simple(Kind::kBool));
  if (result != nullptr && (yes != nullptr || no != nullptr)) {
    FactsOf(*result, yes, no);
  }
  return result;
}

void Checker::CheckGuards(const ast::Expr* when, const ast::Expr* unless,
                          Env& env, int polarity, ExprPtr* when_out,
                          ExprPtr* unless_out) {
  env.allow_rule = polarity < 0;
  if (when != nullptr) {
    env.polarity = polarity == 0 ? 0 : 1;
    Facts yes;
    *when_out = CheckCondition(*when, env, &yes, nullptr);
    env.facts.insert(env.facts.end(), yes.begin(), yes.end());
  }
  if (unless != nullptr) {
    env.polarity = polarity == 0 ? 0 : -1;
    Facts no;
    *unless_out = CheckCondition(*unless, env, nullptr, &no);
    env.facts.insert(env.facts.end(), no.begin(), no.end());
  }
  env.polarity = 0;
}

ExprPtr Checker::Infer(const ast::Expr& e, Env& env, TypeId hint) {
  const int polarity = env.polarity;
  ExprPtr result;
  switch (e.kind) {
    case ast::ExprKind::kBool:
    case ast::ExprKind::kInt:
    case ast::ExprKind::kDecimal:
    case ast::ExprKind::kString:
    case ast::ExprKind::kDuration:
    case ast::ExprKind::kPeriod:
      return InferLiteral(e, hint);
    case ast::ExprKind::kText:
      Error(Code::BL2060, e.span,
            "interpolated text stands in because and "
            "help only");
      return nullptr;
    case ast::ExprKind::kName:
      return InferName(e, env, hint);
    case ast::ExprKind::kMember:
      return InferMember(e, env, hint);
    case ast::ExprKind::kIndex:
      env.polarity = 0;
      result = InferIndex(e, env);
      break;
    case ast::ExprKind::kCall:
      env.polarity = 0;
      result = InferCall(e, env, hint);
      break;
    case ast::ExprKind::kUnary:
      if (e.op == ast::Op::kNot) return CheckCondition(e, env);
      env.polarity = 0;
      result = InferNegation(e, env, hint);
      break;
    case ast::ExprKind::kBinary:
      if (e.op == ast::Op::kAnd || e.op == ast::Op::kOr) {
        return CheckCondition(e, env);
      }
      result = InferBinary(e, env, hint);
      break;
    case ast::ExprKind::kIsMissing:
    case ast::ExprKind::kIsPresent:
    case ast::ExprKind::kIsEmpty:
      env.polarity = 0;
      result = InferPresence(e, env);
      break;
    case ast::ExprKind::kIsType:
      env.polarity = 0;
      result = InferIsType(e, env);
      break;
    case ast::ExprKind::kQuantifier:
      result = InferQuantifier(e, env, hint);
      break;
    case ast::ExprKind::kIf:
      result = InferConditional(e, env, hint);
      break;
    case ast::ExprKind::kMatch:
      result = InferMatch(e, env, hint);
      break;
    case ast::ExprKind::kSet:
    case ast::ExprKind::kList:
      env.polarity = 0;
      result = InferCollection(e, env, hint);
      break;
    case ast::ExprKind::kMap:
    case ast::ExprKind::kRecord:
      Error(Code::BL2030, e.span,
            "records and maps are written in the givens of tests only");
      return nullptr;
    case ast::ExprKind::kEntity:
      return InferEntity(e, env);
    case ast::ExprKind::kAllOf: {
      const uint32_t entity = ResolveEntity(*env.module, e.path);
      if (!env.all_of) {
        Error(Code::BL2054, e.span,
              absl::StrCat("`all ", e.path.Text(), "` stands in gates only"));
        return nullptr;
      }
      if (entity == kNone) return nullptr;
      result = Make(Op::kAllOf, SetOf(EntityTypeId({entity})), e.span);
      result->index = entity;
      break;
    }
  }
  env.polarity = polarity;
  return result;
}

// --- Literals ----------------------------------------------------------------

ExprPtr Checker::InferLiteral(const ast::Expr& e, TypeId hint) {
  Constant c;
  c.number = e.number;
  switch (e.kind) {
    case ast::ExprKind::kBool:
      c.kind = Kind::kBool;
      c.number = e.bool_value ? 1 : 0;
      break;
    case ast::ExprKind::kInt:
      c.kind = Kind::kInt;
      if (hint != kNone && KindOf(hint) == Kind::kDecimal) {
        constexpr int64_t kLimit = kDecimalLimit / kDecimalOne;
        if (c.number <= -kLimit || c.number >= kLimit) {
          Error(Code::BL2062, e.span,
                "a Decimal has at most 18 digits, 6 of "
                "them fractional");
          return nullptr;
        }
        c.kind = Kind::kDecimal;
        c.number *= kDecimalOne;
      }
      break;
    case ast::ExprKind::kDecimal:
      c.kind = Kind::kDecimal;
      break;
    case ast::ExprKind::kDuration:
      c.kind = Kind::kDuration;
      if (c.number > std::numeric_limits<int64_t>::max() / 1'000'000) {
        Error(Code::BL2062, e.span, "this duration is too long");
        return nullptr;
      }
      c.number *= 1'000'000;
      break;
    case ast::ExprKind::kPeriod:
      c.kind = Kind::kPeriod;
      break;
    default:
      c.kind = Kind::kString;
      c.number = 0;
      c.text = e.text;
  }
  const TypeId type = Simple(c.kind);
  return MakeConstant(std::move(c), type, e.span);
}

ExprPtr Checker::InferNegation(const ast::Expr& e, Env& env, TypeId hint) {
  ExprPtr operand = Infer(*e.operands[0], env, hint);
  if (operand == nullptr || !NeedsPresence(*operand)) return nullptr;
  const Kind kind = KindOf(operand->type);
  if (kind != Kind::kInt && kind != Kind::kDecimal && kind != Kind::kDuration) {
    Error(Code::BL2022, e.op_span,
          absl::StrCat("`-` does not take ", TypeName(operand->type)));
    return nullptr;
  }
  if (operand->op == Op::kConstant) {
    if (operand->constant.number == INT64_MIN) {
      Error(Code::BL2062, e.span, "this is beyond the range of Int");
      return nullptr;
    }
    operand->constant.number = static_cast<int64_t>(
        uint64_t{0} - static_cast<uint64_t>(operand->constant.number));
    operand->span = e.span;
    return operand;
  }
  const TypeId type = operand->type;
  return Make(Op::kNegate, type, e.span, std::move(operand));
}

ExprPtr Checker::InferEntity(const ast::Expr& e, Env& env) {
  const uint32_t entity = ResolveEntity(*env.module, e.path);
  if (entity == kNone) return nullptr;
  if (e.has_body) {
    Error(Code::BL2030, e.span,
          "the attributes of an entity are given in tests only");
    return nullptr;
  }
  Constant c;
  c.kind = Kind::kEntity;
  c.index = entity;
  c.text = e.text;
  return MakeConstant(std::move(c), EntityTypeId({entity}), e.span);
}

ExprPtr Checker::MakeTerm(uint32_t term, const Span& span) {
  const uint32_t vocabulary = schema().terms[term].vocabulary;
  Constant c;
  if (vocabulary == action_vocabulary_) {
    // An action is its name at run time.
    c.kind = Kind::kString;
    c.text = schema().terms[term].path;
  } else {
    c.kind = Kind::kTerm;
    c.index = term;
  }
  return MakeConstant(std::move(c), TermType(vocabulary), span);
}

}  // namespace bylaw
