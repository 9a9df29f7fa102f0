// Cases of the checker: program texts in which every line that is wrong ends
// with a comment `//! BLnnnn` for each diagnostic expected there. All errors
// and warnings must be expected, and all that is expected must come; notes
// count where a case names one.
//
// A case is one file of module `council.rules` (unless it says `module`),
// beside `mesh` and a file with the terms that cases use. A line
// `=== PATH SCOPE` begins another file, of a scope by its number (0 the root,
// 1 `sales` below it, 2 `hr` beside that).
#ifndef BYLAW_TESTS_UNIT_CHECK_CASES_H_
#define BYLAW_TESTS_UNIT_CHECK_CASES_H_

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "compiler/checker.h"
#include "compiler/typed_dump.h"
#include "dsl/parser.h"
#include "tests/catch.h"

namespace bylaw::check_cases {

inline constexpr char kTerms[] = R"(module council.rules
extend vocabulary Tag {
  pii { email, phone, name { first, last } }, finance { salary }
}
extend vocabulary Country { eu { fr, de, no }, us }
extend vocabulary Purpose { marketing, fraud_investigation, customer_support }
extend vocabulary Role { analyst, steward, pii_reader }
extend vocabulary Employment { staff, contractor }
extend vocabulary Environment { production, testing }
)";

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// One program, checked without scopes and tests.
class Program {
 public:
  explicit Program(const std::string& text, bool terms = true) {
    Add("mesh.bylaw", ReadFile(BYLAW_SOURCE_DIR "/policies/mesh/mesh.bylaw"), 0,
        true);
    if (terms) Add("terms.bylaw", kTerms, 0, false);
    std::string path = "case.bylaw", body;
    uint32_t scope = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("=== ", 0) == 0) {
        if (!body.empty()) Add(path, body, scope, false);
        std::istringstream header(line.substr(4));
        header >> path >> scope;
        body.clear();
        continue;
      }
      body += line + "\n";
    }
    Add(path, body, scope, false);
    input_.scopes = {{"org", kNone}, {"sales", 0}, {"hr", 0}};
    checker_ = std::make_unique<Checker>(input_, sink_);
    checker_->CollectModules();
    checker_->DeclareSchema();
    checker_->CheckDefs();
    checker_->CheckPolicies();
    checker_->LintPolicies();
    sink_.Sort();
  }

  Checker& checker() { return *checker_; }
  const DiagnosticSink& sink() const { return sink_; }

  // "case.bylaw:3 BL2005", sorted.
  std::vector<std::string> Found(bool notes) const {
    std::vector<std::string> found;
    for (const Diagnostic& d : sink_.diagnostics()) {
      if (d.severity == Severity::kNote && !notes) continue;
      found.push_back(std::string(d.path()) + ":" +
                      std::to_string(d.Start().line) + " " +
                      std::string(InfoOf(d.code).id));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  std::vector<std::string> Expected() const {
    std::vector<std::string> expected;
    for (const auto& source : sources_) {
      for (uint32_t n = 1; n <= source->line_count(); ++n) {
        const std::string line(source->Line(n));
        for (size_t at = line.find("//!"); at != std::string::npos;
             at = line.find("BL", at)) {
          if (line.compare(at, 3, "//!") == 0) {
            at += 3;
            continue;
          }
          expected.push_back(source->path() + ":" + std::to_string(n) + " " +
                             line.substr(at, 6));
          at += 6;
        }
      }
    }
    std::sort(expected.begin(), expected.end());
    return expected;
  }

 private:
  void Add(const std::string& path, std::string text, uint32_t scope,
           bool shipped) {
    if (text.rfind("module ", 0) != 0 &&
        text.find("\nmodule ") == std::string::npos) {
      // On the line of the first word, so that lines stay as written.
      const size_t word = text.find_first_not_of(" \n");
      text.insert(word == std::string::npos ? 0 : word,
                  "module council.rules ");
    }
    sources_.push_back(std::make_unique<SourceFile>(path, text));
    const size_t errors = sink_.error_count();
    trees_.push_back(bylaw::ParseFile(*sources_.back(), sink_));
    if (sink_.error_count() > errors) {
      input_.broken.push_back(trees_.back().get());
    }
    CheckFile file;
    file.tree = trees_.back().get();
    file.scope = scope;
    file.shipped = shipped;
    input_.files.push_back(file);
  }

  std::vector<std::unique_ptr<SourceFile>> sources_;
  std::vector<std::unique_ptr<ast::File>> trees_;
  CheckInput input_;
  DiagnosticSink sink_;
  std::unique_ptr<Checker> checker_;
};

inline std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Checks one case: what it says is what is found.
inline void Check(const std::string& text, bool terms = true) {
  const Program program(text, terms);
  const std::vector<std::string> expected = program.Expected();
  const bool notes = text.find("BL4004") != std::string::npos ||
                     text.find("BL4005") != std::string::npos;
  const std::vector<std::string> found = program.Found(notes);
  if (expected == found) {
    SUCCEED();
    return;
  }
  INFO(text);
  INFO(Render(program.sink()));
  CHECK(Joined(found) == Joined(expected));
}

// A policy on `read` with these rules, one a line from line 3.
inline std::string Rules(const std::string& rules) {
  return "policy p title \"t\" owner \"o\"\non read of Dataset as d by User as "
         "u {\n" +
         rules + "\n}\n";
}

inline void CheckRules(const std::string& rules) { Check(Rules(rules)); }

}  // namespace bylaw::check_cases

#endif  // BYLAW_TESTS_UNIT_CHECK_CASES_H_
