// The policies that ship inside the binary, as text. Generated from
// policies/mesh and policies/standard by embed.cmake; the compiler parses them
// like any other source. Immutable and thread-safe.
#ifndef BYLAW_POLICIES_EMBEDDED_H_
#define BYLAW_POLICIES_EMBEDDED_H_

#include <span>
#include <string_view>

namespace bylaw {

// `path` names the file in diagnostics and decisions ("mesh/mesh.bylaw").
struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

// The files of a pack ("mesh", "standard"), sorted by path; empty where no
// pack has that name.
std::span<const EmbeddedFile> EmbeddedPack(std::string_view name);

}  // namespace bylaw

#endif  // BYLAW_POLICIES_EMBEDDED_H_
