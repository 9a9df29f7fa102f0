#include "server/workers.h"

#include <utility>

namespace bylaw {

Workers::Workers(size_t threads, size_t most_waiting)
    : most_waiting_(most_waiting) {
  try {
    for (size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { Run(); });
    }
  } catch (...) {
    Join();  // those that did start
    throw;
  }
}

Workers::~Workers() { Join(); }

void Workers::Join() {
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& t : threads_) t.join();
}

bool Workers::Add(std::function<void()> job) {
  {
    std::lock_guard lock(mu_);
    if (jobs_.size() >= most_waiting_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void Workers::Run() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mu_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace bylaw
