#include "evaluator/value_node.h"

#include <string>

namespace bylaw {
namespace {

constexpr int64_t kExactDouble = int64_t{1} << 53;

Node ScalarNode(Kind kind, int64_t n) {
  switch (kind) {
    case Kind::kBool:
      return Node::Bool(n != 0);
    case Kind::kInt:
      return n > kExactDouble || n < -kExactDouble ? Node::String(FormatInt(n))
                                                   : Node::Number(FormatInt(n));
    case Kind::kDecimal:
      return Node::String(FormatDecimal(n));
    case Kind::kDate:
      return Node::String(FormatDate(n));
    case Kind::kTime:
      return Node::String(FormatTime(n));
    case Kind::kDuration:
      return Node::String(FormatDuration(n));
    case Kind::kPeriod:
      return Node::String(FormatPeriod(n));
    default:
      return Node();
  }
}

Node EntityNode(const Schema& schema, uint32_t type, std::string_view id,
                const TypeInfo& expected) {
  if (expected.entities.size() == 1) return Node::String(id);
  Node node = Node::Map();
  node.Set("type", Node::String(schema.entities[type].name));
  node.Set("id", Node::String(id));
  return node;
}

}  // namespace

Node NodeOfValue(const Facts& facts, const Value& v, TypeId type) {
  const Schema& schema = facts.program().schema;
  const TypeInfo& info = schema.type(type);
  switch (v.kind) {
    case Kind::kString:
      return Node::String(facts.Text(v.size));
    case Kind::kTerm:
      return Node::String(schema.terms[v.size].path);
    case Kind::kEntity:
      return EntityNode(schema, facts.TypeOf(v.entity()),
                        facts.Text(facts.IdOf(v.entity())), info);
    case Kind::kIp:
      return Node::String(FormatIp(*v.ip));
    case Kind::kVersion:
      return Node::String(FormatVersion(*v.version));
    case Kind::kSet:
    case Kind::kList: {
      Node node = Node::List();
      for (uint32_t i = 0; i < v.size; ++i) {
        node.list.push_back(NodeOfValue(
            facts,
            IsCellKind(v.element) ? Value::OfCell(v.element, v.cells[i])
                                  : v.values[i],
            info.element));
      }
      return node;
    }
    case Kind::kRecord: {
      Node node = Node::Map();
      const auto& fields = schema.records[info.id].fields;
      for (uint32_t i = 0; i < v.size; ++i) {
        if (v.values[i].missing()) continue;
        node.Set(fields[i].name,
                 NodeOfValue(facts, v.values[i], fields[i].type));
      }
      return node;
    }
    case Kind::kMap: {
      Node node = Node::Map();
      for (uint32_t i = 0; i < v.size; ++i) {
        node.Set(facts.Text(v.entries[i].key),
                 NodeOfValue(facts, v.entries[i].value, info.element));
      }
      return node;
    }
    default:
      return ScalarNode(v.kind, v.number);
  }
}

Node NodeOfConstant(const Schema& schema, const Constant& c, TypeId type) {
  const TypeInfo& info = schema.type(type);
  switch (c.kind) {
    case Kind::kString:
      return Node::String(c.text);
    case Kind::kTerm:
      return Node::String(schema.terms[c.index].path);
    case Kind::kEntity:
      return EntityNode(schema, c.index, c.text, info);
    case Kind::kIp:
      return Node::String(FormatIp(c.ip));
    case Kind::kVersion:
      return Node::String(FormatVersion(c.version));
    case Kind::kSet:
    case Kind::kList: {
      Node node = Node::List();
      const bool typed = info.element != kNone;
      for (const Constant& e : c.elements) {
        node.list.push_back(
            NodeOfConstant(schema, e, typed ? info.element : type));
      }
      return node;
    }
    case Kind::kRecord: {
      Node node = Node::Map();
      const auto& fields = schema.records[c.index].fields;
      for (size_t i = 0; i < c.elements.size() && i < fields.size(); ++i) {
        if (c.elements[i].kind == Kind::kMissing) continue;
        node.Set(fields[i].name,
                 NodeOfConstant(schema, c.elements[i], fields[i].type));
      }
      return node;
    }
    case Kind::kMap: {
      Node node = Node::Map();
      for (size_t i = 0; i < c.elements.size() && i < c.keys.size(); ++i) {
        node.Set(c.keys[i],
                 NodeOfConstant(schema, c.elements[i],
                                info.element != kNone ? info.element : type));
      }
      return node;
    }
    default:
      return ScalarNode(c.kind, c.number);
  }
}

}  // namespace bylaw
