// Bundles: what is written is read back, the same program gives the same
// bytes, and no bytes whatever crash the reader or the verifier.
#include <random>
#include <string>
#include <string_view>

#include "compiler/bytecode/disassemble.h"
#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verifier.h"
#include "tests/catch.h"
#include "tests/unit/bytecode_program.h"

namespace bylaw {
namespace {

std::string Code(const absl::Status& status) {
  return std::string(status.message()).substr(0, 6);
}

TEST_CASE("a bundle is read back as it was") {
  Bundle bundle;
  bundle.program = SampleProgram();
  bundle.sections["facts"] = std::string("a\0b", 3);
  const std::string bytes = SerializeBundle(bundle);
  CHECK(IsBundle(bytes));
  auto read = ParseBundle(bytes);
  REQUIRE(read.ok());
  CHECK(Verify(read->program).ok());
  CHECK(read->sections == bundle.sections);
  CHECK(read->program.revision == bundle.program.revision);
  CHECK(SerializeBundle(*read) == bytes);
  CHECK(Disassemble(read->program) == Disassemble(bundle.program));
}

TEST_CASE("every field of a program survives") {
  Program p = SampleProgram();
  p.settings.keys["mask"] = "env:KEY";
  p.settings.facts = {"facts/**.yaml"};
  p.settings.keep_default = -1;
  Condition condition;
  condition.text = "x > 1";
  condition.chunk = p.rules[0].collections[0];
  condition.paths.push_back({"x", condition.chunk});
  p.rules[0].conditions.push_back(condition);
  p.rules[0].recheck = 5;
  Constant v;
  v.kind = Kind::kVersion;
  v.version = *ParseVersion("1.2.3-rc.1+build");
  Constant ip;
  ip.kind = Kind::kIp;
  ip.ip = *ParseIp("10.0.0.0/8");
  p.constants.push_back(v);
  p.constants.push_back(ip);
  auto read = ParseProgram(SerializeProgram(p));
  REQUIRE(read.ok());
  CHECK(SerializeProgram(*read) == SerializeProgram(p));
  CHECK(read->constants.back().ip == ip.ip);
  CHECK(read->constants[read->constants.size() - 2].version.build == "build");
  CHECK(read->settings.keep_default == -1);
  CHECK(read->rules[0].conditions[0].paths[0].text == "x");
  CHECK(read->chunks == p.chunks);
  CHECK(read->code == p.code);
}

TEST_CASE("what is no bundle has a code of its own") {
  Bundle bundle;
  bundle.program = SampleProgram();
  const std::string bytes = SerializeBundle(bundle);
  CHECK(Code(ParseBundle("").status()) == "BL6001");
  CHECK(Code(ParseBundle("hello, world").status()) == "BL6001");
  CHECK(Code(ParseBundle("BYLW").status()) == "BL6003");
  std::string other = bytes;
  other[4] = 99;
  CHECK(Code(ParseBundle(other).status()) == "BL6002");
  CHECK(Code(ParseBundle(bytes.substr(0, bytes.size() - 1)).status()) ==
        "BL6003");
  other = bytes;
  other.back() ^= 1;
  CHECK(Code(ParseBundle(other).status()) == "BL6003");
  CHECK(Code(ParseProgram("").status()) == "BL6004");
}

// Else one program would have several revisions.
TEST_CASE("a program has one spelling") {
  Program p = SampleProgram();
  p.settings.keys = {{"k1", "env:A"}, {"k2", "env:B"}};
  const std::string good = SerializeProgram(p);
  const auto with = [&](std::string_view before, std::string_view after) {
    std::string bytes = good;
    const size_t at = bytes.find(before);
    REQUIRE(at != std::string::npos);
    bytes.replace(at, before.size(), after);
    return ParseProgram(bytes).status();
  };
  const std::string_view keys = "\2k1\5env:A\2k2\5env:B";
  CHECK(with(keys, keys).ok());
  CHECK(Code(with(keys, "\2k2\5env:B\2k1\5env:A")) == "BL6004");
  CHECK(Code(with(keys, "\2k1\5env:A\2k1\5env:B")) == "BL6004");
  // The length 2 in two bytes.
  CHECK(Code(with(keys, {"\x82\0k1\5env:A\2k2\5env:B", 19})) == "BL6004");
  CHECK(Code(ParseProgram(good + '\0').status()) == "BL6004");
}

TEST_CASE("the revision changes with the program") {
  Program p = SampleProgram();
  const std::string before = Revision(p);
  CHECK(before.size() == 32);
  CHECK(before == Revision(SampleProgram()));
  p.policies[0].title = "other";
  CHECK(Revision(p) != before);
}

// Behind the checksum, which anybody can make.
TEST_CASE("damaged programs are refused or verified, never a crash") {
  const std::string good = SerializeProgram(SampleProgram());
  std::mt19937 random(7);
  int parsed = 0, verified = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < changes; ++i) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] + 1);
          break;
        case 2:
          bytes.erase(at, 1 + random() % 4);
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(random()));
      }
      if (bytes.empty()) bytes = "x";
    }
    auto program = ParseProgram(bytes);
    if (!program.ok()) continue;
    ++parsed;
    if (!Verify(*program).ok()) continue;
    ++verified;
    CHECK_FALSE(Disassemble(*program).empty());
  }
  CHECK(parsed > 1000);
  CHECK(verified > 100);
}

}  // namespace
}  // namespace bylaw
