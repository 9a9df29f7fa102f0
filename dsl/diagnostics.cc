#include "dsl/diagnostics.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace bylaw {
namespace {

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Byte length of the first `count` code points of `text`.
size_t BytesOf(std::string_view text, size_t count) {
  size_t i = 0;
  while (i < text.size() && count > 0) {
    ++i;
    while (i < text.size() && IsContinuation(text[i])) ++i;
    --count;
  }
  return i;
}

// Code points of `text`, at most `limit`.
size_t CodePoints(std::string_view text, size_t limit) {
  size_t count = 0;
  for (size_t i = 0; i < text.size() && count < limit; ++i) {
    if (!IsContinuation(text[i])) ++count;
  }
  return count;
}

// Control characters would disturb a terminal; tabs keep their width of one so
// that the caret stands right. Bytes that are no UTF-8 become U+FFFD, and so do
// control characters of more than one byte and what turns the direction.
std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      out += c < 0x20 || c == 0x7F ? ' ' : text[i];
      ++i;
      continue;
    }
    const size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    size_t n = 1;
    while (n < length && i + n < text.size() && IsContinuation(text[i + n])) {
      ++n;
    }
    const std::string_view whole = text.substr(i, n);
    const bool control =
        (c == 0xC2 && n == 2 && static_cast<unsigned char>(whole[1]) < 0xA0) ||
        FindDirection(whole) == 0;
    if (c >= 0xC2 && c <= 0xF4 && n == length && !control) {
      out += whole;
    } else {
      out += "\xEF\xBF\xBD";
    }
    i += n;
  }
  return out;
}

std::string_view ColorOf(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "\033[1;31m";
    case Severity::kWarning:
      return "\033[1;33m";
    case Severity::kNote:
      return "\033[1;36m";
  }
  return "";
}

// The source line and the caret below it.
void RenderSourceLine(const Span& span, LineColumn start, std::string* out) {
  std::string_view line = span.file->Line(start.line);
  const size_t line_begin = span.file->LineStart(start.line);
  const size_t at = std::min<size_t>(span.begin - line_begin, line.size());
  // Cut a window of whole code points around the place.
  size_t first = 0;
  const size_t lead = kMaxShownColumns / 2;
  size_t before = start.column - 1;
  if (before > lead) {
    first = at;
    for (size_t steps = 0; steps < lead && first > 0; ++steps) {
      --first;
      while (first > 0 && IsContinuation(line[first])) --first;
    }
    before = lead;
  }
  std::string_view shown = line.substr(first);
  const size_t length = BytesOf(shown, kMaxShownColumns);
  const bool cut = length < shown.size();
  shown = shown.substr(0, length);
  const size_t room = CodePoints(shown, kMaxShownColumns);
  const size_t marked_end =
      std::min<size_t>(span.end - line_begin, line.size());
  size_t marked =
      marked_end > at ? CodePoints(line.substr(at, marked_end - at), room) : 1;
  if (before + marked > room) marked = room > before ? room - before : 1;
  if (marked == 0) marked = 1;
  absl::StrAppend(out, "    ", first > 0 ? "…" : "", Printable(shown),
                  cut ? "…" : "", "\n    ", first > 0 ? " " : "",
                  std::string(before, ' '), "^", std::string(marked - 1, '~'),
                  "\n");
}

// Cuts a text that is too long, at a whole code point.
void Shorten(std::string* text) {
  if (text->size() <= kMaxMessageBytes) return;
  size_t end = kMaxMessageBytes;
  while (end > 0 && IsContinuation((*text)[end])) --end;
  text->resize(end);
  *text += "…";
}

// Edit distance with swaps of neighbours, given up above `limit`.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit) {
  std::vector<size_t> older(b.size() + 1), old(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) old[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    size_t best = now[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({old[j] + 1, now[j - 1] + 1,
                         old[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], older[j - 2] + 1);
      }
      best = std::min(best, now[j]);
    }
    if (best > limit) return limit + 1;
    std::swap(older, old);
    std::swap(old, now);
  }
  return old[b.size()];
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNote:
      return "note";
  }
  return "error";
}

const std::vector<CodeInfo>& AllCodes() {
  static const auto* const kCodes = new std::vector<CodeInfo>{
#define X(code, severity, name, summary, text) \
  {Code::code, #code, Severity::k##severity, name, summary, text},
#include "dsl/diagnostics.def"
#undef X
  };
  return *kCodes;
}

const CodeInfo& InfoOf(Code code) {
  return AllCodes()[static_cast<size_t>(code)];
}

const CodeInfo* FindCode(std::string_view id) {
  for (const CodeInfo& info : AllCodes()) {
    if (info.id.size() == id.size() &&
        std::equal(id.begin(), id.end(), info.id.begin(), [](char a, char b) {
          return absl::ascii_toupper(static_cast<unsigned char>(a)) == b;
        })) {
      return &info;
    }
  }
  return nullptr;
}

size_t FindDirection(std::string_view text, size_t from) {
  // Each is three bytes of UTF-8, the first E2.
  for (size_t i = text.find('\xE2', from); i != std::string_view::npos;
       i = text.find('\xE2', i + 1)) {
    if (i + 2 >= text.size()) break;
    const auto second = static_cast<unsigned char>(text[i + 1]);
    const auto third = static_cast<unsigned char>(text[i + 2]);
    if ((second == 0x80 && third >= 0xAA && third <= 0xAE) ||
        (second == 0x81 && third >= 0xA6 && third <= 0xA9)) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string Visible(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  const auto escape = [&out](uint32_t c) {
    absl::StrAppend(&out, "\\u{",
                    absl::AsciiStrToUpper(absl::StrCat(absl::Hex(c))), "}");
  };
  size_t direction = FindDirection(text);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next =
        static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (i == direction) {
      escape(0x2000u + ((next & 0x3Fu) << 6) +
             (static_cast<unsigned char>(text[i + 2]) & 0x3Fu));
      i += 2;
      direction = FindDirection(text, i);
    } else if (c == '\n' && !lines) {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F) {
      escape(c);
    } else if (c == 0xC2 && next >= 0x80 && next < 0xA0) {
      escape(next);  // C1, two bytes
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string DidYouMean(std::string_view guess) {
  return "did you mean `" + std::string(guess) + "`?";
}

std::optional<std::string> NearestOf(
    std::string_view word, const std::vector<std::string>& candidates) {
  const std::string lower = absl::AsciiStrToLower(std::string(word));
  // Short words are near to everything: allow a third of the length.
  const size_t limit =
      word.size() <= 4 ? 1 : std::min<size_t>(3, (word.size() + 2) / 3);
  size_t best = limit + 1;
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate == word) continue;
    const size_t longer = std::max(candidate.size(), word.size());
    const size_t shorter = std::min(candidate.size(), word.size());
    if (longer - shorter > limit) continue;
    size_t distance =
        EditDistance(lower, absl::AsciiStrToLower(candidate), limit);
    if (distance < best && distance < longer) {
      best = distance;
      nearest = &candidate;
    }
  }
  if (nearest == nullptr) return std::nullopt;
  return *nearest;
}

void DiagnosticSink::Add(Code code, Span span, std::string message,
                         std::string suggestion) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.severity = InfoOf(code).severity;
  diagnostic.span = span;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  Add(std::move(diagnostic));
}

void DiagnosticSink::AddAt(Code code, std::string file, LineColumn start,
                           LineColumn end, std::string message,
                           std::string suggestion) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.severity = InfoOf(code).severity;
  diagnostic.file = std::move(file);
  diagnostic.start = start;
  diagnostic.end = end;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  Add(std::move(diagnostic));
}

void DiagnosticSink::Add(Diagnostic diagnostic) {
  Shorten(&diagnostic.message);
  Shorten(&diagnostic.suggestion);
  if (diagnostic.severity == Severity::kError) ++errors_;
  if (diagnostic.severity == Severity::kWarning) ++warnings_;
  diagnostics_.push_back(std::move(diagnostic));
}

void DiagnosticSink::Append(DiagnosticSink&& other) {
  for (Diagnostic& diagnostic : other.diagnostics_) Add(std::move(diagnostic));
  other = DiagnosticSink();
}

void DiagnosticSink::Trim(size_t most) {
  for (size_t begin = 0, end = 0; begin < diagnostics_.size(); begin = end) {
    const auto same_file = [&](const Diagnostic& d) {
      return d.path() == diagnostics_[begin].path();
    };
    while (end < diagnostics_.size() && same_file(diagnostics_[end])) ++end;
    if (end - begin > most) end = TrimFile(begin, end, most);
  }
}

// Of the findings [begin, end), of one file; the end of those that stay.
size_t DiagnosticSink::TrimFile(size_t begin, size_t end, size_t most) {
  std::vector<size_t> order(end - begin);
  std::iota(order.begin(), order.end(), begin);
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return diagnostics_[a].severity < diagnostics_[b].severity;
  });
  // What says that the parser gave up is no finding, and stays.
  const auto first = [this](size_t i) {
    return diagnostics_[i].code == Code::BL1045;
  };
  const auto findings =
      std::stable_partition(order.begin(), order.end(), first);
  const size_t keep = std::min(
      most + static_cast<size_t>(findings - order.begin()), order.size());
  std::vector<bool> kept(order.size(), false);
  for (size_t i = 0; i < keep; ++i) kept[order[i] - begin] = true;
  Diagnostic rest = diagnostics_[begin];
  rest.code = Code::BL1045;
  rest.severity = keep < order.size() ? diagnostics_[order[keep]].severity
                                      : Severity::kNote;
  rest.message =
      absl::StrCat("this file has ", order.size() - keep, " more findings");
  rest.suggestion = kMoreFindings;
  size_t to = begin;
  for (size_t i = begin; i < end; ++i) {
    if (!kept[i - begin]) continue;
    if (to != i) diagnostics_[to] = std::move(diagnostics_[i]);
    ++to;
  }
  if (keep == order.size()) return to;
  rest.span = diagnostics_[to - 1].span;
  rest.start = diagnostics_[to - 1].start;
  rest.end = diagnostics_[to - 1].end;
  diagnostics_[to] = std::move(rest);
  diagnostics_.erase(diagnostics_.begin() + static_cast<ptrdiff_t>(to + 1),
                     diagnostics_.begin() + static_cast<ptrdiff_t>(end));
  return to + 1;
}

void DiagnosticSink::Sort() {
  auto key = [](const Diagnostic& d) {
    return std::tuple(d.path(), d.span ? d.span.line() : d.start.line,
                      d.span ? d.span.begin : d.start.column,
                      d.span ? d.span.end : d.end.column, d.code,
                      std::string_view(d.message));
  };
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [&key](const Diagnostic& a, const Diagnostic& b) {
                     return key(a) < key(b);
                   });
  std::vector<Diagnostic> kept;
  kept.reserve(diagnostics_.size());
  errors_ = warnings_ = 0;
  for (Diagnostic& diagnostic : diagnostics_) {
    if (!kept.empty() && key(kept.back()) == key(diagnostic)) continue;
    if (diagnostic.severity == Severity::kError) ++errors_;
    if (diagnostic.severity == Severity::kWarning) ++warnings_;
    kept.push_back(std::move(diagnostic));
  }
  diagnostics_ = std::move(kept);
}

std::string Render(const Diagnostic& diagnostic, const RenderOptions& options) {
  std::string out;
  const std::string_view path = diagnostic.path();
  const LineColumn start = diagnostic.Start();
  if (!path.empty()) absl::StrAppend(&out, Visible(path), ":");
  if (start.line > 0) absl::StrAppend(&out, start.line, ":");
  if (start.line > 0 && start.column > 0) {
    absl::StrAppend(&out, start.column, ":");
  }
  if (!out.empty()) out += ' ';
  const CodeInfo& info = InfoOf(diagnostic.code);
  if (options.color) out += ColorOf(diagnostic.severity);
  absl::StrAppend(&out, std::string(SeverityName(diagnostic.severity)), " ",
                  std::string(info.id), ":");
  if (options.color) out += "\033[0m";
  absl::StrAppend(&out, " ", Visible(diagnostic.message), "\n");
  if (options.source_lines && diagnostic.span) {
    RenderSourceLine(diagnostic.span, start, &out);
  }
  if (!diagnostic.suggestion.empty()) {
    absl::StrAppend(&out, "  help: ", Visible(diagnostic.suggestion), "\n");
  }
  return out;
}

std::string Render(const DiagnosticSink& sink, const RenderOptions& options) {
  std::string out;
  for (const Diagnostic& diagnostic : sink.diagnostics()) {
    out += Render(diagnostic, options);
  }
  return out;
}

}  // namespace bylaw
