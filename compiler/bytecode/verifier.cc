#include "compiler/bytecode/verifier.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/bytecode/filter_op.h"
#include "compiler/bytecode/mask_kind.h"
#include "compiler/bytecode/opcode.h"
#include "compiler/bytecode/verify_schema.h"
#include "compiler/bytecode/verify_size.h"

namespace bylaw {
namespace {

constexpr uint32_t kMaxConstantDepth = 64;

// The stack that each chunk needs; empty if calls are broken.
std::vector<uint32_t> Stacks(const Program& p) {
  enum : uint8_t { kNew, kOpen, kDone };
  struct Visit {
    uint32_t chunk, pc;
  };
  const uint32_t n = static_cast<uint32_t>(p.chunks.size());
  std::vector<uint8_t> state(n, kNew);
  std::vector<uint32_t> stack(n, 0), calls(n, 0);  // of callees
  std::vector<Visit> path;
  for (uint32_t root = 0; root < n; ++root) {
    if (state[root] != kNew) continue;
    state[root] = kOpen;
    path.push_back({root, p.chunks[root].begin});
    while (!path.empty()) {
      Visit& v = path.back();
      const Chunk& chunk = p.chunks[v.chunk];
      if (v.pc == chunk.end) {
        const uint64_t sum = uint64_t{stack[v.chunk]} + chunk.num_registers;
        if (sum > kMaxStack || calls[v.chunk] > kMaxCallDepth) return {};
        stack[v.chunk] = static_cast<uint32_t>(sum);
        state[v.chunk] = kDone;
        path.pop_back();
        continue;
      }
      const Instruction& i = p.code[v.pc];
      if (static_cast<Opcode>(i.op) != Opcode::CALL) {
        ++v.pc;
        continue;
      }
      const uint32_t to = i.d;
      if (to >= n || state[to] == kOpen) return {};
      if (state[to] == kDone) {
        stack[v.chunk] = std::max(stack[v.chunk], stack[to]);
        calls[v.chunk] = std::max(calls[v.chunk], calls[to] + 1);
        ++v.pc;
      } else {
        state[to] = kOpen;
        path.push_back({to, p.chunks[to].begin});
      }
    }
  }
  return stack;
}

// What is being checked; its text is made when something is wrong with it.
struct Where {
  std::string_view table;
  std::string_view name;
  uint32_t index = kNone;
  uint32_t instruction = kNone;

  std::string Text() const {
    std::string text(table);
    if (!name.empty()) absl::StrAppend(&text, " ", std::string(name));
    if (index != kNone) absl::StrAppend(&text, " ", index);
    if (instruction != kNone) {
      absl::StrAppend(&text, ", instruction ", instruction);
    }
    return text.empty() ? text : text + ": ";
  }
};

class Verifier {
 public:
  explicit Verifier(const Program& program) : p_(program) {}

  absl::Status Run() {
    CheckSchema();
    if (ok()) Promises();
    if (ok()) Tables();
    for (uint32_t i = 0; ok() && i < p_.chunks.size(); ++i) Code(i);
    if (ok()) Calls();
    if (ok()) Metadata();
    if (ok()) Sizes();
    return status_;
  }

 private:
  bool ok() const { return status_.ok(); }

  void Fail(std::string_view message) {
    if (!ok()) return;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("BL6010: ", where_.Text(), std::string(message)));
  }
  void Require(bool holds, std::string_view message) {
    if (!holds) Fail(message);
  }
  template <typename T>
  void Index(uint32_t i, const std::vector<T>& list, std::string_view what,
             bool optional = false) {
    if (i >= list.size() && !(optional && i == kNone)) {
      Fail(absl::StrCat("no such ", std::string(what), ": ", i));
    }
  }
  void Sorted(const std::vector<uint32_t>& list, std::string_view what) {
    for (size_t i = 1; i < list.size(); ++i) {
      if (list[i - 1] >= list[i])
        Fail(absl::StrCat(std::string(what), " are not sorted"));
    }
  }
  void Entities(const std::vector<uint32_t>& list) {
    for (uint32_t e : list) Index(e, p_.schema.entities, "entity type");
    Sorted(list, "entity types");
  }

  // --- Schema --------------------------------------------------------------

  void Type(TypeId t) { Index(t, p_.schema.types, "type"); }

  void Value(const Constant& c, uint32_t depth) {
    if (depth > kMaxConstantDepth) return Fail("a constant is nested too deep");
    const bylaw::Schema& s = p_.schema;
    if (c.kind > Kind::kMap) return Fail("a constant has no kind");
    if (c.kind == Kind::kTerm) Index(c.index, s.terms, "term");
    if (c.kind == Kind::kEntity) Index(c.index, s.entities, "entity type");
    if (c.kind == Kind::kRecord) {
      Index(c.index, s.records, "record");
      if (ok())
        Require(c.elements.size() == s.records[c.index].fields.size(),
                "a record has another number of fields");
    }
    if (c.kind == Kind::kBool)
      Require(c.number == 0 || c.number == 1, "a Bool is neither");
    if (c.kind == Kind::kDecimal)
      Require(c.number < kDecimalLimit && c.number > -kDecimalLimit,
              "a Decimal is out of range");
    if (c.kind == Kind::kDate)
      Require(IsDateInRange(c.number), "a Date is out of range");
    if (c.kind == Kind::kTime)
      Require(IsTimeInRange(c.number), "a Time is out of range");
    if (c.kind == Kind::kIp)
      Require((c.ip.family == 4 && c.ip.bits <= 32) ||
                  (c.ip.family == 6 && c.ip.bits <= 128),
              "an address has no family");
    Require(c.kind == Kind::kMap ? c.keys.size() == c.elements.size()
                                 : c.keys.empty(),
            "a map has other keys than values");
    const bool nested = c.kind == Kind::kSet || c.kind == Kind::kList ||
                        c.kind == Kind::kMap || c.kind == Kind::kRecord;
    Require(nested || c.elements.empty(), "a scalar has elements");
    for (const Constant& e : c.elements) {
      Require(c.kind == Kind::kRecord || e.kind != Kind::kMissing,
              "a collection holds a missing value");
      Require(c.kind == Kind::kRecord || e.kind == c.elements[0].kind,
              "a collection holds values of two kinds");
      if (ok()) Value(e, depth + 1);
    }
    for (const std::string& k : c.keys)
      Require(IsValidUtf8(k), "a text is not UTF-8");
    Require(IsValidUtf8(c.text), "a text is not UTF-8");
  }

  void Attributes(const std::vector<Attribute>& list) {
    Require(list.size() <= 0xffff, "too many attributes");
    for (const Attribute& a : list) {
      where_ = {"attribute", a.name};
      Type(a.type);
      if (a.default_value) Value(*a.default_value, 0);
    }
  }

  void CheckSchema() {
    const bylaw::Schema& s = p_.schema;
    where_ = {"types"};
    for (uint32_t i = 0; i < s.types.size() && ok(); ++i) {
      const TypeInfo& t = s.types[i];
      Require(t.kind > Kind::kMissing && t.kind <= Kind::kMap,
              "a type has no kind");
      if (t.kind == Kind::kTerm) Index(t.id, s.vocabularies, "vocabulary");
      if (t.kind == Kind::kRecord) Index(t.id, s.records, "record");
      if (t.kind == Kind::kEntity) Entities(t.entities);
      if (t.kind == Kind::kSet || t.kind == Kind::kList || t.kind == Kind::kMap)
        Require(t.element < i, "a type holds one that comes after it");
    }
    where_ = {"vocabularies"};
    uint32_t next = 0;
    for (uint32_t v = 0; v < s.vocabularies.size() && ok(); ++v) {
      const Vocabulary& voc = s.vocabularies[v];
      Require(voc.kind <= VocabularyKind::kTree, "a vocabulary has no kind");
      Require(voc.first_term == next, "terms are not contiguous");
      Require(voc.num_terms <= s.terms.size() - next, "terms are missing");
      if (!ok()) return;
      const uint32_t end = next + voc.num_terms;
      for (uint32_t t = next; t < end && ok(); ++t) {
        const Term& term = s.terms[t];
        Require(term.vocabulary == v, "a term is of another vocabulary");
        Require(term.end > t && term.end <= end, "a term's subtree is broken");
        if (term.parent == kNone) continue;
        Require(term.parent >= next && term.parent < t,
                "a term's parent comes after it");
        if (ok())
          Require(s.terms[term.parent].end >= term.end,
                  "a term is not within its parent");
      }
      next = end;
    }
    Require(next == s.terms.size(), "a term has no vocabulary");
    for (const EntityType& e : s.entities) {
      if (!ok()) return;
      Attributes(e.attributes);
      where_ = {"entity", e.name};
      for (uint32_t parent : e.parents)
        Index(parent, s.entities, "entity type");
    }
    for (const RecordType& r : s.records) Attributes(r.fields);
    for (const ObligationType& o : s.obligations) Attributes(o.parameters);
    for (const Action& a : s.actions) {
      if (!ok()) return;
      Attributes(a.context);
      where_ = {"action", a.name};
      Entities(a.resources);
      Entities(a.subjects);
      Index(a.selecting_slot, a.context, "context attribute", true);
      if (a.columns_slot == kNone) continue;
      for (uint32_t r : a.resources)
        if (ok()) Index(a.columns_slot, s.entities[r].attributes, "attribute");
    }
    for (const ActionGroup& g : s.groups) {
      where_ = {"group", g.name};
      for (uint32_t a : g.actions) Index(a, s.actions, "action");
    }
    where_ = {"schema"};
    Index(s.column_type_vocabulary, s.vocabularies, "vocabulary", true);
    Index(s.weekday_vocabulary, s.vocabularies, "vocabulary", true);
    if (ok() && s.weekday_vocabulary != kNone)
      Require(s.vocabularies[s.weekday_vocabulary].num_terms == 7,
              "a week has seven days");
    for (const Schema::Selectable& x : s.selectables) {
      Index(x.entity, s.entities, "entity type");
      Index(x.column_entity, s.entities, "entity type");
      if (!ok()) return;
      const auto& owner = s.entities[x.entity].attributes;
      const auto& column = s.entities[x.column_entity].attributes;
      Index(x.columns_slot, owner, "attribute");
      Index(x.table_slot, owner, "attribute", true);
      Index(x.name_slot, column, "attribute");
      Index(x.type_slot, column, "attribute");
    }
  }

  void Promises() {
    where_ = {};
    const std::string problem = SchemaProblem(p_.schema);
    Require(problem.empty(), problem);
  }

  // --- Tables --------------------------------------------------------------

  void Tables() {
    where_ = {"constants"};
    for (const Constant& c : p_.constants) Value(c, 0);
    where_ = {"symbols"};
    for (size_t i = 0; i < p_.symbols.size(); ++i) {
      Require(IsValidUtf8(p_.symbols[i]), "a text is not UTF-8");
      Require(i == 0 || p_.symbols[i - 1] < p_.symbols[i], "not sorted");
    }
    // The parts of code that chunks do not cover are never run. Chunks may
    // overlap, but together they are no longer than the code: checking them
    // takes no longer than reading it.
    uint64_t total = 0;
    for (uint32_t i = 0; i < p_.chunks.size(); ++i) {
      const Chunk& c = p_.chunks[i];
      where_ = {.table = "chunk", .index = i};
      Require(c.begin < c.end && c.end <= p_.code.size(), "has no code");
      if (!ok()) return;
      Require(c.end - c.begin <= 0xffff, "is too long");
      total += c.end - c.begin;
      Require(total <= p_.code.size(), "is of code that others have used up");
      Require(c.num_registers <= 0xffff, "has too many registers");
      Require(c.num_parameters <= c.num_registers, "has too few registers");
      if (c.roots != kNoRoots)
        Require(c.roots >= c.num_parameters && c.num_registers >= 2 &&
                    c.roots <= c.num_registers - 2,
                "its roots are out of range");
    }
  }

  // --- Code ----------------------------------------------------------------

  void Code(uint32_t index) {
    const Chunk& chunk = p_.chunks[index];
    const uint32_t size = chunk.end - chunk.begin;
    const Instruction* code = &p_.code[chunk.begin];
    effects_ = false;
    for (uint32_t pc = 0; pc < size && ok(); ++pc) {
      where_ = {.table = "chunk", .index = index, .instruction = pc};
      if (code[pc].op >= kNumOpcodes) return Fail("unknown opcode");
      Operands(chunk, code, pc);
    }
    if (!ok()) return;
    Loops(index, code, size, chunk.num_registers);
    const Opcode last = static_cast<Opcode>(code[size - 1].op);
    Require(
        last == Opcode::END || last == Opcode::RETURN || last == Opcode::JUMP,
        "runs past its end");
    where_ = {.table = "handlers of chunk", .index = index};
    Require(chunk.handlers.size() <= size, "there are more than instructions");
    for (size_t h = 0; h < chunk.handlers.size() && ok(); ++h) {
      const Handler& a = chunk.handlers[h];
      Require(a.begin < a.end && a.end <= a.target && a.target < size,
              "a handler is out of range");
      if (h + 1 == chunk.handlers.size()) break;
      const Handler& b = chunk.handlers[h + 1];
      Require(b.begin != a.begin || b.end != a.end,
              "two handlers are for the same code");
      // Inner ones first: the next is around this one, or after it.
      Require(b.begin >= a.end || (b.begin <= a.begin && b.end >= a.end),
              "handlers are not nested");
    }
    if (effects_) effects_of_.push_back(index);
  }

  // A loop reaches from its NEXT to the last jump back to it. Loops are nested,
  // and in one nothing but its NEXT writes its iterator: so each way round the
  // outermost loop of a cycle brings that loop nearer to its end.
  void Loops(uint32_t index, const Instruction* code, uint32_t size,
             uint32_t num_registers) {
    std::vector<uint32_t> end(size, 0);  // by NEXT: the last jump back to it
    for (uint32_t pc = 0; pc < size; ++pc) {
      if (static_cast<Opcode>(code[pc].op) == Opcode::JUMP && code[pc].d <= pc)
        end[code[pc].d] = pc;
    }
    std::vector<uint32_t> open;  // NEXTs, from the outside
    std::vector<bool> iterates(num_registers, false);
    for (uint32_t pc = 0; pc < size && ok(); ++pc) {
      where_ = {.table = "chunk", .index = index, .instruction = pc};
      while (!open.empty() && end[open.back()] < pc) {
        const uint32_t c = code[open.back()].c;
        iterates[c] = iterates[c + 1] = false;
        open.pop_back();
      }
      const Instruction& i = code[pc];
      if (end[pc] != 0) {
        Require(open.empty() || end[open.back()] >= end[pc],
                "loops are not nested");
        Require(!iterates[i.c] && !iterates[i.c + 1],
                "two loops have one iterator");
        iterates[i.c] = iterates[i.c + 1] = true;
        open.push_back(pc);
      }
      const char form = kOpcodes[i.op].operands[1];
      if (form == 'w' || form == 'W')
        Require(!iterates[i.b], "an iterator is written");
      if (form == 'W') Require(!iterates[i.b + 1], "an iterator is written");
    }
  }

  void Register(const Chunk& chunk, uint32_t first, uint32_t n, bool write) {
    Require(uint64_t{first} + n <= chunk.num_registers,
            "a register is out of range");
    if (write && chunk.roots != kNoRoots)
      Require(first + n <= chunk.roots || first >= chunk.roots + 2,
              "a root is written");
  }

  void Operands(const Chunk& chunk, const Instruction* code, uint32_t pc) {
    const Instruction& i = code[pc];
    const std::string_view forms = kOpcodes[i.op].operands;
    const uint32_t values[4] = {i.a, i.b, i.c, i.d};
    const bylaw::Schema& s = p_.schema;
    const uint32_t size = chunk.end - chunk.begin;
    bool wide = false;
    for (int k = 0; k < 4 && ok(); ++k) {
      const uint32_t v = values[k];
      switch (forms[k]) {
        case '.':
          Require(v == 0 || (wide && k == 3), "an unused operand is set");
          break;
        case 'r':
        case 'w':
          Register(chunk, v, 1, forms[k] == 'w');
          break;
        case 'p':
        case 'W':
          Register(chunk, v, 2, forms[k] == 'W');
          break;
        case 'R':
          if (forms[k + 1 < 4 ? k + 1 : k] == 'n')
            Register(chunk, v, values[k + 1], false);
          else if (i.d < p_.chunks.size())
            Register(chunk, v, p_.chunks[i.d].num_parameters, false);
          break;
        case 'n':
          if (static_cast<Opcode>(i.op) == Opcode::FILTER) FilterOperands(i);
          break;
        case 'j':
          Require(v > pc && v < size, "a jump is not forward");
          break;
        case 'l':
          Require(v < size, "a jump is out of range");
          if (ok() && v <= pc)
            Require(static_cast<Opcode>(code[v].op) == Opcode::NEXT,
                    "a jump back is not to a NEXT");
          break;
        case 'k':
          Index(i.wide(), p_.constants, "constant");
          if (ok() && static_cast<Opcode>(i.op) == Opcode::ENTITY)
            Require(p_.constants[i.wide()].kind == Kind::kEntity,
                    "the constant is no entity");
          wide = true;
          break;
        case 'x':
          Index(i.wide(), p_.patterns, "pattern");
          wide = true;
          break;
        case 'f':
          Index(v, p_.chunks, "chunk");
          break;
        case 's':
          if (forms[0] == 't' && i.a != kAnyType) {
            Index(i.a, s.entities, "entity type");
            if (ok()) Index(v, s.entities[i.a].attributes, "attribute");
          }
          break;
        case 't':
          break;
        case 'e':
          Index(v, s.entities, "entity type");
          break;
        case 'v':
          Index(v, p_.slot_tables, "table of slots");
          if (ok()) SlotTable(static_cast<Opcode>(i.op), v);
          break;
        case 'g':
          Require(v < kNumReadModes, "no such mode");
          break;
        case 'b':
          Require(v <= 1, "a flag is neither 0 nor 1");
          break;
        case 'c':
          Require(v <= chunk.num_registers, "a register is out of range");
          break;
        case 'q':
          Require(v == static_cast<uint32_t>(Kind::kInt) ||
                      v == static_cast<uint32_t>(Kind::kDecimal) ||
                      v == static_cast<uint32_t>(Kind::kDuration) ||
                      v == static_cast<uint32_t>(Kind::kPeriod),
                  "no kind of numbers");
          break;
        case 'm':
          Require(v <= static_cast<uint32_t>(MaskKind::kHide), "no such mask");
          break;
        case 'o':
          Require(v <= static_cast<uint32_t>(FilterOp::kDrop),
                  "no such filter");
          break;
      }
    }
    if (static_cast<Opcode>(i.op) >= Opcode::FAIL) effects_ = true;
  }

  void FilterOperands(const Instruction& i) {
    uint32_t least = 2, most = 2;
    switch (static_cast<FilterOp>(i.a)) {
      case FilterOp::kAnd:
      case FilterOp::kOr:
        least = 1;
        most = kNone;
        break;
      case FilterOp::kColumn:
      case FilterOp::kConstant:
      case FilterOp::kNot:
      case FilterOp::kNotIn:
      case FilterOp::kIsMissing:
      case FilterOp::kIsPresent:
      case FilterOp::kKeep:
      case FilterOp::kDrop:
        least = most = 1;
        break;
      case FilterOp::kInColumn:
        least = most = 3;
        break;
      default:
        break;
    }
    Require(i.d >= least && i.d <= most,
            "a filter has another number of operands");
  }

  void SlotTable(Opcode op, uint32_t index) {
    const bylaw::Schema& s = p_.schema;
    const bool context = op == Opcode::CONTEXT;
    std::vector<bool>& checked = context ? contexts_checked_ : slots_checked_;
    checked.resize(p_.slot_tables.size());
    if (checked[index]) return;
    checked[index] = true;
    const std::vector<uint32_t>& table = p_.slot_tables[index];
    Require(table.size() == (context ? s.actions.size() : s.entities.size()),
            "a table of slots has another size");
    for (size_t i = 0; i < table.size() && ok(); ++i) {
      Index(table[i], context ? s.actions[i].context : s.entities[i].attributes,
            "attribute", true);
    }
  }

  void Calls() {
    where_ = {"calls"};
    const std::vector<uint32_t> stacks = Stacks(p_);
    if (stacks.size() != p_.chunks.size())
      return Fail("chunks call each other in a cycle or too deeply");
    for (size_t i = 0; i < stacks.size(); ++i)
      Require(stacks[i] == p_.chunks[i].stack, "a stack has another size");
    has_effects_.assign(p_.chunks.size(), false);
    for (uint32_t i : effects_of_) has_effects_[i] = true;
    for (const Chunk& chunk : p_.chunks) {
      for (uint32_t pc = chunk.begin; pc < chunk.end; ++pc) {
        const Instruction& i = p_.code[pc];
        if (static_cast<Opcode>(i.op) == Opcode::CALL)
          Require(!has_effects_[i.d], "a chunk with effects is called");
      }
    }
  }

  // --- Metadata ------------------------------------------------------------

  // A chunk that gives a value.
  void Entry(uint32_t chunk, uint32_t parameters, bool optional) {
    if (optional && chunk == kNone) return;
    Index(chunk, p_.chunks, "chunk");
    if (!ok()) return;
    Require(p_.chunks[chunk].num_parameters == parameters,
            "a chunk takes other parameters");
    Require(!has_effects_[chunk], "a condition has effects");
  }

  void Place(const Position& position) {
    Index(position.file, p_.files, "file", true);
  }

  void Actions(const std::vector<uint32_t>& list) {
    for (uint32_t a : list) Index(a, p_.schema.actions, "action");
    Sorted(list, "actions");
  }

  void Metadata() {
    const bylaw::Schema& s = p_.schema;
    for (const Action& a : s.actions) {
      where_ = {"action", a.name};
      for (const Attribute& c : a.context) Entry(c.default_chunk, 0, true);
    }
    where_ = {"scopes"};
    std::vector<uint32_t> depth(p_.scopes.size(), 0);
    for (uint32_t i = 0; i < p_.scopes.size() && ok(); ++i) {
      const Scope& scope = p_.scopes[i];
      Require(i == 0 ? scope.parent == kNone : scope.parent < i,
              "a scope's parent does not come before it");
      if (!ok()) return;
      if (i > 0) depth[i] = depth[scope.parent] + 1;
      Require(depth[i] <= kMaxScopeDepth, "scopes are nested too deep");
      Place(scope.position);
      for (const Scope::Governs& g : scope.governs) {
        Index(g.entity, s.entities, "entity type");
        Entry(g.chunk, 0, true);
      }
      for (const Scope::MayAllow& m : scope.may_allow) {
        Actions(m.actions);
        Index(m.resource, s.entities, "entity type");
        Entry(m.chunk, 0, true);
        Place(m.position);
      }
      for (uint32_t policy : scope.may_override)
        Index(policy, p_.policies, "policy");
    }
    is_of_rule_.assign(p_.chunks.size(), false);
    uint32_t next = 0;
    for (uint32_t i = 0; i < p_.policies.size() && ok(); ++i) {
      const Policy& policy = p_.policies[i];
      where_ = {"policy", policy.id};
      if (i > 0)
        Require(p_.policies[i - 1].id < policy.id, "policies are not sorted");
      Index(policy.scope, p_.scopes, "scope");
      Require(policy.severity <= PolicySeverity::kCritical, "no severity");
      Require(policy.level <= Level::kAdvisory, "no enforcement");
      Place(policy.position);
      Actions(policy.actions);
      Index(policy.resource, s.entities, "entity type");
      Entities(policy.subjects);
      Entry(policy.guard, 0, true);
      Require(policy.first_rule == next &&
                  policy.num_rules <= p_.rules.size() - next,
              "its rules are out of range");
      for (uint32_t o : policy.overrides) Index(o, p_.policies, "policy");
      if (!ok()) return;
      for (uint32_t r = next; r < next + policy.num_rules; ++r)
        OneRule(p_.rules[r], i);
      next += policy.num_rules;
    }
    Require(next == p_.rules.size(), "a rule has no policy");
    where_ = {"waivers"};
    for (const Waiver& w : p_.waivers) {
      Index(w.policy, p_.policies, "policy");
      Index(w.scope, p_.scopes, "scope");
      Index(w.resource, s.entities, "entity type");
      Entry(w.chunk, 0, true);
      Place(w.position);
    }
    where_ = {"settings"};
    Require(IsTimeZone(p_.settings.timezone), "unknown time zone");
    for (const LimitInfo& limit : kLimits) {
      const int64_t value = p_.settings.limits.*limit.field;
      Require(value >= limit.least && value <= limit.most,
              "a limit is out of its range");
    }
  }

  void Sizes() {
    where_ = {};
    const std::string problem = SizeProblem(p_);
    Require(problem.empty(), problem);
  }

  void OneRule(const Rule& rule, uint32_t policy) {
    Require(rule.policy == policy, "a rule is of another policy");
    Require(rule.kind <= RuleKind::kRequire, "a rule has no kind");
    Place(rule.position);
    Index(rule.chunk, p_.chunks, "chunk");
    if (!ok()) return;
    const Chunk& main = p_.chunks[rule.chunk];
    Require(main.num_parameters == 0, "a rule's code takes parameters");
    Require(!is_of_rule_[rule.chunk], "two rules have one code");
    is_of_rule_[rule.chunk] = true;
    Require(rule.num_elements <= main.num_registers,
            "a rule's elements are out of range");
    Require(rule.element_names.size() == rule.num_elements,
            "a rule's elements have other names");
    Require(rule.collections.size() == rule.num_elements,
            "a rule's loops have other collections");
    for (uint32_t i = 0; i < rule.collections.size(); ++i)
      Entry(rule.collections[i], i, false);
    Entry(rule.because, rule.num_elements, true);
    Entry(rule.help, rule.num_elements, true);
    Entry(rule.applies, 0, true);
    for (const Condition& c : rule.conditions) {
      Require(c.role <= Condition::Role::kUnless, "a condition has no role");
      Require(c.num_elements <= rule.num_elements,
              "a condition's elements are out of range");
      Place(c.position);
      Entry(c.chunk, c.num_elements, false);
      for (const Condition::Path& path : c.paths)
        Entry(path.chunk, c.num_elements, false);
    }
    Index(rule.obligation, p_.schema.obligations, "obligation", true);
    Effects(rule);
  }

  // Main code has the effects of its rule's kind alone.
  void Effects(const Rule& rule) {
    static constexpr Opcode kEffect[] = {Opcode::ALLOW, Opcode::DENY,
                                         Opcode::MASK,  Opcode::MASK,
                                         Opcode::ROWS,  Opcode::REQUIRE};
    const Chunk& main = p_.chunks[rule.chunk];
    for (uint32_t pc = main.begin; pc < main.end && ok(); ++pc) {
      const Instruction& i = p_.code[pc];
      const Opcode op = static_cast<Opcode>(i.op);
      if (op == Opcode::FAIL)
        Require(i.a <= rule.num_elements, "a rule errs for too many elements");
      if (op <= Opcode::FAIL) continue;
      Require(op == kEffect[static_cast<size_t>(rule.kind)],
              "a rule has another effect than its kind");
      if (op == Opcode::MASK)
        Require((static_cast<MaskKind>(i.a) == MaskKind::kHide) ==
                    (rule.kind == RuleKind::kHide),
                "a rule has another effect than its kind");
      if (op == Opcode::REQUIRE && ok()) {
        Index(rule.obligation, p_.schema.obligations, "obligation");
        if (ok())
          Require(
              i.d == p_.schema.obligations[rule.obligation].parameters.size(),
              "an obligation has other arguments");
      }
    }
  }

  const Program& p_;
  absl::Status status_;
  Where where_;
  bool effects_ = false;
  std::vector<uint32_t> effects_of_;
  std::vector<bool> slots_checked_, contexts_checked_;  // tables of slots
  std::vector<bool> has_effects_, is_of_rule_;          // by chunk
};

}  // namespace

bool ComputeStacks(Program* program) {
  const std::vector<uint32_t> stacks = Stacks(*program);
  if (stacks.size() != program->chunks.size()) return false;
  for (size_t i = 0; i < stacks.size(); ++i)
    program->chunks[i].stack = stacks[i];
  return true;
}

absl::Status Verify(const Program& program) { return Verifier(program).Run(); }

}  // namespace bylaw
