// The machine on code written by hand: what each group of opcodes does, and
// what it does not do with values of another kind.
#include "evaluator/vm.h"

#include <memory>
#include <string>
#include <vector>

#include "compiler/bytecode/verifier.h"
#include "evaluator/facts_builder.h"
#include "evaluator/ops.h"
#include "tests/catch.h"
#include "tests/unit/bytecode_program.h"
#include "tests/unit/decision_world.h"

namespace bylaw {
namespace {

Constant NumberConstant(Kind kind, int64_t n) {
  Constant c;
  c.kind = kind;
  c.number = n;
  return c;
}

// Code that is run against the schema of decision_world.h.
struct Machine {
  std::shared_ptr<Program> program =
      std::make_shared<Program>(*DatasetProgram());
  std::unique_ptr<ProgramBuilder> builder =
      std::make_unique<ProgramBuilder>(program.get());
  std::unique_ptr<ChunkBuilder> code =
      std::make_unique<ChunkBuilder>(builder.get(), 0, 0, true);

  uint16_t Load(const Constant& c) {
    const uint16_t r = code->NewRegister();
    code->EmitWide(Opcode::CONST, 0, r, builder->Add(c));
    return r;
  }
  uint16_t Int(int64_t n) { return Load(IntConstant(n)); }
  uint16_t Text(const std::string& s) { return Load(TextConstant(s)); }
  uint16_t Op(Opcode op, uint16_t a, uint16_t b = 0) {
    const uint16_t r = code->NewRegister();
    code->Emit(op, 0, r, a, b);
    return r;
  }

  // The value of the chunk as text, or "error: …".
  std::string Return(uint16_t r, uint64_t budget = kDecisionBudget) {
    code->Emit(Opcode::RETURN, 0, r);
    return Finish(budget);
  }
  std::string Finish(uint64_t budget = kDecisionBudget) {
    const uint32_t chunk = code->Finish();
    builder->Finish();
    const absl::Status status = Verify(*program);
    if (!status.ok()) return "unverified: " + std::string(status.message());
    FactsBuilder facts_builder(program);
    auto facts = facts_builder.Build();
    Arena arena;
    World world(facts.get(), &arena);
    BoundRequest request;
    request.world = &world;
    request.action = 0;
    request.subject = 0;
    request.resource = 0;
    VmOptions options;
    options.budget = budget;
    Vm vm(&request, options);
    Value v;
    if (!vm.RunValue(chunk, {}, &v)) return "error: " + std::string(vm.error());
    return std::string(PrintValue(world, v));
  }
};

std::string Binary(Opcode op, const Constant& a, const Constant& b) {
  Machine m;
  const uint16_t x = m.Load(a), y = m.Load(b);
  return m.Return(m.Op(op, x, y));
}

TEST_CASE("arithmetic is checked") {
  CHECK(Binary(Opcode::ADD, IntConstant(2), IntConstant(3)) == "5");
  CHECK(Binary(Opcode::ADD, IntConstant(INT64_MAX), IntConstant(1))
            .find("error: ") == 0);
  CHECK(Binary(Opcode::SUB, IntConstant(INT64_MIN), IntConstant(1))
            .find("error: ") == 0);
  CHECK(Binary(Opcode::MUL, IntConstant(INT64_MAX), IntConstant(2))
            .find("error: ") == 0);
  CHECK(Binary(Opcode::DIV, IntConstant(1), IntConstant(3)) == "0.333333");
  CHECK(Binary(Opcode::DIV, IntConstant(1), IntConstant(0)) ==
        "error: division by zero");
  CHECK(Binary(Opcode::ADD, NumberConstant(Kind::kDecimal, 1'500'000),
               NumberConstant(Kind::kDecimal, 500'000)) == "2");
  CHECK(Binary(Opcode::ADD, NumberConstant(Kind::kDecimal, kDecimalLimit - 1),
               NumberConstant(Kind::kDecimal, 1))
            .find("error: ") == 0);
  CHECK(
      Binary(Opcode::ADD, IntConstant(1), TextConstant("a")).find("error: ") ==
      0);
  CHECK(Binary(Opcode::ADD, TextConstant("a"), TextConstant("b")) == "ab");
}

TEST_CASE("dates and times move") {
  const Constant date = NumberConstant(Kind::kDate, *ParseDate("2026-01-31"));
  const Constant time =
      NumberConstant(Kind::kTime, *ParseTime("2026-01-31T10:00:00Z"));
  CHECK(Binary(Opcode::ADD, date, NumberConstant(Kind::kPeriod, 1)) ==
        "2026-02-28");
  CHECK(Binary(Opcode::SUB, time,
               NumberConstant(Kind::kDuration, 3'600'000'000)) ==
        "2026-01-31T09:00:00Z");
  CHECK(Binary(Opcode::SUB, time, time) == "0s");
  CHECK(Binary(Opcode::AGE,
               NumberConstant(Kind::kDate, *ParseDate("2000-02-01")),
               date) == "25");
  // The day of a time is that on which it falls, also before 1970.
  CHECK(
      Binary(Opcode::AGE, NumberConstant(Kind::kDate, *ParseDate("1960-01-01")),
             NumberConstant(Kind::kTime, *ParseTime("1969-12-31T23:00:00Z"))) ==
      "9");
  CHECK(Binary(Opcode::ADD,
               NumberConstant(Kind::kTime, *ParseTime("9999-12-31T23:00:00Z")),
               NumberConstant(Kind::kDuration, 3'600'000'000))
            .find("error: ") == 0);
  CHECK(Binary(Opcode::SUB, date, NumberConstant(Kind::kPeriod, 2)) ==
        "2025-11-30");
  CHECK(Binary(Opcode::HOUR, time, TextConstant("Europe/Paris")) == "11");
  CHECK(Binary(Opcode::HOUR, time, TextConstant("Nowhere")).find("error: ") ==
        0);
}

TEST_CASE("a missing value equals nothing") {
  CHECK(Binary(Opcode::EQ, Constant(), Constant()) == "false");
  CHECK(Binary(Opcode::EQ, Constant(), IntConstant(1)) == "false");
  CHECK(Binary(Opcode::EQ, IntConstant(1), IntConstant(1)) == "true");
  CHECK(Binary(Opcode::IN, Constant(), ListConstant({IntConstant(1)})) ==
        "false");
  CHECK(Binary(Opcode::LT, Constant(), IntConstant(1)).find("error: ") == 0);
  CHECK(Binary(Opcode::EQ, TextConstant("1"), IntConstant(1)).find("error: ") ==
        0);
}

TEST_CASE("text") {
  const auto text = [](Opcode op, const char* a, const char* b) {
    return Binary(op, TextConstant(a), TextConstant(b));
  };
  CHECK(text(Opcode::STARTS_WITH, "abc", "ab") == "true");
  CHECK(text(Opcode::ENDS_WITH, "abc", "ab") == "false");
  CHECK(text(Opcode::CONTAINS, "abc", "b") == "true");
  CHECK(text(Opcode::LIKE, "abcbc", "a*bc") == "true");
  CHECK(text(Opcode::LIKE, "ab", "ab*") == "true");
  CHECK(text(Opcode::LIKE, "abc", "a*a") == "false");
  CHECK(text(Opcode::LIKE, "aXbXc", "*X*X*") == "true");
  CHECK(text(Opcode::LIKE, "a", "a*a") == "false");
  CHECK(text(Opcode::LIKE, "aba", "*ab*ba*") == "false");
  CHECK(text(Opcode::LT, "a", "b") == "true");
  Machine m;
  const uint16_t r = m.Op(Opcode::LOWER, m.Text("\xc3\x89"
                                                "COLE \xce\x91"));
  CHECK(m.Return(r) ==
        "\xc3\xa9"
        "cole \xce\xb1");
  Machine n;
  CHECK(n.Return(n.Op(Opcode::LENGTH, n.Text("\xc3\xa9"
                                             "t"))) == "2");
  Machine p;
  const uint16_t t = p.Text("aaa");
  p.code->EmitWide(Opcode::MATCHES, 0, t, p.builder->AddPattern("a+"));
  CHECK(p.Return(t) == "true");
  Machine q;
  const uint16_t u = q.Text("aaab");
  q.code->EmitWide(Opcode::MATCHES, 0, u, q.builder->AddPattern("a+"));
  CHECK(q.Return(u) == "false");
}

TEST_CASE("a sum may pass through what does not fit") {
  const auto sum = [](std::vector<int64_t> numbers) {
    Machine m;
    const uint16_t pair = m.code->NewRun(2);
    m.code->Emit(Opcode::SUM_BEGIN, 0, pair);
    for (int64_t n : numbers) m.code->Emit(Opcode::SUM_ADD, 0, pair, m.Int(n));
    const uint16_t r = m.code->NewRegister();
    m.code->Emit(Opcode::SUM_END, static_cast<uint32_t>(Kind::kInt), r, pair);
    return m.Return(r);
  };
  CHECK(sum({INT64_MAX, 1, -1}) == "9223372036854775807");
  CHECK(sum({INT64_MAX, 1}).find("error: ") == 0);
  CHECK(sum({INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX, 5}) == "3");
  CHECK(sum({}) == "0");
}

// The error of: for x in `divisors` { least / x } with the errors caught.
std::string ErrorOfLoop(const std::vector<Constant>& divisors) {
  Machine m;
  const uint16_t list = m.Load(ListConstant(divisors));
  const uint16_t it = m.code->NewRun(2), x = m.code->NewRegister(),
                 error = m.code->NewRegister(), least = m.Int(INT64_MIN);
  m.code->Emit(Opcode::BEGIN, 0, it, list);
  Label next, caught, done;
  m.code->Bind(&next);
  m.code->EmitJump(Opcode::NEXT, 0, x, it, &done);
  const uint32_t begin = m.code->here();
  const uint16_t q = m.Op(Opcode::DIV, least, x);
  m.code->AddHandler(begin, m.code->here(), &caught);
  m.code->EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  m.code->Bind(&caught);
  m.code->Emit(Opcode::CATCH, 1, error);
  m.code->EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  m.code->Bind(&done);
  m.code->Emit(Opcode::RAISE, 0, error);
  return m.Return(q);
}

TEST_CASE("the least error of a loop is kept, in whatever order") {
  const Constant zero = IntConstant(0), minus = IntConstant(-1);
  const std::string by_zero = ErrorOfLoop({IntConstant(2), zero});
  const std::string overflow = ErrorOfLoop({IntConstant(2), minus});
  CHECK(by_zero == "error: division by zero");
  CHECK(overflow.starts_with("error: "));
  CHECK(overflow != by_zero);
  CHECK(ErrorOfLoop({zero, minus}) == std::min(by_zero, overflow));
  CHECK(ErrorOfLoop({minus, zero}) == std::min(by_zero, overflow));
}

TEST_CASE("running out of budget cannot be caught") {
  Machine m;
  std::vector<Constant> many(100, IntConstant(1));
  const uint16_t list = m.Load(ListConstant(many));
  const uint16_t it = m.code->NewRun(2), x = m.code->NewRegister();
  m.code->Emit(Opcode::BEGIN, 0, it, list);
  Label next, caught, done;
  m.code->Bind(&next);
  const uint32_t begin = m.code->here();
  m.code->EmitJump(Opcode::NEXT, 0, x, it, &done);
  m.code->AddHandler(begin, m.code->here(), &caught);
  m.code->EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  m.code->Bind(&caught);
  m.code->Bind(&done);
  CHECK(m.Return(x, 50).find("more than 50 steps") != std::string::npos);
}

// Ten times what `body` writes, within the budget?
template <typename Body>
bool TenTimesWithin(uint64_t budget, Body body) {
  Machine m;
  const uint16_t it = m.code->NewIterator(), x = m.code->NewRegister();
  const uint16_t list =
      m.Load(ListConstant(std::vector<Constant>(10, IntConstant(1))));
  m.code->Emit(Opcode::BEGIN, 0, it, list);
  Label next, done;
  m.code->Bind(&next);
  m.code->EmitJump(Opcode::NEXT, 0, x, it, &done);
  body(m, x);
  m.code->EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  m.code->Bind(&done);
  const std::string result = m.Return(x, budget);
  INFO(result);
  CHECK(result.find("unverified") == std::string::npos);
  return result.find("steps") == std::string::npos;
}

TEST_CASE("registers that a call clears are steps") {
  const auto call = [](uint32_t registers) {
    return [registers](Machine& m, uint16_t x) {
      ChunkBuilder callee(m.builder.get(), 0, 0, false);
      callee.NewRun(registers);
      callee.Emit(Opcode::END);
      m.code->Emit(Opcode::CALL, 0, x, x, callee.Finish());
    };
  };
  CHECK(TenTimesWithin(1000, call(10)));
  CHECK_FALSE(TenTimesWithin(1000, call(1000)));
  CHECK_FALSE(TenTimesWithin(80'000, call(kMaxRegisters)));
}

TEST_CASE("operands that are put together are steps") {
  for (const Opcode op : {Opcode::MAKE_SET, Opcode::MAKE_LIST,
                          Opcode::MAKE_RECORD, Opcode::CONCAT}) {
    const auto make = [op](uint32_t operands) {
      return [op, operands](Machine& m, uint16_t x) {
        const Constant part =
            op == Opcode::CONCAT ? TextConstant("") : IntConstant(1);
        const uint16_t run = m.code->NewRun(operands);
        for (uint32_t i = 0; i < operands; ++i) {
          m.code->EmitWide(Opcode::CONST, 0, run + i, m.builder->Add(part));
        }
        for (int i = 0; i < 50; ++i) m.code->Emit(op, 0, x, run, operands);
      };
    };
    CHECK(TenTimesWithin(20'000, make(10)));
    // The instructions alone are 11 * 1060, and what they load as much again.
    CHECK_FALSE(TenTimesWithin(200'000, make(1000)));
  }
}

TEST_CASE("handlers that an error goes through are steps") {
  const auto raise = [](uint32_t handlers) {
    return [handlers](Machine& m, uint16_t x) {
      const uint16_t y = m.code->NewRegister();
      Label caught;
      for (uint32_t i = 0; i < handlers; ++i) {
        const uint32_t begin = m.code->here();
        m.code->Emit(Opcode::MOVE, 0, y, x);
        m.code->AddHandler(begin, m.code->here(), &caught);
      }
      const uint32_t begin = m.code->here();
      for (int i = 0; i < 5; ++i) m.code->Emit(Opcode::LOWER, 0, y, x);
      m.code->AddHandler(begin, m.code->here(), &caught);
      m.code->Bind(&caught);
    };
  };
  CHECK(TenTimesWithin(2000, raise(10)));
  // The instructions are 11 * 4010.
  CHECK(TenTimesWithin(51'000, raise(4000)));
  CHECK_FALSE(TenTimesWithin(48'000, raise(4000)));
}

TEST_CASE("values that code nests too deeply are errors") {
  // Whoever prints or compares a value recurses.
  for (const auto op : {Opcode::MAKE_LIST, Opcode::MAKE_RECORD}) {
    for (const int depth : {kMaxValueDepth + 0, kMaxValueDepth + 1}) {
      Machine m;
      const uint16_t r = m.Text("x");
      for (int i = 0; i < depth; ++i) m.code->Emit(op, 0, r, r, 1);
      const bool fits = m.Return(r).find("error: ") != 0;
      CHECK(fits == (depth == kMaxValueDepth));
    }
  }
}

TEST_CASE("attributes of what is not known are errors") {
  Machine m;
  Constant nobody;
  nobody.kind = Kind::kEntity;
  nobody.index = 0;
  nobody.text = "nothing";
  const uint16_t r = m.code->NewRegister();
  m.code->EmitWide(Opcode::ENTITY, 0, r, m.builder->Add(nobody));
  m.code->Emit(Opcode::GET, 0, r, r, 0);
  CHECK(m.Return(r) == "error: Dataset \"nothing\" is not known");
  Machine n;
  const uint16_t i = n.Int(1);
  n.code->Emit(Opcode::GET, 0, i, i, 0);
  CHECK(n.Return(i).find("error: ") == 0);
}

TEST_CASE("values are printed as policies print them") {
  Machine m;
  CHECK(m.Return(m.Load(
            ListConstant({TextConstant("b"), TextConstant("a")}))) == "b, a");
  Machine s;
  Constant set = ListConstant({TextConstant("b"), TextConstant("a")});
  set.kind = Kind::kSet;
  CHECK(s.Return(s.Load(set)) == "a, b");
  Machine n;
  CHECK(n.Return(n.Load(Constant())) == "(none)");
  Machine d;
  CHECK(d.Return(d.Load(NumberConstant(Kind::kDecimal, 12'500'000))) == "12.5");
}

TEST_CASE("sets are made in order, each element once") {
  Machine m;
  const uint16_t run = m.code->NewRun(3);
  for (int k = 0; k < 3; ++k)
    m.code->EmitWide(Opcode::CONST, 0, run + k,
                     m.builder->Add(IntConstant(k == 1 ? 1 : 2)));
  const uint16_t r = m.code->NewRegister();
  m.code->Emit(Opcode::MAKE_SET, 0, r, run, 3);
  CHECK(m.Return(r) == "1, 2");
}

}  // namespace
}  // namespace bylaw
