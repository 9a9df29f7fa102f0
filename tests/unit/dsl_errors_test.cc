// What is wrong, where, and what is still read after it: tables of broken texts
// with the code and line of each report.

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dsl/parser.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

std::set<std::string>& Seen() {
  static auto* seen = new std::set<std::string>;
  return *seen;
}

// "2 BL1001, 3 BL1018": line and code of each report.
std::string Errors(const std::string& text) {
  SourceFile source("t.bylaw", text);
  DiagnosticSink sink;
  ParseFile(source, sink);
  sink.Sort();
  std::string out;
  for (const Diagnostic& d : sink.diagnostics()) {
    const std::string id(InfoOf(d.code).id);
    Seen().insert(id);
    absl::StrAppend(&out, out.empty() ? "" : ", ", d.Start().line, " ", id);
  }
  return out;
}

struct Case {
  std::string text;
  std::string errors;
};

void Run(const std::vector<Case>& cases, const std::string& before,
         const std::string& after) {
  for (const Case& each : cases) {
    INFO(each.text);
    CHECK(Errors(before + each.text + after) == each.errors);
  }
}

TEST_CASE("broken declarations") {
  Run(
      {
          // Line 2 is the first of each text.
          {"entity foo {}", "2 BL1021"},
          {"entity Foo { A: Int }", "2 BL1022"},
          {"entity Foo { a: int }", "2 BL1021"},
          {"entity Foo { a: Int\n b: Int\n c: Int }", "2 BL1036, 3 BL1036"},
          {"entity Foo { a: Int = 1 transitive = 2 }", "2 BL1023"},
          {"entity Foo { a: Int = 1 = 2 }", "2 BL1026"},
          {"entity Foo { a: Int includes d }", "2 BL1047"},
          {"entity Foo { a: Set<Int }", "2 BL1001"},
          {"entity Foo { a: Foo<Int> }", "2 BL2006"},
          {"entity Foo { a: Int; b: Int }", "2 BL1005"},
          {"entity Foo { a Int,\n b: Int,\n c: int,\n d Int }",
           "2 BL1001, 4 BL1021, 5 BL1001"},
          {"vocabulary tag { a }", "2 BL1021"},
          {"vocabulary Tag { A }", "2 BL1022"},
          {"vocabulary Tag { a b\n c { d e } }",
           "2 BL1036, 2 BL1036, 3 BL1036"},
          {"action Read of Dataset by User {}", "2 BL1022"},
          {"action read of Dataset {}", "2 BL1024"},
          {"action read Dataset by User {}", "2 BL1001"},
          {"action group g = {}", "2 BL1043"},
          {"extend foo {}", "2 BL1001"},
          {"obligation audit(level: String = \"x\")", "2 BL1047"},
          {"def f(x: Int) = x", "2 BL1001"},
          {"def f(x): Int = x", "2 BL1001"},
          {"def max(x: Int): Int = x", "2 BL1020"},
          {"def x: Int =\ndef y: Int = 2", "2 BL1001"},
          {"def x: Int = 1 2", "2 BL1001"},
          {"scope z {}", "2 BL1024"},
          {"scope z under y {\n owner \"a\"\n owner \"b\"\n}", "4 BL1023"},
          {"scope z under y {\n owned \"a\"\n may override a.b\n}", "3 BL1034"},
          {"scope z under y {\n owner \"a\" \"b\"\n}", "3 BL1028"},
          {"scope z under y {\n governs Dataset as d where d.x ==\n may "
           "override a\n}",
           "3 BL1001"},
          {"scope z under y {\n may read of D\n may override\n}",
           "3 BL1001, 4 BL1001"},
          {"scope z under y {\n may read of D\n owned \"a\"\n ownd \"b\"\n}",
           "3 BL1001, 4 BL1034, 5 BL1034"},
          {"def f(x: Map<String, Int>, y: int): Int = 1", "2 BL1001, 2 BL1021"},
          {"waiver w of a.b { reason \"x\" }", "2 BL1024"},
          {"polcy x title \"t\"\ndef y: Int = 3\nvocabluary T { a }",
           "2 BL1032, 4 BL1032"},
          {"}", "2 BL1010"},
          {"def x: Int = 1\nimport b", "3 BL1031"},
          {"module n", "2 BL1031"},
          {"test \"x\" { expect allow }", "2 BL1024"},
          {"test \"x\" { when User \"u\" does read on Dataset \"d\" }",
           "2 BL1024"},
          {"given user \"u\" {}", "2 BL1021"},
          {"extend obligation o(x: Int)\ndef y: Int = 1 2",
           "2 BL1001, 3 BL1001"},
          // A vocabulary without its `}`, where every word may be a term.
          {"vocabulary V tree {\n a { b }, c\n\nvocabulary W { d }\nextend "
           "vocabulary X { e f }\nentity E { a Int }\ngiven User \"u\" "
           "{}\ntest \"t\" { expect }",
           "5 BL1011, 6 BL1036, 7 BL1001, 9 BL1035"},
          {"vocabulary V { a,\nentity E { a: int }", "3 BL1011, 3 BL1021"},
          {"vocabulary V {\n a\n policy\n test above a\n}",
           "3 BL1036, 4 BL1036"},
          {"vocabulary V {\n policy, test,\n entity\n}", ""},
          // A bracket without its partner: where its expression ends.
          {"def x: Int = (1 +\n 2\ndef y: int = 3", "3 BL1009, 4 BL1021"},
          // Words that begin declarations are names too.
          {"action import of D by U {}\naction gate module of D by U {}\n"
           "action group group = {import}\nscope scope under import {}\n"
           "action\nimport of D by U",
           ""},
          {"policy import title \"t\" owner \"o\" on import, module of D { "
           "allow }\npolicy module title \"t\" owner \"o\" on a of D { "
           "alow }",
           "3 BL1033"},
          {"polcy a on b of C { allow }\nplicy b on b of C { allow }\n"
           "entty E {}\nentity F { a: int }",
           "2 BL1032, 3 BL1032, 4 BL1032, 5 BL1021"},
          {"entity E { a Int }\nfoo F {}\ndfe x: Int = 1\nedf y: Int = 1",
           "2 BL1001, 3 BL1032, 4 BL1032, 5 BL1032"},
      },
      "module m\n", "\n");
}

TEST_CASE("broken files") {
  Run(
      {
          {"", "1 BL1030"},
          {"// nothing\n", "1 BL1030"},
          {"def x: Int = 1", "1 BL1030"},
          {"import a\nmodule b", "1 BL1030, 2 BL1031"},
          {"module m\ndef x: String = \"\xFF\"\ndef y: int = 1", "2 BL1002"},
          {"module m\n/* open\ndef x: Int = 1", "2 BL1007"},
          {"module Council\n", "1 BL1022"},
          {"module m\ndef x: Int = 1;\ndef y: Int = 2 # two\ndef z: T = 'a'",
           "2 BL1005, 3 BL1005, 4 BL1005"},
          {"modul m\ndef x: int = 1", "1 BL1030, 2 BL1021"},
          // A path holds the words that begin declarations.
          {"module council.policy\nimport council.vocabulary\ntest {\n}",
           "3 BL1001"},
          {"module m\nimport council.vocabulary\npolicy {\n}", "3 BL1001"},
          {"module m\ndef gr\xC3\xB6\xC3\x9F"
           "e: Int = 1",
           "2 BL1005"},
          {"module m\ndef x: String = \xE2\x80\x9C"
           "a\xE2\x80\x9D",
           "2 BL1005"},
          {"module m\ndef x: String = \"abc\ndef y: String = `abc",
           "2 BL1006, 3 BL1006"},
      },
      "", "");
}

TEST_CASE("characters that turn the direction of text are warned of") {
  CHECK(Errors("module m\n// \u202Eegami on\u202C\ndef x: String = "
               "`\u2066y\u2069`\n") == "2 BL1048, 3 BL1048");
  CHECK(Errors("module m\n/* \u202B */\n// \u2026 \u200B \u206A \u2029\n") ==
        "2 BL1048");
  SourceFile source("t.bylaw", "module m // \u202E\ndef x: Int = y.\n");
  DiagnosticSink sink;
  ParseFile(source, sink);
  sink.Sort();
  const Diagnostic& d = sink.diagnostics().at(0);
  CHECK(d.severity == Severity::kWarning);
  CHECK(d.Start() == LineColumn{1, 13});
  CHECK(Render(sink).find("\u202E") == std::string::npos);
}

TEST_CASE("broken literals") {
  Run(
      {
          {"9223372036854775808", "2 BL1012"},
          {"-9223372036854775808", ""},
          {"1.1234567", "2 BL1013"},
          {"1234567890123.5", "2 BL1013"},
          {"999999999999.999999", ""},
          {"12abc", "2 BL1014"},
          {"1_000", "2 BL1014"},
          {"1.5kg", "2 BL1014"},
          {"3w", "2 BL1014"},
          {"30m1h", "2 BL1015"},
          {"1h1h", "2 BL1015"},
          {"1h30", "2 BL1015"},
          {"1y1h", "2 BL1015"},
          {"6mo1y", "2 BL1015"},
          {"9999999999999999999d", "2 BL1015"},
          {"\"\\q\"", "2 BL1008"},
          {"\"\\u{110000}\"", "2 BL1008"},
          {"\"\\u{d800}\"", "2 BL1008"},
          {"\"\\u0041\"", "2 BL1008"},
          {"\"\\u{}\"", "2 BL1008"},
          {"\"a\" \"b\"", "2 BL1028"},
          {"Sla { a: 1 }", "2 BL1037"},
          {"{ \"a\": 1 }", "2 BL1037"},
          {"User \"u\" { a: 1 }", "2 BL1037"},
      },
      "module m\ndef x: T = ", "\n");
}

TEST_CASE("broken expressions") {
  Run(
      {
          {"a < b < c", "2 BL1018"},
          {"a == b == c", "2 BL1018"},
          {"a in b has c", "2 BL1018"},
          {"a is not missing", "2 BL1019"},
          {"a is not present", "2 BL1019"},
          {"a is not empty", "2 BL1019"},
          {"a is not Service", "2 BL1019"},
          {"a is service", "2 BL1021"},
          {"a is", "2 BL1001"},
          {"a = b", "2 BL1026"},
          {"a && b", "2 BL1027"},
          {"a || b", "2 BL1027"},
          {"a <> b", "2 BL1027"},
          {"a === b", "2 BL1027"},
          {"a !== b", "2 BL1027"},
          {"a is null", "2 BL1027"},
          {"a is not null", "2 BL1027"},
          {"f(a = 1, b: 2)", "2 BL1001"},
          {"!a", "2 BL1027"},
          {"a not has b", "2 BL1001"},
          {"a and if b then c else d", "2 BL1038"},
          {"if a then b", "2 BL1039"},
          {"a == no", "2 BL1020"},
          {"a in {no, eu}", "2 BL1020"},
          {"a in {eu, no}", "2 BL1020"},
          {"a +", "2 BL1001"},
          {"a + * b", "2 BL1001"},
          {"(a", "2 BL1009"},
          {"f(a, b", "2 BL1009"},
          {"a)", "2 BL1010"},
          {"a.", "2 BL1001"},
          {"a.b.3", "2 BL1001"},
          {"any(x in xs)", "2 BL1001"},
          {"all(x in xs where p)", "2 BL1001"},
          {"max(a, b)", "2 BL1001"},
          {"count(xs)", "2 BL1001"},
          {"match p { a: 1 b: 2 }", "2 BL1036"},
          {"match p {}", "2 BL1043"},
          {"match p {\n 1: a,\n -1.5 or `x`: b,\n else: c }",
           "3 BL1001, 4 BL1001, 4 BL1001"},
          {"match p { a or else or b: 1, else or c: 2, else.d: 3, else: 4 }",
           ""},
          {"match p { else: 1, else: 2 }", "2 BL1023"},
          {"{a b}", "2 BL1036"},
          {"3(a)", "2 BL1001"},
          {"user \"ana\"", "2 BL1001"},
          {"a % b", "2 BL1005"},
      },
      "module m\ndef x: T = ", "\n");
}

TEST_CASE("broken rules, and those after them") {
  Run(
      {
          // Line 3 is the first of each text.
          {"deny unless a when b because \"x\"", "3 BL1016"},
          {"allow when a when b", "3 BL1016"},
          {"deny because \"x\" when a", "3 BL1017"},
          {"deny because \"x\" help \"y\" unless a", "3 BL1017"},
          {"deny when a help \"y\" because \"x\"", "3 BL1016"},
          {"deny when a", "3 BL1042"},
          {"deny when a because", "3 BL1001"},
          {"deny when because \"x\"", "3 BL1001"},
          {"allow because \"x\"", "3 BL1001"},
          {"deny because \"x\" because \"y\"", "3 BL1023"},
          {"allow recheck after 8h when a", "3 BL1016"},
          {"allow recheck after 6mo", "3 BL1015"},
          {"allow recheck 8h", "3 BL1001"},
          {"mask c when a with hash", "3 BL1044"},
          {"mask with hash c", "3 BL1044"},
          {"mask c", "3 BL1024"},
          {"mask c with", "3 BL1001"},
          {"keep r where r.x", "3 BL1001"},
          {"keep rows where r.x", "3 BL1001"},
          {"require a(level = \"x\")\nrequire b(x == y, (x = y))",
           "3 BL1001, 4 BL1026"},
          {"deny when x like `a because \"x\"\nalow", "3 BL1006, 4 BL1033"},
          {"deny because \"{u.id + \"a\"}\"\nallow < b", "3 BL1029, 4 BL1001"},
          // Two unknown words in a row.
          {"forbid when a\nforbid when b\n  and c\nallow wehn x\nforbid y",
           "3 BL1033, 4 BL1033, 6 BL1001, 7 BL1033"},
          {"drop rows r when a", "3 BL1001"},
          {"require", "3 BL1001"},
          {"let count = 3", "3 BL1020"},
          {"let x 3", "3 BL1001"},
          {"for all in xs { hide all }", "3 BL1020, 3 BL1020"},
          {"for c in xs when c.x { hide c }", "3 BL1001"},
          {"for c in xs where c.x\n hide c\n}", "3 BL1001"},
          {"for c xs { hide c }", "3 BL1001"},
          // That the rules are of one kind is the checker's to say.
          {"first { hide c deny because \"x\" mask d with hash }", ""},
          {"first { hide c let x = 1 }", "3 BL1040"},
          {"first { first { hide c } }", "3 BL1040"},
          {"dney when x because \"y\"\nallow when a\nalow\ndeny because \"{\"",
           "3 BL1033, 5 BL1033, 6 BL1029"},
          {"allow wehn x\nhide", "3 BL1001, 4 BL1001"},
          {"deny because \"a } b\"", "3 BL1029"},
          {"deny because \"a {b c\"", "3 BL1029"},
          {"deny because \"a {}\"", "3 BL1029"},
          {"deny because \"a {b c}\"", "3 BL1001"},
          {"deny because \"a {b ?? \\\"c\\\"}\"", "3 BL1029"},
          {"deny because \"a {b < c < d} {e = f}\"", "3 BL1018, 3 BL1026"},
          {"allow when any(c in xs where c.x\nallow", "3 BL1001"},
          {"allow when {a, b = c\nallow when a < b < c", "3 BL1001, 4 BL1018"},
      },
      "module m\npolicy p title \"t\" owner \"o\" on read of Dataset as d {\n",
      "\n}\npolicy q title \"t\" owner \"o\" on read of Dataset { allow }\n");
}

TEST_CASE("broken policies") {
  Run(
      {
          {"policy p\n owner \"o\"\non a of B { allow }", "2 BL1024"},
          {"policy p\n title \"t\"\non a of B { allow }", "2 BL1024"},
          {"policy p title \"t\" owner \"o\" title \"u\"\non a of B { allow }",
           "2 BL1023"},
          {"policy p title \"t\" owner \"o\"\n severity hihg\non a of B { "
           "allow }",
           "3 BL1025"},
          {"policy p\n titel \"t\"\n owner \"o\"\non a of B { allow wehn b }",
           "3 BL1034, 5 BL1001"},
          {"policy p title \"t\" owner \"o\"\n{ allow }", "3 BL1024"},
          {"policy p title \"t\" owner \"o\"\non a B { allow }", "3 BL1001"},
          {"policy p title \"t\" owner \"o\"\non a of b { allow }", "3 BL1021"},
          {"policy P title \"t\" owner \"o\"\non A of B as C { allow }",
           "2 BL1022, 3 BL1022, 3 BL1022"},
          {"policy p title \"t\" owner \"o\"\non a of B unless c when d { "
           "allow }",
           "3 BL1016"},
          {"policy allow title \"t\" owner \"o\" on a of B { allow }",
           "2 BL1020"},
          // A brace too few, and one too many.
          {"policy p title \"t\" owner \"o\"\non a of B {\n for c in xs {\n  "
           "hide c\n}\npolicy q title \"t\" owner \"o\" on a of B { alow }",
           "7 BL1011, 7 BL1033"},
          {"policy p title \"t\" owner \"o\"\non a of B {\n for c in xs {\n  "
           "hide c\n }\n",
           "6 BL1009"},
          {"policy p title \"t\" owner \"o\"\non a of B {\n allow }\n deny "
           "because \"x\"\n}\npolicy q title \"t\" owner \"o\" on a of B { "
           "alow }",
           "5 BL1010, 7 BL1033"},
      },
      "module m\n", "");
}

TEST_CASE("broken tests") {
  const std::string when = "when User \"u\" does read on Dataset \"d\"";
  Run(
      {
          {"expect allowed\nexpect deny of p\nexpect mask \"x\"\nexpect",
           "4 BL1035, 5 BL1001, 6 BL1035, 7 BL1035"},
          {"expect allow\ngiven User \"x\"", "5 BL1041"},
          {"expect allow\n" + when, "5 BL1041"},
          {"expect not allow", "4 BL1035"},
          {"expect keep 3", "4 BL1035"},
          {"expect row { a: 1 }", "4 BL1035"},
          {"given User \"a\" in Group \"g\" {}\nexpect allow",
           "4 BL1041, 4 BL1001"},
          {"given rows \"x\" { k: 1 }\nexpect allow", "4 BL1001"},
          {"asert allow\nasert deny\nexpect deny", "4 BL1034, 5 BL1034"},
          {"exepct allow", "4 BL1034"},
          {"with { a: 1 } proposing { b: 2 } expect allow", "4 BL1041"},
          {"with { a: 1 } with { b: 2 } expect allow", "4 BL1041"},
          {"with { a = 1, b: 2 c: 3 }\nexpect allow < 3",
           "4 BL1001, 4 BL1036, 5 BL1001"},
          {"with { a: { b: 1 } } expect allow", "4 BL1001"},
      },
      "module m\n\ntest \"x\" { " + when + "\n", "\n}\n");
  CHECK(Errors("module m\ntest \"x\" {\n when User \"u\" { a: 1 } does read on "
               "Dataset \"d\"\n expect allow }") == "3 BL1041");
}

TEST_CASE("nesting beyond 200 is an error before anything is parsed") {
  auto brackets = [](int n) {
    return "module m\ndef x: Int = " +
           std::string(static_cast<size_t>(n), '(') + "1" +
           std::string(static_cast<size_t>(n), ')') + " &&";
  };
  CHECK(Errors(brackets(201)) == "2 BL1003");
  CHECK(Errors(brackets(200)) == "2 BL1001");
  auto repeat = [](const std::string& unit, int n, const std::string& last) {
    std::string out = "module m\ndef x: Int = ";
    for (int i = 0; i < n; ++i) out += unit;
    return out + last;
  };
  for (const char* unit :
       {"if a then ", "if a then b else ", "not ", "- ", "f(", "{", "[",
        "any(x in xs where ", "match p { a: ", "a("}) {
    INFO(unit);
    for (int n : {300, 20000}) {
      const std::string errors = Errors(repeat(unit, n, "a"));
      CHECK(errors.substr(0, 8) == "2 BL1003");
      CHECK(errors.size() < 40);
    }
  }
  for (const char* unit : {"not ", "- "}) {
    CHECK(Errors(repeat(unit, kMaxNesting, "a")) == "");
    CHECK(Errors(repeat(unit, kMaxNesting + 1, "a")) == "2 BL1003");
  }
  // Chains nest nothing, but their trees are high.
  for (const char* unit : {"a + ", "a * ", "a ?? ", "a."}) {
    INFO(unit);
    CHECK(Errors(repeat(unit, kMaxHeight - 1, "a")) == "");
    CHECK(Errors(repeat(unit, kMaxHeight, "a")) == "2 BL1003");
    CHECK(Errors(repeat(unit, 20000, "a")) == "2 BL1003");
  }
  CHECK(Errors(repeat("a or ", 20000, "a")) == "");
  std::string type = "module m\ndef x: ";
  for (int i = 0; i < 20000; ++i) type += "Set<";
  CHECK(Errors(type) == "2 BL1003");
}

TEST_CASE("files beyond the limit are refused") {
  SourceFile source("t.bylaw", "module m\n" + std::string(1000, '\n'));
  DiagnosticSink sink;
  ParseFile(source, sink, {.max_file_bytes = 1000});
  REQUIRE(sink.diagnostics().size() == 1);
  CHECK(sink.diagnostics()[0].code == Code::BL1004);
  CHECK(Errors("module m\n" + std::string(kMaxFileBytes, '\n')) == "1 BL1004");
}

TEST_CASE("reports end after a thousand") {
  std::string text = "module m\n";
  for (int i = 0; i < 3000; ++i) text += "def x: Int = a < b < c\n";
  SourceFile source("t.bylaw", text);
  DiagnosticSink sink;
  ParseFile(source, sink);
  REQUIRE(sink.diagnostics().size() == kMaxErrorsPerFile + 1);
  CHECK(sink.diagnostics().back().code == Code::BL1045);
  Seen().insert("BL1045");
}

TEST_CASE("what could be read is in the tree") {
  SourceFile source(
      "t.bylaw",
      "module m\nentity A { a: Int, b Int, c: Int }\n"
      "def x: Int = 1 +\npolicy p title \"t\" owner \"o\" on a of "
      "A {\n allow when a\n deny whn b because \"x\"\n allow }\n");
  DiagnosticSink sink;
  auto file = ParseFile(source, sink);
  CHECK(sink.error_count() == 3);
  REQUIRE(file->policies.size() == 1);
  CHECK(file->policies[0].rules.size() >= 2);
  CHECK(file->defs.empty());
}

TEST_CASE("suggestions") {
  auto help = [](const std::string& text) {
    SourceFile source("t.bylaw", text);
    DiagnosticSink sink;
    ParseFile(source, sink);
    return sink.empty() ? "" : sink.diagnostics()[0].suggestion;
  };
  const std::string policy =
      "module m\npolicy p title \"t\" owner \"o\" on read of Dataset as d { ";
  CHECK(help(policy + "dney because \"x\" }") == "did you mean `deny`?");
  CHECK(help(policy + "allow when a is not missing }") ==
        "did you mean `is present`?");
  CHECK(help(policy + "allow when a = b }") == "did you mean `==`?");
  CHECK(help("module m\nentity foo {}") == "did you mean `Foo`?");
  CHECK(help("module m\nvocabluary V {}") == "did you mean `vocabulary`?");
  // Only what can stand at the place.
  CHECK(help(policy + "deny if x because \"y\" }") == "did you mean `when`?");
  CHECK(help(policy + "keep rows r when r.x }") == "did you mean `where`?");
  CHECK(help(policy + "let x = 5 when y }") == "");
  CHECK(help(policy + "for c of d.columns { hide c } }") ==
        "did you mean `in`?");
  CHECK(help(policy + "deny when a ? true : false because \"x\" }") == "");
  CHECK(help(policy + "deny when a <> b because \"x\" }") ==
        "did you mean `!=`?");
  CHECK(help(policy + "deny when a is null because \"x\" }") ==
        "did you mean `is missing`?");
  CHECK(help(policy + "require a(level = \"x\") }") ==
        "did you mean `level: …`?");
  CHECK(help("module m\nvocabulary V ordered a, b") == "");
  CHECK(help("modul m") == "did you mean `module`?");
  const std::string test = "module m\ntest \"t\" { ";
  CHECK(help(test + "when user \"u\" does a on B \"b\" expect allow }") ==
        "did you mean `User`?");
  CHECK(help(test + "expect denied }") == "did you mean `deny`?");
  CHECK(help(test + "expect keep 8 }") ==
        "a duration is written with its unit: `keep 8h`");
  CHECK(help(test + "expect nonsense }").find("permit") != std::string::npos);
}

// The text is cut and disturbed at every place: no crash, no hang, and no error
// without a place.
TEST_CASE("damaged text never does more than be reported") {
  const std::string good =
      "module council.privacy\nimport council.vocabulary\n/// doc\ndef c(u: "
      "User, p: Purpose?): Bool = u.roles has r and p in {a, b}\n"
      "vocabulary T tree { a { b, c }, d }\nentity E in F { a: Set<Int> = {} "
      "inverse b, }\npolicy p title \"t\" owner \"o\" severity high\non read "
      "of "
      "Dataset as d by User as u when x {\n for c in d.columns where c.tags "
      "has "
      "pii { first { mask c with show_last(4) when c.x hide c } }\n keep rows "
      "r "
      "where r[\"a\"]? == \"x\" or r.y is missing\n deny when match p { a or "
      "b: "
      "1, else: if a then 2 else 3 } > 1 because \"{u.id} {{x}}\" help \"h\"\n "
      "allow recheck after 8h\n}\ntest \"t\" { given User \"a\" { r: [S { a: 1 "
      "}] }\n when User \"a\" does read on Dataset \"b\" with { p: q } at "
      "time(\"x\")\n expect deny by p because contains \"x\" }\n";
  REQUIRE(Errors(good).empty());
  const std::string bad = "{}()[]\"`.,:<>=+-?\n \\\xC3x9";
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    switch (i % 4) {
      case 0:
        damaged.resize(i);
        break;
      case 1:
        damaged[i] = bad[i % bad.size()];
        break;
      case 2:
        damaged.insert(i, 1, bad[i % bad.size()]);
        break;
      default:
        damaged.erase(i, 5);
    }
    SourceFile source("t.bylaw", damaged);
    DiagnosticSink sink;
    auto file = ParseFile(source, sink);
    REQUIRE(file != nullptr);
    for (const Diagnostic& d : sink.diagnostics()) {
      REQUIRE(d.span);
      REQUIRE(d.span.begin <= d.span.end);
      REQUIRE(d.span.end <= damaged.size());
      REQUIRE(!d.message.empty());
    }
    REQUIRE(!Render(sink).empty() == !sink.empty());
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::minutes(2));
}

// Runs last: every syntax code was met above.
TEST_CASE("zz every syntax code has a case") {
  for (const CodeInfo& info : AllCodes()) {
    const std::string id(info.id);
    if (id.substr(0, 3) != "BL1") continue;
    INFO(id);
    CHECK(Seen().count(id) == 1);
  }
}

}  // namespace
}  // namespace bylaw
