// Files that are broken, half there, gone, unreadable or no files: the version
// before serves on, and log, status, health and metrics say what is wrong. At
// the start nothing serves until it is mended. Disks that are full.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/catch.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;
using grpc::StatusCode;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A fault of the files of a repository, how it is mended, and what is said.
struct Fault {
  std::string name;
  std::function<void(const Repository&)> strike, mend;
  std::string place;  // in the log and the status
};

void Rename(const Repository& r, const std::string& from,
            const std::string& to) {
  fs::rename(r.File(from), r.File(to));
}

// The first `part` of the file's bytes, in place: a copy that stopped.
std::function<void(const Repository&)> Truncated(const std::string& file,
                                                 double part) {
  return [file, part](const Repository& r) {
    const std::string path = r.File(file);
    fs::copy_file(path, r.File("kept"), fs::copy_options::overwrite_existing);
    fs::resize_file(path, static_cast<uintmax_t>(
                              part * static_cast<double>(fs::file_size(path))));
  };
}

std::function<void(const Repository&)> Kept(const std::string& file) {
  return [file](const Repository& r) { Rename(r, "kept", file); };
}

std::function<void(const Repository&)> Removed(const std::string& file) {
  return [file](const Repository& r) { fs::remove_all(r.File(file)); };
}

std::vector<Fault> Faults() {
  const std::string kPolicies = "council/council.bylaw";
  const std::string kFacts = "facts/facts.yaml";
  return {
      {"half a policy file", Truncated(kPolicies, 0.5), Kept(kPolicies),
       kPolicies},
      {"an empty policy file", Truncated(kPolicies, 0), Kept(kPolicies),
       kPolicies},
      {"half a file of facts", Truncated(kFacts, 0.7), Kept(kFacts), kFacts},
      {"a file of facts that is emptied", Truncated(kFacts, 0), Kept(kFacts),
       kFacts},
      {"half a manifest", Truncated("bylaw.yaml", 0.7), Kept("bylaw.yaml"),
       "bylaw.yaml"},
      {"no manifest", Truncated("bylaw.yaml", 0), Kept("bylaw.yaml"),
       "bylaw.yaml"},
      {"a policy folder that disappears",
       [](const Repository& r) { Rename(r, "council", ".kept"); },
       [](const Repository& r) { Rename(r, ".kept", "council"); },
       "bylaw.yaml"},
      {"a folder of facts that disappears",
       [](const Repository& r) { Rename(r, "facts", ".kept"); },
       [](const Repository& r) { Rename(r, ".kept", "facts"); }, "bylaw.yaml"},
      {"a folder of facts that is empty, as a volume that is not mounted",
       [kFacts](const Repository& r) { Rename(r, kFacts, "kept"); },
       [kFacts](const Repository& r) { Rename(r, "kept", kFacts); },
       "bylaw.yaml"},
      {"facts that are a folder",
       [](const Repository& r) {
         fs::create_directories(r.File("facts/x.yaml/y.yaml"));
         r.Write("facts/z.yaml", "User: [");
       },
       [](const Repository& r) {
         fs::remove_all(r.File("facts/x.yaml"));
         r.Remove("facts/z.yaml");
       },
       "facts/z.yaml"},
      {"facts that are a pipe",
       [](const Repository& r) {
         REQUIRE(mkfifo(r.File("facts/pipe.yaml").c_str(), 0600) == 0);
       },
       Removed("facts/pipe.yaml"), "facts/pipe.yaml"},
      {"policies that are a pipe",
       [](const Repository& r) {
         REQUIRE(mkfifo(r.File("council/pipe.bylaw").c_str(), 0600) == 0);
       },
       Removed("council/pipe.bylaw"), "council/pipe.bylaw"},
      // Opens like a file and fails when it is read, as a disk does.
      {"facts that the disk does not give",
       [](const Repository& r) {
         fs::create_symlink("/proc/self/mem", r.File("facts/bad.yaml"));
       },
       Removed("facts/bad.yaml"), "facts/bad.yaml"},
      {"policies that the disk does not give",
       [](const Repository& r) {
         fs::create_symlink("/proc/self/mem", r.File("council/bad.bylaw"));
       },
       Removed("council/bad.bylaw"), "council/bad.bylaw"},
      {"facts that lead nowhere",
       [](const Repository& r) {
         fs::create_symlink("nowhere", r.File("facts/gone.yaml"));
       },
       Removed("facts/gone.yaml"), "facts/gone.yaml"},
      {"bytes that are no text",
       [](const Repository& r) {
         r.Write("council/bytes.bylaw", std::string("\xff\0\xfe\0", 4));
       },
       Removed("council/bytes.bylaw"), "council/bytes.bylaw"},
  };
}

// All that tells of a broken version: the log's lines, read on, and the status.
void CheckTold(Serving& serving, const Fault& fault) {
  bool logged = false;
  while (true) {
    const std::string line = serving.process.WaitForLine("\"error\"");
    REQUIRE(!line.empty());
    const auto log = nlohmann::json::parse(line);
    if (log["message"] != "broken version") break;  // all errors are said
    CHECK_THAT(log["code"].get<std::string>(), ContainsSubstring("BL"));
    CHECK(!log["error"].get<std::string>().empty());
    CHECK(!log["remedy"].get<std::string>().empty());
    // Facts that cannot be read stand at the pattern that names them.
    const std::string said =
        log["file"].get<std::string>() + " " + log["error"].get<std::string>();
    logged = logged || said.find(fault.place) != std::string::npos;
  }
  INFO(serving.process.err());
  CHECK(logged);
  CHECK(PollUntil(
      [&] { return serving.client->Status().has_last_failed_reload(); }));
  const v1::Status status = serving.client->Status();
  bool found = false;
  for (const auto& d : status.last_failed_reload().diagnostics()) {
    found = found || (d.file() + " " + d.message()).find(fault.place) !=
                         std::string::npos;
  }
  CHECK(found);
  CHECK(serving.Metric("bylaw_last_load_failed") == 1);
  CHECK(serving.Metric("bylaw_failed_loads_total") >= 1);
}

TEST_CASE("a broken repository keeps the version before serving, and says so") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--watch", "false"});
  const v1::Status good = serving.client->Status();
  CHECK(serving.Metric("bylaw_serving") == 1);
  CHECK(serving.Metric("bylaw_last_load_failed") == 0);
  int64_t loads = 1;
  for (const Fault& fault : Faults()) {
    INFO(fault.name);
    fault.strike(repository);
    serving.process.Signal(SIGHUP);
    CheckTold(serving, fault);
    const v1::Status status = serving.client->Status();
    CHECK(status.policies_revision() == good.policies_revision());
    CHECK(status.facts_revision() == good.facts_revision());
    CHECK(status.loads() == loads);
    CHECK(serving.client->Health("") == "SERVING");
    CHECK(serving.Metric("bylaw_serving") == 1);
    v1::Decision decision;
    CHECK(serving.client->Check(Read("ana"), &decision).ok());
    CHECK(decision.outcome() == v1::Decision::MASK);

    fault.mend(repository);
    serving.process.Signal(SIGHUP);
    ++loads;
    CHECK(PollUntil([&] { return serving.client->Status().loads() == loads; }));
    CHECK_FALSE(serving.client->Status().has_last_failed_reload());
    CHECK(serving.client->Status().facts_revision() == good.facts_revision());
    CHECK(serving.Metric("bylaw_last_load_failed") == 0);
  }
  CHECK(serving.Stop() == 0);
}

TEST_CASE("a repository that is broken at the start serves once it is mended") {
  const std::vector<Fault> faults = Faults();
  for (const char* name : {"half a policy file", "facts that are a pipe",
                           "a policy folder that disappears",
                           "facts that the disk does not give"}) {
    const auto fault =
        std::find_if(faults.begin(), faults.end(),
                     [&](const Fault& f) { return f.name == name; });
    REQUIRE(fault != faults.end());
    INFO(fault->name);
    Repository repository;
    fault->strike(repository);
    Serving serving({"-C", repository.path(), "--watch-interval-ms", "10"});
    CHECK_THAT(serving.process.err(), ContainsSubstring(fault->place));
    CHECK_THAT(serving.process.err(),
               ContainsSubstring("nothing to serve yet"));
    CHECK(serving.client->Health("") == "NOT_SERVING");
    CHECK(serving.client->Health("bylaw.v1.PolicyService") == "SERVING");
    CHECK(serving.Metric("bylaw_serving") == 0);
    CHECK(serving.client->Status().has_last_failed_reload());
    v1::Decision decision;
    v1::CheckBatchResponse batch;
    CHECK(serving.client->Check(Read("ana"), &decision).error_code() ==
          StatusCode::UNAVAILABLE);
    CHECK(CheckBatch(*serving.client, BatchOf(Read("ana"), 100), &batch)
              .error_code() == StatusCode::UNAVAILABLE);
    fault->mend(repository);
    CHECK(PollUntil([&] { return serving.client->Health("") == "SERVING"; }));
    CHECK(serving.client->Check(Read("ana"), &decision).ok());
    CHECK(serving.Metric("bylaw_serving") == 1);
  }
}

TEST_CASE("a broken bundle keeps the version before serving, and says so") {
  Repository repository;
  TempDir out;
  const std::string file = out.File("test.bundle");
  REQUIRE(Run({"build", "-C", repository.path(), "-o", file}).code == 0);
  const std::string good = ReadAll(file);
  Serving serving({"--bundle", file, "--watch", "false"});
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
  const std::vector<std::function<void()>> faults = {
      [&] { out.Write("test.bundle", good.substr(0, good.size() / 2)); },
      [&] { out.Write("test.bundle", good.substr(0, good.size() - 1)); },
      [&] { out.Write("test.bundle", good + "x"); },
      [&] { out.Write("test.bundle", flipped); },
      [&] { out.Write("test.bundle", ""); },
      [&] { out.Remove("test.bundle"); },
      [&] {
        fs::remove(file);
        REQUIRE(mkfifo(file.c_str(), 0600) == 0);
      },
      [&] {
        fs::remove(file);
        fs::create_directory(file);
      },
      [&] {
        fs::remove(file);
        fs::create_symlink("/proc/self/mem", file);
      },
  };
  int64_t loads = 1;
  for (size_t i = 0; i < faults.size(); ++i) {
    INFO(i);
    faults[i]();
    serving.process.Signal(SIGHUP);
    CheckTold(serving, {"", {}, {}, file});
    v1::Decision decision;
    CHECK(serving.client->Check(Read("ana"), &decision).ok());
    CHECK(decision.outcome() == v1::Decision::MASK);
    fs::remove_all(file);
    out.Write("test.bundle", good);
    serving.process.Signal(SIGHUP);
    ++loads;
    CHECK(PollUntil([&] { return serving.client->Status().loads() == loads; }));
  }
}

// A user who may not read everything; root may, so root becomes nobody.
TEST_CASE("files and folders that may not be read keep the version before") {
  Repository repository;
  const bool root = geteuid() == 0;
  if (root) {
    const Output id = Run({"version"});
    REQUIRE(id.code == 0);
    fs::permissions(repository.path(), fs::perms(0755));
  }
  std::vector<std::string> command = {
      Command(),  "serve",       "-C",      repository.path(),
      "--listen", "127.0.0.1:0", "--watch", "false"};
  if (root) {
    const std::vector<std::string> nobody = {
        "setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all"};
    Process probe(
        {"setpriv", "--reuid=65534", "--clear-groups", Command(), "version"});
    if (probe.Wait() != 0) {
      WARN("skipped: no setpriv here, or nobody may not run " << Command());
      return;
    }
    command.insert(command.begin(), nobody.begin(), nobody.end());
  }
  Process process(command);
  REQUIRE(!process.WaitForLine("listening").empty());
  for (const char* path : {"facts/facts.yaml", "facts", "council",
                           "council/council.bylaw", "bylaw.yaml"}) {
    INFO(path);
    const auto before = fs::status(repository.File(path)).permissions();
    fs::permissions(repository.File(path), fs::perms::none);
    process.Signal(SIGHUP);
    CHECK(!process.WaitForLine("broken version").empty());
    CHECK(!process.WaitForLine("goes on serving").empty());
    fs::permissions(repository.File(path), before);
    process.Signal(SIGHUP);
    CHECK(!process.WaitForLine(" loaded").empty());
  }
  process.Signal(SIGTERM);
  CHECK(process.Wait() == 0);
}

// The limit of a process on the size of files stands for a full disk.
Output RunWithFileLimit(const std::vector<std::string>& arguments,
                        rlim_t bytes) {
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = bytes;
  // Writing past it is a signal, unless that is ignored: then an error.
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const Output output = Run(arguments);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  signal(SIGXFSZ, handler);
  return output;
}

TEST_CASE("a full disk leaves the bundle that was there, and no rest") {
  Repository repository;
  TempDir out;
  const std::string file = out.File("test.bundle");
  REQUIRE(Run({"build", "-C", repository.path(), "-o", file}).code == 0);
  const std::string good = ReadAll(file);
  repository.DenyBob();
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{100}, rlim_t{4096}}) {
    INFO(bytes);
    const Output output =
        RunWithFileLimit({"build", "-C", repository.path(), "-o", file}, bytes);
    CHECK(output.code == 2);
    CHECK_THAT(output.err, ContainsSubstring(file));
    CHECK(ReadAll(file) == good);
    CHECK(std::distance(fs::directory_iterator(out.path()),
                        fs::directory_iterator()) == 1);
  }
  CHECK(Run({"build", "-C", repository.path(), "-o", file}).code == 0);
  CHECK(ReadAll(file) != good);
  CHECK(Run({"build", "-C", repository.path(), "-o",
             out.File("no/such/folder/x")})
            .code == 2);
}

TEST_CASE("results that cannot be written are an error, not silence") {
  Repository repository;
  TempDir out;
  out.Write("request.json",
            R"({"subject": {"type": "User", "id": "ana"}, "action": "read",
                "resource": {"type": "Dataset", "id": "sales.plain"}})");
  for (const std::string verb : {"decide", "lint", "dump"}) {
    std::string line =
        "'" + Command() + "' " + verb + " -C '" + repository.path() + "'";
    if (verb == "decide") line += " '" + out.File("request.json") + "'";
    if (verb == "lint") line += " --format json";
    if (verb == "dump") line += " --stage bytecode";
    Process process({"sh", "-c", line + " > /dev/full"});
    INFO(verb);
    CHECK(process.Wait() == 2);
    CHECK(!process.err().empty());
  }
}

// Serves with stderr as `redirection` says, until told to end.
void CheckServesWithLog(const std::string& redirection) {
  INFO(redirection);
  Repository repository;
  TempDir out;
  // The port is found by trying: the log says nothing.
  for (int port = 20'000 + getpid() % 20'000;; ++port) {
    const std::string line = "exec '" + Command() + "' serve -C '" +
                             repository.path() +
                             "' --listen 127.0.0.1:" + std::to_string(port) +
                             " --watch-interval-ms 10 " + redirection;
    Process process({"sh", "-c", line});
    auto connected = std::make_unique<Client>(port);
    Client& client = *connected;
    bool ended = false;
    CHECK(PollUntil([&] {
      ended = kill(process.pid(), 0) != 0;
      return ended || client.Health("") == "SERVING";
    }));
    repository.Break();
    CHECK(PollUntil([&] { return client.Status().has_last_failed_reload(); }));
    repository.Mend();
    repository.DenyBob();
    CHECK(PollUntil([&] { return client.Status().loads() == 2; }));
    v1::Decision decision;
    CHECK(client.Check(Read("ana"), &decision).ok());
    connected.reset();  // a stop waits for its end
    process.Signal(SIGTERM);
    CHECK(process.Wait() == 0);
    break;
  }
}

TEST_CASE("a log that cannot be written does not stop the service") {
  CheckServesWithLog("2> /dev/full");
  CheckServesWithLog("2>&-");
}

TEST_CASE("a log whose reader is gone, or sleeps, does not stop the service") {
  Repository repository;
  Serving serving({"-C", repository.path(), "--watch", "false"});
  // Nobody reads the pipe; every load of a broken version is logged.
  repository.Break();
  int64_t loads = 1;
  for (int i = 0; i < 400; ++i) {
    serving.process.Signal(SIGHUP);
    if (i % 100 != 99) continue;
    const double failed = serving.Metric("bylaw_failed_loads_total");
    serving.process.Signal(SIGHUP);
    CHECK(PollUntil(
        [&] { return serving.Metric("bylaw_failed_loads_total") > failed; }));
  }
  repository.Mend();
  serving.process.Signal(SIGHUP);
  ++loads;
  CHECK(PollUntil([&] { return serving.client->Status().loads() >= loads; }));
  serving.process.CloseOutput();
  repository.Break();
  const double failed = serving.Metric("bylaw_failed_loads_total");
  serving.process.Signal(SIGHUP);
  CHECK(PollUntil(
      [&] { return serving.Metric("bylaw_failed_loads_total") > failed; }));
  v1::Decision decision;
  CHECK(serving.client->Check(Read("ana"), &decision).ok());
  CHECK(serving.Stop() == 0);
}

}  // namespace
}  // namespace bylaw::test
