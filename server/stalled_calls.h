// Cuts off streams whose clients stopped reading: each holds a place among
// the calls in flight, and would hold it for ever. A thread looks at what is
// being written and cancels what was for too long. Thread-safe.
#ifndef BYLAW_SERVER_STALLED_CALLS_H_
#define BYLAW_SERVER_STALLED_CALLS_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>

#include "grpcpp/grpcpp.h"

namespace bylaw {

class StalledCalls {
 public:
  explicit StalledCalls(std::chrono::milliseconds patience);
  ~StalledCalls();
  StalledCalls(const StalledCalls&) = delete;
  StalledCalls& operator=(const StalledCalls&) = delete;

  // A call that is looked after, from its construction to its end.
  class Call {
   public:
    Call(StalledCalls* calls, grpc::CallbackServerContext* context);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    // Around each write.
    void Begin() { since_ = Clock::now().time_since_epoch().count(); }
    void End() { since_ = 0; }

   private:
    friend class StalledCalls;
    StalledCalls* const calls_;
    grpc::CallbackServerContext* const context_;
    std::atomic<int64_t> since_{0};  // 0: nothing is being written
  };

 private:
  using Clock = std::chrono::steady_clock;
  void Run();
  bool CancelOne(int64_t latest);

  const Clock::duration patience_;
  // Recursive: a call may end, on this very thread, where it is cancelled.
  std::recursive_mutex mu_;
  std::condition_variable_any wake_;
  std::set<Call*> open_;   // guarded by mu_
  bool stopping_ = false;  // guarded by mu_
  std::thread thread_;
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_STALLED_CALLS_H_
