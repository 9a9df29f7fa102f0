#include "dsl/ast.h"

namespace bylaw::ast {

const char* OpText(Op op) {
  switch (op) {
    case Op::kNone:
      return "";
    case Op::kNot:
      return "not";
    case Op::kNegate:
      return "-";
    case Op::kOr:
      return "or";
    case Op::kAnd:
      return "and";
    case Op::kEqual:
      return "==";
    case Op::kNotEqual:
      return "!=";
    case Op::kLess:
      return "<";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterEqual:
      return ">=";
    case Op::kIn:
      return "in";
    case Op::kNotIn:
      return "not in";
    case Op::kHas:
      return "has";
    case Op::kOverlaps:
      return "overlaps";
    case Op::kWithin:
      return "within";
    case Op::kStartsWith:
      return "starts with";
    case Op::kEndsWith:
      return "ends with";
    case Op::kContains:
      return "contains";
    case Op::kLike:
      return "like";
    case Op::kMatches:
      return "matches";
    case Op::kAdd:
      return "+";
    case Op::kSubtract:
      return "-";
    case Op::kMultiply:
      return "*";
    case Op::kDivide:
      return "/";
    case Op::kDefault:
      return "??";
    case Op::kAny:
      return "any";
    case Op::kNo:
      return "no";
    case Op::kAll:
      return "all";
    case Op::kCount:
      return "count";
    case Op::kSum:
      return "sum";
    case Op::kMin:
      return "min";
    case Op::kMax:
      return "max";
  }
  return "";
}

const char* RuleKindText(RuleKind kind) {
  switch (kind) {
    case RuleKind::kAllow:
      return "allow";
    case RuleKind::kDeny:
      return "deny";
    case RuleKind::kMask:
      return "mask";
    case RuleKind::kHide:
      return "hide";
    case RuleKind::kKeepRows:
      return "keep rows";
    case RuleKind::kDropRows:
      return "drop rows";
    case RuleKind::kRequire:
      return "require";
    case RuleKind::kLet:
      return "let";
    case RuleKind::kFor:
      return "for";
    case RuleKind::kFirst:
      return "first";
  }
  return "";
}

}  // namespace bylaw::ast
