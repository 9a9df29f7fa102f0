// Expressions: names, attributes, literals, collections, conditionals and
// quantifiers. Operators stand in check_operators.cc, calls in check_calls.cc.
#include <algorithm>
#include <limits>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::ExprPtr;
using typed::Op;

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

ExprPtr Checker::Make(Op op, TypeId type, const Span& span, ExprPtr a,
                      ExprPtr b) {
  auto e = std::make_unique<typed::Expr>();
  e->op = op;
  e->type = type;
  e->span = span;
  if (a != nullptr) e->args.push_back(std::move(a));
  if (b != nullptr) e->args.push_back(std::move(b));
  return e;
}

ExprPtr Checker::MakeConstant(Constant value, TypeId type, const Span& span) {
  ExprPtr e = Make(Op::kConstant, type, span);
  e->constant = std::move(value);
  return e;
}

// --- Entry points ------------------------------------------------------------

ExprPtr Checker::CheckExpr(const ast::Expr& e, Env& env, TypeId expected) {
  ExprPtr result = Infer(e, env, expected);
  if (result == nullptr || expected == kNone) return result;
  if (Assignable(result->type, expected)) return result;
  if (IsOptional(result->type) &&
      Assignable(schema().Present(result->type), expected)) {
    NeedsPresence(*result);
    return nullptr;
  }
  Error(Code::BL2018, e.span,
        absl::StrCat("expected ", TypeName(expected), ", found ",
                     TypeName(result->type)));
  return nullptr;
}

bool Checker::NeedsPresence(const typed::Expr& e) {
  if (!IsOptional(e.type)) return true;
  const std::string text(e.span.text());
  Error(Code::BL2019, e.span, absl::StrCat("`", text, "` may be missing here"),
        absl::StrCat("test it first (`", text,
                     " is present and …`), or give a default: `", text,
                     " ?? …`"));
  return false;
}

ExprPtr Checker::CheckCondition(const ast::Expr& e, Env& env, Facts* yes,
                                Facts* no) {
  if (e.kind == ast::ExprKind::kUnary && e.op == ast::Op::kNot) {
    env.polarity = -env.polarity;
    ExprPtr operand = CheckCondition(*e.operands[0], env, no, yes);
    env.polarity = -env.polarity;
    if (operand == nullptr) return nullptr;
    return Make(Op::kNot, Simple(Kind::kBool), e.span, std::move(operand));
  }
  if (e.kind == ast::ExprKind::kBinary &&
      (e.op == ast::Op::kAnd || e.op == ast::Op::kOr)) {
    const bool is_and = e.op == ast::Op::kAnd;
    // Of `and`: what each operand adds where it is true holds for the next
    // ones and for the whole; where the whole is false, one of them is and
    // those before it are true. Of `or` the other way round.
    Facts* through = is_and ? yes : no;
    Facts* stopped = is_and ? no : yes;
    const size_t mark = env.facts.size();
    ExprPtr result =
        Make(is_and ? Op::kAnd : Op::kOr, Simple(Kind::kBool), e.span);
    Facts common;
    bool first = true, ok = true;
    for (const ast::ExprPtr& operand : e.operands) {
      Facts if_true, if_false;
      ExprPtr typed = CheckCondition(*operand, env, &if_true, &if_false);
      Facts& go_on = is_and ? if_true : if_false;
      Facts& stop = is_and ? if_false : if_true;
      if (stopped != nullptr) {
        if (first) {
          common = stop;
        } else if (!common.empty()) {
          const Facts known(env.facts.begin() + static_cast<ptrdiff_t>(mark),
                            env.facts.end());
          Facts both = Common(common, known);
          Facts more = Common(common, stop);
          both.insert(both.end(), more.begin(), more.end());
          common = std::move(both);
        }
      }
      first = false;
      env.facts.insert(env.facts.end(), go_on.begin(), go_on.end());
      if (typed == nullptr) {
        ok = false;
      } else {
        result->args.push_back(std::move(typed));
      }
    }
    if (through != nullptr) {
      through->insert(through->end(),
                      env.facts.begin() + static_cast<ptrdiff_t>(mark),
                      env.facts.end());
    }
    if (stopped != nullptr) {
      stopped->insert(stopped->end(), common.begin(), common.end());
    }
    env.facts.resize(mark);
    return ok ? std::move(result) : nullptr;
  }
  ExprPtr result = CheckExpr(e, env, Simple(Kind::kBool));
  if (result != nullptr && (yes != nullptr || no != nullptr)) {
    FactsOf(*result, yes, no);
  }
  return result;
}

void Checker::CheckGuards(const ast::Expr* when, const ast::Expr* unless,
                          Env& env, int polarity, ExprPtr* when_out,
                          ExprPtr* unless_out) {
  env.allow_rule = polarity < 0;
  if (when != nullptr) {
    env.polarity = polarity == 0 ? 0 : 1;
    Facts yes;
    *when_out = CheckCondition(*when, env, &yes, nullptr);
    env.facts.insert(env.facts.end(), yes.begin(), yes.end());
  }
  if (unless != nullptr) {
    env.polarity = polarity == 0 ? 0 : -1;
    Facts no;
    *unless_out = CheckCondition(*unless, env, nullptr, &no);
    env.facts.insert(env.facts.end(), no.begin(), no.end());
  }
  env.polarity = 0;
}

ExprPtr Checker::Infer(const ast::Expr& e, Env& env, TypeId hint) {
  const int polarity = env.polarity;
  ExprPtr result;
  switch (e.kind) {
    case ast::ExprKind::kBool:
    case ast::ExprKind::kInt:
    case ast::ExprKind::kDecimal:
    case ast::ExprKind::kString:
    case ast::ExprKind::kDuration:
    case ast::ExprKind::kPeriod:
      return InferLiteral(e, hint);
    case ast::ExprKind::kText:
      Error(Code::BL2060, e.span,
            "interpolated text stands in because and "
            "help only");
      return nullptr;
    case ast::ExprKind::kName:
      return InferName(e, env, hint);
    case ast::ExprKind::kMember:
      return InferMember(e, env, hint);
    case ast::ExprKind::kIndex:
      env.polarity = 0;
      result = InferIndex(e, env);
      break;
    case ast::ExprKind::kCall:
      env.polarity = 0;
      result = InferCall(e, env, hint);
      break;
    case ast::ExprKind::kUnary:
      if (e.op == ast::Op::kNot) return CheckCondition(e, env);
      env.polarity = 0;
      result = InferNegation(e, env, hint);
      break;
    case ast::ExprKind::kBinary:
      if (e.op == ast::Op::kAnd || e.op == ast::Op::kOr) {
        return CheckCondition(e, env);
      }
      result = InferBinary(e, env, hint);
      break;
    case ast::ExprKind::kIsMissing:
    case ast::ExprKind::kIsPresent:
    case ast::ExprKind::kIsEmpty:
      env.polarity = 0;
      result = InferPresence(e, env);
      break;
    case ast::ExprKind::kIsType:
      env.polarity = 0;
      result = InferIsType(e, env);
      break;
    case ast::ExprKind::kQuantifier:
      result = InferQuantifier(e, env, hint);
      break;
    case ast::ExprKind::kIf:
      env.polarity = 0;
      result = InferConditional(e, env, hint);
      break;
    case ast::ExprKind::kMatch:
      env.polarity = 0;
      result = InferMatch(e, env, hint);
      break;
    case ast::ExprKind::kSet:
    case ast::ExprKind::kList:
      env.polarity = 0;
      result = InferCollection(e, env, hint);
      break;
    case ast::ExprKind::kMap:
    case ast::ExprKind::kRecord:
      Error(Code::BL2030, e.span,
            "records and maps are written in the givens of tests only");
      return nullptr;
    case ast::ExprKind::kEntity:
      return InferEntity(e, env);
    case ast::ExprKind::kAllOf: {
      const uint32_t entity = ResolveEntity(*env.module, e.path);
      if (!env.all_of) {
        Error(Code::BL2054, e.span,
              absl::StrCat("`all ", e.path.Text(), "` stands in gates only"));
        return nullptr;
      }
      if (entity == kNone) return nullptr;
      result = Make(Op::kAllOf, SetOf(EntityTypeId({entity})), e.span);
      result->index = entity;
      break;
    }
  }
  env.polarity = polarity;
  return result;
}

// --- Literals ----------------------------------------------------------------

ExprPtr Checker::InferLiteral(const ast::Expr& e, TypeId hint) {
  Constant c;
  c.number = e.number;
  switch (e.kind) {
    case ast::ExprKind::kBool:
      c.kind = Kind::kBool;
      c.number = e.bool_value ? 1 : 0;
      break;
    case ast::ExprKind::kInt:
      c.kind = Kind::kInt;
      if (hint != kNone && KindOf(hint) == Kind::kDecimal) {
        constexpr int64_t kLimit = kDecimalLimit / kDecimalOne;
        if (c.number <= -kLimit || c.number >= kLimit) {
          Error(Code::BL2062, e.span,
                "a Decimal has at most 18 digits, 6 of "
                "them fractional");
          return nullptr;
        }
        c.kind = Kind::kDecimal;
        c.number *= kDecimalOne;
      }
      break;
    case ast::ExprKind::kDecimal:
      c.kind = Kind::kDecimal;
      break;
    case ast::ExprKind::kDuration:
      c.kind = Kind::kDuration;
      if (c.number > std::numeric_limits<int64_t>::max() / 1'000'000) {
        Error(Code::BL2062, e.span, "this duration is too long");
        return nullptr;
      }
      c.number *= 1'000'000;
      break;
    case ast::ExprKind::kPeriod:
      c.kind = Kind::kPeriod;
      break;
    default:
      c.kind = Kind::kString;
      c.number = 0;
      c.text = e.text;
  }
  const TypeId type = Simple(c.kind);
  return MakeConstant(std::move(c), type, e.span);
}

ExprPtr Checker::InferNegation(const ast::Expr& e, Env& env, TypeId hint) {
  ExprPtr operand = Infer(*e.operands[0], env, hint);
  if (operand == nullptr || !NeedsPresence(*operand)) return nullptr;
  const Kind kind = KindOf(operand->type);
  if (kind != Kind::kInt && kind != Kind::kDecimal && kind != Kind::kDuration) {
    Error(Code::BL2022, e.op_span,
          absl::StrCat("`-` does not take ", TypeName(operand->type)));
    return nullptr;
  }
  if (operand->op == Op::kConstant) {
    operand->constant.number = static_cast<int64_t>(
        uint64_t{0} - static_cast<uint64_t>(operand->constant.number));
    operand->span = e.span;
    return operand;
  }
  const TypeId type = operand->type;
  return Make(Op::kNegate, type, e.span, std::move(operand));
}

ExprPtr Checker::InferEntity(const ast::Expr& e, Env& env) {
  const uint32_t entity = ResolveEntity(*env.module, e.path);
  if (entity == kNone) return nullptr;
  if (e.has_body) {
    Error(Code::BL2030, e.span,
          "the attributes of an entity are given in tests only");
    return nullptr;
  }
  Constant c;
  c.kind = Kind::kEntity;
  c.index = entity;
  c.text = e.text;
  return MakeConstant(std::move(c), EntityTypeId({entity}), e.span);
}

ExprPtr Checker::MakeTerm(uint32_t term, const Span& span) {
  const uint32_t vocabulary = schema().terms[term].vocabulary;
  Constant c;
  if (vocabulary == action_vocabulary_) {
    // An action is its name at run time.
    c.kind = Kind::kString;
    c.text = schema().terms[term].path;
  } else {
    c.kind = Kind::kTerm;
    c.index = term;
  }
  return MakeConstant(std::move(c), TermType(vocabulary), span);
}

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
    Error(Code::BL2005, name.span,
          absl::StrCat(
              "the context of ",
              env.actions.size() == 1
                  ? absl::StrCat(
                        "`", schema().actions[env.actions.front()].name, "`")
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
  UnknownName(Code::BL2005, name.span,
              absl::StrCat(TypeName(schema().Present(object->type)),
                           " has no attribute `", name.text, "`"),
              SuggestFrom(name.text, names));
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
              absl::StrCat("unknown name `", root, "`"), suggestion);
}

}  // namespace bylaw
