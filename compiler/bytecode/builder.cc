#include "compiler/bytecode/builder.h"

#include <algorithm>

#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"

namespace bylaw {

uint32_t ProgramBuilder::Add(const Constant& constant) {
  // By bytes: versions that differ in their build metadata compare equal.
  auto [it, added] =
      constants_.emplace(SerializeConstant(constant),
                         static_cast<uint32_t>(program_->constants.size()));
  if (added) program_->constants.push_back(constant);
  return it->second;
}

uint32_t ProgramBuilder::AddPattern(const std::string& pattern) {
  auto [it, added] = patterns_.emplace(
      pattern, static_cast<uint32_t>(program_->patterns.size()));
  if (added) program_->patterns.push_back(pattern);
  return it->second;
}

uint32_t ProgramBuilder::AddSlotTable(const std::vector<uint32_t>& table) {
  auto [it, added] = slot_tables_.emplace(
      table, static_cast<uint32_t>(program_->slot_tables.size()));
  if (added) program_->slot_tables.push_back(table);
  if (it->second > 0xffff) overflow_ = true;
  return it->second;
}

uint32_t ProgramBuilder::Reserve() {
  program_->chunks.emplace_back();
  return static_cast<uint32_t>(program_->chunks.size() - 1);
}

void ProgramBuilder::Finish() {
  std::vector<std::string>& symbols = program_->symbols;
  symbols.clear();
  std::vector<const Constant*> todo;
  for (const Constant& c : program_->constants) todo.push_back(&c);
  while (!todo.empty()) {
    const Constant* c = todo.back();
    todo.pop_back();
    if (c->kind == Kind::kString) symbols.push_back(c->text);
    symbols.insert(symbols.end(), c->keys.begin(), c->keys.end());
    for (const Constant& e : c->elements) todo.push_back(&e);
  }
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  if (!ComputeStacks(program_)) overflow_ = true;
}

ChunkBuilder::ChunkBuilder(ProgramBuilder* program, uint32_t num_parameters,
                           uint32_t num_fixed, bool roots)
    : program_(program),
      num_parameters_(num_parameters),
      roots_(roots ? num_fixed : kNoRoots),
      top_(num_fixed + (roots ? 2 : 0)),
      most_(top_) {}

uint16_t ChunkBuilder::NewRun(uint32_t n) {
  const uint32_t first = top_;
  top_ += n;
  most_ = std::max(most_, top_);
  if (most_ > kMaxRegisters) program_->set_overflow();
  return static_cast<uint16_t>(first);
}

uint16_t ChunkBuilder::NewIterator() {
  top_ = most_;
  const uint16_t first = NewRun(2);
  pinned_ = top_;
  return first;
}

void ChunkBuilder::Emit(Opcode op, uint32_t a, uint32_t b, uint32_t c,
                        uint32_t d) {
  if (a > 0xff || b > 0xffff || c > 0xffff || d > 0xffff)
    program_->set_overflow();
  code_.push_back({static_cast<uint8_t>(op), static_cast<uint8_t>(a),
                   static_cast<uint16_t>(b), static_cast<uint16_t>(c),
                   static_cast<uint16_t>(d)});
  if (code_.size() > kMaxChunkSize) program_->set_overflow();
}

void ChunkBuilder::EmitWide(Opcode op, uint32_t a, uint32_t b, uint32_t cd) {
  Emit(op, a, b);
  code_.back().set_wide(cd);
}

void ChunkBuilder::EmitJump(Opcode op, uint32_t a, uint32_t b, uint32_t c,
                            Label* target) {
  if (target->position == kNone) {
    target->uses.push_back(here());
    Emit(op, a, b, c);
  } else {
    Emit(op, a, b, c, target->position);
  }
}

void ChunkBuilder::Bind(Label* label) {
  label->position = here();
  for (uint32_t use : label->uses)
    code_[use].d = static_cast<uint16_t>(label->position);
  for (uint32_t use : label->handlers) handlers_[use].target = label->position;
}

void ChunkBuilder::AddHandler(uint32_t begin, uint32_t end, Label* target) {
  if (begin == end) return;
  handlers_.push_back({begin, end, target->position});
  target->handlers.push_back(static_cast<uint32_t>(handlers_.size() - 1));
}

uint32_t ChunkBuilder::Finish(uint32_t reserved) {
  Program* p = program_->program();
  const uint32_t index = reserved == kNone ? program_->Reserve() : reserved;
  Chunk& chunk = p->chunks[index];
  chunk.begin = static_cast<uint32_t>(p->code.size());
  p->code.insert(p->code.end(), code_.begin(), code_.end());
  chunk.end = static_cast<uint32_t>(p->code.size());
  chunk.num_parameters = num_parameters_;
  chunk.num_registers = most_;
  chunk.roots = roots_;
  chunk.handlers = std::move(handlers_);
  return index;
}

}  // namespace bylaw
