#include "compiler/bytecode/scalar.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace bylaw {
namespace {

using Int128 = __int128;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
constexpr int64_t kFirstDay = -719'162;  // 0001-01-01
constexpr int64_t kLastDay = 2'932'896;  // 9999-12-31
constexpr size_t kMaxExponent = 100;     // of a number in JSON

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AllDigits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), IsDigit);
}

// Digits alone, without overflow.
std::optional<uint64_t> ParseDigits(std::string_view s) {
  if (!AllDigits(s)) return std::nullopt;
  uint64_t v = 0;
  auto [p, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc() || p != s.data() + s.size()) return std::nullopt;
  return v;
}

struct YearMonthDay {
  int64_t year;
  int month, day;
};

bool IsLeap(int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

int DaysInMonth(int64_t y, int m) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && IsLeap(y) ? 29 : kDays[m - 1];
}

int64_t FloorDiv(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

// Days since 1970-01-01, and back: H. Hinnant, "chrono-compatible low-level
// date algorithms".
int64_t ToDays(YearMonthDay d) {
  const int64_t y = d.month <= 2 ? d.year - 1 : d.year;
  const int64_t era = FloorDiv(y, 400);
  const int64_t yoe = y - era * 400;
  const int64_t mp = (d.month + 9) % 12;
  const int64_t doy = (153 * mp + 2) / 5 + d.day - 1;
  return era * 146'097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719'468;
}

YearMonthDay FromDays(int64_t days) {
  const int64_t z = days + 719'468;
  const int64_t era = FloorDiv(z, 146'097);
  const int64_t doe = z - era * 146'097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool IsDay(int64_t days) { return days >= kFirstDay && days <= kLastDay; }

std::string Padded(int64_t v, int width) {
  std::string s = std::to_string(v);
  if (s.size() < static_cast<size_t>(width)) s.insert(0, width - s.size(), '0');
  return s;
}

std::string Fraction(int64_t micros) {  // ".5", or nothing
  if (micros == 0) return "";
  std::string s = Padded(micros, 6);
  while (s.back() == '0') s.pop_back();
  return "." + s;
}

// Exactly `n` digits at `at`.
std::optional<int> Field(std::string_view s, size_t at, size_t n) {
  if (at + n > s.size()) return std::nullopt;
  auto v = ParseDigits(s.substr(at, n));
  if (!v) return std::nullopt;
  return static_cast<int>(*v);
}

// 1 to 6 digits, as millionths.
std::optional<int64_t> Millionths(std::string_view digits) {
  if (digits.size() > 6) return std::nullopt;
  auto v = ParseDigits(digits);
  if (!v) return std::nullopt;
  int64_t m = static_cast<int64_t>(*v);
  for (size_t i = digits.size(); i < 6; ++i) m *= 10;
  return m;
}

struct Unit {
  std::string_view name;
  int64_t size;
};

// A sequence of number and unit, large to small, each once, maybe after a
// minus. The last unit of `units` may have a fraction if `fraction`.
template <size_t N>
std::optional<int64_t> ParseUnits(std::string_view s, const Unit (&units)[N],
                                  bool fraction) {
  const bool negative = !s.empty() && s[0] == '-';
  if (negative) s.remove_prefix(1);
  if (s.empty()) return std::nullopt;
  Int128 sum = 0;
  size_t next = 0;
  while (!s.empty()) {
    size_t n = 0;
    while (n < s.size() && IsDigit(s[n])) ++n;
    auto whole = ParseDigits(s.substr(0, n));
    if (!whole) return std::nullopt;
    s.remove_prefix(n);
    int64_t part = 0;
    bool has_part = false;
    if (fraction && !s.empty() && s[0] == '.') {
      size_t m = 1;
      while (m < s.size() && IsDigit(s[m])) ++m;
      auto f = Millionths(s.substr(1, m - 1));
      if (!f) return std::nullopt;
      part = *f;
      has_part = true;
      s.remove_prefix(m);
    }
    size_t letters = 0;
    while (letters < s.size() && !IsDigit(s[letters])) ++letters;
    const std::string_view name = s.substr(0, letters);
    size_t u = next;
    while (u < N && units[u].name != name) ++u;
    if (u == N || (has_part && u != N - 1)) return std::nullopt;
    sum += Int128{*whole} * units[u].size + part;
    if (sum > Int128{kMax}) return std::nullopt;
    s.remove_prefix(letters);
    next = u + 1;
  }
  return static_cast<int64_t>(negative ? -sum : sum);
}

constexpr Unit kDurationUnits[] = {{"d", kMicrosPerDay},
                                   {"h", 3600 * kMicrosPerSecond},
                                   {"m", 60 * kMicrosPerSecond},
                                   {"s", kMicrosPerSecond}};
constexpr Unit kPeriodUnits[] = {{"y", 12}, {"mo", 1}};

bool ParseIpv4(std::string_view s, uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? s.find('.') : s.size();
    if (dot == std::string_view::npos) return false;
    const std::string_view part = s.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0'))
      return false;
    auto v = ParseDigits(part);
    if (!v || *v > 255) return false;
    out[i] = static_cast<uint8_t>(*v);
    s.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return true;
}

// Groups between colons, the last maybe an IPv4 address; false if broken.
bool ParseGroups(std::string_view s, bool last, std::vector<uint16_t>* out) {
  while (!s.empty()) {
    const size_t colon = s.find(':');
    const std::string_view part = s.substr(0, colon);
    if (last && colon == std::string_view::npos &&
        part.find('.') != std::string_view::npos) {
      uint8_t v4[4];
      if (!ParseIpv4(part, v4)) return false;
      out->push_back(static_cast<uint16_t>(v4[0] << 8 | v4[1]));
      out->push_back(static_cast<uint16_t>(v4[2] << 8 | v4[3]));
      return out->size() <= 8;
    }
    if (part.empty() || part.size() > 4) return false;
    uint16_t v = 0;
    auto [p, error] =
        std::from_chars(part.data(), part.data() + part.size(), v, 16);
    if (error != std::errc() || p != part.data() + part.size()) return false;
    out->push_back(v);
    if (out->size() > 8) return false;
    if (colon == std::string_view::npos) return true;
    s.remove_prefix(colon + 1);
    if (s.empty()) return false;
  }
  return true;
}

bool ParseIpv6(std::string_view s, uint8_t* out) {
  std::vector<uint16_t> head, tail;
  const size_t gap = s.find("::");
  if (gap == std::string_view::npos) {
    if (!ParseGroups(s, true, &head) || head.size() != 8) return false;
  } else {
    if (!ParseGroups(s.substr(0, gap), false, &head)) return false;
    if (!ParseGroups(s.substr(gap + 2), true, &tail)) return false;
    if (head.size() + tail.size() > 7) return false;
    head.resize(8 - tail.size());
    head.insert(head.end(), tail.begin(), tail.end());
  }
  for (int i = 0; i < 8; ++i) {
    out[2 * i] = static_cast<uint8_t>(head[i] >> 8);
    out[2 * i + 1] = static_cast<uint8_t>(head[i]);
  }
  return true;
}

// ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) is how sockets of both families write the
// IPv4 address a.b.c.d; it and the networks within ::ffff:0:0/96 become that.
void UnmapIpv4(Ip* ip) {
  constexpr uint8_t kMapped = 96;
  constexpr std::array<uint8_t, kMapped / 8> kPrefix = {0, 0, 0, 0, 0,    0,
                                                        0, 0, 0, 0, 0xff, 0xff};
  if (ip->family != 6 || ip->bits < kMapped ||
      !std::equal(kPrefix.begin(), kPrefix.end(), ip->bytes.begin())) {
    return;
  }
  Ip v4;
  v4.bits = static_cast<uint8_t>(ip->bits - kMapped);
  std::copy(ip->bytes.begin() + kPrefix.size(), ip->bytes.end(),
            v4.bytes.begin());
  *ip = v4;
}

std::optional<uint64_t> VersionNumber(std::string_view s) {
  if (s.size() > 1 && s[0] == '0') return std::nullopt;
  auto v = ParseDigits(s);
  if (!v || *v > static_cast<uint64_t>(kMax)) return std::nullopt;
  return v;
}

// Dot-separated identifiers of [0-9A-Za-z-], none empty; numbers without
// leading zeros where `strict`.
bool AreIdentifiers(std::string_view s, bool strict) {
  while (true) {
    const size_t dot = s.find('.');
    const std::string_view part = s.substr(0, dot);
    if (part.empty()) return false;
    for (char c : part) {
      if (!IsDigit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
          c != '-')
        return false;
    }
    if (strict && part.size() > 1 && part[0] == '0' && AllDigits(part))
      return false;
    if (dot == std::string_view::npos) return true;
    s.remove_prefix(dot + 1);
  }
}

std::strong_ordering CompareIdentifiers(std::string_view a,
                                        std::string_view b) {
  const bool na = AllDigits(a), nb = AllDigits(b);
  if (na != nb)
    return na ? std::strong_ordering::less : std::strong_ordering::greater;
  if (na && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering ComparePrerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();
  while (true) {
    const size_t da = a.find('.'), db = b.find('.');
    const auto c = CompareIdentifiers(a.substr(0, da), b.substr(0, db));
    if (c != 0) return c;
    const bool ea = da == std::string_view::npos;
    const bool eb = db == std::string_view::npos;
    if (ea || eb) return eb <=> ea;
    a.remove_prefix(da + 1);
    b.remove_prefix(db + 1);
  }
}

// Whether the machine has a file of that zone, where abseil looks for it.
// Abseil remembers every name that it was ever asked for, and requests may
// bring new ones without end.
bool HasZoneFile(std::string_view name) {
  const char* folder = std::getenv("TZDIR");
  std::string path = folder != nullptr ? folder : "/usr/share/zoneinfo";
  path += '/';
  path += name;
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// The zone that this thread used last: a policy asks for one zone again and
// again, and abseil's look-up by name takes a lock and a copy of the name.
bool LoadZone(std::string_view name, absl::TimeZone* zone) {
  struct Last {
    std::string name;
    absl::TimeZone zone;
  };
  thread_local Last last{"UTC", absl::UTCTimeZone()};
  if (name == last.name) {
    *zone = last.zone;
    return true;
  }
  // abseil also takes file names and settings of the machine.
  if (name.empty() || name == "localtime" || name[0] == '/') return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool ok = IsDigit(c) || (c >= 'a' && c <= 'z') ||
                    (c >= 'A' && c <= 'Z') || c == '_' || c == '+' ||
                    c == '-' || c == '/';
    if (!ok) return false;
  }
  if (name != "UTC" && !HasZoneFile(name)) return false;
  if (!absl::LoadTimeZone(absl::string_view(name.data(), name.size()), zone))
    return false;
  last.name.assign(name);
  last.zone = *zone;
  return true;
}

// Half to even. REQUIRES: d > 0.
Int128 RoundedDivide(Int128 n, Int128 d) {
  const bool negative = n < 0;
  if (negative) n = -n;
  Int128 q = n / d;
  const Int128 twice = (n % d) * 2;
  if (twice > d || (twice == d && q % 2 != 0)) ++q;
  return negative ? -q : q;
}

std::optional<int64_t> ToDecimal(Int128 v) {
  if (v >= kDecimalLimit || v <= -Int128{kDecimalLimit}) return std::nullopt;
  return static_cast<int64_t>(v);
}

}  // namespace

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (a.major != b.major) return a.major <=> b.major;
  if (a.minor != b.minor) return a.minor <=> b.minor;
  if (a.patch != b.patch) return a.patch <=> b.patch;
  return ComparePrerelease(a.prerelease, b.prerelease);
}

std::optional<std::string> PlainNumber(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  std::string digits(text.substr(0, n));
  if (digits.empty()) return std::nullopt;
  text.remove_prefix(n);
  int64_t point = static_cast<int64_t>(digits.size());
  if (!text.empty() && text[0] == '.') {
    n = 1;
    while (n < text.size() && IsDigit(text[n])) ++n;
    if (n == 1) return std::nullopt;
    digits += text.substr(1, n - 1);
    text.remove_prefix(n);
  }
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    const bool down = !text.empty() && text[0] == '-';
    if (down || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
    auto e = ParseDigits(text);
    if (!e || *e > kMaxExponent) return std::nullopt;
    point += down ? -static_cast<int64_t>(*e) : static_cast<int64_t>(*e);
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  if (point <= 0) {
    digits.insert(0, static_cast<size_t>(1 - point), '0');
    point = 1;
  }
  if (digits.size() < static_cast<size_t>(point))
    digits.append(static_cast<size_t>(point) - digits.size(), '0');
  std::string whole = digits.substr(0, static_cast<size_t>(point));
  std::string fraction = digits.substr(static_cast<size_t>(point));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  std::string out = whole;
  if (!fraction.empty()) out += "." + fraction;
  if (negative && out != "0") out.insert(0, "-");
  return out;
}

std::optional<int64_t> ParseInt(std::string_view text) {
  if (!AllDigits(text.substr(!text.empty() && text[0] == '-' ? 1 : 0)))
    return std::nullopt;
  int64_t v = 0;
  auto [p, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || p != text.data() + text.size())
    return std::nullopt;
  return v;
}

std::optional<int64_t> ParseDecimal(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const size_t dot = text.find('.');
  auto whole = ParseDigits(text.substr(0, dot));
  if (!whole) return std::nullopt;
  int64_t part = 0;
  if (dot != std::string_view::npos) {
    std::string_view digits = text.substr(dot + 1);
    if (!AllDigits(digits)) return std::nullopt;
    while (digits.size() > 6 && digits.back() == '0') digits.remove_suffix(1);
    auto p = Millionths(digits);
    if (!p) return std::nullopt;
    part = *p;
  }
  const Int128 v = Int128{*whole} * kDecimalOne + part;
  return ToDecimal(negative ? -v : v);
}

std::optional<int64_t> ParseDate(std::string_view s) {
  if (s.size() != 10 || s[4] != '-' || s[7] != '-') return std::nullopt;
  auto y = Field(s, 0, 4), m = Field(s, 5, 2), d = Field(s, 8, 2);
  if (!y || !m || !d || *y < 1 || *m < 1 || *m > 12 || *d < 1 ||
      *d > DaysInMonth(*y, *m))
    return std::nullopt;
  return ToDays({*y, *m, *d});
}

std::optional<int64_t> ParseTime(std::string_view s) {
  if (s.size() < 20 || s[10] != 'T' || s[13] != ':' || s[16] != ':')
    return std::nullopt;
  auto date = ParseDate(s.substr(0, 10));
  auto h = Field(s, 11, 2), m = Field(s, 14, 2), sec = Field(s, 17, 2);
  if (!date || !h || !m || !sec || *h > 23 || *m > 59 || *sec > 59)
    return std::nullopt;
  size_t at = 19;
  int64_t micros = 0;
  if (s[at] == '.') {
    size_t end = ++at;
    while (end < s.size() && IsDigit(s[end])) ++end;
    auto f = Millionths(s.substr(at, end - at));
    if (!f) return std::nullopt;
    micros = *f;
    at = end;
  }
  int64_t offset = 0;  // minutes
  const std::string_view zone = s.substr(at);
  if (zone != "Z") {
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') ||
        zone[3] != ':')
      return std::nullopt;
    auto oh = Field(zone, 1, 2), om = Field(zone, 4, 2);
    if (!oh || !om || *oh > 23 || *om > 59) return std::nullopt;
    offset = (*oh * 60 + *om) * (zone[0] == '-' ? -1 : 1);
  }
  const int64_t seconds = *h * 3600 + *m * 60 + *sec - offset * 60;
  const int64_t v = *date * kMicrosPerDay + seconds * kMicrosPerSecond + micros;
  if (!IsDay(FloorDiv(v, kMicrosPerDay))) return std::nullopt;
  return v;
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  return ParseUnits(text, kDurationUnits, true);
}

std::optional<int64_t> ParsePeriod(std::string_view text) {
  return ParseUnits(text, kPeriodUnits, false);
}

std::optional<Ip> ParseIp(std::string_view text) {
  Ip ip;
  const size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  if (address.find(':') != std::string_view::npos) {
    ip.family = 6;
    ip.bits = 128;
    if (!ParseIpv6(address, ip.bytes.data())) return std::nullopt;
  } else if (!ParseIpv4(address, ip.bytes.data())) {
    return std::nullopt;
  }
  if (slash == std::string_view::npos) {
    UnmapIpv4(&ip);
    return ip;
  }
  const std::string_view bits = text.substr(slash + 1);
  auto n = ParseDigits(bits);
  if (!n || *n > ip.bits || bits.size() > 3 ||
      (bits.size() > 1 && bits[0] == '0'))
    return std::nullopt;
  for (size_t i = *n; i < ip.bits; ++i) {
    if (ip.bytes[i / 8] >> (7 - i % 8) & 1) return std::nullopt;
  }
  ip.bits = static_cast<uint8_t>(*n);
  UnmapIpv4(&ip);
  return ip;
}

std::optional<Version> ParseVersion(std::string_view text) {
  Version v;
  const size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    v.build = text.substr(plus + 1);
    if (!AreIdentifiers(v.build, false)) return std::nullopt;
    text = text.substr(0, plus);
  }
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    v.prerelease = text.substr(dash + 1);
    if (!AreIdentifiers(v.prerelease, true)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const size_t a = text.find('.');
  if (a == std::string_view::npos) return std::nullopt;
  const size_t b = text.find('.', a + 1);
  if (b == std::string_view::npos) return std::nullopt;
  auto major = VersionNumber(text.substr(0, a));
  auto minor = VersionNumber(text.substr(a + 1, b - a - 1));
  auto patch = VersionNumber(text.substr(b + 1));
  if (!major || !minor || !patch) return std::nullopt;
  v.major = *major;
  v.minor = *minor;
  v.patch = *patch;
  return v;
}

std::string FormatInt(int64_t v) { return std::to_string(v); }

std::string FormatDecimal(int64_t v) {
  const bool negative = v < 0;
  const uint64_t u = negative ? 0 - static_cast<uint64_t>(v) : v;
  return (negative ? "-" : "") + std::to_string(u / kDecimalOne) +
         Fraction(static_cast<int64_t>(u % kDecimalOne));
}

std::string FormatDate(int64_t days) {
  const YearMonthDay d = FromDays(std::clamp(days, kFirstDay, kLastDay));
  return Padded(d.year, 4) + "-" + Padded(d.month, 2) + "-" + Padded(d.day, 2);
}

std::string FormatTime(int64_t micros) {
  const int64_t days = FloorDiv(micros, kMicrosPerDay);
  const int64_t rest = micros - days * kMicrosPerDay;
  const int64_t seconds = rest / kMicrosPerSecond;
  return FormatDate(days) + "T" + Padded(seconds / 3600, 2) + ":" +
         Padded(seconds / 60 % 60, 2) + ":" + Padded(seconds % 60, 2) +
         Fraction(rest % kMicrosPerSecond) + "Z";
}

std::string FormatDuration(int64_t micros) {
  if (micros == 0) return "0s";
  std::string out = micros < 0 ? "-" : "";
  uint64_t u = micros < 0 ? 0 - static_cast<uint64_t>(micros) : micros;
  for (const Unit& unit : kDurationUnits) {
    const uint64_t n = u / unit.size;
    u %= unit.size;
    const bool last = unit.size == kMicrosPerSecond;
    if (n == 0 && !(last && u != 0)) continue;
    out += std::to_string(n);
    if (last) out += Fraction(static_cast<int64_t>(u));
    out += unit.name;
  }
  return out;
}

std::string FormatPeriod(int64_t months) {
  if (months == 0) return "0mo";
  std::string out = months < 0 ? "-" : "";
  const uint64_t u = months < 0 ? 0 - static_cast<uint64_t>(months) : months;
  if (u / 12 != 0) out += std::to_string(u / 12) + "y";
  if (u % 12 != 0) out += std::to_string(u % 12) + "mo";
  return out;
}

std::string FormatIp(const Ip& ip) {
  std::string out;
  if (ip.family == 4) {
    for (int i = 0; i < 4; ++i) {
      if (i != 0) out += '.';
      out += std::to_string(ip.bytes[i]);
    }
  } else {
    // RFC 5952: the longest run of two or more zero groups is `::`.
    uint16_t groups[8];
    for (int i = 0; i < 8; ++i)
      groups[i] =
          static_cast<uint16_t>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
    int best = -1, best_size = 1;
    for (int i = 0; i < 8;) {
      int n = 0;
      while (i + n < 8 && groups[i + n] == 0) ++n;
      if (n > best_size) {
        best = i;
        best_size = n;
      }
      i += n == 0 ? 1 : n;
    }
    for (int i = 0; i < 8; ++i) {
      if (i == best) {
        out += "::";
        i += best_size - 1;
        continue;
      }
      if (!out.empty() && out.back() != ':') out += ':';
      char digits[4];
      auto [end, error] = std::to_chars(digits, digits + 4, groups[i], 16);
      (void)error;
      out.append(digits, end);
    }
  }
  if (ip.bits != (ip.family == 4 ? 32 : 128))
    out += "/" + std::to_string(ip.bits);
  return out;
}

std::string FormatVersion(const Version& v) {
  std::string out = std::to_string(v.major) + "." + std::to_string(v.minor) +
                    "." + std::to_string(v.patch);
  if (!v.prerelease.empty()) out += "-" + v.prerelease;
  if (!v.build.empty()) out += "+" + v.build;
  return out;
}

std::optional<int64_t> AddMonthsToDate(int64_t days, int64_t months) {
  constexpr int64_t kMostMonths = 12 * 10'000;
  if (!IsDay(days) || months > kMostMonths || months < -kMostMonths)
    return std::nullopt;
  YearMonthDay d = FromDays(days);
  const int64_t m = d.year * 12 + (d.month - 1) + months;
  d.year = FloorDiv(m, 12);
  d.month = static_cast<int>(m - d.year * 12) + 1;
  if (d.year < 1 || d.year > 9999) return std::nullopt;
  d.day = std::min(d.day, DaysInMonth(d.year, d.month));
  return ToDays(d);
}

std::optional<int64_t> AddMonthsToTime(int64_t micros, int64_t months) {
  const int64_t days = FloorDiv(micros, kMicrosPerDay);
  auto moved = AddMonthsToDate(days, months);
  if (!moved) return std::nullopt;
  return *moved * kMicrosPerDay + (micros - days * kMicrosPerDay);
}

bool IsDateInRange(int64_t days) { return IsDay(days); }

bool IsTimeInRange(int64_t micros) {
  return IsDay(FloorDiv(micros, kMicrosPerDay));
}

std::optional<int64_t> StartOfDate(int64_t days, std::string_view zone) {
  absl::TimeZone tz;
  if (!IsDay(days) || !LoadZone(zone, &tz)) return std::nullopt;
  const YearMonthDay d = FromDays(days);
  const absl::TimeZone::TimeInfo info =
      tz.At(absl::CivilSecond(d.year, d.month, d.day));
  const absl::Time t =
      info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
  return absl::ToUnixMicros(t);
}

std::optional<CivilTime> CivilAt(int64_t micros, std::string_view zone) {
  absl::TimeZone tz;
  if (!IsTimeInRange(micros) || !LoadZone(zone, &tz)) return std::nullopt;
  const absl::CivilSecond cs = tz.At(absl::FromUnixMicros(micros)).cs;
  CivilTime out;
  out.date = ToDays({cs.year(), cs.month(), cs.day()});
  out.hour = cs.hour();
  out.minute = cs.minute();
  // 1970-01-01 was a Thursday.
  const int64_t weekday = (out.date + 3) % 7;
  out.weekday = static_cast<int>(weekday < 0 ? weekday + 7 : weekday);
  return out;
}

bool IsTimeZone(std::string_view zone) {
  absl::TimeZone tz;
  return LoadZone(zone, &tz);
}

int64_t AgeInYears(int64_t born_days, int64_t at_days) {
  const YearMonthDay born = FromDays(born_days), at = FromDays(at_days);
  const int day = std::min(born.day, DaysInMonth(at.year, born.month));
  const bool before =
      at.month < born.month || (at.month == born.month && at.day < day);
  return at.year - born.year - (before ? 1 : 0);
}

bool IpWithin(const Ip& a, const Ip& b) {
  if (a.family != b.family || a.bits < b.bits) return false;
  const size_t whole = b.bits / 8, rest = b.bits % 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, b.bytes.begin()))
    return false;
  if (rest == 0) return true;
  return ((a.bytes[whole] ^ b.bytes[whole]) >> (8 - rest)) == 0;
}

bool IsValidUtf8(std::string_view text) {
  size_t i = 0;
  auto next = [&](uint8_t low, uint8_t high) {
    if (i >= text.size()) return false;
    const uint8_t c = static_cast<uint8_t>(text[i++]);
    return c >= low && c <= high;
  };
  while (i < text.size()) {
    const uint8_t c = static_cast<uint8_t>(text[i++]);
    if (c < 0x80) continue;
    if (c >= 0xc2 && c <= 0xdf) {
      if (!next(0x80, 0xbf)) return false;
    } else if (c >= 0xe0 && c <= 0xef) {
      if (!next(c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf) ||
          !next(0x80, 0xbf))
        return false;
    } else if (c >= 0xf0 && c <= 0xf4) {
      if (!next(c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf) ||
          !next(0x80, 0xbf) || !next(0x80, 0xbf))
        return false;
    } else {
      return false;
    }
  }
  return true;
}

std::optional<int64_t> DivideDecimals(int64_t a, int64_t b) {
  if (b == 0) return std::nullopt;
  Int128 n = Int128{a} * kDecimalOne, d = b;
  if (d < 0) {
    n = -n;
    d = -d;
  }
  return ToDecimal(RoundedDivide(n, d));
}

std::optional<int64_t> MultiplyDecimals(int64_t a, int64_t b) {
  return ToDecimal(RoundedDivide(Int128{a} * b, kDecimalOne));
}

std::optional<int64_t> DecimalOfInt(int64_t v) {
  return ToDecimal(Int128{v} * kDecimalOne);
}

}  // namespace bylaw
