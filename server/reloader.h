// Keeps the snapshot that serves: loads it, watches its files, and swaps it for
// the next good version. What is broken never serves; the one before goes on.
//
// Current() is called by every request on any thread; Reload and Watch by one
// at a time (a mutex sees to it).
#ifndef BYLAW_SERVER_RELOADER_H_
#define BYLAW_SERVER_RELOADER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/log.h"
#include "server/snapshot.h"

namespace bylaw {

class Reloader {
 public:
  struct FailedLoad {
    int64_t at = 0;  // microseconds
    std::string message;
    std::vector<Diagnostic> diagnostics;            // errors alone
    std::shared_ptr<const CompileResult> compiled;  // spans point into it
  };
  struct State {
    int64_t loaded_at = 0;
    int64_t loads = 0;
    int64_t failed_loads = 0;
    bool has_failed = false;  // since the serving version was loaded
    FailedLoad failed;
  };

  // `on_change` is told after each attempt whether something serves.
  Reloader(SnapshotSource source, const Log* log,
           std::function<void(bool serving)> on_change);
  ~Reloader();

  // Null while nothing good was ever loaded.
  std::shared_ptr<const Snapshot> Current() const {
    std::lock_guard lock(current_mu_);
    return current_;
  }
  // True if the version found now serves.
  bool Reload();
  // Looks at the files every `interval_ms` on a thread of its own.
  void Watch(int64_t interval_ms);
  State state() const;

 private:
  std::string Fingerprint() const;
  // The patterns of facts that the manifest has now.
  std::vector<std::string> FactGlobs() const;
  SnapshotResult Load(std::string* fingerprint);
  SnapshotResult TryToLoad() const;
  Diagnostic Failure(Code code, std::string message, std::string remedy) const;
  void WatchLoop(int64_t interval_ms);

  const SnapshotSource source_;
  const Log* const log_;
  const std::function<void(bool)> on_change_;
  // Held for one copy of a pointer: what std::atomic<shared_ptr> does inside,
  // in a form that the thread sanitizer can follow.
  mutable std::mutex current_mu_;
  std::shared_ptr<const Snapshot> current_;  // guarded by current_mu_
  std::mutex load_mu_;                       // one load at a time
  // What the serving version says of patterns that match nothing and of files
  // that hold nothing; guarded by load_mu_.
  std::set<std::string> without_facts_;
  mutable std::mutex mu_;
  std::condition_variable wake_;
  State state_;            // guarded by mu_
  std::string loaded_;     // fingerprint of the last attempt; guarded by mu_
  bool stopping_ = false;  // guarded by mu_
  mutable std::mutex globs_mu_;
  mutable std::vector<std::string> globs_;  // guarded by globs_mu_
  mutable std::string globs_state_;  // of their file; guarded by globs_mu_
  std::thread watcher_;
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_RELOADER_H_
