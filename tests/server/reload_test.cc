// Reloads: by call and by change of files, of what is good and what is broken,
// alone and under load. (SIGHUP is in command_test.cc.)
#include <atomic>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/snapshot.h"
#include "tests/catch.h"
#include "tests/server/fixture.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;

std::unique_ptr<Server> MustStart(const ServerOptions& options) {
  auto started = Server::Start(options);
  REQUIRE(started.ok());
  return std::move(*started);
}

v1::Decision::Outcome OutcomeOf(Client& client, const std::string& user) {
  v1::Decision decision;
  const grpc::Status status =
      client.Check(Read(user, "sales.plain"), &decision);
  INFO(status.error_message());
  CHECK(status.ok());
  return decision.outcome();
}

TEST_CASE("a good new version serves from then on") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  const v1::Status before = client.Status();
  CHECK(before.mesh() == "test");
  CHECK(before.source() == repository.path());
  CHECK(before.loads() == 1);
  CHECK(before.policies() > 0);
  CHECK(before.rules() >= before.policies());
  CHECK(before.entities() == 9);
  CHECK(before.loaded_at().seconds() > 1'700'000'000);
  REQUIRE(before.facts_files_size() == 1);
  CHECK(before.facts_files(0) == "facts/facts.yaml");
  CHECK_FALSE(before.has_last_failed_reload());
  CHECK(OutcomeOf(client, "bob") == v1::Decision::ALLOW);

  repository.DenyBob();
  CHECK(server->Reload());
  const v1::Status after = client.Status();
  CHECK(after.loads() == 2);
  CHECK(after.policies() == before.policies() + 1);
  CHECK(after.policies_revision() != before.policies_revision());
  CHECK(after.facts_revision() == before.facts_revision());
  CHECK(OutcomeOf(client, "bob") == v1::Decision::DENY);

  // Back again: the same sources have the same revision.
  repository.AllowBobAgain();
  CHECK(server->Reload());
  CHECK(client.Status().policies_revision() == before.policies_revision());
}

TEST_CASE("a broken new version keeps the one before serving and says so") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  const v1::Status before = client.Status();
  repository.DenyBob();
  repository.Break();
  CHECK_FALSE(server->Reload());
  CHECK(OutcomeOf(client, "bob") == v1::Decision::ALLOW);
  CHECK(client.Health("") == "SERVING");
  const v1::Status failed = client.Status();
  CHECK(failed.policies_revision() == before.policies_revision());
  CHECK(failed.loads() == 1);
  REQUIRE(failed.has_last_failed_reload());
  CHECK(failed.last_failed_reload().at().seconds() >=
        failed.loaded_at().seconds());
  CHECK_THAT(failed.last_failed_reload().message(), ContainsSubstring("error"));
  REQUIRE(failed.last_failed_reload().diagnostics_size() >= 1);
  const v1::Diagnostic& d = failed.last_failed_reload().diagnostics(0);
  CHECK(d.code().substr(0, 3) == "BL1");
  CHECK(d.severity() == "error");
  CHECK(d.file() == "council/broken.bylaw");
  CHECK(d.line() >= 3);

  repository.Mend();
  CHECK(server->Reload());
  CHECK_FALSE(client.Status().has_last_failed_reload());
  CHECK(OutcomeOf(client, "bob") == v1::Decision::DENY);
}

TEST_CASE("broken facts and manifests are broken versions too") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  repository.Write("facts/more.yaml", "User:\n  dan: { role: [analyst] }\n");
  CHECK_FALSE(server->Reload());
  v1::Status status = client.Status();
  REQUIRE(status.last_failed_reload().diagnostics_size() == 1);
  CHECK(status.last_failed_reload().diagnostics(0).file() == "facts/more.yaml");
  CHECK(status.last_failed_reload().diagnostics(0).line() == 2);
  repository.Remove("facts/more.yaml");

  repository.Write("bylaw.yaml", "mesh: [");
  CHECK_FALSE(server->Reload());
  status = client.Status();
  REQUIRE(status.last_failed_reload().diagnostics_size() >= 1);
  CHECK(status.last_failed_reload().diagnostics(0).file() == "bylaw.yaml");
  CHECK(OutcomeOf(client, "ana") == v1::Decision::ALLOW);
}

TEST_CASE("files that change are loaded by themselves") {
  Repository repository;
  ServerOptions options = OptionsFor(repository.path());
  options.watch = true;
  options.watch_interval_ms = 10;
  const auto server = MustStart(options);
  Client client(server->port());
  repository.DenyBob();
  CHECK(PollUntil(
      [&] { return OutcomeOf(client, "bob") == v1::Decision::DENY; }));
  repository.Break();
  CHECK(PollUntil([&] { return client.Status().has_last_failed_reload(); }));
  CHECK(OutcomeOf(client, "bob") == v1::Decision::DENY);
  repository.Mend();
  repository.AllowBobAgain();
  CHECK(PollUntil(
      [&] { return OutcomeOf(client, "bob") == v1::Decision::ALLOW; }));
  CHECK_FALSE(client.Status().has_last_failed_reload());
}

TEST_CASE("all that a load reads is watched, whatever it is called") {
  Repository repository;
  repository.Write("bylaw.yaml",
                   "mesh: test\n"
                   "scopes: { org: { modules: council, sources: "
                   "[council/**.bylaw] } }\n"
                   "facts: [facts/*, .generated/*.facts]\n");
  const std::string names[] = {"facts/more.txt", "facts/more.YAML",
                               "facts/more", ".generated/more.facts"};
  for (size_t i = 0; i < std::size(names); ++i) {
    repository.Write(names[i], "User:\n  u" + std::to_string(i) +
                                   ": { roles: [analyst] }\n");
  }
  ServerOptions options = OptionsFor(repository.path());
  options.watch = true;
  options.watch_interval_ms = 10;
  const auto server = MustStart(options);
  Client client(server->port());
  for (size_t i = 0; i < std::size(names); ++i) {
    INFO(names[i]);
    const std::string user = "u" + std::to_string(i);
    CHECK(OutcomeOf(client, user) == v1::Decision::ALLOW);
    repository.Write(names[i], "User:\n  " + user + ": { roles: [] }\n");
    CHECK(PollUntil(
        [&] { return OutcomeOf(client, user) == v1::Decision::DENY; }));
  }
  // A pattern that is new is followed from then on.
  repository.Write("more/people.txt", "User:\n  zoe: { roles: [] }\n");
  repository.Write("bylaw.yaml",
                   "mesh: test\n"
                   "scopes: { org: { modules: council, sources: "
                   "[council/**.bylaw] } }\n"
                   "facts: [facts/*, .generated/*.facts, more/people.txt]\n");
  CHECK(PollUntil([&] { return client.Status().facts_files_size() == 6; }));
  repository.Write("more/people.txt", "User:\n  zoe: { roles: [analyst] }\n");
  CHECK(PollUntil(
      [&] { return OutcomeOf(client, "zoe") == v1::Decision::ALLOW; }));
  // What makes a load fail is seen too.
  repository.Write("council/more.Bylaw", "module council\n");
  CHECK(PollUntil([&] { return client.Status().has_last_failed_reload(); }));
  repository.Remove("council/more.Bylaw");
  CHECK(PollUntil([&] { return !client.Status().has_last_failed_reload(); }));
}

TEST_CASE("a file that held facts and holds nothing now is a broken version") {
  Repository repository;
  repository.Write("facts/empty.yaml", "# nobody yet\n");
  repository.Write("facts/more.yaml", "User:\n  dan: { roles: [analyst] }\n");
  const auto server = MustStart(OptionsFor(repository.path()));
  Client client(server->port());
  CHECK(OutcomeOf(client, "dan") == v1::Decision::ALLOW);
  for (const char* text : {"", "null\n", "# half\n"}) {
    INFO(text);
    repository.Write("facts/more.yaml", text);
    CHECK_FALSE(server->Reload());
    const v1::Status status = client.Status();
    REQUIRE(status.last_failed_reload().diagnostics_size() == 1);
    const v1::Diagnostic& d = status.last_failed_reload().diagnostics(0);
    CHECK(d.code() == "BL5021");
    CHECK(d.file() == "facts/more.yaml");
    CHECK(OutcomeOf(client, "dan") == v1::Decision::ALLOW);
  }
  // It may say that no facts are meant; a new file may be empty.
  repository.Write("facts/more.yaml", "{}\n");
  repository.Write("facts/new.yaml", "");
  CHECK(server->Reload());
  CHECK(OutcomeOf(client, "dan") == v1::Decision::DENY);
}

TEST_CASE("what came up broken is served once it is mended") {
  Repository repository;
  repository.Break();
  ServerOptions options = OptionsFor(repository.path());
  options.watch = true;
  options.watch_interval_ms = 10;
  const auto server = MustStart(options);
  Client client(server->port());
  CHECK(client.Health("") == "NOT_SERVING");
  repository.Mend();
  CHECK(PollUntil([&] { return client.Health("") == "SERVING"; }));
  CHECK(OutcomeOf(client, "ana") == v1::Decision::ALLOW);
}

TEST_CASE("no call fails while versions change under load") {
  Repository repository;
  const auto server = MustStart(OptionsFor(repository.path()));
  Client first(server->port());
  const std::string allowing = first.Status().policies_revision();
  repository.DenyBob();
  REQUIRE(server->Reload());
  const std::string denying = first.Status().policies_revision();

  std::atomic<bool> stop{false};
  std::atomic<int> failed{0}, mixed{0}, calls{0};
  // A decision belongs to one version, whichever it is.
  const auto check = [&](const v1::Decision& d) {
    ++calls;
    const bool allow = d.outcome() == v1::Decision::ALLOW;
    if (d.policies_revision() != (allow ? allowing : denying)) ++mixed;
  };
  std::vector<std::thread> callers;
  for (int t = 0; t < 2; ++t) {
    callers.emplace_back([&] {
      Client client(server->port());
      while (!stop) {
        v1::Decision decision;
        if (client.Check(Read("bob", "sales.plain"), &decision).ok()) {
          check(decision);
        } else {
          ++failed;
        }
      }
    });
  }
  callers.emplace_back([&] {
    Client client(server->port());
    v1::CheckBatchRequest batch;
    *batch.mutable_defaults() = Read("bob", "sales.plain");
    for (int i = 0; i < 50; ++i) batch.add_items();
    while (!stop) {
      grpc::ClientContext context;
      SetDeadline(&context);
      v1::CheckBatchResponse response;
      if (!client.decisions->CheckBatch(&context, batch, &response).ok()) {
        ++failed;
        continue;
      }
      std::set<std::string> revisions;
      for (const auto& item : response.items()) {
        check(item.decision());
        revisions.insert(item.decision().policies_revision());
      }
      if (revisions.size() != 1) ++mixed;  // one snapshot a batch
    }
  });
  callers.emplace_back([&] {
    Client client(server->port());
    grpc::ClientContext context;
    SetDeadline(&context);
    const auto stream = client.decisions->CheckStream(&context);
    v1::CheckStreamResponse response;
    while (!stop) {
      if (!stream->Write(Read("bob", "sales.plain")) ||
          !stream->Read(&response)) {
        ++failed;
        return;
      }
      check(response.decision());
    }
    stream->WritesDone();
    if (!stream->Finish().ok()) ++failed;
  });
  for (int i = 0; i < 12; ++i) {
    if (i % 2) {
      repository.DenyBob();
    } else {
      repository.AllowBobAgain();
    }
    CHECK(server->Reload());
    const int then = calls;
    CHECK(PollUntil([&] { return calls > then + 20; }));
  }
  stop = true;
  for (std::thread& t : callers) t.join();
  CHECK(failed == 0);
  CHECK(mixed == 0);
}

TEST_CASE("a bundle is served, and replaced by the next") {
  Repository repository;
  TempDir out;
  const auto bundle = [&] {
    SnapshotSource source;
    source.root = repository.path();
    const SnapshotResult loaded = LoadSnapshot(source);
    REQUIRE(loaded.snapshot != nullptr);
    return WriteBundle(*loaded.snapshot);
  };
  out.Write("test.bundle", bundle());
  ServerOptions options = OptionsFor("");
  options.source.bundle = out.File("test.bundle");
  options.watch = true;
  options.watch_interval_ms = 10;
  const auto server = MustStart(options);
  Client client(server->port());
  const v1::Status status = client.Status();
  CHECK(status.source() == options.source.bundle);
  CHECK(status.mesh() == "test");
  CHECK(status.entities() == 9);
  CHECK(OutcomeOf(client, "bob") == v1::Decision::ALLOW);

  repository.DenyBob();
  out.Write("test.bundle", bundle());
  CHECK(PollUntil(
      [&] { return OutcomeOf(client, "bob") == v1::Decision::DENY; }));

  out.Write("test.bundle", "no bundle");
  CHECK(PollUntil([&] { return client.Status().has_last_failed_reload(); }));
  const v1::Status failed = client.Status();
  REQUIRE(failed.last_failed_reload().diagnostics_size() == 1);
  CHECK(failed.last_failed_reload().diagnostics(0).code().substr(0, 3) ==
        "BL6");
  CHECK(OutcomeOf(client, "bob") == v1::Decision::DENY);
}

}  // namespace
}  // namespace bylaw::test
