#include "tests/hostile/fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.h"

namespace bylaw::test {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] =
    "mesh: hostile\n"
    "scopes:\n"
    "  org: { modules: council, sources: ['council/**.bylaw'] }\n"
    "facts: ['facts/**']\n";

constexpr char kBase[] =
    "module council.base\n"
    "scope org root { owner \"o\" }\n"
    "extend vocabulary Tag { pii { email } }\n"
    "extend vocabulary Role { analyst }\n"
    "entity Place in Place { name: String, next: Set<Place> transitive }\n"
    "action gate inspect of Dataset by User {}\n"
    "policy analysts_read title \"t\" owner \"o\" "
    "on read of Dataset by User as u { allow when u.roles has analyst }\n";

constexpr char kFacts[] =
    "User: { ana: { roles: [analyst] } }\n"
    "Dataset: { d: { name: d, columns: { c: { type: string } } } }\n";

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

[[noreturn]] void Execute(
    const std::vector<std::string>& command, const std::string& out,
    const std::string& err,
    const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  const rlimit memory = {kMemoryBytes, kMemoryBytes};
  const rlimit cpu = {kCpuSeconds, kCpuSeconds};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CPU, &cpu);
  const int null = open("/dev/null", O_RDONLY);
  const int o = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int e = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(null, 0);
  dup2(o, 1);
  dup2(e, 2);
  std::vector<char*> arguments;
  for (const std::string& a : command) {
    arguments.push_back(const_cast<char*>(a.c_str()));
  }
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

std::string Repeat(std::string_view text, size_t n) {
  std::string all;
  all.reserve(text.size() * n);
  for (size_t i = 0; i < n; ++i) all += text;
  return all;
}

Hostile::Hostile() {
  std::string path = (fs::temp_directory_path() / "bylaw-XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  path_ = path;
  Write("bylaw.yaml", kManifest);
  Write("council/base.bylaw", kBase);
  Write("facts/base.yaml", kFacts);
}

Hostile::~Hostile() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Hostile::Write(const std::string& name, std::string_view text) const {
  fs::create_directories(fs::path(File(name)).parent_path());
  std::ofstream(File(name), std::ios::binary) << text;
}

void Hostile::WriteSparse(const std::string& name, uint64_t bytes) const {
  Write(name, "");
  fs::resize_file(File(name), bytes);
}

void Hostile::Manifest(std::string_view more) const {
  Write("bylaw.yaml", kManifest + std::string(more));
}

void Hostile::Gate(std::string_view body, std::string_view before) const {
  Write("council/p.bylaw",
        "module council.p\nimport council.base\n" + std::string(before) +
            "\npolicy p title \"t\" owner \"o\" on inspect of Dataset as d by "
            "User as u {\n" +
            std::string(body) + "\n}\n");
}

void Hostile::Places(size_t n) const {
  Write("facts/places.jsonl", Join(n, [](const std::string& i) {
          return R"({"type":"Place","id":"x)" + i +
                 R"(","attributes":{"name":"n)" + i + "\"}}\n";
        }));
}

Outcome Hostile::Run(
    const std::string& verb, const std::vector<std::string>& more,
    const std::vector<std::pair<std::string, std::string>>& environment) const {
  std::vector<std::string> command = {std::getenv("BYLAW_BIN"), verb};
  if (more.empty() || more[0] != "--bundle") {
    command.insert(command.end(), {"-C", path_});
  }
  command.insert(command.end(), more.begin(), more.end());
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) Execute(command, File("out"), File("err"), environment);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.out = ReadText(File("out"));
  outcome.err = ReadText(File("err"));
  const size_t bytes = outcome.out.size() + outcome.err.size();
  INFO(verb << " printed " << bytes << " bytes");
  CHECK(bytes <= kMaxOutputBytes);
  CHECK(outcome.err.find("out of memory") == std::string::npos);
  return outcome;
}

Outcome Hostile::Decide(const std::string& action,
                        std::string_view rest) const {
  Write("request.json", R"({"subject":{"type":"User","id":"ana"},"action":")" +
                            action +
                            R"(","resource":{"type":"Dataset","id":"d"})" +
                            std::string(rest) + "}");
  return Run("decide", {File("request.json")});
}

std::string Bomb() {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            Join(
                10, [&](auto) { return before; }, ",") +
            "]\n";
  }
  return bomb;
}

}  // namespace bylaw::test
