// Operands of expressions (parser_tree.h): names, brackets, quantifiers,
// `match`, and what follows an operand: members, keys, arguments, fields.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
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

// `level = "x"`, a named argument as other languages write it: the comparison
// as which it was read, or null.
P::ComparisonContext* KeywordArgument(P::ArgumentContext* argument) {
  auto broken = [](const antlr4::ParserRuleContext* context) {
    return context == nullptr || context->exception != nullptr;
  };
  if (broken(argument) || argument->word() != nullptr) return nullptr;
  P::ExprContext* expr = argument->expr();
  if (broken(expr) || broken(expr->disjunction())) return nullptr;
  if (expr->disjunction()->conjunction().size() != 1) return nullptr;
  P::ConjunctionContext* conjunction = expr->disjunction()->conjunction(0);
  if (broken(conjunction) || conjunction->negation().size() != 1) {
    return nullptr;
  }
  P::NegationContext* negation = conjunction->negation(0);
  if (broken(negation) || negation->children.size() != 1) return nullptr;
  P::ComparisonContext* comparison = negation->comparison();
  if (broken(comparison) || broken(comparison->sum()) ||
      comparison->comparisonTail().size() != 1) {
    return nullptr;
  }
  P::ComparisonTailContext* tail = comparison->comparisonTail(0);
  if (broken(tail) || broken(tail->comparisonOp()) || broken(tail->sum()) ||
      tail->comparisonOp()->ASSIGN() == nullptr) {
    return nullptr;
  }
  const P::SumContext* name = comparison->sum();
  const bool word = name->start == name->stop && IsName(name->start->getType());
  return word ? comparison : nullptr;
}

}  // namespace

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
  const Span span = base->Whole().To(At(context));
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
  ExprPtr expr = Make(ExprKind::kCall, base->Whole().To(At(context)));
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
    return Bracketed(span, Expression(context->expr()));
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

ExprPtr TreeBuilder::Bracketed(Span brackets, ExprPtr expr) {
  if (expr == nullptr) return nullptr;
  expr->bracketed = true;
  expr->brackets = brackets;
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
    expr = Bracketed(At(context->LPAREN()).To(At(context->RPAREN())),
                     Expression(context->expr()));
  } else if (context->quantifier() != nullptr) {
    expr = Quantifier(context->quantifier());
  } else {
    expr = Matching(context->matching());
  }
  for (P::MatchedSuffixContext* suffix : context->matchedSuffix()) {
    if (expr == nullptr || Broken(suffix)) return nullptr;
    const Span span = expr->Whole().To(At(suffix));
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

std::vector<ast::Argument> TreeBuilder::ArgumentsOf(
    P::ArgumentsContext* context) {
  std::vector<ast::Argument> arguments;
  if (context == nullptr) return arguments;
  for (P::ArgumentContext* each : context->argument()) {
    ast::Argument argument;
    P::ComparisonContext* named = KeywordArgument(each);
    if (named != nullptr) {
      const auto* assign = named->comparisonTail(0)->comparisonOp()->start;
      argument.name = NameOf(named->sum());
      reporter_.Add(Code::BL1001, At(assign),
                    "`:` stands between an argument's name and its value",
                    DidYouMean(absl::StrCat(argument.name.text, ": …")));
      argument.value = Sum(named->comparisonTail(0)->sum());
      arguments.push_back(std::move(argument));
      continue;
    }
    if (each->word() != nullptr) argument.name = NameOf(each->word());
    argument.value = Broken(each) ? nullptr : Expression(each->expr());
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

std::vector<ast::Field> TreeBuilder::FieldsOf(P::FieldsContext* context) {
  std::vector<ast::Field> fields;
  if (context == nullptr) return fields;
  for (P::FieldContext* each : context->field()) {
    if (Broken(each)) continue;
    ast::Field field = FieldOf(each);
    if (field.value != nullptr) fields.push_back(std::move(field));
  }
  return fields;
}

ast::Field TreeBuilder::FieldOf(P::FieldContext* context) {
  ast::Field field;
  field.span = At(context);
  if (context->string() != nullptr) {
    field.quoted = true;
    const ast::Text key = TextOf(context->string());
    field.key = {key.value, key.span};
  } else {
    field.key = NameOf(context->word());
  }
  field.value = Expression(context->expr());
  return field;
}

}  // namespace bylaw::parsing
