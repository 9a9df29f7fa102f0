// One contract in the making: the reader behind ReadOdcs (odcs.h), private to
// it. Fields of the contract become attributes where the program declares them;
// what is amiss is reported with its place. Used once, by one thread.
#ifndef BYLAW_DESCRIPTORS_ODCS_READER_H_
#define BYLAW_DESCRIPTORS_ODCS_READER_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "descriptors/odcs.h"

namespace bylaw::odcs {

std::string Lower(std::string_view text);
// In back quotes, cut if it is long.
std::string Quote(std::string_view text);
// What a node is, for messages: "a text", "a list".
std::string_view KindName(const Node& n);

class Reader {
 public:
  Reader(const std::string& path, const Program& program, const IsKnown& known,
         bool ids_only, OdcsProduct* out, std::vector<FactError>* errors)
      : path_(path),
        program_(program),
        schema_(program.schema),
        known_(known),
        ids_only_(ids_only),
        out_(*out),
        errors_(*errors) {}

  bool Read(const Node& document);

 private:
  // Fields and their mapping to attributes (odcs_fields.cc).
  void Report(FactSeverity severity, const char* code, const Node& at,
              std::string message, std::string suggestion = "");
  void Error(const char* code, const Node& at, std::string message,
             std::string suggestion = "") {
    Report(FactSeverity::kError, code, at, std::move(message),
           std::move(suggestion));
  }
  void Warn(const char* code, const Node& at, std::string message,
            std::string suggestion = "") {
    Report(FactSeverity::kWarning, code, at, std::move(message),
           std::move(suggestion));
  }

  // A field that is stated: null counts as left out, as the format has it.
  const Node* Field(const Node& map, std::string_view name) {
    const Node* n = map.Find(name);
    return n == nullptr || n->is_null() ? nullptr : n;
  }
  // The key of a field, for its place.
  static NodePosition KeyPlace(const Node& map, std::string_view name) {
    for (const auto& [k, v] : map.map) {
      if (k.text == name) return k.position;
    }
    return map.position;
  }
  // A scalar as text; an error if it is a list or a map.
  std::optional<std::string> Text(const Node& map, std::string_view name);
  std::optional<bool> Bool(const Node& map, std::string_view name);
  const Node* List(const Node& map, std::string_view name);
  bool IsMap(const Node& n, std::string_view what);

  // Sets an attribute if the type declares it.
  void Put(uint32_t type, Node* attributes, std::string_view name, Node value,
           NodePosition place);
  void PutText(uint32_t type, Node* attributes, std::string_view name,
               const Node& map, std::string_view field);
  void PutBool(uint32_t type, Node* attributes, std::string_view name,
               const Node& map, std::string_view field);

  // `what` a text is: the word of messages. `attribute` names the mapping.
  std::optional<Node> MapTerm(uint32_t vocabulary, const Node& text,
                              std::string_view what,
                              const std::string& attribute);
  void PutClassification(uint32_t type, Node* attributes, const Node& value,
                         NodePosition place);
  void PutTags(uint32_t type, Node* attributes, const Node& value,
               NodePosition place);
  void ReadCustom(const Node& map, uint32_t type, Node* attributes);
  uint32_t VocabularyOf(uint32_t type, std::string_view attribute) const;

  // The contract (odcs.cc).
  void ReadServers(const Node& document, Node* product);
  void ReadSlas(const Node& document, Node* product);
  void ReadRoles(const Node& document, Node* product);
  void ReadTeam(const Node& document, Node* product);
  void ReadSupport(const Node& document, Node* product);

  // Datasets and columns (odcs_datasets.cc).
  Node ReadChecks(const Node& list);
  void ReadSchema(const Node& document, Node* product);
  void ReadDataset(const Node& object, Node* datasets);
  void ReadColumns(const Node& list, const std::string& prefix, int depth,
                   Node* columns);
  void ReadColumn(const Node& property, const std::string& name, Node* column);
  std::string TableOf(const Node& object);

  const std::string& path_;
  const Program& program_;
  const Schema& schema_;
  const IsKnown& known_;
  const bool ids_only_;
  OdcsProduct& out_;
  std::vector<FactError>& errors_;
  bool failed_ = false;
  uint32_t product_ = kNone, dataset_ = kNone, column_ = kNone;
  const Node* document_ = nullptr;
  const Node* first_server_ = nullptr;
  std::string dataset_id_;
  std::set<std::string> column_names_;  // of the dataset
};

}  // namespace bylaw::odcs

#endif  // BYLAW_DESCRIPTORS_ODCS_READER_H_
