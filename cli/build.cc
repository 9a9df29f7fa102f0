// bylaw build: policies and facts in one file, ready to serve.
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "nlohmann/json.hpp"

namespace bylaw::cli {
namespace {

struct Options {
  Globals globals;
  Format format = Format::kText;
  std::string output;
};

int Run(const Options& options) {
  const auto folder = RepositoryFolder(options.globals);
  if (!folder) return kRefused;
  SnapshotSource source;
  source.root = *folder;
  const SnapshotResult result = LoadSnapshot(source);
  RenderOptions render;
  render.color = UseColor(STDERR_FILENO);
  // Of warnings those that a bundle hides: what it lacks cannot be looked up.
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity == Severity::kError || LacksFacts(d)) {
      std::cerr << Render(d, render);
    }
  }
  if (result.snapshot == nullptr) {
    std::cerr << "bylaw: the repository has errors; no bundle was written\n";
    return kFound;
  }
  const std::string bytes = WriteBundle(*result.snapshot);
  if (!WriteAtomically(options.output, bytes)) return kRefused;
  const Engine& engine = *result.snapshot->engine;
  if (options.format == Format::kJson) {
    std::cout << nlohmann::ordered_json{{"file", options.output},
                                        {"bytes", bytes.size()},
                                        {"policies",
                                         engine.program().policies.size()},
                                        {"entities", engine.facts().size()},
                                        {"policiesRevision",
                                         engine.program().revision},
                                        {"factsRevision",
                                         engine.facts().revision()}}
                     .dump(2)
              << '\n';
  } else {
    std::cout << options.output << ": " << engine.program().policies.size()
              << " policies, " << engine.facts().size() << " entities, "
              << bytes.size() << " bytes, revision "
              << engine.program().revision << '\n';
  }
  return kOk;
}

}  // namespace

void AddBuild(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("build", "Write policies and facts as one bundle");
  AddRepository(verb, &options->globals, false);
  AddFormat(verb, &options->format, {"text", "json"});
  verb->add_option("-o,--output", options->output, "The bundle to write")
      ->type_name("FILE")
      ->required();
  verb->footer(
      "The same sources give the same bytes. Exit code: 0, 1 the repository "
      "has errors,\n2 it could not be read or the bundle not be written.\n"
      "Examples:\n"
      "  bylaw build -o acme.bundle\n"
      "  bylaw serve --bundle acme.bundle");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace bylaw::cli
