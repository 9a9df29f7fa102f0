// bylaw.yaml: what a governance repository says of itself. Read first; the
// scopes and source patterns go to repository.h, enforcement and mappings to
// the checker (check_scopes.cc), the settings into the program.
//
// Author errors are diagnostics (BL3001 to BL3029) with their place in the
// file; all of a manifest's errors are reported, and what could be read is
// returned. Plain data with spans into the source. No state.
#ifndef BYLAW_COMPILER_MANIFEST_H_
#define BYLAW_COMPILER_MANIFEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/bytecode/program.h"
#include "dsl/diagnostics.h"
#include "dsl/source.h"

namespace bylaw {

inline constexpr char kManifestName[] = "bylaw.yaml";

// A text of the manifest and where it stands.
struct ManifestText {
  std::string text;
  Span span;
};

struct ManifestScope {
  ManifestText name;
  ManifestText modules;  // prefix of whole names; "" after an error
  std::vector<ManifestText> sources;  // patterns: GlobMatch
};

// One entry of `enforcement`: the level of all policies under a prefix.
struct ManifestEnforcement {
  ManifestText prefix;  // of whole names: council.defaults
  Level level = Level::kMandatory;
  // Advisory before this instant (the grace date's 00:00 in the manifest's
  // time zone); INT64_MIN: no grace.
  int64_t grace_until = INT64_MIN;
};

// A descriptor's text and the path of the term it stands for.
struct ManifestMapping {
  ManifestText attribute;  // classification, tags, …
  ManifestText from;
  ManifestText term;
};

struct Manifest {
  // Of the file: mesh, timezone, keep_…, keys, hash_functions, mappings, facts,
  // limits.
  Settings settings;
  std::vector<Span> fact_spans;       // of the settings' facts
  std::vector<ManifestScope> scopes;  // in the order of the file
  std::vector<ManifestText> packs;    // each once
  std::vector<ManifestEnforcement> enforcement;
  std::vector<ManifestMapping> mappings;
  int64_t longest_waiver = 0;                // microseconds
  std::map<std::string, std::string> serve;  // of `serve:`, as written
  Span span;                                 // the file's first line
};

// What `serve:` may say: the flags of `bylaw serve`, with underscores (a test
// compares the two).
struct ServeSetting {
  enum class Kind { kText, kAddress, kBool, kNumber, kWord };
  std::string key;
  Kind kind = Kind::kText;
  int64_t least = 0, most = 0;     // kNumber
  std::vector<std::string> words;  // kWord

  // What is wrong with a value, or "".
  std::string Problem(const std::string& value) const;
};
const std::vector<ServeSetting>& ServeSettingsTable();
// Null if there is none.
const ServeSetting* FindServeSetting(std::string_view key);

// What holds where no manifest says otherwise.
Settings DefaultSettings();

// `known_packs` are the names that `packs` may list.
Manifest ParseManifest(const SourceFile& source,
                       const std::vector<std::string>& known_packs,
                       DiagnosticSink& sink);

// The `serve:` section of a manifest file, for `bylaw serve`; empty if the
// file cannot be read (loading the repository says why).
std::map<std::string, std::string> ServeSettings(const std::string& path);
// The patterns under `facts` of one, alike.
std::vector<std::string> ManifestFacts(const std::string& path);

// Whether `name` is `prefix` or below it: whole names between dots.
bool IsUnderPrefix(std::string_view name, std::string_view prefix);

// Whether a path matches a pattern: `**` stands for any text, `**/` also for
// none, `*` for any without `/`, `?` for one character but `/`. Takes time in
// the product of both lengths at most.
bool GlobMatch(std::string_view pattern, std::string_view path);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_MANIFEST_H_
