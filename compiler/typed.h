// The typed tree: what the checker (check.h) makes of the syntax tree and
// what lowering (lower.h) turns into bytecode. Every name is resolved to a
// number of the Schema, a local variable, a def or a root; every expression
// has a type; sugar is gone (context groups are lists of actions, `unless e`
// is a condition of its own, `{a, b}` of constants is a constant). A typed
// program has no errors: what has errors never gets here.
//
// Plain trees of values, immutable after checking.
#ifndef BYLAW_COMPILER_TYPED_H_
#define BYLAW_COMPILER_TYPED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/bytecode/mask_kind.h"
#include "compiler/bytecode/program.h"
#include "dsl/source.h"

namespace bylaw::typed {

// What an expression does; args are its operands in source order.
enum class Op : uint8_t {
  kConstant,  // constant
  kLocal,     // index: a local variable (loop, let, parameter, quantifier)
  kSubject,
  kResource,
  kContext,
  kNow,
  kPrevious,
  kAction,     // its name; the type is the vocabulary `Action`, a term for each
               // action, whose constants are texts
  kAttribute,  // args[0] entity or record (may be optional: then result is
               // T? or, for a collection, empty); index: slot. For a union
               // the slot is found by `name` in the entity met at run time,
               // and so it is in a context (args[0] kContext, of no type)
               // where the head's actions differ: then index is kNone.
  kId,         // args[0] entity: its id as a String
  kMapGet,     // args[0] map, args[1] key: T?
  kNot,
  kAnd,
  kOr,
  kIf,        // condition, then, else
  kCoalesce,  // a ?? b
  kMatch,     // args[0] subject, then for each arm its result; see arms
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kIn,       // x in set/list (exact; terms of no tree, scalars)
  kInBelow,  // x in s with "is or below": tree terms, entities
  kHas,      // s has x: as kIn with operands swapped (set, element)
  kHasBelow,
  kOverlaps,
  kOverlapsBelow,  // some element of a is (below) one of b
  kWithin,         // a within b: tree terms, entities (b: one or a set)
  kIpWithin,
  kHasKey,     // map has key
  kHasColumn,  // args[0] the owner (resource type), args[1] String
  kIsEmpty,
  kIsMissing,
  kIsPresent,
  kIsType,  // args[0] entity; entities: the types it may be
  kStartsWith,
  kEndsWith,
  kContains,
  kLike,     // args[1] is a constant pattern, `*` any run
  kMatches,  // args[1] is a constant RE2 pattern, whole text
  kAdd,
  kSub,
  kMul,
  kDiv,  // by the operands' kinds
  kNegate,
  kLower,
  kLength,
  kToDecimal,
  kHour,
  kMinute,
  kWeekday,
  kDate,
  kAge,
  kMajor,
  kMinor,
  kPatch,
  kCall,  // index: def; args
  kAny,
  kNo,
  kAll,
  kCount,
  kSum,
  kMin,
  kMax,  // see Quantifier fields
  kSet,
  kList,
  kRecord,  // args: elements (kRecord: a field each)
  kAllOf,   // `all T`; index: entity type
  // Row predicates only:
  kRowColumn,  // r.x: args empty, name; or r[c]: args[0] a Column. The type is
               // that of the other operand, kNone between two columns.
  kRowIn,      // args[0] a row value, in column(table, name): see table, name
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct MatchArm {
  std::vector<uint32_t> terms;  // empty: else. A tree term matches below it.
};

struct Expr {
  Op op = Op::kConstant;
  TypeId type = kNone;
  Span span;
  std::vector<ExprPtr> args;
  uint32_t index = kNone;
  Constant constant;               // kConstant
  std::string name;                // kAttribute of a union, kRowColumn, kRowIn
  std::string table;               // kRowIn: dataset id
  std::vector<uint32_t> entities;  // kIsType
  std::vector<MatchArm> arms;      // kMatch
  // Quantifiers: args[0] the collection; `local` the variable; where and
  // body as present (any/no: where is the predicate; all: body is
  // `satisfy`; sum/min/max: body is the summed expression).
  uint32_t local = kNone;
  ExprPtr where, body;
  bool has_row = false;  // mentions the row variable: a residual
  bool marked = false;   // kRowColumn: r.x?
  bool not_in = false;   // kNot with a row: written `x not in s`
};

// A local variable of a rule or def.
struct Local {
  std::string name;
  TypeId type = kNone;
  Span span;
};

struct Def {       // functions and constants; masks are expanded by the checker
  std::string id;  // module.name
  std::string module;
  std::vector<uint32_t> parameters;  // locals
  std::vector<Local> locals;
  TypeId result = kNone;
  ExprPtr body;
  bool mentions_now = false;  // itself or through other defs
  Span span;
};

// One loop around a rule, from the outside.
struct Loop {
  uint32_t local = kNone;
  ExprPtr collection;
  ExprPtr where;              // may be null
  bool over_columns = false;  // directly over the resource's selected columns
  Span span;
};

// A let that a rule can see; evaluated inside the first `depth` loops.
struct Let {
  uint32_t local = kNone;
  ExprPtr value;
  uint32_t depth = 0;
  Span span;
};

struct Mask {
  MaskKind kind = MaskKind::kNone;
  std::vector<ExprPtr> args;  // truncate: a String constant, the unit
};

// Text with interpolations: literal[0] expr[0] literal[1] expr[1] ….
struct Text {
  std::vector<std::string> literals;  // one more than exprs
  std::vector<ExprPtr> exprs;
};

struct Rule {
  RuleKind kind = RuleKind::kDeny;
  Span span;
  // Shared with the rules beside it: loops around it, lets it can see.
  std::vector<std::shared_ptr<const Loop>> loops;
  std::vector<std::shared_ptr<const Let>> lets;  // in order of declaration
  // In a `first`: the conditions of the rules above, which come before its
  // own; each is (when, unless), either may be null.
  struct Guard {
    std::shared_ptr<const Expr> when, unless;
    // Row rules. The rule is passed over where a column that the predicate
    // marks is lacking: those of `r.x?` and `r["x"]?` by name; those of
    // `r[c]?` stand in the predicate.
    std::shared_ptr<const Expr> predicate;
    std::vector<std::string> marked_columns;
  };
  std::vector<Guard> earlier;
  bool in_first = false;
  Guard own;
  // Effects.
  uint32_t target = kNone;  // mask, hide: the loop's local
  Mask mask;
  bool keep = false;  // rows: keep or drop
  uint32_t obligation = kNone;
  std::vector<ExprPtr> arguments;  // require: one a parameter (null: default)
  int64_t recheck = -1;            // microseconds
  std::unique_ptr<Text> because, help;
  bool mentions_now = false;
  uint32_t about_slot = kNone;  // see bylaw::Rule
};

struct Policy {
  std::string id, module;
  uint32_t scope = 0;
  std::string title, owner, help;
  std::vector<std::string> controls;
  PolicySeverity severity = PolicySeverity::kMedium;
  Span span;
  std::vector<uint32_t> actions;
  uint32_t resource = kNone;
  std::vector<uint32_t> subjects;
  Level level = Level::kMandatory;
  int64_t grace_until = INT64_MIN;
  std::vector<Local> locals;         // of guard and all rules
  ExprPtr guard_when, guard_unless;  // may be null
  bool guard_mentions_now = false;
  std::vector<Rule> rules;
  std::vector<uint32_t> overrides;  // policies (index into Program::policies)
};

struct Governs {
  uint32_t entity = kNone;
  std::vector<Local> locals;
  ExprPtr where;  // null: all of them
  Span span;
};

struct MayAllow {
  std::vector<uint32_t> actions;
  uint32_t resource = kNone;
  std::vector<Local> locals;
  ExprPtr when;  // may be null
  bool mentions_now = false;
  Span span;
};

struct Scope {
  std::string name, owner;
  uint32_t parent = kNone;
  Span span;
  std::vector<Governs> governs;
  std::vector<MayAllow> may_allow;
  std::vector<uint32_t> may_override;
};

struct Waiver {
  std::string id;
  uint32_t policy = kNone, scope = 0, resource = kNone;
  std::vector<Local> locals;
  ExprPtr where;  // may be null
  bool mentions_now = false;
  int64_t from = 0, until = 0;
  std::string reason, ticket, requested, approved;
  Span span;
};

// `= expression` of a context attribute that is no constant (d.columns).
struct ContextDefault {
  uint32_t action = kNone, slot = kNone;
  std::vector<Local> locals;
  ExprPtr value;  // reads kResource, kSubject
};

// The resource of a head named by `as d` and the roots are one: both are
// kResource (and kSubject) in the tree, never locals.
struct Program {
  Schema schema;
  std::vector<const SourceFile*> files;  // Span::file indexes these
  std::vector<Def> defs;
  std::vector<Policy> policies;  // sorted by id
  std::vector<Scope> scopes;     // root first, parents before children
  std::vector<Waiver> waivers;   // in the order of their places
  std::vector<ContextDefault> context_defaults;
  Settings settings;
};

// --- Tests of the language, checked but never lowered ---------------------

// What a given or a proposal says of one entity: attributes as constants,
// kMissing where left out; nested entities stand on their own.
struct GivenEntity {
  uint32_t entity = kNone;
  std::string id;
  std::vector<std::pair<uint32_t, Constant>> attributes;  // slot, value
  uint32_t parent_entity = kNone;                         // nested in
  std::string parent_id;
  std::vector<std::pair<uint32_t, std::string>> in;  // other parents
  Span span;
};

struct GivenRows {
  std::string dataset;
  std::vector<std::vector<std::pair<std::string, Constant>>> rows;
  bool own = false;  // of the test itself, not of its module
  Span span;
};

struct Expect {
  enum class Kind : uint8_t {
    kAllow,
    kPermit,
    kDeny,
    kDenyBy,
    kNothingAllows,
    kNotDenyBy,
    kMask,
    kHide,
    kClear,
    kRowKept,
    kRowDropped,
    kFilter,
    kNoFilter,
    kRequire,
    kNotRequire,
    kAdvisory,
    kWaiver,
    kNotDelegated,
    kError,
    kKeep
  };
  Kind kind = Kind::kAllow;
  Span span;
  std::string policy;  // whole id ("ungoverned" too); waiver id
  bool has_because = false;
  std::string because;  // must be contained
  std::string column;
  MaskKind mask = MaskKind::kNone;
  std::vector<Constant> mask_args;
  std::vector<std::pair<std::string, Constant>> row;
  std::string filter;
  uint32_t obligation = kNone;
  std::vector<std::pair<uint32_t, Constant>> arguments;  // slot, value
  int64_t keep = 0;                                      // microseconds
};

struct Test {
  std::string module, name;
  Span span;
  std::vector<GivenEntity> givens;  // the module's first, then its own
  std::vector<GivenRows> rows;
  uint32_t subject_entity = kNone, action = kNone, resource_entity = kNone;
  std::string subject_id, resource_id;
  bool proposing = false;
  std::vector<GivenEntity> proposal;  // the resource first, then nested
  std::vector<std::pair<uint32_t, Constant>> context;  // slot, value
  // Asserted attributes of entities that the context names would stand in
  // `givens`; a test gives facts instead.
  bool has_at = false;
  int64_t at = 0;
  std::vector<Expect> expects;
};

}  // namespace bylaw::typed

#endif  // BYLAW_COMPILER_TYPED_H_
