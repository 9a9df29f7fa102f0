#include "dsl/format_doc.h"

namespace bylaw::formatting {
namespace {

using Kind = Node::Kind;

Doc Make(Kind kind) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->hard = kind == Kind::kHard;
  return node;
}

struct Command {
  int indent;
  bool flat;
  const Node* node;
};

// Whether what comes up to the next possible break fits into `room` columns.
bool Fits(Command next, const std::vector<Command>& rest, int room) {
  std::vector<Command> stack = {next};
  size_t rest_index = rest.size();
  while (room >= 0) {
    if (stack.empty()) {
      if (rest_index == 0) return true;
      stack.push_back(rest[--rest_index]);
      continue;
    }
    Command command = stack.back();
    stack.pop_back();
    const Node* node = command.node;
    if (node == nullptr) continue;
    switch (node->kind) {
      case Kind::kText:
        room -= WidthOf(node->text);
        break;
      case Kind::kHard:
        return true;
      case Kind::kLine:
      case Kind::kSoft:
        if (!command.flat) return true;
        if (node->kind == Kind::kLine) --room;
        break;
      case Kind::kGroup:
        if (command.flat && node->hard) return false;
        [[fallthrough]];
      case Kind::kConcat:
      case Kind::kNest:
        for (size_t i = node->parts.size(); i > 0; --i) {
          stack.push_back(
              {command.indent, command.flat, node->parts[i - 1].get()});
        }
        break;
    }
  }
  return false;
}

void AppendFlat(const Doc& doc, std::string* out) {
  if (doc == nullptr) return;
  if (doc->kind == Kind::kLine || doc->kind == Kind::kHard) *out += ' ';
  *out += doc->text;
  for (const Doc& part : doc->parts) AppendFlat(part, out);
}

}  // namespace

Doc Text(std::string text) {
  if (text.empty()) return nullptr;
  auto node = std::make_shared<Node>();
  node->text = std::move(text);
  return node;
}

Doc Line() {
  static const Doc* const kDoc = new Doc(Make(Kind::kLine));
  return *kDoc;
}

Doc Soft() {
  static const Doc* const kDoc = new Doc(Make(Kind::kSoft));
  return *kDoc;
}

Doc Hard() {
  static const Doc* const kDoc = new Doc(Make(Kind::kHard));
  return *kDoc;
}

Doc Concat(std::vector<Doc> parts) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::kConcat;
  for (const Doc& part : parts) {
    if (part != nullptr && part->hard) node->hard = true;
  }
  node->parts = std::move(parts);
  return node;
}

Doc Nest(int indent, Doc doc) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::kNest;
  node->indent = indent;
  node->hard = doc != nullptr && doc->hard;
  node->parts.push_back(std::move(doc));
  return node;
}

Doc Group(Doc doc) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::kGroup;
  node->hard = doc != nullptr && doc->hard;
  node->parts.push_back(std::move(doc));
  return node;
}

int WidthOf(const std::string& text) {
  int width = 0;
  for (char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++width;
  }
  return width;
}

std::string Layout(const Doc& doc, int indent, int columns) {
  std::string out;
  int column = indent;
  std::vector<Command> stack = {{indent, false, doc.get()}};
  while (!stack.empty()) {
    Command command = stack.back();
    stack.pop_back();
    const Node* node = command.node;
    if (node == nullptr) continue;
    switch (node->kind) {
      case Kind::kText:
        out += node->text;
        column += WidthOf(node->text);
        break;
      case Kind::kLine:
      case Kind::kSoft:
        if (command.flat) {
          if (node->kind == Kind::kLine) {
            out += ' ';
            ++column;
          }
          break;
        }
        [[fallthrough]];
      case Kind::kHard:
        out += '\n';
        out.append(static_cast<size_t>(command.indent), ' ');
        column = command.indent;
        break;
      case Kind::kNest:
        stack.push_back({command.indent + node->indent, command.flat,
                         node->parts[0].get()});
        break;
      case Kind::kGroup: {
        Command flat = {command.indent, true, node->parts[0].get()};
        if (!command.flat) {
          flat.flat = !node->hard && Fits(flat, stack, columns - column);
        }
        stack.push_back(flat);
        break;
      }
      case Kind::kConcat:
        for (size_t i = node->parts.size(); i > 0; --i) {
          stack.push_back(
              {command.indent, command.flat, node->parts[i - 1].get()});
        }
        break;
    }
  }
  return out;
}

std::string Flat(const Doc& doc) {
  std::string out;
  AppendFlat(doc, &out);
  return out;
}

}  // namespace bylaw::formatting
