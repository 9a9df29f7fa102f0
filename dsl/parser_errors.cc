#include "dsl/parser_errors.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bylaw::parsing {
namespace {

using antlr4::Parser;
using antlr4::Token;
using P = BylawParser;

const std::vector<std::string>& Words(size_t rule) {
  static const auto* const kRules = new std::vector<std::string>{
      "allow", "deny",    "mask", "hide", "keep rows", "drop rows",
      "keep",  "require", "let",  "for",  "first",     "drop"};
  static const auto* const kDeclarations = new std::vector<std::string>{
      "module", "import", "vocabulary", "entity", "type",
      "extend", "action", "obligation", "def",    "scope",
      "policy", "waiver", "test",       "given"};
  static const auto* const kMetadata = new std::vector<std::string>{
      "title", "owner", "control", "severity", "help", "on", "overrides"};
  static const auto* const kScope =
      new std::vector<std::string>{"owner", "governs", "may"};
  static const auto* const kWaiver = new std::vector<std::string>{
      "on", "reason", "ticket", "requested", "approved", "from", "until"};
  static const auto* const kTest =
      new std::vector<std::string>{"given", "when", "expect"};
  static const auto* const kExpect = new std::vector<std::string>{
      "allow", "permit", "deny",   "mask",     "hide",
      "clear", "row",    "filter", "no",       "require",
      "not",   "error",  "keep",   "advisory", "waiver"};
  static const auto* const kNone = new std::vector<std::string>;
  switch (rule) {
    case P::RuleRuleBlock:
    case P::RuleRule_:
      return *kRules;
    case P::RuleUnit:
    case P::RuleDeclaration:
      return *kDeclarations;
    case P::RulePolicyHead:
    case P::RuleMetadata:
    case P::RuleHead:
      return *kMetadata;
    case P::RuleScope:
    case P::RuleScopeItem:
      return *kScope;
    case P::RuleWaiver:
    case P::RuleWaiverItem:
      return *kWaiver;
    case P::RuleTest:
    case P::RuleTestItem:
      return *kTest;
    case P::RuleExpectation:
      return *kExpect;
    default:
      return *kNone;
  }
}

bool IsExpressionRule(size_t rule) {
  return rule >= P::RuleExpr && rule <= P::RuleQuantifier;
}

bool IsOperator(size_t type) {
  switch (type) {
    case P::AND:
    case P::OR:
    case P::NOT:
    case P::IN:
    case P::HAS:
    case P::OVERLAPS:
    case P::WITHIN:
    case P::WITH:
    case P::CONTAINS:
    case P::LIKE:
    case P::MATCHES:
    case P::EQUAL:
    case P::NOT_EQUAL:
    case P::LESS:
    case P::LESS_EQUAL:
    case P::GREATER:
    case P::GREATER_EQUAL:
    case P::ASSIGN:
    case P::PLUS:
    case P::MINUS:
    case P::STAR:
    case P::SLASH:
    case P::QUESTIONS:
    case P::PIPES:
    case P::AMPERSANDS:
    case P::BANG:
    case P::FOREIGN_EQUALITY:
      return true;
    default:
      return false;
  }
}

// Words that go on with a rule or an expression: where one stands instead of
// an operand, the operand is missing.
bool IsConnective(size_t type) {
  return (IsOperator(type) && type != P::NOT && type != P::MINUS) ||
         BeginsRule(type) || type == P::WHEN || type == P::UNLESS ||
         type == P::BECAUSE || type == P::HELP || type == P::THEN ||
         type == P::ELSE || type == P::WHERE || type == P::SATISFY ||
         type == P::IS || type == P::STARTS || type == P::ENDS;
}

bool BeginsItem(size_t rule, size_t type) {
  switch (rule) {
    case P::RuleScopeItem:
      return type == P::OWNER || type == P::GOVERNS || type == P::MAY;
    case P::RuleWaiverItem:
      return type == P::ON || type == P::REASON || type == P::TICKET ||
             type == P::REQUESTED || type == P::APPROVED || type == P::FROM ||
             type == P::UNTIL;
    case P::RuleTestItem:
      return type == P::GIVEN || type == P::WHEN || type == P::EXPECT;
    default:
      return false;
  }
}

// One error, looked at from all sides.
struct Trouble {
  const TokenList& list;
  const Unit& unit;
  Reporter& reporter;
  size_t at;     // index of the offending token
  size_t type;   // its type
  size_t rule;   // of the grammar
  size_t begin;  // where that rule began
  bool exact;    // `expected` is about this token
  bool again;    // the unit has errors before it
  const antlr4::misc::IntervalSet& expected;

  const Token* token() const { return list.tokens[at].get(); }
  bool AtEnd() const { return at >= unit.end; }
  size_t TypeBefore(size_t n = 1) const {
    return at >= unit.begin + n ? list.TypeAt(at - n) : Token::EOF;
  }
  bool Expects(size_t token_type) const {
    return exact && expected.contains(token_type);
  }
  bool ExpectsExpression() const {
    return Expects(P::LPAREN) && Expects(P::LOWER) && Expects(P::INT);
  }
  std::string Text() const { return std::string(reporter.Of(token()).text()); }
  std::string Shown() const {
    if (AtEnd())
      return unit.last ? "the end of the file" : "the next declaration";
    std::string text = Text();
    if (text.size() > 40)
      text = "this";
    else
      text = absl::StrCat("`", text, "`");
    return text;
  }
  // The last token before the trouble, or the trouble itself.
  Span SpanBefore() const {
    return reporter.Of(list.tokens[at > unit.begin ? at - 1 : at].get());
  }

  bool StartsLine() const {
    return !AtEnd() && at > unit.begin && list.line_starts[at];
  }
  bool Say(Code code, std::string message, std::string help = "") const {
    reporter.Add(code, reporter.Of(token()), std::move(message),
                 std::move(help));
    return true;
  }
};

// What could stand here, if it can be said in few words.
std::string Expectation(const Trouble& t) {
  if (!t.exact) return "";
  if (t.ExpectsExpression()) return "an expression";
  std::vector<std::string> words;
  bool name = false;
  bool text = false;
  for (ssize_t type : t.expected.toList()) {
    if (type == P::LOWER || type == P::UPPER) {
      name = true;
    } else if (type == P::STRING || type == P::RAW_STRING) {
      text = true;
    }
  }
  if (name) return text ? "a name or a text" : "a name";
  if (text) words.push_back("a text in quotes");
  for (ssize_t type : t.expected.toList()) {
    if (type == P::STRING || type == P::RAW_STRING || type < 0) continue;
    if (type == static_cast<ssize_t>(P::NUMBER_UNIT)) {
      words.push_back("a duration such as `8h`");
      continue;
    }
    // The commas and brackets that may follow are not what was forgotten.
    std::string literal;
    switch (type) {
#define SYMBOL(name, text) \
  case P::name:            \
    literal = text;        \
    break
      SYMBOL(LBRACE, "{");
      SYMBOL(RBRACE, "}");
      SYMBOL(LPAREN, "(");
      SYMBOL(RPAREN, ")");
      SYMBOL(RBRACKET, "]");
      SYMBOL(COMMA, ",");
      SYMBOL(COLON, ":");
      SYMBOL(ASSIGN, "=");
      SYMBOL(OF, "of");
      SYMBOL(ON, "on");
      SYMBOL(IN, "in");
      SYMBOL(BY, "by");
      SYMBOL(AS, "as");
      SYMBOL(WITH, "with");
      SYMBOL(WHERE, "where");
      SYMBOL(THEN, "then");
      SYMBOL(ELSE, "else");
      SYMBOL(FOR, "for");
      SYMBOL(ROWS, "rows");
      SYMBOL(DOES, "does");
      SYMBOL(SATISFY, "satisfy");
      SYMBOL(AFTER, "after");
      SYMBOL(KEPT, "kept");
      SYMBOL(DROPPED, "dropped");
      SYMBOL(CONTAINS, "contains");
      SYMBOL(ALLOWS, "allows");
      SYMBOL(DELEGATED, "delegated");
#undef SYMBOL
      default:
        break;
    }
    if (literal.empty()) return "";  // too many to list
    words.push_back(absl::StrCat("`", literal, "`"));
  }
  if (words.empty() || words.size() > 3) return "";
  return absl::StrJoin(words, " or ");
}

// With what something may go on that was read to its end, by the block it
// stands in: the parser has left it, and expects the next item only.
std::vector<std::string> Continuations(size_t rule) {
  std::vector<std::string> words = {"and",  "or",   "in",       "has",
                                    "is",   "like", "overlaps", "within",
                                    "then", "else", "contains", "matches"};
  auto add = [&words](std::initializer_list<const char*> more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  switch (rule) {
    case P::RuleRuleBlock:
      add({"when", "unless", "because", "help", "with", "recheck"});
      break;
    case P::RuleScope:
      add({"as", "where", "when", "unless"});
      break;
    case P::RuleWaiver:
      add({"as", "where"});
      break;
    case P::RuleTest:
      add({"proposing", "with", "at", "by", "because"});
      break;
    case P::RuleUnit:
      break;
    default:
      words.clear();
  }
  return words;
}

// The words that can stand here, as they are written.
std::vector<std::string> ExpectedWords(const Trouble& t) {
  if (!t.exact) return Words(t.rule);
  // What stands behind a declaration is the beginning of the next one.
  std::vector<std::string> words;
  if (t.rule == P::RuleUnit) words = Words(t.rule);
  const size_t before = t.TypeBefore();
  if (!t.StartsLine() &&
      (EndsOperand(before) || before == P::ALLOW || before == P::DENY)) {
    for (std::string& word : Continuations(t.rule)) {
      words.push_back(std::move(word));
    }
  }
  const antlr4::dfa::Vocabulary& vocabulary =
      BylawParser(nullptr).getVocabulary();
  for (ssize_t type : t.expected.toList()) {
    if (type < 0) continue;
    const auto token = static_cast<size_t>(type);
    if (!IsReserved(token) && !IsSoft(token)) continue;
    if (token == P::KEEP || token == P::DROP) {
      // `expect keep 8h` is the other one.
      if (t.rule != P::RuleExpectation) {
        words.push_back(token == P::KEEP ? "keep rows" : "drop rows");
      }
    }
    const std::string quoted = vocabulary.getLiteralName(token);
    words.push_back(quoted.substr(1, quoted.size() - 2));
  }
  return words;
}

// What other languages write, or the same word in another form.
struct Habit {
  const char* written;
  const char* meant;
};
constexpr Habit kHabits[] = {
    {"if", "when"},           {"where", "when"},
    {"when", "where"},        {"of", "in"},
    {"from", "in"},           {"assert", "expect"},
    {"allowed", "allow"},     {"permitted", "permit"},
    {"denied", "deny"},       {"masked", "mask"},
    {"hidden", "hide"},       {"permit", "allow"},
    {"forbid", "deny"},       {"reject", "deny"},
    {"grant", "allow"},       {"except", "unless"},
    {"reason", "because"},    {"message", "because"},
    {"description", "title"}, {"extends", "extend"},
    {"function", "def"},      {"fn", "def"},
    {"const", "def"},         {"enum", "vocabulary"},
    {"rule", "policy"},       {"exception", "waiver"},
};

std::string Suggestion(const Trouble& t) {
  if (t.AtEnd() || !IsWord(t.type)) return "";
  const std::vector<std::string> words = ExpectedWords(t);
  const std::string text = t.Text();
  auto stands = [&words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (const Habit& habit : kHabits) {
    if (text == habit.written && stands(habit.meant)) {
      return DidYouMean(habit.meant);
    }
  }
  // A word that is right elsewhere is no slip of the pen.
  if (IsReserved(t.type)) return "";
  std::optional<std::string> near = NearestOf(text, words);
  return near ? DidYouMean(*near) : "";
}

bool SayAtEnd(const Trouble& t) {
  if (t.unit.unclosed != static_cast<size_t>(-1)) {
    const Token* opener = t.list.tokens[t.unit.unclosed].get();
    const Span open = t.reporter.Of(opener);
    const std::string bracket(open.text());
    const char* closer = bracket == "{" ? "}" : bracket == "(" ? ")" : "]";
    const std::string message =
        absl::StrCat("`", bracket, "` of line ", open.line(), " is not closed");
    // A brace ends with the block, another bracket with its expression.
    if (t.unit.last || bracket != "{") {
      t.reporter.Add(Code::BL1009, t.SpanBefore(), message,
                     absl::StrCat("`", closer, "` is missing"));
    } else {
      t.Say(Code::BL1011,
            absl::StrCat("`", closer, "` is missing before this declaration"),
            message);
    }
    return true;
  }
  if (t.rule == P::RuleConditional && t.Expects(P::ELSE)) {
    t.reporter.Add(Code::BL1039, t.SpanBefore(), "`else` is missing");
    return true;
  }
  const std::string expected = Expectation(t);
  t.reporter.Add(Code::BL1001, t.SpanBefore(),
                 expected.empty()
                     ? "something is missing after this"
                     : absl::StrCat(expected, " is missing after this"));
  return true;
}

// Where the grammar wants the name of something that is declared.
bool NamesSomething(size_t type_before) {
  switch (type_before) {
    case P::DEF:
    case P::POLICY:
    case P::ENTITY:
    case P::TYPE:
    case P::VOCABULARY:
    case P::ACTION:
    case P::GATE:
    case P::GROUP:
    case P::OBLIGATION:
    case P::SCOPE:
    case P::WAIVER:
    case P::LET:
    case P::FOR:
    case P::AS:
      return true;
    default:
      return false;
  }
}

bool SayReserved(const Trouble& t) {
  if (!IsReserved(t.type)) return false;
  const bool named = !t.exact && NamesSomething(t.TypeBefore());
  if (!t.Expects(P::LOWER) && !named) return false;
  if (!named && (t.ExpectsExpression() || IsExpressionRule(t.rule))) {
    if (IsConnective(t.type)) return false;
    return t.Say(Code::BL1020,
                 absl::StrCat(t.Shown(), " is a reserved word, not a name"),
                 absl::StrCat("a term that is a reserved word is written with "
                              "its vocabulary or parent: `Country.",
                              t.Text(), "`"));
  }
  if (t.StartsLine()) return false;
  if (t.type == P::WITH && t.TypeBefore() == P::MASK) {
    return t.Say(Code::BL1044, "the column comes before `with`",
                 "write `mask COLUMN with MASK`");
  }
  if (t.type == P::WHERE && t.TypeBefore() == P::ROWS) {
    return t.Say(Code::BL1001, "the name of the row is missing before `where`",
                 "write `keep rows r where r.x == …`");
  }
  return t.Say(Code::BL1020,
               absl::StrCat(t.Shown(), " is a reserved word, not a name"),
               absl::StrCat("choose another name, such as `", t.Text(), "_`"));
}

// `{no, eu}`: the word was read as the beginning of something else.
bool SayReservedBefore(const Trouble& t) {
  if (!IsExpressionRule(t.rule)) return false;
  switch (t.TypeBefore()) {
    case P::ANY:
    case P::NO:
    case P::ALL:
    case P::COUNT:
    case P::SUM:
    case P::MIN:
    case P::MAX:
    case P::MATCH:
    case P::IF:
      break;
    default:
      return false;
  }
  if (!t.AtEnd() && t.type != P::COMMA && t.type != P::RBRACE &&
      t.type != P::RPAREN && t.type != P::RBRACKET && !IsConnective(t.type)) {
    return false;
  }
  const Span word = t.SpanBefore();
  t.reporter.Add(
      Code::BL1020, word,
      absl::StrCat("`", std::string(word.text()),
                   "` is a reserved word, not a name"),
      absl::StrCat("a term that is a reserved word is written with its "
                   "vocabulary or parent: `Country.",
                   std::string(word.text()), "`"));
  return true;
}

bool SayTrailing(const Trouble& t) {
  if (t.type == P::RBRACE || t.type == P::RPAREN || t.type == P::RBRACKET) {
    return t.Say(Code::BL1010,
                 absl::StrCat(t.Shown(), " closes nothing that is open"));
  }
  if (BeginsRule(t.type) && t.list.line_starts[t.at]) {
    return t.Say(Code::BL1010, "a rule outside of a policy",
                 "a `}` too many may stand above");
  }
  if (IsText(t.type) && IsText(t.TypeBefore())) {
    return t.Say(Code::BL1028, "two texts side by side", "join them with `+`");
  }
  if (IsWord(t.type) &&
      (t.list.line_starts[t.at] || t.TypeBefore() == P::RBRACE)) {
    return t.Say(Code::BL1032,
                 absl::StrCat("no declaration begins with ", t.Shown()),
                 Suggestion(t));
  }
  return t.Say(Code::BL1001, absl::StrCat(t.Shown(), " is not expected here"),
               Suggestion(t));
}

// A word where an item of a block should begin or the block should end.
bool SayUnknownItem(const Trouble& t) {
  if (t.AtEnd() || !t.Expects(P::RBRACE)) return false;
  const bool fresh = t.list.line_starts[t.at] || t.TypeBefore() == P::RBRACE ||
                     t.TypeBefore() == P::LBRACE;
  if (!fresh && (t.rule == P::RuleRuleBlock || t.rule == P::RuleTest ||
                 t.rule == P::RuleScope || t.rule == P::RuleWaiver)) {
    if (IsText(t.type) && IsText(t.TypeBefore())) {
      return t.Say(Code::BL1028, "two texts side by side",
                   "join them with `+`");
    }
    if (t.rule == P::RuleTest && t.type == P::IN) {
      return t.Say(Code::BL1001, "`in` is not expected here",
                   "an entity's parents stand among its attributes: "
                   "`User \"a\" { in: Group \"g\" }`");
    }
    return t.Say(Code::BL1001, absl::StrCat(t.Shown(), " is not expected here"),
                 Suggestion(t));
  }
  switch (t.rule) {
    case P::RuleRuleBlock:
      if (!IsWord(t.type) || !fresh) return false;
      if (t.type == P::WHEN || t.type == P::UNLESS) return false;
      return t.Say(Code::BL1033,
                   absl::StrCat("no rule begins with ", t.Shown()),
                   Suggestion(t));
    case P::RuleScope:
    case P::RuleWaiver:
    case P::RuleTest:
      if (!IsWord(t.type) || !fresh) return false;
      return t.Say(Code::BL1034,
                   absl::StrCat(t.Shown(), " is no item of a ",
                                t.rule == P::RuleScope    ? "scope"
                                : t.rule == P::RuleWaiver ? "waiver"
                                                          : "test"),
                   Suggestion(t));
    default:
      return false;
  }
}

bool SayMissingComma(const Trouble& t) {
  // Of `{a b` it is not known yet whether it is a set.
  const bool set = !t.exact && t.rule == P::RuleBraces && t.at > t.begin + 1;
  const bool closes =
      t.Expects(P::RBRACE) || t.Expects(P::RPAREN) || t.Expects(P::RBRACKET);
  if (!set && !(t.Expects(P::COMMA) && closes)) return false;
  const bool element = IsName(t.type) || IsText(t.type) || t.type == P::INT ||
                       t.type == P::DECIMAL || t.type == P::NUMBER_UNIT;
  if (!element) return false;
  t.reporter.Add(Code::BL1036, t.SpanBefore(),
                 "a comma is missing after this element");
  return true;
}

bool SayIf(const Trouble& t) {
  if (t.type == P::IF &&
      (IsOperator(t.TypeBefore()) || t.TypeBefore() == P::NOT)) {
    return t.Say(Code::BL1038, "`if` as an operand stands in brackets",
                 "write `(if … then … else …)`");
  }
  return false;
}

// `user "ana"`: the type of an entity, which begins with a capital.
bool SayEntityType(const Trouble& t) {
  const Span type = t.SpanBefore();
  std::string meant(type.text());
  meant[0] = absl::ascii_toupper(static_cast<unsigned char>(meant[0]));
  t.reporter.Add(
      Code::BL1021, type,
      absl::StrCat("types start upper-case: `", std::string(type.text()), "`"),
      DidYouMean(meant));
  return true;
}

bool SayByPlace(const Trouble& t) {
  if (t.rule == P::RuleConditional && t.Expects(P::ELSE)) {
    if (t.StartsLine()) {
      t.reporter.Add(Code::BL1039, t.SpanBefore(), "`else` is missing");
      return true;
    }
    return t.Say(Code::BL1039,
                 absl::StrCat("`else` is missing before ", t.Shown()));
  }
  if (t.rule == P::RuleExpectation && t.StartsLine()) {
    t.reporter.Add(Code::BL1035, t.SpanBefore(),
                   "the expectation is not complete");
    return true;
  }
  if (t.rule == P::RuleExpectation) {
    std::string help = Suggestion(t);
    if (t.Expects(P::NUMBER_UNIT)) {
      help = "a duration is written with its unit: `keep 8h`";
    } else if (help.empty() && t.at == t.begin) {
      help = absl::StrCat("the expectations are ",
                          absl::StrJoin(Words(P::RuleExpectation), ", "));
    }
    return t.Say(Code::BL1035, "no expectation is written like this", help);
  }
  if (t.rule == P::RuleExtension && t.TypeBefore() == P::EXTEND) {
    return t.Say(Code::BL1001,
                 absl::StrCat("`extend` goes on with `vocabulary`, `entity` or "
                              "`action`, not with ",
                              t.Shown()),
                 Suggestion(t));
  }
  if (t.rule == P::RuleGiven && t.TypeBefore() == P::LBRACE &&
      (IsWord(t.type) || IsText(t.type))) {
    return t.Say(Code::BL1001,
                 absl::StrCat("`{` is expected here, not ", t.Shown()),
                 "rows stand in brackets: `given rows \"t\" { { a: 1 } }`");
  }
  if (t.rule == P::RuleType && t.type == P::COMMA) {
    return t.Say(Code::BL1001, "a type has one element type",
                 "write `Set<T>`, `List<T>` or `Map<T>`, whose keys are texts");
  }
  if ((t.rule == P::RuleEntityValue || t.rule == P::RuleUpperPath) &&
      IsText(t.type) && t.TypeBefore() == P::LOWER) {
    return SayEntityType(t);
  }
  if (t.rule == P::RulePolicyHead || t.rule == P::RuleHead) {
    if (t.type == P::LBRACE && t.Expects(P::ON)) {
      return t.Say(Code::BL1024,
                   "the policy's `on ACTIONS of TYPE` is missing");
    }
    if (IsWord(t.type) && t.Expects(P::ON)) {
      return t.Say(Code::BL1034,
                   absl::StrCat(t.Shown(), " is no metadata of a policy"),
                   Suggestion(t));
    }
  }
  if (t.rule == P::RuleRuleBlock || t.rule == P::RuleForHead ||
      t.rule == P::RuleGenerator) {
    if (t.Expects(P::LBRACE) && (t.type == P::WHEN || t.type == P::UNLESS)) {
      return t.Say(Code::BL1001, "a loop is narrowed by `where`",
                   "write `where` here, or the guard at the rules");
    }
  }
  if (IsConnective(t.type) && t.ExpectsExpression() && !t.StartsLine()) {
    return t.Say(Code::BL1001,
                 absl::StrCat("an expression is missing before ", t.Shown()));
  }
  if (t.rule == P::RuleFields || t.rule == P::RuleField ||
      t.rule == P::RuleBraces) {
    if (t.type == P::ASSIGN || t.Expects(P::COLON)) {
      return t.Say(Code::BL1001,
                   absl::StrCat("`:` is expected here, not ", t.Shown()));
    }
  }
  return false;
}

void SayAnything(const Trouble& t) {
  const std::string expected = Expectation(t);
  const std::string suggestion = Suggestion(t);
  if (t.StartsLine() && !expected.empty() && suggestion.empty() &&
      !IsText(t.type)) {
    // What is missing belongs to the line before.
    t.reporter.Add(Code::BL1001, t.SpanBefore(),
                   absl::StrCat(expected, " is missing after this"));
    return;
  }
  std::string message =
      expected.empty()
          ? absl::StrCat(t.Shown(), " is not expected here")
          : absl::StrCat(expected, " is expected here, not ", t.Shown());
  t.Say(Code::BL1001, std::move(message), suggestion);
}

// `"{u.id + "a"}"`: the quote inside of `{…}` ended the text.
bool SayQuoteInText(const Trouble& t) {
  if (t.at == t.unit.begin || t.TypeBefore() != P::STRING) return false;
  const Span before = t.SpanBefore();
  if (before.end != t.token()->getStartIndex()) return false;
  const std::string_view text = before.text();
  const size_t open = text.rfind('{');
  if (open == std::string_view::npos || text.find('}', open) != text.npos) {
    return false;
  }
  t.reporter.AddLexical(Code::BL1029, before,
                        "the `{` in this text is not closed in it",
                        "text inside `{…}` is written with back quotes");
  return true;
}

void Describe(const Trouble& t) {
  if (t.AtEnd()) {
    if (SayReservedBefore(t)) return;
    SayAtEnd(t);
    return;
  }
  if (t.reporter.HasLexicalErrorOn(t.reporter.Of(t.token()).line())) return;
  if (SayQuoteInText(t)) return;
  // `where x ==` and then an item, whose keyword was read as the operand.
  const size_t before = t.TypeBefore();
  if (t.at > t.unit.begin && t.list.line_starts[t.at - 1] &&
      (BeginsItem(P::RuleScopeItem, before) ||
       BeginsItem(P::RuleWaiverItem, before) ||
       BeginsItem(P::RuleTestItem, before)) &&
      IsOperator(t.TypeBefore(2))) {
    t.reporter.Add(Code::BL1001, t.reporter.Of(t.list.tokens[t.at - 2].get()),
                   "an expression is missing after this");
    return;
  }
  if (t.rule == P::RuleUnit) {
    // What is left over may well be so by the errors before.
    if (!t.again) SayTrailing(t);
    return;
  }
  if (SayIf(t) || SayReserved(t) || SayReservedBefore(t) || SayUnknownItem(t) ||
      SayMissingComma(t) || SayByPlace(t)) {
    return;
  }
  SayAnything(t);
}

// ---------------------------------------------------------------------------
// Going on

bool BeginsMetadata(size_t type) {
  return type == P::TITLE || type == P::OWNER || type == P::CONTROL ||
         type == P::SEVERITY || type == P::HELP || type == P::ON;
}

// The index at which the broken part of the given grammar rule ends, if this
// rule can go on there.
std::optional<size_t> ResumeAt(const UnitStream& stream, size_t rule,
                               size_t begin, size_t at) {
  const TokenList& list = stream.list();
  const size_t end = stream.unit().end;
  const Depth depth = list.depths[begin];
  auto level = [&](size_t i) {
    return list.depths[i].brackets == depth.brackets;
  };
  auto closes = [&](size_t i) {
    return list.TypeAt(i) == P::RBRACE &&
           list.depths[i].braces + 1 == depth.braces;
  };
  // Where its first word and the next do not go together, the parser stands
  // before the first.
  const size_t after = std::max(at, begin + 1);
  // A plain name that begins a line after something complete, no deeper than
  // the broken part: what its author took for the keyword of another item.
  auto fresh = [&](size_t i) {
    return list.TypeAt(i) == P::LOWER && list.line_starts[i] && level(i) &&
           list.indents[i] <= list.indents[begin] &&
           (EndsOperand(list.TypeAt(i - 1)) || BeginsRule(list.TypeAt(i - 1)));
  };
  switch (rule) {
    case P::RuleName:
      // A reserved word is taken for the name that it was meant to be.
      if (at < end && IsReserved(list.TypeAt(at)) && !list.line_starts[at]) {
        return at + 1;
      }
      return std::nullopt;
    case P::RuleRule_:
      for (size_t i = after; i < end; ++i) {
        if (closes(i)) return i;
        // A misspelled rule is reported when it is met.
        if (i > at && fresh(i)) return i;
        if (!BeginsRule(list.TypeAt(i))) continue;
        if (list.TypeAt(i - 1) == P::DOT) continue;
        // A `}` may be missing in the broken part itself.
        const bool deeper = stream.unit().unclosed != static_cast<size_t>(-1) &&
                            list.depths[i].braces > depth.braces;
        if (list.line_starts[i]
                ? deeper || list.depths[i].braces == depth.braces
                : level(i) && i > at) {
          return i;
        }
      }
      return std::nullopt;
    case P::RuleAttribute:
    case P::RuleTerm:
    case P::RuleField:
    case P::RuleArm:
      for (size_t i = at; i < end; ++i) {
        const size_t type = list.TypeAt(i);
        // Of `Map<String, Int>` too the comma ends nothing.
        const bool inside = rule == P::RuleAttribute &&
                            list.TypeAt(i + 2) == P::GREATER &&
                            IsWord(list.TypeAt(i + 1));
        if (level(i) && type == P::COMMA && !inside) return i;
        if ((type == P::RBRACE || type == P::RPAREN) &&
            list.depths[i].brackets + 1 == depth.brackets) {
          return i;
        }
      }
      return std::nullopt;
    case P::RuleScopeItem:
    case P::RuleWaiverItem:
    case P::RuleTestItem:
      for (size_t i = after; i < end; ++i) {
        if (closes(i)) return i;
        if (list.depths[i].braces == depth.braces && i > at &&
            BeginsItem(rule, list.TypeAt(i))) {
          return i;
        }
        if (i == at && list.line_starts[i] &&
            BeginsItem(rule, list.TypeAt(i))) {
          return i;
        }
        if (i > at && fresh(i)) return i;
      }
      return std::nullopt;
    case P::RuleMetadata:
      for (size_t i = at; i < end && level(i); ++i) {
        if (BeginsMetadata(list.TypeAt(i))) return i;
        if (list.TypeAt(i) == P::LBRACE) return std::nullopt;
      }
      return std::nullopt;
    case P::RulePolicyHead:
    case P::RuleForHead:
      for (size_t i = at; i < end; ++i) {
        const size_t next = list.TypeAt(i + 1);
        if (list.TypeAt(i) == P::LBRACE && level(i) &&
            (BeginsRule(next) || next == P::RBRACE)) {
          return i;
        }
        if (BeginsRule(list.TypeAt(i)) && list.line_starts[i] && i > at) {
          return std::nullopt;
        }
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

void ErrorStrategy::reportError(Parser* parser,
                                const antlr4::RecognitionException& error) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  ++count_;
  const auto* stream = static_cast<const UnitStream*>(parser->getTokenStream());
  const size_t at = error.getOffendingToken()->getTokenIndex();
  const antlr4::ParserRuleContext* context = parser->getContext();
  const auto* choice =
      dynamic_cast<const antlr4::NoViableAltException*>(&error);
  const bool exact =
      choice == nullptr || choice->getStartToken()->getTokenIndex() == at;
  const antlr4::misc::IntervalSet expected =
      exact ? error.getExpectedTokens() : antlr4::misc::IntervalSet();
  Describe({stream->list(), stream->unit(), reporter_, at,
            at < stream->unit().end ? stream->list().TypeAt(at)
                                    : static_cast<size_t>(Token::EOF),
            context->getRuleIndex(),
            context->start == nullptr ? at : context->start->getTokenIndex(),
            exact, count_ > 1, expected});
}

void ErrorStrategy::recover(Parser* parser, std::exception_ptr error) {
  const auto* stream = static_cast<UnitStream*>(parser->getTokenStream());
  const antlr4::ParserRuleContext* context = parser->getContext();
  const size_t at = parser->getTokenStream()->index();
  const size_t rule = context->getRuleIndex();
  const size_t begin =
      context->start == nullptr ? at : context->start->getTokenIndex();
  if (rule == P::RuleUnit || rule == P::RuleInterpolation) {
    parser->getTokenStream()->seek(stream->unit().end);
    return;
  }
  if (begin < stream->unit().end) {
    std::optional<size_t> resume = ResumeAt(*stream, rule, begin, at);
    // Going on where the last error stopped would not end.
    if (resume && !(*resume == last_recovery_ && *resume == at)) {
      parser->getTokenStream()->seek(*resume);
      last_recovery_ = *resume;
      return;
    }
  }
  std::rethrow_exception(error);
}

// Called before each item of a block: skips what begins none, so that the items
// after it are read.
void ErrorStrategy::sync(Parser* parser) {
  const size_t rule = parser->getContext()->getRuleIndex();
  size_t item = 0;
  switch (rule) {
    case P::RuleRuleBlock:
      item = P::RuleRule_;
      break;
    case P::RuleScope:
      item = P::RuleScopeItem;
      break;
    case P::RuleWaiver:
      item = P::RuleWaiverItem;
      break;
    case P::RuleTest:
      item = P::RuleTestItem;
      break;
    default:
      return;
  }
  const auto* stream = static_cast<UnitStream*>(parser->getTokenStream());
  const TokenList& list = stream->list();
  const size_t at = parser->getTokenStream()->index();
  const size_t begin = parser->getContext()->start->getTokenIndex();
  if (at >= stream->unit().end || at == begin) return;
  const bool inside = list.depths[at].braces == list.depths[begin].braces + 1;
  auto begins = [&list, item](size_t i) {
    const size_t begin_type = list.TypeAt(i);
    return begin_type == P::RBRACE ||
           (item == P::RuleRule_ ? BeginsRule(begin_type)
                                 : BeginsItem(item, begin_type));
  };
  if (!inside || begins(at)) return;
  // One report for each word that was taken for the beginning of an item. Where
  // one begins a line, the error that led here is over.
  for (size_t here = at;;) {
    if (list.line_starts[here] && list.TypeAt(here) == P::LOWER) {
      endErrorCondition(parser);
    }
    reportError(parser, antlr4::InputMismatchException(parser));
    const size_t next =
        ResumeAt(*stream, item, here, here).value_or(stream->unit().end);
    parser->getTokenStream()->seek(next);
    last_recovery_ = next;
    if (next == here || next >= stream->unit().end || begins(next)) return;
    here = next;
  }
}

Token* ErrorStrategy::recoverInline(Parser* parser) {
  throw antlr4::InputMismatchException(parser);
}

}  // namespace bylaw::parsing
