// Syntax trees in, a typed program out: names, types and composition of a
// whole program. Before it stand repository.h (which file belongs to which
// scope) and dsl/parser.h, after it lower.h.
//
// Check reports every error of the program to the sink (BL2xxx names and
// types, BL3xxx scopes and composition, BL4xxx lint) and follows none of its
// own errors further: what uses something broken is silent. The program is to
// be used only if the sink has no errors. Never throws; not thread-safe on one
// sink, otherwise free of state. Recursion follows the trees, which the parser
// bounds (kMaxNesting).
#ifndef BYLAW_COMPILER_CHECK_H_
#define BYLAW_COMPILER_CHECK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/typed.h"
#include "dsl/ast.h"
#include "dsl/diagnostics.h"

namespace bylaw {

struct Manifest;  // compiler/manifest.h

// A scope as the manifest numbers it, 0 the root. The parent is what the scope
// block says (`under org`), so it must be looked up before checking; a scope
// whose block is missing or wrong counts as a child of the root.
struct CheckScope {
  std::string name;
  uint32_t parent = kNone;
  // Who its parent is cannot be told: nothing is concluded from its place.
  bool adrift = false;
};

struct CheckFile {
  const ast::File* tree = nullptr;
  uint32_t scope = 0;    // CheckInput::scopes
  bool shipped = false;  // of a pack or of `mesh`: not linted
};

struct CheckInput {
  std::vector<CheckScope> scopes;  // never empty
  // What the manifest calls the root, where its block has a name that the
  // manifest lacks; else empty.
  std::string root_alias;
  // Another block that may be the root with as good a claim; else empty.
  std::string rival_root;
  std::vector<CheckFile> files;  // in the order of Program::files
  // Null: no manifest; one root scope that may hold every module.
  const Manifest* manifest = nullptr;
  std::string timezone = "UTC";  // where a Time's date is wanted (`age`)
  // Some file could not be read at all: names that are not found may be
  // declared there, so they are not reported.
  bool incomplete = false;
  // Files with syntax errors: a name that is not found is not reported if one
  // of them holds the word at another place, where it may be declared.
  std::vector<const ast::File*> broken;
  int64_t now = 0;  // microseconds, for lint of waivers
};

struct CheckOutput {
  typed::Program program;
  std::vector<typed::Test> tests;
};

CheckOutput Check(const CheckInput& input, DiagnosticSink& sink);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_CHECK_H_
