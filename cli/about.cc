// bylaw explain-code and bylaw version.
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/version.h"
#include "compiler/bytecode/serialize.h"
#include "nlohmann/json.hpp"

namespace bylaw::cli {

void AddExplainCode(CLI::App& app, int* exit) {
  struct Options {
    Format format = Format::kText;
    std::string code;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("explain-code", "Say more about a diagnostic's code");
  AddFormat(verb, &options->format, {"text", "json"});
  verb->add_option("code", options->code, "Such as BL2004")
      ->type_name("BLnnnn")
      ->required();
  verb->footer("Example:\n  bylaw explain-code BL2004");
  verb->callback([options, exit] {
    const CodeInfo* info = FindCode(options->code);
    if (info == nullptr) {
      *exit = Refuse("no diagnostic has the code `" + options->code +
                     "`; codes look like BL2004");
      return;
    }
    if (options->format == Format::kJson) {
      std::cout << nlohmann::ordered_json{{"code", info->id},
                                          {"name", info->name},
                                          {"severity",
                                           SeverityName(info->severity)},
                                          {"summary", info->summary},
                                          {"text", info->text}}
                       .dump(2)
                << '\n';
    } else {
      std::cout << info->id << " (" << info->name << ", "
                << SeverityName(info->severity) << ")\n\n"
                << info->summary << "\n\n"
                << info->text << '\n';
    }
    *exit = kOk;
  });
}

void AddVersion(CLI::App& app, int* exit) {
  auto format = std::make_shared<Format>(Format::kText);
  CLI::App* verb = app.add_subcommand("version", "Print the version");
  AddFormat(verb, format.get(), {"text", "json"});
  verb->footer("Example:\n  bylaw version --format json");
  verb->callback([format, exit] {
    if (*format == Format::kJson) {
      std::cout << nlohmann::ordered_json{{"version", kVersion},
                                          {"bytecode", kBytecodeVersion},
                                          {"build", kBuild}}
                       .dump(2)
                << '\n';
    } else {
      std::cout << "bylaw " << kVersion << "\nbytecode " << kBytecodeVersion
                << "\nbuild " << kBuild << '\n';
    }
    *exit = kOk;
  });
}

}  // namespace bylaw::cli
