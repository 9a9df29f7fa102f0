#ifndef BYLAW_DSL_FORMAT_FILE_H_
#define BYLAW_DSL_FORMAT_FILE_H_

// One file in the making: the tree is walked in the order of the source, and
// each declaration becomes a document (format_doc.h) for the writer
// (format_writer.h). Private to the formatter (format.h); used once, by one
// thread.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "dsl/ast.h"
#include "dsl/format_doc.h"
#include "dsl/format_writer.h"

namespace bylaw::formatting {

// `A, B`.
std::string JoinPaths(const std::vector<ast::Path>& paths);
// ` as NAME`, nothing without a name.
std::string As(const ast::Name& name);

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

  std::string Run();

 private:
  using DocOf = std::function<Doc()>;
  struct Item {
    size_t begin;
    size_t end;
    DocOf doc;
  };

  const Original& original() const { return w_.original; }

  // Before something that begins here.
  void Reach(size_t begin);
  // A thing without things inside.
  void Leaf(size_t begin, size_t end, const DocOf& doc);
  // A header, up to and with its `{`, and what stands in it. `open` is the
  // offset of the bracket, `end` the offset after its partner.
  void Block(size_t begin, const Doc& header, size_t open, size_t end,
             const std::function<void()>& inside);
  // Whether what stands in [open, end) is on one line, without comments.
  bool Inline(size_t open, size_t end) const;
  bool FitsLine(const Doc& doc) const;
  static Doc Braces(const std::vector<Doc>& parts, const char* separator);
  // A header and elements with commas in curly brackets.
  void CommaBlock(size_t begin, const std::string& header, size_t open,
                  size_t end, const std::vector<Item>& items);
  void CommaItems(const std::vector<Item>& items, size_t close);
  // `head = value`: on one line, or the value below; a list that is opened
  // begins on the line of its name unless the author put it below.
  Doc Assigned(Doc head, size_t head_end, const ast::Expr& expr, Doc value,
               int nest) const;
  // The doc of a header with its guards, each on the line where the author put
  // it, or, if they are to `spread`, each on its own where one line is too
  // short.
  Doc WithClauses(Doc head, size_t head_end, const std::vector<Clause>& clauses,
                  bool spread = false) const;
  void Guard(const char* word, const ast::ExprPtr& expr,
             std::vector<Clause>* out) const;
  // Items without commas, each on its line.
  void PlainBlock(Span span, const std::string& header, size_t open,
                  std::vector<Item>& items);
  // After the brackets that the author put around it.
  size_t End(const ast::Expr& e) const { return e.Whole().end; }

  // Schema and definitions (format_schema.cc).
  Doc AttributeDoc(const ast::Attribute& a) const;
  std::vector<Item> AttributeItems(
      const std::vector<ast::Attribute>& attributes) const;
  // On one line, or broken like arguments.
  Doc ParametersDoc(const std::vector<ast::Attribute>& attributes) const;
  static std::string TermHead(const ast::Term& term);
  // Terms as one document, each level opened as the author opened it.
  Doc TermDoc(const ast::Term& term) const;
  void Add(const ast::Vocabulary& v);
  void Add(const ast::Entity& e);
  void Add(const ast::RecordType& r);
  void Add(const ast::UnionType& u);
  void Add(const ast::Action& a);
  void Add(const ast::ActionGroup& g);
  void Add(const ast::Obligation& o);
  void Add(const ast::Def& d);
  void Add(const ast::MaskDef& m);

  // Scopes and waivers (format_scopes.cc).
  static std::string GovernsHead(const ast::Governs& g);
  void Add(const ast::Scope& s);
  void Add(const ast::Waiver& w);

  // Policies (format_policies.cc).
  void Add(const ast::Policy& p);
  void RuleBlock(size_t begin, const Doc& header, size_t open, size_t end,
                 const std::vector<ast::Rule>& rules);
  Doc InlineRules(const std::vector<ast::Rule>& rules);
  // Masks one below the other have their guards in a column.
  static bool Aligns(const ast::Rule& rule);
  void Rules(const std::vector<ast::Rule>& rules);
  bool HasBlankLine(size_t begin, size_t end) const;
  // The width of the widest head whose guard is to stand in the column, 0 if
  // there is no column.
  int ColumnOf(const std::vector<ast::Rule>& rules, size_t begin, size_t end);
  size_t HeadEnd(const ast::Rule& rule) const;
  Doc RuleHead(const ast::Rule& r);
  Doc RuleDoc(const ast::Rule& r, int column);
  // `because` and `help` behind the rule if it is short and the author broke no
  // line; else each on its line, `help` as wide as `because`.
  Doc WithTexts(const ast::Rule& r, Doc rule, size_t last) const;
  void AddRule(const ast::Rule& r, int column);

  // Tests (format_tests.cc).
  Doc GivenDoc(const ast::Given& g) const;
  void Add(const ast::Given& g);
  Doc PartDoc(const char* word, const std::vector<ast::Field>& fields,
              size_t open) const;
  Doc RequestDoc(const ast::TestRequest& r);
  Doc ExpectDoc(const ast::Expect& e);
  void Add(const ast::Test& t);
  size_t ExpectBegin(size_t last, size_t begin) const;

  Writer w_;
  const ast::File& file_;
  bool pending_blank_ = false;
};

}  // namespace bylaw::formatting

#endif  // BYLAW_DSL_FORMAT_FILE_H_
