// Lint of what nothing uses: defs, imports, lets. It compares words, not
// meanings: a name that is mentioned anywhere it could be meant is used.
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "compiler/checker.h"
#include "compiler/scope_passes.h"

namespace bylaw {
namespace {

using WordCount = std::map<std::string, int, std::less<>>;

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Counts the words of a text outside of comments; of texts in quotes those in
// `{…}`.
void CountWords(std::string_view text, WordCount* count) {
  char quote = 0;
  int braces = 0;  // open in the quoted text
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const bool quoted = quote != 0 && braces == 0;
    if (quote == 0 && text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
    } else if (quote == 0 && text.compare(i, 2, "/*") == 0) {
      const size_t end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 2;
    } else if (c == '\n') {
      quote = 0;  // texts end on their line
      braces = 0;
      ++i;
    } else if (quote == 0 && (c == '"' || c == '`')) {
      quote = c;
      ++i;
    } else if (quoted && c == '\\' && quote == '"') {
      i += 2;
    } else if (quoted && c == quote) {
      quote = 0;
      ++i;
    } else if (quote == '"' && (c == '{' || c == '}')) {
      braces = std::max(0, braces + (c == '{' ? 1 : -1));
      ++i;
    } else if (IsWordCharacter(c)) {
      size_t end = i;
      while (end < text.size() && IsWordCharacter(text[end])) ++end;
      if (!quoted) ++(*count)[std::string(text.substr(i, end - i))];
      i = end;
    } else {
      ++i;
    }
  }
}

int CountOf(const WordCount& count, const std::string& word) {
  const auto it = count.find(word);
  return it == count.end() ? 0 : it->second;
}

void AddTerms(const std::vector<ast::Term>& terms,
              std::set<std::string>* names) {
  for (const ast::Term& term : terms) {
    names->insert(term.name.text);
    AddTerms(term.children, names);
  }
}

// Everything that a module declares or extends, by bare names.
std::set<std::string> DeclaredBy(const Module& module) {
  std::set<std::string> names;
  const auto add = [&names](const auto& list) {
    for (const auto& each : list) names.insert(each.name.text);
  };
  const auto add_paths = [&names](const auto& list) {
    for (const auto& each : list) {
      if (each.name) names.insert(each.name.parts.back().text);
    }
  };
  for (const ast::File* file : module.files) {
    add_paths(file->vocabularies);
    for (const ast::Vocabulary& v : file->vocabularies) {
      AddTerms(v.terms, &names);
    }
    add_paths(file->entities);
    for (const ast::Entity& entity : file->entities) add(entity.attributes);
    add_paths(file->actions);
    for (const ast::Action& action : file->actions) add(action.parameters);
    add(file->records);
    add(file->unions);
    add(file->groups);
    add(file->obligations);
    add(file->defs);
    add(file->masks);
    add(file->policies);
    add(file->waivers);
  }
  return names;
}

class UnusedLint {
 public:
  explicit UnusedLint(Checker& checker) : c_(checker) {}

  void Check() {
    for (const auto& module : c_.modules) {
      for (const ast::File* file : module->files) {
        CountWords(file->source->text(), &all_);
        for (const ast::Def& def : file->defs) ++declared_[def.name.text];
        for (const ast::MaskDef& mask : file->masks) {
          ++declared_[mask.name.text];
        }
      }
    }
    for (const auto& module : c_.modules) {
      if (module->shipped) continue;
      for (const ast::File* file : module->files) {
        CheckImports(*file, *module);
        for (const ast::Def& def : file->defs) CheckDef(def.name);
        for (const ast::MaskDef& mask : file->masks) CheckDef(mask.name);
        for (const ast::Policy& policy : file->policies) {
          WordCount words;
          CountWords(policy.span.text(), &words);
          CheckLets(policy.rules, words);
        }
      }
    }
  }

 private:
  void CheckDef(const ast::Name& name) {
    if (name.text.empty() || name.text[0] == '_') return;
    if (CountOf(all_, name.text) > declared_[name.text]) return;
    c_.Error(Code::BL4013, name.span,
             absl::StrCat("nothing uses `", name.text, "`"));
  }

  void CheckImports(const ast::File& file, const Module& module) {
    if (file.imports.empty()) return;
    WordCount words;
    CountWords(file.source->text(), &words);
    std::set<std::string> seen;
    for (const ast::Import& import : file.imports) {
      const std::string name = import.module.Text();
      const Module* target = c_.FindModule(name);
      if (target == nullptr || target == &module) continue;
      bool used = false;
      for (const std::string& declared : DeclaredBy(*target)) {
        int mentions = CountOf(words, declared);
        // The import lines themselves name modules, not what they declare.
        for (const ast::Import& line : file.imports) {
          for (const ast::Name& part : line.module.parts) {
            mentions -= part.text == declared ? 1 : 0;
          }
        }
        used = used || mentions > 0;
      }
      if (!seen.insert(name).second) used = false;
      if (used) continue;
      c_.Error(Code::BL4014, import.module.span,
               absl::StrCat("nothing here uses module `", name, "`"));
    }
  }

  void CheckLets(const std::vector<ast::Rule>& rules, const WordCount& words) {
    for (const ast::Rule& rule : rules) {
      if (rule.kind == ast::RuleKind::kLet && !rule.target.text.empty() &&
          rule.target.text[0] != '_' && CountOf(words, rule.target.text) < 2) {
        c_.Error(Code::BL4015, rule.target.span,
                 absl::StrCat("nothing uses `", rule.target.text, "`"));
      }
      CheckLets(rule.body, words);
    }
  }

  Checker& c_;
  WordCount all_;
  std::map<std::string, int> declared_;
};

}  // namespace

void LintUnused(Checker& checker) {
  if (!checker.input.incomplete) UnusedLint(checker).Check();
}

}  // namespace bylaw
