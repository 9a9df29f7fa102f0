// The real command: serving until a signal, SIGHUP, and `check` here and
// against a service, with its exit codes and formats.
#include <signal.h>

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/catch.h"
#include "tests/server/descriptor.h"
#include "tests/server/fixture.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("serve reloads on SIGHUP and ends with 0 on SIGTERM") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--watch", "false"});
  v1::Decision decision;
  REQUIRE(serving.client->Check(Read("bob", "sales.plain"), &decision).ok());
  CHECK(decision.outcome() == v1::Decision::ALLOW);

  repository.DenyBob();
  serving.process.Signal(SIGHUP);
  CHECK(!serving.process.WaitForLine("\"loaded\"").empty());
  REQUIRE(serving.client->Check(Read("bob", "sales.plain"), &decision).ok());
  CHECK(decision.outcome() == v1::Decision::DENY);

  repository.Break();
  serving.process.Signal(SIGHUP);
  const std::string broken = serving.process.WaitForLine("broken version");
  CHECK_THAT(broken, ContainsSubstring("council/broken.bylaw"));
  CHECK_THAT(broken, ContainsSubstring("BL1"));
  CHECK(!serving.process.WaitForLine("goes on serving").empty());
  REQUIRE(serving.client->Check(Read("bob", "sales.plain"), &decision).ok());
  CHECK(decision.outcome() == v1::Decision::DENY);

  serving.process.Signal(SIGTERM);
  CHECK(serving.process.Wait() == 0);
  CHECK(serving.process.out().empty());  // logs go to stderr
  CHECK_THAT(serving.process.err(), ContainsSubstring("\"stopped\""));
}

TEST_CASE("serve takes flags over variables over the file") {
  Repository repository;
  repository.Manifest(
      "serve: { max_items: 1, max_columns: 1, "
      "max_message_bytes: 2048 }\n");
  Serving serving({"-C", repository.path(), "--max-items", "3"},
                  {"BYLAW_MAX_ITEMS=2", "BYLAW_MAX_COLUMNS=2"});
  v1::CheckBatchRequest batch;
  for (int i = 0; i < 4; ++i) *batch.add_items() = Read("ana");
  v1::CheckBatchResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status items =
      serving.client->decisions->CheckBatch(&context, batch, &response);
  CHECK_THAT(items.error_message(), ContainsSubstring("at most 3"));
  v1::CheckRequest request = Read("ana");
  auto* columns = (*request.mutable_context()->mutable_fields())["columns"]
                      .mutable_list_value();
  for (int i = 0; i < 3; ++i) columns->add_values()->set_string_value("email");
  v1::Decision decision;
  CHECK_THAT(serving.client->Check(request, &decision).error_message(),
             ContainsSubstring("at most 2"));
  request.set_request_id(std::string(3000, 'x'));
  CHECK_THAT(serving.client->Check(request, &decision).error_message(),
             ContainsSubstring("at most 2048"));
  serving.process.Signal(SIGINT);
  CHECK(serving.process.Wait() == 0);
}

TEST_CASE("serve refuses settings that are none") {
  Repository repository;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--max-items", "none"},
                                             {"--listen", "nowhere"},
                                             {"--tls-key", "key.pem"},
                                             {"--no-such-flag"},
                                             {"--bundle", "x.bundle"}}) {
    std::vector<std::string> all = {"serve", "-C", repository.path()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Output output = Run(all);
    INFO(arguments[0]);
    CHECK(output.code == 2);
    CHECK(!output.err.empty());
  }
  repository.Manifest("serve: { max_item: 1 }\n");
  const Output output = Run({"serve", "-C", repository.path()});
  CHECK(output.code == 2);
  CHECK_THAT(output.err, ContainsSubstring("max_item"));
}

TEST_CASE("serve without the key of the masks says so and serves") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  CHECK_THAT(serving.process.err(), ContainsSubstring("BYLAW_TEST_MASK_KEY"));
  v1::Decision decision;
  CHECK(serving.client->Check(Read("ana"), &decision).ok());
}

TEST_CASE("a bundle is built, served and asked") {
  Repository repository;
  TempDir out;
  const std::string bundle = out.File("test.bundle");
  REQUIRE(Run({"build", "-C", repository.path(), "-o", bundle}).code == 0);
  Serving serving({"--bundle", bundle});
  v1::Decision decision;
  REQUIRE(serving.client->Check(Read("ana"), &decision).ok());
  CHECK(decision.outcome() == v1::Decision::MASK);
  out.Write("request.json",
            R"({"subject": {"type": "User", "id": "ana"}, "action": "read",
                "resource": {"type": "Dataset", "id": "sales.orders"}})");
  const Output here = Run({"decide", out.File("request.json"), "--bundle",
                           bundle, "--format", "json"});
  const Output there = Run({"decide", out.File("request.json"), "--remote",
                            serving.address, "--format", "json"});
  CHECK(here.code == 3);
  CHECK(there.code == 3);
  auto a = nlohmann::json::parse(here.out);
  auto b = nlohmann::json::parse(there.out);
  a.erase("id");  // of the instant too
  b.erase("id");
  CHECK(a == b);
}

TEST_CASE("check says what to change, where, and which rule wants it") {
  Repository repository;
  TempDir work;
  work.Write("orders.odcs.yaml", kDescriptor);
  work.Write("good.odcs.yaml", kGoodDescriptor);
  work.Write("broken.odcs.yaml", "kind: DataContract\nid: [\n");
  const std::string bad = work.File("orders.odcs.yaml");
  const std::string good = work.File("good.odcs.yaml");

  Output output = Run({"check", bad, "-C", repository.path()});
  CHECK(output.code == 1);
  CHECK_THAT(
      output.out,
      ContainsSubstring(bad + ":1:1: deny council.accountable_owner: data "
                              "product orders has no owner\n"
                              "    rule council/council.bylaw:35:3\n"
                              "    help: add a team member with role owner"));
  CHECK_THAT(output.out,
             ContainsSubstring(bad + ":" + std::to_string(kEmailLine) + ":"));
  CHECK(output.err.empty());

  output = Run({"check", good, "-C", repository.path()});
  CHECK(output.code == 0);
  CHECK(output.out.empty());

  output = Run({"check", good, bad, "-C", repository.path()});
  CHECK(output.code == 1);
  output = Run(
      {"check", bad, work.File("broken.odcs.yaml"), "-C", repository.path()});
  CHECK(output.code == 2);  // a 1 never hides a 2
  CHECK_THAT(output.out, ContainsSubstring("accountable_owner"));
  CHECK_THAT(output.out, ContainsSubstring("broken.odcs.yaml:"));
  CHECK_THAT(output.out, ContainsSubstring("error BL5"));
  output =
      Run({"check", work.File("none.yaml"), good, "-C", repository.path()});
  CHECK(output.code == 2);
}

TEST_CASE("check compares with the version before") {
  Repository repository;
  TempDir work;
  std::string before = kGoodDescriptor;
  before.replace(before.find("ana"), 3, "bob");
  work.Write("old.yaml", before);
  work.Write("new.yaml", kGoodDescriptor);
  const Output output =
      Run({"check", work.File("new.yaml"), "--previous", work.File("old.yaml"),
           "-C", repository.path(), "--as", "User:ana"});
  CHECK(output.code == 1);
  CHECK_THAT(output.out, ContainsSubstring("the owner was bob"));
}

TEST_CASE("check warns where facts are read from the very file") {
  Repository repository;
  repository.Write("facts/orders.odcs.yaml", kGoodDescriptor);
  repository.Write("bylaw.yaml",
                   "mesh: test\nscopes:\n"
                   "  org: { modules: council, sources: [council/**.bylaw] }\n"
                   "facts: [facts/**.yaml]\n");
  const std::string file = repository.File("facts/orders.odcs.yaml");
  const std::vector<std::string> check = {
      "check", file, "-C", repository.path(), "--as", "User:ana"};
  Output output = Run(check);
  CHECK(output.code == 0);
  CHECK_THAT(output.err, ContainsSubstring("from this very file"));
  CHECK_THAT(output.err, ContainsSubstring("--previous"));
  std::vector<std::string> compared = check;
  compared.insert(compared.end(), {"--previous", file});
  output = Run(compared);
  CHECK_THAT(output.err, !ContainsSubstring("from this very file"));
}

TEST_CASE("check refuses what it cannot ask") {
  Repository repository;
  TempDir work;
  work.Write("good.yaml", kGoodDescriptor);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--as", "ana"},
                                             {"--as", "Person:ana"},
                                             {"--action", "read"},
                                             {"--action", "pulbish"},
                                             {"--environment", "nowhere"},
                                             {"--at", "yesterday"},
                                             {"--previous", "/no/such/file"},
                                             {"--format", "pdf"}}) {
    std::vector<std::string> all = {"check", work.File("good.yaml"), "-C",
                                    repository.path()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    INFO(arguments[0] << " " << arguments[1]);
    const Output output = Run(all);
    CHECK(output.code == 2);
    CHECK(!output.err.empty());
  }
}

TEST_CASE("check asks a service") {
  Repository repository;
  TempDir work;
  work.Write("orders.odcs.yaml", kDescriptor);
  Serving serving({"-C", repository.path()});
  const Output here =
      Run({"check", work.File("orders.odcs.yaml"), "-C", repository.path()});
  const Output there = Run(
      {"check", work.File("orders.odcs.yaml"), "--remote", serving.address});
  CHECK(there.code == 1);
  CHECK(there.out == here.out);
  const Output nobody =
      Run({"check", work.File("orders.odcs.yaml"), "--remote", "127.0.0.1:1"});
  CHECK(nobody.code == 2);
}

TEST_CASE("check writes formats for machines") {
  Repository repository;
  TempDir work;
  work.Write("orders.odcs.yaml", kDescriptor);
  const std::string file = work.File("orders.odcs.yaml");
  const auto run = [&](const char* format) {
    const Output output =
        Run({"check", file, "-C", repository.path(), "--format", format});
    CHECK(output.code == 1);
    return output.out;
  };
  const auto json = nlohmann::json::parse(run("json"));
  REQUIRE(json["files"].size() == 1);
  CHECK(json["files"][0]["file"] == file);
  CHECK(json["files"][0]["decisions"][0]["decision"]["outcome"] == "DENY");
  CHECK(json["files"][0]["diagnostics"].is_array());

  const auto sarif = nlohmann::json::parse(run("sarif"));
  CHECK(sarif["version"] == "2.1.0");
  bool found = false;
  for (const auto& result : sarif["runs"][0]["results"]) {
    if (result["ruleId"] != "council.accountable_owner") continue;
    found = true;
    CHECK(result["level"] == "error");
    CHECK(result["locations"][0]["physicalLocation"]["region"]["startLine"] ==
          1);
    CHECK(result["relatedLocations"][0]["physicalLocation"]["region"]
                ["startLine"] == 35);
  }
  CHECK(found);

  const std::string junit = run("junit");
  CHECK_THAT(junit, ContainsSubstring("<testsuite "));
  CHECK_THAT(junit, ContainsSubstring("council.accountable_owner"));
  CHECK_THAT(junit, ContainsSubstring("<failure"));

  const std::string github = run("github");
  CHECK_THAT(github, ContainsSubstring("::error file=" + file + ",line=1"));
  CHECK_THAT(github, ContainsSubstring("has no owner"));
}

}  // namespace
}  // namespace bylaw::test
