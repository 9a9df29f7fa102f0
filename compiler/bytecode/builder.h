// Makes the code of a Program, chunk by chunk: instructions, labels, handlers,
// constants. Used by compiler/lower.h and by tests that write code by hand.
//
//   ProgramBuilder builder(&program);
//   ChunkBuilder chunk(&builder, parameters);
//   chunk.Emit(Opcode::NOW, 0, r); …
//   uint32_t index = chunk.Finish();
//   builder.Finish();
//
// One thread. What does not fit (a chunk of more than 65,535 instructions or
// registers, too many tables) sets `overflow()`; the code is then of no use.
#ifndef BYLAW_COMPILER_BYTECODE_BUILDER_H_
#define BYLAW_COMPILER_BYTECODE_BUILDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/bytecode/opcode.h"
#include "compiler/bytecode/program.h"

namespace bylaw {

inline constexpr uint32_t kMaxChunkSize = 0xffff;  // operands have 16 bits
inline constexpr uint32_t kMaxRegisters = 0xffff;

class ProgramBuilder {
 public:
  explicit ProgramBuilder(Program* program) : program_(program) {}
  ProgramBuilder(const ProgramBuilder&) = delete;
  ProgramBuilder& operator=(const ProgramBuilder&) = delete;

  Program* program() { return program_; }
  // Index of a constant, pattern or table, added if it is new.
  uint32_t Add(const Constant& constant);
  uint32_t AddPattern(const std::string& pattern);
  uint32_t AddSlotTable(const std::vector<uint32_t>& table);
  // A chunk whose code comes later (defs that call each other by number).
  uint32_t Reserve();
  // Fills in what depends on the whole: symbols, stacks. Call it last.
  void Finish();

  bool overflow() const { return overflow_; }
  void set_overflow() { overflow_ = true; }

 private:
  Program* program_;
  std::unordered_map<std::string, uint32_t> constants_, patterns_;
  std::map<std::vector<uint32_t>, uint32_t> slot_tables_;
  bool overflow_ = false;
};

// A place in a chunk: bound once, named by any number of jumps and handlers.
struct Label {
  uint32_t position = kNone;
  std::vector<uint32_t> uses, handlers;
};

class ChunkBuilder {
 public:
  // Registers [0, num_fixed) belong to the caller (parameters and elements);
  // `roots` follow them unless the chunk sees none.
  ChunkBuilder(ProgramBuilder* program, uint32_t num_parameters,
               uint32_t num_fixed, bool roots);

  uint16_t subject() const { return static_cast<uint16_t>(roots_); }
  uint16_t resource() const { return static_cast<uint16_t>(roots_ + 1); }

  // The next free register; those from `mark` on are freed by Release(mark).
  uint16_t NewRegister() { return NewRun(1); }
  uint16_t NewRun(uint32_t n);
  uint32_t Mark() const { return top_; }
  void Release(uint32_t mark) { top_ = mark < pinned_ ? pinned_ : mark; }
  // Two registers for BEGIN, which nothing else in the chunk ever uses.
  uint16_t NewIterator();

  void Emit(Opcode op, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0,
            uint32_t d = 0);
  void EmitWide(Opcode op, uint32_t a, uint32_t b, uint32_t cd);
  // d is the label.
  void EmitJump(Opcode op, uint32_t a, uint32_t b, uint32_t c, Label* target);
  void Bind(Label* label);
  uint32_t here() const { return static_cast<uint32_t>(code_.size()); }
  // Inner regions are to be added before those around them.
  void AddHandler(uint32_t begin, uint32_t end, Label* target);

  // Appends the code to the program as a new chunk, or as the reserved one.
  uint32_t Finish(uint32_t reserved = kNone);

 private:
  ProgramBuilder* program_;
  uint32_t num_parameters_, roots_, top_, most_, pinned_ = 0;
  std::vector<Instruction> code_;
  std::vector<Handler> handlers_;
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_BUILDER_H_
