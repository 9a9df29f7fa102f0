// JSON requests: what is strict about them, and that numbers stay exact.
#include "server/convert.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/bytecode/scalar.h"
#include "nlohmann/json.hpp"
#include "server/batch.h"
#include "tests/catch.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;

bool Parse(const std::string& json, v1::CheckRequest* out,
           RequestError* error) {
  out->Clear();
  return MessageFromJson(json, out, error);
}

TEST_CASE("a request in JSON is read") {
  v1::CheckRequest request;
  RequestError error;
  REQUIRE(Parse(R"({
    "subject": {"type": "User", "id": "ana", "attributes": {"shift": "day"}},
    "action": "read",
    "resource": {"type": "Dataset", "id": "sales.orders"},
    "context": {"purpose": "marketing", "columns": ["email", "total"],
                "rows": 9007199254740992, "share": 0.1, "big": 1e3},
    "requestId": "r-1", "sql": "TRINO", "at": "2026-11-20T10:00:00.5Z"})",
                &request, &error));
  CHECK(request.request_id() == "r-1");
  CHECK(request.sql() == v1::TRINO);
  OwnedRequest owned;
  REQUIRE(RequestFromProto(request, 7, true, &owned, &error));
  CHECK(owned.request.subject.type == "User");
  CHECK(owned.request.subject.attributes->Find("shift")->text == "day");
  CHECK(owned.request.now == 1795168800500000);
  const Node& context = *owned.request.context;
  CHECK(context.Find("columns")->list[1].text == "total");
  CHECK(context.Find("rows")->text == "9007199254740992");
  CHECK(context.Find("share")->text == "0.1");
  CHECK(context.Find("big")->text == "1000");

  // Without `at` the clock counts.
  request.clear_at();
  REQUIRE(RequestFromProto(request, 7, false, &owned, &error));
  CHECK(owned.request.now == 7);
}

TEST_CASE("broken JSON is an error with its place") {
  struct Case {
    const char* json;
    const char* code;
    const char* field;
    const char* says;  // in message or remedy
  };
  const std::vector<Case> cases = {
      {"", "BL5202", ".", "not JSON"},
      {"{", "BL5202", ".", "not JSON"},
      {"{} {}", "BL5202", ".", "not JSON"},
      {"[]", "BL5202", ".", "object"},
      {"7", "BL5202", ".", "object"},
      {"{\"subject\": {\"type\": \"\xff\"}}", "BL5202", ".", "not JSON"},
      {R"({"subjet": {}})", "BL5202", "subjet", "subject"},
      {R"({"subject": {"typ": "User"}})", "BL5202", "subject.typ", "type"},
      {R"({"subject": []})", "BL5202", "subject", "object"},
      {R"({"action": 7})", "BL5202", "action", "text"},
      {R"({"requestId": 3})", "BL5202", "requestId", "text"},
      {R"({"subject": {"id": 3}})", "BL5202", "subject.id", "text"},
      {R"({"subject": {"attributes": []}})", "BL5202", "subject.attributes",
       "object"},
      {R"({"context": []})", "BL5202", "context", "object"},
      {R"({"action": ["read"]})", "BL5202", "action", "text"},
      {"{\"action\": \"\xff\"}", "BL5202", ".", "\\xff"},
      {R"({"action": "read", "action": "export"})", "BL5202", "action",
       "twice"},
      {R"({"context": {"a": {"b": 1, "b": 2}}})", "BL5202", "context.a.b",
       "twice"},
      {R"({"context": {"a": [0, 9007199254740993]}})", "BL5209", "context.a[1]",
       "9007199254740993"},
      {R"({"context": {"a": -9007199254740993}})", "BL5209", "context.a",
       "string"},
      {R"({"context": {"a": 18446744073709551615}})", "BL5209", "context.a",
       "string"},
      {R"({"context": {"a": 0.10000000000000000001}})", "BL5209", "context.a",
       "exact"},
      {R"({"context": {"a": 123456789012.123456}})", "BL5209", "context.a",
       "exact"},
      {R"({"context": {"a": 1e400}})", "BL5202", ".", "JSON"},
      {R"({"at": "yesterday"})", "BL5202", "at", "2026-11-20T10:00:00Z"},
      {R"({"at": 7})", "BL5202", "at", "2026-11-20T10:00:00Z"},
      {R"({"sql": "ORACLE"})", "BL5202", "sql", "POSTGRES"},
      {R"({"sql": 99})", "BL5202", "sql", "POSTGRES"},
      {R"({"sql": -1})", "BL5202", "sql", "POSTGRES"},
      {R"({"sql": 4294967297})", "BL5202", "sql", "POSTGRES"},
      {R"({"requestId": "a", "request_id": "b"})", "BL5202", "request_id",
       "`requestId` and `request_id` are one"},
      {R"({"request_id": null, "requestId": "b"})", "BL5202", "request_id",
       "are one"},
  };
  for (const Case& c : cases) {
    INFO(c.json);
    v1::CheckRequest request;
    RequestError error;
    CHECK_FALSE(Parse(c.json, &request, &error));
    CHECK(error.code == c.code);
    CHECK(error.field == c.field);
    CHECK_THAT(error.message + " " + error.remedy, ContainsSubstring(c.says));
    CHECK(!error.remedy.empty());
    CHECK(IsValidUtf8(error.message));
  }
  // The lists of a batch too.
  v1::CheckBatchRequest batch;
  RequestError error;
  CHECK_FALSE(
      MessageFromJson(R"({"items": [{}, {"sql": true}]})", &batch, &error));
  CHECK(error.field == "items[1].sql");
  CHECK_FALSE(MessageFromJson(R"({"items": {}})", &batch, &error));
  CHECK(error.field == "items");
  CHECK(MessageFromJson(R"({"items": null, "defaults": {"sql": "TRINO"}})",
                        &batch, &error));
}

TEST_CASE("a dialect of an unknown number is refused, not taken for none") {
  v1::CheckRequest request;
  RequestError error;
  REQUIRE(Parse(R"({"subject": {"type": "User", "id": "ana"},
    "action": "read", "resource": {"type": "Dataset", "id": "d"}, "sql": 2})",
                &request, &error));
  CHECK(request.sql() == v1::TRINO);
  OwnedRequest owned;
  REQUIRE(RequestFromProto(request, 7, false, &owned, &error));
  for (const int number : {3, 99, -1, INT32_MAX}) {
    request.set_sql(static_cast<v1::SqlDialect>(number));
    INFO(number);
    REQUIRE_FALSE(RequestFromProto(request, 7, false, &owned, &error));
    CHECK(error.code == "BL5202");
    CHECK(error.field == "sql");
    CHECK_THAT(error.message, ContainsSubstring(std::to_string(number)));
    CHECK_THAT(error.remedy, ContainsSubstring("POSTGRES"));
  }
}

TEST_CASE("a byte order mark before a request is skipped") {
  v1::CheckRequest request;
  RequestError error;
  REQUIRE(Parse("\xef\xbb\xbf{\"action\": \"read\"}", &request, &error));
  CHECK(request.action() == "read");
  CHECK_FALSE(Parse("\xef\xbb\xbf\xef\xbb\xbf{}", &request, &error));
  CHECK(error.code == "BL5202");
  CHECK_THAT(error.message, ContainsSubstring("not JSON"));
}

TEST_CASE("JSON that is nested too deeply is an error, not a crash") {
  const std::string open(100'000, '['), close(100'000, ']');
  for (const std::string& json : {R"({"context": {"a": )" + open + close + "}}",
                                  open, R"({"context": {"a": )" + open}) {
    v1::CheckRequest request;
    RequestError error;
    CHECK_FALSE(Parse(json, &request, &error));
    CHECK(error.code == "BL5202");
  }
}

TEST_CASE("spellings of one number are one number") {
  for (const char* number : {"1000", "1e3", "1.000e3", "1000.0", "0.1e4"}) {
    v1::CheckRequest request;
    RequestError error;
    INFO(number);
    REQUIRE(Parse(std::string(R"({"subject": {"type": "U", "id": "a"},
      "action": "read", "resource": {"type": "D", "id": "d"},
      "context": {"n": )") +
                      number + "}}",
                  &request, &error));
    OwnedRequest owned;
    REQUIRE(RequestFromProto(request, 0, false, &owned, &error));
    CHECK(owned.request.context->Find("n")->text == "1000");
  }
}

// Nothing of the default's subject, resource or context comes with an item's.
TEST_CASE("what an item of a batch says stands for the default as a whole") {
  const auto request = [](const char* json) {
    v1::CheckRequest out;
    RequestError error;
    REQUIRE(Parse(json, &out, &error));
    return out;
  };
  const v1::CheckRequest defaults = request(R"({
    "subject": {"type": "User", "id": "ana", "attributes": {"shift": "day"}},
    "action": "read",
    "resource": {"type": "Dataset", "id": "d", "attributes": {"name": "n"}},
    "context": {"purpose": "billing", "columns": ["a"]},
    "requestId": "1", "sql": "TRINO", "at": "2026-01-01T00:00:00Z"})");
  const v1::CheckRequest all = WithDefaults(defaults, v1::CheckRequest());
  CHECK(MessageToJson(all, false) == MessageToJson(defaults, false));
  const char* const own = R"({
    "subject": {"type": "Service"}, "action": "export",
    "resource": {"id": "e"}, "context": {"rows": 1},
    "requestId": "2", "sql": "POSTGRES", "at": "2026-01-02T00:00:00Z"})";
  CHECK(MessageToJson(WithDefaults(defaults, request(own)), false) ==
        MessageToJson(request(own), false));
}

TEST_CASE("equal answers have equal JSON, their maps in order") {
  DecisionReport report;
  report.outcome = DecisionOutcome::kMask;
  report.obligations.push_back({"note", {}});
  for (const char* name : {"tags", "level", "times", "zone", "area", "by"}) {
    report.obligations[0].arguments.emplace_back(name, Node::Number("1"));
  }
  std::set<std::string> texts;
  std::vector<std::unique_ptr<v1::Decision>> messages;
  for (int i = 0; i < 20; ++i) {
    messages.push_back(std::make_unique<v1::Decision>());
    DecisionToProto(report, messages.back().get());
    texts.insert(MessageToJson(*messages.back(), false));
  }
  CHECK(texts.size() == 1);
  CHECK_THAT(*texts.begin(),
             ContainsSubstring("\"area\":1,\"by\":1,\"level\":1,\"tags\":1"));
}

TEST_CASE("a decision is written as proto3 JSON") {
  DecisionReport report;
  report.outcome = DecisionOutcome::kMask;
  report.keep = 1'500'000;
  report.columns.emplace_back();
  report.columns[0].column = "zip";
  report.columns[0].mask = "show_last";
  report.columns[0].arguments = {Node::Number("2")};
  report.has_filter = true;
  report.filter.tree.op = "==";
  report.filter.tree.operands.resize(2);
  report.filter.tree.operands[0].op = "column";
  report.filter.tree.operands[0].column = "region";
  report.filter.tree.operands[1].op = "constant";
  report.filter.tree.operands[1].value = Node::String("EU");
  report.filter.tree.operands.resize(3);
  report.filter.tree.operands[2].op = "in column";
  report.filter.tree.operands[2].column = "customer_id";
  report.filter.tree.operands[2].value = Node::String("privacy.erasures");
  report.filter.parameters = {Node::Number("9007199254740993")};
  v1::Decision decision;
  DecisionToProto(report, &decision);
  const auto json = nlohmann::json::parse(MessageToJson(decision, true));
  CHECK(json["outcome"] == "MASK");
  CHECK(json["keep"] == "1.500s");
  CHECK(json["columns"][0]["mask"]["arguments"][0] == 2);
  CHECK(json["filter"]["tree"]["operands"][0]["column"] == "region");
  CHECK(json["filter"]["tree"]["operands"][1]["value"] == "EU");
  CHECK(json["filter"]["tree"]["operands"][2]["column"] == "customer_id");
  CHECK(json["filter"]["tree"]["operands"][2]["value"] == "privacy.erasures");
  // A double would lie.
  CHECK(json["filter"]["parameters"][0] == "9007199254740993");
}

}  // namespace
}  // namespace bylaw::test
