// A client to be killed: asks without end, says "under way" on stderr when its
// first answer is there. caller stream|stall|batch|calls PORT
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "bylaw/v1/bylaw.grpc.pb.h"
#include "grpcpp/grpcpp.h"

namespace {

using bylaw::v1::CheckRequest;
using bylaw::v1::CheckStreamResponse;

void UnderWay() { std::fprintf(stderr, "under way\n"); }

int Stream(bylaw::v1::DecisionService::Stub* stub, const CheckRequest& request,
           bool reads) {
  grpc::ClientContext context;
  const auto stream = stub->CheckStream(&context);
  CheckStreamResponse response;
  for (bool first = true; stream->Write(request); first = false) {
    if ((first || reads) && !stream->Read(&response)) return 1;
    if (first) UnderWay();
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string what = argv[1];
  const auto stub = bylaw::v1::DecisionService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::string(argv[2]), grpc::InsecureChannelCredentials()));
  CheckRequest request;
  request.mutable_subject()->set_type("User");
  request.mutable_subject()->set_id("ana");
  request.set_action("read");
  request.mutable_resource()->set_type("Dataset");
  request.mutable_resource()->set_id("sales.orders");
  if (what == "stream") return Stream(stub.get(), request, true);
  if (what == "stall") return Stream(stub.get(), request, false);
  bylaw::v1::CheckBatchRequest batch;
  *batch.mutable_defaults() = request;
  for (int i = 0; i < (what == "batch" ? 10'000 : 1); ++i) batch.add_items();
  for (bool first = true;; first = false) {
    grpc::ClientContext context;
    bylaw::v1::CheckBatchResponse response;
    if (!stub->CheckBatch(&context, batch, &response).ok()) return 1;
    if (first) UnderWay();
  }
}
