#include "server/metrics.h"

#include <sys/socket.h>

#include <bit>
#include <charconv>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "httplib.h"
#include "server/workers.h"

namespace bylaw {

void Metrics::Decided(DecisionOutcome outcome, bool errors,
                      uint64_t nanoseconds) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  decisions[static_cast<size_t>(outcome)].fetch_add(1, kRelaxed);
  if (errors) erred.fetch_add(1, kRelaxed);
  const int bucket =
      std::min<int>(kBuckets - 1, std::bit_width(nanoseconds / 1000));
  latency[static_cast<size_t>(bucket)].fetch_add(1, kRelaxed);
  latency_sum_ns.fetch_add(nanoseconds, kRelaxed);
}

std::string Metrics::Text(const std::string& policies_revision,
                          const std::string& facts_revision) const {
  std::string out;
  const auto head = [&out](const char* name, const char* type,
                           const char* help) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name +
           " " + type + "\n";
  };
  const auto line = [&out](const std::string& name, uint64_t value) {
    out += name + " " + std::to_string(value) + "\n";
  };
  head("bylaw_decisions_total", "counter", "Decisions by outcome.");
  constexpr const char* kOutcomes[] = {"unspecified", "allow", "mask", "deny"};
  for (size_t i = 1; i < 4; ++i) {
    line(std::string("bylaw_decisions_total{outcome=\"") + kOutcomes[i] + "\"}",
         decisions[i]);
  }
  head("bylaw_decisions_with_errors_total", "counter",
       "Decisions in which a rule failed.");
  line("bylaw_decisions_with_errors_total", erred);
  head("bylaw_requests_refused_total", "counter",
       "Requests that were not decided: wrong, or over a limit.");
  line("bylaw_requests_refused_total", refused);
  head("bylaw_requests_shed_total", "counter",
       "Calls turned away: overload, a passed deadline, nothing loaded.");
  line("bylaw_requests_shed_total", shed);
  head("bylaw_calls_in_flight", "gauge", "Calls being served.");
  out += "bylaw_calls_in_flight " + std::to_string(in_flight.load()) + "\n";
  head("bylaw_connections", "gauge", "Connections that are open.");
  out += "bylaw_connections " + std::to_string(connections.load()) + "\n";
  head("bylaw_connections_refused_total", "counter",
       "Connections that were one too many (max-connections).");
  line("bylaw_connections_refused_total", refused_connections);
  head("bylaw_loads_total", "counter", "Versions that were loaded.");
  line("bylaw_loads_total", loads);
  head("bylaw_failed_loads_total", "counter",
       "Versions that were broken and not served.");
  line("bylaw_failed_loads_total", failed_loads);
  head("bylaw_serving", "gauge", "1 if a version of the policies serves.");
  line("bylaw_serving", serving);
  head("bylaw_last_load_failed", "gauge",
       "1 if the version found last is broken; the one before serves on.");
  line("bylaw_last_load_failed", last_load_failed);
  head("bylaw_revision_info", "gauge", "What is being served.");
  line("bylaw_revision_info{policies=\"" + policies_revision + "\",facts=\"" +
           facts_revision + "\"}",
       1);
  head("bylaw_decision_seconds", "histogram",
       "Time of a decision in the process, binding and report included.");
  uint64_t sum = 0;
  for (int i = 0; i < kBuckets; ++i) {
    sum += latency[static_cast<size_t>(i)];
    const std::string bound =
        i == kBuckets - 1
            ? "+Inf"
            : std::to_string(static_cast<double>(uint64_t{1} << i) * 1e-6);
    line("bylaw_decision_seconds_bucket{le=\"" + bound + "\"}", sum);
  }
  out += "bylaw_decision_seconds_sum " +
         std::to_string(static_cast<double>(latency_sum_ns.load()) * 1e-9) +
         "\n";
  line("bylaw_decision_seconds_count", sum);
  return out;
}

namespace {

// Connections at once. Scrapes come one at a time; who connects and says
// nothing, or reads slowly, holds one of these.
constexpr size_t kMostConnections = 8;
constexpr time_t kIdleSeconds = 2;
constexpr time_t kStalledSeconds = 5;

// httplib would take every connection there is and let it wait in a queue,
// with one of the process's files. Here it waits for a free thread before the
// next is taken: those who are too many wait with the kernel, and take none.
class BoundedPool final : public httplib::TaskQueue {
 public:
  explicit BoundedPool(size_t threads)
      : free_(threads), workers_(threads, threads) {}

  // Nothing, or whether it was taken: that is for the version of httplib.
  using Enqueued =
      decltype(std::declval<httplib::TaskQueue&>().enqueue(nullptr));
  Enqueued enqueue(std::function<void()> job) override {
    {
      std::unique_lock lock(mu_);
      wake_.wait(lock, [this] { return free_ > 0; });
      --free_;
    }
    workers_.Add([this, job = std::move(job)] {
      try {
        job();
      } catch (const std::exception&) {
        // Memory, say: a scrape is lost.
      }
      {
        std::lock_guard lock(mu_);
        ++free_;
      }
      wake_.notify_one();
    });
    return static_cast<Enqueued>(true);
  }
  void shutdown() override {}  // comes just before the end of this

 private:
  std::mutex mu_;
  std::condition_variable wake_;
  size_t free_;  // guarded by mu_
  Workers workers_;
};

}  // namespace

struct MetricsServer::Impl {
  httplib::Server server;
  std::unique_ptr<BoundedPool> pool;  // until the server takes it
  std::thread thread;
  int port = 0;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& address, std::function<std::string()> text) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    const char* end = address.data() + address.size();
    const auto r = std::from_chars(address.data() + colon + 1, end, port);
    if (r.ptr != end || r.ec != std::errc()) port = -1;
  }
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError("metrics: `" + address +
                                      "` is no HOST:PORT");
  }
  const std::string host = address.substr(0, colon);
  auto impl = std::make_unique<Impl>();
  impl->pool = std::make_unique<BoundedPool>(kMostConnections);
  impl->server.new_task_queue = [raw = impl.get()] {
    return raw->pool.release();
  };
  // httplib would set SO_REUSEPORT: two processes would share the port, and
  // each scrape would ask either.
  impl->server.set_socket_options([](auto socket) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  impl->server.set_keep_alive_timeout(kIdleSeconds);
  impl->server.set_read_timeout(kStalledSeconds);
  impl->server.set_write_timeout(kStalledSeconds);
  impl->server.Get("/metrics",
                   [text = std::move(text)](const httplib::Request&,
                                            httplib::Response& response) {
                     response.set_content(text(), "text/plain; version=0.0.4");
                   });
  impl->port = port == 0 ? impl->server.bind_to_any_port(host)
               : impl->server.bind_to_port(host, port) ? port
                                                       : -1;
  if (impl->port < 0) {
    return absl::UnavailableError("metrics: cannot listen on " + address +
                                  "; is the address right and free?");
  }
  Impl* raw = impl.get();
  impl->thread = std::thread([raw] { raw->server.listen_after_bind(); });
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::~MetricsServer() {
  // stop() of a server whose thread has not begun would be lost.
  while (!impl_->server.is_running()) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

int MetricsServer::port() const { return impl_->port; }

}  // namespace bylaw
