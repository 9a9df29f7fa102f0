// Tests and what they take as given (format_file.h).

#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/format_expr.h"
#include "dsl/format_file.h"

namespace bylaw::formatting {

Doc FileFormatter::GivenDoc(const ast::Given& g) const {
  if (g.entity != nullptr) {
    return Cat(Text("given "), ExprDoc(*g.entity, original()));
  }
  std::vector<Element> rows;
  for (const ast::Row& row : g.rows) {
    rows.push_back({FieldsDoc(row.fields, row.span, original()), row.span.begin,
                    row.span.end});
  }
  const size_t open = original().Find('{', g.dataset.span.end);
  return Cat(
      Text(
          absl::StrCat("given rows ", std::string(g.dataset.span.text()), " ")),
      ListDoc("{", "}", true, rows, open + 1, g.span.end - 1, original()));
}

void FileFormatter::Add(const ast::Given& g) {
  Leaf(g.span.begin, g.span.end, [&] { return GivenDoc(g); });
}

Doc FileFormatter::PartDoc(const char* word,
                           const std::vector<ast::Field>& fields,
                           size_t open) const {
  Span span = file_.module.span;
  span.begin = static_cast<uint32_t>(open);
  span.end = static_cast<uint32_t>(
      fields.empty() ? original().Find('}', open) + 1
                     : original().Find('}', End(*fields.back().value)) + 1);
  return Cat(Text(absl::StrCat(word, " ")),
             FieldsDoc(fields, span, original()));
}

Doc FileFormatter::RequestDoc(const ast::TestRequest& r) {
  std::vector<Doc> parts = {Text("when "), ExprDoc(*r.subject, original()),
                            Text(" does " + r.action.Text() + " on "),
                            ExprDoc(*r.resource, original())};
  size_t last = r.resource->span.end;
  auto add = [&](Doc doc, size_t begin, size_t end) {
    const bool broke = original().BreaksBetween(last, begin);
    parts.push_back(Nest(2, broke       ? Cat(Hard(), doc)
                            : doc->hard ? Cat(Text(" "), doc)
                                        : Group(Cat(Line(), doc))));
    last = end;
  };
  if (r.proposes) {
    const size_t open = original().Find('{', last);
    const size_t end =
        r.proposing.empty() ? open + 1 : End(*r.proposing.back().value);
    add(PartDoc("proposing", r.proposing, open), open,
        original().Find('}', end) + 1);
  }
  const size_t stop = r.at != nullptr ? r.at->span.begin : r.span.end;
  const size_t with = original().Find('{', last);
  if (with < stop) {
    const size_t end =
        r.context.empty() ? with + 1 : End(*r.context.back().value);
    add(PartDoc("with", r.context, with), with, original().Find('}', end) + 1);
  }
  if (r.at != nullptr) {
    add(Cat(Text("at "), ExprDoc(*r.at, original())), r.at->Whole().begin,
        r.at->span.end);
  }
  return Concat(std::move(parts));
}

Doc FileFormatter::ExpectDoc(const ast::Expect& e) {
  using Kind = ast::ExpectKind;
  const std::string path = e.path.Text();
  const std::string text(e.text.span.text());
  auto obligation = [&](const char* word) {
    Doc head = Text(absl::StrCat(word, " ", path));
    return e.has_arguments && !e.arguments.empty()
               ? Cat(head, ArgumentsDoc(e.arguments, original()))
           : e.has_arguments ? Cat(head, Text("()"))
                             : head;
  };
  switch (e.kind) {
    case Kind::kAllow:
      return Text("allow");
    case Kind::kPermit:
      return Text("permit");
    case Kind::kDeny:
      return Text("deny");
    case Kind::kDenyBy:
      if (!e.text) return Text("deny by " + path);
      return Cat(Text("deny by " + path),
                 Nest(4, Group(Cat(Line(), Text("because contains "),
                                   TextsDoc(e.text.span, 2, original())))));
    case Kind::kDenyNothing:
      return Text("deny because nothing allows");
    case Kind::kNotDenyBy:
      return Text("not deny by " + path);
    case Kind::kMask:
      return Cat(Text(absl::StrCat("mask ", text, " with ")),
                 MaskDoc(e.mask, original()));
    case Kind::kHide:
      return Text("hide " + text);
    case Kind::kClear:
      return Text("clear " + text);
    case Kind::kRowKept:
    case Kind::kRowDropped:
      return Cat(Text("row "), FieldsDoc(e.row.fields, e.row.span, original()),
                 Text(e.kind == Kind::kRowKept ? " kept" : " dropped"));
    case Kind::kFilter:
      return Text("filter " + text);
    case Kind::kNoFilter:
      return Text("no filter");
    case Kind::kRequire:
      return obligation("require");
    case Kind::kNotRequire:
      return obligation("not require");
    case Kind::kAdvisory:
      return Text("advisory " + path);
    case Kind::kWaiver:
      return Text("waiver " + path);
    case Kind::kNotDelegated:
      return Text("not delegated " + path);
    case Kind::kError:
      return Text("error");
    case Kind::kKeep:
      return Text("keep " + e.keep->text);
  }
  return nullptr;
}

void FileFormatter::Add(const ast::Test& t) {
  const size_t open = original().Find('{', t.name.span.end);
  Block(t.span.begin, Text("test " + std::string(t.name.span.text())), open,
        t.span.end, [&] {
          for (const ast::Given& given : t.givens) Add(given);
          Leaf(t.request.span.begin, t.request.span.end,
               [&] { return RequestDoc(t.request); });
          size_t last = t.request.span.end;
          for (const ast::Expect& e : t.expects) {
            // The word `expect` stands before the span.
            const size_t begin = ExpectBegin(last, e.span.begin);
            Leaf(begin, e.span.end,
                 [&] { return Cat(Text("expect "), ExpectDoc(e)); });
            last = e.span.end;
          }
        });
}

size_t FileFormatter::ExpectBegin(size_t last, size_t begin) const {
  return last + original().Between(last, begin).rfind("expect");
}

}  // namespace bylaw::formatting
