// YAML text as a tree in which everything knows its place: what manifest.h
// reads. One document; every scalar is text, with a mark whether it was quoted.
//
// Bounded whatever the text: size, depth, and the number of nodes after aliases
// are followed (kMaxYaml…). What is wrong with the text as YAML goes to the
// sink (BL3003, BL3004, BL3006). Never throws; free of state.
#ifndef BYLAW_COMPILER_YAML_TREE_H_
#define BYLAW_COMPILER_YAML_TREE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw {

// A manifest is written by people: a hundred times the largest that is likely.
// Whoever generates one sets BYLAW_MAX_MANIFEST_BYTES; the values that it may
// hold grow in proportion.
inline constexpr int64_t kMaxYamlBytes = 4 * 1024 * 1024;
inline constexpr size_t kMaxYamlNodes = 100'000;
inline constexpr int kMaxYamlDepth = 20;  // four times what a manifest needs
size_t MaxManifestBytes();

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Span span;          // of lists and maps: their first character
  std::string text;   // kScalar
  bool plain = true;  // kScalar: written without quotes
  std::vector<std::shared_ptr<const YamlNode>> items;  // kList
  // kMap: keys in the order of the text, each once.
  struct Entry {
    std::shared_ptr<const YamlNode> key;  // a kScalar
    std::shared_ptr<const YamlNode> value;
  };
  std::vector<Entry> entries;
  size_t nodes = 1;  // of the whole subtree, aliases followed

  const YamlNode* Find(std::string_view key) const;
};

// Null if the text could not be read; without what was reported otherwise. An
// empty text is a kNull node.
std::shared_ptr<const YamlNode> ParseYaml(const SourceFile& source,
                                          DiagnosticSink& sink);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_YAML_TREE_H_
