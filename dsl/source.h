#ifndef BYLAW_DSL_SOURCE_H_
#define BYLAW_DSL_SOURCE_H_

// A source file and places in it. This is the first stage: everything that the
// later stages say about a text (diagnostics.h, ast.h) says it with a Span.
//
// A SourceFile is immutable after construction and may be read by any number
// of threads. Spans point to their file, so a file must outlive them; files
// are therefore neither copied nor moved.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bylaw {

// A place as people count: both from 1, columns in code points.
struct LineColumn {
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const LineColumn&) const = default;
};

class SourceFile {
 public:
  SourceFile(std::string path, std::string text);
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

  // Number of lines; a text without any line break has one.
  uint32_t line_count() const {
    return static_cast<uint32_t>(line_starts_.size());
  }
  // Line of a byte offset, from 1. Offsets past the end are the last line.
  uint32_t LineOf(uint32_t offset) const;
  // Line and column of a byte offset. O(log lines), however long the lines.
  LineColumn Locate(uint32_t offset) const;
  // The byte offset of a place: Locate the other way round. Places beyond the
  // end of a line are its end. REQUIRES: the line is one of the file's.
  uint32_t OffsetOf(LineColumn place) const;
  // Text of a line (from 1) without its line break.
  std::string_view Line(uint32_t line) const;
  // Byte offset at which a line (from 1) begins.
  uint32_t LineStart(uint32_t line) const { return line_starts_[line - 1]; }

 private:
  // Code points before a byte offset.
  uint32_t CodePointsBefore(uint32_t offset) const;

  // Constant after construction.
  const std::string path_;
  const std::string text_;
  std::vector<uint32_t> line_starts_;
  std::vector<uint32_t> code_points_;  // before each block; empty: all ASCII
};

// A half-open range of bytes [begin, end) of one file. A default Span is
// nowhere: what the language itself brings along has one.
struct Span {
  const SourceFile* file = nullptr;
  uint32_t begin = 0;
  uint32_t end = 0;

  explicit operator bool() const { return file != nullptr; }
  bool operator==(const Span&) const = default;

  LineColumn Start() const {
    return file == nullptr ? LineColumn{} : file->Locate(begin);
  }
  // The place just after the last character.
  LineColumn End() const {
    return file == nullptr ? LineColumn{} : file->Locate(end);
  }
  uint32_t line() const { return file == nullptr ? 0 : file->LineOf(begin); }
  std::string_view path() const {
    return file == nullptr ? std::string_view() : file->path();
  }
  std::string_view text() const {
    return file == nullptr
               ? std::string_view()
               : std::string_view(file->text()).substr(begin, end - begin);
  }
  // From the start of this one to the end of `last`, of the same file.
  Span To(const Span& last) const { return {file, begin, last.end}; }
};

}  // namespace bylaw

#endif  // BYLAW_DSL_SOURCE_H_
