// A descriptor (ODCS): as a file of facts, and at a gate, alone and as the
// version before another.
#include <string>

#include "descriptors/load.h"
#include "server/convert.h"
#include "server/descriptor_check.h"
#include "tests/fuzz/support.h"

namespace bylaw::fuzz {
namespace {

void Gate(const v1::CheckDescriptorRequest& request) {
  v1::CheckDescriptorResponse response;
  RequestError error;
  const bool decided =
      CheckDescriptor(Acme(), request, kNow, true, &response, &error);
  Require(decided || !error.message.empty(), "a refusal says why");
  Require(!decided || !response.decisions().empty() ||
              !response.diagnostics().empty(),
          "a descriptor is decided, or it is said why not");
  Require(!MessageToJson(response, false).empty(), "an answer has JSON");
}

}  // namespace
}  // namespace bylaw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  const std::string text(fuzz::TextOf(data, size));
  const Engine& engine = *fuzz::Acme().engine;
  const LoadedFacts loaded = LoadFactTexts(engine.facts().shared_program(),
                                           {{"product.odcs.yaml", text}});
  std::vector<Diagnostic> diagnostics;
  for (const FactError& e : loaded.errors) {
    fuzz::Require(FindCode(e.code) != nullptr, "a finding has a code", e.code);
    diagnostics.push_back(DiagnosticOf(e));
  }
  fuzz::CheckDiagnostics(diagnostics);
  v1::CheckDescriptorRequest request;
  request.set_file("product.odcs.yaml");
  request.set_text(text);
  fuzz::Gate(request);
  request.set_previous(text);
  fuzz::Gate(request);
  return 0;
}
