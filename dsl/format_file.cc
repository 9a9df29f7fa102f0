// A file from its first declaration to its last, and the shapes that
// declarations share: blocks, lists, guards.

#include "dsl/format_file.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/format.h"
#include "dsl/format_expr.h"

namespace bylaw::formatting {

std::string JoinPaths(const std::vector<ast::Path>& paths) {
  std::string out;
  for (const ast::Path& path : paths) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", path.Text());
  }
  return out;
}

std::string As(const ast::Name& name) {
  return name ? " as " + name.text : std::string();
}

std::string FileFormatter::Run() {
  if (file_.module) {
    const size_t begin =
        w_.original.Between(0, file_.module.span.begin).rfind("module");
    Leaf(begin, file_.module.span.end,
         [&] { return Text("module " + file_.module.Text()); });
  }
  for (const ast::Import& import : file_.imports) {
    Leaf(import.span.begin, import.span.end,
         [&] { return Text("import " + import.module.Text()); });
  }
  struct Part {
    size_t begin;
    bool block;  // stands after a blank line
    std::function<void()> write;
  };
  std::vector<Part> parts;
  auto collect = [&](const auto& list, bool block) {
    for (const auto& each : list) {
      parts.push_back({each.span.begin, block, [this, &each] { Add(each); }});
    }
  };
  collect(file_.vocabularies, false);
  collect(file_.entities, false);
  collect(file_.records, false);
  collect(file_.unions, false);
  collect(file_.actions, false);
  collect(file_.groups, false);
  collect(file_.obligations, false);
  collect(file_.defs, false);
  collect(file_.masks, false);
  collect(file_.scopes, false);
  collect(file_.policies, true);
  collect(file_.waivers, true);
  collect(file_.givens, false);
  collect(file_.tests, true);
  std::stable_sort(
      parts.begin(), parts.end(),
      [](const Part& a, const Part& b) { return a.begin < b.begin; });
  for (const Part& part : parts) {
    // The comments of a declaration stay with it, after the blank line.
    if (part.block) pending_blank_ = true;
    part.write();
  }
  return w_.Finish();
}

void FileFormatter::Reach(size_t begin) {
  w_.Reach(begin, pending_blank_);
  pending_blank_ = false;
}

void FileFormatter::Leaf(size_t begin, size_t end, const DocOf& doc) {
  Reach(begin);
  if (w_.HasComment(begin, end)) {
    w_.Verbatim(begin, end);
    return;
  }
  w_.Emit(doc());
  w_.Done(end);
}

void FileFormatter::Block(size_t begin, const Doc& header, size_t open,
                          size_t end, const std::function<void()>& inside) {
  Reach(begin);
  w_.Hoist(begin, open);
  w_.Emit(Cat(header, Text(" {")));
  w_.Open(open + 1);
  inside();
  w_.Close(end - 1);
  w_.Emit(Text("}"));
  w_.Done(end);
}

bool FileFormatter::Inline(size_t open, size_t end) const {
  return !original().BreaksBetween(open, end) && !w_.HasComment(open, end);
}

bool FileFormatter::FitsLine(const Doc& doc) const {
  return !doc->hard && w_.indent() + WidthOf(Flat(doc)) <= kFormatColumns;
}

Doc FileFormatter::Braces(const std::vector<Doc>& parts,
                          const char* separator) {
  if (parts.empty()) return Text("{}");
  std::vector<Doc> out = {Text("{ ")};
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out.push_back(Text(separator));
    out.push_back(parts[i]);
  }
  out.push_back(Text(" }"));
  return Concat(std::move(out));
}

void FileFormatter::CommaBlock(size_t begin, const std::string& header,
                               size_t open, size_t end,
                               const std::vector<Item>& items) {
  const bool empty = items.empty() && !w_.HasComment(open, end);
  if (empty || (!items.empty() && !w_.HasComment(begin, end) &&
                !original().BreaksBetween(open, items[0].begin))) {
    std::vector<Doc> docs;
    for (const Item& item : items) docs.push_back(item.doc());
    Doc one = Cat(Text(header + " "), Braces(docs, ", "));
    if (empty || FitsLine(one)) {
      Reach(begin);
      w_.Hoist(begin, end);
      w_.Emit(one);
      w_.Done(end);
      return;
    }
  }
  Block(begin, Text(header), open, end, [&] { CommaItems(items, end - 1); });
}

void FileFormatter::CommaItems(const std::vector<Item>& items, size_t close) {
  const bool trailing =
      !items.empty() && original().Find(',', items.back().end) < close;
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    const bool last = i + 1 == items.size();
    const char* comma = last && !trailing ? "" : ",";
    const bool broke = i == 0 || w_.BrokeBefore(item.begin);
    if (w_.HasComment(item.begin, item.end)) {
      Reach(item.begin);
      w_.Verbatim(item.begin, item.end);
      w_.Attach(comma);
    } else {
      Doc doc = Cat(item.doc(), Text(comma));
      if (broke || !w_.Append(doc)) {
        Reach(item.begin);
        w_.Emit(doc);
      }
    }
    size_t end = item.end;
    if (*comma != '\0') end = original().Find(',', end) + 1;
    w_.Done(end);
  }
}

Doc FileFormatter::Assigned(Doc head, size_t head_end, const ast::Expr& expr,
                            Doc value, int nest) const {
  const bool list = expr.kind == ast::ExprKind::kSet ||
                    expr.kind == ast::ExprKind::kList ||
                    expr.kind == ast::ExprKind::kMatch;
  const bool opens =
      value->hard ||
      (list && w_.indent() + nest + WidthOf(Flat(value)) > kFormatColumns);
  if (!opens) return Group(Cat(head, Nest(nest, Cat(Line(), value))));
  if (original().BreaksBetween(head_end, expr.Whole().begin)) {
    return Cat(head, Nest(nest, Cat(Hard(), value)));
  }
  return Cat(head, Text(" "), value);
}

Doc FileFormatter::WithClauses(Doc head, size_t head_end,
                               const std::vector<Clause>& clauses,
                               bool spread) const {
  std::vector<Doc> all = {head, Text(" {")};
  for (const Clause& clause : clauses) {
    all.push_back(Text(" "));
    all.push_back(clause.doc);
  }
  const bool each = spread && !FitsLine(Concat(std::move(all)));
  std::vector<Doc> parts = {std::move(head)};
  size_t last = head_end;
  for (const Clause& clause : clauses) {
    const bool broke = each || original().BreaksBetween(last, clause.begin);
    parts.push_back(Nest(2, Cat(broke ? Hard() : Text(" "), clause.doc)));
    last = clause.end;
  }
  return Concat(std::move(parts));
}

void FileFormatter::Guard(const char* word, const ast::ExprPtr& expr,
                          std::vector<Clause>* out) const {
  if (expr == nullptr) return;
  out->push_back(
      {Cat(Text(absl::StrCat(word, " ")), Nest(2, ExprDoc(*expr, original()))),
       expr->Whole().begin, End(*expr)});
}

void FileFormatter::PlainBlock(Span span, const std::string& header,
                               size_t open, std::vector<Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.begin < b.begin; });
  if (items.empty() && !w_.HasComment(span.begin, span.end)) {
    Leaf(span.begin, span.end, [&] { return Text(header + " {}"); });
    return;
  }
  if (!items.empty() && Inline(span.begin, span.end)) {
    std::vector<Doc> docs;
    for (const Item& item : items) docs.push_back(item.doc());
    Doc one = Cat(Text(header + " "), Braces(docs, " "));
    if (FitsLine(one)) {
      Leaf(span.begin, span.end, [&] { return one; });
      return;
    }
  }
  Block(span.begin, Text(header), open, span.end, [&] {
    for (const Item& item : items) {
      const bool broke = w_.BrokeBefore(item.begin);
      if (!broke && !w_.HasComment(item.begin, item.end) &&
          &item != &items[0] && w_.Append(item.doc())) {
        w_.Done(item.end);
      } else {
        Leaf(item.begin, item.end, item.doc);
      }
    }
  });
}

}  // namespace bylaw::formatting
