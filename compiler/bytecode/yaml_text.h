// What is not closed in a YAML text. yaml-cpp takes a quote without its end as
// a text up to the end of the file, and reports an open bracket where it gives
// up, far below; both readers of YAML (yaml_tree.h, descriptors/read.h) tell a
// YamlNesting of its events, and it says where the author has to look.
//
// It stands here because this library is the only one that both may include.
//
// Offsets are bytes of the text, without a byte order mark. Not thread-safe.
#ifndef BYLAW_COMPILER_BYTECODE_YAML_TEXT_H_
#define BYLAW_COMPILER_BYTECODE_YAML_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bylaw {

struct YamlFlaw {
  size_t at = 0;
  std::string message;
};

// The first thing that no YAML text may hold: bytes that are not UTF-8, or a
// control character (one of them ends the text for yaml-cpp, without a word).
std::optional<YamlFlaw> FindUnreadable(std::string_view text);

class YamlNesting {
 public:
  // The text must outlive this.
  explicit YamlNesting(std::string_view text) : text_(text) {}

  // Events, with the offset of their mark.
  void Open(size_t mark, bool flow);
  void Close() { levels_.pop_back(); }
  // A flaw if the scalar begins with a quote that is not closed.
  std::optional<YamlFlaw> Scalar(size_t mark);

  // After yaml-cpp gave up at `end`: what stands open, if that is the cause.
  std::optional<YamlFlaw> FindOpen(size_t end) const;
  // Where an empty value belongs: the last line above `mark`, or its own, that
  // holds anything. yaml-cpp's mark is that of whatever comes next.
  size_t PlaceOfEmpty(size_t mark) const;

 private:
  struct Level {
    size_t begin;
    bool flow;
    int column;  // of a block: what is in it is indented deeper
  };

  int ColumnOf(size_t at) const;
  // Where the line begins that holds `at`; fast where places follow each other.
  size_t LineBegin(size_t at) const;
  // Past anchors, tags, comments and white space.
  size_t SkipProperties(size_t at) const;
  // The column that lines inside a value must exceed; -1: any will do.
  int Indent() const;
  // The end of the quoted text or the collection in brackets that begins at
  // `at`; npos and a flaw if it has none.
  size_t EndOfQuoted(size_t at, int indent, YamlFlaw* flaw) const;
  size_t EndOfFlow(size_t at, int indent, YamlFlaw* flaw) const;
  size_t EndOfLine(size_t at) const;
  // Whether the line at `begin` holds something that is not deeper than
  // `indent`.
  bool LeavesIndent(size_t begin, int indent) const;
  // Whether the line at `begin`, which is not blank, begins `key:` or `- `.
  bool IsEntry(size_t begin) const;
  // Whether what stands at `at` in a block begins a value.
  bool BeginsValue(size_t at) const;

  std::string_view text_;
  std::vector<Level> levels_;
  size_t last_ = 0;                          // of the last event
  mutable size_t seen_ = 0, seen_line_ = 0;  // of the last LineBegin
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_YAML_TEXT_H_
