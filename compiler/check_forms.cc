// Expressions that hold others: sets and lists, conditionals, match,
// quantifiers, look-ups in maps, interpolated text.
#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {

using typed::ExprPtr;
using typed::Op;

ExprPtr Checker::InferCollection(const ast::Expr& e, Env& env, TypeId hint) {
  const bool is_set = e.kind == ast::ExprKind::kSet;
  const Kind kind = is_set ? Kind::kSet : Kind::kList;
  TypeId element = kNone;
  if (hint != kNone &&
      (KindOf(hint) == Kind::kSet || KindOf(hint) == Kind::kList)) {
    element = schema().type(hint).element;
  }
  const auto type_of = [&](TypeId of) {
    return is_set ? SetOf(of) : ListOf(of);
  };
  if (e.operands.empty()) {
    if (element == kNone) {
      if (hint != kNone && KindOf(hint) == Kind::kMap) {
        Constant map;
        map.kind = Kind::kMap;
        return MakeConstant(std::move(map), hint, e.span);
      }
      if (hint != kNone) {
        Error(Code::BL2018, e.span,
              absl::StrCat("expected ", TypeName(hint), ", found an empty ",
                           is_set ? "set" : "list"));
      } else {
        Error(Code::BL2021, e.span,
              absl::StrCat("nothing says what this empty ",
                           is_set ? "set" : "list", " holds"));
      }
      return nullptr;
    }
    Constant empty;
    empty.kind = kind;
    return MakeConstant(std::move(empty), type_of(element), e.span);
  }
  // Elements that know their type first: they tell it to the others.
  std::vector<ExprPtr> elements(e.operands.size());
  // Elements are of one type of their own, which must fit what is expected:
  // `{Thing "x"}` beside a User is a mistake, not a set of both.
  const bool entities = element != kNone && KindOf(element) == Kind::kEntity;
  TypeId joined = entities ? kNone : element;
  bool ok = true;
  const auto infer = [&](size_t i, TypeId element_hint) {
    const ast::Expr& operand = *e.operands[i];
    if (IsActionType(element_hint)) {
      // A group among actions stands for its actions.
      elements[i] = InferActionGroup(operand, env, element_hint);
      if (elements[i] != nullptr) return;
    }
    elements[i] = Infer(operand, env, element_hint);
    if (elements[i] == nullptr || !NeedsPresence(*elements[i])) {
      ok = false;
      elements[i] = nullptr;
      return;
    }
    const TypeId type = elements[i]->type;
    if (joined == kNone) {
      joined = type;
      return;
    }
    const TypeId both = Join(joined, type);
    if (both == kNone) {
      Error(Code::BL2033, operand.span,
            absl::StrCat("expected ", TypeName(joined), ", found ",
                         TypeName(type)));
      ok = false;
      return;
    }
    joined = both;
  };
  std::vector<size_t> later;
  for (size_t i = 0; i < e.operands.size(); ++i) {
    if (element == kNone &&
        DependenceOf(*e.operands[i], env) != Dependence::kNone) {
      later.push_back(i);
    } else {
      infer(i, element);
    }
  }
  if (!ok && joined == kNone) return nullptr;
  for (const size_t i : later) infer(i, joined);
  if (!ok) return nullptr;
  if (entities && Assignable(joined, element)) joined = element;
  bool constant = true;
  for (const ExprPtr& x : elements) {
    constant = constant && x->op == Op::kConstant;
  }
  const TypeId type = type_of(joined);
  if (!constant) {
    ExprPtr result = Make(is_set ? Op::kSet : Op::kList, type, e.span);
    result->args = std::move(elements);
    return result;
  }
  Constant value;
  value.kind = kind;
  for (ExprPtr& x : elements) {
    if (IsActionType(joined) && x->constant.kind == Kind::kSet) {
      for (Constant& name : x->constant.elements) {
        value.elements.push_back(std::move(name));
      }
    } else {
      value.elements.push_back(std::move(x->constant));
    }
  }
  if (is_set) SortConstants(&value.elements);
  return MakeConstant(std::move(value), type, e.span);
}

ExprPtr Checker::InferConditional(const ast::Expr& e, Env& env, TypeId hint) {
  Facts yes, no;
  const int polarity = std::exchange(env.polarity, 0);
  ExprPtr condition = CheckCondition(*e.operands[0], env, &yes, &no);
  env.polarity = polarity;
  const size_t mark = env.facts.size();
  const auto branch = [&](size_t i, TypeId branch_hint) {
    const Facts& facts = i == 1 ? yes : no;
    env.facts.insert(env.facts.end(), facts.begin(), facts.end());
    ExprPtr result = Infer(*e.operands[i], env, branch_hint);
    env.facts.resize(mark);
    return result;
  };
  ExprPtr then, otherwise;
  if (hint != kNone ||
      DependenceOf(*e.operands[1], env) <= DependenceOf(*e.operands[2], env)) {
    then = branch(1, hint);
    const TypeId next = hint != kNone ? hint : then ? then->type : kNone;
    if (then == nullptr && hint == kNone &&
        DependenceOf(*e.operands[2], env) == Dependence::kNeedsHint) {
      return nullptr;
    }
    otherwise = branch(2, next);
  } else {
    otherwise = branch(2, kNone);
    if (otherwise == nullptr &&
        DependenceOf(*e.operands[1], env) == Dependence::kNeedsHint) {
      return nullptr;
    }
    then = branch(1, otherwise ? otherwise->type : kNone);
  }
  if (condition == nullptr || then == nullptr || otherwise == nullptr) {
    return nullptr;
  }
  const TypeId type = Join(then->type, otherwise->type);
  if (type == kNone) {
    Error(Code::BL2033, e.operands[2]->span,
          absl::StrCat("`then` is a ", TypeName(then->type), ", `else` a ",
                       TypeName(otherwise->type)));
    return nullptr;
  }
  ExprPtr result =
      Make(Op::kIf, type, e.span, std::move(condition), std::move(then));
  result->args.push_back(std::move(otherwise));
  return result;
}

// --- match -------------------------------------------------------------------

uint32_t Checker::ResolvePattern(const ast::Path& pattern, uint32_t vocabulary,
                                 const Env& env) {
  uint32_t term = FindTerm(vocabulary, pattern.Text());
  if (term != kNone) return term;
  // After the vocabulary: `Tag.pii`, `mesh.Tag.pii`.
  size_t upper = 0;
  while (upper < pattern.parts.size() &&
         !(pattern.parts[upper].text[0] >= 'A' &&
           pattern.parts[upper].text[0] <= 'Z')) {
    ++upper;
  }
  std::string path = pattern.Text();
  if (upper + 1 < pattern.parts.size()) {
    ast::Path type;
    type.parts.assign(
        pattern.parts.begin(),
        pattern.parts.begin() + static_cast<ptrdiff_t>(upper) + 1);
    type.span = pattern.span;
    const TypeSymbol* symbol = ResolveTypeName(*env.module, type);
    if (symbol == nullptr) return kNone;
    path.clear();
    for (size_t i = upper + 1; i < pattern.parts.size(); ++i) {
      if (!path.empty()) path += '.';
      path += pattern.parts[i].text;
    }
    if (symbol->kind == TypeSymbol::Kind::kVocabulary &&
        symbol->index == vocabulary) {
      term = FindTerm(vocabulary, path);
      if (term != kNone) return term;
    }
  }
  std::vector<std::string> names;
  const Vocabulary& v = schema().vocabularies[vocabulary];
  for (uint32_t t = v.first_term; t < v.first_term + v.num_terms; ++t) {
    names.push_back(schema().terms[t].path);
  }
  UnknownName(Code::BL2007, pattern.span,
              absl::StrCat("`", v.name, "` has no term `", path, "`"),
              SuggestFrom(path, names));
  return kNone;
}

ExprPtr Checker::InferMatch(const ast::Expr& e, Env& env, TypeId hint) {
  const int polarity = std::exchange(env.polarity, 0);
  ExprPtr subject = Infer(*e.operands[0], env);
  env.polarity = polarity;
  bool ok = subject != nullptr;
  if (ok &&
      (KindOf(subject->type) != Kind::kTerm || IsActionType(subject->type))) {
    Error(Code::BL2022, e.operands[0]->span,
          absl::StrCat("`match` takes a term of a vocabulary, not ",
                       IsActionType(subject->type) ? "the action"
                                                   : TypeName(subject->type)));
    ok = false;
  }
  if (!ok) return nullptr;
  const uint32_t vocabulary = schema().type(subject->type).id;
  const Vocabulary v = schema().vocabularies[vocabulary];
  const std::string path = PathOf(*subject);
  std::vector<bool> covered(v.num_terms, false);
  struct Arm {
    const ast::MatchArm* tree;
    std::vector<uint32_t> terms;
    ExprPtr value;
  };
  std::vector<Arm> arms;
  bool has_else = false, patterns_ok = true;
  for (const ast::MatchArm& tree : e.arms) {
    Arm arm{&tree, {}, nullptr};
    if (tree.is_else) {
      if (has_else) {
        Error(Code::BL2032, tree.span, "there is an `else` already");
        ok = false;
      }
      has_else = true;
    }
    for (const ast::Path& pattern : tree.patterns) {
      const uint32_t term = ResolvePattern(pattern, vocabulary, env);
      if (term == kNone) {
        patterns_ok = false;
        continue;
      }
      if (covered[term - v.first_term]) {
        Error(Code::BL2032, pattern.span,
              absl::StrCat("`", pattern.Text(), "` is covered above"));
        ok = false;
        continue;
      }
      for (uint32_t t = term; t < schema().terms[term].end; ++t) {
        covered[t - v.first_term] = true;
      }
      arm.terms.push_back(term);
    }
    arms.push_back(std::move(arm));
  }
  if (!has_else && patterns_ok) {
    std::string missing;
    if (IsOptional(subject->type)) missing = "a missing value";
    for (uint32_t i = 0; i < v.num_terms && missing.empty(); ++i) {
      if (!covered[i]) {
        missing = absl::StrCat("`", schema().terms[v.first_term + i].path, "`");
      }
    }
    if (!missing.empty()) {
      Error(Code::BL2031, e.span,
            absl::StrCat("the `match` does not cover ", missing),
            "add the terms that are missing, or `else: …`");
      ok = false;
    }
  }
  const size_t mark = env.facts.size();
  const auto infer = [&](Arm& arm, TypeId arm_hint) {
    if (!path.empty() && !arm.tree->is_else) {
      env.facts.push_back({path, true, {}, {}});
      // Only exact terms are values; below a tree's term there are more.
      if (v.kind != VocabularyKind::kTree) env.facts.back().terms = arm.terms;
    }
    arm.value = Infer(*arm.tree->value, env, arm_hint);
    env.facts.resize(mark);
  };
  TypeId type = hint;
  if (hint == kNone) {
    for (Arm& arm : arms) {
      if (DependenceOf(*arm.tree->value, env) != Dependence::kNone) continue;
      infer(arm, kNone);
      if (arm.value == nullptr) {
        ok = false;
      } else if (type == kNone) {
        type = arm.value->type;
      }
    }
    if (type == kNone && !ok) return nullptr;
  }
  TypeId joined = kNone;
  for (Arm& arm : arms) {
    if (arm.value == nullptr &&
        (hint != kNone ||
         DependenceOf(*arm.tree->value, env) != Dependence::kNone)) {
      infer(arm, type);
    }
    if (arm.value == nullptr) {
      ok = false;
      continue;
    }
    if (type == kNone) type = arm.value->type;
    const TypeId both =
        joined == kNone ? arm.value->type : Join(joined, arm.value->type);
    if (both == kNone) {
      Error(Code::BL2033, arm.tree->value->span,
            absl::StrCat("expected ", TypeName(joined), ", found ",
                         TypeName(arm.value->type)));
      ok = false;
      continue;
    }
    joined = both;
  }
  if (!ok || joined == kNone || !patterns_ok) return nullptr;
  ExprPtr result = Make(Op::kMatch, joined, e.span, std::move(subject));
  // `else` is the default wherever it stands.
  for (const bool want_else : {false, true}) {
    for (Arm& arm : arms) {
      if (arm.tree->is_else != want_else || arm.value == nullptr) continue;
      result->arms.push_back({std::move(arm.terms)});
      result->args.push_back(std::move(arm.value));
    }
  }
  return result;
}

// --- Quantifiers -------------------------------------------------------------

ExprPtr Checker::InferQuantifier(const ast::Expr& e, Env& env, TypeId hint) {
  const int polarity = env.polarity;
  env.polarity = 0;
  ExprPtr collection = Infer(*e.operands[0], env);
  TypeId element = kNone;
  if (collection != nullptr) {
    const TypeInfo& type = schema().type(collection->type);
    if (type.kind != Kind::kSet && type.kind != Kind::kList) {
      Error(Code::BL2059, e.operands[0]->span,
            absl::StrCat("`", ast::OpText(e.op),
                         "` goes through a set or list, not ",
                         TypeName(collection->type)));
    } else {
      element = type.element;
    }
  }
  const TypeId boolean = Simple(Kind::kBool);
  ExprPtr result = Make(Op::kAny, boolean, e.span, std::move(collection));
  const size_t facts = env.facts.size(), bindings = env.bindings.size();
  result->local = BindLocal(env, e.name, element);
  bool ok = element != kNone;
  const ast::Expr* where =
      e.operands.size() > 1 ? e.operands[1].get() : nullptr;
  const ast::Expr* body = e.operands.size() > 2 ? e.operands[2].get() : nullptr;
  if (where != nullptr) {
    env.polarity = e.op == ast::Op::kAny  ? polarity
                   : e.op == ast::Op::kNo ? -polarity
                                          : 0;
    Facts yes;
    result->where = CheckCondition(*where, env, &yes, nullptr);
    ok = ok && result->where != nullptr;
    env.facts.insert(env.facts.end(), yes.begin(), yes.end());
  }
  switch (e.op) {
    case ast::Op::kAny:
      result->op = Op::kAny;
      break;
    case ast::Op::kNo:
      result->op = Op::kNo;
      break;
    case ast::Op::kAll:
      result->op = Op::kAll;
      if (body != nullptr) {
        env.polarity = polarity;
        result->body = CheckCondition(*body, env);
        ok = ok && result->body != nullptr;
      }
      break;
    case ast::Op::kCount:
      result->op = Op::kCount;
      result->type = Simple(Kind::kInt);
      break;
    default: {
      env.polarity = 0;
      const bool sum = e.op == ast::Op::kSum;
      result->op = sum ? Op::kSum : e.op == ast::Op::kMin ? Op::kMin : Op::kMax;
      if (body == nullptr) {
        ok = false;
        break;
      }
      result->body =
          Infer(*body, env, hint == kNone ? kNone : schema().Present(hint));
      if (result->body == nullptr || !NeedsPresence(*result->body)) {
        ok = false;
        break;
      }
      const TypeId type = result->body->type;
      const Kind kind = KindOf(type);
      if (sum && kind != Kind::kInt && kind != Kind::kDecimal &&
          kind != Kind::kDuration) {
        Error(Code::BL2022, body->span,
              absl::StrCat("`sum` adds numbers and durations, not ",
                           TypeName(type)));
        ok = false;
      } else if (!sum && !IsOrdered(type)) {
        Error(Code::BL2023, body->span,
              absl::StrCat("values of ", TypeName(type), " have no order"));
        ok = false;
      }
      result->type = sum ? type : schema().Optional(type);
    }
  }
  env.facts.resize(facts);
  env.bindings.resize(bindings);
  env.polarity = polarity;
  return ok ? std::move(result) : nullptr;
}

ExprPtr Checker::InferIndex(const ast::Expr& e, Env& env) {
  if (e.asked) {
    Error(Code::BL2053, e.span,
          "`?` after a column stands in row predicates only");
    return nullptr;
  }
  ExprPtr object = Infer(*e.operands[0], env);
  if (object == nullptr) return nullptr;
  if (KindOf(object->type) != Kind::kMap) {
    Error(Code::BL2022, e.operands[0]->span,
          absl::StrCat("`[…]` takes a map, not ", TypeName(object->type)));
    return nullptr;
  }
  ExprPtr key = CheckExpr(*e.operands[1], env, Simple(Kind::kString));
  if (key == nullptr) return nullptr;
  const TypeId type = schema().Optional(schema().type(object->type).element);
  return Make(Op::kMapGet, type, e.span, std::move(object), std::move(key));
}

// --- Text --------------------------------------------------------------------

std::unique_ptr<typed::Text> Checker::CheckText(const ast::Expr& e, Env& env) {
  auto text = std::make_unique<typed::Text>();
  text->literals.emplace_back();
  if (e.kind != ast::ExprKind::kText) {
    text->literals.back() = e.text;
    return text;
  }
  bool ok = true;
  for (const ast::TextPart& part : e.parts) {
    if (part.expr == nullptr) {
      text->literals.back() += part.text;
      continue;
    }
    ExprPtr value = Infer(*part.expr, env);
    if (value == nullptr) {
      ok = false;
      continue;
    }
    TypeId type = value->type;
    while (KindOf(type) == Kind::kSet || KindOf(type) == Kind::kList) {
      type = schema().type(type).element;
    }
    if (KindOf(type) == Kind::kRecord || KindOf(type) == Kind::kMap) {
      Error(Code::BL2058, part.expr->span,
            absl::StrCat("a ", TypeName(value->type), " has no text"),
            "name what shall be printed of it");
      ok = false;
      continue;
    }
    text->exprs.push_back(std::move(value));
    text->literals.emplace_back();
  }
  return ok ? std::move(text) : nullptr;
}

}  // namespace bylaw
