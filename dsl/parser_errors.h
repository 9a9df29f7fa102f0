#ifndef BYLAW_DSL_PARSER_ERRORS_H_
#define BYLAW_DSL_PARSER_ERRORS_H_

// How the parser speaks of errors and goes on after them. Private to the
// parser.
//
// An error unwinds (as ANTLR's exception) to the nearest rule of the grammar
// that knows where to go on: a rule of a policy, an attribute, a term, an item
// of a scope, waiver or test, a policy's head; else the unit ends. Every
// context it passes keeps the exception, which is how the tree's builder tells
// what could not be read.

#include "dsl/parser_tokens.h"

namespace bylaw::parsing {

class ErrorStrategy final : public antlr4::DefaultErrorStrategy {
 public:
  explicit ErrorStrategy(Reporter& reporter) : reporter_(reporter) {}

  // Errors since the last call of this.
  size_t TakeCount() {
    size_t count = count_;
    count_ = 0;
    last_recovery_ = static_cast<size_t>(-1);
    return count;
  }

  void reportError(antlr4::Parser* parser,
                   const antlr4::RecognitionException& error) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;
  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  void sync(antlr4::Parser* parser) override;

 private:
  Reporter& reporter_;
  size_t count_ = 0;
  size_t last_recovery_ = static_cast<size_t>(-1);
};

}  // namespace bylaw::parsing

#endif  // BYLAW_DSL_PARSER_ERRORS_H_
