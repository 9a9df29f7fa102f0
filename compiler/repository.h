// A governance repository as files: the manifest, the sources that its scopes
// name, the packs. Before the parser stands ReadRepository, after it
// BindScopes, which says which tree belongs to which scope (check.h).
//
// Files are taken in the order of their paths, whatever the file system says.
// Folders that are repositories of their own (they hold a bylaw.yaml) are left
// out, hidden ones too; links to folders are followed. A file that ends in
// .Bylaw or the like is an error, not left out. Author errors are diagnostics
// (BL3001 to BL3029, BL3002 also where the machine fails).
#ifndef BYLAW_COMPILER_REPOSITORY_H_
#define BYLAW_COMPILER_REPOSITORY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/check.h"
#include "compiler/compile.h"
#include "compiler/manifest.h"
#include "dsl/ast.h"
#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw {

struct RepositoryFile {
  const SourceFile* source = nullptr;
  uint32_t scope = kNone;  // Manifest::scopes; kNone: none, or no manifest
  bool shipped = false;    // of a pack
};

struct Repository {
  std::vector<std::unique_ptr<SourceFile>> sources;  // the manifest's too
  std::optional<Manifest> manifest;
  std::vector<RepositoryFile> files;  // what is to be parsed
};

Repository ReadRepository(const CompileInput& input, DiagnosticSink& sink);

// Which file belongs to which scope, the root first, parents before their
// children. `trees` stand beside repository.files; the result points into both.
CheckInput BindScopes(const Repository& repository,
                      const std::vector<std::unique_ptr<ast::File>>& trees,
                      DiagnosticSink& sink);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_REPOSITORY_H_
