#include "descriptors/odcs.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "compiler/bytecode/scalar.h"

namespace bylaw {
namespace {

std::string Lower(std::string_view text) {
  std::string s(text);
  for (char& c : s) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return s;
}

std::string Quote(std::string_view text) {
  constexpr size_t kLongest = 80;
  if (text.size() <= kLongest) return "`" + std::string(text) + "`";
  size_t cut = kLongest;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return "`" + std::string(text.substr(0, cut)) + "…`";
}

std::string_view KindName(const Node& n) {
  constexpr std::string_view kNames[] = {"null",   "true or false", "a number",
                                         "a text", "a list",        "a map"};
  return kNames[static_cast<size_t>(n.kind)];
}

class Reader {
 public:
  Reader(const std::string& path, const Program& program, const IsKnown& known,
         bool ids_only, OdcsProduct* out, std::vector<FactError>* errors)
      : path_(path),
        program_(program),
        schema_(program.schema),
        known_(known),
        ids_only_(ids_only),
        out_(*out),
        errors_(*errors) {}

  bool Read(const Node& document);

 private:
  void Report(FactSeverity severity, const char* code, const Node& at,
              std::string message, std::string suggestion = "");
  void Error(const char* code, const Node& at, std::string message,
             std::string suggestion = "") {
    Report(FactSeverity::kError, code, at, std::move(message),
           std::move(suggestion));
  }
  void Warn(const char* code, const Node& at, std::string message,
            std::string suggestion = "") {
    Report(FactSeverity::kWarning, code, at, std::move(message),
           std::move(suggestion));
  }

  // A field that is stated: null counts as left out, as the format has it.
  const Node* Field(const Node& map, std::string_view name) {
    const Node* n = map.Find(name);
    return n == nullptr || n->is_null() ? nullptr : n;
  }
  // The key of a field, for its place.
  static NodePosition KeyPlace(const Node& map, std::string_view name) {
    for (const auto& [k, v] : map.map) {
      if (k.text == name) return k.position;
    }
    return map.position;
  }
  // A scalar as text; an error if it is a list or a map.
  std::optional<std::string> Text(const Node& map, std::string_view name);
  std::optional<bool> Bool(const Node& map, std::string_view name);
  const Node* List(const Node& map, std::string_view name);
  bool IsMap(const Node& n, std::string_view what);

  // Sets an attribute if the type declares it.
  void Put(uint32_t type, Node* attributes, std::string_view name, Node value,
           NodePosition place);
  void PutText(uint32_t type, Node* attributes, std::string_view name,
               const Node& map, std::string_view field);
  void PutBool(uint32_t type, Node* attributes, std::string_view name,
               const Node& map, std::string_view field);

  // `what` a text is: the word of messages. `attribute` names the mapping.
  std::optional<Node> MapTerm(uint32_t vocabulary, const Node& text,
                              std::string_view what,
                              const std::string& attribute);
  void PutClassification(uint32_t type, Node* attributes, const Node& value,
                         NodePosition place);
  void PutTags(uint32_t type, Node* attributes, const Node& value,
               NodePosition place);
  uint32_t VocabularyOf(uint32_t type, std::string_view attribute) const;

  void ReadServers(const Node& document, Node* product);
  void ReadSlas(const Node& document, Node* product);
  void ReadRoles(const Node& document, Node* product);
  void ReadTeam(const Node& document, Node* product);
  void ReadSupport(const Node& document, Node* product);
  void ReadCustom(const Node& map, uint32_t type, Node* attributes);
  Node ReadChecks(const Node& list);
  void ReadSchema(const Node& document, Node* product);
  void ReadDataset(const Node& object, Node* datasets);
  void ReadColumns(const Node& list, const std::string& prefix, int depth,
                   Node* columns);
  void ReadColumn(const Node& property, const std::string& name, Node* column);
  std::string TableOf(const Node& object);

  const std::string& path_;
  const Program& program_;
  const Schema& schema_;
  const IsKnown& known_;
  const bool ids_only_;
  OdcsProduct& out_;
  std::vector<FactError>& errors_;
  bool failed_ = false;
  uint32_t product_ = kNone, dataset_ = kNone, column_ = kNone;
  const Node* document_ = nullptr;
  const Node* first_server_ = nullptr;
  std::string dataset_id_;
  std::set<std::string> column_names_;  // of the dataset
};

void Reader::Report(FactSeverity severity, const char* code, const Node& at,
                    std::string message, std::string suggestion) {
  if (severity == FactSeverity::kError) failed_ = true;
  if (ids_only_) return;
  FactError e;
  e.code = code;
  e.file = path_;
  e.line = e.end_line = at.position.line;
  e.column = at.position.column;
  const bool scalar = at.kind == Node::Kind::kString ||
                      at.kind == Node::Kind::kNumber ||
                      at.kind == Node::Kind::kBool;
  e.end_column =
      at.position.column +
      (scalar ? std::max<uint32_t>(1, static_cast<uint32_t>(at.text.size()) +
                                          (at.quoted ? 2u : 0u))
              : 1);
  e.message = std::move(message);
  e.suggestion = std::move(suggestion);
  e.severity = severity;
  errors_.push_back(std::move(e));
}

std::optional<std::string> Reader::Text(const Node& map,
                                        std::string_view name) {
  const Node* n = Field(map, name);
  if (n == nullptr) return std::nullopt;
  if (n->is_list() || n->is_map()) {
    Error("BL5103", *n,
          Quote(name) + " is a text, not " + std::string(KindName(*n)));
    return std::nullopt;
  }
  return n->text;
}

std::optional<bool> Reader::Bool(const Node& map, std::string_view name) {
  const Node* n = Field(map, name);
  if (n == nullptr) return std::nullopt;
  if (n->kind != Node::Kind::kBool) {
    Error("BL5103", *n,
          Quote(name) + " is true or false, not " + std::string(KindName(*n)));
    return std::nullopt;
  }
  return n->boolean;
}

const Node* Reader::List(const Node& map, std::string_view name) {
  const Node* n = Field(map, name);
  if (n == nullptr) return nullptr;
  if (!n->is_list()) {
    Error("BL5103", *n,
          Quote(name) + " is a list, not " + std::string(KindName(*n)));
    return nullptr;
  }
  return n;
}

bool Reader::IsMap(const Node& n, std::string_view what) {
  if (n.is_map()) return true;
  Error("BL5103", n,
        "an element of " + Quote(what) + " is a map, not " +
            std::string(KindName(n)));
  return false;
}

void Reader::Put(uint32_t type, Node* attributes, std::string_view name,
                 Node value, NodePosition place) {
  if (Schema::FindAttribute(schema_.entities[type].attributes, name) == kNone) {
    return;
  }
  attributes->map.emplace_back(Node::String(name, place), std::move(value));
}

void Reader::PutText(uint32_t type, Node* attributes, std::string_view name,
                     const Node& map, std::string_view field) {
  const std::optional<std::string> text = Text(map, field);
  if (!text) return;
  Put(type, attributes, name, Node::String(*text, map.Find(field)->position),
      KeyPlace(map, field));
}

void Reader::PutBool(uint32_t type, Node* attributes, std::string_view name,
                     const Node& map, std::string_view field) {
  const std::optional<bool> b = Bool(map, field);
  if (!b) return;
  Node value = Node::Bool(*b);
  value.position = map.Find(field)->position;
  Put(type, attributes, name, std::move(value), KeyPlace(map, field));
}

// --- Free text onto vocabularies ---

uint32_t Reader::VocabularyOf(uint32_t type, std::string_view attribute) const {
  const auto& attributes = schema_.entities[type].attributes;
  const uint32_t slot = Schema::FindAttribute(attributes, attribute);
  if (slot == kNone) return kNone;
  const TypeInfo* info = &schema_.type(attributes[slot].type);
  if (info->element != kNone) info = &schema_.type(info->element);
  return info->kind == Kind::kTerm ? info->id : kNone;
}

std::optional<Node> Reader::MapTerm(uint32_t vocabulary, const Node& text,
                                    std::string_view what,
                                    const std::string& attribute) {
  if (vocabulary == kNone) return std::nullopt;
  if (text.is_list() || text.is_map() || text.is_null()) {
    Error("BL5103", text,
          "a " + std::string(what) + " is a text, not " +
              std::string(KindName(text)));
    return std::nullopt;
  }
  std::string path = text.text;
  const auto& mappings = program_.settings.mappings;
  if (const auto mapping = mappings.find(attribute);
      mapping != mappings.end()) {
    const auto it = mapping->second.find(path);
    if (it != mapping->second.end()) path = it->second;
  }
  if (schema_.FindTerm(vocabulary, path) == kNone) {
    Warn("BL5105", text,
         "the " + std::string(what) + " " + Quote(text.text) +
             " is no term of " + schema_.vocabularies[vocabulary].name +
             ", and no mapping covers it",
         "map it in bylaw.yaml, or write a term");
    return std::nullopt;
  }
  return Node::String(path, text.position);
}

void Reader::PutClassification(uint32_t type, Node* attributes,
                               const Node& value, NodePosition place) {
  const std::optional<Node> term =
      MapTerm(VocabularyOf(type, "classification"), value, "classification",
              "classification");
  if (term) Put(type, attributes, "classification", *term, place);
}

void Reader::PutTags(uint32_t type, Node* attributes, const Node& value,
                     NodePosition place) {
  if (!value.is_list()) {
    Error("BL5103", value,
          "`tags` is a list, not " + std::string(KindName(value)));
    return;
  }
  const uint32_t vocabulary = VocabularyOf(type, "tags");
  Node terms = Node::List(value.position);
  for (const Node& tag : value.list) {
    std::optional<Node> term = MapTerm(vocabulary, tag, "tag", "tags");
    if (term) terms.list.push_back(std::move(*term));
  }
  Put(type, attributes, "tags", std::move(terms), place);
}

// --- The contract ---

bool Reader::Read(const Node& document) {
  document_ = &document;
  product_ = schema_.FindEntity("DataProduct");
  dataset_ = schema_.FindEntity("Dataset");
  column_ = schema_.FindEntity("Column");
  if (product_ == kNone || dataset_ == kNone || column_ == kNone) {
    Error("BL5110", document,
          "the program has no DataProduct, Dataset and Column");
    return false;
  }
  const std::string version = Text(document, "apiVersion").value_or("");
  if (version.rfind("v3.0.", 0) != 0 && version.rfind("v3.1.", 0) != 0) {
    const Node* at = Field(document, "apiVersion");
    if (at == nullptr) {
      Error("BL5104", document, "the contract lacks `apiVersion`",
            "write apiVersion: v3.1.0");
    } else {
      Error("BL5102", *at,
            "ODCS " + Quote(version) + " is not read; v3.0 and v3.1 are");
      return false;  // its fields have other forms
    }
  }
  for (const char* required : {"id", "version", "status"}) {
    if (Field(document, required) == nullptr) {
      Error("BL5104", document,
            "the contract lacks " + Quote(required) +
                ", which the format requires");
    }
  }
  const Node* id = Field(document, "id");
  out_.id = Text(document, "id").value_or("");
  if (id != nullptr && !id->is_list() && !id->is_map() && out_.id.empty()) {
    Error("BL5103", *id, "the contract's `id` is empty");
  }
  out_.position = KeyPlace(document, "id");

  Node& p = out_.attributes;
  p = Node::Map(document.position);
  const char* name_field = Field(document, "dataProduct")
                               ? "dataProduct"
                               : (Field(document, "name") ? "name" : "id");
  PutText(product_, &p, "name", document, name_field);
  if (p.map.empty()) {  // refused; but the product keeps a name
    Put(product_, &p, "name", Node::String(out_.id, out_.position),
        out_.position);
  }
  PutText(product_, &p, "status", document, "status");
  PutText(product_, &p, "domain", document, "domain");
  if (const Node* v = Field(document, "version")) {
    if (v->is_string() && ParseVersion(v->text)) {
      Put(product_, &p, "version", *v, KeyPlace(document, "version"));
    } else if (v->is_list() || v->is_map()) {
      Text(document, "version");
    } else {
      Warn("BL5109", *v,
           "the version " + Quote(v->text) +
               " is not semantic (1.2.0); the product has none",
           "write a version such as 1.0.0");
    }
  }
  if (const Node* d = Field(document, "description")) {
    if (d->is_map()) {
      PutText(product_, &p, "description", *d, "usage");
      PutText(product_, &p, "purpose", *d, "purpose");
      PutText(product_, &p, "limitations", *d, "limitations");
    } else {
      Error("BL5103", *d,
            "`description` is a map, not " + std::string(KindName(*d)),
            "write description: { usage: … }");
    }
  }
  if (const Node* tags = Field(document, "tags")) {
    PutTags(product_, &p, *tags, KeyPlace(document, "tags"));
  }
  ReadServers(document, &p);
  ReadSlas(document, &p);
  ReadRoles(document, &p);
  ReadTeam(document, &p);
  ReadSupport(document, &p);
  if (const Node* created = Field(document, "contractCreatedTs")) {
    if (!created->is_string() || !ParseTime(created->text)) {
      Error("BL5103", *created,
            "`contractCreatedTs` is a time, not " +
                (created->text.empty() ? std::string(KindName(*created))
                                       : Quote(created->text)),
            "times are written 2026-11-20T10:00:00Z");
    }
  }
  ReadSchema(document, &p);
  // Last, so that what sets a field again is at fault.
  ReadCustom(document, product_, &p);
  return !failed_;
}

void Reader::ReadServers(const Node& document, Node* product) {
  const Node* servers = List(document, "servers");
  if (servers == nullptr) return;
  const auto& attributes = schema_.entities[product_].attributes;
  const uint32_t slot = Schema::FindAttribute(attributes, "servers");
  Node records = Node::List(servers->position);
  for (const Node& server : servers->list) {
    if (!IsMap(server, "servers")) continue;
    if (first_server_ == nullptr) first_server_ = &server;
    Node record = Node::Map(server.position);
    const auto text = [&](const char* field, const char* from) {
      if (const auto t = Text(server, from)) {
        record.Set(field, Node::String(*t, server.Find(from)->position));
      }
    };
    text("name", "server");
    text("type", "type");
    text("format", "format");
    for (const char* from : {"location", "endpointUrl", "stagingDir", "host",
                             "account", "project", "path"}) {
      if (Field(server, from) == nullptr) continue;
      std::string address = Text(server, from).value_or("");
      if (std::string_view(from) == "host") {
        if (const auto port = Text(server, "port")) address += ":" + *port;
      }
      for (const char* part : {"database", "catalog", "dataset", "schema"}) {
        if (std::string_view(from) == "location") break;
        if (const auto t = Text(server, part)) address += "/" + *t;
      }
      record.Set("address", Node::String(address, server.Find(from)->position));
      break;
    }
    // Terms of the mesh, if the text is one.
    if (slot != kNone) {
      const TypeInfo& list = schema_.type(attributes[slot].type);
      if (list.element != kNone &&
          schema_.type(list.element).kind == Kind::kRecord) {
        const RecordType& type = schema_.records[schema_.type(list.element).id];
        for (const char* field : {"environment", "region"}) {
          const Node* value = Field(server, field);
          const uint32_t f = Schema::FindAttribute(type.fields, field);
          if (value == nullptr || f == kNone) continue;
          const TypeInfo& info = schema_.type(type.fields[f].type);
          if (info.kind != Kind::kTerm) continue;
          const std::optional<Node> term =
              MapTerm(info.id, *value, field, field);
          if (term) record.Set(field, *term);
        }
      }
    }
    records.list.push_back(std::move(record));
  }
  if (!records.list.empty() && product->Find("address") == nullptr) {
    if (const Node* address = records.list[0].Find("address")) {
      Put(product_, product, "address", *address, address->position);
    }
  }
  Put(product_, product, "servers", std::move(records),
      KeyPlace(document, "servers"));
}

void Reader::ReadSlas(const Node& document, Node* product) {
  const Node* slas = List(document, "slaProperties");
  if (slas == nullptr) return;
  Node records = Node::List(slas->position);
  for (const Node& sla : slas->list) {
    if (!IsMap(sla, "slaProperties")) continue;
    Node record = Node::Map(sla.position);
    const auto property = Text(sla, "property");
    if (!property) {
      Error("BL5104", sla, "an SLA lacks its `property`");
      continue;
    }
    record.Set("property",
               Node::String(*property, sla.Find("property")->position));
    if (const Node* value = Field(sla, "value")) {
      const bool scalar = !value->is_list() && !value->is_map();
      if (scalar && ParseDecimal(value->text)) {
        record.Set("value", *value);
      } else if (scalar) {
        Report(FactSeverity::kNote, "BL5109", *value,
               "the value " + Quote(value->text) + " of the SLA " +
                   Quote(*property) + " is no number and is left out");
      } else {
        Error("BL5103", *value,
              "`value` is a number or a text, not " +
                  std::string(KindName(*value)));
      }
    }
    for (const char* field : {"unit", "element"}) {
      if (const auto t = Text(sla, field)) {
        record.Set(field, Node::String(*t, sla.Find(field)->position));
      }
    }
    records.list.push_back(std::move(record));
  }
  Put(product_, product, "slas", std::move(records),
      KeyPlace(document, "slaProperties"));
}

void Reader::ReadRoles(const Node& document, Node* product) {
  const Node* roles = List(document, "roles");
  if (roles == nullptr) return;
  Node records = Node::List(roles->position);
  for (const Node& role : roles->list) {
    if (!IsMap(role, "roles")) continue;
    const auto name = Text(role, "role");
    if (!name) {
      Error("BL5104", role, "a role lacks its `role`");
      continue;
    }
    Node record = Node::Map(role.position);
    record.Set("role", Node::String(*name, role.Find("role")->position));
    if (const auto access = Text(role, "access")) {
      record.Set("access",
                 Node::String(*access, role.Find("access")->position));
    }
    Node approvers = Node::List(role.position);
    for (const char* field : {"firstLevelApprovers", "secondLevelApprovers"}) {
      const Node* value = Field(role, field);
      if (value == nullptr) continue;
      if (value->is_list()) {
        for (const Node& n : value->list) {
          if (!n.text.empty()) {
            approvers.list.push_back(Node::String(n.text, n.position));
          }
        }
      } else if (const auto t = Text(role, field)) {
        approvers.list.push_back(Node::String(*t, value->position));
      }
    }
    record.Set("approvers", std::move(approvers));
    records.list.push_back(std::move(record));
  }
  Put(product_, product, "roles", std::move(records),
      KeyPlace(document, "roles"));
}

// A list before v3.1, an object with `members` since.
void Reader::ReadTeam(const Node& document, Node* product) {
  const Node* team = Field(document, "team");
  if (team == nullptr) return;
  out_.homes["owner"] = KeyPlace(document, "team");
  const Node* members = team;
  if (team->is_map()) {
    members = List(*team, "members");
    if (members == nullptr) return;
  } else if (!team->is_list()) {
    Error("BL5103", *team,
          "`team` is a list of members, or since v3.1 a map with `members`");
    return;
  }
  const uint32_t user_type = schema_.FindEntity("User");
  Node users = Node::List(members->position);
  std::set<std::string> seen;
  bool has_owner = false;
  for (const Node& member : members->list) {
    if (!IsMap(member, "team")) continue;
    const auto name = Text(member, "username");
    if (!name || name->empty()) {
      Error("BL5104", member, "a member of the team lacks its `username`");
      continue;
    }
    if (Field(member, "dateOut") != nullptr) continue;  // has left
    const Node& at = *member.Find("username");
    if (user_type == kNone || (!ids_only_ && !known_(user_type, *name))) {
      Warn("BL5107", at,
           "facts have no User " + Quote(*name) +
               "; the team of the product goes without",
           "add the user to the facts, or correct the name");
      continue;
    }
    Node reference = Node::String(*name, at.position);
    if (seen.insert(*name).second) users.list.push_back(reference);
    if (Lower(Text(member, "role").value_or("")) != "owner") continue;
    if (has_owner) {
      Warn("BL5109", at,
           "the product has an owner already; " + Quote(*name) +
               " is a member only",
           "a data product has one owner");
      continue;
    }
    has_owner = true;
    Put(product_, product, "owner", std::move(reference), at.position);
  }
  Put(product_, product, "team", std::move(users), KeyPlace(document, "team"));
}

void Reader::ReadSupport(const Node& document, Node* product) {
  const Node* support = List(document, "support");
  if (support == nullptr) return;
  Node records = Node::List(support->position);
  for (const Node& channel : support->list) {
    if (!IsMap(channel, "support")) continue;
    const auto name = Text(channel, "channel");
    if (!name) {
      Error("BL5104", channel, "a support channel lacks its `channel`");
      continue;
    }
    Node record = Node::Map(channel.position);
    record.Set("channel",
               Node::String(*name, channel.Find("channel")->position));
    if (const auto url = Text(channel, "url")) {
      record.Set("address", Node::String(*url, channel.Find("url")->position));
    }
    records.list.push_back(std::move(record));
  }
  Put(product_, product, "support", std::move(records),
      KeyPlace(document, "support"));
}

// A custom property that is named like an attribute sets it, in the spelling
// of facts; the format's own fields cannot be set a second time.
void Reader::ReadCustom(const Node& map, uint32_t type, Node* attributes) {
  const Node* list = List(map, "customProperties");
  if (list == nullptr) return;
  const EntityType& info = schema_.entities[type];
  for (const Node& item : list->list) {
    if (!IsMap(item, "customProperties")) continue;
    const auto property = Text(item, "property");
    if (!property) {
      Error("BL5104", item, "a custom property lacks its `property`");
      continue;
    }
    const Node* value = Field(item, "value");
    if (value == nullptr) continue;
    const uint32_t slot = Schema::FindAttribute(info.attributes, *property);
    if (slot == kNone) continue;  // the mesh does not ask for it
    const Node& at = *item.Find("property");
    if (*property == "address") {
      std::erase_if(attributes->map,
                    [](const auto& a) { return a.first.text == "address"; });
    }
    if (attributes->Find(*property) != nullptr) {
      Error("BL5012", at,
            Quote(*property) + " of " + info.name + " has a source already",
            "remove the custom property, or the field of the contract");
      continue;
    }
    if (*property == "classification") {
      PutClassification(type, attributes, *value, at.position);
      continue;
    }
    if (*property == "tags") {
      // The format lets a custom property have any form: one tag is a text.
      Node one = Node::List(value->position);
      if (!value->is_list()) one.list.push_back(*value);
      PutTags(type, attributes, value->is_list() ? *value : one, at.position);
      continue;
    }
    // References to what nobody defines are left out, and reported.
    const TypeInfo* target = &schema_.type(info.attributes[slot].type);
    const bool collection = target->element != kNone;
    if (collection) target = &schema_.type(target->element);
    if (target->kind == Kind::kEntity && target->entities.size() == 1 &&
        !ids_only_) {
      const uint32_t entity = target->entities[0];
      const auto unknown = [&](const Node& n) {
        if (!n.is_string() || known_(entity, n.text)) return false;
        Warn("BL5107", n,
             "facts have no " + schema_.entities[entity].name + " " +
                 Quote(n.text) + "; " + Quote(*property) + " goes without");
        return true;
      };
      if (!collection) {
        if (unknown(*value)) continue;
      } else if (value->is_list()) {
        Node kept = Node::List(value->position);
        for (const Node& n : value->list) {
          if (!unknown(n)) kept.list.push_back(n);
        }
        Put(type, attributes, *property, std::move(kept), at.position);
        continue;
      }
    }
    Put(type, attributes, *property, *value, at.position);
  }
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

// --- Datasets and columns ---

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
  ReadCustom(object, dataset_, &dataset);
  if (const Node* tags = Field(object, "tags")) {
    if (dataset.Find("tags") == nullptr) {
      PutTags(dataset_, &dataset, *tags, KeyPlace(object, "tags"));
    }
  }
  if (const Node* c = Field(object, "classification")) {
    if (dataset.Find("classification") == nullptr) {
      PutClassification(dataset_, &dataset, *c,
                        KeyPlace(object, "classification"));
    }
  }
  const std::string table = TableOf(object);
  if (!table.empty() && dataset.Find("table") == nullptr) {
    Put(dataset_, &dataset, "table",
        Node::String(table, object.Find("physicalName")->position),
        KeyPlace(object, "physicalName"));
  }
  if (const Node* quality = List(object, "quality")) {
    if (dataset.Find("checks") == nullptr) {
      Put(dataset_, &dataset, "checks", ReadChecks(*quality),
          KeyPlace(object, "quality"));
    }
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
    for (int level = 0; items != nullptr && level < kMaxDepth; ++level) {
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
  ReadCustom(property, column_, column);
  if (const auto encrypted = Text(property, "encryptedName")) {
    if (!encrypted->empty() && column->Find("encrypted") == nullptr) {
      Node yes = Node::Bool(true);
      yes.position = property.Find("encryptedName")->position;
      Put(column_, column, "encrypted", std::move(yes),
          KeyPlace(property, "encryptedName"));
    }
  }
  if (const Node* c = Field(property, "classification")) {
    if (column->Find("classification") == nullptr) {
      PutClassification(column_, column, *c,
                        KeyPlace(property, "classification"));
    }
  }
  if (const Node* tags = Field(property, "tags")) {
    if (column->Find("tags") == nullptr) {
      PutTags(column_, column, *tags, KeyPlace(property, "tags"));
    }
  }
  if (const Node* quality = List(property, "quality")) {
    if (column->Find("checks") == nullptr) {
      Put(column_, column, "checks", ReadChecks(*quality),
          KeyPlace(property, "quality"));
    }
  }
  const std::string logical = Text(property, "logicalType").value_or("");
  const std::string physical = Text(property, "physicalType").value_or("");
  if ((!logical.empty() || !physical.empty()) &&
      column->Find("type") == nullptr) {
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
  } else if (sources != nullptr && column->Find("upstream") == nullptr) {
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
}

}  // namespace

bool IsOdcs(const Node& document) {
  const Node* kind = document.Find("kind");
  return kind != nullptr && kind->text == "DataContract";
}

bool ReadOdcs(const Node& document, const std::string& path,
              const Program& program, const IsKnown& known, bool ids_only,
              OdcsProduct* out, std::vector<FactError>* errors) {
  return Reader(path, program, known, ids_only, out, errors).Read(document);
}

}  // namespace bylaw
