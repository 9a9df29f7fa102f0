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

  void Add(int64_t items) { waiting_ += items; }
  // `took` is the time on one thread; zero: not measured.
  void Remove(int64_t items, std::chrono::nanoseconds took) {
    waiting_ -= items;
    if (items == 0 || took.count() == 0) return;
    const int64_t one = took.count() / items;
    const int64_t before = nanoseconds_.load();
    // Of the last eight or so. Two at once may lose one of both: no harm.
    nanoseconds_ = before == 0 ? one : before + (one - before) / 8;
  }
  // Until `items` more would be done.
  std::chrono::nanoseconds TimeFor(int64_t items) const {
    return std::chrono::nanoseconds(nanoseconds_ *
                                    (waiting_ / threads_ + items));
  }

 private:
  const int64_t threads_;
  std::atomic<int64_t> waiting_{0};
  std::atomic<int64_t> nanoseconds_{0};  // that an item takes
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_BACKLOG_H_
