// From the typed tree to bytecode: the stage after check.h, before
// bytecode/verifier.h. Each rule, guard, condition, text and def becomes a
// chunk; metadata (policies, scopes, waivers, settings) is copied.
//
// How the language's errors and orders become code is said in lower_rule.cc;
// expressions are in lower_expr.cc, their quantifiers in lower_quantifiers.cc
// and predicates over rows in lower_rows.cc. The same tree gives the same
// program. Thread-safe; no state.
#ifndef BYLAW_COMPILER_LOWER_H_
#define BYLAW_COMPILER_LOWER_H_

#include <memory>

#include "compiler/bytecode/program.h"
#include "compiler/typed.h"
#include "dsl/diagnostics.h"

namespace bylaw {

// Null, with an error in `sink`, if some declaration needs more code than an
// instruction can name (kMaxChunkSize). REQUIRES: `typed` was checked without
// errors.
std::unique_ptr<Program> Lower(const typed::Program& typed,
                               DiagnosticSink& sink);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_LOWER_H_
