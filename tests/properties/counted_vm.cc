#include "tests/properties/counted_vm.h"

#define BYLAW_ON(op) ++::bylaw::properties::executed[op];
#include "evaluator/vm.cc"  // NOLINT: the same code, watched
