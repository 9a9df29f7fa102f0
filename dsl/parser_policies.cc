// Policies, their rules and the clauses of rules (parser_tree.h).

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/parser_tree.h"

namespace bylaw::parsing {
namespace {

using ast::Name;
using P = BylawParser;

}  // namespace

TreeBuilder::Clauses TreeBuilder::ClausesOf(
    const std::vector<P::ClauseContext*>& contexts, ClauseSet set) {
  // The order in which clauses stand.
  auto rank = [](size_t type) {
    switch (type) {
      case P::WITH:
        return 0;
      case P::WHEN:
        return 1;
      case P::UNLESS:
        return 2;
      case P::BECAUSE:
        return 3;
      case P::HELP:
        return 4;
      default:
        return 5;  // recheck
    }
  };
  Clauses clauses;
  size_t last = 0;
  bool any = false;
  std::vector<size_t> seen;
  for (P::ClauseContext* clause : contexts) {
    if (Broken(clause)) continue;
    const size_t type = clause->start->getType();
    const std::string word(At(clause->start).text());
    const bool guard = type == P::WHEN || type == P::UNLESS;
    const bool text = type == P::BECAUSE || type == P::HELP;
    const bool fits = guard || (text && set == ClauseSet::kDeny) ||
                      (type == P::RECHECK && set == ClauseSet::kAllow) ||
                      (type == P::WITH && set == ClauseSet::kMask);
    if (!fits) {
      reporter_.Add(Code::BL1001, At(clause->start),
                    absl::StrCat("`", word, "` belongs to ",
                                 text                 ? "`deny`"
                                 : type == P::RECHECK ? "`allow`"
                                                      : "`mask`",
                                 " only"));
    } else if (std::find(seen.begin(), seen.end(), type) != seen.end()) {
      reporter_.Add(guard ? Code::BL1016 : Code::BL1023, At(clause->start),
                    absl::StrCat("a second `", word, "`"),
                    guard ? "join conditions with `and`" : "");
    } else if (any && rank(type) < rank(last)) {
      if (type == P::WITH) {
        reporter_.Add(Code::BL1044, At(clause->start),
                      "`with` comes before the guard",
                      "write `mask COLUMN with MASK when …`");
      } else if (guard && (last == P::WHEN || last == P::UNLESS)) {
        reporter_.Add(Code::BL1016, At(clause->start),
                      "`when` comes before `unless`");
      } else if (last == P::RECHECK) {
        reporter_.Add(Code::BL1016, At(clause->start),
                      absl::StrCat("`", word, "` comes before `recheck`"));
      } else if (guard) {
        reporter_.Add(Code::BL1017, At(clause->start),
                      absl::StrCat("`", word, "` comes before `because`"),
                      "write `deny when … because \"…\"`");
      } else {
        reporter_.Add(Code::BL1016, At(clause->start),
                      "`because` comes before `help`");
      }
    } else {
      last = type;
      any = true;
    }
    seen.push_back(type);
    switch (type) {
      case P::WHEN:
        clauses.when = Expression(clause->expr());
        break;
      case P::UNLESS:
        clauses.unless = Expression(clause->expr());
        break;
      case P::BECAUSE:
        clauses.because = InterpolatedText(clause->strings());
        break;
      case P::HELP:
        clauses.help = InterpolatedText(clause->strings());
        break;
      case P::RECHECK:
        clauses.recheck = DurationOf(clause->NUMBER_UNIT());
        break;
      default:
        clauses.has_mask = true;
        clauses.mask = MaskOf(clause->maskUse());
        break;
    }
  }
  return clauses;
}

void TreeBuilder::ReadMetadata(P::PolicyHeadContext* context,
                               ast::Policy* policy) {
  std::vector<std::string> seen;
  bool broken = false;
  for (P::MetadataContext* item : context->metadata()) {
    if (Broken(item)) {
      broken = true;
      continue;
    }
    const Span word = At(item->start);
    const size_t type = item->start->getType();
    if (type != P::CONTROL && !Once(&seen, std::string(word.text()), word)) {
      continue;
    }
    switch (type) {
      case P::TITLE:
        policy->title = JoinedText(item->strings());
        break;
      case P::OWNER:
        policy->owner = JoinedText(item->strings());
        break;
      case P::CONTROL:
        policy->controls.push_back(JoinedText(item->strings()));
        break;
      case P::HELP:
        policy->help = JoinedText(item->strings());
        break;
      default: {
        using Severity = ast::Policy::Severity;
        policy->severity_word = NameOf(item->word());
        const std::string& level = policy->severity_word.text;
        if (level == "low") {
          policy->severity = Severity::kLow;
        } else if (level == "medium") {
          policy->severity = Severity::kMedium;
        } else if (level == "high") {
          policy->severity = Severity::kHigh;
        } else if (level == "critical") {
          policy->severity = Severity::kCritical;
        } else {
          auto near = NearestOf(level, {"low", "medium", "high", "critical"});
          reporter_.Add(Code::BL1025, policy->severity_word.span,
                        absl::StrCat("`", level,
                                     "` is no severity: low, medium, high or "
                                     "critical"),
                        near ? DidYouMean(*near) : "");
        }
        break;
      }
    }
  }
  if (broken) return;
  for (const char* item : {"title", "owner"}) {
    if (std::find(seen.begin(), seen.end(), item) == seen.end()) {
      reporter_.Add(
          Code::BL1024, policy->name.span,
          absl::StrCat("policy `", policy->name.text, "` lacks its ", item));
    }
  }
}

ast::Head TreeBuilder::HeadOf(P::HeadContext* context) {
  ast::Head head;
  head.span = At(context);
  head.actions = LowerPathsOf(context->paths(0));
  head.resource = TypePathOf(context->path());
  // `as` names: whether the first belongs to the resource or to the subject
  // shows in their order with `by`.
  const antlr4::tree::TerminalNode* by = context->BY();
  size_t name = 0;
  bool after_by = false;
  for (antlr4::tree::ParseTree* child : context->children) {
    if (child == by && by != nullptr) after_by = true;
    if (dynamic_cast<P::NameContext*>(child) == nullptr) continue;
    Name variable = LowerName(context->name(name++));
    (after_by ? head.subject_name : head.resource_name) = std::move(variable);
  }
  if (by != nullptr) head.subjects = TypePathsOf(context->paths(1));
  Clauses clauses = ClausesOf(context->clause(), ClauseSet::kGuards);
  head.when = std::move(clauses.when);
  head.unless = std::move(clauses.unless);
  return head;
}

ast::Generator TreeBuilder::GeneratorOf(P::GeneratorContext* context) {
  ast::Generator generator;
  generator.span = At(context);
  generator.variable = LowerName(context->name());
  generator.collection = Expression(context->expr(0));
  if (context->WHERE() != nullptr) {
    generator.where = Expression(context->expr(1));
  }
  return generator;
}

std::vector<ast::Rule> TreeBuilder::RulesOf(P::RuleBlockContext* context) {
  std::vector<ast::Rule> rules;
  if (context == nullptr) return rules;
  for (P::Rule_Context* each : context->rule_()) {
    if (!Broken(each)) rules.push_back(RuleOf(each));
  }
  return rules;
}

ast::Rule TreeBuilder::RuleOf(P::Rule_Context* context) {
  using ast::RuleKind;
  ast::Rule rule;
  rule.span = At(context);
  rule.keyword_span = At(context->start);
  ClauseSet set = ClauseSet::kGuards;
  switch (context->start->getType()) {
    case P::ALLOW:
      rule.kind = RuleKind::kAllow;
      set = ClauseSet::kAllow;
      break;
    case P::DENY:
      rule.kind = RuleKind::kDeny;
      set = ClauseSet::kDeny;
      break;
    case P::MASK:
      rule.kind = RuleKind::kMask;
      rule.target = LowerName(context->name());
      set = ClauseSet::kMask;
      break;
    case P::HIDE:
      rule.kind = RuleKind::kHide;
      rule.target = LowerName(context->name());
      break;
    case P::KEEP:
    case P::DROP:
      rule.kind = context->KEEP() != nullptr ? RuleKind::kKeepRows
                                             : RuleKind::kDropRows;
      rule.keyword_span = rule.keyword_span.To(At(context->ROWS()));
      rule.target = LowerName(context->name());
      rule.value = Expression(context->expr());
      break;
    case P::REQUIRE:
      rule.kind = RuleKind::kRequire;
      rule.path = LowerPathOf(context->path());
      rule.arguments = ArgumentsOf(context->arguments());
      break;
    case P::LET:
      rule.kind = RuleKind::kLet;
      rule.target = LowerName(context->name());
      rule.value = Expression(context->expr());
      return rule;
    case P::FOR:
      rule.kind = RuleKind::kFor;
      if (!Broken(context->forHead())) {
        for (P::GeneratorContext* each : context->forHead()->generator()) {
          if (!Broken(each)) rule.generators.push_back(GeneratorOf(each));
        }
      }
      rule.body = RulesOf(context->ruleBlock());
      return rule;
    default:
      rule.kind = RuleKind::kFirst;
      rule.body = RulesOf(context->ruleBlock());
      CheckFirst(rule);
      return rule;
  }
  Clauses clauses = ClausesOf(context->clause(), set);
  rule.when = std::move(clauses.when);
  rule.unless = std::move(clauses.unless);
  rule.because = std::move(clauses.because);
  rule.help = std::move(clauses.help);
  rule.recheck = std::move(clauses.recheck);
  rule.mask = std::move(clauses.mask);
  // What follows a rule and belongs to none was reported; the rest of the rule
  // may be behind it.
  const size_t next = list_->TypeAt(context->stop->getTokenIndex() + 1);
  if (!BeginsRule(next) && next != P::RBRACE) return rule;
  // A text that is not closed takes the rest of its line with it.
  if (reporter_.HasLexicalErrorOn(At(context->stop).line())) return rule;
  if (rule.kind == RuleKind::kDeny && rule.because == nullptr) {
    reporter_.Add(Code::BL1042, rule.keyword_span,
                  "a `deny` says why: `because \"…\"`");
  }
  if (rule.kind == RuleKind::kMask && !clauses.has_mask) {
    reporter_.Add(Code::BL1024, rule.keyword_span.To(rule.target.span),
                  "a mask rule says how: `with MASK`");
  }
  return rule;
}

// That its rules are of one kind and about one thing is the checker's to say.
void TreeBuilder::CheckFirst(const ast::Rule& first) {
  using ast::RuleKind;
  for (const ast::Rule& rule : first.body) {
    if (rule.kind == RuleKind::kLet || rule.kind == RuleKind::kFor ||
        rule.kind == RuleKind::kFirst) {
      reporter_.Add(Code::BL1040, rule.keyword_span,
                    absl::StrCat("`", ast::RuleKindText(rule.kind),
                                 "` cannot stand in `first`"));
    }
  }
}

void TreeBuilder::AddPolicy(P::PolicyContext* context, ast::File* file) {
  ast::Policy policy;
  P::PolicyHeadContext* head = context->policyHead();
  const bool broken = Broken(head);
  if (head != nullptr) {
    policy.name = LowerName(head->name());
    if (head->path() != nullptr) {
      policy.overrides = LowerPathOf(head->path());
    }
    if (!broken) ReadMetadata(head, &policy);
    if (head->head() != nullptr && !Broken(head->head())) {
      policy.head = HeadOf(head->head());
    }
  }
  policy.rules = RulesOf(context->ruleBlock());
  if (!broken) Keep(context, std::move(policy), &file->policies);
}

ast::MaskUse TreeBuilder::MaskOf(P::MaskUseContext* context) {
  ast::MaskUse mask;
  if (Broken(context)) return mask;
  mask.name = LowerPathOf(context->path());
  if (context->arguments() != nullptr) {
    mask.arguments = ArgumentsOf(context->arguments());
  }
  mask.span = At(context);
  return mask;
}

}  // namespace bylaw::parsing
