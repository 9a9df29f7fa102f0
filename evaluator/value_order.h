// The total order of values in which sets stand, and by which they are
// compared: numbers by size, strings and terms by number, entities by number
// without their view, records and lists by element. No state.
#ifndef BYLAW_EVALUATOR_VALUE_ORDER_H_
#define BYLAW_EVALUATOR_VALUE_ORDER_H_

#include <cstdint>
#include <span>

#include "evaluator/arena.h"
#include "evaluator/value.h"

namespace bylaw {

// Negative, 0 or positive. Values of different kinds stand by kind.
int CompareValues(const Value& a, const Value& b);

// What walking the parts meets, they and all that they hold; it stops beyond
// `most`. Sets and lists of cells count one for eight.
uint64_t CountElements(std::span<const Value> parts, uint64_t most);

// Puts elements in order and drops repetitions; returns how many are left.
uint32_t SortCells(Cell* cells, uint32_t n);
uint32_t SortValues(Value* values, uint32_t n);

// A set or list of `element`, its elements copied into the arena. Sets are
// put in order.
Value MakeCollection(Arena& arena, Kind kind, Kind element,
                     std::span<const Value> elements);
// REQUIRES: IsCellKind(element). `cells` is not copied and, for a set, must be
// in order.
Value CellCollection(Kind kind, Kind element, std::span<const Cell> cells);
// An empty set, list or map.
Value EmptyCollection(Kind kind, Kind element);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_VALUE_ORDER_H_
