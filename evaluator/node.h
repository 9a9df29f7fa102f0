// A value as a caller or a file wrote it, before the schema gives it a type:
// the common form of YAML and JSON facts, descriptors, requests and the
// contexts of tests. Facts and requests are read from trees of nodes, so that
// every format is checked by one piece of code.
#ifndef BYLAW_EVALUATOR_NODE_H_
#define BYLAW_EVALUATOR_NODE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bylaw {

// Where a node stands; line and column from 1, 0 if it has no place.
struct NodePosition {
  uint32_t line = 0, column = 0;
};

struct Node {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kList, kMap };
  Kind kind = Kind::kNull;
  bool boolean = false;
  // kString: the text; kNumber: its spelling as written (exact: "12.50",
  // "1e3"), never rounded through a double.
  std::string text;
  bool quoted = false;  // YAML: a quoted string is never a number
  std::vector<Node> list;
  std::vector<std::pair<Node, Node>> map;  // keys are kString, in order
  NodePosition position;

  Node() {}  // defaulted, clang would need the map's pairs of a whole Node

  static Node Bool(bool b) {
    Node n;
    n.kind = Kind::kBool;
    n.boolean = b;
    return n;
  }
  static Node Number(std::string spelling) {
    Node n;
    n.kind = Kind::kNumber;
    n.text = std::move(spelling);
    return n;
  }
  static Node String(std::string_view text, NodePosition at = {}) {
    Node n;
    n.kind = Kind::kString;
    n.text = std::string(text);
    n.quoted = true;
    n.position = at;
    return n;
  }
  static Node List(NodePosition at = {}) {
    Node n;
    n.kind = Kind::kList;
    n.position = at;
    return n;
  }
  static Node Map(NodePosition at = {}) {
    Node n;
    n.kind = Kind::kMap;
    n.position = at;
    return n;
  }

  bool is_null() const { return kind == Kind::kNull; }
  bool is_string() const { return kind == Kind::kString; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  // The value of a key; nullptr if this is no map or has no such key.
  const Node* Find(std::string_view key) const {
    for (const auto& [k, v] : map) {
      if (k.text == key) return &v;
    }
    return nullptr;
  }
  // Appends; the key stands where the value does unless told otherwise.
  Node& Set(std::string_view key, Node value) {
    Node k = String(key, value.position);
    map.emplace_back(std::move(k), std::move(value));
    return map.back().second;
  }
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_NODE_H_
