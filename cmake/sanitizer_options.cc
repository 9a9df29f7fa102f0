// What every sanitized executable runs with. The distribution's libraries are
// not instrumented, so what they do behind the sanitizers' back is left out:
// abseil's hash tables poison their slots in our code and grow in theirs, and
// gRPC synchronises in ways that the thread sanitizer cannot see.
extern "C" {

const char* __asan_default_options() {
  return "allow_user_poisoning=0:detect_container_overflow=0:"
         "detect_stack_use_after_return=1";
}

const char* __ubsan_default_options() { return "print_stacktrace=1"; }

const char* __lsan_default_suppressions() {
  return "leak:libgrpc\nleak:libprotobuf\n";
}

const char* __tsan_default_suppressions() {
  return "called_from_lib:libgrpc.so\n"
         "called_from_lib:libgrpc++.so\n"
         "called_from_lib:libgpr.so\n"
         "race:libgrpc\n"
         "race:absl::\n";
}

}  // extern "C"
