// The service: bylaw.v1 over gRPC with standard health and reflection, on one
// snapshot at a time. A reload loads the next snapshot beside the serving one
// and swaps one pointer; a broken new version keeps the old one serving and
// says so in log and status. Calls in flight finish on the snapshot they
// began with.
#ifndef BYLAW_SERVER_SERVER_H_
#define BYLAW_SERVER_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/snapshot.h"

namespace bylaw {

struct ServerOptions {
  SnapshotSource source;
  std::string listen = "127.0.0.1:7070";
  std::string metrics;      // HTTP host:port for Prometheus; empty: none
  bool simulation = false;  // requests may say `at`
  bool watch = true;        // reload when files change
  int64_t watch_interval_ms = 1000;
  std::string log_format = "text";  // text or json
  std::string log_level = "info";   // debug info warning error
  // Limits; see docs/operations.md for the reason of each default.
  int64_t max_message_bytes = 4 * 1024 * 1024;
  int64_t max_columns = 10'000;      // asked for in one request
  int64_t max_items = 10'000;        // of a batch
  int64_t max_deadline_ms = 10'000;  // work a call may take at most
  int64_t max_concurrent = 1'000;    // calls at once; more are shed
  int64_t max_connections = 1'000;   // at once; more are closed
  int64_t grace_ms = 10'000;         // for calls in flight at a stop
  // TLS: certificate and key (PEM files); and whom clients must be signed by.
  std::string tls_certificate, tls_key, tls_client_ca;
};

class Server {
 public:
  // Keeps SIGTERM, SIGINT and SIGHUP for RunUntilSignal, and ignores SIGPIPE.
  // Call on the main thread before Start, whose threads inherit it.
  static void BlockSignals();
  // Starts listening. The first load may fail on diagnostics: then the service
  // runs, is NOT_SERVING, answers UNAVAILABLE, and waits for a good version.
  // Fails if an address cannot be bound or a TLS file not be read.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options);
  ~Server();

  int port() const;          // the bound port of `listen`
  int metrics_port() const;  // 0: none
  // Loads again, now, on the calling thread. True if the new version serves.
  bool Reload();
  // Stops accepting, lets calls in flight finish within the grace time. Waits
  // for what a thread is at in the very moment that this ends.
  void Stop();
  // Serves until SIGTERM or SIGINT; SIGHUP reloads. Then stops; a second after
  // the grace time the process ends (with 0), whatever its threads are at.
  // REQUIRES: called once, on the main thread.
  void RunUntilSignal();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bylaw

#endif  // BYLAW_SERVER_SERVER_H_
