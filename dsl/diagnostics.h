#ifndef BYLAW_DSL_DIAGNOSTICS_H_
#define BYLAW_DSL_DIAGNOSTICS_H_

// What an author did wrong, as data: code, severity, place, message and, where
// one can be guessed, a suggestion. All codes stand in diagnostics.def; the
// enum, `bylaw explain-code` and docs/diagnostics.md expand that table.
//
// A DiagnosticSink belongs to one thread; sinks of files that were parsed side
// by side are joined with Append and then sorted.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/source.h"

namespace bylaw {

enum class Severity : uint8_t { kError, kWarning, kNote };

// "error", "warning", "note".
std::string_view SeverityName(Severity severity);

// The enumerators are the codes themselves: Code::BL1001.
enum class Code : uint16_t {
#define X(code, severity, name, summary, text) code,
#include "dsl/diagnostics.def"
#undef X
};

// One row of the table.
struct CodeInfo {
  Code code;
  std::string_view id;  // "BL1001"
  Severity severity;
  std::string_view name;     // "unexpected_token"
  std::string_view summary;  // one line
  std::string_view text;     // what `explain-code` prints below it
};

const CodeInfo& InfoOf(Code code);
// The whole table, ordered by id.
const std::vector<CodeInfo>& AllCodes();
// By id ("BL1001", case ignored), or nullptr.
const CodeInfo* FindCode(std::string_view id);

struct Diagnostic {
  Code code;
  Severity severity;
  Span span;
  std::string message;
  std::string suggestion;  // what stands after "help: "; may be empty
  // The place for what has no SourceFile (facts, manifests, bundles): used
  // where span is nowhere. Line and column 0: unknown.
  std::string file;
  LineColumn start;
  LineColumn end;

  std::string_view path() const { return span ? span.path() : file; }
  LineColumn Start() const { return span ? span.Start() : start; }
  LineColumn End() const { return span ? span.End() : end; }
};

// How to see findings that a limit keeps back.
inline constexpr char kMoreFindings[] =
    "mend these first, or raise `findings` under `limits:` in bylaw.yaml";

// Longest message and suggestion, in bytes: what they quote of a text may be
// of any length.
inline constexpr size_t kMaxMessageBytes = 2000;

// Text as a terminal may be given it: control characters, which would move,
// colour or forge what stands there, and those that turn the direction of text
// are shown as the language writes them (`\n`, `\u{1B}`). Tabs stay, and with
// `lines` line breaks.
std::string Visible(std::string_view text, bool lines = false);

// Where the next character stands that turns the direction of what follows
// (U+202A to U+202E, U+2066 to U+2069), from `from` on; npos: there is none.
size_t FindDirection(std::string_view text, size_t from = 0);

// "did you mean `x`?"
std::string DidYouMean(std::string_view guess);

// The candidate nearest to `word` (edit distance with swaps, case ignored), or
// nothing if none is near enough to be a likely slip. The first of equals wins.
std::optional<std::string> NearestOf(
    std::string_view word, const std::vector<std::string>& candidates);

class DiagnosticSink {
 public:
  // With the severity of the table.
  void Add(Code code, Span span, std::string message,
           std::string suggestion = "");
  // For places outside of SourceFiles.
  void AddAt(Code code, std::string file, LineColumn start, LineColumn end,
             std::string message, std::string suggestion = "");
  void Add(Diagnostic diagnostic);
  void Append(DiagnosticSink&& other);

  // By file, position, code, message; exact repetitions are dropped.
  void Sort();
  // Keeps `most` findings of each file, errors first, and says of how many
  // others it does not speak (BL1045); all are counted. REQUIRES: sorted.
  void Trim(size_t most);

  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  bool has_errors() const { return errors_ > 0; }
  size_t error_count() const { return errors_; }
  size_t warning_count() const { return warnings_; }
  bool empty() const { return diagnostics_.empty(); }

 private:
  size_t TrimFile(size_t begin, size_t end, size_t most);

  std::vector<Diagnostic> diagnostics_;
  size_t errors_ = 0;
  size_t warnings_ = 0;
};

struct RenderOptions {
  bool color = false;
  bool source_lines = true;
};

// Longest piece of a source line that is shown, in code points: long lines
// (generated text) are cut to a window around the place.
inline constexpr size_t kMaxShownColumns = 160;

// One diagnostic as people read it:
//   policies/a.bylaw:3:7: error BL2004: unknown name `clasification`
//       deny when d.clasification == internal
//                   ^~~~~~~~~~~~~
//   help: did you mean `classification`?
// Ends with a line break.
std::string Render(const Diagnostic& diagnostic,
                   const RenderOptions& options = {});
// All of them, in the order of the sink.
std::string Render(const DiagnosticSink& sink,
                   const RenderOptions& options = {});

}  // namespace bylaw

#endif  // BYLAW_DSL_DIAGNOSTICS_H_
