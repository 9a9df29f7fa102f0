#include "evaluator/mask.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>

namespace bylaw {
namespace {

constexpr std::string_view kNames[] = {
    "none",  "show_first", "show_last", "keep_domain", "hash", "truncate",
    "round", "network",    "constant",  "redact",      "null", "hide"};
constexpr std::string_view kUnits[] = {"hour", "day", "month", "year"};

FittedMask Of(MaskKind kind) {
  FittedMask m;
  m.kind = kind;
  return m;
}

// Position in none <= partial <= redact < null < hidden.
int Rank(MaskKind kind) {
  switch (kind) {
    case MaskKind::kNone:
      return 0;
    case MaskKind::kRedact:
      return 2;
    case MaskKind::kNull:
      return 3;
    case MaskKind::kHide:
      return 4;
    default:
      return 1;
  }
}

bool SameScalar(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kString:
    case Kind::kTerm:
    case Kind::kEntity:
      return a.size == b.size;
    case Kind::kIp:
      return *a.ip == *b.ip;
    case Kind::kVersion:
      // Versions that differ in build metadata alone are equal, but not the
      // same constant: a join must not depend on which of them came first.
      return *a.version == *b.version && a.version->build == b.version->build;
    default:
      return a.number == b.number;
  }
}

bool FitsStep(int64_t step, std::string_view* error) {
  if (step > 0) return true;
  *error = "the step of round must be more than 0";
  return false;
}

// Least multiple of step in the range of `type`; values below it have no
// multiple at or below them.
int64_t LowestMultiple(int64_t step, Kind type) {
  const int64_t lowest = type == Kind::kDecimal
                             ? -(kDecimalLimit - 1)
                             : std::numeric_limits<int64_t>::min();
  return lowest / step * step;
}

int64_t FloorTo(int64_t v, int64_t step) {
  const int64_t rest = v % step;
  return rest < 0 ? v - rest - step : v - rest;
}

int64_t TruncateDate(int64_t days, TruncateUnit unit) {
  if (unit == TruncateUnit::kHour || unit == TruncateUnit::kDay) return days;
  namespace ch = std::chrono;
  const ch::year_month_day d{
      ch::sys_days{ch::days{static_cast<ch::days::rep>(days)}}};
  const ch::month month = unit == TruncateUnit::kYear ? ch::January : d.month();
  return ch::sys_days{ch::year_month_day{d.year(), month, ch::day{1}}}
      .time_since_epoch()
      .count();
}

constexpr int64_t kHourMicros = int64_t{3600} * 1'000'000;
constexpr int64_t kDayMicros = 24 * kHourMicros;

int64_t TruncateTime(int64_t micros, TruncateUnit unit) {
  if (unit == TruncateUnit::kHour) return FloorTo(micros, kHourMicros);
  const int64_t day = FloorTo(micros, kDayMicros) / kDayMicros;
  return TruncateDate(day, unit) * kDayMicros;
}

bool IsLeadByte(char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), IsLeadByte));
}

// Byte offset of character `n`, or the length.
size_t OffsetOfCharacter(std::string_view text, size_t n) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsLeadByte(text[i])) continue;
    if (n-- == 0) return i;
  }
  return text.size();
}

Value Interned(const std::string& text, World& world) {
  return Value::OfCell(Kind::kString, world.Intern(text));
}

Value Show(const FittedMask& m, std::string_view text, World& world) {
  const size_t length = CountCharacters(text);
  if (length <= m.k) return Interned(std::string(length, 'x'), world);
  std::string out;
  if (m.kind == MaskKind::kShowFirst) {
    out = std::string(text.substr(0, OffsetOfCharacter(text, m.n)));
    out.append(length - m.n, 'x');
  } else {
    out.assign(length - m.n, 'x');
    out.append(text.substr(OffsetOfCharacter(text, length - m.n)));
  }
  return Interned(out, world);
}

Value KeepDomain(std::string_view text, World& world) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos ||
      text.find('@', at + 1) != std::string_view::npos) {
    return Interned(std::string(CountCharacters(text), 'x'), world);
  }
  return Interned("x" + std::string(text.substr(at)), world);
}

Value Hash(const Value& value, std::string_view key, World& world) {
  if (key.empty()) return Value::Missing();
  const std::string text = value.kind == Kind::kInt
                               ? FormatInt(value.number)
                               : std::string(world.Text(value.size));
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest,
           &size) == nullptr ||
      size != 32) {
    return Value::Missing();
  }
  if (value.kind == Kind::kInt) {
    uint64_t first = 0;
    for (int i = 0; i < 8; ++i) first = first << 8 | digest[i];
    return Value::Number(Kind::kInt, static_cast<int64_t>(first >> 1));
  }
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return Interned(hex, world);
}

Value Network(const FittedMask& m, const Ip& ip, World& world) {
  Ip* out = world.arena().New<Ip>(1);
  *out = ip;
  const uint64_t kept = ip.family == 4 ? m.n : m.k;
  for (uint64_t bit = kept; bit < 128; ++bit) {
    out->bytes[bit / 8] &= static_cast<uint8_t>(~(0x80u >> (bit % 8)));
  }
  Value v;
  v.kind = Kind::kIp;
  v.ip = out;
  return v;
}

Value Redacted(Kind type, World& world) {
  Value v;
  v.kind = type;
  switch (type) {
    case Kind::kString:
      return Interned("***", world);
    case Kind::kIp:
      v.ip = new (world.arena().New<Ip>(1)) Ip();
      return v;
    case Kind::kVersion: {
      static const Version kZero;
      v.version = &kZero;
      return v;
    }
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kDecimal:
    case Kind::kDate:
    case Kind::kTime:
    case Kind::kDuration:
      v.number = 0;
      return v;
    default:
      return Value::Missing();
  }
}

}  // namespace

std::string_view MaskName(MaskKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::string_view TruncateUnitName(TruncateUnit unit) {
  return kUnits[static_cast<size_t>(unit)];
}

Kind ColumnKind(const Schema& schema, const Value& column_type) {
  if (column_type.kind != Kind::kTerm) return Kind::kMissing;
  // bool int decimal string date time ip duration version object array
  constexpr Kind kKinds[] = {Kind::kBool,   Kind::kInt,      Kind::kDecimal,
                             Kind::kString, Kind::kDate,     Kind::kTime,
                             Kind::kIp,     Kind::kDuration, Kind::kVersion,
                             Kind::kRecord, Kind::kList};
  if (schema.column_type_vocabulary >= schema.vocabularies.size()) {
    return Kind::kMissing;
  }
  const Vocabulary& v = schema.vocabularies[schema.column_type_vocabulary];
  const uint32_t i = column_type.size - v.first_term;
  if (column_type.size < v.first_term || i >= std::size(kKinds)) {
    return Kind::kMissing;
  }
  return kKinds[i];
}

namespace {

// The checker sees to it; other code may give anything.
bool TakesArguments(MaskKind mask, std::span<const Value> arguments) {
  const auto are = [&](size_t n, Kind kind, Kind other) {
    return arguments.size() == n &&
           std::all_of(arguments.begin(), arguments.end(), [&](const Value& a) {
             return a.missing() || a.kind == kind || a.kind == other;
           });
  };
  switch (mask) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
      return are(1, Kind::kInt, Kind::kInt);
    case MaskKind::kTruncate:
      return are(1, Kind::kString, Kind::kString);
    case MaskKind::kRound:
      return are(1, Kind::kInt, Kind::kDecimal);
    case MaskKind::kNetwork:
      return are(2, Kind::kInt, Kind::kInt);
    case MaskKind::kConstant:
      return arguments.size() == 1;
    default:
      return arguments.empty();
  }
}

}  // namespace

bool FitMask(MaskKind mask, std::span<const Value> arguments, Kind type,
             const World& world, FittedMask* out, std::string_view* error) {
  *out = Of(MaskKind::kNull);
  if (!TakesArguments(mask, arguments)) {
    *error = "a mask has other arguments than it takes";
    return false;
  }
  for (const Value& a : arguments) {
    if (a.missing()) {
      *error = "an argument of a mask is missing";
      return false;
    }
  }
  const bool structured = type == Kind::kRecord || type == Kind::kList;
  FittedMask m = Of(mask);
  switch (mask) {
    case MaskKind::kNone:
    case MaskKind::kNull:
    case MaskKind::kHide:
      *out = m;
      return true;
    case MaskKind::kRedact:
      if (type != Kind::kMissing && !structured) *out = m;
      return true;
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast: {
      const int64_t n = arguments[0].number;
      if (n < 1) {
        *error = "a mask must show at least 1 character";
        return false;
      }
      m.n = m.k = static_cast<uint64_t>(n);
      if (type == Kind::kString) *out = m;
      return true;
    }
    case MaskKind::kKeepDomain:
      if (type == Kind::kString) *out = m;
      return true;
    case MaskKind::kHash:
      if (type == Kind::kString || type == Kind::kInt) *out = m;
      return true;
    case MaskKind::kTruncate: {
      const std::string_view name = world.Text(arguments[0].size);
      const auto* unit = std::find(std::begin(kUnits), std::end(kUnits), name);
      if (unit == std::end(kUnits)) {
        *error = "truncate takes hour, day, month or year";
        return false;
      }
      m.unit = static_cast<TruncateUnit>(unit - std::begin(kUnits));
      if (type == Kind::kTime ||
          (type == Kind::kDate && m.unit != TruncateUnit::kHour)) {
        *out = m;
      }
      return true;
    }
    case MaskKind::kRound: {
      const Value& step = arguments[0];
      if (!FitsStep(step.number, error)) return false;
      m.step = step.number;
      if (type == Kind::kDecimal) {
        if (step.kind == Kind::kInt &&
            (__builtin_mul_overflow(m.step, kDecimalOne, &m.step) ||
             m.step >= kDecimalLimit)) {
          m = Of(MaskKind::kRedact);  // no multiple but 0 is in the range
        }
        *out = m;
      } else if (type == Kind::kInt) {
        if (step.kind == Kind::kDecimal) {
          if (step.number % kDecimalOne != 0) return true;
          m.step /= kDecimalOne;
        }
        *out = m;
      }
      return true;
    }
    case MaskKind::kNetwork: {
      const int64_t v4 = arguments[0].number, v6 = arguments[1].number;
      if (v4 < 0 || v4 > 32 || v6 < 0 || v6 > 128) {
        *error = "network takes 0 to 32 bits of IPv4 and 0 to 128 of IPv6";
        return false;
      }
      m.n = static_cast<uint64_t>(v4);
      m.k = static_cast<uint64_t>(v6);
      if (type == Kind::kIp) *out = m;
      return true;
    }
    case MaskKind::kConstant: {
      m.constant = arguments[0];
      if (type == Kind::kMissing || structured) return true;
      if (m.constant.kind == Kind::kInt && type == Kind::kDecimal) {
        int64_t v = 0;
        if (__builtin_mul_overflow(m.constant.number, kDecimalOne, &v) ||
            v >= kDecimalLimit || v <= -kDecimalLimit) {
          return true;
        }
        m.constant = Value::Number(Kind::kDecimal, v);
      }
      if (m.constant.kind == type) *out = m;
      return true;
    }
  }
  return true;
}

bool SameMask(const FittedMask& a, const FittedMask& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
    case MaskKind::kNetwork:
      return a.n == b.n && a.k == b.k;
    case MaskKind::kTruncate:
      return a.unit == b.unit;
    case MaskKind::kRound:
      return a.step == b.step;
    case MaskKind::kConstant:
      return SameScalar(a.constant, b.constant);
    default:
      return true;
  }
}

FittedMask JoinMasks(const FittedMask& a, const FittedMask& b, Kind type) {
  const int rank_a = Rank(a.kind), rank_b = Rank(b.kind);
  if (rank_a != rank_b) return rank_a > rank_b ? a : b;
  if (rank_a != 1) return a;
  // Two partial masks: of one family, or both give way to redact.
  if (a.kind != b.kind) return Of(MaskKind::kRedact);
  FittedMask m = a;
  switch (a.kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
      m.n = std::min(a.n, b.n);
      m.k = std::max(a.k, b.k);
      return m;
    case MaskKind::kTruncate:
      m.unit = std::max(a.unit, b.unit);
      return m;
    case MaskKind::kNetwork:
      m.n = std::min(a.n, b.n);
      m.k = std::min(a.k, b.k);
      return m;
    case MaskKind::kRound: {
      const int64_t gcd = std::gcd(a.step, b.step);
      if (__builtin_mul_overflow(a.step / gcd, b.step, &m.step) ||
          (type == Kind::kDecimal && m.step >= kDecimalLimit)) {
        return Of(MaskKind::kRedact);
      }
      return m;
    }
    default:
      return SameMask(a, b) ? a : Of(MaskKind::kRedact);
  }
}

Value ApplyMask(const FittedMask& mask, Kind type, const Value& value,
                std::string_view key, World& world) {
  switch (mask.kind) {
    case MaskKind::kNone:
      return value;
    case MaskKind::kConstant:
      return mask.constant;
    case MaskKind::kRedact:
      return Redacted(type, world);
    case MaskKind::kNull:
    case MaskKind::kHide:
      return Value::Missing();
    default:
      break;
  }
  // The others keep a missing value; one of another type is not let through.
  if (value.missing() || value.kind != type) return Value::Missing();
  switch (mask.kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
      return Show(mask, world.Text(value.size), world);
    case MaskKind::kKeepDomain:
      return KeepDomain(world.Text(value.size), world);
    case MaskKind::kHash:
      return Hash(value, key, world);
    case MaskKind::kTruncate:
      return Value::Number(type, type == Kind::kDate
                                     ? TruncateDate(value.number, mask.unit)
                                     : TruncateTime(value.number, mask.unit));
    case MaskKind::kRound:
      if (value.number < LowestMultiple(mask.step, type)) {
        return Value::Missing();
      }
      return Value::Number(type, FloorTo(value.number, mask.step));
    case MaskKind::kNetwork:
      return Network(mask, *value.ip, world);
    default:
      return Value::Missing();
  }
}

}  // namespace bylaw
