// Running the service: health, reflection, metrics, starting, stopping.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "google/protobuf/descriptor.pb.h"
#include "httplib.h"
#include "tests/catch.h"
#include "tests/server/fixture.h"
#include "tests/server/standard.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using grpc::StatusCode;

std::unique_ptr<Server> MustStart(const ServerOptions& options) {
  auto started = Server::Start(options);
  INFO(started.status().message());
  REQUIRE(started.ok());
  return std::move(*started);
}

TEST_CASE("health says SERVING for the services that serve") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  CHECK(client.Health("") == "SERVING");
  CHECK(client.Health("bylaw.v1.DecisionService") == "SERVING");
  CHECK(client.Health("bylaw.v1.PolicyService") == "SERVING");
  CHECK(client.Health("no.such.Service").empty());
}

TEST_CASE("with nothing loaded it is NOT_SERVING and UNAVAILABLE") {
  Repository repository;
  repository.Break();
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  CHECK(client.Health("") == "NOT_SERVING");
  CHECK(client.Health("bylaw.v1.DecisionService") == "NOT_SERVING");
  v1::Decision decision;
  CHECK(client.Check(Read("ana"), &decision).error_code() ==
        StatusCode::UNAVAILABLE);
  {
    grpc::ClientContext context;
    SetDeadline(&context);
    const auto stream = client.decisions->CheckStream(&context);
    stream->Write(Read("ana"));
    v1::CheckStreamResponse response;
    CHECK_FALSE(stream->Read(&response));
    CHECK(stream->Finish().error_code() == StatusCode::UNAVAILABLE);
  }
  // The status says why.
  const v1::Status status = client.Status();
  CHECK(status.loads() == 0);
  REQUIRE(status.last_failed_reload().diagnostics_size() >= 1);
  CHECK(status.last_failed_reload().diagnostics(0).file() ==
        "council/broken.bylaw");
  repository.Mend();
  CHECK(server->Reload());
  CHECK(client.Health("") == "SERVING");
  CHECK(client.Check(Read("ana"), &decision).ok());
}

TEST_CASE("reflection describes both services") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  const std::vector<std::string> names = ReflectedServices(client.channel);
  for (const char* name : {"bylaw.v1.DecisionService", "bylaw.v1.PolicyService",
                           "grpc.health.v1.Health"}) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
  bool found = false;
  for (const std::string& bytes :
       ReflectedFiles(client.channel, "bylaw.v1.DecisionService")) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    for (const auto& service : file.service()) {
      found = found || (service.name() == "DecisionService" &&
                        service.method_size() == 4);
    }
  }
  CHECK(found);
}

TEST_CASE("metrics count what was decided, refused and shed") {
  Repository repository;
  ServerOptions options = OptionsFor(repository.path());
  options.metrics = "127.0.0.1:0";
  const auto server = MustStart(options);
  REQUIRE(server->metrics_port() > 0);
  Client client(server->port());
  v1::Decision decision;
  CHECK(client.Check(Read("ana"), &decision).ok());
  CHECK(client.Check(Read("cid"), &decision).ok());
  CHECK(client.Check(Read("ana", "sales.plain", "export"), &decision).ok());
  v1::CheckRequest wrong = Read("ana");
  wrong.set_action("raed");
  CHECK_FALSE(client.Check(wrong, &decision).ok());
  repository.Break();
  CHECK_FALSE(server->Reload());

  httplib::Client http("127.0.0.1", server->metrics_port());
  const auto answer = http.Get("/metrics");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK_THAT(answer->get_header_value("Content-Type"),
             ContainsSubstring("text/plain; version=0.0.4"));
  const std::string& text = answer->body;
  for (const char* line :
       {"\nbylaw_decisions_total{outcome=\"allow\"} 0\n",
        "\nbylaw_decisions_total{outcome=\"mask\"} 1\n",
        "\nbylaw_decisions_total{outcome=\"deny\"} 2\n",
        "\nbylaw_decisions_with_errors_total 1\n",
        "\nbylaw_requests_refused_total 1\n", "\nbylaw_requests_shed_total 0\n",
        "\nbylaw_loads_total 1\n", "\nbylaw_failed_loads_total 1\n",
        "\nbylaw_decision_seconds_count 3\n",
        "\nbylaw_decision_seconds_bucket{le=\"+Inf\"} 3\n"}) {
    CHECK_THAT(text, ContainsSubstring(line));
  }
  CHECK_THAT(text, ContainsSubstring("policies=\"" +
                                     decision.policies_revision() + "\""));
  const auto other = http.Get("/");
  REQUIRE(other);
  CHECK(other->status == 404);
}

TEST_CASE("a taken port and addresses that are none are refused") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  ServerOptions options = OptionsFor(repository.path());
  options.listen = "127.0.0.1:" + std::to_string(server->port());
  CHECK_FALSE(Server::Start(options).ok());
  options.listen = "not an address";
  CHECK_FALSE(Server::Start(options).ok());
  for (const char* metrics : {"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"}) {
    options = OptionsFor(repository.path());
    options.metrics = metrics;
    CHECK_FALSE(Server::Start(options).ok());
  }
}

TEST_CASE("a taken port of metrics is noticed, and free after the server") {
  Repository repository;
  ServerOptions options = OptionsFor(repository.path());
  options.metrics = "127.0.0.1:0";
  auto first = MustStart(options);
  options.metrics = "127.0.0.1:" + std::to_string(first->metrics_port());
  const auto second = Server::Start(options);
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(std::string(second.status().message()),
             ContainsSubstring(options.metrics) && ContainsSubstring("free"));
  httplib::Client http("127.0.0.1", first->metrics_port());
  CHECK(http.Get("/metrics"));
  first.reset();
  const auto third = MustStart(options);
  CHECK("127.0.0.1:" + std::to_string(third->metrics_port()) ==
        options.metrics);
}

TEST_CASE("a stop lets calls in flight finish") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = client.decisions->CheckStream(&context);
  REQUIRE(stream->Write(Read("ana")));
  v1::CheckStreamResponse response;
  REQUIRE(stream->Read(&response));

  std::thread stopper([&] { server->Stop(); });
  // Nobody new gets in.
  CHECK(PollUntil([&] {
    Client late(server->port());
    v1::Decision decision;
    return late.Check(Read("ana"), &decision).error_code() ==
           StatusCode::UNAVAILABLE;
  }));
  // The stream goes on to its end.
  for (int i = 0; i < 3; ++i) {
    REQUIRE(stream->Write(Read("ana")));
    REQUIRE(stream->Read(&response));
    CHECK(response.decision().outcome() == v1::Decision::MASK);
  }
  stream->WritesDone();
  CHECK(stream->Finish().ok());
  stopper.join();
}

TEST_CASE("a call that does not end is cut off after the grace time") {
  Repository repository;
  ServerOptions options = OptionsFor(repository.path());
  options.grace_ms = 50;
  const auto server = MustStart(options);
  Client client(server->port());
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = client.decisions->CheckStream(&context);
  REQUIRE(stream->Write(Read("ana")));
  v1::CheckStreamResponse response;
  REQUIRE(stream->Read(&response));
  server->Stop();
  CHECK_FALSE(stream->Read(&response));
  CHECK_FALSE(stream->Finish().ok());
}

TEST_CASE("stopping twice and destroying a stopped server are harmless") {
  Repository repository;
  auto server = MustStart(OptionsFor(repository.path()));
  server->Stop();
  server->Stop();
  server.reset();
}

TEST_CASE("many clients at once get their own answers") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Client client(server->port());
      for (int i = 0; i < 100; ++i) {
        v1::CheckRequest request =
            Read((t + i) % 2 ? "ana" : "cid", "sales.plain");
        request.set_request_id(std::to_string(t * 1000 + i));
        v1::Decision decision;
        if (!client.Check(request, &decision).ok() ||
            decision.request_id() != request.request_id() ||
            decision.outcome() !=
                ((t + i) % 2 ? v1::Decision::ALLOW : v1::Decision::DENY)) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace bylaw::test
