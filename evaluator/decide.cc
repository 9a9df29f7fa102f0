#include "evaluator/decide.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "evaluator/filter.h"
#include "evaluator/mask.h"
#include "evaluator/ops.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

// Which of the two chains a scope is in: the resource's (or the proposal's)
// and, with a proposal, that of `previous`.
constexpr uint8_t kOfResource = 1;
constexpr uint8_t kOfPrevious = 2;
// Added to a scope with another below it in that chain: it is not the lowest.
constexpr uint8_t kAbove = 2;  // bits further up

constexpr uint32_t KindBit(RuleKind kind) {
  return 1u << static_cast<uint32_t>(kind);
}
bool IsTightening(RuleKind kind) { return kind != RuleKind::kAllow; }
bool IsColumnRule(RuleKind kind) {
  return kind == RuleKind::kMask || kind == RuleKind::kHide;
}

// A mask rule's effect on its column.
struct ColumnEffect {
  Cell column;
  uint32_t rule;
  Kind type;
  FittedMask mask;
};

// What the rules of some policies said, in the order of policies, positions
// and loop elements.
struct Findings {
  explicit Findings(Arena* arena)
      : effects(arena), errors(arena), columns(arena) {}
  ArenaVector<Effect> effects;
  ArenaVector<RuleError> errors;
  ArenaVector<ColumnEffect> columns;
};

class Composer {
 public:
  Composer(const PolicyIndex& index, const BoundRequest& request,
           const VmOptions& options, Arena& arena, Decision* decision,
           DecisionTrace* trace)
      : index_(index),
        request_(request),
        options_(options),
        arena_(arena),
        world_(*request.world),
        program_(request.world->program()),
        action_(program_.schema.actions[request.action]),
        decision_(*decision),
        trace_(trace),
        vm_(&request, options, &arena),
        binding_(&arena) {}

  void Run() {
    Clear();
    keep_ = program_.settings.keep_default;
    if (!request_.resource_known) return DenyUnknownResource();
    const CandidateGroup* group = index_.Find(
        request_.action, request_.resource_type, request_.subject_type);
    FindChains();
    if (trace_ != nullptr) PrepareTrace(group);
    if (group != nullptr) RunBinding(*group);
    JudgeAllows();
    Decide();
    if (rare_ != nullptr) RunAdvisories();
    decision_.keep = Keep();
    if (rare_ != nullptr || !binding_.errors.empty()) ListErrors();
    if (rare_ != nullptr) ListWaivers();
    if (trace_ != nullptr) FillTrace();
  }

 private:
  // Field by field: assigning an empty Decision goes through a second one.
  void Clear() {
    decision_.outcome = DecisionOutcome::kUnspecified;
    decision_.nothing_allows = false;
    decision_.columns = {};
    decision_.filter = nullptr;
    decision_.obligations = {};
    decision_.keep = 0;
    decision_.determining = {};
    decision_.determining_errors = {};
    decision_.advisories = {};
    decision_.advisory_errors = {};
    decision_.ungoverned = false;
    decision_.not_delegated = {};
    decision_.waivers = {};
    decision_.errors = {};
  }

  // "DENY with an error: the resource is unknown (no rule is then evaluated)"
  void DenyUnknownResource() {
    decision_.outcome = DecisionOutcome::kDeny;
    decision_.nothing_allows = !action_.gate;
    decision_.keep = Keep();
    AddError(kNone, nullptr,
             "the resource is not known: " +
                 program_.schema.entities[request_.resource_type].name + " \"" +
                 std::string(world_.IdOf(request_.resource)) + "\"");
    ListErrors();
  }

  // --- Scopes ---------------------------------------------------------------

  // "The chain of a resource is every scope that governs it and whose
  // ancestors all do"; with a proposal the union of the chains of both.
  void FindChains() {
    if (!index_.HasClauses(request_.resource_type)) return;
    const size_t n = program_.scopes.size();
    chain_ = arena_.New<uint8_t>(n);
    const bool both =
        request_.proposal && request_.previous.kind == Kind::kEntity;
    chain_[0] = kOfResource | (both ? kOfPrevious : 0);
    bool below_root = false;
    for (uint32_t s = 1; s < n; ++s) {
      const uint8_t parent = chain_[program_.scopes[s].parent];
      chain_[s] = 0;
      if (parent & kOfResource) {
        chain_[s] |= Governs(s, request_.resource) ? kOfResource : 0;
      }
      if (parent & kOfPrevious) {
        chain_[s] |= Governs(s, request_.previous.size) ? kOfPrevious : 0;
      }
      chain_[program_.scopes[s].parent] |=
          static_cast<uint8_t>(chain_[s] << kAbove);
      below_root |= chain_[s] != 0;
    }
    decision_.ungoverned = !below_root;
  }

  // "One that meets a reference to an unknown entity makes the decision DENY":
  // every clause is looked at, so that their order tells nothing.
  bool Governs(uint32_t scope, Cell resource) {
    bool governs = false;
    for (const Scope::Governs& g : program_.scopes[scope].governs) {
      if (g.entity != request_.resource_type) continue;
      if (g.chunk == kNone) {
        governs = true;
        continue;
      }
      switch (vm_.RunConditionOn(g.chunk, resource)) {
        case Vm::Outcome::kTrue:
          governs = true;
          break;
        case Vm::Outcome::kFalse:
          break;
        case Vm::Outcome::kError:
          AddError(kNone, &program_.scopes[scope].position,
                   "governs of scope " + program_.scopes[scope].name + ": " +
                       std::string(vm_.error()));
          must_deny_ = true;
      }
    }
    return governs;
  }

  bool InChain(uint32_t scope) const {
    return scope == 0 || (chain_ != nullptr && chain_[scope] != 0);
  }

  bool Binds(int64_t grace_until, bool advisory) const {
    return !advisory && request_.now >= grace_until;
  }

  // "y falls away only where every lowest governing scope below its owner
  // overrides it (itself or by an ancestor), with a proposal only where it
  // does so for both chains, each taken by itself." Gives a replacement.
  uint32_t ReplacementOf(const Candidate& y) const {
    if (y.num_overriders == 0 || chain_ == nullptr) return kNone;
    uint32_t by = ReplacedIn(kOfResource, y);
    if (by != kNone && (chain_[0] & kOfPrevious)) {
      by = ReplacedIn(kOfPrevious, y);
    }
    return by;
  }

  uint32_t ReplacedIn(uint8_t chain, const Candidate& y) const {
    uint32_t by = kNone;
    for (uint32_t s = 1; s < program_.scopes.size(); ++s) {
      if (!(chain_[s] & chain) || s == y.scope || !IsLowest(chain, s) ||
          !IsBelowScope(program_, s, y.scope)) {
        continue;
      }
      by = OverriderAbove(s, y);
      if (by == kNone) return kNone;
    }
    return by;
  }

  bool IsLowest(uint8_t chain, uint32_t scope) const {
    return !(chain_[scope] & (chain << kAbove));
  }

  // A binding replacement of y by `scope` or a scope above it and below y's.
  uint32_t OverriderAbove(uint32_t scope, const Candidate& y) const {
    for (uint32_t s = scope; s != y.scope; s = program_.scopes[s].parent) {
      for (const uint32_t x :
           index_.Numbers(y.first_overrider, y.num_overriders)) {
        const Policy& policy = program_.policies[x];
        if (policy.scope == s &&
            Binds(policy.grace_until, policy.level == Level::kAdvisory)) {
          return x;
        }
      }
    }
    return kNone;
  }

  // "An `allow` counts if each scope from its own up to the root delegates it:
  // the parent's `may allow` for that child covers action and type and its
  // condition is true (an error is not true)."
  bool IsDelegated(const Effect& allow) {
    const uint32_t policy = program_.rules[allow.rule].policy;
    // A policy's effects follow each other; its clauses are looked at once.
    if (policy == judged_) return judged_is_delegated_;
    bool delegated = true;
    for (uint32_t s = program_.policies[policy].scope; s != 0;
         s = program_.scopes[s].parent) {
      delegated &= MayAllow(s, policy);
    }
    judged_ = policy;
    judged_is_delegated_ = delegated;
    return delegated;
  }

  // Every clause is looked at, so that their order tells nothing.
  bool MayAllow(uint32_t scope, uint32_t policy) {
    bool may_allow = false;
    for (const Scope::MayAllow& may : program_.scopes[scope].may_allow) {
      if (may.resource != request_.resource_type ||
          !std::binary_search(may.actions.begin(), may.actions.end(),
                              request_.action)) {
        continue;
      }
      if (may.chunk == kNone) {
        may_allow = true;
        continue;
      }
      switch (vm_.RunCondition(may.chunk)) {
        case Vm::Outcome::kTrue:
          may_allow = true;
          break;
        case Vm::Outcome::kFalse:
          break;
        case Vm::Outcome::kError:
          AddError(policy, &may.position,
                   "may allow of scope " + program_.scopes[scope].name + ": " +
                       std::string(vm_.error()));
      }
    }
    return may_allow;
  }

  // --- Waivers --------------------------------------------------------------

  // "A waiver that applies suspends the whole policy's deny, mask, hide, row
  // and require rules (never its allows) and is named in the decision, as is
  // every other that applies."
  bool IsWaived(const Candidate& c, Vm& vm, PolicyFate* fate) {
    bool waived = false;
    for (const uint32_t w : index_.Numbers(c.first_waiver, c.num_waivers)) {
      if (!Applies(program_.waivers[w], vm)) continue;
      if (!waived && fate != nullptr) fate->waiver = w;
      waived = true;
      rare().waivers.push_back({w, c.policy});
    }
    return waived;
  }

  // "With a proposal it applies only if its condition is true of the proposal
  // and, where there is one, of `previous`. A condition that errors does not
  // apply and is listed."
  bool Applies(const Waiver& w, Vm& vm) {
    if (request_.now < w.from || request_.now >= w.until) return false;
    if (w.chunk == kNone) return true;
    if (!Holds(w, request_.resource, vm)) return false;
    if (!request_.proposal || request_.previous.kind != Kind::kEntity) {
      return true;
    }
    return Holds(w, request_.previous.size, vm);
  }

  bool Holds(const Waiver& w, Cell resource, Vm& vm) {
    switch (vm.RunConditionOn(w.chunk, resource)) {
      case Vm::Outcome::kTrue:
        return true;
      case Vm::Outcome::kFalse:
        return false;
      case Vm::Outcome::kError:
        AddError(w.policy, &w.position,
                 "waiver " + w.id + ": " + std::string(vm.error()));
    }
    return false;
  }

  // --- Rules ----------------------------------------------------------------

  // Every policy of the chain that binds and is not replaced; the others that
  // count are kept for RunAdvisories.
  void RunBinding(const CandidateGroup& group) {
    plain_ = group.plain;
    size_t i = 0;
    for (const Candidate& c : group.candidates) {
      PolicyFate* fate = FateOf(i++);
      if (!group.plain) {
        if (!InChain(c.scope)) {
          SetStanding(fate, PolicyFate::Standing::kNotGoverned);
          continue;
        }
        const uint32_t by = ReplacementOf(c);
        if (by != kNone) {
          SetStanding(fate, PolicyFate::Standing::kReplaced, by);
          continue;
        }
        if (!Binds(c.grace_until, c.advisory)) {
          SetStanding(fate, request_.now < c.grace_until
                                ? PolicyFate::Standing::kGrace
                                : PolicyFate::Standing::kAdvisory);
          rare().advisory.push_back({&c, fate});
          continue;
        }
      }
      const bool waived = c.num_waivers != 0 && IsWaived(c, vm_, fate);
      if (RunPolicy(c, waived, /*binding=*/true, vm_, &binding_, fate)) {
        NoteBindingCandidate(c);
      }
    }
  }

  // Runs a policy's guard and rules. False if it is no candidate: "a rule
  // whose policy's guard is false and mentions no `now` is none".
  bool RunPolicy(const Candidate& c, bool waived, bool binding, Vm& vm,
                 Findings* found, PolicyFate* fate) {
    if (c.guard != kNone) {
      const Vm::Outcome guard = vm.RunCondition(c.guard);
      if (fate != nullptr) {
        fate->guard = guard;
        fate->guard_error = vm.error();
      }
      if (guard == Vm::Outcome::kFalse) return c.guard_mentions_now;
      if (guard == Vm::Outcome::kError) {
        const std::string_view message = vm.error();
        for (uint32_t r = 0; r < c.num_rules; ++r) {
          const uint32_t rule = c.first_rule + r;
          const uint32_t applies = program_.rules[rule].applies;
          if (!IsSuspended(rule, waived, binding) &&
              (applies == kNone ||
               vm.RunCondition(applies) != Vm::Outcome::kFalse)) {
            found->errors.push_back({rule, 0, nullptr, message});
          }
        }
        return true;
      }
    }
    for (uint32_t r = 0; r < c.num_rules; ++r) {
      const uint32_t rule = c.first_rule + r;
      if (IsSuspended(rule, waived, binding)) continue;
      const size_t effects = found->effects.size();
      const size_t errors = found->errors.size();
      vm.RunRule(rule, &found->effects, &found->errors);
      if (found->effects.size() != effects) {
        const RuleKind kind = program_.rules[rule].kind;
        if (kind == RuleKind::kRows) DropTrueFilters(effects, found);
        if (IsColumnRule(kind)) FitMasks(kind, effects, found);
        Sort(effects, &found->effects);
      }
      if (found->errors.size() - errors > 1) Sort(errors, &found->errors);
    }
    return true;
  }

  // A waiver suspends what tightens, of a policy in grace the whole report. "A
  // mask or hide rule whose target is not asked for is not evaluated."
  bool IsSuspended(uint32_t rule, bool waived, bool binding) const {
    const RuleKind kind = program_.rules[rule].kind;
    if (waived && (!binding || IsTightening(kind))) return true;
    return IsColumnRule(kind) && request_.asked.empty();
  }

  // "A row filter that folds to true is none."
  void DropTrueFilters(size_t first, Findings* found) {
    size_t kept = first;
    for (size_t i = first; i < found->effects.size(); ++i) {
      const Effect e = found->effects[i];
      if (!IsAlwaysTrue(*e.filter)) found->effects[kept++] = e;
    }
    found->effects.resize_down(kept);
  }

  // "Masks are fitted to the type before joining"; an argument that is out of
  // range is an error of the rule.
  void FitMasks(RuleKind kind, size_t first, Findings* found) {
    size_t kept = first;
    for (size_t i = first; i < found->effects.size(); ++i) {
      const Effect e = found->effects[i];
      ColumnEffect column;
      column.column = e.column & kEntityMask;
      column.rule = e.rule;
      std::string_view message;
      if (!TypeOfColumn(e.column, &column.type)) {
        message =
            arena_.Copy(std::string(DescribeEntity(world_, e.column)) +
                        " is not known, or no column of the resource's type");
        found->errors.push_back({e.rule, e.num_elements, e.elements, message});
        continue;
      }
      const MaskKind mask = kind == RuleKind::kHide ? MaskKind::kHide : e.mask;
      if (!FitMask(mask, {e.arguments, e.num_arguments}, column.type, world_,
                   &column.mask, &message)) {
        found->errors.push_back({e.rule, e.num_elements, e.elements, message});
        continue;
      }
      found->columns.push_back(column);
      found->effects[kept++] = e;
    }
    found->effects.resize_down(kept);
  }

  // False if it is no column whose type could be read.
  bool TypeOfColumn(Cell column, Kind* type) {
    if (selectable_ == nullptr) {
      selectable_ = program_.schema.FindSelectable(request_.resource_type);
    }
    if (selectable_ == nullptr || !world_.IsColumn(column, *selectable_)) {
      return false;
    }
    *type = ColumnKind(program_.schema,
                       world_.Attribute(column, selectable_->type_slot));
    return true;
  }

  // The instances of one rule, by the ids of the loops' elements.
  template <typename T>
  void Sort(size_t first, ArenaVector<T>* list) {
    if (list->size() - first < 2) return;
    std::sort(list->begin() + first, list->end(),
              [this](const T& a, const T& b) {
                return CompareElements(world_, {a.elements, a.num_elements},
                                       {b.elements, b.num_elements}) < 0;
              });
  }

  // --- The decision ---------------------------------------------------------

  // Splits the allows that match into those that grant and those that are not
  // delegated.
  void JudgeAllows() {
    ArenaVector<Effect> refused(&arena_);
    int64_t longest = -1;
    for (const Effect& e : binding_.effects) {
      const Rule& rule = program_.rules[e.rule];
      kinds_ |= KindBit(rule.kind);
      switch (rule.kind) {
        case RuleKind::kAllow:
          if (!plain_ && !IsDelegated(e)) {
            refused.push_back(e);
            break;
          }
          allowed_ = true;
          longest = std::max(longest, rule.recheck >= 0
                                          ? rule.recheck
                                          : program_.settings.keep_default);
          break;
        case RuleKind::kDeny:
          denied_ = true;
          break;
        default:
          break;
      }
    }
    for (const RuleError& e : binding_.errors) {
      must_deny_ |= IsTightening(program_.rules[e.rule].kind);
    }
    for (const std::string_view error : request_.column_errors) {
      AddError(kNone, nullptr, std::string(error));
      must_deny_ = true;
    }
    decision_.not_delegated = refused.span();
    if (longest >= 0) {
      permit_keep_ = std::min(longest, program_.settings.keep_maximum);
    }
  }

  // "The decision", steps 1 to 6.
  void Decide() {
    decision_.nothing_allows = !action_.gate && !allowed_;
    const bool hidden_asked = request_.asked_by_name && HidesAColumn();
    if (must_deny_ || denied_ || decision_.nothing_allows || hidden_asked) {
      decision_.outcome = DecisionOutcome::kDeny;
      if (!binding_.effects.empty() || !binding_.errors.empty()) {
        ListDeterminingOfDeny();
      }
      return;
    }
    if (!binding_.columns.empty()) JoinColumns();
    if (kinds_ & KindBit(RuleKind::kRows)) JoinFilters();
    if (kinds_ & KindBit(RuleKind::kRequire)) JoinObligations();
    // "MASK if any mask but none, any hide, row filter or obligation remains,
    // else ALLOW."
    const bool attached = !decision_.columns.empty() ||
                          decision_.filter != nullptr ||
                          !decision_.obligations.empty();
    decision_.outcome =
        attached ? DecisionOutcome::kMask : DecisionOutcome::kAllow;
    // "Every allow that grants and every mask, hide, row and require rule that
    // applies."
    decision_.determining = decision_.not_delegated.empty()
                                ? binding_.effects.span()
                                : Without(decision_.not_delegated);
    if (!action_.gate) keep_ = permit_keep_;
  }

  bool HidesAColumn() const {
    for (const ColumnEffect& c : binding_.columns) {
      if (c.mask.kind == MaskKind::kHide) return true;
    }
    return false;
  }

  // "The denies that match, the binding rules but allows that err, and, if
  // something allows, the hide rules of columns asked for by name."
  void ListDeterminingOfDeny() {
    ArenaVector<Effect> determining(&arena_);
    for (const Effect& e : binding_.effects) {
      const RuleKind kind = program_.rules[e.rule].kind;
      if (kind == RuleKind::kDeny ||
          (kind == RuleKind::kHide && allowed_ && request_.asked_by_name)) {
        determining.push_back(e);
      }
    }
    decision_.determining = determining.span();
    ArenaVector<RuleError> errors(&arena_);
    for (const RuleError& e : binding_.errors) {
      if (IsTightening(program_.rules[e.rule].kind)) errors.push_back(e);
    }
    decision_.determining_errors = errors.span();
  }

  // The effects without those listed, which stand in the same order.
  std::span<const Effect> Without(std::span<const Effect> left_out) {
    ArenaVector<Effect> rest(&arena_);
    size_t next = 0;
    for (const Effect& e : binding_.effects) {
      if (next < left_out.size() && left_out[next].rule == e.rule &&
          left_out[next].elements == e.elements) {
        ++next;
      } else {
        rest.push_back(e);
      }
    }
    return rest.span();
  }

  // "Per asked column the join of the masks that apply."
  void JoinColumns() {
    ArenaVector<ColumnEffect>& effects = binding_.columns;
    std::sort(effects.begin(), effects.end(),
              [](const ColumnEffect& a, const ColumnEffect& b) {
                return a.column != b.column ? a.column < b.column
                                            : a.rule < b.rule;
              });
    ArenaVector<ColumnDecision> columns(&arena_);
    for (size_t i = 0; i < effects.size();) {
      ColumnDecision column;
      column.column = effects[i].column;
      column.type = effects[i].type;
      ArenaVector<uint32_t> rules(&arena_);
      for (; i < effects.size() && effects[i].column == column.column; ++i) {
        if (effects[i].mask.kind == MaskKind::kNone) continue;
        column.mask = JoinMasks(column.mask, effects[i].mask, column.type);
        if (rules.empty() || rules.back() != effects[i].rule) {
          rules.push_back(effects[i].rule);
        }
      }
      if (column.mask.kind == MaskKind::kNone) continue;
      column.rules = rules.span();
      columns.push_back(column);
    }
    std::sort(columns.begin(), columns.end(),
              [this](const ColumnDecision& a, const ColumnDecision& b) {
                return ColumnName(a.column) < ColumnName(b.column);
              });
    decision_.columns = columns.span();
  }

  std::string_view ColumnName(Cell column) {
    return world_.ColumnName(column, selectable_);
  }

  // "The conjunction of the row filters", by policy id and position.
  void JoinFilters() {
    ArenaVector<const FilterNode*> filters(&arena_);
    for (const Effect& e : binding_.effects) {
      if (program_.rules[e.rule].kind == RuleKind::kRows) {
        filters.push_back(e.filter);
      }
    }
    decision_.filter = ConjoinFilters(world_, filters.span());
  }

  // "The union of the obligations (name and arguments, no merging)"; a set, so
  // by value.
  void JoinObligations() {
    ArenaVector<Effect> required(&arena_);
    for (const Effect& e : binding_.effects) {
      if (program_.rules[e.rule].kind == RuleKind::kRequire) {
        required.push_back(e);
      }
    }
    const auto compare = [this](const Effect& a, const Effect& b) {
      const uint32_t x = program_.rules[a.rule].obligation;
      const uint32_t y = program_.rules[b.rule].obligation;
      if (x != y) {
        return program_.schema.obligations[x].name.compare(
            program_.schema.obligations[y].name);
      }
      return CompareElements(world_, {a.arguments, a.num_arguments},
                             {b.arguments, b.num_arguments});
    };
    std::sort(required.begin(), required.end(),
              [&](const Effect& a, const Effect& b) {
                const int c = compare(a, b);
                return c != 0 ? c < 0 : a.rule < b.rule;
              });
    Effect* end = std::unique(
        required.begin(), required.end(),
        [&](const Effect& a, const Effect& b) { return compare(a, b) == 0; });
    required.resize_down(static_cast<size_t>(end - required.begin()));
    decision_.obligations = required.span();
  }

  // --- Advisories -----------------------------------------------------------

  // "`advisory` is evaluated after the decision, on its own budget, and
  // reported; its errors stand with the advisories."
  void RunAdvisories() {
    if (rare_->advisory.empty()) return;
    Vm vm(&request_, options_, &arena_);
    Findings advised(&arena_);
    for (const Advised& a : rare_->advisory) {
      const Candidate& c = *a.candidate;
      // "A waiver of a policy still in grace silences its report too."
      const bool waived = c.num_waivers != 0 && IsWaived(c, vm, a.fate);
      bool mentions_now = false;
      if (RunPolicy(c, waived, /*binding=*/false, vm, &advised, a.fate) &&
          (!c.marks_columns || c.replaces ||
           IsForResource(c, vm, &mentions_now))) {
        CutAt(c.grace_until);
      }
    }
    decision_.advisories = advised.effects.span();
    decision_.advisory_errors = advised.errors.span();
  }

  // --- How long an answer may be kept ---------------------------------------

  // "Cut at the next instant at which … a waiver of a binding candidate begins
  // or ends, and to `keep.with_now` if a binding candidate, the condition of a
  // waiver of it, or of a `may allow` it depends on mentions `now`."
  void NoteBindingCandidate(const Candidate& c) {
    bool marked_mentions_now = false;
    if (c.marks_columns && !IsForResource(c, vm_, &marked_mentions_now)) {
      return;
    }
    with_now_ |= c.mentions_now || marked_mentions_now;
    for (const uint32_t w : index_.Numbers(c.first_waiver, c.num_waivers)) {
      CutAt(program_.waivers[w].from);
      CutAt(program_.waivers[w].until);
    }
  }

  // "`r.x?` makes the rule apply only to datasets that have every column so
  // marked, which is tested with the type": for others it is no candidate.
  bool IsForResource(const Candidate& c, Vm& vm, bool* mentions_now) {
    bool any = !c.marks_only;
    for (uint32_t r = 0; r < c.num_rules; ++r) {
      const Rule& rule = program_.rules[c.first_rule + r];
      if (rule.applies == kNone ||
          vm.RunCondition(rule.applies) == Vm::Outcome::kFalse) {
        continue;
      }
      any = true;
      *mentions_now |= rule.mentions_now;
    }
    return any;
  }

  void CutAt(int64_t instant) {
    if (instant > request_.now) cut_ = std::min(cut_, instant);
  }

  int64_t Keep() const {
    int64_t keep = keep_;
    if (with_now_) keep = std::min(keep, program_.settings.keep_with_now);
    if (cut_ != INT64_MAX) keep = std::min(keep, cut_ - request_.now);
    return keep;
  }

  // --- Lists ----------------------------------------------------------------

  void AddError(uint32_t policy, const Position* position,
                const std::string& message) {
    DecisionError e;
    e.policy = policy;
    e.position = position;
    e.message = arena_.Copy(message);
    rare().errors.push_back(e);
  }

  // What belongs to no policy, then by policy, position and elements.
  void ListErrors() {
    ArenaVector<DecisionError>& errors = rare().errors;
    for (const RuleError& r : binding_.errors) {
      DecisionError e;
      e.rule = r.rule;
      e.policy = program_.rules[r.rule].policy;
      e.num_elements = r.num_elements;
      e.elements = r.elements;
      e.message = r.message;
      errors.push_back(e);
    }
    // What has no policy or no rule comes first.
    const auto number = [](uint32_t v) { return v == kNone ? 0 : v + 1; };
    std::sort(errors.begin(), errors.end(),
              [&](const DecisionError& a, const DecisionError& b) {
                if (a.policy != b.policy) {
                  return number(a.policy) < number(b.policy);
                }
                if (a.rule != b.rule) return number(a.rule) < number(b.rule);
                if (const int c = ComparePlaces(a, b)) return c < 0;
                const int c =
                    CompareElements(world_, {a.elements, a.num_elements},
                                    {b.elements, b.num_elements});
                return c != 0 ? c < 0 : a.message < b.message;
              });
    DecisionError* end =
        std::unique(errors.begin(), errors.end(),
                    [](const DecisionError& a, const DecisionError& b) {
                      return a.rule == b.rule && a.policy == b.policy &&
                             ComparePlaces(a, b) == 0 &&
                             a.elements == b.elements && a.message == b.message;
                    });
    errors.resize_down(static_cast<size_t>(end - errors.begin()));
    decision_.errors = errors.span();
  }

  // Of what has no rule; rules are numbered in the order of their places.
  static int ComparePlaces(const DecisionError& a, const DecisionError& b) {
    static const Position kNowhere;
    const Position& x = a.position != nullptr ? *a.position : kNowhere;
    const Position& y = b.position != nullptr ? *b.position : kNowhere;
    const auto place = [](const Position& p) {
      return std::tuple(p.file, p.line, p.column);
    };
    return place(x) < place(y) ? -1 : place(y) < place(x);
  }

  void ListWaivers() {
    ArenaVector<WaiverUsed>& waivers = rare_->waivers;
    std::sort(waivers.begin(), waivers.end(),
              [](const WaiverUsed& a, const WaiverUsed& b) {
                return a.policy != b.policy ? a.policy < b.policy
                                            : a.waiver < b.waiver;
              });
    decision_.waivers = waivers.span();
  }

  // --- Trace ----------------------------------------------------------------

  void PrepareTrace(const CandidateGroup* group) {
    const size_t n = group != nullptr ? group->candidates.size() : 0;
    fates_ = arena_.New<PolicyFate>(n);
    for (size_t i = 0; i < n; ++i) {
      fates_[i] = PolicyFate();
      fates_[i].policy = group->candidates[i].policy;
    }
    trace_->fates = {fates_, n};
    ArenaVector<uint32_t> chain(&arena_);
    for (uint32_t s = 0; s < program_.scopes.size(); ++s) {
      if (InChain(s)) chain.push_back(s);
    }
    trace_->chain = chain.span();
  }
  void FillTrace() {
    trace_->effects = binding_.effects.span();
    trace_->errors = binding_.errors.span();
    trace_->advised = decision_.advisories;
    trace_->advised_errors = decision_.advisory_errors;
  }
  PolicyFate* FateOf(size_t i) { return fates_ ? &fates_[i] : nullptr; }
  static void SetStanding(PolicyFate* fate, PolicyFate::Standing standing,
                          uint32_t by = kNone) {
    if (fate == nullptr) return;
    fate->standing = standing;
    fate->by = by;
  }

  struct Advised {
    const Candidate* candidate;
    PolicyFate* fate;
  };
  // What few decisions have; made when the first of it comes.
  struct Rare {
    explicit Rare(Arena* arena)
        : errors(arena), waivers(arena), advisory(arena) {}
    ArenaVector<DecisionError> errors;
    ArenaVector<WaiverUsed> waivers;
    ArenaVector<Advised> advisory;
  };
  Rare& rare() {
    if (rare_ == nullptr) rare_ = new (arena_.New<Rare>(1)) Rare(&arena_);
    return *rare_;
  }

  // Constant.
  const PolicyIndex& index_;
  const BoundRequest& request_;
  const VmOptions& options_;
  Arena& arena_;
  World& world_;
  const Program& program_;
  const Action& action_;
  Decision& decision_;
  DecisionTrace* const trace_;

  Vm vm_;
  uint8_t* chain_ = nullptr;  // by scope; nullptr: the root alone
  const Schema::Selectable* selectable_ = nullptr;
  Findings binding_;
  Rare* rare_ = nullptr;
  bool plain_ = false;  // CandidateGroup::plain
  uint32_t kinds_ = 0;  // of the rules that match
  PolicyFate* fates_ = nullptr;
  uint32_t judged_ = kNone;  // the policy that IsDelegated was last asked for
  bool judged_is_delegated_ = false;
  bool must_deny_ = false;  // an error of something that binds
  bool denied_ = false, allowed_ = false;
  bool with_now_ = false;
  int64_t keep_ = 0, permit_keep_ = 0;
  int64_t cut_ = INT64_MAX;
};

int CompareElement(const World& world, const Value& a, const Value& b) {
  if (a.kind == Kind::kEntity && b.kind == Kind::kEntity) {
    const int c = world.IdOf(a.size).compare(world.IdOf(b.size));
    return c != 0 ? c : CompareValues(a, b);
  }
  if (a.kind == Kind::kString && b.kind == Kind::kString) {
    return world.Text(a.size).compare(world.Text(b.size));
  }
  const int c = CompareValues(a, b);
  if (c != 0) return c;
  // Equal as versions, yet spelled in two ways: both are listed.
  switch (a.kind) {
    case Kind::kVersion:
      return a.version->build.compare(b.version->build);
    case Kind::kSet:
    case Kind::kList:
      if (IsCellKind(a.element) || IsCellKind(b.element)) return 0;
      [[fallthrough]];
    case Kind::kRecord:
      return CompareElements(world, {a.values, a.size}, {b.values, b.size});
    case Kind::kMap:
      for (uint32_t i = 0; i < a.size; ++i) {
        const int e =
            CompareElement(world, a.entries[i].value, b.entries[i].value);
        if (e != 0) return e;
      }
      return 0;
    default:
      return 0;
  }
}

}  // namespace

int CompareElements(const World& world, std::span<const Value> a,
                    std::span<const Value> b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const int c = CompareElement(world, a[i], b[i]);
    if (c != 0) return c;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

void Compose(const PolicyIndex& index, const BoundRequest& request,
             const VmOptions& options, Arena& arena, Decision* decision,
             DecisionTrace* trace) {
  Composer(index, request, options, arena, decision, trace).Run();
}

}  // namespace bylaw
