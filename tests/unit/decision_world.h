// A small schema with one dataset, for tests of masks and filters without the
// compiler: Dataset with columns of every type. One thread.
#ifndef BYLAW_TESTS_UNIT_DECISION_WORLD_H_
#define BYLAW_TESTS_UNIT_DECISION_WORLD_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/bytecode/program.h"
#include "evaluator/facts_builder.h"
#include "evaluator/world.h"

namespace bylaw {

inline std::shared_ptr<const Program> DatasetProgram() {
  auto program = std::make_shared<Program>();
  Schema& s = program->schema;
  const char* types[] = {"bool",    "int",    "decimal", "string",
                         "date",    "time",   "ip",      "duration",
                         "version", "object", "array"};
  s.vocabularies.push_back({"ColumnType", VocabularyKind::kPlain, 0, 11});
  s.column_type_vocabulary = 0;
  for (uint32_t i = 0; i < 11; ++i) {
    Term t;
    t.vocabulary = 0;
    t.path = types[i];
    t.end = i + 1;
    s.terms.push_back(t);
  }
  const TypeId text = s.Intern({Kind::kString, false, kNone, {}, kNone});
  const TypeId maybe_text = s.Optional(text);
  TypeInfo type;
  type.kind = Kind::kTerm;
  type.id = 0;
  type.optional = true;
  const TypeId column_type = s.Intern(type);
  TypeInfo column;
  column.kind = Kind::kEntity;
  column.entities = {1};
  const TypeId column_entity = s.Intern(column);
  TypeInfo columns;
  columns.kind = Kind::kSet;
  columns.element = column_entity;
  EntityType dataset;
  dataset.name = "Dataset";
  Attribute a;
  a.name = "columns";
  a.type = s.Intern(columns);
  dataset.attributes.push_back(a);
  a.name = "table";
  a.type = maybe_text;
  dataset.attributes.push_back(a);
  s.entities.push_back(dataset);
  EntityType entity;
  entity.name = "Column";
  entity.parents = {0};
  a.name = "name";
  a.type = text;
  entity.attributes.push_back(a);
  a.name = "type";
  a.type = column_type;
  entity.attributes.push_back(a);
  s.entities.push_back(entity);
  Schema::Selectable selectable;
  selectable.entity = 0;
  selectable.columns_slot = 0;
  selectable.column_entity = 1;
  selectable.name_slot = 0;
  selectable.type_slot = 1;
  selectable.table_slot = 1;
  s.selectables.push_back(selectable);
  Scope root;
  root.name = "org";
  program->scopes.push_back(root);
  return program;
}

// The dataset shop.orders with these columns, and privacy.erasures with
// customer_id: string, whose table is "Privacy"."erasures v2".
class DatasetWorld {
 public:
  DatasetWorld(const DatasetWorld&) = delete;
  DatasetWorld& operator=(const DatasetWorld&) = delete;
  // One column, for tests that need none.
  DatasetWorld()
      : DatasetWorld(std::vector{
            std::make_pair(std::string("a"), std::string("string"))}) {}
  explicit DatasetWorld(
      const std::vector<std::pair<std::string, std::string>>& columns)
      : program_(DatasetProgram()) {
    FactsBuilder builder(program_);
    const uint32_t file = builder.AddFile("facts.yaml");
    Add(&builder, file, "shop.orders", "", columns);
    Add(&builder, file, "privacy.erasures", "Privacy.erasures v2",
        {{"customer_id", "string"}, {"unknown", ""}});
    facts_ = builder.Build();
    for (const FactError& e : builder.errors()) messages_ += e.message + "\n";
    if (facts_ == nullptr) return;
    world_ = std::make_unique<World>(facts_.get(), &arena_);
  }
  bool ok() const { return world_ != nullptr; }
  const std::string& messages() const { return messages_; }
  World& world() { return *world_; }
  Arena& arena() { return arena_; }
  Cell orders() { return facts_->Lookup(0, "shop.orders"); }

  Value Text(std::string_view text) {
    return Value::OfCell(Kind::kString, world_->Intern(text));
  }
  Value Address(std::string_view text) {
    Value v;
    v.kind = Kind::kIp;
    Ip* ip = new (arena_.New<Ip>(1)) Ip();
    *ip = *ParseIp(text);
    v.ip = ip;
    return v;
  }
  Value SemVer(std::string_view text) {
    versions_.push_back(std::make_unique<Version>(*ParseVersion(text)));
    Value v;
    v.kind = Kind::kVersion;
    v.version = versions_.back().get();
    return v;
  }

 private:
  static Node MapNode() {
    Node n;
    n.kind = Node::Kind::kMap;
    return n;
  }
  static Node StringNode(const std::string& text) {
    Node n;
    n.kind = Node::Kind::kString;
    n.text = text;
    n.quoted = true;
    return n;
  }
  static void Add(
      FactsBuilder* builder, uint32_t file, const std::string& id,
      const std::string& table,
      const std::vector<std::pair<std::string, std::string>>& columns) {
    Node dataset = MapNode(), nested = MapNode();
    for (const auto& [name, type] : columns) {
      Node column = MapNode();
      if (!type.empty()) {
        column.map.emplace_back(StringNode("type"), StringNode(type));
      }
      nested.map.emplace_back(StringNode(name), column);
    }
    dataset.map.emplace_back(StringNode("columns"), nested);
    if (!table.empty()) {
      dataset.map.emplace_back(StringNode("table"), StringNode(table));
    }
    builder->AddEntity(file, 0, id, {}, dataset);
  }

  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Facts> facts_;
  std::string messages_;
  Arena arena_;
  std::unique_ptr<World> world_;
  std::vector<std::unique_ptr<Version>> versions_;
};

}  // namespace bylaw

#endif  // BYLAW_TESTS_UNIT_DECISION_WORLD_H_
