// The rendered SQL on a real server gives what the engine gives. Skipped, with
// a warning, where PostgreSQL is not installed.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "evaluator/spelling.h"
#include "evaluator/sql.h"
#include "tests/catch.h"
#include "tests/unit/decision_world.h"
#include "tests/unit/postgres.h"

namespace bylaw {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string Quote(const std::string& text) {
  std::string out = "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

const char* SqlType(Kind k) {
  switch (k) {
    case Kind::kBool:
      return "boolean";
    case Kind::kInt:
      return "bigint";
    case Kind::kDecimal:
      return "numeric";
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "timestamptz";
    case Kind::kIp:
      return "inet";
    case Kind::kDuration:
      return "interval";
    default:
      return "text";
  }
}

// A value as PostgreSQL reads it, written without the code under test.
std::string Sql(const World& world, const Value& v, Kind type) {
  if (v.missing()) return std::string("CAST(NULL AS ") + SqlType(type) + ")";
  std::string text = SpellScalar(world, v);
  if (v.kind == Kind::kDuration) {
    text = std::to_string(v.number) + " microseconds";
  }
  return "CAST(" + Quote(text) + " AS " + SqlType(type) + ")";
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool Skipped(const Postgres& server) {
  if (server.started()) return false;
  std::fprintf(stderr,
               "SKIPPED: PostgreSQL is not installed, the rendered SQL was "
               "not run on a server\n");
  WARN("skipped: PostgreSQL is not installed");
  return true;
}

TEST_CASE("masks on PostgreSQL give what the engine gives") {
  Postgres server;
  if (Skipped(server)) return;
  DatasetWorld w;
  REQUIRE(w.ok());
  struct Column {
    Kind type;
    std::vector<FittedMask> masks;
    std::vector<Value> values;
  };
  const auto of = [](MaskKind kind, uint32_t n = 0, uint32_t k = 0,
                     int64_t step = 0, TruncateUnit unit = TruncateUnit::kDay) {
    FittedMask m;
    m.kind = kind;
    m.n = n;
    m.k = k;
    m.step = step;
    m.unit = unit;
    return m;
  };
  const auto constant = [&](const Value& v) {
    FittedMask m = of(MaskKind::kConstant);
    m.constant = v;
    return m;
  };
  const auto num = [](Kind k, int64_t n) { return Value::Number(k, n); };
  const FittedMask redact = of(MaskKind::kRedact), null = of(MaskKind::kNull);
  std::vector<Column> columns;
  Column text{Kind::kString,
              {redact, null, of(MaskKind::kShowFirst, 2, 2),
               of(MaskKind::kShowLast, 4, 4), of(MaskKind::kShowLast, 1, 3),
               of(MaskKind::kShowFirst, 2147483647, 2147483647),
               of(MaskKind::kKeepDomain), constant(w.Text("it's \\ $1 \"x\""))},
              {}};
  for (const char* t : {"", "a", "ab", "abcd", "abcde", "résumé", "naïveté🎉x",
                        "ana@example.com", "@example.com", "a@", "a@b@c", "@",
                        "it's", "back\\slash", "  spaces  "}) {
    text.values.push_back(w.Text(t));
  }
  columns.push_back(text);
  Column ints{
      Kind::kInt,
      {redact, constant(num(Kind::kInt, INT64_MIN)),
       of(MaskKind::kRound, 0, 0, 1), of(MaskKind::kRound, 0, 0, 3),
       of(MaskKind::kRound, 0, 0, 10), of(MaskKind::kRound, 0, 0, INT64_MAX)},
      {}};
  for (const int64_t v :
       {INT64_MIN, INT64_MIN + 2, int64_t{-11}, int64_t{-10}, int64_t{-1},
        int64_t{0}, int64_t{9}, int64_t{10}, INT64_MAX}) {
    ints.values.push_back(num(Kind::kInt, v));
  }
  columns.push_back(ints);
  Column decimals{
      Kind::kDecimal,
      {redact, constant(num(Kind::kDecimal, -1)), of(MaskKind::kRound, 0, 0, 1),
       of(MaskKind::kRound, 0, 0, 250'000),
       of(MaskKind::kRound, 0, 0, 3'000'000)},
      {}};
  for (const int64_t v : {-(kDecimalLimit - 1), int64_t{-250'001}, int64_t{-1},
                          int64_t{0}, int64_t{999'999}, kDecimalLimit - 1}) {
    decimals.values.push_back(num(Kind::kDecimal, v));
  }
  columns.push_back(decimals);
  Column dates{Kind::kDate,
               {redact, constant(num(Kind::kDate, 3)),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kDay),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kMonth),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kYear)},
               {}};
  for (const char* d :
       {"0001-01-01", "1969-12-31", "2024-02-29", "2026-03-29", "9999-12-31"}) {
    dates.values.push_back(num(Kind::kDate, *ParseDate(d)));
  }
  columns.push_back(dates);
  Column times{Kind::kTime,
               {redact, constant(num(Kind::kTime, 7)),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kHour),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kDay),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kMonth),
                of(MaskKind::kTruncate, 0, 0, 0, TruncateUnit::kYear)},
               {}};
  for (const char* t : {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z",
                        "2026-03-29T01:30:00Z", "2026-10-24T23:30:00Z",
                        "9999-12-31T23:59:59Z"}) {
    times.values.push_back(num(Kind::kTime, *ParseTime(t)));
  }
  columns.push_back(times);
  Column ips{
      Kind::kIp,
      {redact, constant(w.Address("10.0.0.0/8")),
       of(MaskKind::kNetwork, 24, 64), of(MaskKind::kNetwork, 0, 0),
       of(MaskKind::kNetwork, 32, 128), of(MaskKind::kNetwork, 13, 49)},
      {w.Address("10.1.2.3"), w.Address("255.255.255.255"),
       w.Address("10.1.0.0/16"), w.Address("::1"),
       w.Address("2001:db8:ffff:ffff:1::5"), w.Address("2001:db8::/32")}};
  columns.push_back(ips);
  columns.push_back({Kind::kBool,
                     {redact, constant(Value::Bool(true))},
                     {Value::Bool(true), Value::Bool(false)}});
  columns.push_back({Kind::kDuration,
                     {redact, constant(num(Kind::kDuration, 5'400'000'001))},
                     {num(Kind::kDuration, 1)}});
  columns.push_back({Kind::kVersion,
                     {redact, constant(w.SemVer("1.0.0-rc.1+b"))},
                     {w.SemVer("1.2.3")}});

  // Not UTC, so that a mask that leans on the session's zone is found out.
  std::string script = "SET timezone = 'America/St_Johns';\n";
  std::vector<std::string> cases;
  for (Column& c : columns) {
    c.values.push_back(Value::Missing());
    for (const FittedMask& m : c.masks) {
      for (const Value& v : c.values) {
        const Value expected = ApplyMask(m, c.type, v, "", w.world());
        const std::string sql =
            MaskSql(m, c.type, "c", SqlDialect::kPostgres, "", w.world());
        cases.push_back(sql + " of " + SpellLiteral(w.world(), v));
        script += "SELECT (e IS NOT DISTINCT FROM " +
                  Sql(w.world(), expected, c.type) + ") || ' ' || " +
                  (sql == "NULL" ? std::string("'-'") : "pg_typeof(e)") +
                  " || ' ' || coalesce(CAST(e AS text), 'NULL') FROM (SELECT " +
                  sql + " AS e FROM (SELECT " + Sql(w.world(), v, c.type) +
                  " AS c) AS t) AS u;\n";
      }
    }
  }
  const std::vector<std::string> lines = Lines(server.Run(script));
  REQUIRE(lines.size() == cases.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    INFO(cases[i] << " gives " << lines[i]);
    CHECK(lines[i].starts_with("true "));
  }
}

TEST_CASE("row filters on PostgreSQL give what the engine gives") {
  Postgres server;
  if (Skipped(server)) return;
  const std::vector<std::pair<std::string, std::string>> types = {
      {"flag", "bool"},
      {"n", "int"},
      {"amount", "decimal"},
      {"region", "string"},
      {"name", "string"},
      {"day", "date"},
      {"at", "time"},
      {"ip", "ip"},
      {"span", "duration"},
      {"ver", "version"},
      {"Odd \"name\"", "string"}};
  DatasetWorld w(types);
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
  const auto col = [&](const char* name) {
    return make(F::kColumn, {w.Text(name)});
  };
  const auto num = [](Kind k, int64_t n) { return Value::Number(k, n); };
  const auto set = [&](std::vector<Value> elements) {
    Value* copy = w.arena().New<Value>(elements.size());
    std::copy(elements.begin(), elements.end(), copy);
    Value v;
    v.kind = Kind::kList;
    v.size = static_cast<uint32_t>(elements.size());
    v.values = copy;
    return v;
  };
  std::vector<Value> filters;
  for (const char* t :
       {"", "EU", "E_", "%", "a'b", "back\\slash", "é", "!", "z"}) {
    for (const FilterOp op : {F::kEq, F::kNe, F::kLt, F::kLe, F::kGt, F::kGe,
                              F::kStartsWith, F::kEndsWith, F::kContains}) {
      filters.push_back(make(op, {col("region"), w.Text(t)}));
    }
  }
  for (const char* t :
       {"*", "E*", "*U", "E%", "E_", "*!*", "a'*", "*\\*", ""}) {
    filters.push_back(make(F::kLike, {col("region"), w.Text(t)}));
  }
  for (const FilterOp op : {F::kEq, F::kNe, F::kLt, F::kGe}) {
    filters.push_back(make(op, {col("n"), num(Kind::kInt, 5)}));
    filters.push_back(make(op, {num(Kind::kInt, INT64_MIN), col("n")}));
    filters.push_back(make(op, {col("amount"), num(Kind::kInt, 2)}));
    filters.push_back(
        make(op, {col("amount"), num(Kind::kDecimal, 2'500'000)}));
    filters.push_back(make(op, {col("day"), num(Kind::kDate, 20000)}));
    filters.push_back(
        make(op, {col("at"), num(Kind::kTime, 1'700'000'000'123'456)}));
    filters.push_back(
        make(op, {col("span"), num(Kind::kDuration, 60'000'000)}));
    filters.push_back(make(op, {col("region"), col("name")}));
  }
  filters.push_back(make(F::kEq, {col("ip"), w.Address("10.0.0.0/8")}));
  filters.push_back(make(F::kNe, {col("ip"), w.Address("10.0.0.1")}));
  filters.push_back(make(F::kEq, {col("ver"), w.SemVer("1.0.0+other")}));
  filters.push_back(make(F::kIn, {col("ver"), set({w.SemVer("1.0.0")})}));
  filters.push_back(make(F::kEq, {col("Odd \"name\""), w.Text("EU")}));
  filters.push_back(make(F::kEq, {col("region"), Value::Missing()}));
  filters.push_back(make(F::kIn, {col("region"), set({})}));
  filters.push_back(
      make(F::kIn, {col("region"), set({w.Text("EU"), w.Text("é")})}));
  filters.push_back(make(F::kIn, {col("n"), set({num(Kind::kInt, 5)})}));
  filters.push_back(make(F::kIsMissing, {col("region")}));
  filters.push_back(make(F::kIsPresent, {col("n")}));
  filters.push_back(
      make(F::kEq,
           {make(F::kCoalesce, {col("region"), w.Text("EU")}), w.Text("EU")}));
  filters.push_back(make(F::kEq, {col("flag"), Value::Bool(true)}));
  filters.push_back(
      make(F::kInColumn,
           {col("region"), w.Text("privacy.erasures"), w.Text("customer_id")}));
  filters.push_back(col("flag"));
  const size_t single = filters.size();
  for (size_t i = 0; i + 7 < single; i += 5) {
    filters.push_back(make(F::kDrop, {filters[i]}));
    filters.push_back(make(F::kNot, {filters[i + 1]}));
    filters.push_back(make(F::kAnd, {filters[i], filters[i + 7], col("flag")}));
    filters.push_back(
        make(F::kOr, {filters[i + 2], make(F::kNot, {filters[i + 6]})}));
  }
  using Row = std::map<std::string, Value, std::less<>>;
  std::vector<Row> rows(1);
  const auto add_row = [&](const char* region, int64_t n, const char* ip,
                           const char* version) {
    Row r;
    r["flag"] = Value::Bool(n % 2 == 0);
    r["n"] = num(Kind::kInt, n);
    r["amount"] = num(Kind::kDecimal, n % 1000 * 500'000);
    r["region"] = w.Text(region);
    r["name"] = w.Text("E_");
    r["day"] = num(Kind::kDate, 20000 + n % 3);
    r["at"] = num(Kind::kTime, 1'700'000'000'123'456 + n % 2);
    r["ip"] = w.Address(ip);
    r["span"] = num(Kind::kDuration, 60'000'000 - n % 2);
    r["ver"] = w.SemVer(version);
    r["Odd \"name\""] = w.Text(region);
    rows.push_back(r);
  };
  add_row("EU", 5, "10.0.0.1", "1.0.0");
  add_row("E_", 4, "10.0.0.0/8", "1.0.0+b");
  add_row("", INT64_MIN, "::1", "2.0.0");
  add_row("a'b", INT64_MAX, "10.0.0.2", "1.0.0-rc.1");
  add_row("back\\slash", 0, "10.0.0.1", "1.0.0");
  add_row("%!é", -3, "10.0.0.1", "1.0.0");
  std::map<std::string, Kind> kinds;
  for (const auto& [name, value] : rows[1]) kinds[name] = value.kind;

  std::string script =
      "CREATE SCHEMA \"Privacy\";\n"
      "CREATE TABLE \"Privacy\".\"erasures v2\" (customer_id text);\n"
      "INSERT INTO \"Privacy\".\"erasures v2\" VALUES ('EU'), (NULL);\n";
  std::vector<std::string> cases, expected;
  const std::string names[] = {"f", "t", "NULL"};
  for (size_t f = 0; f < filters.size(); ++f) {
    const FilterNode& node = *FilterOf(w.world(), filters[f]);
    const SqlFilter sql = FilterSql(node, SqlDialect::kPostgres, w.world());
    for (const Row& row : rows) {
      RowSource source;
      source.cell = [&](std::string_view c) {
        const auto it = row.find(c);
        return it == row.end() ? Value::Missing() : it->second;
      };
      source.list = [&](std::string_view, std::string_view) {
        return std::vector<Value>{w.Text("EU")};
      };
      expected.push_back(
          names[static_cast<size_t>(EvaluateFilter(node, w.world(), source))]);
      std::string columns, arguments;
      for (const auto& [name, kind] : kinds) {
        const auto it = row.find(name);
        std::string quoted;
        for (const char c : name)
          quoted += c == '"' ? "\"\"" : std::string(1, c);
        columns += (columns.empty() ? "" : ", ") +
                   Sql(w.world(),
                       it == row.end() ? Value::Missing() : it->second, kind) +
                   " AS \"" + quoted + "\"";
      }
      for (const Node& p : sql.parameters) {
        arguments += (arguments.empty() ? "" : ", ") + Quote(p.text);
      }
      const std::string name = "q" + std::to_string(cases.size());
      script += "PREPARE " + name + " AS SELECT " + sql.text +
                " FROM (SELECT " + columns + ") AS t;\nEXECUTE " + name +
                (arguments.empty() ? "" : "(" + arguments + ")") + ";\n";
      std::string shown;
      for (const auto& [column, value] : row) {
        shown += " " + column + "=" + SpellLiteral(w.world(), value);
      }
      cases.push_back(FilterText(node, w.world()) + " of" + shown + ": " +
                      sql.text);
    }
  }
  const std::vector<std::string> lines = Lines(server.Run(script));
  REQUIRE(lines.size() == expected.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    INFO(cases[i]);
    CHECK(lines[i] == expected[i]);
  }
}

TEST_CASE("a list that lacks its column is an error, not the row's own") {
  Postgres server;
  if (Skipped(server)) return;
  DatasetWorld w({{"region", "string"}, {"customer_id", "string"}});
  REQUIRE(w.ok());
  Value column, filter;
  std::string_view error;
  REQUIRE(BuildFilter(w.world(), w.orders(), FilterOp::kColumn,
                      std::vector<Value>{w.Text("region")}, &column, &error));
  REQUIRE(BuildFilter(w.world(), w.orders(), FilterOp::kInColumn,
                      std::vector<Value>{column, w.Text("privacy.erasures"),
                                         w.Text("customer_id")},
                      &filter, &error));
  const SqlFilter sql =
      FilterSql(*FilterOf(w.world(), filter), SqlDialect::kPostgres, w.world());
  // The row has the columns of the list, and its table the alias of it.
  const std::string query =
      "SELECT region FROM (VALUES ('EU', 'EU'), ('US', 'EU')) "
      "AS l(region, customer_id) WHERE " +
      sql.text + ";\n";
  const std::vector<std::string> lines = Lines(
      server.Run("CREATE SCHEMA \"Privacy\";\n"
                 "CREATE TABLE \"Privacy\".\"erasures v2\" (renamed text);\n"
                 "INSERT INTO \"Privacy\".\"erasures v2\" VALUES ('US');\n" +
                 query +
                 "ALTER TABLE \"Privacy\".\"erasures v2\" "
                 "RENAME COLUMN renamed TO customer_id;\n" +
                 query));
  // The error's lines, then the one row.
  REQUIRE(lines.size() > 1);
  CHECK_THAT(lines.front(), ContainsSubstring("does not exist"));
  CHECK(lines.back() == "US");
  CHECK(std::count(lines.begin(), lines.end(), "EU") == 0);
}

}  // namespace
}  // namespace bylaw
