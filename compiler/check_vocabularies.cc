// Vocabularies of the three kinds, with their extensions, as numbered terms.
#include <algorithm>
#include <map>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

// A term with those below it, by name: siblings without an order of their own
// are numbered by name, so that the order of files changes nothing.
struct TermNode {
  std::map<std::string, TermNode> children;
};

// A vocabulary while it is put together.
struct Draft {
  VocabularyKind kind = VocabularyKind::kPlain;
  TermNode root;                   // plain and tree
  std::vector<std::string> order;  // ordered
  struct Place {
    const ast::Term* term;
  };
  std::vector<Place> places;  // terms of extensions, of ordered ones
};

// Terms of a vocabulary that is not found.
void LoseTerms(Checker& checker, const std::vector<ast::Term>& terms) {
  for (const ast::Term& term : terms) {
    checker.Lose(term.name);
    LoseTerms(checker, term.children);
  }
}

size_t IndexOf(const std::vector<std::string>& order, std::string_view name) {
  return static_cast<size_t>(std::find(order.begin(), order.end(), name) -
                             order.begin());
}

class Builder {
 public:
  explicit Builder(Checker& checker) : checker_(checker) {}

  std::vector<Draft> drafts;  // by vocabulary

  void AddBase(Draft& draft, const ast::Vocabulary& tree) {
    draft.kind = static_cast<VocabularyKind>(tree.kind);
    if (draft.kind == VocabularyKind::kOrdered) {
      for (const ast::Term& term : tree.terms) {
        CheckShape(draft, term);
        if (term.place != ast::Term::Place::kNone) {
          checker_.Error(Code::BL2040, term.name.span,
                         "`above` and `below` stand in extensions; here the "
                         "order is the order of the list");
        }
        if (IndexOf(draft.order, term.name.text) < draft.order.size()) {
          Duplicate(term);
        } else {
          draft.order.push_back(term.name.text);
        }
      }
      return;
    }
    AddTree(draft, draft.root, tree.terms, false);
  }

  void Extend(Draft& draft, const ast::Vocabulary& tree) {
    if (draft.kind == VocabularyKind::kOrdered) {
      for (const ast::Term& term : tree.terms) {
        CheckShape(draft, term);
        draft.places.push_back({&term});
      }
      return;
    }
    // A term may be named again at its own place.
    AddTree(draft, draft.root, tree.terms, true);
  }

  // Puts the new terms of an ordered vocabulary to their places.
  void Order(Draft& draft) {
    std::vector<const ast::Term*> left;
    for (const Draft::Place& place : draft.places) left.push_back(place.term);
    std::stable_sort(left.begin(), left.end(),
                     [](const ast::Term* a, const ast::Term* b) {
                       return a->name.text < b->name.text;
                     });
    for (bool moved = true; moved;) {
      moved = false;
      for (const ast::Term*& term : left) {
        if (term == nullptr || term->place == ast::Term::Place::kNone) continue;
        if (IndexOf(draft.order, term->name.text) < draft.order.size()) {
          continue;
        }
        const size_t anchor = IndexOf(draft.order, term->anchor.text);
        if (anchor == draft.order.size()) continue;
        const bool above = term->place == ast::Term::Place::kAbove;
        draft.order.insert(
            draft.order.begin() + static_cast<ptrdiff_t>(anchor + above),
            term->name.text);
        moved = true;
      }
    }
    for (const ast::Term* term : left) {
      const size_t at = IndexOf(draft.order, term->name.text);
      if (term->place == ast::Term::Place::kNone) {
        if (at == draft.order.size()) {
          checker_.Error(
              Code::BL2040, term->name.span,
              absl::StrCat("where does `", term->name.text,
                           "` stand in the order?"),
              absl::StrCat("write `", term->name.text, " above …` or `",
                           term->name.text, " below …`"));
        }
        continue;
      }
      const size_t anchor = IndexOf(draft.order, term->anchor.text);
      if (anchor == draft.order.size()) {
        checker_.Error(
            Code::BL2007, term->anchor.span,
            absl::StrCat("no term `", term->anchor.text, "` to stand beside"),
            SuggestFrom(term->anchor.text, draft.order));
        continue;
      }
      const bool above = term->place == ast::Term::Place::kAbove;
      if (at == anchor || (at > anchor) != above) {
        checker_.Error(Code::BL2040, term->name.span,
                       absl::StrCat("`", term->name.text, "` does not stand ",
                                    above ? "above `" : "below `",
                                    term->anchor.text, "`"));
      }
    }
  }

  void Number(uint32_t index, Draft& draft) {
    Schema& schema = checker_.schema();
    Vocabulary& vocabulary = schema.vocabularies[index];
    vocabulary.kind = draft.kind;
    vocabulary.first_term = static_cast<uint32_t>(schema.terms.size());
    if (draft.kind == VocabularyKind::kOrdered) {
      for (const std::string& name : draft.order) {
        const auto number = static_cast<uint32_t>(schema.terms.size());
        schema.terms.push_back({index, name, number + 1, kNone});
      }
    } else {
      NumberTree(index, draft.root, "", kNone);
    }
    vocabulary.num_terms =
        static_cast<uint32_t>(schema.terms.size()) - vocabulary.first_term;
  }

 private:
  void Duplicate(const ast::Term& term) {
    checker_.Error(Code::BL2003, term.name.span,
                   absl::StrCat("term `", term.name.text, "` is named twice"));
  }

  void CheckShape(const Draft& draft, const ast::Term& term) {
    if (!term.children.empty() && draft.kind != VocabularyKind::kTree) {
      checker_.Error(Code::BL2040, term.children.front().name.span,
                     "only a vocabulary declared `tree` has terms below terms");
    }
    if (term.place != ast::Term::Place::kNone &&
        draft.kind != VocabularyKind::kOrdered) {
      checker_.Error(Code::BL2040, term.anchor.span,
                     "only a vocabulary declared `ordered` has terms above "
                     "and below each other");
    }
  }

  // Recursion is bounded by the nesting that the parser admits.
  void AddTree(Draft& draft, TermNode& node,
               const std::vector<ast::Term>& terms, bool again) {
    absl::flat_hash_set<std::string> seen;
    for (const ast::Term& term : terms) {
      CheckShape(draft, term);
      if (!seen.insert(term.name.text).second && !again) Duplicate(term);
    }
    for (const ast::Term& term : terms) {
      TermNode& child = node.children[term.name.text];
      if (draft.kind == VocabularyKind::kTree) {
        AddTree(draft, child, term.children, again);
      }
    }
  }

  void NumberTree(uint32_t vocabulary, const TermNode& node,
                  const std::string& prefix, uint32_t parent) {
    Schema& schema = checker_.schema();
    for (const auto& [name, child] : node.children) {
      const auto number = static_cast<uint32_t>(schema.terms.size());
      const std::string path = prefix.empty() ? name : prefix + "." + name;
      schema.terms.push_back({vocabulary, path, number + 1, parent});
      NumberTree(vocabulary, child, path, number);
      schema.terms[number].end = static_cast<uint32_t>(schema.terms.size());
    }
  }

  Checker& checker_;
};

}  // namespace

void Checker::DeclareLanguage() {
  const auto add = [&](const char* name, VocabularyKind kind,
                       std::initializer_list<const char*> terms) {
    const auto index = static_cast<uint32_t>(schema().vocabularies.size());
    Vocabulary vocabulary;
    vocabulary.name = name;
    vocabulary.kind = kind;
    vocabulary.first_term = static_cast<uint32_t>(schema().terms.size());
    vocabulary.num_terms = static_cast<uint32_t>(terms.size());
    schema().vocabularies.push_back(vocabulary);
    for (const char* term : terms) {
      const auto number = static_cast<uint32_t>(schema().terms.size());
      schema().terms.push_back({index, term, number + 1, kNone});
      term_index_[{index, term}] = number;
    }
    TypeSymbol symbol;
    symbol.kind = TypeSymbol::Kind::kVocabulary;
    symbol.index = index;
    language_.types[name] = symbol;
    type_names_.insert(name);
    return index;
  };
  schema().column_type_vocabulary =
      add("ColumnType", VocabularyKind::kPlain,
          {"bool", "int", "decimal", "string", "date", "time", "ip", "duration",
           "version", "object", "array"});
  schema().weekday_vocabulary =
      add("Weekday", VocabularyKind::kOrdered,
          {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
           "sunday"});
}

void Checker::DeclareVocabularies() {
  DeclareLanguage();
  Builder builder(*this);
  builder.drafts.resize(schema().vocabularies.size());
  const auto first = static_cast<uint32_t>(schema().vocabularies.size());
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Vocabulary& tree : file->vocabularies) {
        if (tree.extends || tree.name.parts.empty()) continue;
        const ast::Name& name = tree.name.parts.front();
        RootDeclares(*module, name.span, "vocabulary");
        if (!IsNewType(*module, name, true)) continue;
        TypeSymbol symbol;
        symbol.kind = TypeSymbol::Kind::kVocabulary;
        symbol.index = static_cast<uint32_t>(schema().vocabularies.size());
        symbol.span = name.span;
        module->types[name.text] = symbol;
        Vocabulary vocabulary;
        vocabulary.name = name.text;
        schema().vocabularies.push_back(vocabulary);
        builder.AddBase(builder.drafts.emplace_back(), tree);
      }
    }
  }
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Vocabulary& tree : file->vocabularies) {
        if (!tree.extends || tree.name.parts.empty()) continue;
        RootDeclares(*module, tree.name.span, "extension");
        const auto found =
            LookUp(*this, *module, tree.name.parts, &Module::types);
        if (found.value == nullptr ||
            found.value->kind != TypeSymbol::Kind::kVocabulary) {
          std::vector<std::string> names;
          for (const Vocabulary& v : schema().vocabularies) {
            names.push_back(v.name);
          }
          UnknownName(Code::BL2006, tree.name.span,
                      absl::StrCat("no vocabulary `", tree.name.Text(), "`"),
                      SuggestFrom(tree.name.Text(), names));
          LoseTerms(*this, tree.terms);
          continue;
        }
        if (found.value->index < first) {
          Error(Code::BL2040, tree.name.span,
                absl::StrCat("`", tree.name.Text(),
                             "` belongs to the language and is closed"));
          continue;
        }
        builder.Extend(builder.drafts[found.value->index], tree);
      }
    }
  }
  for (uint32_t v = first; v < schema().vocabularies.size(); ++v) {
    if (builder.drafts[v].kind == VocabularyKind::kOrdered) {
      builder.Order(builder.drafts[v]);
    }
    builder.Number(v, builder.drafts[v]);
    const Vocabulary& vocabulary = schema().vocabularies[v];
    for (uint32_t t = vocabulary.first_term;
         t < vocabulary.first_term + vocabulary.num_terms; ++t) {
      const Term& term = schema().terms[t];
      term_index_[{v, term.path}] = t;
      term_paths_[term.path].push_back(t);
      if (term.parent == kNone) term_names.try_emplace(term.path, v);
    }
  }
}

uint32_t Checker::FindTerm(uint32_t vocabulary, const std::string& path) const {
  const auto it = term_index_.find({vocabulary, path});
  return it == term_index_.end() ? kNone : it->second;
}

}  // namespace bylaw
