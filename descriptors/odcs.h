// The Open Data Contract Standard, v3.0 and v3.1, as entities of mesh: one
// contract is one DataProduct with its Datasets and Columns nested in it.
// docs/descriptors.md says which field becomes which attribute.
#ifndef BYLAW_DESCRIPTORS_ODCS_H_
#define BYLAW_DESCRIPTORS_ODCS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/bytecode/program.h"
#include "evaluator/facts_builder.h"
#include "evaluator/node.h"

namespace bylaw {

// True if the document says that it is a data contract of ODCS.
bool IsOdcs(const Node& document);

struct OdcsProduct {
  std::string id;
  NodePosition position;
  Node attributes;  // of DataProduct, as facts in files write them
  // Where attributes would stand that the contract does not state.
  std::map<std::string, NodePosition> homes;
  // Ids that the contract defines, so that contracts may name each other.
  std::vector<std::string> datasets, columns;
};

// Answers whether facts, or another file, define an entity.
using IsKnown = std::function<bool(uint32_t type, std::string_view id)>;

// False if an error was appended; warnings and notes are appended too. With
// `ids_only` only the ids are read and nothing is reported.
bool ReadOdcs(const Node& document, const std::string& path,
              const Program& program, const IsKnown& known, bool ids_only,
              OdcsProduct* out, std::vector<FactError>* errors);

// The table of docs/descriptors.md: the ColumnType that a pair of ODCS types
// means, "" if it is not known.
std::string_view OdcsColumnType(std::string_view logical,
                                std::string_view physical);

}  // namespace bylaw

#endif  // BYLAW_DESCRIPTORS_ODCS_H_
