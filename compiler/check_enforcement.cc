// What the manifest says of policies: settings, mappings, levels; and what
// depends on levels: overrides and delegation.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"
#include "compiler/scope_passes.h"

namespace bylaw {
namespace {

std::vector<uint32_t> Intersect(const std::vector<uint32_t>& a,
                                const std::vector<uint32_t>& b) {
  std::vector<uint32_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::back_inserter(both));
  return both;
}

// The longest prefix of whole names wins.
void SetLevels(Checker& c, const Manifest& manifest) {
  std::vector<bool> matched(manifest.enforcement.size(), false);
  for (typed::Policy& policy : c.program.policies) {
    const ManifestEnforcement* best = nullptr;
    for (size_t i = 0; i < manifest.enforcement.size(); ++i) {
      const ManifestEnforcement& entry = manifest.enforcement[i];
      if (!IsUnderPrefix(policy.id, entry.prefix.text)) continue;
      matched[i] = true;
      if (best == nullptr ||
          entry.prefix.text.size() > best->prefix.text.size()) {
        best = &entry;
      }
    }
    if (best == nullptr) continue;
    policy.level = best->level;
    policy.grace_until = best->grace_until;
  }
  for (size_t i = 0; i < matched.size(); ++i) {
    if (matched[i]) continue;
    const ManifestText& prefix = manifest.enforcement[i].prefix;
    std::vector<std::string> names;
    for (const auto& module : c.modules) {
      if (!module->policies.empty()) names.push_back(module->name);
    }
    for (const typed::Policy& p : c.program.policies) names.push_back(p.id);
    c.UnknownName(Code::BL3017, prefix.span,
                  absl::StrCat("no policy is named `", prefix.text,
                               "` or stands below it"),
                  SuggestFrom(prefix.text, names));
  }
}

// Vocabularies by the names of the attributes whose values are their terms.
std::map<std::string, std::set<uint32_t>> MappedAttributes(const Schema& s) {
  std::map<std::string, std::set<uint32_t>> found;
  const auto add = [&](const std::vector<Attribute>& attributes) {
    for (const Attribute& a : attributes) {
      if (a.type == kNone) continue;
      const TypeInfo* type = &s.type(a.type);
      if (type->element != kNone && type->kind != Kind::kMap) {
        type = &s.type(type->element);
      }
      if (type->kind == Kind::kTerm) found[a.name].insert(type->id);
    }
  };
  for (const EntityType& entity : s.entities) add(entity.attributes);
  for (const RecordType& record : s.records) add(record.fields);
  return found;
}

void SetMappings(Checker& c, const Manifest& manifest) {
  const auto attributes = MappedAttributes(c.schema());
  std::set<std::string> reported;
  for (const ManifestMapping& mapping : manifest.mappings) {
    const std::string& attribute = mapping.attribute.text;
    const auto it = attributes.find(attribute);
    if (it == attributes.end()) {
      if (!reported.insert(attribute).second) continue;
      std::vector<std::string> names;
      for (const auto& [name, vocabularies] : attributes) {
        names.push_back(name);
      }
      c.UnknownName(Code::BL3018, mapping.attribute.span,
                    absl::StrCat("no attribute named `", attribute,
                                 "` holds terms of a vocabulary"),
                    SuggestFrom(attribute, names));
      continue;
    }
    if (!mapping.from.span) continue;  // an empty mapping
    const bool known = std::any_of(
        it->second.begin(), it->second.end(),
        [&](uint32_t v) { return c.FindTerm(v, mapping.term.text) != kNone; });
    if (!known) {
      const Vocabulary& vocabulary =
          c.schema().vocabularies[*it->second.begin()];
      std::vector<std::string> terms;
      for (uint32_t i = 0; i < vocabulary.num_terms; ++i) {
        terms.push_back(c.schema().terms[vocabulary.first_term + i].path);
      }
      c.UnknownName(Code::BL3019, mapping.term.span,
                    absl::StrCat("`", vocabulary.name, "` has no term `",
                                 mapping.term.text, "`"),
                    SuggestFrom(mapping.term.text, terms));
      continue;
    }
    Settings& settings = c.program.settings;
    settings.mappings[attribute][mapping.from.text] = mapping.term.text;
  }
}

const typed::Scope* ScopeOf(const Checker& c, uint32_t number) {
  return number < c.program.scopes.size() ? &c.program.scopes[number] : nullptr;
}

class OverrideChecker {
 public:
  OverrideChecker(Checker& checker, uint32_t policy)
      : c_(checker),
        number_(policy),
        tree_(*checker.policy_trees[policy].tree),
        head_(checker.policy_trees[policy].head),
        module_(*checker.policy_trees[policy].module) {}

  void Check() {
    if (!tree_.overrides) return;
    const Span span = tree_.overrides.span;
    const uint32_t target = c_.ResolvePolicy(module_, tree_.overrides);
    if (target == kNone) return;
    typed::Policy& policy = c_.program.policies[number_];
    const typed::Policy& other = c_.program.policies[target];
    policy.overrides.push_back(target);
    if (tree_.head.when != nullptr || tree_.head.unless != nullptr) {
      c_.Error(Code::BL3052,
               tree_.head.when != nullptr ? tree_.head.when->span
                                          : tree_.head.unless->span,
               absl::StrCat("`", policy.id,
                            "` overrides a policy and cannot "
                            "have a guard"));
    }
    if (policy.scope == other.scope ||
        !c_.IsScopeWithin(policy.scope, other.scope)) {
      c_.Error(Code::BL3055, span,
               absl::StrCat("`", other.id, "` belongs to scope `",
                            c_.program.scopes[other.scope].name,
                            "`, which is not above `",
                            c_.program.scopes[policy.scope].name, "`"));
      return;
    }
    if (c_.policy_trees[target].tree->overrides) {
      c_.Error(Code::BL3053, span,
               absl::StrCat("`", other.id, "` overrides a policy itself"));
    } else if (other.level != Level::kOverridable) {
      c_.Error(
          Code::BL3050, span,
          absl::StrCat(
              "`", other.id, "` is ",
              other.level == Level::kAdvisory ? "advisory" : "mandatory"),
          absl::StrCat("the manifest may say `", other.id, ": overridable`"));
    }
    CheckPermission(target, span);
    CheckCommon(target);
  }

 private:
  void CheckPermission(uint32_t target, const Span& span) {
    const typed::Policy& other = c_.program.policies[target];
    size_t steps = 0;
    for (uint32_t s = c_.program.policies[number_].scope;
         s != other.scope && steps <= c_.program.scopes.size(); ++steps) {
      const typed::Scope& scope = c_.program.scopes[s];
      if (!c_.doubts[s].may_override &&
          !std::binary_search(scope.may_override.begin(),
                              scope.may_override.end(), target)) {
        c_.Error(Code::BL3051, span,
                 absl::StrCat("scope `", scope.name, "` may not override `",
                              other.id, "`"),
                 absl::StrCat("its block may say `may override ", other.module,
                              "`"));
      }
      if (scope.parent == kNone) break;
      s = scope.parent;
    }
  }

  void CheckCommon(uint32_t target) {
    const HeadInfo& other = c_.policy_trees[target].head;
    if (!head_.ok || !other.ok) return;
    const std::string& id = c_.program.policies[target].id;
    if (head_.resource != other.resource) {
      c_.Error(Code::BL3054, tree_.head.resource.span,
               absl::StrCat("`", id, "` is about `",
                            c_.schema().entities[other.resource].name, "`"));
    } else if (Intersect(head_.actions, other.actions).empty()) {
      c_.Error(Code::BL3054, tree_.head.span,
               absl::StrCat("`", id, "` is about none of these actions"));
    } else if (Intersect(head_.subjects, other.subjects).empty()) {
      c_.Error(Code::BL3054, tree_.head.span,
               absl::StrCat("`", id, "` is about none of these subjects"));
    }
  }

  Checker& c_;
  const uint32_t number_;
  const ast::Policy& tree_;
  const HeadInfo& head_;
  const Module& module_;
};

// Actions for which every scope from `scope` up to the root is given `may
// allow` on the type; `missing` names the first scope that is not.
std::vector<uint32_t> Delegated(const Checker& c, uint32_t scope,
                                std::vector<uint32_t> actions,
                                uint32_t resource, uint32_t* missing) {
  for (size_t steps = 0; scope != 0 && steps <= c.program.scopes.size();
       ++steps) {
    const typed::Scope* at = ScopeOf(c, scope);
    if (at == nullptr) break;
    if (c.doubts[scope].may_allow) {
      scope = at->parent == kNone ? 0 : at->parent;
      continue;
    }
    std::set<uint32_t> given;
    for (const typed::MayAllow& may : at->may_allow) {
      if (may.resource != resource) continue;
      if (may.when != nullptr) {
        const std::optional<Constant> constant = c.FoldConstant(*may.when);
        if (constant.has_value() && constant->kind == Kind::kBool &&
            constant->number == 0) {
          continue;
        }
      }
      given.insert(may.actions.begin(), may.actions.end());
    }
    actions =
        Intersect(actions, std::vector<uint32_t>(given.begin(), given.end()));
    if (actions.empty()) {
      *missing = scope;
      return {};
    }
    scope = at->parent == kNone ? 0 : at->parent;
  }
  return actions;
}

}  // namespace

void ApplyManifest(Checker& checker) {
  const Manifest* manifest = checker.input.manifest;
  if (manifest == nullptr) {
    checker.program.settings = DefaultSettings();
    return;
  }
  checker.program.settings = manifest->settings;
  SetLevels(checker, *manifest);
  SetMappings(checker, *manifest);
}

void CheckOverrides(Checker& checker) {
  for (uint32_t i = 0; i < checker.policy_trees.size(); ++i) {
    if (checker.policy_trees[i].tree != nullptr) {
      OverrideChecker(checker, i).Check();
    }
  }
}

void CheckDelegation(Checker& checker) {
  if (checker.input.incomplete) return;
  for (uint32_t i = 0; i < checker.program.policies.size(); ++i) {
    const typed::Policy& policy = checker.program.policies[i];
    if (policy.scope == 0 || !checker.policy_trees[i].head.ok) continue;
    for (const typed::Rule& rule : policy.rules) {
      if (rule.kind != RuleKind::kAllow) continue;
      uint32_t missing = kNone;
      if (!Delegated(checker, policy.scope, policy.actions, policy.resource,
                     &missing)
               .empty() ||
          missing == kNone) {
        continue;
      }
      const typed::Scope& scope = checker.program.scopes[missing];
      checker.Error(
          Code::BL3045, rule.span,
          absl::StrCat("this allow can never count: scope `", scope.name,
                       "` has no `may allow` for ",
                       policy.actions.size() == 1 ? "this action"
                                                  : "any of these actions",
                       " of `", checker.schema().entities[policy.resource].name,
                       "`"));
    }
  }
}

}  // namespace bylaw
