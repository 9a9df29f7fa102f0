// What is read from each form of the language, as the tree's dump.

#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "dsl/dump.h"
#include "dsl/parser.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

// The dump of `text` below `module m`, without that line; errors are shown.
std::string Dump(const std::string& text) {
  SourceFile source("t.bylaw", "module m\n" + text);
  DiagnosticSink sink;
  std::unique_ptr<ast::File> file = ParseFile(source, sink);
  if (!sink.empty()) return Render(sink);
  std::string dump = DumpAst(*file);
  const std::string head = "module m\n";
  return dump.rfind(head, 0) == 0 ? dump.substr(head.size()) : dump;
}

// The dump of an expression.
std::string Expr(const std::string& text) {
  std::string dump = Dump("def x: T = " + text);
  const std::string head = "constant x: T\n  = ";
  if (dump.rfind(head, 0) != 0) return dump;
  return dump.substr(head.size(), dump.size() - head.size() - 1);
}

// The dump of a rule in a policy.
std::string Rule(const std::string& text) {
  std::string dump =
      Dump("policy p title \"t\" owner \"o\" on read of Dataset as d {\n" +
           text + "\n}");
  const std::string head =
      "policy p\n  title \"t\"\n  owner \"o\"\n  on read of Dataset as d\n";
  return dump.rfind(head, 0) == 0 ? dump.substr(head.size()) : dump;
}

// The dump of a value in a test.
std::string Value(const std::string& text) {
  std::string dump = Dump("given User \"a\" { v: " + text + " }");
  const std::string head = "given (entity User \"a\" v: ";
  if (dump.rfind(head, 0) != 0) return dump;
  return dump.substr(head.size(), dump.size() - head.size() - 2);
}

// The dump of an expectation.
std::string Expect(const std::string& text) {
  std::string dump = Dump(
      "test \"t\" { when User \"u\" does read on Dataset "
      "\"d\" expect " +
      text + " }");
  const std::string head =
      "test \"t\"\n  when (entity User \"u\") does read on (entity Dataset "
      "\"d\")\n  expect ";
  if (dump.rfind(head, 0) != 0) return dump;
  return dump.substr(head.size(), dump.size() - head.size() - 1);
}

struct Case {
  std::string text;
  std::string dump;
};

void Run(const std::vector<Case>& cases,
         std::string (*parse)(const std::string&)) {
  for (const Case& each : cases) {
    INFO(each.text);
    CHECK(parse(each.text) == each.dump);
  }
}

TEST_CASE("precedence, loosest first") {
  Run(
      {
          {"a or b and not c", "(or a (and b (not c)))"},
          {"a or b or c", "(or a b c)"},
          {"not a in s", "(not (in a s))"},
          {"not not a", "(not (not a))"},
          {"a + b * c", "(+ a (* b c))"},
          {"a - b - c", "(- (- a b) c)"},
          {"a / b * c", "(* (/ a b) c)"},
          {"a * b ?? c", "(* a (?? b c))"},
          {"a ?? b ?? c", "(?? (?? a b) c)"},
          {"-a ?? b", "(?? (neg a) b)"},
          {"-a.b", "(neg (. a b))"},
          {"- -a", "(neg (neg a))"},
          {"a < b + 1", "(< a (+ b 1))"},
          {"a == b and c != d", "(and (== a b) (!= c d))"},
          {"(a or b) and c", "(and (or a b) c)"},
          {"if a then b else c or d", "(if a b (or c d))"},
          {"if a then b else if c then d else e", "(if a b (if c d e))"},
          {"(if a then b else c) + d", "(+ (if a b c) d)"},
      },
      Expr);
}

TEST_CASE("every operator") {
  Run(
      {
          {"a == b", "(== a b)"},
          {"a != b", "(!= a b)"},
          {"a < b", "(< a b)"},
          {"a <= b", "(<= a b)"},
          {"a > b", "(> a b)"},
          {"a >= b", "(>= a b)"},
          {"x in s", "(in x s)"},
          {"x not in s", "(not in x s)"},
          {"s has x", "(has s x)"},
          {"a overlaps b", "(overlaps a b)"},
          {"a within b", "(within a b)"},
          {"s is empty", "(is empty s)"},
          {"x is missing", "(is missing x)"},
          {"x is present", "(is present x)"},
          {"e is Service", "(is Service e)"},
          {"e is mesh.Service", "(is mesh.Service e)"},
          {"t starts with \"a\"", "(starts with t \"a\")"},
          {"t ends with \"a\"", "(ends with t \"a\")"},
          {"t contains \"a\"", "(contains t \"a\")"},
          {"t like \"a*b\"", "(like t \"a*b\")"},
          {"t matches `a+`", "(matches t \"a+\")"},
          {"t.lower().length()", "(call (. (call (. t lower)) length))"},
          {"now.hour(\"Europe/Paris\")",
           "(call (. now hour) \"Europe/Paris\")"},
          {"addr within ip(\"10.0.0.0/8\")",
           "(within addr (call ip \"10.0.0.0/8\"))"},
          {"m[\"k\"]", "([] m \"k\")"},
          {"r[c]?", "([]? r c)"},
          {"r[\"odd name\"]? == 1", "(== ([]? r \"odd name\") 1)"},
          {"r.x? ?? 0", "(?? (.? r x) 0)"},
          {"r.x??0", "(?? (. r x) 0)"},
          {"r.AMOUNT > 3", "(> (. r AMOUNT) 3)"},
          {"r.x in column(\"privacy.erasures\", \"customer_id\")",
           "(in (. r x) (call column \"privacy.erasures\" \"customer_id\"))"},
          {"council.vocabulary.cleared(u, p: 3,)",
           "(call (. (. council vocabulary) cleared) u p: 3)"},
          {"all DataProduct", "(all DataProduct)"},
          {"User \"ana\"", "(entity User \"ana\")"},
          {"mesh.User `ana`.roles", "(. (entity mesh.User \"ana\") roles)"},
          {"Tag.pii.email", "(. (. Tag pii) email)"},
      },
      Expr);
}

TEST_CASE("literals and brackets") {
  Run(
      {
          {"42", "42"},
          {"-9223372036854775808", "-9223372036854775808"},
          {"12.50", "12.50"},
          {"-1.5", "-1.5"},
          {"true", "true"},
          {"false", "false"},
          {"90s", "90s"},
          {"1h30m", "1h30m"},
          {"6mo", "6mo"},
          {"1y6mo", "1y6mo"},
          {"{a, b,}", "(set a b)"},
          {"{}", "(set)"},
          {"[a, b]", "(list a b)"},
          {"[]", "(list)"},
          {"\"a\\\"\\\\\\n\\r\\t\\u{1F600}\"",
           "\"a\\\"\\\\\\n\\r\\t\xF0\x9F\x98\x80\""},
          {"`raw \\n \"x\"`", "\"raw \\\\n \\\"x\\\"\""},
          {"date(\"2026-11-20\")", "(call date \"2026-11-20\")"},
          {"version(\"1.2.0\")", "(call version \"1.2.0\")"},
      },
      Expr);
}

TEST_CASE("numbers carry their value") {
  SourceFile source("t.bylaw",
                    "module m\ndef a: T = 12.50\ndef b: T = -0.000001\n"
                    "def c: T = 1h30m\ndef d: T = 1y6mo\ndef e: T = 30d\n"
                    "def f: T = -7\ndef g: T = 999999999999.999999\n");
  DiagnosticSink sink;
  auto file = ParseFile(source, sink);
  REQUIRE(sink.empty());
  std::vector<int64_t> numbers;
  for (const ast::Def& def : file->defs) numbers.push_back(def.value->number);
  REQUIRE(numbers == std::vector<int64_t>{12500000, -1, 5400, 18, 2592000, -7,
                                          999999999999999999});
  REQUIRE(file->defs[2].value->kind == ast::ExprKind::kDuration);
  REQUIRE(file->defs[3].value->kind == ast::ExprKind::kPeriod);
}

TEST_CASE("quantifiers and match") {
  Run(
      {
          {"any(x in xs where p)", "(any x in xs where p)"},
          {"no(x in xs where x.a > 1)", "(no x in xs where (> (. x a) 1))"},
          {"all(x in xs satisfy q)", "(all x in xs satisfy q)"},
          {"all(x in xs where p satisfy q)", "(all x in xs where p satisfy q)"},
          {"count(x in xs)", "(count x in xs)"},
          {"count(x in xs where p)", "(count x in xs where p)"},
          {"sum(x.a for x in xs)", "(sum x in xs of (. x a))"},
          {"min(e for x in xs where p)", "(min x in xs where p of e)"},
          {"max(column_level(c) for c in d.columns) ?? restricted",
           "(?? (max c in (. d columns) of (call column_level c)) restricted)"},
          {"match p { treatment: {health}, billing or audit: {contact}, "
           "else: {} }",
           "(match p (treatment: (set health)) (billing or audit: (set "
           "contact)) (else: (set)))"},
          {"match d.level ?? x { or or and: 3, pii.no: 4, Country.else: 5 }",
           "(match (?? (. d level) x) (or or and: 3) (pii.no: 4) "
           "(Country.else: 5))"},
      },
      Expr);
}

TEST_CASE("words that are not reserved are names, and all are after a dot") {
  Run(
      {
          {"policy + title.when", "(+ policy (. title when))"},
          {"subject.action.in", "(. (. subject action) in)"},
          {"Country.no", "(. Country no)"},
          {"f(max: 3, when: row)", "(call f max: 3 when: row)"},
          {"expect(owner)", "(call expect owner)"},
          {"missing is missing", "(is missing missing)"},
          {"rows is empty", "(is empty rows)"},
      },
      Expr);
  for (const char* word :
       {"allow", "all",  "and",  "any",      "because", "contains", "count",
        "deny",  "drop", "else", "ends",     "false",   "first",    "for",
        "has",   "help", "hide", "if",       "in",      "is",       "keep",
        "let",   "like", "mask", "match",    "matches", "max",      "min",
        "no",    "not",  "or",   "overlaps", "require", "satisfy",  "starts",
        "sum",   "then", "true", "unless",   "when",    "where",    "with",
        "within"}) {
    INFO(word);
    CHECK(IsReservedWord(word));
    const std::string w = word;
    CHECK(Expr("a." + w) == "(. a " + w + ")");
    CHECK(Dump("vocabulary V tree { " + w + " { x }, y }") ==
          "vocabulary V tree\n  " + w + "\n    x\n  y\n");
    CHECK(Dump("entity E { " + w + ": Bool }") ==
          "entity E\n  " + w + ": Bool\n");
    if (w != "else") {
      CHECK(Expr("match p { " + w + ": 1 }") == "(match p (" + w + ": 1))");
    }
    CHECK(Dump("def " + w + ": Bool = true").find("error BL1") !=
          std::string::npos);
  }
  for (const char* word :
       {"module", "policy",   "on",      "of",    "as",
        "by",     "type",     "given",   "row",   "missing",
        "empty",  "allows",   "owner",   "title", "subject",
        "action", "resource", "context", "now",   "previous"}) {
    INFO(word);
    CHECK(!IsReservedWord(word));
    const std::string w = word;
    CHECK(Expr(w) == w);
    CHECK(Rule("let " + w + " = 1") == "  let " + w + " = 1\n");
  }
}

TEST_CASE("schema declarations") {
  Run(
      {
          {"import council.vocabulary", "import council.vocabulary\n"},
          {"vocabulary Classification ordered { public, internal }",
           "vocabulary Classification ordered\n  public\n  internal\n"},
          {"vocabulary Tag tree { pii { email, name { first, last } }, salary "
           "}",
           "vocabulary Tag tree\n  pii\n    email\n    name\n      first\n     "
           " "
           "last\n  salary\n"},
          {"vocabulary Role {}", "vocabulary Role\n"},
          {"extend vocabulary Classification { secret above restricted, x "
           "below secret, }",
           "extend vocabulary Classification\n  secret above restricted\n  x "
           "below secret\n"},
          {"entity Column in Dataset, mesh.View {\n name: String, tags: "
           "Set<Tag>, encrypted: Bool = false asserted, upstream: Set<Column> "
           "transitive, dataset: Dataset? inverse columns }",
           "entity Column in Dataset, mesh.View\n  name: String\n  tags: "
           "Set<Tag>\n  encrypted: Bool = false asserted\n  upstream: "
           "Set<Column> transitive\n  dataset: Dataset? inverse columns\n"},
          {"entity E { a: Set<Column>= x, b: Map<List<Int>> }",
           "entity E\n  a: Set<Column> = x\n  b: Map<List<Int>>\n"},
          {"extend entity User { shift: String? }",
           "extend entity User\n  shift: String?\n"},
          {"type Sla = { property: String, value: Decimal? }",
           "record Sla\n  property: String\n  value: Decimal?\n"},
          {"type Subject = User | Service", "union Subject = User, Service\n"},
          {"action read of Dataset as d by User, Service selects d.columns by "
           "context.columns { purpose: Purpose?, columns: Set<Column> = "
           "d.columns, together: Set<Dataset> includes d }",
           "action read of Dataset as d by User, Service selects d.columns by "
           "context.columns\n  purpose: Purpose?\n  columns: Set<Column> = (. "
           "d "
           "columns)\n  together: Set<Dataset> includes d\n"},
          {"action gate publish of DataProduct by User proposes { environment: "
           "Environment? }",
           "action gate publish of DataProduct by User proposes\n  "
           "environment: Environment?\n"},
          {"action gate of Dataset by User {}",
           "action gate of Dataset by User\n"},
          {"action group consume = { read, mesh.export }",
           "action group consume = read, mesh.export\n"},
          {"extend action share { destination: Country? }",
           "extend action share\n  destination: Country?\n"},
          {"obligation audit(level: String)",
           "obligation audit\n  level: String\n"},
          {"def plain(c: Column): Bool = column_level(c) == public",
           "function plain: Bool\n  c: Column\n  = (== (call column_level c) "
           "public)\n"},
          {"def union_countries: Set<Country> = {eu, ch}",
           "constant union_countries: Set<Country>\n  = (set eu ch)\n"},
          {"def mask staff_phone = show_last(2)",
           "mask staff_phone = (show_last 2)\n"},
          {"/// One.\n///  Two.\n// no\ndef a: Int = 1",
           "doc \"One.\\n Two.\"\nconstant a: Int\n  = 1\n"},
          {"entity E {\n /// of a\n a: Int,\n b: Int }",
           "entity E\n  doc \"of a\"\n  a: Int\n  b: Int\n"},
      },
      Dump);
}

TEST_CASE("scopes and waivers") {
  Run(
      {
          {"scope org root { owner \"council\" }",
           "scope org root\n  owner \"council\"\n"},
          {"scope sales under org {\n may override council.defaults\n governs "
           "Dataset as d where d.x == 1\n governs DataProduct\n owner \"o\"\n "
           "may allow read, export of Dataset as d when a unless b }",
           "scope sales under org\n  owner \"o\"\n  governs Dataset as d\n    "
           "where (== (. d x) 1)\n  governs DataProduct\n  may allow read, "
           "export of Dataset as d\n    when a\n    unless b\n  may override "
           "council.defaults\n"},
          {"waiver w of council.quality.has_checks {\n until date(\"b\") from "
           "date(\"a\")\n approved \"p\" requested \"q\" ticket \"t\" reason "
           "\"r\"\n on DataProduct as p where p.id == \"x\" }",
           "waiver w of council.quality.has_checks\n  on DataProduct as p\n  "
           "where (== (. p id) \"x\")\n  reason \"r\"\n  ticket \"t\"\n  "
           "requested \"q\"\n  approved \"p\"\n  from (call date \"a\")\n  "
           "until "
           "(call date \"b\")\n"},
      },
      Dump);
}

TEST_CASE("policies") {
  Run(
      {
          {"policy p overrides council.defaults.y\n severity high help \"h\" "
           "control \"c\" owner \"o\" control \"d\" \"e\" title \"t\"\non "
           "read, "
           "mesh.export of Dataset as d by User, Service as u when a unless b "
           "{}",
           "policy p overrides council.defaults.y\n  title \"t\"\n  owner "
           "\"o\"\n  control \"c\"\n  control \"de\"\n  severity high\n  help "
           "\"h\"\n  on read, mesh.export of Dataset as d by User, Service as "
           "u\n  when a\n  unless b\n"},
          {"policy on title \"{x}\" owner \"o\" on on of Of by By { allow }",
           "policy on\n  title \"{x}\"\n  owner \"o\"\n  on on of Of by By\n  "
           "allow\n"},
      },
      Dump);
}

TEST_CASE("every rule") {
  Run(
      {
          {"allow", "  allow\n"},
          {"allow when a unless b recheck after 8h",
           "  allow\n    when a\n    unless b\n    recheck 8h\n"},
          {"deny when a because \"x {d.name}{{}}\" \"y\" help `raw {x}`",
           "  deny\n    when a\n    because (text \"x \" {(. d name)} \"{}\" "
           "\"y\")\n    help (text \"raw {x}\")\n"},
          {"deny because \"{count(c in d.columns where c.x in {a, b})} {x ?? "
           "`none`}\"",
           "  deny\n    because (text {(count c in (. d columns) where (in (. "
           "c "
           "x) (set a b)))} \" \" {(?? x \"none\")})\n"},
          {"for c in d.columns { mask c with show_last(4) when a unless b }",
           "  for\n    c in (. d columns)\n    mask c with (show_last 4)\n     "
           " "
           "when a\n      unless b\n"},
          {"for c in d.columns where c.x, e in c.y where e.z { hide c }",
           "  for\n    c in (. d columns) where (. c x)\n    e in (. c y) "
           "where "
           "(. e z)\n    hide c\n"},
          {"keep rows r where r.x == 1 or r.y when a",
           "  keep rows r where (or (== (. r x) 1) (. r y))\n    when a\n"},
          {"drop rows r where r.x? is missing unless b",
           "  drop rows r where (is missing (.? r x))\n    unless b\n"},
          {"require audit(level: \"high\", 3) when a",
           "  require (audit level: \"high\" 3)\n    when a\n"},
          {"require mfa", "  require (mfa)\n"},
          {"let x = a\nlet y = x", "  let x = a\n  let y = x\n"},
          {"for c in d.columns { first { mask c with redact when a hide c } }",
           "  for\n    c in (. d columns)\n    first\n      mask c with "
           "(redact)\n        when a\n      hide c\n"},
          {"for q in all DataProduct where q != p { deny because \"x\" }",
           "  for\n    q in (all DataProduct) where (!= q p)\n    deny\n      "
           "because (text \"x\")\n"},
          {"allow when subject == User \"ana\"\nallow when u is Service\nallow",
           "  allow\n    when (== subject (entity User \"ana\"))\n  allow\n    "
           "when (is Service u)\n  allow\n"},
          {"for c in d.columns where c.owner == User \"a\" { hide c }",
           "  for\n    c in (. d columns) where (== (. c owner) (entity User "
           "\"a\"))\n    hide c\n"},
      },
      Rule);
}

TEST_CASE("every expectation") {
  Run(
      {
          {"allow", "allow"},
          {"permit", "permit"},
          {"deny", "deny"},
          {"deny by p", "deny by p"},
          {"deny by a.b.p because contains \"no owner\"",
           "deny by a.b.p because contains \"no owner\""},
          {"deny because nothing allows", "deny because nothing allows"},
          {"not deny by p", "not deny by p"},
          {"mask \"c\" with show_last(4)", "mask \"c\" with (show_last 4)"},
          {"mask \"c\" with null", "mask \"c\" with (null)"},
          {"hide \"c\"", "hide \"c\""},
          {"clear \"c\"", "clear \"c\""},
          {"row { region: \"EU\", \"odd name\": 3 } kept",
           "row { region: \"EU\" \"odd name\": 3 } kept"},
          {"row {} dropped", "row { } dropped"},
          {"filter `r.region == \"EU\"`", "filter \"r.region == \\\"EU\\\"\""},
          {"no filter", "no filter"},
          {"require audit(level: \"high\")",
           "require audit( level: \"high\" )"},
          {"not require audit", "not require audit"},
          {"advisory ungoverned", "advisory ungoverned"},
          {"waiver w", "waiver w"},
          {"not delegated p", "not delegated p"},
          {"error", "error"},
          {"keep 8h", "keep 8h"},
      },
      Expect);
}

TEST_CASE("values and parts of tests") {
  Run(
      {
          {"{analyst}", "(set analyst)"},
          {"Sla { property: \"a\", in: 3, }",
           "(record Sla property: \"a\" in: 3)"},
          {"mesh.Sla {}", "(record mesh.Sla)"},
          {"{ \"key\": 3, \"k\": {} }", "(map \"key\": 3 \"k\": (set))"},
          {"[Server { name: \"a\" }, Server {}]",
           "(list (record Server name: \"a\") (record Server))"},
          {"{ Column { name: \"e\" }, Column \"x\" {}, Column \"y\" }",
           "(set (record Column name: \"e\") (entity Column \"x\") (entity "
           "Column \"y\"))"},
      },
      Value);
  CHECK(Dump("given rows \"privacy.erasures\" { { customer_id: \"c-1\" }, { "
             "\"odd\": 2, WIDE: 3 }, }") ==
        "given rows \"privacy.erasures\"\n  { customer_id: \"c-1\" }\n  { "
        "\"odd\": 2 WIDE: 3 }\n");
  CHECK(Dump("test \"t\" {\n given User \"u\"\n given Dataset \"d\" { x: 1 }\n "
             "when User \"u\" does read on Dataset \"d\" proposing { a: 1 } "
             "with { b: 2 } at time(\"z\")\n expect allow\n expect error }") ==
        "test \"t\"\n  given (entity User \"u\")\n  given (entity Dataset "
        "\"d\" x: 1)\n  when (entity User \"u\") does read on (entity Dataset "
        "\"d\")\n    proposing { a: 1 }\n    with { b: 2 }\n    at (call time "
        "\"z\")\n  expect allow\n  expect error\n");
}

TEST_CASE("spans are byte ranges, whatever stands before") {
  SourceFile source("t.bylaw",
                    "module m // \xC3\xA4\xE2\x82\xAC\ndef x: T = "
                    "\"\xC3\xA4\" + name\npolicy p title \"\xC3\xA4\" owner "
                    "\"o\" on a of B { deny because \"\xC3\xA4 {d.name}\" }");
  DiagnosticSink sink;
  auto file = ParseFile(source, sink);
  REQUIRE(sink.empty());
  const ast::Expr& sum = *file->defs[0].value;
  CHECK(sum.operands[1]->span.text() == "name");
  CHECK(sum.operands[1]->span.Start() == LineColumn{2, 18});
  CHECK(sum.op_span.text() == "+");
  const ast::Rule& deny = file->policies[0].rules[0];
  CHECK(deny.keyword_span.text() == "deny");
  CHECK(deny.because->parts[1].expr->span.text() == "d.name");
  CHECK(file->policies[0].name.span.text() == "p");
}

TEST_CASE("a byte order mark is skipped, line ends may be of Windows") {
  SourceFile source("t.bylaw", "\xEF\xBB\xBFmodule m\r\ndef x: Int = 1\r\n");
  DiagnosticSink sink;
  auto file = ParseFile(source, sink);
  CHECK(Render(sink).empty());
  CHECK(file->defs.size() == 1);
  CHECK(file->defs[0].span.line() == 2);
}

TEST_CASE("nesting of 200 is read, and long chains of and") {
  CHECK(Expr(std::string(200, '(') + "1" + std::string(200, ')')) == "1");
  std::string chain = "a";
  std::string dump = "(or a";
  for (int i = 0; i < 5000; ++i) {
    chain += " or a";
    dump += " a";
  }
  CHECK(Expr(chain) == dump + ")");
}

TEST_CASE("several threads may parse at once") {
  std::string text = "module m\n";
  for (int i = 0; i < 50; ++i) {
    text += "policy p" + std::to_string(i) +
            " title \"t\" owner \"o\" on read of Dataset as d { deny when "
            "any(c in d.columns where c.tags has pii) because \"{d.id}\" }\n";
  }
  std::vector<std::string> dumps(4);
  std::vector<std::thread> threads;
  for (std::string& dump : dumps) {
    threads.emplace_back([&text, &dump] {
      SourceFile source("t.bylaw", text);
      DiagnosticSink sink;
      dump = DumpAst(*ParseFile(source, sink)) + Render(sink);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& dump : dumps) CHECK(dump == dumps[0]);
  CHECK(dumps[0].find("error") == std::string::npos);
}

}  // namespace
}  // namespace bylaw
