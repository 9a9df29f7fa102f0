// Modules, imports and the names they declare; resolving names to what they
// stand for.
#include <algorithm>
#include <map>

#include "compiler/check_graph.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

constexpr char kStandardModule[] = "mesh";

std::string NotImported(const Module& module) {
  return absl::StrCat("module `", module.name, "` is not imported here");
}

std::string Ambiguous(std::string_view name, const Module& a, const Module& b) {
  return absl::StrCat("`", std::string(name), "` is declared in `", a.name,
                      "` and in `", b.name, "`");
}

std::string Qualify(std::string_view name, const Module& module) {
  return absl::StrCat("write `", module.name, ".", std::string(name), "`");
}

// What stands at a span, after the last dot.
std::string_view LastWord(const Span& span) {
  const std::string_view text = span.text();
  return text.substr(text.find_last_of('.') + 1);
}

void SortByName(std::vector<const Module*>* modules) {
  std::sort(modules->begin(), modules->end(),
            [](const Module* a, const Module* b) { return a->name < b->name; });
}

}  // namespace

Checker::Checker(const CheckInput& check_input, DiagnosticSink& check_sink)
    : input(check_input), sink(check_sink) {}

void Checker::Error(Code code, const Span& span, std::string message,
                    std::string suggestion) {
  if (quiet) return;
  sink.Add(code, span, std::move(message), std::move(suggestion));
}

void Checker::UnknownName(Code code, const Span& span, std::string message,
                          std::string suggestion) {
  if (input.incomplete || MayBeDeclaredAt(span) || IsLost(code, span)) return;
  Error(code, span, std::move(message), std::move(suggestion));
}

bool Checker::IsLost(Code code, const Span& span) const {
  if (lost_words_.contains(std::string(LastWord(span)))) return true;
  if (!lacking_imports_.contains(span.file)) return false;
  switch (code) {
    case Code::BL2004:
    case Code::BL2006:
    case Code::BL2008:
    case Code::BL2009:
    case Code::BL2011:
    case Code::BL2012:
      return true;  // what an import may bring
    default:
      return false;
  }
}

bool Checker::IsBroken(const SourceFile* file) const {
  return std::any_of(
      input.broken.begin(), input.broken.end(),
      [file](const ast::File* broken) { return broken->source == file; });
}

bool Checker::IsBroken(const Module& module) const {
  return std::any_of(
      module.files.begin(), module.files.end(),
      [this](const ast::File* file) { return IsBroken(file->source); });
}

bool Checker::MayBeDeclaredAt(const Span& span) {
  if (input.broken.empty() || quiet) return false;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
  };
  if (broken_words_.empty()) {
    for (const ast::File* file : input.broken) {
      const std::string& text = file->source->text();
      for (size_t at = 0; at < text.size();) {
        size_t end = at;
        while (end < text.size() && is_word(text[end])) ++end;
        if (end > at) {
          broken_words_[text.substr(at, end - at)].emplace_back(
              file->source, static_cast<uint32_t>(at));
        }
        at = end == at ? at + 1 : end;
      }
    }
  }
  const auto it = broken_words_.find(std::string(LastWord(span)));
  if (it == broken_words_.end()) return false;
  for (const auto& [file, offset] : it->second) {
    if (file != span.file || offset < span.begin || offset >= span.end) {
      return true;
    }
  }
  return false;
}

void Checker::Lint(Code code, const Env& env, const Span& span,
                   std::string message, std::string suggestion) {
  if (quiet || (env.module != nullptr && env.module->shipped)) return;
  sink.Add(code, span, std::move(message), std::move(suggestion));
}

void Checker::CollectModules() {
  std::map<std::string, std::unique_ptr<Module>> by_name;
  for (const CheckFile& file : input.files) {
    const std::string name = file.tree->module.Text();
    if (name == kStandardModule && !file.shipped) {
      Error(Code::BL2061, file.tree->module.span,
            "`mesh` is the standard module",
            "extend it in a module of the root scope");
      continue;
    }
    std::unique_ptr<Module>& module = by_name[name];
    if (module == nullptr) {
      module = std::make_unique<Module>();
      module->name = name;
      module->scope = file.scope;
      module->shipped = file.shipped;
    }
    module->files.push_back(file.tree);
  }
  for (auto& [name, module] : by_name) {
    module_by_name_[name] = module.get();
    modules.push_back(std::move(module));
  }
  // What ships comes first: where names clash the author's is at fault.
  const auto rank = [](const std::unique_ptr<Module>& m) {
    return m->name == kStandardModule ? 0 : m->shipped ? 1 : 2;
  };
  std::stable_sort(
      modules.begin(), modules.end(),
      [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  Guesses guesses;
  ResolveImports(&guesses);
  ReportImportCycles();
  for (const auto& [module, guess] : guesses) {
    if (guess == module || !module->imported.insert(guess).second) continue;
    module->imports.push_back(guess);
    SortByName(&module->imports);
  }
  // What the language itself declares can be used everywhere.
  language_.name = "language";
  language_.shipped = true;
  for (const std::unique_ptr<Module>& module : modules) {
    module->imports.push_back(&language_);
  }
  for (const CheckFile& file : input.files) {
    program.files.push_back(file.tree->source);
  }
}

void Checker::ResolveImports(Guesses* guesses) {
  const auto standard = module_by_name_.find(kStandardModule);
  for (const std::unique_ptr<Module>& module : modules) {
    bool lacks = false;
    std::vector<const Module*>& imports = module->imports;
    for (const ast::File* file : module->files) {
      for (const ast::Import& import : file->imports) {
        const std::string name = import.module.Text();
        if (name.empty()) continue;
        const Module* target = FindModule(name);
        if (target == nullptr) {
          std::vector<std::string> names;
          for (const auto& m : modules) names.push_back(m->name);
          const std::optional<std::string> guess = NearestOf(name, names);
          UnknownName(Code::BL2001, import.module.span,
                      absl::StrCat("no module is named `", name, "`"),
                      guess.has_value() ? DidYouMean(*guess) : "");
          if (guess.has_value()) {
            guesses->emplace_back(module.get(), FindModule(*guess));
          } else {
            lacks = true;
          }
          continue;
        }
        if (!IsScopeWithin(module->scope, target->scope)) {
          Error(Code::BL3091, import.module.span,
                absl::StrCat("module `", name, "` belongs to scope `",
                             input.scopes[target->scope].name,
                             "`, which is not above this one"));
          continue;
        }
        if (module->imported.insert(target).second) imports.push_back(target);
      }
    }
    if (standard != module_by_name_.end() && standard->second != module.get() &&
        module->imported.insert(standard->second).second) {
      imports.push_back(standard->second);
    }
    SortByName(&imports);
    if (!lacks) continue;
    for (const ast::File* file : module->files) {
      lacking_imports_.insert(file->source);
    }
  }
}

void Checker::ReportImportCycles() {
  absl::flat_hash_map<const Module*, uint32_t> numbers;
  for (size_t i = 0; i < modules.size(); ++i) {
    numbers[modules[i].get()] = static_cast<uint32_t>(i);
  }
  std::vector<std::vector<uint32_t>> edges(modules.size());
  for (size_t i = 0; i < modules.size(); ++i) {
    for (const Module* import : modules[i]->imports) {
      edges[i].push_back(numbers[import]);
    }
  }
  const std::vector<bool> cyclic = OnCycle(edges);
  for (size_t i = 0; i < modules.size(); ++i) {
    if (!cyclic[i]) continue;
    for (const ast::File* file : modules[i]->files) {
      for (const ast::Import& import : file->imports) {
        const Module* target = FindModule(import.module.Text());
        if (target == nullptr || !cyclic[numbers[target]]) continue;
        Error(Code::BL2002, import.module.span,
              target == modules[i].get()
                  ? absl::StrCat("module `", target->name, "` imports itself")
                  : absl::StrCat("`", modules[i]->name, "` and `", target->name,
                                 "` import each other, directly or through "
                                 "other modules"));
      }
    }
  }
}

const Module* Checker::FindModule(std::string_view name) const {
  const auto it =
      module_by_name_.find(absl::string_view(name.data(), name.size()));
  return it == module_by_name_.end() ? nullptr : it->second;
}

bool Checker::IsImported(const Module& from, const Module& module) const {
  return from.imported.contains(&module);
}

bool Checker::IsScopeWithin(uint32_t a, uint32_t b) const {
  // A cycle of parents is an error that is reported elsewhere.
  for (size_t steps = 0; steps <= input.scopes.size(); ++steps) {
    if (a == b || b == 0) return true;
    if (a == 0 || a >= input.scopes.size()) return false;
    if (input.scopes[a].adrift) return true;  // it may be
    a = input.scopes[a].parent == kNone ? 0 : input.scopes[a].parent;
  }
  return false;
}

// --- Names of declared things ------------------------------------------------

const TypeSymbol* Checker::ResolveTypeName(const Module& from,
                                           const ast::Path& path) {
  if (path.parts.empty()) return nullptr;
  const auto found = LookUp(*this, from, path.parts, &Module::types);
  if (found.other != nullptr) {
    Error(Code::BL2014, path.span,
          Ambiguous(path.Text(), *found.module, *found.other),
          Qualify(path.Text(), *found.module));
    return nullptr;
  }
  if (found.value == nullptr) {
    if (found.not_imported != nullptr) {
      Error(Code::BL2006, path.span, NotImported(*found.not_imported));
    } else {
      std::vector<std::string> names =
          VisibleNames(*this, from, &Module::types);
      for (const char* builtin :
           {"Bool", "Int", "Decimal", "String", "Date", "Time", "Duration",
            "Period", "IP", "Version", "Set", "List", "Map"}) {
        names.push_back(builtin);
      }
      UnknownName(Code::BL2006, path.span,
                  absl::StrCat("unknown type `", path.Text(), "`"),
                  ImportOr(SuggestFrom(path.Text(), names), *this, from,
                           path.Text(), &Module::types));
    }
  }
  return found.value;
}

std::vector<uint32_t> Checker::ResolveEntities(const Module& from,
                                               const ast::Path& path) {
  const TypeSymbol* symbol = ResolveTypeName(from, path);
  if (symbol == nullptr) return {};
  if (symbol->kind == TypeSymbol::Kind::kEntity) return {symbol->index};
  if (symbol->kind == TypeSymbol::Kind::kUnion) return symbol->entities;
  Error(Code::BL2036, path.span,
        absl::StrCat("`", path.Text(), "` is no entity"));
  return {};
}

uint32_t Checker::ResolveEntity(const Module& from, const ast::Path& path) {
  const TypeSymbol* symbol = ResolveTypeName(from, path);
  if (symbol == nullptr) return kNone;
  if (symbol->kind == TypeSymbol::Kind::kEntity) return symbol->index;
  Error(Code::BL2036, path.span,
        symbol->kind == TypeSymbol::Kind::kUnion
            ? absl::StrCat("`", path.Text(),
                           "` is a union; one entity is needed here")
            : absl::StrCat("`", path.Text(), "` is no entity"));
  return kNone;
}

const ActionSymbol* Checker::ResolveAction(const Module& from,
                                           const ast::Path& path) {
  if (path.parts.empty()) return nullptr;
  const auto found = LookUp(*this, from, path.parts, &Module::actions);
  if (found.other != nullptr) {
    Error(Code::BL2014, path.span,
          Ambiguous(path.Text(), *found.module, *found.other),
          Qualify(path.Text(), *found.module));
    return nullptr;
  }
  if (found.value == nullptr) {
    if (found.not_imported != nullptr) {
      Error(Code::BL2008, path.span, NotImported(*found.not_imported));
    } else {
      UnknownName(
          Code::BL2008, path.span,
          absl::StrCat("unknown action `", path.Text(), "`"),
          ImportOr(SuggestFrom(path.Text(),
                               VisibleNames(*this, from, &Module::actions)),
                   *this, from, path.Text(), &Module::actions));
    }
  }
  return found.value;
}

uint32_t Checker::ResolveObligation(const Module& from, const ast::Path& path) {
  if (path.parts.empty()) return kNone;
  const auto found = LookUp(*this, from, path.parts, &Module::obligations);
  if (found.other != nullptr) {
    Error(Code::BL2014, path.span,
          Ambiguous(path.Text(), *found.module, *found.other),
          Qualify(path.Text(), *found.module));
    return kNone;
  }
  if (found.value == nullptr) {
    if (found.not_imported != nullptr) {
      Error(Code::BL2009, path.span, NotImported(*found.not_imported));
    } else {
      UnknownName(
          Code::BL2009, path.span,
          absl::StrCat("unknown obligation `", path.Text(), "`"),
          ImportOr(SuggestFrom(path.Text(),
                               VisibleNames(*this, from, &Module::obligations)),
                   *this, from, path.Text(), &Module::obligations));
    }
    return kNone;
  }
  return *found.value;
}

uint32_t Checker::LookUpDef(const Module& from,
                            const std::vector<ast::Name>& parts,
                            const Span& span, bool report) {
  const auto found = LookUp(*this, from, parts, &Module::defs);
  if (found.other != nullptr) {
    if (report) {
      const std::string& name = parts.back().text;
      Error(Code::BL2014, span, Ambiguous(name, *found.module, *found.other),
            Qualify(name, *found.module));
    }
    return kAmbiguous;
  }
  return found.value == nullptr ? kNone : *found.value;
}

uint32_t Checker::FindPolicy(const Module& from, std::string_view path) const {
  const size_t dot = path.rfind('.');
  const Module* module = &from;
  if (dot != std::string_view::npos) {
    module = FindModule(path.substr(0, dot));
    if (module == nullptr) return kNone;
    path = path.substr(dot + 1);
  }
  const auto it =
      module->policies.find(absl::string_view(path.data(), path.size()));
  return it == module->policies.end() ? kNone : it->second;
}

uint32_t Checker::ResolvePolicy(const Module& from, const ast::Path& path) {
  if (path.parts.empty()) return kNone;
  const std::string text = path.Text();
  const uint32_t policy = FindPolicy(from, text);
  if (policy == kNone) {
    std::vector<std::string> names;
    if (WantsSuggestion()) {
      for (const typed::Policy& p : program.policies) names.push_back(p.id);
    }
    std::string suggestion = SuggestFrom(text, names);
    if (suggestion.empty()) {
      names.clear();
      for (const auto& [name, index] : from.policies) names.push_back(name);
      std::sort(names.begin(), names.end());
      suggestion = SuggestFrom(text, names);
    }
    UnknownName(Code::BL2010, path.span,
                absl::StrCat("unknown policy `", text, "`"), suggestion);
  }
  return policy;
}

bool Checker::CheckVariableName(const ast::Name& name) {
  for (const char* root :
       {"subject", "action", "resource", "context", "now", "previous"}) {
    if (name.text == root) {
      Error(Code::BL2016, name.span,
            absl::StrCat("`", name.text,
                         "` is a root and cannot be a name "
                         "here"));
      return false;
    }
  }
  const auto it = term_names.find(name.text);
  if (it != term_names.end()) {
    Error(Code::BL2015, name.span,
          absl::StrCat("`", name.text, "` is a term of `",
                       schema().vocabularies[it->second].name, "`"));
    return false;
  }
  return true;
}

}  // namespace bylaw
