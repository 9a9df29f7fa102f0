// Facts: what loads and how, what is refused and where, closing, positions,
// saving.
#include "evaluator/facts.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "descriptors/load.h"
#include "evaluator/facts_builder.h"
#include "evaluator/value_node.h"
#include "tests/catch.h"
#include "tests/unit/facts_mesh.h"

namespace bylaw {
namespace {

using test::MakeMesh;
using Files = std::vector<std::pair<std::string, std::string>>;

LoadedFacts Load(const Files& files) {
  return LoadFactTexts(MakeMesh(), files);
}
LoadedFacts LoadYaml(const std::string& text) {
  return Load({{"f.yaml", text}});
}

// `file:line:column code`, one a finding.
std::string Codes(const std::vector<FactError>& errors) {
  std::string s;
  for (const FactError& e : errors) {
    if (!s.empty()) s += "; ";
    s += e.file + ":" + std::to_string(e.line) + ":" +
         std::to_string(e.column) + " " + e.code;
  }
  return s;
}

const EntityRecord& Get(const Facts& f, const char* type, const char* id) {
  const uint32_t e = f.Lookup(f.program().schema.FindEntity(type), id);
  REQUIRE(e != kNone);
  return *f.Find(e);
}
uint32_t Number(const Facts& f, const char* type, const char* id) {
  return f.LookupNamed(f.program().schema.FindEntity(type), id);
}
uint32_t Slot(const Facts& f, const char* type, const char* name) {
  const Schema& s = f.program().schema;
  return Schema::FindAttribute(s.entities[s.FindEntity(type)].attributes, name);
}
const Value& Read(const Facts& f, const char* type, const char* id,
                  const char* name) {
  return Get(f, type, id).slots[Slot(f, type, name)];
}
// Ids of a set of entities, with blanks between.
std::string Ids(const Facts& f, const Value& v) {
  std::string s;
  for (uint32_t i = 0; i < v.size; ++i) {
    if (i) s += " ";
    s += f.Text(f.IdOf(v.cells[i]));
  }
  return s;
}

constexpr const char* kOrders = R"(User:
  ana: { roles: [analyst], domain: sales, mfa: true }
  bo: {}
Domain:
  sales: { name: Sales }
DataProduct:
  orders:
    name: Orders
    version: 1.2.0
    domain: sales
    team: [bo, ana, bo]
    slas:
      - { property: latency, value: 4.5, unit: h }
    datasets:
      lines:
        classification: internal
        columns:
          email: { type: string, tags: [pii.email], upstream: [crm.people.mail] }
          total: { type: decimal }
      "odd.name": { name: Odd }
  crm:
    name: CRM
Dataset:
  crm.people:
    name: people
    product: crm
    columns:
      mail: { upstream: [web.in.mail] }
  web.in:
    name: in
    columns: { mail: {} }
)";

TEST_CASE("facts in files become entities with slots") {
  const LoadedFacts loaded = LoadYaml(kOrders);
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  CHECK(f.Text(Read(f, "Domain", "sales", "name").size) == "Sales");
  CHECK(Read(f, "User", "ana", "roles").size == 1);
  CHECK(Read(f, "User", "bo", "roles").kind == Kind::kSet);
  CHECK(Read(f, "User", "bo", "roles").size == 0);
  CHECK(Read(f, "User", "bo", "domain").missing());
  CHECK(Read(f, "DataProduct", "orders", "version").version->minor == 2);
  // A list keeps order and repetitions.
  CHECK(Ids(f, Read(f, "DataProduct", "orders", "team")) == "bo ana bo");
  const Value& slas = Read(f, "DataProduct", "orders", "slas");
  REQUIRE(slas.size == 1);
  CHECK(slas.values[0].values[1].number == 4'500'000);
  CHECK(slas.values[0].values[3].missing());
  // Defaults.
  CHECK(Read(f, "Column", "orders.lines.total", "encrypted").kind ==
        Kind::kBool);
  CHECK_FALSE(f.Holds(Number(f, "Column", "orders.lines.total"),
                      Slot(f, "Column", "encrypted")));
}

TEST_CASE("nested children have the parent's id, a dot and their name") {
  const LoadedFacts loaded = LoadYaml(kOrders);
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  CHECK(f.Text(Read(f, "Dataset", "orders.lines", "name").size) == "lines");
  CHECK(f.Text(Read(f, "Dataset", "orders.odd.name", "name").size) == "Odd");
  CHECK(Ids(f, Read(f, "DataProduct", "orders", "datasets")) ==
        "orders.lines orders.odd.name");
  const Value& product = Read(f, "Dataset", "orders.lines", "product");
  CHECK(product.kind == Kind::kEntity);
  CHECK(product.size == Number(f, "DataProduct", "orders"));
  const uint32_t email = Number(f, "Column", "orders.lines.email");
  CHECK(f.IsWithin(email, Number(f, "Dataset", "orders.lines")));
  CHECK(f.IsWithin(email, Number(f, "DataProduct", "orders")));
  CHECK(f.IsWithin(email, email));
  CHECK_FALSE(f.IsWithin(email, Number(f, "DataProduct", "crm")));
  CHECK(f.Find(email)->num_ancestors == 3);
  // The other side of an inverse, stated at the child.
  CHECK(Ids(f, Read(f, "DataProduct", "crm", "datasets")) == "crm.people");
  CHECK(f.IsWithin(Number(f, "Dataset", "crm.people"),
                   Number(f, "DataProduct", "crm")));
  CHECK(f.ColumnNamed(Number(f, "Dataset", "orders.lines"), "email") == email);
  CHECK(f.ColumnNamed(Number(f, "Dataset", "orders.lines"), "mail") == kNone);
}

TEST_CASE("transitive attributes are closed, and known as written") {
  const LoadedFacts loaded = LoadYaml(kOrders);
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  CHECK(Ids(f, Read(f, "Column", "orders.lines.email", "upstream")) ==
        "crm.people.mail web.in.mail");
  CHECK(Ids(f, f.Unclosed(Number(f, "Column", "orders.lines.email"),
                          Slot(f, "Column", "upstream"))) == "crm.people.mail");
  const LoadedFacts cycle = LoadYaml(
      "Dataset:\n  d: { name: d, columns: { a: { upstream: [d.b] }, b: { "
      "upstream: [d.a] }, c: { upstream: [d.a] } } }\n");
  REQUIRE(cycle.facts != nullptr);
  CHECK(Ids(*cycle.facts, Read(*cycle.facts, "Column", "d.a", "upstream")) ==
        "d.a d.b");
  CHECK(Ids(*cycle.facts, Read(*cycle.facts, "Column", "d.c", "upstream")) ==
        "d.a d.b");
}

TEST_CASE("parents come from `in`, nesting and inverses") {
  const LoadedFacts loaded = LoadYaml(R"(Group:
  all: {}
  eu: { in: all }
  staff: { in: [all] }
User:
  ana: { in: [eu, staff] }
)");
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  CHECK(f.IsWithin(Number(f, "User", "ana"), Number(f, "Group", "all")));
  CHECK(Get(f, "User", "ana").num_parents == 2);
  CHECK(Codes(LoadYaml("Group:\n  a: { in: b }\n  b: { in: a }\n").errors) ==
        "f.yaml:2:3 BL5015");
  CHECK(Codes(LoadYaml("Group:\n  a: { in: a }\n").errors) ==
        "f.yaml:2:3 BL5015");
  CHECK(Codes(LoadYaml("Domain:\n  a: { in: a }\n").errors) ==
        "f.yaml:2:12 BL5014");
  CHECK(Codes(LoadYaml("Group:\n  a: { in: nobody }\n").errors) ==
        "f.yaml:2:12 BL5011");
}

TEST_CASE("unions, maps, addresses, durations, numbers") {
  const LoadedFacts loaded = LoadYaml(R"(Service: { loader: {} }
User: { ana: {} }
Ticket:
  t1:
    by: { type: Service, id: loader }
    priority: -3
    amount: 12.500000
    labels: { a: x, "b c": y }
    from: 10.0.0.0/8
    after: 1h30m
  t2:
    by: { type: User, id: ana }
    priority: "9007199254740993"
    amount: "0.000001"
)");
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  CHECK(f.TypeOf(Read(f, "Ticket", "t1", "by").size) ==
        f.program().schema.FindEntity("Service"));
  CHECK(Read(f, "Ticket", "t1", "priority").number == -3);
  CHECK(Read(f, "Ticket", "t1", "amount").number == 12'500'000);
  CHECK(Read(f, "Ticket", "t2", "amount").number == 1);
  CHECK(Read(f, "Ticket", "t2", "priority").number == 9007199254740993);
  CHECK(Read(f, "Ticket", "t1", "labels").size == 2);
  CHECK(Read(f, "Ticket", "t1", "from").ip->bits == 8);
}

TEST_CASE("a decimal may have an exponent") {
  const auto amount = [](const std::string& number) {
    const LoadedFacts loaded = LoadYaml(
        "User: { ana: {} }\nTicket: { t: { by: { type: User, id: ana }, "
        "priority: 1, amount: " +
        number + " } }\n");
    return loaded.facts == nullptr
               ? Codes(loaded.errors)
               : std::to_string(
                     Read(*loaded.facts, "Ticket", "t", "amount").number);
  };
  for (const char* number : {"0.012", "1.2e-2", "12E-3", "120e-4", "0.12e-1"}) {
    INFO(number);
    CHECK(amount(number) == "12000");
  }
  CHECK(amount("-1.2e+1") == "-12000000");
  for (const char* number : {"1e", "1e+", "1e2x", "1e-7", "1e99999999999"}) {
    INFO(number);
    CHECK(amount(number).starts_with("f.yaml:"));
  }
}

TEST_CASE("what is wrong in facts is refused with its place") {
  const std::pair<const char*, const char*> cases[] = {
      {"Uzer:\n  ana: {}\n", "f.yaml:1:1 BL5006"},
      {"User:\n  ana: { rolez: [] }\n", "f.yaml:2:10 BL5007"},
      {"User:\n  ana: { id: ana }\n", "f.yaml:2:10 BL5007"},
      {"User:\n  ana: { roles: analyst }\n", "f.yaml:2:17 BL5008"},
      {"User:\n  ana: { roles: [analist] }\n", "f.yaml:2:18 BL5010"},
      {"User:\n  ana: { country: fr }\n", "f.yaml:2:19 BL5010"},
      {"User:\n  ana: { domain: sales }\n", "f.yaml:2:18 BL5011"},
      {"User:\n  ana: { domain: 7 }\n", "f.yaml:2:18 BL5008"},
      {"User:\n  ana: { device: 7 }\n", "f.yaml:2:18 BL5008"},
      {"User:\n  ana: { device: null }\n", "f.yaml:2:18 BL5017"},
      {"User:\n  ana: { device: ~ }\n", "f.yaml:2:18 BL5017"},
      // Nothing after a key is shown at the key, not at what comes next.
      {"User:\n  ana:\n    device:\n\n    # why\n    mfa: true\n",
       "f.yaml:3:5 BL5017"},
      {"User:\n  ana:\n    device:\n", "f.yaml:3:5 BL5017"},
      {"User:\n  ana:\n    roles:\n      - analyst\n      -  # none\n\n    "
       "mfa: true\n",
       "f.yaml:5:7 BL5017"},
      // Quotes and brackets that are not closed are shown where they open.
      {"User:\n  ana:\n    device: \"d1\n    roles: [analyst]\n  bo: {}\n",
       "f.yaml:3:13 BL5002"},
      {"User:\n  ana:\n    device: 'd1\n", "f.yaml:3:13 BL5002"},
      {"User:\n  ana:\n    device: 'd1\n    born: 'x'\n", "f.yaml:3:13 BL5002"},
      {"User:\n  ana: { device: \"d1 }\n  bo: { device: \"d2\" }\n",
       "f.yaml:2:18 BL5002"},
      {"User:\n  ana:\n    roles: [analyst\n    mfa: true\n",
       "f.yaml:3:12 BL5002"},
      {"User:\n  ana: { roles: [analyst }\n  bo: {}\n", "f.yaml:2:17 BL5002"},
      {"- [a, b\n- c\n", "f.yaml:1:3 BL5002"},
      {"User:\n  ana: { device: d1 ]\n", "f.yaml:2:21 BL5002"},
      {"User:\n  ana: { device: d1\x04 }\n", "f.yaml:2:20 BL5002"},
      {"User:\n  ana: { mfa: yes }\n", "f.yaml:2:15 BL5008"},
      {"User:\n  ana: { born: 2026-13-01 }\n", "f.yaml:2:16 BL5018"},
      {"User:\n  ana: { born: 2026-02-30 }\n", "f.yaml:2:16 BL5018"},
      {"User: [ana]\n", "f.yaml:1:7 BL5005"},
      {"- ana\n", "f.yaml:1:1 BL5005"},
      {"User:\n  ana: 7\n", "f.yaml:2:8 BL5005"},
      {"User:\n  ana: {}\n  ana: {}\n", "f.yaml:3:3 BL5003"},
      {"User:\n  ana: { mfa: true, mfa: true }\n", "f.yaml:2:21 BL5003"},
      {"DataProduct:\n  p: {}\n", "f.yaml:2:3 BL5013"},
      {"DataProduct:\n  p: { name: p, version: 1.0 }\n", "f.yaml:2:26 BL5008"},
      {"DataProduct:\n  p: { name: p, slas: [{ unit: h }] }\n",
       "f.yaml:2:24 BL5013"},
      {"DataProduct:\n  p: { name: p, slas: [{ property: a, valu: 1 }] }\n",
       "f.yaml:2:39 BL5007"},
      {"Service: { s: {} }\nTicket:\n  t: { priority: 1.5, by: { type: "
       "Service, id: s } }\n",
       "f.yaml:3:18 BL5009"},
      {"Service: { s: {} }\nTicket:\n  t: { priority: 9007199254740993, by: { "
       "type: Service, id: s } }\n",
       "f.yaml:3:18 BL5009"},
      {"Service: { s: {} }\nTicket:\n  t: { priority: 1, amount: 0.0000001, "
       "by: { type: Service, id: s } }\n",
       "f.yaml:3:29 BL5009"},
      {"Ticket:\n  t: { priority: 1, by: s }\n", "f.yaml:2:25 BL5008"},
      {"Ticket:\n  t: { priority: 1, by: { type: Group, id: s } }\n",
       "f.yaml:2:33 BL5008"},
      {"Ticket:\n  t: { priority: 1, by: { type: Grupp, id: s } }\n",
       "f.yaml:2:33 BL5006"},
      {"User: {\n", "f.yaml:1:7 BL5002"},
      {"Ticket:\n  t: { amount: \"0.0000001\" }\n",
       "f.yaml:2:3 BL5013; f.yaml:2:3 BL5013; f.yaml:2:16 BL5009"},
      {"Ticket:\n  t: { priority: \"9223372036854775808\" }\n",
       "f.yaml:2:3 BL5013; f.yaml:2:18 BL5009"},
      {"Ticket:\n  t: { priority: \"2026-11-20\" }\n",
       "f.yaml:2:3 BL5013; f.yaml:2:18 BL5008"},
      // A child that contradicts where it is nested.
      {"Dataset:\n  d:\n    name: d\n    columns:\n      c:\n        "
       "dataset: e\n  e: { name: e }\n",
       "f.yaml:6:9 BL5016"},
      {"DataProduct:\n  p: { name: p, datasets: [d] }\n  q: { name: q, "
       "datasets: [d] }\nDataset: { d: { name: d } }\n",
       "f.yaml:3:17 BL5016"},
      {"DataProduct:\n  p: { name: p, datasets: [] }\nDataset:\n  d: { name: "
       "d, product: p }\n",
       "f.yaml:4:17 BL5016"},
      {"Dataset:\n  d:\n    name: d\n    columns: { a: { name: x }, b: { name: "
       "x } }\n",
       "f.yaml:4:32 BL5019"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const LoadedFacts loaded = LoadYaml(text);
    CHECK(Codes(loaded.errors) == expected);
    CHECK(loaded.facts == nullptr);
  }
}

TEST_CASE("one mistake is one error") {
  // What a misspelt type would have declared is not missed besides.
  CHECK(Codes(Load({{"a.yaml",
                     "Domian:\n  sales: {}\nUser:\n  ana: { domain: sales }\n"
                     "  bo: { domain: hr }\n"},
                    {"b.jsonl", R"({"type": "Grup", "id": "g"})"
                                "\n"
                                R"({"type": "User", "id": "cy", "attributes": )"
                                R"({"in": "g"}})"}})
                  .errors) ==
        "a.yaml:1:1 BL5006; a.yaml:5:17 BL5011; b.jsonl:1:10 BL5006");
  CHECK(Codes(LoadYaml("Datset:\n  d: { columns: { c: {} } }\n"
                       "Column:\n  x: { name: x, upstream: [d.c] }\n")
                  .errors) == "f.yaml:1:1 BL5006");
  // Nor what a misspelt attribute would have stated.
  CHECK(Codes(LoadYaml("DataProduct:\n  p: { nme: p }\n").errors) ==
        "f.yaml:2:8 BL5007");
  CHECK(Codes(LoadYaml("DataProduct:\n  p: { name: p, slas: [{ propert: h }] "
                       "}\n")
                  .errors) == "f.yaml:2:26 BL5007");
  CHECK(Codes(LoadYaml("DataProduct:\n  p: { stauts: p }\n").errors) ==
        "f.yaml:2:3 BL5013; f.yaml:2:8 BL5007");
}

TEST_CASE("all errors of all files are reported, with suggestions") {
  const LoadedFacts loaded =
      Load({{"a.yaml", "User:\n  ana: { rolez: [], country: eu.fd }\n"},
            {"b.yaml", "Usr: {}\nUser:\n  bo: { domain: salez }\n"},
            {"c.yaml", "Domain: { sales: {} }\n"}});
  CHECK(Codes(loaded.errors) ==
        "a.yaml:2:10 BL5007; a.yaml:2:30 BL5010; b.yaml:1:1 BL5006; "
        "b.yaml:3:17 BL5011");
  CHECK(loaded.errors[0].suggestion == "did you mean `roles`?");
  CHECK(loaded.errors[1].suggestion == "did you mean `eu.fr`?");
  CHECK(loaded.errors[2].suggestion == "did you mean `User`?");
  CHECK(loaded.errors[3].suggestion == "did you mean `sales`?");
}

TEST_CASE("a file that cannot be read hides no other error, and makes none") {
  CHECK(Codes(Load({{"a.yaml", "Domain: { sales: {}\n"},
                    {"b.yaml", "User:\n  ana: { domain: sales, mfa: 7 }\n"}})
                  .errors) == "a.yaml:1:9 BL5002; b.yaml:2:30 BL5008");
  CHECK(Codes(Load({{"a.yaml",
                     "User:\n  ana: { mfa: 7 }\n  ana: { device: 7 }\n  bo: "
                     "{ mfa: 7 }\n"}})
                  .errors) ==
        "a.yaml:2:15 BL5008; a.yaml:3:3 BL5003; a.yaml:4:14 BL5008");
  CHECK(Codes(Load({{"a.json",
                     "{\"User\": {\"a\": {\"mfa\": 1}, \"a\": 2, "
                     "\"b\": {\"mfa\": 1}}}"}})
                  .errors) ==
        "a.json:1:24 BL5008; a.json:1:28 BL5003; a.json:1:49 BL5008");
}

TEST_CASE("an attribute has one source; an entity may have several") {
  const LoadedFacts twice = Load({{"a.yaml", "User:\n  ana: { mfa: true }\n"},
                                  {"b.yaml", "User:\n  ana: { mfa: true }\n"}});
  CHECK(Codes(twice.errors) == "b.yaml:2:10 BL5012");
  const LoadedFacts joined =
      Load({{"a.yaml", "User:\n  ana: { mfa: true }\n"},
            {"b.yaml", "User:\n  ana: { device: d1 }\n"}});
  REQUIRE(joined.facts != nullptr);
  const Facts& f = *joined.facts;
  CHECK(f.Text(Read(f, "User", "ana", "device").size) == "d1");
  const uint32_t ana = Number(f, "User", "ana");
  CHECK(f.files()[f.PositionOf(ana, Slot(f, "User", "mfa")).file] == "a.yaml");
  CHECK(f.files()[f.PositionOf(ana, Slot(f, "User", "device")).file] ==
        "b.yaml");
  CHECK(f.PositionOf(ana, Slot(f, "User", "device")).line == 2);
  CHECK(f.PositionOf(ana, Slot(f, "User", "device")).column == 10);
  CHECK(f.PositionOf(ana).line == 2);
  CHECK(f.PositionOf(ana, Slot(f, "User", "born")).line == 0);
}

TEST_CASE("a nested entity's name is implied only where nothing states it") {
  const Files files = {
      {"a.yaml", "Dataset:\n  d: { name: d, columns: { c: {} } }\n"},
      {"b.yaml", "Column:\n  d.c: { name: other, type: int }\n"}};
  for (const Files& order : {files, Files{files[1], files[0]}}) {
    const LoadedFacts loaded = Load(order);
    INFO(Codes(loaded.errors));
    REQUIRE(loaded.facts != nullptr);
    CHECK(loaded.facts->Text(
              Read(*loaded.facts, "Column", "d.c", "name").size) == "other");
  }
}

TEST_CASE("references may go forward, and to other files") {
  const LoadedFacts loaded = Load(
      {{"a.yaml", "User: { ana: { domain: sales } }\n"},
       {"b.jsonl",
        "{\"type\": \"Domain\", \"id\": \"sales\", \"attributes\": {\"name\": "
        "\"S\"}}\n\n{\"type\": \"User\", \"id\": \"bo\"}\n"},
       {"c.json", "{\"Domain\": {\"ops\": {}}}"}});
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  CHECK(loaded.facts->size() == 4);
}

TEST_CASE("JSON and JSON lines are refused with their place") {
  const std::pair<Files, const char*> cases[] = {
      {{{"a.json", "{\"User\": {\n  \"ana\": {\"mfa\": 1}}}"}},
       "a.json:2:18 BL5008"},
      {{{"a.json", "{\"User\": {},\n \"User\": {}}"}}, "a.json:2:2 BL5003"},
      {{{"a.json", "{\"User\": {}"}}, "a.json:1:1 BL5002"},
      {{{"a.json", "{\"User\": {\"a\": {\n\"roles\": [\"analyst\"\n}}}"}},
       "a.json:2:10 BL5002"},
      {{{"a.json", "{\"User\": {\"a\": {\n\"mfa\": true,\n"}},
       "a.json:1:16 BL5002"},
      {{{"a.json", "{\"User\": {\n\"a: {}\n}}"}}, "a.json:2:1 BL5002"},
      {{{"a.json", "{\"User\": {}]}"}}, "a.json:1:12 BL5002"},
      {{{"a.json", "{\"User\": {}} x"}}, "a.json:1:14 BL5002"},
      {{{"a.json", "{\"User\": {\"a\": {\"device\": \"\\ud800\"}}}"}},
       "a.json:1:34 BL5002"},
      {{{"a.jsonl",
         "{\"type\": \"User\", \"id\": \"a\"}\n{\"type\": "
         "\"User\", \"id\": 7}\n"}},
       "a.jsonl:2:1 BL5005"},
      {{{"a.jsonl", "{\"type\": \"User\", \"id\": \"a\"}\nxyz\n"}},
       "a.jsonl:2:1 BL5002"},
      {{{"a.jsonl", "{\"type\": \"Usr\", \"id\": \"a\"}\n"}},
       "a.jsonl:1:10 BL5006"},
      {{{"a.jsonl",
         "{\"type\": \"User\", \"id\": \"a\", \"atributes\": "
         "{}}\n"}},
       "a.jsonl:1:29 BL5005"},
  };
  for (const auto& [files, expected] : cases) {
    INFO(files[0].second);
    CHECK(Codes(Load(files).errors) == expected);
  }
}

TEST_CASE("a bracket of YAML that closes nothing is an error, not a hang") {
  for (const char* text : {"User: {}\n}\n", "{User: {}}\n}\n", "]", "}"}) {
    INFO(text);
    const LoadedFacts loaded = LoadYaml(text);
    CHECK(loaded.facts == nullptr);
    REQUIRE(!loaded.errors.empty());
    CHECK(loaded.errors[0].code == "BL5002");
  }
}

TEST_CASE("YAML reads words as texts and bounds what aliases make") {
  const LoadedFacts loaded = LoadYaml(
      "User:\n  no: { device: no }\n  '1': { device: '2026' }\n  on: { "
      "country: eu.no }\n");
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  CHECK(loaded.facts->Text(Read(*loaded.facts, "User", "no", "device").size) ==
        "no");
  const LoadedFacts alias = LoadYaml("User:\n  a: &x { device: d }\n  b: *x\n");
  REQUIRE(alias.facts != nullptr);
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) {
      bomb += (i ? ",*" : "*") + std::string(1, static_cast<char>(c - 1));
    }
    bomb += "]\n";
  }
  const LoadedFacts laughs = LoadYaml(bomb);
  REQUIRE_FALSE(laughs.errors.empty());
  CHECK(laughs.errors[0].code == "BL5004");
  CHECK(LoadYaml(std::string(5000, '[')).errors[0].code[0] == 'B');
  CHECK(LoadYaml("User:\n  a: { device: \"\xff\" }\n").errors[0].line == 2);
  CHECK(LoadYaml("? [a]\n: b\n").errors[0].code == "BL5002");
  CHECK(LoadYaml("User: !Foo {}\n").errors.size() <= 1);
  CHECK(LoadYaml("a: *nobody\n").errors[0].code == "BL5002");
  CHECK(LoadYaml("").facts != nullptr);
}

TEST_CASE("quoted texts may go on at the margin") {
  const LoadedFacts loaded = LoadYaml(
      "User:\n  a:\n    device: \"one\\\n    \\ two\"\n  b:\n    device: "
      "'one\n  "
      "  it''s two'\n");
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  const auto device = [&](const char* id) {
    return loaded.facts->Text(Read(*loaded.facts, "User", id, "device").size);
  };
  CHECK(device("a") == "one two");
  CHECK(device("b") == "one it's two");
}

TEST_CASE("nesting and size have limits") {
  std::string deep;
  for (int i = 0; i < 99; ++i) deep += "[";
  for (int i = 0; i < 99; ++i) deep += "]";
  CHECK(Load({{"a.json", deep}}).errors[0].code == "BL5005");
  CHECK(Load({{"a.json", "[" + deep + "]"}}).errors[0].code == "BL5005");
  CHECK(Load({{"a.json", "[[" + deep + "]]"}}).errors[0].code == "BL5004");
  CHECK(Load({{"a.yaml", deep}}).errors[0].code == "BL5005");
  CHECK(Load({{"a.yaml", "[[" + deep + "]]"}}).errors[0].code == "BL5004");
  CHECK(Load({{"a.json", std::string((64u << 20) + 1, ' ')}}).errors[0].code ==
        "BL5004");
}

TEST_CASE("files are found by patterns") {
  CHECK(GlobMatches("facts/**.yaml", "facts/a.yaml"));
  CHECK(GlobMatches("facts/**.yaml", "facts/x/y/a.yaml"));
  CHECK(GlobMatches("facts/**/a.yaml", "facts/a.yaml"));
  CHECK(GlobMatches("facts/**/a.yaml", "facts/x/y/a.yaml"));
  CHECK_FALSE(GlobMatches("facts/**/a.yaml", "facts/x/ba.yaml"));
  CHECK_FALSE(GlobMatches("facts/*.yaml", "facts/x/a.yaml"));
  CHECK(GlobMatches("**/*.odcs.yaml", "p/orders.odcs.yaml"));
  CHECK(GlobMatches("a?.yaml", "ab.yaml"));
  CHECK_FALSE(GlobMatches("a?.yaml", "a/.yaml"));
  CHECK(GlobMatches("**", "any/thing"));
  std::vector<FactError> errors;
  FindFiles("/nonexistent",
            {{"a.yaml", "bylaw.yaml", {5, 9}},
             {"b/**.yaml", "bylaw.yaml", {6, 9}},
             {"c.yaml", "", {}}},
            &errors);
  REQUIRE(errors.size() == 3);
  // At the pattern, if it stands anywhere.
  CHECK(errors[0].file == "bylaw.yaml");
  CHECK(errors[0].line == 5);
  CHECK(errors[0].column == 9);
  CHECK(errors[0].end_column == 15);
  CHECK(errors[1].line == 6);
  CHECK(errors[2].file == "c.yaml");
  CHECK(errors[2].line == 0);
  CHECK(errors[0].code == "BL5001");
  CHECK(errors[1].code == "BL5020");
  CHECK(errors[1].severity == FactSeverity::kWarning);
}

TEST_CASE("a file that holds nothing is told of, {} says that none are meant") {
  const std::string people = "User: { ana: {} }\n";
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{
           {"x.yaml", ""},
           {"x.yaml", "\xef\xbb\xbf"},
           {"x.yaml", "# all of it\n# a comment\n"},
           {"x.yaml", "null\n"},
           {"x.yaml", "---\n---\n"},
           {"x.json", "null"},
           {"x.jsonl", ""},
           {"x.jsonl", "\n \n"}}) {
    INFO(name << ": " << text);
    const LoadedFacts loaded = Load({{"a.yaml", people}, {name, text}});
    REQUIRE(loaded.facts != nullptr);
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].code == "BL5021");
    CHECK(loaded.errors[0].severity == FactSeverity::kWarning);
    CHECK(loaded.errors[0].file == name);
    CHECK(loaded.errors[0].message == name + " holds nothing");
    CHECK(!loaded.errors[0].suggestion.empty());
  }
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{
           {"x.yaml", "{}\n"},
           {"x.json", "{}"},
           {"x.yaml", "User: {}\n"},
           {"x.yaml", "---\n---\nUser: { bo: {} }\n"}}) {
    INFO(name << ": " << text);
    const LoadedFacts loaded = Load({{"a.yaml", people}, {name, text}});
    CHECK(loaded.facts != nullptr);
    CHECK(loaded.errors.empty());
  }
}

// As a volume of Kubernetes is laid out: names lead to a hidden folder.
TEST_CASE("facts in linked folders are found, those in hidden ones not twice") {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() /
                        ("bylaw-facts-test-" + std::to_string(getpid()));
  fs::create_directories(root / "facts/..v1/more");
  std::ofstream(root / "facts/..v1/a.yaml") << "User: { ana: {} }\n";
  std::ofstream(root / "facts/..v1/more/b.yaml") << "User: { bo: {} }\n";
  fs::create_directory_symlink("..v1", root / "facts/..data");
  fs::create_symlink("..data/a.yaml", root / "facts/a.yaml");
  fs::create_directory_symlink("..data/more", root / "facts/more");
  fs::create_directory_symlink("..", root / "facts/loop");
  std::vector<FactError> errors;
  std::vector<std::string> found;
  for (const auto& [path, pattern] :
       FindFiles(root.string(), {{"facts/**.yaml", "", {}}}, &errors)) {
    found.push_back(path);
  }
  fs::remove_all(root);
  CHECK(errors.empty());
  CHECK(found == std::vector<std::string>{"facts/a.yaml", "facts/more/b.yaml"});
}

TEST_CASE("the revision does not depend on the order of files") {
  const Files files = {{"a.yaml", "User: { ana: { device: x, in: g } }\n"},
                       {"b.yaml", "Group: { g: {} }\nUser: { bo: {} }\n"}};
  const Files turned = {files[1], files[0]};
  const LoadedFacts one = Load(files), two = Load(turned);
  REQUIRE(one.facts != nullptr);
  REQUIRE(two.facts != nullptr);
  CHECK(one.facts->revision() == two.facts->revision());
  const LoadedFacts three = Load({files[0], {"b.yaml", "Group: { g: {} }\n"}});
  CHECK(one.facts->revision() != three.facts->revision());
}

TEST_CASE("saved facts are the same facts") {
  const LoadedFacts loaded = LoadYaml(kOrders);
  REQUIRE(loaded.facts != nullptr);
  const std::string bytes = SaveFacts(*loaded.facts);
  CHECK(bytes == SaveFacts(*LoadYaml(kOrders).facts));
  auto again = LoadSavedFacts(bytes, MakeMesh());
  INFO(again.status().ToString());
  REQUIRE(again.ok());
  const Facts& f = **again;
  CHECK(f.revision() == loaded.facts->revision());
  CHECK(SaveFacts(f) == bytes);
  const uint32_t email = Number(f, "Column", "orders.lines.email");
  CHECK(f.PositionOf(email, Slot(f, "Column", "tags")).line == 18);
  CHECK(f.files()[0] == "f.yaml");
  CHECK(f.PositionOf(email).file == 0);
  CHECK(f.PositionOf(email, Slot(f, "Column", "tags")).file == 0);
  // Any other bytes are an error.
  CHECK_FALSE(LoadSavedFacts("", MakeMesh()).ok());
  for (size_t i = 0; i < bytes.size(); i += 3) {
    CHECK_FALSE(LoadSavedFacts(bytes.substr(0, i), MakeMesh()).ok());
    std::string bent = bytes;
    bent[i] = static_cast<char>(bent[i] ^ 0x41);
    (void)LoadSavedFacts(bent, MakeMesh()).ok();
  }
}

TEST_CASE("saved facts of another revision are damaged") {
  const LoadedFacts loaded = LoadYaml(kOrders);
  REQUIRE(loaded.facts != nullptr);
  std::string bytes = SaveFacts(*loaded.facts);
  const size_t at = bytes.find("Sales");
  REQUIRE(at != std::string::npos);
  bytes[at] = 's';
  CHECK_FALSE(LoadSavedFacts(bytes, MakeMesh()).ok());
}

TEST_CASE("the revision tells parents apart") {
  const char* groups = "Group: { g: {}, h: {} }\nUser: { ana: { in: ";
  const LoadedFacts g = LoadYaml(std::string(groups) + "g } }\n");
  const LoadedFacts h = LoadYaml(std::string(groups) + "h } }\n");
  REQUIRE(g.facts != nullptr);
  REQUIRE(h.facts != nullptr);
  CHECK(g.facts->revision() != h.facts->revision());
}

TEST_CASE("a parent of several types is named with its type") {
  auto program = MakeMesh();
  Schema& s = program->schema;
  s.entities[s.FindEntity("User")].parents.push_back(s.FindEntity("Domain"));
  const auto load = [&](const std::string& parent) {
    return LoadFactTexts(program,
                         {{"f.yaml",
                           "Group: { x: {}, g: {} }\nDomain: { x: {} }\n"
                           "User: { ana: { in: " +
                               parent + " } }\n"}});
  };
  CHECK(Codes(load("x").errors) == "f.yaml:3:20 BL5014");
  CHECK(Codes(load("g").errors).empty());
  CHECK(Codes(load("{ type: Domain, id: x }").errors).empty());
}

TEST_CASE("ancestors that are far apart are found") {
  // Every hundredth of many groups is in the one before.
  const auto name = [](int i) { return "g" + std::to_string(10'000 + i); };
  std::string text = "Group:\n";
  for (int i = 0; i < 1500; ++i) {
    text += "  " + name(i) + ": {" +
            (i > 0 && i % 100 == 0 ? " in: " + name(i - 100) : "") + " }\n";
  }
  const LoadedFacts loaded = LoadYaml(text);
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  const uint32_t last = Number(f, "Group", name(1400).c_str());
  for (int i = 0; i < 1500; ++i) {
    INFO(i);
    CHECK(f.IsWithin(last, Number(f, "Group", name(i).c_str())) ==
          (i % 100 == 0));
  }
}

Constant TextConstant(std::string text) {
  Constant c;
  c.kind = Kind::kString;
  c.text = std::move(text);
  return c;
}
Constant EntityConstant(uint32_t type, std::string id) {
  Constant c;
  c.kind = Kind::kEntity;
  c.index = type;
  c.text = std::move(id);
  return c;
}

TEST_CASE("tests give entities that lack attributes and name unknown ones") {
  auto program = MakeMesh();
  const Schema& s = program->schema;
  const uint32_t product = s.FindEntity("DataProduct");
  const uint32_t user = s.FindEntity("User");
  const uint32_t dataset = s.FindEntity("Dataset");
  program->constants.push_back(EntityConstant(user, "ghost"));
  FactsBuilder b(program, FactsBuilder::Mode::kGiven);
  const auto slot = [&](uint32_t type, const char* name) {
    return Schema::FindAttribute(s.entities[type].attributes, name);
  };
  const std::pair<uint32_t, Constant> owner[] = {
      {slot(product, "owner"), EntityConstant(user, "ana")}};
  b.AddGiven(product, "p", owner);
  const std::pair<uint32_t, Constant> later[] = {
      {slot(product, "name"), TextConstant("later")}};
  b.AddGiven(product, "p", later);
  const std::pair<uint32_t, Constant> wins[] = {
      {slot(product, "name"), TextConstant("wins")}};
  b.AddGiven(product, "p", wins);
  const std::pair<uint32_t, Constant> nested[] = {
      {slot(dataset, "product"), EntityConstant(product, "p")}};
  b.AddGiven(dataset, "p.d", nested, product, "p");
  const auto facts = b.Build();
  REQUIRE(facts != nullptr);
  const Facts& f = *facts;
  CHECK(f.size() == 2);
  CHECK(f.num_unknown() == 2);
  CHECK(f.Text(Read(f, "DataProduct", "p", "name").size) == "wins");
  const uint32_t ana = Read(f, "DataProduct", "p", "owner").size;
  CHECK(f.Find(ana) == nullptr);
  CHECK(f.Text(f.IdOf(ana)) == "ana");
  CHECK(f.Lookup(user, "ana") == kNone);
  CHECK(f.LookupNamed(user, "ana") == ana);
  CHECK(f.IsWithin(ana, ana));
  CHECK_FALSE(f.IsWithin(ana, 0));
  CHECK(f.ConstantValue(0).kind == Kind::kEntity);
  CHECK(f.LookupNamed(user, "ghost") == f.ConstantValue(0).size);
  CHECK(Ids(f, Read(f, "DataProduct", "p", "datasets")) == "p.d");
  CHECK(f.Text(Read(f, "Dataset", "p.d", "name").size) == "d");
}

TEST_CASE("hash tables are seeded anew each time") {
  const std::string text = "User:\n  ana: {}\n";
  const LoadedFacts a = LoadYaml(text), b = LoadYaml(text);
  REQUIRE(a.facts != nullptr);
  REQUIRE(b.facts != nullptr);
  CHECK(a.facts->hash_seed() != b.facts->hash_seed());
}

TEST_CASE("long ids and ids of attackers are told apart") {
  std::string text = "User:\n";
  std::vector<std::string> ids;
  for (int i = 0; i < 3000; ++i) {
    ids.push_back("user-with-a-rather-long-common-prefix-" + std::to_string(i));
    ids.push_back("u" + std::to_string(i));
  }
  ids.push_back(std::string(70000, 'a'));
  ids.push_back(std::string(70000, 'a') + "b");
  for (const std::string& id : ids) text += "  ? " + id + "\n  : {}\n";
  const LoadedFacts loaded = LoadYaml(text);
  INFO(Codes(loaded.errors).substr(0, 200));
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  const uint32_t user = f.program().schema.FindEntity("User");
  for (const std::string& id : ids) {
    const uint32_t e = f.Lookup(user, id);
    REQUIRE(e != kNone);
    REQUIRE(f.Text(f.IdOf(e)) == id);
  }
  CHECK(f.Lookup(user, "u3000") == kNone);
  CHECK(f.Lookup(f.program().schema.FindEntity("Service"), "u1") == kNone);
  CHECK(f.AllOf(user).size() == ids.size());
}

TEST_CASE("a long chain of ancestors closes") {
  std::string text = "Group:\n  g0: {}\n";
  for (int i = 1; i < 3000; ++i) {
    text += "  g" + std::to_string(i) + ": { in: g" + std::to_string(i - 1) +
            " }\n";
  }
  const LoadedFacts loaded = LoadYaml(text);
  REQUIRE(loaded.facts != nullptr);
  CHECK(Get(*loaded.facts, "Group", "g2999").num_ancestors == 3000);
}

}  // namespace
}  // namespace bylaw
