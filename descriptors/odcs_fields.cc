// Fields of a contract and the attributes that they set; free text onto the
// terms of vocabularies; custom properties.
#include <algorithm>
#include <utility>

#include "descriptors/odcs_reader.h"

namespace bylaw::odcs {

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
    if (target->kind == Kind::kEntity && target->entities.size() == 1) {
      // What an entity holds, the contract itself says.
      const std::vector<uint32_t>& parents =
          schema_.entities[target->entities[0]].parents;
      const bool nests = collection && std::binary_search(parents.begin(),
                                                          parents.end(), type);
      if (nests || info.attributes[slot].inverse != kNone) {
        Error("BL5012", at,
              "no custom property claims " + Quote(*property) + " of " +
                  info.name,
              "describe them in the contract's `schema`");
        continue;
      }
    }
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

}  // namespace bylaw::odcs
