#include "dsl/parser_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace bylaw::parsing {
namespace {

using ast::Name;
using ast::Path;
using P = BylawParser;

bool StartsUpper(std::string_view text) {
  return !text.empty() &&
         absl::ascii_isupper(static_cast<unsigned char>(text[0]));
}

std::string WithFirst(const std::string& text, bool upper) {
  std::string out = text;
  const auto first = static_cast<unsigned char>(out[0]);
  out[0] = static_cast<char>(upper ? absl::ascii_toupper(first)
                                   : absl::ascii_tolower(first));
  return out;
}

// `level = "x"`, a named argument as other languages write it: the comparison
// as which it was read, or null.
P::ComparisonContext* KeywordArgument(P::ArgumentContext* argument) {
  auto broken = [](const antlr4::ParserRuleContext* context) {
    return context == nullptr || context->exception != nullptr;
  };
  if (broken(argument) || argument->word() != nullptr) return nullptr;
  P::ExprContext* expr = argument->expr();
  if (broken(expr) || broken(expr->disjunction())) return nullptr;
  if (expr->disjunction()->conjunction().size() != 1) return nullptr;
  P::ConjunctionContext* conjunction = expr->disjunction()->conjunction(0);
  if (broken(conjunction) || conjunction->negation().size() != 1) {
    return nullptr;
  }
  P::NegationContext* negation = conjunction->negation(0);
  if (broken(negation) || negation->children.size() != 1) return nullptr;
  P::ComparisonContext* comparison = negation->comparison();
  if (broken(comparison) || broken(comparison->sum()) ||
      comparison->comparisonTail().size() != 1) {
    return nullptr;
  }
  P::ComparisonTailContext* tail = comparison->comparisonTail(0);
  if (broken(tail) || broken(tail->comparisonOp()) || broken(tail->sum()) ||
      tail->comparisonOp()->ASSIGN() == nullptr) {
    return nullptr;
  }
  const P::SumContext* name = comparison->sum();
  const bool word = name->start == name->stop && IsName(name->start->getType());
  return word ? comparison : nullptr;
}

}  // namespace

// ---------------------------------------------------------------------------
// Places and names

Span TreeBuilder::At(const Context* context) const {
  if (context == nullptr || context->start == nullptr) return {};
  const size_t begin = context->start->getStartIndex();
  size_t end = begin;
  if (context->stop != nullptr &&
      context->stop->getTokenIndex() >= context->start->getTokenIndex()) {
    end = context->stop->getStopIndex() + 1;
  }
  return reporter_.At(begin, std::max(begin, end));
}

Span TreeBuilder::At(antlr4::tree::TerminalNode* node) const {
  return reporter_.Of(node->getSymbol());
}

std::string TreeBuilder::Doc(const Context* context) const {
  if (list_ == nullptr || context->start == nullptr) return "";
  auto found = list_->docs.find(context->start->getStartIndex());
  return found == list_->docs.end() ? "" : found->second;
}

Name TreeBuilder::NameOf(const Context* context) const {
  if (context == nullptr || context->start == nullptr) return {};
  const Span span = reporter_.Of(context->start);
  return {std::string(span.text()), span};
}

Name TreeBuilder::LowerName(const Context* context) {
  Name name = NameOf(context);
  CheckLower(&name);
  return name;
}

void TreeBuilder::CheckLower(Name* name) {
  if (!StartsUpper(name->text)) return;
  const std::string meant = WithFirst(name->text, false);
  reporter_.Add(Code::BL1022, name->span,
                absl::StrCat("`", name->text, "` must start lower-case"),
                DidYouMean(meant));
  name->text = meant;
}

void TreeBuilder::CheckLowerPath(Path* path) {
  for (Name& part : path->parts) CheckLower(&part);
}

void TreeBuilder::CheckTypeName(Name* name) {
  if (name->text.empty() || StartsUpper(name->text)) return;
  const bool letter =
      absl::ascii_isalpha(static_cast<unsigned char>(name->text[0]));
  const std::string meant = letter ? WithFirst(name->text, true) : name->text;
  reporter_.Add(Code::BL1021, name->span,
                absl::StrCat("types start upper-case: `", name->text, "`"),
                letter ? DidYouMean(meant) : "");
  name->text = meant;
}

void TreeBuilder::CheckType(Path* path) {
  for (size_t i = 0; i + 1 < path->parts.size(); ++i) {
    CheckLower(&path->parts[i]);
  }
  if (!path->parts.empty()) CheckTypeName(&path->parts.back());
}

Path TreeBuilder::PathOf(P::PathContext* context) {
  Path path;
  if (context == nullptr) return path;
  path.span = At(context);
  if (context->name() != nullptr) {
    path.parts.push_back(NameOf(context->name()));
  }
  for (P::WordContext* word : context->word()) {
    path.parts.push_back(NameOf(word));
  }
  return path;
}

Path TreeBuilder::UpperPathOf(P::UpperPathContext* context) {
  Path path;
  path.span = At(context);
  for (P::NameContext* name : context->name()) {
    path.parts.push_back(LowerName(name));
  }
  if (context->UPPER() != nullptr) {
    const Span last = At(context->UPPER());
    path.parts.push_back({std::string(last.text()), last});
  }
  return path;
}

Path TreeBuilder::TypePathOf(P::PathContext* context) {
  Path path = PathOf(context);
  CheckType(&path);
  return path;
}

std::vector<Path> TreeBuilder::TypePathsOf(P::PathsContext* context) {
  std::vector<Path> paths;
  if (context == nullptr) return paths;
  for (P::PathContext* path : context->path()) {
    paths.push_back(TypePathOf(path));
  }
  return paths;
}

std::vector<Path> TreeBuilder::LowerPathsOf(P::PathsContext* context) {
  std::vector<Path> paths;
  if (context == nullptr) return paths;
  for (P::PathContext* path : context->path()) {
    paths.push_back(PathOf(path));
    CheckLowerPath(&paths.back());
  }
  return paths;
}

bool TreeBuilder::Once(std::vector<std::string>* seen, const std::string& item,
                       Span span) {
  if (std::find(seen->begin(), seen->end(), item) == seen->end()) {
    seen->push_back(item);
    return true;
  }
  reporter_.Add(Code::BL1023, span,
                absl::StrCat("`", item, "` stands here for the second time"));
  return false;
}

// ---------------------------------------------------------------------------
// Schema

ast::TypeRef TreeBuilder::TypeOf(P::TypeContext* context) {
  ast::TypeRef type;
  if (Broken(context)) return type;
  type.span = At(context);
  type.optional = context->QUESTION() != nullptr;
  type.name = TypePathOf(context->path());
  if (context->type() == nullptr) return type;
  const std::string name = type.name.Text();
  if (name == "Set") {
    type.kind = ast::TypeRef::Kind::kSet;
  } else if (name == "List") {
    type.kind = ast::TypeRef::Kind::kList;
  } else if (name == "Map") {
    type.kind = ast::TypeRef::Kind::kMap;
  } else {
    reporter_.Add(Code::BL2006, type.name.span,
                  absl::StrCat("`", name,
                               "` takes no element type: only Set, "
                               "List and Map do"));
    return type;
  }
  type.element = std::make_unique<ast::TypeRef>(TypeOf(context->type()));
  return type;
}

std::vector<ast::Term> TreeBuilder::TermsOf(P::TermsContext* context) {
  std::vector<ast::Term> terms;
  if (context == nullptr) return terms;
  for (P::TermContext* each : context->term()) {
    if (Broken(each) || each->word().empty()) continue;
    ast::Term term;
    term.name = LowerName(each->word(0));
    term.doc = Doc(each);
    term.span = At(each);
    if (each->word().size() > 1) {
      term.place = each->ABOVE() != nullptr ? ast::Term::Place::kAbove
                                            : ast::Term::Place::kBelow;
      term.anchor = NameOf(each->word(1));
    }
    term.children = TermsOf(each->terms());
    terms.push_back(std::move(term));
  }
  return terms;
}

ast::Attribute TreeBuilder::AttributeOf(P::AttributeContext* context,
                                        const AttributeRules& rules) {
  ast::Attribute attribute;
  attribute.name = LowerName(context->word());
  attribute.type = TypeOf(context->type());
  attribute.doc = Doc(context);
  attribute.span = At(context);
  std::vector<std::string> seen;
  for (P::MarkerContext* marker : context->marker()) {
    const antlr4::Token* start = marker->start;
    const std::string word(At(start).text());
    if (Broken(marker) || !Once(&seen, word, At(start))) continue;
    const size_t kind = start->getType();
    const bool fits = kind == P::ASSIGN     ? rules.defaults
                      : kind == P::INCLUDES ? rules.includes
                                            : rules.markers;
    if (!fits) {
      reporter_.Add(Code::BL1047, At(start),
                    absl::StrCat("`", word, "` cannot stand in ", rules.what));
      continue;
    }
    if (kind == P::ASSIGN) {
      attribute.default_value = Expression(marker->expr());
    } else if (kind == P::INCLUDES) {
      attribute.includes = LowerName(marker->name());
    } else if (kind == P::INVERSE) {
      attribute.inverse = LowerName(marker->word());
    } else if (kind == P::TRANSITIVE) {
      attribute.transitive = true;
    } else {
      attribute.asserted = true;
    }
  }
  return attribute;
}

std::vector<ast::Attribute> TreeBuilder::AttributesOf(
    P::AttributeListContext* context, const AttributeRules& rules) {
  std::vector<ast::Attribute> attributes;
  if (context == nullptr) return attributes;
  for (P::AttributeContext* each : context->attribute()) {
    if (!Broken(each)) attributes.push_back(AttributeOf(each, rules));
  }
  return attributes;
}

std::vector<ast::Attribute> TreeBuilder::AttributesOf(
    P::AttributesContext* context, const AttributeRules& rules) {
  return context == nullptr ? std::vector<ast::Attribute>()
                            : AttributesOf(context->attributeList(), rules);
}

void TreeBuilder::AddVocabulary(P::VocabularyContext* context,
                                ast::File* file) {
  ast::Vocabulary vocabulary;
  if (context->ORDERED() != nullptr) {
    vocabulary.kind = ast::Vocabulary::Kind::kOrdered;
  } else if (context->TREE() != nullptr) {
    vocabulary.kind = ast::Vocabulary::Kind::kTree;
  }
  Name name = NameOf(context->name());
  CheckTypeName(&name);
  vocabulary.name = {{name}, name.span};
  vocabulary.terms = TermsOf(context->terms());
  vocabulary.doc = Doc(context);
  vocabulary.span = At(context);
  file->vocabularies.push_back(std::move(vocabulary));
}

void TreeBuilder::AddEntity(P::EntityContext* context, ast::File* file) {
  ast::Entity entity;
  Name name = NameOf(context->name());
  CheckTypeName(&name);
  entity.name = {{name}, name.span};
  entity.parents = TypePathsOf(context->paths());
  entity.attributes =
      AttributesOf(context->attributes(),
                   {.defaults = true, .markers = true, .what = "an entity"});
  entity.doc = Doc(context);
  entity.span = At(context);
  file->entities.push_back(std::move(entity));
}

void TreeBuilder::AddType(P::TypeDeclContext* context, ast::File* file) {
  Name name = NameOf(context->name());
  CheckTypeName(&name);
  if (context->attributes() != nullptr) {
    ast::RecordType record;
    record.name = std::move(name);
    record.attributes = AttributesOf(context->attributes(),
                                     {.defaults = true, .what = "a record"});
    record.doc = Doc(context);
    record.span = At(context);
    file->records.push_back(std::move(record));
    return;
  }
  ast::UnionType type;
  type.name = std::move(name);
  for (P::PathContext* path : context->path()) {
    type.members.push_back(TypePathOf(path));
  }
  type.doc = Doc(context);
  type.span = At(context);
  file->unions.push_back(std::move(type));
}

void TreeBuilder::AddExtension(P::ExtensionContext* context, ast::File* file) {
  if (context->VOCABULARY() != nullptr) {
    ast::Vocabulary vocabulary;
    vocabulary.extends = true;
    vocabulary.name = TypePathOf(context->path());
    vocabulary.terms = TermsOf(context->terms());
    vocabulary.doc = Doc(context);
    vocabulary.span = At(context);
    file->vocabularies.push_back(std::move(vocabulary));
  } else if (context->ENTITY() != nullptr) {
    ast::Entity entity;
    entity.extends = true;
    entity.name = TypePathOf(context->path());
    entity.attributes =
        AttributesOf(context->attributes(),
                     {.defaults = true, .markers = true, .what = "an entity"});
    entity.doc = Doc(context);
    entity.span = At(context);
    file->entities.push_back(std::move(entity));
  } else {
    ast::Action action;
    action.extends = true;
    action.name = PathOf(context->path());
    CheckLowerPath(&action.name);
    action.parameters =
        AttributesOf(context->attributes(),
                     {.defaults = true, .includes = true, .what = "an action"});
    action.doc = Doc(context);
    action.span = At(context);
    file->actions.push_back(std::move(action));
  }
}

void TreeBuilder::AddAction(P::ActionContext* context, ast::File* file) {
  Name name = LowerName(context->name(0));
  if (context->GROUP() != nullptr) {
    ast::ActionGroup group;
    group.name = std::move(name);
    for (P::PathContext* path : context->path()) {
      group.actions.push_back(PathOf(path));
      CheckLowerPath(&group.actions.back());
    }
    if (group.actions.empty()) {
      reporter_.Add(Code::BL1043, At(context), "a group needs an action");
    }
    group.doc = Doc(context);
    group.span = At(context);
    file->groups.push_back(std::move(group));
    return;
  }
  ast::Action action;
  action.gate = context->GATE() != nullptr;
  action.name = {{name}, name.span};
  action.resource = TypePathOf(context->path(0));
  if (context->name().size() > 1) {
    action.resource_name = LowerName(context->name(1));
  }
  if (context->paths() != nullptr) {
    action.subjects = TypePathsOf(context->paths());
  } else {
    reporter_.Add(Code::BL1024, name.span,
                  "an action names the types of its subjects: `by TYPES`");
  }
  if (context->SELECTS() != nullptr) {
    action.selects = PathOf(context->path(1));
    action.selects_by = PathOf(context->path(2));
  }
  action.proposes = context->PROPOSES() != nullptr;
  action.parameters =
      AttributesOf(context->attributes(),
                   {.defaults = true, .includes = true, .what = "an action"});
  action.doc = Doc(context);
  action.span = At(context);
  file->actions.push_back(std::move(action));
}

void TreeBuilder::AddObligation(P::ObligationContext* context,
                                ast::File* file) {
  ast::Obligation obligation;
  obligation.name = LowerName(context->name());
  obligation.parameters =
      AttributesOf(context->attributeList(), {.what = "an obligation"});
  obligation.doc = Doc(context);
  obligation.span = At(context);
  file->obligations.push_back(std::move(obligation));
}

void TreeBuilder::AddDef(P::DefContext* context, ast::File* file) {
  if (context->MASK() != nullptr) {
    ast::MaskDef mask;
    mask.name = LowerName(context->name());
    mask.mask = MaskOf(context->maskUse());
    mask.doc = Doc(context);
    mask.span = At(context);
    file->masks.push_back(std::move(mask));
    return;
  }
  ast::Def def;
  def.name = LowerName(context->name());
  def.is_constant = context->LPAREN() == nullptr;
  def.parameters =
      AttributesOf(context->attributeList(), {.what = "a function"});
  def.type = TypeOf(context->type());
  def.value = Expression(context->expr());
  def.doc = Doc(context);
  def.span = At(context);
  if (def.value != nullptr) file->defs.push_back(std::move(def));
}

ast::MaskUse TreeBuilder::MaskOf(P::MaskUseContext* context) {
  ast::MaskUse mask;
  if (Broken(context)) return mask;
  mask.name = PathOf(context->path());
  CheckLowerPath(&mask.name);
  if (context->arguments() != nullptr) {
    mask.arguments = ArgumentsOf(context->arguments());
  }
  mask.span = At(context);
  return mask;
}

std::vector<ast::Argument> TreeBuilder::ArgumentsOf(
    P::ArgumentsContext* context) {
  std::vector<ast::Argument> arguments;
  if (context == nullptr) return arguments;
  for (P::ArgumentContext* each : context->argument()) {
    ast::Argument argument;
    P::ComparisonContext* named = KeywordArgument(each);
    if (named != nullptr) {
      const auto* assign = named->comparisonTail(0)->comparisonOp()->start;
      argument.name = NameOf(named->sum());
      reporter_.Add(Code::BL1001, At(assign),
                    "`:` stands between an argument's name and its value",
                    DidYouMean(absl::StrCat(argument.name.text, ": …")));
      argument.value = Sum(named->comparisonTail(0)->sum());
      arguments.push_back(std::move(argument));
      continue;
    }
    if (each->word() != nullptr) argument.name = NameOf(each->word());
    argument.value = Broken(each) ? nullptr : Expression(each->expr());
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

// ---------------------------------------------------------------------------
// Scopes and waivers

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
  scope.doc = Doc(context);
  scope.span = At(context);
  file->scopes.push_back(std::move(scope));
}

void TreeBuilder::AddWaiver(P::WaiverContext* context, ast::File* file) {
  ast::Waiver waiver;
  waiver.name = LowerName(context->name());
  waiver.policy = PathOf(context->path());
  CheckLowerPath(&waiver.policy);
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
  waiver.doc = Doc(context);
  waiver.span = At(context);
  file->waivers.push_back(std::move(waiver));
}

// ---------------------------------------------------------------------------
// Policies

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
        clauses.recheck = UnitLiteral(clause->NUMBER_UNIT()->getSymbol());
        if (clauses.recheck->kind == ast::ExprKind::kPeriod) {
          reporter_.Add(Code::BL1015, clauses.recheck->span,
                        "a duration is expected, not a period");
        }
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
      rule.path = PathOf(context->path());
      CheckLowerPath(&rule.path);
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
      policy.overrides = PathOf(head->path());
      CheckLowerPath(&policy.overrides);
    }
    if (!broken) ReadMetadata(head, &policy);
    if (head->head() != nullptr && !Broken(head->head())) {
      policy.head = HeadOf(head->head());
    }
  }
  policy.rules = RulesOf(context->ruleBlock());
  policy.doc = Doc(context);
  policy.span = At(context);
  if (!broken) file->policies.push_back(std::move(policy));
}

// ---------------------------------------------------------------------------
// Tests

std::vector<ast::Field> TreeBuilder::FieldsOf(P::FieldsContext* context) {
  std::vector<ast::Field> fields;
  if (context == nullptr) return fields;
  for (P::FieldContext* each : context->field()) {
    if (Broken(each)) continue;
    ast::Field field = FieldOf(each);
    if (field.value != nullptr) fields.push_back(std::move(field));
  }
  return fields;
}

ast::Field TreeBuilder::FieldOf(P::FieldContext* context) {
  ast::Field field;
  field.span = At(context);
  if (context->string() != nullptr) {
    field.quoted = true;
    const ast::Text key = TextOf(context->string());
    field.key = {key.value, key.span};
  } else {
    field.key = NameOf(context->word());
  }
  field.value = Expression(context->expr());
  return field;
}

ast::Row TreeBuilder::RowOf(P::FieldsContext* context) {
  return {FieldsOf(context), At(context)};
}

ast::ExprPtr TreeBuilder::EntityOf(P::EntityValueContext* context) {
  if (Broken(context) || Broken(context->upperPath())) return nullptr;
  ast::ExprPtr expr = Make(ast::ExprKind::kEntity, At(context));
  expr->path = UpperPathOf(context->upperPath());
  const ast::Text id = TextOf(context->string());
  expr->text = id.value;
  expr->text_span = id.span;
  if (context->fields() != nullptr) {
    expr->has_body = true;
    expr->fields = FieldsOf(context->fields());
  }
  return Finish(std::move(expr));
}

ast::Given TreeBuilder::GivenOf(P::GivenContext* context) {
  ast::Given given;
  given.span = At(context);
  if (context->entityValue() != nullptr) {
    given.entity = EntityOf(context->entityValue());
    return given;
  }
  given.dataset = TextOf(context->string());
  for (P::FieldsContext* row : context->fields()) {
    if (!Broken(row)) given.rows.push_back(RowOf(row));
  }
  return given;
}

ast::TestRequest TreeBuilder::RequestOf(P::TestRequestContext* context) {
  ast::TestRequest request;
  request.span = At(context);
  request.subject = EntityOf(context->entityValue(0));
  request.action = PathOf(context->path());
  CheckLowerPath(&request.action);
  request.resource = EntityOf(context->entityValue(1));
  for (const ast::ExprPtr* entity : {&request.subject, &request.resource}) {
    if (*entity != nullptr && (*entity)->has_body) {
      reporter_.Add(Code::BL1041, (*entity)->span,
                    "the attributes of what a request names stand in a `given` "
                    "or after `proposing`");
    }
  }
  int last = 0;
  for (P::RequestPartContext* part : context->requestPart()) {
    if (Broken(part)) continue;
    const size_t type = part->start->getType();
    const int rank = type == P::PROPOSING ? 1 : type == P::WITH ? 2 : 3;
    if (rank <= last) {
      reporter_.Add(Code::BL1041, At(part->start),
                    rank == last
                        ? absl::StrCat("a second `",
                                       std::string(At(part->start).text()), "`")
                        : "the order is `proposing`, `with`, `at`");
    }
    last = std::max(last, rank);
    if (type == P::PROPOSING) {
      request.proposes = true;
      request.proposing = FieldsOf(part->fields());
    } else if (type == P::WITH) {
      request.context = FieldsOf(part->fields());
    } else {
      request.at = Expression(part->expr());
    }
  }
  return request;
}

ast::Expect TreeBuilder::ExpectOf(P::ExpectationContext* context) {
  using Kind = ast::ExpectKind;
  ast::Expect expect;
  expect.span = At(context);
  const bool negated = context->NOT() != nullptr;
  if (context->path() != nullptr) {
    expect.path = PathOf(context->path());
    CheckLowerPath(&expect.path);
  }
  if (context->string() != nullptr) expect.text = TextOf(context->string());
  if (context->DENY() != nullptr) {
    if (negated) {
      expect.kind = Kind::kNotDenyBy;
    } else if (context->BY() != nullptr) {
      expect.kind = Kind::kDenyBy;
      if (context->strings() != nullptr) {
        expect.text = JoinedText(context->strings());
      }
    } else {
      expect.kind =
          context->NOTHING() != nullptr ? Kind::kDenyNothing : Kind::kDeny;
    }
  } else if (context->REQUIRE() != nullptr) {
    expect.kind = negated ? Kind::kNotRequire : Kind::kRequire;
    expect.has_arguments = context->arguments() != nullptr;
    expect.arguments = ArgumentsOf(context->arguments());
  } else if (context->DELEGATED() != nullptr) {
    expect.kind = Kind::kNotDelegated;
  } else if (context->MASK() != nullptr) {
    expect.kind = Kind::kMask;
    expect.mask = MaskOf(context->maskUse());
  } else if (context->HIDE() != nullptr) {
    expect.kind = Kind::kHide;
  } else if (context->CLEAR() != nullptr) {
    expect.kind = Kind::kClear;
  } else if (context->ROW() != nullptr) {
    expect.kind =
        context->KEPT() != nullptr ? Kind::kRowKept : Kind::kRowDropped;
    expect.row = RowOf(context->fields());
  } else if (context->FILTER() != nullptr) {
    expect.kind = context->NO() != nullptr ? Kind::kNoFilter : Kind::kFilter;
  } else if (context->ADVISORY() != nullptr) {
    expect.kind = Kind::kAdvisory;
  } else if (context->WAIVER() != nullptr) {
    expect.kind = Kind::kWaiver;
  } else if (context->ERROR() != nullptr) {
    expect.kind = Kind::kError;
  } else if (context->KEEP() != nullptr) {
    expect.kind = Kind::kKeep;
    expect.keep = UnitLiteral(context->NUMBER_UNIT()->getSymbol());
    if (expect.keep->kind == ast::ExprKind::kPeriod) {
      reporter_.Add(Code::BL1015, expect.keep->span,
                    "a duration is expected, not a period");
    }
  } else if (context->PERMIT() != nullptr) {
    expect.kind = Kind::kPermit;
  }
  return expect;
}

void TreeBuilder::AddTest(P::TestContext* context, ast::File* file) {
  ast::Test test;
  test.name = TextOf(context->string());
  bool asked = false;
  bool broken = false;
  for (P::TestItemContext* item : context->testItem()) {
    if (Broken(item)) {
      broken = true;
      continue;
    }
    if (item->given() != nullptr) {
      if (asked || !test.expects.empty()) {
        reporter_.Add(Code::BL1041, At(item->start),
                      "`given` comes before `when`");
      }
      test.givens.push_back(GivenOf(item->given()));
    } else if (item->testRequest() != nullptr) {
      if (asked) {
        reporter_.Add(Code::BL1041, At(item->start), "a test has one `when`",
                      "write a second test; module-level `given`s are shared");
      } else if (!test.expects.empty()) {
        reporter_.Add(Code::BL1041, At(item->start),
                      "`when` comes before `expect`");
      }
      asked = true;
      test.request = RequestOf(item->testRequest());
    } else {
      test.expects.push_back(ExpectOf(item->expectation()));
    }
  }
  if (!broken_ && !asked) {
    reporter_.Add(Code::BL1024, test.name.span, "the test lacks its `when`");
  }
  if (!broken_ && asked && test.expects.empty()) {
    reporter_.Add(Code::BL1024, test.name.span, "the test expects nothing");
  }
  test.doc = Doc(context);
  test.span = At(context);
  if (!broken) file->tests.push_back(std::move(test));
}

void TreeBuilder::Add(P::DeclarationContext* context, const TokenList& list,
                      bool broken, ast::File* file) {
  if (context == nullptr) return;
  list_ = &list;
  broken_ = broken;
  too_deep_ = false;
  in_test_ = context->test() != nullptr || context->given() != nullptr;
  if (context->policy() != nullptr) {
    // Its rules are looked at even if its head could not be read.
    if (context->policy()->ruleBlock() != nullptr) {
      AddPolicy(context->policy(), file);
    }
    return;
  }
  if (Broken(context)) return;
  if (context->vocabulary() != nullptr) {
    AddVocabulary(context->vocabulary(), file);
  } else if (context->entity() != nullptr) {
    AddEntity(context->entity(), file);
  } else if (context->typeDecl() != nullptr) {
    AddType(context->typeDecl(), file);
  } else if (context->extension() != nullptr) {
    AddExtension(context->extension(), file);
  } else if (context->action() != nullptr) {
    AddAction(context->action(), file);
  } else if (context->obligation() != nullptr) {
    AddObligation(context->obligation(), file);
  } else if (context->def() != nullptr) {
    AddDef(context->def(), file);
  } else if (context->scope() != nullptr) {
    AddScope(context->scope(), file);
  } else if (context->waiver() != nullptr) {
    AddWaiver(context->waiver(), file);
  } else if (context->test() != nullptr) {
    AddTest(context->test(), file);
  } else if (context->given() != nullptr) {
    ast::Given given = GivenOf(context->given());
    if (given.entity != nullptr || given.dataset) {
      file->givens.push_back(std::move(given));
    }
  }
}

}  // namespace bylaw::parsing
