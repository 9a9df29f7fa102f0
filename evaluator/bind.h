// Names to numbers: makes a BoundRequest from a Request, or says why it is
// INVALID_ARGUMENT (decisions.md, "Requests and facts"). The stage before
// decide.h.
//
// Thread-safe; everything is made in the arena. A request that brings no
// attributes allocates nothing on the heap.
#ifndef BYLAW_EVALUATOR_BIND_H_
#define BYLAW_EVALUATOR_BIND_H_

#include "evaluator/arena.h"
#include "evaluator/facts.h"
#include "evaluator/request.h"
#include "evaluator/vm.h"

namespace bylaw {

struct BindOptions {
  uint32_t max_columns = Limits().asked_columns;  // in one request
  VmOptions vm;                                   // for defaults that are code
};

// False with `error`; then `bound` is not to be used.
bool BindRequest(const Facts& facts, const Request& request,
                 const BindOptions& options, Arena& arena, BoundRequest* bound,
                 RequestError* error);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_BIND_H_
