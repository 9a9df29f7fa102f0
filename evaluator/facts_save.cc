// Facts as bytes: what files said, entity by entity, as nodes by name. Loading
// builds the facts anew, so that everything is checked again and a program
// with other numbers can read them.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "evaluator/facts_builder.h"
#include "evaluator/facts_storage.h"
#include "evaluator/value_node.h"

namespace bylaw {
namespace {

constexpr std::string_view kMagic = "BYLWFCT1";
constexpr int kMaxNodeDepth = 256;

class Writer {
 public:
  void Number(uint64_t n) {
    while (n >= 0x80) {
      out.push_back(static_cast<char>(n | 0x80));
      n >>= 7;
    }
    out.push_back(static_cast<char>(n));
  }
  void Text(std::string_view t) {
    Number(t.size());
    out += t;
  }
  void Write(const Node& node) {
    out.push_back(static_cast<char>(node.kind));
    switch (node.kind) {
      case Node::Kind::kNull:
        break;
      case Node::Kind::kBool:
        out.push_back(node.boolean ? 1 : 0);
        break;
      case Node::Kind::kNumber:
      case Node::Kind::kString:
        Text(node.text);
        break;
      case Node::Kind::kList:
        Number(node.list.size());
        for (const Node& n : node.list) Write(n);
        break;
      case Node::Kind::kMap:
        Number(node.map.size());
        for (const auto& [k, v] : node.map) {
          Text(k.text);
          Write(v);
        }
        break;
    }
  }
  std::string out;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool Number(uint64_t* n) {
    *n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return false;
      const uint8_t b = static_cast<uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      *n |= uint64_t{b & 0x7fu} << shift;
      if (b < 0x80) return true;
    }
    return false;
  }
  bool Number32(uint32_t* n) {
    uint64_t v;
    if (!Number(&v) || v > UINT32_MAX) return false;
    *n = static_cast<uint32_t>(v);
    return true;
  }
  // A number of things that take at least one byte each.
  bool Count(uint64_t* n) { return Number(n) && *n <= bytes_.size(); }
  bool Text(std::string_view* t) {
    uint64_t n;
    if (!Count(&n)) return false;
    *t = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return true;
  }
  bool Read(Node* node, int depth) {
    if (depth > kMaxNodeDepth || bytes_.empty()) return false;
    const uint8_t kind = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    if (kind > static_cast<uint8_t>(Node::Kind::kMap)) return false;
    node->kind = static_cast<Node::Kind>(kind);
    std::string_view text;
    uint64_t n;
    switch (node->kind) {
      case Node::Kind::kNull:
        return true;
      case Node::Kind::kBool:
        if (bytes_.empty() || static_cast<uint8_t>(bytes_.front()) > 1) {
          return false;
        }
        node->boolean = bytes_.front() == 1;
        bytes_.remove_prefix(1);
        return true;
      case Node::Kind::kNumber:
      case Node::Kind::kString:
        if (!Text(&text)) return false;
        node->text = std::string(text);
        node->quoted = node->kind == Node::Kind::kString;
        return true;
      case Node::Kind::kList:
        if (!Count(&n)) return false;
        for (uint64_t i = 0; i < n; ++i) {
          node->list.emplace_back();
          if (!Read(&node->list.back(), depth + 1)) return false;
        }
        return true;
      case Node::Kind::kMap:
        if (!Count(&n)) return false;
        for (uint64_t i = 0; i < n; ++i) {
          if (!Text(&text)) return false;
          node->map.emplace_back(Node::String(text), Node());
          if (!Read(&node->map.back().second, depth + 1)) return false;
        }
        return true;
    }
    return false;
  }
  bool done() const { return bytes_.empty(); }
  bool Take(std::string_view prefix) {
    if (!bytes_.starts_with(prefix)) return false;
    bytes_.remove_prefix(prefix.size());
    return true;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

std::string SaveFacts(const Facts& facts) {
  const Facts::Storage& s = *facts.storage_;
  const Schema& schema = facts.program().schema;
  Writer w;
  w.out = kMagic;
  w.Text(s.revision);
  w.Number(s.files.size());
  for (const std::string& file : s.files) w.Text(file);
  const auto place = [&](uint32_t file, uint32_t line, uint32_t column) {
    w.Number(file == kNone ? 0 : uint64_t{file} + 1);
    w.Number(line);
    w.Number(column);
  };
  w.Number(facts.size());
  for (uint32_t e = 0; e < facts.size(); ++e) {
    const EntityRecord& r = *facts.Find(e);
    w.Text(schema.entities[r.type].name);
    w.Text(facts.Text(r.id));
    place(s.entity_places[e].file, s.entity_places[e].line,
          s.entity_places[e].column);
    w.Number(r.num_parents);
    for (uint32_t i = 0; i < r.num_parents; ++i) {
      w.Text(schema.entities[facts.TypeOf(r.parents[i])].name);
      w.Text(facts.Text(facts.IdOf(r.parents[i])));
    }
    w.Number(s.places_begin[e + 1] - s.places_begin[e]);
    for (uint32_t i = s.places_begin[e]; i < s.places_begin[e + 1]; ++i) {
      const Facts::Storage::SlotPlace& p = s.places[i];
      const Attribute& a = schema.entities[r.type].attributes[p.slot];
      w.Text(a.name);
      place(p.file, p.line, p.column);
      w.Write(NodeOfValue(facts, facts.Unclosed(e, p.slot), a.type));
    }
  }
  return std::move(w.out);
}

absl::StatusOr<std::shared_ptr<const Facts>> LoadSavedFacts(
    std::string_view bytes, std::shared_ptr<const Program> program) {
  const auto broken = [] {
    return absl::DataLossError("the facts of the bundle are damaged");
  };
  Reader in(bytes);
  std::string_view text, revision;
  uint64_t n;
  if (!in.Take(kMagic)) {
    return absl::InvalidArgumentError("these are no saved facts");
  }
  FactsBuilder builder(program);
  if (!in.Text(&revision) || !in.Count(&n)) return broken();
  const uint64_t num_files = n;
  for (uint64_t i = 0; i < num_files; ++i) {
    if (!in.Text(&text)) return broken();
    builder.AddFile(std::string(text));
  }
  const auto place = [&](uint32_t* file, NodePosition* at) {
    uint64_t f;
    if (!in.Number(&f) || f > num_files || !in.Number32(&at->line) ||
        !in.Number32(&at->column)) {
      return false;
    }
    *file = f == 0 ? kNone : static_cast<uint32_t>(f - 1);
    return true;
  };
  if (!in.Count(&n)) return broken();
  const uint64_t num_entities = n;
  const Schema& schema = program->schema;
  for (uint64_t i = 0; i < num_entities; ++i) {
    std::string_view type_name, id;
    uint32_t file;
    NodePosition at;
    uint64_t num_parents;
    if (!in.Text(&type_name) || !in.Text(&id) || !place(&file, &at) ||
        !in.Count(&num_parents)) {
      return broken();
    }
    const uint32_t type = schema.FindEntity(type_name);
    if (type == kNone) {
      return absl::FailedPreconditionError("the program has no entity type " +
                                           std::string(type_name) +
                                           " that the saved facts are of");
    }
    Node start = Node::Map();
    Node parents = Node::List();
    for (uint64_t k = 0; k < num_parents; ++k) {
      std::string_view parent_type, parent_id;
      if (!in.Text(&parent_type) || !in.Text(&parent_id)) return broken();
      Node parent = Node::Map();
      parent.Set("type", Node::String(parent_type));
      parent.Set("id", Node::String(parent_id));
      parents.list.push_back(std::move(parent));
    }
    if (num_parents > 0) start.Set("in", std::move(parents));
    builder.AddEntity(file, type, id, at, start);
    uint64_t num_attributes;
    if (!in.Count(&num_attributes)) return broken();
    for (uint64_t k = 0; k < num_attributes; ++k) {
      std::string_view name;
      NodePosition where;
      Node value;
      if (!in.Text(&name) || !place(&file, &where) || !in.Read(&value, 0)) {
        return broken();
      }
      Node attribute = Node::Map();
      attribute.map.emplace_back(Node::String(name, where), std::move(value));
      builder.AddEntity(file, type, id, at, attribute);
    }
  }
  if (!in.done()) return broken();
  std::shared_ptr<const Facts> facts = builder.Build();
  if (facts == nullptr) {
    std::string message = "the saved facts do not fit the program";
    if (!builder.errors().empty()) {
      message += ": " + builder.errors()[0].message;
    }
    return absl::FailedPreconditionError(message);
  }
  if (facts->revision() != revision) return broken();
  return facts;
}

}  // namespace bylaw
