// Comparison and membership.
#include <algorithm>
#include <span>

#include "evaluator/limits.h"
#include "evaluator/ops.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

constexpr uint32_t kLinearSearch = 16;  // below, a scan beats a bisection

Test ToTest(bool b) { return b ? Test::kTrue : Test::kFalse; }

Test Mismatch(OpContext& cx, std::string_view what, const Value& a,
              const Value& b) {
  cx.Fail({"`", what, "` cannot take ", KindName(a.kind), " and ",
           KindName(b.kind)});
  return Test::kError;
}

bool IsSetOrList(const Value& v) {
  return v.kind == Kind::kSet || v.kind == Kind::kList;
}

// What stands in the collection as cells; empty for one of other values.
std::span<const Cell> CellsOf(const Value& v) {
  if (v.size == 0 || !IsCellKind(v.element)) return {};
  return {v.cells, v.size};
}

// What comparing the value with another meets at most.
bool ChargeComparison(OpContext& cx, const Value& v) {
  const uint64_t n =
      IsSetOrList(v) && !IsCompound(v.element)
          ? v.size
          : CountElements({&v, 1}, cx.most_steps * kElementsPerStep);
  return cx.Work(n / kElementsPerStep);
}

// A missing value is no collection, but where one is expected it has no
// elements; anything else is a mismatch.
bool Collection(OpContext& cx, std::string_view what, const Value& a,
                const Value& set, Test* result) {
  if (IsSetOrList(set)) {
    if (ChargeComparison(cx, set)) return true;
    *result = Test::kError;
    return false;
  }
  *result = set.missing() ? Test::kFalse : Mismatch(cx, what, a, set);
  return false;
}

bool IsBelowTerm(const Schema& schema, Cell term, Cell ancestor) {
  return ancestor < schema.terms.size() && schema.IsBelow(term, ancestor);
}

// a is b, or below it; both of the same cell kind.
bool IsCellBelow(const World& world, Kind kind, Cell a, Cell b) {
  switch (kind) {
    case Kind::kTerm:
      return IsBelowTerm(world.schema(), a, b);
    case Kind::kEntity:
      return world.IsWithin(a, b);
    default:
      return a == b;
  }
}

bool IsCellIn(const Value& set, Cell cell) {
  const std::span<const Cell> cells = CellsOf(set);
  const Cell wanted = set.element == Kind::kEntity ? cell & kEntityMask : cell;
  const Cell mask = set.element == Kind::kEntity ? kEntityMask : ~Cell{0};
  if (set.kind == Kind::kList || cells.size() <= kLinearSearch) {
    bool found = false;
    for (Cell c : cells) found |= (c & mask) == wanted;
    return found;
  }
  auto it = std::lower_bound(cells.begin(), cells.end(), wanted,
                             [mask](Cell a, Cell b) { return (a & mask) < b; });
  return it != cells.end() && (*it & mask) == wanted;
}

// x is, or is below, one of the cells.
bool IsBelowOneOf(OpContext& cx, const Value& set, Cell x) {
  const std::span<const Cell> cells = CellsOf(set);
  if (set.element != Kind::kEntity || cells.size() <= 2) {
    for (Cell c : cells)
      if (IsCellBelow(cx.world, set.element, x, c)) return true;
    return false;
  }
  for (Cell a : cx.world.Ancestors(x)) {
    if (IsCellIn(set, a)) return true;
  }
  return false;
}

}  // namespace

bool OpContext::Fail(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (std::string_view p : parts) size += p.size();
  char* text = world.arena().New<char>(size);
  char* at = text;
  for (std::string_view p : parts) at = std::copy(p.begin(), p.end(), at);
  error = {text, size};
  return false;
}

std::string_view KindName(Kind kind) {
  static constexpr std::string_view kNames[] = {"a missing value",
                                                "Bool",
                                                "Int",
                                                "Decimal",
                                                "String",
                                                "Date",
                                                "Time",
                                                "Duration",
                                                "Period",
                                                "IP",
                                                "Version",
                                                "a term",
                                                "an entity",
                                                "a record",
                                                "Set",
                                                "List",
                                                "Map",
                                                "a row's value"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view DescribeEntity(const World& world, Cell entity) {
  const uint32_t type = world.TypeOf(entity);
  OpContext cx{const_cast<World&>(world), {}};
  cx.Fail({type < world.schema().entities.size()
               ? std::string_view(world.schema().entities[type].name)
               : std::string_view("entity"),
           " \"", world.IdOf(entity), "\""});
  return cx.error;
}

Test IsEqual(OpContext& cx, const Value& a, const Value& b) {
  if (a.kind != b.kind) {
    if (a.missing() || b.missing()) return Test::kFalse;
    return Mismatch(cx, "==", a, b);
  }
  switch (a.kind) {
    case Kind::kMissing:
      return Test::kFalse;
    case Kind::kString:
    case Kind::kTerm:
      return ToTest(a.size == b.size);
    case Kind::kEntity:
      return ToTest(a.entity() == b.entity());
    case Kind::kFilter:
      return Mismatch(cx, "==", a, b);
    case Kind::kSet:
    case Kind::kList:
    case Kind::kMap:
    case Kind::kRecord:
      if (a.size != b.size) return Test::kFalse;
      if (!ChargeComparison(cx, a)) return Test::kError;
      return ToTest(CompareValues(a, b) == 0);
    case Kind::kIp:
    case Kind::kVersion:
      return ToTest(CompareValues(a, b) == 0);
    default:
      return ToTest(a.number == b.number);
  }
}

namespace {

// <0, 0, >0 in `order`; false (with an error) if the values have no order.
bool Order(OpContext& cx, std::string_view what, const Value& a, const Value& b,
           int* order) {
  if (a.kind == b.kind) {
    switch (a.kind) {
      case Kind::kInt:
      case Kind::kDecimal:
      case Kind::kDate:
      case Kind::kTime:
      case Kind::kDuration:
      case Kind::kPeriod:
      case Kind::kTerm:
      case Kind::kVersion:
        *order = CompareValues(a, b);
        return true;
      case Kind::kString:
        *order = cx.world.Text(a.size).compare(cx.world.Text(b.size));
        return true;
      default:
        break;
    }
  }
  Mismatch(cx, what, a, b);
  return false;
}

}  // namespace

Test IsLess(OpContext& cx, const Value& a, const Value& b) {
  int order = 0;
  if (!Order(cx, "<", a, b, &order)) return Test::kError;
  return ToTest(order < 0);
}

Test IsLessOrEqual(OpContext& cx, const Value& a, const Value& b) {
  int order = 0;
  if (!Order(cx, "<=", a, b, &order)) return Test::kError;
  return ToTest(order <= 0);
}

Test IsIn(OpContext& cx, const Value& x, const Value& set) {
  Test result;
  if (!Collection(cx, "in", x, set, &result)) return result;
  if (x.missing() || set.size == 0) return Test::kFalse;
  if (x.kind != set.element) {
    // Elements of one kind stand in a set; an element of another is a mistake.
    return Mismatch(cx, "in", x, set);
  }
  if (IsCellKind(x.kind)) return ToTest(IsCellIn(set, x.size));
  for (uint32_t i = 0; i < set.size; ++i) {
    if (CompareValues(set.values[i], x) == 0) return Test::kTrue;
  }
  return Test::kFalse;
}

Test IsInBelow(OpContext& cx, const Value& x, const Value& set) {
  if (x.kind != Kind::kTerm && x.kind != Kind::kEntity) return IsIn(cx, x, set);
  Test result;
  if (!Collection(cx, "in", x, set, &result)) return result;
  if (set.size == 0) return Test::kFalse;
  if (x.kind != set.element) return Mismatch(cx, "in", x, set);
  return ToTest(IsBelowOneOf(cx, set, x.size));
}

Test HasBelow(OpContext& cx, const Value& set, const Value& x) {
  if (x.kind != Kind::kTerm && x.kind != Kind::kEntity) return IsIn(cx, x, set);
  Test result;
  if (!Collection(cx, "has", x, set, &result)) return result;
  if (set.size == 0) return Test::kFalse;
  if (x.kind != set.element) return Mismatch(cx, "has", set, x);
  for (Cell c : CellsOf(set)) {
    if (IsCellBelow(cx.world, x.kind, c, x.size)) return Test::kTrue;
  }
  return Test::kFalse;
}

namespace {

// `test(element of a, b)` for some element.
template <typename F>
Test AnyOf(OpContext& cx, const Value& a, const Value& b, F test) {
  Test result;
  if (!Collection(cx, "overlaps", b, a, &result)) return result;
  if (!Collection(cx, "overlaps", a, b, &result)) return result;
  if (a.size == 0 || b.size == 0) return Test::kFalse;
  if (a.element != b.element) return Mismatch(cx, "overlaps", a, b);
  const bool cells = IsCellKind(a.element);
  for (uint32_t i = 0; i < a.size; ++i) {
    const Test t =
        test(cells ? Value::OfCell(a.element, a.cells[i]) : a.values[i], b);
    if (t != Test::kFalse) return t;
  }
  return Test::kFalse;
}

}  // namespace

Test Overlaps(OpContext& cx, const Value& a, const Value& b) {
  return AnyOf(cx, a, b, [&cx](const Value& x, const Value& set) {
    return IsIn(cx, x, set);
  });
}

Test OverlapsBelow(OpContext& cx, const Value& a, const Value& b) {
  return AnyOf(cx, a, b, [&cx](const Value& x, const Value& set) {
    return IsInBelow(cx, x, set);
  });
}

Test IsWithin(OpContext& cx, const Value& a, const Value& b) {
  if (b.kind == Kind::kSet || b.kind == Kind::kList) return IsInBelow(cx, a, b);
  if (a.missing() || b.missing()) return Test::kFalse;
  if (a.kind != b.kind || (a.kind != Kind::kTerm && a.kind != Kind::kEntity))
    return Mismatch(cx, "within", a, b);
  return ToTest(IsCellBelow(cx.world, a.kind, a.size, b.size));
}

Test IsIpWithin(OpContext& cx, const Value& a, const Value& b) {
  if (a.missing() || b.missing()) return Test::kFalse;
  if (a.kind == Kind::kIp && b.kind == Kind::kIp)
    return ToTest(IpWithin(*a.ip, *b.ip));
  if (a.kind == Kind::kIp && IsSetOrList(b) &&
      (b.size == 0 || b.element == Kind::kIp)) {
    if (!ChargeComparison(cx, b)) return Test::kError;
    for (uint32_t i = 0; i < b.size; ++i)
      if (IpWithin(*a.ip, *b.values[i].ip)) return Test::kTrue;
    return Test::kFalse;
  }
  return Mismatch(cx, "within", a, b);
}

namespace {

const MapEntry* FindKey(const Value& map, Symbol key) {
  const MapEntry* end = map.entries + map.size;
  const MapEntry* it =
      std::lower_bound(map.entries, end, key,
                       [](const MapEntry& e, Symbol k) { return e.key < k; });
  return it != end && it->key == key ? it : nullptr;
}

}  // namespace

Test HasKey(OpContext& cx, const Value& map, const Value& key) {
  if (map.missing() || key.missing()) return Test::kFalse;
  if (map.kind != Kind::kMap || key.kind != Kind::kString)
    return Mismatch(cx, "has", map, key);
  return ToTest(map.size > 0 && FindKey(map, key.size) != nullptr);
}

bool MapGet(OpContext& cx, const Value& map, const Value& key, Value* out) {
  *out = Value::Missing();
  if (map.missing() || key.missing()) return true;
  if (map.kind != Kind::kMap || key.kind != Kind::kString) {
    Mismatch(cx, "[]", map, key);
    return false;
  }
  if (map.size == 0) return true;
  if (const MapEntry* e = FindKey(map, key.size)) *out = e->value;
  return true;
}

Test HasColumn(OpContext& cx, const Value& owner, const Value& column) {
  if (owner.kind != Kind::kEntity ||
      (column.kind != Kind::kString && column.kind != Kind::kEntity))
    return Mismatch(cx, "has_column", owner, column);
  const EntityRecord* record = cx.world.Find(owner.size);
  if (record == nullptr) {
    cx.Fail({DescribeEntity(cx.world, owner.size), " is not known"});
    return Test::kError;
  }
  const Schema::Selectable* s = cx.world.schema().FindSelectable(record->type);
  if (s == nullptr) {
    cx.Fail({DescribeEntity(cx.world, owner.size), " has no columns"});
    return Test::kError;
  }
  if (column.kind == Kind::kString)
    return ToTest(cx.world.ColumnNamed(owner.size, *s, column.size) != kNone);
  return IsIn(cx, column, cx.world.Attribute(owner.size, s->columns_slot));
}

Test IsEmpty(OpContext& cx, const Value& v) {
  switch (v.kind) {
    case Kind::kMissing:
      return Test::kTrue;
    case Kind::kSet:
    case Kind::kList:
    case Kind::kMap:
      return ToTest(v.size == 0);
    case Kind::kString:
      return ToTest(cx.world.Text(v.size).empty());
    default:
      cx.Fail({"`is empty` cannot take ", KindName(v.kind)});
      return Test::kError;
  }
}

namespace {

// Where `part` begins in `text`. In linear time, which string_view::find does
// not promise: texts are chosen by authors of facts and requests.
size_t Find(std::string_view text, std::string_view part) {
  if (part.empty()) return 0;
  const void* at = memmem(text.data(), text.size(), part.data(), part.size());
  return at == nullptr ? std::string_view::npos
                       : static_cast<const char*>(at) - text.data();
}

template <typename F>
Test OnTexts(OpContext& cx, std::string_view what, const Value& a,
             const Value& b, F test) {
  if (a.kind != Kind::kString || b.kind != Kind::kString)
    return Mismatch(cx, what, a, b);
  const std::string_view text = cx.world.Text(a.size);
  if (!cx.Work(text.size() / 64)) return Test::kError;
  return ToTest(test(text, cx.world.Text(b.size)));
}

}  // namespace

Test StartsWith(OpContext& cx, const Value& text, const Value& part) {
  return OnTexts(cx, "starts with", text, part,
                 [](std::string_view a, std::string_view b) {
                   return a.substr(0, b.size()) == b;
                 });
}

Test EndsWith(OpContext& cx, const Value& text, const Value& part) {
  return OnTexts(
      cx, "ends with", text, part, [](std::string_view a, std::string_view b) {
        return a.size() >= b.size() && a.substr(a.size() - b.size()) == b;
      });
}

Test Contains(OpContext& cx, const Value& text, const Value& part) {
  return OnTexts(cx, "contains", text, part,
                 [](std::string_view a, std::string_view b) {
                   return Find(a, b) != std::string_view::npos;
                 });
}

Test IsLike(OpContext& cx, const Value& text, const Value& pattern) {
  return OnTexts(cx, "like", text, pattern, LikeMatches);
}

bool LikeMatches(std::string_view text, std::string_view pattern) {
  // Pieces between stars, each at its first place after the one before.
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  while (true) {
    const size_t next = pattern.find('*');
    if (next == std::string_view::npos)
      return text.size() >= pattern.size() &&
             text.substr(text.size() - pattern.size()) == pattern;
    const size_t at = Find(text, pattern.substr(0, next));
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + next);
    pattern.remove_prefix(next + 1);
  }
}

}  // namespace bylaw
