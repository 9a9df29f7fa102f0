// Scalars: what is read, what is refused, and calendar arithmetic at its edges.
#include <malloc.h>

#include <string>
#include <utility>

#include "compiler/bytecode/scalar.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

TEST_CASE("integers") {
  CHECK(ParseInt("42") == 42);
  CHECK(ParseInt("-9223372036854775808") == INT64_MIN);
  for (const char* bad : {"", "-", "+1", "1.0", "1e3", " 1", "1 ", "--1",
                          "9223372036854775808", "0x1"})
    CHECK_FALSE(ParseInt(bad).has_value());
}

TEST_CASE("decimals are exact") {
  CHECK(ParseDecimal("12.50") == 12'500'000);
  CHECK(ParseDecimal("-0.000001") == -1);
  CHECK(ParseDecimal("999999999999.999999") == kDecimalLimit - 1);
  CHECK(ParseDecimal("1.5000000") == 1'500'000);
  for (const char* bad : {"", ".5", "5.", "1.0000001", "1000000000000", "1e3",
                          "-", "1.2.3", "1,5"})
    CHECK_FALSE(ParseDecimal(bad).has_value());
  CHECK(FormatDecimal(12'500'000) == "12.5");
  CHECK(FormatDecimal(-1) == "-0.000001");
  CHECK(FormatDecimal(3'000'000) == "3");
}

TEST_CASE("division and multiplication round half to even") {
  CHECK(DivideDecimals(1'000'000, 3'000'000) == 333'333);
  CHECK(DivideDecimals(2'000'000, 3'000'000) == 666'667);
  CHECK(DivideDecimals(1, 2'000'000) == 0);
  CHECK(DivideDecimals(3, 2'000'000) == 2);
  CHECK(DivideDecimals(-3, 2'000'000) == -2);
  CHECK(DivideDecimals(-1'000'000, -2'000'000) == 500'000);
  CHECK_FALSE(DivideDecimals(1, 0).has_value());
  CHECK_FALSE(DivideDecimals(kDecimalLimit - 1, 1).has_value());
  CHECK(MultiplyDecimals(1'500'000, 2'000'000) == 3'000'000);
  CHECK_FALSE(MultiplyDecimals(kDecimalLimit - 1, 2'000'000).has_value());
  CHECK(DecimalOfInt(7) == 7'000'000);
  CHECK_FALSE(DecimalOfInt(1'000'000'000'000).has_value());
}

TEST_CASE("JSON numbers are spelled plainly") {
  CHECK(PlainNumber("1e3") == "1000");
  CHECK(PlainNumber("1.0") == "1");
  CHECK(PlainNumber("12.50") == "12.5");
  CHECK(PlainNumber("-1.25E-2") == "-0.0125");
  CHECK(PlainNumber("-0.0") == "0");
  CHECK(PlainNumber("100") == "100");
  CHECK(PlainNumber("9007199254740993") == "9007199254740993");
  for (const char* bad : {"", "e3", "1e", "1.", ".5", "1e999", "NaN", "1x"})
    CHECK_FALSE(PlainNumber(bad).has_value());
}

TEST_CASE("dates") {
  CHECK(ParseDate("1970-01-01") == 0);
  CHECK(ParseDate("2026-11-20") == 20'777);
  CHECK(ParseDate("2024-02-29").has_value());
  for (const char* bad :
       {"2026-02-29", "2026-13-01", "2026-00-01", "0000-01-01", "2026-1-1",
        "2026-11-20T00:00:00Z", "20261120", "1900-02-29"})
    CHECK_FALSE(ParseDate(bad).has_value());
  for (const char* text : {"0001-01-01", "9999-12-31", "2000-02-29"})
    CHECK(FormatDate(*ParseDate(text)) == text);
}

TEST_CASE("times") {
  CHECK(ParseTime("1970-01-01T00:00:01Z") == 1'000'000);
  CHECK(ParseTime("2026-11-20T10:00:00+02:00") ==
        ParseTime("2026-11-20T08:00:00Z"));
  CHECK(ParseTime("1969-12-31T23:59:59.5Z") == -500'000);
  for (const char* bad :
       {"2026-11-20T10:00:00", "2026-11-20 10:00:00Z", "2026-11-20T24:00:00Z",
        "2026-11-20T10:00:60Z", "2026-11-20T10:00:00.1234567Z",
        "2026-11-20T10:00:00.Z", "0001-01-01T00:00:00+01:00",
        "2026-11-20T10:00:00+0200"})
    CHECK_FALSE(ParseTime(bad).has_value());
  CHECK(FormatTime(-500'000) == "1969-12-31T23:59:59.5Z");
  CHECK(FormatTime(*ParseTime("2026-11-20T10:00:00Z")) ==
        "2026-11-20T10:00:00Z");
}

TEST_CASE("durations and periods") {
  CHECK(ParseDuration("90s") == 90'000'000);
  CHECK(ParseDuration("1h30m") == 5'400'000'000);
  CHECK(ParseDuration("30d") == 30 * 86'400'000'000);
  for (const char* bad : {"", "30m1h", "1h1h", "1", "h", "1w", "1mo", "1.5h",
                          "1h 30m", "106751992d", "-"})
    CHECK_FALSE(ParseDuration(bad).has_value());
  CHECK(FormatDuration(90'000'000) == "1m30s");
  CHECK(FormatDuration(0) == "0s");
  CHECK(FormatDuration(-1'500'000) == "-1.5s");
  CHECK(FormatDuration(8 * 3'600'000'000) == "8h");
  CHECK(ParseDuration(FormatDuration(1)) == 1);
  CHECK(ParsePeriod("1y6mo") == 18);
  CHECK(ParsePeriod("18y") == 216);
  for (const char* bad : {"6mo1y", "1m", "", "y", "1d"})
    CHECK_FALSE(ParsePeriod(bad).has_value());
  CHECK(FormatPeriod(18) == "1y6mo");
  CHECK(FormatPeriod(0) == "0mo");
}

TEST_CASE("addresses and networks") {
  for (const char* text :
       {"10.0.0.0/8", "192.168.1.7", "0.0.0.0/0", "2001:db8::/32", "::", "::1",
        "fe80::1:2", "1:2:3:4:5:6:7:8", "1:0:0:2::3", "::/0"})
    CHECK(FormatIp(ParseIp(text).value_or(Ip{})) == text);
  CHECK(FormatIp(*ParseIp("1:0:0:0:0:0:0:8")) == "1::8");
  CHECK(FormatIp(*ParseIp("10.0.0.1/32")) == "10.0.0.1");
  for (const char* bad :
       {"", "10.0.0.1/8", "10.0.0", "10.0.0.256", "010.0.0.1", "1.2.3.4/33",
        "1.2.3.4/", "1.2.3.4/08", ":::", "1::2::3", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%eth0", "1.2.3.4.5", "::1:"})
    CHECK_FALSE(ParseIp(bad).has_value());
  CHECK(IpWithin(*ParseIp("10.1.2.3"), *ParseIp("10.0.0.0/8")));
  CHECK_FALSE(IpWithin(*ParseIp("11.1.2.3"), *ParseIp("10.0.0.0/8")));
  CHECK_FALSE(IpWithin(*ParseIp("10.0.0.0/7"), *ParseIp("10.0.0.0/8")));
  CHECK(IpWithin(*ParseIp("10.1.0.0/16"), *ParseIp("10.0.0.0/12")));
  CHECK_FALSE(IpWithin(*ParseIp("10.16.0.1"), *ParseIp("10.0.0.0/12")));
  CHECK(IpWithin(*ParseIp("2001:db8::1"), *ParseIp("2001:db8::/33")));
  CHECK_FALSE(
      IpWithin(*ParseIp("2001:db8:8000::1"), *ParseIp("2001:db8::/33")));
  CHECK_FALSE(IpWithin(*ParseIp("::"), *ParseIp("0.0.0.0/0")));
}

TEST_CASE("an IPv4 address written as IPv6 is the IPv4 address") {
  const std::pair<const char*, const char*> same[] = {
      {"::ffff:10.1.2.3", "10.1.2.3"},
      {"::FFFF:a01:203", "10.1.2.3"},
      {"0:0:0:0:0:ffff:10.1.2.3", "10.1.2.3"},
      {"::ffff:10.1.2.3/128", "10.1.2.3"},
      {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
      {"::ffff:0:0/96", "0.0.0.0/0"},
      {"::ffff:0.0.0.0", "0.0.0.0"},
  };
  for (const auto& [mapped, plain] : same) {
    INFO(mapped);
    REQUIRE(ParseIp(mapped).has_value());
    CHECK(*ParseIp(mapped) == *ParseIp(plain));
    CHECK(FormatIp(*ParseIp(mapped)) == plain);
  }
  // Neither wider networks nor other addresses that end in one of IPv4.
  for (const char* text : {"::fffe:0:0/95", "::/80", "::ffff:0:a01:203",
                           "::fffe:a01:203", "::a01:203", "1::ffff:a01:203"}) {
    INFO(text);
    REQUIRE(ParseIp(text).has_value());
    CHECK(ParseIp(text)->family == 6);
  }
  CHECK_FALSE(ParseIp("::ffff:10.1.2.3/104").has_value());  // host bits
  CHECK_FALSE(ParseIp("::ffff:10.1.2.3/129").has_value());
  CHECK(IpWithin(*ParseIp("::ffff:10.1.2.3"), *ParseIp("10.0.0.0/8")));
  CHECK(IpWithin(*ParseIp("10.1.2.3"), *ParseIp("::ffff:10.0.0.0/104")));
  CHECK_FALSE(IpWithin(*ParseIp("::ffff:11.1.2.3"), *ParseIp("10.0.0.0/8")));
  CHECK_FALSE(IpWithin(*ParseIp("::ffff:10.1.2.3"), *ParseIp("::/0")));
}

TEST_CASE("versions order by precedence") {
  const char* ascending[] = {"1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-beta.2",
                             "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
                             "1.0.1",         "1.2.0",         "1.10.0",
                             "2.0.0"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j)
      CHECK((*ParseVersion(ascending[i]) <=> *ParseVersion(ascending[j])) ==
            (i <=> j));
    CHECK(FormatVersion(*ParseVersion(ascending[i])) == ascending[i]);
  }
  CHECK(*ParseVersion("1.0.0+a") == *ParseVersion("1.0.0+b"));
  for (const char* bad :
       {"1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "v1.0.0", "1.0.0.0",
        "1.0.0-a..b", "1.-1.0", "1.0.9223372036854775808"})
    CHECK_FALSE(ParseVersion(bad).has_value());
}

TEST_CASE("months clamp to the end of the month") {
  auto add = [](const char* date, int64_t months) {
    auto d = AddMonthsToDate(*ParseDate(date), months);
    return d ? FormatDate(*d) : std::string("none");
  };
  CHECK(add("2026-01-31", 1) == "2026-02-28");
  CHECK(add("2024-01-31", 1) == "2024-02-29");
  CHECK(add("2024-02-29", 12) == "2025-02-28");
  CHECK(add("2026-03-31", -1) == "2026-02-28");
  CHECK(add("2026-01-15", -13) == "2024-12-15");
  CHECK(add("9999-12-01", 1) == "none");
  CHECK(add("0001-01-01", -1) == "none");
  CHECK(FormatTime(*AddMonthsToTime(*ParseTime("2026-01-31T10:00:00Z"), 1)) ==
        "2026-02-28T10:00:00Z");
  CHECK_FALSE(AddMonthsToDate(0, INT64_MAX).has_value());
}

TEST_CASE("age in whole years") {
  auto age = [](const char* born, const char* at) {
    return AgeInYears(*ParseDate(born), *ParseDate(at));
  };
  CHECK(age("2000-05-10", "2018-05-09") == 17);
  CHECK(age("2000-05-10", "2018-05-10") == 18);
  CHECK(age("2004-02-29", "2022-02-28") == 18);
  CHECK(age("2004-02-29", "2022-02-27") == 17);
  CHECK(age("2004-02-29", "2024-02-28") == 19);
  CHECK(age("2004-02-29", "2024-02-29") == 20);
}

TEST_CASE("zones") {
  CHECK(IsTimeZone("Europe/Paris"));
  CHECK(IsTimeZone("UTC"));
  for (const char* bad : {"", "localtime", "Mars/Olympus", "/etc/passwd",
                          "../zoneinfo/UTC", "file:x"})
    CHECK_FALSE(IsTimeZone(bad));
  CHECK(*StartOfDate(*ParseDate("2026-07-01"), "Europe/Paris") ==
        *ParseTime("2026-06-30T22:00:00Z"));
  // Midnight was skipped in Sao Paulo on 2018-11-04.
  CHECK(
      FormatTime(*StartOfDate(*ParseDate("2018-11-04"), "America/Sao_Paulo")) ==
      "2018-11-04T03:00:00Z");
  // In Havana it came twice on 2026-11-01.
  CHECK(FormatTime(*StartOfDate(*ParseDate("2026-11-01"), "America/Havana")) ==
        "2026-11-01T04:00:00Z");
  auto c = CivilAt(*ParseTime("2026-11-20T23:30:00Z"), "Europe/Paris");
  REQUIRE(c.has_value());
  CHECK(FormatDate(c->date) == "2026-11-21");
  CHECK(c->hour == 0);
  CHECK(c->minute == 30);
  CHECK(c->weekday == 5);  // Saturday
  CHECK(CivilAt(*ParseTime("1969-12-27T12:00:00Z"), "UTC")->weekday == 5);
}

TEST_CASE("names that are no time zones are not remembered") {
  // A policy may ask for the zone that a request names.
  const size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 2000; ++i) {
    CHECK_FALSE(IsTimeZone(std::string(1000, 'z') + std::to_string(i)));
  }
  CHECK(mallinfo2().uordblks < before + 1'000'000);
}

TEST_CASE("UTF-8") {
  CHECK(IsValidUtf8("h\xc3\xa9llo \xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xe2\x82", "\x80", "\xff"})
    CHECK_FALSE(IsValidUtf8(bad));
}

}  // namespace
}  // namespace bylaw
