// A decision in words: what bylaw.v1.Decision carries, as plain data. Made
// from a Decision; server/ copies it into protobuf, the command prints it, the
// tests of the language read it.
#ifndef BYLAW_EVALUATOR_REPORT_H_
#define BYLAW_EVALUATOR_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluator/engine.h"
#include "evaluator/sql.h"

namespace bylaw {

struct ReportedDeterminant {
  std::string policy, kind, file;
  int32_t line = 0;
  std::string scope, severity, because, help;
  // Not in the protocol: what it is about (an attribute, or "" for the whole
  // entity), and where facts say that (a proposal: no file, its own lines).
  std::string about_type, about_id, about_attribute;
  std::string about_file;
  int32_t about_line = 0, about_column = 0;
  int32_t column = 0;  // of the rule
};

struct ReportedFilterNode {
  std::string op;  // "and" "or" "not" "==" … "in" "in column" "column"
                   // "constant" "is missing" "is present" "starts with" …
  std::vector<ReportedFilterNode> operands;
  std::string column;
  Node value;  // constants
};

struct DecisionReport {
  std::string id, request_id;
  DecisionOutcome outcome = DecisionOutcome::kUnspecified;
  struct Column {
    std::string column;
    std::string mask;  // "hide" is one
    std::vector<Node> arguments;
    std::string sql;  // in the dialect asked for
    std::vector<std::string> policies;
  };
  std::vector<Column> columns;
  bool has_filter = false;
  struct {
    std::string text, sql;
    ReportedFilterNode tree;
    std::vector<Node> parameters;  // of sql
  } filter;
  struct Obligation {
    std::string name;
    std::vector<std::pair<std::string, Node>> arguments;
  };
  std::vector<Obligation> obligations;
  int64_t keep = 0;  // microseconds
  std::vector<ReportedDeterminant> determining, advisories, not_delegated;
  struct WaiverUse {
    std::string waiver, policy;
  };
  std::vector<WaiverUse> waivers;
  struct Error {
    std::string policy, file;
    int32_t line = 0;
    std::string message;
  };
  std::vector<Error> errors;
  std::string policies_revision, facts_revision;
};

// Runs the texts (because, help); those that err are listed among the errors.
DecisionReport MakeReport(const Engine& engine, const BoundRequest& bound,
                          const Decision& decision, SqlDialect dialect);

// Why, rule by rule (`explain`): each rule of the action with what became of
// it, each condition with its value.
struct Explanation {
  struct ConditionValue {
    std::string role;   // guard where when unless governs …
    std::string text;   // as written
    std::string value;  // true, false, error: …
    std::string file;
    int32_t line = 0;
    // The values of the paths that the condition reads: "u.roles" -> "{…}".
    std::vector<std::pair<std::string, std::string>> values;
  };
  struct RuleInstance {
    uint32_t rule = kNone;  // Program::rules
    std::string policy, kind, text, file, scope;
    int32_t line = 0;
    std::vector<std::pair<std::string, std::string>> elements;
    bool matched = false;
    bool erred = false;
    bool counted = false;
    std::string reason;  // why it did or did not count
    std::vector<ConditionValue> conditions;
  };
  DecisionReport decision;
  std::vector<std::string> chain;  // scopes, root first
  std::vector<RuleInstance> rules;
};
Explanation Explain(const Engine& engine, const BoundRequest& bound,
                    SqlDialect dialect);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_REPORT_H_
