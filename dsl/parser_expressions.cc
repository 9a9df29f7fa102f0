// Operators of expressions (parser_tree.h), from the weakest to the strongest.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/parser.h"
#include "dsl/parser_tree.h"

namespace bylaw::parsing {
namespace {

using ast::Expr;
using ast::ExprKind;
using ast::ExprPtr;
using ast::Op;
using P = BylawParser;

// What other languages call a value that is missing.
bool IsNullWord(std::string_view word) {
  return word == "null" || word == "nil" || word == "none" ||
         word == "undefined";
}

}  // namespace

ExprPtr TreeBuilder::Make(ExprKind kind, Span span) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->span = span;
  return expr;
}

ExprPtr TreeBuilder::Finish(ExprPtr expr) {
  int below = 0;
  auto look = [&below](const ExprPtr& child) {
    if (child != nullptr) below = std::max<int>(below, child->height);
  };
  for (const ExprPtr& child : expr->operands) look(child);
  for (const ast::Argument& argument : expr->arguments) look(argument.value);
  for (const ast::Field& field : expr->fields) look(field.value);
  for (const ast::MatchArm& arm : expr->arms) look(arm.value);
  for (const ast::TextPart& part : expr->parts) look(part.expr);
  if (below >= kMaxHeight) {
    SayTooDeep(expr->span,
               absl::StrCat("more than ", kMaxHeight,
                            " operators and brackets on top of one another"));
    return Make(ExprKind::kBool, expr->span);
  }
  expr->height = static_cast<uint16_t>(below + 1);
  return expr;
}

void TreeBuilder::SayTooDeep(Span span, std::string message) {
  if (!too_deep_) {
    reporter_.Add(Code::BL1003, span, std::move(message),
                  "name a part of it with `let` or `def`");
  }
  too_deep_ = true;
}

// Signs in front of one operand nest, but without brackets that could be
// counted before (CheckNesting).
bool TreeBuilder::TooManySigns(size_t signs, Span span) {
  if (signs <= static_cast<size_t>(kMaxNesting)) return false;
  SayTooDeep(span, absl::StrCat("nested deeper than ", kMaxNesting));
  return true;
}

ExprPtr TreeBuilder::Binary(Op op, Span op_span, ExprPtr left, ExprPtr right) {
  if (left == nullptr || right == nullptr) return nullptr;
  ExprPtr expr = Make(ExprKind::kBinary, left->Whole().To(right->Whole()));
  expr->op = op;
  expr->op_span = op_span;
  expr->operands.push_back(std::move(left));
  expr->operands.push_back(std::move(right));
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Expression(P::ExprContext* context) {
  if (Broken(context)) return nullptr;
  if (context->disjunction() != nullptr) {
    return Disjunction(context->disjunction());
  }
  P::ConditionalContext* conditional = context->conditional();
  if (Broken(conditional)) return nullptr;
  ExprPtr expr = Make(ExprKind::kIf, At(conditional));
  for (P::ExprContext* part : conditional->expr()) {
    ExprPtr operand = Expression(part);
    if (operand == nullptr) return nullptr;
    expr->operands.push_back(std::move(operand));
  }
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Disjunction(P::DisjunctionContext* context) {
  if (Broken(context)) return nullptr;
  std::vector<P::ConjunctionContext*> parts = context->conjunction();
  for (antlr4::tree::TerminalNode* wrong : context->PIPES()) {
    reporter_.Add(Code::BL1027, At(wrong), "`||` is written `or`",
                  DidYouMean("or"));
  }
  if (parts.size() == 1) return Conjunction(parts[0]);
  ExprPtr expr = Make(ExprKind::kBinary, At(context));
  expr->op = Op::kOr;
  if (!context->OR().empty()) expr->op_span = At(context->OR(0));
  for (P::ConjunctionContext* part : parts) {
    ExprPtr operand = Conjunction(part);
    if (operand == nullptr) return nullptr;
    expr->operands.push_back(std::move(operand));
  }
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Conjunction(P::ConjunctionContext* context) {
  if (Broken(context)) return nullptr;
  std::vector<P::NegationContext*> parts = context->negation();
  for (antlr4::tree::TerminalNode* wrong : context->AMPERSANDS()) {
    reporter_.Add(Code::BL1027, At(wrong), "`&&` is written `and`",
                  DidYouMean("and"));
  }
  if (parts.size() == 1) return Negation(parts[0]);
  ExprPtr expr = Make(ExprKind::kBinary, At(context));
  expr->op = Op::kAnd;
  if (!context->AND().empty()) expr->op_span = At(context->AND(0));
  for (P::NegationContext* part : parts) {
    ExprPtr operand = Negation(part);
    if (operand == nullptr) return nullptr;
    expr->operands.push_back(std::move(operand));
  }
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Negation(P::NegationContext* context) {
  if (Broken(context)) return nullptr;
  for (antlr4::tree::TerminalNode* wrong : context->BANG()) {
    reporter_.Add(Code::BL1027, At(wrong), "`!` is written `not`",
                  DidYouMean("not"));
  }
  ExprPtr expr = Comparison(context->comparison());
  // The words stand before the operand: the last one is the innermost.
  const std::vector<antlr4::tree::ParseTree*>& children = context->children;
  if (TooManySigns(children.size() - 1, At(context->start))) return nullptr;
  for (size_t i = children.size(); i > 1 && expr != nullptr; --i) {
    auto* word = dynamic_cast<antlr4::tree::TerminalNode*>(children[i - 2]);
    if (word == nullptr) continue;
    ExprPtr outer = Make(ExprKind::kUnary, At(word).To(expr->Whole()));
    outer->op = Op::kNot;
    outer->op_span = At(word);
    outer->operands.push_back(std::move(expr));
    expr = Finish(std::move(outer));
  }
  return expr;
}

ExprPtr TreeBuilder::Comparison(P::ComparisonContext* context) {
  if (Broken(context)) return nullptr;
  ExprPtr expr = Sum(context->sum());
  bool first = true;
  for (P::ComparisonTailContext* tail : context->comparisonTail()) {
    if (Broken(tail)) return nullptr;
    if (!first) {
      reporter_.Add(Code::BL1018, At(tail->start),
                    "comparisons do not chain: this one compares the result "
                    "of the one before",
                    "join two comparisons with `and`");
    }
    first = false;
    expr = Tail(tail, std::move(expr));
  }
  return expr;
}

ExprPtr TreeBuilder::Tail(P::ComparisonTailContext* context, ExprPtr left) {
  if (left == nullptr) return nullptr;
  const bool negated = context->NOT() != nullptr;
  if (context->IS() != nullptr) {
    ExprKind kind = ExprKind::kIsType;
    std::string help = "write `not (… is T)`";
    if (context->MISSING() != nullptr) {
      kind = ExprKind::kIsMissing;
      help = DidYouMean("is present");
    } else if (context->PRESENT() != nullptr) {
      kind = ExprKind::kIsPresent;
      help = DidYouMean("is missing");
    } else if (context->EMPTY() != nullptr) {
      kind = ExprKind::kIsEmpty;
      help = "write `not (… is empty)`";
    }
    const bool null =
        context->LOWER() != nullptr && IsNullWord(At(context->LOWER()).text());
    if (null) {
      kind = negated ? ExprKind::kIsPresent : ExprKind::kIsMissing;
      reporter_.Add(Code::BL1027, At(context->LOWER()),
                    "there is no null: a value is missing or present",
                    DidYouMean(negated ? "is present" : "is missing"));
    } else if (negated) {
      reporter_.Add(Code::BL1019, At(context->IS()).To(At(context->NOT())),
                    "`is not` does not exist", help);
    }
    ExprPtr expr = Make(kind, left->Whole().To(At(context)));
    expr->op_span = At(context->IS());
    if (kind == ExprKind::kIsType) {
      if (context->upperPath() != nullptr) {
        if (Broken(context->upperPath())) return nullptr;
        expr->path = UpperPathOf(context->upperPath());
      } else {
        ast::Name name{std::string(At(context->LOWER()).text()),
                       At(context->LOWER())};
        CheckTypeName(&name);
        expr->path = {{name}, name.span};
      }
    }
    expr->operands.push_back(std::move(left));
    return Finish(std::move(expr));
  }
  P::ComparisonOpContext* op = context->comparisonOp();
  if (Broken(op)) return nullptr;
  Op which = Op::kNone;
  switch (op->start->getType()) {
    case P::EQUAL:
      which = Op::kEqual;
      break;
    case P::NOT_EQUAL:
      which = Op::kNotEqual;
      break;
    case P::LESS:
      which = Op::kLess;
      break;
    case P::LESS_EQUAL:
      which = Op::kLessEqual;
      break;
    case P::GREATER:
      which = Op::kGreater;
      break;
    case P::GREATER_EQUAL:
      which = Op::kGreaterEqual;
      break;
    case P::ASSIGN:
      reporter_.Add(Code::BL1026, At(op), "values are compared with `==`",
                    DidYouMean("=="));
      which = Op::kEqual;
      break;
    case P::FOREIGN_EQUALITY: {
      const std::string written(At(op).text());
      which = written == "===" ? Op::kEqual : Op::kNotEqual;
      reporter_.Add(
          Code::BL1027, At(op),
          absl::StrCat("`", written, "` is written `", ast::OpText(which), "`"),
          DidYouMean(ast::OpText(which)));
      break;
    }
    case P::IN:
      which = negated ? Op::kNotIn : Op::kIn;
      break;
    case P::HAS:
      which = Op::kHas;
      break;
    case P::OVERLAPS:
      which = Op::kOverlaps;
      break;
    case P::WITHIN:
      which = Op::kWithin;
      break;
    case P::STARTS:
      which = Op::kStartsWith;
      break;
    case P::ENDS:
      which = Op::kEndsWith;
      break;
    case P::CONTAINS:
      which = Op::kContains;
      break;
    case P::LIKE:
      which = Op::kLike;
      break;
    default:
      which = Op::kMatches;
      break;
  }
  if (negated && which != Op::kNotIn) {
    reporter_.Add(Code::BL1001, At(context->NOT()),
                  absl::StrCat("`not` stands before the whole comparison, not "
                               "before `",
                               ast::OpText(which), "`"),
                  absl::StrCat("write `not (a ", ast::OpText(which), " b)`"));
  }
  return Binary(which, At(op), std::move(left), Sum(context->sum()));
}

// ANTLR searches the children on each call of an accessor: the lists are asked
// for once.
ExprPtr TreeBuilder::Sum(P::SumContext* context) {
  if (Broken(context)) return nullptr;
  const std::vector<P::ProductContext*> parts = context->product();
  ExprPtr expr = Product(parts[0]);
  for (size_t i = 1; i < parts.size() && expr != nullptr; ++i) {
    auto* op =
        dynamic_cast<antlr4::tree::TerminalNode*>(context->children[2 * i - 1]);
    const bool plus = op->getSymbol()->getType() == P::PLUS;
    expr = Binary(plus ? Op::kAdd : Op::kSubtract, At(op), std::move(expr),
                  Product(parts[i]));
  }
  return expr;
}

ExprPtr TreeBuilder::Product(P::ProductContext* context) {
  if (Broken(context)) return nullptr;
  const std::vector<P::DefaultedContext*> parts = context->defaulted();
  ExprPtr expr = Defaulted(parts[0]);
  for (size_t i = 1; i < parts.size() && expr != nullptr; ++i) {
    auto* op =
        dynamic_cast<antlr4::tree::TerminalNode*>(context->children[2 * i - 1]);
    const bool star = op->getSymbol()->getType() == P::STAR;
    expr = Binary(star ? Op::kMultiply : Op::kDivide, At(op), std::move(expr),
                  Defaulted(parts[i]));
  }
  return expr;
}

ExprPtr TreeBuilder::Defaulted(P::DefaultedContext* context) {
  if (Broken(context)) return nullptr;
  const std::vector<P::UnaryContext*> parts = context->unary();
  ExprPtr expr = Unary(parts[0]);
  for (size_t i = 1; i < parts.size() && expr != nullptr; ++i) {
    auto* op =
        dynamic_cast<antlr4::tree::TerminalNode*>(context->children[2 * i - 1]);
    expr = Binary(Op::kDefault, At(op), std::move(expr), Unary(parts[i]));
  }
  return expr;
}

ExprPtr TreeBuilder::Unary(P::UnaryContext* context) {
  if (Broken(context)) return nullptr;
  std::vector<antlr4::tree::TerminalNode*> signs = context->MINUS();
  P::PostfixContext* postfix = context->postfix();
  if (Broken(postfix)) return nullptr;
  // The sign belongs to a number that stands alone, so that the smallest
  // integer can be written.
  P::PrimaryContext* primary = postfix->primary();
  const bool number =
      !signs.empty() && postfix->suffix().empty() && !Broken(primary) &&
      (primary->INT() != nullptr || primary->DECIMAL() != nullptr);
  ExprPtr expr = Postfix(postfix, number);
  if (number && expr != nullptr) {
    expr->span = At(signs.back()).To(expr->span);
    signs.pop_back();
  }
  if (TooManySigns(signs.size(), At(context->start))) return nullptr;
  for (size_t i = signs.size(); i > 0 && expr != nullptr; --i) {
    ExprPtr outer = Make(ExprKind::kUnary, At(signs[i - 1]).To(expr->Whole()));
    outer->op = Op::kNegate;
    outer->op_span = At(signs[i - 1]);
    outer->operands.push_back(std::move(expr));
    expr = Finish(std::move(outer));
  }
  return expr;
}

}  // namespace bylaw::parsing
