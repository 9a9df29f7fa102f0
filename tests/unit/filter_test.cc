#include "evaluator/filter.h"

#include <map>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/decision_world.h"

namespace bylaw {
namespace {

std::vector<std::pair<std::string, std::string>> AllTypes() {
  return {{"flag", "bool"},      {"n", "int"},         {"m", "int"},
          {"amount", "decimal"}, {"region", "string"}, {"name", "string"},
          {"day", "date"},       {"at", "time"},       {"ip", "ip"},
          {"span", "duration"},  {"ver", "version"},   {"doc", "object"},
          {"tags", "array"},     {"mystery", ""},      {"odd name", "string"}};
}

// Builds filters as the machine does: one operation at a time.
class Make {
 public:
  explicit Make(DatasetWorld* w) : w_(w) {}
  Value operator()(FilterOp op, std::vector<Value> operands) {
    Value out;
    std::string_view error;
    if (!BuildFilter(w_->world(), w_->orders(), op, operands, &out, &error)) {
      error_ = std::string(error);
      return Value::Missing();
    }
    return out;
  }
  Value Column(const char* name) {
    return (*this)(FilterOp::kColumn, {w_->Text(name)});
  }
  std::string Text(const Value& v) {
    if (!error_.empty()) return "error: " + error_;
    return FilterText(*FilterOf(w_->world(), v), w_->world());
  }
  std::string TakeError() { return std::exchange(error_, ""); }

 private:
  DatasetWorld* w_;
  std::string error_;
};

Value Int(int64_t n) { return Value::Number(Kind::kInt, n); }

Value SetOf(DatasetWorld& w, std::vector<Value> elements) {
  Value* copy = w.arena().New<Value>(elements.size());
  std::copy(elements.begin(), elements.end(), copy);
  Value v;
  v.kind = Kind::kSet;
  v.element = Kind::kInt;
  v.size = static_cast<uint32_t>(elements.size());
  v.values = copy;
  if (!elements.empty() && IsCellKind(elements[0].kind)) {
    Cell* cells = w.arena().New<Cell>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) cells[i] = elements[i].size;
    v.element = elements[0].kind;
    v.cells = cells;
  }
  return v;
}

TEST_CASE("canonical text of a filter") {
  DatasetWorld w(AllTypes());
  INFO(w.messages());
  REQUIRE(w.ok());
  Make make(&w);
  using F = FilterOp;
  const Value region = make.Column("region"), n = make.Column("n");
  const Value flag = make.Column("flag");
  const Value eu = make(F::kEq, {region, w.Text("EU")});
  const Value big = make(F::kGt, {n, Int(5)});
  const Value either = make(F::kOr, {eu, big});
  const Value both = make(F::kAnd, {eu, big});
  const Value t = Value::Bool(true), f = Value::Bool(false);
  const std::vector<std::pair<Value, std::string>> cases = {
      {eu, "r.region == \"EU\""},
      {make(F::kDrop, {eu}), "not (r.region == \"EU\")"},
      {make(F::kNot, {eu}), "not r.region == \"EU\""},
      {make(F::kDrop, {make(F::kNot, {eu})}), "not (not r.region == \"EU\")"},
      {make(F::kKeep, {either}), "r.region == \"EU\" or r.n > 5"},
      {make(F::kAnd, {either, flag}),
       "(r.region == \"EU\" or r.n > 5) and r.flag"},
      {make(F::kOr, {both, flag}), "r.region == \"EU\" and r.n > 5 or r.flag"},
      {make(F::kNot, {both}), "not (r.region == \"EU\" and r.n > 5)"},
      {make(F::kAnd, {both, both}),
       "r.region == \"EU\" and r.n > 5 and r.region == \"EU\" and r.n > 5"},
      {make(F::kEq, {eu, flag}), "(r.region == \"EU\") == r.flag"},
      {make(F::kEq, {make.Column("odd name"), w.Text("a\"b\\c\n")}),
       "r[\"odd name\"] == \"a\\\"b\\\\c\\n\""},
      {make(F::kIn, {n, SetOf(w, {Int(10), Int(9), Int(9)})}),
       "r.n in {9, 10}"},
      {make(F::kIn, {region, SetOf(w, {w.Text("zz"), w.Text("aa")})}),
       "r.region in {\"aa\", \"zz\"}"},
      {make(F::kNotIn, {make(F::kIn, {n, SetOf(w, {Int(1)})})}),
       "r.n not in {1}"},
      {make(F::kIn, {n, SetOf(w, {})}), "r.n in {}"},
      {make(F::kIsMissing, {make.Column("doc")}), "r.doc is missing"},
      {make(F::kIsPresent, {make.Column("mystery")}), "r.mystery is present"},
      {make(F::kGt, {make(F::kCoalesce, {n, Int(0)}), Int(-3)}),
       "r.n ?? 0 > -3"},
      {make(F::kEq, {make.Column("amount"), Int(3)}), "r.amount == 3"},
      {make(F::kLt,
            {make.Column("amount"), Value::Number(Kind::kDecimal, 12'500'000)}),
       "r.amount < 12.5"},
      {make(F::kGe, {make.Column("day"),
                     Value::Number(Kind::kDate, *ParseDate("2026-11-20"))}),
       "r.day >= date(\"2026-11-20\")"},
      {make(F::kEq, {make.Column("ip"), w.Address("10.0.0.1")}),
       "r.ip == ip(\"10.0.0.1\")"},
      {make(F::kEq, {region, Value::Missing()}), "r.region == unknown"},
      {make(F::kEq, {w.Text("a"), Value::Missing()}), "unknown"},
      {make(F::kNot, {Value::Missing()}), "not unknown"},
      {make(F::kAnd, {t, eu}), "r.region == \"EU\""},
      {make(F::kAnd, {eu, f}), "false"},
      {make(F::kOr, {f, eu}), "r.region == \"EU\""},
      {make(F::kOr, {eu, t}), "true"},
      {make(F::kDrop, {f}), "true"},
      {make(F::kAnd, {t, Value::Missing()}), "unknown"},
      {make(F::kLike, {region, w.Text("a*")}), "r.region like \"a*\""},
      {make(F::kStartsWith, {region, make.Column("name")}),
       "r.region starts with r.name"},
      {make(F::kInColumn,
            {region, w.Text("privacy.erasures"), w.Text("customer_id")}),
       "r.region in column(\"privacy.erasures\", \"customer_id\")"},
  };
  for (const auto& [value, expected] : cases) {
    CHECK(make.Text(value) == expected);
    CHECK(make.TakeError().empty());
  }
}

TEST_CASE("what does not fit its column is an error") {
  DatasetWorld w(AllTypes());
  REQUIRE(w.ok());
  using F = FilterOp;
  const auto column = [&](const char* name) {
    Value out;
    std::string_view error;
    REQUIRE(BuildFilter(w.world(), w.orders(), F::kColumn, {{w.Text(name)}},
                        &out, &error));
    return out;
  };
  struct Case {
    FilterOp op;
    std::vector<Value> operands;
  };
  const Value half = Value::Number(Kind::kDecimal, 500'000);
  const std::vector<Case> cases = {
      {F::kColumn, {w.Text("nowhere")}},
      {F::kEq, {column("n"), w.Text("5")}},
      {F::kEq, {column("region"), Int(5)}},
      {F::kEq, {column("n"), half}},
      {F::kEq, {column("n"), column("amount")}},
      {F::kEq, {column("mystery"), Int(1)}},
      {F::kEq, {column("mystery"), column("mystery")}},
      {F::kEq, {column("doc"), w.Text("x")}},
      {F::kEq, {column("tags"), column("tags")}},
      {F::kLt, {column("flag"), Value::Bool(true)}},
      {F::kLt, {column("ver"), w.SemVer("1.0.0")}},
      {F::kLt, {column("ip"), w.Address("1.1.1.1")}},
      {F::kKeep, {column("region")}},
      {F::kDrop, {column("mystery")}},
      {F::kAnd, {column("n"), Value::Bool(true)}},
      {F::kIn, {column("n"), SetOf(w, {w.Text("a")})}},
      {F::kIn, {column("mystery"), SetOf(w, {})}},
      {F::kStartsWith, {column("n"), w.Text("1")}},
      {F::kLike, {column("region"), column("name")}},
      {F::kCoalesce, {column("n"), w.Text("a")}},
      {F::kInColumn,
       {column("region"), w.Text("no.such"), w.Text("customer_id")}},
      {F::kInColumn,
       {column("region"), w.Text("privacy.erasures"), w.Text("nothing")}},
      {F::kInColumn,
       {column("region"), w.Text("privacy.erasures"), w.Text("unknown")}},
      {F::kInColumn,
       {column("n"), w.Text("privacy.erasures"), w.Text("customer_id")}},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    Value out;
    std::string_view error;
    INFO("case " << i);
    CHECK_FALSE(BuildFilter(w.world(), w.orders(), cases[i].op,
                            cases[i].operands, &out, &error));
    CHECK_FALSE(error.empty());
  }
}

TEST_CASE("a filter that is nested too deeply is an error") {
  DatasetWorld w(AllTypes());
  REQUIRE(w.ok());
  Make make(&w);
  Value v = make.Column("flag");
  for (uint32_t i = 1; i < kMaxFilterDepth; ++i) v = make(FilterOp::kNot, {v});
  CHECK(make.Text(v).find("error") != 0);
  make(FilterOp::kNot, {v});
  CHECK(make.TakeError().find("nested more than 90 deep") != std::string::npos);
}

TEST_CASE("filters have SQL's three truth values") {
  DatasetWorld w(AllTypes());
  REQUIRE(w.ok());
  Make make(&w);
  using F = FilterOp;
  std::map<std::string, Value, std::less<>> row = {{"region", w.Text("EU")},
                                                   {"n", Int(5)},
                                                   {"amount", Int(3)},
                                                   {"flag", Value::Bool(true)}};
  std::vector<Value> listed = {w.Text("US")};
  RowSource source;
  source.cell = [&](std::string_view c) {
    const auto it = row.find(c);
    return it == row.end() ? Value::Missing() : it->second;
  };
  source.list = [&](std::string_view table, std::string_view column) {
    CHECK(table == "privacy.erasures");
    CHECK(column == "customer_id");
    return listed;
  };
  const Value unknown = make(F::kEq, {make.Column("name"), w.Text("x")});
  const Value yes = make(F::kEq, {make.Column("region"), w.Text("EU")});
  const Value no = make(F::kNe, {make.Column("region"), w.Text("EU")});
  const auto in_list = [&](const char* column) {
    return make(F::kInColumn, {make.Column(column), w.Text("privacy.erasures"),
                               w.Text("customer_id")});
  };
  const auto check = [&](const Value& v, Truth expected) {
    INFO(make.Text(v));
    CHECK(EvaluateFilter(*FilterOf(w.world(), v), w.world(), source) ==
          expected);
  };
  check(yes, Truth::kTrue);
  check(no, Truth::kFalse);
  check(unknown, Truth::kUnknown);
  check(make(F::kNot, {unknown}), Truth::kUnknown);
  check(make(F::kDrop, {unknown}), Truth::kUnknown);
  check(make(F::kAnd, {unknown, no}), Truth::kFalse);
  check(make(F::kAnd, {unknown, yes}), Truth::kUnknown);
  check(make(F::kOr, {unknown, yes}), Truth::kTrue);
  check(make(F::kOr, {unknown, no}), Truth::kUnknown);
  check(make(F::kIsMissing, {make.Column("name")}), Truth::kTrue);
  check(make(F::kIsPresent, {make.Column("name")}), Truth::kFalse);
  check(make.Column("flag"), Truth::kTrue);
  // A store may give a whole number for a Decimal.
  check(make(F::kGt, {make.Column("amount"), Int(2)}), Truth::kTrue);
  check(make(F::kEq, {make.Column("amount"), Int(3)}), Truth::kTrue);
  check(make(F::kEq, {make(F::kCoalesce, {make.Column("m"), Int(7)}), Int(7)}),
        Truth::kTrue);
  check(make(F::kIn, {make.Column("name"), SetOf(w, {w.Text("a")})}),
        Truth::kUnknown);
  check(make(F::kIn, {make.Column("name"), SetOf(w, {})}), Truth::kFalse);
  check(make(F::kEq, {make.Column("region"), Value::Missing()}),
        Truth::kUnknown);
  check(in_list("region"), Truth::kFalse);
  check(in_list("name"), Truth::kUnknown);
  listed.push_back(w.Text("EU"));
  check(in_list("region"), Truth::kTrue);
  listed.clear();
  check(in_list("name"), Truth::kFalse);
  const auto text = [&](FilterOp op, const char* pattern, Truth expected) {
    check(make(op, {make.Column("region"), w.Text(pattern)}), expected);
  };
  text(F::kStartsWith, "E", Truth::kTrue);
  text(F::kStartsWith, "U", Truth::kFalse);
  text(F::kEndsWith, "", Truth::kTrue);
  text(F::kContains, "U", Truth::kTrue);
  text(F::kLike, "E*", Truth::kTrue);
  text(F::kLike, "*E*U*", Truth::kTrue);
  text(F::kLike, "E%", Truth::kFalse);
  text(F::kLike, "E_", Truth::kFalse);
}

TEST_CASE("filters are joined, true ones left out, false wins") {
  DatasetWorld w(AllTypes());
  REQUIRE(w.ok());
  Make make(&w);
  const FilterNode* t = FilterOf(w.world(), Value::Bool(true));
  const FilterNode* f = FilterOf(w.world(), Value::Bool(false));
  const FilterNode* flag = FilterOf(w.world(), make.Column("flag"));
  const auto join = [&](std::vector<const FilterNode*> list) -> std::string {
    const FilterNode* n = ConjoinFilters(w.world(), list);
    return n == nullptr ? "none" : FilterText(*n, w.world());
  };
  CHECK(join({}) == "none");
  CHECK(join({t, t}) == "none");
  CHECK(join({t, flag}) == "r.flag");
  CHECK(join({flag, f}) == "false");
  CHECK(join({flag, flag}) == "r.flag and r.flag");
}

}  // namespace
}  // namespace bylaw
