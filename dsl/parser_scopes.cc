// Scopes and waivers (parser_tree.h).

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/parser_tree.h"

namespace bylaw::parsing {
namespace {

using ast::Path;
using P = BylawParser;

}  // namespace

void TreeBuilder::AddScope(P::ScopeContext* context, ast::File* file) {
  ast::Scope scope;
  scope.name = LowerName(context->name(0));
  scope.root = context->ROOT() != nullptr;
  if (context->UNDER() != nullptr) scope.parent = LowerName(context->name(1));
  if (!scope.root && !scope.parent) {
    reporter_.Add(Code::BL1024, scope.name.span,
                  "a scope says where it stands: `root` or `under PARENT`");
  }
  std::vector<std::string> seen;
  for (P::ScopeItemContext* item : context->scopeItem()) {
    if (Broken(item)) continue;
    if (item->OWNER() != nullptr) {
      if (Once(&seen, "owner", At(item->OWNER()))) {
        scope.owner = SingleText(item->strings());
      }
    } else if (item->GOVERNS() != nullptr) {
      ast::Governs governs;
      governs.type = TypePathOf(item->path());
      if (item->name() != nullptr) governs.variable = LowerName(item->name());
      if (item->expr() != nullptr) governs.where = Expression(item->expr());
      governs.span = At(item);
      scope.governs.push_back(std::move(governs));
    } else if (item->OVERRIDE() != nullptr) {
      for (Path& path : LowerPathsOf(item->paths())) {
        scope.may_override.push_back(std::move(path));
      }
    } else {
      ast::MayAllow may;
      may.actions = LowerPathsOf(item->paths());
      may.type = TypePathOf(item->path());
      if (item->name() != nullptr) may.variable = LowerName(item->name());
      Clauses clauses = ClausesOf(item->clause(), ClauseSet::kGuards);
      may.when = std::move(clauses.when);
      may.unless = std::move(clauses.unless);
      may.span = At(item);
      scope.may_allow.push_back(std::move(may));
    }
  }
  Keep(context, std::move(scope), &file->scopes);
}

void TreeBuilder::AddWaiver(P::WaiverContext* context, ast::File* file) {
  ast::Waiver waiver;
  waiver.name = LowerName(context->name());
  waiver.policy = LowerPathOf(context->path());
  std::vector<std::string> seen;
  for (P::WaiverItemContext* item : context->waiverItem()) {
    if (Broken(item)) continue;
    const Span word = At(item->start);
    if (!Once(&seen, std::string(word.text()), word)) continue;
    switch (item->start->getType()) {
      case P::ON:
        waiver.type = TypePathOf(item->path());
        if (item->name() != nullptr) waiver.variable = LowerName(item->name());
        if (item->expr() != nullptr) waiver.where = Expression(item->expr());
        break;
      case P::REASON:
        waiver.reason = SingleText(item->strings());
        break;
      case P::TICKET:
        waiver.ticket = SingleText(item->strings());
        break;
      case P::REQUESTED:
        waiver.requested = SingleText(item->strings());
        break;
      case P::APPROVED:
        waiver.approved = SingleText(item->strings());
        break;
      case P::FROM:
        waiver.from = Expression(item->expr());
        break;
      default:
        waiver.until = Expression(item->expr());
        break;
    }
  }
  if (!broken_) {
    std::string missing;
    for (const char* item :
         {"on", "reason", "requested", "approved", "from", "until"}) {
      if (std::find(seen.begin(), seen.end(), item) != seen.end()) continue;
      absl::StrAppend(&missing, missing.empty() ? "`" : ", `", item, "`");
    }
    if (!missing.empty()) {
      reporter_.Add(
          Code::BL1024, waiver.name.span,
          absl::StrCat("waiver `", waiver.name.text, "` lacks ", missing));
    }
  }
  Keep(context, std::move(waiver), &file->waivers);
}

}  // namespace bylaw::parsing
