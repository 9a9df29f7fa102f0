// bylaw dump: the text form of a stage of the compiler.
#include "dsl/dump.h"

#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "compiler/bytecode/disassemble.h"
#include "compiler/typed_dump.h"
#include "dsl/parser.h"

namespace bylaw::cli {
namespace {

struct Options {
  Globals globals;
  std::string stage = "bytecode";
  std::vector<std::string> files;
};

// The syntax tree needs no repository, and must not have one's errors.
int DumpFiles(const Options& options) {
  DiagnosticSink sink;
  std::vector<std::unique_ptr<SourceFile>> sources;
  for (const std::string& file : options.files) {
    std::string text;
    if (!ReadInput(file, &text)) return kRefused;
    sources.push_back(std::make_unique<SourceFile>(file, std::move(text)));
    DiagnosticSink own;
    const auto tree = ParseFile(*sources.back(), own);
    if (!own.has_errors()) std::cout << bylaw::DumpAst(*tree);
    sink.Append(std::move(own));
  }
  sink.Sort();
  RenderOptions render;
  render.color = UseColor(STDERR_FILENO);
  std::cerr << Render(sink, render);
  return sink.has_errors() ? kRefused : kOk;
}

int Run(const Options& options) {
  if (!options.files.empty() && options.stage != "ast") {
    return Refuse("--stage=" + options.stage +
                  " is of a whole repository: name it with -C");
  }
  if (options.stage == "ast" && !options.files.empty()) {
    return DumpFiles(options);
  }
  const auto snapshot = Load(options.globals);
  if (snapshot == nullptr) return kRefused;
  if (options.stage == "bytecode") {
    std::cout << Disassemble(snapshot->engine->program());
    return kOk;
  }
  if (snapshot->compiled == nullptr) {
    return Refuse("a bundle holds no sources; only --stage=bytecode shows it");
  }
  if (options.stage == "typed") {
    std::cout << DumpTyped(*snapshot->compiled->typed);
    return kOk;
  }
  for (const auto& source : snapshot->compiled->sources) {
    DiagnosticSink sink;
    const auto tree = ParseFile(*source, sink);
    std::cout << bylaw::DumpAst(*tree);
  }
  return kOk;
}

}  // namespace

void AddDump(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("dump", "Print what a stage of the compiler makes");
  AddRepository(verb, &options->globals, true);
  verb->add_option("--stage", options->stage, "Which stage")
      ->check(CLI::IsMember({"ast", "typed", "bytecode"}))
      ->type_name("ast|typed|bytecode")
      ->capture_default_str();
  verb->add_option("files", options->files, "With --stage=ast: only these")
      ->type_name("FILE");
  verb->footer(
      "Examples:\n"
      "  bylaw dump --stage=bytecode\n"
      "  bylaw dump --stage=ast council/privacy.bylaw");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace bylaw::cli
