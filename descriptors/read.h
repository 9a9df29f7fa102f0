// YAML and JSON texts to nodes, exactly: numbers keep their spelling, every
// node its place, duplicate keys are errors. The stage before load.h.
//
// YAML is read by its core schema without its traps: true, false, null and
// numbers as JSON writes them are what they are, every other plain word is a
// text (`no` and `1.0.0` are texts). yaml-cpp's exceptions end here.
// Thread-safe; no state.
#ifndef BYLAW_DESCRIPTORS_READ_H_
#define BYLAW_DESCRIPTORS_READ_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/facts_builder.h"
#include "evaluator/node.h"

namespace bylaw {

// Deeper than any descriptor; recursion over nodes is safe.
inline constexpr int kMaxNesting = 100;
// Aliases of YAML may repeat parts of a file, up to this many times the nodes
// that are written out (and a few more for small files).
inline constexpr size_t kMaxAliasGrowth = 10;
inline constexpr size_t kMinAliasNodes = 10'000;

// Reads all documents of a YAML text. False if an error was appended. Documents
// that could be read to their end are in `documents` all the same, without the
// values of keys that stand twice.
bool ReadYaml(std::string_view text, const std::string& path,
              std::vector<Node>* documents, std::vector<FactError>* errors);

// Reads one JSON value that stands alone in the text. `first_line` is the
// number of its first line (for JSON lines). False if an error was appended;
// `document` is null then, unless the errors are of keys that stand twice.
bool ReadJson(std::string_view text, const std::string& path, Node* document,
              std::vector<FactError>* errors, uint32_t first_line = 1);

}  // namespace bylaw

#endif  // BYLAW_DESCRIPTORS_READ_H_
