// A request in a caller's words, and the same bound to numbers. Bind (bind.h)
// makes the second from the first; Decide (decide.h) reads the second.
#ifndef BYLAW_EVALUATOR_REQUEST_H_
#define BYLAW_EVALUATOR_REQUEST_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "evaluator/node.h"
#include "evaluator/value.h"
#include "evaluator/world.h"

namespace bylaw {

struct EntityReference {
  std::string_view type, id;
  const Node* attributes = nullptr;  // a kMap, or none
};

// Views into the caller's memory, which outlives the bound request.
struct Request {
  EntityReference subject;
  std::string_view action;
  EntityReference resource;
  const Node* context = nullptr;  // a kMap, or none
  int64_t now = 0;                // microseconds
};

// Why a request is INVALID_ARGUMENT: never thrown, never a decision.
struct RequestError {
  std::string code;   // BL5xxx
  std::string field;  // "context.columns[2]"
  std::string message;
  std::string remedy;
};

// What the evaluator knows of a request. Lives in the arena it was bound in.
struct BoundRequest {
  World* world = nullptr;
  uint32_t action = kNone;
  uint32_t subject_type = kNone, resource_type = kNone;
  Cell subject = 0;  // with kFactsView
  Cell resource = 0;
  bool resource_known = false;  // else: DENY with an error, no rule is run
  Value previous;               // kEntity with kFactsView, or kMissing
  bool proposal = false;  // attributes were proposed (else: what facts hold)
  const Value* context = nullptr;  // one a slot of the action's context
  // As the caller brought them (kMap); null without any.
  const Node* subject_attributes = nullptr;
  const Node* resource_attributes = nullptr;
  int64_t now = 0;
  // Actions that select. Columns asked for, in the order asked, unique.
  bool asked_by_name = false;   // the selecting attribute was given
  std::span<const Cell> asked;  // all columns if not by name
  // DENY with these errors: the dataset has no known columns, or lacks asked
  // ones.
  std::span<const std::string_view> column_errors;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_REQUEST_H_
