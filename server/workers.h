// Threads for work that takes longer than a decision, so that the threads that
// bring requests stay free: a queue of bounded length, and what does not fit
// is turned away at once. Thread-safe.
#ifndef BYLAW_SERVER_WORKERS_H_
#define BYLAW_SERVER_WORKERS_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bylaw {

class Workers {
 public:
  // Throws std::system_error where the machine gives no thread.
  Workers(size_t threads, size_t most_waiting);
  // Runs what still waits first.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False, and the job is not run, if too many wait already. A job does not
  // throw: see later.h.
  bool Add(std::function<void()> job);
  size_t threads() const { return threads_.size(); }

 private:
  void Run();
  void Join();

  const size_t most_waiting_;
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mu_
  bool stopping_ = false;                   // guarded by mu_
  std::vector<std::thread> threads_;
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_WORKERS_H_
