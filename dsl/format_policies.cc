// Policies and their rules (format_file.h).

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/format.h"
#include "dsl/format_expr.h"
#include "dsl/format_file.h"

namespace bylaw::formatting {

void FileFormatter::Add(const ast::Policy& p) {
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
    if (i > 0 && !original().BreaksBetween(items[i - 1].end, items[i].begin)) {
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

void FileFormatter::RuleBlock(size_t begin, const Doc& header, size_t open,
                              size_t end, const std::vector<ast::Rule>& rules) {
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

Doc FileFormatter::InlineRules(const std::vector<ast::Rule>& rules) {
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

bool FileFormatter::Aligns(const ast::Rule& rule) {
  return rule.kind == ast::RuleKind::kMask || rule.kind == ast::RuleKind::kHide;
}

void FileFormatter::Rules(const std::vector<ast::Rule>& rules) {
  size_t i = 0;
  while (i < rules.size()) {
    size_t stop = i;
    while (stop < rules.size() && Aligns(rules[stop]) &&
           (stop == i ||
            !HasBlankLine(rules[stop - 1].span.end, rules[stop].span.begin))) {
      ++stop;
    }
    const int width = stop > i + 1 ? ColumnOf(rules, i, stop) : 0;
    do {
      AddRule(rules[i], width);
      ++i;
    } while (i < stop);
  }
}

bool FileFormatter::HasBlankLine(size_t begin, size_t end) const {
  const std::string_view text = original().Between(begin, end);
  return std::count(text.begin(), text.end(), '\n') > 1;
}

int FileFormatter::ColumnOf(const std::vector<ast::Rule>& rules, size_t begin,
                            size_t end) {
  int widest = 0;
  int narrowest = kFormatColumns;
  int longest = 0;
  int guarded = 0;
  for (size_t i = begin; i < end; ++i) {
    const ast::Rule& rule = rules[i];
    const ast::Expr* guard =
        rule.when != nullptr ? rule.when.get() : rule.unless.get();
    if (guard == nullptr) continue;
    if (original().BreaksBetween(HeadEnd(rule), guard->Whole().begin) ||
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

size_t FileFormatter::HeadEnd(const ast::Rule& rule) const {
  switch (rule.kind) {
    case ast::RuleKind::kMask:
      return rule.mask.span.end;
    case ast::RuleKind::kHide:
      return rule.target.span.end;
    case ast::RuleKind::kKeepRows:
    case ast::RuleKind::kDropRows:
      return End(*rule.value);
    case ast::RuleKind::kRequire: {
      if (rule.arguments.empty()) return rule.path.span.end;
      return original().Find(')', End(*rule.arguments.back().value)) + 1;
    }
    default:
      return rule.keyword_span.end;
  }
}

Doc FileFormatter::RuleHead(const ast::Rule& r) {
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
                                                      g.where->Whole().begin);
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

Doc FileFormatter::RuleDoc(const ast::Rule& r, int column) {
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

Doc FileFormatter::WithTexts(const ast::Rule& r, Doc rule, size_t last) const {
  const Span because = r.because->span;
  const Span help = r.help == nullptr ? because : r.help->span;
  Doc first = Cat(Text("because "), TextsDoc(because, 8, original()));
  const bool broke =
      original().BreaksBetween(last, because.begin) ||
      (r.help != nullptr && original().BreaksBetween(because.end, help.begin));
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

void FileFormatter::AddRule(const ast::Rule& r, int column) {
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

}  // namespace bylaw::formatting
