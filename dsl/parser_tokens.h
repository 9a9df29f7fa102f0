#ifndef BYLAW_DSL_PARSER_TOKENS_H_
#define BYLAW_DSL_PARSER_TOKENS_H_

// The tokens of a file, ready to be parsed unit by unit: what the lexer could
// not read is reported and mended, missing commas are reported and put in, and
// the places where declarations begin are known. Private to the parser.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "dsl/BylawLexer.h"
#include "dsl/BylawParser.h"
#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw::parsing {

using grammar::BylawLexer;
using grammar::BylawParser;

// The errors of one file: knows the limit and keeps slips of the lexer from
// being reported again by the parser.
class Reporter {
 public:
  Reporter(const SourceFile& source, DiagnosticSink& sink, size_t max_errors)
      : source_(source), sink_(sink), max_errors_(max_errors) {}

  const SourceFile& source() const { return source_; }
  Span At(size_t begin, size_t end) const {
    return {&source_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  Span Of(const antlr4::Token* token) const;

  void Add(Code code, Span span, std::string message,
           std::string suggestion = "");
  // Of a token that was mended: the parser keeps quiet about its line.
  void AddLexical(Code code, Span span, std::string message,
                  std::string suggestion = "");
  bool HasLexicalErrorOn(uint32_t line) const {
    return lexical_lines_.count(line) > 0;
  }

  size_t count() const { return count_; }
  bool full() const { return full_; }

 private:
  const SourceFile& source_;
  DiagnosticSink& sink_;
  const size_t max_errors_;
  std::set<uint32_t> lexical_lines_;
  size_t count_ = 0;
  bool full_ = false;
};

// How deep a token stands: brackets of all kinds that are open before it, and
// curly ones alone.
struct Depth {
  uint16_t brackets = 0;
  uint16_t braces = 0;
};

// Tokens [begin, end) that should be one declaration, `module` or `import`.
struct Unit {
  size_t begin = 0;
  size_t end = 0;
  // The innermost bracket that is still open at its end, or npos.
  size_t unclosed = static_cast<size_t>(-1);
  bool last = false;  // nothing follows it
};

struct TokenList {
  // Of the parser's channel, then one EOF. Start and stop are byte offsets
  // into the file; the index of a token is its place in the list.
  std::vector<std::unique_ptr<antlr4::Token>> tokens;
  std::vector<Depth> depths;
  std::vector<bool> line_starts;
  // How far the first token of its line stands to the right, in bytes.
  std::vector<uint32_t> indents;
  // Byte offsets of tokens at which a declaration begins although the
  // vocabulary before it is not closed.
  std::set<size_t> cuts;
  // Doc comments by the byte offset of the token they precede.
  std::unordered_map<size_t, std::string> docs;

  size_t TypeAt(size_t i) const {
    return i < tokens.size() ? tokens[i]->getType() : antlr4::Token::EOF;
  }
};

inline bool IsReserved(size_t type) {
  return type >= BylawLexer::ALL && type <= BylawLexer::WITHIN;
}
inline bool IsSoft(size_t type) {
  return type >= BylawLexer::ABOVE && type <= BylawLexer::WAIVER;
}
inline bool IsName(size_t type) {
  return type == BylawLexer::LOWER || type == BylawLexer::UPPER || IsSoft(type);
}
inline bool IsWord(size_t type) { return IsName(type) || IsReserved(type); }
inline bool IsText(size_t type) {
  return type == BylawLexer::STRING || type == BylawLexer::RAW_STRING;
}
// Whether an expression or a list may end with it.
bool EndsOperand(size_t type);
// allow deny mask hide keep drop require let for first
bool BeginsRule(size_t type);

// Offset of the first byte that is no part of a UTF-8 scalar value, or npos.
size_t FirstInvalidUtf8(std::string_view text);

// Offset of a block comment that is not closed, or npos.
size_t UnclosedComment(std::string_view text);

// The tokens of bytes [begin, end) of the file.
TokenList ReadTokens(size_t begin, size_t end, Reporter& reporter);

// False, with a report, where brackets and conditionals nest too deep.
bool CheckNesting(const TokenList& list, Reporter& reporter);

// Splits all tokens into units.
std::vector<Unit> SplitUnits(const TokenList& list);

// A window of a TokenList as a stream. Text is never asked of it.
class UnitStream final : public antlr4::TokenStream {
 public:
  UnitStream(const TokenList& list, const Unit& unit);

  antlr4::Token* LT(ssize_t k) override;
  antlr4::Token* get(size_t index) const override;
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  std::string getText(const antlr4::misc::Interval&) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext*) override { return {}; }
  std::string getText(antlr4::Token*, antlr4::Token*) override { return {}; }
  void consume() override;
  size_t LA(ssize_t k) override;
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  size_t index() override { return at_; }
  void seek(size_t index) override { at_ = index; }
  size_t size() override { return unit_.end; }
  std::string getSourceName() const override { return {}; }

  const TokenList& list() const { return list_; }
  const Unit& unit() const { return unit_; }

 private:
  const TokenList& list_;
  const Unit unit_;
  size_t at_;
  std::unique_ptr<antlr4::Token> end_;
};

}  // namespace bylaw::parsing

#endif  // BYLAW_DSL_PARSER_TOKENS_H_
