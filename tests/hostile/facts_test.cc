// Hostile sizes in facts, descriptors and bundles.
#include "tests/catch.h"
#include "tests/hostile/fixture.h"

namespace bylaw::test {
namespace {

constexpr size_t kMany = 100'000;
constexpr uint64_t kGibibyte = uint64_t{1} << 30;

// Refused by build with the code and the text.
void Refused(const Hostile& h, std::string_view code, std::string_view text) {
  const Outcome o = h.Run("build", {"-o", h.File("out.bundle")});
  INFO(o.err.substr(0, 2000));
  CHECK(o.code == 1);
  CHECK(o.err.find(code) != std::string::npos);
  CHECK(o.err.find(text) != std::string::npos);
  CHECK(o.err.size() < 1'000'000);
}

void Accepted(const Hostile& h) {
  const Outcome o = h.Run("build", {"-o", h.File("out.bundle")});
  INFO(o.err.substr(0, 2000));
  CHECK(o.code == 0);
}

TEST_CASE("facts that are nested deep") {
  const Hostile h;
  const std::string so_deep = "nested deeper than 100";
  h.Write("facts/x.json",
          "{\"User\":{\"x\":" + Repeat("[", kMany) + Repeat("]", kMany) + "}}");
  Refused(h, "BL5004", so_deep);
  h.Write("facts/x.json", "{}");
  for (const std::string& text :
       {"User: {x: " + Repeat("[", kMany), Repeat("- ", kMany) + "a",
        Repeat("? ", kMany) + "a"}) {
    h.Write("facts/x.yaml", text);
    Refused(h, "BL5004", so_deep);
  }
}

TEST_CASE("aliases that explode") {
  const Hostile h;
  const std::string too_many = "aliases repeat more than 10 times";
  h.Write("facts/x.yaml", Bomb() + "User: { x: { roles: *a11 } }\n");
  Refused(h, "BL5004", too_many);
  h.Write("facts/x.yaml", Bomb() +
                              "kind: DataContract\napiVersion: v3.0.0\n"
                              "id: x\nschema: *a11\n");
  Refused(h, "BL5004", too_many);
}

TEST_CASE("a descriptor whose properties are nested deep") {
  const Hostile h;
  h.Write("facts/x.yaml",
          "kind: DataContract\napiVersion: v3.0.0\nid: x\nname: y\n"
          "version: 1.0.0\nstatus: active\nschema: [{name: a, properties: " +
              Repeat("[{name: b, logicalType: object, properties: ", 45) +
              "[]" + Repeat("}]", 45) + "}]");
  Refused(h, "BL5004", "nested deeper than 32");
}

TEST_CASE("files of facts of a gibibyte") {
  const Hostile h;
  for (const char* name : {"facts/x.yaml", "facts/x.json", "facts/x.jsonl"}) {
    h.WriteSparse(name, kGibibyte);
    Refused(h, "BL5004", "more than 67108864 bytes");
    Refused(h, "BL5004", "raise `fact_file_bytes` under `limits:`");
    h.Write(name, "");
    h.Write("facts/x.json", "{}");
  }
}

TEST_CASE("a file of facts at the limit and one byte above") {
  const Hostile h;
  h.Manifest("limits: { fact_file_bytes: 1024 }\n");
  h.Write("facts/x.yaml", "#" + std::string(1023, 'x'));
  Accepted(h);
  h.Write("facts/x.yaml", "#" + std::string(1024, 'x'));
  Refused(h, "BL5004", "more than 1024 bytes");
}

TEST_CASE("long values") {
  const Hostile h;
  const std::string digits(5'000'000, '1');
  h.Write("facts/x.json", "{\"User\":{\"x\":{\"roles\":" + digits + "}}}");
  Refused(h, "BL5008", "Set<Role> is expected");
  h.Write("facts/x.json",
          "{\"Dataset\":{\"" + digits + "\":{\"name\":\"" + digits + "\"}}}");
  Accepted(h);
  h.Write("facts/x.json",
          "{\"User\":{\"x\":{\"roles\":[" +
              Join(
                  1'000'000, [](auto) { return "\"analyst\""; }, ",") +
              "]}}}");
  Accepted(h);
}

TEST_CASE("findings of one file of facts") {
  const Hostile h;
  h.Write("facts/x.jsonl", Repeat("{\n", 1'000'000));
  Refused(h, "BL1045", "raise `findings` under `limits:`");
  h.Write("facts/x.jsonl", "");
  h.Write("facts/x.yaml", "User:\n" + Join(20'000, [](auto i) {
                            return "  u" + i + ": { rolex: 1 }\n";
                          }));
  Refused(h, "BL1045", "raise `findings` under `limits:`");
}

TEST_CASE("facts on one line") {
  const Hostile h;
  const std::string many = Join(
      1'000'000, [](auto) { return "é"; }, ",");
  for (const std::string& text :
       {"User: [" + many + "]", "User: { ana: { é: [" + many + "] } }",
        "User: { " +
            Join(
                kMany, [](auto i) { return "a" + i + ": "; }, ", ") +
            ", b: 1 }"}) {
    INFO(text.substr(0, 100));
    h.Write("facts/x.yaml", text);
    Refused(h, "BL500", "facts/x.yaml:1:");
  }
}

TEST_CASE("a descriptor of two hundred thousand unknown tags") {
  const Hostile h;
  h.Gate("deny when false because \"x\"");
  const std::string head =
      "kind: DataContract\napiVersion: v3.0.0\nid: x\nname: \u00e4\n"
      "version: 1.0.0\nstatus: active\ntags:";
  const auto tag = [](auto i) { return "t" + i; };
  for (const std::string& tags :
       {" [" + Join(200'000, tag, ",") + "]\n",
        " [" + Join(200'000, tag, ", \u00e4,") + "]\n",
        "\n" + Join(200'000, [](auto i) { return "- t" + i + "\n"; }),
        "\n" + Repeat("-\n", 200'000)}) {
    INFO(tags.substr(0, 100));
    h.Write("x.odcs.yaml", head + tags);
    const Outcome o = h.Run("check", {h.File("x.odcs.yaml")});
    CHECK(o.out.size() < 1'000'000);
    CHECK(o.code != -1);
    CHECK(o.out.find("more findings") != std::string::npos);
    CHECK(o.out.find("raise `findings` under `limits:`") != std::string::npos);
  }
}

TEST_CASE("a dataset of two hundred thousand columns") {
  const Hostile h;
  h.Write("facts/x.json",
          "{\"Dataset\":{\"wide\":{\"name\":\"wide\",\"columns\":{" +
              Join(
                  200'000,
                  [](auto i) { return "\"c" + i + "\":{\"type\":\"string\"}"; },
                  ",") +
              "}}}}");
  Accepted(h);
}

TEST_CASE("entities at the limit and one above") {
  const Hostile h;
  h.Manifest("limits: { entities: 103 }\n");
  h.Places(100);  // and a user, a dataset, a column
  Accepted(h);
  h.Places(101);
  Refused(h, "BL5004", "more than 103 entities");
}

TEST_CASE("closing ancestors and transitive attributes") {
  const Hostile h;
  const auto places = [](size_t n, auto rest) {
    std::string text;
    for (size_t i = 0; i < n; ++i) {
      const std::string id = std::to_string(i);
      text += R"({"type":"Place","id":"p)" + id +
              R"(","attributes":{"name":"x")" + rest(i) + "}}\n";
    }
    return text;
  };
  const auto under = [](size_t i) {
    return i == 0 ? "" : ",\"in\":\"p" + std::to_string(i - 1) + "\"";
  };
  const auto circle = [](size_t i) {
    return ",\"next\":[\"p" + std::to_string((i + 1) % kMany) + "\"]";
  };
  h.Write("facts/x.jsonl", places(kMany, under));
  Refused(h, "BL5004", "raise `closure_cells` under `limits:`");
  h.Write("facts/x.jsonl", places(kMany, circle));
  h.Manifest("limits: { closure_cells: 10000000 }\n");
  Refused(h, "BL5004",
          "closing the transitive attribute `next` takes more than 10000000");
  // Each entity is its own first ancestor.
  h.Write("facts/x.jsonl", places(997, [](size_t) { return ""; }));
  h.Manifest("limits: { closure_cells: 1001 }\n");
  Accepted(h);
  h.Write("facts/x.jsonl", places(998, [](size_t) { return ""; }));
  Refused(h, "BL5004", "the ancestors of all entities are more than 1001");
}

TEST_CASE("a bundle of a gibibyte") {
  const Hostile h;
  h.Write("request.json",
          R"({"subject":{"type":"User","id":"ana"},"action":"read",)"
          R"("resource":{"type":"Dataset","id":"d"}})");
  const std::vector<std::string> decide = {"--bundle", h.File("big.bundle"),
                                           h.File("request.json")};
  h.WriteSparse("big.bundle", kGibibyte);
  Outcome o = h.Run("decide", decide);
  CHECK(o.code == 2);
  CHECK(o.err.find("BL6001") != std::string::npos);
  o = h.Run("decide", decide, {{"BYLAW_MAX_BUNDLE_BYTES", "1000000"}});
  CHECK(o.code == 2);
  CHECK(o.err.find("BYLAW_MAX_BUNDLE_BYTES") != std::string::npos);
}

}  // namespace
}  // namespace bylaw::test
