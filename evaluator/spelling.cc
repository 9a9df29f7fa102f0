#include "evaluator/spelling.h"

#include <cstdio>

namespace bylaw {
namespace {

// Every integer up to here is a double exactly (interfaces.md).
constexpr int64_t kExactInt = int64_t{1} << 53;
constexpr size_t kExactDigits = 15;

}  // namespace

std::string QuoteText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
          char buffer[16];
          std::snprintf(buffer, sizeof buffer, "\\u{%X}",
                        static_cast<unsigned>(c));
          out += buffer;
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

std::string SpellScalar(const World& world, const Value& v) {
  switch (v.kind) {
    case Kind::kBool:
      return v.number != 0 ? "true" : "false";
    case Kind::kInt:
      return FormatInt(v.number);
    case Kind::kDecimal:
      return FormatDecimal(v.number);
    case Kind::kString:
      return std::string(world.Text(v.size));
    case Kind::kDate:
      return FormatDate(v.number);
    case Kind::kTime:
      return FormatTime(v.number);
    case Kind::kDuration:
      return FormatDuration(v.number);
    case Kind::kPeriod:
      return FormatPeriod(v.number);
    case Kind::kIp:
      return FormatIp(*v.ip);
    case Kind::kVersion:
      return FormatVersion(*v.version);
    case Kind::kTerm:
      return world.schema().terms[v.size].path;
    case Kind::kEntity:
      return std::string(world.IdOf(v.size));
    default:
      return "";
  }
}

namespace {

Value ElementOf(const Value& v, uint32_t i) {
  return IsCellKind(v.element) ? Value::OfCell(v.element, v.cells[i])
                               : v.values[i];
}

}  // namespace

std::string SpellLiteral(const World& world, const Value& v) {
  switch (v.kind) {
    case Kind::kMissing:
      return "unknown";
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kDecimal:
    case Kind::kDuration:
    case Kind::kPeriod:
      return SpellScalar(world, v);
    case Kind::kDate:
      return "date(\"" + SpellScalar(world, v) + "\")";
    case Kind::kTime:
      return "time(\"" + SpellScalar(world, v) + "\")";
    case Kind::kIp:
      return "ip(\"" + SpellScalar(world, v) + "\")";
    case Kind::kVersion:
      return "version(\"" + SpellScalar(world, v) + "\")";
    case Kind::kSet:
    case Kind::kList: {
      std::string out = v.kind == Kind::kSet ? "{" : "[";
      for (uint32_t i = 0; i < v.size; ++i) {
        if (i > 0) out += ", ";
        out += SpellLiteral(world, ElementOf(v, i));
      }
      return out + (v.kind == Kind::kSet ? "}" : "]");
    }
    default:
      return QuoteText(SpellScalar(world, v));
  }
}

Node TextNode(std::string_view text) {
  Node n;
  n.kind = Node::Kind::kString;
  n.text = std::string(text);
  n.quoted = true;
  return n;
}

Node NumberNode(int64_t v) {
  if (v > kExactInt || v < -kExactInt) return TextNode(FormatInt(v));
  Node n;
  n.kind = Node::Kind::kNumber;
  n.text = FormatInt(v);
  return n;
}

Node ToNode(const World& world, const Value& v) {
  Node n;
  switch (v.kind) {
    case Kind::kMissing:
      return n;
    case Kind::kBool:
      n.kind = Node::Kind::kBool;
      n.boolean = v.number != 0;
      return n;
    case Kind::kInt:
      return NumberNode(v.number);
    case Kind::kDecimal: {
      std::string text = FormatDecimal(v.number);
      if (text.size() > kExactDigits) return TextNode(text);
      n.kind = Node::Kind::kNumber;
      n.text = std::move(text);
      return n;
    }
    case Kind::kSet:
    case Kind::kList:
      n.kind = Node::Kind::kList;
      for (uint32_t i = 0; i < v.size; ++i) {
        n.list.push_back(ToNode(world, ElementOf(v, i)));
      }
      return n;
    case Kind::kMap:
      n.kind = Node::Kind::kMap;
      for (uint32_t i = 0; i < v.size; ++i) {
        n.map.emplace_back(TextNode(world.Text(v.entries[i].key)),
                           ToNode(world, v.entries[i].value));
      }
      return n;
    case Kind::kRecord: {
      // Only its schema knows a record's fields; by position is all there is.
      n.kind = Node::Kind::kList;
      for (uint32_t i = 0; i < v.size; ++i) {
        n.list.push_back(ToNode(world, v.values[i]));
      }
      return n;
    }
    default:
      return TextNode(SpellScalar(world, v));
  }
}

}  // namespace bylaw
