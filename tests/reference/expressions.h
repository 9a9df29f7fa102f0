// The oracle's evaluation of typed expressions and row predicates.
#ifndef BYLAW_TESTS_REFERENCE_EXPRESSIONS_H_
#define BYLAW_TESTS_REFERENCE_EXPRESSIONS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/reference/model.h"

namespace bylaw::reference {

// A residual of a row predicate: SQL's three values over a dataset's columns.
struct Filter {
  enum class Op { kColumn, kConstant, kAnd, kOr, kNot, kOther, kInColumn };
  Op op = Op::kConstant;
  bool dropped = false;  // kNot of a `drop`: its operand keeps its brackets
  bool not_in = false;   // kNot written `x not in s`
  typed::Op other = typed::Op::kEq;  // kOther
  std::vector<std::shared_ptr<const Filter>> operands;
  Val constant;
  std::string column;  // kColumn; kInColumn: of the list
  std::string table;   // kInColumn
};
using FilterPtr = std::shared_ptr<const Filter>;

// What `r.x` and the listed datasets hold, to evaluate a filter.
struct Row {
  std::map<std::string, Val> cells;
  std::function<std::vector<Val>(const std::string& table,
                                 const std::string& column)>
      list;
};
// Missing: unknown.
std::optional<bool> Holds(const Filter& filter, const Row& row);
// The canonical text (language.md, Tests).
std::string TextOf(const Filter& filter, const Schema& schema);

using Locals = std::map<uint32_t, Val>;

// Roots of one request.
struct Roots {
  Val subject, resource, previous;
  uint32_t action = kNone;
  std::vector<Val> context;
  int64_t now = 0;
};

class Evaluator {
 public:
  Evaluator(const typed::Program& program, const Sight& sight, Roots roots)
      : program_(program), sight_(sight), roots_(std::move(roots)) {}

  // Throws Failure.
  Val Evaluate(const typed::Expr& e, const Locals& locals) const;
  bool Test(const typed::Expr* e, const Locals& locals) const {
    return e == nullptr || Evaluate(*e, locals).number != 0;
  }
  FilterPtr Residual(const typed::Expr& e, const Locals& locals) const;
  // As `because` texts print; the second is whether an interpolation erred.
  std::pair<std::string, bool> Text(const typed::Text& text,
                                    const Locals& locals) const;
  // Lets of the locals: raised where they are read.
  std::map<uint32_t, Failure>* broken_lets = nullptr;

  std::string Print(const Val& v) const;
  bool HasColumn(const Val& owner, const std::string& name) const;
  Roots& roots() { return roots_; }
  const Roots& roots() const { return roots_; }
  const Sight& sight() const { return sight_; }

 private:
  Val Quantifier(const typed::Expr& e, const Locals& locals) const;
  Val Arithmetic(const typed::Expr& e, const Val& a, const Val& b) const;
  bool Member(const Val& x, const Val& set, bool below) const;
  bool Below(const Val& a, const Val& b) const;
  Val ColumnType(const Val& owner, const std::string& name) const;
  Kind KindOfColumn(const Val& type) const;
  Kind RowKind(const Filter& operand) const;
  void CheckRowTypes(const Filter& f) const;
  void CheckList(const Filter& operand, const std::string& table,
                 const std::string& column) const;

  const typed::Program& program_;
  const Sight& sight_;
  Roots roots_;
};

bool LikeMatches(const std::string& text, const std::string& pattern);

}  // namespace bylaw::reference

#endif  // BYLAW_TESTS_REFERENCE_EXPRESSIONS_H_
