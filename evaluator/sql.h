// Masks and row filters as SQL, with the meaning the engine gives them.
//
// PostgreSQL filters carry bound parameters ($1 …); Trino, whose contract has
// none, and masks carry literals, typed and escaped. Identifiers are always
// quoted. A Time is a timestamp with time zone in both. Free functions without
// state.
#ifndef BYLAW_EVALUATOR_SQL_H_
#define BYLAW_EVALUATOR_SQL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/filter.h"
#include "evaluator/mask.h"
#include "evaluator/node.h"
#include "evaluator/world.h"

namespace bylaw {

enum class SqlDialect : uint8_t { kNone, kPostgres, kTrino };

// "postgres", "trino": the keys of the manifest's `sql`.
std::string_view SqlDialectName(SqlDialect dialect);

// The expression that stands for the column. `hash_function` is what the
// manifest names for the dialect; hash is NULL without one.
std::string MaskSql(const FittedMask& mask, Kind type, std::string_view column,
                    SqlDialect dialect, std::string_view hash_function,
                    const World& world);

struct SqlFilter {
  std::string text;
  std::vector<Node> parameters;  // of $1, $2 …; none in Trino
};
SqlFilter FilterSql(const FilterNode& filter, SqlDialect dialect,
                    const World& world);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_SQL_H_
