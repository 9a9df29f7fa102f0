#ifndef BYLAW_DSL_PARSER_TREE_H_
#define BYLAW_DSL_PARSER_TREE_H_

// From ANTLR's contexts to ast.h. Says what the grammar lets pass but the
// language does not: order of guards, chained comparisons, literals out of
// range, upper and lower case, items given twice. Private to the parser.
//
// Contexts that hold an exception were not read to their end; they and what
// depends on them are left out of the tree.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dsl/ast.h"
#include "dsl/parser_tokens.h"

namespace bylaw::parsing {

class TreeBuilder {
 public:
  // Parses the expression in bytes [begin, end), a text's `{…}`; null after a
  // report.
  using ParseInside = std::function<ast::ExprPtr(size_t begin, size_t end)>;

  TreeBuilder(Reporter& reporter, ParseInside parse_inside)
      : reporter_(reporter), parse_inside_(std::move(parse_inside)) {}

  // `broken`: the parser has reported errors of this declaration.
  void Add(BylawParser::DeclarationContext* context, const TokenList& list,
           bool broken, ast::File* file);
  ast::ExprPtr Expression(BylawParser::ExprContext* context);
  ast::Path PathOf(BylawParser::PathContext* context);
  // Report names that should start otherwise, and take them as they should be,
  // so that the checker does not stumble over them once more.
  void CheckLower(ast::Name* name);
  void CheckLowerPath(ast::Path* path);

 private:
  using P = BylawParser;
  using Context = antlr4::ParserRuleContext;

  struct Clauses {
    ast::ExprPtr when;
    ast::ExprPtr unless;
    ast::ExprPtr because;
    ast::ExprPtr help;
    ast::ExprPtr recheck;
    ast::MaskUse mask;
    bool has_mask = false;
  };
  // Which clauses stand where.
  enum class ClauseSet { kGuards, kAllow, kDeny, kMask };

  // What a list of attributes may hold besides names and types.
  struct AttributeRules {
    bool defaults = false;
    bool markers = false;  // inverse, transitive, asserted
    bool includes = false;
    const char* what = "";
  };

  Span At(const Context* context) const;
  Span At(antlr4::tree::TerminalNode* node) const;
  Span At(const antlr4::Token* token) const { return reporter_.Of(token); }
  std::string Doc(const Context* context) const;
  static bool Broken(const Context* context) {
    return context == nullptr || context->exception != nullptr;
  }

  ast::Name NameOf(const Context* context) const;
  ast::Name LowerName(const Context* context);
  ast::Name TypeName(const Context* context);
  ast::Path UpperPathOf(P::UpperPathContext* context);
  ast::Path LowerPathOf(P::PathContext* context);
  // A path that names a type.
  ast::Path TypePathOf(P::PathContext* context);
  std::vector<ast::Path> TypePathsOf(P::PathsContext* context);
  std::vector<ast::Path> LowerPathsOf(P::PathsContext* context);
  void CheckType(ast::Path* path);
  void CheckTypeName(ast::Name* name);
  ast::TypeRef TypeOf(P::TypeContext* context);
  std::vector<ast::Term> TermsOf(P::TermsContext* context);
  ast::Attribute AttributeOf(P::AttributeContext* context,
                             const AttributeRules& rules);
  std::vector<ast::Attribute> AttributesOf(P::AttributeListContext* context,
                                           const AttributeRules& rules);
  std::vector<ast::Attribute> AttributesOf(P::AttributesContext* context,
                                           const AttributeRules& rules);

  // A text of one literal, or of several.
  ast::Text TextOf(P::StringContext* context);
  ast::Text JoinedText(P::StringsContext* context);
  ast::Text SingleText(P::StringsContext* context);
  ast::ExprPtr InterpolatedText(P::StringsContext* context);
  std::string Decode(const antlr4::Token* token);
  // One escape at `at` (a backslash); returns the offset after it.
  size_t DecodeEscape(size_t at, size_t end, std::string* out);
  void Interpolate(const antlr4::Token* token, std::vector<ast::TextPart>* out);

  // Ends a declaration: adds it, with its documentation and place.
  template <typename T>
  void Keep(const Context* context, T declaration, std::vector<T>* list) {
    declaration.doc = Doc(context);
    declaration.span = At(context);
    list->push_back(std::move(declaration));
  }
  void AddVocabulary(P::VocabularyContext* context, ast::File* file);
  void AddEntity(P::EntityContext* context, ast::File* file);
  void AddType(P::TypeDeclContext* context, ast::File* file);
  void AddExtension(P::ExtensionContext* context, ast::File* file);
  void AddAction(P::ActionContext* context, ast::File* file);
  void AddObligation(P::ObligationContext* context, ast::File* file);
  void AddDef(P::DefContext* context, ast::File* file);
  void AddScope(P::ScopeContext* context, ast::File* file);
  void AddWaiver(P::WaiverContext* context, ast::File* file);
  void AddPolicy(P::PolicyContext* context, ast::File* file);
  void AddTest(P::TestContext* context, ast::File* file);

  void ReadMetadata(P::PolicyHeadContext* context, ast::Policy* policy);
  ast::Head HeadOf(P::HeadContext* context);
  Clauses ClausesOf(const std::vector<P::ClauseContext*>& contexts,
                    ClauseSet set);
  std::vector<ast::Rule> RulesOf(P::RuleBlockContext* context);
  ast::Rule RuleOf(P::Rule_Context* context);
  void CheckFirst(const ast::Rule& first);
  ast::Generator GeneratorOf(P::GeneratorContext* context);
  ast::MaskUse MaskOf(P::MaskUseContext* context);
  std::vector<ast::Argument> ArgumentsOf(P::ArgumentsContext* context);
  ast::Given GivenOf(P::GivenContext* context);
  ast::TestRequest RequestOf(P::TestRequestContext* context);
  ast::Expect ExpectOf(P::ExpectationContext* context);
  std::vector<ast::Field> FieldsOf(P::FieldsContext* context);
  ast::Field FieldOf(P::FieldContext* context);
  ast::Row RowOf(P::FieldsContext* context);
  ast::ExprPtr EntityOf(P::EntityValueContext* context);
  // Reports a repeated item of a block; true if it is the first.
  bool Once(std::vector<std::string>* seen, const std::string& item, Span span);

  // Expressions: operators in parser_expressions.cc, operands in
  // parser_operands.cc, literals in parser_literals.cc.
  ast::ExprPtr Make(ast::ExprKind kind, Span span) const;
  // Sets the height; an expression that is too high is cut off and reported.
  ast::ExprPtr Finish(ast::ExprPtr expr);
  void SayTooDeep(Span span, std::string message);
  // Reports that `not` or `-` stands before an operand too often.
  bool TooManySigns(size_t signs, Span span);
  ast::ExprPtr Binary(ast::Op op, Span op_span, ast::ExprPtr left,
                      ast::ExprPtr right);
  ast::ExprPtr Disjunction(P::DisjunctionContext* context);
  ast::ExprPtr Conjunction(P::ConjunctionContext* context);
  ast::ExprPtr Negation(P::NegationContext* context);
  ast::ExprPtr Comparison(P::ComparisonContext* context);
  ast::ExprPtr Tail(P::ComparisonTailContext* context, ast::ExprPtr left);
  ast::ExprPtr Sum(P::SumContext* context);
  ast::ExprPtr Product(P::ProductContext* context);
  ast::ExprPtr Defaulted(P::DefaultedContext* context);
  ast::ExprPtr Unary(P::UnaryContext* context);
  ast::ExprPtr Postfix(P::PostfixContext* context, bool negative);
  ast::ExprPtr Suffix(P::SuffixContext* context, ast::ExprPtr base);
  // The suffixes that all expressions take.
  ast::ExprPtr Member(P::WordContext* word, bool asked, Span span,
                      ast::ExprPtr base);
  ast::ExprPtr Index(P::ExprContext* key, bool asked, Span span,
                     ast::ExprPtr base);
  ast::ExprPtr Call(P::ArgumentsContext* arguments, ast::ExprPtr base);
  ast::ExprPtr Matched(P::MatchedContext* context);
  ast::ExprPtr TextSuffix(P::SuffixContext* context, ast::ExprPtr base);
  ast::ExprPtr Record(ast::Path type, P::FieldsContext* fields, Span span);
  ast::ExprPtr Primary(P::PrimaryContext* context, bool negative);
  ast::ExprPtr Bracketed(Span brackets, ast::ExprPtr expr);
  ast::ExprPtr Braces(P::BracesContext* context);
  ast::ExprPtr Quantifier(P::QuantifierContext* context);
  ast::ExprPtr Matching(P::MatchingContext* context);
  ast::ExprPtr IntLiteral(const antlr4::Token* token, bool negative);
  ast::ExprPtr DecimalLiteral(const antlr4::Token* token, bool negative);
  ast::ExprPtr UnitLiteral(const antlr4::Token* token);
  // A literal with units; reports one that is a period.
  ast::ExprPtr DurationOf(antlr4::tree::TerminalNode* node);

  Reporter& reporter_;
  ParseInside parse_inside_;
  const TokenList* list_ = nullptr;
  bool in_test_ = false;
  bool broken_ = false;    // what seems to be missing may not have been read
  bool too_deep_ = false;  // reported once a declaration
};

}  // namespace bylaw::parsing

#endif  // BYLAW_DSL_PARSER_TREE_H_
