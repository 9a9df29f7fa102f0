// A wall clock that jumps, forwards and back, under the real command. Dates of
// policies follow it; nothing else does.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::sys_days;
using std::chrono::system_clock;

// The service's wall clock: see clock_shim.cc.
class WallClock {
 public:
  WallClock() { Put(nanoseconds(0)); }
  void Set(system_clock::time_point instant) {
    Put(instant - system_clock::now());
  }
  std::vector<std::string> Environment() const {
    return {"LD_PRELOAD=" BYLAW_TEST_CLOCK,
            "BYLAW_TEST_CLOCK=" + dir_.File("offset"),
            // The clock comes before the sanitizer's library, harmlessly.
            "ASAN_OPTIONS=verify_asan_link_order=0"};
  }

 private:
  void Put(nanoseconds offset) {
    const int64_t value = offset.count();
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    // In place: the service has it mapped.
    std::fstream file(dir_.File("offset"),
                      std::ios::in | std::ios::out | std::ios::binary);
    if (!file) file.open(dir_.File("offset"), std::ios::out | std::ios::binary);
    file.write(bytes, sizeof bytes);
  }
  TempDir dir_;
};

system_clock::time_point Day(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(year) / std::chrono::month(month) /
                  std::chrono::day(day)) +
         hours(12);
}

constexpr char kManifest[] =
    "mesh: clock\n"
    "scopes:\n"
    "  org: { modules: council, sources: [council/**.bylaw] }\n"
    "facts: [facts/**.yaml]\n"
    "enforcement:\n"
    "  council.grace_ends: { grace: 2030-03-01, then: mandatory }\n"
    "  council.is_waived: overridable\n"
    "waivers: { maximum: 365d }\n"
    "keep: { default: 400d, with_now: 400d, maximum: 400d }\n";

constexpr char kPolicies[] = R"(module council

scope org root { owner "council" }

extend vocabulary Role { analyst }
extend vocabulary Environment { production }
extend vocabulary Employment { staff }

policy readers
  title "Analysts read" owner "council"
on read of Dataset by User as u { allow when u.roles has analyst }

policy grace_ends
  title "Closed to bob from March" owner "council"
on read of Dataset by User as u { deny when u == User "bob" because "bob" }

policy is_waived
  title "Closed to cid but for the waiver" owner "council"
on read of Dataset by User as u { deny when u == User "cid" because "cid" }

waiver cid_in_spring of is_waived {
  on Dataset as d where d.name == "orders"
  reason "r" ticket "t" requested "a" approved "b"
  from date("2030-03-01") until date("2030-06-01")
}
)";

constexpr char kFacts[] =
    "User:\n"
    "  ana: { roles: [analyst], employment: staff }\n"
    "  bob: { roles: [analyst], employment: staff }\n"
    "  cid: { roles: [analyst], employment: staff }\n"
    "Dataset:\n"
    "  orders: { name: orders, product: sales, columns: { id: {} } }\n"
    "DataProduct:\n"
    "  sales: { name: sales, owner: ana }\n";

struct ClockRepository : TempDir {
  ClockRepository() {
    Write("council/council.bylaw", kPolicies);
    Write("facts/facts.yaml", kFacts);
    Write("bylaw.yaml", kManifest);
  }
};

v1::Decision Ask(Serving& serving, const std::string& user) {
  v1::Decision decision;
  const grpc::Status status =
      serving.client->Check(Read(user, "orders"), &decision);
  INFO(status.error_message());
  CHECK(status.ok());
  CHECK(decision.keep().seconds() >= 0);
  CHECK(decision.keep().nanos() >= 0);
  return decision;
}

TEST_CASE("grace and waivers follow the wall clock, wherever it jumps") {
  WallClock clock;
  ClockRepository repository;
  clock.Set(Day(2030, 2, 1));
  Serving serving({"-C", repository.path()}, clock.Environment());
  constexpr auto kAllow = v1::Decision::ALLOW;
  constexpr auto kDeny = v1::Decision::DENY;
  struct Case {
    system_clock::time_point at;
    v1::Decision::Outcome bob, cid;
    int keep_days;  // for ana: until the next date that changes anything
  };
  const Case cases[] = {
      {Day(2030, 2, 1), kAllow, kDeny, 28},
      {Day(2030, 4, 1), kDeny, kAllow, 61},
      {Day(2031, 1, 1), kDeny, kDeny, 400},
      {Day(2030, 2, 27), kAllow, kDeny, 2},  // back
      {Day(2030, 5, 31), kDeny, kAllow, 1},
      {Day(2019, 1, 1), kAllow, kDeny, 400},  // before everything
      {Day(2030, 3, 1), kDeny, kAllow, 92},
  };
  for (const Case& c : cases) {
    clock.Set(c.at);
    INFO(c.keep_days);
    CHECK(Ask(serving, "bob").outcome() == c.bob);
    CHECK(Ask(serving, "cid").outcome() == c.cid);
    const v1::Decision ana = Ask(serving, "ana");
    CHECK(ana.outcome() == kAllow);
    // Noon to midnight: half a day less, or the maximum.
    CHECK(ana.keep().seconds() <= c.keep_days * 86400);
    CHECK(ana.keep().seconds() > (c.keep_days - 1) * 86400);
  }
  // A batch has one clock, though it jumps while it is decided.
  std::atomic<bool> stop{false};
  std::thread jumper([&] {
    for (bool back = false; !stop; back = !back) {
      clock.Set(back ? Day(2030, 2, 1) : Day(2030, 4, 1));
    }
  });
  int both = 0;
  for (int i = 0; i < 40; ++i) {
    v1::CheckBatchResponse response;
    const grpc::Status status = CheckBatch(
        *serving.client, BatchOf(Read("bob", "orders"), 500), &response);
    INFO(status.error_message());
    CHECK(status.ok());
    CHECK(response.items_size() == 500);
    for (const auto& item : response.items()) {
      if (item.decision().outcome() != response.items(0).decision().outcome()) {
        ++both;
      }
      CHECK(item.decision().keep().seconds() >= 0);
    }
  }
  stop = true;
  jumper.join();
  CHECK(both == 0);
  CHECK(serving.Stop() == 0);
}

TEST_CASE(
    "deadlines, streams, reloads and stops do not follow the wall clock") {
  WallClock clock;
  ClockRepository repository;
  Serving serving({"-C", repository.path(), "--watch-interval-ms", "10"},
                  clock.Environment());
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = serving.client->decisions->CheckStream(&context);
  v1::CheckStreamResponse response;
  REQUIRE(stream->Write(Read("ana", "orders")));
  REQUIRE(stream->Read(&response));
  int denied_from = 0;
  for (const auto at : {Day(2040, 1, 1), Day(2001, 1, 1), Day(2035, 1, 1)}) {
    clock.Set(at);
    // A minute's deadline has not passed, however many years have.
    Ask(serving, "ana");
    v1::CheckBatchResponse batch;
    CHECK(
        CheckBatch(*serving.client, BatchOf(Read("ana", "orders"), 100), &batch)
            .ok());
    CHECK(serving.client->Health("") == "SERVING");
    // The stream that was open goes on.
    REQUIRE(stream->Write(Read("ana", "orders")));
    REQUIRE(stream->Read(&response));
    CHECK(response.decision().outcome() == v1::Decision::ALLOW);
    // Files are looked at, and the status carries the clock's time.
    repository.Write("council/more.bylaw",
                     "module council\n\npolicy more" +
                         std::to_string(++denied_from) +
                         "\n  title \"More\" owner \"council\"\n"
                         "on read of Dataset by User { }\n");
    const auto loads = denied_from + 1;
    CHECK(PollUntil([&] {
      const v1::Status status = serving.client->Status();
      return status.loads() >= loads || status.has_last_failed_reload();
    }));
    const v1::Status status = serving.client->Status();
    CHECK_FALSE(status.has_last_failed_reload());
    const int64_t expected =
        duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    CHECK(std::abs(status.loaded_at().seconds() - expected) < 3600);
  }
  // A stop waits for the stream, though its time is years away by this clock.
  serving.process.Signal(SIGTERM);
  CHECK(!serving.process.WaitForLine("\"stopping\"").empty());
  clock.Set(Day(2060, 1, 1));
  REQUIRE(stream->Write(Read("ana", "orders")));
  REQUIRE(stream->Read(&response));
  stream->WritesDone();
  CHECK(stream->Finish().ok());
  CHECK(serving.process.Wait() == 0);
}

}  // namespace
}  // namespace bylaw::test
