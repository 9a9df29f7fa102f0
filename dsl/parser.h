#ifndef BYLAW_DSL_PARSER_H_
#define BYLAW_DSL_PARSER_H_

// Text to tree: the only user of ANTLR (Bylaw.g4). Before it stands source.h,
// after it the checker.
//
// ParseFile may be called from several threads at once, each with its own file
// and sink.

#include <cstddef>
#include <memory>
#include <string_view>

#include "dsl/ast.h"
#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw {

// How deep brackets, conditionals and signs may be nested.
inline constexpr int kMaxNesting = 200;

// How high the tree of an expression may be. Chains such as `a + b + …` lean to
// the left and are as high as they are long without nesting anything. It bounds
// every recursion over a tree, of this and of all later stages: a thousand
// levels take less than a megabyte of stack.
inline constexpr int kMaxHeight = 1000;

// A file of a million words is a slip or an attack, not a policy.
inline constexpr size_t kMaxFileBytes = 4 * 1024 * 1024;

// After this many errors the rest of a file is not reported.
inline constexpr size_t kMaxErrorsPerFile = 1000;

struct ParseLimits {
  size_t max_file_bytes = kMaxFileBytes;
  size_t max_errors = kMaxErrorsPerFile;
};

// Parses one file. All syntax errors of the file go to `sink` (BL1xxx). Never
// null: what could be read is in the tree, so that the checker can look at the
// rest of a program with errors, but a program with errors must not run.
// `source` must outlive the tree and the sink.
std::unique_ptr<ast::File> ParseFile(const SourceFile& source,
                                     DiagnosticSink& sink,
                                     const ParseLimits& limits = {});

// Whether a word is reserved, so that it cannot be a name everywhere.
bool IsReservedWord(std::string_view word);

}  // namespace bylaw

#endif  // BYLAW_DSL_PARSER_H_
