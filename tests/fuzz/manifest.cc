// bylaw.yaml, beside a small repository's policies in the folders that
// manifests of tests and examples name.
#include <string>

#include "tests/fuzz/compile.h"
#include "tests/fuzz/support.h"

namespace {

constexpr char kCouncil[] = R"(module council
scope org root { owner "council" governs DataProduct }
scope sales under org {
  owner "sales"
  governs DataProduct as p where p.name == "orders"
  may override council.owned
  may allow read of Dataset
}
policy owned title "Owned" owner "council" on publish of DataProduct as p {
  deny when p.owner is missing because "no owner"
}
policy hashed title "Hashed" owner "council" on read of Dataset as d {
  for c in d.columns { mask c with hash }
}
)";
constexpr char kSales[] = R"(module sales
policy readers title "Readers" owner "sales" on read of Dataset {
  allow when true recheck after 1h
}
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  static const fuzz::Compiler compiler({"mesh", "standard"},
                                       {{"council/council.bylaw", kCouncil},
                                        {"domains/sales/sales.bylaw", kSales}});
  const auto result = compiler.Compile(
      {{kManifestName, std::string(fuzz::TextOf(data, size))}});
  const auto& manifest = result->repository.manifest;
  fuzz::Require(manifest.has_value(), "what could be read is returned");
  fuzz::Require(manifest->fact_spans.size() == manifest->settings.facts.size(),
                "each pattern of facts has its place");
  return 0;
}
