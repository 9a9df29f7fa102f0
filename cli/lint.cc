// bylaw lint: every diagnostic of a repository, or of some of its files.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

#include "cli/command.h"

namespace bylaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  Globals globals;
  Format format = Format::kText;
  std::vector<std::string> files;
  bool deny_warnings = false;
};

std::string Canonical(const std::string& path) {
  std::error_code error;
  const fs::path p = fs::weakly_canonical(path, error);
  return error ? path : p.string();
}

// Files that stand alone (no repository above them) are a program of their
// own.
int LintAlone(const Options& options, std::vector<Diagnostic>* diagnostics,
              std::shared_ptr<const CompileResult>* keep) {
  CompileInput input;
  for (const std::string& file : options.files) {
    std::string text;
    if (!ReadInput(file, &text)) return kRefused;
    input.files.emplace_back(file, std::move(text));
  }
  auto result =
      std::make_shared<CompileResult>(CompileWithPacks(std::move(input)));
  *diagnostics = result->diagnostics;
  *keep = result;
  return kOk;
}

int Run(const Options& options) {
  std::vector<Diagnostic> diagnostics;
  std::shared_ptr<const CompileResult> keep;
  for (const std::string& file : options.files) {
    if (!fs::exists(file)) return Refuse(file + ": no such file");
  }
  std::string folder = FindRepository(
      options.globals.directory.empty() ? "." : options.globals.directory);
  if (folder.empty() && !options.files.empty() &&
      options.globals.directory.empty()) {
    folder = FindRepository(
        fs::path(Canonical(options.files[0])).parent_path().string());
    if (folder.empty()) {
      const int code = LintAlone(options, &diagnostics, &keep);
      if (code != kOk) return code;
    }
  }
  if (keep == nullptr) {
    if (folder.empty()) {
      (void)RepositoryFolder(options.globals);  // says why
      return kRefused;
    }
    SnapshotSource source;
    source.root = folder;
    SnapshotResult result = LoadSnapshot(source);
    keep = result.compiled;
    std::set<std::string> wanted;
    for (const std::string& f : options.files) wanted.insert(Canonical(f));
    for (Diagnostic& d : result.diagnostics) {
      if (wanted.empty() ||
          wanted.count(
              Canonical((fs::path(folder) / std::string(d.path())).string()))) {
        diagnostics.push_back(std::move(d));
      }
    }
  }
  PrintDiagnostics(diagnostics, options.format, folder);
  size_t errors = 0, warnings = 0, notes = 0;
  for (const Diagnostic& d : diagnostics) {
    ++(d.severity == Severity::kError     ? errors
       : d.severity == Severity::kWarning ? warnings
                                          : notes);
  }
  if (options.format == Format::kText) {
    const auto count = [](size_t n, const char* what) {
      return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
    };
    std::cerr << count(errors, "error") << ", " << count(warnings, "warning")
              << ", " << count(notes, "note") << '\n';
  }
  return errors > 0 || (warnings > 0 && options.deny_warnings) ? kFound : kOk;
}

}  // namespace

void AddLint(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "lint", "Report everything that is wrong with policies and facts");
  AddRepository(verb, &options->globals, false);
  AddFormat(verb, &options->format, {"text", "json", "sarif", "github"});
  verb->add_option("files", options->files,
                   "Only what is about these files (all are compiled)")
      ->type_name("FILE");
  verb->add_flag("--deny-warnings", options->deny_warnings,
                 "Warnings fail too (notes never do)");
  verb->footer(
      "Exit code: 0 clean, 1 something found, 2 the input could not be read.\n"
      "Examples:\n"
      "  bylaw lint\n"
      "  bylaw lint --deny-warnings --format sarif > bylaw.sarif\n"
      "  bylaw lint council/privacy.bylaw");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace bylaw::cli
