// The compiler's stages for a target that compiles thousands of times a
// minute: the packs and other texts that never change are parsed once.
#ifndef BYLAW_TESTS_FUZZ_COMPILE_H_
#define BYLAW_TESTS_FUZZ_COMPILE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compiler/check.h"
#include "compiler/repository.h"

namespace bylaw::fuzz {

class Compiler {
 public:
  // `packs` by name; `fixed`: files that stand beside every input.
  Compiler(const std::vector<std::string>& packs,
           std::vector<std::pair<std::string, std::string>> fixed);

  struct Result {
    Repository repository;  // owns what spans point into
    std::vector<std::unique_ptr<ast::File>> trees;
    DiagnosticSink sink;
    CheckOutput checked;
    std::shared_ptr<const Program> program;  // null after errors
  };
  // As Compile (compile.h) does. What passes the checker must be lowered and
  // verified, and be the same after it was written and read.
  std::unique_ptr<Result> Compile(
      std::vector<std::pair<std::string, std::string>> files) const;

 private:
  struct Parsed {
    std::unique_ptr<SourceFile> source;
    std::unique_ptr<ast::File> tree;
  };
  CompileInput input_;
  std::vector<Parsed> parsed_;  // of packs and fixed files
};

}  // namespace bylaw::fuzz

#endif  // BYLAW_TESTS_FUZZ_COMPILE_H_
