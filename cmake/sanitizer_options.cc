// What every sanitized executable runs with. The distribution's libraries are
// not instrumented, so what they do behind the sanitizers' back is left out:
// abseil's hash tables poison their slots in our code and grow in theirs, and
// gRPC synchronises in ways that the thread sanitizer cannot see (what that
// orders for our code, server/reply.h tells it).
extern "C" {

const char* __asan_default_options() {
  return "allow_user_poisoning=0:detect_container_overflow=0:"
         "detect_stack_use_after_return=1";
}

const char* __ubsan_default_options() { return "print_stacktrace=1"; }

const char* __lsan_default_suppressions() {
  return "leak:libgrpc\nleak:libprotobuf\n";
}

#ifdef BYLAW_THREAD_SANITIZER
// Both stacks of a report, or none of the suppressions can tell.
const char* __tsan_default_options() { return "history_size=7"; }

// What gRPC does by itself, in its libraries (called_from_lib) and in its
// headers that are compiled with our code. abseil_mutex.cc says what its
// threads order by locks; what it orders by atomic variables alone nobody can
// see (for our own part of a call server/reply.h tells it).
const char* __tsan_default_suppressions() {
  return
#include "grpc_libraries.inc"  // what gRPC is made of, a line each
      "race_top:grpc::\n"
      "race:google::protobuf::MessageLite::ParseFromZeroCopyStream\n"
      "race:google::protobuf::internal::MergeFromImpl<\n"
      "race:grpc::internal::ServerCallbackCall::ServerCallbackCall\n"
      "race:grpc::internal::ServerCallbackCall::Unref\n"
      "race:grpc::internal::InterceptorBatchMethodsImpl::\n"
      "race:grpc::internal::CallbackWithSuccessTag::Set(\n"
      "race:ServerCallbackReaderWriterImpl::CallOnDone\n"
      // It closes connections unseen, and their numbers are given anew.
      "race_top:accept4\n"
      "race_top:closedir\n"
      "race_top:fstat\n";
}
#endif

}  // extern "C"
