#ifndef BYLAW_DSL_FORMAT_DOC_H_
#define BYLAW_DSL_FORMAT_DOC_H_

// Text with possible line breaks, and the choice among them: P. Wadler, "A
// prettier printer" (2003), in the stack form of Prettier. Private to the
// formatter.

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bylaw::formatting {

struct Node;
// Shared and immutable; null is empty.
using Doc = std::shared_ptr<const Node>;

struct Node {
  enum class Kind { kText, kLine, kSoft, kHard, kConcat, kNest, kGroup };
  Kind kind = Kind::kText;
  bool hard = false;  // holds a kHard: never fits on one line
  int indent = 0;     // kNest
  std::string text;
  std::vector<Doc> parts;
};

Doc Text(std::string text);
Doc Line();  // a space, or a line break
Doc Soft();  // nothing, or a line break
Doc Hard();  // a line break
Doc Concat(std::vector<Doc> parts);
Doc Nest(int indent, Doc doc);
Doc Group(Doc doc);

template <typename... Docs>
Doc Cat(Docs... docs) {
  return Concat(std::vector<Doc>{std::move(docs)...});
}

// Code points.
int WidthOf(const std::string& text);

// Lays out `doc` from column `indent` on; lines after the first are indented.
std::string Layout(const Doc& doc, int indent, int columns);

// On one line; only for what has no kHard.
std::string Flat(const Doc& doc);

}  // namespace bylaw::formatting

#endif  // BYLAW_DSL_FORMAT_DOC_H_
