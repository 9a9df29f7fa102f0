// What names stand for in expressions: variables, roots, constants, terms, and
// the attributes of values.
#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {

using typed::ExprPtr;
using typed::Op;

namespace {

constexpr const char* kRoots[] = {"subject", "action", "resource",
                                  "context", "now",    "previous"};

bool IsRoot(std::string_view name) {
  for (const char* root : kRoots) {
    if (name == root) return true;
  }
  return false;
}

bool IsUpper(std::string_view name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
}

bool IsForeignNull(std::string_view name) {
  return name == "null" || name == "nil" || name == "none" ||
         name == "missing" || name == "undefined";
}

}  // namespace

// --- Names -------------------------------------------------------------------

std::vector<ast::Name> Checker::ChainOf(const ast::Expr& e) {
  std::vector<ast::Name> chain;
  const ast::Expr* at = &e;
  while (at->kind == ast::ExprKind::kMember && !at->asked) {
    chain.push_back(at->name);
    at = at->operands[0].get();
  }
  if (at->kind != ast::ExprKind::kName) return {};
  chain.push_back(at->name);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

const Binding* Checker::FindBinding(const Env& env,
                                    std::string_view name) const {
  for (size_t i = env.bindings.size(); i > 0; --i) {
    if (env.bindings[i - 1].name == name) return &env.bindings[i - 1];
  }
  return nullptr;
}

uint32_t Checker::AddLocal(Env& env, std::string name, TypeId type,
                           const Span& span) {
  const auto local = static_cast<uint32_t>(env.locals->size());
  env.locals->push_back({std::move(name), type, span});
  return local;
}

uint32_t Checker::BindLocal(Env& env, const ast::Name& name, TypeId type) {
  // What ships cannot know the terms of a mesh: its variables come first.
  if (!env.module->shipped) CheckVariableName(name);
  const uint32_t local = AddLocal(env, name.text, type, name.span);
  env.bindings.push_back({name.text, Binding::Kind::kLocal, local});
  return local;
}

void Checker::BindRoot(Env& env, const ast::Name& name, Binding::Kind kind) {
  if (!name) return;
  if (!env.module->shipped) CheckVariableName(name);
  env.bindings.push_back({name.text, kind, kNone});
}

std::string Checker::VocabularyName(uint32_t vocabulary) const {
  return schema().vocabularies[vocabulary].name;
}

bool Checker::IsActionType(TypeId t) const {
  return t != kNone && KindOf(t) == Kind::kTerm &&
         schema().type(t).id == action_vocabulary_;
}

ExprPtr Checker::InferName(const ast::Expr& e, Env& env, TypeId hint) {
  const std::string& name = e.name.text;
  const Binding* binding = FindBinding(env, name);
  if (hint != kNone && KindOf(hint) == Kind::kTerm) {
    const uint32_t term = FindTerm(schema().type(hint).id, name);
    // The program's terms have no variables beside them (CheckVariableName);
    // the language's own come first where their type is expected.
    const bool hidden = binding != nullptr && env.module->shipped;
    if (term != kNone && !hidden) return MakeTerm(term, e.span);
  }
  if (binding != nullptr) {
    switch (binding->kind) {
      case Binding::Kind::kLocal: {
        const typed::Local& local = (*env.locals)[binding->local];
        if (local.type == kNone) return nullptr;
        ExprPtr result = Make(Op::kLocal, local.type, e.span);
        result->index = binding->local;
        result->name = name;
        result->type = Narrowed(PathOf(*result), result->type, env);
        return result;
      }
      case Binding::Kind::kResource:
        return InferRoot("resource", e.span, env);
      case Binding::Kind::kSubject:
        return InferRoot("subject", e.span, env);
      case Binding::Kind::kRow:
        Error(Code::BL2053, e.span,
              absl::StrCat("`", name, "` is the row: name a column, `", name,
                           ".x`"));
        return nullptr;
    }
  }
  if (IsRoot(name)) return InferRoot(name, e.span, env);
  const uint32_t def = LookUpDef(*env.module, {e.name}, e.span);
  if (def == kAmbiguous) return nullptr;
  if (def != kNone) {
    if (!def_trees[def].tree->is_constant) {
      Error(Code::BL2060, e.span, absl::StrCat("`", name, "` is a function"),
            absl::StrCat("write `", name, "(…)`"));
      return nullptr;
    }
    return InferConstantOf(def, e.span);
  }
  if (IsUpper(name)) return InferQualifiedTerm({e.name}, 0, e.span, env);
  ReportUnknownValue({e.name}, e.span, env, hint);
  return nullptr;
}

ExprPtr Checker::InferConstantOf(uint32_t def, const Span& span) {
  const TypeId type = program.defs[def].result;
  if (type == kNone) return nullptr;
  ExprPtr result = Make(Op::kCall, type, span);
  result->index = def;
  result->name = program.defs[def].id;
  return result;
}

ExprPtr Checker::InferRoot(std::string_view root, const Span& span, Env& env) {
  const auto refuse = [&](std::string_view why) {
    Error(
        Code::BL2017, span,
        absl::StrCat("no `", std::string(root), "` here: ", std::string(why)));
    return nullptr;
  };
  ExprPtr result;
  if (root == "subject") {
    if (env.subject == kNone) {
      return env.roots_broken ? nullptr : refuse(env.roots_refused);
    }
    result = Make(Op::kSubject, env.subject, span);
  } else if (root == "resource") {
    if (env.resource == kNone) {
      return env.roots_broken ? nullptr : refuse(env.roots_refused);
    }
    result = Make(Op::kResource, env.resource, span);
  } else if (root == "now") {
    if (!env.now) return refuse(env.roots_refused);
    return Make(Op::kNow, Simple(Kind::kTime), span);
  } else if (root == "action") {
    if (env.actions.empty()) {
      return env.roots_broken ? nullptr : refuse(env.roots_refused);
    }
    return Make(Op::kAction, TermType(action_vocabulary_), span);
  } else if (root == "previous") {
    if (env.roots_broken) return nullptr;
    if (env.resource == kNone) return refuse(env.roots_refused);
    if (!env.previous) {
      return refuse("none of the head's actions takes proposals");
    }
    result = Make(Op::kPrevious, schema().Optional(env.resource), span);
  } else {
    if (env.roots_broken) return nullptr;
    if (env.actions.empty()) return refuse(env.roots_refused);
    Error(Code::BL2060, span,
          "`context` is no value by itself: name an "
          "attribute of it");
    return nullptr;
  }
  result->type = Narrowed(PathOf(*result), result->type, env);
  return result;
}

ExprPtr Checker::InferContextAttribute(const ast::Name& name, const Span& span,
                                       Env& env) {
  if (env.roots_broken) return nullptr;
  if (env.actions.empty()) {
    Error(Code::BL2017, span,
          absl::StrCat("no `context` here: ", env.roots_refused));
    return nullptr;
  }
  const ContextAttribute attribute =
      FindContextAttribute(env.actions, name.text);
  if (!attribute.found) {
    std::vector<std::string> names;
    for (const uint32_t action : env.actions) {
      for (const Attribute& a : schema().actions[action].context) {
        names.push_back(a.name);
      }
    }
    UnknownName(
        Code::BL2005, name.span,
        absl::StrCat(
            "the context of ",
            env.actions.size() == 1
                ? absl::StrCat("`", schema().actions[env.actions.front()].name,
                               "`")
                : "these actions",
            " has no attribute `", name.text, "`"),
        SuggestFrom(name.text, names));
    return nullptr;
  }
  if (attribute.differs) {
    Error(Code::BL2045, name.span,
          absl::StrCat("the actions of the head declare `", name.text,
                       "` with different types"));
    return nullptr;
  }
  if (attribute.type == kNone) return nullptr;
  ExprPtr result =
      Make(Op::kAttribute, attribute.type, span,
           Make(Op::kContext, kNone, Span{span.file, span.begin, span.begin}));
  result->index = attribute.slot;
  result->name = name.text;
  result->type = Narrowed(PathOf(*result), result->type, env);
  return result;
}

ExprPtr Checker::InferMember(const ast::Expr& e, Env& env, TypeId hint) {
  if (e.asked) {
    Error(Code::BL2053, e.span,
          "`?` after a column stands in row predicates "
          "only, after `r.x`");
    return nullptr;
  }
  const std::vector<ast::Name> chain = ChainOf(e);
  if (chain.empty()) {
    ExprPtr object = Infer(*e.operands[0], env);
    if (object == nullptr) return nullptr;
    return InferAttribute(std::move(object), e.name, e.span, env);
  }
  const std::string& root = chain.front().text;
  const Binding* binding = FindBinding(env, root);
  if (hint != kNone && KindOf(hint) == Kind::kTerm && binding == nullptr) {
    const uint32_t term =
        FindTerm(schema().type(hint).id, JoinNames(chain, chain.size()));
    if (term != kNone) return MakeTerm(term, e.span);
  }
  if (binding == nullptr) {
    if (root == "context" && chain.size() == 2) {
      return InferContextAttribute(e.name, e.span, env);
    }
    if (!IsRoot(root)) {
      size_t upper = 0;
      while (upper < chain.size() && !IsUpper(chain[upper].text)) ++upper;
      if (upper == 0 || (upper < chain.size() &&
                         FindModule(JoinNames(chain, upper)) != nullptr)) {
        return InferQualifiedTerm(chain, upper, e.span, env);
      }
      const uint32_t def = LookUpDef(*env.module, {chain[0]}, chain[0].span);
      if (def == kAmbiguous) return nullptr;
      if (def == kNone) {
        // A constant of a module: `council.limits.maximum`, and maybe
        // attributes of it, which are members of this very expression.
        const uint32_t qualified = LookUpDef(*env.module, chain, e.span);
        if (qualified == kAmbiguous) return nullptr;
        if (qualified != kNone) {
          if (!def_trees[qualified].tree->is_constant) {
            Error(Code::BL2060, e.span,
                  absl::StrCat("`", JoinNames(chain, chain.size()),
                               "` is a function"));
            return nullptr;
          }
          return InferConstantOf(qualified, e.span);
        }
        bool below = false;
        for (size_t n = chain.size() - 1; n >= 2 && !below; --n) {
          const std::vector<ast::Name> prefix(
              chain.begin(), chain.begin() + static_cast<ptrdiff_t>(n));
          below = LookUpDef(*env.module, prefix, e.span, false) != kNone;
        }
        if (!below) {
          ReportUnknownValue(chain, e.span, env, hint);
          return nullptr;
        }
      }
    }
  }
  ExprPtr object = Infer(*e.operands[0], env);
  if (object == nullptr) return nullptr;
  return InferAttribute(std::move(object), e.name, e.span, env);
}

ExprPtr Checker::InferQualifiedTerm(const std::vector<ast::Name>& chain,
                                    size_t upper, const Span& span, Env& env) {
  ast::Path type;
  type.parts.assign(chain.begin(),
                    chain.begin() + static_cast<ptrdiff_t>(upper) + 1);
  type.span = type.parts.front().span.To(type.parts.back().span);
  const TypeSymbol* symbol = ResolveTypeName(*env.module, type);
  if (symbol == nullptr) return nullptr;
  if (symbol->kind != TypeSymbol::Kind::kVocabulary ||
      chain.size() == upper + 1) {
    Error(Code::BL2056, span,
          absl::StrCat("`", type.Text(), "` is a type, no value"));
    return nullptr;
  }
  std::string path;
  for (size_t i = upper + 1; i < chain.size(); ++i) {
    if (!path.empty()) path += '.';
    path += chain[i].text;
  }
  const uint32_t term = FindTerm(symbol->index, path);
  if (term != kNone) return MakeTerm(term, span);
  std::vector<std::string> names;
  const Vocabulary& v = schema().vocabularies[symbol->index];
  for (uint32_t t = v.first_term; t < v.first_term + v.num_terms; ++t) {
    names.push_back(schema().terms[t].path);
  }
  UnknownName(Code::BL2007, chain[upper + 1].span.To(chain.back().span),
              absl::StrCat("`", v.name, "` has no term `", path, "`"),
              SuggestFrom(path, names));
  return nullptr;
}

ExprPtr Checker::InferAttribute(ExprPtr object, const ast::Name& name,
                                const Span& span, Env& env) {
  const TypeInfo type = schema().type(object->type);
  const auto finish = [&](ExprPtr result) {
    if (type.optional) result->type = schema().Optional(result->type);
    result->name = name.text;
    result->type = Narrowed(PathOf(*result), result->type, env);
    return result;
  };
  std::vector<std::string> names;
  if (type.kind == Kind::kEntity) {
    if (name.text == "id") {
      return finish(
          Make(Op::kId, Simple(Kind::kString), span, std::move(object)));
    }
    uint32_t slot = kNone;
    const Attribute* attribute =
        FindEntityAttribute(type.entities, name.text, &slot);
    if (attribute != nullptr) {
      if (attribute->type == kNone) return nullptr;
      ExprPtr result =
          Make(Op::kAttribute, attribute->type, span, std::move(object));
      result->index = slot;
      return finish(std::move(result));
    }
    bool some = false;
    for (const uint32_t entity : type.entities) {
      for (const Attribute& a : schema().entities[entity].attributes) {
        names.push_back(a.name);
        some = some || a.name == name.text;
      }
    }
    names.push_back("id");
    if (some) {
      Error(
          Code::BL2005, name.span,
          absl::StrCat("not all of ", TypeName(schema().Present(object->type)),
                       " have `", name.text, "` with one type"),
          absl::StrCat("narrow first: `", std::string(object->span.text()),
                       " is ", schema().entities[type.entities[0]].name, "`"));
      return nullptr;
    }
  } else if (type.kind == Kind::kRecord) {
    const std::vector<Attribute>& fields = schema().records[type.id].fields;
    const uint32_t slot = Schema::FindAttribute(fields, name.text);
    if (slot != kNone) {
      if (fields[slot].type == kNone) return nullptr;
      ExprPtr result =
          Make(Op::kAttribute, fields[slot].type, span, std::move(object));
      result->index = slot;
      return finish(std::move(result));
    }
    for (const Attribute& a : fields) names.push_back(a.name);
  } else if (type.kind == Kind::kVersion) {
    const Op op = name.text == "major"   ? Op::kMajor
                  : name.text == "minor" ? Op::kMinor
                  : name.text == "patch" ? Op::kPatch
                                         : Op::kConstant;
    if (op != Op::kConstant) {
      return finish(Make(op, Simple(Kind::kInt), span, std::move(object)));
    }
    names = {"major", "minor", "patch"};
  }
  UnknownName(
      Code::BL2005, name.span,
      absl::StrCat(TypeName(schema().Present(object->type)),
                   " has no attribute `", name.text, "`"),
      IsMethodOf(name.text, type.kind)
          ? absl::StrCat("`", name.text, "` is a method: brackets follow it")
          : SuggestFrom(name.text, names));
  return nullptr;
}

void Checker::ReportUnknownValue(const std::vector<ast::Name>& parts,
                                 const Span& span, const Env& env,
                                 TypeId hint) {
  const std::string whole = JoinNames(parts, parts.size());
  const std::string& root = parts.front().text;
  if (IsForeignNull(root) && parts.size() == 1) {
    Error(Code::BL2004, span, absl::StrCat("there is no `", root, "` value"),
          "write `x is missing`, or `x is present`");
    return;
  }
  std::vector<std::string> names;
  if (hint != kNone && KindOf(hint) == Kind::kTerm) {
    const Vocabulary& v = schema().vocabularies[schema().type(hint).id];
    for (uint32_t t = v.first_term; t < v.first_term + v.num_terms; ++t) {
      const std::string& path = schema().terms[t].path;
      names.push_back(path);
      // `email` of `pii.email`.
      if (path.size() > whole.size() && path.ends_with(whole) &&
          path[path.size() - whole.size() - 1] == '.') {
        UnknownName(Code::BL2007, span,
                    absl::StrCat("`", v.name, "` has no term `", whole, "`"),
                    DidYouMean(path));
        return;
      }
    }
    std::string suggestion = SuggestFrom(whole, names);
    if (suggestion.empty()) {
      for (const Binding& b : env.bindings) names.push_back(b.name);
      suggestion = SuggestFrom(root, names);
    }
    UnknownName(Code::BL2007, span,
                absl::StrCat("`", v.name, "` has no term `", whole, "`"),
                suggestion);
    return;
  }
  uint32_t term = kNone;
  if (const auto it = term_paths_.find(whole); it != term_paths_.end()) {
    term = it->second.front();
  } else if (parts.size() == 1) {
    term = FindTerm(schema().column_type_vocabulary, whole);
    if (term == kNone) term = FindTerm(schema().weekday_vocabulary, whole);
  }
  if (term != kNone) {
    const Term& t = schema().terms[term];
    Error(Code::BL2020, span,
          absl::StrCat("nothing says whose term `", whole, "` is"),
          absl::StrCat("write `", VocabularyName(t.vocabulary), ".", t.path,
                       "`"));
    return;
  }
  for (const Binding& b : env.bindings) names.push_back(b.name);
  for (const char* name : kRoots) names.push_back(name);
  for (std::string& name : VisibleNames(*this, *env.module, &Module::defs)) {
    names.push_back(std::move(name));
  }
  std::string suggestion = SuggestFrom(root, names);
  if (suggestion.empty() && WantsSuggestion()) {
    names.clear();
    for (const auto& [path, terms] : term_paths_) names.push_back(path);
    std::sort(names.begin(), names.end());
    suggestion = SuggestFrom(whole, names);
  }
  UnknownName(Code::BL2004, parts.front().span,
              absl::StrCat("unknown name `", root, "`"),
              ImportOr(suggestion, *this, *env.module, root, &Module::defs));
}

}  // namespace bylaw
