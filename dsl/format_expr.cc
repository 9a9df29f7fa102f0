#include "dsl/format_expr.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace bylaw::formatting {
namespace {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

size_t SkipText(std::string_view text, size_t at) {
  const char quote = text[at];
  size_t i = at + 1;
  while (i < text.size() && text[i] != quote && text[i] != '\n') {
    i += quote == '"' && text[i] == '\\' ? 2 : 1;
  }
  return i + 1;
}

size_t SkipComment(std::string_view text, size_t at) {
  if (text.substr(at, 2) == "//") {
    const size_t end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end;
  }
  const size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

}  // namespace

size_t Original::Find(char c, size_t at) const {
  while (at < text_.size()) {
    const char here = text_[at];
    if (here == c) return at;
    if (here == '"' || here == '`') {
      at = SkipText(text_, at);
    } else if (text_.substr(at, 2) == "//" || text_.substr(at, 2) == "/*") {
      at = SkipComment(text_, at);
    } else {
      ++at;
    }
  }
  return text_.size();
}

char Original::Before(size_t at) const {
  while (at > 0) {
    const char c = text_[--at];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return c;
  }
  return '\0';
}

std::vector<std::string_view> Original::Texts(size_t begin, size_t end) const {
  std::vector<std::string_view> texts;
  size_t at = begin;
  while (at < end) {
    if (text_[at] == '"' || text_[at] == '`') {
      const size_t after = SkipText(text_, at);
      texts.push_back(text_.substr(at, after - at));
      at = after;
    } else if (text_.substr(at, 2) == "//" || text_.substr(at, 2) == "/*") {
      at = SkipComment(text_, at);
    } else {
      ++at;
    }
  }
  return texts;
}

namespace {

class Builder {
 public:
  explicit Builder(const Original& original) : original_(original) {}

  Doc Of(const Expr& e) {
    Doc doc = Bare(e);
    if (!e.bracketed) return doc;
    return Group(Cat(Text("("), Nest(2, Cat(Soft(), doc)), Soft(), Text(")")));
  }

 private:
  static std::string Written(const Expr& e) {
    return std::string(e.span.text());
  }

  Doc Bare(const Expr& e) {
    switch (e.kind) {
      case ExprKind::kBool:
        return Text(e.bool_value ? "true" : "false");
      case ExprKind::kInt:
      case ExprKind::kDecimal:
      case ExprKind::kDuration:
      case ExprKind::kPeriod:
        return Text(e.text);
      case ExprKind::kString:
        return Text(Written(e));
      case ExprKind::kText:
        return TextsDoc(e.span, 0, original_);
      case ExprKind::kName:
        return Text(e.name.text);
      case ExprKind::kMember:
        return Cat(Of(*e.operands[0]),
                   Text(absl::StrCat(".", e.name.text, e.asked ? "?" : "")));
      case ExprKind::kIndex:
        return Cat(Of(*e.operands[0]), Text("["), Of(*e.operands[1]),
                   Text(e.asked ? "]?" : "]"));
      case ExprKind::kCall:
        return Cat(Of(*e.operands[0]), ArgumentsDoc(e.arguments, original_));
      case ExprKind::kUnary:
        return Cat(Text(e.op == Op::kNot ? "not " : "-"), Of(*e.operands[0]));
      case ExprKind::kBinary:
        return Binary(e);
      case ExprKind::kIsMissing:
        return Cat(Of(*e.operands[0]), Text(" is missing"));
      case ExprKind::kIsPresent:
        return Cat(Of(*e.operands[0]), Text(" is present"));
      case ExprKind::kIsEmpty:
        return Cat(Of(*e.operands[0]), Text(" is empty"));
      case ExprKind::kIsType:
        return Cat(Of(*e.operands[0]),
                   Text(absl::StrCat(" is ", e.path.Text())));
      case ExprKind::kQuantifier:
        return Quantifier(e);
      case ExprKind::kIf:
        return Group(
            Cat(Text("if "), Of(*e.operands[0]),
                Nest(2, Cat(Line(), Text("then "), Of(*e.operands[1]), Line(),
                            Text("else "), Of(*e.operands[2])))));
      case ExprKind::kMatch:
        return Match(e);
      case ExprKind::kSet:
        return List("{", "}", e);
      case ExprKind::kList:
        return List("[", "]", e);
      case ExprKind::kMap:
        return FieldsDoc(e.fields, e.span, original_);
      case ExprKind::kEntity: {
        Doc head = Text(
            absl::StrCat(e.path.Text(), " ", std::string(e.text_span.text())));
        if (!e.has_body) return head;
        return Cat(head, Text(" "), Fields(e, e.text_span.end));
      }
      case ExprKind::kRecord:
        return Cat(Text(e.path.Text() + " "), Fields(e, e.path.span.end));
      case ExprKind::kAllOf:
        return Text("all " + e.path.Text());
    }
    return nullptr;
  }

  Doc Fields(const Expr& e, size_t after) {
    Span span = e.span;
    span.begin = static_cast<uint32_t>(original_.Find('{', after));
    return FieldsDoc(e.fields, span, original_);
  }

  Doc List(std::string_view open, std::string_view close, const Expr& e) {
    std::vector<Element> elements;
    for (const ast::ExprPtr& each : e.operands) {
      elements.push_back({Of(*each), each->Whole().begin, each->Whole().end});
    }
    // What has brackets of its own stands apart from these.
    const bool spaced = std::any_of(
        e.operands.begin(), e.operands.end(), [](const ast::ExprPtr& each) {
          return each->kind == ExprKind::kRecord || each->has_body;
        });
    return ListDoc(open, close, spaced && open == "{", elements,
                   e.span.begin + 1, e.span.end - 1, original_);
  }

  Doc Binary(const Expr& e) {
    if (e.op == Op::kAnd || e.op == Op::kOr) {
      std::vector<Doc> parts;
      for (size_t i = 0; i < e.operands.size(); ++i) {
        if (i > 0) {
          parts.push_back(Line());
          parts.push_back(Text(absl::StrCat(ast::OpText(e.op), " ")));
        }
        // `and` binds closer than `or`: its lines stand deeper.
        const Expr& operand = *e.operands[i];
        const bool inner = !operand.bracketed && operand.op == Op::kAnd;
        parts.push_back(inner ? Nest(2, Of(operand)) : Of(operand));
      }
      return Group(Concat(std::move(parts)));
    }
    return Group(
        Cat(Of(*e.operands[0]),
            Nest(2, Cat(Line(), Text(absl::StrCat(ast::OpText(e.op), " ")),
                        Of(*e.operands[1])))));
  }

  Doc Quantifier(const Expr& e) {
    std::vector<Doc> parts;
    if (e.operands[2] != nullptr && e.op != Op::kAll) {
      parts.push_back(Of(*e.operands[2]));
      parts.push_back(Line());
      parts.push_back(Text("for "));
    }
    parts.push_back(Text(e.name.text + " in "));
    parts.push_back(Of(*e.operands[0]));
    if (e.operands[1] != nullptr) {
      parts.push_back(Line());
      parts.push_back(Text("where "));
      parts.push_back(Of(*e.operands[1]));
    }
    if (e.op == Op::kAll) {
      parts.push_back(Line());
      parts.push_back(Text("satisfy "));
      parts.push_back(Of(*e.operands[2]));
    }
    return Group(Cat(Text(absl::StrCat(ast::OpText(e.op), "(")),
                     Nest(4, Concat(std::move(parts))), Text(")")));
  }

  Doc Match(const Expr& e) {
    std::vector<Element> arms;
    for (const ast::MatchArm& arm : e.arms) {
      std::string head = arm.is_else ? "else" : "";
      for (const ast::Path& pattern : arm.patterns) {
        absl::StrAppend(&head, head.empty() ? "" : " or ", pattern.Text());
      }
      arms.push_back({Cat(Text(head + ": "), Of(*arm.value)), arm.span.begin,
                      arm.span.end});
    }
    const size_t open = original_.Find('{', e.operands[0]->Whole().end);
    return Cat(
        Text("match "), Of(*e.operands[0]), Text(" "),
        ListDoc("{", "}", true, arms, open + 1, e.span.end - 1, original_));
  }

  const Original& original_;
};

}  // namespace

Doc ExprDoc(const Expr& expr, const Original& original) {
  return Builder(original).Of(expr);
}

Doc TypeDoc(const ast::TypeRef& type) {
  std::string text = type.name.Text();
  if (type.element != nullptr) {
    absl::StrAppend(&text, "<", Flat(TypeDoc(*type.element)), ">");
  }
  return Text(type.optional ? text + "?" : text);
}

Doc MaskDoc(const ast::MaskUse& mask, const Original& original) {
  Doc name = Text(mask.name.Text());
  if (mask.arguments.empty()) return name;
  return Cat(name, ArgumentsDoc(mask.arguments, original));
}

Doc ArgumentsDoc(const std::vector<ast::Argument>& arguments,
                 const Original& original) {
  if (arguments.empty()) return Text("()");
  std::vector<Doc> parts;
  for (const ast::Argument& argument : arguments) {
    if (!parts.empty()) {
      parts.push_back(Text(","));
      parts.push_back(Line());
    }
    if (argument.name) parts.push_back(Text(argument.name.text + ": "));
    parts.push_back(ExprDoc(*argument.value, original));
  }
  return Group(Cat(Text("("), Nest(4, Cat(Soft(), Concat(std::move(parts)))),
                   Text(")")));
}

Doc FieldsDoc(const std::vector<ast::Field>& fields, Span span,
              const Original& original) {
  std::vector<Element> elements;
  for (const ast::Field& field : fields) {
    const std::string key =
        field.quoted ? std::string(field.key.span.text()) : field.key.text;
    elements.push_back({Cat(Text(key + ": "), ExprDoc(*field.value, original)),
                        field.span.begin, field.span.end});
  }
  return ListDoc("{", "}", true, elements, span.begin + 1, span.end - 1,
                 original);
}

Doc TextsDoc(Span span, int indent, const Original& original) {
  std::vector<Doc> parts;
  const char* last = nullptr;
  const char* file = span.file->text().data();
  for (std::string_view text : original.Texts(span.begin, span.end)) {
    if (last != nullptr) {
      const bool breaks =
          original.BreaksBetween(static_cast<size_t>(last - file),
                                 static_cast<size_t>(text.data() - file));
      parts.push_back(breaks ? Hard() : Line());
    }
    parts.push_back(Text(std::string(text)));
    last = text.data() + text.size();
  }
  return Nest(indent, Group(Concat(std::move(parts))));
}

Doc ListDoc(std::string_view open, std::string_view close, bool spaced,
            const std::vector<Element>& elements, size_t open_end,
            size_t close_begin, const Original& original) {
  if (elements.empty()) return Text(std::string(open) + std::string(close));
  const bool opened = original.BreaksBetween(open_end, elements[0].begin);
  std::vector<Doc> parts;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) {
      parts.push_back(Text(","));
      const bool breaks = opened && original.BreaksBetween(elements[i - 1].end,
                                                           elements[i].begin);
      parts.push_back(breaks ? Hard() : nullptr);
      // Each break by itself, so that lines are filled.
      parts.push_back(breaks ? elements[i].doc
                             : Group(Cat(Line(), elements[i].doc)));
    } else {
      parts.push_back(elements[i].doc);
    }
  }
  if (opened && original.Before(close_begin) == ',') {
    parts.push_back(Text(","));
  }
  Doc edge = opened ? Hard() : spaced ? Line() : Soft();
  return Group(Cat(Text(std::string(open)),
                   Nest(2, Cat(edge, Concat(std::move(parts)))), edge,
                   Text(std::string(close))));
}

}  // namespace bylaw::formatting
