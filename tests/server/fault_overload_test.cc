// More load than the service can bear: what is served is served whole and
// within its deadline, the rest is shed before it costs anything, and small
// questions do not wait behind large ones.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <map>
#include <string>

#include "tests/catch.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using grpc::StatusCode;

// Ten minutes: a slow build sheds nothing for want of time.
constexpr char kSlowMachine[] = "600000";

grpc::Status BatchWithin(Client& client, const v1::CheckBatchRequest& batch,
                         std::chrono::milliseconds deadline,
                         v1::CheckBatchResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + deadline);
  return client.decisions->CheckBatch(&context, batch, response);
}

TEST_CASE("more calls at once than allowed are shed, the others are answered") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-concurrent", "4",
                   "--max-deadline-ms", kSlowMachine});
  const v1::CheckBatchRequest batch = BatchOf(Read("ana"), 10'000);
  Tally tally;
  std::atomic<int> torn{0};
  std::atomic<int> too_many{0};
  Callers callers(serving.port, 16, [&](Client& client) {
    v1::CheckBatchResponse response;
    const grpc::Status status = CheckBatch(client, batch, &response);
    tally.Add(status);
    if (status.ok() && response.items_size() != 10'000) ++torn;
    if (status.error_message().find("max-concurrent") != std::string::npos) {
      ++too_many;
    }
  });
  CHECK(PollUntil(
      [&] { return tally.of(StatusCode::OK) > 10 && too_many > 10; }));
  // Health and status are answered all the same.
  CHECK(serving.client->Health("") == "SERVING");
  CHECK(serving.client->Status().loads() == 1);
  callers.Stop();
  CHECK(torn == 0);
  CHECK(tally.of(StatusCode::OK) + tally.of(StatusCode::UNAVAILABLE) ==
        tally.all());
  CHECK(serving.Metric("bylaw_requests_shed_total") >=
        tally.of(StatusCode::UNAVAILABLE));
  CHECK(
      PollUntil([&] { return serving.Metric("bylaw_calls_in_flight") == 0; }));
}

TEST_CASE("batches that could not be done in time are shed before any work") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-items", "20000"});
  const v1::CheckBatchRequest batch = BatchOf(Read("ana"), 20'000);
  // What one takes here and now, alone.
  v1::CheckBatchResponse first;
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(CheckBatch(*serving.client, batch, &first).ok());
  const auto alone = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  const double decided = serving.Metric("bylaw_decision_seconds_count");
  REQUIRE(decided == 20'000);

  // Twenty callers with time for about four.
  Tally tally;
  std::atomic<int> torn{0};
  std::atomic<int> overloaded{0};
  Callers callers(serving.port, 20, [&](Client& client) {
    v1::CheckBatchResponse response;
    const grpc::Status status =
        BatchWithin(client, batch, 4 * alone, &response);
    tally.Add(status);
    if (status.ok() && response.items_size() != 20'000) ++torn;
    if (status.error_message().find("past its deadline") != std::string::npos) {
      ++overloaded;
    }
  });
  CHECK(PollUntil(
      [&] { return tally.of(StatusCode::OK) > 2 && overloaded > 5; }));
  callers.Stop();
  CHECK(torn == 0);
  CHECK(tally.of(StatusCode::OK) + tally.of(StatusCode::UNAVAILABLE) +
            tally.of(StatusCode::DEADLINE_EXCEEDED) ==
        tally.all());
  // Afterwards it is as before.
  CHECK(
      PollUntil([&] { return serving.Metric("bylaw_calls_in_flight") == 0; }));
  v1::CheckBatchResponse last;
  CHECK(CheckBatch(*serving.client, batch, &last).ok());
}

TEST_CASE("a deadline that has passed is said so, and nothing is decided") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-deadline-ms", "1"});
  // The setting bounds what a caller would wait for ever.
  v1::CheckBatchResponse response;
  const grpc::Status status =
      CheckBatch(*serving.client, BatchOf(Read("ana"), 10'000), &response);
  CHECK((status.error_code() == StatusCode::DEADLINE_EXCEEDED ||
         status.error_code() == StatusCode::UNAVAILABLE));
  CHECK_THAT(status.error_message(), ContainsSubstring("max-deadline-ms"));
  CHECK(serving.Metric("bylaw_decision_seconds_count") < 10'000);
  CHECK(serving.Metric("bylaw_requests_shed_total") == 1);
}

// Some hundred, of several callers at once: each is answered.
void CheckSingleQuestions(const Serving& serving) {
  Tally calls;
  Callers light(serving.port, 4, [&](Client& client) {
    v1::Decision decision;
    calls.Add(client.Check(Read("ana"), &decision));
  });
  CHECK(PollUntil([&] { return calls.of(StatusCode::OK) > 200; }));
  light.Stop();
  CHECK(calls.of(StatusCode::OK) == calls.all());
}

TEST_CASE("single questions are answered while batches take all there is") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-deadline-ms", kSlowMachine});
  const v1::CheckBatchRequest batch = BatchOf(Read("ana"), 10'000);
  Tally batches;
  Callers heavy(serving.port, 8, [&](Client& client) {
    v1::CheckBatchResponse response;
    batches.Add(CheckBatch(client, batch, &response));
  });
  CHECK(PollUntil([&] { return batches.of(StatusCode::OK) > 3; }));
  CheckSingleQuestions(serving);
  heavy.Stop();
  CHECK(batches.of(StatusCode::OK) == batches.all());
}

google::protobuf::Value Map(
    const std::map<std::string, google::protobuf::Value>& fields) {
  google::protobuf::Value value;
  auto& own = *value.mutable_struct_value()->mutable_fields();
  for (const auto& [name, field] : fields) own[name] = field;
  return value;
}

// A product with so many datasets, about 60 bytes each.
v1::CheckRequest Proposal(int datasets) {
  google::protobuf::Value all = Map({});
  for (int i = 0; i < datasets; ++i) {
    const std::string name = "d" + std::to_string(i);
    (*all.mutable_struct_value()->mutable_fields())[name] =
        Map({{"name", Text(name)},
             {"columns", Map({{"total", Map({{"type", Text("decimal")}})}})}});
  }
  v1::CheckRequest request = Read("ana");
  request.set_action("publish");
  request.mutable_resource()->set_type("DataProduct");
  request.mutable_resource()->set_id("large");
  *request.mutable_resource()->mutable_attributes() =
      Map({{"name", Text("large")}, {"owner", Text("ana")}, {"datasets", all}})
          .struct_value();
  return request;
}

TEST_CASE("a large request is decided as a batch is, within max-deadline-ms") {
  Repository repository;
  const v1::CheckRequest request = Proposal(20'000);
  REQUIRE(request.ByteSizeLong() > 1'000'000);
  v1::Decision decision;
  {
    Serving serving({"-C", repository.path()});
    const grpc::Status status = serving.client->Check(request, &decision);
    INFO(status.error_message());
    CHECK(status.ok());
    CHECK(decision.outcome() == v1::Decision::ALLOW);
    // In a stream its answer keeps its place.
    grpc::ClientContext context;
    SetDeadline(&context);
    const auto stream = serving.client->decisions->CheckStream(&context);
    v1::CheckStreamResponse response;
    for (int i = 0; i < 6; ++i) {
      v1::CheckRequest item = i % 3 == 1 ? request : Read("ana");
      item.set_request_id(std::to_string(i));
      REQUIRE(stream->Write(item));
    }
    for (int i = 0; i < 6; ++i) {
      REQUIRE(stream->Read(&response));
      CHECK(response.request_id() == std::to_string(i));
      CHECK(response.decision().outcome() ==
            (i % 3 == 1 ? v1::Decision::ALLOW : v1::Decision::MASK));
    }
    stream->WritesDone();
    CHECK(stream->Finish().ok());
  }
  Serving serving({"-C", repository.path(), "--max-deadline-ms", "1"});
  const grpc::Status status = serving.client->Check(request, &decision);
  CHECK(status.error_code() == StatusCode::DEADLINE_EXCEEDED);
  CHECK_THAT(status.error_message(), ContainsSubstring("max-deadline-ms"));
  CHECK(serving.client->Check(Read("ana"), &decision).ok());
}

TEST_CASE("single questions are answered while large ones take all there is") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  const v1::CheckRequest request = Proposal(20'000);
  Tally large;
  Callers heavy(serving.port, 8, [&](Client& client) {
    v1::Decision decision;
    large.Add(client.Check(request, &decision));
  });
  CHECK(PollUntil([&] { return large.of(StatusCode::OK) > 3; }));
  CheckSingleQuestions(serving);
  heavy.Stop();
}

TEST_CASE("descriptors and lints that waited too long are not begun") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-deadline-ms", "1"});
  v1::LintRequest request;
  request.add_files()->set_path("a.bylaw");
  std::string text = "module a\n\nscope org root { owner \"o\" }\n";
  for (int i = 0; i < 20'000; ++i) text += "wrong\n";
  request.mutable_files(0)->set_text(text);
  Tally tally;
  Callers callers(serving.port, 8, [&](Client& client) {
    v1::LintResponse response;
    grpc::ClientContext context;
    SetDeadline(&context);
    tally.Add(client.policies->Lint(&context, request, &response));
  });
  CHECK(PollUntil([&] {
    return tally.of(StatusCode::OK) > 0 &&
           tally.of(StatusCode::DEADLINE_EXCEEDED) > 5;
  }));
}

// What sanitizers keep for themselves is more than any limit on memory.
#ifndef NDEBUG_SANITIZER
TEST_CASE("a call that takes more memory than there is fails alone") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  v1::Decision decision;
  REQUIRE(serving.client->Check(Read("ana"), &decision).ok());
  serving.LimitMemory(256 << 20);
  v1::LintRequest request;
  request.add_files()->set_path("a.bylaw");
  std::string text = "module a\n\nscope org root { owner \"o\" }\n";
  while (text.size() < 3'500'000) {
    const std::string i = std::to_string(text.size());
    text += "def d" + i + "(): Int = 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10\n";
  }
  request.mutable_files(0)->set_text(text);
  v1::LintResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status =
      serving.client->policies->Lint(&context, request, &response);
  INFO(status.error_message());
  CHECK(status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(status.error_message(), ContainsSubstring("memory"));
  CHECK(!serving.process.WaitForLine("a call failed").empty());
  CHECK(serving.client->Check(Read("ana"), &decision).ok());
  CHECK(serving.Stop() == 0);
}
#endif

}  // namespace
}  // namespace bylaw::test
