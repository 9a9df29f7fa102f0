// A PostgreSQL server for one test: started in a folder of its own, reached
// through a socket there, gone afterwards. One thread.
#ifndef BYLAW_TESTS_UNIT_POSTGRES_H_
#define BYLAW_TESTS_UNIT_POSTGRES_H_

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace bylaw {

class Postgres {
 public:
  Postgres() {
    namespace fs = std::filesystem;
    std::error_code error;
    for (const auto& version :
         fs::directory_iterator("/usr/lib/postgresql", error)) {
      if (fs::exists(version.path() / "bin" / "initdb")) {
        bin_ = (version.path() / "bin").string() + "/";
      }
    }
    if (bin_.empty()) return;
    char name[] = "/tmp/bylaw_postgres_XXXXXX";
    if (mkdtemp(name) == nullptr) return;
    folder_ = name;
    // The server does not run as root.
    if (geteuid() == 0) {
      as_ = "runuser -u postgres -- ";
      Shell("chown postgres " + folder_);
    }
    const std::string data = " -D " + folder_ + "/data ";
    started_ = Shell(as_ + bin_ + "initdb" + data +
                     "-A trust -U postgres --no-sync -E UTF8 --locale=C") &&
               Shell(as_ + bin_ + "pg_ctl" + data + "-w -l " + folder_ +
                     "/log -o \"-k " + folder_ +
                     " -c listen_addresses='' -c fsync=off\" start");
  }
  ~Postgres() {
    if (started_) {
      Shell(as_ + bin_ + "pg_ctl -D " + folder_ + "/data -m immediate stop");
    }
    std::error_code error;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
  }
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  bool started() const { return started_; }

  // What psql prints for the script: one line a row, errors as they come.
  std::string Run(const std::string& script) {
    const std::string file = folder_ + "/script.sql";
    std::ofstream(file) << script;
    const std::string out = folder_ + "/out";
    const int status = std::system((bin_ + "psql -h " + folder_ +
                                    " -U postgres -X -q -At -P null=NULL " +
                                    "-f " + file + " >" + out + " 2>&1")
                                       .c_str());
    (void)status;
    std::ostringstream text;
    text << std::ifstream(out).rdbuf();
    return text.str();
  }

 private:
  bool Shell(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }

  std::string bin_, folder_, as_;
  bool started_ = false;
};

}  // namespace bylaw

#endif  // BYLAW_TESTS_UNIT_POSTGRES_H_
