// The bytes of a bundle: read and verified; what the verifier accepts is run.
// Facts and requests are made from the program's own schema, so that any
// program that arises here gets to decide about every action and type.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "compiler/bytecode/disassemble.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "evaluator/report.h"
#include "evaluator/sql.h"
#include "evaluator/value_node.h"
#include "tests/fuzz/support.h"

namespace bylaw::fuzz {
namespace {

// These take the sanitizers some 10 ms, and an input makes up to 64 decisions:
// what takes as long as an input may take (see README.md) does more than its
// budget says.
constexpr int64_t kMaxBudget = 200'000;
constexpr size_t kMaxRequests = 16;
constexpr size_t kMaxExplained = 2;  // explaining and writing take most time
constexpr int kMaxRecords = 3;       // records in records

const char* const kIds[] = {"a", "a.b"};

Constant Collection(Kind kind, Constant element) {
  Constant c;
  c.kind = kind;
  if (element.kind == Kind::kMissing) return c;
  c.elements.push_back(std::move(element));
  if (kind == Kind::kMap) c.keys.push_back("k");
  return c;
}

// Some value of a type; missing where the schema has none.
Constant Sample(const Schema& schema, TypeId type, int depth = 0) {
  const TypeInfo& info = schema.type(type);
  Constant c;
  c.kind = info.kind;
  c.number = 1;
  c.text = "a";
  switch (info.kind) {
    case Kind::kTerm:
      c.index = schema.vocabularies[info.id].first_term;
      if (schema.vocabularies[info.id].num_terms == 0) return {};
      break;
    case Kind::kEntity:
      if (info.entities.empty()) return {};
      c.index = info.entities[0];
      break;
    case Kind::kRecord: {
      if (depth > kMaxRecords) return {};
      c.index = info.id;
      for (const Attribute& field : schema.records[info.id].fields) {
        c.elements.push_back(Sample(schema, field.type, depth + 1));
      }
      break;
    }
    case Kind::kSet:
    case Kind::kList:
    case Kind::kMap:
      return Collection(info.kind, Sample(schema, info.element, depth));
    default:
      break;
  }
  return c;
}

Node SampleAttributes(const Schema& schema,
                      const std::vector<Attribute>& attributes) {
  Node node = Node::Map();
  for (const Attribute& a : attributes) {
    const Constant c = Sample(schema, a.type);
    if (c.kind == Kind::kMissing) continue;
    node.Set(a.name, NodeOfConstant(schema, c, a.type));
  }
  return node;
}

enum class Given { kNothing, kIds, kAttributes };

std::shared_ptr<const Facts> MakeFacts(
    const std::shared_ptr<const Program>& program, Given given) {
  const Schema& schema = program->schema;
  FactsBuilder builder(program, FactsBuilder::Mode::kGiven);
  for (uint32_t type = 0; type < schema.entities.size(); ++type) {
    const std::vector<Attribute>& attributes = schema.entities[type].attributes;
    std::vector<std::pair<uint32_t, Constant>> values;
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      if (given != Given::kAttributes) break;
      Constant c = Sample(schema, attributes[slot].type);
      if (c.kind != Kind::kMissing) values.emplace_back(slot, std::move(c));
    }
    for (const char* id : kIds) {
      if (given != Given::kNothing) builder.AddGiven(type, id, values);
    }
  }
  return builder.Build();
}

void Decide(const Engine& engine, const Request& request, bool explain) {
  static Arena arena;
  arena.Reset();
  BoundRequest bound;
  RequestError error;
  if (!engine.Bind(request, arena, &bound, &error)) {
    Require(!error.message.empty(), "a refusal says why");
  } else if (explain) {
    DecideBound(engine, bound);
  } else {
    Decision decision;
    engine.Decide(bound, arena, &decision);
    MakeReport(engine, bound, decision, SqlDialect::kPostgres);
  }
}

// Requests of every action on every type by every type: bare, and with all
// that a request can say.
void DecideAll(const Engine& engine) {
  const Schema& schema = engine.program().schema;
  size_t n = 0;
  for (const Action& action : schema.actions) {
    const Node context = SampleAttributes(schema, action.context);
    for (const uint32_t resource : action.resources) {
      const EntityType& type = schema.entities[resource];
      const Node proposed = SampleAttributes(schema, type.attributes);
      for (const uint32_t subject : action.subjects) {
        if (++n > kMaxRequests) return;
        Request request;
        request.now = kNow;
        request.action = action.name;
        request.subject = {schema.entities[subject].name, "a", nullptr};
        request.resource = {type.name, "a", nullptr};
        const bool explain = n <= kMaxExplained;
        Decide(engine, request, explain);
        request.context = &context;
        if (action.proposes) request.resource.attributes = &proposed;
        Decide(engine, request, explain);
      }
    }
  }
}

void Run(Bundle bundle) {
  const std::string saved = bundle.sections["facts"];
  const auto program =
      std::make_shared<const Program>(std::move(bundle.program));
  EngineOptions options;
  options.vm.budget = static_cast<uint64_t>(
      std::min(program->settings.limits.decision_steps, kMaxBudget));
  options.mask_key = "key";
  const auto load = [&](std::shared_ptr<const Facts> facts) {
    if (facts == nullptr) return;
    const auto engine = Engine::Load(program, std::move(facts), options);
    Require(engine.ok(), "verified programs load",
            std::string(engine.status().message()));
    DecideAll(**engine);
  };
  if (auto facts = LoadSavedFacts(saved, program); facts.ok()) load(*facts);
  std::shared_ptr<const Facts> facts = MakeFacts(program, Given::kAttributes);
  if (facts == nullptr) facts = MakeFacts(program, Given::kIds);
  if (facts == nullptr) facts = MakeFacts(program, Given::kNothing);
  load(std::move(facts));
}

}  // namespace
}  // namespace bylaw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bylaw;
  const std::string_view bytes = fuzz::TextOf(data, size);
  auto bundle = ParseBundle(bytes);
  if (!bundle.ok() || !Verify(bundle->program).ok()) return 0;
  fuzz::Require(SerializeBundle(*bundle) == bytes,
                "a bundle that was read is written the same");
  fuzz::Require(!Disassemble(bundle->program).empty(),
                "a program can be shown");
  fuzz::Run(std::move(*bundle));
  return 0;
}
