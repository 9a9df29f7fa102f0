// Writes the seeds that are no text of the repository: `fuzz_seeds FOLDER`
// makes FOLDER/bundle and FOLDER/grpc. The same tree gives the same seeds.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/test_runner.h"
#include "compiler/bytecode/serialize.h"
#include "server/convert.h"
#include "tests/fuzz/support.h"
#include "tests/properties/generate.h"

namespace bylaw::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kGenerated = 40;       // random repositories
constexpr size_t kMaxBundle = 24 * 1024;  // larger ones mutate too slowly

void Write(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  Require(file.good(), "a seed can be written", path.string());
}

std::vector<fs::path> FilesOf(const std::string& folder,
                              const std::string& extension) {
  std::vector<fs::path> files;
  const fs::path root = fs::path(BYLAW_SOURCE_DIR) / folder;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Relative(const fs::path& path) {
  return fs::relative(path, BYLAW_SOURCE_DIR).string();
}

// The program with the facts of its first test, if it compiles and is small.
void WriteBundle(const fs::path& path, CompileResult compiled) {
  if (!compiled.ok) return;
  const std::shared_ptr<const Program> program = std::move(compiled.program);
  Bundle bundle;
  bundle.program = *program;
  std::string message;
  if (!compiled.tests.empty()) {
    const auto decided = cli::DecideTest(program, compiled.tests[0], &message);
    if (decided != nullptr) {
      bundle.sections["facts"] = SaveFacts(*decided->facts);
    }
  }
  const std::string bytes = SerializeBundle(bundle);
  if (bytes.size() <= kMaxBundle) Write(path, bytes);
}

void WriteBundles(const fs::path& folder) {
  const std::string world = ReadSource("tests/lang/world.bylaw");
  for (const fs::path& path : FilesOf("tests/lang", ".bylaw")) {
    std::string text = ReadSource(Relative(path));
    CompileInput input;
    if (text.find("robe") != std::string::npos) {
      // Behind the module's line, where imports stand.
      const size_t end = text.find('\n', text.find("module "));
      if (end != std::string::npos) text.insert(end, " import world");
      input.files.emplace_back("world.bylaw", world);
    }
    input.files.emplace_back("case.bylaw", std::move(text));
    WriteBundle(folder / path.stem(),
                CompileWithPacks(std::move(input), {.now = kNow}));
  }
  for (uint64_t seed = 1; seed <= kGenerated; ++seed) {
    const properties::Case c = properties::Generate(seed, 1);
    WriteBundle(
        folder / ("generated-" + std::to_string(seed)),
        CompileWithPacks(properties::InputOf(c.paths, c.files), {.now = kNow}));
  }
}

void WriteCalls(const fs::path& folder) {
  v1::CheckBatchRequest batch;
  for (const fs::path& path : FilesOf("examples/acme/requests", ".json")) {
    v1::CheckRequest request;
    RequestError error;
    Require(MessageFromJson(ReadSource(Relative(path)), &request, &error),
            "the requests of the example can be read", error.message);
    Write(folder / path.stem(), "c" + request.SerializeAsString());
    Write(folder / ("explain-" + path.stem().string()),
          "e" + request.SerializeAsString());
    *batch.add_items() = request;
  }
  *batch.mutable_defaults() = batch.items(0);
  batch.mutable_items(0)->clear_subject();
  Write(folder / "batch", "b" + batch.SerializeAsString());
  for (const char* name :
       {"examples/acme/products", "examples/acme/proposals"}) {
    for (const fs::path& path : FilesOf(name, ".yaml")) {
      v1::CheckDescriptorRequest request;
      request.set_file(path.filename());
      request.set_text(ReadSource(Relative(path)));
      request.set_action("publish");
      request.mutable_subject()->set_type("Service");
      request.mutable_subject()->set_id("ci");
      Write(folder / ("descriptor-" + path.stem().string()),
            "d" + request.SerializeAsString());
    }
  }
  v1::LintRequest lint;
  for (const char* path :
       {"tests/fuzz/kinds.bylaw", "tests/lang/world.bylaw"}) {
    v1::SourceFile* file = lint.add_files();
    file->set_path(path);
    file->set_text(ReadSource(path));
  }
  Write(folder / "lint", "l" + lint.SerializeAsString());
}

}  // namespace
}  // namespace bylaw::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  bylaw::fuzz::WriteBundles(folder / "bundle");
  bylaw::fuzz::WriteCalls(folder / "grpc");
  return 0;
}
