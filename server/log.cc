#include "server/log.h"

#include <unistd.h>

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
  // A log that cannot be written must not stop a decision.
  [[maybe_unused]] const ssize_t n =
      write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace bylaw
