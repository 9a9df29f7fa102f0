// What the verbs of the `bylaw` command share: global options, loading, and
// printing. One file a verb; each file exports one Add function that declares
// its options and stores the verb's exit code.
//
// Results go to stdout, everything else to stderr.
#ifndef BYLAW_CLI_COMMAND_H_
#define BYLAW_CLI_COMMAND_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "bylaw/v1/bylaw.pb.h"
#include "compiler/bytecode/limits.h"
#include "dsl/diagnostics.h"
#include "dsl/source.h"
#include "evaluator/request.h"
#include "server/snapshot.h"

namespace bylaw::cli {

// Exit codes (docs: interfaces.md). A refused input is never a 1 or a 3.
inline constexpr int kOk = 0;
inline constexpr int kFound = 1;  // also DENY
inline constexpr int kRefused = 2;
inline constexpr int kMasked = 3;

enum class Format { kText, kJson, kSarif, kJunit, kGithub };

struct Globals {
  std::string directory;  // -C
  std::string bundle;     // --bundle
};

// Adds -C, --bundle (if `bundle`) and --format with the given choices.
void AddRepository(CLI::App* verb, Globals* globals, bool bundle);
void AddFormat(CLI::App* verb, Format* format,
               const std::vector<std::string>& choices);

// Colour and progress are for people: a terminal, and no NO_COLOR.
bool UseColor(int fd);

// Prints "bylaw: message" to stderr and returns kRefused.
int Refuse(std::string_view message);
int Refuse(const RequestError& error);

// The folder of the repository, from -C or by walking up; nothing (after a
// message) if there is none.
std::optional<std::string> RepositoryFolder(const Globals& globals);

// Loads what -C or --bundle name. Prints errors; null if there are any.
// Warnings are not shown: `bylaw lint` is for them.
std::shared_ptr<const Snapshot> Load(const Globals& globals);

// Prints diagnostics to stdout in a format. `root` is the folder that the
// paths of facts are relative to.
void PrintDiagnostics(const std::vector<Diagnostic>& diagnostics, Format format,
                      const std::string& root);

// Renders diagnostics as text. The lines of files whose text nobody keeps
// (facts, descriptors) are read again from below `root`.
class DiagnosticRenderer {
 public:
  DiagnosticRenderer(std::string root, bool color)
      : root_(std::move(root)), color_(color) {}
  std::string Render(const Diagnostic& diagnostic);

 private:
  // Null if the file cannot be read or is large.
  const SourceFile* Open(const std::string& path);

  const std::string root_;
  const bool color_;
  std::map<std::string, std::unique_ptr<SourceFile>> files_;
};

// Text as JSON may hold it (what is no UTF-8 replaced), as a workflow command
// of GitHub takes it (in a `property` more is escaped), and in XML.
std::string Utf8(std::string_view text);
std::string GithubText(std::string_view text, bool property);
// The properties of a place, after `file=`; a line of 0 is none.
std::string GithubPlace(std::string_view file, uint32_t line, uint32_t column);
std::string Xml(std::string_view text);

// Bytes of a file, or of a line of `--lines`, that a verb reads: what a file of
// facts may have. The environment may set it.
inline constexpr int64_t kMaxInputBytes = Limits().fact_file_bytes;

// A file ("-": stdin), as a whole or line by line. False is the end, or, with
// `failed` and after a message, that it cannot be read or is too large; a file
// that is too large is not read at all.
class Input {
 public:
  explicit Input(const std::string& path);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  bool ReadAll(std::string* text);
  bool NextLine(std::string* line);  // without its end
  bool failed() const { return failed_; }

 private:
  bool ReadMore();
  bool RefuseErrno();

  const std::string path_;
  int fd_ = -1;
  std::string buffer_;
  size_t at_ = 0;
  bool failed_ = false;
};

// Reads a whole file ("-": stdin). False (after a message) if it cannot.
bool ReadInput(const std::string& path, std::string* text);
// Writes a file by way of a temporary beside it, so that readers see the old
// or the new and a full disk loses nothing. A symbolic link stays, and what it
// leads to is written; what is there and no regular file is refused. False
// after a message.
bool WriteAtomically(const std::string& name, std::string_view bytes);

// "2026-11-20T10:00:00Z" to microseconds, for --at.
std::optional<int64_t> ParseInstant(const std::string& text);
int64_t NowMicros();

int ExitCodeOf(v1::Decision::Outcome outcome);
// A decision for people. `elements`, if there are any, says beside each rule
// of `determining` for which elements of its loops it stands there.
void PrintDecision(const v1::Decision& decision, bool color,
                   const std::vector<std::string>& elements = {});

// The message as JSON. What has no order of its own (the arguments of an
// obligation) is sorted by name: equal decisions give equal bytes.
std::string StableJson(const google::protobuf::Message& message, bool pretty);

void AddInit(CLI::App& app, int* exit);
void AddLint(CLI::App& app, int* exit);
void AddFmt(CLI::App& app, int* exit);
void AddTest(CLI::App& app, int* exit);
void AddBuild(CLI::App& app, int* exit);
void AddDump(CLI::App& app, int* exit);
void AddDecide(CLI::App& app, int* exit);
void AddExplain(CLI::App& app, int* exit);
void AddCheck(CLI::App& app, int* exit);
void AddServe(CLI::App& app, int* exit);
void AddExplainCode(CLI::App& app, int* exit);
void AddVersion(CLI::App& app, int* exit);

}  // namespace bylaw::cli

#endif  // BYLAW_CLI_COMMAND_H_
