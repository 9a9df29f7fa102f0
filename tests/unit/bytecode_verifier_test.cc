// The verifier refuses each way in which a program can be broken.
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "compiler/bytecode/mask_kind.h"
#include "compiler/bytecode/verifier.h"
#include "compiler/bytecode/verify_size.h"
#include "tests/catch.h"
#include "tests/unit/bytecode_program.h"

namespace bylaw {
namespace {

// The first instruction of that opcode.
Instruction& Find(Program& p, Opcode op) {
  for (Instruction& i : p.code)
    if (static_cast<Opcode>(i.op) == op) return i;
  FAIL("no such instruction");
  return p.code[0];
}

void SetOp(Instruction& i, Opcode op) { i.op = static_cast<uint8_t>(op); }

// R0 .. Rn - 1, each with two fields of the record before, which are made of
// nothing given: 2^n values.
void AddDoublingRecords(Program& p, uint32_t n) {
  Schema& s = p.schema;
  TypeId type = 0;
  Constant absent;
  absent.kind = Kind::kRecord;
  absent.elements = {Constant(), Constant()};
  for (uint32_t i = 0; i < n; ++i) {
    RecordType record;
    record.name = "R" + std::to_string(i);
    for (const char* name : {"a", "b"}) {
      Attribute& field = record.fields.emplace_back();
      field.name = name;
      field.type = type;
      if (i == 0) continue;
      field.default_value = absent;
      field.default_value->index = i - 1;
    }
    TypeInfo info;
    info.kind = Kind::kRecord;
    info.id = i;
    s.records.push_back(std::move(record));
    type = s.Intern(info);
  }
}

// Scopes below the root, each under the one before.
void AddNestedScopes(Program& p, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) {
    Scope scope;
    scope.name = "s";
    scope.parent = static_cast<uint32_t>(p.scopes.size() - 1);
    p.scopes.push_back(scope);
  }
}

void AddActionsAndEntities(Program& p, uint32_t n) {
  p.schema.actions.resize(n);
  p.schema.entities.resize(n);
}

std::vector<uint32_t> UpTo(uint32_t n) {
  std::vector<uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

struct Break {
  const char* what;
  std::function<void(Program&)> how;
};

const Break kBreaks[] = {
    {"unknown opcode", [](Program& p) { p.code[0].op = 255; }},
    {"register", [](Program& p) { Find(p, Opcode::MUL).b = 9; }},
    {"register", [](Program& p) { Find(p, Opcode::BEGIN).b = 6; }},
    {"constant", [](Program& p) { Find(p, Opcode::CONST).c = 100; }},
    {"chunk", [](Program& p) { Find(p, Opcode::CALL).d = 100; }},
    {"unused operand", [](Program& p) { Find(p, Opcode::RETURN).d = 1; }},
    {"jump back", [](Program& p) { Find(p, Opcode::JUMP).d = 0; }},
    {"jump", [](Program& p) { Find(p, Opcode::JUMP).d = 99; }},
    {"not forward", [](Program& p) { Find(p, Opcode::UNLESS_EQ).d = 1; }},
    {"flag", [](Program& p) { Find(p, Opcode::UNLESS_EQ).a = 2; }},
    {"iterator is written",
     [](Program& p) {
       Instruction& call = Find(p, Opcode::CALL);
       call.b = Find(p, Opcode::BEGIN).b;
     }},
    {"runs past its end",
     [](Program& p) { SetOp(Find(p, Opcode::END), Opcode::DENY); }},
    {"root is written",
     [](Program& p) {
       Find(p, Opcode::CALL).b =
           static_cast<uint16_t>(p.chunks[p.rules[0].chunk].roots);
     }},
    {"errs for too many", [](Program& p) { Find(p, Opcode::FAIL).a = 2; }},
    {"other effect|another effect",
     [](Program& p) { SetOp(Find(p, Opcode::DENY), Opcode::ALLOW); }},
    {"cycle",
     [](Program& p) {
       SetOp(Find(p, Opcode::MUL), Opcode::CALL);
       p.code[1] = Instruction{static_cast<uint8_t>(Opcode::CALL), 0, 1, 0, 0};
     }},
    {"handler", [](Program& p) { p.chunks[1].handlers[0].target = 3; }},
    {"handler", [](Program& p) { p.chunks[1].handlers[0].target = 1000; }},
    {"not nested",
     [](Program& p) {
       Handler h = p.chunks[1].handlers[0];
       h.begin += 1;
       h.end += 1;
       h.target += 1;
       p.chunks[1].handlers.push_back(h);
     }},
    {"two handlers are for the same code",
     [](Program& p) {
       p.chunks[1].handlers.push_back(p.chunks[1].handlers[0]);
     }},
    {"more than instructions",
     [](Program& p) {
       p.chunks[1].handlers.resize(20, p.chunks[1].handlers[0]);
     }},
    {"no code", [](Program& p) { p.chunks[0].end = p.chunks[0].begin; }},
    {"no code", [](Program& p) { p.chunks[0].end = 1'000'000; }},
    {"stack", [](Program& p) { p.chunks[0].stack += 1; }},
    {"too few registers", [](Program& p) { p.chunks[0].num_parameters = 9; }},
    {"roots", [](Program& p) { p.chunks[1].roots = 100; }},
    {"other parameters", [](Program& p) { p.rules[0].because = 0 + 2; }},
    {"chunk", [](Program& p) { p.rules[0].chunk = 77; }},
    {"condition has effects", [](Program& p) { p.policies[0].guard = 1; }},
    {"another policy", [](Program& p) { p.rules[0].policy = 3; }},
    {"rules are out of range", [](Program& p) { p.policies[0].num_rules = 2; }},
    {"no policy", [](Program& p) { p.policies[0].num_rules = 0; }},
    {"other names", [](Program& p) { p.rules[0].element_names.clear(); }},
    {"other collections", [](Program& p) { p.rules[0].collections.clear(); }},
    {"action", [](Program& p) { p.policies[0].actions = {4}; }},
    {"sorted",
     [](Program& p) {
       p.policies[0].actions = {0, 0};
     }},
    {"entity type", [](Program& p) { p.policies[0].resource = 5; }},
    {"scope", [](Program& p) { p.policies[0].scope = 2; }},
    {"scopes are nested too deep",
     [](Program& p) { AddNestedScopes(p, kMaxScopeDepth + 1); }},
    {"defaults are too large", [](Program& p) { AddDoublingRecords(p, 60); }},
    {"too many actions and entity types",
     [](Program& p) { AddActionsAndEntities(p, 4000); }},
    // A row of the index for each action and resource type.
    {"about too many actions and types",
     [](Program& p) {
       AddActionsAndEntities(p, 300);
       p.schema.entities.resize(20'000);
       p.policies[0].actions = UpTo(300);
       p.policies.push_back(p.policies[0]);
       p.policies[1].id += "q";
       p.policies[1].resource = 1;
       p.policies[1].first_rule = 1;
       p.policies[1].num_rules = 0;
     }},
    {"about too many actions and types",
     [](Program& p) {
       AddActionsAndEntities(p, 3000);
       p.policies[0].actions = UpTo(1000);
       p.policies[0].subjects = UpTo(3000);
       p.policies[0].overrides.resize(4, 0);
     }},
    {"too many overrides and scopes",
     [](Program& p) {
       for (int i = 0; i < 10'000; ++i) {
         p.scopes.emplace_back().parent = 0;
       }
       p.policies[0].overrides.resize(1000, 0);
     }},
    {"too many `may allow`",
     [](Program& p) {
       AddNestedScopes(p, 1);
       AddActionsAndEntities(p, 101);
       Scope::MayAllow may;
       may.resource = 0;
       p.scopes[1].may_allow.resize(100'000, may);
       p.policies[0].actions = UpTo(101);
       p.policies[0].scope = 1;
       p.policies[0].subjects = {0};
       SetOp(Find(p, Opcode::DENY), Opcode::ALLOW);
       p.rules[0].kind = RuleKind::kAllow;
     }},
    {"file", [](Program& p) { p.rules[0].position.file = 5; }},
    {"parent", [](Program& p) { p.scopes[0].parent = 0; }},
    {"type", [](Program& p) { p.schema.entities[0].attributes[0].type = 9; }},
    {"inverse holds no entity",
     [](Program& p) {
       // A type that is no collection holds nothing, whatever it says.
       p.schema.types[0].element = 0;
       p.schema.entities[0].attributes[0].inverse = 0;
     }},
    {"inverse is no attribute",
     [](Program& p) {
       TypeInfo thing;
       thing.kind = Kind::kEntity;
       thing.entities = {0};
       Attribute& a = p.schema.entities[0].attributes[0];
       a.type = p.schema.Intern(thing);
       a.inverse = 1;
     }},
    {"others have used up", [](Program& p) { p.chunks[3] = p.chunks[1]; }},
    {"two rules have one code",
     [](Program& p) {
       p.rules.push_back(p.rules[0]);
       p.policies[0].num_rules = 2;
     }},
    {"subtree", [](Program& p) { p.schema.terms[1].end = 9; }},
    {"parent", [](Program& p) { p.schema.terms[1].parent = 1; }},
    {"contiguous", [](Program& p) { p.schema.vocabularies[0].first_term = 1; }},
    {"terms are missing",
     [](Program& p) { p.schema.vocabularies[0].num_terms = 9; }},
    {"term",
     [](Program& p) {
       Constant c;
       c.kind = Kind::kTerm;
       c.index = 7;
       p.constants.push_back(c);
     }},
    {"no kind",
     [](Program& p) {
       Constant c;
       c.kind = Kind::kFilter;
       p.constants.push_back(c);
     }},
    {"Decimal",
     [](Program& p) {
       Constant c;
       c.kind = Kind::kDecimal;
       c.number = INT64_MAX;
       p.constants.push_back(c);
     }},
    {"two kinds",
     [](Program& p) {
       p.constants.push_back(ListConstant({IntConstant(1), TextConstant("")}));
     }},
    {"UTF-8", [](Program& p) { p.constants.push_back(TextConstant("\xff")); }},
    {"not sorted",
     [](Program& p) {
       p.symbols = {"b", "a"};
     }},
    {"time zone", [](Program& p) { p.settings.timezone = "Mars"; }},
    {"slots",
     [](Program& p) {
       SetOp(Find(p, Opcode::MUL), Opcode::GET_NAMED);
       Find(p, Opcode::GET_NAMED).d = 0;
     }},
    {"number of operands",
     [](Program& p) {
       p.code[1] =
           Instruction{static_cast<uint8_t>(Opcode::FILTER), 0, 1, 0, 2};
     }},
};

TEST_CASE("a sound program is accepted") {
  const Program p = SampleProgram();
  const absl::Status status = Verify(p);
  INFO(std::string(status.message()));
  CHECK(status.ok());
  CHECK(Verify(Program()).ok());
}

TEST_CASE("a broken program is refused") {
  for (const Break& b : kBreaks) {
    Program p = SampleProgram();
    b.how(p);
    const absl::Status status = Verify(p);
    const std::string message(status.message());
    INFO(b.what << ": " << message);
    CHECK_FALSE(status.ok());
    CHECK(message.substr(0, 6) == "BL6010");
    const std::string what = b.what;
    const size_t bar = what.find('|');
    const bool said = message.find(what.substr(0, bar)) != std::string::npos ||
                      (bar != std::string::npos &&
                       message.find(what.substr(bar + 1)) != std::string::npos);
    CHECK(said);
  }
}

TEST_CASE("what is just small enough is accepted") {
  Program p = SampleProgram();
  AddNestedScopes(p, kMaxScopeDepth);
  // 2^14 - 1 values and, with those of the records before, twice as many.
  AddDoublingRecords(p, 14);
  AddActionsAndEntities(p, 1000);
  p.policies[0].actions = UpTo(100);
  p.policies[0].subjects = UpTo(1000);
  const absl::Status status = Verify(p);
  INFO(std::string(status.message()));
  CHECK(status.ok());
}

TEST_CASE("a union that many attributes include is gone through once") {
  // Hours, if each attribute goes through it.
  constexpr uint32_t kMany = 0xffff;
  Program p = SampleProgram();
  p.schema.entities.resize(20 * kMany);
  TypeInfo all;
  all.kind = Kind::kEntity;
  all.entities = UpTo(20 * kMany);
  TypeInfo set;
  set.kind = Kind::kSet;
  set.element = p.schema.Intern(all);
  Attribute things;
  things.type = p.schema.Intern(set);
  things.includes_resource = true;
  p.schema.actions[0].resources = UpTo(kMany);
  p.schema.actions[0].context.resize(kMany, things);
  const absl::Status status = Verify(p);
  INFO(std::string(status.message()));
  CHECK(status.ok());
}

// A chain of defs, each calling the one before.
bool VerifyChain(uint32_t n) {
  Program p;
  ProgramBuilder builder(&p);
  uint32_t last = kNone;
  for (uint32_t i = 0; i < n; ++i) {
    ChunkBuilder chunk(&builder, 0, 0, false);
    const uint16_t r = chunk.NewRegister();
    if (last == kNone) {
      chunk.EmitWide(Opcode::CONST, 0, r, builder.Add(IntConstant(1)));
    } else {
      chunk.Emit(Opcode::CALL, 0, r, r, last);
    }
    chunk.Emit(Opcode::RETURN, 0, r);
    last = chunk.Finish();
  }
  builder.Finish();
  return !builder.overflow() && Verify(p).ok();
}

TEST_CASE("calls within calls are bounded") {
  CHECK(VerifyChain(kMaxCallDepth + 1));
  CHECK_FALSE(VerifyChain(kMaxCallDepth + 2));
}

TEST_CASE("a chunk that is too long does not fit") {
  Program p;
  ProgramBuilder builder(&p);
  ChunkBuilder chunk(&builder, 0, 0, false);
  const uint16_t r = chunk.NewRegister();
  for (uint32_t i = 0; i + 1 < kMaxChunkSize; ++i)
    chunk.Emit(Opcode::NOW, 0, r);
  chunk.Emit(Opcode::RETURN, 0, r);
  CHECK_FALSE(builder.overflow());
  chunk.Emit(Opcode::RETURN, 0, r);
  CHECK(builder.overflow());
}

}  // namespace
}  // namespace bylaw
