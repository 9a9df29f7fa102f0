// Loading repositories and bundles: what comes of broken ones, the bytes of a
// bundle, and lint that needs facts.
#include "server/snapshot.h"

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/server/fixture.h"

namespace bylaw::test {
namespace {

using Catch::Matchers::ContainsSubstring;

SnapshotResult Load(const std::string& root) {
  SnapshotSource source;
  source.root = root;
  return LoadSnapshot(source);
}

SnapshotResult LoadBundle(const std::string& path) {
  SnapshotSource source;
  source.bundle = path;
  return LoadSnapshot(source);
}

const Diagnostic* Find(const SnapshotResult& result, Code code) {
  for (const Diagnostic& d : result.diagnostics) {
    if (d.code == code) return &d;
  }
  return nullptr;
}

TEST_CASE("a repository is loaded with its sources and tests") {
  Repository repository;
  const SnapshotResult result = Load(repository.path());
  REQUIRE(result.snapshot != nullptr);
  CHECK(result.snapshot->compiled != nullptr);
  CHECK(result.snapshot->origin == repository.path());
  CHECK(result.snapshot->engine->facts().size() == 9);

  SnapshotSource source;
  source.root = repository.path();
  source.keep_sources = false;
  const SnapshotResult lean = LoadSnapshot(source);
  REQUIRE(lean.snapshot != nullptr);
  CHECK(lean.snapshot->compiled == nullptr);
  CHECK(lean.snapshot->engine->program().revision ==
        result.snapshot->engine->program().revision);
}

TEST_CASE("the same sources give the same bundle, which decides the same") {
  Repository repository, again;
  const SnapshotResult a = Load(repository.path()), b = Load(again.path());
  REQUIRE(a.snapshot != nullptr);
  REQUIRE(b.snapshot != nullptr);
  const std::string bytes = WriteBundle(*a.snapshot);
  CHECK(bytes == WriteBundle(*b.snapshot));
  TempDir out;
  out.Write("x.bundle", bytes);
  const SnapshotResult loaded = LoadBundle(out.File("x.bundle"));
  REQUIRE(loaded.snapshot != nullptr);
  CHECK(loaded.snapshot->engine->program().revision ==
        a.snapshot->engine->program().revision);
  CHECK(loaded.snapshot->engine->facts().revision() ==
        a.snapshot->engine->facts().revision());
  CHECK(WriteBundle(*loaded.snapshot) == bytes);
}

TEST_CASE("facts may be given in place of the manifest's and the bundle's") {
  Repository repository;
  repository.Write("other/facts.yaml", "User:\n  eve: { roles: [analyst] }\n");
  SnapshotSource source;
  source.root = repository.path();
  source.facts = {"other/*.yaml"};
  SnapshotResult result = LoadSnapshot(source);
  REQUIRE(result.snapshot != nullptr);
  CHECK(result.snapshot->engine->facts().size() == 1);
  TempDir out;
  out.Write("x.bundle", WriteBundle(*Load(repository.path()).snapshot));
  source.bundle = out.File("x.bundle");
  result = LoadSnapshot(source);
  REQUIRE(result.snapshot != nullptr);
  CHECK(result.snapshot->engine->facts().size() == 1);
}

TEST_CASE("bundles that are none are refused with a code") {
  Repository repository;
  TempDir out;
  const std::string bytes = WriteBundle(*Load(repository.path()).snapshot);
  const auto code = [&](const std::string& content) {
    out.Write("x.bundle", content);
    const SnapshotResult result = LoadBundle(out.File("x.bundle"));
    CHECK(result.snapshot == nullptr);
    REQUIRE(result.diagnostics.size() == 1);
    CHECK(result.diagnostics[0].path() == out.File("x.bundle"));
    return std::string(InfoOf(result.diagnostics[0].code).id).substr(0, 3);
  };
  CHECK(code("") == "BL6");
  CHECK(code("text") == "BL6");
  CHECK(code(bytes.substr(0, bytes.size() / 2)) == "BL6");
  CHECK(code(bytes + "x") == "BL6");
  std::mt19937 random(7);
  for (int i = 0; i < 50; ++i) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 + random() % 255);
    CHECK(code(damaged) == "BL6");
  }
  CHECK(LoadBundle(out.File("none")).diagnostics.size() == 1);
  CHECK(LoadBundle(out.path()).diagnostics.size() == 1);
}

TEST_CASE("a folder without a manifest is a diagnostic") {
  TempDir empty;
  const SnapshotResult result = Load(empty.path());
  CHECK(result.snapshot == nullptr);
  CHECK(!result.diagnostics.empty());
  CHECK(Load(empty.File("nowhere")).snapshot == nullptr);
}

TEST_CASE("errors of facts are diagnostics at their place") {
  Repository repository;
  repository.Write("facts/more.yaml",
                   "User:\n  dan: { role: [analyst] }\n  eve: { roles: 7 }\n");
  const SnapshotResult result = Load(repository.path());
  CHECK(result.snapshot == nullptr);
  std::vector<Diagnostic> errors;
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity == Severity::kError) errors.push_back(d);
  }
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].path() == "facts/more.yaml");
  CHECK(errors[0].Start().line == 2);
  CHECK(errors[1].Start().line == 3);
}

TEST_CASE(
    "entities that facts lack and waivers that match nothing are linted") {
  Repository repository;
  repository.Manifest(
      "enforcement: { council.accountable_owner: overridable }\n");
  repository.Write("council/waivers.bylaw", R"(module council

policy not_dan
  title "Not Dan" owner "council"
on read of Dataset by User as u {
  deny when u == User "dan" because "not Dan"
}

waiver some of accountable_owner {
  on DataProduct as p where p.id == "sales"
  reason "r" ticket "t" requested "a" approved "b"
  from date("2026-01-01") until date("2026-06-01")
}

waiver none of accountable_owner {
  on DataProduct as p where p.id == "seals"
  reason "r" ticket "t" requested "a" approved "b"
  from date("2026-01-01") until date("2026-06-01")
}
)");
  SnapshotSource source;
  source.root = repository.path();
  source.now = 1767225600000000;  // 2026-01-01
  const SnapshotResult result = LoadSnapshot(source);
  REQUIRE(result.snapshot != nullptr);
  const Diagnostic* unknown = Find(result, Code::BL4017);
  REQUIRE(unknown != nullptr);
  CHECK(unknown->Start().line == 6);
  CHECK_THAT(unknown->message, ContainsSubstring("dan"));
  const Diagnostic* unmatched = Find(result, Code::BL4016);
  REQUIRE(unmatched != nullptr);
  CHECK_THAT(unmatched->message, ContainsSubstring("none"));
  CHECK(unmatched->Start().line == 15);
}

TEST_CASE("a waiver that only a request can match is not called useless") {
  Repository repository;
  repository.Manifest(
      "enforcement: { council.accountable_owner: overridable }\n");
  std::string text = "module council\n";
  int number = 0;
  for (const char* condition :
       {"subject == User \"ana\"", "action == publish",
        "context.environment is present", "previous is missing",
        "any(d in p.datasets where d.id == subject.id)",
        "1 / (p.name.length() - p.name.length()) > 0.5"}) {
    text += "waiver w" + std::to_string(++number) +
            " of accountable_owner {\n  on DataProduct as p where " +
            condition +
            "\n  reason \"r\" requested \"a\" approved \"b\"\n"
            "  from date(\"2026-01-01\") until date(\"2026-06-01\")\n}\n";
  }
  repository.Write("council/waivers.bylaw", text);
  SnapshotSource source;
  source.root = repository.path();
  source.now = 1767225600000000;  // 2026-01-01
  const SnapshotResult result = LoadSnapshot(source);
  for (const Diagnostic& d : result.diagnostics) INFO(Render(d));
  REQUIRE(result.snapshot != nullptr);
  CHECK(Find(result, Code::BL4016) == nullptr);
}

TEST_CASE("a missing key of the masks is a warning, no error") {
  Repository repository;
  unsetenv("BYLAW_TEST_MASK_KEY");
  SnapshotResult result = Load(repository.path());
  REQUIRE(result.snapshot != nullptr);
  REQUIRE(result.warnings.size() == 1);
  CHECK_THAT(result.warnings[0], ContainsSubstring("BYLAW_TEST_MASK_KEY"));
  CHECK(result.snapshot->engine->options().mask_key.empty());
  setenv("BYLAW_TEST_MASK_KEY", "secret", 1);
  result = Load(repository.path());
  CHECK(result.warnings.empty());
  CHECK(result.snapshot->engine->options().mask_key == "secret");
  unsetenv("BYLAW_TEST_MASK_KEY");
}

TEST_CASE("a bundle holds the name of the masks' key, never the key") {
  Repository repository;
  setenv("BYLAW_TEST_MASK_KEY", "0f8c-very-secret", 1);
  const SnapshotResult result = Load(repository.path());
  unsetenv("BYLAW_TEST_MASK_KEY");
  REQUIRE(result.snapshot != nullptr);
  REQUIRE(result.snapshot->engine->options().mask_key == "0f8c-very-secret");
  const std::string bytes = WriteBundle(*result.snapshot);
  CHECK(bytes.find("BYLAW_TEST_MASK_KEY") != std::string::npos);
  CHECK(bytes.find("0f8c-very-secret") == std::string::npos);
}

TEST_CASE("the repository is found by walking up") {
  Repository repository;
  std::filesystem::create_directories(repository.File("a/b/c"));
  const std::string root = std::filesystem::canonical(repository.path());
  CHECK(FindRepository(repository.path()) == root);
  CHECK(FindRepository(repository.File("a/b/c")) == root);
  CHECK(FindRepository(repository.File("a/x")).empty());
  TempDir empty;
  CHECK(FindRepository(empty.path()).empty());
}

}  // namespace
}  // namespace bylaw::test
