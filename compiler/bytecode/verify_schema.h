// What the checker promises of a schema beyond indexes in range, and the
// readers of facts and requests rely on: defaults are of their attribute's
// type, the two sides of an inverse name each other, `transitive`, `includes`
// and `selects` stand at sets of the right entities, records do not contain
// themselves, defaults are made of few values. A part of the verifier.
#ifndef BYLAW_COMPILER_BYTECODE_VERIFY_SCHEMA_H_
#define BYLAW_COMPILER_BYTECODE_VERIFY_SCHEMA_H_

#include <cstdint>
#include <string>

#include "compiler/bytecode/schema.h"

namespace bylaw {

// Values in all defaults of a schema, what is missing in their records filled
// in: an engine makes them when it loads, some when it decodes. Ten times what
// the largest schema needs; no record in them is nested deeper than it can be
// walked.
inline constexpr uint64_t kMaxDefaultValues = 100'000;

// A constant with all that it holds.
uint64_t CountValues(const Constant& constant);

// What is wrong, with its place; "" if nothing is. REQUIRES: every index of
// the schema is in range.
std::string SchemaProblem(const Schema& schema);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_VERIFY_SCHEMA_H_
