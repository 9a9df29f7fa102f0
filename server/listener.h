// Takes connections for gRPC, as many at once as allowed: one more is closed
// as soon as it is there, and those who are in go on. (gRPC 1.51 takes every
// connection until the process has no file left to load a policy with.)
#ifndef BYLAW_SERVER_LISTENER_H_
#define BYLAW_SERVER_LISTENER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "server/log.h"

namespace bylaw {

class Listener {
 public:
  // Listens on HOST:PORT, every address of the host; port 0 takes a free one.
  // Or on unix:PATH, which has the port 0.
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(
      const std::string& address, int64_t most, const Log* log);
  ~Listener() { Stop(); }

  int port() const { return port_; }
  // Hands each connection (a socket, listener's and its own) to `take`, on a
  // thread of its own.
  void Start(std::function<void(int listener, int connection)> take);
  // Takes nobody any more. Those who are in are gRPC's.
  void Stop();
  int64_t open() const;  // connections
  uint64_t refused() const { return refused_; }

 private:
  Listener(int64_t most, const Log* log) : most_(most), log_(log) {}
  // What is wrong, or "".
  std::string BindPath(const std::string& path);
  std::string BindHost(const std::string& address);
  void Run();
  void Accept(int listener);
  void Refuse(int connection);

  const int64_t most_;
  const Log* const log_;
  int port_ = 0;
  std::vector<int> listeners_;
  int wake_[2] = {-1, -1};  // a pipe; closed to stop
  std::function<void(int, int)> take_;
  std::thread thread_;
  std::atomic<uint64_t> refused_{0};
  // When it was logged last; of thread_.
  int64_t said_refused_ = 0, said_failed_ = 0;
  mutable std::mutex mu_;
  // Socket to inode, of connections that were open when last looked at: gRPC
  // closes them and tells nobody, and then the number is nobody's or
  // another's. Guarded by mu_.
  mutable std::unordered_map<int, uint64_t> connections_;
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_LISTENER_H_
