#include "server/stalled_calls.h"

#include <algorithm>

namespace bylaw {

StalledCalls::StalledCalls(std::chrono::milliseconds patience)
    : patience_(patience), thread_([this] { Run(); }) {}

StalledCalls::~StalledCalls() {
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

StalledCalls::Call::Call(StalledCalls* calls,
                         grpc::CallbackServerContext* context)
    : calls_(calls), context_(context) {
  std::lock_guard lock(calls_->mu_);
  calls_->open_.insert(this);
}

StalledCalls::Call::~Call() {
  std::lock_guard lock(calls_->mu_);
  calls_->open_.erase(this);
}

void StalledCalls::Run() {
  // Often enough that nobody is cut off much later than said.
  const auto interval = std::clamp<Clock::duration>(
      patience_ / 4, std::chrono::milliseconds(10), std::chrono::seconds(1));
  std::unique_lock lock(mu_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    const int64_t latest =
        (Clock::now() - patience_).time_since_epoch().count();
    while (CancelOne(latest)) {
    }
  }
}

// False if none is left. REQUIRES: mu_ is held, which keeps the calls alive.
bool StalledCalls::CancelOne(int64_t latest) {
  for (Call* call : open_) {
    const int64_t since = call->since_;
    if (since == 0 || since >= latest) continue;
    call->End();
    call->context_->TryCancel();
    return true;
  }
  return false;
}

}  // namespace bylaw
