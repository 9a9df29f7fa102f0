#include "dsl/source.h"

#include <algorithm>
#include <utility>

namespace bylaw {
namespace {

// One counter for so many bytes keeps columns cheap to find on lines of any
// length, at little memory.
constexpr uint32_t kBlock = 256;

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

SourceFile::SourceFile(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)) {
  line_starts_.push_back(0);
  bool ascii = true;
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(static_cast<uint32_t>(i + 1));
    if (static_cast<unsigned char>(text_[i]) >= 0x80) ascii = false;
  }
  if (ascii) return;
  uint32_t count = 0;
  for (size_t i = 0; i < text_.size(); ++i) {
    if (i % kBlock == 0) code_points_.push_back(count);
    if (!IsContinuation(text_[i])) ++count;
  }
}

uint32_t SourceFile::LineOf(uint32_t offset) const {
  auto after =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<uint32_t>(after - line_starts_.begin());
}

uint32_t SourceFile::CodePointsBefore(uint32_t offset) const {
  if (code_points_.empty()) return offset;
  uint32_t block = std::min<uint32_t>(
      offset / kBlock, static_cast<uint32_t>(code_points_.size() - 1));
  uint32_t count = code_points_[block];
  for (uint32_t i = block * kBlock; i < offset; ++i) {
    if (!IsContinuation(text_[i])) ++count;
  }
  return count;
}

LineColumn SourceFile::Locate(uint32_t offset) const {
  offset = std::min<uint32_t>(offset, static_cast<uint32_t>(text_.size()));
  uint32_t line = LineOf(offset);
  return {line, CodePointsBefore(offset) -
                    CodePointsBefore(line_starts_[line - 1]) + 1};
}

uint32_t SourceFile::OffsetOf(LineColumn place) const {
  const uint32_t begin = LineStart(place.line);
  const uint32_t end = begin + static_cast<uint32_t>(Line(place.line).size());
  const uint32_t column = std::max(1u, place.column) - 1;
  if (code_points_.empty()) return begin + std::min(column, end - begin);
  // The last block that begins at or before the place, then each byte.
  const uint32_t wanted = CodePointsBefore(begin) + column;
  const auto after =
      std::upper_bound(code_points_.begin(), code_points_.end(), wanted);
  const auto block = static_cast<uint32_t>(after - code_points_.begin()) - 1;
  uint32_t offset = std::max(begin, block * kBlock);
  uint32_t count = CodePointsBefore(offset);
  while (offset < end && (count < wanted || IsContinuation(text_[offset]))) {
    if (!IsContinuation(text_[offset])) ++count;
    ++offset;
  }
  return offset;
}

std::string_view SourceFile::Line(uint32_t line) const {
  if (line == 0 || line > line_count()) return {};
  size_t begin = line_starts_[line - 1];
  size_t end = line < line_count() ? line_starts_[line] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace bylaw
