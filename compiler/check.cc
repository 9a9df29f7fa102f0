#include "compiler/check.h"

#include <utility>

#include "compiler/checker.h"

namespace bylaw {

CheckOutput Check(const CheckInput& input, DiagnosticSink& sink) {
  Checker checker(input, sink);
  checker.CollectModules();
  checker.DeclareSchema();
  checker.CheckDefs();
  checker.CheckPolicies();
  CheckScopes(checker);
  CheckOutput output;
  CheckTests(checker, &output.tests);
  checker.LintPolicies();
  checker.ReportDropped();
  output.program = std::move(checker.program);
  return output;
}

}  // namespace bylaw
