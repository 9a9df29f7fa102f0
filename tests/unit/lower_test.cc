// Lowering: what code rules become. What the code means is tested by the text
// cases of tests/lang.
#include "compiler/lower.h"

#include <string>

#include "compiler/bytecode/disassemble.h"
#include "compiler/bytecode/opcode.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/compile.h"
#include "compiler/lower_chunk.h"
#include "policies/embedded.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

const char kWorld[] =
    "module council\n"
    "extend vocabulary Role { analyst }\n"
    "entity Team in Team {}\n"
    "entity Repository { readers: Set<Group>, n: Int, items: Set<Repository>,\n"
    "  open: Bool }\n"
    "action pull of Repository by User {}\n"
    "action gate push of Repository by User {}\n"
    "def twice(n: Int): Int = n + n\n";

CompileResult CompileText(const std::string& text) {
  CompileInput input;
  Pack mesh;
  mesh.name = "mesh";
  for (const EmbeddedFile& file : EmbeddedPack("mesh"))
    mesh.files.emplace_back(file.path, file.text);
  input.packs.push_back(std::move(mesh));
  input.files.emplace_back("a.bylaw", kWorld + text);
  CompileResult result = Compile(input);
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity == Severity::kError) UNSCOPED_INFO(Render(d));
  }
  return result;
}

// The opcodes of the first rule's main code, in a line.
std::string MainCode(const Program& p) {
  const Policy* policy = nullptr;
  for (const Policy& q : p.policies)
    if (q.id == "council.p") policy = &q;
  if (policy == nullptr) return "no policy";
  const Chunk& chunk = p.chunks[p.rules[policy->first_rule].chunk];
  std::string out;
  for (uint32_t pc = chunk.begin; pc < chunk.end; ++pc) {
    if (!out.empty()) out += ' ';
    out += kOpcodes[p.code[pc].op].name;
  }
  return out;
}

struct Case {
  const char* rule;
  const char* code;
};

const Case kCases[] = {
    {"on pull of Repository by User { allow }", "ALLOW END"},
    // The hot path of access control: three instructions and the end.
    {"on pull of Repository as r by User as u { allow when u within r.readers "
     "}",
     "GET_SET UNLESS_WITHIN ALLOW END"},
    {"on pull of Repository as r by User as u "
     "{ allow when u.roles has analyst and r.open }",
     "GET_SET CONST UNLESS_IN GET_REQUIRED JUMP_IF ALLOW END"},
    {"on push of Repository as r by User "
     "{ deny unless r.n > 3 or r.open because \"x\" }",
     "GET_REQUIRED CONST UNLESS_LT GET_REQUIRED JUMP_IF DENY END"},
    {"on push of Repository as r by User "
     "{ for i in r.items { deny when i.open because \"x\" } }",
     "GET_SET BEGIN NEXT GET_REQUIRED JUMP_IF DENY JUMP FAIL JUMP JUMP END"},
    // A let that a rule does not use is not evaluated in it.
    {"on push of Repository as r by User "
     "{ let x = 1 / r.n deny when r.open because \"x\" }",
     "GET_REQUIRED JUMP_IF DENY END"},
    // An error of a let waits for its use.
    {"on push of Repository as r by User "
     "{ let x = 1 / r.n deny when r.open and x > 0.0 because \"x\" }",
     "CONST GET_REQUIRED DIV JUMP CATCH GET_REQUIRED JUMP_IF RAISE CONST "
     "UNLESS_LT DENY END"},
    // Defs are called.
    {"on push of Repository as r by User "
     "{ deny when twice(r.n) == 4 because \"x\" }",
     "GET_REQUIRED CALL CONST UNLESS_EQ DENY END"},
};

TEST_CASE("rules become code") {
  for (const Case& c : kCases) {
    INFO(c.rule);
    const CompileResult result =
        CompileText(std::string("policy p title \"t\" owner \"o\" ") + c.rule);
    REQUIRE(result.program != nullptr);
    CHECK(MainCode(*result.program) == c.code);
  }
}

TEST_CASE("the same sources give the same bytes") {
  const std::string text =
      "policy p title \"t\" owner \"o\" on push of Repository as r by User\n"
      "{ deny when any(i in r.items where i.n == 3) because \"{r.id}\" }";
  const CompileResult a = CompileText(text), b = CompileText(text);
  REQUIRE(a.program != nullptr);
  REQUIRE(b.program != nullptr);
  CHECK(SerializeProgram(*a.program) == SerializeProgram(*b.program));
  CHECK(a.program->revision == Revision(*b.program));
  CHECK_FALSE(Disassemble(*a.program).empty());
}

TEST_CASE("explain finds the conditions and what they read") {
  const CompileResult result = CompileText(
      "policy p title \"t\" owner \"o\"\n"
      "on push of Repository as r by User as u when r.open {\n"
      "  for i in r.items where i.n > 1 {\n"
      "    deny when u.roles has analyst  // a comment\n"
      "      and any(k in i.items where k.n == r.n)\n"
      "      because \"x\" help \"{i.id}\"\n"
      "  }\n"
      "}");
  REQUIRE(result.program != nullptr);
  const Program& p = *result.program;
  REQUIRE(!p.rules.empty());
  const Rule& rule = p.rules.back();
  CHECK(rule.element_names == std::vector<std::string>{"i"});
  CHECK(rule.collections.size() == 1);
  CHECK(rule.help != kNone);
  REQUIRE(rule.conditions.size() == 3);
  CHECK(rule.conditions[0].role == Condition::Role::kGuard);
  CHECK(rule.conditions[0].text == "r.open");
  CHECK(rule.conditions[1].role == Condition::Role::kWhere);
  CHECK(rule.conditions[1].num_elements == 1);
  CHECK(rule.conditions[2].text ==
        "u.roles has analyst and any(k in i.items where k.n == r.n)");
  std::string paths;
  for (const Condition::Path& path : rule.conditions[2].paths)
    paths += path.text + " ";
  CHECK(paths == "u.roles i.items r.n ");
}

TEST_CASE("source is folded to one line") {
  CHECK(FoldSource("deny\n  when  x // why\n  /* and */ because \"a  // b\"") ==
        "deny when x because \"a  // b\"");
  CHECK(FoldSource("\"\\\"  x\"  y") == "\"\\\"  x\" y");
}

// 25,000 conditions joined by `or` do not fit one rule.
TEST_CASE("a rule that is too large is reported") {
  std::string text =
      "policy p title \"t\" owner \"o\" on push of Repository as r by User\n"
      "{ deny when r.n == 0";
  for (int i = 1; i < 25'000; ++i) text += " or r.n == " + std::to_string(i);
  text += " because \"x\" }";
  const CompileResult result = CompileText(text);
  CHECK_FALSE(result.ok);
  bool found = false;
  for (const Diagnostic& d : result.diagnostics)
    found = found || d.code == Code::BL6020;
  CHECK(found);
}

}  // namespace
}  // namespace bylaw
