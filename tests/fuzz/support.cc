#include "tests/fuzz/support.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "evaluator/report.h"
#include "server/convert.h"

namespace bylaw::fuzz {
namespace {

// Empty facts will do: requests bring what they need.
std::shared_ptr<const Engine> LoadKinds() {
  CompileInput input;
  for (const char* path :
       {"tests/lang/world.bylaw", "tests/fuzz/kinds.bylaw"}) {
    input.files.emplace_back(path, ReadSource(path));
  }
  CompileResult compiled = CompileWithPacks(std::move(input), {.now = kNow});
  CheckDiagnostics(compiled.diagnostics);
  Require(compiled.ok, "kinds.bylaw compiles");
  const std::shared_ptr<const Program> program = std::move(compiled.program);
  FactsBuilder builder(program);
  for (const char* id : {"a", "b"}) {
    Node attributes = Node::Map();
    attributes.Set("must", Node::Number("1"));
    builder.AddEntity(0, program->schema.FindEntity("Probe"), id, {},
                      attributes);
    builder.AddEntity(0, program->schema.FindEntity("User"), id, {},
                      Node::Map());
  }
  auto engine = Engine::Load(program, builder.Build());
  Require(engine.ok(), "the engine of kinds.bylaw loads");
  return *engine;
}

std::string Answer(const DecisionReport& report) {
  v1::Decision message;
  DecisionToProto(report, &message);
  Require(message.outcome() != v1::Decision::OUTCOME_UNSPECIFIED,
          "a decision has an outcome");
  Require(message.outcome() != v1::Decision::ALLOW ||
              (message.columns().empty() && !message.has_filter() &&
               message.obligations().empty()),
          "ALLOW carries nothing");
  const std::string json = MessageToJson(message, false);
  v1::Decision again;
  RequestError error;
  Require(MessageFromJson(json, &again, &error),
          "an answer in JSON can be read", error.message);
  return json;  // its bytes are fixed, those of maps on the wire are not
}

}  // namespace

void Require(bool holds, std::string_view what, std::string_view found) {
  if (holds) return;
  std::fprintf(stderr, "REQUIRED: %.*s\n%.*s\n", static_cast<int>(what.size()),
               what.data(), static_cast<int>(found.size()), found.data());
  std::abort();
}

std::string ReadSource(const std::string& path) {
  std::ifstream file(BYLAW_SOURCE_DIR "/" + path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  Require(file.good(), "a file of the source tree can be read", path);
  return text.str();
}

const Snapshot& Acme() {
  static const std::shared_ptr<const Snapshot> snapshot = [] {
    SnapshotSource source;
    source.root = BYLAW_SOURCE_DIR "/examples/acme";
    source.now = kNow;
    source.keep_sources = false;
    SnapshotResult result = LoadSnapshot(source);
    Require(result.snapshot != nullptr, "examples/acme loads");
    return result.snapshot;
  }();
  return *snapshot;
}

const Engine& Kinds() {
  static const std::shared_ptr<const Engine> engine = LoadKinds();
  return *engine;
}

void CheckDiagnostics(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& d : diagnostics) {
    Require(!d.message.empty(), "a diagnostic has a message");
    Require(!Render(d).empty(), "a diagnostic can be shown");
    Require(!d.span || (d.span.begin <= d.span.end &&
                        d.span.end <= d.span.file->text().size()),
            "a diagnostic's place is in its file", d.message);
  }
}

void DecideBound(const Engine& engine, const BoundRequest& bound) {
  static Arena arena;
  for (const SqlDialect dialect :
       {SqlDialect::kNone, SqlDialect::kPostgres, SqlDialect::kTrino}) {
    arena.Reset();
    Decision decision;
    engine.Decide(bound, arena, &decision);
    const std::string answer =
        Answer(MakeReport(engine, bound, decision, dialect));
    if (dialect != SqlDialect::kNone) continue;
    const Explanation explanation = Explain(engine, bound, dialect);
    const std::string explained = Answer(explanation.decision);
    Require(explained == answer, "explain decides as the decision does",
            answer + "\n" + explained);
    v1::Explanation message;
    ExplanationToProto(explanation, &message);
    Require(!MessageToJson(message, true).empty(), "explain has JSON");
  }
}

void DecideRequest(const Engine& engine, const v1::CheckRequest& request) {
  static Arena arena;
  arena.Reset();
  OwnedRequest owned;
  BoundRequest bound;
  RequestError error;
  if (RequestFromProto(request, kNow, true, &owned, &error) &&
      engine.Bind(owned.request, arena, &bound, &error)) {
    DecideBound(engine, bound);
    return;
  }
  v1::Error message;
  ErrorToProto(error, &message);
  Require(!message.message().empty(), "a refusal says why");
  Require(FindCode(message.code()) != nullptr, "a refusal has a code",
          message.code());
}

}  // namespace bylaw::fuzz
