// Scopes and waivers (format_file.h).

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dsl/format_expr.h"
#include "dsl/format_file.h"

namespace bylaw::formatting {

std::string FileFormatter::GovernsHead(const ast::Governs& g) {
  return absl::StrCat("governs ", g.type.Text(), As(g.variable));
}

void FileFormatter::Add(const ast::Scope& s) {
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
               !original().BreaksBetween(end, g.where->Whole().begin)) {
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
    items.push_back({path.span.begin, path.span.end,
                     [&path] { return Text("may override " + path.Text()); }});
  }
  PlainBlock(s.span, header, original().Find('{', s.name.span.end), items);
}

void FileFormatter::Add(const ast::Waiver& w) {
  std::vector<Item> items;
  items.push_back({w.type.span.begin,
                   w.where != nullptr ? End(*w.where)
                   : w.variable       ? w.variable.span.end
                                      : w.type.span.end,
                   [this, &w] {
                     std::vector<Clause> clauses;
                     Guard("where", w.where, &clauses);
                     return WithClauses(Text(absl::StrCat("on ", w.type.Text(),
                                                          As(w.variable))),
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

}  // namespace bylaw::formatting
