// Scalar values and their spelling: how numbers, dates, times, durations,
// periods, addresses and versions are read and written, in policies, facts,
// requests and decisions alike. Every Parse function takes the whole text and
// returns nullopt for any other, with no silent rounding or clamping.
// Thread-safe; no state.
#ifndef BYLAW_COMPILER_BYTECODE_SCALAR_H_
#define BYLAW_COMPILER_BYTECODE_SCALAR_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bylaw {

// Decimals are int64 millionths; |value| < 10^18 of them.
inline constexpr int64_t kDecimalOne = 1'000'000;
inline constexpr int64_t kDecimalLimit = 1'000'000'000'000'000'000;

// An address (bits = 32 or 128) or a network. IPv4 stands in the first four
// bytes, also where it is written as IPv6 (::ffff:10.0.0.1). Host bits of a
// network are zero (others are refused).
struct Ip {
  std::array<uint8_t, 16> bytes{};
  uint8_t family = 4;  // 4 or 6
  uint8_t bits = 32;
  friend auto operator<=>(const Ip&, const Ip&) = default;
};

// semver 2.0.0; ordered by precedence, build metadata does not count.
struct Version {
  uint64_t major = 0, minor = 0, patch = 0;
  std::string prerelease;
  std::string build;
  friend bool operator==(const Version& a, const Version& b) {
    return (a <=> b) == 0;
  }
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
};

std::optional<int64_t> ParseInt(std::string_view text);
std::optional<int64_t> ParseDecimal(std::string_view text);  // millionths
std::optional<int64_t> ParseDate(std::string_view text);     // 2026-11-20
// RFC 3339 with offset or Z, at most 6 fractional digits. Microseconds.
std::optional<int64_t> ParseTime(std::string_view text);
std::optional<int64_t> ParseDuration(std::string_view text);  // 1h30m
std::optional<int64_t> ParsePeriod(std::string_view text);    // 1y6mo, months
std::optional<Ip> ParseIp(std::string_view text);
std::optional<Version> ParseVersion(std::string_view text);

// A JSON number (exponent and all) as digits with an optional minus and an
// optional fraction without trailing zeros, exactly; nullopt for what is no
// number or has an exponent past 100. "1e3" is "1000", "1.0" is "1".
std::optional<std::string> PlainNumber(std::string_view text);

// The spelling that Parse reads back, units from large to small; decimals
// without trailing zeros, times in UTC with Z.
std::string FormatInt(int64_t v);
std::string FormatDecimal(int64_t v);
std::string FormatDate(int64_t days);
std::string FormatTime(int64_t micros);
std::string FormatDuration(int64_t micros);
std::string FormatPeriod(int64_t months);
std::string FormatIp(const Ip& ip);
std::string FormatVersion(const Version& v);

// Calendar arithmetic (proleptic Gregorian, years 1 to 9999; nullopt past).
std::optional<int64_t> AddMonthsToDate(int64_t days, int64_t months);
std::optional<int64_t> AddMonthsToTime(int64_t micros, int64_t months);
bool IsDateInRange(int64_t days);
bool IsTimeInRange(int64_t micros);
// Start of `days` in `zone` (IANA name), in microseconds; nullopt if unknown.
std::optional<int64_t> StartOfDate(int64_t days, std::string_view zone);
struct CivilTime {
  int64_t date;               // days
  int hour, minute, weekday;  // weekday: 0 = Monday
};
std::optional<CivilTime> CivilAt(int64_t micros, std::string_view zone);
bool IsTimeZone(std::string_view zone);
// Whole years from born to at; 29 February counts as 28 in common years.
int64_t AgeInYears(int64_t born_days, int64_t at_days);
// True if every address of a is in b.
bool IpWithin(const Ip& a, const Ip& b);
bool IsValidUtf8(std::string_view text);
// The value of 10^6 a / b rounded half to even; nullopt past the range.
std::optional<int64_t> DivideDecimals(int64_t a, int64_t b);
// The product rounded half to even; nullopt past the range.
std::optional<int64_t> MultiplyDecimals(int64_t a, int64_t b);
std::optional<int64_t> DecimalOfInt(int64_t v);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_SCALAR_H_
