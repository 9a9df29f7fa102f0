// The contract itself and what its product has: servers, SLAs, roles, team,
// support.
#include "descriptors/odcs.h"

#include <set>
#include <utility>

#include "compiler/bytecode/scalar.h"
#include "descriptors/odcs_reader.h"

namespace bylaw::odcs {

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
    if (created->is_string() && ParseDate(created->text.substr(0, 10))) {
      if (!ParseTime(created->text)) {
        Warn("BL5109", *created,
             Quote(created->text) + " is no instant; the product goes without",
             "times are written 2026-11-20T10:00:00Z, with their zone");
      }
    } else {
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

}  // namespace bylaw::odcs

namespace bylaw {

bool IsOdcs(const Node& document) {
  const Node* kind = document.Find("kind");
  return kind != nullptr && kind->text == "DataContract";
}

bool ReadOdcs(const Node& document, const std::string& path,
              const Program& program, const IsKnown& known, bool ids_only,
              OdcsProduct* out, std::vector<FactError>* errors) {
  return odcs::Reader(path, program, known, ids_only, out, errors)
      .Read(document);
}

}  // namespace bylaw
