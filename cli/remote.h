// A client of a running service, for --remote.
#ifndef BYLAW_CLI_REMOTE_H_
#define BYLAW_CLI_REMOTE_H_

#include <memory>
#include <string>

#include "bylaw/v1/bylaw.grpc.pb.h"
#include "evaluator/request.h"

namespace bylaw::cli {

class Remote {
 public:
  explicit Remote(const std::string& address);

  // False with `error`: refused by the service, or no service there.
  bool Check(const v1::CheckRequest& request, v1::Decision* decision,
             RequestError* error);
  bool Explain(const v1::CheckRequest& request, v1::Explanation* explanation,
               RequestError* error);
  bool CheckDescriptor(const v1::CheckDescriptorRequest& request,
                       v1::CheckDescriptorResponse* response,
                       RequestError* error);

 private:
  std::unique_ptr<v1::DecisionService::Stub> decisions_;
  std::unique_ptr<v1::PolicyService::Stub> policies_;
};

}  // namespace bylaw::cli

#endif  // BYLAW_CLI_REMOTE_H_
