// Runs the tests of the language: each on facts of its own, decided by the
// same engine that serves. Used by `bylaw test` and by tests/lang.
#ifndef BYLAW_CLI_TEST_RUNNER_H_
#define BYLAW_CLI_TEST_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.h"
#include "evaluator/report.h"

namespace bylaw::cli {

// A test's request, decided: on facts of its own, by an engine of its own.
struct DecidedTest {
  std::shared_ptr<const Facts> facts;
  std::shared_ptr<const Engine> engine;
  Node context, proposal;
  Arena arena;
  BoundRequest bound;
  Decision decision;
  DecisionReport report;
};

// Null, with the reason in `message`, if the givens contradict each other or
// the request is refused. The request may supply attributes of its subject (a
// kMap), which no test of the language does.
std::unique_ptr<DecidedTest> DecideTest(
    const std::shared_ptr<const Program>& program, const typed::Test& test,
    std::string* message, const Node* subject_attributes = nullptr);

// 2026-01-01T12:00:00Z: `now` of a test without `at`.
inline constexpr int64_t kDefaultTestNow = 1767268800LL * 1'000'000;

struct TestResult {
  const typed::Test* test = nullptr;
  bool passed = false;
  // What was expected and what happened, a line a failed expectation:
  // "file:line: expected …, got …".
  std::string message;
  double seconds = 0;
};

// Whether tests saw a rule match, and not match.
struct RuleCoverage {
  uint32_t rule = 0;  // Program::rules
  bool matched = false, not_matched = false;
};

struct TestRun {
  std::vector<TestResult> tests;
  std::vector<RuleCoverage> coverage;  // one a rule
  size_t failed = 0;
};

// Runs the tests whose "module: name" contains `filter` (all if empty), in
// order. `progress` is called before each, with its number. REQUIRES:
// compiled.ok.
TestRun RunTests(const CompileResult& compiled, std::string_view filter,
                 const std::function<void(size_t)>& progress = {});

}  // namespace bylaw::cli

#endif  // BYLAW_CLI_TEST_RUNNER_H_
