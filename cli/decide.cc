// bylaw decide and bylaw explain: requests as JSON, decided here or by a
// service.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "bylaw/v1/bylaw.grpc.pb.h"
#include "cli/command.h"
#include "cli/remote.h"
#include "server/convert.h"

namespace bylaw::cli {
namespace {

struct Options {
  Globals globals;
  Format format = Format::kText;
  std::string file = "-";
  std::string at;
  std::string sql;
  std::string remote;
  bool lines = false;
  bool explain = false;
};

// Decides on a snapshot in this process or asks a service: the same messages
// either way.
class Decider {
 public:
  explicit Decider(const Options& options) : options_(options) {}

  bool Start() {
    if (!options_.at.empty()) {
      const auto at = ParseInstant(options_.at);
      if (!at) return false;
      at_ = *at;
      has_at_ = true;
    }
    if (!options_.remote.empty()) {
      if (!options_.globals.bundle.empty() ||
          !options_.globals.directory.empty()) {
        Refuse(
            "--remote takes its policies from the service: leave out -C "
            "and --bundle");
        return false;
      }
      remote_ = std::make_unique<Remote>(options_.remote);
      return true;
    }
    snapshot_ = Load(options_.globals);
    return snapshot_ != nullptr;
  }

  // False with `error`: the request is refused.
  bool Read(std::string_view json, v1::CheckRequest* request,
            RequestError* error) const {
    if (!MessageFromJson(json, request, error)) return false;
    if (request->sql() == v1::SQL_NONE && !options_.sql.empty()) {
      request->set_sql(options_.sql == "trino" ? v1::TRINO : v1::POSTGRES);
    }
    if (has_at_ && !request->has_at()) {
      int64_t seconds = at_ / 1'000'000, micros = at_ % 1'000'000;
      if (micros < 0) {
        micros += 1'000'000;
        --seconds;
      }
      request->mutable_at()->set_seconds(seconds);
      request->mutable_at()->set_nanos(static_cast<int32_t>(micros * 1000));
    }
    return true;
  }

  bool Decide(const v1::CheckRequest& request, v1::Decision* decision,
              RequestError* error) {
    if (remote_ != nullptr) return remote_->Check(request, decision, error);
    BoundRequest bound;
    OwnedRequest owned;
    if (!Bind(request, &owned, &bound, error)) return false;
    Decision made;
    snapshot_->engine->Decide(bound, arena_, &made);
    DecisionReport report = MakeReport(*snapshot_->engine, bound, made,
                                       DialectFromProto(request.sql()));
    report.request_id = request.request_id();
    DecisionToProto(report, decision);
    return true;
  }

  bool Explain(const v1::CheckRequest& request, v1::Explanation* explanation,
               RequestError* error) {
    if (remote_ != nullptr) {
      return remote_->Explain(request, explanation, error);
    }
    BoundRequest bound;
    OwnedRequest owned;
    if (!Bind(request, &owned, &bound, error)) return false;
    Explanation made = bylaw::Explain(*snapshot_->engine, bound,
                                      DialectFromProto(request.sql()));
    made.decision.request_id = request.request_id();
    ExplanationToProto(made, explanation);
    return true;
  }

 private:
  bool Bind(const v1::CheckRequest& request, OwnedRequest* owned,
            BoundRequest* bound, RequestError* error) {
    arena_.Reset();
    return RequestFromProto(request, NowMicros(), /*simulation=*/true, owned,
                            error) &&
           snapshot_->engine->Bind(owned->request, arena_, bound, error);
  }

  const Options& options_;
  bool has_at_ = false;
  int64_t at_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<Remote> remote_;
  Arena arena_;
};

// What the loops around an instance of a rule stand at: "email", or with loops
// in loops "orders / email".
std::string ElementsOf(const v1::RuleExplanation& r) {
  std::string text;
  for (const auto& e : r.elements()) {
    text += (text.empty() ? "" : " / ") + e.value();
  }
  return text;
}

template <typename T>
bool IsSameRule(const v1::RuleExplanation& a, const T& b) {
  return a.policy() == b.policy() && a.file() == b.file() &&
         a.line() == b.line() && a.kind() == b.kind();
}

// For each determining rule the elements for which it stands there: its
// instances that count, in the same order.
std::vector<std::string> DeterminingElements(
    const v1::Explanation& explanation) {
  const auto& list = explanation.decision().determining();
  std::vector<std::string> elements(static_cast<size_t>(list.size()));
  for (int i = 0; i < list.size();) {
    int end = i;
    std::vector<std::string> own;
    for (const v1::RuleExplanation& r : explanation.rules()) {
      if (r.counted() && IsSameRule(r, list[i])) own.push_back(ElementsOf(r));
    }
    while (end < list.size() && list[end].policy() == list[i].policy() &&
           list[end].file() == list[i].file() &&
           list[end].line() == list[i].line() &&
           list[end].kind() == list[i].kind()) {
      ++end;
    }
    if (own.size() == static_cast<size_t>(end - i)) {
      std::copy(own.begin(), own.end(), elements.begin() + i);
    }
    i = end;
  }
  return elements;
}

void PrintRuleHead(const v1::RuleExplanation& r) {
  std::cout << "\n"
            << Visible(r.state()) << "  " << Visible(r.policy()) << " ("
            << Visible(r.kind()) << ")  " << Visible(r.file()) << ':'
            << r.line() << "  scope " << Visible(r.scope()) << '\n';
  if (!r.text().empty()) {
    std::cout << "    " << Visible(r.text(), /*lines=*/true) << '\n';
  }
}

void PrintReason(const v1::RuleExplanation& r) {
  std::cout << "    " << (r.counted() ? "counts" : "does not count")
            << Visible(r.reason().empty() ? "" : ": " + r.reason()) << '\n';
}

void PrintInstance(const v1::RuleExplanation& r) {
  PrintRuleHead(r);
  for (const auto& e : r.elements()) {
    std::cout << "    for " << Visible(e.name()) << " = " << Visible(e.value())
              << '\n';
  }
  for (const v1::ConditionExplanation& c : r.conditions()) {
    std::cout << "    " << Visible(c.role()) << ' '
              << Visible(c.text(), /*lines=*/true) << "  ->  "
              << Visible(c.value()) << '\n';
    for (const auto& v : c.values()) {
      std::cout << "        " << Visible(v.name(), /*lines=*/true) << " = "
                << Visible(v.value()) << '\n';
    }
  }
  PrintReason(r);
}

// The instances of one rule that did not match, those with one reason on one
// line; the only one is shown whole. `--format json` has them all.
void PrintUnmatched(const std::vector<const v1::RuleExplanation*>& instances) {
  if (instances.size() == 1) {
    PrintInstance(*instances[0]);
    return;
  }
  constexpr size_t kMaxElements = 20;
  PrintRuleHead(*instances[0]);
  std::vector<const v1::RuleExplanation*> first;  // of each reason
  for (const v1::RuleExplanation* r : instances) {
    if (std::none_of(first.begin(), first.end(), [r](const auto* other) {
          return other->reason() == r->reason();
        })) {
      first.push_back(r);
    }
  }
  for (const v1::RuleExplanation* reason : first) {
    std::string names, values;
    for (const auto& e : reason->elements()) {
      names += (names.empty() ? "" : " / ") + e.name();
    }
    size_t count = 0;
    for (const v1::RuleExplanation* r : instances) {
      if (r->reason() != reason->reason()) continue;
      if (++count <= kMaxElements) {
        values += (values.empty() ? "" : ", ") + ElementsOf(*r);
      }
    }
    if (count > kMaxElements) {
      values += " and " + std::to_string(count - kMaxElements) + " more";
    }
    std::cout << "    for " << Visible(names) << " = " << Visible(values)
              << '\n';
    PrintReason(*reason);
  }
}

// What matched or erred first, in full; then what did not match.
void PrintExplanation(const v1::Explanation& explanation, bool color) {
  PrintDecision(explanation.decision(), color,
                DeterminingElements(explanation));
  std::cout << '\n';
  if (!explanation.chain().empty()) {
    std::cout << "scopes:";
    for (const std::string& scope : explanation.chain()) {
      std::cout << ' ' << Visible(scope);
    }
    std::cout << '\n';
  }
  if (explanation.rules().empty()) std::cout << "no candidate rules\n";
  std::vector<std::vector<const v1::RuleExplanation*>> unmatched;
  for (const v1::RuleExplanation& r : explanation.rules()) {
    if (r.state() != "not matched") {
      PrintInstance(r);
    } else if (!unmatched.empty() && IsSameRule(r, *unmatched.back()[0])) {
      unmatched.back().push_back(&r);
    } else {
      unmatched.push_back({&r});
    }
  }
  for (const auto& instances : unmatched) PrintUnmatched(instances);
}

// JSON lines: each is decided or refused in its place.
int RunLines(const Options& options, Decider& decider) {
  Input input(options.file);
  int exit = kOk;
  std::string line;
  while (input.NextLine(&line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    v1::CheckRequest request;
    RequestError error;
    bool decided = decider.Read(line, &request, &error);
    if (decided && options.explain) {
      v1::Explanation explanation;
      decided = decider.Explain(request, &explanation, &error);
      if (decided) std::cout << StableJson(explanation, false) << '\n';
    } else if (decided) {
      v1::Decision decision;
      decided = decider.Decide(request, &decision, &error);
      if (decided) std::cout << StableJson(decision, false) << '\n';
    }
    if (!decided) {
      // {"requestId": …, "error": Error}: the shape of a stream's answer.
      v1::CheckStreamResponse refused;
      refused.set_request_id(request.request_id());
      ErrorToProto(error, refused.mutable_error());
      std::cout << StableJson(refused, false) << '\n';
      exit = kRefused;
    }
  }
  return input.failed() ? kRefused : exit;
}

int Run(const Options& options) {
  Decider decider(options);
  if (!decider.Start()) return kRefused;
  if (options.lines) return RunLines(options, decider);
  std::string text;
  if (options.file == "-" && isatty(STDIN_FILENO)) {
    std::cerr << "reading one request (JSON) from standard input\n";
  }
  if (!ReadInput(options.file, &text)) return kRefused;
  v1::CheckRequest request;
  RequestError error;
  if (!decider.Read(text, &request, &error)) return Refuse(error);
  const bool color = UseColor(STDOUT_FILENO);
  if (options.explain) {
    v1::Explanation explanation;
    if (!decider.Explain(request, &explanation, &error)) return Refuse(error);
    if (options.format == Format::kJson) {
      std::cout << StableJson(explanation, true) << '\n';
    } else {
      PrintExplanation(explanation, color);
    }
    return ExitCodeOf(explanation.decision().outcome());
  }
  v1::Decision decision;
  if (!decider.Decide(request, &decision, &error)) return Refuse(error);
  if (options.format == Format::kJson) {
    std::cout << StableJson(decision, true) << '\n';
  } else {
    PrintDecision(decision, color);
  }
  return ExitCodeOf(decision.outcome());
}

void Add(CLI::App& app, int* exit, bool explain) {
  auto options = std::make_shared<Options>();
  options->explain = explain;
  CLI::App* verb =
      explain ? app.add_subcommand(
                    "explain",
                    "Show why: each candidate rule, each condition's value")
              : app.add_subcommand("decide", "Decide one request, or many");
  AddRepository(verb, &options->globals, true);
  AddFormat(verb, &options->format, {"text", "json"});
  verb->add_option("file", options->file,
                   "The request as JSON; standard input if left out or -")
      ->type_name("FILE");
  verb->add_flag("--lines", options->lines,
                 "JSON lines: a request a line, a decision a line (as JSON)");
  verb->add_option("--at", options->at,
                   "Decide as of this instant (2026-11-20T10:00:00Z)")
      ->type_name("TIME");
  verb->add_option("--sql", options->sql,
                   "Render masks and row filters for this dialect")
      ->check(CLI::IsMember({"postgres", "trino"}))
      ->type_name("postgres|trino");
  verb->add_option("--remote", options->remote,
                   "Ask the service there, over gRPC")
      ->type_name("HOST:PORT");
  const std::string name = explain ? "explain" : "decide";
  verb->footer(
      "Exit code: 0 ALLOW, 3 MASK, 1 DENY, 2 the request was refused; with "
      "--lines\n0, or 2 if a line was refused.\n"
      "Examples:\n"
      "  bylaw " +
      name +
      " request.json\n"
      "  bylaw " +
      name +
      " --sql postgres --format json < request.json\n"
      "  bylaw " +
      name +
      " --lines requests.jsonl > decisions.jsonl\n"
      "A request:\n"
      "  {\"subject\": {\"type\": \"User\", \"id\": \"ana\"}, \"action\": "
      "\"read\",\n"
      "   \"resource\": {\"type\": \"Dataset\", \"id\": \"sales.orders\"},\n"
      "   \"context\": {\"purpose\": \"marketing\", \"columns\": "
      "[\"email\"]}}");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace

void AddDecide(CLI::App& app, int* exit) { Add(app, exit, false); }
void AddExplain(CLI::App& app, int* exit) { Add(app, exit, true); }

}  // namespace bylaw::cli
