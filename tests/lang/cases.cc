#include "tests/lang/cases.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "policies/embedded.h"

namespace bylaw::lang {
namespace {

namespace fs = std::filesystem;

const char kWorld[] = "world.bylaw";

void Expectations(const std::string& file, const std::string& text,
                  std::multiset<Finding>* expected) {
  std::istringstream in(text);
  std::string line;
  for (uint32_t number = 1; std::getline(in, line); ++number) {
    for (const char* mark : {"//~", "#~"}) {
      const size_t at = line.find(mark);
      if (at == std::string::npos) continue;
      std::string_view rest(line);
      rest.remove_prefix(at + std::string_view(mark).size());
      uint32_t target = number;
      while (!rest.empty() && rest[0] == '^') {
        --target;
        rest.remove_prefix(1);
      }
      std::istringstream words{std::string(rest)};
      for (std::string word; words >> word;) {
        expected->emplace(file, target, word);
      }
      break;
    }
  }
}

std::vector<Pack> Packs() {
  std::vector<Pack> packs;
  for (const char* name : {"mesh", "standard"}) {
    Pack pack;
    pack.name = name;
    for (const EmbeddedFile& file : EmbeddedPack(name)) {
      pack.files.emplace_back(file.path, file.text);
    }
    packs.push_back(std::move(pack));
  }
  return packs;
}

// A case that names a probe imports the world, on its first line of code so
// that no line moves.
void ImportWorld(std::string* text) {
  if (text->find("robe") == std::string::npos) return;
  const size_t module =
      text->starts_with("module ") ? 0 : text->find("\nmodule ");
  if (module == std::string::npos) return;
  size_t end = text->find('\n', module + 1);
  end = std::min(end, text->find("//", module));
  text->insert(std::min(end, text->size()), " import world ");
}

}  // namespace

std::string ReadText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> FindCases() {
  std::vector<fs::path> cases;
  for (auto it = fs::recursive_directory_iterator(kRoot);
       it != fs::recursive_directory_iterator(); ++it) {
    if (it->is_directory()) {
      if (!fs::exists(it->path() / "bylaw.yaml") &&
          !fs::exists(it->path() / "no_manifest")) {
        continue;
      }
      cases.push_back(it->path());
      it.disable_recursion_pending();
    } else if (it->path().extension() == ".bylaw" &&
               it->path().filename() != kWorld) {
      cases.push_back(it->path());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

CompileInput InputOf(const fs::path& path, std::multiset<Finding>* expected) {
  CompileInput input;
  input.packs = Packs();
  if (!fs::is_directory(path)) {
    const std::string name = path.filename().string();
    std::string text = ReadText(path);
    Expectations(name, text, expected);
    ImportWorld(&text);
    input.files.emplace_back(name, text);
    input.files.emplace_back(kWorld, ReadText(fs::path(kRoot) / kWorld));
    return input;
  }
  input.root = path.string();
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".bylaw" && extension != ".yaml") continue;
    Expectations(fs::relative(entry.path(), path).string(),
                 ReadText(entry.path()), expected);
  }
  if (fs::exists(path / "no_manifest")) {
    expected->emplace(input.root, 0, "BL3001");
  }
  return input;
}

bool ExpectsError(const std::multiset<Finding>& expected) {
  return std::any_of(
      expected.begin(), expected.end(), [](const Finding& finding) {
        const CodeInfo* info = FindCode(std::get<2>(finding));
        return info != nullptr && info->severity == Severity::kError;
      });
}

}  // namespace bylaw::lang
