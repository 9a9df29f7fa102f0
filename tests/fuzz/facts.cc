// Files of facts, each input as YAML, JSON and JSON lines; and that what was
// read is saved and loaded the same.
#include <string>

#include "descriptors/load.h"
#include "tests/fuzz/support.h"

namespace bylaw::fuzz {
namespace {

void Load(const std::shared_ptr<const Program>& program,
          const std::string& path, std::string_view text) {
  const LoadedFacts loaded =
      LoadFactTexts(program, {{path, std::string(text)}});
  std::vector<Diagnostic> diagnostics;
  bool failed = false;
  for (const FactError& e : loaded.errors) {
    Require(FindCode(e.code) != nullptr, "a finding has a code", e.code);
    diagnostics.push_back(DiagnosticOf(e));
    failed = failed || e.severity == FactSeverity::kError;
  }
  CheckDiagnostics(diagnostics);
  Require(failed == (loaded.facts == nullptr),
          "there are facts, or there are errors");
  if (failed) return;
  const std::string bytes = SaveFacts(*loaded.facts);
  const auto again = LoadSavedFacts(bytes, program);
  Require(again.ok(), "saved facts can be loaded");
  Require((*again)->revision() == loaded.facts->revision(),
          "saved facts are the same facts");
  Require(SaveFacts(**again) == bytes, "the same facts give the same bytes");
}

}  // namespace
}  // namespace bylaw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  const std::string_view text = fuzz::TextOf(data, size);
  for (const char* path : {"facts.yaml", "facts.json", "facts.jsonl"}) {
    fuzz::Load(fuzz::Acme().engine->facts().shared_program(), path, text);
  }
  fuzz::Load(fuzz::Kinds().facts().shared_program(), "facts.yaml", text);
  return 0;
}
