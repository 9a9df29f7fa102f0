#include "cli/remote.h"

#include <chrono>

#include "grpcpp/grpcpp.h"

namespace bylaw::cli {
namespace {

// A person waits: long enough for a cold start, short enough to notice.
constexpr std::chrono::seconds kDeadline(10);

void Prepare(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + kDeadline);
}

// A refusal carries bylaw.v1.Error in the standard status details: a
// google.rpc.Status whose field 3 is a list of Any. Its own message says the
// same in text, so only that is read here.
bool Refused(const grpc::Status& status, RequestError* error) {
  if (status.ok()) return false;
  error->message = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      error->code = "UNAVAILABLE";
      error->remedy = "is `bylaw serve` running at that address?";
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      error->code = "DEADLINE_EXCEEDED";
      error->remedy = "the service did not answer in time; look at its log";
      break;
    case grpc::StatusCode::INVALID_ARGUMENT:
      error->code = "INVALID_ARGUMENT";
      break;
    default:
      error->code = "gRPC status " + std::to_string(status.error_code());
  }
  return true;
}

}  // namespace

Remote::Remote(const std::string& address) {
  const auto channel =
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  decisions_ = v1::DecisionService::NewStub(channel);
  policies_ = v1::PolicyService::NewStub(channel);
}

bool Remote::Check(const v1::CheckRequest& request, v1::Decision* decision,
                   RequestError* error) {
  grpc::ClientContext context;
  Prepare(&context);
  return !Refused(decisions_->Check(&context, request, decision), error);
}

bool Remote::Explain(const v1::CheckRequest& request,
                     v1::Explanation* explanation, RequestError* error) {
  grpc::ClientContext context;
  Prepare(&context);
  return !Refused(decisions_->Explain(&context, request, explanation), error);
}

bool Remote::CheckDescriptor(const v1::CheckDescriptorRequest& request,
                             v1::CheckDescriptorResponse* response,
                             RequestError* error) {
  grpc::ClientContext context;
  Prepare(&context);
  return !Refused(policies_->CheckDescriptor(&context, request, response),
                  error);
}

}  // namespace bylaw::cli
