// Hostile sizes in requests, and decisions that would take without end.
#include <fstream>
#include <iterator>

#include "compiler/bytecode/limits.h"
#include "tests/catch.h"
#include "tests/hostile/fixture.h"

namespace bylaw::test {
namespace {

constexpr size_t kMany = 100'000;

// DENY with an error that says how to raise the limit.
void Exhausts(const Hostile& h, std::string_view limit,
              const std::string& action = "inspect") {
  const Outcome o = h.Decide(action);
  INFO(o.err.substr(0, 1000) << o.out.substr(0, 1000));
  CHECK(o.code == 1);
  CHECK(o.out.find("or raise `" + std::string(limit) +
                   "` under `limits:` in bylaw.yaml") != std::string::npos);
}

TEST_CASE("loops and quantifiers over large sets") {
  const Hostile h;
  h.Places(kMany);
  const std::string pairs = "for a in all Place, b in all Place ";
  std::string loops = "for a0 in all Place";
  for (int i = 1; i < 150; ++i) {
    loops += ", a" + std::to_string(i) + " in all Place";
  }
  for (const std::string& rule :
       {std::string("deny when any(a in all Place where any(b in all Place "
                    "where a.name == b.id)) because \"x\""),
        pairs + "{ deny because \"{a.id} {b.id}\" }",
        pairs + "where 1 / 0 == 1.0 { deny because \"x\" }",
        pairs + "{ require audit(level: a.id + b.id) }",
        loops + " { deny because \"x\" }",
        "for a in all Place { deny because \"" + std::string(100'000, 'z') +
            "{a.id}\" }"}) {
    INFO(rule.substr(0, 100));
    h.Gate(rule);
    Exhausts(h, "decision_steps");
  }
}

TEST_CASE("texts that double") {
  const Hostile h;
  h.Places(1000);
  std::string defs = "def s0(): String = \"aaaa\"\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "s" + std::to_string(i - 1) + "()";
    defs += "def s" + std::to_string(i) + "(): String = " + before + " + " +
            before + "\n";
  }
  std::string lets = "let x0 = u.id + \"aaaa\"\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = " x" + std::to_string(i - 1);
    lets += "let x" + std::to_string(i) + " =" + before + " +" + before + "\n";
  }
  h.Gate(lets + "deny when u.id == x59 because \"x\"");
  Exhausts(h, "text_bytes");
  // Below the limit of one text, again and again.
  h.Gate(
      "let t = s17() for a in all Place { deny when t contains s16() + "
      "\"b\" because \"x\" }",
      defs);
  Exhausts(h, "decision_steps");
  h.Gate("let t = s17() for a in all Place { deny because \"{t}{a.id}\" }",
         defs);
  Exhausts(h, "decision_steps");
}

TEST_CASE("values that double") {
  const Hostile h;
  std::string lets = "let x0 = [u.id, u.id]\nlet y0 = [u.id, u.id]\n";
  for (int i = 1; i < 40; ++i) {
    for (const std::string& name : {std::string("x"), std::string("y")}) {
      const std::string before = name + std::to_string(i - 1);
      lets += "let " + name + std::to_string(i) + " = [" + before + ", " +
              before + "]\n";
    }
  }
  for (const std::string& rule :
       {std::string("deny when x39 == y39 because \"x\""),
        std::string("deny when {x39} == {y39} because \"x\""),
        std::string("deny because \"{x39}\""),
        std::string("for a in x39 { deny because \"x\" }")}) {
    INFO(rule);
    h.Gate(lets + rule);
    const Outcome o = h.Decide("inspect");
    CHECK(o.code == 1);
    CHECK(o.out.find("more than 100000 elements") != std::string::npos);
  }
  std::string defs = "def f0: List<Int> = [1, 2]\n", type = "List<Int>";
  for (int i = 1; i < 40; ++i) {
    type = "List<" + type + ">";
    const std::string before = "f" + std::to_string(i - 1);
    defs += "def f" + std::to_string(i) + ": " + type + " = [" + before + ", " +
            before + "]\n";
  }
  h.Gate("deny when f39 is empty because \"x\"", defs);
  const Outcome o = h.Decide("inspect");
  CHECK(o.code == 1);
  INFO(o.out.substr(0, 1000));
  CHECK(o.out.find("more than 100000 elements") != std::string::npos);
  // Below that, again and again.
  h.Places(kMany);
  for (const std::string& rule :
       {std::string("for a in all Place { deny when x14 == y14 and a.id == "
                    "\"z\" because \"x\" }"),
        std::string("for a in all Place { deny because \"{x14}{a.id}\" }")}) {
    INFO(rule);
    h.Gate(lets + rule);
    Exhausts(h, "decision_steps");
  }
}

TEST_CASE("large sets in texts") {
  const Hostile h;
  h.Places(kMany);
  h.Gate("for a in all Place { deny because \"{a.id}: {all Place}\" }");
  Exhausts(h, "decision_steps");
}

TEST_CASE("a text at the limit and one byte above") {
  const Hostile h;
  h.Manifest("limits: { text_bytes: 256 }\n");
  h.Gate("deny when u.id + \"" + std::string(253, 'a') +
         "\" == \"x\" because \"x\"");
  CHECK(h.Decide("inspect").code == 0);
  h.Gate("deny when u.id + \"" + std::string(254, 'a') +
         "\" == \"x\" because \"x\"");
  Exhausts(h, "text_bytes");
}

TEST_CASE("steps of a decision are what the manifest says") {
  const Hostile h;
  h.Places(2000);
  h.Gate("deny when any(a in all Place where a.name == \"x\") because \"x\"");
  CHECK(h.Decide("inspect").code == 0);
  h.Manifest("limits: { decision_steps: 1000 }\n");
  Exhausts(h, "decision_steps");
  // A bundle carries them.
  REQUIRE(h.Run("build", {"-o", h.File("p.bundle")}).code == 0);
  const Outcome o =
      h.Run("decide", {"--bundle", h.File("p.bundle"), h.File("request.json")});
  CHECK(o.code == 1);
  CHECK(o.out.find("more than 1000 steps") != std::string::npos);
}

TEST_CASE("a request for a million columns") {
  const Hostile h;
  const auto columns = [](size_t n) {
    return R"(,"context":{"columns":[)" +
           Join(
               n, [](auto i) { return "\"c" + i + "\""; }, ",") +
           "]}";
  };
  Outcome o = h.Decide("read", columns(1'000'000));
  CHECK(o.code == 2);
  CHECK(o.err.find("BL5219") != std::string::npos);
  CHECK(o.err.find("raise `asked_columns` under `limits:`") !=
        std::string::npos);
  h.Manifest("limits: { asked_columns: 3 }\n");
  o = h.Decide("read", columns(3));
  CHECK(o.code == 1);  // facts lack them
  CHECK(h.Decide("read", columns(4)).code == 2);
}

TEST_CASE("a policy that loops over a wide dataset") {
  const Hostile h;
  const auto of = [&](size_t columns, const std::string& loop) {
    h.Write("facts/base.yaml", "User: { ana: { roles: [analyst] } }\n");
    h.Write(
        "facts/x.json",
        "{\"Dataset\":{\"d\":{\"name\":\"d\",\"columns\":{" +
            Join(
                columns,
                [](auto i) { return "\"c" + i + "\":{\"type\":\"string\"}"; },
                ",") +
            "}}}}");
    h.Write("council/m.bylaw",
            "module council.m\npolicy p title \"t\" owner \"o\" on read of "
            "Dataset as d by User {\n  " +
                loop + "\n}\n");
  };
  const std::string mask = "for c in d.columns { mask c with redact }";
  of(kMany, mask);
  CHECK(h.Decide("read").code == 3);
  h.Manifest("limits: { asked_columns: 99999 }\n");
  Outcome o = h.Decide("read");
  CHECK(o.code == 2);
  CHECK(o.err.find("Dataset `d` has 100000 columns") != std::string::npos);
  CHECK(o.err.find("raise `asked_columns` under `limits:`") !=
        std::string::npos);
  CHECK(h.Decide("read", R"(,"context":{"columns":["c1"]})").code == 3);
  h.Manifest("");
  // Each column is masked once for each column.
  for (const char* kind : {"mask b with redact", "hide b"}) {
    of(2000,
       std::string("for a in d.columns, b in d.columns { ") + kind + " }");
    Exhausts(h, "decision_steps", "read");
  }
  of(1'000'000, mask);
  o = h.Decide("read");
  CHECK(o.code == 2);
  CHECK(o.err.find("BL5219") != std::string::npos);
}

TEST_CASE("requests that are nested deep or long") {
  const Hostile h;
  for (const std::string& context :
       {R"({"columns":)" + Repeat("[", kMany) + Repeat("]", kMany) + "}",
        Repeat("{\"a\":", kMany) + "1" + Repeat("}", kMany)}) {
    const Outcome o = h.Decide("read", ",\"context\":" + context);
    CHECK(o.code == 2);
    CHECK(o.err.find("BL5202") != std::string::npos);
    CHECK(o.err.find("at most 100 levels") != std::string::npos);
  }
  const std::string digits(5'000'000, '1');
  for (const std::string& rest :
       {",\"context\":{\"columns\":" + digits + "}",
        ",\"at\":\"" + digits + "\"", ",\"" + digits + "\":1"}) {
    const Outcome o = h.Decide("read", rest);
    CHECK(o.code == 2);
    CHECK(o.err.find("BL52") != std::string::npos);
    CHECK(o.err.size() < 10'000);
  }
}

TEST_CASE("a request of a gibibyte") {
  const Hostile h;
  h.WriteSparse("request.json", uint64_t{1} << 30);
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{h.File("request.json")},
        {"--lines", h.File("request.json")}}) {
    const Outcome o = h.Run("decide", more);
    CHECK(o.code == 2);
    CHECK(o.err.find("more than 67108864 bytes; raise BYLAW_MAX_INPUT_BYTES") !=
          std::string::npos);
  }
  CHECK(h.Run("check", {h.File("request.json")}).code == 2);
}

TEST_CASE("a request at the limit and one byte above") {
  const Hostile h;
  std::string text = R"({"subject":{"type":"User","id":"ana"},"action":"read",)"
                     R"("resource":{"type":"Dataset","id":"d"}})";
  text.resize(300, ' ');
  h.Write("request.json", text);
  CHECK(h.Run("decide", {h.File("request.json")},
              {{"BYLAW_MAX_INPUT_BYTES", "300"}})
            .code == 0);
  CHECK(h.Run("decide", {h.File("request.json")},
              {{"BYLAW_MAX_INPUT_BYTES", "299"}})
            .code == 2);
}

TEST_CASE("every limit is documented with its default") {
  std::ifstream in(BYLAW_SOURCE_DIR "/docs/operations.md");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  for (const LimitInfo& limit : kLimits) {
    const std::string row = "| `" + std::string(limit.name) + "` | " +
                            std::to_string(Limits().*limit.field) + " |";
    INFO(row);
    CHECK(text.find(row) != std::string::npos);
  }
  for (const char* variable :
       {"BYLAW_MAX_INPUT_BYTES", "BYLAW_MAX_BUNDLE_BYTES",
        "BYLAW_MAX_MANIFEST_BYTES"}) {
    CHECK(text.find("| `" + std::string(variable) + "` |") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace bylaw::test
