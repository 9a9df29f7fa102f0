#include "compiler/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "compiler/bytecode/limits.h"
#include "compiler/bytecode/yaml_text.h"

namespace bylaw {
namespace {

// Ends the parse from within an event; the error was reported.
struct Stop : std::exception {};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string HowToRaiseYaml() {
  return absl::StrCat(
      "use patterns and prefixes that stand for many, or raise ",
      kMaxManifestVariable, " in the environment");
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceFile& source, DiagnosticSink& sink)
      : source_(source), sink_(sink), nesting_(Text(source)) {}

  std::shared_ptr<const YamlNode> root() const { return root_; }

  // What yaml-cpp gave up on.
  void Broken(const YAML::Exception& e) {
    if (const auto flaw = nesting_.FindOpen(Offset(e.mark))) {
      sink_.Add(Code::BL3003, At(*flaw), flaw->message);
    } else {
      sink_.Add(Code::BL3003, At(e.mark, 1), e.msg);
    }
  }

  // Without a byte order mark, as yaml-cpp counts.
  static std::string_view Text(const SourceFile& source) {
    std::string_view text = source.text();
    if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      text.remove_prefix(kByteOrderMark.size());
    }
    return text;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = std::make_shared<YamlNode>();
    // A key without a value is shown at the key: the mark is past the line.
    const bool after_key = !open_.empty() && open_.back().key != nullptr;
    node->span = after_key ? open_.back().key->span : At(mark, 0);
    if (!open_.empty() && !open_.back().flow &&
        open_.back().node->kind == YamlNode::Kind::kList) {
      node->span = At(nesting_.PlaceOfEmpty(Offset(mark)), 1);
    }
    Add(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (const auto flaw = nesting_.Scalar(Offset(mark))) {
      Fail(Code::BL3003, At(*flaw), flaw->message);
    }
    auto node = std::make_shared<YamlNode>();
    node->kind = YamlNode::Kind::kScalar;
    node->text = value;
    node->plain = tag != "!";
    node->span = At(mark, value.size());
    Add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      Fail(Code::BL3003, At(mark, 1), "an alias to what contains it");
    }
    Count(it->second->nodes, At(mark, 1));
    Attach(it->second);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(YamlNode::Kind::kList, mark, anchor, style);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(YamlNode::Kind::kMap, mark, anchor, style);
  }
  void OnMapEnd() override { Close(); }

  // The place of a mark; `size` is that of the value it stands for.
  Span At(const YAML::Mark& mark, size_t size) const {
    return At(Offset(mark), size);
  }
  Span At(const YamlFlaw& flaw) const { return At(flaw.at, 0); }

 private:
  struct Frame {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    bool flow;                            // in brackets
    std::shared_ptr<const YamlNode> key;  // of a map: waits for its value
    std::set<std::string> keys;
  };

  static size_t Offset(const YAML::Mark& mark) {
    return static_cast<size_t>(std::max(mark.pos, 0));
  }

  Span At(size_t offset, size_t size) const {
    const std::string& text = source_.text();
    const size_t begin =
        std::min(offset + text.size() - Text(source_).size(), text.size());
    const size_t line_end = std::min(text.find('\n', begin), text.size());
    // A quoted scalar ends after its quote, if on the same line.
    if (size > 0 && begin < text.size() &&
        (text[begin] == '"' || text[begin] == '\'')) {
      const size_t close = text.find(text[begin], begin + 1);
      size = (close == std::string::npos ? line_end : close + 1) - begin;
    }
    const size_t end = std::min(begin + std::max<size_t>(size, 1), line_end);
    return {&source_, static_cast<uint32_t>(begin),
            static_cast<uint32_t>(std::max(begin, end))};
  }

  [[noreturn]] void Fail(Code code, const Span& span, std::string message,
                         std::string suggestion = "") {
    sink_.Add(code, span, std::move(message), std::move(suggestion));
    throw Stop();
  }

  void Count(size_t nodes, const Span& span) {
    nodes_ += nodes;
    if (nodes_ > max_nodes_) {
      Fail(Code::BL3004, span,
           absl::StrCat("more than ", max_nodes_, " values"), HowToRaiseYaml());
    }
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->span = At(mark, 0);
    if (open_.size() >= static_cast<size_t>(kMaxYamlDepth)) {
      Fail(Code::BL3004, node->span,
           absl::StrCat("nested deeper than ", kMaxYamlDepth));
    }
    const bool flow = style == YAML::EmitterStyle::Flow;
    nesting_.Open(Offset(mark), flow);
    open_.push_back({std::move(node), anchor, flow, nullptr, {}});
  }

  void Close() {
    Frame frame = std::move(open_.back());
    open_.pop_back();
    nesting_.Close();
    Add(std::move(frame.node), frame.anchor);
  }

  void Add(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    Count(1, node->span);
    if (anchor != 0) anchors_[anchor] = node;
    Attach(std::move(node));
  }

  void Attach(std::shared_ptr<const YamlNode> node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = open_.back();
    frame.node->nodes += node->nodes;
    if (frame.node->kind == YamlNode::Kind::kList) {
      frame.node->items.push_back(std::move(node));
      return;
    }
    if (frame.key == nullptr) {
      frame.key = std::move(node);
      return;
    }
    std::shared_ptr<const YamlNode> key = std::move(frame.key);
    frame.key = nullptr;
    if (key->kind != YamlNode::Kind::kScalar) {
      sink_.Add(Code::BL3003, key->span, "a key must be text");
      return;
    }
    if (!frame.keys.insert(key->text).second) {
      sink_.Add(Code::BL3006, key->span,
                absl::StrCat("`", key->text, "` stands here twice"));
      return;
    }
    frame.node->entries.push_back({std::move(key), std::move(node)});
  }

  const SourceFile& source_;
  DiagnosticSink& sink_;
  YamlNesting nesting_;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, std::shared_ptr<const YamlNode>> anchors_;
  std::shared_ptr<const YamlNode> root_;
  const size_t max_nodes_ = static_cast<size_t>(
      static_cast<double>(MaxManifestBytes()) / kMaxYamlBytes * kMaxYamlNodes);
  size_t nodes_ = 0;
};

}  // namespace

size_t MaxManifestBytes() {
  return static_cast<size_t>(
      LimitOfEnvironment(kMaxManifestVariable, kMaxYamlBytes));
}

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key->text == key) return entry.value.get();
  }
  return nullptr;
}

std::shared_ptr<const YamlNode> ParseYaml(const SourceFile& source,
                                          DiagnosticSink& sink) {
  const Span start{&source, 0, 0};
  if (source.text().size() > MaxManifestBytes()) {
    sink.Add(Code::BL3004, start,
             absl::StrCat("larger than ", MaxManifestBytes(), " bytes"),
             HowToRaiseYaml());
    return nullptr;
  }
  TreeBuilder builder(source, sink);
  if (const auto flaw = FindUnreadable(TreeBuilder::Text(source))) {
    sink.Add(Code::BL3003, builder.At(*flaw), flaw->message);
    return nullptr;
  }
  try {
    std::istringstream in(source.text());
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) {
      auto empty = std::make_shared<YamlNode>();
      empty->span = start;
      return empty;
    }
    std::shared_ptr<const YamlNode> root = builder.root();
    TreeBuilder rest(source, sink);
    if (parser.HandleNextDocument(rest)) {
      sink.Add(Code::BL3003, rest.root() == nullptr ? start : rest.root()->span,
               "a second document");
    }
    return root;
  } catch (const Stop&) {
    return nullptr;
  } catch (const YAML::Exception& e) {
    builder.Broken(e);
    return nullptr;
  } catch (const std::exception& e) {
    sink.Add(Code::BL3003, start, e.what());
    return nullptr;
  }
}

}  // namespace bylaw
