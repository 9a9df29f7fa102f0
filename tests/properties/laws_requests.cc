// Laws that compare a request with another one to the same program.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "cli/test_runner.h"
#include "compiler/bytecode/opcode.h"
#include "compiler/bytecode/scalar.h"
#include "evaluator/value_node.h"
#include "tests/properties/laws.h"
#include "tests/properties/looser.h"
#include "tests/reference/words.h"

namespace bylaw::properties {
namespace {

using Decided = std::unique_ptr<cli::DecidedTest>;

class Laws {
 public:
  Laws(const CompileResult& compiled, Counts* counts)
      : compiled_(compiled),
        program_(std::shared_ptr<void>(), compiled.program.get()),
        counts_(counts) {}

  std::string Run() {
    for (const typed::Test& test : compiled_.tests) {
      const Decided decided = Decide(test);
      if (decided == nullptr) continue;
      for (const auto law : {&Laws::ColumnsAreIndependent, &Laws::KeptAnswers,
                             &Laws::Proposals, &Laws::SuppliedIsKnown}) {
        std::string broken = (this->*law)(test, *decided);
        if (!broken.empty()) return broken;
      }
    }
    return "";
  }

 private:
  Decided Decide(const typed::Test& test) {
    std::string message;
    return cli::DecideTest(program_, test, &message);
  }

  void Count(const char* law) {
    if (counts_ != nullptr) ++(*counts_)[std::string("law ") + law];
  }

  static std::string Broken(const char* law, const typed::Test& test,
                            const std::string& how, const cli::DecidedTest& a,
                            const cli::DecidedTest& b) {
    return std::string(law) + ", test \"" + test.name + "\": " + how + "\n" +
           reference::Describe(reference::InWords(a)) + "beside " +
           reference::Describe(reference::InWords(b));
  }

  // (3) and (8): the same request, other columns.
  std::string ColumnsAreIndependent(const typed::Test& test,
                                    const cli::DecidedTest& decided) {
    const Action& action = program_->schema.actions[test.action];
    const uint32_t slot = action.selecting_slot;
    if (slot == kNone) return "";
    typed::Test other = test;
    const auto asked =
        std::find_if(other.context.begin(), other.context.end(),
                     [&](const auto& field) { return field.first == slot; });
    if (asked == other.context.end()) return "";
    // Those that are asked for, one by one; none by name; all, none by name.
    std::vector<typed::Test> variants;
    const Constant columns = asked->second;
    for (const Constant& column : columns.elements) {
      asked->second.elements = {column};
      variants.push_back(other);
    }
    asked->second.elements.clear();
    variants.push_back(other);
    other.context.erase(asked);
    const Decided pieces = Decide(other);
    if (pieces != nullptr &&
        pieces->decision.outcome != DecisionOutcome::kDeny) {
      Count("8, calls in pieces are no looser");
      // Obligations are the allow call's, which names the columns.
      const std::string how = Looser(*pieces, decided, Compared::kMasksAndRows);
      if (decided.decision.outcome != DecisionOutcome::kDeny && !how.empty()) {
        return Broken("calls in pieces are no looser (8)", test, how, *pieces,
                      decided);
      }
    }
    variants.push_back(std::move(other));
    if (ReadsAsked() || IsOddIn(decided)) return "";
    for (const typed::Test& variant : variants) {
      const Decided with = Decide(variant);
      if (with == nullptr || IsOddIn(*with)) continue;
      Count("3, columns are independent");
      if (Denies(*with) == Denies(decided) &&
          Effective(*with, decided) == Effective(decided, *with) &&
          with->report.keep == decided.report.keep) {
        continue;
      }
      return Broken("columns are independent (3)", test, "they are not", *with,
                    decided);
    }
    return "";
  }

  // Some rule reads the selecting attribute.
  bool ReadsAsked() const {
    std::set<uint32_t> selecting;
    for (const Action& action : program_->schema.actions) {
      if (action.selecting_slot != kNone) {
        selecting.insert(action.selecting_slot);
      }
    }
    for (const Instruction& i : program_->code) {
      if (static_cast<Opcode>(i.op) != Opcode::CONTEXT) continue;
      for (size_t a = 0; a < program_->schema.actions.size(); ++a) {
        const uint32_t slot = program_->slot_tables[i.c][a];
        if (slot != kNone &&
            slot == program_->schema.actions[a].selecting_slot) {
          return true;
        }
      }
    }
    return false;
  }

  // A column of it is unknown, hidden, or has an erring mask rule.
  bool IsOddIn(const cli::DecidedTest& d) const {
    if (!d.bound.column_errors.empty()) return true;
    const auto masks = [&](uint32_t rule) {
      return rule != kNone && (program_->rules[rule].kind == RuleKind::kMask ||
                               program_->rules[rule].kind == RuleKind::kHide);
    };
    for (const DecisionError& e : d.decision.errors) {
      if (masks(e.rule)) return true;
    }
    for (const Effect& e : d.decision.determining) {
      if (program_->rules[e.rule].kind == RuleKind::kHide) return true;
    }
    for (const ColumnDecision& c : d.decision.columns) {
      if (c.mask.kind == MaskKind::kHide) return true;
    }
    return false;
  }

  std::multiset<std::string> Denies(const cli::DecidedTest& d) const {
    std::multiset<std::string> denies;
    for (const Effect& e : d.decision.determining) {
      if (program_->rules[e.rule].kind == RuleKind::kDeny) {
        denies.insert(std::to_string(e.rule));
      }
    }
    return denies;
  }

  // (10)
  std::string KeptAnswers(const typed::Test& test,
                          const cli::DecidedTest& decided) {
    const int64_t keep = decided.report.keep;
    if (keep <= 0) return "";
    // The last instant, and others before.
    Random random(static_cast<uint64_t>(decided.bound.now ^ keep));
    for (const int64_t after :
         {keep - 1, Between(keep, random), Between(keep, random)}) {
      std::string broken = KeptUntil(after, test, decided);
      if (!broken.empty()) return broken;
    }
    return "";
  }

  static int64_t Between(int64_t keep, Random& random) {
    return static_cast<int64_t>(random.Below(static_cast<size_t>(keep)));
  }

  std::string KeptUntil(int64_t after, const typed::Test& test,
                        const cli::DecidedTest& decided) {
    typed::Test later = test;
    later.has_at = true;
    later.at = decided.bound.now + after;
    const Decided then = Decide(later);
    Count("10, kept answers stay true");
    reference::Decision a = reference::InWords(decided);
    reference::Decision b = reference::InWords(*then);
    // What may be kept from then on may be more or less; what does not bind
    // decides nothing; a waiver is named, or its error is listed, where the
    // policy's guard is false too, which makes no candidate and so no cut.
    a.keep = b.keep = 0;
    a.advisories = b.advisories = {};
    a.waivers = b.waivers = {};
    LeaveOutWaivers(&a.errors);
    LeaveOutWaivers(&b.errors);
    if (a == b) return "";
    const Settings& settings = program_->settings;
    if (decided.report.keep <= settings.keep_with_now &&
        CandidateMentionsNow(decided)) {
      return "";
    }
    return Broken("kept answers stay true (10)", test,
                  "after " + FormatDuration(after), *then, decided);
  }

  // Errors of the conditions of waivers, as words.h says them.
  void LeaveOutWaivers(std::vector<std::string>* errors) const {
    for (const typed::Waiver& w : compiled_.typed->waivers) {
      std::erase(*errors, compiled_.typed->policies[w.policy].id + " " +
                              std::to_string(w.span.line()));
    }
  }

  // A candidate, a waiver of one, or a `may allow` that it may depend on: by
  // action and types, whatever its scope and guard say.
  bool CandidateMentionsNow(const cli::DecidedTest& d) const {
    const BoundRequest& request = d.bound;
    const auto holds = [](const std::vector<uint32_t>& sorted, uint32_t x) {
      return std::binary_search(sorted.begin(), sorted.end(), x);
    };
    for (const Scope& scope : program_->scopes) {
      for (const Scope::MayAllow& may : scope.may_allow) {
        if (may.mentions_now && may.resource == request.resource_type &&
            holds(may.actions, request.action)) {
          return true;
        }
      }
    }
    for (uint32_t p = 0; p < program_->policies.size(); ++p) {
      const Policy& policy = program_->policies[p];
      if (policy.resource != request.resource_type ||
          !holds(policy.actions, request.action) ||
          !holds(policy.subjects, request.subject_type)) {
        continue;
      }
      if (policy.guard_mentions_now) return true;
      for (uint32_t r = 0; r < policy.num_rules; ++r) {
        if (program_->rules[policy.first_rule + r].mentions_now) return true;
      }
      for (const Waiver& w : program_->waivers) {
        if (w.policy == p && w.mentions_now) return true;
      }
    }
    return false;
  }

  // (11)
  std::string Proposals(const typed::Test& test,
                        const cli::DecidedTest& decided) {
    if (!test.proposing || !decided.bound.proposal) return "";
    // The known version alone.
    typed::Test known = test;
    known.proposing = false;
    known.proposal.clear();
    if (const Decided alone = Decide(known);
        alone != nullptr && alone->bound.resource_known) {
      Count("11, what counts for the known version counts");
      const std::string how = LostFrom(*alone, decided, &Laws::IsUnconditional);
      if (!how.empty()) {
        return Broken("what counts for the known version counts (11)", test,
                      how, decided, *alone);
      }
      std::string broken = KnownProposed(known, *alone);
      if (!broken.empty()) return broken;
    }
    return ProposedAsNew(test, decided);
  }

  static std::set<std::string> ChainOf(const cli::DecidedTest& d) {
    const std::vector<std::string> list =
        Explain(*d.engine, d.bound, SqlDialect::kNone).chain;
    return {list.begin(), list.end()};
  }

  // A scope, or a deny for which `counts` holds, of `one` that `both` lacks.
  std::string LostFrom(const cli::DecidedTest& one,
                       const cli::DecidedTest& both,
                       bool (Laws::*counts)(const ReportedDeterminant&) const) {
    const std::set<std::string> chain = ChainOf(both);
    for (const std::string& scope : ChainOf(one)) {
      if (chain.count(scope) == 0) return "it leaves " + scope;
    }
    const auto place = [](const ReportedDeterminant& d) {
      return d.policy + " " + std::to_string(d.line);
    };
    std::set<std::string> denies;
    for (const ReportedDeterminant& d : both.report.determining) {
      denies.insert(place(d));
    }
    for (const ReportedDeterminant& d : one.report.determining) {
      if (d.kind == "deny" && (this->*counts)(d) &&
          denies.count(place(d)) == 0) {
        return "the deny " + place(d) + " is lost";
      }
    }
    return "";
  }

  // It denies whatever there is to read.
  bool IsUnconditional(const ReportedDeterminant& d) const {
    for (const typed::Policy& policy : compiled_.typed->policies) {
      if (policy.id != d.policy || policy.guard_when || policy.guard_unless) {
        continue;
      }
      for (const typed::Rule& rule : policy.rules) {
        if (static_cast<int32_t>(rule.span.line()) == d.line &&
            rule.loops.empty() && rule.earlier.empty() && !rule.own.when &&
            !rule.own.unless) {
          return true;
        }
      }
    }
    return false;
  }
  bool IsAny(const ReportedDeterminant&) const { return true; }

  using Keys = std::set<std::pair<uint32_t, std::string>>;

  // The resource and what givens nest in it.
  static Keys KnownOf(const typed::Test& test) {
    Keys keys = {{test.resource_entity, test.resource_id}};
    for (size_t before = 0; before != keys.size();) {
      before = keys.size();
      for (const typed::GivenEntity& g : test.givens) {
        if (keys.count({g.parent_entity, g.parent_id}) != 0) {
          keys.emplace(g.entity, g.id);
        }
      }
    }
    return keys;
  }

  static bool Mentions(const Constant& value, const Keys& keys) {
    if (value.kind == Kind::kEntity) {
      return keys.count({value.index, value.text}) != 0;
    }
    return std::any_of(value.elements.begin(), value.elements.end(),
                       [&](const Constant& c) { return Mentions(c, keys); });
  }

  // The context, or what is given, refers to one of them: what the context
  // names, and the subject, see it as facts know it.
  static bool AreMentioned(const typed::Test& test, const Keys& keys) {
    const auto mentions = [&](const auto& fields) {
      return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
        return Mentions(field.second, keys);
      });
    };
    return mentions(test.context) ||
           std::any_of(test.givens.begin(), test.givens.end(),
                       [&](const typed::GivenEntity& g) {
                         return mentions(g.attributes);
                       });
  }

  // Some inverse attribute of what is given besides refers to one of them.
  bool AreClaimed(const typed::Test& test, const Keys& keys) const {
    for (const typed::GivenEntity& g : test.givens) {
      if (keys.count({g.entity, g.id}) != 0) continue;
      const auto& attributes = program_->schema.entities[g.entity].attributes;
      for (const auto& [slot, value] : g.attributes) {
        if (attributes[slot].inverse == kNone) continue;
        if (Mentions(value, keys)) {
          return true;
        }
      }
    }
    return false;
  }

  // Proposing what facts hold is proposing nothing, unless something else
  // points at it, which a proposal ends.
  std::string KnownProposed(const typed::Test& known,
                            const cli::DecidedTest& alone) {
    const Keys keys = KnownOf(known);
    if (AreClaimed(known, keys)) return "";
    typed::Test same = known;
    same.proposing = true;
    for (const typed::GivenEntity& g : known.givens) {
      if (keys.count({g.entity, g.id}) == 0) continue;
      const bool is_it =
          g.entity == known.resource_entity && g.id == known.resource_id;
      for (const typed::GivenEntity& p : same.proposal) {
        if (p.entity == g.entity && p.id == g.id) return "";  // given twice
      }
      same.proposal.insert(is_it ? same.proposal.begin() : same.proposal.end(),
                           g);
    }
    if (same.proposal.empty() ||
        same.proposal[0].entity != known.resource_entity ||
        same.proposal[0].id != known.resource_id ||
        same.proposal[0].attributes.empty()) {
      return "";
    }
    const Decided proposed = Decide(same);
    if (proposed == nullptr) return "";
    Count("11, proposing what facts hold is proposing nothing");
    if (reference::InWords(*proposed) == reference::InWords(alone)) return "";
    return Broken("proposing what facts hold is proposing nothing (11)", same,
                  "it is not", *proposed, alone);
  }

  // What counts for the proposal where facts hold no version of it.
  std::string ProposedAsNew(const typed::Test& test,
                            const cli::DecidedTest& decided) {
    const Keys keys = KnownOf(test);
    if (AreClaimed(test, keys)) return "";
    typed::Test as_new = test;
    for (const typed::GivenEntity& g : as_new.givens) {
      // It stays where facts state that it is.
      if (keys.count({g.entity, g.id}) != 0 && !g.in.empty()) return "";
    }
    const size_t all = as_new.givens.size();
    std::erase_if(as_new.givens, [&](const typed::GivenEntity& g) {
      return keys.count({g.entity, g.id}) != 0;
    });
    if (as_new.givens.size() == all) return "";
    const Decided alone = Decide(as_new);
    if (alone == nullptr) return "";
    Count("11, what counts for a new resource counts");
    // Conditions that see the known version may be others.
    const bool same_conditions =
        !ReadsPrevious() && !AreMentioned(as_new, keys);
    if (same_conditions) Count("11, and tightens as there");
    std::string how =
        LostFrom(*alone, decided,
                 same_conditions ? &Laws::IsAny : &Laws::IsUnconditional);
    if (how.empty() && same_conditions) how = Looser(decided, *alone);
    if (how.empty()) return "";
    return Broken("what counts for a new resource counts (11)", test, how,
                  decided, *alone);
  }

  bool ReadsPrevious() const {
    return std::any_of(program_->code.begin(), program_->code.end(),
                       [](const Instruction& i) {
                         return static_cast<Opcode>(i.op) == Opcode::PREVIOUS;
                       });
  }

  // What a request supplies of its subject counts as if facts held it.
  std::string SuppliedIsKnown(const typed::Test& test,
                              const cli::DecidedTest& decided) {
    typed::Test less = test;
    const EntityType& type = program_->schema.entities[test.subject_entity];
    Node supplied = Node::Map();
    for (typed::GivenEntity& g : less.givens) {
      if (g.entity != test.subject_entity || g.id != test.subject_id) continue;
      std::erase_if(g.attributes, [&](const auto& stated) {
        const auto& [slot, value] = stated;
        const Attribute& a = type.attributes[slot];
        if (!a.asserted || value.kind == Kind::kMissing) return false;
        supplied.Set(a.name, NodeOfConstant(program_->schema, value, a.type));
        return true;
      });
    }
    if (supplied.map.empty()) return "";
    std::string message;
    const Decided asked = cli::DecideTest(program_, less, &message, &supplied);
    if (asked == nullptr) {
      return "what is supplied is known, test \"" + test.name +
             "\": " + message;
    }
    Count("what is supplied of the subject is known");
    if (reference::InWords(*asked) == reference::InWords(decided)) return "";
    return Broken("what is supplied is known", test, "it is not", *asked,
                  decided);
  }

  const CompileResult& compiled_;
  const std::shared_ptr<const Program> program_;
  Counts* const counts_;
};

}  // namespace

std::string BrokenLawOfRequests(const CompileResult& compiled, Counts* counts) {
  return Laws(compiled, counts).Run();
}

}  // namespace bylaw::properties
