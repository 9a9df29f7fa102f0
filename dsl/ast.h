#ifndef BYLAW_DSL_AST_H_
#define BYLAW_DSL_AST_H_

// The tree of one file, as parser.h makes it and the checker reads it. It says
// what was written, nothing about what it means: names are not resolved, so a
// path like `pii.email` is a member of a name whether it is a term or an
// attribute.
//
// Invariants of a tree that was parsed without errors: every ExprPtr that is
// not documented as optional is set; literals are in range; upper and lower
// case are right; no tree is higher than kMaxHeight. Of a file with syntax
// errors only the declarations that could be read are in the tree.
//
// Trees are built by one thread and then read by any number.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsl/source.h"

namespace bylaw::ast {

struct Name {
  std::string text;
  Span span;
  // Whether it was written (optional names are empty).
  explicit operator bool() const { return !text.empty(); }
};

// Names joined by dots: modules, actions, policies, types (`mesh.User`), terms.
struct Path {
  std::vector<Name> parts;
  Span span;
  explicit operator bool() const { return !parts.empty(); }
  std::string Text() const {
    std::string text;
    for (const Name& part : parts) {
      if (!text.empty()) text += '.';
      text += part.text;
    }
    return text;
  }
};

// A text without interpolation, its escapes decoded, adjacent ones joined.
struct Text {
  std::string value;
  Span span;
  explicit operator bool() const { return static_cast<bool>(span); }
};

struct TypeRef {
  enum class Kind : uint8_t { kNamed, kSet, kList, kMap };
  Kind kind = Kind::kNamed;
  bool optional = false;             // T?
  Path name;                         // kNamed: Bool, User, mesh.User
  std::unique_ptr<TypeRef> element;  // kSet, kList, kMap
  Span span;
};

// ---------------------------------------------------------------------------
// Expressions

enum class ExprKind : uint8_t {
  kBool,       // bool_value
  kInt,        // number; text as written
  kDecimal,    // number, in millionths; text as written
  kString,     // text, escapes decoded; never interpolated
  kText,       // parts: the texts of `because` and `help`
  kDuration,   // number, in seconds; text as written
  kPeriod,     // number, in months; text as written
  kName,       // name: a variable, root, constant, term, module or vocabulary
  kMember,     // operands {object}; name; asked: `r.x?`
  kIndex,      // operands {object, key}; asked: `r["x"]?`
  kCall,       // operands {callee}: a kName, or a kMember (functions with their
               // module, methods); arguments. `date("…")`, `ip("…")`,
               // `column("d", "c")` are calls of names
  kUnary,      // op kNot or kNegate; operands {x}
  kBinary,     // op; operands {left, right}; of kAnd and kOr two or more
  kIsMissing,  // operands {x}
  kIsPresent,  // operands {x}
  kIsEmpty,    // operands {x}
  kIsType,     // operands {x}; path: the type
  kQuantifier,  // op kAny … kMax; name: the variable; operands {collection,
                // where or null, body or null}: the body is what `all`
                // satisfies and what `sum`, `min` and `max` are over
  kIf,          // operands {condition, then, else}
  kMatch,       // operands {subject}; arms
  kSet,         // operands: `{a, b}`, `{}` (in tests also an empty map)
  kList,        // operands: `[a, b]`
  kMap,         // fields with quoted keys: `{ "key": v }`; in tests only
  kEntity,      // path: the type; text: the id (text_span); in tests with
                // has_body and fields: `User "ana" { roles: {…} }`
  kRecord,      // path: the type; fields: `Sla { … }`, and nested entities
                // without an id: `Column { … }`; in tests only
  kAllOf,       // path: the type: `all DataProduct`
};

enum class Op : uint8_t {
  kNone,
  // kUnary
  kNot,
  kNegate,
  // kBinary
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
  kHas,
  kOverlaps,
  kWithin,
  kStartsWith,
  kEndsWith,
  kContains,
  kLike,
  kMatches,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kDefault,  // ??
  // kQuantifier
  kAny,
  kNo,
  kAll,
  kCount,
  kSum,
  kMin,
  kMax,
};

// As written: "and", "not in", "starts with", "??", "any".
const char* OpText(Op op);

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// An argument of a call, obligation or mask.
struct Argument {
  Name name;  // empty: by position
  ExprPtr value;
};

// `key: value` of a record, map, entity, row, context or proposal.
struct Field {
  Name key;             // its text, unquoted
  bool quoted = false;  // `"odd name": v`
  ExprPtr value;
  Span span;
};

struct MatchArm {
  std::vector<Path> patterns;  // whole terms, maybe after their vocabulary
  bool is_else = false;        // then no patterns
  ExprPtr value;
  Span span;
};

// A piece of an interpolated text: expr if set, else text.
struct TextPart {
  std::string text;
  ExprPtr expr;
  Span span;
};

struct Expr {
  ExprKind kind = ExprKind::kBool;
  Op op = Op::kNone;
  bool bool_value = false;
  bool asked = false;      // kMember, kIndex: followed by `?`
  bool has_body = false;   // kEntity
  bool raw = false;        // kString: written in back quotes
  bool bracketed = false;  // stood in round brackets
  uint16_t height = 1;     // of the tree below, at most kMaxHeight
  int64_t number = 0;
  Span span;       // brackets around it are not part of it
  Span brackets;   // bracketed: of the outermost round brackets
  Span op_span;    // kUnary, kBinary: the operator (the first of several)
  Span text_span;  // kEntity: the id
  std::string text;
  Name name;
  Path path;
  std::vector<ExprPtr> operands;
  std::vector<Argument> arguments;
  std::vector<Field> fields;
  std::vector<MatchArm> arms;
  std::vector<TextPart> parts;

  // As it stands in what holds it.
  Span Whole() const { return bracketed ? brackets : span; }
};

// ---------------------------------------------------------------------------
// Declarations. Each has its doc comment (`///` lines, without the slashes,
// joined by line breaks) and the span of the whole declaration.

// An attribute of an entity or record, a parameter of an action, obligation or
// function.
struct Attribute {
  Name name;
  TypeRef type;
  ExprPtr default_value;  // optional: `= e`
  Name inverse;           // optional: `inverse a`
  Name includes;          // optional: `includes d`
  bool transitive = false;
  bool asserted = false;
  std::string doc;
  Span span;
};

struct Term {
  enum class Place : uint8_t { kNone, kAbove, kBelow };
  Name name;
  Place place = Place::kNone;  // `secret above restricted`, in extensions
  Name anchor;                 // restricted
  std::vector<Term> children;
  std::string doc;
  Span span;
};

struct Vocabulary {
  enum class Kind : uint8_t { kPlain, kOrdered, kTree };
  Kind kind = Kind::kPlain;
  bool extends = false;  // `extend vocabulary`; then kind is kPlain
  Path name;             // one part unless extends
  std::vector<Term> terms;
  std::string doc;
  Span span;
};

struct Entity {
  bool extends = false;       // `extend entity`
  Path name;                  // one part unless extends
  std::vector<Path> parents;  // `in`
  std::vector<Attribute> attributes;
  std::string doc;
  Span span;
};

struct RecordType {
  Name name;
  std::vector<Attribute> attributes;
  std::string doc;
  Span span;
};

struct UnionType {
  Name name;
  std::vector<Path> members;
  std::string doc;
  Span span;
};

struct Action {
  bool extends = false;  // `extend action`: only name and parameters
  bool gate = false;
  Path name;                   // one part unless extends
  Path resource;               // the type after `of`
  Name resource_name;          // optional: `as d`
  std::vector<Path> subjects;  // after `by`
  // `selects d.columns by context.columns`; empty if it does not.
  Path selects;
  Path selects_by;
  bool proposes = false;
  std::vector<Attribute> parameters;
  std::string doc;
  Span span;
};

struct ActionGroup {
  Name name;
  std::vector<Path> actions;
  std::string doc;
  Span span;
};

struct Obligation {
  Name name;
  std::vector<Attribute> parameters;
  std::string doc;
  Span span;
};

// A function, or a constant (`is_constant`: no brackets were written).
struct Def {
  bool is_constant = false;
  Name name;
  std::vector<Attribute> parameters;
  TypeRef type;
  ExprPtr value;
  std::string doc;
  Span span;
};

// A mask as it is used: `show_last(4)`, `redact`, `council.staff_phone`.
struct MaskUse {
  Path name;
  std::vector<Argument> arguments;
  Span span;
};

struct MaskDef {
  Name name;
  MaskUse mask;
  std::string doc;
  Span span;
};

// `ACTIONS of TYPE [as d] [by TYPES [as u]]`; waivers have no actions.
struct Head {
  std::vector<Path> actions;
  Path resource;
  Name resource_name;          // optional
  std::vector<Path> subjects;  // optional
  Name subject_name;           // optional
  ExprPtr when;                // optional
  ExprPtr unless;              // optional
  Span span;
};

struct Governs {
  Path type;
  Name variable;  // optional
  ExprPtr where;  // optional
  Span span;
};

struct MayAllow {
  std::vector<Path> actions;
  Path type;
  Name variable;   // optional
  ExprPtr when;    // optional
  ExprPtr unless;  // optional
  Span span;
};

struct Scope {
  Name name;
  bool root = false;
  Name parent;  // `under org`; empty for the root
  Text owner;   // optional
  std::vector<Governs> governs;
  std::vector<MayAllow> may_allow;
  std::vector<Path> may_override;  // policies or modules
  std::string doc;
  Span span;
};

enum class RuleKind : uint8_t {
  kAllow,     // recheck optional
  kDeny,      // because; help optional
  kMask,      // target; mask
  kHide,      // target
  kKeepRows,  // target: the variable; value: the predicate
  kDropRows,  // as kKeepRows
  kRequire,   // path: the obligation; arguments
  kLet,       // target: the new name; value
  kFor,       // generators; body
  kFirst,     // body
};

// "allow", "keep rows", "for".
const char* RuleKindText(RuleKind kind);

// `x in xs [where e]`
struct Generator {
  Name variable;
  ExprPtr collection;
  ExprPtr where;  // optional
  Span span;
};

struct Rule {
  RuleKind kind = RuleKind::kAllow;
  Span span;          // the whole rule
  Span keyword_span;  // its first word (`keep rows`: both)
  ExprPtr when;       // optional
  ExprPtr unless;     // optional
  ExprPtr recheck;    // a kDuration
  ExprPtr because;    // a kText
  ExprPtr help;       // a kText
  Name target;
  MaskUse mask;
  Path path;
  std::vector<Argument> arguments;
  ExprPtr value;
  std::vector<Generator> generators;
  std::vector<Rule> body;
};

struct Policy {
  enum class Severity : uint8_t { kLow, kMedium, kHigh, kCritical };
  Name name;
  Path overrides;  // optional
  Text title;
  Text owner;
  std::vector<Text> controls;
  Severity severity = Severity::kMedium;
  Name severity_word;  // optional
  Text help;           // optional
  Head head;
  std::vector<Rule> rules;
  std::string doc;
  Span span;
};

// Parts that are missing are empty; the parser reports all but `ticket`.
struct Waiver {
  Name name;
  Path policy;
  Path type;
  Name variable;  // optional
  ExprPtr where;  // optional
  Text reason;
  Text ticket;
  Text requested;
  Text approved;
  ExprPtr from;
  ExprPtr until;
  std::string doc;
  Span span;
};

struct Row {
  std::vector<Field> fields;
  Span span;
};

// `given User "ana" { … }`, or `given rows "privacy.erasures" { {…}, {…} }`.
struct Given {
  ExprPtr entity;  // a kEntity; null: rows
  Text dataset;
  std::vector<Row> rows;
  Span span;
};

struct TestRequest {
  ExprPtr subject;  // a kEntity
  Path action;
  ExprPtr resource;  // a kEntity
  bool proposes = false;
  std::vector<Field> proposing;
  std::vector<Field> context;
  ExprPtr at;  // optional
  Span span;
};

enum class ExpectKind : uint8_t {
  kAllow,
  kPermit,
  kDeny,
  kDenyBy,       // path; text: what because contains, optional
  kDenyNothing,  // deny because nothing allows
  kNotDenyBy,    // path
  kMask,         // text: the column; mask
  kHide,         // text: the column
  kClear,        // text: the column
  kRowKept,      // row
  kRowDropped,   // row
  kFilter,       // text
  kNoFilter,
  kRequire,       // path; arguments
  kNotRequire,    // path; arguments (none written: any arguments)
  kAdvisory,      // path
  kWaiver,        // path
  kNotDelegated,  // path
  kError,
  kKeep,  // keep: a kDuration
};

struct Expect {
  ExpectKind kind = ExpectKind::kAllow;
  Path path;
  Text text;
  MaskUse mask;
  Row row;
  std::vector<Argument> arguments;
  bool has_arguments = false;  // brackets were written
  ExprPtr keep;
  Span span;
};

struct Test {
  Text name;
  std::vector<Given> givens;
  TestRequest request;
  std::vector<Expect> expects;
  std::string doc;
  Span span;
};

struct Import {
  Path module;
  Span span;
};

// Declarations are kept by kind, each kind in the order of the file; order
// across kinds means nothing (and can be read off the spans).
struct File {
  const SourceFile* source = nullptr;
  Path module;
  std::string doc;  // of the module line
  std::vector<Import> imports;
  std::vector<Vocabulary> vocabularies;
  std::vector<Entity> entities;
  std::vector<RecordType> records;
  std::vector<UnionType> unions;
  std::vector<Action> actions;
  std::vector<ActionGroup> groups;
  std::vector<Obligation> obligations;
  std::vector<Def> defs;
  std::vector<MaskDef> masks;
  std::vector<Scope> scopes;
  std::vector<Policy> policies;
  std::vector<Waiver> waivers;
  std::vector<Given> givens;
  std::vector<Test> tests;
};

}  // namespace bylaw::ast

#endif  // BYLAW_DSL_AST_H_
