// bylaw test: the tests that stand beside the policies.
#include <unistd.h>

#include <iostream>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "cli/test_runner.h"
#include "nlohmann/json.hpp"

namespace bylaw::cli {
namespace {

struct Options {
  Globals globals;
  Format format = Format::kText;
  std::string filter;
  bool coverage = false;
};

std::string KindName(RuleKind kind) {
  constexpr const char* kNames[] = {"allow", "deny", "mask",
                                    "hide",  "rows", "require"};
  return kNames[static_cast<size_t>(kind)];
}

std::string Where(const Program& program, const Position& position) {
  return (position.file == kNone ? "" : program.files[position.file]) + ":" +
         std::to_string(position.line);
}

const char* CoverageText(const RuleCoverage& c) {
  if (c.matched && c.not_matched) return "both ways";
  if (c.matched) return "never seen not matching";
  if (c.not_matched) return "never seen matching";
  return "not tested";
}

void PrintText(const CompileResult& compiled, const TestRun& run,
               bool coverage) {
  const Program& program = *compiled.program;
  for (const TestResult& t : run.tests) {
    if (t.passed) continue;
    std::cout << "FAILED " << t.test->module << ": " << t.test->name << "\n"
              << t.message;
  }
  size_t both = 0, shown = 0;
  for (const RuleCoverage& c : run.coverage) {
    both += c.matched && c.not_matched;
  }
  if (coverage) {
    for (const RuleCoverage& c : run.coverage) {
      const Rule& rule = program.rules[c.rule];
      std::cout << Where(program, rule.position) << "  "
                << program.policies[rule.policy].id << " ("
                << KindName(rule.kind) << "): " << CoverageText(c) << '\n';
    }
  } else {
    // What is missing is what people want to know.
    for (const RuleCoverage& c : run.coverage) {
      if (c.matched && c.not_matched) continue;
      constexpr size_t kMost = 20;
      if (++shown > kMost) continue;
      const Rule& rule = program.rules[c.rule];
      std::cerr << Where(program, rule.position) << "  "
                << program.policies[rule.policy].id << " ("
                << KindName(rule.kind) << "): " << CoverageText(c) << '\n';
    }
    if (shown > 20) {
      std::cerr << "… and " << shown - 20 << " more; --coverage lists all\n";
    }
  }
  std::cout << run.tests.size() - run.failed << " passed, " << run.failed
            << " failed; " << both << " of " << run.coverage.size()
            << " rules seen both ways\n";
}

void PrintJson(const CompileResult& compiled, const TestRun& run) {
  const Program& program = *compiled.program;
  nlohmann::ordered_json tests = nlohmann::ordered_json::array();
  for (const TestResult& t : run.tests) {
    tests.push_back({{"module", t.test->module},
                     {"name", t.test->name},
                     {"passed", t.passed},
                     {"message", t.message}});
  }
  nlohmann::ordered_json coverage = nlohmann::ordered_json::array();
  for (const RuleCoverage& c : run.coverage) {
    const Rule& rule = program.rules[c.rule];
    const std::string file =
        rule.position.file == kNone ? "" : program.files[rule.position.file];
    coverage.push_back({{"policy", program.policies[rule.policy].id},
                        {"kind", KindName(rule.kind)},
                        {"file", file},
                        {"line", rule.position.line},
                        {"matched", c.matched},
                        {"notMatched", c.not_matched}});
  }
  std::cout
      << nlohmann::ordered_json{{"tests", tests}, {"coverage", coverage}}.dump(
             2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
      << '\n';
}

void PrintJunit(const TestRun& run) {
  double seconds = 0;
  for (const TestResult& t : run.tests) seconds += t.seconds;
  std::cout << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            << "<testsuites tests=\"" << run.tests.size() << "\" failures=\""
            << run.failed << "\" time=\"" << seconds << "\">\n"
            << "  <testsuite name=\"bylaw\" tests=\"" << run.tests.size()
            << "\" failures=\"" << run.failed << "\" time=\"" << seconds
            << "\">\n";
  for (const TestResult& t : run.tests) {
    const LineColumn at = t.test->span.Start();
    std::cout << "    <testcase classname=\"" << Xml(t.test->module)
              << "\" name=\"" << Xml(t.test->name) << "\" file=\""
              << Xml(t.test->span.path()) << "\" line=\"" << at.line
              << "\" time=\"" << t.seconds << "\"";
    if (t.passed) {
      std::cout << "/>\n";
    } else {
      std::cout << ">\n      <failure message=\"" << Xml(t.message)
                << "\"/>\n    </testcase>\n";
    }
  }
  std::cout << "  </testsuite>\n</testsuites>\n";
}

int Run(const Options& options) {
  const auto folder = RepositoryFolder(options.globals);
  if (!folder) return kRefused;
  CompileInput input;
  input.root = *folder;
  const CompileResult compiled = CompileWithPacks(std::move(input));
  if (!compiled.ok) {
    RenderOptions render;
    render.color = UseColor(STDERR_FILENO);
    for (const Diagnostic& d : compiled.diagnostics) {
      if (d.severity == Severity::kError) std::cerr << Render(d, render);
    }
    std::cerr << "bylaw: the policies have errors; no test was run\n";
    return kFound;
  }
  std::function<void(size_t)> progress;
  const bool terminal = isatty(STDERR_FILENO);
  if (terminal) {
    progress = [&compiled](size_t i) {
      std::cerr << "\r\033[K" << i + 1 << "/" << compiled.tests.size()
                << std::flush;
    };
  }
  const TestRun run = RunTests(compiled, options.filter, progress);
  if (terminal) std::cerr << "\r\033[K";
  switch (options.format) {
    case Format::kJson:
      PrintJson(compiled, run);
      break;
    case Format::kJunit:
      PrintJunit(run);
      break;
    default:
      PrintText(compiled, run, options.coverage);
  }
  if (run.tests.empty() && !options.filter.empty()) {
    return Refuse("no test's module or name contains `" + options.filter + "`");
  }
  return run.failed > 0 ? kFound : kOk;
}

}  // namespace

void AddTest(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("test", "Run the tests beside the policies");
  AddRepository(verb, &options->globals, false);
  AddFormat(verb, &options->format, {"text", "json", "junit"});
  verb->add_option("--filter", options->filter,
                   "Only tests whose \"module: name\" contains this")
      ->type_name("TEXT");
  verb->add_flag("--coverage", options->coverage,
                 "List for each rule whether tests saw it match and not match");
  verb->footer(
      "Exit code: 0, 1 a test failed or the policies have errors, 2 usage.\n"
      "Examples:\n"
      "  bylaw test\n"
      "  bylaw test --filter privacy --coverage\n"
      "  bylaw test --format junit > tests.xml");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace bylaw::cli
