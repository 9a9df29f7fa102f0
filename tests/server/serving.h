// The real command serving, as the tests of faults see it: its process, a
// client of it, what it says of itself; and callers that keep it under load.
#ifndef BYLAW_TESTS_SERVER_SERVING_H_
#define BYLAW_TESTS_SERVER_SERVING_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/fixture.h"

namespace bylaw::test {

// `bylaw serve` with free ports (or the one given), ready when constructed.
struct Serving {
  explicit Serving(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& environment = {},
                   int port = 0);
  // SIGTERM, without this client's connection, whose end it would wait for;
  // the exit code.
  int Stop();
  // A line of /metrics by its name and labels; -1 if there is none.
  double Metric(const std::string& name) const;
  // Of /proc: open files, threads, resident KiB.
  int Files() const;
  int Threads() const;
  int ResidentKiB() const;
  // From now on the process gets so many bytes of address space more, and so
  // many files more than it has open.
  void LimitMemory(uint64_t more) const;
  void LimitFiles(int more) const;

  Process process;
  std::string address;
  int port = 0, metrics_port = 0;
  std::unique_ptr<Client> client;
};

// Callers on threads of their own. Each calls `call` again and again, with a
// client of its own, until stopped.
class Callers {
 public:
  Callers(int port, int threads, std::function<void(Client&)> call);
  ~Callers() { Stop(); }
  void Stop();

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// How many calls ended with which status.
class Tally {
 public:
  void Add(const grpc::Status& status) { ++counts_[Index(status)]; }
  int of(grpc::StatusCode code) const { return counts_[code]; }
  int all() const;

 private:
  static size_t Index(const grpc::Status& status) {
    return static_cast<size_t>(status.error_code());
  }
  std::atomic<int> counts_[17] = {};
};

v1::CheckBatchRequest BatchOf(const v1::CheckRequest& request, int items);
grpc::Status CheckBatch(Client& client, const v1::CheckBatchRequest& batch,
                        v1::CheckBatchResponse* response);

}  // namespace bylaw::test

#endif  // BYLAW_TESTS_SERVER_SERVING_H_
