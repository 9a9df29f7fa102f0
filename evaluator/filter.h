// Row filters: residual trees over a dataset's columns and constants, with
// SQL's three truth values. The VM builds them while it runs a row predicate
// (BuildFilter), composition joins them, sql.h renders them, and Evaluate
// applies one to a row in memory. Nodes live in the arena of a decision.
#ifndef BYLAW_EVALUATOR_FILTER_H_
#define BYLAW_EVALUATOR_FILTER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/bytecode/filter_op.h"
#include "evaluator/value.h"
#include "evaluator/world.h"

namespace bylaw {

// Protobuf reads messages that are nested 100 deep: what is deeper than this
// could not be read by those who ask, and all who walk a tree recurse.
inline constexpr uint32_t kMaxFilterDepth = 90;

struct FilterNode {
  FilterOp op = FilterOp::kConstant;
  Kind kind = Kind::kMissing;  // of a column as its dataset types it
  uint32_t depth = 1;          // of the tree below, itself included
  uint32_t num_operands = 0;
  const FilterNode* const* operands = nullptr;
  Value constant;           // kConstant
  std::string_view column;  // kColumn; kInColumn: the listed column
  std::string_view table;   // kInColumn: dataset id
  // kInColumn: SQL name of the list's table, as its `table` attribute or id.
  std::string_view table_name;
  std::string_view variable;  // spelled `r` in canonical text
};

// Makes the node `op` of `operands`, each a kFilter or a constant. Checks
// columns against the resource's columns: a column it lacks, a type that does
// not fit or a comparison with a column of unknown type fails with a message
// (an error of the rule). Folds true and false under and, or, not; nothing
// else. For kColumn, operands[0] is the column's name (kString) or the Column
// entity; for kInColumn operands are the row value, then dataset id and column
// name (kString).
bool BuildFilter(World& world, Cell resource, FilterOp op,
                 std::span<const Value> operands, Value* out,
                 std::string_view* error);

enum class Truth : uint8_t { kFalse, kTrue, kUnknown };

// A row in memory: the value of a column, missing where it has none; and the
// non-missing values of a listed dataset's column.
struct RowSource {
  std::function<Value(std::string_view column)> cell;
  std::function<std::vector<Value>(std::string_view table,
                                   std::string_view column)>
      list;
};
Truth EvaluateFilter(const FilterNode& filter, const World& world,
                     const RowSource& row);

// A predicate's value (kFilter, Bool or missing) as a node.
const FilterNode* FilterOf(World& world, const Value& v);
// All of them at once, true ones left out; nullptr if nothing is left.
const FilterNode* ConjoinFilters(World& world,
                                 std::span<const FilterNode* const> filters);
bool IsAlwaysTrue(const FilterNode& filter);

// As FilterNode.op says it in the protocol: "and", "==", "in column".
std::string_view FilterOpName(FilterOp op);

// The canonical text that `decide` prints (language.md, Tests).
std::string FilterText(const FilterNode& filter, const World& world);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_FILTER_H_
