// Masks and their lattice (decisions.md): fitted to a column's type, compared,
// joined, and applied to a value. Rendered as SQL by sql.h.
//
// Values of these types are immutable and live in the arena of a decision.
#ifndef BYLAW_EVALUATOR_MASK_H_
#define BYLAW_EVALUATOR_MASK_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "compiler/bytecode/mask_kind.h"
#include "evaluator/arena.h"
#include "evaluator/value.h"
#include "evaluator/world.h"

namespace bylaw {

enum class TruncateUnit : uint8_t { kHour, kDay, kMonth, kYear };

// A mask fitted to a type: an element of the lattice for that type.
struct FittedMask {
  MaskKind kind = MaskKind::kNone;  // kShowLast covers shows from the end
  // kShowFirst, kShowLast: characters shown, and the length up to which a
  // value becomes all x. kNetwork: bits of IPv4 and IPv6.
  uint64_t n = 0, k = 0;
  TruncateUnit unit = TruncateUnit::kHour;
  int64_t step = 0;  // kRound: of Int, or millionths of a Decimal
  Value constant;    // kConstant
};

// The column's type as a Kind; kMissing if it is unknown, kRecord for object,
// kList for array.
Kind ColumnKind(const Schema& schema, const Value& column_type);

// Fits a mask with these arguments to a column of `type`: one that does not
// fit, or any but none, null and hide on an unknown type, becomes null. False
// with a message if an argument is out of range (an error of the rule).
// Arguments: show_first, show_last an Int; truncate the unit as a String;
// round an Int or Decimal; network two Ints; constant the value.
bool FitMask(MaskKind mask, std::span<const Value> arguments, Kind type,
             const World& world, FittedMask* out, std::string_view* error);

// As policies write it: "show_last"; hide is "hide".
std::string_view MaskName(MaskKind kind);
std::string_view TruncateUnitName(TruncateUnit unit);

// The least mask that is no weaker than either. REQUIRES: both are fitted to
// `type`. Commutative, associative, idempotent.
FittedMask JoinMasks(const FittedMask& a, const FittedMask& b, Kind type);
bool SameMask(const FittedMask& a, const FittedMask& b);

// The masked value. `key` is the mesh's key for hash. Strings are interned in
// `world`; a missing value stays so but under constant, redact and null.
Value ApplyMask(const FittedMask& mask, Kind type, const Value& value,
                std::string_view key, World& world);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_MASK_H_
