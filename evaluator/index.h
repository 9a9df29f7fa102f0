// Which policies may say something about a request: filed by action, resource
// type and subject type when an engine loads, with what composition would
// otherwise work out for each request: who may replace whom, which waivers
// there are, whether an answer depends on the clock.
//
// Immutable once built; shareable between threads.
#ifndef BYLAW_EVALUATOR_INDEX_H_
#define BYLAW_EVALUATOR_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "compiler/bytecode/program.h"

namespace bylaw {

// A policy in the group of an action, a resource type and a subject type.
struct Candidate {
  uint32_t policy = kNone;
  uint32_t scope = 0;
  uint32_t guard = kNone;
  uint32_t first_rule = 0, num_rules = 0;
  int64_t grace_until = INT64_MIN;
  bool advisory = false;  // its level, once grace is over
  bool guard_mentions_now = false;
  // The guard, a rule that marks no columns, a waiver's condition or a `may
  // allow` that it depends on mentions now.
  bool mentions_now = false;
  // Some rule marks columns (`r.x?`): whether it is for this resource is known
  // at decision time only.
  bool marks_columns = false;
  // Every rule does, or there is none.
  bool marks_only = true;
  bool replaces = false;  // overrides others
  // Policies of the group that may replace it, and waivers of it for this
  // resource type: in PolicyIndex::numbers.
  uint32_t first_overrider = 0, num_overriders = 0;
  uint32_t first_waiver = 0, num_waivers = 0;
};

struct CandidateGroup {
  std::vector<Candidate> candidates;  // sorted by policy
  // Nothing but mandatory or overridable policies of the root in force at all
  // times, without waivers: no chain, level or waiver has to be looked at.
  bool plain = true;
};

class PolicyIndex {
 public:
  explicit PolicyIndex(const Program& program);

  // nullptr if no policy speaks of them.
  const CandidateGroup* Find(uint32_t action, uint32_t resource_type,
                             uint32_t subject_type) const {
    const uint32_t row = rows_[CellOf(action, resource_type)];
    if (row == kNone) return nullptr;
    const uint32_t group = groups_of_row_[CellOf(row, subject_type)];
    return group == kNone ? nullptr : &groups_[group];
  }
  // Some scope below the root has a `governs` for the type.
  bool HasClauses(uint32_t resource_type) const {
    return has_clauses_[resource_type] != 0;
  }
  std::span<const uint32_t> Numbers(uint32_t first, uint32_t n) const {
    return {numbers_.data() + first, n};
  }

 private:
  size_t CellOf(size_t row, uint32_t entity_type) const {
    return row * num_entities_ + entity_type;
  }
  void FileWaivers(const Program& program, Candidate* c);
  // `replaces`, by policy: those that it may replace.
  void FileOverriders(const std::vector<std::vector<uint32_t>>& replaces,
                      CandidateGroup* group);

  size_t num_entities_;
  std::vector<uint32_t> rows_;           // action, resource type
  std::vector<uint32_t> groups_of_row_;  // row, subject type
  std::vector<CandidateGroup> groups_;
  std::vector<uint8_t> has_clauses_;                    // by entity type
  std::vector<uint32_t> numbers_;                       // policies and waivers
  std::vector<std::pair<uint32_t, uint32_t>> waivers_;  // (policy, waiver)
};

// True if `scope` is `ancestor` or below it.
bool IsBelowScope(const Program& program, uint32_t scope, uint32_t ancestor);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_INDEX_H_
