// Numbers, dates and times, texts, and the making of sets.
#include <bit>
#include <limits>

#include "evaluator/limits.h"
#include "evaluator/ops.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

using Int128 = __int128;
constexpr int64_t kMicrosPerDay = 86'400'000'000;

bool Mismatch(OpContext& cx, std::string_view what, const Value& a,
              const Value& b) {
  return cx.Fail({"`", what, "` cannot take ", KindName(a.kind), " and ",
                  KindName(b.kind)});
}

bool Mismatch(OpContext& cx, std::string_view what, const Value& a) {
  return cx.Fail({"`", what, "` cannot take ", KindName(a.kind)});
}

bool IsNumber(Kind k) {
  return k == Kind::kInt || k == Kind::kDecimal || k == Kind::kDuration ||
         k == Kind::kPeriod;
}

// The number as a value of its kind, if it is in the kind's range.
bool Ranged(OpContext& cx, std::string_view what, Kind kind, Int128 n,
            Value* out) {
  bool fits = n >= std::numeric_limits<int64_t>::min() &&
              n <= std::numeric_limits<int64_t>::max();
  if (fits && kind == Kind::kDecimal)
    fits = n < kDecimalLimit && n > -Int128{kDecimalLimit};
  if (fits && kind == Kind::kDate)
    fits = IsDateInRange(static_cast<int64_t>(n));
  if (fits && kind == Kind::kTime)
    fits = IsTimeInRange(static_cast<int64_t>(n));
  if (!fits)
    return cx.Fail(
        {"the result of `", what, "` does not fit ", KindName(kind)});
  *out = Value::Number(kind, static_cast<int64_t>(n));
  return true;
}

bool AddMonths(OpContext& cx, std::string_view what, const Value& a,
               int64_t months, Value* out) {
  const auto moved = a.kind == Kind::kDate ? AddMonthsToDate(a.number, months)
                                           : AddMonthsToTime(a.number, months);
  if (!moved)
    return cx.Fail(
        {"the result of `", what, "` does not fit ", KindName(a.kind)});
  *out = Value::Number(a.kind, *moved);
  return true;
}

// Date or Time moved by a Period or Duration; false and `*is_one` unset if
// the operands are others.
bool Move(OpContext& cx, std::string_view what, const Value& a, const Value& b,
          int sign, bool* is_one, Value* out) {
  *is_one = true;
  if (b.kind == Kind::kPeriod &&
      (a.kind == Kind::kDate || a.kind == Kind::kTime)) {
    if (b.number == std::numeric_limits<int64_t>::min())
      return cx.Fail({"the result of `", what, "` does not fit"});
    return AddMonths(cx, what, a, sign * b.number, out);
  }
  if (b.kind == Kind::kDuration && a.kind == Kind::kTime)
    return Ranged(cx, what, Kind::kTime,
                  Int128{a.number} + sign * Int128{b.number}, out);
  if (b.kind == Kind::kDuration && a.kind == Kind::kDate) {
    if (b.number % kMicrosPerDay != 0)
      return cx.Fail({"`", what, "` moves a Date by whole days only"});
    return Ranged(cx, what, Kind::kDate,
                  Int128{a.number} + sign * Int128{b.number / kMicrosPerDay},
                  out);
  }
  *is_one = false;
  return false;
}

}  // namespace

bool Add(OpContext& cx, const Value& a, const Value& b, Value* out) {
  if (a.kind == b.kind && IsNumber(a.kind))
    return Ranged(cx, "+", a.kind, Int128{a.number} + b.number, out);
  if (a.kind == Kind::kString && b.kind == Kind::kString) {
    const Value both[2] = {a, b};
    return Concatenate(cx, both, out);
  }
  bool is_one = false;
  const bool moved = Move(cx, "+", a, b, 1, &is_one, out);
  if (is_one) return moved;
  const bool other = Move(cx, "+", b, a, 1, &is_one, out);
  return is_one ? other : Mismatch(cx, "+", a, b);
}

bool Subtract(OpContext& cx, const Value& a, const Value& b, Value* out) {
  if (a.kind == b.kind) {
    if (IsNumber(a.kind))
      return Ranged(cx, "-", a.kind, Int128{a.number} - b.number, out);
    if (a.kind == Kind::kTime)
      return Ranged(cx, "-", Kind::kDuration, Int128{a.number} - b.number, out);
    if (a.kind == Kind::kDate)
      return Ranged(cx, "-", Kind::kDuration,
                    (Int128{a.number} - b.number) * kMicrosPerDay, out);
  }
  bool is_one = false;
  const bool moved = Move(cx, "-", a, b, -1, &is_one, out);
  return is_one ? moved : Mismatch(cx, "-", a, b);
}

bool Multiply(OpContext& cx, const Value& a, const Value& b, Value* out) {
  if (a.kind == Kind::kDecimal && b.kind == Kind::kDecimal) {
    const auto product = MultiplyDecimals(a.number, b.number);
    if (!product) return cx.Fail({"the result of `*` does not fit Decimal"});
    *out = Value::Number(Kind::kDecimal, *product);
    return true;
  }
  const bool scaled = IsNumber(a.kind) && b.kind == Kind::kInt;
  const bool scales = IsNumber(b.kind) && a.kind == Kind::kInt;
  if (scaled || scales)
    return Ranged(cx, "*", scaled ? a.kind : b.kind,
                  Int128{a.number} * b.number, out);
  return Mismatch(cx, "*", a, b);
}

bool Divide(OpContext& cx, const Value& a, const Value& b, Value* out) {
  if (a.kind != b.kind || !IsNumber(a.kind)) return Mismatch(cx, "/", a, b);
  if (b.number == 0) return cx.Fail({"division by zero"});
  const auto quotient = DivideDecimals(a.number, b.number);
  if (!quotient) return cx.Fail({"the result of `/` does not fit Decimal"});
  *out = Value::Number(Kind::kDecimal, *quotient);
  return true;
}

bool Negate(OpContext& cx, const Value& a, Value* out) {
  if (!IsNumber(a.kind)) return Mismatch(cx, "-", a);
  return Ranged(cx, "-", a.kind, -Int128{a.number}, out);
}

bool ToDecimal(OpContext& cx, const Value& a, Value* out) {
  if (a.kind != Kind::kInt) return Mismatch(cx, "decimal", a);
  return Ranged(cx, "decimal", Kind::kDecimal, Int128{a.number} * kDecimalOne,
                out);
}

bool Civil(OpContext& cx, CivilPart part, const Value& time, const Value& zone,
           Value* out) {
  if (time.kind != Kind::kTime || zone.kind != Kind::kString)
    return Mismatch(cx, "a part of a time", time, zone);
  const std::string_view name = cx.world.Text(zone.size);
  const auto civil = CivilAt(time.number, name);
  if (!civil) return cx.Fail({"unknown time zone \"", name, "\""});
  switch (part) {
    case CivilPart::kHour:
      *out = Value::Number(Kind::kInt, civil->hour);
      return true;
    case CivilPart::kMinute:
      *out = Value::Number(Kind::kInt, civil->minute);
      return true;
    case CivilPart::kDate:
      return Ranged(cx, "date", Kind::kDate, civil->date, out);
    case CivilPart::kWeekday: {
      const Schema& schema = cx.world.schema();
      if (schema.weekday_vocabulary == kNone)
        return cx.Fail({"there is no vocabulary of weekdays"});
      *out = Value::OfCell(
          Kind::kTerm,
          schema.vocabularies[schema.weekday_vocabulary].first_term +
              static_cast<uint32_t>(civil->weekday));
      return true;
    }
  }
  return false;
}

bool Age(OpContext& cx, const Value& born, const Value& at, Value* out) {
  int64_t days[2];
  const Value* values[2] = {&born, &at};
  for (int i = 0; i < 2; ++i) {
    const Value& v = *values[i];
    if (v.kind == Kind::kDate) {
      days[i] = v.number;
    } else if (v.kind == Kind::kTime) {
      days[i] = v.number / kMicrosPerDay - (v.number % kMicrosPerDay < 0);
    } else {
      return Mismatch(cx, "age", born, at);
    }
  }
  *out = Value::Number(Kind::kInt, AgeInYears(days[0], days[1]));
  return true;
}

bool PartOf(OpContext& cx, VersionPart part, const Value& v, Value* out) {
  if (v.kind != Kind::kVersion) return Mismatch(cx, "a part of a version", v);
  const uint64_t n = part == VersionPart::kMajor   ? v.version->major
                     : part == VersionPart::kMinor ? v.version->minor
                                                   : v.version->patch;
  return Ranged(cx, "a part of a version", Kind::kInt, Int128{n}, out);
}

bool AddToSum(OpContext& cx, const Value& a, Value* sum) {
  if (!IsNumber(a.kind)) return Mismatch(cx, "sum", a);
  // Unsigned: of code that no compiler made it may wrap.
  using Unsigned = unsigned __int128;
  const Int128 n =
      static_cast<Int128>((static_cast<Unsigned>(sum[1].number) << 64 |
                           static_cast<uint64_t>(sum[0].number)) +
                          static_cast<Unsigned>(Int128{a.number}));
  sum[0] = Value::Number(Kind::kInt, static_cast<int64_t>(n));
  sum[1] = Value::Number(Kind::kInt, static_cast<int64_t>(n >> 64));
  return true;
}

bool SumOf(OpContext& cx, Kind kind, const Value* sum, Value* out) {
  const Int128 n =
      Int128{sum[1].number} << 64 | static_cast<uint64_t>(sum[0].number);
  return Ranged(cx, "sum", kind, n, out);
}

bool LeastOf(OpContext& cx, const Value& a, const Value& b, Value* out) {
  // Compared with itself, a single value must have an order too.
  const Test less = IsLess(cx, b, a.missing() ? b : a);
  if (less == Test::kError) return false;
  *out = a.missing() || less == Test::kTrue ? b : a;
  return true;
}

bool GreatestOf(OpContext& cx, const Value& a, const Value& b, Value* out) {
  const Test less = IsLess(cx, a.missing() ? b : a, b);
  if (less == Test::kError) return false;
  *out = a.missing() || less == Test::kTrue ? b : a;
  return true;
}

bool MakeSetOrList(OpContext& cx, Kind kind, std::span<const Value> elements,
                   Value* out) {
  const Kind element =
      elements.empty() ? Kind::kMissing : elements.front().kind;
  for (const Value& v : elements) {
    if (v.missing() || v.kind == Kind::kFilter)
      return cx.Fail({KindName(v.kind), " cannot stand in a collection"});
    if (v.kind != element) return Mismatch(cx, "{}", elements.front(), v);
  }
  uint16_t depth = 0;
  if (!NestingOf(cx, elements, &depth)) return false;
  // Nested ones are compared with each other where they are put in order.
  if (depth > 1 && kind == Kind::kSet &&
      !cx.Work(CountElements(elements, kMaxValueElements) *
               std::bit_width(elements.size()) / kElementsPerStep)) {
    return false;
  }
  *out = MakeCollection(cx.world.arena(), kind, element, elements);
  out->reserved = depth;
  return true;
}

bool NestingOf(OpContext& cx, std::span<const Value> parts, uint16_t* depth) {
  *depth = 1;
  for (const Value& v : parts) {
    if (!v.missing()) *depth = std::max<uint16_t>(*depth, v.reserved + 1);
  }
  if (*depth == 1) return true;
  if (*depth > kMaxValueDepth) {
    return cx.Fail({"a value is nested too deeply"});
  }
  const uint64_t n = CountElements(parts, kMaxValueElements);
  if (!cx.Work(n / kElementsPerStep)) return false;
  return n <= kMaxValueElements ||
         cx.Fail({"a value holds more than ", std::to_string(kMaxValueElements),
                  " elements with all that they hold; nest it less"});
}

bool CheckTextSize(OpContext& cx, size_t bytes) {
  if (bytes <= cx.text_bytes) return true;
  return cx.Fail({"a text is longer than ", std::to_string(cx.text_bytes),
                  " bytes; shorten it, ", HowToRaise("text_bytes")});
}

bool Concatenate(OpContext& cx, std::span<const Value> texts, Value* out) {
  size_t size = 0;
  for (const Value& t : texts) {
    if (t.kind != Kind::kString) return Mismatch(cx, "+", t);
    size += cx.world.Text(t.size).size();
    if (!CheckTextSize(cx, size)) return false;
  }
  char* bytes = cx.world.arena().New<char>(size);
  char* at = bytes;
  for (const Value& t : texts) {
    const std::string_view text = cx.world.Text(t.size);
    at = std::copy(text.begin(), text.end(), at);
  }
  if (!cx.Work(size / kTextBytesPerStep)) return false;
  *out = Value::OfCell(Kind::kString, cx.world.Intern({bytes, size}));
  return true;
}

// --- Text ------------------------------------------------------------------

namespace {

// One code point at `at`, which moves on; of broken UTF-8 the byte itself.
uint32_t NextCodePoint(std::string_view s, size_t* at) {
  const uint8_t c = static_cast<uint8_t>(s[*at]);
  const int n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  if (n == 1 || *at + n > s.size()) {
    ++*at;
    return c;
  }
  uint32_t v = c & (0x7f >> n);
  for (int i = 1; i < n; ++i)
    v = v << 6 | (static_cast<uint8_t>(s[*at + i]) & 0x3f);
  *at += n;
  return v;
}

// Simple case mapping of the scripts whose letters pair in ranges.
uint32_t LowerCodePoint(uint32_t c) {
  const auto in = [c](uint32_t a, uint32_t b) { return c >= a && c <= b; };
  if (c < 0x80) return in('A', 'Z') ? c + 32 : c;
  if (in(0xc0, 0xde)) return c == 0xd7 ? c : c + 32;
  if (in(0x100, 0x137) && c != 0x130) return c | 1;
  if (in(0x139, 0x148)) return c + (c & 1);
  if (in(0x14a, 0x177)) return c | 1;
  if (c == 0x178) return 0xff;
  if (in(0x179, 0x17e)) return c + (c & 1);
  if (c == 0x386) return 0x3ac;
  if (in(0x388, 0x38a)) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (in(0x38e, 0x38f)) return c + 63;
  if (in(0x391, 0x3ab) && c != 0x3a2) return c + 32;
  if (in(0x400, 0x40f)) return c + 80;
  if (in(0x410, 0x42f)) return c + 32;
  if (in(0x460, 0x481) || in(0x48a, 0x4bf) || in(0x4d0, 0x52f)) return c | 1;
  if (in(0x4c1, 0x4ce)) return c + (c & 1);
  if (in(0x531, 0x556)) return c + 48;
  if (in(0x1e00, 0x1e95) || in(0x1ea0, 0x1eff)) return c | 1;
  return c;
}

size_t PutCodePoint(uint32_t c, char* out) {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xc0 | c >> 6);
    out[1] = static_cast<char>(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xe0 | c >> 12);
    out[1] = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out[2] = static_cast<char>(0x80 | (c & 0x3f));
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | c >> 18);
  out[1] = static_cast<char>(0x80 | (c >> 12 & 0x3f));
  out[2] = static_cast<char>(0x80 | (c >> 6 & 0x3f));
  out[3] = static_cast<char>(0x80 | (c & 0x3f));
  return 4;
}

}  // namespace

std::string_view LowerText(Arena& arena, std::string_view text) {
  // Every letter above keeps its length in UTF-8; a stray byte takes two.
  char* out = arena.New<char>(2 * text.size() + 4);
  size_t n = 0;
  for (size_t at = 0; at < text.size();)
    n += PutCodePoint(LowerCodePoint(NextCodePoint(text, &at)), out + n);
  return {out, n};
}

uint32_t CountCodePoints(std::string_view text) {
  uint32_t n = 0;
  for (char c : text) n += (static_cast<uint8_t>(c) & 0xc0) != 0x80;
  return n;
}

bool Lower(OpContext& cx, const Value& a, Value* out) {
  if (a.kind != Kind::kString) return Mismatch(cx, "lower", a);
  const std::string_view text = cx.world.Text(a.size);
  if (!cx.Work(text.size() / kTextBytesPerStep)) return false;
  *out = Value::OfCell(Kind::kString,
                       cx.world.Intern(LowerText(cx.world.arena(), text)));
  return true;
}

bool Length(OpContext& cx, const Value& a, Value* out) {
  if (a.kind != Kind::kString) return Mismatch(cx, "length", a);
  const std::string_view text = cx.world.Text(a.size);
  if (!cx.Work(text.size() / 64)) return false;
  *out = Value::Number(Kind::kInt, CountCodePoints(text));
  return true;
}

}  // namespace bylaw
