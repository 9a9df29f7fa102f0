#include "compiler/manifest.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/bytecode/scalar.h"
#include "compiler/yaml_tree.h"
#include "dsl/parser.h"

namespace bylaw {
namespace {

constexpr int64_t kSecond = 1'000'000;
// Defaults of the sample in the design.
constexpr int64_t kKeepDefault = 5 * 60 * kSecond;
constexpr int64_t kKeepWithNow = 60 * kSecond;
constexpr int64_t kKeepMaximum = 24 * 3600 * kSecond;
constexpr int64_t kLongestWaiver = 180 * 24 * 3600 * kSecond;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsNameCharacter(char c) {
  return IsLower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '_';
}

bool IsName(std::string_view text) {
  return !text.empty() && (IsLower(text[0]) || text[0] == '_') &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

// Names joined by dots, each judged by `is_part`.
bool IsDotted(std::string_view text, bool (*is_part)(std::string_view)) {
  while (true) {
    const size_t dot = text.find('.');
    if (!is_part(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsIdentifier(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

std::string Guess(std::string_view word,
                  const std::vector<std::string>& candidates) {
  const std::optional<std::string> guess = NearestOf(word, candidates);
  return guess.has_value() ? DidYouMean(*guess) : std::string();
}

std::string_view KindText(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "text";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a mapping";
  }
  return "";
}

class Reader {
 public:
  Reader(const std::vector<std::string>& known_packs, DiagnosticSink& sink)
      : known_packs_(known_packs), sink_(sink) {}

  void Read(const YamlNode& root, Manifest* manifest) {
    manifest_ = manifest;
    if (root.kind == YamlNode::Kind::kNull) {
      sink_.Add(Code::BL3007, root.span, "the manifest is empty",
                "it has at least `mesh` and `scopes`");
      return;
    }
    // The time zone first: dates elsewhere depend on it.
    if (root.kind == YamlNode::Kind::kMap) {
      if (const YamlNode* zone = root.Find("timezone")) ReadTimezone(*zone);
    }
    Fields(root, "the manifest",
           {{"mesh", [this](const YamlNode& n) { ReadMesh(n); }},
            {"timezone", [](const YamlNode&) {}},
            {"scopes", [this](const YamlNode& n) { ReadScopes(n); }},
            {"packs", [this](const YamlNode& n) { ReadPacks(n); }},
            {"facts", [this](const YamlNode& n) { ReadFacts(n); }},
            {"enforcement", [this](const YamlNode& n) { ReadEnforcement(n); }},
            {"mapping", [this](const YamlNode& n) { ReadMapping(n); }},
            {"waivers", [this](const YamlNode& n) { ReadWaivers(n); }},
            {"keep", [this](const YamlNode& n) { ReadKeep(n); }},
            {"keys", [this](const YamlNode& n) { ReadKeys(n); }},
            {"sql", [this](const YamlNode& n) { ReadSql(n); }},
            {"limits", [this](const YamlNode& n) { ReadLimits(n); }},
            {"serve", [this](const YamlNode& n) { ReadServe(n); }}},
           {"mesh", "scopes"});
  }

 private:
  struct Field {
    std::string name;
    std::function<void(const YamlNode&)> read;
  };

  // Reads a mapping with known keys.
  void Fields(const YamlNode& node, std::string_view owner,
              const std::vector<Field>& fields,
              const std::vector<std::string>& required) {
    if (!IsMap(node, owner)) return;
    std::vector<std::string> names;
    for (const Field& field : fields) names.push_back(field.name);
    for (const YamlNode::Entry& entry : node.entries) {
      const auto it = std::find_if(
          fields.begin(), fields.end(),
          [&entry](const Field& f) { return f.name == entry.key->text; });
      if (it == fields.end()) {
        std::string suggestion = Guess(entry.key->text, names);
        if (suggestion.empty()) {
          suggestion = absl::StrCat("known are ", absl::StrJoin(names, ", "));
        }
        sink_.Add(Code::BL3005, entry.key->span,
                  absl::StrCat(std::string(owner), " has no key `",
                               entry.key->text, "`"),
                  suggestion);
        continue;
      }
      it->read(*entry.value);
    }
    for (const std::string& name : required) {
      if (node.Find(name) == nullptr) {
        sink_.Add(Code::BL3007, node.span,
                  absl::StrCat(std::string(owner), " lacks `", name, "`"));
      }
    }
  }

  bool WrongKind(const YamlNode& node, std::string_view what,
                 std::string_view wanted) {
    sink_.Add(Code::BL3008, node.span,
              absl::StrCat(std::string(what), " must be ", std::string(wanted),
                           ", not ", std::string(KindText(node))));
    return false;
  }
  bool IsMap(const YamlNode& node, std::string_view what) {
    return node.kind == YamlNode::Kind::kMap ||
           WrongKind(node, what, "a mapping");
  }
  bool IsList(const YamlNode& node, std::string_view what) {
    return node.kind == YamlNode::Kind::kList ||
           WrongKind(node, what, "a list");
  }
  bool IsText(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::kScalar) {
      return WrongKind(node, what, "text");
    }
    if (!node.text.empty()) return true;
    sink_.Add(Code::BL3009, node.span,
              absl::StrCat(std::string(what), " is empty"));
    return false;
  }
  static ManifestText Text(const YamlNode& node) {
    return {node.text, node.span};
  }

  // A whole number of microseconds, or nothing after a report.
  std::optional<int64_t> Duration(const YamlNode& node, std::string_view what,
                                  bool positive) {
    if (!IsText(node, what)) return std::nullopt;
    const std::optional<int64_t> value = ParseDuration(node.text);
    if (!value.has_value()) {
      sink_.Add(Code::BL3012, node.span,
                absl::StrCat("`", node.text, "` is no duration"),
                "write 90s, 15m, 8h, 30d or 1h30m");
    } else if (*value < 0 || (positive && *value == 0)) {
      sink_.Add(
          Code::BL3012, node.span,
          absl::StrCat(std::string(what), " must be longer than nothing"));
      return std::nullopt;
    }
    return value;
  }

  void ReadMesh(const YamlNode& node) {
    if (IsText(node, "`mesh`")) manifest_->settings.mesh = node.text;
  }

  void ReadTimezone(const YamlNode& node) {
    if (!IsText(node, "`timezone`")) return;
    if (!IsTimeZone(node.text)) {
      sink_.Add(Code::BL3010, node.span,
                absl::StrCat("unknown time zone `", node.text, "`"),
                "time zones are named like Europe/Paris or UTC");
      return;
    }
    manifest_->settings.timezone = node.text;
  }

  void ReadScopes(const YamlNode& node) {
    if (!IsMap(node, "`scopes`")) return;
    if (node.entries.empty()) {
      sink_.Add(Code::BL3007, node.span, "`scopes` names no scope");
    }
    for (const YamlNode::Entry& entry : node.entries) {
      ManifestScope scope;
      scope.name = Text(*entry.key);
      if (!IsName(scope.name.text) || IsReservedWord(scope.name.text)) {
        sink_.Add(Code::BL3009, scope.name.span,
                  absl::StrCat("`", scope.name.text,
                               "` cannot name a scope: names begin with a "
                               "lower-case letter"));
      }
      Fields(*entry.value, absl::StrCat("scope `", scope.name.text, "`"),
             {{"modules",
               [&](const YamlNode& n) { ReadModules(n, &scope.modules); }},
              {"sources",
               [&](const YamlNode& n) {
                 ReadGlobs(n, "`sources`", &scope.sources);
               }}},
             {"modules", "sources"});
      manifest_->scopes.push_back(std::move(scope));
    }
  }

  void ReadModules(const YamlNode& node, ManifestText* modules) {
    if (!IsText(node, "`modules`")) return;
    if (!IsDotted(node.text, IsName)) {
      sink_.Add(Code::BL3009, node.span,
                absl::StrCat("`", node.text, "` is no module's name"),
                "write names joined by dots: council, sales.rules");
      return;
    }
    *modules = Text(node);
  }

  void ReadGlobs(const YamlNode& node, std::string_view what,
                 std::vector<ManifestText>* globs) {
    if (!IsList(node, what)) return;
    for (const auto& item : node.items) {
      if (!IsText(*item, absl::StrCat("a pattern of ", std::string(what)))) {
        continue;
      }
      std::string problem;
      if (item->text[0] == '/') {
        problem = "is not relative to the manifest's folder";
      } else if (absl::StrCat("/", item->text, "/").find("/../") !=
                 std::string::npos) {
        problem = "leaves the manifest's folder";
      } else if (item->text.find('\\') != std::string::npos) {
        problem = "holds a backslash; folders are separated by `/`";
      }
      if (!problem.empty()) {
        sink_.Add(Code::BL3016, item->span,
                  absl::StrCat("`", item->text, "` ", problem));
        continue;
      }
      globs->push_back(Text(*item));
    }
  }

  void ReadPacks(const YamlNode& node) {
    if (!IsList(node, "`packs`")) return;
    for (const auto& item : node.items) {
      if (!IsText(*item, "a pack's name")) continue;
      if (std::find(known_packs_.begin(), known_packs_.end(), item->text) ==
          known_packs_.end()) {
        std::string suggestion = Guess(item->text, known_packs_);
        if (suggestion.empty()) {
          suggestion =
              absl::StrCat("known are ", absl::StrJoin(known_packs_, ", "));
        }
        sink_.Add(Code::BL3014, item->span,
                  absl::StrCat("no pack is named `", item->text, "`"),
                  suggestion);
        continue;
      }
      const auto same = [&item](const ManifestText& p) {
        return p.text == item->text;
      };
      if (std::any_of(manifest_->packs.begin(), manifest_->packs.end(), same)) {
        sink_.Add(Code::BL3006, item->span,
                  absl::StrCat("pack `", item->text, "` stands here twice"));
        continue;
      }
      manifest_->packs.push_back(Text(*item));
    }
  }

  void ReadFacts(const YamlNode& node) {
    std::vector<ManifestText> globs;
    ReadGlobs(node, "`facts`", &globs);
    for (ManifestText& glob : globs) {
      manifest_->settings.facts.push_back(std::move(glob.text));
      manifest_->fact_spans.push_back(glob.span);
    }
  }

  std::optional<Level> ReadLevel(const YamlNode& node) {
    static const std::vector<std::string> kLevels = {"mandatory", "overridable",
                                                     "advisory"};
    if (!IsText(node, "an enforcement level")) return std::nullopt;
    if (node.text == "mandatory") return Level::kMandatory;
    if (node.text == "overridable") return Level::kOverridable;
    if (node.text == "advisory") return Level::kAdvisory;
    std::string suggestion = Guess(node.text, kLevels);
    if (suggestion.empty()) {
      suggestion =
          "levels are mandatory, overridable, advisory and "
          "{ grace: 2027-01-31, then: mandatory }";
    }
    sink_.Add(Code::BL3013, node.span,
              absl::StrCat("`", node.text, "` is no enforcement level"),
              suggestion);
    return std::nullopt;
  }

  void ReadEnforcement(const YamlNode& node) {
    if (!IsMap(node, "`enforcement`")) return;
    for (const YamlNode::Entry& entry : node.entries) {
      ManifestEnforcement enforcement;
      enforcement.prefix = Text(*entry.key);
      bool ok = IsDotted(entry.key->text, IsName);
      if (!ok) {
        sink_.Add(Code::BL3009, entry.key->span,
                  absl::StrCat("`", entry.key->text,
                               "` is no policy's or module's name"),
                  "write whole names joined by dots: council.quality");
      }
      if (entry.value->kind == YamlNode::Kind::kMap) {
        Fields(*entry.value, absl::StrCat("`", entry.key->text, "`"),
               {{"grace",
                 [&](const YamlNode& n) {
                   const std::optional<int64_t> date = Date(n);
                   if (date.has_value()) enforcement.grace_until = *date;
                   ok = ok && date.has_value();
                 }},
                {"then",
                 [&](const YamlNode& n) {
                   const std::optional<Level> level = ReadLevel(n);
                   if (level.has_value()) enforcement.level = *level;
                   ok = ok && level.has_value();
                 }}},
               {"grace", "then"});
      } else {
        const std::optional<Level> level = ReadLevel(*entry.value);
        if (level.has_value()) enforcement.level = *level;
        ok = ok && level.has_value();
      }
      // A broken entry still says that its policies are known.
      if (ok) manifest_->enforcement.push_back(std::move(enforcement));
    }
  }

  std::optional<int64_t> Date(const YamlNode& node) {
    if (!IsText(node, "`grace`")) return std::nullopt;
    const std::optional<int64_t> date = ParseDate(node.text);
    std::optional<int64_t> start;
    if (date.has_value()) {
      start = StartOfDate(*date, manifest_->settings.timezone);
    }
    if (!start.has_value()) {
      sink_.Add(Code::BL3011, node.span,
                absl::StrCat("`", node.text, "` is no date"),
                "write 2027-01-31");
    }
    return start;
  }

  void ReadMapping(const YamlNode& node) {
    if (!IsMap(node, "`mapping`")) return;
    for (const YamlNode::Entry& attribute : node.entries) {
      if (!IsMap(*attribute.value,
                 absl::StrCat("`", attribute.key->text, "`"))) {
        continue;
      }
      for (const YamlNode::Entry& entry : attribute.value->entries) {
        if (!IsText(*entry.value, "a term")) continue;
        manifest_->mappings.push_back(
            {Text(*attribute.key), Text(*entry.key), Text(*entry.value)});
      }
      // An empty mapping names an attribute too.
      if (attribute.value->entries.empty()) {
        manifest_->mappings.push_back({Text(*attribute.key), {}, {}});
      }
    }
  }

  void ReadWaivers(const YamlNode& node) {
    Fields(node, "`waivers`",
           {{"maximum",
             [this](const YamlNode& n) {
               const auto value = Duration(n, "`maximum`", true);
               if (value.has_value()) manifest_->longest_waiver = *value;
             }}},
           {});
  }

  void ReadKeep(const YamlNode& node) {
    Settings& settings = manifest_->settings;
    const auto read = [this](int64_t* out) {
      return [this, out](const YamlNode& n) {
        const auto value = Duration(n, "a time to keep", false);
        if (value.has_value()) *out = *value;
      };
    };
    Fields(node, "`keep`",
           {{"default", read(&settings.keep_default)},
            {"with_now", read(&settings.keep_with_now)},
            {"maximum", read(&settings.keep_maximum)}},
           {});
  }

  void ReadKeys(const YamlNode& node) {
    Fields(
        node, "`keys`",
        {{"mask",
          [this](const YamlNode& n) {
            constexpr std::string_view kEnv = "env:";
            if (!IsText(n, "`mask`")) return;
            if (n.text.compare(0, kEnv.size(), kEnv) != 0 ||
                !IsIdentifier(std::string_view(n.text).substr(kEnv.size()))) {
              sink_.Add(Code::BL3009, n.span,
                        "a key names where it is found, "
                        "never what it is",
                        "write env:BYLAW_MASK_KEY");
              return;
            }
            manifest_->settings.keys["mask"] = n.text;
          }}},
        {});
  }

  void ReadSql(const YamlNode& node) {
    static const std::vector<std::string> kDialects = {"postgres", "trino"};
    if (!IsMap(node, "`sql`")) return;
    for (const YamlNode::Entry& entry : node.entries) {
      const std::string& dialect = entry.key->text;
      if (std::find(kDialects.begin(), kDialects.end(), dialect) ==
          kDialects.end()) {
        std::string suggestion = Guess(dialect, kDialects);
        if (suggestion.empty()) {
          suggestion =
              absl::StrCat("known are ", absl::StrJoin(kDialects, ", "));
        }
        sink_.Add(Code::BL3015, entry.key->span,
                  absl::StrCat("unknown SQL dialect `", dialect, "`"),
                  suggestion);
        continue;
      }
      Fields(*entry.value, absl::StrCat("`", dialect, "`"),
             {{"hash",
               [&](const YamlNode& n) {
                 if (!IsText(n, "`hash`")) return;
                 if (!IsDotted(n.text, IsIdentifier)) {
                   sink_.Add(
                       Code::BL3009, n.span,
                       absl::StrCat("`", n.text, "` is no function's name"),
                       "write names joined by dots: "
                       "governance.mask_hash");
                   return;
                 }
                 manifest_->settings.hash_functions[dialect] = n.text;
               }}},
             {});
    }
  }

  void ReadLimits(const YamlNode& node) {
    std::vector<Field> fields;
    for (const LimitInfo& limit : kLimits) {
      const auto read = [this, &limit](const YamlNode& n) {
        const std::string name(limit.name);
        if (!IsText(n, absl::StrCat("`", name, "`"))) return;
        const std::optional<int64_t> value = ParseInt(n.text);
        if (value.has_value() && *value >= limit.least &&
            *value <= limit.most) {
          manifest_->settings.limits.*limit.field = *value;
          return;
        }
        sink_.Add(Code::BL3009, n.span,
                  absl::StrCat("`", name, "`: `", n.text,
                               "` is no whole number from ", limit.least,
                               " to ", limit.most));
      };
      fields.push_back({std::string(limit.name), read});
    }
    Fields(node, "`limits`", fields, {});
  }

  void ReadServe(const YamlNode& node) {
    if (!IsMap(node, "`serve`")) return;
    std::vector<std::string> keys;
    for (const ServeSetting& s : ServeSettingsTable()) keys.push_back(s.key);
    for (const YamlNode::Entry& entry : node.entries) {
      const ServeSetting* setting = FindServeSetting(entry.key->text);
      if (setting == nullptr) {
        std::string suggestion = Guess(entry.key->text, keys);
        if (suggestion.empty()) {
          suggestion = absl::StrCat("known are ", absl::StrJoin(keys, ", "));
        }
        sink_.Add(Code::BL3005, entry.key->span,
                  absl::StrCat("`serve` has no key `", entry.key->text, "`"),
                  suggestion);  // and `bylaw serve` refuses it
      }
      if (!IsText(*entry.value, absl::StrCat("`", entry.key->text, "`"))) {
        continue;
      }
      const std::string problem =
          setting != nullptr ? setting->Problem(entry.value->text) : "";
      if (!problem.empty()) {
        sink_.Add(Code::BL3009, entry.value->span,
                  absl::StrCat("`", entry.key->text, "`: ", problem));
      }
      manifest_->serve[entry.key->text] = entry.value->text;
    }
  }

  const std::vector<std::string>& known_packs_;
  DiagnosticSink& sink_;
  Manifest* manifest_ = nullptr;
};

}  // namespace

const std::vector<ServeSetting>& ServeSettingsTable() {
  using Kind = ServeSetting::Kind;
  static const std::vector<ServeSetting>* const settings =
      new std::vector<ServeSetting>{
          {"listen", Kind::kAddress, 0, 0, {}},
          {"metrics", Kind::kAddress, 0, 0, {}},
          {"simulation", Kind::kBool, 0, 0, {}},
          {"watch", Kind::kBool, 0, 0, {}},
          {"watch_interval_ms", Kind::kNumber, 10, 3'600'000, {}},
          {"log_format", Kind::kWord, 0, 0, {"text", "json"}},
          {"log_level",
           Kind::kWord,
           0,
           0,
           {"debug", "info", "warning", "error"}},
          {"max_message_bytes", Kind::kNumber, 1024, 1 << 30, {}},
          {"max_columns", Kind::kNumber, 1, 1'000'000, {}},
          {"max_items", Kind::kNumber, 1, 1'000'000, {}},
          {"max_deadline_ms", Kind::kNumber, 1, 3'600'000, {}},
          {"max_concurrent", Kind::kNumber, 1, 1'000'000, {}},
          {"max_connections", Kind::kNumber, 1, 1'000'000, {}},
          {"grace_ms", Kind::kNumber, 0, 3'600'000, {}},
          {"tls_certificate", Kind::kText, 0, 0, {}},
          {"tls_key", Kind::kText, 0, 0, {}},
          {"tls_client_ca", Kind::kText, 0, 0, {}}};
  return *settings;
}

const ServeSetting* FindServeSetting(std::string_view key) {
  for (const ServeSetting& s : ServeSettingsTable()) {
    if (s.key == key) return &s;
  }
  return nullptr;
}

std::string ServeSetting::Problem(const std::string& value) const {
  const auto is_one_of = [&value](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  switch (kind) {
    case Kind::kText:
      return "";
    case Kind::kAddress: {
      // HOST:PORT, [IPv6]:PORT, or the path of a socket.
      if (value.compare(0, 5, "unix:") == 0) return "";
      const size_t colon = value.rfind(':');
      std::optional<int64_t> port;
      // The metrics may be on all addresses: `:9090`.
      if (colon != std::string::npos && (colon > 0 || key == "metrics")) {
        port = ParseInt(value.substr(colon + 1));
      }
      if (port.has_value() && *port >= 0 && *port <= 65535) return "";
      return absl::StrCat("`", value, "` is no HOST:PORT");
    }
    case Kind::kBool:
      if (is_one_of({"true", "false", "on", "off", "yes", "no", "1", "0"})) {
        return "";
      }
      return absl::StrCat("`", value, "` is neither true nor false");
    case Kind::kNumber: {
      const std::optional<int64_t> number = ParseInt(value);
      if (number.has_value() && *number >= least && *number <= most) return "";
      return absl::StrCat("`", value, "` is no whole number from ", least,
                          " to ", most);
    }
    case Kind::kWord:
      if (is_one_of(words)) return "";
      return absl::StrCat("`", value, "` is none of ",
                          absl::StrJoin(words, ", "));
  }
  return "";
}

Settings DefaultSettings() {
  Settings settings;
  settings.keep_default = kKeepDefault;
  settings.keep_with_now = kKeepWithNow;
  settings.keep_maximum = kKeepMaximum;
  return settings;
}

Manifest ParseManifest(const SourceFile& source,
                       const std::vector<std::string>& known_packs,
                       DiagnosticSink& sink) {
  Manifest manifest;
  manifest.span = {&source, 0, 0};
  manifest.settings = DefaultSettings();
  manifest.longest_waiver = kLongestWaiver;
  const std::shared_ptr<const YamlNode> root = ParseYaml(source, sink);
  if (root != nullptr) Reader(known_packs, sink).Read(*root, &manifest);
  return manifest;
}

namespace {

// What can be read of a file. Its spans point into a text that is gone.
Manifest ReadManifest(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return {};
  const SourceFile source(path, text.str());
  DiagnosticSink sink;
  return ParseManifest(source, {}, sink);
}

}  // namespace

std::map<std::string, std::string> ServeSettings(const std::string& path) {
  return ReadManifest(path).serve;
}

std::vector<std::string> ManifestFacts(const std::string& path) {
  return ReadManifest(path).settings.facts;
}

bool IsUnderPrefix(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() &&
         name.compare(0, prefix.size(), prefix) == 0 &&
         (name.size() == prefix.size() || name[prefix.size()] == '.');
}

bool GlobMatch(std::string_view pattern, std::string_view path) {
  // matches[j]: the pattern so far matches the first j characters.
  std::vector<char> matches(path.size() + 1, 0), next;
  matches[0] = 1;
  for (size_t i = 0; i < pattern.size();) {
    next.assign(path.size() + 1, 0);
    const char c = pattern[i];
    const size_t start = i;
    if (c == '*' && i + 1 < pattern.size() && pattern[i + 1] == '*') {
      while (i < pattern.size() && pattern[i] == '*') ++i;
      const bool folder = i < pattern.size() && pattern[i] == '/' &&
                          (start == 0 || pattern[start - 1] == '/');
      bool open = false;
      for (size_t j = 0; j <= path.size(); ++j) {
        if (folder) {
          // `**/`: nothing, or whole folders.
          if (matches[j] || (open && j > 0 && path[j - 1] == '/')) next[j] = 1;
          open = open || matches[j];
        } else {
          open = open || matches[j];
          next[j] = open;
        }
      }
      if (folder) ++i;
    } else {
      ++i;
      if (c == '*') {
        bool open = false;
        for (size_t j = 0; j <= path.size(); ++j) {
          open = matches[j] || (open && path[j - 1] != '/');
          next[j] = open;
        }
      } else {
        for (size_t j = 0; j < path.size(); ++j) {
          if (matches[j] && (path[j] == c || (c == '?' && path[j] != '/'))) {
            next[j + 1] = 1;
          }
        }
      }
    }
    matches.swap(next);
  }
  return matches[path.size()] != 0;
}

}  // namespace bylaw
