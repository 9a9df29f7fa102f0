// How long a batch would wait for the batches before it: items that wait, and
// the time that one takes, as measured. Thread-safe; an estimate, not a clock.
#ifndef BYLAW_SERVER_BACKLOG_H_
#define BYLAW_SERVER_BACKLOG_H_

#include <atomic>
#include <chrono>
#include <cstdint>

namespace bylaw {

class Backlog {
 public:
  explicit Backlog(int64_t threads) : threads_(threads) {}

  // A batch from when it waits until it is done with, or is given up.
  class Batch {
   public:
    Batch(Backlog* backlog, int64_t items) : backlog_(backlog), items_(items) {
      backlog_->waiting_ += items_;
    }
    ~Batch() { backlog_->waiting_ -= items_; }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    // The time that it took on one thread.
    void Took(std::chrono::nanoseconds time) {
      if (items_ > 0) backlog_->Learn(time.count() / items_);
    }

   private:
    Backlog* const backlog_;
    const int64_t items_;
  };

  // Until `items` more would be done.
  std::chrono::nanoseconds TimeFor(int64_t items) const {
    return std::chrono::nanoseconds(nanoseconds_ *
                                    (waiting_ / threads_ + items));
  }

 private:
  // Of the last eight or so. Two at once may lose one of both: no harm.
  void Learn(int64_t one) {
    const int64_t before = nanoseconds_.load();
    nanoseconds_ = before == 0 ? one : before + (one - before) / 8;
  }

  const int64_t threads_;
  std::atomic<int64_t> waiting_{0};
  std::atomic<int64_t> nanoseconds_{0};  // that an item takes
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_BACKLOG_H_
