#ifndef BYLAW_DSL_DUMP_H_
#define BYLAW_DSL_DUMP_H_

// The canonical text of a syntax tree: `bylaw dump --stage=ast`, and what tests
// compare. One line a declaration, rule or item, indented by nesting;
// expressions in prefix form: `(has (. u roles) analyst)`. Positions, comments
// and spaces leave no trace, so two texts of equal meaning dump alike.
//
// May be called from any number of threads.

#include <string>

#include "dsl/ast.h"

namespace bylaw {

std::string DumpAst(const ast::File& file);
std::string DumpExpr(const ast::Expr& expr);

}  // namespace bylaw

#endif  // BYLAW_DSL_DUMP_H_
