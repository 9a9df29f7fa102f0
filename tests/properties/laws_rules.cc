// Laws that compare a program with one that lacks some of its rules.
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "cli/test_runner.h"
#include "tests/properties/laws.h"
#include "tests/properties/looser.h"
#include "tests/reference/words.h"

namespace bylaw::properties {
namespace {

using Decided = std::unique_ptr<cli::DecidedTest>;
using Shared = std::shared_ptr<const Program>;

Decided Decide(const Shared& program, const typed::Test& test) {
  std::string message;
  return cli::DecideTest(program, test, &message);
}

// The program without the rules that `is_kept` refuses.
Shared Without(const Program& program,
               const std::function<bool(uint32_t)>& is_kept) {
  auto less = std::make_shared<Program>(program);
  less->rules.clear();
  for (Policy& policy : less->policies) {
    const uint32_t first = policy.first_rule;
    const uint32_t end = first + policy.num_rules;
    policy.first_rule = static_cast<uint32_t>(less->rules.size());
    for (uint32_t r = first; r < end; ++r) {
      if (is_kept(r)) less->rules.push_back(program.rules[r]);
    }
    policy.num_rules =
        static_cast<uint32_t>(less->rules.size()) - policy.first_rule;
  }
  return less;
}

bool IsAdvisory(const Policy& policy, int64_t now) {
  return policy.level == Level::kAdvisory || now < policy.grace_until;
}

class Laws {
 public:
  Laws(const CompileResult& compiled, Random& random, Counts* counts)
      : compiled_(compiled),
        program_(std::shared_ptr<void>(), compiled.program.get()),
        random_(random),
        counts_(counts) {}

  std::string Run() {
    for (const typed::Test& test : compiled_.tests) {
      decided_.push_back(Decide(program_, test));
    }
    for (const auto law :
         {&Laws::AddingTightens, &Laws::ChildrenTighten,
          &Laws::AdvisoriesDecideNothing, &Laws::DeterminantsSuffice}) {
      std::string broken = (this->*law)();
      if (!broken.empty()) return broken;
    }
    return "";
  }

 private:
  void Count(const char* law) {
    if (counts_ != nullptr) ++(*counts_)[std::string("law ") + law];
  }

  std::string Broken(const char* law, size_t test, const std::string& how,
                     const cli::DecidedTest& a, const cli::DecidedTest& b) {
    return std::string(law) + ", test \"" + compiled_.tests[test].name +
           "\": " + how + "\n" + reference::Describe(reference::InWords(a)) +
           "beside " + reference::Describe(reference::InWords(b));
  }

  // (1)
  std::string AddingTightens() {
    std::vector<uint32_t> tightening;
    for (uint32_t r = 0; r < program_->rules.size(); ++r) {
      const Rule& rule = program_->rules[r];
      if (rule.kind != RuleKind::kAllow &&
          program_->policies[rule.policy].num_rules > 1) {
        tightening.push_back(r);
      }
    }
    for (int round = 0; round < 3 && !tightening.empty(); ++round) {
      const uint32_t rule = random_.Pick(tightening);
      const Shared less =
          Without(*program_, [&](uint32_t r) { return r != rule; });
      for (size_t t = 0; t < decided_.size(); ++t) {
        if (decided_[t] == nullptr) continue;
        const Decided without = Decide(less, compiled_.tests[t]);
        Count("1, adding a rule tightens");
        const std::string how = Looser(*decided_[t], *without);
        if (how.empty()) continue;
        return Broken("adding a rule tightens (1)", t,
                      "with `" + program_->rules[rule].text + "` it " + how,
                      *decided_[t], *without);
      }
    }
    return "";
  }

  // (4)
  std::string ChildrenTighten() {
    for (uint32_t scope = 1; scope < program_->scopes.size(); ++scope) {
      bool overrides = false;
      auto less = std::make_shared<Program>(
          *Without(*program_, [&](uint32_t r) { return ScopeOf(r) != scope; }));
      for (Policy& policy : less->policies) {
        if (policy.scope != scope) continue;
        overrides |= !policy.overrides.empty();
        policy.overrides.clear();
      }
      if (overrides) continue;
      for (size_t t = 0; t < decided_.size(); ++t) {
        if (decided_[t] == nullptr) continue;
        bool allows = false;
        for (const Effect& e : decided_[t]->decision.determining) {
          allows |= ScopeOf(e.rule) == scope &&
                    program_->rules[e.rule].kind == RuleKind::kAllow;
        }
        if (allows) continue;
        const Decided without = Decide(less, compiled_.tests[t]);
        Count("4, a child tightens");
        const std::string how = Looser(*decided_[t], *without);
        if (how.empty()) continue;
        return Broken(
            "a child tightens (4)", t,
            "with policies of " + program_->scopes[scope].name + " it " + how,
            *decided_[t], *without);
      }
    }
    return "";
  }

  // (6)
  std::string AdvisoriesDecideNothing() {
    for (size_t t = 0; t < decided_.size(); ++t) {
      if (decided_[t] == nullptr) continue;
      const int64_t now = decided_[t]->bound.now;
      bool any = false, grace = false;
      for (const Policy& policy : program_->policies) {
        any |= IsAdvisory(policy, now);
        grace |= now < policy.grace_until;
      }
      if (!any) continue;
      auto less =
          std::make_shared<Program>(*Without(*program_, [&](uint32_t r) {
            return !IsAdvisory(program_->policies[program_->rules[r].policy],
                               now);
          }));
      for (Policy& policy : less->policies) {
        if (!IsAdvisory(policy, now)) continue;
        policy.actions.clear();  // not even a candidate without rules
        policy.overrides.clear();
      }
      std::erase_if(less->waivers, [&](const Waiver& w) {
        return IsAdvisory(program_->policies[w.policy], now);
      });
      const Decided without = Decide(less, compiled_.tests[t]);
      Count("6, advisories decide nothing");
      const std::string before = Effective(*decided_[t], *decided_[t]);
      const bool kept = grace
                            ? decided_[t]->report.keep <= without->report.keep
                            : decided_[t]->report.keep == without->report.keep;
      if (decided_[t]->decision.outcome == without->decision.outcome &&
          before == Effective(*without, *without) && kept) {
        continue;
      }
      return Broken("advisories decide nothing (6)", t, "they do", *decided_[t],
                    *without);
    }
    return "";
  }

  // (13)
  std::string DeterminantsSuffice() {
    for (size_t t = 0; t < decided_.size(); ++t) {
      if (decided_[t] == nullptr ||
          decided_[t]->decision.outcome == DecisionOutcome::kDeny) {
        continue;
      }
      std::set<uint32_t> determining;
      for (const Effect& e : decided_[t]->decision.determining) {
        determining.insert(e.rule);
      }
      const Decided alone =
          Decide(Without(*program_,
                         [&](uint32_t r) { return determining.count(r) != 0; }),
                 compiled_.tests[t]);
      Count("13, determining rules suffice");
      if (alone->decision.outcome == decided_[t]->decision.outcome &&
          Effective(*alone, *alone) == Effective(*decided_[t], *decided_[t])) {
        continue;
      }
      return Broken("determining rules suffice (13)", t, "they do not",
                    *decided_[t], *alone);
    }
    return "";
  }

  uint32_t ScopeOf(uint32_t rule) const {
    return program_->policies[program_->rules[rule].policy].scope;
  }

  const CompileResult& compiled_;
  const Shared program_;
  Random& random_;
  Counts* const counts_;
  std::vector<Decided> decided_;
};

}  // namespace

std::string BrokenLawOfRules(const CompileResult& compiled, Random& random,
                             Counts* counts) {
  return Laws(compiled, random, counts).Run();
}

}  // namespace bylaw::properties
