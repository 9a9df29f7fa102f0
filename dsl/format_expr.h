#ifndef BYLAW_DSL_FORMAT_EXPR_H_
#define BYLAW_DSL_FORMAT_EXPR_H_

// Expressions as documents (format_doc.h). Private to the formatter.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/ast.h"
#include "dsl/format_doc.h"

namespace bylaw::formatting {

// Reads the source between nodes: where lines broke, which brackets opened.
class Original {
 public:
  explicit Original(const SourceFile& source) : text_(source.text()) {}

  std::string_view Between(size_t begin, size_t end) const {
    return text_.substr(begin, begin < end ? end - begin : 0);
  }
  bool BreaksBetween(size_t begin, size_t end) const {
    return Between(begin, end).find('\n') != std::string_view::npos;
  }
  // The first `c` at or after `at`, comments and texts skipped.
  size_t Find(char c, size_t at) const;
  // The last character before `at` that is no space.
  char Before(size_t at) const;
  // The quoted texts within [begin, end), as written.
  std::vector<std::string_view> Texts(size_t begin, size_t end) const;

 private:
  const std::string_view text_;
};

Doc ExprDoc(const ast::Expr& expr, const Original& original);
Doc TypeDoc(const ast::TypeRef& type);
Doc MaskDoc(const ast::MaskUse& mask, const Original& original);
Doc ArgumentsDoc(const std::vector<ast::Argument>& arguments,
                 const Original& original);
// `{ a: 1, b: 2 }`; `span` reaches from its `{` to after its `}`.
Doc FieldsDoc(const std::vector<ast::Field>& fields, Span span,
              const Original& original);
// The texts at `span`, one a line where the author broke them; lines after the
// first are indented by `indent`.
Doc TextsDoc(Span span, int indent, const Original& original);

// Elements between brackets. If the author broke the line after the opening
// bracket the list stays open, with his lines; else it is closed up where it
// fits.
struct Element {
  Doc doc;
  size_t begin;
  size_t end;
};
Doc ListDoc(std::string_view open, std::string_view close, bool spaced,
            const std::vector<Element>& elements, size_t open_end,
            size_t close_begin, const Original& original);

}  // namespace bylaw::formatting

#endif  // BYLAW_DSL_FORMAT_EXPR_H_
