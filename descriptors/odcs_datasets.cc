// The schema of a contract: its datasets and their columns.
#include <initializer_list>
#include <utility>

#include "compiler/bytecode/scalar.h"
#include "descriptors/odcs_reader.h"

namespace bylaw::odcs {

void Reader::ReadSchema(const Node& document, Node* product) {
  const Node* objects = List(document, "schema");
  if (objects == nullptr) return;
  Node datasets = Node::Map(objects->position);
  for (const Node& object : objects->list) {
    if (IsMap(object, "schema")) ReadDataset(object, &datasets);
  }
  Put(product_, product, "datasets", std::move(datasets),
      KeyPlace(document, "schema"));
}

// physicalName with the schema and database of the first server before it,
// unless it names them itself.
std::string Reader::TableOf(const Node& object) {
  std::string table = Text(object, "physicalName").value_or("");
  if (table.empty()) return "";
  if (table.find('.') != std::string::npos || first_server_ == nullptr) {
    return table;
  }
  const std::string type = Lower(Text(*first_server_, "type").value_or(""));
  const auto prefix = [&](const char* field) {
    const Node* n = Field(*first_server_, field);
    if (n == nullptr || n->is_list() || n->is_map() || n->text.empty()) return;
    table = n->text + "." + table;
  };
  prefix("schema");
  // PostgreSQL and its kin read one database; the others name theirs.
  if (type == "trino" || type == "databricks" || type == "presto") {
    prefix("catalog");
  } else if (type == "snowflake" || type == "sqlserver") {
    prefix("database");
  } else if (type == "bigquery") {
    prefix("dataset");
  }
  return table;
}

void Reader::ReadDataset(const Node& object, Node* datasets) {
  const auto name = Text(object, "name");
  if (!name || name->empty()) {
    Error("BL5104", object, "an object of the schema lacks its `name`");
    return;
  }
  if (datasets->Find(*name) != nullptr) {
    Error("BL5103", *object.Find("name"),
          "two objects of the schema are named " + Quote(*name));
    return;
  }
  dataset_id_ = out_.id + "." + *name;
  column_names_.clear();
  out_.datasets.push_back(dataset_id_);
  const NodePosition place = KeyPlace(object, "name");
  Node dataset = Node::Map(object.position);
  PutText(dataset_, &dataset, "name", object, "name");
  PutText(dataset_, &dataset, "description", object, "description");
  Node columns = Node::Map(object.position);
  if (const Node* properties = List(object, "properties")) {
    columns.position = properties->position;
    ReadColumns(*properties, "", 0, &columns);
    Put(dataset_, &dataset, "columns", std::move(columns),
        KeyPlace(object, "properties"));
  }
  if (const Node* tags = Field(object, "tags")) {
    PutTags(dataset_, &dataset, *tags, KeyPlace(object, "tags"));
  }
  if (const Node* c = Field(object, "classification")) {
    PutClassification(dataset_, &dataset, *c,
                      KeyPlace(object, "classification"));
  }
  if (const Node* quality = List(object, "quality")) {
    Put(dataset_, &dataset, "checks", ReadChecks(*quality),
        KeyPlace(object, "quality"));
  }
  ReadCustom(object, dataset_, &dataset);
  // What other parts of the contract say of it, unless it says so itself.
  const std::string table = TableOf(object);
  if (!table.empty() && dataset.Find("table") == nullptr) {
    Put(dataset_, &dataset, "table",
        Node::String(table, object.Find("physicalName")->position),
        KeyPlace(object, "physicalName"));
  }
  if (const Node* created = Field(*document_, "contractCreatedTs")) {
    if (dataset.Find("created") == nullptr) {
      if (created->is_string() && ParseTime(created->text)) {
        Put(dataset_, &dataset, "created", *created,
            KeyPlace(*document_, "contractCreatedTs"));
      }
    }
  }
  // The SLA `retention` of the dataset, in years or months.
  const Node* slas = Field(*document_, "slaProperties");
  if (slas != nullptr && slas->is_list() &&
      dataset.Find("retention") == nullptr) {
    for (const Node& sla : slas->list) {
      const Node* property = sla.Find("property");
      const Node* value = sla.Find("value");
      if (property == nullptr || property->text != "retention" ||
          value == nullptr) {
        continue;
      }
      const Node* element = Field(sla, "element");
      if (element != nullptr &&
          element->text.substr(0, element->text.find('.')) != *name) {
        continue;
      }
      const Node* unit = Field(sla, "unit");
      const std::string u = unit == nullptr ? "" : Lower(unit->text);
      std::string period = value->text;
      if (u == "y" || u == "yr" || u == "year" || u == "years") period += "y";
      if (u == "m" || u == "mo" || u == "month" || u == "months") {
        period += "mo";
      }
      if (!ParsePeriod(period)) continue;
      Put(dataset_, &dataset, "retention",
          Node::String(period, value->position), value->position);
      break;
    }
  }
  datasets->map.emplace_back(Node::String(*name, place), std::move(dataset));
}

void Reader::ReadColumns(const Node& list, const std::string& prefix, int depth,
                         Node* columns) {
  // Readers of files bound the depth; this bounds the length of names too.
  constexpr int kMaxDepth = 32;
  for (const Node& property : list.list) {
    if (!IsMap(property, "properties")) continue;
    const auto name = Text(property, "name");
    if (!name || name->empty()) {
      Error("BL5104", property, "a property lacks its `name`");
      continue;
    }
    const std::string full = prefix + *name;
    const Node& at = *property.Find("name");
    const std::string id = dataset_id_ + "." + full;
    if (!column_names_.insert(full).second) {
      Error("BL5103", at, "two properties are named " + Quote(full));
      continue;
    }
    out_.columns.push_back(id);
    Node column = Node::Map(property.position);
    ReadColumn(property, full, &column);
    columns->map.emplace_back(Node::String(full, KeyPlace(property, "name")),
                              std::move(column));
    if (depth == kMaxDepth) {
      Error("BL5004", at,
            "properties are nested deeper than " + std::to_string(kMaxDepth));
      continue;
    }
    if (const Node* nested = List(property, "properties")) {
      ReadColumns(*nested, full + ".", depth + 1, columns);
    }
    // Elements of an array have no name of their own.
    const Node* items = Field(property, "items");
    for (int level = 0; items != nullptr; ++level) {
      if (level == kMaxDepth) {
        Error("BL5004", *items,
              "`items` are nested deeper than " + std::to_string(kMaxDepth));
        break;
      }
      if (!items->is_map()) {
        Error("BL5103", *items,
              "`items` is a map, not " + std::string(KindName(*items)));
        break;
      }
      if (const Node* nested = List(*items, "properties")) {
        ReadColumns(*nested, full + ".", depth + 1, columns);
      }
      items = Field(*items, "items");
    }
  }
}

void Reader::ReadColumn(const Node& property, const std::string& name,
                        Node* column) {
  Put(column_, column, "name",
      Node::String(name, property.Find("name")->position),
      KeyPlace(property, "name"));
  PutText(column_, column, "description", property, "description");
  PutBool(column_, column, "required", property, "required");
  PutBool(column_, column, "unique", property, "unique");
  PutBool(column_, column, "key", property, "primaryKey");
  PutBool(column_, column, "critical", property, "criticalDataElement");
  if (const auto encrypted = Text(property, "encryptedName")) {
    if (!encrypted->empty()) {
      Node yes = Node::Bool(true);
      yes.position = property.Find("encryptedName")->position;
      Put(column_, column, "encrypted", std::move(yes),
          KeyPlace(property, "encryptedName"));
    }
  }
  if (const Node* c = Field(property, "classification")) {
    PutClassification(column_, column, *c,
                      KeyPlace(property, "classification"));
  }
  if (const Node* tags = Field(property, "tags")) {
    PutTags(column_, column, *tags, KeyPlace(property, "tags"));
  }
  if (const Node* quality = List(property, "quality")) {
    Put(column_, column, "checks", ReadChecks(*quality),
        KeyPlace(property, "quality"));
  }
  const std::string logical = Text(property, "logicalType").value_or("");
  const std::string physical = Text(property, "physicalType").value_or("");
  if (!logical.empty() || !physical.empty()) {
    const std::string_view type = OdcsColumnType(logical, physical);
    const char* field = logical.empty() ? "physicalType" : "logicalType";
    const Node& at = *property.Find(field);
    if (type.empty()) {
      Warn("BL5106", at,
           "the type " + Quote(logical.empty() ? physical : logical) +
               " is no type of columns that is known; the column's type is "
               "left out");
    } else {
      Put(column_, column, "type", Node::String(type, at.position),
          KeyPlace(property, field));
    }
  }
  const Node* sources = Field(property, "transformSourceObjects");
  if (sources != nullptr && !sources->is_list()) {
    Error("BL5103", *sources,
          "`transformSourceObjects` is a list, not " +
              std::string(KindName(*sources)));
  } else if (sources != nullptr) {
    Node upstream = Node::List(sources->position);
    for (const Node& source : sources->list) {
      if (!ids_only_ && source.is_string() && known_(column_, source.text)) {
        upstream.list.push_back(Node::String(source.text, source.position));
        continue;
      }
      Report(FactSeverity::kNote, "BL5108", source,
             Quote(source.text) +
                 " is the id of no known column; it is not "
                 "among the column's `upstream`");
    }
    Put(column_, column, "upstream", std::move(upstream),
        KeyPlace(property, "transformSourceObjects"));
  }
  ReadCustom(property, column_, column);
}

Node Reader::ReadChecks(const Node& list) {
  Node records = Node::List(list.position);
  for (const Node& check : list.list) {
    if (!IsMap(check, "quality")) continue;
    Node record = Node::Map(check.position);
    const auto first = [&](const char* field,
                           std::initializer_list<const char*> from) {
      for (const char* f : from) {
        const Node* n = Field(check, f);
        if (n == nullptr || n->is_list() || n->is_map()) continue;
        record.Set(field, Node::String(n->text, n->position));
        return;
      }
    };
    first("name", {"name", "id"});
    first("dimension", {"dimension"});
    first("rule", {"rule", "metric", "query", "type"});
    first("severity", {"severity"});
    records.list.push_back(std::move(record));
  }
  return records;
}

}  // namespace bylaw::odcs
