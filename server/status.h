// gRPC statuses of refused requests: the message for people, bylaw.v1.Error in
// the standard details for machines.
#ifndef BYLAW_SERVER_STATUS_H_
#define BYLAW_SERVER_STATUS_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "evaluator/request.h"
#include "grpc/support/time.h"
#include "grpcpp/grpcpp.h"

namespace bylaw {

grpc::Status RefusedStatus(grpc::StatusCode code, const RequestError& error);
inline grpc::Status InvalidArgument(const RequestError& error) {
  return RefusedStatus(grpc::StatusCode::INVALID_ARGUMENT, error);
}

// BL5219: `what` ("the message has 5000 bytes") is over `most`, which the
// setting (a flag of `bylaw serve`) says.
RequestError OverLimit(std::string field, std::string what, int64_t most,
                       std::string_view setting);

// Until the call's deadline; negative: it has passed. By the clock that gRPC
// keeps it on, which does not jump as the wall's may.
inline std::chrono::nanoseconds TimeLeft(
    const grpc::CallbackServerContext& call) {
  const gpr_timespec deadline = call.raw_deadline();
  const gpr_timespec left =
      gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  // A year is for ever, and does not overflow.
  constexpr int64_t kMostSeconds = 365 * 86400;
  return std::chrono::seconds(
             std::clamp<int64_t>(left.tv_sec, -kMostSeconds, kMostSeconds)) +
         std::chrono::nanoseconds(left.tv_nsec);
}

}  // namespace bylaw

#endif  // BYLAW_SERVER_STATUS_H_
