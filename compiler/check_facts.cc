// Narrowing: what conditions say of paths of attributes.
#include <algorithm>

#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::Op;

// Everything on the way to a present value is present.
void AddPresent(const std::string& path, Facts* facts) {
  if (facts == nullptr || path.empty()) return;
  for (size_t dot = path.find('.'); dot != std::string::npos;
       dot = path.find('.', dot + 1)) {
    facts->push_back({path.substr(0, dot), true, {}, {}});
  }
  facts->push_back({path, true, {}, {}});
}

void AddTerms(const std::string& path, std::vector<uint32_t> terms,
              Facts* facts) {
  if (facts == nullptr || path.empty() || terms.empty()) return;
  std::sort(terms.begin(), terms.end());
  facts->push_back({path, true, {}, std::move(terms)});
}

std::vector<uint32_t> TermsOf(const typed::Expr& e) {
  std::vector<uint32_t> terms;
  if (e.op != Op::kConstant) return terms;
  if (e.constant.kind == Kind::kTerm) terms.push_back(e.constant.index);
  if (e.constant.kind == Kind::kSet || e.constant.kind == Kind::kList) {
    for (const Constant& element : e.constant.elements) {
      if (element.kind != Kind::kTerm) return {};
      terms.push_back(element.index);
    }
  }
  return terms;
}

}  // namespace

std::string Checker::PathOf(const typed::Expr& e) {
  switch (e.op) {
    case Op::kLocal:
      return "L" + std::to_string(e.index);
    case Op::kResource:
      return "R";
    case Op::kSubject:
      return "S";
    case Op::kPrevious:
      return "P";
    case Op::kContext:
      return "C";
    case Op::kAttribute:
    case Op::kId:
    case Op::kMajor:
    case Op::kMinor:
    case Op::kPatch: {
      std::string path = PathOf(*e.args[0]);
      if (path.empty() || e.name.empty()) return "";
      path += '.';
      path += e.name;
      return path;
    }
    default:
      return "";
  }
}

// The path, if that it has a value says that what leads to it has one: a
// collection is there, though empty, whatever it is reached through.
std::string Checker::PresentPath(const typed::Expr& e) const {
  return schema().IsCollection(e.type) || KindOf(e.type) == Kind::kMap
             ? ""
             : PathOf(e);
}

TypeId Checker::Narrowed(const std::string& path, TypeId declared,
                         const Env& env) {
  if (path.empty() || declared == kNone || env.facts.empty()) return declared;
  TypeInfo type = schema().type(declared);
  const Kind kind = type.kind;
  if (!type.optional && !(kind == Kind::kEntity && type.entities.size() > 1)) {
    return declared;
  }
  bool changed = false;
  for (const Fact& fact : env.facts) {
    if (fact.path != path) continue;
    if (fact.present && type.optional) {
      type.optional = false;
      changed = true;
    }
    if (!fact.entities.empty() && kind == Kind::kEntity) {
      std::vector<uint32_t> both;
      std::set_intersection(type.entities.begin(), type.entities.end(),
                            fact.entities.begin(), fact.entities.end(),
                            std::back_inserter(both));
      if (!both.empty() && both.size() < type.entities.size()) {
        type.entities = std::move(both);
        changed = true;
      }
    }
  }
  return changed ? schema().Intern(type) : declared;
}

void Checker::FactsOf(const typed::Expr& e, Facts* yes, Facts* no) {
  switch (e.op) {
    case Op::kNot:
      FactsOf(*e.args[0], no, yes);
      return;
    case Op::kIsPresent:
      AddPresent(PresentPath(*e.args[0]), yes);
      return;
    case Op::kIsMissing:
      AddPresent(PresentPath(*e.args[0]), no);
      return;
    case Op::kIsType: {
      const std::string path = PathOf(*e.args[0]);
      if (path.empty()) return;
      AddPresent(path, yes);
      if (yes != nullptr) yes->push_back({path, true, e.entities, {}});
      if (no != nullptr) {
        // What it is, if anything, when it is none of those.
        std::vector<uint32_t> rest;
        const std::vector<uint32_t>& all =
            schema().type(e.args[0]->type).entities;
        std::set_difference(all.begin(), all.end(), e.entities.begin(),
                            e.entities.end(), std::back_inserter(rest));
        const bool present = !IsOptional(e.args[0]->type);
        if (!rest.empty()) no->push_back({path, present, rest, {}});
      }
      return;
    }
    case Op::kEq:
    case Op::kNe: {
      Facts* equal = e.op == Op::kEq ? yes : no;
      for (const size_t i : {size_t{0}, size_t{1}}) {
        const std::string path = PathOf(*e.args[i]);
        AddPresent(PresentPath(*e.args[i]), equal);
        AddTerms(path, TermsOf(*e.args[1 - i]), equal);
      }
      return;
    }
    case Op::kIn:
    case Op::kInBelow: {
      const std::string path = PathOf(*e.args[0]);
      AddPresent(PresentPath(*e.args[0]), yes);
      if (e.op == Op::kIn) AddTerms(path, TermsOf(*e.args[1]), yes);
      return;
    }
    case Op::kAnd:
      for (const typed::ExprPtr& arg : e.args) FactsOf(*arg, yes, nullptr);
      return;
    case Op::kOr:
      for (const typed::ExprPtr& arg : e.args) FactsOf(*arg, nullptr, no);
      return;
    default:
      return;
  }
}

Facts Checker::Common(const Facts& a, const Facts& b) {
  Facts common;
  for (const Fact& x : a) {
    for (const Fact& y : b) {
      if (x.path != y.path) continue;
      Fact both;
      both.path = x.path;
      both.present = x.present && y.present;
      if (!x.entities.empty() && !y.entities.empty()) {
        std::set_union(x.entities.begin(), x.entities.end(), y.entities.begin(),
                       y.entities.end(), std::back_inserter(both.entities));
      }
      if (!x.terms.empty() && !y.terms.empty()) {
        std::set_union(x.terms.begin(), x.terms.end(), y.terms.begin(),
                       y.terms.end(), std::back_inserter(both.terms));
      }
      if (both.present || !both.entities.empty() || !both.terms.empty()) {
        common.push_back(std::move(both));
      }
    }
  }
  return common;
}

}  // namespace bylaw
