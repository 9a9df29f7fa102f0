// A compiled program: the schema, the policies with their enforcement, the
// scopes, waivers and settings of a governance repository, and the bytecode
// of every condition. Made by compiler/lower.h, written and read by
// serialize.h, checked by verifier.h, run by evaluator/. Plain data, immutable
// once verified, safe to share between threads.
#ifndef BYLAW_COMPILER_BYTECODE_PROGRAM_H_
#define BYLAW_COMPILER_BYTECODE_PROGRAM_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/bytecode/code.h"
#include "compiler/bytecode/limits.h"
#include "compiler/bytecode/schema.h"

namespace bylaw {

enum class RuleKind : uint8_t { kAllow, kDeny, kMask, kHide, kRows, kRequire };
enum class PolicySeverity : uint8_t { kLow, kMedium, kHigh, kCritical };
enum class Level : uint8_t { kMandatory, kOverridable, kAdvisory };

// Where something stands in a source file; line and column from 1.
struct Position {
  uint32_t file = kNone;  // Program::files
  uint32_t line = 0, column = 0, end_line = 0, end_column = 0;
};

// One condition of a rule, for explain: guard, where, when or unless.
struct Condition {
  enum class Role : uint8_t { kGuard, kWhere, kWhen, kUnless };
  Role role = Role::kWhen;
  std::string text;  // as written, white space folded
  Position position;
  uint32_t chunk = kNone;     // REQUIRES the same parameters as the rule's text
  uint32_t num_elements = 0;  // loop variables in scope: elements[0..n)
  // The paths that it reads (`u.roles`), each with a chunk that gives its
  // value from the same parameters.
  struct Path {
    std::string text;
    uint32_t chunk = kNone;
  };
  std::vector<Path> paths;
};

struct Rule {
  uint32_t policy = kNone;
  RuleKind kind = RuleKind::kDeny;
  Position position;
  std::string text;          // the rule as written, white space folded
  uint32_t chunk = kNone;    // main code: loops, conditions, emits effects
  uint32_t because = kNone;  // chunks that return a String from elements
  uint32_t help = kNone;
  uint32_t num_elements = 0;  // loop variables that identify an instance
  std::vector<std::string> element_names;  // of the loops, from the outside
  // One a loop: a chunk that gives its collection from the elements of the
  // loops outside of it (for explain; the main code has its own).
  std::vector<uint32_t> collections;
  std::vector<Condition> conditions;
  // Chunk -> Bool: the resource has every column that the rule marks (`r.x?`).
  // Tested with the type, before the policy's guard; kNone: always.
  uint32_t applies = kNone;
  bool mentions_now = false;    // itself or through a def (guard not counted)
  int64_t recheck = -1;         // allow: microseconds, -1 if none is written
  uint32_t obligation = kNone;  // require
  bool in_first = false;
  // What a finding is about: an attribute (slot) of the innermost loop
  // variable or, outside loops, of the resource; kNone: the whole entity.
  uint32_t about_slot = kNone;
};

struct Policy {
  std::string id;      // module.name
  uint32_t scope = 0;  // Program::scopes
  std::string title, owner, help;
  std::vector<std::string> controls;
  PolicySeverity severity = PolicySeverity::kMedium;
  Position position;
  std::vector<uint32_t> actions;    // sorted
  uint32_t resource = kNone;        // entity type
  std::vector<uint32_t> subjects;   // sorted entity types
  Level level = Level::kMandatory;  // what it is, or becomes after grace
  int64_t grace_until = INT64_MIN;  // advisory before this instant
  uint32_t guard = kNone;           // chunk that returns Bool; kNone: true
  bool guard_mentions_now = false;
  uint32_t first_rule = 0, num_rules = 0;
  std::vector<uint32_t> overrides;  // policies that this one replaces
};

struct Scope {
  std::string name, owner;
  uint32_t parent = kNone;  // kNone: the root, which is scopes[0]
  Position position;
  struct Governs {
    uint32_t entity = kNone;
    uint32_t chunk = kNone;  // resource -> Bool
  };
  std::vector<Governs> governs;
  // What the parent lets this scope allow.
  struct MayAllow {
    std::vector<uint32_t> actions;  // sorted
    uint32_t resource = kNone;      // entity type
    uint32_t chunk = kNone;         // Bool; kNone: always
    bool mentions_now = false;
    Position position;
  };
  std::vector<MayAllow> may_allow;
  std::vector<uint32_t> may_override;  // policies, sorted
};

struct Waiver {
  std::string id;  // module.name
  uint32_t policy = kNone;
  uint32_t scope = 0;
  uint32_t resource = kNone;  // entity type
  uint32_t chunk = kNone;     // Bool; kNone: always
  bool mentions_now = false;
  int64_t from = 0, until = 0;  // microseconds, half-open
  std::string reason, ticket, requested, approved;
  Position position;
};

// What the manifest says that matters after compiling.
struct Settings {
  std::string mesh;
  std::string timezone = "UTC";
  int64_t keep_default = 0, keep_with_now = 0, keep_maximum = 0;  // us
  std::map<std::string, std::string> keys;            // mask: env:NAME
  std::map<std::string, std::string> hash_functions;  // dialect -> function
  // Attribute (classification, tags, region, …) -> a descriptor's text -> the
  // whole path of the term it stands for.
  std::map<std::string, std::map<std::string, std::string>> mappings;
  std::vector<std::string> facts;  // globs, as written
  Limits limits;
};

struct Program {
  Schema schema;
  std::vector<std::string> files;     // that positions name; relative paths
  std::vector<Constant> constants;    // deduplicated
  std::vector<std::string> symbols;   // every string the code names, unique
  std::vector<std::string> patterns;  // of `matches`: RE2, whole text
  // By action (contexts) or entity type (unions) the slot of an attribute that
  // code reads by name; kNone where there is none.
  std::vector<std::vector<uint32_t>> slot_tables;
  std::vector<Chunk> chunks;  // defs first
  std::vector<Instruction> code;
  std::vector<Policy> policies;  // sorted by id
  std::vector<Rule> rules;       // by policy, then position
  std::vector<Scope> scopes;     // parents before children
  std::vector<Waiver> waivers;   // in the order of their places
  Settings settings;
  std::string revision;  // hex hash of the canonical bytes
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_PROGRAM_H_
