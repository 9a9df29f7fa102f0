// Internal to compiler/: the state that the passes of the checker (check.h)
// share. The passes, in the order in which Check runs them:
//
//   check_modules.cc   modules, imports, names             CollectModules
//   check_schema.cc    vocabularies, types, actions        DeclareSchema
//   check_defs.cc      functions, constants, masks         CheckDefs
//   check_policies.cc  heads, guards, rules                CheckPolicies
//   check_scopes.cc    scopes, delegation, overrides,
//                      waivers, enforcement                CheckScopes
//   check_tests.cc     tests of the language               CheckTests
//   check_lint.cc      notes that need the whole program   LintPolicies
//
// Expressions: check_expr.cc, check_values.cc, check_operators.cc,
// check_pairs.cc, check_forms.cc, check_calls.cc, check_masks.cc,
// check_rows.cc; constants: check_constant.cc; narrowing: check_facts.cc;
// what an expression mentions or may do wrong: check_effects.cc.
//
// Invariants: a TypeId kNone means "an error was reported"; every function
// that meets it is silent. A null ExprPtr means the same. One thread.
#ifndef BYLAW_COMPILER_CHECKER_H_
#define BYLAW_COMPILER_CHECKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "compiler/check.h"
#include "compiler/typed.h"
#include "dsl/ast.h"
#include "dsl/diagnostics.h"

namespace bylaw {

// --- Names -----------------------------------------------------------------

inline constexpr uint32_t kAmbiguous = kNone - 1;

// What a type's name stands for.
struct TypeSymbol {
  enum class Kind : uint8_t { kVocabulary, kEntity, kRecord, kUnion };
  Kind kind = Kind::kEntity;
  uint32_t index = kNone;          // of its list in the Schema (not kUnion)
  std::vector<uint32_t> entities;  // kUnion: sorted
  Span span;
};

// What an action's name stands for: one action, or a group of them.
struct ActionSymbol {
  bool is_group = false;
  uint32_t index = kNone;         // Schema::actions or ::groups
  std::vector<uint32_t> actions;  // flattened, sorted
  Span span;
};

struct MaskSymbol {
  const ast::MaskDef* tree = nullptr;
  const struct Module* module = nullptr;
  bool ok = false;  // its mask was checked
  // Where a chain of definitions ends, with a built-in mask; null: here.
  const MaskSymbol* end = nullptr;
};

struct Module {
  std::string name;
  uint32_t scope = 0;
  bool shipped = false;
  std::vector<const ast::File*> files;
  std::vector<const Module*> imports;  // `mesh` included; sorted by name
  // Declared here. Values index the lists of the Checker or the typed program.
  template <class T>
  using Names = absl::flat_hash_map<std::string, T>;
  Names<TypeSymbol> types;
  Names<ActionSymbol> actions;
  Names<uint32_t> obligations;  // Schema::obligations
  Names<uint32_t> defs;         // typed::Program::defs
  Names<MaskSymbol> masks;
  Names<uint32_t> policies;  // typed::Program::policies
  Names<Span> waivers;       // declared names (check_scopes.cc fills the list)
  absl::flat_hash_set<const Module*> imported;  // as `imports`
};

// --- Environments of expressions -------------------------------------------

// What is known of a path of attributes at a place in the text.
struct Fact {
  std::string path;  // "R.owner": see Checker::PathOf
  bool present = false;
  std::vector<uint32_t> entities;  // not empty: it is one of these types
  std::vector<uint32_t> terms;     // not empty: it is one of these terms
};
using Facts = std::vector<Fact>;

// What a variable's name stands for.
struct Binding {
  enum class Kind : uint8_t { kLocal, kResource, kSubject, kRow };
  std::string name;
  Kind kind = Kind::kLocal;
  uint32_t local = kNone;  // kLocal: index into Env::locals
};

// Where an expression stands: what it may mention and what is known there.
// Bindings and facts are stacks: remember their sizes and shrink them back.
struct Env {
  const Module* module = nullptr;
  std::vector<typed::Local>* locals = nullptr;  // of the policy, def, …
  std::vector<Binding> bindings;
  Facts facts;
  // Types of the roots; kNone where they do not exist.
  TypeId subject = kNone, resource = kNone;
  bool previous = false;          // the root `previous` exists
  std::vector<uint32_t> actions;  // of the head; empty: no context, no action
  bool all_of = false;            // `all T` may stand here (gates)
  bool now = true;
  bool roots_broken = false;  // their types are unknown: be silent
  // Why a root is refused: "a def sees its parameters and `now` only".
  const char* roots_refused = "this root does not exist here";
  // Lint of comparisons with what may be missing, in the conditions of rules:
  // +1 where the rule holds if the comparison does, -1 under a negation, 0
  // where nothing is linted.
  int polarity = 0;
  bool allow_rule = false;  // the rule allows; all others tighten
};

// The head of a policy or of what looks like one.
struct HeadInfo {
  std::vector<uint32_t> actions;   // sorted
  uint32_t resource = kNone;       // entity type
  std::vector<uint32_t> subjects;  // sorted
  bool any_gate = false, all_gates = false, proposes = false, selects = false;
  bool ok = false;  // false: an error was reported
};

// What EvalConstant may meet beyond constants, in tests: `User "ana" { … }`
// and `Column { … }` of an entity. Returns the reference, or nothing after
// reporting.
using NestedEntities =
    std::function<std::optional<Constant>(const ast::Expr&, TypeId)>;

class Checker {
 public:
  Checker(const CheckInput& input, DiagnosticSink& sink);
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // --- Passes (see above) ---
  void CollectModules();
  void DeclareSchema();
  void CheckDefs();
  void CheckPolicies();
  void LintPolicies();

  // --- Reporting ---
  void Error(Code code, const Span& span, std::string message,
             std::string suggestion = "");
  // A name that is not found: silent if what declares it may not have
  // been read.
  void UnknownName(Code code, const Span& span, std::string message,
                   std::string suggestion = "");
  // Names whose declaration was refused: not finding them is no error more.
  void Lose(const ast::Name& name) { lost_words_.insert(name.text); }
  // Whether the module has a file of which a part may not have been read.
  bool IsBroken(const Module& module) const;
  // As IsBroken, of a file.
  bool IsBroken(const SourceFile* file) const;
  // Whether a suggestion is still worth its time: a program with hundreds of
  // unknown names needs another remedy.
  bool WantsSuggestion() { return !quiet && suggestions_++ < kMaxSuggestions; }
  // Lint: silent for shipped modules and while probing.
  void Lint(Code code, const Env& env, const Span& span, std::string message,
            std::string suggestion = "");

  // --- Names (check_modules.cc) ---
  const Module* FindModule(std::string_view name) const;
  bool IsImported(const Module& from, const Module& module) const;
  // Every one reports what it does not find and returns null, kNone or empty.
  const TypeSymbol* ResolveTypeName(const Module& from, const ast::Path& path);
  TypeId ResolveType(const Module& from, const ast::TypeRef& ref);
  // Entity types of an entity's or union's name, sorted.
  std::vector<uint32_t> ResolveEntities(const Module& from,
                                        const ast::Path& path);
  // One entity type; a union is an error.
  uint32_t ResolveEntity(const Module& from, const ast::Path& path);
  const ActionSymbol* ResolveAction(const Module& from, const ast::Path& path);
  uint32_t ResolveObligation(const Module& from, const ast::Path& path);
  // A def by its name, or by a module and a name: kNone (silently) if there is
  // none, kAmbiguous (reported) if there are two.
  uint32_t LookUpDef(const Module& from, const std::vector<ast::Name>& parts,
                     const Span& span, bool report = true);
  // A policy by its name in this module, or by its whole id (module.name) from
  // anywhere: index into program.policies or kNone. Silent.
  uint32_t FindPolicy(const Module& from, std::string_view path) const;
  // As FindPolicy, but reports what is not found, with a suggestion.
  uint32_t ResolvePolicy(const Module& from, const ast::Path& path);
  // Whether `a` is `b` or below it in the tree of scopes.
  bool IsScopeWithin(uint32_t a, uint32_t b) const;

  // A term by its whole path, or kNone.
  uint32_t FindTerm(uint32_t vocabulary, const std::string& path) const;

  // --- Heads (check_policies.cc) ---
  HeadInfo ResolveHead(const Module& from, const ast::Head& head);
  // Actions of a list of names, sorted; `resource` filters groups. Reports.
  std::vector<uint32_t> ResolveActions(const Module& from,
                                       const std::vector<ast::Path>& paths,
                                       uint32_t resource, bool* ok);
  // Subjects that the actions take, sorted.
  std::vector<uint32_t> SubjectsOf(const std::vector<uint32_t>& actions) const;
  // An environment with the roots of a head; `locals` outlives it.
  Env EnvOfHead(const Module& from, const HeadInfo& head,
                std::vector<typed::Local>* locals);
  // Binds `as d`; reports names that are terms, roots or taken.
  void BindRoot(Env& env, const ast::Name& name, Binding::Kind kind);
  // Declares a local variable and binds it.
  uint32_t BindLocal(Env& env, const ast::Name& name, TypeId type);
  // Reports a name that a variable, parameter, def or constant cannot have.
  bool CheckVariableName(const ast::Name& name);

  // --- Expressions ---
  // Types `e`; `hint` (or kNone) types bare terms, `{}` and literals but is
  // not enforced. Null after an error.
  typed::ExprPtr Infer(const ast::Expr& e, Env& env, TypeId hint = kNone);
  // As Infer, and the result may stand where `expected` is; reports otherwise.
  typed::ExprPtr CheckExpr(const ast::Expr& e, Env& env, TypeId expected);
  // How a value of the type is spelled, where `e` is nearly that; else empty.
  std::string SpellingHint(const ast::Expr& e, TypeId expected) const;
  // A Bool; adds to `yes` what is known where it is true and to `no` what is
  // known where it is false (either may be null). Facts in env are kept.
  typed::ExprPtr CheckCondition(const ast::Expr& e, Env& env,
                                Facts* yes = nullptr, Facts* no = nullptr);
  // `when e unless f`: checks both and adds what then holds to env.facts.
  // `polarity`: +1 for rules that tighten, -1 for allow, 0 for no lint.
  void CheckGuards(const ast::Expr* when, const ast::Expr* unless, Env& env,
                   int polarity, typed::ExprPtr* when_out,
                   typed::ExprPtr* unless_out);
  // The predicate of `keep rows r where p`; env.bindings has no row yet.
  typed::ExprPtr CheckRowPredicate(const ast::Expr& e, Env& env,
                                   const ast::Name& row,
                                   std::vector<std::string>* marked);
  // Interpolated text.
  std::unique_ptr<typed::Text> CheckText(const ast::Expr& e, Env& env);
  // A mask with its arguments, mask defs expanded; `target` the column's
  // local (kNone: in tests) whose type the facts may fix. False after errors.
  bool CheckMask(const ast::MaskUse& use, Env& env, uint32_t target,
                 typed::Mask* mask);
  // Arguments of an obligation: one a parameter, null where the default or
  // nothing stands. False after errors.
  bool CheckArguments(uint32_t obligation, const Span& span,
                      const std::vector<ast::Argument>& arguments, Env& env,
                      std::vector<typed::ExprPtr>* out);

  // --- Constants (check_constant.cc) ---
  // The value of a constant expression of type `expected`: literals, terms,
  // sets, lists, entities, constant defs, and with `nested` (in tests) records,
  // maps and nested entities. Reports and returns nothing for any other.
  std::optional<Constant> EvalConstant(const ast::Expr& e, const Module& from,
                                       TypeId expected,
                                       const NestedEntities* nested = nullptr);
  // Of a typed tree; nothing (silently) if it is no constant.
  std::optional<Constant> FoldConstant(const typed::Expr& e) const;
  // Fields of a record, a context or an obligation: `slot, value` of each.
  // Reports unknown and repeated names.
  bool EvalFields(const std::vector<ast::Field>& fields,
                  const std::vector<Attribute>& attributes,
                  std::string_view owner, const Module& from,
                  const NestedEntities* nested,
                  std::vector<std::pair<uint32_t, Constant>>* out);

  // --- Effects (check_effects.cc) ---
  bool MentionsNow(const typed::Expr& e) const;
  // The first expression (in source order) for which `test` holds, or null.
  // Does not enter defs.
  static const typed::Expr* Find(
      const typed::Expr& e,
      const std::function<bool(const typed::Expr&)>& test);
  // The first operation that can fail for reasons of its own (overflow, a
  // zone, an index …; reading attributes is judged apart), or null. Looks
  // into defs.
  const typed::Expr* FindFailing(const typed::Expr& e) const;
  bool CannotFail(const typed::Expr& e) const {
    return FindFailing(e) == nullptr;
  }
  // The first read (defs included) that a `governs` clause may not make: an
  // asserted attribute, or a required one of a type that actions propose or
  // that is nested in one. Null if there is none. `asserted` says which.
  const typed::Expr* FindForbiddenRead(const typed::Expr& e,
                                       bool* asserted) const;
  // The first read of an attribute that selects the columns asked for.
  const typed::Expr* FindSelectingRead(
      const typed::Expr& e, const std::vector<uint32_t>& actions) const;
  // Entity types that actions propose, and those nested in them.
  const std::vector<bool>& ProposedTypes() const;

  // --- Types ---
  Schema& schema() { return program.schema; }
  const Schema& schema() const { return program.schema; }
  TypeId Simple(Kind kind);
  TypeId EntityTypeId(std::vector<uint32_t> entities);  // sorted or not
  TypeId TermType(uint32_t vocabulary);
  TypeId SetOf(TypeId element);
  TypeId ListOf(TypeId element);
  Kind KindOf(TypeId t) const { return schema().type(t).kind; }
  bool IsOptional(TypeId t) const { return schema().type(t).optional; }
  std::string TypeName(TypeId t) const;
  // Whether a value of type `from` may stand where `to` is expected.
  bool Assignable(TypeId from, TypeId to) const;
  // The type of both, or kNone.
  TypeId Join(TypeId a, TypeId b);
  bool AnyHierarchy(const TypeInfo& t) const;  // tree terms, nested entities
  // Type of attribute `name` of an entity or union, with its slot (kNone if
  // the members' slots differ). Null if not all members have it alike.
  const Attribute* FindEntityAttribute(const std::vector<uint32_t>& entities,
                                       std::string_view name,
                                       uint32_t* slot) const;
  // Context attribute of the actions: see language.md, Declarations.
  struct ContextAttribute {
    TypeId type = kNone;
    uint32_t slot = kNone;  // kNone: it differs; found by name
    bool found = false, differs = false;
  };
  ContextAttribute FindContextAttribute(const std::vector<uint32_t>& actions,
                                        std::string_view name);

  // --- State ---
  const CheckInput& input;
  DiagnosticSink& sink;
  typed::Program program;
  std::vector<std::unique_ptr<Module>> modules;  // what ships, then by name
  // Trees beside what was made of them.
  struct DefTree {
    const ast::Def* tree;
    const Module* module;
  };
  std::vector<DefTree> def_trees;  // by index of program.defs
  struct PolicyTree {
    const ast::Policy* tree;
    const Module* module;
    HeadInfo head;
  };
  std::vector<PolicyTree> policy_trees;  // by index of program.policies
  // Top-level terms of the program's vocabularies: no variable may be named so.
  absl::flat_hash_map<std::string, uint32_t> term_names;  // -> vocabulary
  bool quiet = false;  // probing: nothing is reported
  // Clauses of a scope that may be lost to an error: nothing is concluded from
  // their absence. By scope.
  struct ScopeDoubt {
    bool governs = false, may_allow = false, may_override = false;
  };
  std::vector<ScopeDoubt> doubts;

  // --- Used by the expression passes (check_expr.cc and its kin) ---
  static typed::ExprPtr Make(typed::Op op, TypeId type, const Span& span,
                             typed::ExprPtr a = nullptr,
                             typed::ExprPtr b = nullptr);
  typed::ExprPtr MakeConstant(Constant value, TypeId type, const Span& span);
  // A fresh variable that no name is bound to.
  uint32_t AddLocal(Env& env, std::string name, TypeId type, const Span& span);
  enum class Dependence : uint8_t { kNone, kSoft, kNeedsHint };
  Dependence DependenceOf(const ast::Expr& e, const Env& env);
  typed::ExprPtr InferName(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferMember(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferAttribute(typed::ExprPtr object, const ast::Name& name,
                                const Span& span, Env& env);
  typed::ExprPtr InferRoot(std::string_view root, const Span& span, Env& env);
  typed::ExprPtr InferContextAttribute(const ast::Name& name, const Span& span,
                                       Env& env);
  typed::ExprPtr InferBinary(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferEquality(const ast::Expr& e, Env& env);
  typed::ExprPtr InferOrdering(const ast::Expr& e, Env& env);
  typed::ExprPtr InferMembership(const ast::Expr& e, Env& env);
  typed::ExprPtr InferWithin(const ast::Expr& e, Env& env);
  typed::ExprPtr InferTextTest(const ast::Expr& e, Env& env);
  typed::ExprPtr InferArithmetic(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferDefault(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferConditional(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferMatch(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferQuantifier(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferCollection(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferCall(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferMethod(const ast::Expr& e, Env& env);
  typed::ExprPtr InferBuiltIn(const ast::Expr& e);
  static bool IsMethodOf(std::string_view name, Kind receiver);
  typed::ExprPtr InferNegation(const ast::Expr& e, Env& env, TypeId hint);
  typed::ExprPtr InferEntity(const ast::Expr& e, Env& env);
  typed::ExprPtr InferLiteral(const ast::Expr& e, TypeId hint);
  typed::ExprPtr InferConstantOf(uint32_t def, const Span& span);
  // A path with a vocabulary's name in it (`Tag.pii`, `mesh.Tag.pii`), or a
  // type's name alone; `upper` is the index of the type's name.
  typed::ExprPtr InferQualifiedTerm(const std::vector<ast::Name>& chain,
                                    size_t upper, const Span& span, Env& env);
  // The actions that a name stands for where an action is compared.
  typed::ExprPtr InferActionGroup(const ast::Expr& e, Env& env, TypeId type);
  std::string VocabularyName(uint32_t vocabulary) const;
  bool IsActionType(TypeId t) const;
  // The elements of a collection, or the type itself.
  TypeId ElementOr(TypeId t) const;
  // Whether values of one type can be, or be below, values of the other.
  bool Related(TypeId value, TypeId of);
  bool CanBeBelow(uint32_t entity, uint32_t ancestor) const;
  typed::ExprPtr InferDefCall(const ast::Expr& e, uint32_t def, Env& env);
  typed::ExprPtr InferIndex(const ast::Expr& e, Env& env);
  typed::ExprPtr InferPresence(const ast::Expr& e, Env& env);
  typed::ExprPtr InferIsType(const ast::Expr& e, Env& env);
  // Types two operands by each other; false after an error in either.
  bool InferPair(const ast::Expr& left, const ast::Expr& right, Env& env,
                 const std::function<TypeId(TypeId)>& right_by_left,
                 const std::function<TypeId(TypeId)>& left_by_right,
                 typed::ExprPtr* l, typed::ExprPtr* r);
  // A term, from names that are no variable: by hint, or as Tag.pii.
  typed::ExprPtr MakeTerm(uint32_t term, const Span& span);
  // Reports a name that stands for nothing here.
  void ReportUnknownValue(const std::vector<ast::Name>& parts, const Span& span,
                          const Env& env, TypeId hint);
  // Reports what may be missing where it must not be.
  bool NeedsPresence(const typed::Expr& e);
  // Reports a presence test or default of what is never missing.
  void LintNeverMissing(const typed::Expr& e, const Env& env, const Span& span,
                        const char* what);
  // Types an expression once more, for a tree that needs it twice.
  typed::ExprPtr Reinfer(const ast::Expr& e, Env& env, TypeId hint);
  bool IsOrdered(TypeId t) const;
  uint32_t ResolvePattern(const ast::Path& pattern, uint32_t vocabulary,
                          const Env& env);
  // What the facts leave of the type of a column: names of ColumnType, or
  // nothing if they do not fix it.
  std::vector<std::string> ColumnTypesOf(const Env& env, uint32_t target) const;
  typed::ExprPtr CheckMaskArgument(MaskKind kind, size_t index,
                                   const ast::Expr& e,
                                   std::string_view column_type, Env& env);
  bool CheckMaskFits(const ast::MaskUse& use, const Env& env, uint32_t target,
                     const typed::Mask& mask);
  // What has no type although nothing was reported would be left out of its
  // rule without a word.
  void ReportDropped();
  // Patterns of `matches` (regular) and `like` are literals.
  bool CheckPattern(const ast::Expr& pattern, bool regular);
  // Elements of sets in the order of their values, each once.
  static void SortConstants(std::vector<Constant>* elements);
  void LintMissing(const typed::Expr& l, const typed::Expr& r, bool equal,
                   const Env& env, const Span& span);
  // Dotted names of a chain of kMember; empty if it is another expression.
  static std::vector<ast::Name> ChainOf(const ast::Expr& e);
  const Binding* FindBinding(const Env& env, std::string_view name) const;

  // --- Narrowing (check_facts.cc) ---
  // "R.owner.domain" of a path from a variable or root, else empty.
  static std::string PathOf(const typed::Expr& e);
  std::string PresentPath(const typed::Expr& e) const;
  // The type of a path as the facts narrow it.
  TypeId Narrowed(const std::string& path, TypeId declared, const Env& env);
  // Adds what a typed test says where it is true and where it is false.
  void FactsOf(const typed::Expr& e, Facts* yes, Facts* no);
  static Facts Common(const Facts& a, const Facts& b);

 private:
  // Modules that import what does not exist, with what they may mean: their
  // names are then found, and the misspelling is the one error.
  using Guesses = std::vector<std::pair<Module*, const Module*>>;
  void ResolveImports(Guesses* guesses);
  void ReportImportCycles();
  // check_vocabularies.cc
  void DeclareVocabularies();
  void DeclareLanguage();
  // check_schema.cc
  void DeclareTypes();
  void DeclareUnions();
  void DeclareAttributes();
  void CheckRecursiveRecords();
  void CheckInverses();
  void DeclareObligations();
  void RootDeclares(const Module& module, const Span& span,
                    std::string_view what);
  bool IsNewType(Module& module, const ast::Name& name, bool whole_program);
  // check_actions.cc
  void DeclareActions();
  void DeclareGroups();
  void ExtendActions();
  void CheckSelects(const ast::Action& tree, uint32_t action);
  void DeclareActionVocabulary();
  // check_defs.cc
  void DeclareDefs();
  void CheckDefBodies();
  void CheckMaskDefs();
  void CheckDefaults();
  const ast::Action* ActionTree(uint32_t action) const;

  // An attribute that waits for all types and defs to be declared.
  struct Pending {
    enum class Owner : uint8_t { kEntity, kRecord, kAction, kObligation };
    Owner owner = Owner::kEntity;
    uint32_t index = kNone, slot = kNone;
    const ast::Attribute* tree = nullptr;
    const Module* module = nullptr;
  };
  Attribute& AttributeOf(const Pending& pending);
  // Adds attributes to a list, reporting names that are taken.
  void AddAttributes(const Module& module,
                     const std::vector<ast::Attribute>& trees,
                     Pending::Owner owner, uint32_t index,
                     std::vector<Attribute>* attributes);

  // What calling a def may do: see FindFailing and FindForbiddenRead.
  struct DefEffects {
    bool may_fail = false, reads_asserted = false, reads_proposed = false;
  };
  std::vector<DefEffects> def_effects_;
  std::vector<std::optional<Constant>> def_constants_;
  std::vector<uint32_t> def_order_;  // what is called before what calls it
  std::vector<const ast::Action*> action_trees_;  // by action

  Module language_;  // declares ColumnType and Weekday
  std::vector<Pending> pending_;
  absl::flat_hash_map<std::pair<uint32_t, std::string>, uint32_t> term_index_;
  // Terms of the program's vocabularies by whole path.
  absl::flat_hash_map<std::string, std::vector<uint32_t>> term_paths_;
  uint32_t action_vocabulary_ = kNone;
  // Names that are taken in the whole program.
  absl::flat_hash_set<std::string> type_names_, action_names_,
      obligation_names_;

  // Whether a file with syntax errors may declare the name at `span`.
  bool MayBeDeclaredAt(const Span& span);
  // Whether what would declare the name at `span` was refused.
  bool IsLost(Code code, const Span& span) const;
  absl::flat_hash_set<std::string> lost_words_;
  // Files of modules that import what does not exist.
  absl::flat_hash_set<const SourceFile*> lacking_imports_;
  absl::flat_hash_map<std::string,
                      std::vector<std::pair<const SourceFile*, uint32_t>>>
      broken_words_;
  static constexpr int kMaxSuggestions = 300;
  // Of a def: more than anybody reads, and names are looked up one by one.
  static constexpr size_t kMaxParameters = 255;
  int suggestions_ = 0;
  absl::flat_hash_map<std::string, Module*> module_by_name_;
  mutable std::vector<bool> proposed_;  // cache of ProposedTypes
  // The first expression that has no type; whoever found that said why.
  Span dropped_;
  // Of `matches`, each once; what all take together.
  absl::flat_hash_set<std::string> patterns_;
  int64_t pattern_instructions_ = 0;
};

// Reports what is wrong with scopes, delegation, overrides, waivers and the
// enforcement of the manifest, and fills those parts of the program.
void CheckScopes(Checker& checker);
// Checks the tests of all modules.
void CheckTests(Checker& checker, std::vector<typed::Test>* tests);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_CHECKER_H_
