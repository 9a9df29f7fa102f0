// CheckDescriptor, Lint and GetStatus through a real client.
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/server/descriptor.h"
#include "tests/server/fixture.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using grpc::StatusCode;

struct Served {
  explicit Served(std::function<void(ServerOptions*)> set = {}) {
    ServerOptions options = OptionsFor(repository.path());
    if (set) set(&options);
    auto started = Server::Start(options);
    REQUIRE(started.ok());
    server = std::move(*started);
    client = std::make_unique<Client>(server->port());
  }
  grpc::Status Check(const v1::CheckDescriptorRequest& request,
                     v1::CheckDescriptorResponse* response) {
    grpc::ClientContext context;
    SetDeadline(&context);
    return client->policies->CheckDescriptor(&context, request, response);
  }
  v1::CheckDescriptorResponse Checked(
      const v1::CheckDescriptorRequest& request) {
    v1::CheckDescriptorResponse response;
    const grpc::Status status = Check(request, &response);
    INFO(status.error_message());
    CHECK(status.ok());
    return response;
  }
  Repository repository;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
};

v1::CheckDescriptorRequest Request(const std::string& text) {
  v1::CheckDescriptorRequest request;
  request.set_file("orders.odcs.yaml");
  request.set_text(text);
  return request;
}

const v1::Finding* FindingOf(const v1::CheckDescriptorResponse& response,
                             const std::string& policy) {
  for (const auto& decision : response.decisions()) {
    for (const v1::Finding& f : decision.findings()) {
      if (f.rule().policy() == policy) return &f;
    }
  }
  return nullptr;
}

TEST_CASE("findings stand at the place of the descriptor to change") {
  Served served;
  const v1::CheckDescriptorResponse response =
      served.Checked(Request(kDescriptor));
  REQUIRE(response.decisions_size() == 1);
  const v1::DescriptorDecision& decision = response.decisions(0);
  CHECK(decision.resource().type() == "DataProduct");
  CHECK(decision.resource().id() == "orders");
  CHECK(decision.decision().outcome() == v1::Decision::DENY);

  const v1::Finding* owner = FindingOf(response, "council.accountable_owner");
  REQUIRE(owner != nullptr);
  CHECK(owner->binding());
  CHECK(owner->file() == "orders.odcs.yaml");
  CHECK(owner->line() == 1);
  CHECK(owner->column() == 1);
  CHECK(owner->rule().because() == "data product orders has no owner");
  CHECK(owner->rule().help() == "add a team member with role owner");
  CHECK(owner->rule().file() == "council/council.bylaw");
  CHECK(owner->rule().line() == 35);
  CHECK(owner->rule_column() == 3);

  const v1::Finding* encrypted =
      FindingOf(response, "council.emails_are_encrypted");
  REQUIRE(encrypted != nullptr);
  CHECK(encrypted->line() == kEmailLine);
  CHECK_THAT(encrypted->attribute(), ContainsSubstring("email"));
}

TEST_CASE("what the descriptor does not state stands where it would") {
  Served served;
  std::string descriptor = kGoodDescriptor;
  const size_t role = descriptor.find("role: owner");
  descriptor.replace(role, 11, "role: reader");
  const v1::CheckDescriptorResponse response =
      served.Checked(Request(descriptor));
  const v1::Finding* owner = FindingOf(response, "council.accountable_owner");
  REQUIRE(owner != nullptr);
  CHECK(owner->line() == 7);  // team:
  CHECK(owner->column() == 1);
  CHECK(owner->attribute() == "owner");
}

TEST_CASE("a descriptor without faults passes") {
  Served served;
  const v1::CheckDescriptorResponse response =
      served.Checked(Request(kGoodDescriptor));
  REQUIRE(response.decisions_size() == 1);
  CHECK(response.decisions(0).findings().empty());
  CHECK(response.decisions(0).decision().outcome() == v1::Decision::ALLOW);
}

TEST_CASE("a broken descriptor has diagnostics and no decision") {
  Served served;
  for (const char* text : {"", "a: [", "just text", "kind: DataContract\n"}) {
    INFO(text);
    const v1::CheckDescriptorResponse response = served.Checked(Request(text));
    CHECK(response.decisions().empty());
    REQUIRE(response.diagnostics_size() >= 1);
    CHECK(response.diagnostics(0).severity() == "error");
    CHECK(response.diagnostics(0).code().substr(0, 3) == "BL5");
    CHECK(response.diagnostics(0).file() == "orders.odcs.yaml");
  }
}

TEST_CASE("what is wrong with the request is INVALID_ARGUMENT") {
  Served served;
  struct Case {
    std::function<void(v1::CheckDescriptorRequest*)> change;
    const char* field;
  };
  const std::vector<Case> cases = {
      {[](auto* r) { r->set_action("pulbish"); }, "action"},
      {[](auto* r) { r->set_action("read"); }, "action"},
      {[](auto* r) { r->set_format("xml"); }, "format"},
      {[](auto* r) {
         (*r->mutable_context()->mutable_fields())["environment"] =
             Text("nowhere");
       },
       "context.environment"},
      {[](auto* r) { r->mutable_subject()->set_type("User"); }, "subject.id"},
      {[](auto* r) { r->mutable_at()->set_seconds(1); }, "at"},
  };
  for (const Case& c : cases) {
    v1::CheckDescriptorRequest request = Request(kGoodDescriptor);
    c.change(&request);
    v1::CheckDescriptorResponse response;
    const grpc::Status status = served.Check(request, &response);
    INFO(status.error_message());
    CHECK(status.error_code() == StatusCode::INVALID_ARGUMENT);
    CHECK(DetailOf(status).field() == c.field);
    CHECK(DetailOf(status).code().substr(0, 3) == "BL5");
    CHECK(!DetailOf(status).remedy().empty());
  }
}

TEST_CASE("the version before may come with the request") {
  Served served([](ServerOptions* options) { options->simulation = true; });
  // Facts do not know this product: nothing was before.
  v1::CheckDescriptorRequest request = Request(kGoodDescriptor);
  CHECK(FindingOf(served.Checked(request), "council.owner_stays") == nullptr);
  std::string before = kGoodDescriptor;
  before.replace(before.find("ana"), 3, "bob");
  request.set_previous(before);
  const v1::CheckDescriptorResponse response = served.Checked(request);
  const v1::Finding* finding = FindingOf(response, "council.owner_stays");
  REQUIRE(finding != nullptr);
  CHECK(finding->rule().because() == "the owner was bob");

  request.set_previous("a: [");
  const v1::CheckDescriptorResponse broken = served.Checked(request);
  CHECK(broken.decisions().empty());
  REQUIRE(broken.diagnostics_size() >= 1);
  CHECK(broken.diagnostics(0).file() == "previous orders.odcs.yaml");
}

TEST_CASE("only simulation says what the version before was") {
  Served served;
  v1::CheckDescriptorRequest request = Request(kGoodDescriptor);
  request.set_previous(kGoodDescriptor);
  v1::CheckDescriptorResponse response;
  const grpc::Status status = served.Check(request, &response);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(DetailOf(status).field() == "previous");
  CHECK(DetailOf(status).code() == "BL5203");
}

TEST_CASE("the version before replaces the one that facts hold") {
  Served served([](ServerOptions* options) { options->simulation = true; });
  // Facts hold this very version, as in a repository whose facts are the
  // checked files.
  served.repository.Write("facts/orders.odcs.yaml", kGoodDescriptor);
  served.repository.Write("bylaw.yaml",
                          "mesh: test\n"
                          "scopes:\n"
                          "  org: { modules: council, sources: "
                          "[council/**.bylaw] }\n"
                          "facts: [facts/**.yaml]\n");
  REQUIRE(served.server->Reload());
  v1::CheckDescriptorRequest request = Request(kGoodDescriptor);
  CHECK(served.Checked(request).decisions(0).findings().empty());
  std::string before = kGoodDescriptor;
  before.replace(before.find("ana"), 3, "bob");
  request.set_previous(before);
  CHECK(FindingOf(served.Checked(request), "council.owner_stays") != nullptr);
}

TEST_CASE("what the new version lacks is found where it was nested") {
  Served served([](ServerOptions* options) { options->simulation = true; });
  served.repository.Write("council/columns.bylaw", R"(module council

policy columns_stay
  title "No column goes" owner "council"
on publish of DataProduct as p {
  for d in previous.datasets, c in d.columns
    where no(e in p.datasets where any(f in e.columns where f.name == c.name))
  {
    deny when true because "{c.name} is gone"
  }
}
)");
  REQUIRE(served.server->Reload());
  v1::CheckDescriptorRequest request = Request(kGoodDescriptor);
  request.set_previous(kDescriptor);
  const v1::CheckDescriptorResponse response = served.Checked(request);
  const v1::Finding* finding = FindingOf(response, "council.columns_stay");
  REQUIRE(finding != nullptr);
  CHECK(finding->rule().because() == "email is gone");
  CHECK(finding->file() == "orders.odcs.yaml");
  CHECK(finding->line() == 11);  // of the dataset
  CHECK(finding->attribute() == "datasets.orders");
}

TEST_CASE("findings are as many as the limit allows, the others are counted") {
  Served served;
  served.repository.Manifest("limits: { findings: 3 }\n");
  REQUIRE(served.server->Reload());
  const auto last = [](const v1::CheckDescriptorResponse& response) {
    REQUIRE(response.diagnostics_size() > 0);
    return response.diagnostics(response.diagnostics_size() - 1);
  };
  std::string unknown = kGoodDescriptor;
  unknown += "        tags: [a, b, c, d, e]\n";
  v1::CheckDescriptorResponse response = served.Checked(Request(unknown));
  CHECK(response.decisions_size() == 1);
  CHECK(response.diagnostics_size() == 4);
  CHECK(last(response).code() == "BL1045");
  CHECK(last(response).severity() == "warning");
  CHECK_THAT(last(response).message(), ContainsSubstring("2 more findings"));
  CHECK_THAT(last(response).suggestion(), ContainsSubstring("`findings`"));

  std::string denied = kGoodDescriptor;
  for (int i = 0; i < 5; ++i) {
    denied += "  - name: t" + std::to_string(i) +
              "\n    physicalType: table\n    properties:\n"
              "      - { name: email, logicalType: string, physicalType: "
              "varchar }\n";
  }
  response = served.Checked(Request(denied));
  REQUIRE(response.decisions_size() == 1);
  CHECK(response.decisions(0).findings_size() == 3);
  CHECK(last(response).code() == "BL1045");
  CHECK(last(response).severity() == "note");
  CHECK_THAT(last(response).message(), ContainsSubstring("2 more findings"));
}

TEST_CASE("lint of sources in the request") {
  Served served;
  const auto lint = [&](const std::string& text) {
    v1::LintRequest request;
    v1::SourceFile* file = request.add_files();
    file->set_path("a.bylaw");
    file->set_text(text);
    v1::LintResponse response;
    grpc::ClientContext context;
    SetDeadline(&context);
    CHECK(served.client->policies->Lint(&context, request, &response).ok());
    return response;
  };
  CHECK(lint("module a\n\nscope org root { owner \"o\" }\n")
            .diagnostics()
            .empty());
  const v1::LintResponse response = lint(
      "module a\n\nscope org root { owner \"o\" }\n\n"
      "policy p title \"t\" owner \"o\"\non read of Datset { allow }\n");
  REQUIRE(response.diagnostics_size() >= 1);
  const v1::Diagnostic& d = response.diagnostics(0);
  CHECK(d.code().substr(0, 3) == "BL2");
  CHECK(d.severity() == "error");
  CHECK(d.file() == "a.bylaw");
  CHECK(d.line() == 6);
  CHECK(d.column() == 12);
  CHECK(d.end().line() == 6);
  CHECK(d.end().column() == 18);
  CHECK_THAT(d.suggestion(), ContainsSubstring("Dataset"));
}

TEST_CASE("a lint is held to the limits of the service, not its caller's") {
  Served served;
  v1::LintRequest request;
  v1::SourceFile* manifest = request.add_files();
  manifest->set_path("bylaw.yaml");
  manifest->set_text("mesh: theirs\nlimits: { findings: 1000000 }\n");
  v1::SourceFile* file = request.add_files();
  file->set_path("a.bylaw");
  std::string text = "module a\n";
  for (int i = 0; i < 2'000; ++i) text += "wrong\n";
  file->set_text(text);
  v1::LintResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  CHECK(served.client->policies->Lint(&context, request, &response).ok());
  CHECK(response.diagnostics_size() > 1'000);
  CHECK(response.diagnostics_size() < 1'010);
}

TEST_CASE("descriptors and lints over the limit name the setting") {
  Served served(
      [](ServerOptions* options) { options->max_message_bytes = 4096; });
  v1::CheckDescriptorResponse response;
  const grpc::Status status =
      served.Check(Request(std::string(5000, ' ')), &response);
  CHECK(status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(status.error_message(), ContainsSubstring("max-message-bytes"));
}

TEST_CASE("without anything loaded descriptors are not checked, lints are") {
  Served served(
      [](ServerOptions* options) { options->source.root += "/nowhere"; });
  v1::CheckDescriptorResponse response;
  CHECK(served.Check(Request(kGoodDescriptor), &response).error_code() ==
        StatusCode::UNAVAILABLE);
  v1::LintRequest lint;
  v1::LintResponse answer;
  grpc::ClientContext context;
  SetDeadline(&context);
  CHECK(served.client->policies->Lint(&context, lint, &answer).ok());
  CHECK(served.client->Status().last_failed_reload().diagnostics_size() >= 1);
}

}  // namespace
}  // namespace bylaw::test
