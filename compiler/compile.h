// The compiler's face: a governance repository in, a program and diagnostics
// out. Stages: repository.h (manifest and sources) -> dsl/parser.h -> check.h
// -> lower.h -> bytecode/verifier.h.
//
// Failures: what the author got wrong stands in `diagnostics` (with no program
// if any is an error); a machine that failed (unreadable folder) too, as BL3xxx
// or BL5xxx with the path. Thread-safe.
#ifndef BYLAW_COMPILER_COMPILE_H_
#define BYLAW_COMPILER_COMPILE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/bytecode/limits.h"
#include "compiler/bytecode/program.h"
#include "compiler/typed.h"
#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw {

// Policies that ship: `mesh`, which is always there, and what a manifest may
// list under `packs`. The compiler is told them (see policies/embedded.h).
struct Pack {
  std::string name;
  std::vector<std::pair<std::string, std::string>> files;  // path -> text
};

// What to compile. Either a folder with a manifest, or texts in memory.
struct CompileInput {
  std::string root;  // folder with bylaw.yaml; empty: `files` is everything
  // path -> text; "bylaw.yaml" may be among them. Without a manifest all
  // files belong to the root scope and any module names are taken. With a
  // root these texts stand in place of the folder's files, or beside them.
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<Pack> packs;
  // What the manifest may set its limits to at most, where its author is not
  // to be trusted with this process.
  std::optional<Limits> at_most;
};

struct CompileOptions {
  int64_t now = 0;  // microseconds: for lint of waivers; 0: the clock
};

struct CompileResult {
  // Owns the texts that spans point into.
  std::vector<std::unique_ptr<SourceFile>> sources;
  std::vector<Diagnostic> diagnostics;    // sorted
  bool ok = false;                        // no errors
  std::unique_ptr<typed::Program> typed;  // if ok
  std::unique_ptr<Program> program;       // if ok, verified
  std::vector<typed::Test> tests;         // if ok
  std::vector<Span> fact_spans;           // of the settings' `facts`
};

CompileResult Compile(const CompileInput& input,
                      const CompileOptions& options = {});

// The patterns of facts in the manifest of a folder, as it is now: for who
// watches what they name. Empty if it cannot be read.
std::vector<std::string> FactPatterns(const std::string& root);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_COMPILE_H_
