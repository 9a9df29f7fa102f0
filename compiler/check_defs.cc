// Functions, constants, mask definitions, and the defaults of attributes.
#include <algorithm>

#include "compiler/bytecode/verify_schema.h"
#include "compiler/check_graph.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::Op;

void CollectCalls(const typed::Expr& e, std::vector<uint32_t>* calls) {
  Checker::Find(e, [calls](const typed::Expr& x) {
    if (x.op == Op::kCall) calls->push_back(x.index);
    return false;
  });
}

}  // namespace

void Checker::CheckDefs() {
  DeclareDefs();
  CheckDefBodies();
  CheckMaskDefs();
  CheckDefaults();
}

void Checker::DeclareDefs() {
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Def& tree : file->defs) {
        if (!tree.name) continue;
        CheckVariableName(tree.name);
        if (module->defs.contains(tree.name.text)) {
          Error(Code::BL2003, tree.name.span,
                absl::StrCat("`", tree.name.text, "` is declared already"));
          continue;
        }
        typed::Def def;
        def.id = module->name + "." + tree.name.text;
        def.module = module->name;
        def.span = tree.name.span;
        def.result = ResolveType(*module, tree.type);
        Env env;
        env.module = module.get();
        env.locals = &def.locals;
        if (tree.parameters.size() > kMaxParameters) {
          Error(Code::BL6020, tree.name.span,
                absl::StrCat("a def takes ", kMaxParameters,
                             " parameters at most"),
                "give it a record or an entity");
          continue;
        }
        for (const ast::Attribute& parameter : tree.parameters) {
          if (FindBinding(env, parameter.name.text) != nullptr) {
            Error(Code::BL2055, parameter.name.span,
                  absl::StrCat("there is a parameter `", parameter.name.text,
                               "` already"));
          }
          def.parameters.push_back(BindLocal(
              env, parameter.name, ResolveType(*module, parameter.type)));
        }
        const auto index = static_cast<uint32_t>(program.defs.size());
        module->defs[tree.name.text] = index;
        program.defs.push_back(std::move(def));
        def_trees.push_back({&tree, module.get()});
      }
      // A mask's name stands after `with` only, where no term can.
      for (const ast::MaskDef& tree : file->masks) {
        if (!tree.name) continue;
        static constexpr std::string_view kBuiltIn[] = {
            "none",     "show_first", "show_last", "keep_domain",
            "hash",     "truncate",   "round",     "network",
            "constant", "redact",     "null",      "hide"};
        if (std::find(std::begin(kBuiltIn), std::end(kBuiltIn),
                      tree.name.text) != std::end(kBuiltIn)) {
          Error(
              Code::BL2003, tree.name.span,
              absl::StrCat("`", tree.name.text, "` is a mask of the language"));
          continue;
        }
        MaskSymbol symbol;
        symbol.tree = &tree;
        symbol.module = module.get();
        if (!module->masks.try_emplace(tree.name.text, symbol).second) {
          Error(
              Code::BL2003, tree.name.span,
              absl::StrCat("mask `", tree.name.text, "` is declared already"));
        }
      }
    }
  }
}

void Checker::CheckDefBodies() {
  std::vector<std::vector<uint32_t>> calls(program.defs.size());
  for (size_t i = 0; i < program.defs.size(); ++i) {
    typed::Def& def = program.defs[i];
    const DefTree& tree = def_trees[i];
    if (tree.tree->value == nullptr) continue;
    Env env;
    env.module = tree.module;
    env.locals = &def.locals;
    env.roots_refused = "a def sees its parameters and `now` only";
    for (const uint32_t parameter : def.parameters) {
      env.bindings.push_back(
          {def.locals[parameter].name, Binding::Kind::kLocal, parameter});
    }
    // The list of defs does not grow here, so `def` stays where it is.
    def.body = CheckExpr(*tree.tree->value, env, def.result);
    if (def.body == nullptr) continue;
    CollectCalls(*def.body, &calls[i]);
    std::sort(calls[i].begin(), calls[i].end());
    calls[i].erase(std::unique(calls[i].begin(), calls[i].end()),
                   calls[i].end());
  }
  const std::vector<bool> cyclic = OnCycle(calls);
  for (size_t i = 0; i < cyclic.size(); ++i) {
    if (!cyclic[i]) continue;
    Error(Code::BL2034, def_trees[i].tree->name.span,
          absl::StrCat("`", def_trees[i].tree->name.text,
                       "` uses itself, directly or through other defs"));
  }
  // What a def calls is known before the def itself.
  def_effects_.assign(program.defs.size(), {});
  def_constants_.assign(program.defs.size(), std::nullopt);
  std::vector<std::vector<uint32_t>> users(calls.size());
  std::vector<uint32_t> waiting(calls.size(), 0), work;
  for (uint32_t i = 0; i < calls.size(); ++i) {
    waiting[i] = static_cast<uint32_t>(calls[i].size());
    for (const uint32_t used : calls[i]) users[used].push_back(i);
    if (waiting[i] == 0) work.push_back(i);
  }
  while (!work.empty()) {
    const uint32_t i = work.back();
    work.pop_back();
    def_order_.push_back(i);
    typed::Def& def = program.defs[i];
    if (def.body != nullptr) {
      def.mentions_now = MentionsNow(*def.body);
      if (def.parameters.empty()) def_constants_[i] = FoldConstant(*def.body);
    }
    for (const uint32_t user : users[i]) {
      if (--waiting[user] == 0) work.push_back(user);
    }
  }
}

void Checker::CheckMaskDefs() {
  struct Open {
    MaskSymbol* symbol;
    const MaskSymbol* next = nullptr;  // that it names
  };
  std::vector<Open> open;
  absl::flat_hash_map<const MaskSymbol*, uint32_t> numbers;
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::MaskDef& tree : file->masks) {
        const auto it = module->masks.find(tree.name.text);
        if (it == module->masks.end() || it->second.tree != &tree) continue;
        numbers[&it->second] = static_cast<uint32_t>(open.size());
        open.push_back({&it->second});
      }
    }
  }
  std::vector<std::vector<uint32_t>> edges(open.size()), users(open.size());
  std::vector<uint32_t> waiting(open.size(), 0), work;
  for (uint32_t i = 0; i < open.size(); ++i) {
    const auto found =
        LookUp(*this, *open[i].symbol->module,
               open[i].symbol->tree->mask.name.parts, &Module::masks);
    if (found.value != nullptr) {
      const uint32_t used = numbers[found.value];
      edges[i].push_back(used);
      open[i].next = found.value;
      users[used].push_back(i);
      ++waiting[i];
    } else {
      work.push_back(i);
    }
  }
  while (!work.empty()) {
    const uint32_t i = work.back();
    work.pop_back();
    MaskSymbol& symbol = *open[i].symbol;
    std::vector<typed::Local> locals;
    Env env;
    env.module = symbol.module;
    env.locals = &locals;
    env.now = false;
    env.roots_refused = "the arguments of a mask definition are constants";
    typed::Mask mask;
    if (const MaskSymbol* next = open[i].next) {
      symbol.end = next->end != nullptr ? next->end : next;
    }
    symbol.ok = CheckMask(symbol.tree->mask, env, kNone, &mask);
    for (const typed::ExprPtr& argument : mask.args) {
      if (symbol.ok && !FoldConstant(*argument).has_value()) {
        Error(Code::BL2030, argument->span,
              "the arguments of a mask definition are constants");
        symbol.ok = false;
      }
    }
    for (const uint32_t user : users[i]) {
      if (--waiting[user] == 0) work.push_back(user);
    }
  }
  const std::vector<bool> cyclic = OnCycle(edges);
  for (size_t i = 0; i < open.size(); ++i) {
    if (!cyclic[i]) continue;
    const ast::Name& name = open[i].symbol->tree->name;
    Error(Code::BL2034, name.span,
          absl::StrCat("mask `", name.text, "` uses itself"));
  }
}

void Checker::CheckDefaults() {
  uint64_t values = 0;
  const auto fits = [&](const std::optional<Constant>& value, const Span& at) {
    if (!value.has_value()) return true;
    values += CountValues(*value);
    if (values <= kMaxDefaultValues) return true;
    Error(Code::BL6020, at,
          absl::StrCat("the defaults up to this one hold ", values,
                       " values; the most is ", kMaxDefaultValues),
          "let facts or a `def` hold what is long: nothing raises this bound");
    return false;
  };
  for (const Pending& pending : pending_) {
    if (pending.tree->default_value == nullptr) continue;
    const ast::Expr& tree = *pending.tree->default_value;
    const TypeId type = AttributeOf(pending).type;
    if (type == kNone) continue;
    if (pending.owner != Pending::Owner::kAction) {
      std::optional<Constant> value = EvalConstant(tree, *pending.module, type);
      if (!fits(value, tree.span)) break;
      AttributeOf(pending).default_value = std::move(value);
      continue;
    }
    typed::ContextDefault value;
    value.action = pending.index;
    value.slot = pending.slot;
    const Action& action = schema().actions[pending.index];
    Env env;
    env.module = pending.module;
    env.locals = &value.locals;
    env.now = false;
    env.roots_refused = "a default sees the resource and the subject only";
    env.roots_broken = action.resources.empty() || action.subjects.empty();
    env.resource = EntityTypeId(action.resources);
    env.subject = EntityTypeId(action.subjects);
    const ast::Action* declared = ActionTree(pending.index);
    if (declared != nullptr && declared->resource_name) {
      env.bindings.push_back(
          {declared->resource_name.text, Binding::Kind::kResource, kNone});
    }
    value.value = CheckExpr(tree, env, type);
    if (value.value == nullptr) continue;
    // Whoever reads the attribute would not be known to mention it.
    if (MentionsNow(*value.value)) {
      Error(Code::BL2017, value.value->span,
            "a default cannot depend on `now`, which a def here reads");
      continue;
    }
    std::optional<Constant> constant = FoldConstant(*value.value);
    if (!fits(constant, tree.span)) break;
    if (constant.has_value()) {
      AttributeOf(pending).default_value = std::move(constant);
    } else {
      program.context_defaults.push_back(std::move(value));
    }
  }
  // Which attributes are required is known now.
  for (const uint32_t i : def_order_) {
    const typed::Def& def = program.defs[i];
    if (def.body == nullptr) continue;
    DefEffects effects;
    effects.may_fail = FindFailing(*def.body) != nullptr;
    bool asserted = false;
    if (FindForbiddenRead(*def.body, &asserted) != nullptr) {
      (asserted ? effects.reads_asserted : effects.reads_proposed) = true;
    }
    def_effects_[i] = effects;
  }
}

const ast::Action* Checker::ActionTree(uint32_t action) const {
  return action < action_trees_.size() ? action_trees_[action] : nullptr;
}

}  // namespace bylaw
