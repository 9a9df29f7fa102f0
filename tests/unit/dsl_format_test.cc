// Formatting keeps meaning and comments, and twice is once.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "dsl/dump.h"
#include "dsl/format.h"
#include "dsl/parser.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

std::string Format(const std::string& text) {
  SourceFile source("t.bylaw", text);
  DiagnosticSink sink;
  auto out = FormatFile(source, sink);
  return out ? *out : "BROKEN\n" + Render(sink);
}

std::string DumpOf(const std::string& text) {
  SourceFile source("t.bylaw", text);
  DiagnosticSink sink;
  std::string dump = DumpAst(*ParseFile(source, sink));
  // Warnings name places, which formatting may change.
  return (sink.has_errors() ? Render(sink) : "") + dump;
}

// The words of all comments, sorted: their order may change within a line.
std::vector<std::string> Comments(const std::string& text) {
  std::vector<std::string> out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"' || text[i] == '`') {
      const char quote = text[i++];
      while (i < text.size() && text[i] != quote) {
        i += quote == '"' && text[i] == '\\' ? 2 : 1;
      }
      ++i;
    } else if (text.compare(i, 2, "//") == 0 || text.compare(i, 2, "/*") == 0) {
      const bool line = text[i + 1] == '/';
      size_t end = line ? text.find('\n', i) : text.find("*/", i) + 2;
      end = std::min(end, text.size());
      std::string words;
      for (char c : text.substr(i, end - i)) {
        if (std::isalnum(static_cast<unsigned char>(c))) words += c;
      }
      out.push_back(words);
      i = end;
    } else {
      ++i;
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

void CheckKeeps(const std::string& text) {
  const std::string once = Format(text);
  REQUIRE(once.rfind("BROKEN", 0) != 0);
  CHECK(DumpOf(once) == DumpOf(text));
  CHECK(Comments(once) == Comments(text));
  CHECK(Format(once) == once);
}

const char kSample[] = R"BYLAW(module council.privacy
import council.vocabulary  // `mesh` is always imported

/// Who may see personal data in the clear.
def cleared(u: User, purpose: Purpose?): Bool =
  u.roles has pii_reader and purpose in {fraud_investigation, customer_support}

policy personal_data_is_masked
  title    "Personal data leaves a dataset only masked"
  owner    "privacy-office"
  control  "GDPR Art. 5(1)(c)"
  severity high
on consume of Dataset as d by User as u {
  for c in d.columns where c.tags has pii and not cleared(u, context.purpose) {
    first {
      mask c with keep_domain   when c.tags has pii.email
      mask c with show_last(4)  when c.tags has pii.phone
      mask c with redact
    }
  }
  drop rows r where r.consent? == "withdrawn" when context.purpose == marketing
  deny when (u.employment ?? contractor) == contractor and level(d) >= confidential
    because "{u.id} is a contractor and {d.name} is {level(d)}"
    help    "ask the owner of {d.product.name} for an extract"
  require audit(level: "high") when level(d) >= confidential
}

policy analysts_read
  title "Analysts read" owner "privacy-office"
on read of Dataset by User as u { allow when u.roles has analyst }

/// Services see personal data as tokens only.
policy services_get_tokens
  title "Services never see personal data" owner "privacy-office"
on consume of Dataset as d by Service {
  for c in d.columns where c.tags has pii { mask c with hash }
}
)BYLAW";

const char kTests[] = R"BYLAW(module council.publishing

policy accountable_owner
  title "Every data product has an accountable owner"
  owner "platform-team" severity critical
on lifecycle of DataProduct as p {
  deny when p.owner is missing
    because "data product {p.name} has no owner"
    help    "add a team member with role owner"
}

policy emails_are_encrypted
  title "No e-mail address is published unencrypted" owner "security"
on publish, deploy of DataProduct as p {
  for d in p.datasets, c in d.columns where c.tags has pii.email {
    deny unless c.encrypted
      because "{d.name}.{c.name} holds e-mail addresses and is not encrypted"
  }
}

given User "ana" { roles: {analyst}, employment: staff }  // shared by the module's tests

test "an analyst sees only the domain of an e-mail" {
  given Dataset "sales.orders" {
    classification: internal,
    columns: {
      Column { name: "email", type: string, tags: {pii.email} },
      Column { name: "total", type: decimal },
    }
  }
  when User "ana" does read on Dataset "sales.orders"
    with { purpose: marketing } at time("2026-11-20T15:00:00Z")
  expect mask "email" with keep_domain
  expect clear "total"
}

test "a new version may not lose its owner" {
  given DataProduct "orders" {
    name: "orders", owner: User "ana", version: version("1.0.0")
  }
  when User "ana" does publish on DataProduct "orders"
    proposing { name: "orders", version: version("1.1.0") }
  expect deny by accountable_owner because contains "no owner"
}
)BYLAW";

const char kScopes[] = R"BYLAW(module council
scope org root { owner "governance-council" }

scope sales under org {
  owner   "sales-data-team"
  governs DataProduct as p where p.domain == Domain "sales"
  governs Dataset as d     where d.product.domain == Domain "sales"
  may allow read, export of Dataset as d when level(d) <= internal
  may override council.defaults  // a policy or a whole module
}

waiver sales_2281 of council.quality.has_checks {
  on DataProduct as p where p.id == "urn:acme:sales:orders"
  reason "checks are being migrated" ticket "SALES-2281"
  requested "sales-data-team" approved "platform-team"
  from date("2026-11-01") until date("2027-01-31")
}
)BYLAW";

TEST_CASE("the design's samples are formatted already") {
  for (const char* text : {kSample, kTests, kScopes}) {
    CHECK(Format(text) == text);
  }
}

TEST_CASE("layout") {
  struct Case {
    const char* before;
    const char* after;
  };
  const Case cases[] = {
      {"module   m\n\n\n\nimport a", "module m\n\nimport a\n"},
      {"module m def x:Int=1", "module m\ndef x: Int = 1\n"},
      {"module m\nentity E{a:Int,b:Set<Int>={}transitive}",
       "module m\nentity E { a: Int, b: Set<Int> = {} transitive }\n"},
      {"module m\nentity E{\na:Int,\n\nb:Int,}",
       "module m\nentity E {\n  a: Int,\n\n  b: Int,\n}\n"},
      {"module m\ntype U=A|B", "module m\ntype U = A | B\n"},
      {"module m\npolicy p title \"t\" owner \"o\" on a of B{allow}",
       "module m\n\npolicy p\n  title \"t\" owner \"o\"\non a of B { allow "
       "}\n"},
      {"module m\npolicy p title \"t\"\nowner \"o\" on a of B{deny because "
       "\"x\"\nallow}",
       "module m\n\npolicy p\n  title \"t\"\n  owner \"o\"\non a of B {\n  "
       "deny "
       "because \"x\"\n  allow\n}\n"},
      {"module m\n// a\n\n/* b */ def x: Int = 1 // c\n// d",
       "module m\n// a\n\n/* b */\ndef x: Int = 1  // c\n// d\n"},
      {"module m\npolicy p title \"t\" owner \"o\" on a of B {\nfor c\n/* "
       "a\n b */ in xs { hide c }\n}",
       "module m\n\npolicy p\n  title \"t\" owner \"o\"\non a of B {\n  /* "
       "a\n   b */\n  for c in xs {\n    hide c\n  }\n}\n"},
      {"module m\ndef x: Int = 1 + // one\n    2",
       "module m\ndef x: Int = 1 + // one\n    2\n"},
  };
  for (const Case& each : cases) {
    INFO(each.before);
    CHECK(Format(each.before) == each.after);
    CHECK(Format(each.after) == each.after);
  }
}

TEST_CASE("long lines break") {
  std::string condition = "c1.tags has pii";
  for (int i = 2; i < 12; ++i) {
    condition += " and c" + std::to_string(i) + ".tags has pii";
  }
  const std::string text =
      "module m\npolicy p title \"t\" owner \"o\" on read of Dataset as d { "
      "deny when " +
      condition + " because \"x\" allow when f(" + condition +
      ") or {aaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbb, "
      "cccccccccccccccccccccccccccc, ddddddddddddddd} has x }";
  const std::string out = Format(text);
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.size() <= static_cast<size_t>(kFormatColumns));
  }
  CheckKeeps(text);
}

TEST_CASE("`and` stands deeper than the `or` around it") {
  const std::string a = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const std::string b = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  const std::string text = "module m\ndef x: Bool =\n  " + a + "\n    and " +
                           b + "\n    and " + a + "\n  or " + b + "\n  or " +
                           b + "\n    and (" + a + " or " + b + ")\n    and " +
                           a + "\n";
  CHECK(Format(text) == text);
  CheckKeeps(text);
}

TEST_CASE("brackets that were opened up are no break before a clause") {
  const std::string word(40, 'w');
  const std::string left = "(r." + word + " == r." + word + ")";
  const char* clauses[] = {
      "drop rows r where (LEFT or LEFT) unless true",
      "deny when (LEFT or LEFT) unless (LEFT or LEFT) because \"b\"",
      "require duty((LEFT or LEFT), \"x\",) when true",
      "let x = (LEFT or LEFT)",
      "for x in xs where (LEFT or LEFT) { deny because \"b\" }"};
  for (std::string rule : clauses) {
    for (size_t at; (at = rule.find("LEFT")) != std::string::npos;) {
      rule.replace(at, 4, left);
    }
    const std::string once =
        Format("module a\npolicy p title \"t\" owner \"o\" on read of D { " +
               rule + " }\n");
    INFO(once);
    CHECK(Format(once) == once);
  }
}

TEST_CASE("long signatures break") {
  std::string one = "a0: Set<String>";
  for (int i = 1; i < 8; ++i) {
    one += ", a" + std::to_string(i) + ": Set<String>";
  }
  for (const std::string& text :
       {"module m\ndef f(" + one + "): Set<String> = a0",
        "module m\ndef f(" + one + "): Set<String> = {" + one.substr(0, 2) +
            "}",
        "module m\nobligation o(" + one + ")"}) {
    const std::string out = Format(text);
    CHECK(out.find("(\n    a0: Set<String>,\n    a1") != std::string::npos);
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(line.size() <= static_cast<size_t>(kFormatColumns));
    }
    CheckKeeps(text);
  }
}

TEST_CASE("long lists open on the line of their name") {
  std::string names = "a0";
  std::string arms = "a0: 0";
  for (int i = 1; i < 60; ++i) {
    names += ", a" + std::to_string(i);
    arms += ", a" + std::to_string(i) + ": 0";
  }
  for (const std::string& value :
       {"{" + names + "}", "[" + names + "]", "match p { " + arms + " }",
        "f(" + names + ")", "x in {" + names + "} or y in {" + names + "}",
        "if x in {" + names + "} then [" + names + "] else f(" + names + ")",
        "any(x in {" + names + "} where x.y == z)"}) {
    CheckKeeps("module m\ndef x: T = " + value);
    CheckKeeps("module m\ndef x: T =\n  " + value);
    CheckKeeps(
        "module m\npolicy p title \"t\" owner \"o\" on a of B {\n  let x = " +
        value + "\n  deny when " + value + " because \"x\"\n}");
  }
  CHECK(Format("module m\ndef x: T = {" + names + "}")
            .rfind("module m\ndef x: T = {\n  a0, a1,", 0) == 0);
}

TEST_CASE("a file with errors is not formatted") {
  CHECK(Format("module m\ndef x: Int = 1 <").rfind("BROKEN", 0) == 0);
}

// Space and comments in all places: what the text says must not change.
TEST_CASE("spaces and comments anywhere keep meaning and comments") {
  std::mt19937 random(20261120);
  for (const char* sample : {kSample, kTests, kScopes}) {
    // The places between tokens: next to a space outside of texts.
    const std::string text = sample;
    std::vector<size_t> places;
    bool quoted = false;
    bool comment = false;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text.compare(i, 2, "//") == 0 && !quoted) comment = true;
      if (text[i] == '\n') comment = false;
      if (text[i] == '"' && !comment) quoted = !quoted;
      if (!quoted && !comment && (text[i] == ' ' || text[i] == '\n')) {
        places.push_back(i);
      }
    }
    for (int round = 0; round < 60; ++round) {
      std::string changed = text;
      std::vector<size_t> chosen;
      const int count = 1 + static_cast<int>(random() % 6);
      for (int i = 0; i < count; ++i) {
        chosen.push_back(places[random() % places.size()]);
      }
      std::sort(chosen.rbegin(), chosen.rend());
      for (size_t place : chosen) {
        static const char* const kInserts[] = {
            "\n",
            "  ",
            "\n\n\n",
            " /* x */ ",
            " // note\n",
            "\n// own\n",
            "\n\n/* a\n b */\n",
            "\t",
            "\n  // one\n  // two\n",
        };
        changed.insert(place, kInserts[random() % 9]);
      }
      INFO(changed);
      CheckKeeps(changed);
    }
  }
}

TEST_CASE("every policy file of the repository can be formatted") {
  namespace fs = std::filesystem;
  int files = 0;
  for (const char* folder : {"policies", "examples", "bench", "tests"}) {
    const fs::path root = fs::path(BYLAW_SOURCE_DIR) / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".bylaw") continue;
      std::ifstream in(entry.path());
      std::stringstream text;
      text << in.rdbuf();
      SourceFile source(entry.path().string(), text.str());
      DiagnosticSink sink;
      if (!FormatFile(source, sink)) continue;  // a test's broken input
      ++files;
      INFO(entry.path().string());
      CheckKeeps(text.str());
    }
  }
  CHECK(files > 5);
}

}  // namespace
}  // namespace bylaw
