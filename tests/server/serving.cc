#include "tests/server/serving.h"

#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "httplib.h"
#include "nlohmann/json.hpp"
#include "tests/catch.h"

namespace bylaw::test {
namespace {

std::vector<std::string> ServeCommand(const std::vector<std::string>& arguments,
                                      int port) {
  std::vector<std::string> command = {
      Command(),      "serve",
      "--listen",     "127.0.0.1:" + std::to_string(port),
      "--metrics",    "127.0.0.1:0",
      "--log-format", "json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

int StatusLine(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) {
      return std::stoi(line.substr(name.size() + 1));
    }
  }
  return -1;
}

}  // namespace

Serving::Serving(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment, int fixed)
    : process(ServeCommand(arguments, fixed), environment) {
  const std::string line = process.WaitForLine("\"listening\"");
  INFO(process.err());
  REQUIRE(!line.empty());
  const auto log = nlohmann::json::parse(line);
  CHECK(log["level"] == "info");
  address = log["address"].get<std::string>();
  port = std::stoi(address.substr(address.rfind(':') + 1));
  metrics_port = std::stoi(log["metrics"].get<std::string>());
  client = std::make_unique<Client>(port);
}

int Serving::Stop() {
  client.reset();
  process.Signal(SIGTERM);
  return process.Wait();
}

double Serving::Metric(const std::string& name) const {
  httplib::Client http("127.0.0.1", metrics_port);
  http.set_read_timeout(kPatience);
  const auto answer = http.Get("/metrics");
  if (!answer) return -1;
  const size_t at = answer->body.find("\n" + name + " ");
  if (at == std::string::npos) return -1;
  return std::stod(answer->body.substr(at + name.size() + 2));
}

int Serving::Files() const {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto folder = "/proc/" + std::to_string(process.pid()) + "/fd";
  return static_cast<int>(std::distance(fs::directory_iterator(folder, ignored),
                                        fs::directory_iterator()));
}

int Serving::Threads() const { return StatusLine(process.pid(), "Threads"); }

int Serving::ResidentKiB() const { return StatusLine(process.pid(), "VmRSS"); }

void Serving::LimitMemory(uint64_t more) const {
  const auto kib = static_cast<uint64_t>(StatusLine(process.pid(), "VmSize"));
  const rlimit limit = {kib * 1024 + more, kib * 1024 + more};
  REQUIRE(prlimit(process.pid(), RLIMIT_AS, &limit, nullptr) == 0);
}

void Serving::LimitFiles(int more) const {
  // The limit is one of numbers: so that as many below it are free.
  const std::string folder = "/proc/" + std::to_string(process.pid()) + "/fd/";
  rlim_t most = 0;
  for (int free = 0; free < more; ++most) {
    if (!std::filesystem::is_symlink(folder + std::to_string(most))) ++free;
  }
  const rlimit limit = {most, most};
  REQUIRE(prlimit(process.pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
}

Callers::Callers(int port, int threads, std::function<void(Client&)> call) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, port, call] {
      Client client(port);
      while (!stop_) call(client);
    });
  }
}

void Callers::Stop() {
  stop_ = true;
  for (std::thread& t : threads_) {
    if (t.joinable()) t.join();
  }
}

int Tally::all() const {
  int sum = 0;
  for (const auto& count : counts_) sum += count;
  return sum;
}

v1::CheckBatchRequest BatchOf(const v1::CheckRequest& request, int items) {
  v1::CheckBatchRequest batch;
  *batch.mutable_defaults() = request;
  for (int i = 0; i < items; ++i) batch.add_items();
  return batch;
}

grpc::Status CheckBatch(Client& client, const v1::CheckBatchRequest& batch,
                        v1::CheckBatchResponse* response) {
  grpc::ClientContext context;
  SetDeadline(&context);
  return client.decisions->CheckBatch(&context, batch, response);
}

}  // namespace bylaw::test
