#include "evaluator/sql.h"

#include <string>
#include <vector>

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
  CHECK(sql(Mask(MaskKind::kNetwork, 24, 48), Kind::kIp, trino) ==
        "CAST(CASE WHEN strpos(CAST(\"c\" AS varchar), ':') = 0 THEN "
        "ip_subnet_min(ip_prefix(\"c\", 24)) ELSE "
        "ip_subnet_min(ip_prefix(\"c\", 48)) END AS ipaddress)");
  FittedMask constant = Mask(MaskKind::kConstant);
  constant.constant = w.Text("it's \\ here");
  CHECK(sql(constant, Kind::kString, trino) ==
        "CAST('it''s \\ here' AS varchar)");
  CHECK(sql(constant, Kind::kString, pg) == "CAST(E'it''s \\\\ here' AS text)");
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
