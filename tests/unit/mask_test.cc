#include "evaluator/mask.h"

#include <map>
#include <string>
#include <vector>

#include "evaluator/spelling.h"
#include "tests/catch.h"
#include "tests/unit/decision_world.h"

namespace bylaw {
namespace {

constexpr std::string_view kKey = "a key of this test";

FittedMask Make(MaskKind kind, uint32_t n = 0, uint32_t k = 0) {
  FittedMask m;
  m.kind = kind;
  m.n = n;
  m.k = k;
  return m;
}
FittedMask Round(int64_t step) {
  FittedMask m = Make(MaskKind::kRound);
  m.step = step;
  return m;
}
FittedMask Truncate(TruncateUnit unit) {
  FittedMask m = Make(MaskKind::kTruncate);
  m.unit = unit;
  return m;
}
FittedMask Constant(const Value& v) {
  FittedMask m = Make(MaskKind::kConstant);
  m.constant = v;
  return m;
}

struct Carrier {
  Kind type;
  std::vector<FittedMask> masks;
  std::vector<Value> values;
};

// Every element of the lattice that differs in kind, a few that differ in
// arguments, and values at the edges, for each type of column.
std::vector<Carrier> Carriers(DatasetWorld& w) {
  const std::vector<FittedMask> ends = {
      Make(MaskKind::kNone), Make(MaskKind::kRedact), Make(MaskKind::kNull),
      Make(MaskKind::kHide)};
  std::vector<Carrier> out;
  const auto add = [&](Kind type, std::vector<FittedMask> partial,
                       std::vector<Value> values) {
    Carrier c{type, ends, std::move(values)};
    c.masks.insert(c.masks.end(), partial.begin(), partial.end());
    c.values.push_back(Value::Missing());
    out.push_back(std::move(c));
  };
  const auto number = [](Kind k, int64_t n) { return Value::Number(k, n); };
  std::vector<FittedMask> text = {Make(MaskKind::kKeepDomain),
                                  Make(MaskKind::kHash), Constant(w.Text("a")),
                                  Constant(w.Text("b"))};
  for (const MaskKind kind : {MaskKind::kShowFirst, MaskKind::kShowLast}) {
    for (uint32_t n = 1; n <= 4; ++n) {
      for (uint32_t k = n; k <= 5; ++k) text.push_back(Make(kind, n, k));
    }
  }
  std::vector<Value> texts;
  for (const char* t : {"", "a", "ab", "abc", "abd", "xbc", "abcd", "xxxd",
                        "abcde", "xxcde", "xxxde", "abcdef", "x@b", "a@b",
                        "a@@b", "é@ü.de", "ééééé", "xxxxx", "***"}) {
    texts.push_back(w.Text(t));
  }
  add(Kind::kString, text, texts);
  std::vector<FittedMask> whole = {Make(MaskKind::kHash),
                                   Constant(number(Kind::kInt, 1)),
                                   Constant(number(Kind::kInt, 2)),
                                   Round(1),
                                   Round(2),
                                   Round(3),
                                   Round(4),
                                   Round(10),
                                   Round(int64_t{1} << 62),
                                   Round(INT64_MAX)};
  std::vector<Value> ints;
  for (const int64_t v :
       {INT64_MIN, INT64_MIN + 1, int64_t{-13}, int64_t{-12}, int64_t{-1},
        int64_t{0}, int64_t{1}, int64_t{5}, int64_t{6}, int64_t{12},
        int64_t{13}, INT64_MAX - 1, INT64_MAX}) {
    ints.push_back(number(Kind::kInt, v));
  }
  add(Kind::kInt, whole, ints);
  std::vector<FittedMask> decimals = {
      Constant(number(Kind::kDecimal, 5)), Round(1), Round(500'000),
      Round(1'500'000), Round(kDecimalLimit - 1)};
  std::vector<Value> amounts;
  for (const int64_t v :
       {-(kDecimalLimit - 1), int64_t{-1'500'001}, int64_t{-1}, int64_t{0},
        int64_t{499'999}, int64_t{4'500'000}, kDecimalLimit - 1}) {
    amounts.push_back(number(Kind::kDecimal, v));
  }
  add(Kind::kDecimal, decimals, amounts);
  std::vector<FittedMask> dates = {
      Truncate(TruncateUnit::kDay), Truncate(TruncateUnit::kMonth),
      Truncate(TruncateUnit::kYear), Constant(number(Kind::kDate, 3))};
  std::vector<Value> days;
  for (const int64_t v : {-719162, -1, 0, 30, 31, 58, 59, 20000, 2932896}) {
    days.push_back(number(Kind::kDate, v));
  }
  add(Kind::kDate, dates, days);
  std::vector<FittedMask> times = dates;
  times.pop_back();
  times.push_back(Truncate(TruncateUnit::kHour));
  times.push_back(Constant(number(Kind::kTime, 7)));
  std::vector<Value> instants;
  for (const int64_t v :
       {int64_t{-62135596800'000'000}, int64_t{-1}, int64_t{0},
        int64_t{3'599'999'999}, int64_t{3'600'000'000},
        int64_t{1'800'000'000'123'456}}) {
    instants.push_back(number(Kind::kTime, v));
  }
  add(Kind::kTime, times, instants);
  std::vector<FittedMask> networks = {Constant(w.Address("1.2.3.4"))};
  for (const uint32_t v4 : {0u, 8u, 13u, 24u, 32u}) {
    for (const uint32_t v6 : {0u, 64u, 128u}) {
      networks.push_back(Make(MaskKind::kNetwork, v4, v6));
    }
  }
  add(Kind::kIp, networks,
      {w.Address("1.2.3.4"), w.Address("255.255.255.255"),
       w.Address("10.0.0.0/8"), w.Address("::1"),
       w.Address("2001:db8:1:2:3:4:5:6")});
  add(Kind::kBool, {Constant(Value::Bool(true)), Constant(Value::Bool(false))},
      {Value::Bool(true), Value::Bool(false)});
  add(Kind::kVersion,
      {Constant(w.SemVer("1.0.0")), Constant(w.SemVer("1.0.0+b"))},
      {w.SemVer("1.2.3-rc.1"), w.SemVer("0.0.0")});
  add(Kind::kDuration, {Constant(number(Kind::kDuration, 1))},
      {number(Kind::kDuration, -5), number(Kind::kDuration, 90'000'000)});
  return out;
}

TEST_CASE("the join of masks is a lattice's, on every sample carrier") {
  DatasetWorld w;
  REQUIRE(w.ok());
  for (const Carrier& c : Carriers(w)) {
    for (const FittedMask& a : c.masks) {
      REQUIRE(SameMask(JoinMasks(a, a, c.type), a));
      REQUIRE(SameMask(JoinMasks(a, Make(MaskKind::kNone), c.type), a));
      REQUIRE(SameMask(JoinMasks(a, Make(MaskKind::kHide), c.type),
                       Make(MaskKind::kHide)));
      for (const FittedMask& b : c.masks) {
        const FittedMask ab = JoinMasks(a, b, c.type);
        REQUIRE(SameMask(ab, JoinMasks(b, a, c.type)));
        // An upper bound of both.
        REQUIRE(SameMask(JoinMasks(a, ab, c.type), ab));
        for (const FittedMask& d : c.masks) {
          REQUIRE(SameMask(JoinMasks(ab, d, c.type),
                           JoinMasks(a, JoinMasks(b, d, c.type), c.type)));
        }
      }
    }
  }
}

TEST_CASE("the joined mask is a function of each joined mask's output") {
  DatasetWorld w;
  REQUIRE(w.ok());
  for (const Carrier& c : Carriers(w)) {
    const auto apply = [&](const FittedMask& m, const Value& v) {
      return SpellLiteral(w.world(), ApplyMask(m, c.type, v, kKey, w.world()));
    };
    for (const FittedMask& a : c.masks) {
      for (const FittedMask& b : c.masks) {
        const FittedMask joined = JoinMasks(a, b, c.type);
        std::map<std::string, std::string> function;
        for (const Value& v : c.values) {
          const std::string out = apply(joined, v);
          const auto [it, added] = function.emplace(apply(a, v), out);
          INFO(MaskName(a.kind) << " with " << MaskName(b.kind) << " of "
                                << SpellLiteral(w.world(), v));
          CHECK(it->second == out);
        }
      }
    }
  }
}

TEST_CASE("masks keep the type of their column") {
  DatasetWorld w;
  REQUIRE(w.ok());
  for (const Carrier& c : Carriers(w)) {
    for (const FittedMask& m : c.masks) {
      for (const Value& v : c.values) {
        const Value out = ApplyMask(m, c.type, v, kKey, w.world());
        CHECK((out.missing() || out.kind == c.type));
        const bool blind =
            m.kind == MaskKind::kConstant || m.kind == MaskKind::kRedact;
        if (v.missing()) CHECK(out.missing() != blind);
      }
    }
  }
}

TEST_CASE("what masks make of a value") {
  DatasetWorld w;
  REQUIRE(w.ok());
  const auto apply = [&](const FittedMask& m, const Value& v) {
    return SpellScalar(w.world(), ApplyMask(m, v.kind, v, kKey, w.world()));
  };
  const auto show = [](MaskKind kind, uint32_t n) { return Make(kind, n, n); };
  struct Case {
    FittedMask mask;
    Value value;
    std::string expected;
  };
  const auto text = [&](const char* t) { return w.Text(t); };
  const auto time = [](const char* t) {
    return Value::Number(Kind::kTime, *ParseTime(t));
  };
  const auto date = [](const char* t) {
    return Value::Number(Kind::kDate, *ParseDate(t));
  };
  const auto integer = [](int64_t n) { return Value::Number(Kind::kInt, n); };
  const auto decimal = [](const char* t) {
    return Value::Number(Kind::kDecimal, *ParseDecimal(t));
  };
  const std::vector<Case> cases = {
      {show(MaskKind::kShowLast, 4), text("0123456789"), "xxxxxx6789"},
      {show(MaskKind::kShowLast, 4), text("6789"), "xxxx"},
      {show(MaskKind::kShowLast, 4), text(""), ""},
      {show(MaskKind::kShowFirst, 2), text("résumé"), "réxxxx"},
      {show(MaskKind::kShowLast, 2), text("naïveté"), "xxxxxté"},
      {Make(MaskKind::kShowLast, 1, 3), text("abc"), "xxx"},
      {Make(MaskKind::kShowLast, 1, 3), text("abcd"), "xxxd"},
      {Make(MaskKind::kKeepDomain), text("ana@example.com"), "x@example.com"},
      {Make(MaskKind::kKeepDomain), text("@example.com"), "x@example.com"},
      {Make(MaskKind::kKeepDomain), text("a@b@c"), "xxxxx"},
      {Make(MaskKind::kKeepDomain), text("añb"), "xxx"},
      {Truncate(TruncateUnit::kHour), time("2026-11-20T10:59:59.5Z"),
       "2026-11-20T10:00:00Z"},
      {Truncate(TruncateUnit::kDay), time("1969-12-31T23:59:59Z"),
       "1969-12-31T00:00:00Z"},
      {Truncate(TruncateUnit::kMonth), date("2026-11-20"), "2026-11-01"},
      {Truncate(TruncateUnit::kYear), date("1969-11-20"), "1969-01-01"},
      {Round(10), integer(-1), "-10"},
      {Round(10), integer(-10), "-10"},
      {Round(10), integer(19), "10"},
      {Round(500'000), decimal("-0.25"), "-0.5"},
      {Round(500'000), decimal("2.75"), "2.5"},
      {Make(MaskKind::kNetwork, 24, 64), w.Address("10.1.2.3"), "10.1.2.0"},
      {Make(MaskKind::kNetwork, 24, 48), w.Address("2001:db8:1:2::5"),
       "2001:db8:1::"},
      {Make(MaskKind::kNetwork, 0, 0), w.Address("10.1.2.3"), "0.0.0.0"},
      {Make(MaskKind::kRedact), text("secret"), "***"},
      {Make(MaskKind::kRedact), integer(7), "0"},
      {Make(MaskKind::kRedact), time("2026-11-20T10:59:59Z"),
       "1970-01-01T00:00:00Z"},
      {Make(MaskKind::kRedact), w.Address("::1"), "0.0.0.0"},
      {Make(MaskKind::kRedact), w.SemVer("1.2.3"), "0.0.0"},
      // echo -n abc | openssl dgst -sha256 -hmac "a key of this test"
  };
  for (const Case& c : cases) {
    INFO(MaskName(c.mask.kind) << " of " << SpellLiteral(w.world(), c.value));
    CHECK(apply(c.mask, c.value) == c.expected);
  }
  // What has no multiple at or below it in the range has no value; steps whose
  // least common multiple is out of it leave none.
  CHECK(ApplyMask(Round(10), Kind::kInt, integer(INT64_MIN), kKey, w.world())
            .missing());
  const FittedMask a = Round(1'500'000'000), b = Round(1'500'000'001);
  CHECK(JoinMasks(a, b, Kind::kDecimal).kind == MaskKind::kRedact);
  CHECK(JoinMasks(a, b, Kind::kInt).kind == MaskKind::kRound);
}

TEST_CASE("hash is HMAC-SHA-256 of the text, of an Int its first 63 bits") {
  DatasetWorld w;
  REQUIRE(w.ok());
  // RFC 4231, test case 2: key "Jefe".
  const FittedMask hash = Make(MaskKind::kHash);
  const Value out =
      ApplyMask(hash, Kind::kString, w.Text("what do ya want for nothing?"),
                "Jefe", w.world());
  CHECK(SpellScalar(w.world(), out) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Value text =
      ApplyMask(hash, Kind::kString, w.Text("-42"), kKey, w.world());
  const Value number = ApplyMask(
      hash, Kind::kInt, Value::Number(Kind::kInt, -42), kKey, w.world());
  const std::string hex = SpellScalar(w.world(), text).substr(0, 16);
  CHECK(static_cast<uint64_t>(number.number) ==
        std::stoull(hex, nullptr, 16) >> 1);
  CHECK(number.number >= 0);
  CHECK(ApplyMask(hash, Kind::kString, w.Text("a"), "", w.world()).missing());
}

TEST_CASE("a mask that does not fit becomes null") {
  DatasetWorld w;
  REQUIRE(w.ok());
  const Value one = Value::Number(Kind::kInt, 1);
  const Value half = Value::Number(Kind::kDecimal, 500'000);
  const Value three = Value::Number(Kind::kDecimal, 3'000'000);
  const Value hour = w.Text("hour"), day = w.Text("day");
  const Value most4 = Value::Number(Kind::kInt, 32);
  const Value most6 = Value::Number(Kind::kInt, 128);
  struct Case {
    MaskKind mask;
    std::vector<Value> arguments;
    Kind type;
    MaskKind fitted;
  };
  const std::vector<Case> cases = {
      {MaskKind::kNone, {}, Kind::kMissing, MaskKind::kNone},
      {MaskKind::kHide, {}, Kind::kMissing, MaskKind::kHide},
      {MaskKind::kRedact, {}, Kind::kMissing, MaskKind::kNull},
      {MaskKind::kRedact, {}, Kind::kRecord, MaskKind::kNull},
      {MaskKind::kRedact, {}, Kind::kList, MaskKind::kNull},
      {MaskKind::kRedact, {}, Kind::kBool, MaskKind::kRedact},
      {MaskKind::kHash, {}, Kind::kMissing, MaskKind::kNull},
      {MaskKind::kHash, {}, Kind::kDate, MaskKind::kNull},
      {MaskKind::kHash, {}, Kind::kInt, MaskKind::kHash},
      {MaskKind::kShowLast, {one}, Kind::kInt, MaskKind::kNull},
      {MaskKind::kKeepDomain, {}, Kind::kIp, MaskKind::kNull},
      {MaskKind::kTruncate, {hour}, Kind::kDate, MaskKind::kNull},
      {MaskKind::kTruncate, {hour}, Kind::kTime, MaskKind::kTruncate},
      {MaskKind::kTruncate, {day}, Kind::kDate, MaskKind::kTruncate},
      {MaskKind::kRound, {half}, Kind::kInt, MaskKind::kNull},
      {MaskKind::kRound, {three}, Kind::kInt, MaskKind::kRound},
      {MaskKind::kRound, {one}, Kind::kDecimal, MaskKind::kRound},
      {MaskKind::kRound, {one}, Kind::kString, MaskKind::kNull},
      {MaskKind::kConstant, {one}, Kind::kDecimal, MaskKind::kConstant},
      {MaskKind::kConstant, {half}, Kind::kInt, MaskKind::kNull},
      {MaskKind::kConstant, {hour}, Kind::kMissing, MaskKind::kNull},
      {MaskKind::kNetwork, {one, one}, Kind::kString, MaskKind::kNull},
      {MaskKind::kNetwork, {most4, most6}, Kind::kIp, MaskKind::kNetwork},
  };
  for (const Case& c : cases) {
    FittedMask fitted;
    std::string_view error;
    INFO(MaskName(c.mask));
    REQUIRE(FitMask(c.mask, c.arguments, c.type, w.world(), &fitted, &error));
    CHECK(fitted.kind == c.fitted);
  }
}

TEST_CASE("an argument of a mask that is out of range is an error") {
  DatasetWorld w;
  REQUIRE(w.ok());
  const auto n = [](int64_t v) { return Value::Number(Kind::kInt, v); };
  const std::vector<std::pair<MaskKind, std::vector<Value>>> cases = {
      {MaskKind::kShowFirst, {n(0)}},
      {MaskKind::kShowLast, {n(-1)}},
      {MaskKind::kRound, {n(0)}},
      {MaskKind::kRound, {n(-5)}},
      {MaskKind::kNetwork, {n(33), n(0)}},
      {MaskKind::kNetwork, {n(0), n(129)}},
      {MaskKind::kNetwork, {n(-1), n(0)}},
      {MaskKind::kConstant, {Value()}},
      {MaskKind::kTruncate, {w.Text("week")}},
      // Only code that no checker saw has these.
      {MaskKind::kShowFirst, {}},
      {MaskKind::kShowLast, {w.Text("1")}},
      {MaskKind::kTruncate, {n(1)}},
      {MaskKind::kRound, {w.Text("1")}},
      {MaskKind::kNetwork, {n(1)}},
      {MaskKind::kConstant, {}},
      {MaskKind::kRedact, {n(1)}}};
  for (const auto& [mask, arguments] : cases) {
    FittedMask fitted;
    std::string_view error;
    CHECK_FALSE(
        FitMask(mask, arguments, Kind::kString, w.world(), &fitted, &error));
    CHECK_FALSE(error.empty());
  }
}

}  // namespace
}  // namespace bylaw
