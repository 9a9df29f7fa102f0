// A request as proto3 JSON: read, bound and decided.
#include <string>

#include "server/convert.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  v1::CheckRequest request;
  RequestError error;
  if (!MessageFromJson(fuzz::TextOf(data, size), &request, &error)) {
    fuzz::Require(!error.message.empty() && FindCode(error.code) != nullptr,
                  "what is no request is refused with a code and a reason");
    return 0;
  }
  // What was read is what is written.
  v1::CheckRequest again;
  const std::string json = MessageToJson(request, false);
  fuzz::Require(MessageFromJson(json, &again, &error),
                "a request in JSON can be read again", error.message);
  fuzz::DecideRequest(*fuzz::Acme().engine, request);
  fuzz::DecideRequest(fuzz::Kinds(), request);
  return 0;
}
