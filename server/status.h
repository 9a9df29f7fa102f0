// gRPC statuses of refused requests: the message for people, bylaw.v1.Error in
// the standard details for machines.
#ifndef BYLAW_SERVER_STATUS_H_
#define BYLAW_SERVER_STATUS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "evaluator/request.h"
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

}  // namespace bylaw

#endif  // BYLAW_SERVER_STATUS_H_
