// Structured log lines on stderr: time, level, message and fields, as text for
// people or as one JSON object a line. Thread-safe; a line of up to 4 KiB is
// one write. What cannot be written in time is dropped.
#ifndef BYLAW_SERVER_LOG_H_
#define BYLAW_SERVER_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace bylaw {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;
  Log(LogLevel least, bool json) : least_(least), json_(json) {}
  void Write(LogLevel level, std::string_view message,
             std::initializer_list<Field> fields = {}) const;
  bool enabled(LogLevel level) const { return level >= least_; }

 private:
  const LogLevel least_;
  const bool json_;
};

LogLevel LogLevelOf(std::string_view name);

}  // namespace bylaw

#endif  // BYLAW_SERVER_LOG_H_
