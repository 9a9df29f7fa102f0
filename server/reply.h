// The answer to a unary call, sent from whatever thread has it.
#ifndef BYLAW_SERVER_REPLY_H_
#define BYLAW_SERVER_REPLY_H_

#include "grpcpp/grpcpp.h"

namespace bylaw {

class Reply final : public grpc::ServerUnaryReactor {
 public:
  // Once; request and response are gone soon after.
  void Send(const grpc::Status& status) { Finish(status); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_REPLY_H_
