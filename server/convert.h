// Between bylaw.v1 messages and the evaluator's plain data, and proto3 JSON
// for both. The only place that knows how the two correspond. Stateless,
// thread-safe.
#ifndef BYLAW_SERVER_CONVERT_H_
#define BYLAW_SERVER_CONVERT_H_

#include <memory>
#include <string>
#include <string_view>

#include "bylaw/v1/bylaw.pb.h"
#include "evaluator/report.h"
#include "evaluator/request.h"

namespace bylaw {

// A request with the nodes it points to.
struct OwnedRequest {
  Request request;  // views into this and into the message
  Node subject_attributes, resource_attributes, context;
};

// Fills `out` from the message, which must outlive it. `now` is the clock's
// (microseconds); an `at` is obeyed if `simulation`, else an error. False with
// `error` for what is no request at all (a missing subject, an empty action, an
// unknown dialect).
bool RequestFromProto(const v1::CheckRequest& message, int64_t now,
                      bool simulation, OwnedRequest* out, RequestError* error);

void DeterminantToProto(const ReportedDeterminant& determinant,
                        v1::Determinant* message);
void DecisionToProto(const DecisionReport& report, v1::Decision* message);
void ExplanationToProto(const Explanation& explanation,
                        v1::Explanation* message);
// What to do: the error's own remedy or, where it has none, what the table of
// diagnostics says of its code.
std::string RemedyOf(const RequestError& error);
void ErrorToProto(const RequestError& error, v1::Error* message);
// Of a request that RequestFromProto took.
SqlDialect DialectFromProto(v1::SqlDialect dialect);

// Reads proto3 JSON into any message of bylaw.v1, after a byte order mark or
// without one. Unknown fields, duplicate keys, two spellings of one field and
// trailing text are errors: `message` of the error says where.
bool MessageFromJson(std::string_view json, google::protobuf::Message* out,
                     RequestError* error);
// As proto3 JSON; one line, or indented.
std::string MessageToJson(const google::protobuf::Message& message,
                          bool pretty);

}  // namespace bylaw

#endif  // BYLAW_SERVER_CONVERT_H_
