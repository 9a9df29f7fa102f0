#include "tests/server/fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "bylaw/v1/rpc_status.pb.h"
#include "tests/catch.h"
#include "tests/server/standard.h"

namespace bylaw::test {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = R"(mesh: test
scopes:
  org: { modules: council, sources: [council/**.bylaw] }
facts: [facts/**.yaml]
)";

constexpr char kCouncil[] = R"(module council

scope org root { owner "council" }

extend vocabulary Role { analyst }
extend vocabulary Tag { pii { email } }
extend vocabulary Purpose { marketing }
extend vocabulary Environment { production }
extend vocabulary Employment { staff, contractor }
extend entity User { hours: Int?, shift: String? asserted }

policy analysts_read
  title "Analysts read" owner "council"
on read, export of Dataset by User as u {
  allow when u.roles has analyst
}

policy emails_are_masked
  title "E-mail addresses leave masked" owner "council"
on read of Dataset as d by User {
  for c in d.columns where c.tags has pii.email { mask c with keep_domain }
}

policy hours_divide
  title "A rule that fails where somebody has no hours" owner "council"
on export of Dataset by User as u {
  deny when 10 / (u.hours ?? 0) > 100
    because "too few hours"
}

policy accountable_owner
  title "Every data product has an accountable owner"
  owner "platform-team" severity critical
on lifecycle of DataProduct as p {
  deny when p.owner is missing
    because "data product {p.name} has no owner"
    help    "add a team member with role owner"
}

policy emails_are_encrypted
  title "No e-mail address is published unencrypted" owner "council"
on publish of DataProduct as p {
  for d in p.datasets, c in d.columns where c.name == "email" {
    deny unless c.encrypted
      because "{d.name}.{c.name} is not encrypted"
  }
}

policy owner_stays
  title "An owner is not replaced" owner "council"
on publish of DataProduct as p {
  deny when previous is present and previous.owner is present
        and p.owner != previous.owner
    because "the owner was {previous.owner}"
}
)";

constexpr char kFacts[] = R"(User:
  ana: { roles: [analyst], employment: staff }
  bob: { roles: [analyst], employment: staff }
  cid: { roles: [] }
DataProduct:
  sales: { name: sales, owner: ana }
Dataset:
  sales.orders:
    name: orders
    product: sales
    columns:
      email: { type: string, tags: [pii.email] }
      total: { type: decimal }
  sales.plain:
    name: plain
    columns:
      total: { type: decimal }
)";

constexpr char kDenyBob[] = R"(module council

policy not_bob
  title "Not Bob" owner "council"
on read of Dataset by User as u {
  deny when u == User "bob" because "not Bob"
}
)";

constexpr char kBroken[] = R"(module council

policy broken on
)";

}  // namespace

bool PollUntil(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

TempDir::TempDir() {
  std::string name =
      (fs::temp_directory_path() / "bylaw-server-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TempDir::Write(const std::string& name, std::string_view text) const {
  const fs::path path = File(name);
  fs::create_directories(path.parent_path());
  const std::string temporary = path.string() + ".new";
  std::ofstream(temporary, std::ios::binary) << text;
  fs::rename(temporary, path);
}

void TempDir::Remove(const std::string& name) const { fs::remove(File(name)); }

Repository::Repository() {
  Write("council/council.bylaw", kCouncil);
  Write("facts/facts.yaml", kFacts);
  Manifest("keys: { mask: env:BYLAW_TEST_MASK_KEY }\n");
}

void Repository::Manifest(const std::string& more) const {
  Write("bylaw.yaml", kManifest + more);
}

void Repository::DenyBob() const { Write("council/bob.bylaw", kDenyBob); }
void Repository::AllowBobAgain() const { Remove("council/bob.bylaw"); }
void Repository::Break() const { Write("council/broken.bylaw", kBroken); }
void Repository::Mend() const { Remove("council/broken.bylaw"); }

ServerOptions OptionsFor(const std::string& folder) {
  ServerOptions options;
  options.source.root = folder;
  options.listen = "127.0.0.1:0";
  options.watch = false;
  options.log_level = "error";
  return options;
}

void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + kPatience);
}

Client::Client(std::shared_ptr<grpc::Channel> c)
    : channel(std::move(c)),
      decisions(v1::DecisionService::NewStub(channel)),
      policies(v1::PolicyService::NewStub(channel)) {}

Client::Client(int port)
    : Client([port] {
        grpc::ChannelArguments arguments;
        // One connection a client, none shared with another test's.
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        arguments.SetMaxReceiveMessageSize(-1);
        // Who waits for a service to come up does not want to wait long. (The
        // least backoff is the time that connecting may take, too.)
        arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
        arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
        return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials(),
                                         arguments);
      }()) {}

grpc::Status Client::Check(const v1::CheckRequest& request,
                           v1::Decision* decision) {
  grpc::ClientContext context;
  SetDeadline(&context);
  return decisions->Check(&context, request, decision);
}

v1::Status Client::Status() {
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::Status status;
  const grpc::Status called =
      policies->GetStatus(&context, v1::GetStatusRequest(), &status);
  INFO(called.error_message());
  CHECK(called.ok());
  return status;
}

std::string Client::Health(const std::string& service) {
  return HealthOf(channel, service);
}

v1::CheckRequest Read(const std::string& user, const std::string& dataset,
                      const std::string& action) {
  v1::CheckRequest request;
  request.mutable_subject()->set_type("User");
  request.mutable_subject()->set_id(user);
  request.set_action(action);
  request.mutable_resource()->set_type("Dataset");
  request.mutable_resource()->set_id(dataset);
  return request;
}

google::protobuf::Value Text(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return value;
}

google::protobuf::Value Number(double number) {
  google::protobuf::Value value;
  value.set_number_value(number);
  return value;
}

v1::Error DetailOf(const grpc::Status& status) {
  v1::RpcStatus details;
  v1::Error error;
  if (!details.ParseFromString(status.error_details())) return error;
  if (details.code() != static_cast<int>(status.error_code())) return error;
  for (const auto& any : details.details()) {
    if (any.type_url() == "type.googleapis.com/bylaw.v1.Error") {
      error.ParseFromString(any.value());
    }
  }
  return error;
}

Process::Process(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment) {
  int out[2], err[2];
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  REQUIRE(pipe2(err, O_CLOEXEC) == 0);
  // Made before the fork: after it, only what is safe between threads.
  std::vector<char*> argv, envp;
  for (const std::string& a : command) {
    argv.push_back(const_cast<char*>(a.c_str()));
  }
  argv.push_back(nullptr);
  for (char** e = environ; *e != nullptr; ++e) envp.push_back(*e);
  for (const std::string& e : environment) {
    envp.push_back(const_cast<char*>(e.c_str()));
  }
  envp.push_back(nullptr);
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

void Process::Signal(int signal) const { REQUIRE(kill(pid_, signal) == 0); }

// False at the end of both pipes, or when nothing comes for too long.
bool Process::ReadMore(std::chrono::milliseconds patience) {
  pollfd fds[2];
  nfds_t n = 0;
  for (const int fd : {out_fd_, err_fd_}) {
    if (fd >= 0) fds[n++] = {fd, POLLIN, 0};
  }
  if (n == 0) return false;
  if (poll(fds, n, static_cast<int>(patience.count())) <= 0) return false;
  for (nfds_t i = 0; i < n; ++i) {
    if (fds[i].revents == 0) continue;
    int& fd = fds[i].fd == out_fd_ ? out_fd_ : err_fd_;
    std::string& text = fds[i].fd == out_fd_ ? out_ : err_;
    char buffer[4096];
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
    } else {
      close(fd);
      fd = -1;
    }
  }
  return true;
}

std::string Process::WaitForLine(std::string_view text) {
  while (true) {
    size_t end;
    while ((end = err_.find('\n', seen_)) != std::string::npos) {
      const std::string line = err_.substr(seen_, end - seen_);
      seen_ = end + 1;
      if (line.find(text) != std::string::npos) return line;
    }
    if (err_fd_ < 0 || !ReadMore()) return "";
  }
}

void Process::Drain() {
  while (ReadMore(std::chrono::milliseconds(0))) {
  }
}

void Process::CloseOutput() {
  close(out_fd_);
  close(err_fd_);
  out_fd_ = err_fd_ = -1;
}

int Process::Wait() {
  while (ReadMore()) {
  }
  if (out_fd_ >= 0 || err_fd_ >= 0) return -1;  // it hangs
  int status = 0;
  const pid_t pid = pid_;
  pid_ = -1;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Command() {
  const char* named = std::getenv("BYLAW_BIN");
  return named != nullptr ? named : BYLAW_BINARY_DIR "/bin/bylaw";
}

Output Run(const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment) {
  std::vector<std::string> command = {Command()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process(command, environment);
  Output output;
  output.code = process.Wait();
  output.out = process.out();
  output.err = process.err();
  return output;
}

}  // namespace bylaw::test
