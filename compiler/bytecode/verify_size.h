// Bounds on what an engine makes of a program's tables where that is a product
// of their sizes: the index of policies, and what composition walks for each
// policy. Everything else is linear in the bundle. A part of the verifier;
// lowering asks it too, so that whoever writes such policies is told.
#ifndef BYLAW_COMPILER_BYTECODE_VERIFY_SIZE_H_
#define BYLAW_COMPILER_BYTECODE_VERIFY_SIZE_H_

#include <cstdint>
#include <string>

#include "compiler/bytecode/program.h"

namespace bylaw {

// Scopes within scopes, counted from the root: each allow and each override is
// judged by all that are above it. Ten times what an organisation has.
inline constexpr uint32_t kMaxScopeDepth = 64;

// Of each product: some hundred megabytes and a second where a bundle is made
// to reach it, a hundred times what a large mesh needs.
inline constexpr uint64_t kMaxProduct = 10'000'000;

// What is too large, in words; "" if nothing is. REQUIRES: every index of the
// program is in range, parents of scopes come before them.
std::string SizeProblem(const Program& program);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_VERIFY_SIZE_H_
