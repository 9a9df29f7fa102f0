// A small mesh made by hand, for tests of facts, binding and descriptors: the
// entities of policies/mesh with what those tests need beside them. No
// compiler is involved.
#ifndef BYLAW_TESTS_UNIT_FACTS_MESH_H_
#define BYLAW_TESTS_UNIT_FACTS_MESH_H_

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/bytecode/program.h"

namespace bylaw::test {

class MeshBuilder {
 public:
  MeshBuilder() : program_(std::make_shared<Program>()) {}

  Schema& schema() { return program_->schema; }
  Program& program() { return *program_; }

  uint32_t Vocabulary(std::string name, VocabularyKind kind,
                      std::vector<std::string> paths) {
    const uint32_t v = static_cast<uint32_t>(schema().vocabularies.size());
    const uint32_t first = static_cast<uint32_t>(schema().terms.size());
    schema().vocabularies.push_back(
        {std::move(name), kind, first, static_cast<uint32_t>(paths.size())});
    for (size_t i = 0; i < paths.size(); ++i) {
      Term t;
      t.vocabulary = v;
      t.path = paths[i];
      uint32_t end = static_cast<uint32_t>(i) + 1;
      while (end < paths.size() && paths[end].rfind(paths[i] + ".", 0) == 0) {
        ++end;
      }
      t.end = first + end;
      schema().terms.push_back(t);
    }
    return v;
  }
  TypeId Of(Kind kind, bool optional = false) {
    TypeInfo t;
    t.kind = kind;
    t.optional = optional;
    return schema().Intern(t);
  }
  TypeId TermOf(std::string_view vocabulary, bool optional = false) {
    TypeInfo t;
    t.kind = Kind::kTerm;
    t.optional = optional;
    t.id = schema().FindVocabulary(vocabulary);
    return schema().Intern(t);
  }
  TypeId RecordOf(std::string_view record) {
    TypeInfo t;
    t.kind = Kind::kRecord;
    t.id = schema().FindRecord(record);
    return schema().Intern(t);
  }
  TypeId EntityOf(std::vector<std::string> names, bool optional = false) {
    TypeInfo t;
    t.kind = Kind::kEntity;
    t.optional = optional;
    for (const std::string& n : names) {
      t.entities.push_back(schema().FindEntity(n));
    }
    std::sort(t.entities.begin(), t.entities.end());
    return schema().Intern(t);
  }
  TypeId Collection(Kind kind, TypeId element) {
    TypeInfo t;
    t.kind = kind;
    t.element = element;
    return schema().Intern(t);
  }
  TypeId SetOf(TypeId element) { return Collection(Kind::kSet, element); }
  TypeId ListOf(TypeId element) { return Collection(Kind::kList, element); }
  TypeId MapOf(TypeId element) { return Collection(Kind::kMap, element); }

  void Entity(std::string name, std::vector<std::string> parents = {}) {
    EntityType e;
    e.name = std::move(name);
    schema().entities.push_back(std::move(e));
    for (const std::string& p : parents) {
      schema().entities.back().parents.push_back(schema().FindEntity(p));
    }
  }
  Attribute& Add(std::string_view entity, std::string name, TypeId type) {
    EntityType& e = schema().entities[schema().FindEntity(entity)];
    e.attributes.emplace_back();
    e.attributes.back().name = std::move(name);
    e.attributes.back().type = type;
    return e.attributes.back();
  }
  uint32_t Slot(std::string_view entity, std::string_view name) {
    return Schema::FindAttribute(
        schema().entities[schema().FindEntity(entity)].attributes, name);
  }
  std::shared_ptr<Program> Take() { return std::move(program_); }

 private:
  std::shared_ptr<Program> program_;
};

inline Constant FalseConstant() {
  Constant c;
  c.kind = Kind::kBool;
  return c;
}

inline std::shared_ptr<Program> MakeMesh() {
  MeshBuilder b;
  b.Vocabulary("Classification", VocabularyKind::kOrdered,
               {"public", "internal", "confidential", "restricted"});
  b.Vocabulary("Tag", VocabularyKind::kTree,
               {"pii", "pii.email", "pii.phone", "finance"});
  b.Vocabulary("Country", VocabularyKind::kTree,
               {"eu", "eu.fr", "eu.no", "ch"});
  b.Vocabulary("Purpose", VocabularyKind::kPlain, {"marketing", "billing"});
  b.Vocabulary("Role", VocabularyKind::kPlain, {"analyst", "steward"});
  b.Vocabulary("Environment", VocabularyKind::kPlain, {"production", "test"});
  b.Vocabulary("ColumnType", VocabularyKind::kPlain,
               {"bool", "int", "decimal", "string", "date", "time", "ip",
                "duration", "version", "object", "array"});
  b.schema().column_type_vocabulary = b.schema().FindVocabulary("ColumnType");

  const TypeId text = b.Of(Kind::kString), text_o = b.Of(Kind::kString, true);
  const TypeId flag = b.Of(Kind::kBool);
  const auto record = [&](std::string name,
                          std::vector<std::pair<std::string, TypeId>> fields) {
    RecordType r;
    r.name = std::move(name);
    for (auto& [field, type] : fields) {
      Attribute a;
      a.name = field;
      a.type = type;
      r.fields.push_back(std::move(a));
    }
    b.schema().records.push_back(std::move(r));
  };
  record("Server", {{"name", text_o},
                    {"type", text_o},
                    {"format", text_o},
                    {"environment", b.TermOf("Environment", true)},
                    {"address", text_o},
                    {"region", b.TermOf("Country", true)}});
  record("Sla", {{"property", text},
                 {"value", b.Of(Kind::kDecimal, true)},
                 {"unit", text_o},
                 {"element", text_o}});
  record("QualityCheck", {{"name", text_o},
                          {"dimension", text_o},
                          {"rule", text_o},
                          {"severity", text_o}});
  record("AccessRole",
         {{"role", text}, {"access", text_o}, {"approvers", b.SetOf(text)}});
  record("Support", {{"channel", text}, {"address", text_o}});

  b.Entity("Domain");
  b.Entity("Group", {});
  b.schema().entities.back().parents = {b.schema().FindEntity("Group")};
  b.Entity("User", {"Group"});
  b.Entity("Service", {"Group"});
  b.Entity("DataProduct");
  b.Entity("Dataset", {"DataProduct"});
  b.Entity("Column", {"Dataset"});
  b.Entity("Ticket");
  b.Entity("Team");

  b.Add("Domain", "name", text_o);
  b.Add("User", "roles", b.SetOf(b.TermOf("Role")));
  b.Add("User", "domain", b.EntityOf({"Domain"}, true));
  b.Add("User", "country", b.TermOf("Country", true));
  b.Add("User", "mfa", b.Of(Kind::kBool)).asserted = true;
  b.Add("User", "device", text_o).asserted = true;
  b.Add("User", "born", b.Of(Kind::kDate, true));
  b.Add("Service", "roles", b.SetOf(b.TermOf("Role")));

  const auto product = [&](std::string name, TypeId type) -> Attribute& {
    return b.Add("DataProduct", std::move(name), type);
  };
  product("name", text);
  product("owner", b.EntityOf({"User"}, true));
  product("domain", b.EntityOf({"Domain"}, true));
  product("version", b.Of(Kind::kVersion, true));
  product("status", text_o);
  product("address", text_o);
  product("catalogued", flag).default_value = FalseConstant();
  product("description", text_o);
  product("purpose", text_o);
  product("limitations", text_o);
  product("tags", b.SetOf(b.TermOf("Tag")));
  product("servers", b.ListOf(b.RecordOf("Server")));
  product("slas", b.ListOf(b.RecordOf("Sla")));
  product("roles", b.ListOf(b.RecordOf("AccessRole")));
  product("team", b.ListOf(b.EntityOf({"User"})));
  product("support", b.ListOf(b.RecordOf("Support")));
  product("inputs", b.SetOf(b.EntityOf({"DataProduct"})));
  product("datasets", b.SetOf(b.EntityOf({"Dataset"})));
  product("teams", b.SetOf(b.EntityOf({"Team"})));

  b.Add("Dataset", "name", text);
  b.Add("Dataset", "product", b.EntityOf({"DataProduct"}, true)).inverse =
      b.Slot("DataProduct", "datasets");
  b.Add("Dataset", "columns", b.SetOf(b.EntityOf({"Column"})));
  b.Add("Dataset", "classification", b.TermOf("Classification", true));
  b.Add("Dataset", "tags", b.SetOf(b.TermOf("Tag")));
  b.Add("Dataset", "purposes", b.SetOf(b.TermOf("Purpose")));
  b.Add("Dataset", "checks", b.ListOf(b.RecordOf("QualityCheck")));
  b.Add("Dataset", "created", b.Of(Kind::kTime, true));
  b.Add("Dataset", "retention", b.Of(Kind::kPeriod, true));
  b.Add("Dataset", "description", text_o);
  b.Add("Dataset", "table", text_o);

  b.Add("Column", "name", text);
  b.Add("Column", "dataset", b.EntityOf({"Dataset"}, true)).inverse =
      b.Slot("Dataset", "columns");
  b.Add("Column", "type", b.TermOf("ColumnType", true));
  b.Add("Column", "tags", b.SetOf(b.TermOf("Tag")));
  b.Add("Column", "classification", b.TermOf("Classification", true));
  for (const char* f : {"encrypted", "required", "unique", "key", "critical"}) {
    b.Add("Column", f, flag).default_value = FalseConstant();
  }
  b.Add("Column", "upstream", b.SetOf(b.EntityOf({"Column"}))).transitive =
      true;
  b.Add("Column", "checks", b.ListOf(b.RecordOf("QualityCheck")));
  b.Add("Column", "description", text_o);

  b.Add("Ticket", "by", b.EntityOf({"User", "Service"}));
  b.Add("Ticket", "priority", b.Of(Kind::kInt));
  b.Add("Ticket", "amount", b.Of(Kind::kDecimal, true));
  b.Add("Ticket", "labels", b.MapOf(text));
  b.Add("Ticket", "from", b.Of(Kind::kIp, true));
  b.Add("Ticket", "after", b.Of(Kind::kDuration, true));

  b.Add("Team", "lead", b.EntityOf({"User"}, true));
  b.Add("Team", "product", b.EntityOf({"DataProduct"}, true)).inverse =
      b.Slot("DataProduct", "teams");

  Schema::Selectable s;
  s.entity = b.schema().FindEntity("Dataset");
  s.columns_slot = b.Slot("Dataset", "columns");
  s.column_entity = b.schema().FindEntity("Column");
  s.name_slot = b.Slot("Column", "name");
  s.type_slot = b.Slot("Column", "type");
  s.table_slot = b.Slot("Dataset", "table");
  b.schema().selectables.push_back(s);

  const uint32_t user = b.schema().FindEntity("User");
  const uint32_t service = b.schema().FindEntity("Service");
  Action read;
  read.name = "read";
  read.resources = {s.entity};
  read.subjects = {user, service};
  const auto context = [](Action& a, std::string name, TypeId type) {
    a.context.emplace_back();
    a.context.back().name = std::move(name);
    a.context.back().type = type;
  };
  context(read, "purpose", b.TermOf("Purpose", true));
  context(read, "columns", b.SetOf(b.EntityOf({"Column"})));
  read.context.back().selects = true;
  read.selecting_slot = 1;
  read.columns_slot = s.columns_slot;
  context(read, "rows", b.Of(Kind::kInt, true));
  context(read, "together", b.SetOf(b.EntityOf({"Dataset"})));
  read.context.back().includes_resource = true;
  context(read, "ticket", b.EntityOf({"Ticket"}, true));
  context(read, "approver", b.EntityOf({"User"}, true));
  context(read, "caller", b.EntityOf({"User", "Service"}, true));
  b.schema().actions.push_back(std::move(read));

  Action publish;
  publish.name = "publish";
  publish.gate = publish.proposes = true;
  publish.resources = {b.schema().FindEntity("DataProduct"), s.entity};
  publish.subjects = {user};
  context(publish, "environment", b.TermOf("Environment", true));
  b.schema().actions.push_back(std::move(publish));

  Action move;
  move.name = "move";
  move.gate = move.proposes = true;
  move.resources = {b.schema().FindEntity("Group")};
  move.subjects = {user};
  b.schema().actions.push_back(std::move(move));

  Action open;
  open.name = "open";
  open.resources = {b.schema().FindEntity("Ticket")};
  open.subjects = {user};
  b.schema().actions.push_back(std::move(open));
  return b.Take();
}

}  // namespace bylaw::test

#endif  // BYLAW_TESTS_UNIT_FACTS_MESH_H_
