// The oracle: evaluates the typed tree in the most obvious way and composes a
// decision straight from decisions.md, sharing no code with lowering, the VM,
// the index, facts or composition (tests/properties/README.md says what it does
// share). Slow, and linked only into tests.
//
// Here: values and what a decision can see of facts and proposals. Errors of
// the language are thrown as Failure and end in the rule that they belong to.
#ifndef BYLAW_TESTS_REFERENCE_MODEL_H_
#define BYLAW_TESTS_REFERENCE_MODEL_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/typed.h"

namespace bylaw::reference {

struct Failure {
  std::string message;
};

using Key = std::pair<uint32_t, std::string>;  // entity type, id

struct Val {
  Kind kind = Kind::kMissing;
  int64_t number = 0;
  std::string text;       // kString; kEntity: id
  uint32_t index = 0;     // kTerm, kEntity: type, kRecord
  bool as_facts = false;  // kEntity: seen as facts know it
  Ip ip;
  Version version;
  std::vector<Val> elements;  // kSet (sorted, unique), kList, kRecord, kMap
  std::vector<std::string> keys;
  bool missing() const { return kind == Kind::kMissing; }
  Key key() const { return {index, text}; }
};

// Total order within a kind; how an entity was reached does not count.
int Compare(const Val& a, const Val& b);
inline bool Same(const Val& a, const Val& b) { return Compare(a, b) == 0; }
Val MakeBool(bool b);
Val MakeString(std::string text);
Val FromConstant(const Constant& c);
Val MakeSet(std::vector<Val> elements);

// One version of the facts, closed.
struct Facts {
  struct Entity {
    std::map<uint32_t, Val> stated;  // slot -> value, before closing
    std::map<uint32_t, Val> values;  // after
    std::set<Key> nested_in;         // stated parents
    std::set<Key> parents;           // with those of inverses
    std::set<Key> above;             // closed, with itself
  };
  std::map<Key, Entity> entities;
  void Add(const typed::GivenEntity& given);
  void Close(const Schema& schema);
};

// Facts and, over them, what one request brings.
class Sight {
 public:
  Sight(const Schema& schema, const Facts& facts) : schema_(schema) {
    known_ = facts;
    proposed_ = facts;
  }
  // The subject is always known.
  void AddSubject(const Key& subject);
  // Replaces the resource and what is nested in it by `proposal` (the resource
  // first).
  void Propose(const std::vector<typed::GivenEntity>& proposal);

  bool Knows(const Val& entity) const;
  // Throws for an unknown entity or a required attribute without a value.
  Val Read(const Val& entity, uint32_t slot) const;
  bool Within(const Val& a, const Val& b) const;
  Val All(uint32_t type) const;
  const Schema& schema() const { return schema_; }
  bool has_proposal() const { return has_proposal_; }

 private:
  const Facts& Of(const Val& entity) const {
    return entity.as_facts ? known_ : proposed_;
  }
  const Schema& schema_;
  Facts known_, proposed_;
  bool has_proposal_ = false;
};

}  // namespace bylaw::reference

#endif  // BYLAW_TESTS_REFERENCE_MODEL_H_
