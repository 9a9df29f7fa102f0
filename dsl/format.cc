#include "dsl/format.h"

#include <memory>
#include <utility>

#include "dsl/ast.h"
#include "dsl/dump.h"
#include "dsl/format_file.h"
#include "dsl/parser.h"

namespace bylaw {

std::optional<std::string> FormatFile(const SourceFile& source,
                                      DiagnosticSink& sink) {
  DiagnosticSink own;
  std::unique_ptr<ast::File> file = ParseFile(source, own);
  const bool broken = own.has_errors();
  sink.Append(std::move(own));
  if (broken) return std::nullopt;
  std::string text = formatting::FileFormatter(source, *file).Run();
  // A layout that changed the meaning would be a fault of ours: then the text
  // stays as it is.
  const SourceFile formatted(source.path(), text);
  DiagnosticSink again;
  std::unique_ptr<ast::File> after = ParseFile(formatted, again);
  if (again.has_errors() || DumpAst(*after) != DumpAst(*file)) {
    return source.text();
  }
  return text;
}

}  // namespace bylaw
