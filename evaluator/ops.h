// What opcodes do with values: comparison, membership, text, numbers, time.
// Every function checks the kinds it is given, so that no value can be taken
// for another; what it cannot do is an error of the language, with a message.
//
// Free functions; all state is in the context of one run.
#ifndef BYLAW_EVALUATOR_OPS_H_
#define BYLAW_EVALUATOR_OPS_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "evaluator/limits.h"
#include "evaluator/value.h"
#include "evaluator/world.h"

namespace bylaw {

struct OpContext {
  World& world;
  std::string_view error;  // of the operation that failed
  uint64_t steps = 0;      // work beyond one instruction, to be charged
  uint64_t text_bytes = kMaxTextBytes;    // that a text may have
  uint64_t most_steps = kDecisionBudget;  // that are left; more is an error

  // Sets `error` to the parts joined, in the arena. Always false.
  bool Fail(std::initializer_list<std::string_view> parts);
  // Notes work beyond one instruction; false once it is more than is left, so
  // that whoever charges next stops.
  bool Work(uint64_t more) {
    steps += more;
    return steps <= most_steps || Fail({"too much work"});
  }
};

enum class Test : int8_t { kFalse = 0, kTrue = 1, kError = -1 };

// Relations. A missing operand is equal to, in, below and within nothing.
Test IsEqual(OpContext& cx, const Value& a, const Value& b);
Test IsLess(OpContext& cx, const Value& a, const Value& b);
Test IsLessOrEqual(OpContext& cx, const Value& a, const Value& b);
Test IsIn(OpContext& cx, const Value& x, const Value& set);
Test IsInBelow(OpContext& cx, const Value& x, const Value& set);
Test HasBelow(OpContext& cx, const Value& set, const Value& x);
Test Overlaps(OpContext& cx, const Value& a, const Value& b);
Test OverlapsBelow(OpContext& cx, const Value& a, const Value& b);
Test IsWithin(OpContext& cx, const Value& a, const Value& b);
Test IsIpWithin(OpContext& cx, const Value& a, const Value& b);
Test HasKey(OpContext& cx, const Value& map, const Value& key);
Test HasColumn(OpContext& cx, const Value& owner, const Value& column);
Test StartsWith(OpContext& cx, const Value& text, const Value& part);
Test EndsWith(OpContext& cx, const Value& text, const Value& part);
Test Contains(OpContext& cx, const Value& text, const Value& part);
Test IsLike(OpContext& cx, const Value& text, const Value& pattern);
Test IsEmpty(OpContext& cx, const Value& collection);

// Results; false on an error.
bool MapGet(OpContext& cx, const Value& map, const Value& key, Value* out);
bool Add(OpContext& cx, const Value& a, const Value& b, Value* out);
bool Subtract(OpContext& cx, const Value& a, const Value& b, Value* out);
bool Multiply(OpContext& cx, const Value& a, const Value& b, Value* out);
bool Divide(OpContext& cx, const Value& a, const Value& b, Value* out);
bool Negate(OpContext& cx, const Value& a, Value* out);
bool Lower(OpContext& cx, const Value& a, Value* out);
bool Length(OpContext& cx, const Value& a, Value* out);
bool ToDecimal(OpContext& cx, const Value& a, Value* out);
enum class CivilPart : uint8_t { kHour, kMinute, kWeekday, kDate };
bool Civil(OpContext& cx, CivilPart part, const Value& time, const Value& zone,
           Value* out);
bool Age(OpContext& cx, const Value& born, const Value& at, Value* out);
enum class VersionPart : uint8_t { kMajor, kMinor, kPatch };
bool PartOf(OpContext& cx, VersionPart part, const Value& v, Value* out);
// Adds to a sum of 128 bits in sum[0], sum[1] (low and high words); SumOf
// takes it out.
bool AddToSum(OpContext& cx, const Value& a, Value* sum);
bool SumOf(OpContext& cx, Kind kind, const Value* sum, Value* out);
// The lesser or greater of both; `b` if `a` is missing.
bool LeastOf(OpContext& cx, const Value& a, const Value& b, Value* out);
bool GreatestOf(OpContext& cx, const Value& a, const Value& b, Value* out);
// How deep a collection or record of these parts is nested, kept in
// Value::reserved; false past kMaxValueDepth, and if walking all that they hold
// meets more than kMaxValueElements.
bool NestingOf(OpContext& cx, std::span<const Value> parts, uint16_t* depth);
bool MakeSetOrList(OpContext& cx, Kind kind, std::span<const Value> elements,
                   Value* out);
// False, with an error, if a text of so many bytes is too long.
bool CheckTextSize(OpContext& cx, size_t bytes);
// Of texts.
bool Concatenate(OpContext& cx, std::span<const Value> texts, Value* out);

std::string_view KindName(Kind kind);
// `Dataset "sales.orders"`.
std::string_view DescribeEntity(const World& world, Cell entity);
// `text` like `pattern`, where `*` stands for any text.
bool LikeMatches(std::string_view text, std::string_view pattern);
// In lower case, letter by letter (Latin, Greek, Cyrillic, Armenian).
std::string_view LowerText(Arena& arena, std::string_view text);
uint32_t CountCodePoints(std::string_view text);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_OPS_H_
