#include "compiler/bytecode/yaml_text.h"

#include <algorithm>

#include "compiler/bytecode/scalar.h"

namespace bylaw {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsQuote(char c) { return c == '"' || c == '\''; }

std::string NotClosed(char c) {
  return std::string("`") + c + "` is not closed";
}

}  // namespace

std::optional<YamlFlaw> FindUnreadable(std::string_view text) {
  for (size_t begin = 0; begin < text.size();) {
    const std::string_view line = text.substr(
        begin, std::min(text.find('\n', begin), text.size()) - begin);
    if (!IsValidUtf8(line)) {
      return YamlFlaw{begin, "the line is not valid UTF-8 text"};
    }
    const auto control = std::find_if(line.begin(), line.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r';
    });
    if (control != line.end()) {
      return YamlFlaw{begin + static_cast<size_t>(control - line.begin()),
                      "a control character"};
    }
    begin += line.size() + 1;
  }
  return std::nullopt;
}

void YamlNesting::Open(size_t mark, bool flow) {
  last_ = mark;
  // A list may stand under an anchor, left of it.
  const size_t begin = flow || (mark < text_.size() && text_[mark] == '&')
                           ? SkipProperties(mark)
                           : mark;
  levels_.push_back({begin, flow, std::min(ColumnOf(mark), ColumnOf(begin))});
}

std::optional<YamlFlaw> YamlNesting::Scalar(size_t mark) {
  last_ = mark;
  const size_t at = SkipProperties(mark);
  if (at < text_.size() && IsQuote(text_[at])) {
    YamlFlaw flaw;
    if (EndOfQuoted(at, Indent(), &flaw) == kNowhere) return flaw;
  }
  if (!levels_.empty()) {
    Level& level = levels_.back();
    level.column = std::min(level.column, ColumnOf(mark));
  }
  return std::nullopt;
}

std::optional<YamlFlaw> YamlNesting::FindOpen(size_t end) const {
  const int indent = Indent();
  YamlFlaw flaw;
  const auto flow = std::find_if(levels_.begin(), levels_.end(),
                                 [](const Level& l) { return l.flow; });
  if (flow != levels_.end()) {
    if (EndOfFlow(flow->begin, indent, &flaw) != kNowhere) return std::nullopt;
    return flaw;
  }
  // What begins after the last event: events of a collection that may yet turn
  // out to be a key wait for its end.
  for (size_t at = last_; at < text_.size() && at <= end;) {
    const char c = text_[at];
    if (c == '#' && (at == 0 || IsSpace(text_[at - 1]))) {
      at = EndOfLine(at);
    } else if (!BeginsValue(at)) {
      ++at;
    } else if (IsQuote(c)) {
      at = EndOfQuoted(at, indent, &flaw);
    } else if (c == '[' || c == '{') {
      at = EndOfFlow(at, indent, &flaw);
    } else if (c == '|' || c == '>') {
      size_t line = at;
      while (line > 0 && text_[line - 1] != '\n') --line;
      const int outer = static_cast<int>(
          std::min(text_.find_first_not_of(' ', line), at) - line);
      at = EndOfLine(at);
      while (at < text_.size() && !LeavesIndent(at + 1, outer)) {
        at = EndOfLine(at + 1);
      }
    } else {
      ++at;
    }
    if (at == kNowhere) return flaw;
  }
  return std::nullopt;
}

size_t YamlNesting::PlaceOfEmpty(size_t mark) const {
  size_t end = std::min(mark, text_.size());
  while (true) {
    const size_t begin = LineBegin(end);
    const size_t first = text_.find_first_not_of(" \t\r", begin);
    if (first < end && text_[first] != '#' && text_[first] != '\n') {
      return first;
    }
    if (begin == 0) return mark;
    end = begin - 1;
  }
}

int YamlNesting::ColumnOf(size_t at) const {
  at = std::min(at, text_.size());
  return static_cast<int>(at - LineBegin(at));
}

size_t YamlNesting::LineBegin(size_t at) const {
  if (at < seen_line_) {
    const size_t newline = text_.substr(0, at).rfind('\n');
    seen_line_ = newline == kNowhere ? 0 : newline + 1;
  } else if (at > seen_) {
    const size_t newline = text_.substr(seen_, at - seen_).rfind('\n');
    if (newline != kNowhere) seen_line_ = seen_ + newline + 1;
  }
  seen_ = at;
  return seen_line_;
}

size_t YamlNesting::SkipProperties(size_t at) const {
  while (at < text_.size()) {
    const char c = text_[at];
    if (c == '#') {
      at = EndOfLine(at);
    } else if (c == '&' || c == '!') {
      while (at < text_.size() && !IsSpace(text_[at])) ++at;
    } else if (IsSpace(c)) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

int YamlNesting::Indent() const {
  for (auto it = levels_.rbegin(); it != levels_.rend(); ++it) {
    if (!it->flow) return it->column;
  }
  return -1;
}

size_t YamlNesting::EndOfLine(size_t at) const {
  return std::min(text_.find('\n', at), text_.size());
}

bool YamlNesting::LeavesIndent(size_t begin, int indent) const {
  const size_t first = text_.find_first_not_of(" \t\r", begin);
  return first != kNowhere && text_[first] != '\n' &&
         static_cast<int>(first - begin) <= indent;
}

bool YamlNesting::IsEntry(size_t begin) const {
  const size_t first = text_.find_first_not_of(" \t", begin);
  const size_t end =
      std::min(text_.find_first_of(" \t\r\n", first), text_.size());
  const std::string_view word = text_.substr(first, end - first);
  return word == "-" || (word.size() > 1 && word.back() == ':');
}

bool YamlNesting::BeginsValue(size_t at) const {
  if (IsSpace(text_[at])) return false;
  if (at > 0 && !IsSpace(text_[at - 1])) return false;
  while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\t')) --at;
  return at == 0 || text_[at - 1] == '\n' || text_[at - 1] == ':' ||
         text_[at - 1] == '-' || text_[at - 1] == '?';
}

size_t YamlNesting::EndOfQuoted(size_t begin, int indent,
                                YamlFlaw* flaw) const {
  const char quote = text_[begin];
  for (size_t at = begin + 1; at < text_.size(); ++at) {
    const char c = text_[at];
    if (c == '\n') {
      // By the standard the text goes on deeper than what it stands in. Some
      // that write YAML do not care: then it must look like the next entry.
      if (LeavesIndent(at + 1, indent) && IsEntry(at + 1)) break;
    } else if (c == '\\' && quote == '"') {
      ++at;
    } else if (c == quote) {
      if (quote == '"' || at + 1 == text_.size() || text_[at + 1] != quote) {
        return at + 1;
      }
      ++at;
    }
  }
  *flaw = {begin, "the quote " + NotClosed(quote)};
  return kNowhere;
}

size_t YamlNesting::EndOfFlow(size_t begin, int indent, YamlFlaw* flaw) const {
  if (begin >= text_.size() || (text_[begin] != '[' && text_[begin] != '{')) {
    return text_.size();
  }
  std::vector<size_t> open;
  for (size_t at = begin; at < text_.size();) {
    const char c = text_[at];
    const char before = at == 0 ? '\n' : text_[at - 1];
    const bool begins =
        IsSpace(before) || std::string_view("[]{},:").find(before) != kNowhere;
    if (c == '\n') {
      const size_t first = text_.find_first_not_of(" \t\r", at + 1);
      if (LeavesIndent(at + 1, indent) && text_[first] != ']' &&
          text_[first] != '}' && text_[first] != '#') {
        break;
      }
      ++at;
    } else if (c == '#' && IsSpace(before)) {
      at = EndOfLine(at);
    } else if (IsQuote(c) && begins) {
      at = EndOfQuoted(at, indent, flaw);
      if (at == kNowhere) return kNowhere;
    } else if (c == '[' || c == '{') {
      open.push_back(at++);
    } else if (c == ']' || c == '}') {
      const char opener = c == ']' ? '[' : '{';
      if (text_[open.back()] != opener) {
        const bool further =
            std::any_of(open.begin(), open.end(),
                        [&](size_t o) { return text_[o] == opener; });
        *flaw = further ? YamlFlaw{open.back(), NotClosed(text_[open.back()])}
                        : YamlFlaw{at, std::string("`") + c + "` closes no `" +
                                           opener + "`"};
        return kNowhere;
      }
      open.pop_back();
      ++at;
      if (open.empty()) return at;
    } else {
      ++at;
    }
  }
  *flaw = {open.back(), NotClosed(text_[open.back()])};
  return kNowhere;
}

}  // namespace bylaw
