// Descriptors: ODCS contracts become entities of mesh, with the place of every
// attribute; what is not covered is reported; all sample files load or are
// refused, as the table at the end says.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "descriptors/load.h"
#include "descriptors/odcs.h"
#include "evaluator/facts.h"
#include "tests/catch.h"
#include "tests/unit/facts_mesh.h"

namespace bylaw {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<Program> Mesh() {
  auto program = test::MakeMesh();
  program->settings.mappings = {
      {"classification", {{"Highly Restricted", "restricted"}}},
      {"tags", {{"e-mail", "pii.email"}}}};
  return program;
}

std::string Codes(const std::vector<FactError>& errors) {
  std::string s;
  for (const FactError& e : errors) {
    if (!s.empty()) s += "; ";
    s += e.file + ":" + std::to_string(e.line) + ":" +
         std::to_string(e.column) + " " + e.code;
  }
  return s;
}

uint32_t Find(const Facts& f, const char* type, const std::string& id) {
  const uint32_t e = f.Lookup(f.program().schema.FindEntity(type), id);
  INFO(type << " " << id);
  REQUIRE(e != kNone);
  return e;
}
uint32_t SlotOf(const Facts& f, const char* type, const char* name) {
  const Schema& s = f.program().schema;
  return Schema::FindAttribute(s.entities[s.FindEntity(type)].attributes, name);
}
const Value& Read(const Facts& f, const char* type, const std::string& id,
                  const char* name) {
  return f.Find(Find(f, type, id))->slots[SlotOf(f, type, name)];
}
std::string Text(const Facts& f, const Value& v) {
  switch (v.kind) {
    case Kind::kMissing:
      return "-";
    case Kind::kString:
      return std::string(f.Text(v.size));
    case Kind::kTerm:
      return f.program().schema.terms[v.size].path;
    case Kind::kEntity:
      return std::string(f.Text(f.IdOf(v.size)));
    case Kind::kSet:
    case Kind::kList:
    case Kind::kRecord: {
      std::string s = "[";
      for (uint32_t i = 0; i < v.size; ++i) {
        if (i) s += ", ";
        s += Text(f, v.kind != Kind::kRecord && IsCellKind(v.element)
                         ? Value::OfCell(v.element, v.cells[i])
                         : v.values[i]);
      }
      return s + "]";
    }
    case Kind::kVersion:
      return FormatVersion(*v.version);
    case Kind::kPeriod:
      return FormatPeriod(v.number);
    case Kind::kTime:
      return FormatTime(v.number);
    case Kind::kDecimal:
      return FormatDecimal(v.number);
    default:
      return std::to_string(v.number);
  }
}

constexpr const char* kPeople = R"(Domain: { sales: {} }
User: { ana: {}, bo: {}, cy: {} }
DataProduct: { crm: { name: CRM, datasets: { p: { columns: { m: {} } } } } }
)";

constexpr const char* kContract = R"(apiVersion: v3.1.0
kind: DataContract
id: orders
name: Orders
dataProduct: Order Book
version: 1.2.0
status: active
domain: sales
description:
  purpose: why
  limitations: none
  usage: how
tags: [finance, e-mail]
team:
  members:
    - { username: ana, role: Owner }
    - { username: bo, role: Engineer }
    - { username: cy, role: Owner, dateOut: "2024-01-01" }
servers:
  - { server: prod, type: postgres, host: db, port: 5432, database: core, schema: app, environment: production, format: sql }
slaProperties:
  - { property: latency, value: 4.5, unit: h, element: lines.email }
  - { property: retention, value: 3, unit: y }
roles:
  - { role: reader, access: read, firstLevelApprovers: ana, secondLevelApprovers: bo }
support:
  - { channel: "#help", url: "https://help" }
customProperties:
  - { property: inputs, value: [crm] }
  - { property: catalogued, value: true }
  - { property: unheardOf, value: 1 }
contractCreatedTs: "2022-11-15T02:59:43+00:00"
schema:
  - name: lines
    physicalName: order_lines
    description: the lines
    tags: [finance]
    quality:
      - { name: rows, metric: rowCount, dimension: completeness, severity: error }
    customProperties:
      - { property: classification, value: Highly Restricted }
      - { property: purposes, value: [billing] }
    properties:
      - name: email
        logicalType: string
        physicalType: varchar(200)
        classification: restricted
        tags: [pii.email]
        encryptedName: email_enc
        required: true
        unique: true
        primaryKey: true
        criticalDataElement: true
        transformSourceObjects: [crm.p.m, orders.lines.where.city, elsewhere]
        quality: [{ rule: nullCheck }]
      - name: where
        logicalType: object
        properties:
          - { name: city, logicalType: string, transformSourceObjects: [orders.lines.email] }
      - name: items
        logicalType: array
        items:
          logicalType: object
          properties:
            - name: sku
              physicalType: bigint
              customProperties: [{ property: encrypted, value: true }]
)";

TEST_CASE("a contract becomes a product, its datasets and columns") {
  const LoadedFacts loaded = LoadFactTexts(
      Mesh(), {{"orders.odcs.yaml", kContract}, {"people.yaml", kPeople}});
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  const Facts& f = *loaded.facts;
  const std::pair<const char*, const char*> product[] = {
      {"name", "Order Book"},
      {"version", "1.2.0"},
      {"status", "active"},
      {"domain", "sales"},
      {"description", "how"},
      {"purpose", "why"},
      {"limitations", "none"},
      {"tags", "[pii.email, finance]"},
      {"owner", "ana"},
      {"team", "[ana, bo]"},
      {"address", "db:5432/core/app"},
      {"servers", "[[prod, postgres, sql, production, db:5432/core/app, -]]"},
      {"slas", "[[latency, 4.5, h, lines.email], [retention, 3, y, -]]"},
      {"roles", "[[reader, read, [ana, bo]]]"},
      {"support", "[[#help, https://help]]"},
      {"inputs", "[crm]"},
      {"catalogued", "1"},
      {"datasets", "[orders.lines]"},
  };
  for (const auto& [name, expected] : product) {
    INFO(name);
    CHECK(Text(f, Read(f, "DataProduct", "orders", name)) == expected);
  }
  const std::pair<const char*, const char*> dataset[] = {
      {"name", "lines"},
      {"product", "orders"},
      {"table", "app.order_lines"},
      {"classification", "restricted"},
      {"tags", "[finance]"},
      {"purposes", "[billing]"},
      {"retention", "3y"},
      {"created", "2022-11-15T02:59:43Z"},
      {"checks", "[[rows, completeness, rowCount, error]]"},
      {"description", "the lines"},
      {"columns",
       "[orders.lines.email, orders.lines.items, orders.lines.items.sku, "
       "orders.lines.where, orders.lines.where.city]"},
  };
  for (const auto& [name, expected] : dataset) {
    INFO(name);
    CHECK(Text(f, Read(f, "Dataset", "orders.lines", name)) == expected);
  }
  const std::pair<const char*, const char*> column[] = {
      {"name", "email"},
      {"dataset", "orders.lines"},
      {"type", "string"},
      {"tags", "[pii.email]"},
      {"classification", "restricted"},
      {"encrypted", "1"},
      {"required", "1"},
      {"unique", "1"},
      {"key", "1"},
      {"critical", "1"},
      {"upstream", "[crm.p.m, orders.lines.email, orders.lines.where.city]"},
      {"checks", "[[-, -, nullCheck, -]]"},
  };
  for (const auto& [name, expected] : column) {
    INFO(name);
    CHECK(Text(f, Read(f, "Column", "orders.lines.email", name)) == expected);
  }
  CHECK(Text(f, Read(f, "Column", "orders.lines.where.city", "name")) ==
        "where.city");
  CHECK(Text(f, Read(f, "Column", "orders.lines.items.sku", "type")) == "int");
  CHECK(Text(f, Read(f, "Column", "orders.lines.items.sku", "encrypted")) ==
        "1");
  // Every attribute knows its line.
  const auto line = [&](const char* type, const char* id, const char* name) {
    return f.PositionOf(Find(f, type, id), SlotOf(f, type, name)).line;
  };
  CHECK(f.PositionOf(Find(f, "DataProduct", "orders")).line == 3);
  CHECK(line("DataProduct", "orders", "owner") == 16);
  CHECK(line("DataProduct", "orders", "version") == 6);
  CHECK(line("DataProduct", "orders", "catalogued") == 30);
  CHECK(line("Dataset", "orders.lines", "classification") == 41);
  CHECK(line("Column", "orders.lines.email", "encrypted") == 49);
  CHECK(f.PositionOf(Find(f, "Column", "orders.lines.email")).line == 44);
  // The one source that is nobody's column is told.
  CHECK(Codes(loaded.errors) == "orders.odcs.yaml:54:68 BL5108");
  CHECK(loaded.errors[0].severity == FactSeverity::kNote);
}

std::string Contract(const std::string& rest) {
  return "apiVersion: v3.0.2\nkind: DataContract\nid: p\nversion: 1.0.0\n"
         "status: active\n" +
         rest;
}

TEST_CASE("tables and retentions are those of their datasets") {
  const LoadedFacts loaded = LoadFactTexts(
      Mesh(),
      {{"f.yaml",
        Contract(
            "servers:\n"
            "  - { server: a, type: postgres, host: h, schema: app }\n"
            "  - { server: b, type: postgres, host: h, schema: copy }\n"
            "slaProperties:\n"
            "  - { property: retention, value: 3, unit: y, element: d.c }\n"
            "  - { property: retention, value: 6, unit: m, element: e }\n"
            "schema:\n"
            "  - { name: d, physicalName: rows }\n"
            "  - { name: e, physicalName: raw.rows }\n"
            "  - { name: f }\n")}});
  INFO(Codes(loaded.errors));
  REQUIRE(loaded.facts != nullptr);
  const auto read = [&](const char* id, const char* name) {
    return Text(*loaded.facts, Read(*loaded.facts, "Dataset", id, name));
  };
  CHECK(read("p.d", "table") == "app.rows");
  CHECK(read("p.e", "table") == "raw.rows");
  CHECK(read("p.f", "table") == "-");
  CHECK(read("p.d", "retention") == "3y");
  CHECK(read("p.e", "retention") == "6mo");
  CHECK(read("p.f", "retention") == "-");
}

TEST_CASE("what no mapping covers is reported, never guessed") {
  const std::pair<const char*, const char*> cases[] = {
      {"tags: [secret, finance]\n", "f.yaml:6:8 BL5105"},
      {"tags: [Finance]\n", "f.yaml:6:8 BL5105"},
      {"domain: sales\nteam: [{ username: zoe, role: owner }]\n",
       "f.yaml:7:20 BL5107"},
      {"team: [{ username: ana, role: owner }, { username: bo, role: owner "
       "}]\n",
       "f.yaml:6:52 BL5109"},
      {"schema: [{ name: d, properties: [{ name: c, classification: secret "
       "}]}]\n",
       "f.yaml:6:61 BL5105"},
      {"schema: [{ name: d, properties: [{ name: c, logicalType: colour }]}]\n",
       "f.yaml:6:58 BL5106"},
      {"schema: [{ name: d, properties: [{ name: c, physicalType: geo }]}]\n",
       "f.yaml:6:59 BL5106"},
      {"servers: [{ server: s, type: x, environment: moon }]\n",
       "f.yaml:6:46 BL5105"},
      {"customProperties: [{ property: owner, value: zoe }]\n",
       "f.yaml:6:46 BL5107"},
      {"slaProperties: [{ property: gA, value: 2022-05-12 }]\n",
       "f.yaml:6:40 BL5109"},
  };
  for (const auto& [rest, expected] : cases) {
    INFO(rest);
    const LoadedFacts loaded = LoadFactTexts(
        Mesh(), {{"f.yaml", Contract(rest)}, {"people.yaml", kPeople}});
    CHECK(Codes(loaded.errors) == expected);
    CHECK(loaded.facts != nullptr);
  }
  const LoadedFacts version = LoadFactTexts(
      Mesh(), {{"f.yaml",
                "apiVersion: v3.0.2\nkind: DataContract\nid: p\nversion: "
                "v1\nstatus: active\n"}});
  CHECK(Codes(version.errors) == "f.yaml:4:10 BL5109");
  CHECK(version.facts != nullptr);
}

TEST_CASE("broken descriptors are refused with their place") {
  const std::pair<std::string, const char*> cases[] = {
      {Contract("domain: seles\n"), "f.yaml:6:9 BL5011"},
      {Contract("tags: finance\n"), "f.yaml:6:7 BL5103"},
      {Contract("tags: [[finance]]\n"), "f.yaml:6:8 BL5103"},
      {Contract("team: ana\n"), "f.yaml:6:7 BL5103"},
      {Contract("team: { members: ana }\n"), "f.yaml:6:18 BL5103"},
      {Contract("team: [{ role: owner }]\n"), "f.yaml:6:8 BL5104"},
      {Contract("name: [a]\n"), "f.yaml:6:7 BL5103"},
      {Contract("schema: { a: b }\n"), "f.yaml:6:9 BL5103"},
      {Contract("schema: [x]\n"), "f.yaml:6:10 BL5103"},
      {Contract("schema: [{ physicalName: d }]\n"), "f.yaml:6:10 BL5104"},
      {Contract("schema: [{ name: d }, { name: d }]\n"), "f.yaml:6:31 BL5103"},
      {Contract("schema: [{ name: d, properties: [{ logicalType: string }]}]"
                "\n"),
       "f.yaml:6:34 BL5104"},
      {Contract("schema: [{ name: d, properties: [{ name: c }, { name: c "
                "}]}]\n"),
       "f.yaml:6:55 BL5103"},
      {Contract("schema: [{ name: d, properties: [{ name: c, required: 1 }]}]"
                "\n"),
       "f.yaml:6:55 BL5103"},
      {Contract("schema: [{ name: d, properties: [{ name: c, items: 1 }]}]\n"),
       "f.yaml:6:52 BL5103"},
      {Contract("customProperties: [{ property: catalogued, value: yes }]\n"),
       "f.yaml:6:51 BL5008"},
      {Contract("name: a\ncustomProperties: [{ property: name, value: b }]\n"),
       "f.yaml:7:32 BL5012"},
      {Contract("support: [{ tool: x }]\n"), "f.yaml:6:11 BL5104"},
      {Contract("roles: [{ access: read }]\n"), "f.yaml:6:9 BL5104"},
      {Contract("slaProperties: [{ value: 1 }]\n"), "f.yaml:6:17 BL5104"},
      {Contract("id: q\n"), "f.yaml:6:1 BL5003"},
      {"apiVersion: v2.2.2\nkind: DataContract\nid: p\n", "f.yaml:1:13 BL5102"},
      {"kind: DataContract\nid: p\nversion: 1.0.0\nstatus: a\n",
       "f.yaml:1:1 BL5104"},
      {"apiVersion: v3.0.0\nkind: DataContract\nversion: 1.0.0\nstatus: a\n",
       "f.yaml:1:1 BL5104"},
      // All that is wrong, whatever else is missing.
      {"kind: DataContract\ntags: finance\nroles: [{ access: read }]\ndomain: "
       "seles\n",
       "f.yaml:1:1 BL5104; f.yaml:1:1 BL5104; f.yaml:1:1 BL5104; "
       "f.yaml:1:1 BL5104; f.yaml:2:7 BL5103; f.yaml:3:9 BL5104; "
       "f.yaml:4:9 BL5011"},
      {Contract("domain: seles\ntags: finance\n"),
       "f.yaml:6:9 BL5011; f.yaml:7:7 BL5103"},
      {Contract("contractCreatedTs: yesterday\n"), "f.yaml:6:20 BL5103"},
      {Contract("contractCreatedTs: 2022\n"), "f.yaml:6:20 BL5103"},
      {Contract("description: text\n"), "f.yaml:6:14 BL5103"},
      {Contract("slaProperties: [{ property: a, value: [4] }]\n"),
       "f.yaml:6:39 BL5103"},
      // What sets a field again is at fault, not the field.
      {Contract("schema: []\ncustomProperties: [{ property: datasets, value: "
                "[] }]\n"),
       "f.yaml:7:32 BL5012"},
      {Contract("schema: [{ name: d, customProperties: [{ property: columns, "
                "value: [] }], properties: [] }]\n"),
       "f.yaml:6:52 BL5012"},
      {Contract("schema: [{ name: d, tags: [], customProperties: [{ property: "
                "tags, value: [] }] }]\n"),
       "f.yaml:6:62 BL5012"},
      {Contract("schema: [{ name: d, properties: [{ name: c, classification: "
                "Highly Restricted, customProperties: [{ property: "
                "classification, value: Highly Restricted }] }] }]\n"),
       "f.yaml:6:111 BL5012"},
      {Contract("customProperties: [{ property: datasets, value: [a.b] }]\n"),
       "f.yaml:6:32 BL5012"},
      {Contract("---\nUser: { zoe: {} }\n"), "f.yaml:7:1 BL5101"},
      {"apiVersion: v3.0.2\nkind: DataContrct\nid: p\n", "f.yaml:2:7 BL5101"},
      {"apiVersion: v3.0.2\nkind:\nid: p\n", "f.yaml:2:1 BL5101"},
      {"apiVersion: v3.0.0\nkind: DataContract\nid: p\nversion: 1.0.0\n",
       "f.yaml:1:1 BL5104"},
      {"apiVersion: v1.0.0\nkind: DataProduct\nid: p\n", "f.yaml:2:7 BL5101"},
      {"dataContractSpecification: 1.1.0\nid: p\n", "f.yaml:1:1 BL5101"},
      {"kind: DataContract\napiVersion: v3.0.0\n  id: p\n",
       "f.yaml:3:5 BL5002"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const LoadedFacts loaded =
        LoadFactTexts(Mesh(), {{"f.yaml", text}, {"people.yaml", kPeople}});
    CHECK(Codes(loaded.errors) == expected);
    CHECK(loaded.facts == nullptr);
  }
  auto bare = std::make_shared<Program>();
  CHECK(Codes(LoadFactTexts(bare, {{"f.yaml", Contract("")}}).errors) ==
        "f.yaml:1:1 BL5110");
}

TEST_CASE("a day is no instant: the product goes without") {
  const LoadedFacts loaded = LoadFactTexts(
      Mesh(), {{"f.yaml", Contract("contractCreatedTs: 2022-11-15\n")},
               {"people.yaml", kPeople}});
  CHECK(Codes(loaded.errors) == "f.yaml:6:20 BL5109");
  CHECK(loaded.facts != nullptr);
}

TEST_CASE("no column below nested `items` is dropped without a word") {
  const auto nested = [](int levels) {
    std::string items = "{ properties: [{ name: e }] }";
    for (int i = 1; i < levels; ++i) items = "{ items: " + items + " }";
    return LoadFactTexts(
        Mesh(), {{"f.yaml", Contract("schema: [{ name: d, properties: [{ name: "
                                     "c, items: " +
                                     items + " }]}]\n")}});
  };
  const LoadedFacts most = nested(32);
  INFO(Codes(most.errors));
  REQUIRE(most.facts != nullptr);
  Find(*most.facts, "Column", "p.d.c.e");
  const LoadedFacts more = nested(33);
  CHECK(more.facts == nullptr);
  REQUIRE(more.errors.size() == 1);
  CHECK(more.errors[0].code == "BL5004");
  CHECK(more.errors[0].message.find("deeper than 32") != std::string::npos);
  CHECK(more.errors[0].line == 6);
}

TEST_CASE("two contracts of one id are two sources") {
  const LoadedFacts loaded = LoadFactTexts(
      Mesh(),
      {{"a.yaml", Contract("name: a\n")}, {"b.yaml", Contract("name: a\n")}});
  CHECK(loaded.facts == nullptr);
  // One error, at the second id, that names the first.
  CHECK(Codes(loaded.errors) == "b.yaml:3:1 BL5012");
  CHECK(loaded.errors[0].suggestion.find("a.yaml:3") != std::string::npos);
}

TEST_CASE("a descriptor is read as a proposal") {
  const LoadedFacts known = LoadFactTexts(Mesh(), {{"p.yaml", kPeople}});
  REQUIRE(known.facts != nullptr);
  const ReadProposal p = ReadDescriptor(kContract, "o.yaml", *known.facts);
  INFO(Codes(p.errors));
  REQUIRE(p.ok());
  REQUIRE(p.entities.size() == 1);
  CHECK(p.entities[0].type == "DataProduct");
  CHECK(p.entities[0].id == "orders");
  CHECK(p.entities[0].position.line == 3);
  const Node* owner = p.entities[0].attributes.Find("owner");
  REQUIRE(owner != nullptr);
  CHECK(owner->text == "ana");
  const Node* datasets = p.entities[0].attributes.Find("datasets");
  REQUIRE(datasets != nullptr);
  CHECK(datasets->Find("lines") != nullptr);
  // Facts in files too.
  const ReadProposal facts = ReadDescriptor("DataProduct:\n  x: { name: X }\n",
                                            "f.yaml", *known.facts);
  REQUIRE(facts.entities.size() == 1);
  CHECK(facts.entities[0].id == "x");
  // References are judged as in facts, and all errors are told.
  const ReadProposal broken = ReadDescriptor(
      Contract("domain: saels\ntags: finance\n"), "o.yaml", *known.facts);
  CHECK(Codes(broken.errors) == "o.yaml:6:9 BL5011; o.yaml:7:7 BL5103");
  CHECK(broken.errors[0].suggestion == "did you mean `sales`?");
  CHECK(Codes(ReadDescriptor("DataProduct:\n  x: { name: 7, domain: saels }\n",
                             "f.yaml", *known.facts)
                  .errors) == "f.yaml:2:14 BL5008; f.yaml:2:25 BL5011");
  CHECK_FALSE(ReadDescriptor("Foo: {}\n", "f.yaml", *known.facts).ok());
  CHECK_FALSE(ReadDescriptor("", "f.yaml", *known.facts).ok());
  CHECK_FALSE(ReadDescriptor("- a\n", "f.yaml", *known.facts).ok());
  CHECK_FALSE(ReadDescriptor("a: [\n", "f.yaml", *known.facts).ok());
  CHECK_FALSE(
      ReadDescriptor("dataProductDescriptor: 1\n", "f.yaml", *known.facts)
          .ok());
}

TEST_CASE("types of columns are those of the table") {
  const std::vector<std::vector<std::string>> cases = {
      {"string", "", "string"},
      {"integer", "BIGINT", "int"},
      {"number", "decimal(10,2)", "decimal"},
      {"boolean", "", "bool"},
      {"date", "date", "date"},
      {"date", "timestamp(6)", "time"},
      {"timestamp", "", "time"},
      {"time", "time", ""},
      {"object", "struct<a int>", "object"},
      {"array", "", "array"},
      {"", "VARCHAR(255)", "string"},
      {"", "timestamp with time zone", "time"},
      {"", "TIMESTAMP(3) WITH TIME ZONE", "time"},
      {"", "int unsigned", "int"},
      {"", "text[]", "array"},
      {"", "double precision", "decimal"},
      {"", "inet", "ip"},
      {"string", "inet", "ip"},
      {"", "geography", ""},
      {"", "", ""},
  };
  for (const auto& c : cases) {
    INFO(c[0] << " / " << c[1]);
    CHECK(OdcsColumnType(c[0], c[1]) == c[2]);
  }
}

TEST_CASE("texts that are no descriptor never do harm") {
  const std::string text = std::string(kContract);
  const auto program = Mesh();
  for (size_t i = 0; i < text.size(); i += 7) {
    std::string bent = text;
    for (char c : {'[', '{', '&', '*', ':', '\n', '\0', '\xff'}) {
      bent[i] = c;
      (void)LoadFactTexts(program, {{"f.yaml", bent}});
    }
    (void)LoadFactTexts(program, {{"f.yaml", text.substr(0, i)}});
    (void)LoadFactTexts(program, {{"f.json", text.substr(i)}});
  }
}

// Which of the sample files are refused, and where; all others load.
const std::map<std::string, std::string> kRefused = {
    // It lacks `status`, as its name says.
    {"cli-lint-invalid.odcs.yaml", "1:1 BL5104"},
};

TEST_CASE("the sample contracts load, or are refused for a reason") {
  const char* shared = std::getenv("BYLAW_SHARED");
  const std::filesystem::path folder =
      shared != nullptr
          ? std::filesystem::path(shared) / "data/descriptors/odcs"
          : std::filesystem::path(BYLAW_SOURCE_DIR) /
                "../shared/data/descriptors/odcs";
  if (!std::filesystem::is_directory(folder)) {
    WARN("SKIPPED: no sample contracts in " << folder.string()
                                            << " (set BYLAW_SHARED)");
    return;
  }
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  CHECK(names.size() == 47);
  const std::string known = "Domain: { seller: {}, my-domain-team: {} }\n";
  for (const std::string& name : names) {
    std::ifstream in(folder / name, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const LoadedFacts loaded =
        LoadFactTexts(Mesh(), {{name, text}, {"known.yaml", known}});
    std::string errors, all;
    for (const FactError& e : loaded.errors) {
      all += "\n  " + std::to_string(e.line) + ":" + std::to_string(e.column) +
             " " + e.code + " " + e.message;
      if (e.severity != FactSeverity::kError) continue;
      if (!errors.empty()) errors += "; ";
      errors += std::to_string(e.line) + ":" + std::to_string(e.column) + " " +
                e.code;
    }
    INFO(name << all);
    const auto it = kRefused.find(name);
    CHECK(errors == (it == kRefused.end() ? "" : it->second));
    CHECK((loaded.facts != nullptr) == (it == kRefused.end()));
    if (std::getenv("BYLAW_VERBOSE") != nullptr) {
      std::cout << name << all << "\n";
    }
  }
}

TEST_CASE("a file that is named a contract states no other facts") {
  const char* line = "{\"type\":\"User\",\"id\":\"eve\",\"attributes\":{}}\n";
  for (const char* name : {"x.odcs.json", "x.odcs.yaml", "x.odcs.yml"}) {
    INFO(name);
    const LoadedFacts loaded = LoadFactTexts(Mesh(), {{name, line}});
    CHECK(loaded.facts == nullptr);
    CHECK(Codes(loaded.errors).find("BL5101") != std::string::npos);
  }
  CHECK(LoadFactTexts(Mesh(), {{"x.json", line}}).facts != nullptr);
}

}  // namespace
}  // namespace bylaw
