#include "evaluator/value_order.h"

#include <algorithm>

namespace bylaw {
namespace {

template <typename T>
int Compare(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

}  // namespace

int CompareValues(const Value& a, const Value& b) {
  if (a.kind != b.kind) return Compare(a.kind, b.kind);
  switch (a.kind) {
    case Kind::kMissing:
    case Kind::kFilter:
      return 0;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kDecimal:
    case Kind::kDate:
    case Kind::kTime:
    case Kind::kDuration:
    case Kind::kPeriod:
      return Compare(a.number, b.number);
    case Kind::kString:
    case Kind::kTerm:
      return Compare(a.size, b.size);
    case Kind::kEntity:
      return Compare(a.entity(), b.entity());
    case Kind::kIp:
      return Compare(*a.ip, *b.ip);
    case Kind::kVersion:
      return Compare(*a.version, *b.version);
    case Kind::kRecord:
    case Kind::kSet:
    case Kind::kList: {
      const uint32_t n = std::min(a.size, b.size);
      const bool cells = a.kind != Kind::kRecord && IsCellKind(a.element) &&
                         IsCellKind(b.element);
      for (uint32_t i = 0; i < n; ++i) {
        const int c =
            cells ? Compare(a.cells[i] & kEntityMask, b.cells[i] & kEntityMask)
                  : CompareValues(a.values[i], b.values[i]);
        if (c != 0) return c;
      }
      return Compare(a.size, b.size);
    }
    case Kind::kMap: {
      const uint32_t n = std::min(a.size, b.size);
      for (uint32_t i = 0; i < n; ++i) {
        int c = Compare(a.entries[i].key, b.entries[i].key);
        if (c == 0) c = CompareValues(a.entries[i].value, b.entries[i].value);
        if (c != 0) return c;
      }
      return Compare(a.size, b.size);
    }
  }
  return 0;
}

uint64_t CountElements(std::span<const Value> parts, uint64_t most) {
  uint64_t n = parts.size();
  for (const Value& v : parts) {
    if (n > most) return n;
    switch (v.kind) {
      case Kind::kSet:
      case Kind::kList:
        n += IsCompound(v.element) ? CountElements({v.values, v.size}, most - n)
                                   : v.size / (IsCellKind(v.element) ? 8 : 1);
        break;
      case Kind::kRecord:
        n += CountElements({v.values, v.size}, most - n);
        break;
      case Kind::kMap:
        for (uint32_t i = 0; i < v.size && n <= most; ++i)
          n += CountElements({&v.entries[i].value, 1}, most - n);
        break;
      default:
        break;
    }
  }
  return n;
}

uint32_t SortCells(Cell* cells, uint32_t n) {
  // Of one entity in both views the proposal's stands first, and stays.
  const auto less = [](Cell a, Cell b) {
    const Cell x = a & kEntityMask, y = b & kEntityMask;
    return x != y ? x < y : a < b;
  };
  const auto same = [](Cell a, Cell b) {
    return (a & kEntityMask) == (b & kEntityMask);
  };
  if (!std::is_sorted(cells, cells + n, less))
    std::sort(cells, cells + n, less);
  return static_cast<uint32_t>(std::unique(cells, cells + n, same) - cells);
}

uint32_t SortValues(Value* values, uint32_t n) {
  std::sort(values, values + n, [](const Value& a, const Value& b) {
    return CompareValues(a, b) < 0;
  });
  return static_cast<uint32_t>(std::unique(values, values + n,
                                           [](const Value& a, const Value& b) {
                                             return CompareValues(a, b) == 0;
                                           }) -
                               values);
}

Value EmptyCollection(Kind kind, Kind element) {
  Value v;
  v.kind = kind;
  v.element = element;
  return v;
}

Value CellCollection(Kind kind, Kind element, std::span<const Cell> cells) {
  Value v = EmptyCollection(kind, element);
  v.size = static_cast<uint32_t>(cells.size());
  v.cells = cells.data();
  return v;
}

Value MakeCollection(Arena& arena, Kind kind, Kind element,
                     std::span<const Value> elements) {
  Value v = EmptyCollection(kind, element);
  uint32_t n = static_cast<uint32_t>(elements.size());
  if (IsCellKind(element)) {
    Cell* cells = arena.New<Cell>(n);
    for (uint32_t i = 0; i < n; ++i) cells[i] = elements[i].size;
    if (kind == Kind::kSet) n = SortCells(cells, n);
    v.cells = cells;
  } else {
    Value* values = arena.New<Value>(n);
    std::copy(elements.begin(), elements.end(), values);
    if (kind == Kind::kSet) n = SortValues(values, n);
    v.values = values;
  }
  v.size = n;
  return v;
}

}  // namespace bylaw
