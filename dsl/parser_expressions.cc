// Expressions and texts of TreeBuilder (parser_tree.h).

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
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

bool StartsUpper(std::string_view text) {
  return !text.empty() && text[0] >= 'A' && text[0] <= 'Z';
}

// Dotted names, if that is all the expression is.
std::optional<ast::Path> PathOfNames(const Expr& expr) {
  ast::Path path;
  const Expr* at = &expr;
  for (; at->kind == ExprKind::kMember && !at->asked;
       at = at->operands[0].get()) {
    if (at->bracketed) return std::nullopt;
    path.parts.push_back(at->name);
  }
  if (at->kind != ExprKind::kName || at->bracketed) return std::nullopt;
  path.parts.push_back(at->name);
  std::reverse(path.parts.begin(), path.parts.end());
  path.span = path.parts.front().span.To(path.parts.back().span);
  return path;
}

void AppendUtf8(uint32_t c, std::string* out) {
  if (c < 0x80) {
    *out += static_cast<char>(c);
  } else if (c < 0x800) {
    *out += static_cast<char>(0xC0 | (c >> 6));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out += static_cast<char>(0xE0 | (c >> 12));
    *out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | (c >> 18));
    *out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    *out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// What other languages call a value that is missing.
bool IsNullWord(std::string_view word) {
  return word == "null" || word == "nil" || word == "none" ||
         word == "undefined";
}

struct TimeUnit {
  std::string_view name;
  int64_t factor;  // seconds, or months
  bool period;
};
// From large to small within each kind.
constexpr TimeUnit kUnits[] = {
    {"d", 86400, false}, {"h", 3600, false}, {"m", 60, false},
    {"s", 1, false},     {"y", 12, true},    {"mo", 1, true},
};

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
  ExprPtr expr = Make(ExprKind::kBinary, left->span.To(right->span));
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
    ExprPtr outer = Make(ExprKind::kUnary, At(word).To(expr->span));
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
    ExprPtr expr = Make(kind, left->span.To(At(context)));
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
    ExprPtr outer = Make(ExprKind::kUnary, At(signs[i - 1]).To(expr->span));
    outer->op = Op::kNegate;
    outer->op_span = At(signs[i - 1]);
    outer->operands.push_back(std::move(expr));
    expr = Finish(std::move(outer));
  }
  return expr;
}

ExprPtr TreeBuilder::Postfix(P::PostfixContext* context, bool negative) {
  ExprPtr expr = Primary(context->primary(), negative);
  for (P::SuffixContext* suffix : context->suffix()) {
    if (Broken(suffix)) return nullptr;
    expr = Suffix(suffix, std::move(expr));
  }
  return expr;
}

ExprPtr TreeBuilder::Suffix(P::SuffixContext* context, ExprPtr base) {
  if (base == nullptr) return nullptr;
  const Span span = base->span.To(At(context));
  if (context->DOT() != nullptr && context->fields() != nullptr) {
    std::optional<ast::Path> path = PathOfNames(*base);
    const Span name = At(context->UPPER());
    if (!path) {
      reporter_.Add(Code::BL1001, name, "a type is expected before `{`");
      return nullptr;
    }
    path->parts.push_back({std::string(name.text()), name});
    path->span = base->span.To(name);
    return Record(std::move(*path), context->fields(), span);
  }
  if (context->DOT() != nullptr) {
    return Member(context->word(), context->QUESTION() != nullptr, span,
                  std::move(base));
  }
  if (context->LBRACKET() != nullptr) {
    return Index(context->expr(), context->QUESTION() != nullptr, span,
                 std::move(base));
  }
  if (context->arguments() != nullptr) {
    return Call(context->arguments(), std::move(base));
  }
  return TextSuffix(context, std::move(base));
}

ExprPtr TreeBuilder::Member(P::WordContext* word, bool asked, Span span,
                            ExprPtr base) {
  ExprPtr expr = Make(ExprKind::kMember, span);
  expr->name = NameOf(word);
  expr->asked = asked;
  expr->operands.push_back(std::move(base));
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Index(P::ExprContext* key_context, bool asked, Span span,
                           ExprPtr base) {
  ExprPtr expr = Make(ExprKind::kIndex, span);
  expr->asked = asked;
  ExprPtr key = Expression(key_context);
  if (key == nullptr) return nullptr;
  expr->operands.push_back(std::move(base));
  expr->operands.push_back(std::move(key));
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Call(P::ArgumentsContext* context, ExprPtr base) {
  if (base->kind != ExprKind::kName && base->kind != ExprKind::kMember) {
    reporter_.Add(Code::BL1001, At(context->start),
                  "only functions and methods are called");
    return nullptr;
  }
  ExprPtr expr = Make(ExprKind::kCall, base->span.To(At(context)));
  expr->operands.push_back(std::move(base));
  expr->arguments = ArgumentsOf(context);
  for (const ast::Argument& argument : expr->arguments) {
    if (argument.value == nullptr) return nullptr;
  }
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::TextSuffix(P::SuffixContext* context, ExprPtr base) {
  if (Broken(context->string())) return nullptr;
  const Span text = At(context->string());
  std::optional<ast::Path> path = PathOfNames(*base);
  if (path && StartsUpper(path->parts.back().text)) {
    ExprPtr expr = Make(ExprKind::kEntity, base->span.To(At(context)));
    expr->path = std::move(*path);
    expr->text = TextOf(context->string()).value;
    expr->text_span = text;
    if (context->fields() != nullptr) {
      expr->has_body = true;
      if (!in_test_) {
        reporter_.Add(Code::BL1037, At(context->fields()->start),
                      "entities are given attributes in tests only");
      }
      expr->fields = FieldsOf(context->fields());
    }
    return Finish(std::move(expr));
  }
  if (base->kind == ExprKind::kString) {
    reporter_.Add(Code::BL1028, text, "two texts side by side",
                  "join them with `+`");
    return base;
  }
  std::string help = "a `because` or an operator may be missing before it";
  if (path && path->parts.size() == 1) {
    std::string upper = path->parts[0].text;
    upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
    if (path->parts[0].text[0] >= 'a' && path->parts[0].text[0] <= 'z') {
      help = absl::StrCat("an entity is written with its type: `", upper, " ",
                          std::string(text.text()), "`");
    }
  }
  reporter_.Add(Code::BL1001, text, "a text cannot stand here", help);
  return base;
}

ExprPtr TreeBuilder::Record(ast::Path type, P::FieldsContext* fields,
                            Span span) {
  ExprPtr expr = Make(ExprKind::kRecord, span);
  expr->path = std::move(type);
  CheckType(&expr->path);
  if (!in_test_) {
    reporter_.Add(Code::BL1037, expr->path.span,
                  "records are written in tests only");
  }
  expr->fields = FieldsOf(fields);
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Primary(P::PrimaryContext* context, bool negative) {
  if (Broken(context)) return nullptr;
  const Span span = At(context);
  const antlr4::Token* start = context->start;
  if (context->INT() != nullptr) return IntLiteral(start, negative);
  if (context->DECIMAL() != nullptr) return DecimalLiteral(start, negative);
  if (context->NUMBER_UNIT() != nullptr) return UnitLiteral(start);
  if (context->TRUE() != nullptr || context->FALSE() != nullptr) {
    ExprPtr expr = Make(ExprKind::kBool, span);
    expr->bool_value = context->TRUE() != nullptr;
    return expr;
  }
  if (context->string() != nullptr) {
    if (Broken(context->string())) return nullptr;
    ExprPtr expr = Make(ExprKind::kString, span);
    expr->raw = context->string()->RAW_STRING() != nullptr;
    expr->text = TextOf(context->string()).value;
    return expr;
  }
  if (context->name() != nullptr) {
    ExprPtr expr = Make(ExprKind::kName, span);
    expr->name = NameOf(context->name());
    return expr;
  }
  if (context->fields() != nullptr) {
    const Span name = At(context->UPPER());
    return Record({{{std::string(name.text()), name}}, name}, context->fields(),
                  span);
  }
  if (context->LPAREN() != nullptr) {
    ExprPtr expr = Expression(context->expr());
    if (expr != nullptr) expr->bracketed = true;
    return expr;
  }
  if (context->braces() != nullptr) return Braces(context->braces());
  if (context->brackets() != nullptr) {
    if (Broken(context->brackets())) return nullptr;
    ExprPtr expr = Make(ExprKind::kList, span);
    for (P::ExprContext* element : context->brackets()->expr()) {
      ExprPtr value = Expression(element);
      if (value == nullptr) return nullptr;
      expr->operands.push_back(std::move(value));
    }
    return Finish(std::move(expr));
  }
  if (context->quantifier() != nullptr) {
    return Quantifier(context->quantifier());
  }
  if (context->matching() != nullptr) return Matching(context->matching());
  if (Broken(context->upperPath())) return nullptr;
  ExprPtr expr = Make(ExprKind::kAllOf, span);
  expr->path = UpperPathOf(context->upperPath());
  return expr;
}

ExprPtr TreeBuilder::Braces(P::BracesContext* context) {
  if (Broken(context)) return nullptr;
  const std::vector<P::FieldContext*> fields = context->field();
  if (fields.empty()) {
    ExprPtr expr = Make(ExprKind::kSet, At(context));
    for (P::ExprContext* element : context->expr()) {
      ExprPtr value = Expression(element);
      if (value == nullptr) return nullptr;
      expr->operands.push_back(std::move(value));
    }
    return Finish(std::move(expr));
  }
  ExprPtr expr = Make(ExprKind::kMap, At(context));
  if (!in_test_) {
    reporter_.Add(Code::BL1037, At(context->start),
                  "maps are written in tests only");
  }
  for (P::FieldContext* each : fields) {
    if (Broken(each)) return nullptr;
    ast::Field field = FieldOf(each);
    if (field.value == nullptr) return nullptr;
    if (!field.quoted && in_test_) {
      reporter_.Add(Code::BL1001, field.key.span,
                    "a record is written with its type, a map with its keys "
                    "in quotes");
    }
    expr->fields.push_back(std::move(field));
  }
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Quantifier(P::QuantifierContext* context) {
  if (Broken(context)) return nullptr;
  ExprPtr expr = Make(ExprKind::kQuantifier, At(context));
  switch (context->start->getType()) {
    case P::ANY:
      expr->op = Op::kAny;
      break;
    case P::NO:
      expr->op = Op::kNo;
      break;
    case P::ALL:
      expr->op = Op::kAll;
      break;
    case P::COUNT:
      expr->op = Op::kCount;
      break;
    case P::SUM:
      expr->op = Op::kSum;
      break;
    case P::MIN:
      expr->op = Op::kMin;
      break;
    default:
      expr->op = Op::kMax;
      break;
  }
  expr->op_span = At(context->start);
  if (Broken(context->generator())) return nullptr;
  ast::Generator generator = GeneratorOf(context->generator());
  if (generator.collection == nullptr) return nullptr;
  if (generator.where == nullptr &&
      (expr->op == Op::kAny || expr->op == Op::kNo)) {
    reporter_.Add(Code::BL1001, At(context->RPAREN()),
                  absl::StrCat("`where` is expected here: `",
                               ast::OpText(expr->op), "(x in xs where p)`"));
    return nullptr;
  }
  expr->name = std::move(generator.variable);
  expr->operands.push_back(std::move(generator.collection));
  expr->operands.push_back(std::move(generator.where));
  ExprPtr body;
  if (context->expr() != nullptr) {
    body = Expression(context->expr());
    if (body == nullptr) return nullptr;
  }
  expr->operands.push_back(std::move(body));
  return Finish(std::move(expr));
}

ExprPtr TreeBuilder::Matched(P::MatchedContext* context) {
  if (Broken(context)) return nullptr;
  ExprPtr expr;
  if (context->name() != nullptr) {
    expr = Make(ExprKind::kName, At(context->name()));
    expr->name = NameOf(context->name());
  } else if (context->LPAREN() != nullptr) {
    expr = Expression(context->expr());
    if (expr != nullptr) expr->bracketed = true;
  } else if (context->quantifier() != nullptr) {
    expr = Quantifier(context->quantifier());
  } else {
    expr = Matching(context->matching());
  }
  for (P::MatchedSuffixContext* suffix : context->matchedSuffix()) {
    if (expr == nullptr || Broken(suffix)) return nullptr;
    const Span span = expr->span.To(At(suffix));
    const bool asked = suffix->QUESTION() != nullptr;
    if (suffix->DOT() != nullptr) {
      expr = Member(suffix->word(), asked, span, std::move(expr));
    } else if (suffix->LBRACKET() != nullptr) {
      expr = Index(suffix->expr(), asked, span, std::move(expr));
    } else {
      expr = Call(suffix->arguments(), std::move(expr));
    }
  }
  return expr;
}

ExprPtr TreeBuilder::Matching(P::MatchingContext* context) {
  if (Broken(context)) return nullptr;
  ExprPtr expr = Make(ExprKind::kMatch, At(context));
  ExprPtr subject;
  for (size_t i = 0; i < context->matched().size(); ++i) {
    ExprPtr operand = Matched(context->matched(i));
    subject = i == 0 ? std::move(operand)
                     : Binary(Op::kDefault, At(context->QUESTIONS(i - 1)),
                              std::move(subject), std::move(operand));
    if (subject == nullptr) return nullptr;
  }
  expr->operands.push_back(std::move(subject));
  bool has_else = false;
  bool broken = false;
  for (P::ArmContext* arm_context : context->arm()) {
    if (Broken(arm_context)) return nullptr;
    ast::MatchArm arm;
    arm.span = At(arm_context);
    bool literal = false;
    for (P::PatternContext* pattern : arm_context->pattern()) {
      if (Broken(pattern)) return nullptr;
      if (pattern->word().empty()) {
        literal = true;
        reporter_.Add(Code::BL1001, At(pattern),
                      "a pattern is a term, not a literal",
                      "compare with `if … then … else`");
        continue;
      }
      ast::Path path;
      path.span = At(pattern);
      for (P::WordContext* part : pattern->word()) {
        path.parts.push_back(NameOf(part));
      }
      arm.patterns.push_back(std::move(path));
    }
    arm.is_else = !literal && arm.patterns.size() == 1 &&
                  arm.patterns[0].Text() == "else";
    if (arm.is_else) {
      if (has_else) {
        reporter_.Add(Code::BL1023, arm.patterns[0].span,
                      "a `match` has one `else`");
      }
      has_else = true;
      arm.patterns.clear();
    }
    broken = broken || literal;
    arm.value = Expression(arm_context->expr());
    if (arm.value == nullptr) return nullptr;
    expr->arms.push_back(std::move(arm));
  }
  if (broken) return nullptr;
  if (expr->arms.empty()) {
    reporter_.Add(Code::BL1043, expr->span, "a `match` needs an arm");
  }
  return Finish(std::move(expr));
}

// ---------------------------------------------------------------------------
// Literals

ExprPtr TreeBuilder::IntLiteral(const antlr4::Token* token, bool negative) {
  ExprPtr expr = Make(ExprKind::kInt, At(token));
  expr->text = (negative ? "-" : "") + std::string(expr->span.text());
  if (!absl::SimpleAtoi(expr->text, &expr->number)) {
    reporter_.Add(Code::BL1012, expr->span,
                  absl::StrCat(expr->text, " does not fit 64 bits"));
  }
  return expr;
}

ExprPtr TreeBuilder::DecimalLiteral(const antlr4::Token* token, bool negative) {
  ExprPtr expr = Make(ExprKind::kDecimal, At(token));
  std::string_view digits = expr->span.text();
  expr->text = (negative ? "-" : "") + std::string(digits);
  const size_t dot = digits.find('.');
  std::string_view whole = digits.substr(0, dot);
  std::string_view fraction =
      dot == std::string_view::npos ? "" : digits.substr(dot + 1);
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  if (fraction.size() > 6 &&
      fraction.find_first_not_of("0123456789") == std::string_view::npos) {
    reporter_.Add(Code::BL1013, expr->span,
                  absl::StrCat(expr->text,
                               " has more than 6 digits after the "
                               "point"));
    return expr;
  }
  if (whole.size() > 12) {
    reporter_.Add(Code::BL1013, expr->span,
                  absl::StrCat(expr->text,
                               " has more than 12 digits before "
                               "the point"));
    return expr;
  }
  std::string scaled = std::string(whole) + std::string(fraction);
  scaled.append(fraction.size() < 6 ? 6 - fraction.size() : 0, '0');
  // Fails only for what was already reported as no number.
  if (!absl::SimpleAtoi(scaled, &expr->number)) return expr;
  if (negative) expr->number = -expr->number;
  return expr;
}

ExprPtr TreeBuilder::UnitLiteral(const antlr4::Token* token) {
  ExprPtr expr = Make(ExprKind::kDuration, At(token));
  std::string_view rest = expr->span.text();
  expr->text = std::string(rest);
  const TimeUnit* last = nullptr;
  int64_t total = 0;
  while (!rest.empty()) {
    size_t digits = rest.find_first_not_of("0123456789");
    if (digits == std::string_view::npos) digits = rest.size();
    std::string_view after = rest.substr(digits);
    size_t letters = after.find_first_of("0123456789");
    if (letters == std::string_view::npos) letters = after.size();
    const std::string_view name = after.substr(0, letters);
    const TimeUnit* unit = nullptr;
    for (const TimeUnit& each : kUnits) {
      if (each.name == name) unit = &each;
    }
    if (digits == 0 || unit == nullptr) {
      const bool amount = last == nullptr && digits > 0;
      reporter_.Add(
          amount ? Code::BL1014 : Code::BL1015, expr->span,
          name.empty()
              ? absl::StrCat("`", expr->text, "` ends without a unit")
              : absl::StrCat("`", std::string(name), "` is no unit of time"),
          "the units are d h m s, and y mo of periods");
      return expr;
    }
    if (last != nullptr && last->period != unit->period) {
      reporter_.Add(Code::BL1015, expr->span,
                    "durations (d h m s) and periods (y mo) do not mix");
      return expr;
    }
    if (last != nullptr && last->factor <= unit->factor) {
      reporter_.Add(Code::BL1015, expr->span,
                    "units stand from large to small, each once");
      return expr;
    }
    int64_t amount = 0;
    int64_t part = 0;
    if (!absl::SimpleAtoi(std::string(rest.substr(0, digits)), &amount) ||
        __builtin_mul_overflow(amount, unit->factor, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      reporter_.Add(Code::BL1015, expr->span,
                    absl::StrCat("`", expr->text, "` is too long"));
      return expr;
    }
    last = unit;
    rest = after.substr(letters);
  }
  if (last->period) expr->kind = ExprKind::kPeriod;
  expr->number = total;
  return expr;
}

// ---------------------------------------------------------------------------
// Texts

size_t TreeBuilder::DecodeEscape(size_t at, size_t end, std::string* out) {
  const std::string& text = reporter_.source().text();
  const char c = at + 1 < end ? text[at + 1] : '\0';
  switch (c) {
    case '"':
    case '\\':
      *out += c;
      return at + 2;
    case 'n':
      *out += '\n';
      return at + 2;
    case 'r':
      *out += '\r';
      return at + 2;
    case 't':
      *out += '\t';
      return at + 2;
    default:
      break;
  }
  if (c == 'u' && at + 2 < end && text[at + 2] == '{') {
    uint32_t value = 0;
    size_t i = at + 3;
    size_t digits = 0;
    while (i < end && digits < 7 &&
           absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      const char d = text[i];
      value = value * 16 + static_cast<uint32_t>(d <= '9'   ? d - '0'
                                                 : d <= 'F' ? d - 'A' + 10
                                                            : d - 'a' + 10);
      ++digits;
      ++i;
    }
    const bool closed = i < end && text[i] == '}';
    const bool scalar =
        value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
    if (closed && digits >= 1 && digits <= 6 && scalar) {
      AppendUtf8(value, out);
      return i + 1;
    }
    const size_t stop = closed ? i + 1 : i;
    reporter_.Add(Code::BL1008, reporter_.At(at, stop),
                  "`\\u{…}` holds one to six hexadecimal digits of a Unicode "
                  "character");
    return stop;
  }
  size_t stop = std::min(at + 2, end);
  while (stop < end &&
         (static_cast<unsigned char>(text[stop]) & 0xC0) == 0x80) {
    ++stop;
  }
  reporter_.Add(
      Code::BL1008, reporter_.At(at, stop),
      absl::StrCat("`", text.substr(at, stop - at), "` is no escape"),
      "the escapes are \\\" \\\\ \\n \\r \\t \\u{…}; back quotes take text as "
      "it is");
  return stop;
}

namespace {

// The bytes between the quotes; the closing one may be missing.
std::pair<size_t, size_t> Inside(const Span& span) {
  const std::string_view text = span.text();
  const bool closed = text.size() >= 2 && text.back() == text.front();
  return {span.begin + 1, closed ? span.end - 1 : span.end};
}

}  // namespace

std::string TreeBuilder::Decode(const antlr4::Token* token) {
  const std::string& text = reporter_.source().text();
  const auto [begin, end] = Inside(At(token));
  if (token->getType() == P::RAW_STRING) return text.substr(begin, end - begin);
  std::string out;
  out.reserve(end - begin);
  for (size_t i = begin; i < end;) {
    if (text[i] == '\\') {
      i = DecodeEscape(i, end, &out);
    } else {
      out += text[i++];
    }
  }
  return out;
}

void TreeBuilder::Interpolate(const antlr4::Token* token,
                              std::vector<ast::TextPart>* out) {
  const Span whole = At(token);
  if (token->getType() == P::RAW_STRING) {
    out->push_back({Decode(token), nullptr, whole});
    return;
  }
  const std::string& text = reporter_.source().text();
  const auto [begin, end] = Inside(whole);
  ast::TextPart part;
  size_t part_begin = begin;
  auto flush = [&](size_t upto) {
    if (part.text.empty()) return;
    part.span = reporter_.At(part_begin, upto);
    out->push_back(std::move(part));
    part = ast::TextPart();
  };
  size_t i = begin;
  while (i < end) {
    const char c = text[i];
    if (c == '\\') {
      i = DecodeEscape(i, end, &part.text);
      continue;
    }
    if (c != '{' && c != '}') {
      part.text += c;
      ++i;
      continue;
    }
    if (i + 1 < end && text[i + 1] == c) {
      part.text += c;
      i += 2;
      continue;
    }
    if (c == '}') {
      reporter_.Add(Code::BL1029, reporter_.At(i, i + 1),
                    "a single `}` in a text", "write `}}` for a brace");
      ++i;
      continue;
    }
    size_t close = i + 1;
    int depth = 1;
    while (close < end) {
      if (text[close] == '`') {
        const size_t quote = text.find('`', close + 1);
        close = quote == std::string::npos || quote >= end ? end : quote;
        if (close == end) break;
      } else if (text[close] == '{') {
        ++depth;
      } else if (text[close] == '}' && --depth == 0) {
        break;
      }
      ++close;
    }
    if (close >= end) {
      // A quote inside of it was reported by the parser.
      if (!reporter_.HasLexicalErrorOn(whole.line())) {
        reporter_.Add(Code::BL1029, reporter_.At(i, i + 1),
                      "`{` is not closed in this text",
                      "write `{{` for a brace");
      }
      i = end;
      break;
    }
    flush(i);
    const Span inside = reporter_.At(i + 1, close);
    if (inside.text().find_first_not_of(" \t") == std::string_view::npos) {
      reporter_.Add(Code::BL1029, reporter_.At(i, close + 1),
                    "`{}` holds no expression", "write `{{}}` for braces");
    } else if (inside.text().find('\\') != std::string_view::npos) {
      reporter_.Add(Code::BL1029, inside, "there are no escapes inside `{…}`",
                    "text in it is written with back quotes");
    } else {
      ast::TextPart piece;
      piece.span = inside;
      piece.expr = parse_inside_(i + 1, close);
      if (piece.expr != nullptr) out->push_back(std::move(piece));
    }
    i = close + 1;
    part_begin = i;
  }
  flush(end);
}

ast::Text TreeBuilder::TextOf(P::StringContext* context) {
  if (Broken(context)) return {};
  return {Decode(context->start), At(context)};
}

ast::Text TreeBuilder::JoinedText(P::StringsContext* context) {
  if (Broken(context)) return {};
  ast::Text text;
  text.span = At(context);
  for (P::StringContext* part : context->string()) {
    text.value += TextOf(part).value;
  }
  return text;
}

ast::Text TreeBuilder::SingleText(P::StringsContext* context) {
  if (Broken(context)) return {};
  if (context->string().size() > 1) {
    reporter_.Add(Code::BL1028, At(context->string(1)),
                  "texts are joined in `because`, `help` and metadata only");
  }
  return JoinedText(context);
}

ExprPtr TreeBuilder::InterpolatedText(P::StringsContext* context) {
  if (Broken(context)) return nullptr;
  ExprPtr expr = Make(ExprKind::kText, At(context));
  for (P::StringContext* part : context->string()) {
    if (!Broken(part)) Interpolate(part->start, &expr->parts);
  }
  return Finish(std::move(expr));
}

}  // namespace bylaw::parsing
