#include "descriptors/load.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "compiler/bytecode/folders.h"
#include "descriptors/odcs.h"
#include "descriptors/read.h"
#include "evaluator/nearest.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

// A folder walked for a glob may hold this many entries: a pattern that
// begins at `/` is a mistake.
constexpr size_t kMaxWalked = 2'000'000;

FactError FileError(const char* code, const std::string& path,
                    std::string message, std::string suggestion = "") {
  FactError e;
  e.code = code;
  e.file = path;
  e.message = std::move(message);
  e.suggestion = std::move(suggestion);
  return e;
}

// Of what is missing there is no line but the one that asks for it.
FactError PatternError(const char* code, const FactPattern& pattern,
                       std::string message) {
  const bool placed = pattern.position.line != 0;
  FactError e =
      FileError(code, placed ? pattern.file : pattern.text, std::move(message));
  e.line = e.end_line = pattern.position.line;
  e.column = pattern.position.column;
  if (placed) {
    e.end_column = e.column + static_cast<uint32_t>(pattern.text.size());
  }
  return e;
}

bool HasWildcard(std::string_view s) {
  return s.find_first_of("*?") != std::string_view::npos;
}

bool EndsWith(std::string_view s, std::string_view end) {
  return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}

// --- What a text holds ---

struct Parsed {
  std::string path;
  bool lines = false;
  bool lost = false;            // a document could not be read
  std::vector<Node> documents;  // or lines
};

// One JSON object a line, told by the name of the file or by its first line.
bool IsJsonLines(std::string_view text, const std::string& path) {
  if (EndsWith(path, ".jsonl") || EndsWith(path, ".ndjson")) return true;
  if (!EndsWith(path, ".json")) return false;
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos || text[from] != '{') return false;
  std::string_view line = text.substr(from, text.find('\n', from) - from);
  Node node;
  std::vector<FactError> ignored;
  if (!ReadJson(line, path, &node, &ignored)) return false;
  const Node* type = node.Find("type");
  const Node* id = node.Find("id");
  return type != nullptr && type->is_string() && id != nullptr &&
         id->is_string();
}

std::string TooLarge(const Limits& limits) {
  return "the file has more than " + std::to_string(limits.fact_file_bytes) +
         " bytes";
}
std::string HowToRaiseFileSize() {
  return "split it, " + HowToRaise("fact_file_bytes");
}

void ParseText(std::string_view text, const std::string& path,
               const Limits& limits, Parsed* out,
               std::vector<FactError>* errors) {
  out->path = path;
  if (text.size() > static_cast<size_t>(limits.fact_file_bytes)) {
    errors->push_back(
        FileError("BL5004", path, TooLarge(limits), HowToRaiseFileSize()));
    out->lost = true;
    return;
  }
  // One more than is listed, so that it is known that there are more.
  const size_t most = errors->size() + static_cast<size_t>(limits.findings) + 1;
  if (IsJsonLines(text, path)) {
    out->lines = true;
    if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
    uint32_t number = 0;
    while (!text.empty() && errors->size() < most) {
      ++number;
      const size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      Node node;
      if (ReadJson(line, path, &node, errors, number) || !node.is_null()) {
        out->documents.push_back(std::move(node));
      } else {
        out->lost = true;
      }
    }
    return;
  }
  if (EndsWith(path, ".json")) {
    Node node;
    if (ReadJson(text, path, &node, errors) || !node.is_null()) {
      out->documents.push_back(std::move(node));
    } else {
      out->lost = true;
    }
    return;
  }
  const size_t before = errors->size();
  if (ReadYaml(text, path, &out->documents, errors)) return;
  for (size_t i = before; i < errors->size(); ++i) {
    out->lost |= (*errors)[i].code != "BL5003";
  }
}

bool HoldsNothing(const Parsed& parsed) {
  return !parsed.lost &&
         std::all_of(parsed.documents.begin(), parsed.documents.end(),
                     [](const Node& document) { return document.is_null(); });
}

// Whoever means no facts can say so; a file whose writing failed cannot.
FactError NothingError(const Parsed& parsed) {
  FactError e =
      FileError("BL5021", parsed.path, parsed.path + " holds nothing",
                parsed.lines ? "if no facts are meant, remove it"
                             : "if no facts are meant, write {} into it");
  e.severity = FactSeverity::kWarning;
  return e;
}

// A descriptor of a format that is not read is told from facts by its keys,
// none of which is the name of an entity type.
bool IsForeign(const Node& document, const Program& program, std::string* what,
               std::string* guess, NodePosition* at) {
  if (!document.is_map()) return false;
  const Node* kind = document.Find("kind");
  for (const auto& [key, value] : document.map) {
    if (program.schema.FindEntity(key.text) != kNone) continue;
    const std::string& k = key.text;
    // The kind says the most, wherever it stands.
    if (kind != nullptr && k != "kind") continue;
    if (kind != nullptr) {
      *what = "`kind: " + value.text + "`";
      *guess = GuessText(value.text, {"DataContract"});
      *at = value.position;
      return true;
    }
    if (k == "dataContractSpecification" || k == "dataProductDescriptor" ||
        k == "datasetDomain" || k == "apiVersion") {
      *what = "`" + k + "`";
    } else if (k == "metadata" && value.Find("dbt_schema_version")) {
      *what = "a manifest of dbt";
    } else {
      continue;
    }
    *at = key.position;
    return true;
  }
  return false;
}

FactError ForeignError(const std::string& path, const std::string& what,
                       const std::string& guess, NodePosition at) {
  FactError e = FileError(
      "BL5101", path, "the file is of a format that is not read: " + what,
      guess.empty()
          ? "facts in files and ODCS v3 (`kind: DataContract`) are read"
          : guess);
  e.line = e.end_line = at.line;
  e.column = at.column;
  e.end_column = at.column + 1;
  return e;
}

// By its name, or by what is in it: then it holds nothing else. Whoever may
// write a contract may not state facts about others in it.
bool HoldsContracts(const Parsed& parsed) {
  for (const char* end : {".odcs.yaml", ".odcs.yml", ".odcs.json"}) {
    if (EndsWith(parsed.path, end)) return true;
  }
  return !parsed.lines &&
         std::any_of(parsed.documents.begin(), parsed.documents.end(), IsOdcs);
}

FactError FactsError(const std::string& path, NodePosition at) {
  FactError e =
      FileError("BL5101", path, "a file of contracts states other facts",
                "move them into a file of their own");
  e.line = e.end_line = at.line;
  e.column = at.column;
  e.end_column = at.column + 1;
  return e;
}

void SortErrors(std::vector<FactError>* errors) {
  std::stable_sort(errors->begin(), errors->end(),
                   [](const FactError& a, const FactError& b) {
                     return std::tie(a.file, a.line, a.column, a.code) <
                            std::tie(b.file, b.line, b.column, b.code);
                   });
}

bool HasErrors(const std::vector<FactError>& errors) {
  return std::any_of(errors.begin(), errors.end(), [](const FactError& e) {
    return e.severity == FactSeverity::kError;
  });
}

// Parses texts one at a time, gives facts to the builder at once, and keeps
// descriptors until everything that they may name is known.
class Loader {
 public:
  explicit Loader(std::shared_ptr<const Program> program)
      : program_(program), builder_(std::move(program)) {}

  void Add(std::string_view text, const std::string& path) {
    Parsed parsed;
    ParseText(text, path, program_->settings.limits, &parsed, &errors_);
    if (parsed.lost) builder_.ExpectLosses();
    if (HoldsNothing(parsed)) errors_.push_back(NothingError(parsed));
    const uint32_t file = builder_.AddFile(path);
    const bool contracts_only = HoldsContracts(parsed);
    for (Node& document : parsed.documents) {
      std::string what, guess;
      NodePosition at;
      if (parsed.lines && !contracts_only) {
        builder_.AddLine(file, document);
      } else if (IsOdcs(document)) {
        contracts_.push_back({file, path, std::move(document)});
      } else if (IsForeign(document, *program_, &what, &guess, &at)) {
        errors_.push_back(ForeignError(path, what, guess, at));
        builder_.ExpectLosses();
      } else if (contracts_only && !document.is_null()) {
        errors_.push_back(FactsError(path, document.position));
        builder_.ExpectLosses();
      } else {
        builder_.AddDocument(file, document);
      }
    }
  }
  void AddError(FactError e) { errors_.push_back(std::move(e)); }
  void ExpectLosses() { builder_.ExpectLosses(); }

  LoadedFacts Finish() {
    AddContracts();
    LoadedFacts result;
    std::shared_ptr<const Facts> facts = builder_.Build();
    for (FactError& e : builder_.TakeErrors()) errors_.push_back(std::move(e));
    if (!HasErrors(errors_)) result.facts = std::move(facts);
    SortErrors(&errors_);
    result.errors = std::move(errors_);
    return result;
  }

 private:
  struct Contract {
    uint32_t file;
    std::string path;
    Node document;
  };

  void AddContracts() {
    if (contracts_.empty()) return;
    const Schema& schema = program_->schema;
    const uint32_t product = schema.FindEntity("DataProduct");
    const uint32_t dataset = schema.FindEntity("Dataset");
    const uint32_t column = schema.FindEntity("Column");
    // What contracts define, so that they may name each other.
    std::set<std::pair<uint32_t, std::string>> defined;
    std::map<std::string, std::string> places;  // of products, by id
    const IsKnown nobody = [](uint32_t, std::string_view) { return false; };
    for (Contract& c : contracts_) {
      OdcsProduct p;
      std::vector<FactError> ignored;
      ReadOdcs(c.document, c.path, *program_, nobody, true, &p, &ignored);
      if (p.id.empty()) continue;
      defined.insert({product, p.id});
      for (std::string& id : p.datasets) {
        defined.insert({dataset, std::move(id)});
      }
      for (std::string& id : p.columns) defined.insert({column, std::move(id)});
    }
    const IsKnown known = [&](uint32_t type, std::string_view id) {
      return defined.contains({type, std::string(id)}) ||
             builder_.Defines(type, id);
    };
    for (const Contract& c : contracts_) {
      OdcsProduct p;
      if (!ReadOdcs(c.document, c.path, *program_, known, false, &p,
                    &errors_)) {
        for (uint32_t type : {product, dataset, column}) {
          if (type != kNone) builder_.ExpectLosses(type);
        }
      }
      if (p.attributes.map.empty()) continue;  // not read
      if (p.id.empty()) {
        // Refused; its attributes are judged all the same.
        p.id = c.path + ":" + std::to_string(p.position.line);
      }
      const std::string place = c.path + ":" + std::to_string(p.position.line);
      if (const auto [it, added] = places.emplace(p.id, place); !added) {
        FactError e = FileError(
            "BL5012", c.path,
            "a contract of the id `" + p.id + "` is read already",
            "it stands at " + it->second + "; an attribute has one source");
        e.line = e.end_line = p.position.line;
        e.column = p.position.column;
        e.end_column = e.column + 2;
        errors_.push_back(std::move(e));
        continue;
      }
      builder_.AddEntity(c.file, product, p.id, p.position, p.attributes);
    }
  }

  std::shared_ptr<const Program> program_;
  FactsBuilder builder_;
  std::vector<FactError> errors_;
  std::vector<Contract> contracts_;
};

// False if the file cannot be read. One that is too large is not read at all:
// `too_large` is set.
bool ReadFile(const fs::path& path, const Limits& limits, std::string* text,
              std::string* why, bool* too_large) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    *why = error ? error.message() : "it is no regular file";
    return false;
  }
  const uintmax_t size = fs::file_size(path, error);
  *too_large = !error && size > static_cast<uintmax_t>(limits.fact_file_bytes);
  if (*too_large) return false;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    *why = "it may not be read";
    return false;
  }
  // By a stream's insertion, which keeps the exception of a disk that fails.
  std::ostringstream all;
  if (in.peek() != std::ifstream::traits_type::eof()) all << in.rdbuf();
  if (in.bad() || all.fail()) {
    *why = "reading it failed";
    return false;
  }
  *text = std::move(all).str();
  return true;
}

}  // namespace

// --- Globs ---

bool GlobMatches(std::string_view glob, std::string_view path) {
  // Greedy, with one way back for `*` and one for `**`.
  size_t g = 0, p = 0;
  size_t star = std::string_view::npos, star_path = 0;
  size_t deep = std::string_view::npos, deep_path = 0;
  while (true) {
    if (g < glob.size() && glob[g] == '*') {
      if (g + 1 < glob.size() && glob[g + 1] == '*') {
        g += 2;
        // `**/` is any folders, none included.
        if (g < glob.size() && glob[g] == '/') ++g;
        deep = g;
        deep_path = p;
        star = std::string_view::npos;
        continue;
      }
      star = ++g;
      star_path = p;
      continue;
    }
    if (g < glob.size() && p < path.size() &&
        (glob[g] == path[p] || (glob[g] == '?' && path[p] != '/'))) {
      ++g;
      ++p;
      continue;
    }
    if (g == glob.size() && p == path.size()) return true;
    if (star != std::string_view::npos && star_path < path.size() &&
        path[star_path] != '/') {
      g = star;
      p = ++star_path;
      continue;
    }
    if (deep != std::string_view::npos && deep_path < path.size()) {
      // After `**/` a name begins at its start; after a last `**` anywhere.
      if (deep == glob.size()) return true;
      const size_t slash = path.find('/', deep_path);
      if (deep >= 1 && glob[deep - 1] == '/') {
        if (slash == std::string_view::npos) return false;
        deep_path = slash + 1;
      } else {
        ++deep_path;
      }
      g = deep;
      p = deep_path;
      star = std::string_view::npos;
      continue;
    }
    return false;
  }
}

std::map<std::string, const FactPattern*> FindFiles(
    const std::string& root, const std::vector<FactPattern>& globs,
    std::vector<FactError>* errors) {
  std::map<std::string, const FactPattern*> found;
  const fs::path base = root.empty() ? fs::path(".") : fs::path(root);
  for (const FactPattern& pattern : globs) {
    const std::string& raw = pattern.text;
    const std::string glob = raw.rfind("./", 0) == 0 ? raw.substr(2) : raw;
    std::error_code error;
    if (!HasWildcard(glob)) {
      const fs::path path =
          fs::path(glob).is_absolute() ? fs::path(glob) : base / glob;
      if (fs::exists(path, error)) {
        found.emplace(glob, &pattern);
      } else {
        errors->push_back(
            PatternError("BL5001", pattern, "there is no file " + glob));
      }
      continue;
    }
    // Walk from the last folder before the first wildcard.
    const size_t wild = glob.find_first_of("*?");
    const size_t slash = glob.rfind('/', wild);
    const std::string prefix =
        slash == std::string::npos ? "" : glob.substr(0, slash + 1);
    const fs::path start =
        fs::path(prefix).is_absolute() ? fs::path(prefix) : base / prefix;
    size_t matches = 0, walked = 0;
    fs::recursive_directory_iterator it(start, kFollowLinks, error);
    if (error == std::errc::no_such_file_or_directory) error.clear();
    const bool deep = glob.find("**", wild) != std::string::npos;
    const long levels = std::count(
        glob.begin() + static_cast<long>(prefix.size()), glob.end(), '/');
    for (; !error && it != fs::recursive_directory_iterator();
         it.increment(error)) {
      if (++walked > kMaxWalked) {
        errors->push_back(
            PatternError("BL5004", pattern,
                         "the pattern " + raw + " looks at more than " +
                             std::to_string(kMaxWalked) + " files"));
        break;
      }
      std::error_code ignored;
      if (it->is_directory(ignored)) {
        if (!EntersFolder(*it) || (!deep && it.depth() >= levels)) {
          it.disable_recursion_pending();
        }
        continue;
      }
      const std::string relative =
          prefix + it->path().lexically_relative(start).generic_string();
      if (GlobMatches(glob, relative)) {
        found.emplace(relative, &pattern);
        ++matches;
      }
    }
    if (error) {
      // Facts that cannot be seen are not facts that do not exist.
      errors->push_back(PatternError(
          "BL5001", pattern,
          "a folder of " + raw + " cannot be read: " + error.message()));
    } else if (matches == 0) {
      FactError e =
          PatternError("BL5020", pattern, "`facts`: no file matches " + raw);
      e.severity = FactSeverity::kWarning;
      errors->push_back(std::move(e));
    }
  }
  return found;
}

// --- The face ---

LoadedFacts LoadFacts(std::shared_ptr<const Program> program,
                      const std::string& root,
                      const std::vector<FactPattern>& globs) {
  const Limits limits = program->settings.limits;
  Loader loader(std::move(program));
  std::vector<FactError> errors;
  const auto paths = FindFiles(root, globs, &errors);
  for (FactError& e : errors) loader.AddError(std::move(e));
  const fs::path base = root.empty() ? fs::path(".") : fs::path(root);
  for (const auto& [path, pattern] : paths) {
    std::string text, why;
    bool too_large = false;
    const fs::path whole =
        fs::path(path).is_absolute() ? fs::path(path) : base / path;
    if (ReadFile(whole, limits, &text, &why, &too_large)) {
      loader.Add(text, path);
    } else if (too_large) {
      loader.AddError(
          FileError("BL5004", path, TooLarge(limits), HowToRaiseFileSize()));
    } else {
      loader.AddError(
          PatternError("BL5001", *pattern, path + " cannot be read: " + why));
    }
  }
  return loader.Finish();
}

LoadedFacts LoadFactTexts(
    std::shared_ptr<const Program> program,
    const std::vector<std::pair<std::string, std::string>>& files) {
  Loader loader(std::move(program));
  for (const auto& [path, text] : files) loader.Add(text, path);
  return loader.Finish();
}

namespace {

// What facts would say of the same file: all of it, not the first only, and
// with the codes and guesses that lint has for it.
void CheckProposed(const Facts& facts, const std::string& path,
                   ReadProposal* proposal) {
  FactsBuilder builder(facts.shared_program());
  const uint32_t file = builder.AddFile(path);
  const Schema& schema = facts.program().schema;
  for (const ProposedEntity& e : proposal->entities) {
    const uint32_t type = schema.FindEntity(e.type);
    if (type == kNone) continue;  // whoever binds it says so
    builder.AddEntity(file, type, e.id, e.position, e.attributes);
  }
  // What a broken file lost is not told apart from what nobody defines.
  if (!proposal->ok()) {
    for (const char* lost : {"DataProduct", "Dataset", "Column"}) {
      builder.ExpectLosses(schema.FindEntity(lost));
    }
  }
  builder.CheckProposal(facts);
  for (FactError& e : builder.TakeErrors()) {
    proposal->errors.push_back(std::move(e));
  }
}

}  // namespace

ReadProposal ReadDescriptor(std::string_view text, const std::string& path,
                            const Facts& facts) {
  ReadProposal result;
  Parsed parsed;
  ParseText(text, path, facts.program().settings.limits, &parsed,
            &result.errors);
  const Program& program = facts.program();
  const Schema& schema = program.schema;
  const auto add = [&](const std::string& type, const std::string& id,
                       NodePosition at, Node attributes) {
    result.entities.push_back({type, id, at, std::move(attributes)});
  };
  const bool contracts_only = HoldsContracts(parsed);
  for (Node& document : parsed.documents) {
    std::string what, guess;
    NodePosition at;
    if (parsed.lines && !contracts_only) {
      const Node* type = document.Find("type");
      const Node* id = document.Find("id");
      const Node* attributes = document.Find("attributes");
      if (type != nullptr && id != nullptr) {
        add(type->text, id->text, document.position,
            attributes != nullptr ? *attributes : Node::Map(document.position));
      }
    } else if (IsOdcs(document)) {
      OdcsProduct own;
      std::vector<FactError> ignored;
      const IsKnown nobody = [](uint32_t, std::string_view) { return false; };
      ReadOdcs(document, path, program, nobody, true, &own, &ignored);
      const uint32_t product = schema.FindEntity("DataProduct");
      const uint32_t column = schema.FindEntity("Column");
      const std::set<std::string> columns(own.columns.begin(),
                                          own.columns.end());
      const IsKnown known = [&](uint32_t type, std::string_view id) {
        if (type == product && id == own.id) return true;
        if (type == column && columns.contains(std::string(id))) return true;
        return facts.Lookup(type, id) != kNone;
      };
      OdcsProduct p;
      // A broken one is not decided; what else is wrong with it is found.
      ReadOdcs(document, path, program, known, false, &p, &result.errors);
      if (p.id.empty()) p.id = path;  // refused
      if (!p.attributes.map.empty()) {
        add("DataProduct", p.id, p.position, std::move(p.attributes));
        result.entities.back().homes = std::move(p.homes);
      }
    } else if (IsForeign(document, program, &what, &guess, &at)) {
      result.errors.push_back(ForeignError(path, what, guess, at));
    } else if (contracts_only && !document.is_null()) {
      result.errors.push_back(FactsError(path, document.position));
    } else if (!document.is_map()) {
      FactError e = FileError("BL5101", path,
                              "the file holds neither a descriptor nor facts");
      e.line = e.end_line = document.position.line;
      e.column = document.position.column;
      result.errors.push_back(std::move(e));
    } else {
      for (auto& [type, entities] : document.map) {
        if (schema.FindEntity(type.text) == kNone) {
          FactError e = FileError("BL5006", path,
                                  "there is no entity type `" + type.text +
                                      "`, and no descriptor begins like this");
          e.line = e.end_line = type.position.line;
          e.column = type.position.column;
          e.end_column = e.column + static_cast<uint32_t>(type.text.size());
          result.errors.push_back(std::move(e));
          continue;
        }
        for (auto& [id, attributes] : entities.map) {
          add(type.text, id.text, id.position, std::move(attributes));
        }
      }
    }
  }
  CheckProposed(facts, path, &result);
  if (result.entities.empty() && result.ok()) {
    result.errors.push_back(
        FileError("BL5101", path, "the file holds nothing to check",
                  "a descriptor is a map with `kind: DataContract`"));
  }
  SortErrors(&result.errors);
  return result;
}

}  // namespace bylaw
