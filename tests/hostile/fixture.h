// What the tests of hostile sizes share: a repository in a folder of its own,
// and the real command run with bounded memory and time.
#ifndef BYLAW_TESTS_HOSTILE_FIXTURE_H_
#define BYLAW_TESTS_HOSTILE_FIXTURE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bylaw::test {

// What one run may take. Far more than any needs; what has no limit of its own
// meets these, and the test fails.
inline constexpr uint64_t kMemoryBytes = uint64_t{2} << 30;
inline constexpr unsigned kCpuSeconds = 60;
// Of stdout and stderr together.
inline constexpr size_t kMaxOutputBytes = 64 << 20;

struct Outcome {
  int code = -1;  // -1: killed by a signal
  std::string out, err;
};

std::string Repeat(std::string_view text, size_t n);
// f(0) f(1) … f(n - 1)
template <typename F>
std::string Join(size_t n, F f, std::string_view between = "") {
  std::string text;
  for (size_t i = 0; i < n; ++i) {
    if (i > 0) text += between;
    text += f(std::to_string(i));
  }
  return text;
}

// YAML of a few hundred bytes whose aliases stand for 10^12 values.
std::string Bomb();

// A mesh with one dataset `d` (column `c`), one user `ana` who may read it, and
// a gate `inspect`; `place` is what `facts` names beside them.
class Hostile {
 public:
  Hostile();
  ~Hostile();
  Hostile(const Hostile&) = delete;
  Hostile& operator=(const Hostile&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, std::string_view text) const;
  // A file of zeros that takes no room on the disk.
  void WriteSparse(const std::string& name, uint64_t bytes) const;
  // Appended to the manifest.
  void Manifest(std::string_view more) const;
  // council/p.bylaw: `before` (declarations), then a policy of the gate.
  void Gate(std::string_view body, std::string_view before = "") const;
  // facts/places.jsonl: n entities of type Place named x0, x1, …
  void Places(size_t n) const;

  // bylaw VERB -C the folder, then `more`.
  Outcome Run(const std::string& verb,
              const std::vector<std::string>& more = {},
              const std::vector<std::pair<std::string, std::string>>&
                  environment = {}) const;
  // A request of ana's for `action` on d; `rest` is more JSON.
  Outcome Decide(const std::string& action, std::string_view rest = "") const;

 private:
  std::string path_;
};

}  // namespace bylaw::test

#endif  // BYLAW_TESTS_HOSTILE_FIXTURE_H_
