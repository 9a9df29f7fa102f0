// The process ends under load: killed, then started again on its port, and
// stopped by a signal.
#include <signal.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/catch.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

using grpc::StatusCode;

// What the test repository answers on e-mails for ana.
bool IsRight(const v1::Decision& decision) {
  return decision.outcome() == v1::Decision::MASK &&
         decision.columns_size() == 1 &&
         decision.columns(0).column() == "email" &&
         !decision.policies_revision().empty();
}

// Asks by one call, a batch and a stream in turn; counts statuses and wrong
// answers.
struct Questions {
  void Ask(Client& client) {
    v1::Decision decision;
    Note(client.Check(Read("ana"), &decision), decision);

    v1::CheckBatchResponse batch;
    const grpc::Status status =
        CheckBatch(client, BatchOf(Read("ana"), 40), &batch);
    tally.Add(status);
    if (status.ok() && batch.items_size() != 40) ++wrong;
    for (const auto& item : batch.items()) {
      if (status.ok() && !IsRight(item.decision())) ++wrong;
    }

    grpc::ClientContext context;
    SetDeadline(&context);
    const auto stream = client.decisions->CheckStream(&context);
    v1::CheckStreamResponse response;
    for (int i = 0; i < 5; ++i) {
      if (!stream->Write(Read("ana")) || !stream->Read(&response)) break;
      if (!IsRight(response.decision())) ++wrong;
    }
    stream->WritesDone();
    tally.Add(stream->Finish());
  }
  void Note(const grpc::Status& status, const v1::Decision& decision) {
    tally.Add(status);
    if (status.ok() && !IsRight(decision)) ++wrong;
  }
  Tally tally;
  std::atomic<int> wrong{0};
};

TEST_CASE(
    "a killed service is UNAVAILABLE, and decides again when it is back") {
  Repository repository;
  auto serving = std::make_unique<Serving>(
      std::vector<std::string>{"-C", repository.path()});
  const int port = serving->port;
  Questions questions;
  Callers callers(port, 3, [&](Client& client) { questions.Ask(client); });
  for (int round = 0; round < 3; ++round) {
    const int served = questions.tally.of(StatusCode::OK);
    CHECK(PollUntil(
        [&] { return questions.tally.of(StatusCode::OK) > served + 30; }));
    const int refused = questions.tally.of(StatusCode::UNAVAILABLE);
    serving->process.Signal(SIGKILL);
    CHECK(serving->process.Wait() == 128 + SIGKILL);
    CHECK(PollUntil([&] {
      return questions.tally.of(StatusCode::UNAVAILABLE) > refused + 3;
    }));
    serving = std::make_unique<Serving>(
        std::vector<std::string>{"-C", repository.path()},
        std::vector<std::string>{}, port);
    REQUIRE(serving->port == port);
  }
  const int served = questions.tally.of(StatusCode::OK);
  CHECK(PollUntil(
      [&] { return questions.tally.of(StatusCode::OK) > served + 30; }));
  callers.Stop();
  CHECK(questions.wrong == 0);
  // Nobody is told anything else than that it is not there.
  CHECK(questions.tally.of(StatusCode::OK) +
            questions.tally.of(StatusCode::UNAVAILABLE) ==
        questions.tally.all());
}

TEST_CASE("SIGTERM under load lets calls in flight finish and ends with 0") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  Questions questions;
  // A batch that is long under way, and a stream in the middle.
  v1::CheckBatchRequest batch = BatchOf(Read("ana"), 10'000);
  std::atomic<int> whole{0}, torn{0};
  Tally ended;
  Callers batches(serving.port, 2, [&](Client& client) {
    v1::CheckBatchResponse response;
    const grpc::Status status = CheckBatch(client, batch, &response);
    ended.Add(status);
    if (status.ok()) ++(response.items_size() == 10'000 ? whole : torn);
  });
  Callers callers(serving.port, 2,
                  [&](Client& client) { questions.Ask(client); });
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = serving.client->decisions->CheckStream(&context);
  v1::CheckStreamResponse response;
  REQUIRE(stream->Write(Read("ana")));
  REQUIRE(stream->Read(&response));
  CHECK(PollUntil(
      [&] { return whole > 2 && questions.tally.of(StatusCode::OK) > 30; }));

  serving.process.Signal(SIGTERM);
  CHECK(!serving.process.WaitForLine("\"stopping\"").empty());
  // Nobody new gets in; the stream goes on to its end.
  CHECK(PollUntil(
      [&] { return questions.tally.of(StatusCode::UNAVAILABLE) > 0; }));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(stream->Write(Read("ana")));
    REQUIRE(stream->Read(&response));
    CHECK(IsRight(response.decision()));
  }
  stream->WritesDone();
  CHECK(stream->Finish().ok());
  CHECK(serving.process.Wait() == 0);
  callers.Stop();
  batches.Stop();
  CHECK(questions.wrong == 0);
  CHECK(torn == 0);
  // CANCELLED is what gRPC tells who comes in the very instant of the stop,
  // each caller once.
  CHECK(ended.of(StatusCode::CANCELLED) <= 2);
  CHECK(ended.of(StatusCode::OK) + ended.of(StatusCode::UNAVAILABLE) +
            ended.of(StatusCode::CANCELLED) ==
        ended.all());
  CHECK(questions.tally.of(StatusCode::OK) +
            questions.tally.of(StatusCode::UNAVAILABLE) +
            questions.tally.of(StatusCode::CANCELLED) ==
        questions.tally.all());
}

TEST_CASE("SIGTERM ends the process after its grace, whatever it is at") {
  Repository repository;
  // A decision of seconds: a thousand million steps.
  repository.Manifest("limits: { decision_steps: 1000000000 }\n");
  repository.Write("council/long.bylaw", R"(module council

policy pairs
  title "Each with each" owner "council"
on publish of DataProduct {
  deny when any(a in all User where
                any(b in all User where a.id == "x" and b.id == "y"))
    because "x and y"
}
)");
  std::string users = "User:\n";
  for (int i = 0; i < 40'000; ++i) {
    users += "  u" + std::to_string(i) + ": { roles: [] }\n";
  }
  repository.Write("facts/users.yaml", users);
  Serving serving({"-C", repository.path(), "--grace-ms", "100"});
  REQUIRE(serving.Metric("bylaw_serving") == 1);
  bool answered = false;
  std::thread caller([&] {
    v1::CheckRequest request = Read("ana", "sales", "publish");
    request.mutable_resource()->set_type("DataProduct");
    v1::CheckBatchResponse response;
    answered =
        CheckBatch(*serving.client, BatchOf(request, 20), &response).ok();
  });
  CHECK(
      PollUntil([&] { return serving.Metric("bylaw_calls_in_flight") == 1; }));
  serving.process.Signal(SIGTERM);
  CHECK(!serving.process.WaitForLine("work that did not end").empty());
  CHECK(serving.process.Wait() == 0);
  caller.join();
  CHECK_FALSE(answered);
}

}  // namespace
}  // namespace bylaw::test
