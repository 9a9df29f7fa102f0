#include "dsl/format.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dsl/ast.h"
#include "dsl/dump.h"
#include "dsl/format_doc.h"
#include "dsl/format_expr.h"
#include "dsl/format_writer.h"
#include "dsl/parser.h"

namespace bylaw {
namespace formatting {
namespace {

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

// One clause of a rule or head: `when e`, `because "…"`.
struct Clause {
  Doc doc;
  size_t begin;  // of what stands after its keyword
  size_t end;
};

class FileFormatter {
 public:
  FileFormatter(const SourceFile& source, const ast::File& file)
      : w_(source), file_(file) {}

  std::string Run() {
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

 private:
  using DocOf = std::function<Doc()>;

  const Original& original() const { return w_.original; }

  // Before something that begins here.
  void Reach(size_t begin) {
    w_.Reach(begin, pending_blank_);
    pending_blank_ = false;
  }

  // A thing without things inside.
  void Leaf(size_t begin, size_t end, const DocOf& doc) {
    Reach(begin);
    if (w_.HasComment(begin, end)) {
      w_.Verbatim(begin, end);
      return;
    }
    w_.Emit(doc());
    w_.Done(end);
  }

  // A header, up to and with its `{`, and what stands in it. `open` is the
  // offset of the bracket, `end` the offset after its partner.
  void Block(size_t begin, const Doc& header, size_t open, size_t end,
             const std::function<void()>& inside) {
    Reach(begin);
    w_.Hoist(begin, open);
    w_.Emit(Cat(header, Text(" {")));
    w_.Open(open + 1);
    inside();
    w_.Close(end - 1);
    w_.Emit(Text("}"));
    w_.Done(end);
  }

  // Whether what stands in [open, end) is on one line, without comments.
  bool Inline(size_t open, size_t end) const {
    return !original().BreaksBetween(open, end) && !w_.HasComment(open, end);
  }
  bool FitsLine(const Doc& doc) const {
    return !doc->hard && w_.indent() + WidthOf(Flat(doc)) <= kFormatColumns;
  }
  static Doc Braces(const std::vector<Doc>& parts, const char* separator) {
    if (parts.empty()) return Text("{}");
    std::vector<Doc> out = {Text("{ ")};
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) out.push_back(Text(separator));
      out.push_back(parts[i]);
    }
    out.push_back(Text(" }"));
    return Concat(std::move(out));
  }

  // A header and elements with commas in curly brackets.
  struct Item {
    size_t begin;
    size_t end;
    DocOf doc;
  };
  void CommaBlock(size_t begin, const std::string& header, size_t open,
                  size_t end, const std::vector<Item>& items) {
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
  void CommaItems(const std::vector<Item>& items, size_t close) {
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

  // --- schema ---------------------------------------------------------------

  Doc AttributeDoc(const ast::Attribute& a) const {
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
  std::vector<Item> AttributeItems(
      const std::vector<ast::Attribute>& attributes) const {
    std::vector<Item> items;
    for (const ast::Attribute& a : attributes) {
      items.push_back(
          {a.span.begin, a.span.end, [this, &a] { return AttributeDoc(a); }});
    }
    return items;
  }
  // On one line, or broken like arguments.
  Doc ParametersDoc(const std::vector<ast::Attribute>& attributes) const {
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

  static std::string TermHead(const ast::Term& term) {
    std::string out = term.name.text;
    if (term.place != ast::Term::Place::kNone) {
      absl::StrAppend(
          &out, term.place == ast::Term::Place::kAbove ? " above " : " below ",
          term.anchor.text);
    }
    return out;
  }
  // Terms as one document, each level opened as the author opened it.
  Doc TermDoc(const ast::Term& term) const {
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

  void Add(const ast::Vocabulary& v) {
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

  void Add(const ast::Entity& e) {
    std::string header =
        absl::StrCat(e.extends ? "extend " : "", "entity ", e.name.Text());
    if (!e.parents.empty()) {
      absl::StrAppend(&header, " in ", JoinPaths(e.parents));
    }
    CommaBlock(e.span.begin, header, original().Find('{', e.name.span.end),
               e.span.end, AttributeItems(e.attributes));
  }
  void Add(const ast::RecordType& r) {
    CommaBlock(r.span.begin, absl::StrCat("type ", r.name.text, " ="),
               original().Find('{', r.name.span.end), r.span.end,
               AttributeItems(r.attributes));
  }
  void Add(const ast::UnionType& u) {
    Leaf(u.span.begin, u.span.end, [&] {
      std::string out;
      for (const ast::Path& path : u.members) {
        absl::StrAppend(&out, out.empty() ? "" : " | ", path.Text());
      }
      return Text(absl::StrCat("type ", u.name.text, " = ", out));
    });
  }
  void Add(const ast::Action& a) {
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
            4, Cat(Line(), Text(absl::StrCat("selects ", a.selects.Text(),
                                             " by ", a.selects_by.Text()))))));
        after = a.selects_by.span.end;
      }
      if (a.proposes) header.push_back(Text(" proposes"));
    }
    const size_t open = original().Find('{', after);
    if (open >= a.span.end) {  // written without brackets
      Leaf(a.span.begin, a.span.end, [&] { return Concat(header); });
      return;
    }
    CommaBlock(a.span.begin,
               Layout(Concat(header), w_.indent(), kFormatColumns), open,
               a.span.end, AttributeItems(a.parameters));
  }
  void Add(const ast::ActionGroup& g) {
    std::vector<Item> items;
    for (const ast::Path& path : g.actions) {
      items.push_back({path.span.begin, path.span.end,
                       [&path] { return Text(path.Text()); }});
    }
    CommaBlock(g.span.begin, absl::StrCat("action group ", g.name.text, " ="),
               original().Find('{', g.name.span.end), g.span.end, items);
  }
  void Add(const ast::Obligation& o) {
    Leaf(o.span.begin, o.span.end, [&] {
      return Cat(Text(absl::StrCat("obligation ", o.name.text)),
                 ParametersDoc(o.parameters));
    });
  }
  // `head = value`: on one line, or the value below; a list that is opened
  // begins on the line of its name unless the author put it below.
  Doc Assigned(Doc head, size_t head_end, const ast::Expr& expr, Doc value,
               int nest) const {
    const bool list = expr.kind == ast::ExprKind::kSet ||
                      expr.kind == ast::ExprKind::kList ||
                      expr.kind == ast::ExprKind::kMatch;
    const bool opens =
        value->hard ||
        (list && w_.indent() + nest + WidthOf(Flat(value)) > kFormatColumns);
    if (!opens) return Group(Cat(head, Nest(nest, Cat(Line(), value))));
    if (original().BreaksBetween(head_end, expr.span.begin)) {
      return Cat(head, Nest(nest, Cat(Hard(), value)));
    }
    return Cat(head, Text(" "), value);
  }
  void Add(const ast::Def& d) {
    Leaf(d.span.begin, d.span.end, [&] {
      Doc head = Cat(Text(absl::StrCat("def ", d.name.text)),
                     d.is_constant ? nullptr : ParametersDoc(d.parameters),
                     Text(absl::StrCat(": ", Flat(TypeDoc(d.type)), " =")));
      Doc value = ExprDoc(*d.value, original());
      return Assigned(std::move(head), d.type.span.end, *d.value,
                      std::move(value), 2);
    });
  }
  void Add(const ast::MaskDef& m) {
    Leaf(m.span.begin, m.span.end, [&] {
      return Cat(Text(absl::StrCat("def mask ", m.name.text, " = ")),
                 MaskDoc(m.mask, original()));
    });
  }

  // --- scopes and waivers ---------------------------------------------------

  // The doc of a header with its guards, each on the line where the author put
  // it, or, if they are to `spread`, each on its own where one line is too
  // short.
  Doc WithClauses(Doc head, size_t head_end, const std::vector<Clause>& clauses,
                  bool spread = false) const {
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
  void Guard(const char* word, const ast::ExprPtr& expr,
             std::vector<Clause>* out) const {
    if (expr == nullptr) return;
    out->push_back({Cat(Text(absl::StrCat(word, " ")),
                        Nest(2, ExprDoc(*expr, original()))),
                    expr->span.begin, End(*expr)});
  }

  static std::string GovernsHead(const ast::Governs& g) {
    return absl::StrCat("governs ", g.type.Text(), As(g.variable));
  }
  void Add(const ast::Scope& s) {
    std::string header = "scope " + s.name.text;
    if (s.root) header += " root";
    if (s.parent) header += " under " + s.parent.text;
    std::vector<Item> items;
    // Words in one column, conditions in another.
    const std::string owner = s.governs.empty() ? "owner " : "owner   ";
    if (s.owner) {
      items.push_back({s.owner.span.begin, s.owner.span.end, [&] {
                         return Cat(Text(owner),
                                    TextsDoc(s.owner.span, 8, original()));
                       }});
    }
    size_t widest = 0;
    for (const ast::Governs& g : s.governs) {
      widest = std::max(widest, GovernsHead(g).size());
    }
    for (const ast::Governs& g : s.governs) {
      items.push_back(
          {g.span.begin, g.span.end, [this, &g, widest] {
             std::string head = GovernsHead(g);
             const size_t end = g.type.span.end;
             if (g.where != nullptr &&
                 !original().BreaksBetween(end, g.where->span.begin)) {
               head.resize(widest, ' ');
             }
             std::vector<Clause> clauses;
             Guard("where", g.where, &clauses);
             return WithClauses(Text(head), end, clauses);
           }});
    }
    for (const ast::MayAllow& m : s.may_allow) {
      items.push_back(
          {m.span.begin, m.span.end, [this, &m] {
             std::vector<Clause> clauses;
             Guard("when", m.when, &clauses);
             Guard("unless", m.unless, &clauses);
             return WithClauses(
                 Text(absl::StrCat("may allow ", JoinPaths(m.actions), " of ",
                                   m.type.Text(), As(m.variable))),
                 m.type.span.end, clauses, true);
           }});
    }
    for (const ast::Path& path : s.may_override) {
      items.push_back({path.span.begin, path.span.end, [&path] {
                         return Text("may override " + path.Text());
                       }});
    }
    PlainBlock(s.span, header, original().Find('{', s.name.span.end), items);
  }

  // Items without commas, each on its line.
  void PlainBlock(Span span, const std::string& header, size_t open,
                  std::vector<Item>& items) {
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

  void Add(const ast::Waiver& w) {
    std::vector<Item> items;
    items.push_back(
        {w.type.span.begin,
         w.where != nullptr ? End(*w.where)
         : w.variable       ? w.variable.span.end
                            : w.type.span.end,
         [this, &w] {
           std::vector<Clause> clauses;
           Guard("where", w.where, &clauses);
           return WithClauses(
               Text(absl::StrCat("on ", w.type.Text(), As(w.variable))),
               w.type.span.end, clauses, true);
         }});
    auto text = [&](const char* word, const ast::Text& value) {
      if (!value) return;
      items.push_back({value.span.begin, value.span.end, [this, word, &value] {
                         return Cat(Text(absl::StrCat(word, " ")),
                                    TextsDoc(value.span, 2, original()));
                       }});
    };
    text("reason", w.reason);
    text("ticket", w.ticket);
    text("requested", w.requested);
    text("approved", w.approved);
    auto date = [&](const char* word, const ast::ExprPtr& value) {
      if (value == nullptr) return;
      items.push_back({value->span.begin, End(*value), [this, word, &value] {
                         return Cat(Text(absl::StrCat(word, " ")),
                                    ExprDoc(*value, original()));
                       }});
    };
    date("from", w.from);
    date("until", w.until);
    PlainBlock(w.span,
               absl::StrCat("waiver ", w.name.text, " of ", w.policy.Text()),
               original().Find('{', w.policy.span.end), items);
  }

  // After the brackets that the author put around it.
  size_t End(const ast::Expr& e) const {
    return e.bracketed ? original().Find(')', e.span.end) + 1 : e.span.end;
  }

  // --- policies -------------------------------------------------------------

  void Add(const ast::Policy& p) {
    struct Meta {
      const char* word;
      size_t begin;
      size_t end;
      Span value;
    };
    std::vector<Meta> items;
    auto text = [&items](const char* word, const ast::Text& value) {
      if (value) {
        items.push_back({word, value.span.begin, value.span.end, value.span});
      }
    };
    text("title", p.title);
    text("owner", p.owner);
    for (const ast::Text& control : p.controls) text("control", control);
    text("help", p.help);
    if (p.severity_word) {
      const Span span = p.severity_word.span;
      items.push_back({"severity", span.begin, span.end, span});
    }
    std::sort(items.begin(), items.end(),
              [](const Meta& a, const Meta& b) { return a.begin < b.begin; });

    std::string name = "policy " + p.name.text;
    size_t done = p.name.span.end;
    if (p.overrides) {
      name += " overrides " + p.overrides.Text();
      done = p.overrides.span.end;
    }
    Leaf(p.span.begin, done, [&] { return Text(name); });

    // Words stand in a column if each has a line of its own.
    size_t widest = 0;
    bool column = true;
    for (size_t i = 0; i < items.size(); ++i) {
      widest = std::max(widest, std::string_view(items[i].word).size());
      if (i > 0 &&
          !original().BreaksBetween(items[i - 1].end, items[i].begin)) {
        column = false;
      }
    }
    w_.Open(done);
    for (size_t i = 0; i < items.size(); ++i) {
      const Meta& item = items[i];
      std::string word = item.word;
      if (column) word.resize(widest, ' ');
      word += ' ';
      const bool same_line =
          i > 0 && !original().BreaksBetween(items[i - 1].end, item.begin);
      Doc value =
          item.word == std::string_view("severity")
              ? Text(std::string(item.value.text()))
              : TextsDoc(item.value, static_cast<int>(word.size()), original());
      Doc doc = Cat(Text(word), value);
      const bool commented = w_.HasComment(item.begin, item.end);
      if (same_line && !commented && !w_.HasComment(done, item.begin) &&
          w_.Append(doc)) {
        w_.Done(item.end);
      } else {
        w_.Hoist(item.begin, item.end);
        w_.Emit(doc);
        w_.Done(item.end);
      }
      done = item.end;
    }
    w_.Close(done);
    w_.Done(done);

    const ast::Head& h = p.head;
    std::string head = absl::StrCat("on ", JoinPaths(h.actions), " of ",
                                    h.resource.Text(), As(h.resource_name));
    if (!h.subjects.empty()) {
      absl::StrAppend(&head, " by ", JoinPaths(h.subjects), As(h.subject_name));
    }
    std::vector<Clause> clauses;
    Guard("when", h.when, &clauses);
    Guard("unless", h.unless, &clauses);
    const size_t guard_end = h.unless != nullptr ? End(*h.unless)
                             : h.when != nullptr ? End(*h.when)
                                                 : h.span.end;
    const size_t named =
        h.subjects.empty() ? h.resource.span.end : h.subjects.back().span.end;
    RuleBlock(h.span.begin, WithClauses(Text(head), named, clauses, true),
              original().Find('{', guard_end), p.span.end, p.rules);
  }

  void RuleBlock(size_t begin, const Doc& header, size_t open, size_t end,
                 const std::vector<ast::Rule>& rules) {
    if (rules.empty() && !w_.HasComment(begin, end)) {
      Leaf(begin, end, [&] { return Cat(header, Text(" {}")); });
      return;
    }
    if (Inline(open, end) && !w_.HasComment(begin, end)) {
      Doc one = Cat(header, Text(" "), InlineRules(rules));
      if (FitsLine(one)) {
        Leaf(begin, end, [&] { return one; });
        return;
      }
    }
    Block(begin, header, open, end, [&] { Rules(rules); });
  }
  Doc InlineRules(const std::vector<ast::Rule>& rules) {
    std::vector<Doc> docs;
    for (const ast::Rule& rule : rules) {
      if (rule.kind == ast::RuleKind::kFor ||
          rule.kind == ast::RuleKind::kFirst) {
        docs.push_back(Cat(RuleHead(rule), Text(" "), InlineRules(rule.body)));
      } else {
        docs.push_back(RuleDoc(rule, 0));
      }
    }
    return Braces(docs, " ");
  }

  // Masks one below the other have their guards in a column.
  static bool Aligns(const ast::Rule& rule) {
    return rule.kind == ast::RuleKind::kMask ||
           rule.kind == ast::RuleKind::kHide;
  }
  void Rules(const std::vector<ast::Rule>& rules) {
    size_t i = 0;
    while (i < rules.size()) {
      size_t stop = i;
      while (stop < rules.size() && Aligns(rules[stop]) &&
             (stop == i || !HasBlankLine(rules[stop - 1].span.end,
                                         rules[stop].span.begin))) {
        ++stop;
      }
      const int width = stop > i + 1 ? ColumnOf(rules, i, stop) : 0;
      do {
        AddRule(rules[i], width);
        ++i;
      } while (i < stop);
    }
  }
  bool HasBlankLine(size_t begin, size_t end) const {
    const std::string_view text = original().Between(begin, end);
    return std::count(text.begin(), text.end(), '\n') > 1;
  }
  // The width of the widest head whose guard is to stand in the column, 0 if
  // there is no column.
  int ColumnOf(const std::vector<ast::Rule>& rules, size_t begin, size_t end) {
    int widest = 0;
    int narrowest = kFormatColumns;
    int longest = 0;
    int guarded = 0;
    for (size_t i = begin; i < end; ++i) {
      const ast::Rule& rule = rules[i];
      const ast::Expr* guard =
          rule.when != nullptr ? rule.when.get() : rule.unless.get();
      if (guard == nullptr) continue;
      if (original().BreaksBetween(HeadEnd(rule), guard->span.begin) ||
          w_.HasComment(rule.span.begin, rule.span.end)) {
        continue;
      }
      Doc whole = RuleDoc(rule, 0);
      if (whole->hard) return 0;
      const int head = WidthOf(Flat(RuleHead(rule)));
      widest = std::max(widest, head);
      narrowest = std::min(narrowest, head);
      longest = std::max(longest, WidthOf(Flat(whole)) - head);
      ++guarded;
    }
    if (guarded < 2 || widest == narrowest) return 0;
    // A column two spaces after the widest, if all lines have room for it.
    if (w_.indent() + widest + 1 + longest > kFormatColumns) return 0;
    return widest + 1;
  }

  static size_t HeadEnd(const ast::Rule& rule) {
    switch (rule.kind) {
      case ast::RuleKind::kMask:
        return rule.mask.span.end;
      case ast::RuleKind::kHide:
        return rule.target.span.end;
      case ast::RuleKind::kKeepRows:
      case ast::RuleKind::kDropRows:
        return rule.value->span.end;
      case ast::RuleKind::kRequire:
        return rule.path.span.end;
      default:
        return rule.keyword_span.end;
    }
  }

  Doc RuleHead(const ast::Rule& r) {
    using ast::RuleKind;
    switch (r.kind) {
      case RuleKind::kMask:
        return Cat(Text(absl::StrCat("mask ", r.target.text, " with ")),
                   MaskDoc(r.mask, original()));
      case RuleKind::kHide:
        return Text("hide " + r.target.text);
      case RuleKind::kKeepRows:
      case RuleKind::kDropRows:
        return Cat(Text(absl::StrCat(ast::RuleKindText(r.kind), " ",
                                     r.target.text, " where ")),
                   Nest(4, ExprDoc(*r.value, original())));
      case RuleKind::kRequire: {
        Doc name = Text("require " + r.path.Text());
        if (r.arguments.empty()) return name;
        return Cat(name, ArgumentsDoc(r.arguments, original()));
      }
      case RuleKind::kLet: {
        Doc value = ExprDoc(*r.value, original());
        Doc head = Text(absl::StrCat("let ", r.target.text, " ="));
        return Assigned(std::move(head), r.target.span.end, *r.value,
                        std::move(value), 4);
      }
      case RuleKind::kFor: {
        std::vector<Doc> parts;
        size_t last = r.keyword_span.end;
        for (const ast::Generator& g : r.generators) {
          if (!parts.empty()) {
            parts.push_back(Text(","));
            const bool broke = original().BreaksBetween(last, g.span.begin);
            parts.push_back(broke ? Hard() : Line());
          }
          parts.push_back(Text(g.variable.text + " in "));
          parts.push_back(ExprDoc(*g.collection, original()));
          if (g.where != nullptr) {
            const bool broke = original().BreaksBetween(g.collection->span.end,
                                                        g.where->span.begin);
            parts.push_back(broke ? Hard() : Line());
            parts.push_back(Text("where "));
            parts.push_back(Nest(2, ExprDoc(*g.where, original())));
          }
          last = g.span.end;
        }
        // Breaks one by one, not all at once.
        std::vector<Doc> filled = {Text("for ")};
        for (size_t i = 0; i < parts.size(); ++i) {
          if (parts[i] != nullptr && parts[i]->kind == Node::Kind::kLine) {
            filled.push_back(Group(Cat(parts[i], parts[i + 1], parts[i + 2])));
            i += 2;
          } else {
            filled.push_back(parts[i]);
          }
        }
        return Nest(4, Concat(std::move(filled)));
      }
      case RuleKind::kFirst:
        return Text("first");
      default:
        return Text(ast::RuleKindText(r.kind));
    }
  }

  Doc RuleDoc(const ast::Rule& r, int column) {
    std::vector<Clause> clauses;
    Guard("when", r.when, &clauses);
    Guard("unless", r.unless, &clauses);
    if (r.recheck != nullptr) {
      clauses.push_back({Text("recheck after " + r.recheck->text),
                         r.recheck->span.begin, r.recheck->span.end});
    }
    Doc head = RuleHead(r);
    if (column > 0 && !clauses.empty() &&
        !original().BreaksBetween(HeadEnd(r), clauses[0].begin)) {
      const int pad = column - WidthOf(Flat(head));
      head = Cat(head, Text(std::string(static_cast<size_t>(pad), ' ')));
    }
    const size_t last = clauses.empty() ? HeadEnd(r) : clauses.back().end;
    Doc doc = WithClauses(std::move(head), HeadEnd(r), clauses);
    if (r.because == nullptr) return doc;
    return WithTexts(r, std::move(doc), last);
  }

  // `because` and `help` behind the rule if it is short and the author broke no
  // line; else each on its line, `help` as wide as `because`.
  Doc WithTexts(const ast::Rule& r, Doc rule, size_t last) const {
    const Span because = r.because->span;
    const Span help = r.help == nullptr ? because : r.help->span;
    Doc first = Cat(Text("because "), TextsDoc(because, 8, original()));
    const bool broke = original().BreaksBetween(last, because.begin) ||
                       (r.help != nullptr &&
                        original().BreaksBetween(because.end, help.begin));
    if (!broke) {
      Doc one = Cat(rule, Text(" "), first);
      if (r.help != nullptr) {
        one = Cat(one, Text(" help "), TextsDoc(help, 5, original()));
      }
      if (FitsLine(one)) return one;
    }
    if (r.when == nullptr && r.unless == nullptr &&
        !original().BreaksBetween(last, because.begin)) {
      Doc one = Cat(rule, Text(" "), Nest(5, first));
      if (r.help != nullptr) {
        one = Cat(one, Nest(5, Cat(Hard(), Text("help    "),
                                   TextsDoc(help, 8, original()))));
      }
      return one;
    }
    std::vector<Doc> parts = {Hard(), first};
    if (r.help != nullptr) {
      parts.push_back(Hard());
      parts.push_back(Cat(Text("help    "), TextsDoc(help, 8, original())));
    }
    return Cat(std::move(rule), Nest(2, Concat(std::move(parts))));
  }

  void AddRule(const ast::Rule& r, int column) {
    if (r.kind == ast::RuleKind::kFor || r.kind == ast::RuleKind::kFirst) {
      size_t after = r.keyword_span.end;
      if (!r.generators.empty()) {
        const ast::Generator& g = r.generators.back();
        after = g.where != nullptr ? End(*g.where) : End(*g.collection);
      }
      RuleBlock(r.span.begin, RuleHead(r), original().Find('{', after),
                r.span.end, r.body);
      return;
    }
    Leaf(r.span.begin, r.span.end, [&] { return RuleDoc(r, column); });
  }

  // --- tests ----------------------------------------------------------------

  Doc GivenDoc(const ast::Given& g) const {
    if (g.entity != nullptr) {
      return Cat(Text("given "), ExprDoc(*g.entity, original()));
    }
    std::vector<Element> rows;
    for (const ast::Row& row : g.rows) {
      rows.push_back({FieldsDoc(row.fields, row.span, original()),
                      row.span.begin, row.span.end});
    }
    const size_t open = original().Find('{', g.dataset.span.end);
    return Cat(
        Text(absl::StrCat("given rows ", std::string(g.dataset.span.text()),
                          " ")),
        ListDoc("{", "}", true, rows, open + 1, g.span.end - 1, original()));
  }
  void Add(const ast::Given& g) {
    Leaf(g.span.begin, g.span.end, [&] { return GivenDoc(g); });
  }

  Doc PartDoc(const char* word, const std::vector<ast::Field>& fields,
              size_t open) const {
    Span span = file_.module.span;
    span.begin = static_cast<uint32_t>(open);
    span.end = static_cast<uint32_t>(
        fields.empty() ? original().Find('}', open) + 1
                       : original().Find('}', End(*fields.back().value)) + 1);
    return Cat(Text(absl::StrCat(word, " ")),
               FieldsDoc(fields, span, original()));
  }

  Doc RequestDoc(const ast::TestRequest& r) {
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
      add(PartDoc("with", r.context, with), with,
          original().Find('}', end) + 1);
    }
    if (r.at != nullptr) {
      add(Cat(Text("at "), ExprDoc(*r.at, original())), r.at->span.begin,
          r.at->span.end);
    }
    return Concat(std::move(parts));
  }

  Doc ExpectDoc(const ast::Expect& e) {
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
        return Cat(Text("row "),
                   FieldsDoc(e.row.fields, e.row.span, original()),
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

  void Add(const ast::Test& t) {
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
  size_t ExpectBegin(size_t last, size_t begin) const {
    return last + original().Between(last, begin).rfind("expect");
  }

  Writer w_;
  const ast::File& file_;
  bool pending_blank_ = false;
};

}  // namespace
}  // namespace formatting

std::optional<std::string> FormatFile(const SourceFile& source,
                                      DiagnosticSink& sink) {
  DiagnosticSink own;
  std::unique_ptr<ast::File> file = ParseFile(source, own);
  const bool broken = own.has_errors();
  sink.Append(std::move(own));
  if (broken) return std::nullopt;
  std::string text = formatting::FileFormatter(source, *file).Run();
  // A layout that changed the meaning would be a fault of ours: then the text
  // stays as it is.
  const SourceFile formatted(source.path(), text);
  DiagnosticSink again;
  std::unique_ptr<ast::File> after = ParseFile(formatted, again);
  if (again.has_errors() || DumpAst(*after) != DumpAst(*file)) {
    return source.text();
  }
  return text;
}

}  // namespace bylaw
