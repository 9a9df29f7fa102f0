// What all declarations share (parser_tree.h): places, names and paths; and
// which declaration is read where.

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

}  // namespace

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

Name TreeBuilder::TypeName(const Context* context) {
  Name name = NameOf(context);
  CheckTypeName(&name);
  return name;
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

Path TreeBuilder::LowerPathOf(P::PathContext* context) {
  Path path = PathOf(context);
  CheckLowerPath(&path);
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
    paths.push_back(LowerPathOf(path));
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
