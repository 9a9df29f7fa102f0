// Preloaded into the command: the wall clock runs as far ahead of the real one
// (or behind) as the file of BYLAW_TEST_CLOCK says, nanoseconds in eight
// bytes. No other clock is touched.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t kSecond = 1'000'000'000;

const int64_t* MapOffset() {
  const char* path = getenv("BYLAW_TEST_CLOCK");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) abort();  // a test that does not test is worse than none
  void* map = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) abort();
  close(fd);
  return static_cast<const int64_t*>(map);
}

int64_t Offset() {
  static const int64_t* const offset = MapOffset();
  return __atomic_load_n(offset, __ATOMIC_RELAXED);
}

int RealTime(clockid_t clock, timespec* out) {
  return static_cast<int>(syscall(SYS_clock_gettime, clock, out));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const int result = RealTime(clock, out);
  if (result != 0 ||
      (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) {
    return result;
  }
  const int64_t nanoseconds = out->tv_nsec + Offset() % kSecond + kSecond;
  out->tv_sec += Offset() / kSecond + nanoseconds / kSecond - 1;
  out->tv_nsec = nanoseconds % kSecond;
  return 0;
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
