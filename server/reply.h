// The answer to a unary call, sent from whatever thread has it.
//
// gRPC orders what happens to one call: a callback sees all that was done
// before the operation was begun that it ends. The thread sanitizer does not
// see this order in a library that is not instrumented, so it is told, for
// each call apart; in other builds that is nothing.
#ifndef BYLAW_SERVER_REPLY_H_
#define BYLAW_SERVER_REPLY_H_

#include "grpcpp/grpcpp.h"

#ifdef BYLAW_THREAD_SANITIZER
// As in the compiler's sanitizer/tsan_interface.h.
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace bylaw {

// Before an operation of `call` begins.
inline void LeaveToGrpc([[maybe_unused]] void* call) {
#ifdef BYLAW_THREAD_SANITIZER
  __tsan_release(call);
#endif
}

// In its callback.
inline void TakeFromGrpc([[maybe_unused]] void* call) {
#ifdef BYLAW_THREAD_SANITIZER
  __tsan_acquire(call);
#endif
}

class Reply final : public grpc::ServerUnaryReactor {
 public:
  // Once; request and response are gone soon after.
  void Send(const grpc::Status& status) {
    LeaveToGrpc(this);
    Finish(status);
  }

 private:
  void OnDone() override {
    TakeFromGrpc(this);
    delete this;
  }
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_REPLY_H_
