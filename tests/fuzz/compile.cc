#include "tests/fuzz/compile.h"

#include <algorithm>

#include "compiler/bytecode/disassemble.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "compiler/lower.h"
#include "compiler/manifest.h"
#include "dsl/parser.h"
#include "policies/embedded.h"
#include "tests/fuzz/support.h"

namespace bylaw::fuzz {
namespace {

void CheckProgram(const Program& program) {
  const absl::Status valid = Verify(program);
  Require(valid.ok(), "what is lowered is valid bytecode",
          std::string(valid.message()));
  const std::string bytes = SerializeProgram(program);
  const auto again = ParseProgram(bytes);
  Require(again.ok(), "a program that was written can be read");
  Require(SerializeProgram(*again) == bytes,
          "a program that was read is the one that was written");
  Require(!Disassemble(program).empty(), "a program can be shown");
}

}  // namespace

Compiler::Compiler(const std::vector<std::string>& packs,
                   std::vector<std::pair<std::string, std::string>> fixed) {
  std::vector<std::pair<std::string, std::string>> texts = fixed;
  for (const std::string& name : packs) {
    Pack pack;
    pack.name = name;
    for (const EmbeddedFile& file : EmbeddedPack(name)) {
      pack.files.emplace_back(file.path, file.text);
      texts.emplace_back(file.path, file.text);
    }
    input_.packs.push_back(std::move(pack));
  }
  input_.files = std::move(fixed);
  for (auto& [path, text] : texts) {
    Parsed parsed;
    parsed.source = std::make_unique<SourceFile>(path, std::move(text));
    DiagnosticSink sink;
    parsed.tree = ParseFile(*parsed.source, sink);
    Require(!sink.has_errors(), "what stands beside an input is well-formed");
    parsed_.push_back(std::move(parsed));
  }
}

std::unique_ptr<Compiler::Result> Compiler::Compile(
    std::vector<std::pair<std::string, std::string>> files) const {
  auto result = std::make_unique<Result>();
  CompileInput input = input_;
  for (auto& file : files) input.files.push_back(std::move(file));
  DiagnosticSink& sink = result->sink;
  result->repository = ReadRepository(input, sink);
  std::vector<std::unique_ptr<ast::File>>& trees = result->trees;
  std::vector<bool> lent;
  for (const RepositoryFile& file : result->repository.files) {
    const auto it =
        std::find_if(parsed_.begin(), parsed_.end(), [&file](const Parsed& p) {
          return p.source->path() == file.source->path() &&
                 p.source->text() == file.source->text();
        });
    lent.push_back(it != parsed_.end());
    if (lent.back()) {
      trees.emplace_back(it->tree.get());
    } else {
      trees.push_back(ParseFile(*file.source, sink));
    }
  }
  CheckInput check = BindScopes(result->repository, trees, sink);
  check.now = kNow;
  result->checked = Check(check, sink);
  for (size_t i = 0; i < trees.size(); ++i) {
    if (lent[i]) static_cast<void>(trees[i].release());
  }
  if (!sink.has_errors()) {
    result->program = Lower(result->checked.program, sink);
    Require(sink.has_errors() == (result->program == nullptr),
            "there is a program, or there are errors");
    if (result->program != nullptr) CheckProgram(*result->program);
  }
  sink.Sort();
  CheckDiagnostics(sink.diagnostics());
  return result;
}

}  // namespace bylaw::fuzz
