// The manifest: what is read, and what is wrong with its place.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "compiler/manifest.h"
#include "compiler/yaml_tree.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 24 * 3600 * kSecond;

struct Read {
  explicit Read(std::string text) : source("bylaw.yaml", std::move(text)) {
    manifest = ParseManifest(source, {"standard"}, sink);
    sink.Sort();
  }
  // "BL3005 4:3" for each diagnostic.
  std::string Found() const {
    std::string all;
    for (const Diagnostic& d : sink.diagnostics()) {
      if (!all.empty()) all += ", ";
      all += std::string(InfoOf(d.code).id) + " " +
             std::to_string(d.Start().line) + ":" +
             std::to_string(d.Start().column);
    }
    return all;
  }
  SourceFile source;
  DiagnosticSink sink;
  Manifest manifest;
};

// The sample of decisions.md.
constexpr char kSample[] = R"(# bylaw.yaml
mesh: acme
timezone: Europe/Paris                  # dates begin at 00:00 here; UTC unless set
scopes:
  org:   { modules: council, sources: [council/**.bylaw] }
  sales: { modules: sales,   sources: [domains/sales/**.bylaw] }
packs: [standard]                       # shipped policies, owned by the root
facts: [facts/**.yaml, products/**.odcs.yaml]
enforcement:                            # longest prefix of whole names wins; one without policy is an error
  council.naming:   advisory
  council.defaults: overridable
  council.quality:  overridable
  council.retention: { grace: 2027-01-31, then: mandatory }
mapping:                                # a descriptor's free text onto vocabularies
  classification: { "Highly Restricted": restricted, pii: confidential }
  tags: { email: pii.email }
waivers: { maximum: 180d }
keep: { default: 5m, with_now: 60s, maximum: 1d }      # how long answers may be kept (defaults, as of waivers)
keys: { mask: env:BYLAW_MASK_KEY }
sql:  { trino: { hash: governance.mask_hash } }
)";

const char kHead[] =
    "mesh: m\nscopes: { org: { modules: council, sources: [a.bylaw] } }\n";

TEST_CASE("the sample of the design is read") {
  const Read read(kSample);
  REQUIRE(read.Found() == "");
  const Manifest& m = read.manifest;
  CHECK(m.settings.mesh == "acme");
  CHECK(m.settings.timezone == "Europe/Paris");
  REQUIRE(m.scopes.size() == 2);
  CHECK(m.scopes[1].name.text == "sales");
  CHECK(m.scopes[1].modules.text == "sales");
  CHECK(m.scopes[1].sources[0].text == "domains/sales/**.bylaw");
  CHECK(m.packs.at(0).text == "standard");
  CHECK(m.settings.facts ==
        std::vector<std::string>{"facts/**.yaml", "products/**.odcs.yaml"});
  REQUIRE(m.enforcement.size() == 4);
  CHECK(m.enforcement[0].level == Level::kAdvisory);
  CHECK(m.enforcement[1].level == Level::kOverridable);
  CHECK(m.enforcement[3].level == Level::kMandatory);
  // 2027-01-31 begins in Paris an hour before it does in UTC.
  CHECK(m.enforcement[3].grace_until == 1801350000LL * kSecond);
  REQUIRE(m.mappings.size() == 3);
  CHECK(m.mappings[0].from.text == "Highly Restricted");
  CHECK(m.longest_waiver == 180 * kDay);
  CHECK(m.settings.keep_default == 300 * kSecond);
  CHECK(m.settings.keep_with_now == 60 * kSecond);
  CHECK(m.settings.keep_maximum == kDay);
  CHECK(m.settings.keys.at("mask") == "env:BYLAW_MASK_KEY");
  CHECK(m.settings.hash_functions.at("trino") == "governance.mask_hash");
}

TEST_CASE("what is left out has its default") {
  const Read read(kHead);
  REQUIRE(read.Found() == "");
  CHECK(read.manifest.settings.timezone == "UTC");
  CHECK(read.manifest.longest_waiver == 180 * kDay);
  CHECK(read.manifest.settings.keep_default == 300 * kSecond);
  CHECK(read.manifest.settings.keep_with_now == 60 * kSecond);
  CHECK(read.manifest.settings.keep_maximum == kDay);
}

TEST_CASE("every wrong key, type and value has its code and place") {
  struct Case {
    std::string text;
    std::string found;
  };
  const std::vector<Case> cases = {
      {"", "BL3007 1:1"},
      {"# nothing\n", "BL3007 1:1"},
      {"just text\n", "BL3008 1:1"},
      {"[a, b]\n", "BL3008 1:1"},
      {"mesh: m\n", "BL3007 1:1"},
      {"scopes: { org: { modules: council, sources: [a] } }\n", "BL3007 1:1"},
      {std::string(kHead) + "timezon: UTC\n", "BL3005 3:1"},
      {std::string(kHead) + "mesh: again\n", "BL3006 3:1"},
      {std::string(kHead) + "timezone: Mars/Olympus\n", "BL3010 3:11"},
      {std::string(kHead) + "timezone: [UTC]\n", "BL3008 3:11"},
      {std::string(kHead) + "timezone:\n", "BL3008 3:1"},
      {std::string(kHead) + "packs: standard\n", "BL3008 3:8"},
      {std::string(kHead) + "packs: [standart]\n", "BL3014 3:9"},
      {std::string(kHead) + "packs: [standard, standard]\n", "BL3006 3:19"},
      {std::string(kHead) + "facts: [/etc/passwd]\n", "BL3016 3:9"},
      {std::string(kHead) + "facts: [../x.yaml]\n", "BL3016 3:9"},
      {std::string(kHead) + "facts: ['a\\b.yaml']\n", "BL3016 3:9"},
      {std::string(kHead) + "enforcement: { council.x: advisery }\n",
       "BL3013 3:27"},
      {std::string(kHead) + "enforcement: { Council..x: advisory }\n",
       "BL3009 3:16"},
      {std::string(kHead) + "enforcement: [council.x]\n", "BL3008 3:14"},
      {std::string(kHead) +
           "enforcement: { council.x: { grace: 2027-02-30, then: mandatory } "
           "}\n",
       "BL3011 3:36"},
      {std::string(kHead) +
           "enforcement: { council.x: { grace: 2027-02-03 } }\n",
       "BL3007 3:27"},
      {std::string(kHead) +
           "enforcement: { council.x: { grace: 2027-02-03, then: advisery } "
           "}\n",
       "BL3013 3:54"},
      {std::string(kHead) +
           "enforcement: { council.x: { grade: 2027-02-03, then: mandatory } "
           "}\n",
       "BL3007 3:27, BL3005 3:29"},
      {std::string(kHead) + "mapping: { classification: restricted }\n",
       "BL3008 3:28"},
      {std::string(kHead) + "mapping: { tags: { email: [pii] } }\n",
       "BL3008 3:27"},
      {std::string(kHead) + "waivers: { maximum: half a year }\n",
       "BL3012 3:21"},
      {std::string(kHead) + "waivers: { maximum: 0s }\n", "BL3012 3:21"},
      {std::string(kHead) + "waivers: { minimum: 1d }\n", "BL3005 3:12"},
      {std::string(kHead) + "keep: { default: 5 }\n", "BL3012 3:18"},
      {std::string(kHead) + "keep: { with_now: 6mo }\n", "BL3012 3:19"},
      {std::string(kHead) + "keys: { mask: hunter2 }\n", "BL3009 3:15"},
      {std::string(kHead) + "keys: { hash: env:X }\n", "BL3005 3:9"},
      {std::string(kHead) + "sql: { trino: { hash: a-b } }\n", "BL3009 3:23"},
      {std::string(kHead) + "sql: { oracle: { hash: a.b } }\n", "BL3015 3:8"},
      {std::string(kHead) + "sql: { trino: { mask: a.b } }\n", "BL3005 3:17"},
      {std::string(kHead) + "serve: { listen: [1, 2] }\n", "BL3008 3:18"},
      {"mesh: m\nscopes: {}\n", "BL3007 2:9"},
      {"mesh: m\nscopes:\n  org: { modules: council }\n", "BL3007 3:8"},
      {"mesh: m\nscopes:\n  org: { modules: 1x, sources: [a] }\n",
       "BL3009 3:19"},
      {"mesh: m\nscopes:\n  Org: { modules: o, sources: [a] }\n", "BL3009 3:3"},
      {"mesh: m\nscopes:\n  org: { modules: o, sources: a.bylaw }\n",
       "BL3008 3:31"},
      {"mesh: m\nscopes: [\n", "BL3003 2:9"},
      {std::string(kHead) + "facts: [a, b\nkeep: {}\n", "BL3003 3:8"},
      {std::string(kHead) + "facts:\n  - [a, b\nkeep: { default: 5m }\n",
       "BL3003 4:5"},
      {std::string(kHead) + "keep: { default: 5m\nfacts: [a]\n", "BL3003 3:7"},
      {std::string(kHead) + "sql: { trino: { hash: [a } }\n", "BL3003 3:23"},
      {std::string(kHead) + "facts: [a]]\n", "BL3003 3:11"},
      // Not closed: to the end of the file, or up to a later quote.
      {std::string(kHead) + "timezone: \"UTC\n", "BL3003 3:11"},
      {std::string(kHead) + "timezone: 'UTC\nenforcement: {}\n", "BL3003 3:11"},
      {std::string(kHead) + "timezone: \"UTC\nfacts: [\"a\"]\n", "BL3003 3:11"},
      {std::string(kHead) + "facts: [\"a, b]\n", "BL3003 3:9"},
      {std::string(kHead) + "facts: &f [a, 'it''s', \"\\\"\"]\n", ""},
      {std::string(kHead) + "facts:\n  - \"a\n    b\"\n", ""},
      {std::string(kHead) + "facts:\n  - a\n  -\n\n  - b\n", "BL3008 5:3"},
      {std::string(kHead) + "timezone: UTC\x04\nserve: {}\n", "BL3003 3:14"},
      {std::string(kHead) + "serve: { max_items: many }\n", "BL3009 3:21"},
      {std::string(kHead) + "serve: { max_items: 0 }\n", "BL3009 3:21"},
      {std::string(kHead) + "serve: { listen: nowhere }\n", "BL3009 3:18"},
      {std::string(kHead) + "serve: { watch: maybe }\n", "BL3009 3:17"},
      {std::string(kHead) + "serve: { log_level: loud }\n", "BL3009 3:21"},
      {std::string(kHead) +
           "serve: { listen: '[::1]:7070', metrics: ':1', watch: false }\n",
       ""},
      {std::string(kHead) + "serve: { metrics: ':x' }\n", "BL3009 3:19"},
      {std::string(kHead) + "serve: { listen: ':1' }\n", "BL3009 3:18"},
      {"mesh: m\n\tscopes: {}\n", "BL3003 2:1"},
      {"mesh: m\n---\nmesh: n\n", "BL3007 1:1, BL3003 3:1"},
      {"mesh: \xff\n", "BL3003 1:1"},
      {"mesh: m\n\nmesh: \xff\n", "BL3003 3:1"},
      {"? [a]\n: b\nmesh: m\nscopes: { o: { modules: o, sources: [] } }\n",
       "BL3003 1:3"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(Read(c.text).Found() == c.found);
  }
}

TEST_CASE("a wrong key suggests the right one") {
  const Read read(std::string(kHead) + "enforcment: {}\n");
  REQUIRE(read.sink.diagnostics().size() == 1);
  CHECK(read.sink.diagnostics()[0].suggestion == "did you mean `enforcement`?");
}

TEST_CASE("columns count code points") {
  const Read read(std::string(kHead) +
                  "mapping: { tags: { \"\xC3\xA9t\xC3\xA9\": [x] } }\n");
  CHECK(read.Found() == "BL3008 3:27");
}

TEST_CASE("serve keeps its values as text") {
  const Read read(std::string(kHead) +
                  "serve: { listen: 0.0.0.0:7070, max_items: 10 }\n");
  REQUIRE(read.Found() == "");
  CHECK(read.manifest.serve.at("listen") == "0.0.0.0:7070");
  CHECK(read.manifest.serve.at("max_items") == "10");
}

TEST_CASE("serve has the keys of the command's flags") {
  std::ifstream in(BYLAW_SOURCE_DIR "/cli/serve.cc");
  std::vector<std::string> flags;
  for (std::string line; std::getline(in, line);) {
    const std::string mark = "  add(\"";
    const size_t at = line.find(mark);
    if (at == std::string::npos) continue;
    const size_t begin = at + mark.size();
    std::string flag = line.substr(begin, line.find('"', begin) - begin);
    std::replace(flag.begin(), flag.end(), '-', '_');
    flags.push_back(flag);
  }
  std::vector<std::string> keys;
  for (const ServeSetting& s : ServeSettingsTable()) keys.push_back(s.key);
  CHECK(flags == keys);
  CHECK(Read(std::string(kHead) + "serve: { lissen: x }\n").Found() ==
        "BL3005 3:10");
}

TEST_CASE("aliases work, and cannot blow up") {
  const Read read(
      "mesh: m\nscopes:\n  a: { modules: a, sources: &s [x.bylaw] }\n"
      "  b: { modules: b, sources: *s }\n");
  CHECK(read.Found() == "");
  CHECK(read.manifest.scopes.at(1).sources.at(0).text == "x.bylaw");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  const Read exploded(bomb);
  CHECK(exploded.Found().substr(0, 6) == "BL3004");

  const Read cyclic("a: &a [*a]\n");
  CHECK(cyclic.Found() == "BL3003 1:8");
}

TEST_CASE("depth and size are limited") {
  const Read deep(std::string(100, '[') + std::string(100, ']'));
  CHECK(deep.Found() == "BL3004 1:21");
  const Read deeper(std::string(1'000'000, '['));
  CHECK(deeper.Found().substr(0, 6) == "BL3004");
  const Read large("mesh: " + std::string(kMaxYamlBytes, 'x'));
  CHECK(large.Found() == "BL3004 1:1");
}

TEST_CASE("prefixes are whole names") {
  CHECK(IsUnderPrefix("council.naming.x", "council.naming"));
  CHECK(IsUnderPrefix("council", "council"));
  CHECK_FALSE(IsUnderPrefix("council.namings", "council.naming"));
  CHECK_FALSE(IsUnderPrefix("council", "council.naming"));
}

TEST_CASE("patterns") {
  CHECK(GlobMatch("council/**.bylaw", "council/a.bylaw"));
  CHECK(GlobMatch("council/**.bylaw", "council/a/b.bylaw"));
  CHECK_FALSE(GlobMatch("council/**.bylaw", "council2/a.bylaw"));
  CHECK_FALSE(GlobMatch("council/**.bylaw", "x/council/a.bylaw"));
  CHECK(GlobMatch("council/*.bylaw", "council/a.bylaw"));
  CHECK_FALSE(GlobMatch("council/*.bylaw", "council/a/b.bylaw"));
  CHECK(GlobMatch("council/**/a.bylaw", "council/a.bylaw"));
  CHECK(GlobMatch("council/**/a.bylaw", "council/x/y/a.bylaw"));
  CHECK_FALSE(GlobMatch("council/**/a.bylaw", "council/xa.bylaw"));
  CHECK(GlobMatch("**.bylaw", "a/b/c.bylaw"));
  CHECK(GlobMatch("**/c.bylaw", "c.bylaw"));
  CHECK(GlobMatch("a?.bylaw", "ab.bylaw"));
  CHECK_FALSE(GlobMatch("a?b", "a/b"));
  CHECK_FALSE(GlobMatch("", "a"));
  CHECK(GlobMatch("**", ""));
  // Many stars over a long text take no exponential time.
  const std::string text(4000, 'a');
  CHECK_FALSE(GlobMatch("*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

}  // namespace
}  // namespace bylaw
