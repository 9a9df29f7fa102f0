// Declarations of the schema, and definitions (format_file.h).

#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/format.h"
#include "dsl/format_expr.h"
#include "dsl/format_file.h"

namespace bylaw::formatting {

Doc FileFormatter::AttributeDoc(const ast::Attribute& a) const {
  std::vector<Doc> parts = {Text(a.name.text + ": "), TypeDoc(a.type)};
  if (a.default_value != nullptr) {
    parts.push_back(Text(" = "));
    parts.push_back(ExprDoc(*a.default_value, original()));
  }
  if (a.inverse) parts.push_back(Text(" inverse " + a.inverse.text));
  if (a.includes) parts.push_back(Text(" includes " + a.includes.text));
  if (a.transitive) parts.push_back(Text(" transitive"));
  if (a.asserted) parts.push_back(Text(" asserted"));
  return Concat(std::move(parts));
}

std::vector<FileFormatter::Item> FileFormatter::AttributeItems(
    const std::vector<ast::Attribute>& attributes) const {
  std::vector<Item> items;
  for (const ast::Attribute& a : attributes) {
    items.push_back(
        {a.span.begin, a.span.end, [this, &a] { return AttributeDoc(a); }});
  }
  return items;
}

Doc FileFormatter::ParametersDoc(
    const std::vector<ast::Attribute>& attributes) const {
  if (attributes.empty()) return Text("()");
  std::vector<Doc> parts;
  for (const ast::Attribute& a : attributes) {
    if (!parts.empty()) {
      parts.push_back(Text(","));
      parts.push_back(Line());
    }
    parts.push_back(AttributeDoc(a));
  }
  return Group(Cat(Text("("), Nest(4, Cat(Soft(), Concat(std::move(parts)))),
                   Text(")")));
}

std::string FileFormatter::TermHead(const ast::Term& term) {
  std::string out = term.name.text;
  if (term.place != ast::Term::Place::kNone) {
    absl::StrAppend(
        &out, term.place == ast::Term::Place::kAbove ? " above " : " below ",
        term.anchor.text);
  }
  return out;
}

Doc FileFormatter::TermDoc(const ast::Term& term) const {
  Doc head = Text(TermHead(term));
  if (term.children.empty()) return head;
  const size_t open = original().Find('{', term.name.span.end);
  std::vector<Element> elements;
  for (const ast::Term& child : term.children) {
    elements.push_back({TermDoc(child), child.span.begin, child.span.end});
  }
  return Cat(head, Text(" "),
             ListDoc("{", "}", true, elements, open + 1, term.span.end - 1,
                     original()));
}

void FileFormatter::Add(const ast::Vocabulary& v) {
  std::string header =
      absl::StrCat(v.extends ? "extend " : "", "vocabulary ", v.name.Text(),
                   v.kind == ast::Vocabulary::Kind::kOrdered ? " ordered"
                   : v.kind == ast::Vocabulary::Kind::kTree  ? " tree"
                                                             : "");
  std::vector<Item> items;
  for (const ast::Term& term : v.terms) {
    items.push_back({term.span.begin, term.span.end,
                     [this, &term] { return TermDoc(term); }});
  }
  CommaBlock(v.span.begin, header, original().Find('{', v.name.span.end),
             v.span.end, items);
}

void FileFormatter::Add(const ast::Entity& e) {
  std::string header =
      absl::StrCat(e.extends ? "extend " : "", "entity ", e.name.Text());
  if (!e.parents.empty()) {
    absl::StrAppend(&header, " in ", JoinPaths(e.parents));
  }
  CommaBlock(e.span.begin, header, original().Find('{', e.name.span.end),
             e.span.end, AttributeItems(e.attributes));
}

void FileFormatter::Add(const ast::RecordType& r) {
  CommaBlock(r.span.begin, absl::StrCat("type ", r.name.text, " ="),
             original().Find('{', r.name.span.end), r.span.end,
             AttributeItems(r.attributes));
}

void FileFormatter::Add(const ast::UnionType& u) {
  Leaf(u.span.begin, u.span.end, [&] {
    std::string out;
    for (const ast::Path& path : u.members) {
      absl::StrAppend(&out, out.empty() ? "" : " | ", path.Text());
    }
    return Text(absl::StrCat("type ", u.name.text, " = ", out));
  });
}

void FileFormatter::Add(const ast::Action& a) {
  std::vector<Doc> header;
  size_t after = a.name.span.end;
  if (a.extends) {
    header.push_back(Text("extend action " + a.name.Text()));
  } else {
    header.push_back(
        Text(absl::StrCat("action ", a.gate ? "gate " : "", a.name.Text(),
                          " of ", a.resource.Text(), As(a.resource_name),
                          " by ", JoinPaths(a.subjects))));
    if (a.selects) {
      header.push_back(Group(Nest(
          4, Cat(Line(), Text(absl::StrCat("selects ", a.selects.Text(), " by ",
                                           a.selects_by.Text()))))));
      after = a.selects_by.span.end;
    }
    if (a.proposes) header.push_back(Text(" proposes"));
  }
  const size_t open = original().Find('{', after);
  if (open >= a.span.end) {  // written without brackets
    Leaf(a.span.begin, a.span.end, [&] { return Concat(header); });
    return;
  }
  CommaBlock(a.span.begin, Layout(Concat(header), w_.indent(), kFormatColumns),
             open, a.span.end, AttributeItems(a.parameters));
}

void FileFormatter::Add(const ast::ActionGroup& g) {
  std::vector<Item> items;
  for (const ast::Path& path : g.actions) {
    items.push_back({path.span.begin, path.span.end,
                     [&path] { return Text(path.Text()); }});
  }
  CommaBlock(g.span.begin, absl::StrCat("action group ", g.name.text, " ="),
             original().Find('{', g.name.span.end), g.span.end, items);
}

void FileFormatter::Add(const ast::Obligation& o) {
  Leaf(o.span.begin, o.span.end, [&] {
    return Cat(Text(absl::StrCat("obligation ", o.name.text)),
               ParametersDoc(o.parameters));
  });
}

void FileFormatter::Add(const ast::Def& d) {
  Leaf(d.span.begin, d.span.end, [&] {
    Doc head = Cat(Text(absl::StrCat("def ", d.name.text)),
                   d.is_constant ? nullptr : ParametersDoc(d.parameters),
                   Text(absl::StrCat(": ", Flat(TypeDoc(d.type)), " =")));
    Doc value = ExprDoc(*d.value, original());
    return Assigned(std::move(head), d.type.span.end, *d.value,
                    std::move(value), 2);
  });
}

void FileFormatter::Add(const ast::MaskDef& m) {
  Leaf(m.span.begin, m.span.end, [&] {
    return Cat(Text(absl::StrCat("def mask ", m.name.text, " = ")),
               MaskDoc(m.mask, original()));
  });
}

}  // namespace bylaw::formatting
