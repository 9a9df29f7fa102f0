// What the tests of the service share: a small governance repository in a
// folder of its own, a server in this process or the real command beside it,
// and clients of both.
#ifndef BYLAW_TESTS_SERVER_FIXTURE_H_
#define BYLAW_TESTS_SERVER_FIXTURE_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bylaw/v1/bylaw.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "server/server.h"

namespace bylaw::test {

// Long enough for a loaded machine under a sanitizer; only failures wait.
inline constexpr std::chrono::seconds kPatience(60);

// Looks again and again until `done`; false if it never is.
bool PollUntil(const std::function<bool()>& done);

// A folder that is gone with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Replaces the file in one step, folders included.
  void Write(const std::string& name, std::string_view text) const;
  void Remove(const std::string& name) const;

 private:
  std::string path_;
};

// A repository with the cases that the tests ask for: see fixture.cc.
class Repository : public TempDir {
 public:
  Repository();
  // bylaw.yaml: the mesh, its scope and facts, then `more`.
  void Manifest(const std::string& more) const;
  // Puts one more rule into the repository, in a file of its own.
  void DenyBob() const;
  void AllowBobAgain() const;
  void Break() const;  // a syntax error in council/broken.bylaw, line 3
  void Mend() const;
};

ServerOptions OptionsFor(const std::string& folder);

struct Client {
  explicit Client(int port);
  explicit Client(std::shared_ptr<grpc::Channel> channel);
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::DecisionService::Stub> decisions;
  std::unique_ptr<v1::PolicyService::Stub> policies;

  grpc::Status Check(const v1::CheckRequest& request, v1::Decision* decision);
  v1::Status Status();
  // SERVING, NOT_SERVING; "" if the service is not known to it.
  std::string Health(const std::string& service);
};

// A call's deadline: never the reason that a test passes.
void SetDeadline(grpc::ClientContext* context);

// {subject User, action, resource Dataset}
v1::CheckRequest Read(const std::string& user,
                      const std::string& dataset = "sales.orders",
                      const std::string& action = "read");
google::protobuf::Value Text(const std::string& text);
google::protobuf::Value Number(double number);

// The Error in a status' details; empty codes if there is none.
v1::Error DetailOf(const grpc::Status& status);

// A child process with its output in pipes.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command,
                   const std::vector<std::string>& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  void Signal(int signal) const;
  // Reads stderr on until a line contains `text`; the line, or "".
  std::string WaitForLine(std::string_view text);
  // Reads what is there, so that the process is not held up by full pipes.
  void Drain();
  // From now on nobody reads what the process writes.
  void CloseOutput();
  // Waits for the end; the exit code, or -1.
  int Wait();
  pid_t pid() const { return pid_; }               // before Wait
  const std::string& out() const { return out_; }  // after Wait
  const std::string& err() const { return err_; }  // as far as read

 private:
  bool ReadMore(std::chrono::milliseconds patience = kPatience);
  pid_t pid_ = -1;
  int out_fd_ = -1, err_fd_ = -1;
  std::string out_, err_;
  size_t seen_ = 0;  // of err_
};

struct Output {
  int code = -1;
  std::string out, err;
};
// The `bylaw` command under test.
std::string Command();
Output Run(const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment = {});

}  // namespace bylaw::test

#endif  // BYLAW_TESTS_SERVER_FIXTURE_H_
