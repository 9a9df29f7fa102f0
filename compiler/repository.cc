#include "compiler/repository.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "compiler/bytecode/folders.h"
#include "compiler/yaml_tree.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".bylaw";
constexpr size_t kExtensionSize = sizeof kExtension - 1;

bool HasExtension(std::string_view path) {
  return path.size() > kExtensionSize && path.ends_with(kExtension);
}

// Whether the path ends in .Bylaw, .BYLAW or the like.
bool HasMisspeltExtension(const std::string& path) {
  return !HasExtension(path) && HasExtension(absl::AsciiStrToLower(path));
}

void Unreadable(DiagnosticSink& sink, const std::string& path,
                std::string message, std::string remedy) {
  sink.AddAt(Code::BL3002, path, {}, {}, std::move(message), std::move(remedy));
}

// Policy files below a root, by their paths relative to it.
struct PolicyPaths {
  std::set<std::string> own;
  std::set<std::string> misspelt;  // in their extension
  // Of repositories inside this one, with the folder of theirs.
  std::map<std::string, std::string> foreign;
};

void ListPolicies(const std::string& root, PolicyPaths* paths,
                  DiagnosticSink& sink) {
  struct Folder {
    std::string path;
    std::string repository;  // that it belongs to; "": this one
  };
  size_t seen = 0;
  std::vector<Folder> folders = {{"", ""}};
  while (!folders.empty()) {
    const auto [folder, repository] = std::move(folders.back());
    folders.pop_back();
    std::error_code error;
    for (fs::directory_iterator it(fs::path(root) / folder, error), end;
         !error && it != end; it.increment(error)) {
      if (++seen > kMaxRepositoryFiles) {
        Unreadable(sink, root,
                   absl::StrCat("the repository has more than ",
                                kMaxRepositoryFiles, " files"),
                   "keep other files out of its folder, or in hidden ones");
        return;
      }
      const std::string name = it->path().filename().string();
      if (name.empty() || name[0] == '.') continue;
      const std::string path =
          folder.empty() ? name : absl::StrCat(folder, "/", name);
      std::error_code ignored;
      if (it->is_directory(ignored)) {
        if (!EntersFolder(*it)) continue;
        const bool nested = repository.empty() &&
                            fs::exists(it->path() / kManifestName, ignored);
        folders.push_back({path, nested ? path : repository});
      } else if (HasExtension(name)) {
        if (repository.empty()) {
          paths->own.insert(path);
        } else {
          paths->foreign.emplace(path, repository);
        }
      } else if (repository.empty() && HasMisspeltExtension(name)) {
        paths->misspelt.insert(path);
      }
    }
    if (error) {
      Unreadable(sink, folder.empty() ? root : folder,
                 absl::StrCat("the folder cannot be read: ", error.message()),
                 "let this user read it, or remove it");
    }
  }
}

// Why a file cannot be read, and what to do; "" if it was.
struct Failure {
  std::string why, remedy;
};

// At most one byte more than `limit`, so that what is too large shows.
Failure ReadText(const fs::path& path, size_t limit, std::string* text) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return {error ? error.message() : "it is no regular file",
            "put a file in its place, or remove it"};
  }
  const uintmax_t size = fs::file_size(path, error);
  if (error) return {error.message(), "load again"};
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return {std::strerror(errno), "let this user read it, or remove it"};
  text->resize(std::min<uintmax_t>(size, limit) + 1);
  in.read(text->data(), static_cast<std::streamsize>(text->size()));
  if (in.bad()) return {std::strerror(errno), "mend the disk, then load again"};
  text->resize(static_cast<size_t>(in.gcount()));
  return {};
}

class RepositoryReader {
 public:
  RepositoryReader(const CompileInput& input, DiagnosticSink& sink)
      : input_(input), sink_(sink) {}

  Repository Read() {
    for (const auto& [path, text] : input_.files) overlay_[path] = &text;
    const SourceFile* manifest = Open(kManifestName);
    if (manifest != nullptr) {
      std::vector<std::string> packs;
      for (const Pack& pack : input_.packs) packs.push_back(pack.name);
      repository_.manifest = ParseManifest(*manifest, packs, sink_);
      broken_manifest_ = sink_.has_errors();
      if (repository_.manifest.has_value() && input_.at_most.has_value()) {
        Limits& limits = repository_.manifest->settings.limits;
        for (const LimitInfo& limit : kLimits) {
          limits.*limit.field =
              std::min(limits.*limit.field, (*input_.at_most).*limit.field);
        }
      }
    } else if (!input_.root.empty() && !sink_.has_errors()) {
      sink_.AddAt(Code::BL3001, input_.root, {}, {},
                  absl::StrCat("there is no ", kManifestName, " here"),
                  "`bylaw init` writes a small repository");
      return std::move(repository_);
    }
    ReadPolicies();
    ReadPacks();
    return std::move(repository_);
  }

 private:
  // Null, with a report unless it is simply not there.
  const SourceFile* Open(const std::string& path) {
    std::string text;
    if (const auto it = overlay_.find(path); it != overlay_.end()) {
      text = *it->second;
    } else {
      if (input_.root.empty()) return nullptr;
      const fs::path whole = fs::path(input_.root) / path;
      std::error_code error;
      if (path == kManifestName && !fs::exists(whole, error) && !error) {
        return nullptr;
      }
      const Failure failure = ReadText(whole, MostBytes(path), &text);
      if (!failure.why.empty()) {
        Unreadable(sink_, path,
                   absl::StrCat("the file cannot be read: ", failure.why),
                   failure.remedy);
        return nullptr;
      }
    }
    return Keep(path, std::move(text));
  }

  // One byte more is read, so that the reader of the text says what is wrong.
  size_t MostBytes(const std::string& path) const {
    if (path == kManifestName) return MaxManifestBytes();
    const Limits limits = repository_.manifest.has_value()
                              ? repository_.manifest->settings.limits
                              : Limits();
    return static_cast<size_t>(limits.policy_file_bytes);
  }

  const SourceFile* Keep(std::string path, std::string text) {
    repository_.sources.push_back(
        std::make_unique<SourceFile>(std::move(path), std::move(text)));
    return repository_.sources.back().get();
  }

  void ReadPolicies() {
    PolicyPaths paths;
    if (!input_.root.empty()) ListPolicies(input_.root, &paths, sink_);
    for (const auto& [path, text] : overlay_) {
      if (HasExtension(path)) paths.own.insert(path);
      if (HasMisspeltExtension(path)) paths.misspelt.insert(path);
    }
    ReportMisspelt(paths.misspelt);
    if (repository_.manifest.has_value()) ReportForeign(paths.foreign);
    std::vector<std::vector<bool>> used;
    if (repository_.manifest.has_value()) {
      for (const ManifestScope& scope : repository_.manifest->scopes) {
        used.emplace_back(scope.sources.size(), false);
      }
    }
    for (const std::string& path : paths.own) {
      const SourceFile* source = Open(path);
      if (source == nullptr) continue;
      RepositoryFile file;
      file.source = source;
      if (repository_.manifest.has_value()) {
        file.scope = ScopeOf(*source, &used);
      }
      repository_.files.push_back(file);
    }
    for (size_t i = 0; i < used.size(); ++i) {
      const ManifestScope& scope = repository_.manifest->scopes[i];
      for (size_t j = 0; j < used[i].size(); ++j) {
        if (used[i][j]) continue;
        sink_.Add(Code::BL3020, scope.sources[j].span,
                  absl::StrCat("no policy file matches `",
                               scope.sources[j].text, "`"));
      }
    }
  }

  // Left out in silence, a policy would not count and nobody would know.
  void ReportMisspelt(const std::set<std::string>& paths) {
    for (const std::string& path : paths) {
      const std::string stem = path.substr(0, path.size() - kExtensionSize);
      sink_.AddAt(
          Code::BL3022, path, {}, {},
          absl::StrCat("the name ends in `", path.substr(stem.size()),
                       "`, not in `", kExtension, "`: the file is not read"),
          absl::StrCat("rename it to ", stem, kExtension));
    }
  }

  // Whoever puts a bylaw.yaml into a folder takes its policies away.
  void ReportForeign(const std::map<std::string, std::string>& foreign) {
    std::set<std::string> reported;
    for (const auto& [path, folder] : foreign) {
      for (const ManifestScope& scope : repository_.manifest->scopes) {
        for (const ManifestText& pattern : scope.sources) {
          if (!GlobMatch(pattern.text, path)) continue;
          if (!reported.insert(folder).second) continue;
          sink_.Add(Code::BL3025, pattern.span,
                    absl::StrCat("`", folder, "` is a repository of its own: ",
                                 "its policies do not count here, though `",
                                 pattern.text, "` matches them"));
        }
      }
    }
  }

  uint32_t ScopeOf(const SourceFile& source,
                   std::vector<std::vector<bool>>* used) {
    const std::vector<ManifestScope>& scopes = repository_.manifest->scopes;
    uint32_t found = kNone;
    for (size_t i = 0; i < scopes.size(); ++i) {
      bool matches = false;
      for (size_t j = 0; j < scopes[i].sources.size(); ++j) {
        if (!GlobMatch(scopes[i].sources[j].text, source.path())) continue;
        matches = true;
        (*used)[i][j] = true;
      }
      if (!matches) continue;
      if (found != kNone) {
        sink_.Add(
            Code::BL3021, {&source, 0, 0},
            absl::StrCat("the file belongs to scope `", scopes[found].name.text,
                         "` and to scope `", scopes[i].name.text, "`"),
            "make the patterns under `sources` exclude each other");
        continue;
      }
      found = static_cast<uint32_t>(i);
    }
    // Of a broken manifest a pattern may be lost.
    if (found == kNone && !broken_manifest_) {
      sink_.Add(Code::BL3022, {&source, 0, 0},
                "no scope of the manifest has this file among its `sources`");
    }
    return found;
  }

  void ReadPacks() {
    std::set<std::string> wanted = {"mesh"};
    if (repository_.manifest.has_value()) {
      for (const ManifestText& pack : repository_.manifest->packs) {
        wanted.insert(pack.text);
      }
    }
    for (const Pack& pack : input_.packs) {
      if (!wanted.contains(pack.name)) continue;
      for (const auto& [path, text] : pack.files) {
        RepositoryFile file;
        file.source = Keep(path, text);
        file.shipped = true;
        repository_.files.push_back(file);
      }
    }
  }

  const CompileInput& input_;
  DiagnosticSink& sink_;
  std::map<std::string, const std::string*> overlay_;
  Repository repository_;
  bool broken_manifest_ = false;
};

// The tree of scopes: names with their parents, the root first.
struct ScopeTree {
  std::vector<CheckScope> scopes;
  std::map<std::string, uint32_t> numbers;
  std::string root_alias, rival_root;  // see CheckInput
};

// A scope block that says it is the root.
struct RootClaim {
  std::string name;
  // What the manifest calls the scope in whose folder the block stands.
  std::string folder;
  // What speaks for it, most telling first: the manifest names it and it
  // stands in its own folder; the manifest names it; scopes under it.
  std::tuple<bool, bool, size_t> weight;
};

// Claims in the order of files; of one name the first.
std::vector<RootClaim> RootClaims(
    const Repository& repository,
    const std::vector<std::unique_ptr<ast::File>>& trees) {
  std::map<std::string, size_t> children;
  for (const auto& tree : trees) {
    for (const ast::Scope& scope : tree->scopes) ++children[scope.parent.text];
  }
  std::vector<RootClaim> claims;
  std::set<std::string> seen;
  for (size_t i = 0; i < trees.size(); ++i) {
    for (const ast::Scope& scope : trees[i]->scopes) {
      if (!scope.root || !seen.insert(scope.name.text).second) continue;
      RootClaim claim;
      claim.name = scope.name.text;
      bool named = false;
      if (repository.manifest.has_value()) {
        const std::vector<ManifestScope>& scopes = repository.manifest->scopes;
        const uint32_t own = repository.files[i].scope;
        if (own < scopes.size()) claim.folder = scopes[own].name.text;
        named = std::any_of(scopes.begin(), scopes.end(),
                            [&claim](const ManifestScope& s) {
                              return s.name.text == claim.name;
                            });
      }
      claim.weight = {named && claim.folder == claim.name, named,
                      children[claim.name]};
      claims.push_back(std::move(claim));
    }
  }
  return claims;
}

ScopeTree OrderScopes(const Repository& repository,
                      const std::vector<std::unique_ptr<ast::File>>& trees) {
  // The first block of each name counts; the checker reports others.
  std::map<std::string, const ast::Scope*> blocks;
  for (const auto& tree : trees) {
    for (const ast::Scope& scope : tree->scopes) {
      blocks.emplace(scope.name.text, &scope);
    }
  }
  ScopeTree tree;
  const RootClaim* best = nullptr;
  const std::vector<RootClaim> claims = RootClaims(repository, trees);
  for (const RootClaim& claim : claims) {
    if (best == nullptr || claim.weight > best->weight) {
      best = &claim;
      tree.rival_root.clear();
    } else if (claim.weight == best->weight) {
      tree.rival_root = claim.name;
    }
  }
  std::string root = best != nullptr ? best->name : "";
  std::set<std::string> names;
  for (const auto& [name, block] : blocks) names.insert(name);
  if (repository.manifest.has_value()) {
    const std::vector<ManifestScope>& scopes = repository.manifest->scopes;
    for (const ManifestScope& scope : scopes) names.insert(scope.name.text);
    if (root.empty() && !scopes.empty()) root = scopes[0].name.text;
    // A name that the block and the manifest spell differently is one error:
    // both stand for the root.
    if (best != nullptr && !std::get<1>(best->weight) &&
        !blocks.contains(best->folder)) {
      tree.root_alias = best->folder;
    }
  }
  const auto add = [&tree](const std::string& name, uint32_t parent,
                           bool adrift = false) {
    tree.numbers[name] = static_cast<uint32_t>(tree.scopes.size());
    tree.scopes.push_back({name, parent, adrift});
  };
  names.erase(root);
  add(root.empty() ? "root" : root, kNone);
  if (!tree.root_alias.empty()) {
    names.erase(tree.root_alias);
    tree.numbers[tree.root_alias] = 0;
  }
  // Rounds: what is under a numbered scope is numbered; what is left over is
  // under an unknown scope or under itself, and counts as under the root.
  std::map<std::string, std::vector<std::string>> children;
  std::set<std::string> ready;
  for (const std::string& name : names) {
    const auto block = blocks.find(name);
    if (block == blocks.end() ||
        tree.numbers.contains(block->second->parent.text)) {
      ready.insert(name);
    } else {
      children[block->second->parent.text].push_back(name);
    }
  }
  while (!names.empty()) {
    const bool stuck = ready.empty();
    if (stuck) ready.insert(*names.begin());
    std::set<std::string> next;
    for (const std::string& name : ready) {
      if (names.erase(name) == 0) continue;  // on a circle that was cut
      const auto block = blocks.find(name);
      const bool known = !stuck && block != blocks.end();
      add(name, known ? tree.numbers[block->second->parent.text] : 0, !known);
      next.insert(children[name].begin(), children[name].end());
    }
    ready = std::move(next);
  }
  return tree;
}

// Prefixes of modules belong to one scope each, those of packs to the packs. A
// prefix below another's is no fault: the module of a file tells them apart.
void CheckPrefixes(const Repository& repository,
                   const std::vector<std::unique_ptr<ast::File>>& trees,
                   DiagnosticSink& sink) {
  if (!repository.manifest.has_value()) return;
  std::set<std::string> shipped;
  for (size_t i = 0; i < trees.size(); ++i) {
    const std::vector<ast::Name>& parts = trees[i]->module.parts;
    if (repository.files[i].shipped && !parts.empty()) {
      shipped.insert(parts.front().text);
    }
  }
  std::map<std::string, const ManifestScope*> taken;
  for (const ManifestScope& scope : repository.manifest->scopes) {
    const std::string& prefix = scope.modules.text;
    if (prefix.empty()) continue;
    if (shipped.contains(prefix.substr(0, prefix.find('.')))) {
      sink.Add(Code::BL3024, scope.modules.span,
               absl::StrCat("modules under `", prefix, "` belong to a pack"),
               "packs keep their names for themselves: choose another");
      continue;
    }
    const auto [it, first] = taken.emplace(prefix, &scope);
    if (first) continue;
    sink.Add(Code::BL3024, scope.modules.span,
             absl::StrCat("modules under `", prefix, "` belong to scope `",
                          it->second->name.text, "` already"));
  }
}

}  // namespace

Repository ReadRepository(const CompileInput& input, DiagnosticSink& sink) {
  return RepositoryReader(input, sink).Read();
}

CheckInput BindScopes(const Repository& repository,
                      const std::vector<std::unique_ptr<ast::File>>& trees,
                      DiagnosticSink& sink) {
  CheckInput input;
  CheckPrefixes(repository, trees, sink);
  ScopeTree scopes = OrderScopes(repository, trees);
  const Manifest* manifest =
      repository.manifest.has_value() ? &*repository.manifest : nullptr;
  input.manifest = manifest;
  if (manifest != nullptr) input.timezone = manifest->settings.timezone;
  // A module's first file, packs before all others.
  std::map<std::string, std::pair<uint32_t, bool>> owners;
  const auto owner_of = [&](size_t i) -> uint32_t {
    const RepositoryFile& file = repository.files[i];
    if (file.shipped || manifest == nullptr) return 0;
    return scopes.numbers[manifest->scopes[file.scope].name.text];
  };
  for (size_t i = 0; i < repository.files.size(); ++i) {
    if (repository.files[i].shipped) {
      owners.emplace(trees[i]->module.Text(), std::pair(0, true));
    }
  }
  for (size_t i = 0; i < repository.files.size(); ++i) {
    const RepositoryFile& file = repository.files[i];
    const ast::File& tree = *trees[i];
    const std::string module = tree.module.Text();
    if (manifest != nullptr && !file.shipped && file.scope == kNone) {
      input.incomplete = true;
      continue;
    }
    const uint32_t scope = owner_of(i);
    // The checker reports it; what the file declares is not known then.
    if (module == "mesh" && !file.shipped) input.incomplete = true;
    if (!module.empty() && !file.shipped) {
      if (manifest != nullptr) {
        const ManifestScope& bound = manifest->scopes[file.scope];
        if (!bound.modules.text.empty() &&
            !IsUnderPrefix(module, bound.modules.text)) {
          sink.Add(
              Code::BL3023, tree.module.span,
              absl::StrCat("files of scope `", bound.name.text,
                           "` belong to modules under `", bound.modules.text,
                           "`, not to `", module, "`"));
        }
      }
      const auto [owner, first] =
          owners.emplace(module, std::pair(scope, false));
      if (!first && owner->second.second && module != "mesh") {
        sink.Add(Code::BL3024, tree.module.span,
                 absl::StrCat("module `", module, "` belongs to a pack"));
        input.incomplete = true;
        continue;
      }
      if (!first && owner->second.first != scope) {
        sink.Add(
            Code::BL3024, tree.module.span,
            absl::StrCat("module `", module, "` belongs to scope `",
                         scopes.scopes[owner->second.first].name, "` already"));
      }
    }
    input.files.push_back({&tree, scope, file.shipped});
  }
  input.scopes = std::move(scopes.scopes);
  input.root_alias = std::move(scopes.root_alias);
  input.rival_root = std::move(scopes.rival_root);
  return input;
}

}  // namespace bylaw
