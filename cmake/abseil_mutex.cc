// The threads of gRPC meet at abseil's mutexes, in a library that is not
// instrumented: the thread sanitizer would see no order in what they do. These
// stand before the library's own, and tell it.
#include <dlfcn.h>

#include <cstring>

#include "absl/synchronization/mutex.h"

// As in the compiler's sanitizer/tsan_interface.h.
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace {

// The function of this name in the library, of the signature of ours.
template <typename Result, typename Class, typename... Args>
auto InLibrary(Result (Class::*ours)(Args...)) {
  void* address = nullptr;  // a method that is not virtual begins with it
  std::memcpy(&address, &ours, sizeof(address));
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_sname == nullptr)
    __builtin_trap();
  void* next = dlsym(RTLD_NEXT, info.dli_sname);
  if (next == nullptr) __builtin_trap();
  return reinterpret_cast<Result (*)(Class*, Args...)>(next);
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto lock = InLibrary(&Mutex::Lock);
  lock(this);
  __tsan_acquire(this);
}

bool Mutex::TryLock() {
  static const auto try_lock = InLibrary(&Mutex::TryLock);
  const bool locked = try_lock(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::Unlock() {
  static const auto unlock = InLibrary(&Mutex::Unlock);
  __tsan_release(this);
  unlock(this);
}

void CondVar::Wait(Mutex* mu) {
  static const auto wait = InLibrary(&CondVar::Wait);
  __tsan_release(mu);
  wait(this, mu);
  __tsan_acquire(mu);
}

bool CondVar::WaitWithTimeout(Mutex* mu, Duration timeout) {
  static const auto wait = InLibrary(&CondVar::WaitWithTimeout);
  __tsan_release(mu);
  const bool expired = wait(this, mu, timeout);
  __tsan_acquire(mu);
  return expired;
}

bool CondVar::WaitWithDeadline(Mutex* mu, Time deadline) {
  static const auto wait = InLibrary(&CondVar::WaitWithDeadline);
  __tsan_release(mu);
  const bool expired = wait(this, mu, deadline);
  __tsan_acquire(mu);
  return expired;
}

ABSL_NAMESPACE_END
}  // namespace absl
