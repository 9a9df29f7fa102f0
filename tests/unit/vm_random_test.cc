// Random code that the verifier accepts: whatever it computes, it ends, and no
// value is taken for another (run under the address sanitizer).
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "compiler/bytecode/disassemble.h"
#include "compiler/bytecode/filter_op.h"
#include "compiler/bytecode/mask_kind.h"
#include "compiler/bytecode/verifier.h"
#include "evaluator/facts_builder.h"
#include "evaluator/vm.h"
#include "tests/catch.h"
#include "tests/unit/bytecode_program.h"
#include "tests/unit/decision_world.h"

namespace bylaw {
namespace {

class RandomCode {
 public:
  explicit RandomCode(uint32_t seed)
      : random_(seed), program_(std::make_shared<Program>(*DatasetProgram())) {
    Action act;
    act.name = "act";
    act.resources = {0};
    act.subjects = {0};
    program_->schema.actions.push_back(act);
  }

  // What became of the run; empty if the code is not valid.
  std::string Run() {
    ProgramBuilder builder(program_.get());
    Constants(&builder);
    program_->patterns = {"a*", "("};
    program_->slot_tables = {{0, 1}, {kNone}};
    ChunkBuilder def(&builder, 2, 2, false);
    def.Emit(Opcode::ADD, 0, def.NewRegister(), 0, 1);
    def.Emit(Opcode::RETURN, 0, 2);
    def.Finish();
    ChunkBuilder chunk(&builder, 0, 0, true);
    const uint32_t registers = 10;
    chunk.NewRun(registers);
    const uint32_t size = 10 + random_() % 30;
    // Values to begin with, and a loop that most code stands in.
    for (uint32_t r = 4; r < 2 + registers; ++r)
      chunk.EmitWide(Opcode::CONST, 0, r,
                     random_() % program_->constants.size());
    chunk.EmitWide(Opcode::CONST, 0, 9, list_);
    chunk.Emit(Opcode::BEGIN, 0, 2, 9);
    Label next, done;
    chunk.Bind(&next);
    chunk.EmitJump(Opcode::NEXT, 0, 5, 2, &done);
    const uint32_t begin = chunk.here();
    for (uint32_t k = 0; k < size; ++k) Instruction(begin + size, &chunk);
    if (random_() % 2) {
      const uint32_t from = begin + random_() % size;
      Label caught;
      chunk.AddHandler(from, begin + size, &caught);
      chunk.Bind(&caught);
      chunk.Emit(Opcode::CATCH, random_() % 2, 6);
    }
    chunk.EmitJump(Opcode::JUMP, 0, 0, 0, &next);
    chunk.Bind(&done);
    chunk.Emit(Opcode::RETURN, 0, 4 + random_() % 8);
    const uint32_t main = chunk.Finish();
    builder.Finish();
    if (!Verify(*program_).ok()) return "";
    return Execute(main);
  }

 private:
  void Constants(ProgramBuilder* builder) {
    const auto number = [&](Kind kind, int64_t n) {
      Constant c;
      c.kind = kind;
      c.number = n;
      builder->Add(c);
    };
    builder->Add(Constant());
    for (int64_t n : {int64_t{0}, int64_t{1}, int64_t{-7}, INT64_MAX})
      number(Kind::kInt, n);
    number(Kind::kBool, 1);
    number(Kind::kBool, 0);
    number(Kind::kDecimal, kDecimalLimit - 1);
    number(Kind::kDate, *ParseDate("9999-12-31"));
    number(Kind::kTime, *ParseTime("2026-01-01T00:00:00Z"));
    number(Kind::kDuration, INT64_MIN);
    number(Kind::kPeriod, INT64_MIN);
    for (const char* s : {"", "a", "UTC", "a*", "\xc3\x89", "x"})
      builder->Add(TextConstant(s));
    list_ = builder->Add(
        ListConstant({IntConstant(1), IntConstant(2), IntConstant(3)}));
    Constant set = ListConstant({TextConstant("a"), TextConstant("x")});
    set.kind = Kind::kSet;
    builder->Add(set);
    builder->Add(ListConstant({}));
    Constant term;
    term.kind = Kind::kTerm;
    term.index = 3;
    builder->Add(term);
    set.elements = {term};
    builder->Add(set);
    Constant map;
    map.kind = Kind::kMap;
    map.keys = {"a"};
    map.elements = {IntConstant(5)};
    builder->Add(map);
    Constant ip;
    ip.kind = Kind::kIp;
    builder->Add(ip);
    Constant version;
    version.kind = Kind::kVersion;
    builder->Add(version);
    first_entity_ = static_cast<uint32_t>(program_->constants.size());
    Constant entity;
    entity.kind = Kind::kEntity;
    for (const char* id : {"d", "nothing"}) {
      entity.text = id;
      builder->Add(entity);
    }
    entity.index = 1;
    entity.text = "d.c";
    builder->Add(entity);
  }

  uint32_t Register(bool write) {
    // Not the roots, and most often not the iterator.
    const uint32_t r = random_() % 12;
    return write && (r < 4) ? 4 + r : r;
  }

  void Instruction(uint32_t end, ChunkBuilder* chunk) {
    Opcode op;
    do {
      op = static_cast<Opcode>(random_() % kNumOpcodes);
    } while (op >= Opcode::FAIL || op == Opcode::END || op == Opcode::RETURN ||
             op == Opcode::BEGIN || op == Opcode::NEXT);
    const std::string_view forms = kOpcodes[static_cast<size_t>(op)].operands;
    uint32_t v[4] = {0, 0, 0, 0};
    uint32_t wide = kNone;
    for (int k = 3; k >= 0; --k) {
      switch (forms[k]) {
        case 'r':
        case 'w':
          v[k] = Register(forms[k] == 'w');
          break;
        case 'p':
        case 'W':
          v[k] = 4 + random_() % 7;
          break;
        case 'n':
          v[k] = random_() % 4;
          break;
        case 'R':
          v[k] = random_() % 8;
          break;
        case 'j':
        case 'l':
          v[k] = chunk->here() + 1 + random_() % 4;
          if (v[k] > end) v[k] = end;
          break;
        case 'k':
          wide = op == Opcode::ENTITY ? first_entity_ + random_() % 3
                                      : random_() % program_->constants.size();
          break;
        case 'x':
          wide = random_() % 2;
          break;
        case 'f':
          v[k] = 0;
          break;
        case 's':
          v[k] = random_() % 2;
          break;
        case 't':
          v[k] = random_() % 3 == 0 ? kAnyType : random_() % 2;
          break;
        case 'e':
          v[k] = random_() % 2;
          break;
        case 'v':
          v[k] = op == Opcode::CONTEXT ? 1 : 0;
          break;
        case 'g':
          v[k] = random_() % kNumReadModes;
          break;
        case 'b':
          v[k] = random_() % 2;
          break;
        case 'q':
          v[k] = static_cast<uint32_t>(random_() % 2 ? Kind::kInt
                                                     : Kind::kDuration);
          break;
        case 'o':
          v[k] = random_() % (static_cast<uint32_t>(FilterOp::kCoalesce) + 1);
          v[3] = 1 + random_() % 3;
          break;
        default:
          break;
      }
    }
    if (wide != kNone) {
      chunk->EmitWide(op, v[0], v[1], wide);
    } else {
      chunk->Emit(op, v[0], v[1], v[2], v[3]);
    }
  }

  std::string Execute(uint32_t chunk) {
    FactsBuilder facts_builder(program_, FactsBuilder::Mode::kGiven);
    facts_builder.AddGiven(0, "d", {});
    const std::pair<uint32_t, Constant> name[] = {{0, TextConstant("a")}};
    facts_builder.AddGiven(1, "d.c", name, 0, "d");
    const auto facts = facts_builder.Build();
    if (facts == nullptr) return "no facts";
    Arena arena;
    World world(facts.get(), &arena);
    BoundRequest request;
    request.world = &world;
    request.action = 0;
    request.subject = request.resource = facts->Lookup(0, "d");
    VmOptions options;
    options.budget = 20'000;
    Vm vm(&request, options);
    Value v;
    if (!vm.RunValue(chunk, {}, &v)) return "error: " + std::string(vm.error());
    return std::string(PrintValue(world, v)) + ".";
  }

  std::mt19937 random_;
  std::shared_ptr<Program> program_;
  uint32_t list_ = 0, first_entity_ = 0;
};

TEST_CASE("random code that is valid ends without a crash") {
  int valid = 0, values = 0;
  for (uint32_t seed = 0; seed < 20'000; ++seed) {
    INFO("seed " << seed);
    const std::string result = RandomCode(seed).Run();
    CHECK(result != "no facts");
    valid += result.empty() ? 0 : 1;
    values += result.empty() || result.find("error: ") == 0 ? 0 : 1;
  }
  CHECK(valid > 5'000);
  CHECK(values > 500);
}

}  // namespace
}  // namespace bylaw
