#ifndef BYLAW_DSL_FORMAT_H_
#define BYLAW_DSL_FORMAT_H_

// The one layout of policy text: `bylaw fmt`. Lines of at most 100 columns
// where words allow it, indentation by two. The author's choices that carry
// sense stay: blank lines (one at most), where a list is opened up or kept on
// one line, which guard begins a line. Comments all stay; a rule or item with a
// comment inside is only indented.
//
// Formatting changes nothing but space: the tree before and after dumps alike
// (dump.h), and formatting twice is formatting once. Both are tested, and the
// first is checked on every call.
//
// May be called from any number of threads.

#include <optional>
#include <string>

#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw {

inline constexpr int kFormatColumns = 100;

// The formatted text, or nothing if the file has syntax errors (in `sink`).
std::optional<std::string> FormatFile(const SourceFile& source,
                                      DiagnosticSink& sink);

}  // namespace bylaw

#endif  // BYLAW_DSL_FORMAT_H_
