// What the fuzz targets share. A target ends the process (abort) at whatever
// must not be, so that libFuzzer keeps the input; see README.md.
#ifndef BYLAW_TESTS_FUZZ_SUPPORT_H_
#define BYLAW_TESTS_FUZZ_SUPPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bylaw/v1/bylaw.pb.h"
#include "dsl/diagnostics.h"
#include "server/snapshot.h"

namespace bylaw::fuzz {

// 2026-11-20T12:00:00Z, whatever the clock says: an input does the same again.
inline constexpr int64_t kNow = 1795176000LL * 1'000'000;

// Ends the process, saying `what` must hold and what was found instead.
void Require(bool holds, std::string_view what, std::string_view found = "");

// The text of a file of the source tree.
std::string ReadSource(const std::string& path);

inline std::string_view TextOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// examples/acme, loaded at the first call.
const Snapshot& Acme();
// kinds.bylaw: actions whose context and attributes are of every type.
const Engine& Kinds();

// Diagnostics are for people: each has a message, and can be shown.
void CheckDiagnostics(const std::vector<Diagnostic>& diagnostics);

// What the service does with a request, from binding to the bytes of the
// answer, in every dialect; and what holds of every answer.
void DecideRequest(const Engine& engine, const v1::CheckRequest& request);
void DecideBound(const Engine& engine, const BoundRequest& bound);

}  // namespace bylaw::fuzz

#endif  // BYLAW_TESTS_FUZZ_SUPPORT_H_
