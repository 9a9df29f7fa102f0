// The `bylaw` command: see docs/command.md.
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "compiler/bytecode/limits.h"

namespace {

// False after a message.
bool IsVerb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> verbs;
  for (const CLI::App* each :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    if (each->get_name() == word) return true;
    verbs.push_back(each->get_name());
  }
  const auto guess = bylaw::NearestOf(word, verbs);
  bylaw::cli::Refuse(
      "there is no verb `" + word + "`; " +
      (guess ? bylaw::DidYouMean(*guess) : "`bylaw --help` lists them"));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that went away (| head) is no failure of ours.
  std::signal(SIGPIPE, SIG_DFL);
  CLI::App app{
      "Bylaw: policies of a data mesh, compiled and decided.\n\n"
      "The governance repository is the folder with bylaw.yaml, found by "
      "walking up\nfrom here or given by -C DIR."};
  app.name("bylaw");
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.failure_message(CLI::FailureMessage::simple);
  bool version = false;
  app.add_flag("--version", version, "Print the version and exit");

  int exit = bylaw::cli::kOk;
  bylaw::cli::AddInit(app, &exit);
  bylaw::cli::AddLint(app, &exit);
  bylaw::cli::AddFmt(app, &exit);
  bylaw::cli::AddTest(app, &exit);
  bylaw::cli::AddBuild(app, &exit);
  bylaw::cli::AddDump(app, &exit);
  bylaw::cli::AddDecide(app, &exit);
  bylaw::cli::AddExplain(app, &exit);
  bylaw::cli::AddCheck(app, &exit);
  bylaw::cli::AddServe(app, &exit);
  bylaw::cli::AddExplainCode(app, &exit);
  bylaw::cli::AddVersion(app, &exit);

  // `--version` is the verb `version`, as everywhere.
  static char version_verb[] = "version";
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    argv[1] = version_verb;
  }
  if (argc > 1 && argv[1][0] != '-' && !IsVerb(app, argv[1])) {
    return bylaw::cli::kRefused;
  }
  if (const std::string problem = bylaw::EnvironmentProblem();
      !problem.empty()) {
    bylaw::cli::Refuse(problem);
    return bylaw::cli::kRefused;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    app.exit(e);
    return bylaw::cli::kRefused;
  } catch (const std::bad_alloc&) {
    std::fputs("bylaw: out of memory\n", stderr);
    return bylaw::cli::kRefused;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bylaw: %s\n", e.what());
    return bylaw::cli::kRefused;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::perror("bylaw: stdout");
    return bylaw::cli::kRefused;
  }
  return exit;
}
