#include "server/server.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/reloader.h"
#include "server/service.h"

namespace bylaw {
namespace {

// Messages up to this size are received so that the refusal can name the
// setting; gRPC cuts off larger ones, naming sizes only.
constexpr int64_t kWallBytes = 64 * 1024 * 1024;

// How long a peer may take to speak first, or to answer a ping.
constexpr int kHandshakeMs = 20'000;
// How often a silent peer is asked whether it is there.
constexpr int kKeepaliveMs = 60'000;

// After the grace time calls are cancelled; to notice it takes a moment.
constexpr std::chrono::seconds kCutOffMargin(1);

// As many files as connections may need, and what loads and metrics do.
void AllowFiles(int64_t connections) {
  constexpr rlim_t kOthers = 256;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(connections) + kOthers;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::InvalidArgumentError(path + ": cannot be read");
  }
  return text.str();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(
    const ServerOptions& options) {
  if (options.tls_certificate.empty()) {
    return grpc::InsecureServerCredentials();
  }
  grpc::SslServerCredentialsOptions ssl;
  const auto certificate = ReadPem(options.tls_certificate);
  if (!certificate.ok()) return certificate.status();
  const auto key = ReadPem(options.tls_key);
  if (!key.ok()) return key.status();
  ssl.pem_key_cert_pairs.push_back({*key, *certificate});
  if (!options.tls_client_ca.empty()) {
    const auto ca = ReadPem(options.tls_client_ca);
    if (!ca.ok()) return ca.status();
    ssl.pem_root_certs = *ca;
    ssl.client_certificate_request =
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return grpc::SslServerCredentials(ssl);
}

// gRPC looks at a key only where it listens itself: it does so for a moment.
bool AreUsable(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  return server != nullptr && port != 0;
}

SnapshotSource ForServing(SnapshotSource source) {
  source.keep_sources = false;
  return source;
}

// Ends the process where a stop does not: what a thread has begun (a decision
// of many steps, a load) cannot be taken from it.
class CutOff {
 public:
  explicit CutOff(const Log* log) : log_(log) {}
  ~CutOff() {
    {
      std::lock_guard lock(mu_);
      ended_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  // Once.
  void After(std::chrono::milliseconds time) {
    thread_ = std::thread([this, time] {
      std::unique_lock lock(mu_);
      if (wake_.wait_for(lock, time, [this] { return ended_; })) return;
      log_->Write(LogLevel::kWarning, "stopped, with work that did not end");
      std::_Exit(EXIT_SUCCESS);
    });
  }

 private:
  const Log* const log_;
  std::mutex mu_;
  std::condition_variable wake_;
  bool ended_ = false;  // guarded by mu_
  std::thread thread_;
};

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(const ServerOptions& options)
      : options(options),
        log(LogLevelOf(options.log_level), options.log_format == "json"),
        reloader(ForServing(options.source), &log,
                 [this](bool serving) { SetServing(serving); }) {}

  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* health =
        server == nullptr ? nullptr : server->GetHealthCheckService();
    if (health == nullptr) return;
    // A reload that ends after the stop began must not call callers back.
    serving = serving && !stopped;
    health->SetServingStatus(serving);  // of all services and of ""
    health->SetServingStatus("bylaw.v1.DecisionService", serving);
    health->SetServingStatus("bylaw.v1.PolicyService", !stopped);
  }

  const ServerOptions options;
  const Log log;
  CutOff cut_off{&log};  // destroyed when all threads have ended
  Metrics metrics;
  std::unique_ptr<v1::DecisionService::CallbackService> decisions;
  std::unique_ptr<v1::PolicyService::CallbackService> policies;
  std::unique_ptr<grpc::Server> server;
  std::atomic<bool> stopped{false};
  Reloader reloader;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<MetricsServer> metrics_server;  // asks all of these
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

void Server::BlockSignals() {
  const sigset_t set = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A log whose reader is gone is no reason to end.
  signal(SIGPIPE, SIG_IGN);
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  const auto credentials = Credentials(options);
  if (!credentials.ok()) return credentials.status();
  if (!options.tls_certificate.empty() && !AreUsable(*credentials)) {
    return absl::InvalidArgumentError("TLS: " + options.tls_certificate +
                                      " and " + options.tls_key +
                                      " are no PEM certificate and its key");
  }
  AllowFiles(options.max_connections);
  const ServiceContext context{&impl->options, &impl->reloader, &impl->metrics,
                               &impl->log};
  // Loaded before anybody can call: whoever waits for the port finds it ready.
  impl->reloader.Reload();
  impl->decisions = MakeDecisionService(context);
  impl->policies = MakePolicyService(context);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  auto listener =
      Listener::Listen(options.listen, options.max_connections, &impl->log);
  if (!listener.ok()) return listener.status();
  impl->listener = std::move(*listener);
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      *credentials);
  builder.RegisterService(impl->decisions.get());
  builder.RegisterService(impl->policies.get());
  // gRPC's own limit is a wall behind ours, whose message names the setting.
  builder.SetMaxReceiveMessageSize(static_cast<int>(std::clamp<int64_t>(
      options.max_message_bytes * 4, kWallBytes, INT32_MAX)));
  builder.SetMaxSendMessageSize(-1);  // answers are as large as they must be
  // One connection's share: what is over max-concurrent is still told so.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(std::min<int64_t>(
                                 2 * options.max_concurrent, INT32_MAX)));
  // Who connects and says nothing, and who vanished without a word, is let go.
  builder.AddChannelArgument("grpc.server_handshake_timeout_ms", kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr) {
    return absl::UnavailableError("gRPC does not start");
  }
  impl->listener->Start([acceptor = std::shared_ptr(std::move(acceptor))](
                            int listener_fd, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters p;
    p.listener_fd = listener_fd;
    p.fd = connection;
    acceptor->HandleNewConnection(&p);
  });
  impl->SetServing(impl->reloader.Current() != nullptr);
  if (!options.metrics.empty()) {
    Impl* raw = impl.get();
    auto started = MetricsServer::Start(options.metrics, [raw] {
      const auto snapshot = raw->reloader.Current();
      const Reloader::State state = raw->reloader.state();
      raw->metrics.loads = static_cast<uint64_t>(state.loads);
      raw->metrics.failed_loads = static_cast<uint64_t>(state.failed_loads);
      raw->metrics.connections = raw->listener->open();
      raw->metrics.refused_connections = raw->listener->refused();
      raw->metrics.serving = snapshot != nullptr;
      raw->metrics.last_load_failed = state.has_failed;
      return raw->metrics.Text(
          snapshot ? snapshot->engine->program().revision : "",
          snapshot ? snapshot->engine->facts().revision() : "");
    });
    if (!started.ok()) return started.status();
    impl->metrics_server = std::move(*started);
  }
  std::unique_ptr<Server> server(new Server(std::move(impl)));
  Impl& i = *server->impl_;
  if (options.watch) i.reloader.Watch(options.watch_interval_ms);
  std::string address = options.listen;
  if (server->port() != 0) {
    address = address.substr(0, address.rfind(':') + 1) +
              std::to_string(server->port());
  }
  i.log.Write(LogLevel::kInfo, "listening",
              {{"address", address},
               {"metrics", std::to_string(server->metrics_port())},
               {"serving", i.reloader.Current() ? "true" : "false"}});
  return server;
}

int Server::port() const { return impl_->listener->port(); }

int Server::metrics_port() const {
  return impl_->metrics_server ? impl_->metrics_server->port() : 0;
}

bool Server::Reload() { return impl_->reloader.Reload(); }

void Server::Stop() {
  if (impl_->server == nullptr || impl_->stopped.exchange(true)) return;
  impl_->SetServing(false);
  impl_->listener->Stop();
  impl_->server->Shutdown(std::chrono::system_clock::now() +
                          std::chrono::milliseconds(impl_->options.grace_ms));
  impl_->server->Wait();
  impl_->log.Write(LogLevel::kInfo, "stopped");
}

void Server::RunUntilSignal() {
  const sigset_t set = HandledSignals();
  while (true) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    if (signal == SIGHUP) {
      impl_->log.Write(LogLevel::kInfo, "SIGHUP: loading again");
      impl_->reloader.Reload();
      continue;
    }
    impl_->log.Write(LogLevel::kInfo, "stopping",
                     {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    impl_->cut_off.After(std::chrono::milliseconds(impl_->options.grace_ms) +
                         kCutOffMargin);
    Stop();
    return;
  }
}

}  // namespace bylaw
