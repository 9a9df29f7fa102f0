// Tables of decisions: small repositories in text, each `test` of the language
// in them a request, its decision as one line of text.
#ifndef BYLAW_TESTS_UNIT_DECISION_CASES_H_
#define BYLAW_TESTS_UNIT_DECISION_CASES_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/test_runner.h"
#include "compiler/compile.h"
#include "policies/embedded.h"
#include "tests/catch.h"

namespace bylaw {

inline std::string NodeLine(const Node& n) {
  switch (n.kind) {
    case Node::Kind::kBool:
      return n.boolean ? "true" : "false";
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kList: {
      std::string out = "[";
      for (const Node& e : n.list) {
        out += (out.size() > 1 ? ", " : "") + NodeLine(e);
      }
      return out + "]";
    }
    default:
      return n.text;
  }
}

// "DENY p:deny(message) | errors q | keep 5m", parts left out where empty.
inline std::string DecisionLine(const DecisionReport& r) {
  constexpr const char* kOutcomes[] = {"UNSPECIFIED", "ALLOW", "MASK", "DENY"};
  std::string out = kOutcomes[static_cast<size_t>(r.outcome)];
  const auto list = [&out](const char* title,
                           const std::vector<std::string>& items) {
    if (items.empty()) return;
    out += std::string(" | ") + title;
    for (size_t i = 0; i < items.size(); ++i) {
      out += (i > 0 ? ", " : " ") + items[i];
    }
  };
  const auto determinants = [](const std::vector<ReportedDeterminant>& list) {
    std::vector<std::string> items;
    for (const ReportedDeterminant& d : list) {
      const std::string policy = d.policy.substr(d.policy.find('.') + 1);
      items.push_back((policy.empty() ? "" : policy + ":") + d.kind);
      if (d.because.starts_with("error: ")) {
        items.back() += "!";
      } else if (!d.because.empty() && !d.policy.empty()) {
        items.back() += "(" + d.because + ")";
      }
    }
    return items;
  };
  list("by", determinants(r.determining));
  std::vector<std::string> columns;
  for (const auto& c : r.columns) {
    std::string text = c.column + "=" + c.mask;
    for (size_t i = 0; i < c.arguments.size(); ++i) {
      text += (i > 0 ? "," : "(") + NodeLine(c.arguments[i]);
    }
    columns.push_back(text + (c.arguments.empty() ? "" : ")"));
  }
  list("columns", columns);
  if (r.has_filter) out += " | rows " + r.filter.text;
  std::vector<std::string> obligations;
  for (const auto& o : r.obligations) {
    std::string text = o.name + "(";
    for (size_t i = 0; i < o.arguments.size(); ++i) {
      text += (i > 0 ? ", " : "") + NodeLine(o.arguments[i].second);
    }
    obligations.push_back(text + ")");
  }
  list("require", obligations);
  list("advisory", determinants(r.advisories));
  list("not delegated", determinants(r.not_delegated));
  std::vector<std::string> waivers, errors;
  for (const auto& w : r.waivers) {
    waivers.push_back(w.waiver.substr(w.waiver.find('.') + 1));
  }
  list("waived by", waivers);
  for (const auto& e : r.errors) {
    errors.push_back(e.policy.empty()
                         ? "(" + e.message.substr(0, e.message.find(':')) + ")"
                         : e.policy.substr(e.policy.find('.') + 1));
  }
  list("errors", errors);
  out += " | keep " + FormatDuration(r.keep);
  return out;
}

// A repository that compiles, with its tests decided.
class DecisionCases {
 public:
  explicit DecisionCases(
      std::vector<std::pair<std::string, std::string>> files) {
    CompileInput input;
    input.files = std::move(files);
    for (const char* name : {"mesh", "standard"}) {
      Pack pack{name, {}};
      for (const EmbeddedFile& f : EmbeddedPack(name)) {
        pack.files.emplace_back(std::string(f.path), std::string(f.text));
      }
      input.packs.push_back(std::move(pack));
    }
    CompileOptions options;
    options.now = cli::kDefaultTestNow;
    compiled_ = Compile(input, options);
    for (const Diagnostic& d : compiled_.diagnostics) {
      if (d.severity != Severity::kError) continue;
      messages_ += std::string(d.span.path()) + ":" +
                   std::to_string(d.span.line()) + ": " + d.message + "\n";
    }
    if (!compiled_.ok) return;
    program_ = std::shared_ptr<const Program>(std::move(compiled_.program));
  }

  bool ok() const { return program_ != nullptr; }
  const std::string& messages() const { return messages_; }

  // The test of that name, decided; null with a failure of the test.
  std::unique_ptr<cli::DecidedTest> Decide(std::string_view name) {
    for (const typed::Test& test : compiled_.tests) {
      if (test.name != name) continue;
      std::string message;
      auto decided = cli::DecideTest(program_, test, &message);
      if (decided == nullptr) FAIL_CHECK(std::string(name) + ": " + message);
      return decided;
    }
    FAIL_CHECK("no test " + std::string(name));
    return nullptr;
  }

  void Check(std::string_view name, const std::string& expected) {
    const auto decided = Decide(name);
    if (decided == nullptr) return;
    INFO(std::string(name));
    CHECK(DecisionLine(decided->report) == expected);
  }

 private:
  CompileResult compiled_;
  std::shared_ptr<const Program> program_;
  std::string messages_;
};

}  // namespace bylaw

#endif  // BYLAW_TESTS_UNIT_DECISION_CASES_H_
