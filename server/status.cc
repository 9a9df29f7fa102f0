#include "server/status.h"

#include <string>
#include <utility>

#include "bylaw/v1/bylaw.pb.h"
#include "bylaw/v1/rpc_status.pb.h"
#include "server/convert.h"

namespace bylaw {

grpc::Status RefusedStatus(grpc::StatusCode code, const RequestError& error) {
  std::string message = error.code + ": ";
  if (!error.field.empty()) message += error.field + ": ";
  message += error.message;
  const std::string remedy = RemedyOf(error);
  if (!remedy.empty()) message += " (" + remedy + ")";
  v1::Error detail;
  ErrorToProto(error, &detail);
  v1::RpcStatus status;
  status.set_code(code);
  status.set_message(message);
  auto* any = status.add_details();
  any->set_type_url("type.googleapis.com/bylaw.v1.Error");
  any->set_value(detail.SerializeAsString());
  return grpc::Status(code, message, status.SerializeAsString());
}

RequestError OverLimit(std::string field, std::string what, int64_t most,
                       std::string_view setting) {
  const std::string name(setting);
  return {"BL5219", std::move(field),
          std::move(what) + "; at most " + std::to_string(most) +
              " are taken (" + name + ")",
          "split the request, or raise the setting " + name};
}

}  // namespace bylaw
