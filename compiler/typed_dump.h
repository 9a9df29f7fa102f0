// The canonical text of a typed program: `bylaw dump --stage=typed`, and what
// tests compare. Schema first, then defs, scopes, policies and waivers, one
// line a thing; expressions in prefix form with their type where it is not
// plain from the operands: `(== (. resource owner : User?) User "ana")`.
//
// May be called from any number of threads.
#ifndef BYLAW_COMPILER_TYPED_DUMP_H_
#define BYLAW_COMPILER_TYPED_DUMP_H_

#include <string>

#include "compiler/typed.h"

namespace bylaw {

std::string DumpTyped(const typed::Program& program);
std::string DumpTypedExpr(const typed::Program& program, const typed::Expr& e);
// A constant as source spells it.
std::string DumpConstant(const Schema& schema, const Constant& c);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_TYPED_DUMP_H_
