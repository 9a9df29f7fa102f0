// JSON by hand, not by nlohmann_json: its events carry no positions, and every
// node needs the line and column that findings name.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "compiler/bytecode/scalar.h"
#include "descriptors/read.h"

namespace bylaw {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view text, uint32_t line, const std::string& path,
         std::vector<FactError>* errors)
      : text_(text), line_(line), path_(path), errors_(*errors) {}

  bool ParseAll(Node* out) {
    if (!IsValidUtf8(text_)) return Fail("the text is not valid UTF-8");
    Skip();
    if (!ParseValue(out, 0)) return false;
    Skip();
    if (at_ != text_.size()) return Fail("something stands after the value");
    return true;
  }
  bool failed() const { return failed_; }

 private:
  NodePosition Here() const { return {line_, column_}; }
  void Next() {
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<uint8_t>(text_[at_]) & 0xc0) != 0x80) {
      ++column_;
    }
    ++at_;
  }
  bool More() const { return at_ < text_.size(); }
  char Peek() const { return More() ? text_[at_] : '\0'; }
  void Skip() {
    while (More() && (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' ||
                      Peek() == '\r')) {
      Next();
    }
  }
  bool Report(const char* code, NodePosition at, std::string message) {
    failed_ = true;
    FactError e;
    e.code = code;
    e.file = path_;
    e.line = e.end_line = at.line;
    e.column = at.column;
    e.end_column = at.column + 1;
    e.message = std::move(message);
    errors_.push_back(std::move(e));
    return false;
  }
  // At the end of the text, and where a bracket further out is closed, the
  // fault is the bracket that is open.
  bool OpenIsAtFault() const {
    if (open_.empty()) return false;
    if (!More()) return true;
    if (Peek() != ']' && Peek() != '}') return false;
    const char opener = Peek() == ']' ? '[' : '{';
    return open_.back().second != opener &&
           std::any_of(open_.begin(), open_.end(),
                       [&](const auto& o) { return o.second == opener; });
  }
  bool Fail(std::string message) {
    if (OpenIsAtFault()) {
      return Report("BL5002", open_.back().first,
                    std::string("the JSON cannot be read: `") +
                        open_.back().second + "` is not closed");
    }
    return Report("BL5002", Here(),
                  "the JSON cannot be read: " + std::move(message));
  }
  void Open() {
    open_.emplace_back(Here(), Peek());
    Next();
  }
  bool Close() {
    open_.pop_back();
    Next();
    return true;
  }
  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) {
      return Fail("a value is expected");
    }
    for (size_t i = 0; i < word.size(); ++i) Next();
    return true;
  }

  bool ParseValue(Node* out, int depth) {
    out->position = Here();
    if (depth >= kMaxNesting && (Peek() == '{' || Peek() == '[')) {
      return Report("BL5004", Here(),
                    "nested deeper than " + std::to_string(kMaxNesting));
    }
    switch (Peek()) {
      case '{':
        return ParseMap(out, depth);
      case '[':
        return ParseList(out, depth);
      case '"':
        out->kind = Node::Kind::kString;
        out->quoted = true;
        return ParseText(&out->text);
      case 't':
        *out = Node::Bool(true);
        out->position = Here();
        return Word("true");
      case 'f':
        *out = Node::Bool(false);
        out->position = Here();
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return ParseNumber(out);
    }
  }

  bool ParseMap(Node* out, int depth) {
    out->kind = Node::Kind::kMap;
    absl::flat_hash_set<std::string> keys;
    Open();
    Skip();
    if (Peek() == '}') return Close();
    while (true) {
      Skip();
      if (Peek() != '"') return Fail("a key in double quotes is expected");
      Node key = Node::String("", Here());
      if (!ParseText(&key.text)) return false;
      const bool again = !keys.insert(key.text).second;
      if (again) {
        Report("BL5003", key.position,
               "the key `" + key.text + "` stands twice in this map");
      }
      Skip();
      if (Peek() != ':') return Fail("`:` is expected");
      Next();
      Skip();
      out->map.emplace_back(std::move(key), Node());
      if (!ParseValue(&out->map.back().second, depth + 1)) return false;
      if (again) out->map.pop_back();
      Skip();
      if (Peek() == ',') {
        Next();
        continue;
      }
      if (Peek() != '}') return Fail("`,` or `}` is expected");
      return Close();
    }
  }

  bool ParseList(Node* out, int depth) {
    out->kind = Node::Kind::kList;
    Open();
    Skip();
    if (Peek() == ']') return Close();
    while (true) {
      Skip();
      out->list.emplace_back();
      if (!ParseValue(&out->list.back(), depth + 1)) return false;
      Skip();
      if (Peek() == ',') {
        Next();
        continue;
      }
      if (Peek() != ']') return Fail("`,` or `]` is expected");
      return Close();
    }
  }

  bool ParseNumber(Node* out) {
    const size_t from = at_;
    if (Peek() == '-') Next();
    if (!IsDigit(Peek())) return Fail("a value is expected");
    if (Peek() == '0') {
      Next();
    } else {
      while (IsDigit(Peek())) Next();
    }
    if (Peek() == '.') {
      Next();
      if (!IsDigit(Peek())) return Fail("a digit is expected");
      while (IsDigit(Peek())) Next();
    }
    if (Peek() == 'e' || Peek() == 'E') {
      Next();
      if (Peek() == '+' || Peek() == '-') Next();
      if (!IsDigit(Peek())) return Fail("a digit is expected");
      while (IsDigit(Peek())) Next();
    }
    out->kind = Node::Kind::kNumber;
    out->text = std::string(text_.substr(from, at_ - from));
    return true;
  }

  bool Hex4(uint32_t* out) {
    *out = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = Peek();
      uint32_t d;
      if (IsDigit(c)) {
        d = static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        d = static_cast<uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        d = static_cast<uint32_t>(c - 'A' + 10);
      } else {
        return Fail("four hexadecimal digits are expected");
      }
      *out = *out * 16 + d;
      Next();
    }
    return true;
  }

  static void AppendUtf8(uint32_t c, std::string* out) {
    if (c < 0x80) {
      *out += static_cast<char>(c);
    } else if (c < 0x800) {
      *out += static_cast<char>(0xc0 | c >> 6);
      *out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      *out += static_cast<char>(0xe0 | c >> 12);
      *out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      *out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      *out += static_cast<char>(0xf0 | c >> 18);
      *out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
      *out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      *out += static_cast<char>(0x80 | (c & 0x3f));
    }
  }

  bool ParseText(std::string* out) {
    const NodePosition quote = Here();
    Next();
    while (true) {
      if (!More() || Peek() == '\n') {
        return Report("BL5002", quote,
                      "the JSON cannot be read: the quote `\"` is not closed");
      }
      const char c = Peek();
      if (c == '"') {
        Next();
        return true;
      }
      if (static_cast<uint8_t>(c) < 0x20) {
        return Fail("a control character in a text");
      }
      if (c != '\\') {
        *out += c;
        Next();
        continue;
      }
      Next();
      const char e = Peek();
      if (e != 'u') {
        constexpr std::string_view kFrom = "\"\\/bfnrt";
        constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
        const size_t i = More() ? kFrom.find(e) : std::string_view::npos;
        if (i == std::string_view::npos) return Fail("an unknown escape");
        *out += kTo[i];
        Next();
        continue;
      }
      Next();
      uint32_t code;
      if (!Hex4(&code)) return false;
      if (code >= 0xd800 && code < 0xdc00) {
        uint32_t low = 0;
        if (text_.substr(at_, 2) != "\\u") return Fail("half a surrogate pair");
        Next();
        Next();
        if (!Hex4(&low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return Fail("half a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      } else if (code >= 0xdc00 && code < 0xe000) {
        return Fail("half a surrogate pair");
      }
      AppendUtf8(code, out);
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_, column_ = 1;
  std::vector<std::pair<NodePosition, char>> open_;
  const std::string& path_;
  std::vector<FactError>& errors_;
  bool failed_ = false;
};

}  // namespace

bool ReadJson(std::string_view text, const std::string& path, Node* document,
              std::vector<FactError>* errors, uint32_t first_line) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  Parser parser(text, first_line, path, errors);
  if (!parser.ParseAll(document)) *document = Node();
  return !parser.failed();
}

}  // namespace bylaw
