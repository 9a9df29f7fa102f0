// Policies: heads, guards and rules.
#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::ExprPtr;
using typed::Op;

void SortUnique(std::vector<uint32_t>* list) {
  std::sort(list->begin(), list->end());
  list->erase(std::unique(list->begin(), list->end()), list->end());
}

bool IsTightening(ast::RuleKind kind) { return kind != ast::RuleKind::kAllow; }

// Whether the rules of a block, those in loops included, only allow.
bool OnlyAllows(const std::vector<ast::Rule>& rules) {
  bool any = false;
  for (const ast::Rule& rule : rules) {
    switch (rule.kind) {
      case ast::RuleKind::kLet:
        break;
      case ast::RuleKind::kFor:
      case ast::RuleKind::kFirst:
        if (!OnlyAllows(rule.body)) return false;
        any = true;
        break;
      default:
        if (IsTightening(rule.kind)) return false;
        any = true;
    }
  }
  return any;
}

// The first attribute of `object` (a local, or kNone: the resource) that an
// expression reads: what a finding is about.
const typed::Expr* FirstRead(const typed::Expr* e, uint32_t object) {
  if (e == nullptr) return nullptr;
  return Checker::Find(*e, [object](const typed::Expr& x) {
    if (x.op != Op::kAttribute || x.index == kNone) return false;
    const typed::Expr& of = *x.args[0];
    return object == kNone ? of.op == Op::kResource
                           : of.op == Op::kLocal && of.index == object;
  });
}

// Checks the rules of one policy.
class PolicyChecker {
 public:
  PolicyChecker(Checker& checker, uint32_t index)
      : c_(checker),
        policy_(checker.program.policies[index]),
        tree_(*checker.policy_trees[index].tree),
        head_(checker.policy_trees[index].head),
        env_(checker.EnvOfHead(*checker.policy_trees[index].module, head_,
                               &policy_.locals)) {}

  void Run();

 private:
  using LoopPtr = std::shared_ptr<const typed::Loop>;
  using LetPtr = std::shared_ptr<const typed::Let>;

  // What the rules of a `first` must have in common.
  struct First {
    int kind = -1;
    std::string target;
    std::vector<typed::Rule::Guard> earlier;
  };

  void Block(const std::vector<ast::Rule>& rules);
  void For(const ast::Rule& tree);
  void Let(const ast::Rule& tree);
  void FirstBlock(const ast::Rule& tree);
  void Rule(const ast::Rule& tree, First* first);
  bool Effect(const ast::Rule& tree, typed::Rule* rule);
  bool Target(const ast::Rule& tree, typed::Rule* rule);
  void CheckFirst(const ast::Rule& tree, First* first);
  void CheckReads(const ast::Rule& tree, const typed::Rule& rule);
  // Calls `visit` for every expression of a rule but the guard of the policy,
  // lets that it uses included.
  void Visit(const typed::Rule& rule,
             const std::function<void(const typed::Expr&)>& visit) const;
  uint32_t About(const typed::Rule& rule) const;
  bool OverColumns(const typed::Expr& collection) const;

  Checker& c_;
  typed::Policy& policy_;
  const ast::Policy& tree_;
  const HeadInfo& head_;
  Env env_;
  std::vector<LoopPtr> loops_;
  std::vector<LetPtr> lets_;
};

void PolicyChecker::Run() {
  const ast::Head& head = tree_.head;
  c_.BindRoot(env_, head.resource_name, Binding::Kind::kResource);
  if (head.subject_name && head.subject_name.text == head.resource_name.text) {
    c_.Error(Code::BL2055, head.subject_name.span,
             absl::StrCat("`", head.subject_name.text,
                          "` names the resource already"));
  } else {
    c_.BindRoot(env_, head.subject_name, Binding::Kind::kSubject);
  }
  c_.CheckGuards(head.when.get(), head.unless.get(), env_,
                 OnlyAllows(tree_.rules) ? -1 : 1, &policy_.guard_when,
                 &policy_.guard_unless);
  for (const ExprPtr* guard : {&policy_.guard_when, &policy_.guard_unless}) {
    if (*guard != nullptr && c_.MentionsNow(**guard)) {
      policy_.guard_mentions_now = true;
    }
  }
  Block(tree_.rules);
}

void PolicyChecker::Block(const std::vector<ast::Rule>& rules) {
  const size_t bindings = env_.bindings.size(), lets = lets_.size();
  for (const ast::Rule& rule : rules) {
    switch (rule.kind) {
      case ast::RuleKind::kLet:
        for (size_t i = bindings; i < env_.bindings.size(); ++i) {
          if (env_.bindings[i].name == rule.target.text) {
            c_.Error(Code::BL2055, rule.target.span,
                     absl::StrCat("there is a `", rule.target.text,
                                  "` in this block already"));
            break;
          }
        }
        Let(rule);
        break;
      case ast::RuleKind::kFor:
        For(rule);
        break;
      case ast::RuleKind::kFirst:
        FirstBlock(rule);
        break;
      default:
        Rule(rule, nullptr);
    }
  }
  env_.bindings.resize(bindings);
  lets_.resize(lets);
}

void PolicyChecker::Let(const ast::Rule& tree) {
  auto let = std::make_shared<typed::Let>();
  if (tree.value == nullptr) return;
  let->value = c_.Infer(*tree.value, env_);
  let->depth = static_cast<uint32_t>(loops_.size());
  let->span = tree.span;
  let->local = c_.BindLocal(env_, tree.target,
                            let->value == nullptr ? kNone : let->value->type);
  if (let->value != nullptr) lets_.push_back(std::move(let));
}

bool PolicyChecker::OverColumns(const typed::Expr& collection) const {
  if (collection.op != Op::kAttribute ||
      collection.args[0]->op != Op::kResource || head_.resource == kNone) {
    return false;
  }
  const Schema::Selectable* selectable =
      c_.schema().FindSelectable(head_.resource);
  return selectable != nullptr && selectable->columns_slot == collection.index;
}

void PolicyChecker::For(const ast::Rule& tree) {
  const size_t bindings = env_.bindings.size(), facts = env_.facts.size(),
               loops = loops_.size();
  const int polarity = OnlyAllows(tree.body) ? -1 : 1;
  for (const ast::Generator& generator : tree.generators) {
    auto loop = std::make_shared<typed::Loop>();
    loop->span = generator.span;
    TypeId element = kNone;
    loop->collection = c_.Infer(*generator.collection, env_);
    if (loop->collection != nullptr) {
      const TypeInfo& type = c_.schema().type(loop->collection->type);
      if (type.kind == Kind::kSet || type.kind == Kind::kList) {
        element = type.element;
        loop->over_columns = OverColumns(*loop->collection);
      } else {
        c_.Error(Code::BL2059, generator.collection->span,
                 absl::StrCat("`for` goes through a set or list, not ",
                              c_.TypeName(loop->collection->type)));
      }
    }
    for (size_t i = bindings; i < env_.bindings.size(); ++i) {
      if (env_.bindings[i].name == generator.variable.text) {
        c_.Error(Code::BL2055, generator.variable.span,
                 absl::StrCat("this loop has a `", generator.variable.text,
                              "` already"));
      }
    }
    loop->local = c_.BindLocal(env_, generator.variable, element);
    if (generator.where != nullptr) {
      env_.polarity = 1;
      env_.allow_rule = polarity < 0;
      Facts yes;
      loop->where = c_.CheckCondition(*generator.where, env_, &yes);
      env_.polarity = 0;
      env_.facts.insert(env_.facts.end(), yes.begin(), yes.end());
    }
    loops_.push_back(std::move(loop));
  }
  Block(tree.body);
  env_.bindings.resize(bindings);
  env_.facts.resize(facts);
  loops_.resize(loops);
}

void PolicyChecker::FirstBlock(const ast::Rule& tree) {
  First first;
  for (const ast::Rule& rule : tree.body) {
    // The parser reported these (BL1040); the name is for the rules after it.
    if (rule.kind == ast::RuleKind::kLet) Let(rule);
    if (rule.kind == ast::RuleKind::kLet || rule.kind == ast::RuleKind::kFor ||
        rule.kind == ast::RuleKind::kFirst) {
      continue;
    }
    CheckFirst(rule, &first);
    Rule(rule, &first);
  }
}

void PolicyChecker::CheckFirst(const ast::Rule& tree, First* first) {
  int kind = static_cast<int>(tree.kind);
  std::string target;
  switch (tree.kind) {
    case ast::RuleKind::kMask:
    case ast::RuleKind::kHide:
      kind = static_cast<int>(ast::RuleKind::kMask);
      target = tree.target.text;
      break;
    case ast::RuleKind::kKeepRows:
    case ast::RuleKind::kDropRows:
      kind = static_cast<int>(ast::RuleKind::kKeepRows);
      break;
    case ast::RuleKind::kRequire:
      target = tree.path.parts.empty() ? "" : tree.path.parts.back().text;
      break;
    default:
      break;
  }
  if (first->kind == -1) {
    first->kind = kind;
    first->target = target;
    return;
  }
  if (first->kind != kind) {
    c_.Error(Code::BL2050, tree.keyword_span,
             "the rules of a `first` are of one kind");
  } else if (first->target != target) {
    c_.Error(Code::BL2050,
             tree.kind == ast::RuleKind::kRequire ? tree.path.span
                                                  : tree.target.span,
             absl::StrCat("the rules of this `first` are about `",
                          first->target, "`"));
  }
}

void PolicyChecker::Rule(const ast::Rule& tree, First* first) {
  const size_t facts = env_.facts.size();
  typed::Rule rule;
  rule.span = tree.span;
  rule.loops = loops_;
  rule.lets = lets_;
  rule.in_first = first != nullptr;
  if (first != nullptr) rule.earlier = first->earlier;
  ExprPtr when, unless;
  c_.CheckGuards(tree.when.get(), tree.unless.get(), env_,
                 IsTightening(tree.kind) ? 1 : -1, &when, &unless);
  rule.own.when = std::move(when);
  rule.own.unless = std::move(unless);
  const bool effect = Effect(tree, &rule);
  if (first != nullptr) first->earlier.push_back(rule.own);
  if (tree.because != nullptr) rule.because = c_.CheckText(*tree.because, env_);
  if (tree.help != nullptr) rule.help = c_.CheckText(*tree.help, env_);
  env_.facts.resize(facts);
  if (!effect) return;
  CheckReads(tree, rule);
  Visit(rule, [&](const typed::Expr& e) {
    rule.mentions_now = rule.mentions_now || c_.MentionsNow(e);
  });
  rule.about_slot = About(rule);
  policy_.rules.push_back(std::move(rule));
}

// The column that a mask or hide rule is about: the variable of a loop over
// the resource's columns.
bool PolicyChecker::Target(const ast::Rule& tree, typed::Rule* rule) {
  if (!head_.ok) return false;
  if (!head_.selects) {
    c_.Error(Code::BL2047, tree.target ? tree.target.span : tree.span,
             "no action of the head selects columns of the resource");
    return false;
  }
  const Binding* binding = c_.FindBinding(env_, tree.target.text);
  if (binding != nullptr && binding->kind == Binding::Kind::kLocal) {
    for (const LoopPtr& loop : loops_) {
      if (loop->local != binding->local) continue;
      if (loop->collection == nullptr) return false;  // reported
      if (!loop->over_columns) break;
      rule->target = binding->local;
      return true;
    }
    if ((*env_.locals)[binding->local].type == kNone) return false;
  }
  if (!tree.target) return false;
  const Schema::Selectable* selectable =
      c_.schema().FindSelectable(head_.resource);
  const std::string columns = selectable == nullptr
                                  ? "columns"
                                  : c_.schema()
                                        .entities[head_.resource]
                                        .attributes[selectable->columns_slot]
                                        .name;
  c_.Error(Code::BL2047, tree.target.span,
           absl::StrCat("`", tree.target.text,
                        "` is not the variable of a loop over the resource's "
                        "columns"),
           absl::StrCat("write `for c in resource.", columns, " { ",
                        ast::RuleKindText(tree.kind), " c … }`"));
  return false;
}

bool PolicyChecker::Effect(const ast::Rule& tree, typed::Rule* rule) {
  const bool gate_rule =
      tree.kind == ast::RuleKind::kDeny || tree.kind == ast::RuleKind::kRequire;
  if (head_.any_gate && !gate_rule) {
    c_.Error(Code::BL2046, tree.keyword_span,
             absl::StrCat("`", ast::RuleKindText(tree.kind),
                          "` cannot stand here: a gate holds `deny` and "
                          "`require` only"));
    // The rest of the rule is looked at as far as it makes sense in a gate.
    return false;
  }
  switch (tree.kind) {
    case ast::RuleKind::kAllow:
      rule->kind = RuleKind::kAllow;
      if (tree.recheck != nullptr) {
        const ExprPtr recheck =
            c_.CheckExpr(*tree.recheck, env_, c_.Simple(Kind::kDuration));
        if (recheck == nullptr) return false;
        rule->recheck = recheck->constant.number;
      }
      if (!loops_.empty()) {
        c_.Lint(Code::BL4003, env_, tree.keyword_span,
                "this allows as soon as one element does",
                "write `allow when all(x in xs satisfy …)` if every element "
                "must");
      }
      return true;
    case ast::RuleKind::kDeny:
      rule->kind = RuleKind::kDeny;
      return true;
    case ast::RuleKind::kMask:
    case ast::RuleKind::kHide: {
      const bool hide = tree.kind == ast::RuleKind::kHide;
      rule->kind = hide ? RuleKind::kHide : RuleKind::kMask;
      const bool target = Target(tree, rule);
      if (hide) {
        rule->mask.kind = MaskKind::kHide;
        return target;
      }
      return c_.CheckMask(tree.mask, env_, rule->target, &rule->mask) && target;
    }
    case ast::RuleKind::kKeepRows:
    case ast::RuleKind::kDropRows: {
      rule->kind = RuleKind::kRows;
      rule->keep = tree.kind == ast::RuleKind::kKeepRows;
      const bool rows =
          !head_.ok || c_.schema().FindSelectable(head_.resource) != nullptr;
      if (!rows) {
        c_.Error(Code::BL2063, tree.keyword_span,
                 absl::StrCat("a ", c_.schema().entities[head_.resource].name,
                              " has no rows: no action selects columns of it"));
      }
      if (tree.value == nullptr) return false;
      rule->own.predicate = c_.CheckRowPredicate(*tree.value, env_, tree.target,
                                                 &rule->own.marked_columns);
      return rows && rule->own.predicate != nullptr;
    }
    case ast::RuleKind::kRequire:
      rule->kind = RuleKind::kRequire;
      rule->obligation = c_.ResolveObligation(*env_.module, tree.path);
      if (rule->obligation == kNone) return false;
      return c_.CheckArguments(rule->obligation, tree.path.span, tree.arguments,
                               env_, &rule->arguments);
    default:
      return false;
  }
}

void PolicyChecker::Visit(
    const typed::Rule& rule,
    const std::function<void(const typed::Expr&)>& visit) const {
  std::vector<const typed::Expr*> parts;
  const auto add = [&](const typed::Expr* e) {
    if (e != nullptr) parts.push_back(e);
  };
  for (const LoopPtr& loop : rule.loops) {
    add(loop->collection.get());
    add(loop->where.get());
  }
  for (const typed::Rule::Guard& guard : rule.earlier) {
    add(guard.when.get());
    add(guard.unless.get());
  }
  add(rule.own.when.get());
  add(rule.own.unless.get());
  for (const ExprPtr& e : rule.mask.args) add(e.get());
  for (const ExprPtr& e : rule.arguments) add(e.get());
  add(rule.own.predicate.get());
  for (const std::unique_ptr<typed::Text>* text : {&rule.because, &rule.help}) {
    if (*text == nullptr) continue;
    for (const ExprPtr& e : (*text)->exprs) add(e.get());
  }
  // A let is looked at if something that counts uses it.
  std::vector<bool> used(rule.lets.size(), false);
  for (size_t next = 0; next < parts.size(); ++next) {
    visit(*parts[next]);
    if (rule.lets.empty()) continue;
    Checker::Find(*parts[next], [&](const typed::Expr& x) {
      if (x.op != Op::kLocal) return false;
      for (size_t i = 0; i < rule.lets.size(); ++i) {
        if (!used[i] && rule.lets[i]->local == x.index) {
          used[i] = true;
          parts.push_back(rule.lets[i]->value.get());
        }
      }
      return false;
    });
  }
}

void PolicyChecker::CheckReads(const ast::Rule& tree, const typed::Rule& rule) {
  if (rule.kind == RuleKind::kDeny || rule.kind == RuleKind::kRequire) return;
  const auto check = [&](const typed::Expr& e) {
    const typed::Expr* read = c_.FindSelectingRead(e, head_.actions);
    if (read == nullptr) return;
    c_.Error(
        Code::BL2051, read->span,
        absl::StrCat("`", std::string(read->span.text()),
                     "` says what is asked for: `",
                     ast::RuleKindText(tree.kind), "` cannot depend on it"));
  };
  if (policy_.guard_when != nullptr) check(*policy_.guard_when);
  if (policy_.guard_unless != nullptr) check(*policy_.guard_unless);
  Visit(rule, check);
}

uint32_t PolicyChecker::About(const typed::Rule& rule) const {
  const uint32_t object = rule.loops.empty() ? kNone : rule.loops.back()->local;
  std::vector<const typed::Expr*> conditions = {rule.own.when.get(),
                                                rule.own.unless.get()};
  conditions.push_back(rule.loops.empty() ? policy_.guard_when.get()
                                          : rule.loops.back()->where.get());
  for (const typed::Expr* e : conditions) {
    const typed::Expr* read = FirstRead(e, object);
    if (read != nullptr) return read->index;
  }
  return kNone;
}

}  // namespace

// --- Heads -------------------------------------------------------------------

std::vector<uint32_t> Checker::ResolveActions(
    const Module& from, const std::vector<ast::Path>& paths, uint32_t resource,
    bool* ok) {
  std::vector<uint32_t> actions;
  for (const ast::Path& path : paths) {
    const ActionSymbol* symbol = ResolveAction(from, path);
    if (symbol == nullptr) {
      *ok = false;
      continue;
    }
    bool any = resource == kNone;
    for (const uint32_t action : symbol->actions) {
      const std::vector<uint32_t>& takes = schema().actions[action].resources;
      if (resource == kNone || takes.empty() ||
          std::binary_search(takes.begin(), takes.end(), resource)) {
        actions.push_back(action);
        any = true;
      }
    }
    if (!any && !symbol->actions.empty()) {
      Error(Code::BL2044, path.span,
            absl::StrCat("`", path.Text(), "` does not take a ",
                         schema().entities[resource].name));
      *ok = false;
    }
  }
  SortUnique(&actions);
  return actions;
}

std::vector<uint32_t> Checker::SubjectsOf(
    const std::vector<uint32_t>& actions) const {
  std::vector<uint32_t> subjects;
  for (const uint32_t action : actions) {
    const std::vector<uint32_t>& takes = schema().actions[action].subjects;
    subjects.insert(subjects.end(), takes.begin(), takes.end());
  }
  SortUnique(&subjects);
  return subjects;
}

HeadInfo Checker::ResolveHead(const Module& from, const ast::Head& head) {
  HeadInfo info;
  info.ok = true;
  info.resource = ResolveEntity(from, head.resource);
  if (info.resource == kNone) info.ok = false;
  info.actions = ResolveActions(from, head.actions, info.resource, &info.ok);
  const std::vector<uint32_t> taken = SubjectsOf(info.actions);
  if (head.subjects.empty()) {
    info.subjects = taken;
  }
  for (const ast::Path& path : head.subjects) {
    const std::vector<uint32_t> types = ResolveEntities(from, path);
    if (types.empty()) info.ok = false;
    for (const uint32_t type : types) {
      if (info.ok && !std::binary_search(taken.begin(), taken.end(), type)) {
        Error(Code::BL2044, path.span,
              absl::StrCat("no action of the head takes a ",
                           schema().entities[type].name, " as its subject"));
        info.ok = false;
      }
    }
    info.subjects.insert(info.subjects.end(), types.begin(), types.end());
  }
  SortUnique(&info.subjects);
  info.all_gates = !info.actions.empty();
  for (const uint32_t index : info.actions) {
    const Action& action = schema().actions[index];
    info.any_gate = info.any_gate || action.gate;
    info.all_gates = info.all_gates && action.gate;
    info.proposes = info.proposes || action.proposes;
    info.selects = info.selects || action.columns_slot != kNone;
  }
  if (info.actions.empty() || info.subjects.empty()) info.ok = false;
  return info;
}

Env Checker::EnvOfHead(const Module& from, const HeadInfo& head,
                       std::vector<typed::Local>* locals) {
  Env env;
  env.module = &from;
  env.locals = locals;
  env.roots_broken = !head.ok;
  env.actions = head.actions;
  env.subject = EntityTypeId(head.subjects);
  if (head.resource != kNone) env.resource = EntityTypeId({head.resource});
  env.previous = head.proposes;
  env.all_of = head.all_gates || !head.ok;
  return env;
}

// --- The pass ----------------------------------------------------------------

void Checker::CheckPolicies() {
  struct Declared {
    std::string id;
    PolicyTree tree;
    uint32_t scope;
  };
  std::vector<Declared> declared;
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Policy& tree : file->policies) {
        if (!tree.name) continue;
        if (!module->policies.try_emplace(tree.name.text, kNone).second) {
          Error(Code::BL2003, tree.name.span,
                absl::StrCat("policy `", tree.name.text,
                             "` is declared already"));
        }
        declared.push_back({module->name + "." + tree.name.text,
                            {&tree, module.get(), {}},
                            module->scope});
      }
      for (const ast::Waiver& tree : file->waivers) {
        if (!tree.name) continue;
        if (!module->waivers.try_emplace(tree.name.text, tree.name.span)
                 .second) {
          Error(Code::BL2003, tree.name.span,
                absl::StrCat("waiver `", tree.name.text,
                             "` is declared already"));
        }
      }
    }
  }
  std::stable_sort(
      declared.begin(), declared.end(),
      [](const Declared& a, const Declared& b) { return a.id < b.id; });
  program.policies.resize(declared.size());
  for (uint32_t i = 0; i < declared.size(); ++i) {
    PolicyTree& tree = declared[i].tree;
    typed::Policy& policy = program.policies[i];
    policy.id = declared[i].id;
    policy.module = tree.module->name;
    policy.scope = declared[i].scope;
    policy.title = tree.tree->title.value;
    policy.owner = tree.tree->owner.value;
    policy.help = tree.tree->help.value;
    for (const ast::Text& control : tree.tree->controls) {
      policy.controls.push_back(control.value);
    }
    policy.severity = static_cast<PolicySeverity>(tree.tree->severity);
    policy.span = tree.tree->name.span;
    tree.head = ResolveHead(*tree.module, tree.tree->head);
    policy.actions = tree.head.actions;
    policy.resource = tree.head.resource;
    policy.subjects = tree.head.subjects;
    uint32_t& number =
        const_cast<Module*>(tree.module)->policies[tree.tree->name.text];
    if (number == kNone) number = i;
    policy_trees.push_back(std::move(tree));
  }
  for (uint32_t i = 0; i < declared.size(); ++i) {
    PolicyChecker(*this, i).Run();
  }
}

}  // namespace bylaw
