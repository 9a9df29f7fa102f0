// Declarations of the schema (parser_tree.h): vocabularies, entities, types,
// actions and obligations; and definitions.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/parser_tree.h"

namespace bylaw::parsing {
namespace {

using ast::Name;
using P = BylawParser;

}  // namespace

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
  Name name = TypeName(context->name());
  vocabulary.name = {{name}, name.span};
  vocabulary.terms = TermsOf(context->terms());
  Keep(context, std::move(vocabulary), &file->vocabularies);
}

void TreeBuilder::AddEntity(P::EntityContext* context, ast::File* file) {
  ast::Entity entity;
  Name name = TypeName(context->name());
  entity.name = {{name}, name.span};
  entity.parents = TypePathsOf(context->paths());
  entity.attributes =
      AttributesOf(context->attributes(),
                   {.defaults = true, .markers = true, .what = "an entity"});
  Keep(context, std::move(entity), &file->entities);
}

void TreeBuilder::AddType(P::TypeDeclContext* context, ast::File* file) {
  Name name = TypeName(context->name());
  if (context->attributes() != nullptr) {
    ast::RecordType record;
    record.name = std::move(name);
    record.attributes = AttributesOf(context->attributes(),
                                     {.defaults = true, .what = "a record"});
    Keep(context, std::move(record), &file->records);
    return;
  }
  ast::UnionType type;
  type.name = std::move(name);
  for (P::PathContext* path : context->path()) {
    type.members.push_back(TypePathOf(path));
  }
  Keep(context, std::move(type), &file->unions);
}

void TreeBuilder::AddExtension(P::ExtensionContext* context, ast::File* file) {
  if (context->VOCABULARY() != nullptr) {
    ast::Vocabulary vocabulary;
    vocabulary.extends = true;
    vocabulary.name = TypePathOf(context->path());
    vocabulary.terms = TermsOf(context->terms());
    Keep(context, std::move(vocabulary), &file->vocabularies);
  } else if (context->ENTITY() != nullptr) {
    ast::Entity entity;
    entity.extends = true;
    entity.name = TypePathOf(context->path());
    entity.attributes =
        AttributesOf(context->attributes(),
                     {.defaults = true, .markers = true, .what = "an entity"});
    Keep(context, std::move(entity), &file->entities);
  } else {
    ast::Action action;
    action.extends = true;
    action.name = LowerPathOf(context->path());
    action.parameters =
        AttributesOf(context->attributes(),
                     {.defaults = true, .includes = true, .what = "an action"});
    Keep(context, std::move(action), &file->actions);
  }
}

void TreeBuilder::AddAction(P::ActionContext* context, ast::File* file) {
  Name name = LowerName(context->name(0));
  if (context->GROUP() != nullptr) {
    ast::ActionGroup group;
    group.name = std::move(name);
    for (P::PathContext* path : context->path()) {
      group.actions.push_back(LowerPathOf(path));
    }
    if (group.actions.empty()) {
      reporter_.Add(Code::BL1043, At(context), "a group needs an action");
    }
    Keep(context, std::move(group), &file->groups);
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
  Keep(context, std::move(action), &file->actions);
}

void TreeBuilder::AddObligation(P::ObligationContext* context,
                                ast::File* file) {
  ast::Obligation obligation;
  obligation.name = LowerName(context->name());
  obligation.parameters =
      AttributesOf(context->attributeList(), {.what = "an obligation"});
  Keep(context, std::move(obligation), &file->obligations);
}

void TreeBuilder::AddDef(P::DefContext* context, ast::File* file) {
  if (context->MASK() != nullptr) {
    ast::MaskDef mask;
    mask.name = LowerName(context->name());
    mask.mask = MaskOf(context->maskUse());
    Keep(context, std::move(mask), &file->masks);
    return;
  }
  ast::Def def;
  def.name = LowerName(context->name());
  def.is_constant = context->LPAREN() == nullptr;
  def.parameters =
      AttributesOf(context->attributeList(), {.what = "a function"});
  def.type = TypeOf(context->type());
  def.value = Expression(context->expr());
  if (def.value != nullptr) Keep(context, std::move(def), &file->defs);
}

}  // namespace bylaw::parsing
