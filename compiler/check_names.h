// Internal to the checker: looking a name up in a module and in what it
// imports. Stands beside checker.h; no state, one thread.
#ifndef BYLAW_COMPILER_CHECK_NAMES_H_
#define BYLAW_COMPILER_CHECK_NAMES_H_

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "compiler/checker.h"

namespace bylaw {

// What a look-up found: the value and the module that declares it, or the two
// modules between which a bare name is ambiguous.
template <class T>
struct Found {
  const T* value = nullptr;
  const Module* module = nullptr;
  const Module* other = nullptr;  // set: ambiguous
  // The name is qualified with a module that exists but is not imported.
  const Module* not_imported = nullptr;
};

inline std::string JoinNames(const std::vector<ast::Name>& parts,
                             size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += '.';
    text += parts[i].text;
  }
  return text;
}

// A bare name is looked for in `from`, then in all that it imports; one with
// a module in that module, if it is `from` or imported.
template <class T>
Found<T> LookUp(const Checker& checker, const Module& from,
                const std::vector<ast::Name>& parts,
                Module::Names<T> Module::*names) {
  Found<T> found;
  if (parts.empty()) return found;
  const std::string& last = parts.back().text;
  if (parts.size() > 1) {
    const Module* module =
        checker.FindModule(JoinNames(parts, parts.size() - 1));
    if (module == nullptr) return found;
    if (module != &from && !checker.IsImported(from, *module)) {
      found.not_imported = module;
      return found;
    }
    const auto it = (module->*names).find(last);
    if (it != (module->*names).end()) {
      found.value = &it->second;
      found.module = module;
    }
    return found;
  }
  if (const auto it = (from.*names).find(last); it != (from.*names).end()) {
    found.value = &it->second;
    found.module = &from;
    return found;
  }
  for (const Module* import : from.imports) {
    const auto it = (import->*names).find(last);
    if (it == (import->*names).end()) continue;
    if (found.value != nullptr) {
      found.other = import;
      return found;
    }
    found.value = &it->second;
    found.module = import;
  }
  return found;
}

// Every name of one kind that can be used bare in `from`, sorted; none once
// the checker has made enough suggestions.
template <class T>
std::vector<std::string> VisibleNames(Checker& checker, const Module& from,
                                      Module::Names<T> Module::*names) {
  std::vector<std::string> all;
  if (!checker.WantsSuggestion()) return all;
  for (const auto& [name, value] : from.*names) all.push_back(name);
  for (const Module* import : from.imports) {
    for (const auto& [name, value] : import->*names) all.push_back(name);
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Where a bare name would come from, if a module that may be imported declares
// it: "write `import council.vocabulary`"; else `otherwise`.
template <class T>
std::string ImportOr(std::string otherwise, const Checker& checker,
                     const Module& from, const std::string& name,
                     Module::Names<T> Module::*names) {
  for (const auto& module : checker.modules) {
    if (module.get() != &from && ((*module).*names).contains(name) &&
        !checker.IsImported(from, *module) &&
        checker.IsScopeWithin(from.scope, module->scope)) {
      return absl::StrCat("write `import ", module->name, "`");
    }
  }
  return otherwise;
}

inline std::string Quoted(std::string_view text) {
  return absl::StrCat("`", std::string(text), "`");
}

inline std::string SuggestFrom(std::string_view word,
                               const std::vector<std::string>& candidates) {
  const std::optional<std::string> guess = NearestOf(word, candidates);
  if (guess.has_value()) return DidYouMean(*guess);
  // Values as other languages write them.
  const std::string lower = absl::AsciiStrToLower(std::string(word));
  if (lower == "true" || lower == "false") return DidYouMean(lower);
  if (lower == "null" || lower == "nil" || lower == "none") {
    return DidYouMean("is missing");
  }
  return "";
}

}  // namespace bylaw

#endif  // BYLAW_COMPILER_CHECK_NAMES_H_
