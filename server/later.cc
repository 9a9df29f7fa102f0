#include "server/later.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "server/status.h"

namespace bylaw {

using Clock = std::chrono::steady_clock;
using grpc::CallbackServerContext;
using grpc::Status;
using grpc::StatusCode;

Status FailedStatus(const Log& log, const std::exception& e) {
  const bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr;
  try {
    log.Write(LogLevel::kError, "a call failed",
              {{"error", memory ? "out of memory" : e.what()}});
  } catch (const std::bad_alloc&) {
    // The caller is told all the same.
  }
  if (memory) {
    return Status(StatusCode::RESOURCE_EXHAUSTED,
                  "out of memory; ask for less at once, or give the service "
                  "more memory");
  }
  return Status(StatusCode::INTERNAL,
                "the service failed at this call; its log says why");
}

Clock::time_point LatestOf(const ServiceContext& context,
                           const CallbackServerContext& call) {
  const std::chrono::nanoseconds most =
      std::chrono::milliseconds(context.options->max_deadline_ms);
  return Clock::now() + std::min(most, TimeLeft(call));
}

Status ShedStatus(const ServiceContext& context, StatusCode code,
                  const std::string& message) {
  context.metrics->shed.fetch_add(1, std::memory_order_relaxed);
  return Status(code, message);
}

Status StillWanted(const ServiceContext& context, CallbackServerContext* call,
                   Clock::time_point latest) {
  if (call->IsCancelled()) return Status::CANCELLED;
  if (Clock::now() < latest) return Status::OK;
  return ShedStatus(context, StatusCode::DEADLINE_EXCEEDED,
                    "the deadline (or the setting max-deadline-ms) has passed");
}

bool AnswerLater(const ServiceContext& context, Workers* workers,
                 CallbackServerContext* call, Clock::time_point latest,
                 Reply* reply, std::function<Status()> work) {
  return workers->Add(
      [&context, call, latest, reply, work = std::move(work)]() mutable {
        const Status status = Caught(*context.log, [&] {
          Status wanted = StillWanted(context, call, latest);
          return wanted.ok() ? work() : wanted;
        });
        work = nullptr;
        reply->Send(status);
      });
}

}  // namespace bylaw
