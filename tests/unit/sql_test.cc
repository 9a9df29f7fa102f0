#include "evaluator/sql.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "evaluator/value_order.h"
#include "tests/catch.h"
#include "tests/unit/decision_world.h"

namespace bylaw {
namespace {

FittedMask Mask(MaskKind kind, uint32_t n = 0, uint32_t k = 0) {
  FittedMask m;
  m.kind = kind;
  m.n = n;
  m.k = k;
  return m;
}

TEST_CASE("masks as SQL") {
  DatasetWorld w;
  REQUIRE(w.ok());
  const auto sql = [&](const FittedMask& m, Kind type, SqlDialect dialect,
                       const char* column = "c", const char* hash = "") {
    return MaskSql(m, type, column, dialect, hash, w.world());
  };
  const SqlDialect pg = SqlDialect::kPostgres, trino = SqlDialect::kTrino;
  CHECK(sql(Mask(MaskKind::kNull), Kind::kString, pg) == "NULL");
  CHECK(sql(Mask(MaskKind::kHide), Kind::kString, trino) == "NULL");
  CHECK(sql(Mask(MaskKind::kRedact), Kind::kString, pg) ==
        "CAST('***' AS text)");
  CHECK(sql(Mask(MaskKind::kRedact), Kind::kTime, trino) ==
        "CAST(TIMESTAMP '1970-01-01 00:00:00.000000 UTC' AS timestamp(6) with "
        "time zone)");
  CHECK(sql(Mask(MaskKind::kRedact), Kind::kRecord, trino) == "NULL");
  CHECK(sql(Mask(MaskKind::kShowLast, 4, 4), Kind::kString, trino, "a\"b") ==
        "CAST(CASE WHEN length(\"a\"\"b\") <= 4 THEN rpad('', "
        "length(\"a\"\"b\"), 'x') ELSE rpad('', length(\"a\"\"b\") - 4, 'x') "
        "|| substr(\"a\"\"b\", -4) END AS varchar)");
  CHECK(sql(Mask(MaskKind::kHash), Kind::kString, trino) == "NULL");
  CHECK(sql(Mask(MaskKind::kHash), Kind::kString, trino, "c",
            "governance.mask_hash") ==
        "CAST(governance.mask_hash(\"c\") AS varchar)");
  CHECK(sql(Mask(MaskKind::kHash), Kind::kInt, pg, "c", "Gov.h(x)") ==
        "CAST(\"Gov\".\"h(x)\"(\"c\") AS bigint)");
  CHECK(sql(Mask(MaskKind::kNetwork, 24, 48), Kind::kIp, pg) ==
        "CAST(CASE family(\"c\") WHEN 4 THEN "
        "set_masklen(CAST(network(set_masklen(\"c\", 24)) AS inet), "
        "masklen(\"c\")) WHEN 6 THEN "
        "set_masklen(CAST(network(set_masklen(\"c\", 48)) AS inet), "
        "masklen(\"c\")) END AS inet)");
  FittedMask constant = Mask(MaskKind::kConstant);
  constant.constant = w.Text("it's \\ here");
  CHECK(sql(constant, Kind::kString, trino) ==
        "CAST('it''s \\ here' AS varchar)");
  CHECK(sql(constant, Kind::kString, pg) == "CAST(E'it''s \\\\ here' AS text)");
}

// Where both dialects differ from each other, by Trino's documentation:
// positions of substr begin with 1 and count from the end if negative; there is
// no repeat of texts, so rpad makes the x; split_part begins with 1; mod has
// the sign of its first argument; date_trunc of a timestamp with time zone cuts
// in that zone; an IPADDRESS is 16 bytes, IPv4 in the last four after ffff.
TEST_CASE("every mask in Trino") {
  DatasetWorld w;
  REQUIRE(w.ok());
  const auto truncate = [](TruncateUnit unit) {
    FittedMask m = Mask(MaskKind::kTruncate);
    m.unit = unit;
    return m;
  };
  const auto round = [](int64_t step) {
    FittedMask m = Mask(MaskKind::kRound);
    m.step = step;
    return m;
  };
  const auto constant = [](Value v) {
    FittedMask m = Mask(MaskKind::kConstant);
    m.constant = v;
    return m;
  };
  const std::string all = "rpad('', length(\"c\"), 'x')";
  const auto half = [](const char* from, const char* ones) {
    return "to_big_endian_64(bitwise_and(from_big_endian_64(substr(CAST(\"c\" "
           "AS varbinary), " +
           std::string(from) + ", 8)), " + ones + "))";
  };
  const auto network = [&](const char* v4_high, const char* v4_low,
                           const char* v6_high, const char* v6_low) {
    return "CAST(CASE WHEN strpos(CAST(\"c\" AS varchar), ':') = 0 THEN CAST(" +
           half("1", v4_high) + " || " + half("9", v4_low) +
           " AS ipaddress) ELSE CAST(" + half("1", v6_high) + " || " +
           half("9", v6_low) + " AS ipaddress) END AS ipaddress)";
  };
  const std::string time = "timestamp(6) with time zone";
  struct Row {
    FittedMask mask;
    Kind type;
    std::string sql;
  };
  const std::vector<Row> rows = {
      {Mask(MaskKind::kNone), Kind::kString, "\"c\""},
      {Mask(MaskKind::kShowFirst, 3, 5), Kind::kString,
       "CAST(CASE WHEN length(\"c\") <= 5 THEN " + all +
           " ELSE substr(\"c\", 1, 3) || rpad('', length(\"c\") - 3, 'x') END "
           "AS varchar)"},
      {Mask(MaskKind::kShowLast, 3, 5), Kind::kString,
       "CAST(CASE WHEN length(\"c\") <= 5 THEN " + all +
           " ELSE rpad('', length(\"c\") - 3, 'x') || substr(\"c\", -3) END AS "
           "varchar)"},
      {Mask(MaskKind::kKeepDomain), Kind::kString,
       "CAST(CASE WHEN length(\"c\") - length(replace(\"c\", '@', '')) = 1 "
       "THEN 'x@' || split_part(\"c\", '@', 2) ELSE " +
           all + " END AS varchar)"},
      {Mask(MaskKind::kHash), Kind::kString, "CAST(h(\"c\") AS varchar)"},
      {Mask(MaskKind::kHash), Kind::kInt, "CAST(h(\"c\") AS bigint)"},
      {truncate(TruncateUnit::kHour), Kind::kTime,
       "CAST(date_trunc('hour', \"c\" AT TIME ZONE 'UTC') AS " + time + ")"},
      {truncate(TruncateUnit::kDay), Kind::kTime,
       "CAST(date_trunc('day', \"c\" AT TIME ZONE 'UTC') AS " + time + ")"},
      {truncate(TruncateUnit::kMonth), Kind::kTime,
       "CAST(date_trunc('month', \"c\" AT TIME ZONE 'UTC') AS " + time + ")"},
      {truncate(TruncateUnit::kYear), Kind::kTime,
       "CAST(date_trunc('year', \"c\" AT TIME ZONE 'UTC') AS " + time + ")"},
      {truncate(TruncateUnit::kDay), Kind::kDate,
       "CAST(date_trunc('day', \"c\") AS date)"},
      {truncate(TruncateUnit::kMonth), Kind::kDate,
       "CAST(date_trunc('month', \"c\") AS date)"},
      {round(10), Kind::kInt,
       "CAST(CASE WHEN \"c\" >= -9223372036854775800 THEN \"c\" - mod(\"c\", "
       "10) - CASE WHEN mod(\"c\", 10) < 0 THEN 10 ELSE 0 END END AS bigint)"},
      {round(500'000), Kind::kDecimal,
       "CAST(CASE WHEN \"c\" >= DECIMAL '-999999999999.5' THEN \"c\" - "
       "mod(\"c\", DECIMAL '0.5') - CASE WHEN mod(\"c\", DECIMAL '0.5') < 0 "
       "THEN DECIMAL '0.5' ELSE 0 END END AS decimal(18, 6))"},
      {Mask(MaskKind::kNetwork, 24, 48), Kind::kIp,
       network("-1", "-256", "-65536", "0")},
      {Mask(MaskKind::kNetwork, 0, 0), Kind::kIp,
       network("-1", "-4294967296", "0", "0")},
      {Mask(MaskKind::kNetwork, 32, 64), Kind::kIp,
       network("-1", "-1", "-1", "0")},
      {Mask(MaskKind::kNetwork, 1, 65), Kind::kIp,
       network("-1", "-2147483648", "-1",
               "CAST('-9223372036854775808' AS bigint)")},
      {Mask(MaskKind::kNetwork, 31, 128), Kind::kIp,
       network("-1", "-2", "-1", "-1")},
      {constant(Value::Bool(true)), Kind::kBool, "CAST(TRUE AS boolean)"},
      {constant(Value::Number(Kind::kInt, -5)), Kind::kInt,
       "CAST(-5 AS bigint)"},
      {constant(w.Text("it's")), Kind::kString, "CAST('it''s' AS varchar)"},
      {constant(w.SemVer("1.2.3+b")), Kind::kVersion,
       "CAST('1.2.3+b' AS varchar)"},
      {Mask(MaskKind::kRedact), Kind::kString, "CAST('***' AS varchar)"},
      {Mask(MaskKind::kRedact), Kind::kVersion, "CAST('0.0.0' AS varchar)"},
      {Mask(MaskKind::kRedact), Kind::kIp,
       "CAST(IPADDRESS '0.0.0.0' AS ipaddress)"},
      {Mask(MaskKind::kRedact), Kind::kBool, "CAST(FALSE AS boolean)"},
      {Mask(MaskKind::kRedact), Kind::kInt, "CAST(0 AS bigint)"},
      {Mask(MaskKind::kRedact), Kind::kDecimal,
       "CAST(DECIMAL '0' AS decimal(18, 6))"},
      {Mask(MaskKind::kRedact), Kind::kDate, "CAST(DATE '1970-01-01' AS date)"},
      {Mask(MaskKind::kRedact), Kind::kTime,
       "CAST(TIMESTAMP '1970-01-01 00:00:00.000000 UTC' AS " + time + ")"},
      {Mask(MaskKind::kRedact), Kind::kDuration,
       "CAST(parse_duration('0s') AS interval day to second)"},
      {Mask(MaskKind::kRedact), Kind::kRecord, "NULL"},
      {Mask(MaskKind::kRedact), Kind::kList, "NULL"},
      {Mask(MaskKind::kNull), Kind::kString, "NULL"},
      {Mask(MaskKind::kHide), Kind::kString, "NULL"},
  };
  std::set<MaskKind> kinds;
  for (const Row& row : rows) {
    kinds.insert(row.mask.kind);
    CHECK(MaskSql(row.mask, row.type, "c", SqlDialect::kTrino, "h",
                  w.world()) == row.sql);
  }
  CHECK(kinds.size() == static_cast<size_t>(MaskKind::kHide) + 1);
  // Without a function there is no hash.
  CHECK(MaskSql(Mask(MaskKind::kHash), Kind::kInt, "c", SqlDialect::kTrino, "",
                w.world()) == "NULL");
}

// parse_duration takes no sign, and INTERVAL one field of seconds at most.
TEST_CASE("every literal in Trino") {
  DatasetWorld w;
  REQUIRE(w.ok());
  const auto number = Value::Number;
  struct Row {
    Value value;
    std::string sql;
  };
  const std::vector<Row> rows = {
      {Value::Missing(), "NULL"},
      {Value::Bool(true), "TRUE"},
      {Value::Bool(false), "FALSE"},
      {number(Kind::kInt, 7), "7"},
      {number(Kind::kInt, INT64_MIN), "CAST('-9223372036854775808' AS bigint)"},
      {number(Kind::kDecimal, -2'500'000), "DECIMAL '-2.5'"},
      {number(Kind::kDate, *ParseDate("2026-11-20")), "DATE '2026-11-20'"},
      {number(Kind::kTime, *ParseTime("2026-11-20T10:00:00.25Z")),
       "TIMESTAMP '2026-11-20 10:00:00.250000 UTC'"},
      {number(Kind::kDuration, 90'000'000), "parse_duration('90s')"},
      {number(Kind::kDuration, 1'500'000), "parse_duration('1.5s')"},
      {number(Kind::kDuration, -1'500'000),
       "(parse_duration('0s') - parse_duration('1.5s'))"},
      {w.Text("it's \\ here"), "'it''s \\ here'"},
      {w.Address("10.0.0.1"), "IPADDRESS '10.0.0.1'"},
      {w.Address("2001:db8::1"), "IPADDRESS '2001:db8::1'"},
      {w.SemVer("1.2.3-rc.1"), "'1.2.3-rc.1'"},
  };
  for (const Row& row : rows) {
    FilterNode n;
    n.op = FilterOp::kConstant;
    n.kind = row.value.kind;
    n.constant = row.value;
    CHECK(FilterSql(n, SqlDialect::kTrino, w.world()).text == row.sql);
  }
}

// One filter in both dialects.
struct Rendered {
  std::string postgres, trino;
  std::vector<std::string> parameters;
};

Rendered Render(DatasetWorld& w, const Value& v) {
  const FilterNode& n = *FilterOf(w.world(), v);
  SqlFilter pg = FilterSql(n, SqlDialect::kPostgres, w.world());
  Rendered out{pg.text, FilterSql(n, SqlDialect::kTrino, w.world()).text, {}};
  for (const Node& p : pg.parameters) out.parameters.push_back(p.text);
  return out;
}

TEST_CASE("filters as SQL") {
  DatasetWorld w({{"region", "string"},
                  {"n", "int"},
                  {"amount", "decimal"},
                  {"day", "date"},
                  {"at", "time"},
                  {"ip", "ip"},
                  {"ver", "version"},
                  {"Odd \"name\"", "string"}});
  REQUIRE(w.ok());
  using F = FilterOp;
  const auto make = [&](FilterOp op, std::vector<Value> operands) {
    Value out;
    std::string_view error;
    if (!BuildFilter(w.world(), w.orders(), op, operands, &out, &error)) {
      FAIL(std::string(error));
    }
    return out;
  };
  const auto column = [&](const char* name) {
    return make(F::kColumn, {w.Text(name)});
  };
  const auto check = [&](const Value& v, const std::string& postgres,
                         const std::vector<std::string>& parameters,
                         const std::string& trino) {
    const Rendered r = Render(w, v);
    CHECK(r.postgres == postgres);
    CHECK(r.parameters == parameters);
    CHECK(r.trino == trino);
  };
  const Value evil = w.Text("x' OR '1'='1");
  check(make(F::kEq, {column("region"), evil}), "(\"region\" = $1)",
        {"x' OR '1'='1"}, "(\"region\" = 'x'' OR ''1''=''1')");
  check(make(F::kEq, {column("Odd \"name\""), w.Text("a")}),
        "(\"Odd \"\"name\"\"\" = $1)", {"a"}, "(\"Odd \"\"name\"\"\" = 'a')");
  check(make(F::kDrop, {make(F::kEq, {column("region"), w.Text("EU")})}),
        "(NOT (\"region\" = $1))", {"EU"}, "(NOT (\"region\" = 'EU'))");
  // By code points, whatever the database's collation.
  check(make(F::kLt, {column("region"), w.Text("M")}),
        "(CAST(\"region\" AS text) COLLATE \"C\" < $1)", {"M"},
        "(\"region\" < 'M')");
  check(make(F::kGt, {column("amount"), Value::Number(Kind::kInt, 3)}),
        "(\"amount\" > CAST($1 AS numeric))", {"3"},
        "(\"amount\" > DECIMAL '3')");
  check(make(F::kLe, {column("day"),
                      Value::Number(Kind::kDate, *ParseDate("2026-11-20"))}),
        "(\"day\" <= CAST($1 AS date))", {"2026-11-20"},
        "(\"day\" <= DATE '2026-11-20')");
  check(
      make(F::kLe,
           {column("at"),
            Value::Number(Kind::kTime, *ParseTime("2026-11-20T10:00:00.5Z"))}),
      "(\"at\" <= CAST($1 AS timestamptz))", {"2026-11-20 10:00:00.500000+00"},
      "(\"at\" <= TIMESTAMP '2026-11-20 10:00:00.500000 UTC')");
  check(make(F::kEq, {column("ip"), w.Address("10.0.0.1")}),
        "(\"ip\" = CAST($1 AS inet))", {"10.0.0.1"},
        "(\"ip\" = IPADDRESS '10.0.0.1')");
  check(make(F::kEq, {column("ver"), w.SemVer("1.0.0+b")}),
        "(split_part(\"ver\", '+', 1) = CAST($1 AS text))", {"1.0.0"},
        "(split_part(\"ver\", '+', 1) = '1.0.0')");
  check(make(F::kLike, {column("region"), w.Text("50%_!*")}),
        "(\"region\" LIKE $1 ESCAPE '!')", {"50!%!_!!%"},
        "(\"region\" LIKE '50!%!_!!%' ESCAPE '!')");
  check(make(F::kStartsWith, {column("region"), w.Text("%")}),
        "starts_with(\"region\", CAST($1 AS text))", {"%"},
        "starts_with(\"region\", '%')");
  check(make(F::kEndsWith, {column("region"), w.Text("-1")}),
        "(right(\"region\", char_length(CAST($1 AS text))) = CAST($1 AS text))",
        {"-1"}, "(substr(\"region\", -length('-1')) = '-1')");
  // Trino has no type of networks: no address equals one.
  check(make(F::kEq, {column("ip"), w.Address("10.0.0.0/8")}),
        "(\"ip\" = CAST($1 AS inet))", {"10.0.0.0/8"},
        "(CAST(\"ip\" AS varchar) = '10.0.0.0/8')");
  Value addresses[] = {w.Address("10.0.0.0/8"), w.Address("10.0.0.1")};
  check(make(F::kIn, {column("ip"), MakeCollection(w.arena(), Kind::kSet,
                                                   Kind::kIp, addresses)}),
        "(\"ip\" IN (CAST($1 AS inet), CAST($2 AS inet)))",
        {"10.0.0.0/8", "10.0.0.1"},
        "(CAST(\"ip\" AS varchar) IN ('10.0.0.0/8', '10.0.0.1'))");
  check(make(F::kIn,
             {column("ip"), MakeCollection(w.arena(), Kind::kSet, Kind::kIp,
                                           {&addresses[1], 1})}),
        "(\"ip\" IN (CAST($1 AS inet)))", {"10.0.0.1"},
        "(\"ip\" IN (IPADDRESS '10.0.0.1'))");
  check(make(F::kInColumn, {column("region"), w.Text("privacy.erasures"),
                            w.Text("customer_id")}),
        "(\"region\" IN (SELECT l.\"customer_id\" FROM \"Privacy\".\"erasures "
        "v2\" AS l WHERE l.\"customer_id\" IS NOT NULL))",
        {},
        "(\"region\" IN (SELECT l.\"customer_id\" FROM \"Privacy\".\"erasures "
        "v2\" AS l WHERE l.\"customer_id\" IS NOT NULL))");
  Value empty;
  empty.kind = Kind::kSet;
  check(make(F::kIn, {column("region"), empty}), "FALSE", {}, "FALSE");
  check(make(F::kAnd, {make(F::kIsMissing, {column("region")}),
                       make(F::kEq, {column("n"), Value::Missing()})}),
        "((\"region\" IS NULL) AND (\"n\" = NULL))", {},
        "((\"region\" IS NULL) AND (\"n\" = NULL))");
  check(Value::Bool(false), "FALSE", {}, "FALSE");
}

}  // namespace
}  // namespace bylaw
