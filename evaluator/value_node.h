// Values and constants as nodes that decode to the same again: how facts are
// saved and how tests make requests. Free functions without state.
#ifndef BYLAW_EVALUATOR_VALUE_NODE_H_
#define BYLAW_EVALUATOR_VALUE_NODE_H_

#include "compiler/bytecode/schema.h"
#include "evaluator/facts.h"
#include "evaluator/node.h"

namespace bylaw {

// REQUIRES: v is not missing and of that type.
Node NodeOfValue(const Facts& facts, const Value& v, TypeId type);
// A checked constant of that type.
Node NodeOfConstant(const Schema& schema, const Constant& c, TypeId type);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_VALUE_NODE_H_
