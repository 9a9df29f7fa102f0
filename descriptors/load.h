// Files to facts: what the manifest's `facts` names is read, each file by what
// it holds: facts in YAML or JSON, JSON lines, or a descriptor (ODCS v3),
// which becomes entities of the module mesh. The stage before engine.h.
//
// Everything the files' authors got wrong is returned, with its place; there
// are no facts if any of it is an error. Nothing throws. Thread-safe.
#ifndef BYLAW_DESCRIPTORS_LOAD_H_
#define BYLAW_DESCRIPTORS_LOAD_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluator/facts.h"
#include "evaluator/facts_builder.h"
#include "evaluator/node.h"

namespace bylaw {

// A glob of the manifest's `facts`, and where it stands; without a place one
// of whoever calls.
struct FactPattern {
  std::string text;
  std::string file;
  NodePosition position;
};

struct LoadedFacts {
  std::shared_ptr<const Facts> facts;  // null if an error is among `errors`
  std::vector<FactError> errors;       // by file and place
};

// Reads the files that `globs` name, relative to `root` (`*` and `?` within a
// name, `**` for any folders). Paths in findings are relative to it too.
LoadedFacts LoadFacts(std::shared_ptr<const Program> program,
                      const std::string& root,
                      const std::vector<FactPattern>& globs);
// The same of texts in memory: path and text.
LoadedFacts LoadFactTexts(
    std::shared_ptr<const Program> program,
    const std::vector<std::pair<std::string, std::string>>& files);

// The files that a list of globs names, relative to root, each with the first
// that names it. What names nothing is reported.
std::map<std::string, const FactPattern*> FindFiles(
    const std::string& root, const std::vector<FactPattern>& globs,
    std::vector<FactError>* errors);
bool GlobMatches(std::string_view glob, std::string_view path);

// What a file proposes: an entity with the attributes that a request for an
// action that proposes would bring, every node with its place in the file.
struct ProposedEntity {
  std::string type, id;
  NodePosition position;
  Node attributes;
  // Where attributes would stand that it does not state, if not at its head.
  std::map<std::string, NodePosition> homes;
};
struct ReadProposal {
  std::vector<ProposedEntity> entities;  // a descriptor proposes one
  std::vector<FactError> errors;         // of any severity
  bool ok() const {
    for (const FactError& e : errors) {
      if (e.severity == FactSeverity::kError) return false;
    }
    return true;
  }
};
// Reads a descriptor (or a file of facts) as proposals. `facts` says who and
// what is known.
ReadProposal ReadDescriptor(std::string_view text, const std::string& path,
                            const Facts& facts);

}  // namespace bylaw

#endif  // BYLAW_DESCRIPTORS_LOAD_H_
