#include "tests/server/standard.h"

#include "grpcpp/generic/generic_stub.h"
#include "tests/catch.h"
#include "tests/server/fixture.h"
#include "wire/standard.pb.h"

namespace bylaw::test {
namespace {

// Waits for one event of a queue.
bool Next(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue->Next(&tag, &ok) && ok;
}

ReflectionResponse Reflect(const std::shared_ptr<grpc::Channel>& channel,
                           const ReflectionRequest& request) {
  grpc::TemplatedGenericStub<ReflectionRequest, ReflectionResponse> stub(
      channel);
  grpc::ClientContext context;
  SetDeadline(&context);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      &context,
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  ReflectionResponse response;
  call->StartCall(&queue);
  CHECK(Next(&queue));
  call->Write(request, &queue);
  CHECK(Next(&queue));
  call->Read(&response, &queue);
  CHECK(Next(&queue));
  call->WritesDone(&queue);
  CHECK(Next(&queue));
  grpc::Status status;
  call->Finish(&status, &queue);
  CHECK(Next(&queue));
  CHECK(status.ok());
  return response;
}

}  // namespace

std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel,
                     const std::string& service) {
  grpc::TemplatedGenericStub<HealthCheckRequest, HealthCheckResponse> stub(
      channel);
  grpc::ClientContext context;
  SetDeadline(&context);
  grpc::CompletionQueue queue;
  HealthCheckRequest request;
  request.set_service(service);
  const auto call = stub.PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  HealthCheckResponse response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  CHECK(Next(&queue));
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return "";
  if (!status.ok()) return status.error_message();
  switch (response.status()) {
    case 1:
      return "SERVING";
    case 2:
      return "NOT_SERVING";
    default:
      return "status " + std::to_string(response.status());
  }
}

std::vector<std::string> ReflectedServices(
    const std::shared_ptr<grpc::Channel>& channel) {
  ReflectionRequest request;
  request.set_list_services("*");
  std::vector<std::string> names;
  const ReflectionResponse response = Reflect(channel, request);
  for (const Service& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  return names;
}

std::vector<std::string> ReflectedFiles(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& symbol) {
  ReflectionRequest request;
  request.set_file_containing_symbol(symbol);
  std::vector<std::string> files;
  const ReflectionResponse response = Reflect(channel, request);
  for (const std::string& file :
       response.file_descriptor_response().file_descriptor_proto()) {
    files.push_back(file);
  }
  return files;
}

}  // namespace bylaw::test
