// Scope blocks: who is under whom, what they govern, what they may do.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "compiler/bytecode/verify_size.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"
#include "compiler/scope_passes.h"

namespace bylaw {
namespace {

// The first name in an expression that is one of the roots a clause of a scope
// does not have, or null.
const ast::Expr* FindRoot(const ast::Expr& e) {
  if (e.kind == ast::ExprKind::kName) {
    for (const char* root :
         {"subject", "action", "context", "now", "previous"}) {
      if (e.name.text == root) return &e;
    }
  }
  const auto in = [](const ast::ExprPtr& child) -> const ast::Expr* {
    return child == nullptr ? nullptr : FindRoot(*child);
  };
  for (const auto& child : e.operands) {
    if (const ast::Expr* found = in(child)) return found;
  }
  for (const auto& argument : e.arguments) {
    if (const ast::Expr* found = in(argument.value)) return found;
  }
  for (const auto& arm : e.arms) {
    if (const ast::Expr* found = in(arm.value)) return found;
  }
  return nullptr;
}

class BlockChecker {
 public:
  explicit BlockChecker(Checker& checker) : c_(checker) {}

  void Check() {
    const size_t count = c_.input.scopes.size();
    blocks_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      numbers_[c_.input.scopes[i].name] = static_cast<uint32_t>(i);
      typed::Scope scope;
      scope.name = c_.input.scopes[i].name;
      scope.parent = i == 0 ? kNone : c_.input.scopes[i].parent;
      c_.program.scopes.push_back(std::move(scope));
    }
    if (!c_.input.root_alias.empty()) numbers_[c_.input.root_alias] = 0;
    c_.doubts.resize(count);
    for (const auto& module : c_.modules) {
      for (const ast::File* file : module->files) {
        for (const ast::Scope& scope : file->scopes) {
          Collect(scope, *module);
        }
      }
    }
    ReportMissing();
    ReportCycles();
    ReportDepth();
    // Parents come first: their clauses limit those of their children.
    for (uint32_t i = 0; i < count; ++i) {
      if (blocks_[i].tree == nullptr || IsSecondRoot(i) ||
          c_.IsBroken(blocks_[i].tree->name.span.file)) {
        c_.doubts[i] = {true, true, true};
      }
      if (blocks_[i].tree == nullptr || IsSecondRoot(i)) continue;
      typed::Scope& scope = c_.program.scopes[i];
      scope.owner = blocks_[i].tree->owner.value;
      scope.span = blocks_[i].tree->name.span;
      if (i == 0) continue;
      CheckGoverns(i);
      CheckMayAllow(i);
      CheckMayOverride(i);
    }
  }

 private:
  struct Block {
    const ast::Scope* tree = nullptr;
    const Module* module = nullptr;
  };

  bool IsSecondRoot(uint32_t number) const {
    return number != 0 && blocks_[number].tree->root;
  }

  void Collect(const ast::Scope& tree, const Module& module) {
    const std::string& name = tree.name.text;
    const auto it = numbers_.find(name);
    if (it == numbers_.end()) return;  // a name that could not be read
    Block& block = blocks_[it->second];
    if (tree.root && it->second != 0) {
      c_.Error(
          Code::BL3031, tree.name.span,
          absl::StrCat("`", c_.input.scopes[0].name, "` is the root already"));
      if (block.tree == nullptr) block = {&tree, &module};
      return;
    }
    const Manifest* manifest = c_.input.manifest;
    if (manifest != nullptr) {
      std::vector<std::string> names;
      for (const ManifestScope& scope : manifest->scopes) {
        names.push_back(scope.name.text);
      }
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        c_.Error(Code::BL3032, tree.name.span,
                 absl::StrCat("the manifest has no scope `", name, "`"),
                 SuggestFrom(name, names));
      }
    }
    if (tree.root) {
      if (!c_.input.rival_root.empty() && block.tree == nullptr) {
        c_.Error(Code::BL3031, tree.name.span,
                 absl::StrCat("`", c_.input.rival_root,
                              "` is declared the root too"));
      }
      if (!tree.governs.empty()) {
        c_.Error(Code::BL3038, tree.governs[0].span,
                 "the root governs everything");
      }
      if (!tree.may_allow.empty()) {
        c_.Error(Code::BL3038, tree.may_allow[0].span,
                 "the root's allows need nobody's consent");
      }
      if (!tree.may_override.empty()) {
        c_.Error(Code::BL3038, tree.may_override[0].span,
                 "there is no scope above the root");
      }
    }
    if (block.tree != nullptr) {
      c_.Error(Code::BL3034, tree.name.span,
               absl::StrCat("scope `", name, "` is declared already"));
      return;
    }
    block = {&tree, &module};
    CheckPlace(tree, module);
  }

  void CheckPlace(const ast::Scope& tree, const Module& module) {
    uint32_t parent = 0;
    if (!tree.root) {
      if (!tree.parent) return;
      const auto it = numbers_.find(tree.parent.text);
      if (it == numbers_.end()) {
        std::vector<std::string> names;
        for (const auto& [name, number] : numbers_) names.push_back(name);
        c_.UnknownName(Code::BL3036, tree.parent.span,
                       absl::StrCat("unknown scope `", tree.parent.text, "`"),
                       SuggestFrom(tree.parent.text, names));
        return;
      }
      parent = it->second;
    }
    if (c_.input.manifest != nullptr && module.scope != parent) {
      c_.Error(Code::BL3035, tree.name.span,
               absl::StrCat("module `", module.name, "` belongs to scope `",
                            c_.input.scopes[module.scope].name, "`; scope `",
                            tree.name.text, "` is declared in a module of `",
                            c_.input.scopes[parent].name, "`"));
    }
  }

  void ReportMissing() {
    if (c_.input.incomplete) return;
    const Manifest* manifest = c_.input.manifest;
    if (manifest == nullptr) return;
    const ast::Scope* root = blocks_[0].tree;
    const bool has_root = root != nullptr && root->root;
    if (!has_root && !MayBeDeclared()) {
      c_.Error(Code::BL3030,
               manifest->scopes.empty() ? manifest->span
                                        : manifest->scopes[0].name.span,
               "no scope is declared `root`");
    }
    for (const ManifestScope& scope : manifest->scopes) {
      const auto it = numbers_.find(scope.name.text);
      if (it == numbers_.end()) continue;
      const ast::Scope* block = blocks_[it->second].tree;
      if (block != nullptr && block->name.text == scope.name.text) continue;
      if (!has_root && it->second == 0) continue;  // said above
      c_.UnknownName(Code::BL3033, scope.name.span,
                     absl::StrCat("scope `", scope.name.text,
                                  "` is declared by no `scope` block"));
    }
  }

  // Whether a file whose syntax is wrong seems to declare a scope.
  bool MayBeDeclared() const {
    return std::any_of(c_.input.broken.begin(), c_.input.broken.end(),
                       [](const ast::File* file) {
                         return file->source->text().find("scope ") !=
                                std::string::npos;
                       });
  }

  void ReportCycles() {
    const auto above = [&](uint32_t number) {
      const ast::Scope* tree = blocks_[number].tree;
      if (tree == nullptr || tree->root) return kNone;
      const auto it = numbers_.find(tree->parent.text);
      return it == numbers_.end() ? kNone : it->second;
    };
    // Upwards from each scope, to where some walk has been.
    std::vector<uint32_t> walk(blocks_.size(), kNone);
    for (uint32_t i = 0; i < blocks_.size(); ++i) {
      uint32_t at = i;
      while (at != kNone && walk[at] == kNone) {
        walk[at] = i;
        at = above(at);
      }
      if (at == kNone || walk[at] != i) continue;
      uint32_t on_cycle = at;
      do {
        const ast::Scope& tree = *blocks_[on_cycle].tree;
        c_.Error(Code::BL3037, tree.parent.span,
                 absl::StrCat("scope `", tree.name.text, "` is under itself"));
        on_cycle = above(on_cycle);
      } while (on_cycle != at);
    }
  }

  // Once for what is under it too.
  void ReportDepth() {
    std::vector<uint32_t> depth(blocks_.size(), 0);
    for (uint32_t i = 1; i < blocks_.size(); ++i) {
      const uint32_t parent = c_.program.scopes[i].parent;
      depth[i] = depth[parent] + 1;
      if (depth[i] != kMaxScopeDepth + 1 || blocks_[i].tree == nullptr)
        continue;
      c_.Error(
          Code::BL3046, blocks_[i].tree->name.span,
          absl::StrCat("scope `", blocks_[i].tree->name.text, "` is ", depth[i],
                       " scopes below the root; the most is ", kMaxScopeDepth),
          "declare it under a scope further up");
    }
  }

  void CheckGoverns(uint32_t number) {
    const Block& block = blocks_[number];
    typed::Scope& scope = c_.program.scopes[number];
    for (const ast::Governs& tree : block.tree->governs) {
      typed::Governs governs;
      governs.span = tree.span;
      governs.entity = c_.ResolveEntity(*block.module, tree.type);
      if (governs.entity == kNone) {
        c_.doubts[number].governs = true;
        continue;
      }
      const uint32_t parent = scope.parent;
      if (parent != kNone && parent != 0) {
        const std::vector<typed::Governs>& above =
            c_.program.scopes[parent].governs;
        const bool covered = std::any_of(above.begin(), above.end(),
                                         [&governs](const typed::Governs& g) {
                                           return g.entity == governs.entity;
                                         });
        if (!covered && !c_.doubts[parent].governs) {
          c_.Error(Code::BL3039, tree.type.span,
                   absl::StrCat("scope `", c_.program.scopes[parent].name,
                                "` governs no `", tree.type.Text(), "`"));
        }
      }
      if (tree.where != nullptr) {
        governs.where =
            CheckClause(tree, *block.module, governs.entity, &governs.locals);
      } else if (tree.variable) {
        c_.CheckVariableName(tree.variable);
      }
      scope.governs.push_back(std::move(governs));
    }
  }

  typed::ExprPtr CheckClause(const ast::Governs& tree, const Module& module,
                             uint32_t entity,
                             std::vector<typed::Local>* locals) {
    if (const ast::Expr* root = FindRoot(*tree.where)) {
      c_.Error(Code::BL3040, root->span,
               absl::StrCat("`governs` cannot read `", root->name.text,
                            "`: it reads the resource's facts alone"));
      return nullptr;
    }
    Env env;
    env.module = &module;
    env.locals = locals;
    env.resource = c_.EntityTypeId({entity});
    env.now = false;
    env.roots_refused = "`governs` reads only the resource's facts";
    if (tree.variable) {
      c_.BindRoot(env, tree.variable, Binding::Kind::kResource);
    }
    typed::ExprPtr where = c_.CheckCondition(*tree.where, env);
    if (where == nullptr) return nullptr;
    if (c_.MentionsNow(*where)) {
      c_.Error(Code::BL3040, where->span,
               "`governs` cannot depend on `now`, which a def here reads");
    }
    bool asserted = false;
    if (const typed::Expr* read = c_.FindForbiddenRead(*where, &asserted)) {
      c_.Error(asserted ? Code::BL3041 : Code::BL3042, Place(*read, *where),
               asserted
                   ? absl::StrCat("`", read->name, "` is asserted by requests")
                   : absl::StrCat("`", read->name,
                                  "` is required, and a proposal may lack it"));
    }
    if (const typed::Expr* failing = c_.FindFailing(*where)) {
      c_.Error(Code::BL3043, Place(*failing, *where),
               "this can fail, and a scope's clause must not");
    }
    return where;
  }

  // What is wrong inside a def is shown where the clause stands.
  static Span Place(const typed::Expr& found, const typed::Expr& clause) {
    const bool inside = found.span.file == clause.span.file &&
                        found.span.begin >= clause.span.begin &&
                        found.span.end <= clause.span.end;
    return inside ? found.span : clause.span;
  }

  void CheckMayAllow(uint32_t number) {
    const Block& block = blocks_[number];
    for (const ast::MayAllow& tree : block.tree->may_allow) {
      ast::Head head;
      head.actions = tree.actions;
      head.resource = tree.type;
      head.span = tree.span;
      const HeadInfo info = c_.ResolveHead(*block.module, head);
      if (!info.ok) {
        c_.doubts[number].may_allow = true;
        continue;
      }
      typed::MayAllow may;
      may.span = tree.span;
      may.actions = info.actions;
      may.resource = info.resource;
      Env env = c_.EnvOfHead(*block.module, info, &may.locals);
      env.roots_refused = "this root does not exist in `may allow`";
      if (tree.variable) {
        c_.BindRoot(env, tree.variable, Binding::Kind::kResource);
      }
      typed::ExprPtr when, unless;
      c_.CheckGuards(tree.when.get(), tree.unless.get(), env, -1, &when,
                     &unless);
      may.when = And(std::move(when), std::move(unless));
      if (may.when != nullptr) {
        may.mentions_now = c_.MentionsNow(*may.when);
        if (const typed::Expr* read =
                c_.FindSelectingRead(*may.when, may.actions)) {
          c_.Error(Code::BL2051, read->span,
                   "what may be allowed cannot depend on the columns that "
                   "are asked for");
        }
      }
      c_.program.scopes[number].may_allow.push_back(std::move(may));
    }
  }

  // `when a unless b` as one condition.
  typed::ExprPtr And(typed::ExprPtr when, typed::ExprPtr unless) {
    if (unless == nullptr) return when;
    const auto make = [this](typed::Op op, const Span& span) {
      auto e = std::make_unique<typed::Expr>();
      e->op = op;
      e->type = c_.Simple(Kind::kBool);
      e->span = span;
      return e;
    };
    typed::ExprPtr no = make(typed::Op::kNot, unless->span);
    no->args.push_back(std::move(unless));
    if (when == nullptr) return no;
    typed::ExprPtr both = make(typed::Op::kAnd, when->span);
    both->args.push_back(std::move(when));
    both->args.push_back(std::move(no));
    return both;
  }

  void CheckMayOverride(uint32_t number) {
    const Block& block = blocks_[number];
    std::set<uint32_t> policies;
    for (const ast::Path& path : block.tree->may_override) {
      const std::string text = path.Text();
      const uint32_t policy = c_.FindPolicy(*block.module, text);
      std::vector<uint32_t> named;
      if (policy != kNone) named.push_back(policy);
      const Module* module = c_.FindModule(text);
      if (module != nullptr) {
        for (const auto& [name, index] : module->policies) {
          named.push_back(index);
        }
      }
      if (policy == kNone && module == nullptr) {
        std::vector<std::string> names;
        for (const auto& m : c_.modules) names.push_back(m->name);
        for (const typed::Policy& p : c_.program.policies) {
          names.push_back(p.id);
        }
        c_.UnknownName(
            Code::BL2010, path.span,
            absl::StrCat("no policy or module is named `", text, "`"),
            SuggestFrom(text, names));
        c_.doubts[number].may_override = true;
        continue;
      }
      if (named.empty() && !c_.input.incomplete && !c_.IsBroken(*module)) {
        c_.Error(Code::BL3044, path.span,
                 absl::StrCat("module `", text, "` has no policies"));
        continue;
      }
      bool outside = false;
      for (const uint32_t p : named) {
        const uint32_t owner = c_.program.policies[p].scope;
        if (owner == number || !c_.IsScopeWithin(number, owner)) {
          outside = true;
          continue;
        }
        policies.insert(p);
      }
      if (outside) {
        c_.Error(Code::BL3044, path.span,
                 absl::StrCat("`", text, "` belongs to no scope above `",
                              c_.program.scopes[number].name, "`"));
      }
    }
    c_.program.scopes[number].may_override.assign(policies.begin(),
                                                  policies.end());
  }

  Checker& c_;
  std::map<std::string, uint32_t> numbers_;
  std::vector<Block> blocks_;  // by number
};

}  // namespace

void CheckScopeBlocks(Checker& checker) { BlockChecker(checker).Check(); }

void CheckScopes(Checker& checker) {
  CheckScopeBlocks(checker);
  ApplyManifest(checker);
  CheckOverrides(checker);
  CheckDelegation(checker);
  CheckWaivers(checker);
  LintScopes(checker);
  LintUnused(checker);
}

}  // namespace bylaw
