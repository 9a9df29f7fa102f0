// A storm of versions under load. No call fails, and every answer is of one
// version: the number in its rule, its mask's policy and its facts is one, and
// stands for one pair of revisions.
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "tests/catch.h"
#include "tests/server/serving.h"

namespace bylaw::test {
namespace {

namespace fs = std::filesystem;

// The whole of a version carries its number n: a term of a vocabulary, the text
// of a rule, the filter of rows, and the facts. The term is declared after the
// rules and used before the facts' end, so that a file of another version
// beside, or half a file, is an error and never serves.
std::string Policies(int n) {
  const std::string v = std::to_string(n);
  return R"(module council

scope org root { owner "council" }

extend vocabulary Role { analyst }
extend vocabulary Environment { production }
extend vocabulary Employment { staff }

policy readers
  title "Analysts read" owner "council"
on read of Dataset by User as u { allow when u.roles has analyst }

policy numbered_rows
  title "Rows of the version" owner "council"
on read of Dataset by User { keep rows r where r.version == )" +
         v + R"( }

policy not_closed
  title "Nobody reads what is closed" owner "council"
on read of Dataset as d by User {
  deny when d.tags has version.v)" +
         v + R"( and d.name == "closed"
    because "policies )" +
         v + R"( facts {d.description ?? `none`}"
}

// Last, so that a file that is cut short lacks it.
extend vocabulary Tag { version { v)" +
         v + R"( } }
)";
}

std::string Facts(int n) {
  const std::string v = std::to_string(n);
  return "User:\n  ana: { roles: [analyst], employment: staff }\n"
         "Dataset:\n"
         "  closed: { name: closed, description: \"" +
         v + "\", tags: [version.v" + v +
         "], product: sales, columns: { version: { type: int } } }\n"
         "  open: { name: open, description: \"" +
         v + "\", tags: [version.v" + v +
         "], product: sales, columns: { version: { type: int } } }\n"
         // Last, so that a file that is cut short lacks what it refers to.
         "DataProduct:\n  sales: { name: sales, owner: ana }\n";
}

constexpr char kManifest[] =
    "mesh: storm\n"
    "scopes:\n"
    "  org: { modules: council, sources: [council/**.bylaw] }\n"
    "facts: [facts/**.yaml]\n";

void WriteVersion(const TempDir& dir, const std::string& folder, int n) {
  dir.Write(folder + "council/policies.bylaw", Policies(n));
  dir.Write(folder + "facts/facts.yaml", Facts(n));
  dir.Write(folder + "bylaw.yaml", kManifest);
}

// As an editor or a copy writes it: in place, and not at once.
void WriteInPlace(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const size_t half = text.size() / 2;
  file << text.substr(0, half);
  file.flush();
  std::this_thread::yield();
  file << text.substr(half);
}

// What all answers showed, and what was wrong with them.
class Witness {
 public:
  // The number in a decision on `open` (in its filter) or `closed` (in its
  // reason); "" if it carries none, or several.
  void See(const v1::Decision& d) {
    std::set<std::string> numbers;
    for (const v1::Determinant& rule : d.determining()) {
      const std::string& text = rule.because();
      const size_t facts = text.find(" facts ");
      if (!text.starts_with("policies ") || facts == std::string::npos) {
        continue;
      }
      numbers.insert(text.substr(9, facts - 9));
      numbers.insert(text.substr(facts + 7));
    }
    const std::string kStart = "r.version == ";
    const std::string& filter = d.filter().text();
    if (filter.starts_with(kStart)) {
      numbers.insert(filter.substr(kStart.size()));
    }
    const std::lock_guard lock(mu_);
    ++answers_;
    if (numbers.size() != 1) {
      Blame("an answer of " + std::to_string(numbers.size()) +
            " versions: " + d.ShortDebugString());
      return;
    }
    const auto revisions = std::pair(d.policies_revision(), d.facts_revision());
    const auto [seen, added] = revisions_.emplace(*numbers.begin(), revisions);
    if (!added && seen->second != revisions) {
      Blame("version " + *numbers.begin() + " under two revisions");
    }
  }
  void Failed(const std::string& what, const grpc::Status& status) {
    if (status.ok()) return;
    const std::lock_guard lock(mu_);
    Blame(what + " failed: " + status.error_message());
  }
  void Mixed() {
    const std::lock_guard lock(mu_);
    Blame("a batch of several versions");
  }
  size_t answers() const {
    const std::lock_guard lock(mu_);
    return answers_;
  }
  bool Saw(int version) const {
    const std::lock_guard lock(mu_);
    return revisions_.count(std::to_string(version)) > 0;
  }
  std::string blame() const {
    const std::lock_guard lock(mu_);
    return blame_;
  }

 private:
  void Blame(const std::string& what) {
    if (blame_.size() < 2000) blame_ += what + "\n";
  }
  mutable std::mutex mu_;
  size_t answers_ = 0;  // all guarded by mu_
  std::map<std::string, std::pair<std::string, std::string>> revisions_;
  std::string blame_;
};

void AskOnce(Client& client, Witness* witness) {
  for (const char* dataset : {"open", "closed"}) {
    v1::Decision decision;
    const grpc::Status status = client.Check(Read("ana", dataset), &decision);
    witness->Failed("a call", status);
    if (status.ok()) witness->See(decision);
  }
}

void AskBatch(Client& client, Witness* witness) {
  v1::CheckBatchRequest batch;
  for (int i = 0; i < 60; ++i) {
    *batch.add_items() = Read("ana", i % 2 ? "open" : "closed");
  }
  v1::CheckBatchResponse response;
  const grpc::Status status = CheckBatch(client, batch, &response);
  witness->Failed("a batch", status);
  std::set<std::string> revisions;
  for (const auto& item : response.items()) {
    witness->See(item.decision());
    revisions.insert(item.decision().policies_revision() + " " +
                     item.decision().facts_revision());
  }
  if (status.ok() && revisions.size() != 1) witness->Mixed();
}

void AskStream(Client& client, Witness* witness) {
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = client.decisions->CheckStream(&context);
  v1::CheckStreamResponse response;
  for (int i = 0; i < 50; ++i) {
    if (!stream->Write(Read("ana", i % 2 ? "open" : "closed")) ||
        !stream->Read(&response)) {
      break;
    }
    witness->See(response.decision());
  }
  stream->WritesDone();
  witness->Failed("a stream", stream->Finish());
}

// Two callers of each kind but streams, while `next` makes versions.
// Each fifth version is waited for, so that whoever is slow sees several.
void Storm(Serving& serving, int versions,
           const std::function<void(int)>& next) {
  Witness witness;
  {
    Callers calls(serving.port, 2,
                  [&](Client& client) { AskOnce(client, &witness); });
    Callers batches(serving.port, 1,
                    [&](Client& client) { AskBatch(client, &witness); });
    Callers streams(serving.port, 1,
                    [&](Client& client) { AskStream(client, &witness); });
    for (int n = 2; n < versions + 2; ++n) {
      next(n);
      serving.process.Drain();
      const size_t then = witness.answers();
      CHECK(PollUntil([&] {
        serving.process.Drain();
        const bool seen = n % 5 != 0 || witness.Saw(n);
        return (seen && witness.answers() > then + 10) ||
               !witness.blame().empty();
      }));
    }
    // The last version serves in the end.
    CHECK(PollUntil([&] {
      serving.process.Drain();
      v1::Decision decision;
      const grpc::Status status =
          serving.client->Check(Read("ana", "open"), &decision);
      return status.ok() && decision.filter().text() ==
                                "r.version == " + std::to_string(versions + 1);
    }));
  }
  CHECK(witness.blame() == "");
  CHECK(serving.Stop() == 0);
}

TEST_CASE("a storm of versions, each file replaced in one step") {
  TempDir dir;
  WriteVersion(dir, "", 1);
  Serving serving({"-C", dir.path(), "--watch-interval-ms", "10"});
  Storm(serving, 25, [&](int n) { WriteVersion(dir, "", n); });
}

TEST_CASE("a storm of versions, written in place and half-way visible") {
  TempDir dir;
  WriteVersion(dir, "", 1);
  Serving serving({"-C", dir.path(), "--watch-interval-ms", "10"});
  Storm(serving, 25, [&](int n) {
    WriteInPlace(dir.File("facts/facts.yaml"), Facts(n));
    serving.process.Signal(SIGHUP);
    WriteInPlace(dir.File("council/policies.bylaw"), Policies(n));
    if (n % 3 == 0) serving.process.Signal(SIGHUP);
  });
}

// The folder is a link that moves. Here a mixture would be no error: the rules
// know any number, and the facts carry one that they do not check.
TEST_CASE("a link that moves to the next version is never read half and half") {
  TempDir dir;
  const auto version = [&](int n) {
    const std::string v = std::to_string(n);
    const std::string folder = "v" + v + "/";
    std::string policies = Policies(n), facts = Facts(n);
    for (std::string* text : {&policies, &facts}) {
      for (size_t at;
           (at = text->find("version.v" + v)) != std::string::npos;) {
        text->replace(at, 9 + v.size(), "same");
      }
    }
    policies.replace(policies.find("version { v"), 13 + v.size(), "same");
    dir.Write(folder + "council/policies.bylaw", policies);
    dir.Write(folder + "facts/facts.yaml", facts);
    dir.Write(folder + "bylaw.yaml", kManifest);
  };
  const auto point = [&](int n) {
    fs::create_directory_symlink("v" + std::to_string(n), dir.File("next"));
    fs::rename(dir.File("next"), dir.File("current"));
  };
  version(1);
  point(1);
  Serving serving({"-C", dir.File("current"), "--watch-interval-ms", "10"});
  Storm(serving, 25, [&](int n) {
    version(n);
    serving.process.Signal(SIGHUP);
    point(n);
  });
}

TEST_CASE("a storm of bundles, renamed and written in place") {
  TempDir dir;
  std::vector<std::string> bundles(8);
  for (int n = 1; n < 8; ++n) {
    WriteVersion(dir, "sources/", n);
    const std::string file = dir.File("b" + std::to_string(n));
    REQUIRE(Run({"build", "-C", dir.File("sources"), "-o", file}).code == 0);
    std::ifstream in(file, std::ios::binary);
    bundles[n].assign(std::istreambuf_iterator<char>(in), {});
  }
  dir.Write("served", bundles[1]);
  Serving serving(
      {"--bundle", dir.File("served"), "--watch-interval-ms", "10"});
  Storm(serving, 6, [&](int n) {
    if (n % 2) {
      dir.Write("served", bundles[n]);
    } else {
      WriteInPlace(dir.File("served"), bundles[n]);
    }
    serving.process.Signal(SIGHUP);
  });
}

}  // namespace
}  // namespace bylaw::test
