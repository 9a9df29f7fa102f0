#include "dsl/format_writer.h"

#include <algorithm>
#include <utility>

#include "dsl/format.h"

namespace bylaw::formatting {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

Writer::Writer(const SourceFile& source)
    : original(source), text_(source.text()) {
  size_t i = 0;
  while (i < text_.size()) {
    const char c = text_[i];
    if (c == '"' || c == '`') {
      ++i;
      while (i < text_.size() && text_[i] != c && text_[i] != '\n') {
        i += c == '"' && text_[i] == '\\' ? 2 : 1;
      }
      ++i;
      continue;
    }
    const bool line = text_.substr(i, 2) == "//";
    if (!line && text_.substr(i, 2) != "/*") {
      ++i;
      continue;
    }
    size_t end = line ? text_.find('\n', i) : text_.find("*/", i + 2) + 2;
    end = std::min(end, text_.size());
    size_t stop = end;
    while (line && IsBlank(text_[stop - 1])) --stop;
    comments_.push_back({i, stop});
    i = end;
  }
}

bool Writer::HasComment(size_t begin, size_t end) const {
  auto at = std::lower_bound(
      comments_.begin(), comments_.end(), begin,
      [](const Comment& c, size_t offset) { return c.begin < offset; });
  return at != comments_.end() && at->begin < end;
}

void Writer::PutComments(size_t before) {
  while (next_ < comments_.size() && comments_[next_].begin < before) {
    Put(comments_[next_++]);
  }
}

void Writer::Reach(size_t offset, bool blank) {
  want_blank_ = blank;
  PutComments(offset);
  KeepBlank(offset);
  if (want_blank_) BlankLine();
  want_blank_ = false;
}

void Writer::Hoist(size_t begin, size_t end) {
  Reach(begin);
  while (next_ < comments_.size() && comments_[next_].begin < end) {
    const Comment comment = comments_[next_++];
    std::string words(text_.substr(comment.begin, comment.end - comment.begin));
    if (words.find('\n') != std::string::npos) {
      Verbatim(comment.begin, comment.end);
      continue;
    }
    // What documents nothing here must not begin to.
    if (words.rfind("///", 0) == 0) words.erase(0, 1);
    Emit(Text(words));
  }
}

void Writer::Emit(const Doc& doc) {
  out_.append(static_cast<size_t>(indent_), ' ');
  out_ += Layout(doc, indent_, kFormatColumns);
  out_ += '\n';
}

bool Writer::Append(const Doc& doc) {
  if (doc == nullptr || doc->hard || out_.size() < 2) return false;
  const std::string flat = Flat(doc);
  const size_t before = out_.rfind('\n', out_.size() - 2);
  const size_t line = before == std::string::npos ? 0 : before + 1;
  // The line's own break stands for the space.
  if (WidthOf(out_.substr(line)) + WidthOf(flat) > kFormatColumns) return false;
  out_.insert(out_.size() - 1, " " + flat);
  return true;
}

void Writer::Attach(std::string_view words) {
  out_.insert(out_.size() - 1, std::string(words));
}

void Writer::Verbatim(size_t begin, size_t end) {
  size_t line = begin;
  while (line > 0 && text_[line - 1] != '\n') --line;
  int old = 0;
  while (line + static_cast<size_t>(old) < begin &&
         text_[line + static_cast<size_t>(old)] == ' ') {
    ++old;
  }
  std::string_view rest = text_.substr(begin, end - begin);
  bool first = true;
  while (true) {
    const size_t stop = rest.find('\n');
    std::string_view one = rest.substr(0, stop);
    while (!one.empty() && IsBlank(one.back())) one.remove_suffix(1);
    int spaces = indent_;
    if (!first) {
      int had = 0;
      while (!one.empty() && IsBlank(one[0])) {
        one.remove_prefix(1);
        ++had;
      }
      spaces = std::max(indent_, had + indent_ - old);
    }
    if (!one.empty()) out_.append(static_cast<size_t>(spaces), ' ');
    out_ += one;
    out_ += '\n';
    first = false;
    if (stop == std::string_view::npos) break;
    rest.remove_prefix(stop + 1);
  }
  while (next_ < comments_.size() && comments_[next_].begin < end) ++next_;
  Done(end);
}

void Writer::Done(size_t offset) {
  last_ = offset;
  opening_ = false;
}

void Writer::Open(size_t offset) {
  last_ = offset;
  opening_ = true;
  indent_ += 2;
}

void Writer::Close(size_t offset) {
  PutComments(offset);
  indent_ -= 2;
  opening_ = false;
}

std::string Writer::Finish() {
  PutComments(text_.size());
  return std::move(out_);
}

void Writer::Put(const Comment& comment) {
  const std::string words(
      text_.substr(comment.begin, comment.end - comment.begin));
  const bool trails =
      last_ > 0 && !original.BreaksBetween(last_, comment.begin);
  if (trails && words.find('\n') == std::string::npos) {
    Attach("  " + words);
    Done(comment.end);
    return;
  }
  KeepBlank(comment.begin);
  if (want_blank_) BlankLine();
  want_blank_ = false;
  Verbatim(comment.begin, comment.end);
}

void Writer::BlankLine() {
  const size_t size = out_.size();
  if (size >= 2 && !(out_[size - 1] == '\n' && out_[size - 2] == '\n')) {
    out_ += '\n';
  }
}

void Writer::KeepBlank(size_t offset) {
  if (opening_ || out_.empty()) return;
  const std::string_view between = original.Between(last_, offset);
  if (std::count(between.begin(), between.end(), '\n') > 1) BlankLine();
  last_ = std::max(last_, offset);
}

}  // namespace bylaw::formatting
