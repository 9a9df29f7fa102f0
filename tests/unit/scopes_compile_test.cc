// Compiling folders and texts in memory: which files make a program, and what
// stands in the way of reading them.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "compiler/bytecode/serialize.h"
#include "compiler/compile.h"
#include "policies/embedded.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

namespace fs = std::filesystem;

const char kManifest[] =
    "mesh: m\nscopes: { org: { modules: council, sources: [\"**.bylaw\"] } }\n";
const char kRoot[] = "module council\nscope org root { owner \"o\" }\n";

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

std::vector<std::string> CodesOf(const CompileResult& result) {
  std::vector<std::string> codes;
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity == Severity::kError) codes.emplace_back(InfoOf(d.code).id);
  }
  return codes;
}

using Files = std::vector<std::pair<std::string, std::string>>;

CompileResult CompileTexts(Files files) {
  CompileInput input;
  input.files = std::move(files);
  input.packs = Packs();
  return Compile(input);
}

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "bylaw_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  CompileResult Compile(Files overlay = {}) const {
    CompileInput input;
    input.root = path_.string();
    input.files = std::move(overlay);
    input.packs = Packs();
    return bylaw::Compile(input);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST_CASE("a folder compiles") {
  Folder folder;
  folder.Write("bylaw.yaml", kManifest);
  folder.Write("a/root.bylaw", kRoot);
  const CompileResult result = folder.Compile();
  CHECK(CodesOf(result).empty());
  REQUIRE(result.ok);
  CHECK(result.program->settings.mesh == "m");
  CHECK(result.program->scopes.at(0).name == "org");
}

TEST_CASE("a folder without a manifest") {
  Folder folder;
  CHECK(CodesOf(folder.Compile()) == std::vector<std::string>{"BL3001"});
}

TEST_CASE("a folder that is not there") {
  CompileInput input;
  input.root = "/nowhere/at/all";
  input.packs = Packs();
  CHECK(CodesOf(Compile(input)) == std::vector<std::string>{"BL3001"});
}

TEST_CASE("a link that leads nowhere is BL3002, named") {
  Folder folder;
  folder.Write("bylaw.yaml", kManifest);
  folder.Write("root.bylaw", kRoot);
  fs::create_symlink("gone", folder.path() / "broken.bylaw");
  const CompileResult result = folder.Compile();
  CHECK(CodesOf(result) == std::vector<std::string>{"BL3002"});
  CHECK(result.diagnostics.at(0).path() == "broken.bylaw");
}

TEST_CASE("what cannot be read says why, and what to do") {
  const auto check = [](Folder& folder, const std::string& why) {
    folder.Write("bylaw.yaml", kManifest);
    folder.Write("root.bylaw", kRoot);
    const CompileResult result = folder.Compile();
    REQUIRE(CodesOf(result) == std::vector<std::string>{"BL3002"});
    const Diagnostic& d = result.diagnostics.at(0);
    INFO(d.message);
    CHECK(d.message.find(why) != std::string::npos);
    CHECK(!d.suggestion.empty());
  };
  Folder pipe, circle;
  REQUIRE(mkfifo((pipe.path() / "p.bylaw").c_str(), 0600) == 0);
  check(pipe, "no regular file");
  fs::create_symlink("c.bylaw", circle.path() / "c.bylaw");
  check(circle, std::strerror(ELOOP));
  if (geteuid() == 0) return;  // who may read everything
  Folder closed;
  closed.Write("x.bylaw", "module x\n");
  fs::permissions(closed.path() / "x.bylaw", fs::perms::none);
  check(closed, std::strerror(EACCES));
}

TEST_CASE("a manifest's limits are at most those of the caller") {
  const std::string manifest =
      std::string(kManifest) +
      "limits: { findings: 50, policy_file_bytes: 100000 }\n";
  std::string broken = "module council.a\n";
  for (int i = 0; i < 30; ++i) broken += "wrong\n";
  CompileInput input;
  input.files = {{"bylaw.yaml", manifest},
                 {"root.bylaw", kRoot},
                 {"a.bylaw", broken},
                 {"b.bylaw", "module council.b\n" + std::string(5000, '\n')}};
  const auto has = [](const CompileResult& result, const std::string& code) {
    const std::vector<std::string> codes = CodesOf(result);
    return std::count(codes.begin(), codes.end(), code) > 0;
  };
  CHECK_FALSE(has(Compile(input), "BL1045"));
  CHECK_FALSE(has(Compile(input), "BL1004"));
  input.at_most = Limits();
  input.at_most->findings = 10;
  input.at_most->policy_file_bytes = 4096;
  CHECK(has(Compile(input), "BL1045"));
  CHECK(has(Compile(input), "BL1004"));
}

TEST_CASE("hidden folders and links that lead back are not entered") {
  Folder folder;
  folder.Write("bylaw.yaml", kManifest);
  folder.Write("root.bylaw", kRoot);
  folder.Write(".git/x.bylaw", "broken");
  folder.Write("a/b/x.bylaw", "module council.x\n");
  fs::create_directory_symlink(folder.path(), folder.path() / "loop");
  fs::create_directory_symlink(folder.path() / "a", folder.path() / "a/b/loop");
  fs::create_directory_symlink("/", folder.path() / "everything");
  CHECK(CodesOf(folder.Compile()).empty());
}

// Else a policy that somebody linked would not count, and nobody would know.
TEST_CASE("policies in linked folders count, a nested repository is told") {
  Folder folder, elsewhere;
  folder.Write("bylaw.yaml", kManifest);
  folder.Write("root.bylaw", kRoot);
  elsewhere.Write("deep/x.bylaw", "broken");
  CHECK(CodesOf(folder.Compile()).empty());
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "linked");
  CHECK_FALSE(CodesOf(folder.Compile()).empty());
  elsewhere.Write("deep/x.bylaw", "module council.x\n");
  CHECK(CodesOf(folder.Compile()).empty());
  elsewhere.Write("deep/bylaw.yaml", "broken: [");
  const CompileResult told = folder.Compile();
  CHECK(told.ok);
  REQUIRE(told.diagnostics.size() == 1);
  CHECK(told.diagnostics[0].code == Code::BL3025);
}

TEST_CASE("policy files whose extension is misspelt are errors, named") {
  Folder folder;
  folder.Write("bylaw.yaml", kManifest);
  folder.Write("root.bylaw", kRoot);
  folder.Write("deep/x.Bylaw", "module council.x\n");
  folder.Write("y.BYLAW", "broken");
  folder.Write("z.bylaw.bak", "broken");
  folder.Write(".hidden.Bylaw", "broken");
  const CompileResult result = folder.Compile();
  CHECK_FALSE(result.ok);
  REQUIRE(CodesOf(result) == std::vector<std::string>{"BL3022", "BL3022"});
  CHECK(result.diagnostics[0].path() == "deep/x.Bylaw");
  CHECK(result.diagnostics[0].message.find("`.Bylaw`") != std::string::npos);
  CHECK(result.diagnostics[0].suggestion == "rename it to deep/x.bylaw");
  CHECK(result.diagnostics[1].path() == "y.BYLAW");
  CHECK(CodesOf(CompileTexts({{"a.bylaW", "module anything\n"}})) ==
        std::vector<std::string>{"BL3022"});
}

TEST_CASE("texts stand in place of files, or beside them") {
  Folder folder;
  folder.Write("bylaw.yaml", kManifest);
  folder.Write("root.bylaw", kRoot);
  folder.Write("a.bylaw", "module council.a\ndef x: Int = \"text\"\n");
  CHECK(CodesOf(folder.Compile()) == std::vector<std::string>{"BL2018"});
  CHECK(CodesOf(folder.Compile({{"a.bylaw", "module council.a\n"}})).empty());
  CHECK(CodesOf(folder.Compile(
            {{"a.bylaw", "module council.a\n"},
             {"b.bylaw", "module council.b\ndef y: Int = z"}})) ==
        std::vector<std::string>{"BL2004"});
}

TEST_CASE("texts alone need no manifest") {
  const CompileResult result = CompileTexts({{"a.bylaw", "module anything\n"}});
  CHECK(CodesOf(result).empty());
  CHECK(result.ok);
}

TEST_CASE("a manifest among the texts binds them") {
  CHECK(CodesOf(CompileTexts({{"bylaw.yaml", kManifest},
                              {"root.bylaw", kRoot},
                              {"a.bylaw", "module sales\n"}})) ==
        std::vector<std::string>{"BL3023"});
}

TEST_CASE("nothing at all compiles to the standard module") {
  CHECK(CompileTexts({}).ok);
}

TEST_CASE("a broken manifest does not blame the files") {
  Folder folder;
  folder.Write("bylaw.yaml",
               "mesh: m\nscopes: { org: { modules: council } }\n");
  folder.Write("root.bylaw", kRoot);
  CHECK(CodesOf(folder.Compile()) == std::vector<std::string>{"BL3007"});
}

TEST_CASE("the order of files changes no byte") {
  Files files = {
      {"a.bylaw",
       "module council.a\npolicy p title \"t\" owner \"o\" on read of "
       "Dataset { allow }\n"},
      {"b.bylaw",
       "module council.b\npolicy q title \"t\" owner \"o\" on read of "
       "Dataset { deny because \"x\" }\n"},
      {"c.bylaw", "module council\nextend vocabulary Tag { pii }\n"},
  };
  const CompileResult one = CompileTexts(files);
  std::reverse(files.begin(), files.end());
  const CompileResult two = CompileTexts(files);
  REQUIRE(one.ok);
  REQUIRE(two.ok);
  CHECK(SerializeProgram(*one.program) == SerializeProgram(*two.program));
}

TEST_CASE("a condition too large for bytecode is BL6020, not a crash") {
  std::string text = "module council\n";
  text += "policy p title \"t\" owner \"o\" on read of Dataset as d {\n";
  text += "  allow when d.name == \"x\"\n";
  for (int i = 0; i < 40'000; ++i) {
    text += "    or d.name == \"n" + std::to_string(i) + "\"\n";
  }
  text += "}\n";
  const CompileResult result = CompileTexts({{"a.bylaw", text}});
  CHECK_FALSE(result.ok);
  CHECK(CodesOf(result) == std::vector<std::string>{"BL6020"});
}

TEST_CASE("scopes within scopes are bounded") {
  for (const int depth : {64, 65, 70}) {
    std::string text = "module council\nscope s0 root { owner \"o\" }\n";
    for (int i = 1; i <= depth; ++i) {
      text += "scope s" + std::to_string(i) + " under s" +
              std::to_string(i - 1) + " { owner \"o\" }\n";
    }
    const CompileResult result = CompileTexts({{"a.bylaw", text}});
    CHECK(result.ok == (depth == 64));
    if (depth == 64) continue;
    CHECK(CodesOf(result) == std::vector<std::string>{"BL3046"});
    CHECK(result.diagnostics.at(0).span.text() == "s65");
  }
}

TEST_CASE("defaults that hold too many values are BL6020") {
  for (const bool large : {false, true}) {
    std::string text = "module council\ndef some: Set<Int> = {0";
    for (int i = 1; i < 1000; ++i) text += ", " + std::to_string(i);
    text += "}\nentity Many {\n";
    for (int i = 0; i < (large ? 2000 : 99); ++i) {
      text += "  a" + std::to_string(i) + ": Set<Int> = some,\n";
    }
    text += "}\n";
    const CompileResult result = CompileTexts({{"a.bylaw", text}});
    CHECK(result.ok == !large);
    if (!large) continue;
    CHECK(CodesOf(result) == std::vector<std::string>{"BL6020"});
    CHECK(result.diagnostics.at(0).span.text() == "some");
  }
}

TEST_CASE("policies about too many actions and types are BL6020") {
  constexpr int kMany = 1000;
  std::string text = "module council\nentity E0 { n: Int? }\ntype Any = E0";
  for (int i = 1; i < kMany; ++i) text += " | E" + std::to_string(i);
  text += "\n";
  for (int i = 1; i < kMany; ++i) {
    text += "entity E" + std::to_string(i) + " { n: Int? }\n";
  }
  for (int i = 0; i < kMany; ++i) {
    text += "action a" + std::to_string(i) + " of E0 by Any\n";
  }
  text += "action group every = { a0";
  for (int i = 1; i < kMany; ++i) text += ", a" + std::to_string(i);
  text += " }\n";
  for (int i = 0; i < 11; ++i) {
    text += "policy p" + std::to_string(i) +
            " title \"t\" owner \"o\" on every of E0 as e by Any as s "
            "{ deny when e.id == \"x\" because \"x\" }\n";
  }
  const CompileResult result = CompileTexts({{"a.bylaw", text}});
  CHECK_FALSE(result.ok);
  CHECK(CodesOf(result) == std::vector<std::string>{"BL6020"});
}

}  // namespace
}  // namespace bylaw
