#include <algorithm>
#include <istream>
#include <set>
#include <streambuf>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "compiler/bytecode/yaml_text.h"
#include "descriptors/read.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace bylaw {
namespace {

// Thrown by the builder through yaml-cpp's parser, caught in ReadYaml: an
// event handler has no other way to stop it.
struct Stop {};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// As JSON writes numbers.
bool IsNumber(std::string_view t) {
  size_t i = 0;
  if (i < t.size() && t[i] == '-') ++i;
  if (i == t.size() || !IsDigit(t[i])) return false;
  if (t[i] == '0') {
    ++i;
  } else {
    while (i < t.size() && IsDigit(t[i])) ++i;
  }
  if (i < t.size() && t[i] == '.') {
    ++i;
    if (i == t.size() || !IsDigit(t[i])) return false;
    while (i < t.size() && IsDigit(t[i])) ++i;
  }
  if (i < t.size() && (t[i] == 'e' || t[i] == 'E')) {
    ++i;
    if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
    if (i == t.size() || !IsDigit(t[i])) return false;
    while (i < t.size() && IsDigit(t[i])) ++i;
  }
  return i == t.size();
}

// Lines of a text, to count columns in code points as yaml-cpp does in bytes.
// A place takes O(log lines) to find, however long its line.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    bool ascii = true;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
      ascii &= (text[i] & 0x80) == 0;
    }
    if (ascii) return;
    uint32_t count = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (i % kBlock == 0) code_points_.push_back(count);
      count += !IsContinuation(text[i]);
    }
  }
  NodePosition At(size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    YAML::Mark mark;
    mark.line = static_cast<int>(after - starts_.begin()) - 1;
    mark.column = static_cast<int>(offset - *(after - 1));
    return At(mark);
  }
  NodePosition At(const YAML::Mark& mark) const {
    if (mark.line < 0) return {};
    const uint32_t line = static_cast<uint32_t>(mark.line) + 1;
    uint32_t column = static_cast<uint32_t>(std::max(mark.column, 0));
    if (!code_points_.empty() && line <= starts_.size()) {
      const size_t from = starts_[line - 1];
      const size_t to = std::min(from + column, text_.size());
      column = CodePointsBefore(to) - CodePointsBefore(from);
    }
    return {line, column + 1};
  }

 private:
  static constexpr size_t kBlock = 256;

  static bool IsContinuation(char c) {
    return (static_cast<uint8_t>(c) & 0xc0) == 0x80;
  }
  uint32_t CodePointsBefore(size_t offset) const {
    const size_t block = std::min(offset / kBlock, code_points_.size() - 1);
    uint32_t count = code_points_[block];
    for (size_t i = block * kBlock; i < offset; ++i) {
      count += !IsContinuation(text_[i]);
    }
    return count;
  }

  std::string_view text_;
  std::vector<size_t> starts_;
  std::vector<uint32_t> code_points_;  // before each block; empty: all ASCII
};

class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& path, std::string_view text, const Lines& lines,
          std::vector<FactError>* errors)
      : path_(path), lines_(lines), nesting_(text), errors_(*errors) {}

  // A bracket that closes nothing would begin empty documents without end.
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos >= 0 && mark.pos == document_) {
      Error("BL5002", lines_.At(mark),
            "the YAML cannot be read: this closes nothing that is open");
      throw Stop();
    }
    document_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node n;
    n.position = lines_.At(mark);
    // An empty value has the mark of what comes next, on another line often.
    if (!stack_.empty()) {
      const Open_& top = stack_.back();
      if (top.has_key) {
        if (n.position.line != top.key.position.line) {
          n.position = top.key.position;
        }
      } else if (top.node.is_list() && !top.flow) {
        n.position = lines_.At(nesting_.PlaceOfEmpty(Offset(mark)));
      }
    }
    Add(std::move(n), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      Error("BL5002", lines_.At(mark),
            "an alias stands inside what it repeats, or before it");
      throw Stop();
    }
    const size_t size = it->second.second;
    if (depth_ + it->second.first->depth > kMaxNesting) TooDeep(mark);
    repeated_ += size;
    if (repeated_ > kMinAliasNodes && repeated_ > written_ * kMaxAliasGrowth) {
      Error("BL5004", lines_.At(mark),
            "aliases repeat more than " + std::to_string(kMaxAliasGrowth) +
                " times what the file writes out");
      throw Stop();
    }
    Add(it->second.first->node, 0, size);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (const auto flaw = nesting_.Scalar(Offset(mark))) {
      Error("BL5002", *flaw);
      throw Stop();
    }
    Node n;
    n.position = lines_.At(mark);
    n.text = value;
    n.kind = Node::Kind::kString;
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    std::string_view t = tag;
    bool plain = t == "?" || t.empty();
    n.quoted = t == "!";
    if (t.substr(0, kCore.size()) == kCore) {
      t.remove_prefix(kCore.size());
      plain = t != "str";
      n.quoted = t == "str";
    } else if (!plain && !n.quoted) {
      Error("BL5002", n.position, "the tag " + tag + " has no meaning here");
      throw Stop();
    }
    if (plain) Resolve(&n);
    Add(std::move(n), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(Node::List(lines_.At(mark)), anchor, mark, style);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(Node::Map(lines_.At(mark)), anchor, mark, style);
  }
  void OnMapEnd() override { Close(); }

  bool failed() const { return failed_; }
  bool has_root() const { return has_root_; }
  Node TakeRoot() {
    has_root_ = false;
    return std::move(root_);
  }
  void Forget() { anchors_.clear(); }

  // What yaml-cpp gave up on.
  void Broken(const YAML::Exception& e) {
    if (const auto flaw = nesting_.FindOpen(Offset(e.mark))) {
      Error("BL5002", *flaw);
    } else {
      Error("BL5002", lines_.At(e.mark), "the YAML cannot be read: " + e.msg);
    }
  }
  void Error(const char* code, const YamlFlaw& flaw) {
    Error(code, lines_.At(flaw.at), "the YAML cannot be read: " + flaw.message);
  }

  void Error(const char* code, NodePosition at, std::string message,
             std::string suggestion = "") {
    failed_ = true;
    FactError e;
    e.code = code;
    e.file = path_;
    e.line = e.end_line = at.line;
    e.column = at.column;
    e.end_column = at.column + 1;
    e.message = std::move(message);
    e.suggestion = std::move(suggestion);
    errors_.push_back(std::move(e));
  }

 private:
  struct Open_ {
    Node node;
    YAML::anchor_t anchor = 0;
    size_t size = 1;    // nodes in it
    int depth = 1;      // of what is below
    bool flow = false;  // in brackets
    bool has_key = false;
    bool drop = false;  // the key's value: the key stands there already
    Node key;
    absl::flat_hash_set<std::string> keys;
  };
  struct Anchored {
    Node node;
    int depth;
  };

  static void Resolve(Node* n) {
    const std::string& t = n->text;
    if (t.empty() || t == "~" || t == "null" || t == "Null" || t == "NULL") {
      n->kind = Node::Kind::kNull;
    } else if (t == "true" || t == "True" || t == "TRUE") {
      n->kind = Node::Kind::kBool;
      n->boolean = true;
    } else if (t == "false" || t == "False" || t == "FALSE") {
      n->kind = Node::Kind::kBool;
    } else if (IsNumber(t)) {
      n->kind = Node::Kind::kNumber;
    }
  }

  void TooDeep(const YAML::Mark& mark) {
    Error("BL5004", lines_.At(mark),
          "nested deeper than " + std::to_string(kMaxNesting));
    throw Stop();
  }

  static size_t Offset(const YAML::Mark& mark) {
    return static_cast<size_t>(std::max(mark.pos, 0));
  }

  void Open(Node node, YAML::anchor_t anchor, const YAML::Mark& mark,
            YAML::EmitterStyle::value style) {
    if (++depth_ > kMaxNesting) TooDeep(mark);
    stack_.emplace_back();
    stack_.back().flow = style == YAML::EmitterStyle::Flow;
    nesting_.Open(Offset(mark), stack_.back().flow);
    stack_.back().node = std::move(node);
    stack_.back().anchor = anchor;
  }

  void Close() {
    --depth_;
    nesting_.Close();
    Open_ top = std::move(stack_.back());
    stack_.pop_back();
    Add(std::move(top.node), top.anchor, top.size, top.depth);
  }

  // A finished node goes to the innermost open one.
  void Add(Node node, YAML::anchor_t anchor, size_t size = 1, int depth = 1) {
    written_ += size == 1 ? 1 : 0;
    if (anchor != 0) {
      anchored_.push_back(std::make_unique<Anchored>(Anchored{node, depth}));
      anchors_[anchor] = {anchored_.back().get(), size};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return;
    }
    Open_& top = stack_.back();
    top.size += size;
    top.depth = std::max(top.depth, depth + 1);
    if (top.node.kind == Node::Kind::kList) {
      top.node.list.push_back(std::move(node));
      return;
    }
    if (!top.has_key) {
      if (node.kind == Node::Kind::kList || node.kind == Node::Kind::kMap ||
          (node.kind == Node::Kind::kNull && node.text.empty())) {
        Error("BL5002", node.position, "a key is a word or a text");
        throw Stop();
      }
      node.kind = Node::Kind::kString;
      if (!top.keys.insert(node.text).second) {
        Error("BL5003", node.position,
              "the key `" + node.text + "` stands twice in this map");
        top.drop = true;
      }
      top.key = std::move(node);
      top.has_key = true;
      return;
    }
    top.has_key = false;
    if (top.drop) {
      top.drop = false;
      return;
    }
    top.node.map.emplace_back(std::move(top.key), std::move(node));
    top.key = Node();
  }

  const std::string& path_;
  const Lines& lines_;
  YamlNesting nesting_;
  std::vector<FactError>& errors_;
  bool failed_ = false;
  std::vector<Open_> stack_;
  int depth_ = 0;
  int document_ = -1;  // where the one being read begins
  size_t written_ = 0, repeated_ = 0;
  std::vector<std::unique_ptr<Anchored>> anchored_;
  absl::flat_hash_map<YAML::anchor_t, std::pair<Anchored*, size_t>> anchors_;
  Node root_;
  bool has_root_ = false;
};

// Reads from memory that somebody else owns.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* p = const_cast<char*>(text.data());
    setg(p, p, p + text.size());
  }
};

}  // namespace

bool ReadYaml(std::string_view text, const std::string& path,
              std::vector<Node>* documents, std::vector<FactError>* errors) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  const Lines lines(text);
  Builder builder(path, text, lines, errors);
  if (const auto flaw = FindUnreadable(text)) {
    builder.Error("BL5002", *flaw);
    return false;
  }
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      if (builder.has_root()) documents->push_back(builder.TakeRoot());
      builder.Forget();
    }
  } catch (const Stop&) {
    // Reported where it was thrown.
  } catch (const YAML::Exception& e) {
    builder.Broken(e);
  } catch (const std::exception& e) {
    builder.Error("BL5002", {},
                  std::string("the YAML cannot be read: ") + e.what());
  }
  return !builder.failed();
}

}  // namespace bylaw
