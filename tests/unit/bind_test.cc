// Binding: every way in which a request is INVALID_ARGUMENT, with its field;
// asserted attributes; proposals and the two views; columns.
#include "evaluator/bind.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "descriptors/load.h"
#include "descriptors/read.h"
#include "tests/catch.h"
#include "tests/unit/facts_mesh.h"

namespace {
bool g_counting = false;
size_t g_allocations = 0;
}  // namespace

// Counts what binding takes from the heap; sanitizers bring their own heap.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// GCC does not see that what is freed came from the operator above.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t n) {
  if (g_counting) ++g_allocations;
  if (void* p = std::malloc(n)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t n, const std::nothrow_t&) noexcept {
  if (g_counting) ++g_allocations;
  return std::malloc(n);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#endif

namespace bylaw {
namespace {

constexpr const char* kFacts = R"(Domain: { sales: {}, hr: {} }
Group: { g: {}, h: {}, k: { in: h } }
User:
  ana: { roles: [analyst], domain: sales, device: laptop, in: g }
  bo: { country: eu.fr }
  both: {}
Service: { loader: {} }
DataProduct:
  p:
    name: P
    owner: ana
    domain: sales
    teams: [t1, t2]
    datasets:
      d:
        classification: internal
        columns:
          a: { type: string, upstream: [p.e.x] }
          b: { type: int }
          c: {}
      e:
        columns: { x: { upstream: [q.f.y] } }
  q:
    name: Q
    inputs: [p]
    datasets:
      f: { columns: { y: {}, z: { upstream: [p.d.a] } } }
  empty: { name: E }
Dataset:
  bare: { name: bare }
  p.odd: { name: odd, product: q }
  new.bare: { name: bare }
Team: { t1: {}, t2: {}, t3: { product: q }, t4: {}, both: {} }
Ticket: { k: { by: { type: User, id: ana }, priority: 1 } }
)";

struct Bound {
  explicit Bound(std::shared_ptr<Program> mesh = test::MakeMesh()) {
    LoadedFacts loaded = LoadFactTexts(std::move(mesh), {{"f.yaml", kFacts}});
    for (const FactError& e : loaded.errors) {
      UNSCOPED_INFO(e.line << ": " << e.message);
    }
    REQUIRE(loaded.facts != nullptr);
    facts = loaded.facts;
  }

  // Attributes and context are YAML in flow style; "" for none.
  bool Bind(std::string action, std::string subject_type,
            std::string subject_id, std::string resource_type,
            std::string resource_id, std::string subject_attributes = "",
            std::string resource_attributes = "", std::string context = "") {
    arena.Reset();
    for (Node& n : nodes) n = Node();
    texts = {action, subject_type, subject_id, resource_type, resource_id};
    Request r;
    r.action = texts[0];
    r.subject = {texts[1], texts[2], Parse(subject_attributes, &nodes[0])};
    r.resource = {texts[3], texts[4], Parse(resource_attributes, &nodes[1])};
    r.context = Parse(context, &nodes[2]);
    error = RequestError();
    return BindRequest(*facts, r, options, arena, &bound, &error);
  }
  bool Read(std::string context, std::string dataset = "p.d") {
    return Bind("read", "User", "ana", "Dataset", dataset, "", "", context);
  }
  bool Publish(std::string attributes, std::string id = "p") {
    return Bind("publish", "User", "bo", "DataProduct", id, "", attributes);
  }
  static const Node* Parse(const std::string& yaml, Node* out) {
    if (yaml.empty()) return nullptr;
    std::vector<Node> documents;
    std::vector<FactError> errors;
    REQUIRE(ReadYaml(yaml, "request", &documents, &errors));
    *out = documents[0];
    return out;
  }

  const Schema& schema() const { return facts->program().schema; }
  uint32_t Slot(const char* type, const char* name) const {
    return Schema::FindAttribute(
        schema().entities[schema().FindEntity(type)].attributes, name);
  }
  Cell Entity(const char* type, const char* id) {
    return bound.world->Resolve(schema().FindEntity(type), id);
  }
  // An attribute as text: ids of a set, `-` for missing.
  std::string Show(Cell entity, const char* name) {
    if (bound.world->Find(entity) == nullptr) return "unknown";
    const uint32_t type = bound.world->TypeOf(entity);
    const Value v = bound.world->Attribute(
        entity, Slot(schema().entities[type].name.c_str(), name));
    return Show(v);
  }
  std::string Show(const Value& v) {
    World& w = *bound.world;
    switch (v.kind) {
      case Kind::kMissing:
        return "-";
      case Kind::kString:
        return std::string(w.Text(v.size));
      case Kind::kTerm:
        return schema().terms[v.size].path;
      case Kind::kEntity:
        return std::string(w.IdOf(v.size)) +
               ((v.size & kFactsView) != 0 ? "'" : "");
      case Kind::kSet:
      case Kind::kList: {
        std::string s = "{";
        for (uint32_t i = 0; i < v.size; ++i) {
          if (i) s += " ";
          s += IsCellKind(v.element)
                   ? Show(Value::OfCell(v.element, v.cells[i]))
                   : Show(v.values[i]);
        }
        return s + "}";
      }
      default:
        return std::to_string(v.number);
    }
  }
  std::string Asked() {
    std::string s;
    for (Cell c : bound.asked) {
      s += (s.empty() ? "" : " ") + std::string(bound.world->IdOf(c));
    }
    return s;
  }

  std::shared_ptr<const Facts> facts;
  BindOptions options;
  Arena arena;
  BoundRequest bound;
  RequestError error;
  std::vector<std::string> texts;
  Node nodes[3];
};

TEST_CASE("names become numbers, without touching the heap") {
  Bound b;
  REQUIRE(b.Read(""));
  CHECK(b.bound.subject == (b.Entity("User", "ana") | kFactsView));
  CHECK(b.bound.resource == b.Entity("Dataset", "p.d"));
  CHECK(b.bound.resource_known);
  CHECK_FALSE(b.bound.proposal);
  CHECK_FALSE(b.bound.world->has_overlay());
  // The other actions' previous is the resource itself.
  CHECK(b.bound.previous.size == b.bound.resource);

  Request r;
  r.action = "open";
  r.subject = {"User", "ana", nullptr};
  r.resource = {"Ticket", "k", nullptr};
  Request columns;
  Node context = Node::Map();
  Node names = Node::List();
  names.list = {Node::String("c"), Node::String("a"), Node::String("b")};
  context.Set("columns", names);
  context.Set("purpose", Node::String("marketing"));
  columns.action = "read";
  columns.subject = {"User", "ana", nullptr};
  columns.resource = {"Dataset", "p.d", nullptr};
  columns.context = &context;
  bool ok = true;
  g_allocations = 0;
  g_counting = true;
  for (int i = 0; i < 100; ++i) {
    b.arena.Reset();
    ok &= BindRequest(*b.facts, r, b.options, b.arena, &b.bound, &b.error);
    ok &=
        BindRequest(*b.facts, columns, b.options, b.arena, &b.bound, &b.error);
  }
  g_counting = false;
  CHECK(ok);
  CHECK(g_allocations == 0);
}

TEST_CASE("what does not fit the schema is refused with its field") {
  Bound b;
  const auto refused = [&](bool ok, const char* code, const char* field) {
    INFO(b.error.message);
    CHECK_FALSE(ok);
    CHECK(b.error.code == code);
    CHECK(b.error.field == field);
    CHECK_FALSE(b.error.message.empty());
  };
  refused(b.Bind("raed", "User", "ana", "Dataset", "p.d"), "BL5204", "action");
  CHECK(b.error.remedy == "did you mean `read`?");
  refused(b.Bind("read", "Usr", "ana", "Dataset", "p.d"), "BL5205",
          "subject.type");
  refused(b.Bind("read", "User", "ana", "Dateset", "p.d"), "BL5205",
          "resource.type");
  CHECK(b.error.remedy == "did you mean `Dataset`?");
  refused(b.Bind("read", "Group", "g", "Dataset", "p.d"), "BL5212",
          "subject.type");
  refused(b.Bind("read", "User", "ana", "DataProduct", "p"), "BL5212",
          "resource.type");
  refused(b.Bind("read", "User", "", "Dataset", "p.d"), "BL5201", "subject.id");
  refused(b.Bind("read", "User", "ana", "Dataset", ""), "BL5201",
          "resource.id");
  refused(b.Read("{purpos: marketing}"), "BL5207", "context.purpos");
  CHECK(b.error.remedy == "did you mean `purpose`?");
  refused(b.Read("{purpose: marketting}"), "BL5210", "context.purpose");
  refused(b.Read("{purpose: 7}"), "BL5208", "context.purpose");
  refused(b.Read("{purpose: null}"), "BL5211", "context.purpose");
  refused(b.Read("{rows: 1.5}"), "BL5209", "context.rows");
  refused(b.Read("{rows: \"12\"}"), "BL5208", "context.rows");
  refused(b.Read("{rows: 9007199254740993}"), "BL5209", "context.rows");
  CHECK(b.Read("{rows: 9007199254740992}"));
  CHECK(b.Read("{rows: \"9007199254740993\"}"));
  CHECK(b.Read("{rows: 12}"));
  refused(b.Read("{columns: [a, 7]}"), "BL5208", "context.columns[1]");
  refused(b.Read("{columns: [a, null]}"), "BL5211", "context.columns[1]");
  refused(b.Read("{columns: a}"), "BL5208", "context.columns");
  refused(b.Read("{columns: null}"), "BL5211", "context.columns");
  refused(b.Read("{together: [p.e, p.x]}"), "BL5215", "context.together[1]");
  refused(b.Read("{together: {p.e: {}}}"), "BL5208", "context.together");
  refused(b.Read("{ticket: nope}"), "BL5215", "context.ticket");
  refused(b.Read("{approver: {id: ana, atributes: {}}}"), "BL5206",
          "context.approver.atributes");
  refused(b.Read("{approver: {id: nobody}}"), "BL5215", "context.approver");
  refused(b.Read("{caller: ana}"), "BL5208", "context.caller");
  refused(b.Read("{caller: {type: Group, id: g}}"), "BL5208",
          "context.caller.type");
  refused(b.Read("{caller: {type: Grup, id: g}}"), "BL5205",
          "context.caller.type");
  refused(b.Read("{approver: {attributes: {}}}"), "BL5208", "context.approver");
  refused(b.Read("{approver: {id: 7}}"), "BL5208", "context.approver");
  refused(b.Read("{approver: 7}"), "BL5208", "context.approver");
  refused(b.Read("{caller: {id: ana}}"), "BL5208", "context.caller");
  refused(b.Read("[a]"), "BL5208", "context");
  b.options.max_columns = 2;
  refused(b.Read("{columns: [a, b, c]}"), "BL5219", "context.columns");
  CHECK(b.Read("{columns: [a, b]}"));
}

TEST_CASE("only asserted attributes may be supplied, never against facts") {
  Bound b;
  const auto with = [&](const char* attributes) {
    return b.Bind("read", "User", "ana", "Dataset", "p.d", attributes);
  };
  CHECK_FALSE(with("{roles: [steward]}"));
  CHECK(b.error.code == "BL5213");
  CHECK(b.error.field == "subject.attributes.roles");
  CHECK_FALSE(with("{id: ana}"));
  CHECK(b.error.code == "BL5216");
  CHECK_FALSE(with("{rolez: [steward]}"));
  CHECK(b.error.code == "BL5206");
  CHECK_FALSE(with("{mfa: 1}"));
  CHECK(b.error.code == "BL5208");
  CHECK_FALSE(with("{mfa: null}"));
  CHECK(b.error.code == "BL5211");
  CHECK_FALSE(with("{device: phone}"));
  CHECK(b.error.code == "BL5214");
  CHECK_FALSE(with("[mfa]"));
  CHECK(b.error.code == "BL5208");
  CHECK(b.error.field == "subject.attributes");
  // The same value is harmless.
  REQUIRE(with("{device: laptop, mfa: true}"));
  CHECK(b.Show(b.bound.subject, "mfa") == "1");
  CHECK(b.Show(b.bound.subject, "device") == "laptop");
  CHECK(b.Show(b.bound.subject, "roles") == "{analyst}");
  CHECK(b.bound.world->IsWithin(b.bound.subject, b.Entity("Group", "g")));
  // Nothing else changed, and nothing is left for the next request.
  REQUIRE(with(""));
  CHECK(b.Show(b.bound.subject, "mfa") == "-");
  // Of a resource that proposes nothing; empty attributes are none.
  CHECK_FALSE(b.Bind("read", "User", "ana", "Dataset", "p.d", "",
                     "{classification: public}"));
  CHECK(b.error.code == "BL5213");
  CHECK(b.error.field == "resource.attributes.classification");
  CHECK(b.Bind("read", "User", "ana", "Dataset", "p.d", "{}", "{}"));
  // Of what the context names.
  REQUIRE(b.Read("{approver: {id: bo, attributes: {mfa: true}}}"));
  CHECK(b.Show(b.Entity("User", "bo"), "mfa") == "1");
  CHECK_FALSE(b.Read("{approver: {id: bo, attributes: {country: ch}}}"));
  CHECK(b.error.code == "BL5213");
  CHECK(b.error.field == "context.approver.attributes.country");
  CHECK_FALSE(b.Bind("read", "User", "bo", "Dataset", "p.d", "{mfa: true}", "",
                     "{approver: {id: bo, attributes: {mfa: false}}}"));
  CHECK(b.error.code == "BL5214");
}

TEST_CASE("a subject that facts lack is known by the request") {
  Bound b;
  REQUIRE(b.Bind("read", "User", "zoe", "Dataset", "p.d", "{mfa: false}"));
  CHECK(b.Show(b.bound.subject, "mfa") == "0");
  CHECK(b.Show(b.bound.subject, "roles") == "{}");
  CHECK(b.Show(b.bound.subject, "domain") == "-");
  CHECK(b.bound.world->IdOf(b.bound.subject) == "zoe");
  CHECK(b.bound.world->IsWithin(b.bound.subject, b.bound.subject));
  CHECK_FALSE(b.bound.world->IsWithin(b.bound.subject, b.Entity("Group", "g")));
  REQUIRE(b.Bind("read", "User", "zoe", "Dataset", "p.d", "", "",
                 "{approver: zoe}"));
  CHECK(b.Show(b.bound.context[5]) == "zoe'");
  // A resource that facts lack is decided, not refused.
  REQUIRE(b.Bind("read", "User", "zoe", "Dataset", "nope", "", "",
                 "{columns: [a]}"));
  CHECK_FALSE(b.bound.resource_known);
  CHECK(b.bound.world->IdOf(b.bound.resource) == "nope");
  CHECK_FALSE(b.Bind("read", "User", "zoe", "Dataset", "nope", "",
                     "{classification: public}"));
  CHECK(b.error.code == "BL5218");
  CHECK_FALSE(b.Bind("read", "User", "zoe", "Dataset", "nope", "", "",
                     "{together: [{id: nope, attributes: {name: x}}]}"));
  CHECK(b.error.code == "BL5218");
}

TEST_CASE("what facts derived by an inverse is held") {
  auto mesh = test::MakeMesh();
  EntityType& dataset =
      mesh->schema.entities[mesh->schema.FindEntity("Dataset")];
  dataset.attributes[Schema::FindAttribute(dataset.attributes, "product")]
      .asserted = true;
  Bound b(std::move(mesh));
  const auto with = [&](const char* id, const char* attributes) {
    return b.Bind("read", "User", "ana", "Dataset", id, "", attributes);
  };
  CHECK(with("p.d", "{product: p}"));
  CHECK_FALSE(with("p.d", "{product: q}"));
  CHECK(b.error.code == "BL5214");
  // Nobody holds this one.
  CHECK(with("bare", "{product: q}"));
}

TEST_CASE("columns are bound from names") {
  Bound b;
  REQUIRE(b.Read(""));
  CHECK_FALSE(b.bound.asked_by_name);
  CHECK(b.Asked() == "p.d.a p.d.b p.d.c");
  CHECK(b.Show(b.bound.context[1]) == "{p.d.a p.d.b p.d.c}");
  REQUIRE(b.Read("{columns: [c, a, c]}"));
  CHECK(b.bound.asked_by_name);
  CHECK(b.Asked() == "p.d.c p.d.a");
  CHECK(b.Show(b.bound.context[1]) == "{p.d.a p.d.c}");
  CHECK(b.bound.column_errors.empty());
  REQUIRE(b.Read("{columns: []}"));
  CHECK(b.bound.asked_by_name);
  CHECK(b.bound.asked.empty());
  CHECK(b.bound.column_errors.empty());
  REQUIRE(b.Read("{columns: [a, nope]}"));
  CHECK_FALSE(b.bound.column_errors.empty());
  REQUIRE(b.Read("", "bare"));
  CHECK_FALSE(b.bound.column_errors.empty());
  REQUIRE(b.Read("{columns: []}", "bare"));
  CHECK_FALSE(b.bound.column_errors.empty());
  // What one request asks for is nothing to the next.
  REQUIRE(b.Read(""));
  REQUIRE(b.Bind("open", "User", "ana", "Ticket", "k"));
  CHECK(b.bound.asked.empty());
  // With something asserted the way is another, the answer the same.
  REQUIRE(b.Bind("read", "User", "ana", "Dataset", "p.d", "{mfa: true}", "",
                 "{columns: [c, a]}"));
  CHECK(b.Asked() == "p.d.c p.d.a");
}

TEST_CASE("`includes` always holds the resource") {
  Bound b;
  REQUIRE(b.Read(""));
  CHECK(b.Show(b.bound.context[3]) == "{p.d}");
  REQUIRE(b.Read("{together: [q.f, p.d]}"));
  CHECK(b.Show(b.bound.context[3]) == "{p.d q.f'}");
}

TEST_CASE("a proposal replaces the resource and what is nested in it") {
  Bound b;
  REQUIRE(
      b.Publish("{name: P2, datasets: {d: {columns: {a: {type: int}, n: "
                "{upstream: [p.d.a]}}}}}"));
  CHECK(b.bound.proposal);
  World& w = *b.bound.world;
  const Cell p = b.bound.resource;
  const Cell before = b.bound.previous.size;
  CHECK(before == (p | kFactsView));
  CHECK(b.Show(p, "name") == "P2");
  CHECK(b.Show(before, "name") == "P");
  CHECK(b.Show(p, "owner") == "-");
  CHECK(b.Show(before, "owner") == "ana'");
  CHECK(b.Show(p, "datasets") == "{p.d}");
  CHECK(b.Show(before, "datasets") == "{p.d' p.e'}");
  CHECK(b.Show(p, "catalogued") == "0");
  const Cell d = b.Entity("Dataset", "p.d");
  CHECK(b.Show(d, "name") == "d");
  CHECK(b.Show(d, "product") == "p");
  CHECK(b.Show(d, "classification") == "-");
  CHECK(b.Show(d | kFactsView, "classification") == "internal");
  CHECK(b.Show(d, "columns") == "{p.d.a p.d.n}");
  CHECK(b.Show(d | kFactsView, "columns") == "{p.d.a' p.d.b' p.d.c'}");
  // What is left out is gone, wherever it was named, but for `previous`.
  const Cell x = b.Entity("Column", "p.e.x");
  CHECK(w.Find(x) == nullptr);
  CHECK(w.Find(x | kFactsView) != nullptr);
  CHECK(w.Find(b.Entity("Column", "p.d.b")) == nullptr);
  CHECK(w.AllOf(b.schema().FindEntity("Column")).size() == 4);
  CHECK(w.AllOf(b.schema().FindEntity("Dataset")).size() == 5);
  // Transitive attributes are closed anew: a lost its upstream.
  const Cell z = b.Entity("Column", "q.f.z");
  CHECK(b.Show(z, "upstream") == "{p.d.a}");
  CHECK(b.Show(z | kFactsView, "upstream") == "{p.d.a' p.e.x' q.f.y'}");
  CHECK(b.Show(b.Entity("Column", "p.d.n"), "upstream") == "{p.d.a}");
  // Inverses that pointed at the replaced version.
  CHECK(b.Show(b.Entity("Team", "t1"), "product") == "-");
  CHECK(b.Show(b.Entity("Team", "t1") | kFactsView, "product") == "p'");
  CHECK(b.Show(b.Entity("Team", "t3"), "product") == "q");
  // Other entities reach the proposal.
  CHECK(b.Show(b.Entity("DataProduct", "q"), "inputs") == "{p}");
  CHECK(b.Show(b.Entity("DataProduct", "q") | kFactsView, "inputs") == "{p'}");
  // Parents are closed anew.
  const Cell n = b.Entity("Column", "p.d.n");
  CHECK(w.IsWithin(n, p));
  CHECK(w.IsWithin(n, d));
  CHECK(w.Ancestors(n).size() == 3);
  CHECK(w.IsWithin(x | kFactsView, p));
  CHECK_FALSE(w.IsWithin(n, b.Entity("DataProduct", "q")));
}

TEST_CASE("proposing what facts hold changes nothing") {
  Bound b;
  REQUIRE(b.Publish(
      "{name: P, owner: ana, domain: sales, teams: [t1, t2], datasets: {d: "
      "{classification: internal, columns: {a: {type: string, upstream: "
      "[p.e.x]}, b: {type: int}, c: {}}}, e: {columns: {x: {upstream: "
      "[q.f.y]}}}}}"));
  for (const char* name : {"name", "catalogued"}) {
    CHECK(b.Show(b.bound.resource, name) ==
          b.Show(b.bound.previous.size, name));
  }
  CHECK(b.Show(b.bound.resource, "datasets") == "{p.d p.e}");
  CHECK(b.Show(b.Entity("Column", "q.f.z"), "upstream") ==
        "{p.d.a p.e.x q.f.y}");
  CHECK(b.Show(b.Entity("Team", "t1"), "product") == "p");
  // References keep children that are not proposed anew.
  REQUIRE(b.Publish("{name: P, datasets: [p.d]}"));
  CHECK(b.Show(b.bound.resource, "datasets") == "{p.d}");
  CHECK(b.Show(b.Entity("Dataset", "p.d"), "columns") == "{p.d.a p.d.b p.d.c}");
  CHECK(b.bound.world->Find(b.Entity("Dataset", "p.e")) == nullptr);
  // Without attributes the proposal is what facts hold.
  REQUIRE(b.Publish("{}"));
  CHECK_FALSE(b.bound.proposal);
  CHECK(b.Show(b.bound.resource, "owner") == "ana");
  CHECK(b.bound.previous.size == (b.bound.resource | kFactsView));
}

TEST_CASE("a new product is known by its proposal") {
  Bound b;
  REQUIRE(
      b.Publish("{name: N, inputs: [p], datasets: {d: {columns: {a: "
                "{upstream: [p.d.a, new.d.b]}, b: {}}}}}",
                "new"));
  CHECK(b.bound.resource_known);
  CHECK(b.bound.previous.missing());
  CHECK(b.Show(b.bound.resource, "inputs") == "{p}");
  CHECK(b.Show(b.Entity("Column", "new.d.a"), "upstream") ==
        "{p.d.a p.e.x q.f.y new.d.b}");
  CHECK(b.Show(b.Entity("Dataset", "new.d"), "product") == "new");
  CHECK(b.bound.world->AllOf(b.schema().FindEntity("DataProduct")).size() == 4);
  // Known to nobody and proposing nothing: decided, DENY.
  REQUIRE(b.Publish("", "new"));
  CHECK_FALSE(b.bound.resource_known);
}

TEST_CASE("proposals may not claim what facts hold elsewhere") {
  Bound b;
  const auto refused = [&](bool ok, const char* code, const char* field) {
    INFO(b.error.message);
    CHECK_FALSE(ok);
    CHECK(b.error.code == code);
    CHECK(b.error.field == field);
  };
  refused(b.Publish("{name: P, teams: [t3]}"), "BL5217", "resource.attributes");
  CHECK(b.Publish("{name: P, teams: [t1, t4]}"));
  CHECK(b.Show(b.Entity("Team", "t4"), "product") == "p");
  CHECK(b.Show(b.Entity("Team", "t2"), "product") == "-");
  refused(b.Publish("{name: P, datasets: [q.f]}"), "BL5217",
          "resource.attributes");
  refused(b.Publish("{name: P, datasets: {d: {product: q}}}"), "BL5217",
          "resource.attributes");
  // A child of another parent under the id of one's own.
  refused(b.Publish("{name: P, datasets: {odd: {}}}"), "BL5217",
          "resource.attributes.datasets.odd");
  // One that nobody holds is not the first comer's either.
  refused(b.Publish("{name: N, datasets: {bare: {}}}", "new"), "BL5217",
          "resource.attributes.datasets.bare");
  CHECK_THAT(b.error.message,
             Catch::Matchers::ContainsSubstring("not in DataProduct `new`"));
}

TEST_CASE("what does not fit in a proposal is refused with its field") {
  Bound b;
  const auto refused = [&](bool ok, const char* code, const char* field) {
    INFO(b.error.message);
    CHECK_FALSE(ok);
    CHECK(b.error.code == code);
    CHECK(b.error.field == field);
  };
  refused(b.Publish("{nam: P}"), "BL5206", "resource.attributes.nam");
  refused(b.Publish("{id: p}"), "BL5216", "resource.attributes.id");
  refused(b.Publish("{name: 7}"), "BL5208", "resource.attributes.name");
  refused(b.Publish("{name: null}"), "BL5211", "resource.attributes.name");
  refused(b.Publish("{owner: nobody}"), "BL5215", "resource.attributes.owner");
  refused(b.Publish("{tags: [pii, pi]}"), "BL5210",
          "resource.attributes.tags[1]");
  refused(b.Publish("{datasets: {d: {columns: {a: {typ: int}}}}}"), "BL5206",
          "resource.attributes.datasets.d.columns.a.typ");
  refused(b.Publish("{datasets: {d: {columns: {a: {upstream: [zz]}}}}}"),
          "BL5215", "resource.attributes.datasets.d.columns.a.upstream[0]");
  refused(b.Publish("{datasets: {d: 7}}"), "BL5208",
          "resource.attributes.datasets.d");
  refused(b.Publish("{slas: [{property: a, vaue: 1}]}"), "BL5206",
          "resource.attributes.slas[0].vaue");
  // Two columns of one name, as in facts.
  refused(b.Publish("{datasets: {d: {columns: {x: {name: c}, y: {name: c}}}}}"),
          "BL5221", "resource.attributes.datasets.d.columns.y");
  refused(b.Publish("{datasets: {d: {columns: {c: {}, y: {name: c}}}}}"),
          "BL5221", "resource.attributes.datasets.d.columns.y");
  CHECK(
      b.Publish("{name: P, datasets: {d: {columns: {x: {name: y}, y: {name: "
                "x}}}}}"));
  refused(b.Publish("{inputs: {p: {}}}"), "BL5208",
          "resource.attributes.inputs");
  refused(b.Publish("[name]"), "BL5208", "resource.attributes");
  refused(b.Publish("null"), "BL5208", "resource.attributes");
  refused(b.Publish("{datasets: {d: null}}"), "BL5211",
          "resource.attributes.datasets.d");
  refused(b.Publish("{datasets: {\"\": {}}}"), "BL5208",
          "resource.attributes.datasets[0]");
  refused(b.Publish("{owner: {type: User, id: ana}}"), "BL5208",
          "resource.attributes.owner");
  refused(b.Publish("{in: p}"), "BL5208", "resource.attributes.in");
}

TEST_CASE("a nested type may be proposed by itself") {
  Bound b;
  REQUIRE(b.Bind("publish", "User", "bo", "Dataset", "p.d", "",
                 "{name: d, columns: {a: {}}}"));
  const Cell d = b.bound.resource;
  // It says nothing of its product, so that it has none; facts still do.
  CHECK(b.Show(d, "product") == "-");
  CHECK(b.Show(d | kFactsView, "product") == "p'");
  CHECK(b.Show(b.Entity("DataProduct", "p"), "datasets") == "{p.e}");
  CHECK_FALSE(b.bound.world->IsWithin(d, b.Entity("DataProduct", "p")));
  CHECK(b.bound.world->IsWithin(d | kFactsView, b.Entity("DataProduct", "p")));
  REQUIRE(b.Bind("publish", "User", "bo", "Dataset", "p.d", "",
                 "{name: d, product: q}"));
  CHECK(b.Show(b.Entity("DataProduct", "q"), "datasets") == "{p.d p.odd q.f}");
  CHECK(
      b.bound.world->IsWithin(b.bound.resource, b.Entity("DataProduct", "q")));
}

TEST_CASE("a proposal states its parents, never itself") {
  Bound b;
  const auto move = [&](const char* attributes) {
    return b.Bind("move", "User", "ana", "Group", "h", "", attributes);
  };
  REQUIRE(move("{in: g}"));
  World& w = *b.bound.world;
  CHECK(w.IsWithin(b.bound.resource, b.Entity("Group", "g")));
  CHECK(w.IsWithin(b.Entity("Group", "k"), b.Entity("Group", "g")));
  CHECK_FALSE(
      w.IsWithin(b.Entity("Group", "k") | kFactsView, b.Entity("Group", "g")));
  CHECK_FALSE(move("{in: k}"));
  CHECK(b.error.code == "BL5220");
  CHECK_FALSE(move("{in: h}"));
  CHECK(b.error.code == "BL5220");
  CHECK_FALSE(move("{in: nobody}"));
  CHECK(b.error.code == "BL5215");
  CHECK(b.error.field == "resource.attributes.in");
}

TEST_CASE("a proposed parent of several types is named with its type") {
  auto mesh = test::MakeMesh();
  Schema& s = mesh->schema;
  s.entities[s.FindEntity("Group")].parents.push_back(s.FindEntity("User"));
  s.entities[s.FindEntity("Group")].parents.push_back(s.FindEntity("Team"));
  Bound b(std::move(mesh));
  const auto move = [&](const char* attributes) {
    return b.Bind("move", "User", "ana", "Group", "h", "", attributes);
  };
  CHECK(move("{in: t1}"));
  CHECK(move("{in: bo}"));
  CHECK_FALSE(move("{in: both}"));
  CHECK(b.error.code == "BL5208");
  CHECK(move("{in: {type: Team, id: both}}"));
}

TEST_CASE("parents that a proposal states are all it has") {
  Bound b;
  REQUIRE(b.Bind("move", "User", "ana", "Group", "k", "", "{in: g}"));
  CHECK(b.bound.world->IsWithin(b.bound.resource, b.Entity("Group", "g")));
  CHECK_FALSE(
      b.bound.world->IsWithin(b.bound.resource, b.Entity("Group", "h")));
}

TEST_CASE("places of a proposal are those of its text") {
  Bound b;
  REQUIRE(
      b.Publish("{name: P,\n datasets: {d: {columns:\n {a: {type: "
                "int}}}}}"));
  World& w = *b.bound.world;
  const FactPosition name =
      w.PositionOf(b.bound.resource, b.Slot("DataProduct", "name"));
  CHECK(name.file == kProposalFile);
  CHECK(name.line == 1);
  CHECK(name.column == 2);
  const FactPosition a = w.PositionOf(b.Entity("Column", "p.d.a"));
  CHECK(a.line == 3);
  CHECK(a.column == 3);
  CHECK(w.PositionOf(b.bound.previous.size).file == 0);
  CHECK(w.PositionOf(b.Entity("DataProduct", "q")).file == 0);
}

}  // namespace
}  // namespace bylaw
