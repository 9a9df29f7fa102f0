// The verifier refuses schemas that break what readers of facts and requests
// rely on. Each of these let a bundle read or write outside.
#include <functional>
#include <memory>
#include <string>

#include "compiler/bytecode/verifier.h"
#include "tests/catch.h"
#include "tests/unit/bytecode_program.h"
#include "tests/unit/facts_mesh.h"

namespace bylaw {
namespace {

struct Break {
  const char* says;
  std::function<void(Schema&)> how;
};

Attribute& Find(Schema& s, const char* entity, const char* name) {
  auto& list = s.entities[s.FindEntity(entity)].attributes;
  return list[Schema::FindAttribute(list, name)];
}

// The same attribute's type as that of another.
void Retype(Schema& s, const char* entity, const char* name,
            const char* other_entity, const char* other) {
  Find(s, entity, name).type = Find(s, other_entity, other).type;
}

Constant TermConstant(uint32_t term) {
  Constant c;
  c.kind = Kind::kTerm;
  c.index = term;
  return c;
}

const Break kBreaks[] = {
    {"reference is to no type",
     [](Schema& s) {
       s.types[Find(s, "User", "domain").type].entities.clear();
     }},
    {"default is of another type",
     [](Schema& s) {
       Find(s, "Column", "encrypted").default_value = TextConstant("no");
     }},
    {"default is of another type",
     [](Schema& s) {
       Find(s, "DataProduct", "tags").default_value =
           ListConstant({TermConstant(0)});  // of Classification
     }},
    {"default is of another type",
     [](Schema& s) {
       Find(s, "Ticket", "amount").default_value = IntConstant(INT64_MAX);
     }},
    {"inverse holds no entity",
     [](Schema& s) {
       Find(s, "Dataset", "product").inverse = 0;
       Retype(s, "Dataset", "product", "Ticket", "by");
     }},
    {"other side of an inverse",
     [](Schema& s) { Retype(s, "DataProduct", "datasets", "User", "mfa"); }},
    {"no set of its own type",
     [](Schema& s) { Find(s, "DataProduct", "team").transitive = true; }},
    {"contains itself",
     [](Schema& s) {
       s.records[s.FindRecord("Sla")].fields[0].type =
           s.records[s.FindRecord("Server")].fields[0].type;
       const TypeId list = Find(s, "DataProduct", "servers").type;
       s.records[s.FindRecord("Server")].fields[0].type = list;
     }},
    {"found in two ways",
     [](Schema& s) { s.selectables.push_back(s.selectables[0]); }},
    {"no set of their type",
     [](Schema& s) {
       s.selectables[0].column_entity = s.FindEntity("Dataset");
       s.selectables[0].name_slot = 0;
     }},
    {"name of a column is no text",
     [](Schema& s) {
       s.selectables[0].name_slot = s.selectables[0].type_slot;
     }},
    {"no column type",
     [](Schema& s) {
       s.selectables[0].type_slot = s.selectables[0].name_slot;
     }},
    {"table is no text", [](Schema& s) { s.selectables[0].table_slot = 2; }},
    {"selects nothing, or by nothing",
     [](Schema& s) { s.actions[0].selecting_slot = kNone; }},
    {"not known to be columns", [](Schema& s) { s.selectables.clear(); }},
    {"another type than columns",
     [](Schema& s) {
       s.actions[0].context[1].type = s.actions[0].context[3].type;
     }},
    {"cannot include the resource",
     [](Schema& s) { s.actions[0].context[2].includes_resource = true; }},
};

TEST_CASE("a schema that keeps its promises is accepted") {
  const std::shared_ptr<Program> p = test::MakeMesh();
  const absl::Status status = Verify(*p);
  INFO(std::string(status.message()));
  CHECK(status.ok());
}

TEST_CASE("a schema that breaks a promise is refused") {
  for (const Break& b : kBreaks) {
    const std::shared_ptr<Program> p = test::MakeMesh();
    b.how(p->schema);
    const std::string message(Verify(*p).message());
    INFO(b.says << ": " << message);
    CHECK(message.find(b.says) != std::string::npos);
  }
}

}  // namespace
}  // namespace bylaw
