// The bytes of a call of bylaw.v1 as the service gets them. The first byte of
// an input says which call; the rest is its message.
#include <string>
#include <utility>

#include "server/batch.h"
#include "server/convert.h"
#include "server/descriptor_check.h"
#include "tests/fuzz/support.h"

namespace bylaw::fuzz {
namespace {

// Compiling takes time; that much text is what the policy target is for.
constexpr size_t kMaxLintBytes = 16 * 1024;

void Batch(const v1::CheckBatchRequest& request) {
  for (const v1::CheckRequest& item : request.items()) {
    DecideRequest(*Acme().engine, WithDefaults(request.defaults(), item));
  }
}

// As the service does it: the decision is the one that explaining makes.
void ExplainWith(const Engine& engine, const v1::CheckRequest& request) {
  static Arena arena;
  arena.Reset();
  OwnedRequest owned;
  BoundRequest bound;
  RequestError error;
  if (!RequestFromProto(request, kNow, true, &owned, &error) ||
      !engine.Bind(owned.request, arena, &bound, &error)) {
    Require(!error.message.empty() && FindCode(error.code) != nullptr,
            "a refusal has a code and a reason", error.code);
    return;
  }
  Explanation explanation =
      bylaw::Explain(engine, bound, DialectFromProto(request.sql()));
  explanation.decision.request_id = request.request_id();
  v1::Explanation response;
  ExplanationToProto(explanation, &response);
  for (const v1::RuleExplanation& rule : response.rules()) {
    Require(!rule.reason().empty(), "an explained rule has a reason",
            rule.policy());
  }
  Require(!MessageToJson(response, false).empty(), "an answer has JSON");
}

void Descriptor(const v1::CheckDescriptorRequest& request) {
  v1::CheckDescriptorResponse response;
  RequestError error;
  if (!CheckDescriptor(Acme(), request, kNow, true, &response, &error)) {
    Require(!error.message.empty() && FindCode(error.code) != nullptr,
            "a refusal has a code and a reason", error.code);
  }
  Require(!MessageToJson(response, false).empty(), "an answer has JSON");
}

void Lint(const v1::LintRequest& request) {
  if (request.ByteSizeLong() > kMaxLintBytes) return;
  CompileInput input;
  for (const v1::SourceFile& file : request.files()) {
    input.files.emplace_back(file.path(), file.text());
  }
  const CompileResult result =
      CompileWithPacks(std::move(input), {.now = kNow});
  CheckDiagnostics(result.diagnostics);
  v1::LintResponse response;
  for (const Diagnostic& d : result.diagnostics) {
    DiagnosticToProto(d, response.add_diagnostics());
  }
  Require(!MessageToJson(response, false).empty(), "an answer has JSON");
}

template <typename Message>
void Run(std::string_view bytes, void (*handle)(const Message&)) {
  Message message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    handle(message);
  }
}

}  // namespace
}  // namespace bylaw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::TextOf(data + 1, size - 1);
  switch (data[0]) {
    case 'c':
      fuzz::Run<v1::CheckRequest>(bytes, [](const v1::CheckRequest& request) {
        fuzz::DecideRequest(*fuzz::Acme().engine, request);
        fuzz::DecideRequest(fuzz::Kinds(), request);
      });
      break;
    case 'b':
      fuzz::Run<v1::CheckBatchRequest>(bytes, fuzz::Batch);
      break;
    case 'e':
      fuzz::Run<v1::CheckRequest>(bytes, [](const v1::CheckRequest& request) {
        fuzz::ExplainWith(*fuzz::Acme().engine, request);
        fuzz::ExplainWith(fuzz::Kinds(), request);
      });
      break;
    case 'd':
      fuzz::Run<v1::CheckDescriptorRequest>(bytes, fuzz::Descriptor);
      break;
    case 'l':
      fuzz::Run<v1::LintRequest>(bytes, fuzz::Lint);
      break;
    default:
      break;
  }
  return 0;
}
