// Work that may take long or fail: done on a worker's thread, answered as a
// status whatever becomes of it.
#ifndef BYLAW_SERVER_LATER_H_
#define BYLAW_SERVER_LATER_H_

#include <chrono>
#include <exception>
#include <functional>

#include "grpcpp/grpcpp.h"
#include "server/log.h"
#include "server/reply.h"
#include "server/service.h"
#include "server/workers.h"

namespace bylaw {

// What a caller is told of work that threw, RESOURCE_EXHAUSTED for want of
// memory, else INTERNAL; the log says what happened.
grpc::Status FailedStatus(const Log& log, const std::exception& e);

// What `work` answers, or why it failed. What a handler leaves to gRPC ends
// the call without a word; what a thread of our own throws ends the process.
template <typename Work>
grpc::Status Caught(const Log& log, const Work& work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return FailedStatus(log, e);
  }
}

// When a call must be done: by its own deadline and by max-deadline-ms. On the
// steady clock, whatever becomes of the wall's while the call waits.
std::chrono::steady_clock::time_point LatestOf(
    const ServiceContext& context, const grpc::CallbackServerContext& call);

// A call turned away, counted.
grpc::Status ShedStatus(const ServiceContext& context, grpc::StatusCode code,
                        const std::string& message);

// DEADLINE_EXCEEDED after `latest`, CANCELLED if the client is gone: a call
// that nobody waits for is not worked on.
grpc::Status StillWanted(const ServiceContext& context,
                         grpc::CallbackServerContext* call,
                         std::chrono::steady_clock::time_point latest);

// Answers `reply` from a worker's thread with what `work` says, unless nobody
// waits for it by the time that its turn comes. `work`, and what it holds, is
// gone before the answer is sent. False, and nothing happens, if too many wait
// already.
bool AnswerLater(const ServiceContext& context, Workers* workers,
                 grpc::CallbackServerContext* call,
                 std::chrono::steady_clock::time_point latest, Reply* reply,
                 std::function<grpc::Status()> work);

}  // namespace bylaw

#endif  // BYLAW_SERVER_LATER_H_
