// What MUTANT stands for in the mutated build; force-included by
// tests/mutants/run into every file of its copy of the tree. The sources of the
// repository know nothing of it.
#ifndef BYLAW_TESTS_MUTANTS_ON_H_
#define BYLAW_TESTS_MUTANTS_ON_H_

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace bylaw::mutants {

template <size_t n>
struct Name {
  char text[n] = {};
  constexpr Name(const char (&name)[n]) {
    for (size_t i = 0; i < n; ++i) text[i] = name[i];
  }
};

// True if BYLAW_MUTANT names this mutant. With BYLAW_MUTANTS_REACHED, a file,
// notes there that the tests come by; in one write, for processes that are
// killed and threads that do the same. A process that may not write (tests of
// full disks and of files that may not be read) notes nothing.
inline bool Choose(const char* name) {
  if (const char* path = std::getenv("BYLAW_MUTANTS_REACHED")) {
    char line[256];
    const size_t n = std::strlen(name);
    std::memcpy(line, name, n);
    line[n] = '\n';
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if ((file < 0 || write(file, line, n + 1) < 0) && errno != EFBIG &&
        errno != EACCES) {
      std::abort();
    }
    if (file >= 0) close(file);
  }
  const char* chosen = std::getenv("BYLAW_MUTANT");
  return chosen != nullptr && std::strcmp(chosen, name) == 0;
}

template <Name name>
bool On() {
  static const bool on = Choose(name.text);
  return on;
}

}  // namespace bylaw::mutants

#endif  // BYLAW_TESTS_MUTANTS_ON_H_
