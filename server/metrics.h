// Counters of the service, and their HTTP endpoint in Prometheus' text format.
// Thread-safe.
#ifndef BYLAW_SERVER_METRICS_H_
#define BYLAW_SERVER_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "evaluator/decision.h"

namespace bylaw {

struct Metrics {
  // By DecisionOutcome.
  std::array<std::atomic<uint64_t>, 4> decisions{};
  std::atomic<uint64_t> refused{0};  // INVALID_ARGUMENT and limits
  std::atomic<uint64_t> shed{0};     // UNAVAILABLE and DEADLINE_EXCEEDED
  std::atomic<uint64_t> erred{0};    // decisions that list errors
  std::atomic<uint64_t> loads{0}, failed_loads{0};
  std::atomic<int64_t> in_flight{0};
  std::atomic<int64_t> connections{0};
  std::atomic<uint64_t> refused_connections{0};
  // Whether a version serves; whether the last that was found is broken.
  std::atomic<bool> serving{false}, last_load_failed{false};
  // Time of a decision, binding and report included: buckets of powers of two
  // microseconds, 1 us to 2^19 us, and what is longer.
  static constexpr int kBuckets = 21;
  std::array<std::atomic<uint64_t>, kBuckets> latency{};
  std::atomic<uint64_t> latency_sum_ns{0};

  void Decided(DecisionOutcome outcome, bool errors, uint64_t nanoseconds);
  std::string Text(const std::string& policies_revision,
                   const std::string& facts_revision) const;
};

// Serves `text()` at http://HOST:PORT/metrics until destroyed, on a few
// connections at a time.
class MetricsServer {
 public:
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& address, std::function<std::string()> text);
  ~MetricsServer();
  int port() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_METRICS_H_
