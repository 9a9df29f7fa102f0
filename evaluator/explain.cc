// Explain: decides with a trace, then walks every rule of the action and the
// types, instance by instance, and asks each condition for its value.
#include <algorithm>

#include "compiler/bytecode/opcode.h"
#include "evaluator/decide.h"
#include "evaluator/report.h"

namespace bylaw {
namespace {

// Instances of one rule that an explanation shows: what a person reads.
constexpr size_t kMaxInstances = 1000;

constexpr std::string_view kKindNames[] = {"allow", "deny", "mask",
                                           "hide",  "rows", "require"};
constexpr std::string_view kRoleNames[] = {"guard", "where", "when", "unless"};

// True for the same element of a loop that ran twice: equal in all parts,
// versions in their spelling too, entities in their view.
bool Same(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kMissing:
    case Kind::kFilter:
      return true;
    case Kind::kString:
    case Kind::kTerm:
    case Kind::kEntity:
      return a.size == b.size;
    case Kind::kIp:
      return *a.ip == *b.ip;
    case Kind::kVersion:
      return *a.version == *b.version && a.version->build == b.version->build;
    case Kind::kSet:
    case Kind::kList:
      if (a.size != b.size || a.element != b.element) return false;
      return IsCellKind(a.element)
                 ? std::equal(a.cells, a.cells + a.size, b.cells)
                 : std::equal(a.values, a.values + a.size, b.values, Same);
    case Kind::kRecord:
      return a.size == b.size &&
             std::equal(a.values, a.values + a.size, b.values, Same);
    case Kind::kMap:
      return a.size == b.size &&
             std::equal(a.entries, a.entries + a.size, b.entries,
                        [](const MapEntry& x, const MapEntry& y) {
                          return x.key == y.key && Same(x.value, y.value);
                        });
    default:
      return a.number == b.number;
  }
}

class Explainer {
 public:
  Explainer(const Engine& engine, const BoundRequest& bound, SqlDialect dialect)
      : engine_(engine),
        program_(engine.program()),
        bound_(bound),
        world_(*bound.world),
        dialect_(dialect),
        vm_(&bound, engine.options().vm) {}

  Explanation Run() {
    Compose(engine_.index(), bound_, engine_.options().vm, world_.arena(),
            &decision_, &trace_);
    out_.decision = MakeReport(engine_, bound_, decision_, dialect_);
    for (const uint32_t s : trace_.chain) {
      out_.chain.push_back(program_.scopes[s].name);
    }
    for (const PolicyFate& fate : trace_.fates) {
      const Policy& policy = program_.policies[fate.policy];
      for (uint32_t r = 0; r < policy.num_rules; ++r) {
        ExplainRule(fate, policy.first_rule + r);
      }
    }
    return std::move(out_);
  }

 private:
  using Elements = std::vector<Value>;

  void ExplainRule(const PolicyFate& fate, uint32_t rule_number) {
    const Rule& rule = program_.rules[rule_number];
    std::vector<Elements> instances;
    std::string loop_error;
    const size_t loops = rule.collections.size();
    Elements elements;
    Enumerate(rule, 0, &elements, &instances, &loop_error);
    if (instances.empty()) {
      // No element to speak of: why the rule as a whole said nothing.
      Explanation::RuleInstance i = InstanceOf(fate, rule_number, {});
      AddConditions(rule, {}, &i);
      if (!loop_error.empty()) {
        i.erred = true;
        i.reason = "error: " + loop_error;
      } else if (StandingReason(fate, rule).empty() && loops > 0 &&
                 i.reason == kNoEffect) {
        i.reason = "its loop has no element";
      }
      out_.rules.push_back(std::move(i));
      return;
    }
    for (const Elements& e : instances) {
      Explanation::RuleInstance i = InstanceOf(fate, rule_number, e);
      AddConditions(rule, e, &i);
      out_.rules.push_back(std::move(i));
    }
  }

  // Every combination of loop elements, from the outside.
  void Enumerate(const Rule& rule, size_t depth, Elements* elements,
                 std::vector<Elements>* instances, std::string* error) {
    if (instances->size() >= kMaxInstances) return;
    if (depth == rule.collections.size()) {
      instances->push_back(*elements);
      return;
    }
    Value collection;
    if (!vm_.RunValue(rule.collections[depth], *elements, &collection)) {
      if (error->empty()) *error = std::string(vm_.error());
      return;
    }
    if (collection.kind != Kind::kSet && collection.kind != Kind::kList) {
      return;
    }
    for (uint32_t i = 0; i < collection.size; ++i) {
      elements->push_back(
          IsCellKind(collection.element)
              ? Value::OfCell(collection.element, collection.cells[i])
              : collection.values[i]);
      Enumerate(rule, depth + 1, elements, instances, error);
      elements->pop_back();
    }
  }

  static constexpr std::string_view kNoEffect = "its conditions do not hold";

  Explanation::RuleInstance InstanceOf(const PolicyFate& fate,
                                       uint32_t rule_number,
                                       const Elements& elements) {
    const Rule& rule = program_.rules[rule_number];
    const Policy& policy = program_.policies[rule.policy];
    Explanation::RuleInstance i;
    i.rule = rule_number;
    i.policy = policy.id;
    i.kind = std::string(kKindNames[static_cast<size_t>(rule.kind)]);
    i.text = rule.text;
    i.file = rule.position.file < program_.files.size()
                 ? program_.files[rule.position.file]
                 : "";
    i.line = static_cast<int32_t>(rule.position.line);
    i.scope = program_.scopes[policy.scope].name;
    for (size_t e = 0; e < elements.size() && e < rule.element_names.size();
         ++e) {
      i.elements.emplace_back(rule.element_names[e],
                              std::string(PrintValue(world_, elements[e])));
    }
    SetOutcome(fate, rule_number, elements, &i);
    return i;
  }

  // Whether it matched, whether that counted, and why.
  void SetOutcome(const PolicyFate& fate, uint32_t rule_number,
                  const Elements& elements, Explanation::RuleInstance* i) {
    const Rule& rule = program_.rules[rule_number];
    const std::string standing = StandingReason(fate, rule);
    const std::string error = ErrorOf(rule_number, elements);
    const bool advised = Contains(trace_.advised, rule_number, elements);
    i->matched = advised || Contains(trace_.effects, rule_number, elements);
    if (!bound_.resource_known) {
      i->reason = "the resource is not known: no rule is evaluated";
    } else if (!error.empty()) {
      i->erred = true;
      i->counted = standing.empty() && rule.kind != RuleKind::kAllow;
      i->reason = "error: " + error;
    } else if (advised || !standing.empty()) {
      i->reason = standing;
    } else if (!i->matched) {
      i->reason = UnmatchedReason(fate, rule, elements);
    } else if (Contains(decision_.not_delegated, rule_number, elements)) {
      i->reason = "not delegated to scope " + i->scope;
    } else {
      i->counted = true;
      i->reason = CountedReason(rule);
    }
  }

  // Why nothing that the rule says counts; empty if it would.
  std::string StandingReason(const PolicyFate& fate, const Rule& rule) const {
    const Policy& policy = program_.policies[fate.policy];
    switch (fate.standing) {
      case PolicyFate::Standing::kNotGoverned:
        return "scope " + program_.scopes[policy.scope].name +
               " does not govern the resource";
      case PolicyFate::Standing::kReplaced:
        return "replaced by " + program_.policies[fate.by].id;
      case PolicyFate::Standing::kBinding:
        break;
      case PolicyFate::Standing::kAdvisory:
        if (fate.waiver == kNone) return "advisory: reported only";
        break;
      case PolicyFate::Standing::kGrace:
        if (fate.waiver == kNone) {
          return "in grace until " + FormatTime(policy.grace_until) +
                 ": reported only";
        }
        break;
    }
    const bool binding = fate.standing == PolicyFate::Standing::kBinding;
    if (fate.waiver != kNone && (!binding || rule.kind != RuleKind::kAllow)) {
      return "waived by " + program_.waivers[fate.waiver].id;
    }
    return "";
  }

  std::string UnmatchedReason(const PolicyFate& fate, const Rule& rule,
                              const Elements& elements) {
    if (fate.guard == Vm::Outcome::kFalse) return "its policy's guard is false";
    const Value* column = ColumnOf(rule, elements);
    if (column != nullptr &&
        std::none_of(bound_.asked.begin(), bound_.asked.end(), [&](Cell c) {
          return (c & kEntityMask) == column->entity();
        })) {
      return "the column is not asked for";
    }
    if (rule.applies != kNone &&
        vm_.RunCondition(rule.applies) != Vm::Outcome::kTrue) {
      return "the resource lacks a column that the rule marks with `?`";
    }
    return std::string(kNoEffect);
  }

  // What a mask or hide rule masks of its loop elements, as its code says;
  // null for other rules, and where it has no such element.
  const Value* ColumnOf(const Rule& rule, const Elements& elements) const {
    if (rule.kind != RuleKind::kMask && rule.kind != RuleKind::kHide) {
      return nullptr;
    }
    const Chunk& chunk = program_.chunks[rule.chunk];
    for (uint32_t i = chunk.begin; i < chunk.end; ++i) {
      const Instruction& code = program_.code[i];
      if (static_cast<Opcode>(code.op) != Opcode::MASK) continue;
      if (code.b >= elements.size()) return nullptr;
      const Value& element = elements[code.b];
      return element.kind == Kind::kEntity ? &element : nullptr;
    }
    return nullptr;
  }

  static std::string CountedReason(const Rule& rule) {
    switch (rule.kind) {
      case RuleKind::kAllow:
        return "grants";
      case RuleKind::kDeny:
        return "denies";
      case RuleKind::kMask:
        return "masks";
      case RuleKind::kHide:
        return "hides";
      case RuleKind::kRows:
        return "filters rows";
      case RuleKind::kRequire:
        return "requires";
    }
    return "";
  }

  void AddConditions(const Rule& rule, const Elements& elements,
                     Explanation::RuleInstance* i) {
    bool all_hold = true, all_known = true;
    for (const Condition& c : rule.conditions) {
      if (c.chunk == kNone) continue;
      if (c.num_elements > elements.size()) {
        all_known = false;
        continue;
      }
      const std::span<const Value> seen{elements.data(), c.num_elements};
      Explanation::ConditionValue value;
      value.role = std::string(kRoleNames[static_cast<size_t>(c.role)]);
      value.text = c.text;
      value.file = c.position.file < program_.files.size()
                       ? program_.files[c.position.file]
                       : "";
      value.line = static_cast<int32_t>(c.position.line);
      const Vm::Outcome outcome = vm_.RunCondition(c.chunk, seen);
      switch (outcome) {
        case Vm::Outcome::kTrue:
          value.value = "true";
          break;
        case Vm::Outcome::kFalse:
          value.value = "false";
          break;
        case Vm::Outcome::kError:
          value.value = "error: " + std::string(vm_.error());
          break;
      }
      const bool unless = c.role == Condition::Role::kUnless;
      all_hold &=
          outcome == (unless ? Vm::Outcome::kFalse : Vm::Outcome::kTrue);
      for (const Condition::Path& path : c.paths) {
        Value v;
        value.values.emplace_back(path.text,
                                  vm_.RunValue(path.chunk, seen, &v)
                                      ? std::string(PrintValue(world_, v))
                                      : "error: " + std::string(vm_.error()));
      }
      i->conditions.push_back(std::move(value));
    }
    if (!i->matched && all_hold && all_known && rule.in_first &&
        i->reason == kNoEffect) {
      i->reason = "a rule above it in its `first` counts";
    }
  }

  template <typename T>
  static const T* Find(std::span<const T> list, uint32_t rule,
                       const Elements& elements) {
    for (const T& e : list) {
      if (e.rule != rule || e.num_elements > elements.size()) continue;
      if (std::equal(e.elements, e.elements + e.num_elements, elements.begin(),
                     Same)) {
        return &e;
      }
    }
    return nullptr;
  }
  static bool Contains(std::span<const Effect> list, uint32_t rule,
                       const Elements& elements) {
    return Find(list, rule, elements) != nullptr;
  }
  std::string ErrorOf(uint32_t rule, const Elements& elements) const {
    const RuleError* e = Find(trace_.errors, rule, elements);
    if (e == nullptr) e = Find(trace_.advised_errors, rule, elements);
    return e == nullptr ? "" : std::string(e->message);
  }

  const Engine& engine_;
  const Program& program_;
  const BoundRequest& bound_;
  World& world_;
  const SqlDialect dialect_;
  Vm vm_;
  Decision decision_;
  DecisionTrace trace_;
  Explanation out_;
};

}  // namespace

Explanation Explain(const Engine& engine, const BoundRequest& bound,
                    SqlDialect dialect) {
  return Explainer(engine, bound, dialect).Run();
}

}  // namespace bylaw
