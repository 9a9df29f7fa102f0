// What the checker promises of a schema beyond indexes in range, and the
// readers of facts and requests rely on: defaults are of their attribute's
// type, the two sides of an inverse name each other, `transitive`, `includes`
// and `selects` stand at sets of the right entities, records do not contain
// themselves. A part of the verifier.
#ifndef BYLAW_COMPILER_BYTECODE_VERIFY_SCHEMA_H_
#define BYLAW_COMPILER_BYTECODE_VERIFY_SCHEMA_H_

#include <string>

#include "compiler/bytecode/schema.h"

namespace bylaw {

// What is wrong, with its place; "" if nothing is. REQUIRES: every index of
// the schema is in range.
std::string SchemaProblem(const Schema& schema);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_VERIFY_SCHEMA_H_
