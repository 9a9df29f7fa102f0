#ifndef BYLAW_DSL_FORMAT_WRITER_H_
#define BYLAW_DSL_FORMAT_WRITER_H_

// The formatted text as it grows, with the comments of the source put back
// between what is written. Offsets are of the source and grow from call to
// call. Private to the formatter.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/format_doc.h"
#include "dsl/format_expr.h"
#include "dsl/source.h"

namespace bylaw::formatting {

class Writer {
 public:
  explicit Writer(const SourceFile& source);

  const Original original;

  int indent() const { return indent_; }

  // Whether a comment begins in [begin, end).
  bool HasComment(size_t begin, size_t end) const;
  // Whether the author broke the line between what was written last and
  // `offset`.
  bool BrokeBefore(size_t offset) const {
    return original.BreaksBetween(last_, offset);
  }

  // Writes the comments before `offset`, and a blank line if there was one; if
  // `blank`, one stands before the first comment on a line of its own.
  void Reach(size_t offset, bool blank = false);
  // Writes the comments in a header, [begin, end), before it.
  void Hoist(size_t begin, size_t end);
  // Writes a line, or several.
  void Emit(const Doc& doc);
  // Goes on with the last line, if there is room.
  bool Append(const Doc& doc);
  // Goes on with the last line in any case, without a space.
  void Attach(std::string_view words);
  // Writes [begin, end) as it is, but indented as a whole.
  void Verbatim(size_t begin, size_t end);
  // Says that all up to `offset` is written.
  void Done(size_t offset);

  // A block begins after its bracket at `offset`: more indentation, no blank
  // line at its head.
  void Open(size_t offset);
  // It ends before the bracket at `offset`: its last comments are written.
  void Close(size_t offset);

  // Writes the comments that are left.
  std::string Finish();

 private:
  struct Comment {
    size_t begin;
    size_t end;
  };

  void PutComments(size_t before);
  void Put(const Comment& comment);
  void BlankLine();
  // A blank line if one stood before `offset`.
  void KeepBlank(size_t offset);

  const std::string_view text_;
  std::vector<Comment> comments_;  // constant after construction
  std::string out_;                // ends in a line break
  size_t next_ = 0;                // the first comment that is not written
  size_t last_ = 0;  // where in the source the last thing written ends
  int indent_ = 0;
  bool opening_ = true;
  bool want_blank_ = false;
};

}  // namespace bylaw::formatting

#endif  // BYLAW_DSL_FORMAT_WRITER_H_
