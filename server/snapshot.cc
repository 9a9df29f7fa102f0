#include "server/snapshot.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "compiler/bytecode/limits.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "descriptors/load.h"
#include "evaluator/facts_builder.h"
#include "policies/embedded.h"
#include "server/facts_lint.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

// The section of a bundle that holds its facts.
constexpr char kFactsSection[] = "facts";

// A bundle is read whole; a larger one is a mistake, and sizes of its parts
// are held in 32 bits. The environment may set less.
constexpr int64_t kMaxBundleBytes = int64_t{4} << 30;

int64_t Clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Messages of machine errors that an author can mend begin with their code.
void AddStatus(const absl::Status& status, Code otherwise,
               const std::string& file, DiagnosticSink* sink,
               std::string remedy = "") {
  std::string message(status.message());
  Code code = otherwise;
  const size_t colon = message.find(": ");
  if (const CodeInfo* info = FindCode(message.substr(0, colon))) {
    code = info->code;
    message = message.substr(colon + 2);
  }
  sink->AddAt(code, file, {}, {}, std::move(message), std::move(remedy));
}

// The key that `keys: mask` names; a missing one is a warning for whoever runs
// the service, and `hash` then gives no value.
EngineOptions OptionsOf(const Program& program,
                        std::vector<std::string>* warnings) {
  EngineOptions options;
  const auto named = program.settings.keys.find("mask");
  if (named == program.settings.keys.end()) return options;
  constexpr std::string_view kEnvironment = "env:";
  std::string_view name = named->second;
  if (name.starts_with(kEnvironment)) name.remove_prefix(kEnvironment.size());
  const char* value = std::getenv(std::string(name).c_str());
  if (value != nullptr && *value != '\0') {
    options.mask_key = value;
  } else {
    warnings->push_back("the environment variable " + std::string(name) +
                        " (keys: mask in bylaw.yaml) is not set: values "
                        "masked by `hash` are left out");
  }
  return options;
}

void AddFactErrors(const std::vector<FactError>& errors, DiagnosticSink* sink) {
  for (const FactError& e : errors) sink->Add(DiagnosticOf(e));
}

// Of a program that was verified when it was compiled or read; null after
// diagnostics.
std::shared_ptr<const Engine> MakeEngine(std::shared_ptr<const Program> program,
                                         std::shared_ptr<const Facts> facts,
                                         const std::string& origin,
                                         std::vector<std::string>* warnings,
                                         DiagnosticSink* sink) {
  EngineOptions options = OptionsOf(*program, warnings);
  options.is_verified = true;
  auto engine = Engine::Load(std::move(program), std::move(facts), options);
  if (engine.ok()) return std::move(*engine);
  AddStatus(engine.status(), Code::BL6010, origin, sink);
  return nullptr;
}

// Facts of a program from files below `root`; null after diagnostics.
std::shared_ptr<const Facts> FactsFromFiles(
    const std::shared_ptr<const Program>& program, const std::string& root,
    const std::vector<FactPattern>& globs, DiagnosticSink* sink) {
  LoadedFacts loaded = LoadFacts(program, root, globs);
  AddFactErrors(loaded.errors, sink);
  return std::move(loaded.facts);
}

// Globs of the caller's, which stand nowhere.
std::vector<FactPattern> Patterns(const std::vector<std::string>& globs) {
  std::vector<FactPattern> patterns;
  for (const std::string& glob : globs) patterns.push_back({glob, "", {}});
  return patterns;
}

// The manifest's globs, with their places in it.
std::vector<FactPattern> Patterns(const CompileResult& compiled,
                                  const Settings& settings) {
  std::vector<FactPattern> patterns = Patterns(settings.facts);
  const size_t n = std::min(patterns.size(), compiled.fact_spans.size());
  for (size_t i = 0; i < n; ++i) {
    const Span& span = compiled.fact_spans[i];
    const LineColumn start = span.Start();
    patterns[i].file = span.file->path();
    patterns[i].position = {start.line, start.column};
  }
  return patterns;
}

SnapshotResult FromRepository(const SnapshotSource& source) {
  SnapshotResult result;
  CompileInput input;
  input.root = source.root;
  CompileOptions options;
  options.now = source.now != 0 ? source.now : Clock();
  auto compiled = std::make_shared<CompileResult>(
      CompileWithPacks(std::move(input), options));
  result.compiled = compiled;
  DiagnosticSink sink;
  for (const Diagnostic& d : compiled->diagnostics) sink.Add(d);
  std::shared_ptr<const Engine> engine;
  size_t findings = static_cast<size_t>(Limits().findings);
  if (compiled->ok) {
    const std::shared_ptr<const Program> program =
        source.keep_sources
            ? std::shared_ptr<const Program>(compiled, compiled->program.get())
            : std::shared_ptr<const Program>(std::move(compiled->program));
    const std::shared_ptr<const Facts> facts = FactsFromFiles(
        program, source.root,
        source.facts.empty() ? Patterns(*compiled, program->settings)
                             : Patterns(source.facts),
        &sink);
    findings = static_cast<size_t>(program->settings.limits.findings);
    if (facts != nullptr && !sink.has_errors()) {
      if (source.keep_sources) {
        LintFacts(*compiled->typed, *facts, options.now, &sink);
      }
      engine = MakeEngine(program, facts, source.root, &result.warnings, &sink);
    }
  }
  sink.Sort();
  if (compiled->ok) sink.Trim(findings);
  result.diagnostics = sink.diagnostics();
  if (engine == nullptr || sink.has_errors()) return result;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->engine = std::move(engine);
  if (source.keep_sources) snapshot->compiled = compiled;
  snapshot->origin = source.root;
  result.snapshot = std::move(snapshot);
  return result;
}

constexpr char kBuildAnew[] =
    "write it anew with `bylaw build -o FILE` of this very version";

// The file's bytes; nothing after a diagnostic.
std::optional<std::string> ReadBundle(const std::string& path,
                                      DiagnosticSink* sink) {
  const auto refuse = [&](std::string message, std::string remedy) {
    sink->AddAt(Code::BL6001, path, {}, {}, std::move(message),
                std::move(remedy));
    return std::nullopt;
  };
  constexpr char kNameOne[] = "name a file that `bylaw build -o FILE` wrote";
  constexpr char kMendFile[] = "let this user read it, or copy it anew";
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return refuse("no such file", kNameOne);
  if (!fs::is_regular_file(status)) return refuse("this is no file", kNameOne);
  const uintmax_t size = fs::file_size(path, error);
  if (error) return refuse("cannot be read: " + error.message(), kMendFile);
  const int64_t most = LimitOfEnvironment(kMaxBundleVariable, kMaxBundleBytes);
  if (size > static_cast<uintmax_t>(most)) {
    return refuse("larger than " + std::to_string(most) + " bytes",
                  std::string("raise ") + kMaxBundleVariable +
                      " in the environment to read it");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return refuse(std::string("cannot be read: ") + std::strerror(errno),
                  kMendFile);
  }
  char magic[4] = {};
  file.read(magic, sizeof(magic));
  if (!IsBundle({magic, static_cast<size_t>(file.gcount())})) {
    return refuse("this is no bundle", kNameOne);
  }
  file.clear();
  file.seekg(0);
  std::string bytes(size, '\0');
  if (!file ||
      !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return refuse("cannot be read: it is shorter than it was", kMendFile);
  }
  return bytes;
}

SnapshotResult FromBundle(const SnapshotSource& source) {
  SnapshotResult result;
  DiagnosticSink sink;
  const auto load = [&]() -> std::shared_ptr<const Engine> {
    const std::optional<std::string> bytes = ReadBundle(source.bundle, &sink);
    if (!bytes) return nullptr;
    absl::StatusOr<Bundle> bundle = ParseBundle(*bytes);
    if (!bundle.ok()) {
      AddStatus(bundle.status(), Code::BL6004, source.bundle, &sink,
                kBuildAnew);
      return nullptr;
    }
    if (const absl::Status valid = Verify(bundle->program); !valid.ok()) {
      AddStatus(valid, Code::BL6010, source.bundle, &sink, kBuildAnew);
      return nullptr;
    }
    const auto program =
        std::make_shared<const Program>(std::move(bundle->program));
    std::shared_ptr<const Facts> facts;
    if (!source.facts.empty()) {
      facts = FactsFromFiles(program, source.root.empty() ? "." : source.root,
                             Patterns(source.facts), &sink);
    } else {
      auto saved = LoadSavedFacts(bundle->sections[kFactsSection], program);
      if (!saved.ok()) {
        AddStatus(saved.status(), Code::BL6004, source.bundle, &sink,
                  kBuildAnew);
        return nullptr;
      }
      facts = std::move(*saved);
    }
    if (facts == nullptr || sink.has_errors()) return nullptr;
    return MakeEngine(program, facts, source.bundle, &result.warnings, &sink);
  };
  std::shared_ptr<const Engine> engine = load();
  sink.Sort();
  result.diagnostics = sink.diagnostics();
  if (engine == nullptr) return result;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->engine = std::move(engine);
  snapshot->origin = source.bundle;
  result.snapshot = std::move(snapshot);
  return result;
}

}  // namespace

Diagnostic DiagnosticOf(const FactError& error) {
  Diagnostic d;
  const CodeInfo* info = FindCode(error.code);
  d.code = info != nullptr ? info->code : Code::BL5005;
  d.severity = error.severity == FactSeverity::kError     ? Severity::kError
               : error.severity == FactSeverity::kWarning ? Severity::kWarning
                                                          : Severity::kNote;
  d.message = error.message;
  d.suggestion = error.suggestion;
  d.file = error.file;
  d.start = {error.line, error.column};
  d.end = error.end_line != 0 ? LineColumn{error.end_line, error.end_column}
                              : d.start;
  return d;
}

bool LacksFacts(const Diagnostic& diagnostic) {
  return diagnostic.code == Code::BL5020 || diagnostic.code == Code::BL5021;
}

SnapshotResult LoadSnapshot(const SnapshotSource& source) {
  return source.bundle.empty() ? FromRepository(source) : FromBundle(source);
}

CompileResult CompileWithPacks(CompileInput input,
                               const CompileOptions& options) {
  for (const char* name : {"mesh", "standard"}) {
    Pack pack;
    pack.name = name;
    for (const EmbeddedFile& file : EmbeddedPack(name)) {
      pack.files.emplace_back(file.path, file.text);
    }
    input.packs.push_back(std::move(pack));
  }
  return Compile(input, options);
}

std::string WriteBundle(const Snapshot& snapshot) {
  Bundle bundle;
  bundle.program = snapshot.engine->program();
  bundle.sections[kFactsSection] = SaveFacts(snapshot.engine->facts());
  return SerializeBundle(bundle);
}

std::string FindRepository(const std::string& start) {
  std::error_code error;
  if (!fs::exists(start, error)) return "";
  // Links stay: one that moves to the next version is followed at each load.
  fs::path folder = fs::absolute(start, error).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (error) return "";
  while (true) {
    if (fs::is_regular_file(folder / "bylaw.yaml", error)) {
      return folder.string();
    }
    if (!folder.has_relative_path()) return "";
    folder = folder.parent_path();
  }
}

}  // namespace bylaw
