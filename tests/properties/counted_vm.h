// The machine of evaluator/vm.cc, compiled again so that it counts what it
// executes: the soak's report says which opcodes ran, not which were written.
#ifndef BYLAW_TESTS_PROPERTIES_COUNTED_VM_H_
#define BYLAW_TESTS_PROPERTIES_COUNTED_VM_H_

#include <array>
#include <cstdint>

namespace bylaw::properties {

// By opcode; of this thread.
inline thread_local std::array<uint64_t, 256> executed{};

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_COUNTED_VM_H_
