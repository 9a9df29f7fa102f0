// bylaw check: the gates on descriptor files, decided here or by a service,
// with the place of the descriptor to change for each rule that stops it.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include "cli/command.h"
#include "cli/remote.h"
#include "cli/version.h"
#include "nlohmann/json.hpp"
#include "server/convert.h"
#include "server/descriptor_check.h"

namespace bylaw::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  Globals globals;
  Format format = Format::kText;
  std::vector<std::string> files;
  std::string action = "publish";
  std::string as = "Service:ci";
  std::string environment;
  std::string previous;
  std::string at;
  std::string remote;
};

struct CheckedFile {
  std::string file;
  v1::CheckDescriptorResponse response;
};

// What every format says of one place.
struct Problem {
  std::string level;  // error warning note
  std::string id;     // a policy or a code
  std::string file;
  int32_t line = 0, column = 0, end_line = 0, end_column = 0;
  std::string message, help;
  std::string rule_file;  // "" if no rule stands behind it
  int32_t rule_line = 0, rule_column = 0;
  std::string kind;  // deny, advisory, error; "" for the file's own faults
};

Problem ProblemOf(const v1::Diagnostic& d) {
  Problem p;
  p.level = d.severity();
  p.id = d.code();
  p.file = d.file();
  p.line = d.line();
  p.column = d.column();
  p.end_line = d.end().line();
  p.end_column = d.end().column();
  p.message = d.message();
  p.help = d.suggestion();
  return p;
}

Problem ProblemOf(const v1::Finding& f) {
  Problem p;
  p.level = f.binding() ? "error" : "warning";
  p.kind = f.binding() ? f.rule().kind() : "advisory";
  p.id = f.rule().policy();
  p.message = f.rule().because();
  if (p.id.empty()) {
    // What no policy says: an error of the decision, or a resource that no
    // scope but the root has a say over.
    p.id = f.rule().kind();
    if (!f.binding()) p.level = "note";
    if (p.kind == p.id) p.kind = "deny";
  }
  p.file = f.file();
  p.line = f.line();
  p.column = f.column();
  p.help = f.rule().help();
  p.rule_file = f.rule().file();
  p.rule_line = f.rule().line();
  p.rule_column = f.rule_column();
  return p;
}

// In the order in which people mend: by file and place.
std::vector<Problem> ProblemsOf(const CheckedFile& checked) {
  std::vector<Problem> problems;
  for (const v1::Diagnostic& d : checked.response.diagnostics()) {
    problems.push_back(ProblemOf(d));
  }
  for (const v1::DescriptorDecision& d : checked.response.decisions()) {
    for (const v1::Finding& f : d.findings()) problems.push_back(ProblemOf(f));
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) {
                     return std::tie(a.file, a.line, a.column) <
                            std::tie(b.file, b.line, b.column);
                   });
  return problems;
}

bool IsBroken(const CheckedFile& checked) {
  const auto& list = checked.response.diagnostics();
  return std::any_of(list.begin(), list.end(), [](const v1::Diagnostic& d) {
    return d.severity() == "error";
  });
}

bool IsDenied(const CheckedFile& checked) {
  const auto& list = checked.response.decisions();
  return std::any_of(list.begin(), list.end(),
                     [](const v1::DescriptorDecision& d) {
                       return ExitCodeOf(d.decision().outcome()) == kFound;
                     });
}

std::string Place(const std::string& file, int32_t line, int32_t column) {
  std::string place = file;
  if (line > 0) place += ":" + std::to_string(line);
  if (line > 0 && column > 0) place += ":" + std::to_string(column);
  return place;
}

uint32_t Number(int32_t line) {
  return static_cast<uint32_t>(std::max(0, line));
}

// A fault of the file itself, as it came.
Diagnostic DiagnosticOf(const Problem& p) {
  const auto place = [](int32_t line, int32_t column) {
    return LineColumn{Number(line), Number(column)};
  };
  Diagnostic d;
  if (const CodeInfo* info = FindCode(p.id)) d.code = info->code;
  d.severity = p.level == "error"     ? Severity::kError
               : p.level == "warning" ? Severity::kWarning
                                      : Severity::kNote;
  d.file = p.file;
  d.start = place(p.line, p.column);
  d.end = place(p.end_line, p.end_column);
  d.message = p.message;
  d.suggestion = p.help;
  return d;
}

// --- Formats -----------------------------------------------------------------

void PrintText(const std::vector<CheckedFile>& files, bool color) {
  const auto paint = [color](const char* code, const std::string& text) {
    const std::string shown = Visible(text);
    return color ? std::string("\033[") + code + "m" + shown + "\033[0m"
                 : shown;
  };
  DiagnosticRenderer renderer("", color);
  for (const CheckedFile& file : files) {
    for (const Problem& p : ProblemsOf(file)) {
      if (p.kind.empty()) {
        std::cout << renderer.Render(DiagnosticOf(p));
        continue;
      }
      const char* shade = p.level == "error"     ? "1;31"
                          : p.level == "warning" ? "1;33"
                                                 : "1;36";
      std::cout << paint("1", Place(p.file, p.line, p.column)) << ": "
                << paint(shade, p.kind) << ' ' << Visible(p.id);
      if (!p.message.empty()) std::cout << ": " << Visible(p.message);
      std::cout << '\n';
      if (!p.rule_file.empty()) {
        std::cout << "    rule "
                  << Visible(Place(p.rule_file, p.rule_line, p.rule_column))
                  << '\n';
      }
      if (!p.help.empty()) {
        std::cout << "    help: " << Visible(p.help) << '\n';
      }
    }
    for (const v1::DescriptorDecision& d : file.response.decisions()) {
      for (const v1::Obligation& o : d.decision().obligations()) {
        std::string arguments;
        const std::map<std::string, google::protobuf::Value> named(
            o.arguments().fields().begin(), o.arguments().fields().end());
        for (const auto& [name, value] : named) {
          arguments += (arguments.empty() ? "" : ", ") + name + ": " +
                       MessageToJson(value, false);
        }
        std::cout << paint("1", file.file) << ": " << paint("1;36", "require")
                  << ' ' << Visible(o.name()) << '(' << Visible(arguments)
                  << ")\n";
      }
      for (const v1::WaiverUse& w : d.decision().waivers()) {
        std::cout << paint("1", file.file) << ": " << paint("1;36", "waiver")
                  << ' ' << Visible(w.waiver()) << " of " << Visible(w.policy())
                  << '\n';
      }
    }
  }
}

void PrintJson(const std::vector<CheckedFile>& files) {
  Json list = Json::array();
  for (const CheckedFile& file : files) {
    Json j;
    j["file"] = Utf8(file.file);
    j["decisions"] = Json::array();
    j["diagnostics"] = Json::array();
    const Json response = Json::parse(StableJson(file.response, false));
    for (const auto& [key, value] : response.items()) {
      j[key] = value;
    }
    list.push_back(std::move(j));
  }
  std::cout << Json{{"files", list}}.dump(2) << '\n';
}

Json SarifPlace(const std::string& file, int32_t line, int32_t column) {
  Json place = {{"artifactLocation", {{"uri", Utf8(file)}}}};
  if (line > 0) {
    place["region"] = {{"startLine", line},
                       {"startColumn", std::max(1, column)}};
  }
  return {{"physicalLocation", place}};
}

void PrintSarif(const std::vector<CheckedFile>& files) {
  Json results = Json::array(), rules = Json::array();
  std::vector<std::string> seen;
  for (const CheckedFile& file : files) {
    for (const Problem& p : ProblemsOf(file)) {
      if (std::find(seen.begin(), seen.end(), p.id) == seen.end()) {
        seen.push_back(p.id);
        rules.push_back({{"id", p.id}});
      }
      std::string text = p.message.empty() ? p.id : p.message;
      if (!p.help.empty()) text += "\n" + p.help;
      Json result = {
          {"ruleId", p.id},
          {"level", p.level},
          {"message", {{"text", Utf8(text)}}},
          {"locations", Json::array({SarifPlace(p.file, p.line, p.column)})}};
      if (!p.rule_file.empty()) {
        Json rule = SarifPlace(p.rule_file, p.rule_line, p.rule_column);
        rule["message"] = {{"text", "the rule"}};
        result["relatedLocations"] = Json::array({std::move(rule)});
      }
      results.push_back(std::move(result));
    }
  }
  const Json driver = {
      {"name", "bylaw"}, {"version", kVersion}, {"rules", rules}};
  Json run;
  run["tool"] = {{"driver", driver}};
  run["results"] = results;
  Json sarif;
  sarif["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  sarif["version"] = "2.1.0";
  sarif["runs"] = Json::array({run});
  std::cout << sarif.dump(2) << '\n';
}

// A test case for each rule that stops a file, or one that passes.
void PrintJunit(const std::vector<CheckedFile>& files,
                const std::string& action) {
  std::cout << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const CheckedFile& file : files) {
    std::vector<Problem> failures;
    for (Problem& p : ProblemsOf(file)) {
      if (p.level == "error") failures.push_back(std::move(p));
    }
    std::cout << "  <testsuite name=\"" << Xml(file.file) << "\" tests=\""
              << std::max<size_t>(1, failures.size()) << "\" failures=\""
              << failures.size() << "\">\n";
    for (const Problem& p : failures) {
      std::string text = Place(p.file, p.line, p.column) + ": " + p.message;
      if (!p.rule_file.empty()) {
        text += "\nrule " + Place(p.rule_file, p.rule_line, p.rule_column);
      }
      if (!p.help.empty()) text += "\nhelp: " + p.help;
      std::cout << "    <testcase classname=\"" << Xml(action) << "\" name=\""
                << Xml(p.id) << "\" file=\"" << Xml(p.file) << '"';
      if (p.line > 0) std::cout << " line=\"" << p.line << '"';
      std::cout << ">\n      <failure message=\"" << Xml(p.message) << "\">"
                << Xml(text) << "</failure>\n    </testcase>\n";
    }
    if (failures.empty()) {
      std::cout << "    <testcase classname=\"" << Xml(action) << "\" name=\""
                << Xml(action) << "\" file=\"" << Xml(file.file) << "\"/>\n";
    }
    std::cout << "  </testsuite>\n";
  }
  std::cout << "</testsuites>\n";
}

void PrintGithub(const std::vector<CheckedFile>& files) {
  for (const CheckedFile& file : files) {
    for (const Problem& p : ProblemsOf(file)) {
      std::string text = p.message.empty() ? p.id : p.message;
      if (!p.rule_file.empty()) {
        text += "\nrule " + Place(p.rule_file, p.rule_line, p.rule_column);
      }
      if (!p.help.empty()) text += "\nhelp: " + p.help;
      std::cout << "::" << (p.level == "note" ? "notice" : p.level) << " file="
                << GithubPlace(p.file, Number(p.line), Number(p.column))
                << ",title=" << GithubText(p.id, true)
                << "::" << GithubText(text, false) << '\n';
    }
  }
}

// --- Running -----------------------------------------------------------------

bool FillRequest(const Options& options, v1::CheckDescriptorRequest* request) {
  request->set_action(options.action);
  const size_t colon = options.as.find(':');
  if (colon == std::string::npos || colon == 0 ||
      colon + 1 == options.as.size()) {
    Refuse("--as: `" + options.as + "` is no TYPE:ID, such as User:ana");
    return false;
  }
  request->mutable_subject()->set_type(options.as.substr(0, colon));
  request->mutable_subject()->set_id(options.as.substr(colon + 1));
  if (!options.environment.empty()) {
    (*request->mutable_context()->mutable_fields())["environment"]
        .set_string_value(options.environment);
  }
  if (!options.at.empty()) {
    const auto at = ParseInstant(options.at);
    if (!at) return false;
    // Rounded down, so that the rest is never negative.
    int64_t seconds = *at / 1'000'000, micros = *at % 1'000'000;
    if (micros < 0) {
      micros += 1'000'000;
      --seconds;
    }
    request->mutable_at()->set_seconds(seconds);
    request->mutable_at()->set_nanos(static_cast<int32_t>(micros) * 1000);
  }
  if (!options.previous.empty()) {
    if (options.files.size() != 1) {
      Refuse("--previous is the version before of one FILE; name one");
      return false;
    }
    if (!ReadInput(options.previous, request->mutable_previous())) return false;
    if (request->previous().empty()) {
      Refuse(options.previous + ": is empty");
      return false;
    }
  }
  return true;
}

// Rules that compare with the version before see the file itself where facts
// were read from it, and find nothing changed.
void WarnOfItself(const Snapshot& snapshot, const std::string& file,
                  const v1::CheckDescriptorResponse& response) {
  const Facts& facts = snapshot.engine->facts();
  const Schema& schema = facts.program().schema;
  for (const v1::DescriptorDecision& d : response.decisions()) {
    const uint32_t type = schema.FindEntity(d.resource().type());
    const uint32_t entity =
        type == kNone ? kNone : facts.Lookup(type, d.resource().id());
    if (entity == kNone) continue;
    const uint32_t from = facts.PositionOf(entity).file;
    if (from >= facts.files().size()) continue;
    std::error_code ignored;
    if (!std::filesystem::equivalent(
            std::filesystem::path(snapshot.origin) / facts.files()[from], file,
            ignored)) {
      continue;
    }
    std::cerr << "warning: " << Visible(file)
              << ": facts are read from this very file, so rules that compare "
                 "with the version before find nothing changed\n"
                 "  help: name the version before with --previous, such as "
                 "what `git show main:FILE` prints\n";
    return;
  }
}

int Run(const Options& options) {
  v1::CheckDescriptorRequest request;
  if (!FillRequest(options, &request)) return kRefused;
  std::unique_ptr<Remote> remote;
  std::shared_ptr<const Snapshot> snapshot;
  if (!options.remote.empty()) {
    if (!options.globals.bundle.empty() || !options.globals.directory.empty()) {
      return Refuse(
          "--remote takes its policies from the service: leave out -C and "
          "--bundle");
    }
    remote = std::make_unique<Remote>(options.remote);
  } else {
    snapshot = Load(options.globals);
    if (snapshot == nullptr) return kRefused;
  }
  std::vector<CheckedFile> files;
  bool refused = false;
  for (const std::string& file : options.files) {
    if (!ReadInput(file, request.mutable_text())) {
      refused = true;
      continue;
    }
    request.set_file(file);
    CheckedFile checked;
    checked.file = file;
    RequestError error;
    const bool done =
        remote != nullptr
            ? remote->CheckDescriptor(request, &checked.response, &error)
            : CheckDescriptor(*snapshot, request, NowMicros(),
                              /*simulation=*/true, &checked.response, &error);
    if (!done) {
      // The request is wrong, whatever the file.
      return Refuse(error);
    }
    if (snapshot != nullptr && request.previous().empty()) {
      WarnOfItself(*snapshot, file, checked.response);
    }
    // The request carries the text of the version before, not its name.
    for (auto& d : *checked.response.mutable_diagnostics()) {
      if (d.file() == "previous " + file) d.set_file(options.previous);
    }
    files.push_back(std::move(checked));
  }
  switch (options.format) {
    case Format::kJson:
      PrintJson(files);
      break;
    case Format::kSarif:
      PrintSarif(files);
      break;
    case Format::kJunit:
      PrintJunit(files, options.action);
      break;
    case Format::kGithub:
      PrintGithub(files);
      break;
    default:
      PrintText(files, UseColor(STDOUT_FILENO));
  }
  size_t broken = 0, denied = 0;
  for (const CheckedFile& file : files) {
    if (IsBroken(file)) {
      ++broken;
    } else if (IsDenied(file)) {
      ++denied;
    }
  }
  if (options.format == Format::kText && isatty(STDERR_FILENO)) {
    std::cerr << files.size() << (files.size() == 1 ? " file: " : " files: ")
              << files.size() - broken - denied << " may " << options.action
              << ", " << denied << " may not, " << broken << " broken\n";
  }
  if (refused || broken > 0) return kRefused;
  return denied > 0 ? kFound : kOk;
}

}  // namespace

void AddCheck(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "check", "Ask a gate whether descriptor files may pass");
  AddRepository(verb, &options->globals, true);
  AddFormat(verb, &options->format,
            {"text", "json", "sarif", "junit", "github"});
  verb->add_option("files", options->files,
                   "Descriptors: data contracts of ODCS (- for stdin)")
      ->type_name("FILE")
      ->required();
  verb->add_option("--action", options->action, "The gate to ask")
      ->type_name("GATE")
      ->capture_default_str();
  verb->add_option("--as", options->as, "Who proposes")
      ->type_name("TYPE:ID")
      ->capture_default_str();
  verb->add_option("--environment", options->environment,
                   "Where to, as context.environment")
      ->type_name("ENV");
  verb->add_option("--previous", options->previous,
                   "The version before, in place of what facts hold")
      ->type_name("FILE");
  verb->add_option("--at", options->at, "The instant to decide at")
      ->type_name("TIME");
  verb->add_option("--remote", options->remote,
                   "Ask the service at this address")
      ->type_name("HOST:PORT");
  verb->footer(
      "Each finding names the place of the descriptor to change and the rule.\n"
      "Exit code: 0 every file passes (advisories never fail), 1 a gate denies "
      "one,\n2 a file or the request is wrong.\n"
      "Examples:\n"
      "  bylaw check products/orders.odcs.yaml\n"
      "  bylaw check products/*.odcs.yaml --action deploy --environment "
      "production\n"
      "  git show main:orders.odcs.yaml > old.yaml\n"
      "  bylaw check orders.odcs.yaml --previous old.yaml --as User:ana\n"
      "  bylaw check orders.odcs.yaml --format sarif > bylaw.sarif");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace bylaw::cli
