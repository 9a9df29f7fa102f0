// A value as a caller or a file wrote it, before the schema gives it a type:
// the common form of YAML and JSON facts, descriptors, requests and the
// contexts of tests. Facts and requests are read from trees of nodes, so that
// every format is checked by one piece of code.
#ifndef BYLAW_EVALUATOR_NODE_H_
#define BYLAW_EVALUATOR_NODE_H_

#include <cstdint>
#include <string>
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
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_NODE_H_
