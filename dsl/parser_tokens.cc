#include "dsl/parser_tokens.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dsl/parser.h"

namespace bylaw::parsing {
namespace {

using antlr4::CommonToken;
using antlr4::Token;
using L = BylawLexer;

constexpr size_t kNone = static_cast<size_t>(-1);
constexpr size_t kDocChannel = 2;

bool IsOpener(size_t type) {
  return type == L::LBRACE || type == L::LPAREN || type == L::LBRACKET;
}

size_t CloserOf(size_t opener) {
  if (opener == L::LBRACE) return L::RBRACE;
  return opener == L::LPAREN ? L::RPAREN : L::RBRACKET;
}

bool IsCloser(size_t type) {
  return type == L::RBRACE || type == L::RPAREN || type == L::RBRACKET;
}

// The open brackets at a place, by token index. A closer that does not fit
// closes the nearest bracket of its kind, if there is one; round and square
// brackets do not reach beyond curly ones.
class Brackets {
 public:
  explicit Brackets(const std::vector<std::unique_ptr<Token>>& tokens)
      : tokens_(tokens) {}

  void Feed(size_t index) {
    const size_t type = tokens_[index]->getType();
    if (IsOpener(type)) {
      open_.push_back(index);
      if (type == L::LBRACE) ++braces_;
      return;
    }
    if (!IsCloser(type)) return;
    size_t at = open_.size();
    while (at > 0 && CloserOf(tokens_[open_[at - 1]]->getType()) != type) {
      if (type != L::RBRACE && tokens_[open_[at - 1]]->getType() == L::LBRACE) {
        return;
      }
      --at;
    }
    if (at == 0) return;
    if (type == L::RBRACE) --braces_;
    open_.resize(at - 1);
  }
  bool empty() const { return open_.empty(); }
  size_t top() const { return open_.empty() ? kNone : open_.back(); }
  Depth depth() const {
    return {static_cast<uint16_t>(std::min<size_t>(open_.size(), 65535)),
            static_cast<uint16_t>(std::min<size_t>(braces_, 65535))};
  }
  void Clear() {
    open_.clear();
    braces_ = 0;
  }

 private:
  const std::vector<std::unique_ptr<Token>>& tokens_;
  std::vector<size_t> open_;
  size_t braces_ = 0;
};

std::unique_ptr<Token> MakeToken(size_t type, size_t begin, size_t end) {
  auto token = std::make_unique<CommonToken>(type);
  token->setStartIndex(begin);
  token->setStopIndex(end - 1);  // wraps for the empty token at 0, as ANTLR's
  return token;
}

// "U+201C" of the first character of `text`.
std::string CodePointName(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  uint32_t c = p[0];
  size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
  if (more > 0) c &= 0x3F >> more;
  for (size_t i = 1; i <= more && i < text.size(); ++i) {
    c = (c << 6) | (p[i] & 0x3F);
  }
  return absl::StrCat(
      "U+", absl::AsciiStrToUpper(absl::StrCat(absl::Hex(c, absl::kZeroPad4))));
}

// Reports what the lexer could not read and turns it into what was likely
// meant. False: leave the token out.
bool Mend(CommonToken& token, std::string_view text, Reporter& reporter) {
  const size_t begin = token.getStartIndex();
  const size_t end = token.getStopIndex() + 1;
  const Span span = reporter.At(begin, end);
  switch (token.getType()) {
    case L::BAD_NAME: {
      size_t at = 0;
      while (static_cast<unsigned char>(text[at]) < 0x80) ++at;
      size_t next = at + 1;
      while (next < text.size() &&
             (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) {
        ++next;
      }
      const std::string character(text.substr(at, next - at));
      std::string help;
      if (character == "“" || character == "”" || character == "„") {
        help = "texts stand in straight quotes: \"…\"";
      }
      reporter.AddLexical(
          Code::BL1005, reporter.At(begin + at, begin + next),
          absl::StrCat("`", character, "` (", CodePointName(character),
                       ") cannot stand here: names are ASCII"),
          help);
      token.setType(L::LOWER);
      return true;
    }
    case L::BAD_NUMBER:
      reporter.AddLexical(
          Code::BL1014, span,
          absl::StrCat("`", std::string(text), "` is not a number"));
      token.setType(L::DECIMAL);
      return true;
    case L::OPEN_STRING:
    case L::OPEN_RAW_STRING:
      reporter.AddLexical(
          Code::BL1006, span, "the text is not closed on its line",
          token.getType() == L::OPEN_STRING ? "close it with `\"`"
                                            : "close it with a back quote");
      token.setType(token.getType() == L::OPEN_STRING ? L::STRING
                                                      : L::RAW_STRING);
      return true;
    case L::SINGLE_QUOTED:
      reporter.AddLexical(Code::BL1005, span, "texts stand in double quotes",
                          "write \"…\"");
      token.setType(L::STRING);
      return true;
    case L::BAD_CHARACTER: {
      static constexpr std::pair<char, const char*> kHelp[] = {
          {';', "declarations and rules need no `;`: leave it out"},
          {'\'', "texts stand in double quotes: \"…\""},
          {'#', "comments begin with `//`"},
          {'&', "write `and`"},
          {'%', "there is no remainder operator"},
      };
      std::string help;
      for (const auto& [c, words] : kHelp) {
        if (text[0] == c) help = words;
      }
      const bool shown = text[0] > 0x20 && text[0] < 0x7F;
      reporter.AddLexical(
          Code::BL1005, span,
          shown ? absl::StrCat("`", std::string(text), "` begins nothing here")
                : absl::StrCat("the character ", CodePointName(text),
                               " cannot stand here"),
          help);
      return false;
    }
    default:
      return true;
  }
}

// `Set<Column>= e` is a type and its default, not a comparison.
bool EndsType(const std::vector<std::unique_ptr<Token>>& tokens) {
  int open = 0;
  for (size_t i = tokens.size(); i > 0; --i) {
    const size_t type = tokens[i - 1]->getType();
    if (type == L::LESS) {
      ++open;
    } else if (type == L::GREATER) {
      --open;
    } else if (type == L::COLON) {
      return open > 0;
    } else if (type != L::DOT && type != L::QUESTION && !IsName(type)) {
      return false;
    }
  }
  return false;
}

void Measure(TokenList& list, const SourceFile& source) {
  list.depths.clear();
  list.line_starts.clear();
  list.indents.clear();
  Brackets brackets(list.tokens);
  uint32_t last_line = 0;
  uint32_t indent = 0;
  for (size_t i = 0; i < list.tokens.size(); ++i) {
    auto* token = static_cast<CommonToken*>(list.tokens[i].get());
    token->setTokenIndex(i);
    // A closer stands as deep as its opener.
    if (IsCloser(token->getType())) brackets.Feed(i);
    list.depths.push_back(brackets.depth());
    if (!IsCloser(token->getType())) brackets.Feed(i);
    const auto start = static_cast<uint32_t>(token->getStartIndex());
    const uint32_t line = source.LineOf(start);
    list.line_starts.push_back(line != last_line);
    if (line != last_line) indent = start - source.LineStart(line);
    list.indents.push_back(indent);
    // Texts do not span lines, so a token ends on the line it begins on.
    last_line = line;
  }
}

// After these a declaration's keyword can only be a name.
bool Continues(size_t type) {
  switch (type) {
    case L::DOT:
    case L::COMMA:
    case L::COLON:
    case L::ASSIGN:
    case L::PIPE:
    case L::PLUS:
    case L::MINUS:
    case L::STAR:
    case L::SLASH:
    case L::QUESTIONS:
    case L::EQUAL:
    case L::NOT_EQUAL:
    case L::LESS:
    case L::LESS_EQUAL:
    case L::GREATER:
    case L::GREATER_EQUAL:
    case L::OF:
    case L::AS:
    case L::BY:
    case L::ON:
    case L::EXTEND:
    case L::OVERRIDES:
    case L::SELECTS:
    case L::UNDER:
      return true;
    default:
      return IsReserved(type) && type != L::TRUE && type != L::FALSE;
  }
}

bool IsDeclarationWord(size_t type) {
  switch (type) {
    case L::MODULE:
    case L::IMPORT:
    case L::VOCABULARY:
    case L::ENTITY:
    case L::TYPE:
    case L::EXTEND:
    case L::ACTION:
    case L::OBLIGATION:
    case L::DEF:
    case L::SCOPE:
    case L::WAIVER:
    case L::POLICY:
    case L::TEST:
    case L::GIVEN:
      return true;
    default:
      return false;
  }
}

// Whether a declaration begins here whatever is open: its first three tokens
// occur nowhere else.
bool SurelyBegins(size_t before, size_t type, size_t a, size_t b) {
  if (!IsDeclarationWord(type) || before == L::EXTEND || before == L::DOT) {
    return false;
  }
  switch (type) {
    case L::POLICY:
      return IsWord(a) && (b == L::TITLE || b == L::OWNER || b == L::CONTROL ||
                           b == L::SEVERITY || b == L::HELP ||
                           b == L::OVERRIDES || b == L::ON);
    case L::TEST:
      return IsText(a) && b == L::LBRACE;
    case L::ENTITY:
      return IsWord(a) && (b == L::IN || b == L::LBRACE);
    case L::VOCABULARY:
      return IsWord(a) && (b == L::ORDERED || b == L::TREE || b == L::LBRACE);
    case L::TYPE:
      return IsWord(a) && b == L::ASSIGN;
    case L::EXTEND:
      return a == L::VOCABULARY || a == L::ENTITY || a == L::ACTION;
    case L::ACTION:
      return ((a == L::GATE || a == L::GROUP) && IsWord(b) && b != L::OF) ||
             (IsWord(a) && b == L::OF);
    case L::OBLIGATION:
      return IsWord(a) && b == L::LPAREN;
    case L::DEF:
      return (a == L::MASK && IsWord(b)) ||
             (IsWord(a) && (b == L::LPAREN || b == L::COLON));
    case L::SCOPE:
      return IsWord(a) && (b == L::ROOT || b == L::UNDER || b == L::LBRACE);
    case L::WAIVER:
      return before != L::EXPECT && IsWord(a) && b == L::OF;
    default:
      return false;
  }
}

// The token before `i`; a plain name where a keyword ends a path or stands for
// a constant (`module council.extend`, `= extend`).
size_t TypeBefore(const TokenList& list, size_t i) {
  if (i == 0) return Token::EOF;
  const size_t type = list.TypeAt(i - 1);
  const size_t before = i > 1 ? list.TypeAt(i - 2) : Token::EOF;
  const bool names = before == L::DOT || before == L::MODULE ||
                     before == L::IMPORT ||
                     (type == L::EXTEND && before == L::ASSIGN);
  return names && IsWord(type) ? size_t{L::LOWER} : type;
}

bool SurelyBegins(const TokenList& list, size_t i) {
  return SurelyBegins(TypeBefore(list, i), list.TypeAt(i), list.TypeAt(i + 1),
                      list.TypeAt(i + 2));
}

// `plicy p …` at the head of a line, after something that is complete: in no
// declaration a plain name follows there.
bool BeginsMisspelt(const TokenList& list, size_t begin, size_t i) {
  if (list.TypeAt(i) != L::LOWER || !list.line_starts[i] ||
      list.indents[i] > 0) {
    return false;
  }
  // Between the parts of a policy's head it may be metadata.
  const size_t before = list.TypeAt(i - 1);
  if (before == L::RBRACE) return true;
  return list.TypeAt(begin) != L::POLICY && EndsOperand(before);
}

// Whether a declaration, maybe a broken one, begins here if nothing is open.
bool LikelyBegins(const TokenList& list, size_t begin, size_t i) {
  const size_t type = list.TypeAt(i);
  if (!IsDeclarationWord(type)) return BeginsMisspelt(list, begin, i);
  if (Continues(TypeBefore(list, i))) return false;
  if (list.line_starts[i]) return true;
  const size_t a = list.TypeAt(i + 1);
  if (type == L::MODULE || type == L::IMPORT) return IsWord(a);
  return type == L::GIVEN && (a == L::UPPER || a == L::ROWS);
}

// Finds elements of records, parameters and vocabularies that follow one
// another without a comma, reports them and puts the commas in.
class CommaMender {
 public:
  CommaMender(TokenList& list, Reporter& reporter)
      : list_(list), reporter_(reporter) {}

  void Run() {
    std::vector<std::unique_ptr<Token>> in = std::move(list_.tokens);
    std::vector<std::unique_ptr<Token>>& out = list_.tokens;
    out.clear();
    out.reserve(in.size());
    Brackets brackets(out);
    size_t vocabulary_end = 0;  // brackets open where a vocabulary began, + 1
    bool vocabulary_next = false;
    for (size_t i = 0; i < in.size(); ++i) {
      const size_t type = in[i]->getType();
      const size_t next = i + 1 < in.size() ? in[i + 1]->getType() : Token::EOF;
      const size_t before = out.empty() ? Token::EOF : out.back()->getType();
      if (type == L::VOCABULARY && brackets.empty() && before != L::DOT) {
        vocabulary_next = next == L::UPPER || before == L::EXTEND;
      } else if (vocabulary_next && type != L::LBRACE && type != L::DOT &&
                 !IsName(type)) {
        vocabulary_next = false;
      }
      if (vocabulary_end > 0 && EndsVocabulary(in, i)) {
        list_.cuts.insert(in[i]->getStartIndex());
        brackets.Clear();
        vocabulary_end = 0;
        vocabulary_next = type == L::VOCABULARY ||
                          (type == L::EXTEND && next == L::VOCABULARY);
      }
      if (vocabulary_end > 0 && !out.empty() && IsWord(type)) {
        MendTerm(out, *in[i], next);
      } else if ((IsWord(type) || IsText(type)) && next == L::COLON) {
        MendField(out, brackets.top());
      }
      out.push_back(std::move(in[i]));
      if (type == L::LBRACE && vocabulary_next) {
        vocabulary_end = brackets.depth().brackets + 1u;
        vocabulary_next = false;
      }
      brackets.Feed(out.size() - 1);
      if (brackets.depth().brackets < vocabulary_end) vocabulary_end = 0;
    }
  }

 private:
  static bool IsPlace(size_t type) {
    return type == L::ABOVE || type == L::BELOW;
  }

  // Every word may be a term, so a vocabulary without its `}` would swallow
  // what follows: it ends before what begins a line like a declaration.
  bool EndsVocabulary(const std::vector<std::unique_ptr<Token>>& in,
                      size_t i) const;

  void MendTerm(std::vector<std::unique_ptr<Token>>& out, const Token& token,
                size_t next) {
    const size_t last = out.back()->getType();
    if (last != L::RBRACE && !IsWord(last)) return;
    if (last != L::RBRACE) {
      if (IsPlace(token.getType()) && IsWord(next)) return;
      const size_t before =
          out.size() > 1 ? out[out.size() - 2]->getType() : Token::EOF;
      if (IsPlace(last) && IsWord(before)) return;
    }
    Insert(out, out.size());
  }

  void MendField(std::vector<std::unique_ptr<Token>>& out, size_t opener) {
    if (opener == kNone || opener + 2 >= out.size()) return;
    const size_t kind = out[opener]->getType();
    if (kind == L::LBRACKET) return;
    // Only where the bracket's first element has this form too.
    const size_t first = out[opener + 1]->getType();
    const size_t second = out[opener + 2]->getType();
    if (!IsWord(first) && !IsText(first)) return;
    if (second != L::COLON && second != L::DOT && second != L::OR) return;
    size_t start = out.size();  // where the element begins
    while (start > opener + 2 &&
           (out[start - 1]->getType() == L::DOT ||
            out[start - 1]->getType() == L::OR) &&
           IsWord(out[start - 2]->getType())) {
      start -= 2;
    }
    const size_t before = out[start - 1]->getType();
    if (start - 1 == opener || before == L::COMMA || before == L::COLON ||
        before == L::DOT || before == L::OR || before == L::DEF) {
      return;
    }
    Insert(out, start);
  }

  void Insert(std::vector<std::unique_ptr<Token>>& out, size_t at) {
    const Token& before = *out[at - 1];
    const Span span = reporter_.Of(&before);
    // `a: Int; b: Int`: what stands instead of the comma was reported.
    if (!reporter_.HasLexicalErrorOn(span.line())) {
      reporter_.Add(Code::BL1036, span,
                    "a comma is missing after this element");
    }
    const size_t end = before.getStopIndex() + 1;
    out.insert(out.begin() + static_cast<ptrdiff_t>(at),
               MakeToken(L::COMMA, end, end));
  }

  TokenList& list_;
  Reporter& reporter_;
};

bool CommaMender::EndsVocabulary(const std::vector<std::unique_ptr<Token>>& in,
                                 size_t i) const {
  auto type = [&in](size_t at) {
    return at < in.size() ? in[at]->getType() : Token::EOF;
  };
  auto line = [this](const Token& token) {
    return reporter_.Of(&token).line();
  };
  // The tokens before this one are in the list already.
  const Token& last = *list_.tokens.back();
  const uint32_t here = line(*in[i]);
  if (!IsDeclarationWord(type(i)) || line(last) == here) return false;
  const size_t before = last.getType();
  if (type(i + 1) == L::ABOVE || type(i + 1) == L::BELOW) return false;
  if (SurelyBegins(before, type(i), type(i + 1), type(i + 2))) return true;
  // A term that follows a comma, or whose own comma is missing, stands alone
  // on its line or has its place beside it.
  const size_t next = type(i + 1);
  return before != L::COMMA && before != L::LBRACE && i + 1 < in.size() &&
         line(*in[i + 1]) == here && !IsPlace(next) &&
         (IsWord(next) || IsText(next));
}

// The token of a declaration that is its name, or after `extend` says what is
// extended.
bool IsNameSlot(const TokenList& list, size_t begin, size_t i) {
  if (i == begin + 1) return IsDeclarationWord(list.TypeAt(begin));
  const size_t kind = list.TypeAt(begin + 1);
  return i == begin + 2 && list.TypeAt(begin) == L::ACTION &&
         (kind == L::GATE || kind == L::GROUP);
}

// Whether the declaration that begins at `begin` ends before `i`. `open`:
// brackets are open there.
bool Begins(const TokenList& list, size_t begin, size_t i, bool open) {
  if (list.cuts.count(list.tokens[i]->getStartIndex()) > 0) return true;
  if (IsNameSlot(list, begin, i)) {
    // Every word may be a name. That the name was left out shows only where
    // another line begins like a whole declaration.
    if (!list.line_starts[i] || !IsDeclarationWord(list.TypeAt(i)) ||
        list.TypeAt(begin) == L::EXTEND) {
      return false;
    }
    const size_t next = list.TypeAt(i + 1);
    return next == L::LOWER || next == L::UPPER || IsText(next) ||
           SurelyBegins(list, i);
  }
  return SurelyBegins(list, i) || (!open && LikelyBegins(list, begin, i));
}

}  // namespace

Span Reporter::Of(const Token* token) const {
  const size_t size = source_.text().size();
  const size_t begin = std::min(token->getStartIndex(), size);
  const size_t end = std::min(token->getStopIndex() + 1, size);
  return At(begin, std::max(begin, end));
}

void Reporter::Add(Code code, Span span, std::string message,
                   std::string suggestion) {
  if (full_) return;
  if (count_ >= max_errors_) {
    full_ = true;
    sink_.Add(Code::BL1045, span,
              absl::StrCat("more than ", max_errors_,
                           " errors: the rest of this file is not reported"),
              kMoreFindings);
    return;
  }
  ++count_;
  sink_.Add(code, span, std::move(message), std::move(suggestion));
}

void Reporter::AddLexical(Code code, Span span, std::string message,
                          std::string suggestion) {
  lexical_lines_.insert(span.line());
  Add(code, span, std::move(message), std::move(suggestion));
}

bool EndsOperand(size_t type) {
  switch (type) {
    case L::LOWER:
    case L::UPPER:
    case L::INT:
    case L::DECIMAL:
    case L::NUMBER_UNIT:
    case L::STRING:
    case L::RAW_STRING:
    case L::TRUE:
    case L::FALSE:
    case L::RBRACE:
    case L::RPAREN:
    case L::RBRACKET:
    case L::QUESTION:
      return true;
    default:
      return false;
  }
}

bool BeginsRule(size_t type) {
  switch (type) {
    case L::ALLOW:
    case L::DENY:
    case L::MASK:
    case L::HIDE:
    case L::KEEP:
    case L::DROP:
    case L::REQUIRE:
    case L::LET:
    case L::FOR:
    case L::FIRST:
      return true;
    default:
      return false;
  }
}

size_t FirstInvalidUtf8(std::string_view text) {
  const auto* s = reinterpret_cast<const unsigned char*>(text.data());
  const size_t n = text.size();
  size_t i = 0;
  while (i < n) {
    const unsigned char c = s[i];
    if (c < 0x80) {
      ++i;
      continue;
    }
    size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || i + length > n) return i;
    for (size_t k = 1; k < length; ++k) {
      if ((s[i + k] & 0xC0) != 0x80) return i;
    }
    // Overlong forms, surrogates, and past U+10FFFF.
    if ((c == 0xE0 && s[i + 1] < 0xA0) || (c == 0xED && s[i + 1] > 0x9F) ||
        (c == 0xF0 && s[i + 1] < 0x90) || (c == 0xF4 && s[i + 1] > 0x8F)) {
      return i;
    }
    i += length;
  }
  return kNone;
}

size_t UnclosedComment(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '"' || c == '`') {
      size_t j = i + 1;
      while (j < text.size() && text[j] != c && text[j] != '\n') {
        if (c == '"' && text[j] == '\\' && j + 1 < text.size() &&
            text[j + 1] != '\n') {
          ++j;
        }
        ++j;
      }
      i = j + 1;
    } else if (text.substr(i, 2) == "//") {
      i = text.find('\n', i);
      if (i == kNone) return kNone;
    } else if (text.substr(i, 2) == "/*") {
      size_t close = text.find("*/", i + 2);
      if (close == kNone) return i;
      i = close + 2;
    } else {
      ++i;
    }
  }
  return kNone;
}

TokenList ReadTokens(size_t begin, size_t end, Reporter& reporter) {
  const std::string_view text =
      std::string_view(reporter.source().text()).substr(begin, end - begin);
  TokenList list;
  antlr4::ANTLRInputStream input{std::string(text)};
  BylawLexer lexer(&input);
  lexer.removeErrorListeners();
  std::vector<std::unique_ptr<Token>> read = lexer.getAllTokens();

  // ANTLR counts code points, we count bytes.
  std::vector<uint32_t> bytes;
  if (input.size() != text.size()) {
    bytes.reserve(input.size() + 1);
    for (size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
        bytes.push_back(static_cast<uint32_t>(i));
      }
    }
    bytes.push_back(static_cast<uint32_t>(text.size()));
  }
  auto byte_at = [&bytes](size_t code_point) {
    return bytes.empty() ? code_point : bytes[code_point];
  };

  std::string doc;
  list.tokens.reserve(read.size() + 1);
  for (std::unique_ptr<Token>& raw : read) {
    auto* token = static_cast<CommonToken*>(raw.get());
    const size_t from = byte_at(token->getStartIndex());
    const size_t to = byte_at(token->getStopIndex() + 1);
    token->setStartIndex(begin + from);
    token->setStopIndex(begin + to - 1);
    const std::string_view words = text.substr(from, to - from);
    if (token->getChannel() == kDocChannel) {
      // `////…` is a ruler, not documentation.
      if (words.size() > 3 && words[3] == '/') continue;
      std::string_view line = words.substr(3);
      if (!line.empty() && line[0] == ' ') line.remove_prefix(1);
      if (!doc.empty()) doc += '\n';
      doc += line;
      continue;
    }
    if (token->getChannel() != Token::DEFAULT_CHANNEL) continue;
    if (!Mend(*token, words, reporter)) continue;
    if (!doc.empty()) list.docs[token->getStartIndex()] = std::move(doc);
    doc.clear();
    if (token->getType() == L::GREATER_EQUAL && EndsType(list.tokens)) {
      list.tokens.push_back(
          MakeToken(L::GREATER, begin + from, begin + from + 1));
      list.tokens.push_back(MakeToken(L::ASSIGN, begin + from + 1, begin + to));
      continue;
    }
    list.tokens.push_back(std::move(raw));
  }
  list.tokens.push_back(MakeToken(Token::EOF, end, end));
  CommaMender(list, reporter).Run();
  Measure(list, reporter.source());
  return list;
}

bool CheckNesting(const TokenList& list, Reporter& reporter) {
  // Conditionals and type brackets nest without closing tokens of their own;
  // each lasts until its surrounding bracket, list element or rule ends.
  struct Level {
    int conditionals = 0;
    int types = 0;
  };
  std::vector<Level> levels(1);
  int open = 0;  // all of the levels' conditionals and types
  for (size_t i = 0; i < list.tokens.size(); ++i) {
    const size_t type = list.TypeAt(i);
    Level& level = levels.back();
    if (IsOpener(type)) {
      levels.emplace_back();
    } else if (IsCloser(type)) {
      if (levels.size() > 1) {
        open -= level.conditionals + level.types;
        levels.pop_back();
      }
    } else if (type == L::IF) {
      ++level.conditionals;
      ++open;
    } else if (type == L::LESS && list.TypeAt(i - 1) == L::UPPER) {
      ++level.types;
      ++open;
    } else if (type == L::COMMA || type == L::DEF || BeginsRule(type) ||
               type == L::WHEN || type == L::UNLESS || type == L::WHERE) {
      open -= level.conditionals + level.types;
      level = Level();
    } else if (type == L::GREATER && level.types > 0) {
      --level.types;
      --open;
    }
    if (static_cast<int>(levels.size()) - 1 + open > kMaxNesting) {
      reporter.Add(Code::BL1003, reporter.Of(list.tokens[i].get()),
                   absl::StrCat("nested deeper than ", kMaxNesting));
      return false;
    }
  }
  return true;
}

std::vector<Unit> SplitUnits(const TokenList& list) {
  std::vector<Unit> units;
  Brackets brackets(list.tokens);
  const size_t end = list.tokens.size() - 1;  // without EOF
  Unit unit;
  for (size_t i = 0; i < end; ++i) {
    if (i > unit.begin && Begins(list, unit.begin, i, !brackets.empty())) {
      unit.end = i;
      unit.unclosed = brackets.top();
      units.push_back(unit);
      unit = Unit();
      unit.begin = i;
      brackets.Clear();
    }
    brackets.Feed(i);
  }
  if (end > unit.begin) {
    unit.end = end;
    unit.unclosed = brackets.top();
    unit.last = true;
    units.push_back(unit);
  }
  return units;
}

UnitStream::UnitStream(const TokenList& list, const Unit& unit)
    : list_(list), unit_(unit), at_(unit.begin) {
  const Token& next = *list.tokens[unit.end];
  auto end = std::make_unique<CommonToken>(Token::EOF);
  end->setStartIndex(next.getStartIndex());
  end->setStopIndex(next.getStopIndex());
  end->setTokenIndex(unit.end);
  end_ = std::move(end);
}

Token* UnitStream::LT(ssize_t k) {
  if (k < 0) {
    const size_t back = static_cast<size_t>(-k);
    return at_ >= unit_.begin + back ? list_.tokens[at_ - back].get() : nullptr;
  }
  return get(at_ + static_cast<size_t>(k) - 1);
}

Token* UnitStream::get(size_t index) const {
  return index < unit_.end ? list_.tokens[index].get() : end_.get();
}

void UnitStream::consume() {
  if (at_ < unit_.end) ++at_;
}

size_t UnitStream::LA(ssize_t k) {
  const Token* token = LT(k);
  return token == nullptr ? Token::EOF : token->getType();
}

}  // namespace bylaw::parsing
