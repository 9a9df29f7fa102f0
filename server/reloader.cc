#include "server/reloader.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "compiler/bytecode/folders.h"
#include "compiler/compile.h"
#include "descriptors/load.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "bylaw.yaml";

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void Describe(const fs::path& path, std::string* out) {
  struct stat s;
  if (stat(path.c_str(), &s) != 0) return;
  *out += path.string() + " " + std::to_string(s.st_size) + " " +
          std::to_string(s.st_mtim.tv_sec) + "." +
          std::to_string(s.st_mtim.tv_nsec) + " " +
          std::to_string(s.st_ctim.tv_sec) + "." +
          std::to_string(s.st_ctim.tv_nsec) + " " + std::to_string(s.st_ino) +
          "\n";
}

// What decides which policies there are: their files, those that a load refuses
// for the spelling of their extension, and the manifests of repositories inside
// this one.
bool IsOfPolicies(const fs::path& path) {
  return path.filename() == kManifest ||
         absl::EqualsIgnoreCase(path.extension().string(), ".bylaw");
}

}  // namespace

Reloader::Reloader(SnapshotSource source, const Log* log,
                   std::function<void(bool)> on_change)
    : source_(std::move(source)), log_(log), on_change_(std::move(on_change)) {}

Reloader::~Reloader() {
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

bool Reloader::Reload() {
  std::lock_guard one(load_mu_);
  // Taken before the files are read: a change while they are read shows as a
  // difference after it, or at the next look.
  std::string fingerprint = Fingerprint();
  SnapshotResult result = Load(&fingerprint);
  const bool good = result.snapshot != nullptr;
  const bool serving = good || Current() != nullptr;
  size_t errors = 0;
  if (!good) {
    for (const Diagnostic& d : result.diagnostics) {
      if (d.severity != Severity::kError) continue;
      constexpr size_t kMostLogged = 20;
      if (++errors > kMostLogged) continue;
      log_->Write(LogLevel::kError, "broken version",
                  {{"file", std::string(d.path())},
                   {"line", std::to_string(d.Start().line)},
                   {"column", std::to_string(d.Start().column)},
                   {"code", std::string(InfoOf(d.code).id)},
                   {"error", d.message},
                   {"remedy", d.suggestion.empty()
                                  ? "see `bylaw explain-code " +
                                        std::string(InfoOf(d.code).id) + "`"
                                  : d.suggestion}});
    }
    log_->Write(LogLevel::kError,
                serving ? "the new version has errors; the one before goes on "
                          "serving"
                        : "nothing to serve yet: the version found has errors",
                {{"errors", std::to_string(errors)}});
  }
  // Holds the version before from the swap on; the last call in flight frees
  // it.
  std::shared_ptr<const Snapshot> replaced = result.snapshot;
  {
    // With the state, so that who is decided by a version finds it in the
    // status.
    std::lock_guard lock(mu_);
    loaded_ = fingerprint;
    if (good) {
      {
        std::lock_guard swap(current_mu_);
        current_.swap(replaced);
      }
      ++state_.loads;
      state_.loaded_at = Now();
      state_.has_failed = false;
      state_.failed = FailedLoad();
    } else {
      ++state_.failed_loads;
      state_.has_failed = true;
      state_.failed = FailedLoad();
      state_.failed.at = Now();
      state_.failed.message = std::to_string(errors) +
                              (errors == 1 ? " error" : " errors") +
                              (serving ? "; the version before goes on serving"
                                       : "; nothing serves yet");
      for (Diagnostic& d : result.diagnostics) {
        if (d.severity != Severity::kError) continue;
        state_.failed.diagnostics.push_back(std::move(d));
      }
      state_.failed.compiled = std::move(result.compiled);
    }
  }
  if (good) {
    without_facts_.clear();
    for (const Diagnostic& d : result.diagnostics) {
      if (!LacksFacts(d)) continue;
      without_facts_.insert(d.message);
      log_->Write(LogLevel::kWarning, d.message,
                  {{"file", std::string(d.path())},
                   {"code", std::string(InfoOf(d.code).id)},
                   {"remedy", d.suggestion}});
    }
    for (const std::string& warning : result.warnings) {
      log_->Write(LogLevel::kWarning, warning);
    }
    const Engine& engine = *result.snapshot->engine;
    log_->Write(LogLevel::kInfo, "loaded",
                {{"source", result.snapshot->origin},
                 {"policies", std::to_string(engine.program().policies.size())},
                 {"entities", std::to_string(engine.facts().size())},
                 {"policies_revision", engine.program().revision},
                 {"facts_revision", engine.facts().revision()}});
  }
  on_change_(serving);
  return good;
}

// One state of the files, not the half of one and the half of the next.
SnapshotResult Reloader::Load(std::string* fingerprint) {
  // Who writes all the time is waited for; then it is an error like others.
  constexpr int kMostTries = 5;
  for (int i = 0;; ++i) {
    SnapshotResult result = TryToLoad();
    if (std::string after = Fingerprint(); after != *fingerprint) {
      *fingerprint = std::move(after);
      if (i + 1 < kMostTries) continue;
      result.snapshot = nullptr;
      result.diagnostics.push_back(Failure(
          Code::BL3002, "files changed each time that they were read",
          "replace them in one step, or load again when they are written"));
    }
    return result;
  }
}

SnapshotResult Reloader::TryToLoad() const {
  SnapshotResult result;
  try {
    result = LoadSnapshot(source_);
  } catch (const std::exception& e) {
    // Memory, say: the version that serves must not die of the next one.
    result = SnapshotResult();
    result.diagnostics.push_back(
        Failure(Code::BL3002, std::string("loading failed: ") + e.what(),
                "mend the machine, then load again"));
    return result;
  }
  // A folder of facts that is gone (a volume that is not mounted) looks like
  // one that is empty, and a file that is being written like one without facts.
  const std::shared_ptr<const Snapshot> current = Current();
  if (result.snapshot == nullptr || current == nullptr) return result;
  const std::vector<std::string>& files = current->engine->facts().files();
  for (Diagnostic& d : result.diagnostics) {
    if (!LacksFacts(d) || without_facts_.contains(d.message)) continue;
    if (d.code == Code::BL5021) {
      const bool is_new =
          std::find(files.begin(), files.end(), d.path()) == files.end();
      if (is_new) continue;
      d.suggestion =
          "it did in the version that serves; put its facts back, or remove it";
    } else {
      d.suggestion =
          "some did in the version that serves; put them back, or remove the "
          "pattern";
    }
    d.severity = Severity::kError;
    result.snapshot = nullptr;
  }
  if (result.snapshot != nullptr &&
      result.snapshot->engine->facts().size() == 0 &&
      current->engine->facts().size() != 0) {
    result.snapshot = nullptr;
    result.diagnostics.push_back(
        Failure(Code::BL5020, "the files of facts hold no facts any more",
                "some did in the version that serves; put them back, or start "
                "again if none are meant"));
  }
  return result;
}

Diagnostic Reloader::Failure(Code code, std::string message,
                             std::string remedy) const {
  Diagnostic d;
  d.code = code;
  d.severity = Severity::kError;
  d.message = std::move(message);
  d.suggestion = std::move(remedy);
  d.file = source_.bundle.empty() ? source_.root : source_.bundle;
  return d;
}

void Reloader::Watch(int64_t interval_ms) {
  watcher_ = std::thread([this, interval_ms] { WatchLoop(interval_ms); });
}

Reloader::State Reloader::state() const {
  std::lock_guard lock(mu_);
  return state_;
}

// Name, size, times and inode of everything a load may read. Cheap beside a
// load, and needs no notification service.
std::string Reloader::Fingerprint() const {
  std::string out;
  if (!source_.bundle.empty()) {
    Describe(source_.bundle, &out);
    return out;
  }
  std::set<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator it(
      source_.root,
      kFollowLinks | fs::directory_options::skip_permission_denied, error);
  size_t seen = 0;  // links may make a folder of few files an endless one
  for (const fs::recursive_directory_iterator end;
       !error && it != end && seen < kMaxRepositoryFiles;
       it.increment(error), ++seen) {
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (!EntersFolder(*it)) it.disable_recursion_pending();
    } else if (IsOfPolicies(it->path())) {
      files.insert(it->path());
    }
  }
  std::vector<FactPattern> patterns;
  for (std::string& glob : FactGlobs()) {
    patterns.push_back({std::move(glob), "", {}});
  }
  std::vector<FactError> ignored;  // the load says so
  for (const auto& found : FindFiles(source_.root, patterns, &ignored)) {
    files.insert(fs::path(source_.root) / found.first);
  }
  for (const fs::path& file : files) Describe(file, &out);
  return out;
}

std::vector<std::string> Reloader::FactGlobs() const {
  if (!source_.facts.empty()) return source_.facts;
  std::string state;
  Describe(fs::path(source_.root) / kManifest, &state);
  std::lock_guard lock(globs_mu_);
  // Read again if it changed: who writes it while it is read is seen next time.
  if (state != globs_state_) {
    globs_ = FactPatterns(source_.root);
    globs_state_ = state;
  }
  return globs_;
}

void Reloader::WatchLoop(int64_t interval_ms) {
  std::string before;
  while (true) {
    std::string loaded;
    {
      std::unique_lock lock(mu_);
      wake_.wait_for(lock, std::chrono::milliseconds(interval_ms),
                     [this] { return stopping_; });
      if (stopping_) return;
      loaded = loaded_;
    }
    std::string now;
    try {
      now = Fingerprint();
    } catch (const std::exception&) {
      continue;  // memory, say: at the next look
    }
    // Two looks alike: whoever writes the files is done.
    if (now != loaded && now == before) {
      log_->Write(LogLevel::kInfo, "files changed");
      Reload();
    }
    before = now;
  }
}

}  // namespace bylaw
