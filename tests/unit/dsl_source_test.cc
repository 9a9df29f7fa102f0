#include <chrono>
#include <string>

#include "dsl/diagnostics.h"
#include "dsl/source.h"
#include "tests/catch.h"

namespace bylaw {
namespace {

TEST_CASE("columns count code points from 1") {
  SourceFile file("a.bylaw",
                  "ab\n\xC3\xA4\xE2\x82\xAC"
                  "c\r\nd");
  REQUIRE(file.line_count() == 3);
  REQUIRE(file.Locate(0) == LineColumn{1, 1});
  REQUIRE(file.Locate(2) == LineColumn{1, 3});
  REQUIRE(file.Locate(3) == LineColumn{2, 1});
  REQUIRE(file.Locate(5) == LineColumn{2, 2});
  REQUIRE(file.Locate(8) == LineColumn{2, 3});
  REQUIRE(file.Line(2) ==
          "\xC3\xA4\xE2\x82\xAC"
          "c");
  REQUIRE(file.Line(3) == "d");
  REQUIRE(file.Locate(1000) == LineColumn{3, 2});
  Span span{&file, 3, 8};
  REQUIRE(span.Start() == LineColumn{2, 1});
  REQUIRE(span.End() == LineColumn{2, 3});
}

TEST_CASE("an empty file has one line") {
  SourceFile file("a.bylaw", "");
  REQUIRE(file.line_count() == 1);
  REQUIRE(file.Locate(0) == LineColumn{1, 1});
}

TEST_CASE("columns on long lines agree with counting") {
  std::string text(3000, 'x');
  for (size_t i = 100; i < text.size(); i += 7) text.replace(i, 2, "\xC3\xB6");
  SourceFile file("a.bylaw", text);
  uint32_t column = 1;
  for (uint32_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    REQUIRE(file.Locate(i).column == column);
    ++column;
  }
}

TEST_CASE("a diagnostic shows its line with a caret and a suggestion") {
  SourceFile file("p/a.bylaw", "module a\n  deny when clasification == 1\n");
  DiagnosticSink sink;
  sink.Add(Code::BL1001, {&file, 21, 35}, "unknown name `clasification`",
           DidYouMean("classification"));
  REQUIRE(Render(sink) ==
          "p/a.bylaw:2:13: error BL1001: unknown name `clasification`\n"
          "      deny when clasification == 1\n"
          "                ^~~~~~~~~~~~~~\n"
          "  help: did you mean `classification`?\n");
}

TEST_CASE("diagnostics outside of policy files show their place alone") {
  DiagnosticSink sink;
  sink.AddAt(Code::BL1001, "facts/a.yaml", {3, 7}, {3, 9}, "odd");
  sink.AddAt(Code::BL1001, "facts/b.yaml", {}, {}, "odd");
  REQUIRE(Render(sink) ==
          "facts/a.yaml:3:7: error BL1001: odd\n"
          "facts/b.yaml: error BL1001: odd\n");
}

TEST_CASE("control characters are shown, not obeyed") {
  CHECK(Visible("plain \u00e4\t\u2026") == "plain \u00e4\t\u2026");
  CHECK(Visible("a\x1b[2Jb\x07\x7f") == "a\\u{1B}[2Jb\\u{7}\\u{7F}");
  CHECK(Visible("\u009b1m \u00a0") == "\\u{9B}1m \u00a0");
  CHECK(Visible("\u202Ex\u2069") == "\\u{202E}x\\u{2069}");
  CHECK(Visible("a\r\nb") == "a\\r\\nb");
  CHECK(Visible("a\nb", /*lines=*/true) == "a\nb");
  CHECK(Visible("cut \xE2\x80") == "cut \xE2\x80");
  DiagnosticSink sink;
  sink.AddAt(Code::BL1001, "a\x1b.yaml", {3, 7}, {3, 9}, "odd \x1b[31m",
             "mend \u0085");
  CHECK(Render(sink) ==
        "a\\u{1B}.yaml:3:7: error BL1001: odd \\u{1B}[31m\n"
        "  help: mend \\u{85}\n");
  const SourceFile source("a.bylaw", "x \u009b \u202E y\n");
  DiagnosticSink placed;
  placed.Add(Code::BL1001, {&source, 0, 1}, "odd");
  CHECK(Render(placed).find("x \uFFFD \uFFFD y\n") != std::string::npos);
}

TEST_CASE("long lines are cut to a window around the place") {
  std::string text = std::string(5000, 'a') + "B" + std::string(5000, 'c');
  SourceFile file("a.bylaw", text);
  DiagnosticSink sink;
  sink.Add(Code::BL1001, {&file, 5000, 9000}, "odd");
  std::string out = Render(sink);
  REQUIRE(out.size() < 1200);
  const size_t first = out.find('\n') + 1;
  const size_t second = out.find('\n', first) + 1;
  const std::string shown = out.substr(first, second - first);
  const std::string marks = out.substr(second);
  REQUIRE(shown.find('B') != std::string::npos);
  // The caret stands below the B; the ellipsis is three bytes, one column.
  REQUIRE(shown.find('B') - 2 == marks.find('^'));
}

TEST_CASE("sorting is by file, place and code, and drops repetitions") {
  SourceFile a("a.bylaw", "x\ny\n");
  SourceFile b("b.bylaw", "x\n");
  DiagnosticSink sink;
  sink.Add(Code::BL1001, {&b, 0, 1}, "three");
  sink.Add(Code::BL1002, {&a, 2, 3}, "two");
  sink.Add(Code::BL1001, {&a, 2, 3}, "one");
  sink.Add(Code::BL1001, {&a, 2, 3}, "one");
  REQUIRE(sink.error_count() == 4);
  sink.Sort();
  REQUIRE(sink.error_count() == 3);
  REQUIRE(sink.diagnostics()[0].message == "one");
  REQUIRE(sink.diagnostics()[1].message == "two");
  REQUIRE(sink.diagnostics()[2].message == "three");
}

TEST_CASE("rendering ten thousand diagnostics of one long line is quick") {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += "\xC3\xB6 x";
  SourceFile file("a.bylaw", text);
  DiagnosticSink sink;
  for (uint32_t i = 0; i < 10000; ++i) {
    sink.Add(Code::BL1001, {&file, i * 80, i * 80 + 2}, "odd");
  }
  const auto begin = std::chrono::steady_clock::now();
  sink.Sort();
  const std::string out = Render(sink);
  const auto took = std::chrono::steady_clock::now() - begin;
  REQUIRE(out.size() > 10000);
  REQUIRE(took < std::chrono::seconds(5));
}

TEST_CASE("offsets of places are those that the places were located at") {
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "\xC3\xB6x\xE2\x82\xAC";
  for (const std::string& text :
       {std::string("one\n\ntwo words\r\nlast"), wide, "a\n" + wide + "\nb"}) {
    const SourceFile file("a.bylaw", text);
    for (uint32_t i = 0; i <= text.size(); ++i) {
      const bool inside = i < text.size() && (text[i] & 0xC0) == 0x80;
      if (inside || text[i] == '\n') continue;
      INFO(i);
      REQUIRE(file.OffsetOf(file.Locate(i)) == i);
    }
    REQUIRE(file.OffsetOf({file.line_count(), 100'000}) == text.size());
    REQUIRE(file.OffsetOf({1, 0}) == 0);
  }
}

TEST_CASE("the table of codes is in order, whole and of one spelling") {
  std::string last;
  for (const CodeInfo& info : AllCodes()) {
    INFO(std::string(info.id));
    REQUIRE(info.id.size() == 6);
    REQUIRE(info.id.substr(0, 2) == "BL");
    REQUIRE(std::string(info.id) > last);
    last = std::string(info.id);
    REQUIRE(!info.name.empty());
    REQUIRE(!info.summary.empty());
    REQUIRE(info.text.size() > 20);
    REQUIRE(&InfoOf(info.code) == &info);
    REQUIRE(FindCode(info.id) == &info);
  }
  REQUIRE(FindCode("bl1001") == FindCode("BL1001"));
  REQUIRE(FindCode("BL0000") == nullptr);
}

TEST_CASE("suggestions are near slips only") {
  const std::vector<std::string> words = {"classification", "columns", "name",
                                          "pii"};
  REQUIRE(NearestOf("clasification", words) == "classification");
  REQUIRE(NearestOf("Classification", words) == "classification");
  REQUIRE(NearestOf("colunms", words) == "columns");
  REQUIRE(NearestOf("nmae", words) == "name");
  REQUIRE(!NearestOf("domain", words));
  REQUIRE(!NearestOf("x", words));
}

}  // namespace
}  // namespace bylaw
