// Clients that are slow, stall or vanish, and that ask for more than is
// allowed: others are served meanwhile, and nothing of them stays.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

// The address sanitizer keeps what was freed for a while.
#ifdef NDEBUG_SANITIZER
constexpr int kMemoryFactor = 4;
#else
constexpr int kMemoryFactor = 1;
#endif

using Catch::Matchers::ContainsSubstring;
using grpc::StatusCode;

// A connection without any gRPC.
class Socket {
 public:
  // `wait` until the connection is there.
  explicit Socket(int port, bool wait = true)
      : fd_(socket(AF_INET, SOCK_STREAM | (wait ? 0 : SOCK_NONBLOCK), 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience = {static_cast<time_t>(kPatience.count()), 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int failed =
        connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    REQUIRE((failed == 0 || (!wait && errno == EINPROGRESS)));
  }
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  void Send(const std::string& bytes) const {
    CHECK(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
  }
  // What comes until the other side closes; "" at once if it resets.
  std::string ReceiveAll() const {
    std::string all;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd_, buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }
  // Ends it as a machine does that lost its power and came back.
  void Reset() {
    const linger now = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings("\0\0\0\4\0\0\0\0\0", 9);

// What people and attackers send: nothing, half a frame, another protocol, a
// frame that promises more than follows.
std::vector<std::string> Beginnings() {
  return {"",
          "P",
          kPreface,
          kPreface + kSettings.substr(0, 4),
          kPreface + kSettings,
          kPreface + kSettings + std::string("\xff\xff\xff\0\0\0\0\0\1", 9),
          kPreface + kSettings + std::string("\0\0\x10\1\4\0\0\0\1\x82", 10),
          "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
          std::string("\x16\3\1\2\0\1\0\1\xfc\3\3", 11),  // a TLS hello
          std::string(1'000, '\xff')};
}

void CheckServes(Serving& serving) {
  Client client(serving.port);
  for (int i = 0; i < 20; ++i) {
    v1::Decision decision;
    const grpc::Status status = client.Check(Read("ana"), &decision);
    INFO(status.error_message());
    CHECK(status.ok());
    CHECK(decision.outcome() == v1::Decision::MASK);
  }
}

TEST_CASE("connections that say nothing, half or nonsense hold up nobody") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  CheckServes(serving);
  const int files = serving.Files(), threads = serving.Threads();
  const int memory = serving.ResidentKiB();
  for (int round = 0; round < 5; ++round) {
    std::vector<Socket> sockets;
    for (int i = 0; i < 8; ++i) {
      for (const std::string& bytes : Beginnings()) {
        sockets.emplace_back(serving.port);
        sockets.back().Send(bytes);
      }
    }
    CheckServes(serving);
    CHECK(serving.Threads() <= threads + 4);
    for (size_t i = 0; i < sockets.size(); i += 2) sockets[i].Reset();
  }
  // All is given back.
  CHECK(PollUntil([&] { return serving.Files() <= files + 4; }));
  CheckServes(serving);
  CHECK(serving.Threads() <= threads + 4);
  CHECK(serving.ResidentKiB() < memory + 64 * 1024 * kMemoryFactor);
  CHECK(serving.Stop() == 0);
}

TEST_CASE("idle connections to the metrics take few files, and end") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  CheckServes(serving);
  const int files = serving.Files();
  {
    std::vector<Socket> sockets;
    for (int i = 0; i < 300; ++i) {
      sockets.emplace_back(serving.metrics_port, /*wait=*/false);
    }
    CHECK(PollUntil([&] { return serving.Files() >= files + 8; }));
    CheckServes(serving);
    CHECK(serving.Files() <= files + 16);
  }
  CHECK(PollUntil([&] { return serving.Metric("bylaw_serving") == 1; }));
  CHECK(serving.Stop() == 0);
}

TEST_CASE("connections that cannot be taken for want of files are logged") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  CheckServes(serving);
  serving.LimitFiles(5);
  {
    std::vector<Socket> sockets;
    for (int i = 0; i < 20; ++i) {
      sockets.emplace_back(serving.port, /*wait=*/false);
    }
    const std::string line =
        serving.process.WaitForLine("cannot take a connection");
    CHECK_THAT(line, ContainsSubstring("open files"));
  }
  // Served again as soon as files are given back.
  CHECK(PollUntil([&] {
    Client client(serving.port);
    v1::Decision decision;
    return client.Check(Read("ana"), &decision).ok();
  }));
  CheckServes(serving);
}

// Opens a stream and writes, but never reads an answer.
class StalledStream {
 public:
  explicit StalledStream(int port)
      : client_(port), stream_(client_.decisions->CheckStream(&context_)) {
    v1::CheckRequest request = Read("ana");
    request.set_request_id(std::string(10'000, 'x'));  // comes back
    writer_ = std::thread([this, request] {
      while (stream_->Write(request)) {
      }
    });
  }
  ~StalledStream() {
    context_.TryCancel();
    if (writer_.joinable()) writer_.join();
  }
  // How the service ended it.
  grpc::Status Finish() {
    writer_.join();
    v1::CheckStreamResponse unread;
    while (stream_->Read(&unread)) {
    }
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  Client client_;
  std::unique_ptr<
      grpc::ClientReaderWriter<v1::CheckRequest, v1::CheckStreamResponse>>
      stream_;
  std::thread writer_;
};

TEST_CASE("streams whose clients stop reading are cut off, others are not") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-deadline-ms", "500"});
  // Slow, but alive: silent for longer than anybody may stall.
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto slow = serving.client->decisions->CheckStream(&context);
  v1::CheckStreamResponse response;
  REQUIRE(slow->Write(Read("ana")));
  REQUIRE(slow->Read(&response));

  std::vector<std::unique_ptr<StalledStream>> stalled;
  for (int i = 0; i < 6; ++i) {
    stalled.push_back(std::make_unique<StalledStream>(serving.port));
  }
  CHECK(
      PollUntil([&] { return serving.Metric("bylaw_calls_in_flight") >= 7; }));
  CheckServes(serving);
  for (const auto& stream : stalled) {
    CHECK_FALSE(stream->Finish().ok());
  }
  CHECK(
      PollUntil([&] { return serving.Metric("bylaw_calls_in_flight") == 1; }));
  REQUIRE(slow->Write(Read("ana")));
  REQUIRE(slow->Read(&response));
  CHECK(response.decision().outcome() == v1::Decision::MASK);
  slow->WritesDone();
  CHECK(slow->Finish().ok());
}

TEST_CASE("clients that are killed in the middle leave nothing behind") {
  Repository repository;
  Serving serving({"-C", repository.path()});
  CheckServes(serving);
  const int files = serving.Files(), threads = serving.Threads();
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Process>> clients;
    for (const char* what : {"stream", "stall", "batch", "calls"}) {
      clients.push_back(std::make_unique<Process>(std::vector<std::string>{
          BYLAW_TEST_CALLER, what, std::to_string(serving.port)}));
    }
    for (const auto& client : clients) {
      CHECK(!client->WaitForLine("under way").empty());
    }
    CHECK(serving.Metric("bylaw_calls_in_flight") > 0);
    for (const auto& client : clients) client->Signal(SIGKILL);
    CHECK(PollUntil(
        [&] { return serving.Metric("bylaw_calls_in_flight") == 0; }));
    CheckServes(serving);
  }
  CHECK(PollUntil([&] { return serving.Files() <= files + 4; }));
  // gRPC has some threads more for a while; twelve clients were killed.
  CHECK(PollUntil([&] { return serving.Threads() <= threads + 8; }));
}

TEST_CASE("more connections than allowed are turned away until some end") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-connections", "20"});
  v1::Decision first;
  CHECK(serving.client->Check(Read("ana"), &first).ok());
  {
    std::vector<Socket> sockets;
    for (int i = 0; i < 60; ++i) sockets.emplace_back(serving.port);
    // Who is in stays in.
    v1::Decision decision;
    CHECK(serving.client->Check(Read("ana"), &decision).ok());
    CHECK(PollUntil([&] {
      return serving.Metric("bylaw_connections_refused_total") >= 40;
    }));
    Client late(serving.port);
    const grpc::Status status = late.Check(Read("ana"), &decision);
    CHECK(status.error_code() == StatusCode::UNAVAILABLE);
    CHECK(serving.Metric("bylaw_connections") == 20);
  }
  CHECK_THAT(serving.process.WaitForLine("connections"),
             ContainsSubstring("max-connections"));
  // The others are gone: there is room again.
  CHECK(PollUntil([&] {
    Client next(serving.port);
    v1::Decision decision;
    return next.Check(Read("ana"), &decision).ok();
  }));
  CheckServes(serving);
  CHECK(serving.Stop() == 0);
}

TEST_CASE("what is too large is refused by the name of its setting") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--max-items", "50",
                   "--max-columns", "10", "--max-message-bytes", "65536"});
  v1::CheckBatchResponse batch;
  grpc::Status status =
      CheckBatch(*serving.client, BatchOf(Read("ana"), 51), &batch);
  CHECK(status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(status.error_message(), ContainsSubstring("max-items"));
  CHECK(DetailOf(status).code() == "BL5219");
  CHECK(CheckBatch(*serving.client, BatchOf(Read("ana"), 50), &batch).ok());

  v1::CheckRequest wide = Read("ana");
  auto* columns = (*wide.mutable_context()->mutable_fields())["columns"]
                      .mutable_list_value();
  for (int i = 0; i < 11; ++i) columns->add_values()->set_string_value("email");
  v1::Decision decision;
  status = serving.client->Check(wide, &decision);
  CHECK(status.error_code() == StatusCode::INVALID_ARGUMENT);
  CHECK_THAT(status.error_message(), ContainsSubstring("max-columns"));
  CHECK(DetailOf(status).field() == "context.columns");

  v1::CheckRequest large = Read("ana");
  large.set_request_id(std::string(70'000, 'x'));
  status = serving.client->Check(large, &decision);
  CHECK(status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(status.error_message(), ContainsSubstring("max-message-bytes"));
  CHECK_THAT(DetailOf(status).remedy(), ContainsSubstring("max-message-bytes"));

  // So large that it is cut off while it arrives, by many at once.
  const int memory = serving.ResidentKiB();
  v1::CheckRequest huge = Read("ana");
  huge.set_request_id(std::string(65 << 20, 'x'));
  std::vector<std::thread> senders;
  Tally tally;
  for (int i = 0; i < 2; ++i) {
    senders.emplace_back([&] {
      Client client(serving.port);
      v1::Decision ignored;
      tally.Add(client.Check(huge, &ignored));
    });
  }
  CheckServes(serving);
  for (std::thread& t : senders) t.join();
  CHECK(tally.of(StatusCode::RESOURCE_EXHAUSTED) == 2);
  CheckServes(serving);
  CHECK(serving.ResidentKiB() < memory + 256 * 1024 * kMemoryFactor);
  CHECK(serving.Metric("bylaw_requests_refused_total") >= 3);
}

}  // namespace
}  // namespace bylaw::test
