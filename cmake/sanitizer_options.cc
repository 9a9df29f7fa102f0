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

// Each line names a library that is not ours, or its code alone:
// called_from_lib is what the library itself does, race_top the very place of
// an access. None matches a stack for a caller further up, which would be our
// code.
const char* __tsan_default_suppressions() {
  return "called_from_lib:libgrpc.so\n"    // not instrumented
         "called_from_lib:libgrpc++.so\n"  // not instrumented
         "called_from_lib:libgpr.so\n"     // not instrumented
         // gRPC's headers, compiled with our code, lock abseil's mutex, which
         // the sanitizer does not see in the distribution's library.
         "race_top:grpc::\n";
}

}  // extern "C"
