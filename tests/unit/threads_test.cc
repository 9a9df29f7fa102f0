// One engine, decided with by many threads at once, gives everybody the answer
// that one thread gets alone. The thread sanitizer sees what luck hides.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "evaluator/report.h"
#include "server/convert.h"
#include "server/snapshot.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

constexpr int64_t kNow = 1'800'000'000'000'000;

// The requests that come with the example, each as it is and from somebody
// else.
std::vector<v1::CheckRequest> Requests(const std::string& folder) {
  std::vector<v1::CheckRequest> requests;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    v1::CheckRequest request;
    RequestError error;
    INFO(file.path());
    REQUIRE(MessageFromJson(text, &request, &error));
    requests.push_back(request);
    for (const char* other : {"cleo", "olga", "pia", "nobody"}) {
      request.mutable_subject()->set_id(other);
      requests.push_back(request);
    }
  }
  return requests;
}

// Everything that an answer says, as JSON; or why there is none.
std::string Answer(const Engine& engine, const v1::CheckRequest& message,
                   Arena& arena) {
  arena.Reset();
  OwnedRequest owned;
  BoundRequest bound;
  RequestError error;
  if (!RequestFromProto(message, kNow, false, &owned, &error) ||
      !engine.Bind(owned.request, arena, &bound, &error)) {
    return error.code + " " + error.message;
  }
  Decision decision;
  engine.Decide(bound, arena, &decision);
  v1::Decision answer;
  DecisionToProto(MakeReport(engine, bound, decision, SqlDialect::kPostgres),
                  &answer);
  v1::Explanation why;
  ExplanationToProto(Explain(engine, bound, SqlDialect::kTrino), &why);
  return MessageToJson(answer, false) + MessageToJson(why, false);
}

TEST_CASE("threads that share an engine get the answers of one alone") {
  SnapshotSource source;
  source.root = BYLAW_SOURCE_DIR "/examples/acme";
  const SnapshotResult loaded = LoadSnapshot(source);
  REQUIRE(loaded.snapshot != nullptr);
  const std::vector<v1::CheckRequest> requests =
      Requests(source.root + "/requests");
  REQUIRE(requests.size() >= 50);
  // Alone on an engine of its own: what the first decision on one makes for
  // all is made by threads at once on the other.
  const SnapshotResult apart = LoadSnapshot(source);
  std::vector<std::string> alone;
  Arena arena;
  for (const auto& request : requests) {
    alone.push_back(Answer(*apart.snapshot->engine, request, arena));
  }
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Arena own;
      for (size_t i = 0; i < 3 * requests.size(); ++i) {
        const size_t n = (i + t * 7) % requests.size();
        if (Answer(*loaded.snapshot->engine, requests[n], own) != alone[n]) {
          ++different;
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(different == 0);
}

}  // namespace
}  // namespace bylaw
