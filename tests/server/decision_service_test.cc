// Check, CheckBatch, CheckStream and Explain through real clients: every row
// of the table of statuses, what the details carry, order, and limits.
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "nlohmann/json.hpp"
#include "server/convert.h"
#include "tests/catch.h"
#include "tests/server/fixture.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using grpc::StatusCode;

// One server of one repository for the tests that change neither.
struct Served {
  explicit Served(std::function<void(ServerOptions*)> set = {}) {
    ServerOptions options = OptionsFor(repository.path());
    if (set) set(&options);
    auto started = Server::Start(options);
    REQUIRE(started.ok());
    server = std::move(*started);
    client = std::make_unique<Client>(server->port());
  }
  Repository repository;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
};

v1::Decision Decided(Served& served, const v1::CheckRequest& request) {
  v1::Decision decision;
  const grpc::Status status = served.client->Check(request, &decision);
  INFO(status.error_message());
  CHECK(status.ok());
  return decision;
}

TEST_CASE("each outcome is a status OK") {
  Served served;
  const v1::Decision allow = Decided(served, Read("ana", "sales.plain"));
  CHECK(allow.outcome() == v1::Decision::ALLOW);
  CHECK(allow.columns().empty());
  CHECK(!allow.id().empty());
  CHECK(!allow.policies_revision().empty());
  CHECK(!allow.facts_revision().empty());
  REQUIRE(allow.determining_size() == 1);
  CHECK(allow.determining(0).policy() == "council.analysts_read");
  CHECK(allow.determining(0).kind() == "allow");
  CHECK(allow.determining(0).file() == "council/council.bylaw");
  CHECK(allow.keep().seconds() == 300);

  v1::CheckRequest read = Read("ana");
  read.set_sql(v1::TRINO);
  read.set_request_id("caller's own");
  const v1::Decision mask = Decided(served, read);
  CHECK(mask.outcome() == v1::Decision::MASK);
  CHECK(mask.request_id() == "caller's own");
  REQUIRE(mask.columns_size() == 1);
  CHECK(mask.columns(0).column() == "email");
  CHECK(mask.columns(0).mask().name() == "keep_domain");
  CHECK_THAT(mask.columns(0).sql(), ContainsSubstring("email"));
  CHECK(mask.columns(0).policies(0) == "council.emails_are_masked");

  const v1::Decision deny = Decided(served, Read("cid"));
  CHECK(deny.outcome() == v1::Decision::DENY);
  CHECK(deny.errors().empty());
}

// Fields that are not set in any message of their type, as Type.field.
using Unset = std::map<std::string, bool>;
void NoteFields(const google::protobuf::Message& message, Unset* unset) {
  const auto* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  if (type->file()->package() != "bylaw.v1") return;
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const int n = field->is_repeated() ? reflection->FieldSize(message, field)
                  : reflection->HasField(message, field) ? 1
                                                         : 0;
    bool& missing = unset->try_emplace(type->name() + "." + field->name(), true)
                        .first->second;
    missing &= n == 0;
    if (field->cpp_type() != field->CPPTYPE_MESSAGE) continue;
    for (int k = 0; k < n; ++k) {
      NoteFields(field->is_repeated()
                     ? reflection->GetRepeatedMessage(message, field, k)
                     : reflection->GetMessage(message, field),
                 unset);
    }
  }
}

constexpr char kEverythingManifest[] = R"(mesh: test
scopes:
  org: { modules: council, sources: [council/**.bylaw] }
  sales: { modules: sales, sources: [sales/**.bylaw] }
enforcement: { council.tried: advisory, council.waived: overridable }
facts: [facts/**.yaml]
keys: { mask: env:BYLAW_TEST_MASK_KEY }
)";

constexpr char kEverything[] = R"(module council
scope sales under org {
  owner "sales"
  governs Dataset as d where d.description == "full"
  may allow read of Dataset when context.purpose == marketing
}
policy phones title "t" owner "o" severity high help "ask the council"
on read of Dataset as d by User as u {
  for c in d.columns where c.name == "phone" { mask c with show_last(4) }
  keep rows r where r.region == "EU" or r.region in column("full", "phone")
  require audit(level: "high")
}
policy shorter title "t" owner "o" severity low
on read of Dataset as d {
  for c in d.columns where c.name == "phone" { mask c with show_last(2) }
}
policy errs title "t" owner "o"
on read of Dataset by User as u { allow when 1 / (u.hours ?? 0) > 0 }
policy tried title "t" owner "o" severity critical
on read of Dataset { deny when true because "tried" help "wait" }
policy waived title "t" owner "o"
on read of Dataset { deny when true because "waived" }
waiver for_full of council.waived {
  on Dataset as d where d.name == "full"
  reason "r" ticket "T" requested "a" approved "b"
  from date("2023-11-01") until date("2023-12-01")
}
)";

constexpr char kEverythingBelow[] = R"(module sales
policy ours title "t" owner "o"
on read of Dataset { allow when true }
)";

constexpr char kEverythingFacts[] = R"(Dataset:
  full:
    name: full
    description: full
    columns: { phone: { type: string }, region: { type: string } }
)";

constexpr char kEverythingDecision[] = R"json({
"id": "ID", "requestId": "mine", "outcome": "MASK",
"columns": [{
  "column": "phone",
  "mask": {"name": "show_last", "arguments": [2, 4]},
  "sql": "CAST(CASE WHEN char_length(\"phone\") <= 4 THEN repeat('x', char_length(\"phone\")) ELSE repeat('x', char_length(\"phone\") - 2) || right(\"phone\", 2) END AS text)",
  "policies": ["council.phones", "council.shorter"]
}],
"filter": {
  "text": "r.region == \"EU\" or r.region in column(\"full\", \"phone\")",
  "tree": {"op": "or", "operands": [
    {"op": "==", "operands": [
      {"op": "column", "column": "region"}, {"op": "constant", "value": "EU"}]},
    {"op": "in column", "column": "phone", "value": "full",
     "operands": [{"op": "column", "column": "region"}]}]},
  "sql": "((\"region\" = $1) OR (\"region\" IN (SELECT l.\"phone\" FROM \"full\" AS l WHERE l.\"phone\" IS NOT NULL)))",
  "parameters": ["EU"]
},
"obligations": [{"name": "audit", "arguments": {"level": "high"}}],
"keep": "300s",
"determining": [
  {"policy": "council.analysts_read", "kind": "allow",
   "file": "council/council.bylaw", "line": 15,
   "scope": "org", "severity": "medium"},
  {"policy": "council.phones", "kind": "mask",
   "file": "council/everything.bylaw", "line": 9,
   "scope": "org", "severity": "high", "help": "ask the council"},
  {"policy": "council.phones", "kind": "rows",
   "file": "council/everything.bylaw", "line": 10,
   "scope": "org", "severity": "high", "help": "ask the council"},
  {"policy": "council.phones", "kind": "require",
   "file": "council/everything.bylaw", "line": 11,
   "scope": "org", "severity": "high", "help": "ask the council"},
  {"policy": "council.shorter", "kind": "mask",
   "file": "council/everything.bylaw", "line": 15,
   "scope": "org", "severity": "low"}],
"advisories": [
  {"policy": "council.tried", "kind": "deny",
   "file": "council/everything.bylaw", "line": 20,
   "scope": "org", "severity": "critical", "because": "tried", "help": "wait"}],
"notDelegated": [
  {"policy": "sales.ours", "kind": "allow",
   "file": "sales/everything.bylaw", "line": 3,
   "scope": "sales", "severity": "medium"}],
"waivers": [{"waiver": "council.for_full", "policy": "council.waived"}],
"errors": [
  {"policy": "council.errs", "file": "council/everything.bylaw", "line": 18,
   "message": "division by zero"}],
"policiesRevision": "POLICIES", "factsRevision": "FACTS"
})json";

TEST_CASE("every field of a decision and of its explanation is sent") {
  Repository repository;
  repository.Write("bylaw.yaml", kEverythingManifest);
  repository.Write("council/everything.bylaw", kEverything);
  repository.Write("sales/everything.bylaw", kEverythingBelow);
  repository.Write("facts/everything.yaml", kEverythingFacts);
  Served served([&](ServerOptions* options) {
    options->source.root = repository.path();
    options->simulation = true;
  });
  v1::CheckRequest request = Read("ana", "full");
  request.set_request_id("mine");
  request.set_sql(v1::POSTGRES);
  request.mutable_at()->set_seconds(1'700'000'000);  // 2023-11-14
  v1::Decision decision = Decided(served, request);
  v1::Explanation explanation;
  grpc::ClientContext context;
  SetDeadline(&context);
  REQUIRE(
      served.client->decisions->Explain(&context, request, &explanation).ok());
  CHECK(MessageToJson(explanation.decision(), true) ==
        MessageToJson(decision, true));
  Unset unset;
  NoteFields(decision, &unset);
  NoteFields(explanation, &unset);
  for (const auto& [field, missing] : unset) {
    INFO(field);
    CHECK_FALSE(missing);
  }
  CHECK(decision.id().size() == 32);
  const v1::Status status = served.client->Status();
  CHECK(decision.policies_revision() == status.policies_revision());
  CHECK(decision.facts_revision() == status.facts_revision());
  CHECK(decision.policies_revision() != decision.facts_revision());
  decision.set_id("ID");
  decision.set_policies_revision("POLICIES");
  decision.set_facts_revision("FACTS");
  const auto in_order = [](const std::string& json) {
    return nlohmann::json::parse(json).dump(1);
  };
  CHECK(in_order(MessageToJson(decision, false)) ==
        in_order(kEverythingDecision));
}

TEST_CASE("a rule that errs and an unknown resource are decided") {
  Served served;
  const v1::Decision erred =
      Decided(served, Read("ana", "sales.plain", "export"));
  CHECK(erred.outcome() == v1::Decision::DENY);
  REQUIRE(erred.errors_size() == 1);
  CHECK(erred.errors(0).policy() == "council.hours_divide");

  const v1::Decision unknown = Decided(served, Read("ana", "no.such"));
  CHECK(unknown.outcome() == v1::Decision::DENY);
  CHECK(unknown.errors_size() == 1);
}

TEST_CASE("what does not fit the schema is INVALID_ARGUMENT, with details") {
  Served served;
  struct Case {
    const char* name;
    std::function<void(v1::CheckRequest*)> change;
    const char* field;
  };
  const auto context = [](v1::CheckRequest* r) {
    return r->mutable_context()->mutable_fields();
  };
  const auto attribute = [](v1::Entity* e) {
    return e->mutable_attributes()->mutable_fields();
  };
  const std::vector<Case> cases = {
      {"no subject", [](auto* r) { r->clear_subject(); }, "subject"},
      {"no subject's type", [](auto* r) { r->mutable_subject()->clear_type(); },
       "subject.type"},
      {"no subject's id", [](auto* r) { r->mutable_subject()->clear_id(); },
       "subject.id"},
      {"no action", [](auto* r) { r->clear_action(); }, "action"},
      {"no resource", [](auto* r) { r->clear_resource(); }, "resource"},
      {"unknown action", [](auto* r) { r->set_action("raed"); }, "action"},
      {"unknown subject type",
       [](auto* r) { r->mutable_subject()->set_type("Usr"); }, "subject.type"},
      {"unknown resource type",
       [](auto* r) { r->mutable_resource()->set_type("Dataste"); },
       "resource.type"},
      {"a subject that the action does not take",
       [](auto* r) {
         r->mutable_subject()->set_type("Dataset");
         r->mutable_subject()->set_id("sales.orders");
       },
       "subject.type"},
      {"a resource that the action does not take",
       [](auto* r) {
         r->mutable_resource()->set_type("User");
         r->mutable_resource()->set_id("bob");
       },
       "resource.type"},
      {"unknown context name",
       [&](auto* r) { (*context(r))["purpos"] = Text("marketing"); },
       "context.purpos"},
      {"unknown term",
       [&](auto* r) { (*context(r))["purpose"] = Text("marketin"); },
       "context.purpose"},
      {"wrong type", [&](auto* r) { (*context(r))["rows"] = Text("many"); },
       "context.rows"},
      {"a fraction where an Int is wanted",
       [&](auto* r) { (*context(r))["rows"] = Number(1.5); }, "context.rows"},
      {"a number past 2^53",
       [&](auto* r) { (*context(r))["rows"] = Number(9007199254740994.0); },
       "context.rows"},
      {"not a number",
       [&](auto* r) { (*context(r))["rows"] = Number(0.0 / 0.0); },
       "context.rows"},
      {"null",
       [&](auto* r) {
         (*context(r))["purpose"].set_null_value(google::protobuf::NULL_VALUE);
       },
       "context.purpose"},
      {"reference to an unknown entity",
       [&](auto* r) {
         (*context(r))["approvals"]
             .mutable_list_value()
             ->add_values()
             ->set_string_value("ap-404");
       },
       "context.approvals[0]"},
      {"an unknown attribute",
       [&](auto* r) {
         (*attribute(r->mutable_subject()))["shfit"] = Text("day");
       },
       "subject.attributes.shfit"},
      {"an attribute that may not be supplied",
       [&](auto* r) {
         (*attribute(r->mutable_subject()))["hours"] = Number(3);
       },
       "subject.attributes.hours"},
      {"a resource that brings attributes",
       [&](auto* r) {
         (*attribute(r->mutable_resource()))["classification"] = Text("public");
       },
       "resource.attributes.classification"},
      {"at, where not enabled",
       [](auto* r) { r->mutable_at()->set_seconds(1'700'000'000); }, "at"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    v1::CheckRequest request = Read("ana");
    c.change(&request);
    v1::Decision decision;
    const grpc::Status status = served.client->Check(request, &decision);
    CHECK(status.error_code() == StatusCode::INVALID_ARGUMENT);
    const v1::Error detail = DetailOf(status);
    INFO(status.error_message());
    CHECK(detail.code().substr(0, 3) == "BL5");
    CHECK(detail.field() == c.field);
    CHECK(!detail.message().empty());
    CHECK(!detail.remedy().empty());
    // The message says the same.
    CHECK_THAT(status.error_message(), ContainsSubstring(detail.code()));
    CHECK_THAT(status.error_message(), ContainsSubstring(detail.field()));
    CHECK_THAT(status.error_message(), ContainsSubstring(detail.remedy()));
  }
}

TEST_CASE("the details travel in the standard trailer") {
  Served served;
  v1::CheckRequest request = Read("ana");
  request.set_action("raed");
  v1::Decision decision;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status =
      served.client->decisions->Check(&context, request, &decision);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("grpc-status-details-bin");
  REQUIRE(found != trailers.end());
  CHECK(std::string(found->second.data(), found->second.size()) ==
        status.error_details());
  CHECK_THAT(DetailOf(status).remedy(), ContainsSubstring("read"));
}

TEST_CASE("asserted attributes are taken") {
  Served served;
  v1::CheckRequest request = Read("ana", "sales.plain");
  (*request.mutable_subject()
        ->mutable_attributes()
        ->mutable_fields())["shift"] = Text("night");
  CHECK(Decided(served, request).outcome() == v1::Decision::ALLOW);
}

TEST_CASE("at is obeyed where simulation is enabled") {
  Repository dated;
  dated.Write("council/dated.bylaw",
              "module council\n\npolicy dated title \"Since 2021\" owner "
              "\"council\"\non read of Dataset by User {\n  deny when now < "
              "time(\"2021-01-01T00:00:00Z\") because \"too early\"\n}\n");
  Served served([&](ServerOptions* options) {
    options->source.root = dated.path();
    options->simulation = true;
  });
  v1::CheckRequest request = Read("ana", "sales.plain");
  // On either side of the rule's instant.
  request.mutable_at()->set_seconds(1'700'000'000);
  CHECK(Decided(served, request).outcome() == v1::Decision::ALLOW);
  request.mutable_at()->set_seconds(1'600'000'000);
  CHECK(Decided(served, request).outcome() == v1::Decision::DENY);

  for (const int64_t seconds : {int64_t{-62135596801}, int64_t{253402300800}}) {
    request.mutable_at()->set_seconds(seconds);
    v1::Decision decision;
    const grpc::Status status = served.client->Check(request, &decision);
    CHECK(status.error_code() == StatusCode::INVALID_ARGUMENT);
    CHECK(DetailOf(status).field() == "at");
    CHECK(DetailOf(status).code() == "BL5203");
  }
}

TEST_CASE("equal requests at one instant get equal bytes") {
  Served served([](ServerOptions* options) { options->simulation = true; });
  v1::CheckRequest request = Read("ana");
  request.mutable_at()->set_seconds(1'700'000'000);
  request.set_sql(v1::POSTGRES);
  CHECK(Decided(served, request).SerializeAsString() ==
        Decided(served, request).SerializeAsString());
}

TEST_CASE("what a request brings is part of its decision's id") {
  Served served([](ServerOptions* options) { options->simulation = true; });
  v1::CheckRequest plain = Read("ana");
  plain.mutable_at()->set_seconds(1'700'000'000);
  v1::CheckRequest supplied = plain;
  (*supplied.mutable_subject()->mutable_attributes()->mutable_fields())["shift"]
      .set_string_value("night");
  v1::CheckRequest publish = plain;
  publish.set_action("publish");
  publish.mutable_resource()->set_type("DataProduct");
  publish.mutable_resource()->set_id("sales");
  auto& fields =
      *publish.mutable_resource()->mutable_attributes()->mutable_fields();
  fields["name"].set_string_value("sales");
  fields["owner"].set_string_value("ana");
  v1::CheckRequest other = publish;
  (*other.mutable_resource()->mutable_attributes()->mutable_fields())["name"]
      .set_string_value("more sales");
  std::set<std::string> ids;
  for (const v1::CheckRequest& r : {plain, supplied, publish, other}) {
    ids.insert(Decided(served, r).id());
    ids.insert(Decided(served, r).id());
  }
  CHECK(ids.size() == 4);
}

TEST_CASE("a message over the limit names the limit and its setting") {
  Served served(
      [](ServerOptions* options) { options->max_message_bytes = 4096; });
  // At the limit's edge, over it, and far over it.
  v1::CheckRequest request = Read("ana", "sales.plain");
  request.set_request_id("x");
  const size_t rest = request.ByteSizeLong() - 1;
  request.set_request_id(std::string(4096 - rest - 1, 'x'));
  REQUIRE(request.ByteSizeLong() == 4096);
  CHECK(Decided(served, request).outcome() == v1::Decision::ALLOW);
  for (const size_t size : {size_t{4097}, size_t{8'000'000}}) {
    request.set_request_id(std::string(size, 'x'));
    v1::Decision decision;
    const grpc::Status status = served.client->Check(request, &decision);
    CHECK(status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
    CHECK(DetailOf(status).code() == "BL5219");
    CHECK_THAT(status.error_message(), ContainsSubstring("4096"));
    CHECK_THAT(status.error_message(), ContainsSubstring("max-message-bytes"));
  }
}

TEST_CASE("too many columns name the limit and its setting") {
  Served served([](ServerOptions* options) { options->max_columns = 2; });
  v1::CheckRequest request = Read("ana");
  auto* columns = (*request.mutable_context()->mutable_fields())["columns"]
                      .mutable_list_value();
  columns->add_values()->set_string_value("email");
  columns->add_values()->set_string_value("total");
  CHECK(Decided(served, request).outcome() == v1::Decision::MASK);
  columns->add_values()->set_string_value("total");
  v1::Decision decision;
  const grpc::Status status = served.client->Check(request, &decision);
  CHECK(status.error_code() == StatusCode::INVALID_ARGUMENT);
  CHECK(DetailOf(status).field() == "context.columns");
  CHECK_THAT(status.error_message(), ContainsSubstring("max-columns"));
}

TEST_CASE("too many items name the limit and its setting") {
  Served served([](ServerOptions* options) { options->max_items = 2; });
  v1::CheckBatchRequest batch;
  v1::CheckBatchResponse response;
  *batch.add_items() = Read("ana");
  *batch.add_items() = Read("ana");
  {
    grpc::ClientContext context;
    SetDeadline(&context);
    CHECK(
        served.client->decisions->CheckBatch(&context, batch, &response).ok());
    CHECK(response.items_size() == 2);
  }
  *batch.add_items() = Read("ana");
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status =
      served.client->decisions->CheckBatch(&context, batch, &response);
  CHECK(status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK(DetailOf(status).field() == "items");
  CHECK_THAT(status.error_message(), ContainsSubstring("max-items"));
}

TEST_CASE("a batch keeps its order, takes defaults and answers each item") {
  Served served;
  v1::CheckBatchRequest batch;
  *batch.mutable_defaults() = Read("ana");
  batch.mutable_defaults()->set_sql(v1::TRINO);
  v1::CheckRequest* item = batch.add_items();  // the defaults alone
  item->set_request_id("0");
  item = batch.add_items();
  item->set_request_id("1");
  item->mutable_subject()->set_type("User");
  item->mutable_subject()->set_id("cid");
  item = batch.add_items();
  item->set_request_id("2");
  item->set_action("raed");
  item = batch.add_items();
  item->set_request_id("3");
  item->mutable_resource()->set_type("Dataset");
  item->mutable_resource()->set_id("sales.plain");
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::CheckBatchResponse response;
  REQUIRE(
      served.client->decisions->CheckBatch(&context, batch, &response).ok());
  REQUIRE(response.items_size() == 4);
  for (int i = 0; i < 4; ++i) {
    CHECK(response.items(i).request_id() == std::to_string(i));
  }
  CHECK(response.items(0).decision().outcome() == v1::Decision::MASK);
  CHECK(response.items(0).decision().request_id() == "0");
  CHECK(!response.items(0).decision().columns(0).sql().empty());
  CHECK(response.items(1).decision().outcome() == v1::Decision::DENY);
  CHECK(response.items(2).error().code().substr(0, 3) == "BL5");
  CHECK(response.items(2).error().field() == "action");
  CHECK(response.items(3).decision().outcome() == v1::Decision::ALLOW);
}

TEST_CASE("an empty batch has an empty answer") {
  Served served;
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::CheckBatchResponse response;
  CHECK(served.client->decisions
            ->CheckBatch(&context, v1::CheckBatchRequest(), &response)
            .ok());
  CHECK(response.items().empty());
}

TEST_CASE("a batch ends at its deadline") {
  Served served([](ServerOptions* options) {
    options->max_deadline_ms = 1;
    options->max_items = 100'000;
  });
  v1::CheckBatchRequest batch;
  *batch.mutable_defaults() = Read("ana");
  for (int i = 0; i < 20'000; ++i) batch.add_items();
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::CheckBatchResponse response;
  const grpc::Status status =
      served.client->decisions->CheckBatch(&context, batch, &response);
  CHECK(status.error_code() == StatusCode::DEADLINE_EXCEEDED);
  CHECK_THAT(status.error_message(), ContainsSubstring("max-deadline-ms"));
}

TEST_CASE("a stream answers in order, broken items included") {
  Served served;
  constexpr int kRequests = 300;
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = served.client->decisions->CheckStream(&context);
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) {
      v1::CheckRequest request = Read(i % 2 ? "ana" : "cid", "sales.plain");
      if (i % 7 == 3) request.set_action("raed");
      request.set_request_id(std::to_string(i));
      if (!stream->Write(request)) break;
    }
    stream->WritesDone();
  });
  int n = 0;
  v1::CheckStreamResponse response;
  for (; stream->Read(&response); ++n) {
    CHECK(response.request_id() == std::to_string(n));
    if (n % 7 == 3) {
      CHECK(response.error().field() == "action");
    } else {
      CHECK(response.decision().outcome() ==
            (n % 2 ? v1::Decision::ALLOW : v1::Decision::DENY));
    }
  }
  writer.join();
  CHECK(n == kRequests);
  CHECK(stream->Finish().ok());
}

TEST_CASE("an item of a stream over the limit is an error of its own") {
  Served served(
      [](ServerOptions* options) { options->max_message_bytes = 4096; });
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = served.client->decisions->CheckStream(&context);
  v1::CheckRequest large = Read("ana", "sales.plain");
  large.set_request_id(std::string(5000, 'x'));
  REQUIRE(stream->Write(large));
  REQUIRE(stream->Write(Read("ana", "sales.plain")));
  v1::CheckStreamResponse response;
  REQUIRE(stream->Read(&response));
  CHECK(response.error().code() == "BL5219");
  REQUIRE(stream->Read(&response));
  CHECK(response.decision().outcome() == v1::Decision::ALLOW);
  stream->WritesDone();
  CHECK(stream->Finish().ok());
}

TEST_CASE("calls over the most at once are shed before work is done") {
  Served served([](ServerOptions* options) { options->max_concurrent = 1; });
  {
    grpc::ClientContext context;
    SetDeadline(&context);
    const auto stream = served.client->decisions->CheckStream(&context);
    REQUIRE(stream->Write(Read("ana")));
    v1::CheckStreamResponse answer;
    REQUIRE(stream->Read(&answer));  // so it is there
    v1::Decision decision;
    const grpc::Status status = served.client->Check(Read("ana"), &decision);
    CHECK(status.error_code() == StatusCode::UNAVAILABLE);
    CHECK_THAT(status.error_message(), ContainsSubstring("max-concurrent"));
    stream->WritesDone();
    CHECK(stream->Finish().ok());
  }
  v1::Decision decision;
  CHECK(PollUntil(
      [&] { return served.client->Check(Read("ana"), &decision).ok(); }));
}

TEST_CASE("a deadline that has passed is DEADLINE_EXCEEDED") {
  Served served;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() -
                       std::chrono::seconds(1));
  v1::Decision decision;
  CHECK(served.client->decisions->Check(&context, Read("ana"), &decision)
            .error_code() == StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("explain lists each candidate with its conditions") {
  Served served;
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::Explanation explanation;
  REQUIRE(served.client->decisions->Explain(&context, Read("ana"), &explanation)
              .ok());
  CHECK(explanation.decision().outcome() == v1::Decision::MASK);
  REQUIRE(explanation.chain_size() == 1);
  CHECK(explanation.chain(0) == "org");
  std::set<std::string> policies;
  for (const v1::RuleExplanation& rule : explanation.rules()) {
    policies.insert(rule.policy());
    if (rule.policy() == "council.analysts_read") {
      CHECK(rule.state() == "matched");
      CHECK(rule.counted());
      REQUIRE(rule.conditions_size() >= 1);
      CHECK(rule.conditions(0).value() == "true");
      CHECK_THAT(rule.conditions(0).text(), ContainsSubstring("u.roles"));
    }
  }
  CHECK(policies.count("council.analysts_read") == 1);
  CHECK(policies.count("council.emails_are_masked") == 1);
  CHECK(policies.count("council.hours_divide") == 0);

  v1::CheckRequest wrong = Read("ana");
  wrong.set_action("raed");
  grpc::ClientContext again;
  SetDeadline(&again);
  CHECK(served.client->decisions->Explain(&again, wrong, &explanation)
            .error_code() == StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace bylaw::test
