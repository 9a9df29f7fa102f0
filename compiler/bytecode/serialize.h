// Programs and bundles as bytes. A bundle is a program with sections of other
// origin beside it (facts, tests), each known by its name here and by its
// meaning elsewhere. The same program gives the same bytes.
//
//   "BYLW" version:u32 checksum:16 bytes, of all that follows
//   number of sections, then for each its name, size and bytes; "program" first
//
// Numbers are little-endian base-128 (LEB128). Reading is bounded by the
// bytes: arbitrary input gives an error, never a crash, and no allocation
// larger than a small multiple of it. What was read must be verified
// (verifier.h) before it is run.
#ifndef BYLAW_COMPILER_BYTECODE_SERIALIZE_H_
#define BYLAW_COMPILER_BYTECODE_SERIALIZE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "compiler/bytecode/program.h"

namespace bylaw {

// Raised by every change of opcodes.def or of the format.
inline constexpr uint32_t kBytecodeVersion = 3;

struct Bundle {
  Program program;
  std::map<std::string, std::string> sections;  // none is named "program"
};

// Sets `revision` in the copy that is written; see Revision.
std::string SerializeBundle(const Bundle& bundle);
// InvalidArgument with a BL6xxx code; the program is not verified.
absl::StatusOr<Bundle> ParseBundle(std::string_view bytes);
// True if the bytes begin as a bundle does.
bool IsBundle(std::string_view bytes);

// The canonical bytes of a program, without its revision.
std::string SerializeProgram(const Program& program);
absl::StatusOr<Program> ParseProgram(std::string_view bytes);
std::string SerializeConstant(const Constant& constant);

// Hex hash of the canonical bytes: what Program::revision holds.
std::string Revision(const Program& program);
// 128 bits in hex. Tells bytes apart that differ by accident, no more.
std::string Fingerprint(std::string_view bytes);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_SERIALIZE_H_
