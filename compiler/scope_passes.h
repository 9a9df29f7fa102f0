// Internal to compiler/: the parts of CheckScopes (checker.h), in the order in
// which it runs them. Each reports what it finds and fills its part of the
// typed program. One thread.
#ifndef BYLAW_COMPILER_SCOPE_PASSES_H_
#define BYLAW_COMPILER_SCOPE_PASSES_H_

#include <cstdint>

#include "compiler/checker.h"
#include "compiler/manifest.h"

namespace bylaw {

// check_scopes.cc: blocks, `governs`, `may allow`, `may override`.
void CheckScopeBlocks(Checker& checker);
// check_enforcement.cc: settings, mappings, and each policy's level.
void ApplyManifest(Checker& checker);
// check_enforcement.cc: what policies override, and allows that can never be
// delegated. REQUIRES: levels are set.
void CheckOverrides(Checker& checker);
void CheckDelegation(Checker& checker);
// check_waivers.cc. REQUIRES: levels and overrides are set.
void CheckWaivers(Checker& checker);
// lint_scopes.cc: siblings that overlap, policies that never apply.
void LintScopes(Checker& checker);
// lint_unused.cc: defs, imports and lets that nothing uses.
void LintUnused(Checker& checker);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_SCOPE_PASSES_H_
