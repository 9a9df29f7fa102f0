// The two services of bylaw.v1, on gRPC's callback API. Each call takes the
// serving snapshot once and keeps it to its end.
#ifndef BYLAW_SERVER_SERVICE_H_
#define BYLAW_SERVER_SERVICE_H_

#include <functional>
#include <memory>

#include "bylaw/v1/bylaw.grpc.pb.h"
#include "server/metrics.h"
#include "server/reloader.h"
#include "server/server.h"

namespace bylaw {

// What the services need; outlives them.
struct ServiceContext {
  const ServerOptions* options = nullptr;
  const Reloader* reloader = nullptr;
  Metrics* metrics = nullptr;
  const Log* log = nullptr;
};

std::unique_ptr<v1::DecisionService::CallbackService> MakeDecisionService(
    const ServiceContext& context);
std::unique_ptr<v1::PolicyService::CallbackService> MakePolicyService(
    const ServiceContext& context);

}  // namespace bylaw

#endif  // BYLAW_SERVER_SERVICE_H_
