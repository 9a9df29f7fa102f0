#include "dsl/parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/parser_errors.h"
#include "dsl/parser_tokens.h"
#include "dsl/parser_tree.h"

namespace bylaw {
namespace parsing {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

// A generated parser with our strategy. ANTLR's own state (the tables that
// prediction learns) is shared between all of a process and guarded by ANTLR.
class Machine {
 public:
  explicit Machine(Reporter& reporter)
      : strategy_(std::make_shared<ErrorStrategy>(reporter)), parser_(nullptr) {
    parser_.removeErrorListeners();
    parser_.setErrorHandler(strategy_);
    parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()
        ->setPredictionMode(antlr4::atn::PredictionMode::SLL);
  }
  // The trees of the unit before are gone after this.
  BylawParser& Start(UnitStream* stream) {
    parser_.setTokenStream(stream);
    return parser_;
  }
  size_t TakeErrors() { return strategy_->TakeCount(); }

 private:
  std::shared_ptr<ErrorStrategy> strategy_;
  BylawParser parser_;
};

class FileParser {
 public:
  FileParser(const SourceFile& source, DiagnosticSink& sink,
             const ParseLimits& limits)
      : reporter_(source, sink, limits.max_errors),
        units_(reporter_),
        insides_(reporter_),
        builder_(reporter_, [this](size_t begin, size_t end) {
          return ParseInside(begin, end);
        }) {
    file_ = std::make_unique<ast::File>();
    file_->source = &source;
  }

  std::unique_ptr<ast::File> Run(const ParseLimits& limits) {
    const std::string& text = reporter_.source().text();
    if (text.size() > limits.max_file_bytes) {
      reporter_.Add(Code::BL1004, reporter_.At(0, 0),
                    absl::StrCat("the file has more than ",
                                 limits.max_file_bytes, " bytes"),
                    "split it: several files may make one module; or raise "
                    "`policy_file_bytes` under `limits:` in bylaw.yaml");
      return std::move(file_);
    }
    const size_t invalid = FirstInvalidUtf8(text);
    if (invalid != kNone) {
      reporter_.Add(
          Code::BL1002, reporter_.At(invalid, invalid + 1),
          absl::StrCat("the byte 0x",
                       absl::Hex(static_cast<unsigned char>(text[invalid]),
                                 absl::kZeroPad2),
                       " is not valid UTF-8"));
      return std::move(file_);
    }
    size_t end = text.size();
    const size_t comment = UnclosedComment(text);
    if (comment != kNone) {
      reporter_.Add(Code::BL1007, reporter_.At(comment, comment + 2),
                    "the comment is not closed", "close it with `*/`");
      end = comment;
    }
    const size_t begin = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
    list_ = ReadTokens(begin, end, reporter_);
    if (!CheckNesting(list_, reporter_)) return std::move(file_);
    const std::vector<Unit> units = SplitUnits(list_);
    if (units.empty()) {
      reporter_.Add(Code::BL1030, reporter_.At(begin, begin),
                    "the file does not begin with `module NAME`");
    }
    bool declared = false;
    for (size_t i = 0; i < units.size() && !reporter_.full(); ++i) {
      ParseUnit(units[i], i == 0, &declared);
    }
    return std::move(file_);
  }

 private:
  void ParseUnit(const Unit& unit, bool first, bool* declared) {
    const antlr4::Token* start = list_.tokens[unit.begin].get();
    const size_t type = start->getType();
    if (first && type != BylawParser::MODULE) {
      const bool slip =
          type == BylawParser::LOWER &&
          NearestOf(reporter_.Of(start).text(), {"module"}).has_value();
      reporter_.Add(Code::BL1030, reporter_.Of(start),
                    "the file does not begin with `module NAME`",
                    slip ? DidYouMean("module") : "");
      if (slip) return;
    } else if (!first && type == BylawParser::MODULE) {
      reporter_.Add(Code::BL1031, reporter_.Of(start),
                    file_->module ? "a file is of one module"
                                  : "`module` stands first in a file");
    } else if (type == BylawParser::IMPORT && *declared) {
      reporter_.Add(Code::BL1031, reporter_.Of(start),
                    "imports stand before all declarations");
    }
    if (type != BylawParser::MODULE && type != BylawParser::IMPORT) {
      *declared = true;
    }
    UnitStream stream(list_, unit);
    BylawParser& parser = units_.Start(&stream);
    BylawParser::UnitContext* context = parser.unit();
    const bool broken = units_.TakeErrors() > 0;
    if (BylawParser::ModuleLineContext* line = context->moduleLine()) {
      if (line->exception != nullptr || file_->module) return;
      file_->module = builder_.PathOf(line->path());
      builder_.CheckLowerPath(&file_->module);
      auto doc = list_.docs.find(start->getStartIndex());
      if (doc != list_.docs.end()) file_->doc = doc->second;
    } else if (BylawParser::ImportLineContext* line = context->importLine()) {
      if (line->exception != nullptr) return;
      ast::Import import;
      import.module = builder_.PathOf(line->path());
      builder_.CheckLowerPath(&import.module);
      import.span = reporter_.Of(start).To(import.module.span);
      file_->imports.push_back(std::move(import));
    } else {
      builder_.Add(context->declaration(), list_, broken, file_.get());
    }
  }

  ast::ExprPtr ParseInside(size_t begin, size_t end) {
    const TokenList list = ReadTokens(begin, end, reporter_);
    if (!CheckNesting(list, reporter_)) return nullptr;
    if (list.tokens.size() == 1) {
      reporter_.Add(Code::BL1029, reporter_.At(begin, end),
                    "`{…}` holds no expression");
      return nullptr;
    }
    Unit unit;
    unit.end = list.tokens.size() - 1;
    UnitStream stream(list, unit);
    BylawParser& parser = insides_.Start(&stream);
    BylawParser::InterpolationContext* context = parser.interpolation();
    if (insides_.TakeErrors() > 0) return nullptr;
    return builder_.Expression(context->expr());
  }

  Reporter reporter_;
  Machine units_;
  Machine insides_;
  TreeBuilder builder_;
  TokenList list_;
  std::unique_ptr<ast::File> file_;
};

// Characters that make a text look like another, comments included: the first
// of each line.
void WarnOfDirections(const SourceFile& source, const ParseLimits& limits,
                      DiagnosticSink& sink) {
  const std::string_view text = source.text();
  size_t found = 0;
  for (size_t at = FindDirection(text);
       at != kNone && found < limits.max_errors; ++found) {
    const auto begin = static_cast<uint32_t>(at);
    sink.Add(Code::BL1048, {&source, begin, begin + 3},
             "this character makes the line look other than it is read",
             "remove it; in a text write it as an escape, such as \\u{202E}");
    const size_t end = text.find('\n', at);
    at = end == kNone ? kNone : FindDirection(text, end);
  }
}

}  // namespace
}  // namespace parsing

std::unique_ptr<ast::File> ParseFile(const SourceFile& source,
                                     DiagnosticSink& sink,
                                     const ParseLimits& limits) {
  if (source.text().size() <= limits.max_file_bytes) {
    parsing::WarnOfDirections(source, limits, sink);
  }
  return parsing::FileParser(source, sink, limits).Run(limits);
}

bool IsReservedWord(std::string_view word) {
  static const auto* const kWords = new std::vector<std::string>([] {
    std::vector<std::string> words;
    const antlr4::dfa::Vocabulary& vocabulary =
        grammar::BylawParser(nullptr).getVocabulary();
    for (size_t type = grammar::BylawLexer::ALL;
         type <= grammar::BylawLexer::WITHIN; ++type) {
      std::string quoted = vocabulary.getLiteralName(type);
      words.push_back(quoted.substr(1, quoted.size() - 2));
    }
    std::sort(words.begin(), words.end());
    return words;
  }());
  return std::binary_search(kWords->begin(), kWords->end(), word);
}

}  // namespace bylaw
