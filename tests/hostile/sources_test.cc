// Hostile sizes in what is compiled: policy texts and the manifest.
#include "tests/catch.h"
#include "tests/hostile/fixture.h"

namespace bylaw::test {
namespace {

constexpr size_t kMany = 100'000;

// Refused by lint with the code and the text.
void Refused(const Hostile& h, std::string_view code, std::string_view text) {
  const Outcome o = h.Run("lint");
  INFO(o.out.substr(0, 2000));
  CHECK(o.code == 1);
  CHECK(o.out.find(code) != std::string::npos);
  CHECK(o.out.find(text) != std::string::npos);
}

void Accepted(const Hostile& h) {
  const Outcome o = h.Run("lint");
  INFO(o.out.substr(0, 2000));
  CHECK(o.code == 0);
}

TEST_CASE("policy text that is nested deep") {
  const Hostile h;
  const std::string so_deep = "nested deeper than 200";
  for (const std::string& condition :
       {Repeat("(", kMany) + "true" + Repeat(")", kMany),
        Repeat("not ", kMany) + "true",
        Repeat("if true then true else ", kMany) + "true"}) {
    h.Gate("deny when " + condition + " because \"x\"");
    Refused(h, "BL1003", so_deep);
  }
  h.Gate(Repeat("for c in d.columns {", kMany) + Repeat("}", kMany));
  Refused(h, "BL1003", so_deep);
  h.Gate("", "extend vocabulary Tag {" +
                 Join(kMany, [](auto i) { return "t" + i + "{"; }) + "x" +
                 Repeat("}", kMany + 1));
  Refused(h, "BL1003", so_deep);
  // A chain is flat to read and high as a tree.
  h.Gate("deny when 1" + Repeat(" + 1", kMany) + " == 3 because \"x\"");
  Refused(h, "BL1003", "more than 1000 operators");
}

TEST_CASE("long literals and names") {
  const Hostile h;
  const std::string a_million(1'000'000, '7');
  h.Gate("deny when u.id == \"" + a_million + "\" because \"x\"");
  Accepted(h);
  // What is wrong with a long word is said without repeating all of it.
  for (const auto& [condition, code] :
       {std::pair<std::string, std::string>{a_million + " == 1", "BL1012"},
        {"1." + a_million + " == 1.0", "BL1013"},
        {"u.x" + a_million, "BL2005"}}) {
    h.Gate("deny when " + condition + " because \"x\"");
    const Outcome o = h.Run("lint");
    CHECK(o.code == 1);
    CHECK(o.out.find(code) != std::string::npos);
    CHECK(o.out.size() < 20'000);
  }
  h.Gate("deny when u.id.length() in {" +
         Join(
             kMany, [](auto i) { return i; }, ",") +
         "} because \"x\"");
  Accepted(h);
  CHECK(h.Decide("inspect").code == 1);  // 3 is among them
}

TEST_CASE("vocabularies that are deep and wide") {
  const Hostile h;
  h.Gate("for c in d.columns where c.tags has t0 { deny because \"x\" }",
         "extend vocabulary Tag {" +
             Join(150, [](auto i) { return "t" + i + "{"; }) + "x" +
             Repeat("}", 151));
  Accepted(h);
  h.Gate("for c in d.columns where c.tags has big { deny because \"x\" }",
         "extend vocabulary Tag { big {" +
             Join(
                 kMany, [](auto i) { return "t" + i; }, ",") +
             "} }");
  Accepted(h);
  CHECK(h.Decide("inspect").code == 0);
}

TEST_CASE("patterns that blow up when compiled") {
  const Hostile h;
  h.Gate("deny when u.id matches \"(a{1000}){1000}\" because \"x\"");
  Refused(h, "BL2028", "1000 at most together");
  h.Gate("deny when u.id matches `\\pL{900}` because \"x\"");
  Refused(h, "BL2028", "raise `pattern_bytes` under `limits:`");
  h.Manifest(
      "limits: { pattern_bytes: 200000000, pattern_instructions: 9000000 }\n");
  Accepted(h);
  h.Gate("deny when u.id matches `[a-z]{1,900}` because \"x\"");
  h.Manifest("limits: { pattern_bytes: 16384 }\n");
  Refused(h, "BL2028", "more than 16384 bytes");
  h.Manifest("");
  h.Gate(
      "deny when " +
      Join(
          1000,
          [](auto i) { return "u.id matches `" + i + "(x{0,900}y{0,900})`"; },
          " or ") +
      " because \"x\"");
  Refused(h, "BL2028", "raise `pattern_instructions` under `limits:`");
}

TEST_CASE("chains of definitions") {
  const Hostile h;
  const size_t n = 20'000;
  const auto chain = [&](auto first, auto next) {
    std::string text = first;
    for (size_t i = 1; i < n; ++i) {
      text += next(std::to_string(i), std::to_string(i - 1));
    }
    return text;
  };
  h.Gate("for c in d.columns { deny because \"x\" }",
         chain("def mask m0 = redact\n", [](auto i, auto j) {
           return "def mask m" + i + " = m" + j + "\n";
         }));
  Accepted(h);
  h.Gate("deny when f19999() because \"x\"",
         chain("def f0(): Bool = true\n", [](auto i, auto j) {
           return "def f" + i + "(): Bool = f" + j + "()\n";
         }));
  Refused(h, "BL6020", "200 calls within calls");
  h.Gate("deny because \"x\"",
         chain("type T0 = { a: Int }\n", [](auto i, auto j) {
           return "type T" + i + " = { a: T" + j + " }\n";
         }));
  Accepted(h);
  h.Gate("deny because \"x\"", "def f(" + Join(256, [](auto i) {
                                 return "a" + i + ": Int,";
                               }) + "): Bool = true\n");
  Refused(h, "BL6020", "255 parameters at most");
  h.Gate("deny because \"x\"", "def f(" + Join(255, [](auto i) {
                                 return "a" + i + ": Int,";
                               }) + "): Bool = true\n");
  Accepted(h);
}

TEST_CASE("ten thousand modules that import one another") {
  const Hostile h;
  h.Gate("deny when u.id == \"x\" because \"x\"");
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    h.Write(
        "council/m/" + n + ".bylaw",
        "module council.m" + n + "\n" +
            (i > 0 ? "import council.m" + std::to_string(i - 1) + "\n" : ""));
  }
  Accepted(h);
}

TEST_CASE("a rule that is too large for bytecode") {
  const Hostile h;
  h.Gate("deny when u.id == \"\"" + Repeat(" and u.id == \"x\"", 70'000) +
         " because \"x\"");
  Refused(h, "BL6020", "65,535 instructions");
}

TEST_CASE("findings of one file") {
  const Hostile h;
  const auto rules = [](size_t n) {
    return Join(
        n, [](auto i) { return "deny when u.wrong" + i + " because \"x\"\n"; });
  };
  const auto count = [](const std::string& text, const std::string& code) {
    size_t n = 0;
    for (size_t at = text.find(code); at != std::string::npos;
         at = text.find(code, at + 1)) {
      ++n;
    }
    return n;
  };
  h.Gate(rules(10'000));
  Outcome o = h.Run("lint");
  CHECK(o.code == 1);
  CHECK(count(o.out, "error BL2005") == 1000);
  CHECK(count(o.out, "error BL1045") == 1);
  CHECK(o.out.find("raise `findings` under `limits:`") != std::string::npos);
  CHECK(o.out.size() < 1'000'000);
  // At the edge.
  h.Manifest("limits: { findings: 7 }\n");
  h.Gate(rules(7));
  o = h.Run("lint", {"--format", "github"});
  CHECK(count(o.out, "BL2005") == 7);
  CHECK(count(o.out, "BL1045") == 0);
  h.Gate(rules(8));
  o = h.Run("lint", {"--format", "github"});
  CHECK(count(o.out, "BL2005") == 7);
  CHECK(count(o.out, "BL1045") == 1);
  // Of a file that is no policy at all.
  h.Write("council/p.bylaw", Repeat("@ ", 1'000'000));
  o = h.Run("lint");
  CHECK(o.code == 1);
  CHECK(count(o.out, "BL1005") == 7);
  CHECK(count(o.out, "BL1045") == 1);
}

TEST_CASE("a policy file of a gibibyte") {
  const Hostile h;
  h.WriteSparse("council/big.bylaw", uint64_t{1} << 30);
  Refused(h, "BL1004", "more than 4194304 bytes");
  Refused(h, "BL1004", "raise `policy_file_bytes` under `limits:`");
}

TEST_CASE("a policy file at the limit and one byte above") {
  const Hostile h;
  h.Manifest("limits: { policy_file_bytes: 2000 }\n");
  const std::string head = "module council.q\n// ";
  h.Write("council/q.bylaw", head + std::string(2000 - head.size(), 'x'));
  Accepted(h);
  h.Write("council/q.bylaw", head + std::string(2001 - head.size(), 'x'));
  Refused(h, "BL1004", "more than 2000 bytes");
}

TEST_CASE("a manifest that explodes") {
  const Hostile h;
  h.Manifest(Bomb());
  Refused(h, "BL3004", "more than 100000 values");
  Refused(h, "BL3004", "BYLAW_MAX_MANIFEST_BYTES");
  h.Write("bylaw.yaml", "mesh: " + Repeat("[", kMany));
  Refused(h, "BL3004", "nested deeper than 20");
  h.WriteSparse("bylaw.yaml", uint64_t{1} << 30);
  Refused(h, "BL3004", "larger than 4194304 bytes");
}

TEST_CASE("a manifest of a hundred thousand scopes") {
  const Hostile h;
  std::string text =
      "mesh: m\nscopes:\n"
      "  org: { modules: council, sources: ['council/**.bylaw'] }\n";
  for (size_t i = 0; i < kMany; ++i) {
    const std::string n = std::to_string(i);
    text +=
        "  s" + n + ": { modules: s" + n + ", sources: [d/s" + n + "/*] }\n";
  }
  h.Write("bylaw.yaml", text);
  Refused(h, "BL3004", "BYLAW_MAX_MANIFEST_BYTES");
  const Outcome o =
      h.Run("lint", {}, {{"BYLAW_MAX_MANIFEST_BYTES", "40000000"}});
  CHECK(o.code == 1);  // none of them is declared
  CHECK(o.out.find("BL3004") == std::string::npos);
  CHECK(o.out.find("BL1045") != std::string::npos);
}

TEST_CASE("scopes that are nested deep, or in circles") {
  const Hostile h;
  const auto scopes = [](size_t n, const std::string& first) {
    return "scope s0 under " + first + " { owner \"o\" }\n" +
           Join(n - 1, [](auto i) {
             return "scope s" + std::to_string(std::stoi(i) + 1) + " under s" +
                    i + " { owner \"o\" }\n";
           });
  };
  h.Gate("deny when u.id == \"x\" because \"x\"", scopes(20'000, "org"));
  Refused(h, "BL3046", "65 scopes below the root");
  h.Gate("deny when u.id == \"x\" because \"x\"", scopes(20'000, "s19999"));
  Refused(h, "BL3037", "is under itself");
}

TEST_CASE("defaults that stand for far more than their text") {
  const Hostile h;
  h.Gate("deny when u.id == \"x\" because \"x\"",
         "def many: Set<Int> = {" +
             Join(
                 10'000, [](auto i) { return i; }, ",") +
             "}\nextend entity Dataset {" +
             Join(10'000,
                  [](auto i) { return "x" + i + ": Set<Int> = many,\n"; }) +
             "}");
  Refused(h, "BL6020", "the most is 100000");
}

TEST_CASE("limits that are no limits") {
  const Hostile h;
  h.Manifest("limits: { findings: many }\n");
  Refused(h, "BL3009", "no whole number from 1 to 1000000");
  h.Manifest("limits: { text_bytes: 255 }\n");
  Refused(h, "BL3009", "no whole number from 256 to");
  h.Manifest("limits: { steps: 5 }\n");
  Refused(h, "BL3005", "`limits` has no key `steps`");
}

}  // namespace
}  // namespace bylaw::test
