// Literals of expressions, and texts with their escapes and `{…}`
// (parser_tree.h).

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dsl/parser_tree.h"

namespace bylaw::parsing {
namespace {

using ast::ExprKind;
using ast::ExprPtr;
using P = BylawParser;

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

// The bytes between the quotes; the closing one may be missing.
std::pair<size_t, size_t> Inside(const Span& span) {
  const std::string_view text = span.text();
  const bool closed = text.size() >= 2 && text.back() == text.front();
  return {span.begin + 1, closed ? span.end - 1 : span.end};
}

}  // namespace

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

ExprPtr TreeBuilder::DurationOf(antlr4::tree::TerminalNode* node) {
  ExprPtr expr = UnitLiteral(node->getSymbol());
  if (expr->kind == ExprKind::kPeriod) {
    reporter_.Add(Code::BL1015, expr->span,
                  "a duration is expected, not a period");
  }
  return expr;
}

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
