// Lint of scopes: siblings whose clauses may overlap, policies that never
// apply because their scope governs nothing of their type.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "compiler/checker.h"
#include "compiler/scope_passes.h"

namespace bylaw {
namespace {

// What a condition that is true says of a path: it has one of these values.
using Limits = std::map<std::string, std::vector<const Constant*>>;

// The limits that stand in a conjunction. A term of a tree is met by all that
// is below it.
void CollectLimits(const typed::Expr& e, Limits* limits) {
  if (e.op == typed::Op::kAnd) {
    for (const auto& arg : e.args) CollectLimits(*arg, limits);
    return;
  }
  if (e.op != typed::Op::kEq && e.op != typed::Op::kIn &&
      e.op != typed::Op::kInBelow) {
    return;
  }
  const typed::Expr* path = e.args[0].get();
  const typed::Expr* value = e.args[1].get();
  if (e.op == typed::Op::kEq && path->op == typed::Op::kConstant) {
    std::swap(path, value);
  }
  const std::string text = Checker::PathOf(*path);
  if (text.empty() || value->op != typed::Op::kConstant) return;
  // Of two limits of a path either will do.
  if (limits->contains(text)) return;
  std::vector<const Constant*>& values = (*limits)[text];
  if (e.op == typed::Op::kEq) {
    values.push_back(&value->constant);
  } else {
    for (const Constant& c : value->constant.elements) values.push_back(&c);
  }
}

bool MayBeEqual(const Schema& schema, const Constant& a, const Constant& b) {
  if (a.kind != b.kind) return true;
  if (a.kind == Kind::kTerm) {
    return schema.IsBelow(a.index, b.index) || schema.IsBelow(b.index, a.index);
  }
  return a == b;
}

// Whether two conditions exclude each other for a reason that shows: a path
// that has one value in the one and another in the other.
bool Exclude(const Schema& schema, const typed::Expr& a, const typed::Expr& b) {
  Limits left, right;
  CollectLimits(a, &left);
  CollectLimits(b, &right);
  for (const auto& [path, values] : left) {
    const auto it = right.find(path);
    if (it == right.end()) continue;
    const bool meet =
        std::any_of(values.begin(), values.end(), [&](const Constant* x) {
          return std::any_of(
              it->second.begin(), it->second.end(),
              [&](const Constant* y) { return MayBeEqual(schema, *x, *y); });
        });
    if (!meet) return true;
  }
  return false;
}

// A clause and the siblings that may govern the same.
struct Overlap {
  const typed::Governs* shown = nullptr;
  std::string scope;
  std::set<std::string> others;
};

void LintSiblings(Checker& c) {
  const std::vector<typed::Scope>& scopes = c.program.scopes;
  // By the place where it is shown: whom a clause may meet, each pair once.
  std::map<std::pair<const SourceFile*, uint32_t>, Overlap> overlaps;
  for (size_t j = 1; j < scopes.size(); ++j) {
    for (const typed::Governs& later : scopes[j].governs) {
      for (size_t i = 1; i < j; ++i) {
        if (scopes[i].parent != scopes[j].parent) continue;
        for (const typed::Governs& earlier : scopes[i].governs) {
          if (earlier.entity != later.entity) continue;
          if (earlier.where != nullptr && later.where != nullptr &&
              Exclude(c.schema(), *earlier.where, *later.where)) {
            continue;
          }
          // Shown at the one that stands further down, where both are in
          // one file.
          const bool swapped = earlier.span.file == later.span.file &&
                               earlier.span.begin > later.span.begin;
          const typed::Governs& shown = swapped ? earlier : later;
          Overlap& overlap = overlaps[{shown.span.file, shown.span.begin}];
          overlap.shown = &shown;
          overlap.scope = scopes[swapped ? i : j].name;
          overlap.others.insert(scopes[swapped ? j : i].name);
        }
      }
    }
  }
  for (const auto& [place, overlap] : overlaps) {
    std::string others;
    for (const std::string& other : overlap.others) {
      absl::StrAppend(&others, others.empty() ? "" : ", ", "`", other, "`");
    }
    c.Error(Code::BL4012, overlap.shown->span,
            absl::StrCat("scope `", overlap.scope, "` may govern the same `",
                         c.schema().entities[overlap.shown->entity].name,
                         "` as ", others));
  }
}

void LintUngoverned(Checker& c) {
  if (c.input.incomplete) return;
  for (const typed::Policy& policy : c.program.policies) {
    if (policy.scope == 0 || policy.scope >= c.program.scopes.size()) continue;
    const typed::Scope& scope = c.program.scopes[policy.scope];
    const bool governed =
        std::any_of(scope.governs.begin(), scope.governs.end(),
                    [&policy](const typed::Governs& g) {
                      return g.entity == policy.resource;
                    });
    if (governed || policy.resource == kNone ||
        c.doubts[policy.scope].governs) {
      continue;
    }
    c.Error(Code::BL4018, policy.span,
            absl::StrCat("scope `", scope.name, "` governs no `",
                         c.schema().entities[policy.resource].name,
                         "`, so this policy never applies"));
  }
}

}  // namespace

void LintScopes(Checker& checker) {
  LintSiblings(checker);
  LintUngoverned(checker);
}

}  // namespace bylaw
