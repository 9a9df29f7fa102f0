#include "cli/command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>

#include "compiler/bytecode/limits.h"
#include "compiler/bytecode/scalar.h"

namespace bylaw::cli {

void AddRepository(CLI::App* verb, Globals* globals, bool bundle) {
  verb->add_option("-C", globals->directory,
                   "Folder to look for bylaw.yaml in (and above)")
      ->type_name("DIR");
  if (bundle) {
    verb->add_option("--bundle", globals->bundle,
                     "Use this bundle in place of a repository")
        ->type_name("FILE");
  }
}

void AddFormat(CLI::App* verb, Format* format,
               const std::vector<std::string>& choices) {
  static const std::map<std::string, Format> all = {
      {"text", Format::kText},
      {"json", Format::kJson},
      {"sarif", Format::kSarif},
      {"junit", Format::kJunit},
      {"github", Format::kGithub}};
  std::map<std::string, Format> some;
  for (const std::string& name : choices) some[name] = all.at(name);
  verb->add_option("--format", *format, "How the result is written")
      ->transform(CLI::Transformer(some))
      ->type_name(CLI::detail::join(choices, "|"))
      ->default_str("text");
}

bool UseColor(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(fd) && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::strcmp(term, "dumb") != 0);
}

int Refuse(std::string_view message) {
  std::cerr << "bylaw: " << Visible(message, /*lines=*/true) << '\n';
  return kRefused;
}

int Refuse(const RequestError& error) {
  std::cerr << "bylaw: " << error.code << ": ";
  if (!error.field.empty() && error.field != ".") {
    std::cerr << Visible(error.field) << ": ";
  }
  std::cerr << Visible(error.message) << '\n';
  if (!error.remedy.empty()) {
    std::cerr << "help: " << Visible(error.remedy) << '\n';
  }
  return kRefused;
}

std::optional<std::string> RepositoryFolder(const Globals& globals) {
  const std::string start = globals.directory.empty() ? "." : globals.directory;
  const std::string found = FindRepository(start);
  if (found.empty()) {
    Refuse("no bylaw.yaml in " + (start == "." ? "this folder" : start) +
           " or above it; `bylaw init` makes a repository, -C DIR names one");
    return std::nullopt;
  }
  return found;
}

std::shared_ptr<const Snapshot> Load(const Globals& globals) {
  SnapshotSource source;
  if (!globals.bundle.empty()) {
    if (!globals.directory.empty()) {
      Refuse("-C and --bundle exclude each other");
      return nullptr;
    }
    source.bundle = globals.bundle;
  } else {
    const auto folder = RepositoryFolder(globals);
    if (!folder) return nullptr;
    source.root = *folder;
  }
  SnapshotResult result = LoadSnapshot(source);
  if (result.snapshot != nullptr) return result.snapshot;
  DiagnosticRenderer renderer(source.root, UseColor(STDERR_FILENO));
  size_t errors = 0;
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity != Severity::kError) continue;
    std::cerr << renderer.Render(d);
    ++errors;
  }
  Refuse(std::to_string(errors) + (errors == 1 ? " error" : " errors") +
         " to mend first; nothing was done");
  return nullptr;
}

namespace {

int64_t MaxInputBytes() {
  return LimitOfEnvironment(kMaxInputVariable, kMaxInputBytes);
}

bool RefuseLong(const std::string& path, std::string_view what) {
  Refuse(path + ": " + std::string(what) + " has more than " +
         std::to_string(MaxInputBytes()) + " bytes; raise " +
         kMaxInputVariable + " in the environment to read it");
  return false;
}

}  // namespace

Input::Input(const std::string& path) : path_(path) {
  fd_ = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) RefuseErrno();
}

Input::~Input() {
  if (fd_ > STDIN_FILENO) close(fd_);
}

bool Input::RefuseErrno() {
  failed_ = true;
  Refuse(path_ + ": " + std::strerror(errno));
  return false;
}

bool Input::ReadMore() {
  if (failed_ || fd_ < 0) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  constexpr size_t kBlock = 1 << 16;
  const size_t size = buffer_.size();
  buffer_.resize(size + kBlock);
  ssize_t n;
  do {
    n = read(fd_, buffer_.data() + size, kBlock);
  } while (n < 0 && errno == EINTR);
  buffer_.resize(size + (n > 0 ? static_cast<size_t>(n) : 0));
  return n < 0 ? RefuseErrno() : n > 0;
}

bool Input::NextLine(std::string* line) {
  size_t searched = 0;  // of the buffer, from at_
  while (true) {
    const size_t end = buffer_.find('\n', at_ + searched);
    if (end != std::string::npos) {
      line->assign(buffer_, at_, end - at_);
      at_ = end + 1;
      return true;
    }
    searched = buffer_.size() - at_;
    if (static_cast<int64_t>(searched) > MaxInputBytes()) {
      failed_ = true;
      return RefuseLong(path_, "a line");
    }
    if (ReadMore()) continue;
    if (failed_ || searched == 0) return false;
    line->assign(buffer_, at_, std::string::npos);
    at_ = buffer_.size();
    return true;
  }
}

bool Input::ReadAll(std::string* text) {
  struct stat status = {};
  const bool known =
      fd_ >= 0 && fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  if (known && status.st_size > MaxInputBytes()) {
    return RefuseLong(path_, "the file");
  }
  while (ReadMore()) {
    if (static_cast<int64_t>(buffer_.size()) > MaxInputBytes()) {
      return RefuseLong(path_, "the input");
    }
  }
  *text = std::move(buffer_);
  return !failed_;
}

bool ReadInput(const std::string& path, std::string* text) {
  Input input(path);
  return !input.failed() && input.ReadAll(text);
}

namespace {

// The regular file that is written for `path`, which may not be there yet; a
// symbolic link is followed. Nothing after a message: a device, a pipe or a
// folder is not to be replaced by a file.
std::optional<std::string> TargetOf(const std::string& path) {
  if (path == "-") {
    Refuse("-: standard output cannot be written to in one step; name a file");
    return std::nullopt;
  }
  struct stat status = {};
  const bool found = stat(path.c_str(), &status) == 0;
  const int error = errno;
  struct stat link = {};
  const bool is_link = lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
  if (found && !S_ISREG(status.st_mode)) {
    Refuse(path +
           ": is no regular file and would be replaced; name a new file, or "
           "one to replace");
    return std::nullopt;
  }
  if (!is_link) return path;
  std::error_code failed;
  const auto target = std::filesystem::canonical(path, failed);
  if (!found || failed) {
    Refuse(path + ": is a symbolic link that leads nowhere (" +
           (found ? failed.message() : std::strerror(error)) +
           "); remove it, or name the file that is meant");
    return std::nullopt;
  }
  return target.string();
}

}  // namespace

bool WriteAtomically(const std::string& name, std::string_view bytes) {
  const std::optional<std::string> target = TargetOf(name);
  if (!target) return false;
  const std::string& path = *target;
  const std::string temporary = path + ".tmp" + std::to_string(getpid());
  const int fd =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const auto fail = [&] {
    Refuse(path + ": " + std::strerror(errno));
    unlink(temporary.c_str());
    return false;
  };
  if (fd < 0) return fail();
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int saved = errno;
      close(fd);
      errno = saved;
      return fail();
    }
    done += static_cast<size_t>(n);
  }
  if (fsync(fd) != 0 || close(fd) != 0) return fail();
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail();
  return true;
}

std::optional<int64_t> ParseInstant(const std::string& text) {
  const auto at = ParseTime(text);
  if (!at) {
    Refuse("--at: `" + text +
           "` is no time; write it like 2026-11-20T10:00:00Z");
  }
  return at;
}

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int ExitCodeOf(v1::Decision::Outcome outcome) {
  switch (outcome) {
    case v1::Decision::ALLOW:
      return kOk;
    case v1::Decision::MASK:
      return kMasked;
    default:
      return kFound;  // UNSPECIFIED is a DENY
  }
}

}  // namespace bylaw::cli
