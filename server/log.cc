#include "server/log.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>

#include "compiler/bytecode/scalar.h"
#include "nlohmann/json.hpp"

namespace bylaw {
namespace {

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};

std::string Quote(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Neither a full disk nor a reader that stopped reading may stop the service:
// what cannot be written within a moment is lost, and after one such line
// nothing is waited for until the reader is back.
void WriteOrDrop(const std::string& line) {
  constexpr int kPatienceMs = 500;
  static std::atomic<bool> stalled{false};
  size_t done = 0;
  while (done < line.size()) {
    pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    const int found = poll(&ready, 1, stalled ? 0 : kPatienceMs);
    if (found < 0 && errno == EINTR) continue;
    if (found == 0) stalled = true;
    if (found <= 0) return;
    stalled = false;
    // A pipe that is ready takes so much without blocking.
    const size_t n = std::min<size_t>(line.size() - done, PIPE_BUF);
    const ssize_t written = write(STDERR_FILENO, line.data() + done, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    done += static_cast<size_t>(written);
  }
}

}  // namespace

LogLevel LogLevelOf(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<LogLevel>(i);
  }
  return LogLevel::kInfo;
}

void Log::Write(LogLevel level, std::string_view message,
                std::initializer_list<Field> fields) const {
  if (!enabled(level)) return;
  const int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  const std::string_view name = kNames[static_cast<size_t>(level)];
  std::string line;
  if (json_) {
    line = "{\"time\":\"" + FormatTime(now) + "\",\"level\":\"" +
           std::string(name) + "\",\"message\":" + Quote(message);
    for (const Field& field : fields) {
      line += "," + Quote(field.first) + ":" + Quote(field.second);
    }
    line += "}\n";
  } else {
    line =
        FormatTime(now) + " " + std::string(name) + ": " + std::string(message);
    for (const Field& field : fields) {
      const bool plain =
          !field.second.empty() &&
          field.second.find_first_of(" \"=\n\t") == std::string::npos;
      line += " " + std::string(field.first) + "=" +
              (plain ? field.second : Quote(field.second));
    }
    line += "\n";
  }
  WriteOrDrop(line);
}

}  // namespace bylaw
