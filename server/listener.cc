#include "server/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

namespace bylaw {
namespace {

constexpr std::string_view kPath = "unix:";

// A peer that does not even acknowledge for so long is gone.
constexpr int kVanishedMs = 60'000;

absl::Status CannotListen(const std::string& address, const std::string& why) {
  return absl::UnavailableError("cannot listen on " + address + ": " + why +
                                "; is the address right and free?");
}

// -1 with errno.
int ListenOn(const sockaddr* address, socklen_t size) {
  const int fd =
      socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Connections inherit these; a socket of a path has none.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kVanishedMs,
             sizeof kVanishedMs);
  if (bind(fd, address, size) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  const int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

// A socket that a killed process left behind is replaced, as gRPC does.
int ListenOnPath(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  struct stat s;
  if (lstat(path.c_str(), &s) == 0 && S_ISSOCK(s.st_mode)) {
    unlink(path.c_str());
  }
  return ListenOn(reinterpret_cast<sockaddr*>(&address), sizeof address);
}

int ListenOn(const addrinfo& info, int port) {
  sockaddr_storage address;
  std::memcpy(&address, info.ai_addr, info.ai_addrlen);
  // The port stands in one place of both families.
  reinterpret_cast<sockaddr_in*>(&address)->sin_port =
      htons(static_cast<uint16_t>(port));
  return ListenOn(reinterpret_cast<sockaddr*>(&address), info.ai_addrlen);
}

int PortOf(int fd) {
  sockaddr_in6 address = {};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 0;
  }
  return ntohs(address.sin6_port);
}

// 0: no socket.
uint64_t InodeOf(int fd) {
  struct stat s;
  return fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode) ? s.st_ino : 0;
}

// What happens again and again is logged every 10 s at most. `said` is when it
// was last, 0 never.
bool IsTimeToSay(int64_t* said) {
  constexpr int64_t kQuietSeconds = 10;
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::steady_clock::now().time_since_epoch())
                          .count();
  if (*said != 0 && now - *said < kQuietSeconds) return false;
  *said = now;
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Listen(
    const std::string& address, int64_t most, const Log* log) {
  std::unique_ptr<Listener> listener(new Listener(most, log));
  const std::string why = address.starts_with(kPath)
                              ? listener->BindPath(address.substr(kPath.size()))
                              : listener->BindHost(address);
  if (!why.empty()) return CannotListen(address, why);
  if (pipe2(listener->wake_, O_CLOEXEC) != 0) {
    return CannotListen(address, std::strerror(errno));
  }
  return listener;
}

std::string Listener::BindPath(const std::string& path) {
  const int fd = ListenOnPath(path);
  if (fd < 0) return std::strerror(errno);
  listeners_.push_back(fd);
  return "";
}

std::string Listener::BindHost(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return "it is no HOST:PORT";
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(host.empty() ? nullptr : host.c_str(),
                  address.substr(colon + 1).c_str(), &hints, &found);
  if (failed != 0) return gai_strerror(failed);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(
      found, &freeaddrinfo);
  int error = 0;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    const int asked =
        ntohs(reinterpret_cast<const sockaddr_in*>(a->ai_addr)->sin_port);
    // All addresses share the port that the first one got.
    const int fd = ListenOn(*a, asked != 0 ? asked : port_);
    if (fd < 0) {
      error = errno;
      // A host's second family may be switched off; a taken port is taken.
      if (error == EADDRINUSE) return std::strerror(error);
      continue;
    }
    listeners_.push_back(fd);
    port_ = PortOf(fd);
  }
  return listeners_.empty() ? std::strerror(error) : "";
}

void Listener::Start(std::function<void(int, int)> take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  if (wake_[1] >= 0) close(wake_[1]);
  wake_[1] = -1;
  if (thread_.joinable()) thread_.join();
  if (wake_[0] >= 0) close(wake_[0]);
  wake_[0] = -1;
  for (const int fd : listeners_) close(fd);
  listeners_.clear();
}

int64_t Listener::open() const {
  std::lock_guard lock(mu_);
  std::erase_if(connections_,
                [](const auto& c) { return InodeOf(c.first) != c.second; });
  return static_cast<int64_t>(connections_.size());
}

void Listener::Run() {
  std::vector<pollfd> fds = {{wake_[0], 0, 0}};  // POLLHUP is always told
  for (const int fd : listeners_) fds.push_back({fd, POLLIN, 0});
  while (true) {
    if (poll(fds.data(), fds.size(), -1) < 0) continue;  // EINTR
    if (fds[0].revents != 0) return;
    for (size_t i = 1; i < fds.size(); ++i) {
      if (fds[i].revents != 0) Accept(fds[i].fd);
    }
  }
}

void Listener::Accept(int listener) {
  const int fd =
      accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
        errno == ENOMEM) {
      const std::string why = std::strerror(errno);
      if (IsTimeToSay(&said_failed_)) {
        log_->Write(LogLevel::kError, "cannot take a connection",
                    {{"error", why},
                     {"remedy",
                      "raise the limit of open files (ulimit -n), or lower the "
                      "setting max-connections"}});
      }
      // Until files are given back; a stop is not kept waiting.
      pollfd stopped = {wake_[0], 0, 0};
      poll(&stopped, 1, 100);
    }
    return;
  }
  const auto count = [this] {
    std::lock_guard lock(mu_);
    return static_cast<int64_t>(connections_.size());
  };
  // Counted anew only where it matters.
  if (count() >= most_ && open() >= most_) return Refuse(fd);
  {
    std::lock_guard lock(mu_);
    connections_[fd] = InodeOf(fd);
  }
  take_(listener, fd);
}

void Listener::Refuse(int connection) {
  close(connection);
  ++refused_;
  if (!IsTimeToSay(&said_refused_)) return;
  log_->Write(LogLevel::kWarning, "too many connections",
              {{"most", std::to_string(most_)},
               {"remedy", "close some, or raise the setting max-connections"}});
}

}  // namespace bylaw
