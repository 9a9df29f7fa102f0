// Builds Facts from what files, descriptors and tests say: decodes by the
// schema, joins what is said in several places, fills inverses and defaults,
// closes parents and transitive attributes. The stage after descriptors/load.h
// and before engine.h.
//
// What authors got wrong is collected, all of it, with its place; there are no
// facts if any of it is an error. One thread; used once.
#ifndef BYLAW_EVALUATOR_FACTS_BUILDER_H_
#define BYLAW_EVALUATOR_FACTS_BUILDER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/bytecode/program.h"
#include "evaluator/facts.h"
#include "evaluator/node.h"

namespace bylaw {

enum class FactSeverity : uint8_t { kError, kWarning, kNote };

// A finding about facts or a descriptor. The code is of the BL5 section of the
// table of diagnostics.
struct FactError {
  std::string code;
  std::string file;
  uint32_t line = 0, column = 0;          // from 1; 0: the file as a whole
  uint32_t end_line = 0, end_column = 0;  // one past the last character
  std::string message;
  std::string suggestion;
  FactSeverity severity = FactSeverity::kError;
};

// Findings of all files that are kept; the rest are counted. Of one file the
// limit `findings` lists fewer.
inline constexpr size_t kMaxFactErrors = 10'000;

class FactsBuilder {
 public:
  enum class Mode : uint8_t {
    kComplete,  // files: required attributes and known references
    kGiven,     // tests: both may lack, and are errors when read
  };

  explicit FactsBuilder(std::shared_ptr<const Program> program,
                        Mode mode = Mode::kComplete);
  ~FactsBuilder();
  FactsBuilder(const FactsBuilder&) = delete;
  FactsBuilder& operator=(const FactsBuilder&) = delete;

  // A file's number, for positions.
  uint32_t AddFile(std::string path);
  // Type -> id -> attributes.
  void AddDocument(uint32_t file, const Node& root);
  // {"type": …, "id": …, "attributes": {…}}.
  void AddLine(uint32_t file, const Node& line);
  // REQUIRES: type is an entity type. `at` is where the entity stands.
  void AddEntity(uint32_t file, uint32_t type, std::string_view id,
                 NodePosition at, const Node& attributes);
  // What a test gives. A later given of the same attribute wins. `parent_type`
  // kNone: not nested.
  void AddGiven(uint32_t type, std::string_view id,
                std::span<const std::pair<uint32_t, Constant>> attributes,
                uint32_t parent_type = kNone, std::string_view parent_id = {});

  // True if something added so far defines the entity.
  bool Defines(uint32_t type, std::string_view id) const;

  // Something could not be read: references to what nobody defines are no
  // longer reported, since they may be to that. Whoever lost it reports it.
  void ExpectLosses();
  // The same of one type.
  void ExpectLosses(uint32_t type);

  void AddError(FactError error);
  const std::vector<FactError>& errors() const;
  std::vector<FactError> TakeErrors();

  // In place of Build, where what was added is a proposal beside facts: every
  // entity that it names must be known to them or be proposed itself.
  void CheckProposal(const Facts& known);

  // Closes everything. nullptr if there are errors. The builder is used up.
  std::shared_ptr<const Facts> Build();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Facts as bytes, with their positions; the same facts give the same bytes.
std::string SaveFacts(const Facts& facts);
// Reads what SaveFacts wrote, for a program that may number things
// differently. Any other bytes are an error, never a crash.
absl::StatusOr<std::shared_ptr<const Facts>> LoadSavedFacts(
    std::string_view bytes, std::shared_ptr<const Program> program);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_FACTS_BUILDER_H_
