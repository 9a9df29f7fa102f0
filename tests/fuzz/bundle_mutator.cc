// Mutants of bundles that get past the checksum, and often past the verifier:
// either the bytes of a section are mutated and framed anew, or the program is
// read, a few of its instructions or tables are changed, and it is written.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/bytecode/builder.h"
#include "compiler/bytecode/opcode.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "compiler/bytecode/verify_size.h"
#include "tests/properties/piece.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace bylaw::fuzz {
namespace {

using properties::Random;
using Sections = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kHeader = 24;  // see serialize.h

void PutNumber(uint64_t v, std::string* out) {
  for (; v >= 0x80; v >>= 7) out->push_back(static_cast<char>(v | 0x80));
  out->push_back(static_cast<char>(v));
}

bool TakeNumber(std::string_view* in, uint64_t* v) {
  *v = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const uint8_t c = static_cast<uint8_t>(in->front());
    in->remove_prefix(1);
    *v |= uint64_t{c & 0x7fu} << shift;
    if (c < 0x80) return true;
  }
  return false;
}

bool TakeBytes(std::string_view* in, std::string* out) {
  uint64_t n;
  if (!TakeNumber(in, &n) || n > in->size()) return false;
  *out = in->substr(0, n);
  in->remove_prefix(n);
  return true;
}

bool Unframe(std::string_view bytes, Sections* out) {
  uint64_t n;
  if (bytes.size() < kHeader) return false;
  bytes.remove_prefix(kHeader);
  if (!TakeNumber(&bytes, &n)) return false;
  for (uint64_t i = 0; i < n; ++i) {
    out->emplace_back();
    if (!TakeBytes(&bytes, &out->back().first) ||
        !TakeBytes(&bytes, &out->back().second))
      return false;
  }
  return !out->empty();
}

std::string Frame(const Sections& sections) {
  std::string rest;
  PutNumber(sections.size(), &rest);
  for (const auto& [name, bytes] : sections) {
    PutNumber(name.size(), &rest);
    rest += name;
    PutNumber(bytes.size(), &rest);
    rest += bytes;
  }
  std::string out = "BYLW";
  for (int i = 0; i < 4; ++i)
    out.push_back(static_cast<char>(kBytecodeVersion >> (8 * i)));
  // The checksum is the fingerprint: two numbers in hex, here little-endian.
  const std::string hex = Fingerprint(rest);
  for (const size_t half : {0, 16}) {
    for (int i = 14; i >= 0; i -= 2) {
      out.push_back(static_cast<char>(std::stoi(
          hex.substr(half + static_cast<size_t>(i), 2), nullptr, 16)));
    }
  }
  return out + rest;
}

// Calls may have changed: what the verifier asks of stacks is made true.
void Restack(Program* program) {
  for (const Chunk& c : program->chunks) {
    if (c.begin >= c.end || c.end > program->code.size()) return;
  }
  static_cast<void>(ComputeStacks(program));
}

// --- Changes to a program ---------------------------------------------------

// A number near to what it was, or at an edge.
template <typename T>
void Nudge(Random& random, T* v) {
  switch (random.Below(6)) {
    case 0:
      *v = static_cast<T>(static_cast<uint64_t>(*v) + 1);
      break;
    case 1:
      *v = static_cast<T>(static_cast<uint64_t>(*v) - 1);
      break;
    case 2:
      *v = 0;
      break;
    case 3:
      *v = static_cast<T>(-1);
      break;
    case 4:
      *v = static_cast<T>(random.Below(16));
      break;
    default:
      *v = static_cast<T>(random.Next());
      break;
  }
}

void ChangeInstruction(Random& random, Program* p) {
  if (p->code.empty()) return;
  Instruction& i = p->code[random.Below(p->code.size())];
  switch (random.Below(7)) {
    case 0:
      i.op = static_cast<uint8_t>(random.Below(kNumOpcodes));
      break;
    case 1:
      Nudge(random, &i.a);
      break;
    case 2:
      Nudge(random, &i.b);
      break;
    case 3:
      Nudge(random, &i.c);
      break;
    case 4:
      Nudge(random, &i.d);
      break;
    case 5:
      i = p->code[random.Below(p->code.size())];
      break;
    default:
      std::swap(i, p->code[random.Below(p->code.size())]);
      break;
  }
}

// Lets a chunk hold other code: a copy of another's, or one more instruction
// at its front. All chunks stay where they are; the code goes to the end.
void GrowChunk(Random& random, Program* p) {
  if (p->chunks.empty() || p->code.empty()) return;
  Chunk& chunk = p->chunks[random.Below(p->chunks.size())];
  const Chunk& source =
      random.Chance(50) ? chunk : p->chunks[random.Below(p->chunks.size())];
  if (source.begin > source.end || source.end > p->code.size()) return;
  std::vector<Instruction> code(p->code.begin() + source.begin,
                                p->code.begin() + source.end);
  const size_t at = random.Below(code.size() + 1);
  code.insert(code.begin() + static_cast<ptrdiff_t>(at),
              p->code[random.Below(p->code.size())]);
  chunk.begin = static_cast<uint32_t>(p->code.size());
  p->code.insert(p->code.end(), code.begin(), code.end());
  chunk.end = static_cast<uint32_t>(p->code.size());
  chunk.num_registers = std::max(chunk.num_registers, source.num_registers);
}

// Another's code, in a copy of its own.
void CopyChunk(const Chunk& source, Chunk* chunk, Program* p) {
  if (source.begin > source.end || source.end > p->code.size()) return;
  const std::vector<Instruction> code(p->code.begin() + source.begin,
                                      p->code.begin() + source.end);
  *chunk = Chunk(source);
  chunk->begin = static_cast<uint32_t>(p->code.size());
  p->code.insert(p->code.end(), code.begin(), code.end());
  chunk->end = static_cast<uint32_t>(p->code.size());
}

// One around the other, each with the same target.
void AddHandlers(Random& random, Chunk* c) {
  const uint32_t size = c->end - c->begin;
  if (size < 2 || size > 0xffff) return;
  Handler h;
  h.target = size - 1;
  h.begin = h.end = static_cast<uint32_t>(random.Below(size - 1));
  std::vector<Handler> added;
  for (size_t n = random.Below(size); n > 0; --n) {
    if (h.end < h.target) {
      ++h.end;
    } else if (h.begin > 0) {
      --h.begin;
    }
    added.push_back(h);
  }
  c->handlers.insert(c->handlers.begin(), added.begin(), added.end());
}

void ChangeChunk(Random& random, Program* p) {
  if (p->chunks.empty()) return;
  Chunk& c = p->chunks[random.Below(p->chunks.size())];
  switch (random.Below(7)) {
    case 0:
      Nudge(random, &c.num_parameters);
      break;
    case 1:
      c.num_registers += static_cast<uint32_t>(random.Below(8));
      if (random.Chance(10)) c.num_registers = kMaxRegisters;
      break;
    case 2:
      Nudge(random, &c.roots);
      break;
    case 3:
      Nudge(random, &c.end);
      break;
    case 4: {
      const uint32_t size = c.end - c.begin;
      if (size < 2 || size > 0xffff) break;
      Handler h;
      h.begin = static_cast<uint32_t>(random.Below(size - 1));
      h.end = h.begin + 1;
      h.target = h.end + static_cast<uint32_t>(random.Below(size - h.end));
      c.handlers.insert(c.handlers.begin(), h);
      break;
    }
    case 5:
      AddHandlers(random, &c);
      break;
    default:
      CopyChunk(p->chunks[random.Below(p->chunks.size())], &c, p);
      break;
  }
}

void ChangeConstant(Random& random, Program* p) {
  if (p->constants.empty()) return;
  Constant* c = &p->constants[random.Below(p->constants.size())];
  while (!c->elements.empty() && random.Chance(60))
    c = &c->elements[random.Below(c->elements.size())];
  switch (random.Below(6)) {
    case 0:
      c->kind = static_cast<Kind>(random.Below(18));
      break;
    case 1:
      Nudge(random, &c->number);
      break;
    case 2:
      Nudge(random, &c->index);
      break;
    case 3:
      c->text += static_cast<char>('a' + random.Below(26));
      break;
    case 4:
      if (!c->elements.empty()) c->elements.push_back(c->elements[0]);
      break;
    default:
      *c = p->constants[random.Below(p->constants.size())];
      break;
  }
}

void ChangeAttribute(Random& random, Program* p) {
  Schema& s = p->schema;
  std::vector<std::vector<Attribute>*> lists;
  for (EntityType& e : s.entities) lists.push_back(&e.attributes);
  for (RecordType& r : s.records) lists.push_back(&r.fields);
  for (Action& a : s.actions) lists.push_back(&a.context);
  for (ObligationType& o : s.obligations) lists.push_back(&o.parameters);
  if (lists.empty()) return;
  std::vector<Attribute>& list = *lists[random.Below(lists.size())];
  if (list.empty()) return;
  Attribute& a = list[random.Below(list.size())];
  switch (random.Below(7)) {
    case 0:
      a.type = static_cast<TypeId>(random.Below(s.types.size()));
      break;
    case 1:
      a.transitive = !a.transitive;
      break;
    case 2:
      a.asserted = !a.asserted;
      break;
    case 3:
      Nudge(random, &a.inverse);
      break;
    case 4:
      a.includes_resource = !a.includes_resource;
      break;
    case 5:
      Nudge(random, &a.default_chunk);
      break;
    default:
      if (p->constants.empty()) break;
      a.default_value = p->constants[random.Below(p->constants.size())];
      break;
  }
}

// Records of two fields, each of the record before and made of its defaults:
// an attribute of the last may stand for any number of values.
void NestRecords(Random& random, Program* p) {
  Schema& s = p->schema;
  if (s.types.empty()) return;
  TypeId type = static_cast<TypeId>(random.Below(s.types.size()));
  std::optional<Constant> absent;
  for (size_t n = random.Below(40); n > 0; --n) {
    RecordType record;
    for (int i = 0; i < 2; ++i) {
      Attribute& field = record.fields.emplace_back();
      field.name = "f" + std::to_string(i);
      field.type = type;
      field.default_value = absent;
    }
    TypeInfo info;
    info.kind = Kind::kRecord;
    info.id = static_cast<uint32_t>(s.records.size());
    absent.emplace();
    absent->kind = Kind::kRecord;
    absent->index = info.id;
    absent->elements.resize(2);
    s.records.push_back(std::move(record));
    type = s.Intern(info);
  }
  if (s.actions.empty()) return;
  Attribute& a =
      s.actions[random.Below(s.actions.size())].context.emplace_back();
  a.name = "nested";
  a.type = type;
  a.default_value = absent;
}

// As many as may be, and sometimes one more, each under the one before.
void NestScopes(Random& random, Program* p) {
  if (p->scopes.empty()) return;
  const Scope model = p->scopes[random.Below(p->scopes.size())];
  for (size_t n = random.Below(kMaxScopeDepth + 2); n > 0; --n) {
    Scope scope = model;
    scope.parent = static_cast<uint32_t>(p->scopes.size() - 1);
    p->scopes.push_back(std::move(scope));
  }
  if (!p->policies.empty()) {
    p->policies[random.Below(p->policies.size())].scope =
        static_cast<uint32_t>(p->scopes.size() - 1);
  }
}

void ChangeTable(Random& random, Program* p) {
  Schema& s = p->schema;
  const auto pick = [&random](auto& list) {
    return list.empty() ? nullptr : &list[random.Below(list.size())];
  };
  switch (random.Below(12)) {
    case 0:
      if (TypeInfo* t = pick(s.types)) {
        t->kind = static_cast<Kind>(random.Below(18));
        if (random.Chance(50)) Nudge(random, &t->id);
        if (random.Chance(50)) Nudge(random, &t->element);
      }
      break;
    case 1:
      if (Action* a = pick(s.actions)) {
        a->proposes = random.Chance(50);
        a->gate = random.Chance(50);
        if (random.Chance(30)) Nudge(random, &a->columns_slot);
        if (random.Chance(30)) Nudge(random, &a->selecting_slot);
      }
      break;
    case 2:
      if (Schema::Selectable* x = pick(s.selectables)) {
        uint32_t* fields[] = {&x->entity,    &x->columns_slot,
                              &x->name_slot, &x->column_entity,
                              &x->type_slot, &x->table_slot};
        Nudge(random, fields[random.Below(6)]);
      }
      break;
    case 3:
      if (EntityType* e = pick(s.entities)) {
        e->parents.push_back(
            static_cast<uint32_t>(random.Below(s.entities.size())));
      }
      break;
    case 4:
      if (Policy* policy = pick(p->policies)) {
        policy->level = static_cast<Level>(random.Below(3));
        if (random.Chance(30)) Nudge(random, &policy->guard);
        if (random.Chance(30)) Nudge(random, &policy->scope);
        if (random.Chance(30)) Nudge(random, &policy->grace_until);
        if (random.Chance(30))
          policy->overrides.push_back(
              static_cast<uint32_t>(random.Below(p->policies.size())));
      }
      break;
    case 5:
      if (Rule* rule = pick(p->rules)) {
        uint32_t* fields[] = {&rule->chunk,   &rule->because,
                              &rule->help,    &rule->num_elements,
                              &rule->applies, &rule->obligation};
        Nudge(random, fields[random.Below(6)]);
        if (random.Chance(20)) Nudge(random, &rule->about_slot);
        if (random.Chance(20))
          rule->kind = static_cast<RuleKind>(random.Below(6));
      }
      break;
    case 6:
      if (Waiver* w = pick(p->waivers)) {
        Nudge(random, random.Chance(50) ? &w->policy : &w->chunk);
        Nudge(random, random.Chance(50) ? &w->from : &w->until);
      }
      break;
    case 7:
      if (std::string* pattern = pick(p->patterns))
        *pattern += ".*+?[a(\\"[random.Below(9) % 8];
      break;
    case 8:
      if (std::vector<uint32_t>* table = pick(p->slot_tables)) {
        if (uint32_t* slot = pick(*table)) Nudge(random, slot);
      }
      break;
    case 9:
      NestRecords(random, p);
      break;
    case 10:
      NestScopes(random, p);
      break;
    default:
      if (Scope* scope = pick(p->scopes)) {
        Nudge(random, &scope->parent);
        if (Scope::Governs* g = pick(scope->governs)) Nudge(random, &g->chunk);
      }
      break;
  }
}

std::string ChangeProgram(Random& random, std::string_view bytes) {
  auto program = ParseProgram(bytes);
  if (!program.ok()) return std::string(bytes);
  for (size_t n = 1 + random.Below(3); n > 0; --n) {
    switch (random.Below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        ChangeInstruction(random, &*program);
        break;
      case 4:
        GrowChunk(random, &*program);
        break;
      case 5:
        ChangeChunk(random, &*program);
        break;
      case 6:
        ChangeConstant(random, &*program);
        break;
      case 7:
        ChangeAttribute(random, &*program);
        break;
      default:
        ChangeTable(random, &*program);
        break;
    }
  }
  Restack(&*program);
  return SerializeProgram(*program);
}

std::string ChangeBytes(const std::string& bytes, size_t max_size) {
  std::string room = bytes;
  room.resize(std::max(max_size, bytes.size()));
  const size_t size = LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(room.data()),
                                       bytes.size(), room.size());
  room.resize(size);
  return room;
}

}  // namespace
}  // namespace bylaw::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  using namespace bylaw::fuzz;
  Random random(seed);
  Sections sections;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (random.Chance(2) || !Unframe(bytes, &sections)) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  std::string& program = sections[0].second;
  if (sections.size() > 1 && random.Chance(10)) {
    std::string& other = sections[1 + random.Below(sections.size() - 1)].second;
    other = ChangeBytes(other, max_size);
  } else if (random.Chance(65)) {
    program = ChangeProgram(random, program);
  } else {
    program = ChangeBytes(program, max_size);
    if (auto parsed = bylaw::ParseProgram(program); parsed.ok()) {
      Restack(&*parsed);
      program = bylaw::SerializeProgram(*parsed);
    }
  }
  const std::string framed = Frame(sections);
  if (framed.size() > max_size) return size;
  std::memcpy(data, framed.data(), framed.size());
  return framed.size();
}
