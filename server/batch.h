// Items of a CheckBatch.
#ifndef BYLAW_SERVER_BATCH_H_
#define BYLAW_SERVER_BATCH_H_

#include "bylaw/v1/bylaw.pb.h"

namespace bylaw {

// An item whose unset fields are those of the defaults, each as a whole: a
// subject, resource or context of the item keeps nothing of the defaults'.
v1::CheckRequest WithDefaults(const v1::CheckRequest& defaults,
                              const v1::CheckRequest& item);

}  // namespace bylaw

#endif  // BYLAW_SERVER_BATCH_H_
