// The predicates of `keep rows` and `drop rows`: what mentions the row stays
// as a tree over its columns, everything else is an ordinary expression.
#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::ExprPtr;
using typed::Op;

class RowChecker {
 public:
  RowChecker(Checker& checker, Env& env, const std::string& row,
             std::vector<std::string>* marked)
      : c_(checker), env_(env), row_(row), marked_(marked) {}

  // A condition, of the row or without it.
  ExprPtr Condition(const ast::Expr& e, Facts* yes = nullptr,
                    Facts* no = nullptr);

 private:
  bool IsRow(const ast::Expr& e) const {
    return e.kind == ast::ExprKind::kName && e.name.text == row_;
  }
  bool IsColumn(const ast::Expr& e) const {
    return (e.kind == ast::ExprKind::kMember ||
            e.kind == ast::ExprKind::kIndex) &&
           IsRow(*e.operands[0]);
  }
  // Whether Value may make something of it.
  static bool IsValue(const ast::Expr& e) {
    return e.kind == ast::ExprKind::kMember ||
           e.kind == ast::ExprKind::kIndex || e.kind == ast::ExprKind::kName ||
           (e.kind == ast::ExprKind::kBinary && e.op == ast::Op::kDefault);
  }
  bool Mentions(const ast::Expr& e) const;
  ExprPtr Logical(const ast::Expr& e, Facts* yes, Facts* no);
  ExprPtr Comparison(const ast::Expr& e);
  ExprPtr Membership(const ast::Expr& e);
  ExprPtr TextTest(const ast::Expr& e);
  // A value of the row of type `type` (kNone: known at decision time only).
  ExprPtr Value(const ast::Expr& e, TypeId type);
  ExprPtr Column(const ast::Expr& e, TypeId type);
  // The type that the parts without the row give to a value of the row.
  TypeId TypeWithin(const ast::Expr& e);
  // A part without the row that a column is compared with: its type present.
  TypeId ScalarType(const typed::Expr& e);
  ExprPtr Refuse(const ast::Expr& e);
  ExprPtr Residual(Op op, const ast::Expr& e, ExprPtr a, ExprPtr b = nullptr) {
    ExprPtr result = Checker::Make(op, c_.Simple(Kind::kBool), e.span,
                                   std::move(a), std::move(b));
    result->has_row = true;
    return result;
  }

  Checker& c_;
  Env& env_;
  const std::string row_;
  std::vector<std::string>* marked_;
};

bool RowChecker::Mentions(const ast::Expr& e) const {
  if (IsRow(e)) return true;
  if (e.kind == ast::ExprKind::kQuantifier && e.name.text == row_) {
    return Mentions(*e.operands[0]);
  }
  for (const ast::ExprPtr& operand : e.operands) {
    if (operand != nullptr && Mentions(*operand)) return true;
  }
  for (const ast::Argument& argument : e.arguments) {
    if (Mentions(*argument.value)) return true;
  }
  for (const ast::MatchArm& arm : e.arms) {
    if (Mentions(*arm.value)) return true;
  }
  return false;
}

ExprPtr RowChecker::Refuse(const ast::Expr& e) {
  std::string what = "this";
  if (e.op != ast::Op::kNone) {
    what = absl::StrCat("`", ast::OpText(e.op), "`");
  }
  c_.Error(Code::BL2052, e.op_span ? e.op_span : e.span,
           absl::StrCat(what, " is not possible on the values of a row"),
           "rows know comparison, in, is missing, starts with, ends with, "
           "contains, like, ??, and, or, not");
  return nullptr;
}

ExprPtr RowChecker::Condition(const ast::Expr& e, Facts* yes, Facts* no) {
  if (!Mentions(e)) {
    // `x in column(…)` without the row has a message of its own.
    return c_.CheckCondition(e, env_, yes, no);
  }
  switch (e.kind) {
    case ast::ExprKind::kUnary:
      if (e.op != ast::Op::kNot) return Refuse(e);
      {
        ExprPtr operand = Condition(*e.operands[0], no, yes);
        if (operand == nullptr) return nullptr;
        return Residual(Op::kNot, e, std::move(operand));
      }
    case ast::ExprKind::kBinary:
      switch (e.op) {
        case ast::Op::kAnd:
        case ast::Op::kOr:
          return Logical(e, yes, no);
        case ast::Op::kEqual:
        case ast::Op::kNotEqual:
        case ast::Op::kLess:
        case ast::Op::kLessEqual:
        case ast::Op::kGreater:
        case ast::Op::kGreaterEqual:
          return Comparison(e);
        case ast::Op::kIn:
        case ast::Op::kNotIn:
          return Membership(e);
        case ast::Op::kStartsWith:
        case ast::Op::kEndsWith:
        case ast::Op::kContains:
        case ast::Op::kLike:
          return TextTest(e);
        case ast::Op::kDefault:
          return Value(e, c_.Simple(Kind::kBool));
        default:
          return Refuse(e);
      }
    case ast::ExprKind::kIsMissing:
    case ast::ExprKind::kIsPresent: {
      ExprPtr operand = Value(*e.operands[0], TypeWithin(*e.operands[0]));
      if (operand == nullptr) return nullptr;
      return Residual(
          e.kind == ast::ExprKind::kIsMissing ? Op::kIsMissing : Op::kIsPresent,
          e, std::move(operand));
    }
    case ast::ExprKind::kMember:
    case ast::ExprKind::kIndex:
    case ast::ExprKind::kName:
      // Bare: a Bool.
      return Value(e, c_.Simple(Kind::kBool));
    default:
      return Refuse(e);
  }
}

// As Checker::CheckCondition narrows, so that parts without the row may rely
// on the parts before them.
ExprPtr RowChecker::Logical(const ast::Expr& e, Facts* yes, Facts* no) {
  const bool is_and = e.op == ast::Op::kAnd;
  const size_t mark = env_.facts.size();
  ExprPtr result = Residual(is_and ? Op::kAnd : Op::kOr, e, nullptr);
  bool ok = true;
  for (const ast::ExprPtr& operand : e.operands) {
    Facts if_true, if_false;
    ExprPtr typed = Condition(*operand, &if_true, &if_false);
    const Facts& go_on = is_and ? if_true : if_false;
    env_.facts.insert(env_.facts.end(), go_on.begin(), go_on.end());
    if (typed == nullptr) {
      ok = false;
    } else {
      result->args.push_back(std::move(typed));
    }
  }
  Facts* through = is_and ? yes : no;
  if (through != nullptr) {
    through->insert(through->end(),
                    env_.facts.begin() + static_cast<ptrdiff_t>(mark),
                    env_.facts.end());
  }
  env_.facts.resize(mark);
  return ok ? std::move(result) : nullptr;
}

TypeId RowChecker::ScalarType(const typed::Expr& e) {
  const TypeId type = c_.schema().Present(e.type);
  const Kind kind = c_.KindOf(type);
  if (kind == Kind::kRecord || c_.schema().IsCollection(type) ||
      kind == Kind::kPeriod) {
    c_.Error(
        Code::BL2022, e.span,
        absl::StrCat("a column is not compared with a ", c_.TypeName(type)));
    return kNone;
  }
  return type;
}

TypeId RowChecker::TypeWithin(const ast::Expr& e) {
  if (e.kind != ast::ExprKind::kBinary || e.op != ast::Op::kDefault) {
    return kNone;
  }
  for (const ast::ExprPtr& operand : e.operands) {
    if (Mentions(*operand)) {
      const TypeId type = TypeWithin(*operand);
      if (type != kNone) return type;
      continue;
    }
    const ExprPtr typed = c_.Reinfer(*operand, env_, kNone);
    if (typed != nullptr) return c_.schema().Present(typed->type);
  }
  return kNone;
}

ExprPtr RowChecker::Comparison(const ast::Expr& e) {
  const ast::Expr& left = *e.operands[0];
  const ast::Expr& right = *e.operands[1];
  const bool row_left = Mentions(left), row_right = Mentions(right);
  for (const ast::Expr* side : {&left, &right}) {
    if (Mentions(*side) && !IsValue(*side)) return Refuse(*side);
  }
  ExprPtr l, r;
  TypeId type = kNone;
  if (row_left && row_right) {
    type = TypeWithin(left);
    if (type == kNone) type = TypeWithin(right);
    l = Value(left, type);
    r = Value(right, type);
    if (l == nullptr || r == nullptr) return nullptr;
  } else {
    const ast::Expr& other = row_left ? right : left;
    // `(r.x ?? 0.5) > 1`: the default says that it is a Decimal.
    ExprPtr typed = c_.Infer(other, env_, TypeWithin(row_left ? left : right));
    if (typed != nullptr) type = ScalarType(*typed);
    if (type == kNone) return nullptr;
    ExprPtr value = Value(row_left ? left : right, type);
    if (value == nullptr) return nullptr;
    l = row_left ? std::move(value) : std::move(typed);
    r = row_left ? std::move(typed) : std::move(value);
  }
  const bool equality = e.op == ast::Op::kEqual || e.op == ast::Op::kNotEqual;
  if (!equality && type != kNone) {
    const Kind kind = c_.KindOf(type);
    if (kind == Kind::kBool || kind == Kind::kIp || kind == Kind::kTerm ||
        kind == Kind::kEntity || kind == Kind::kVersion) {
      c_.Error(Code::BL2023, e.op_span ? e.op_span : e.span,
               absl::StrCat("values of ", c_.TypeName(type),
                            " have no order in a row"));
      return nullptr;
    }
  }
  const Op op = e.op == ast::Op::kEqual       ? Op::kEq
                : e.op == ast::Op::kNotEqual  ? Op::kNe
                : e.op == ast::Op::kLess      ? Op::kLt
                : e.op == ast::Op::kLessEqual ? Op::kLe
                : e.op == ast::Op::kGreater   ? Op::kGt
                                              : Op::kGe;
  return Residual(op, e, std::move(l), std::move(r));
}

ExprPtr RowChecker::Membership(const ast::Expr& e) {
  const ast::Expr& left = *e.operands[0];
  const ast::Expr& right = *e.operands[1];
  if (!Mentions(left) || Mentions(right)) return Refuse(e);
  ExprPtr result;
  const bool column_list = right.kind == ast::ExprKind::kCall &&
                           right.operands[0]->kind == ast::ExprKind::kName &&
                           right.operands[0]->name.text == "column";
  if (column_list) {
    std::vector<std::string> texts;
    for (const ast::Argument& argument : right.arguments) {
      if (argument.value->kind == ast::ExprKind::kString && !argument.name) {
        texts.push_back(argument.value->text);
      }
    }
    if (texts.size() != 2 || right.arguments.size() != 2) {
      c_.Error(Code::BL2029, right.span,
               "`column` takes a dataset and a column, both literal",
               "write column(\"privacy.erasures\", \"customer_id\")");
      return nullptr;
    }
    ExprPtr value = Value(left, TypeWithin(left));
    if (value == nullptr) return nullptr;
    result = Residual(Op::kRowIn, e, std::move(value));
    result->table = texts[0];
    result->name = texts[1];
  } else {
    const TypeId within = TypeWithin(left);
    ExprPtr set =
        c_.Infer(right, env_, within == kNone ? kNone : c_.SetOf(within));
    if (set == nullptr) return nullptr;
    const Kind kind = c_.KindOf(set->type);
    if (kind != Kind::kSet && kind != Kind::kList) {
      c_.Error(Code::BL2022, right.span,
               absl::StrCat("`in` needs a set or list, not ",
                            c_.TypeName(set->type)));
      return nullptr;
    }
    const TypeId type = c_.ElementOr(set->type);
    const Kind element = c_.KindOf(type);
    if (element == Kind::kRecord || element == Kind::kPeriod ||
        c_.schema().IsCollection(type)) {
      c_.Error(
          Code::BL2022, right.span,
          absl::StrCat("a column is not compared with a ", c_.TypeName(type)));
      return nullptr;
    }
    ExprPtr value = Value(left, type);
    if (value == nullptr) return nullptr;
    result = Residual(Op::kIn, e, std::move(value), std::move(set));
  }
  if (e.op == ast::Op::kNotIn) {
    result = Residual(Op::kNot, e, std::move(result));
    result->not_in = true;
  }
  return result;
}

ExprPtr RowChecker::TextTest(const ast::Expr& e) {
  const TypeId string = c_.Simple(Kind::kString);
  ExprPtr parts[2];
  if (e.op == ast::Op::kLike && !c_.CheckPattern(*e.operands[1], false)) {
    return nullptr;
  }
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const ast::Expr& operand = *e.operands[i];
    if (Mentions(operand)) {
      parts[i] = Value(operand, string);
      continue;
    }
    // What is missing is NULL.
    parts[i] = c_.CheckExpr(operand, env_, c_.schema().Optional(string));
  }
  if (parts[0] == nullptr || parts[1] == nullptr) return nullptr;
  const Op op = e.op == ast::Op::kStartsWith ? Op::kStartsWith
                : e.op == ast::Op::kEndsWith ? Op::kEndsWith
                : e.op == ast::Op::kContains ? Op::kContains
                                             : Op::kLike;
  return Residual(op, e, std::move(parts[0]), std::move(parts[1]));
}

ExprPtr RowChecker::Value(const ast::Expr& e, TypeId type) {
  if (IsColumn(e)) return Column(e, type);
  if (IsRow(e)) {
    c_.Error(
        Code::BL2053, e.span,
        absl::StrCat("`", row_, "` is the row: name a column, `", row_, ".x`"));
    return nullptr;
  }
  if (e.kind == ast::ExprKind::kMember || e.kind == ast::ExprKind::kIndex) {
    c_.Error(Code::BL2053, e.span, "the value of a column has no attributes");
    return nullptr;
  }
  if (e.kind != ast::ExprKind::kBinary || e.op != ast::Op::kDefault) {
    // A condition as a Bool: `(r.a == 1) == r.b` has no counterpart.
    return Refuse(e);
  }
  ExprPtr parts[2];
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const ast::Expr& operand = *e.operands[i];
    if (Mentions(operand)) {
      parts[i] = Value(operand, type);
    } else if (type != kNone) {
      parts[i] = c_.CheckExpr(operand, env_, c_.schema().Optional(type));
    } else {
      parts[i] = c_.Infer(operand, env_);
    }
  }
  if (parts[0] == nullptr || parts[1] == nullptr) return nullptr;
  ExprPtr result =
      Residual(Op::kCoalesce, e, std::move(parts[0]), std::move(parts[1]));
  result->type = type;
  return result;
}

ExprPtr RowChecker::Column(const ast::Expr& e, TypeId type) {
  ExprPtr result = Residual(Op::kRowColumn, e, nullptr);
  result->type = type;
  result->marked = e.asked;
  if (e.kind == ast::ExprKind::kMember) {
    result->name = e.name.text;
  } else if (e.operands[1]->kind == ast::ExprKind::kString) {
    result->name = e.operands[1]->text;
  } else {
    ExprPtr key = c_.Infer(*e.operands[1], env_);
    if (key == nullptr) return nullptr;
    const TypeInfo& key_type = c_.schema().type(key->type);
    const Schema::Selectable* selectable = nullptr;
    if (env_.resource != kNone) {
      selectable = c_.schema().FindSelectable(
          c_.schema().type(env_.resource).entities.front());
    }
    const bool fits =
        key_type.kind == Kind::kEntity && selectable != nullptr &&
        key_type.entities == std::vector<uint32_t>{selectable->column_entity};
    if (!fits) {
      c_.Error(Code::BL2053, e.operands[1]->span,
               absl::StrCat("a column is named by a text or by a column of "
                            "the resource, not by a ",
                            c_.TypeName(key->type)));
      return nullptr;
    }
    if (!c_.NeedsPresence(*key)) return nullptr;
    result->args.push_back(std::move(key));
    return result;
  }
  if (e.asked && marked_ != nullptr) {
    bool known = false;
    for (const std::string& name : *marked_) {
      known = known || name == result->name;
    }
    if (!known) marked_->push_back(result->name);
  }
  return result;
}

}  // namespace

ExprPtr Checker::CheckRowPredicate(const ast::Expr& e, Env& env,
                                   const ast::Name& row,
                                   std::vector<std::string>* marked) {
  const size_t bindings = env.bindings.size();
  const size_t facts = env.facts.size();
  CheckVariableName(row);
  env.bindings.push_back({row.text, Binding::Kind::kRow, kNone});
  RowChecker rows(*this, env, row.text, marked);
  ExprPtr result = rows.Condition(e);
  env.bindings.resize(bindings);
  env.facts.resize(facts);
  return result;
}

}  // namespace bylaw
