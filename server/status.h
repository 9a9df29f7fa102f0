// gRPC statuses of refused requests: the message for people, bylaw.v1.Error in
// the standard details for machines.
#ifndef BYLAW_SERVER_STATUS_H_
#define BYLAW_SERVER_STATUS_H_

#include "evaluator/request.h"
#include "grpcpp/grpcpp.h"

namespace bylaw {

grpc::Status RefusedStatus(grpc::StatusCode code, const RequestError& error);
inline grpc::Status InvalidArgument(const RequestError& error) {
  return RefusedStatus(grpc::StatusCode::INVALID_ARGUMENT, error);
}

}  // namespace bylaw

#endif  // BYLAW_SERVER_STATUS_H_
