// A gate on a descriptor's text: what `bylaw check` and CheckDescriptor share.
// Reads the descriptor into a proposal, asks the gate, and turns each rule of
// the decision into a finding at the place of the descriptor to change.
#ifndef BYLAW_SERVER_DESCRIPTOR_CHECK_H_
#define BYLAW_SERVER_DESCRIPTOR_CHECK_H_

#include "bylaw/v1/bylaw.pb.h"
#include "evaluator/request.h"
#include "server/snapshot.h"

namespace bylaw {

// `now` in microseconds is the clock's. False with `error` if the request is
// refused (an unknown action, no gate); what is wrong with the descriptor
// itself stands in the response's diagnostics.
bool CheckDescriptor(const Snapshot& snapshot,
                     const v1::CheckDescriptorRequest& request, int64_t now,
                     bool simulation, v1::CheckDescriptorResponse* response,
                     RequestError* error);

void DiagnosticToProto(const Diagnostic& diagnostic, v1::Diagnostic* message);

}  // namespace bylaw

#endif  // BYLAW_SERVER_DESCRIPTOR_CHECK_H_
