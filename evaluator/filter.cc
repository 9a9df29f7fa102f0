#include "evaluator/filter.h"

#include <algorithm>
#include <optional>

#include "compiler/bytecode/schema.h"
#include "evaluator/mask.h"
#include "evaluator/spelling.h"

namespace bylaw {
namespace {

bool IsOrder(FilterOp op) { return op >= FilterOp::kLt && op <= FilterOp::kGe; }
bool IsText(FilterOp op) {
  return op >= FilterOp::kStartsWith && op <= FilterOp::kLike;
}

std::string_view KindName(Kind k) {
  constexpr std::string_view kNames[] = {
      "unknown", "bool",     "int",    "decimal", "string",  "date",
      "time",    "duration", "period", "ip",      "version", "term",
      "entity",  "object",   "set",    "array",   "map",     "filter"};
  return kNames[static_cast<size_t>(k)];
}

bool Fail(World& world, std::string_view* error, const std::string& message) {
  *error = world.arena().Copy(message);
  return false;
}

const FilterNode* Constant(World& world, const Value& v) {
  FilterNode* n = new (world.arena().New<FilterNode>(1)) FilterNode();
  n->constant = v;
  n->kind = v.kind;
  return n;
}

const FilterNode* AsNode(World& world, const Value& v) {
  return v.kind == Kind::kFilter ? v.filter : Constant(world, v);
}

Value AsValue(const FilterNode* node) {
  if (node->op == FilterOp::kConstant) return node->constant;
  Value v;
  v.kind = Kind::kFilter;
  v.filter = node;
  return v;
}

const FilterNode* Make(World& world, FilterOp op, Kind kind,
                       std::span<const FilterNode* const> operands) {
  FilterNode* n = new (world.arena().New<FilterNode>(1)) FilterNode();
  n->op = op;
  n->kind = kind;
  n->num_operands = static_cast<uint32_t>(operands.size());
  const FilterNode** copy =
      world.arena().New<const FilterNode*>(operands.size());
  std::copy(operands.begin(), operands.end(), copy);
  n->operands = copy;
  for (const FilterNode* operand : operands) {
    n->depth = std::max(n->depth, operand->depth + 1);
  }
  return n;
}

bool IsConstant(const FilterNode* n) { return n->op == FilterOp::kConstant; }

// A value as SQL sees it: terms and entities are texts.
Value Plain(World& world, const Value& v) {
  if (v.kind != Kind::kTerm && v.kind != Kind::kEntity) return v;
  return Value::OfCell(Kind::kString, world.Intern(SpellScalar(world, v)));
}

// `v` for a column of `kind`; nullopt if it does not fit.
std::optional<Value> FitConstant(World& world, const Value& v, Kind kind) {
  if (v.missing()) return v;
  const Value plain = Plain(world, v);
  if (plain.kind == kind) return plain;
  if (plain.kind == Kind::kInt && kind == Kind::kDecimal) {
    int64_t d = 0;
    if (!__builtin_mul_overflow(plain.number, kDecimalOne, &d) &&
        d < kDecimalLimit && d > -kDecimalLimit) {
      return Value::Number(Kind::kDecimal, d);
    }
  }
  return std::nullopt;
}

// Order of two present scalars of one kind; texts by their bytes, which is by
// code points.
int Compare(const World& world, const Value& a, const Value& b) {
  switch (a.kind) {
    case Kind::kString: {
      const int c = world.Text(a.size).compare(world.Text(b.size));
      return a.size == b.size ? 0 : c;
    }
    case Kind::kIp:
      return *a.ip == *b.ip ? 0 : *a.ip < *b.ip ? -1 : 1;
    case Kind::kVersion:
      return *a.version == *b.version ? 0 : *a.version < *b.version ? -1 : 1;
    case Kind::kTerm:
    case Kind::kEntity: {
      const uint32_t x = a.size & kEntityMask, y = b.size & kEntityMask;
      return x == y ? 0 : x < y ? -1 : 1;
    }
    default:
      return a.number == b.number ? 0 : a.number < b.number ? -1 : 1;
  }
}

Value ElementOf(const Value& set, uint32_t i) {
  return IsCellKind(set.element) ? Value::OfCell(set.element, set.cells[i])
                                 : set.values[i];
}

Truth Not(Truth t) {
  return t == Truth::kUnknown ? t
         : t == Truth::kTrue  ? Truth::kFalse
                              : Truth::kTrue;
}
Truth ToTruth(bool b) { return b ? Truth::kTrue : Truth::kFalse; }

Truth CompareTruth(const World& world, FilterOp op, const Value& a,
                   const Value& b) {
  if (a.missing() || b.missing() || a.kind != b.kind) return Truth::kUnknown;
  const int c = Compare(world, a, b);
  switch (op) {
    case FilterOp::kEq:
      return ToTruth(c == 0);
    case FilterOp::kNe:
      return ToTruth(c != 0);
    case FilterOp::kLt:
      return ToTruth(c < 0);
    case FilterOp::kLe:
      return ToTruth(c <= 0);
    case FilterOp::kGt:
      return ToTruth(c > 0);
    default:
      return ToTruth(c >= 0);
  }
}

// `*` in the pattern stands for any run of characters, also none.
bool Like(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Truth TextTruth(const World& world, FilterOp op, const Value& a,
                const Value& b) {
  if (a.kind != Kind::kString || b.kind != Kind::kString) {
    return Truth::kUnknown;
  }
  const std::string_view x = world.Text(a.size), y = world.Text(b.size);
  switch (op) {
    case FilterOp::kStartsWith:
      return ToTruth(x.starts_with(y));
    case FilterOp::kEndsWith:
      return ToTruth(x.ends_with(y));
    case FilterOp::kContains:
      return ToTruth(x.find(y) != std::string_view::npos);
    default:
      return ToTruth(Like(x, y));
  }
}

Truth InTruth(const World& world, const Value& x, const Value& set) {
  if (set.size == 0) return Truth::kFalse;
  if (x.missing()) return Truth::kUnknown;
  bool unknown = false;
  for (uint32_t i = 0; i < set.size; ++i) {
    const Truth t = CompareTruth(world, FilterOp::kEq, x, ElementOf(set, i));
    if (t == Truth::kTrue) return t;
    unknown |= t == Truth::kUnknown;
  }
  return unknown ? Truth::kUnknown : Truth::kFalse;
}

// --- Building ---------------------------------------------------------------

class Builder {
 public:
  Builder(World& world, Cell resource, std::string_view* error)
      : world_(world), resource_(resource), error_(error) {}

  bool Build(FilterOp op, std::span<const Value> operands, Value* out) {
    switch (op) {
      case FilterOp::kColumn:
        return Column(operands[0], out);
      case FilterOp::kConstant:
        *out = operands[0];
        return true;
      case FilterOp::kAnd:
      case FilterOp::kOr:
        return Junction(op, operands, out);
      case FilterOp::kKeep:
      case FilterOp::kNot:
      case FilterOp::kNotIn:
      case FilterOp::kDrop:
        return Negation(op, operands[0], out);
      case FilterOp::kIn:
        return In(operands[0], operands[1], out);
      case FilterOp::kInColumn:
        return InColumn(operands, out);
      case FilterOp::kIsMissing:
      case FilterOp::kIsPresent:
        return Presence(op, operands[0], out);
      case FilterOp::kCoalesce:
        return Coalesce(operands[0], operands[1], out);
      default:
        return Compared(op, operands[0], operands[1], out);
    }
  }

 private:
  bool Error(const std::string& message) {
    return Fail(world_, error_, message);
  }
  std::string Named(const FilterNode* n) {
    return n->op == FilterOp::kColumn ? "column " + QuoteText(n->column)
                                      : "`" + FilterText(*n, world_) + "`";
  }

  // Column of the resource with this name; its type may be unknown.
  bool Column(const Value& name, Value* out) {
    const Schema::Selectable* s =
        world_.schema().FindSelectable(world_.TypeOf(resource_));
    if (s == nullptr) return Error("the resource has no columns");
    Symbol symbol = name.size;
    if (name.kind == Kind::kEntity) {
      if (!world_.IsColumn(name.size, *s)) {
        return Error("column " + QuoteText(world_.IdOf(name.size)) +
                     " is not known");
      }
      const Value text = world_.Attribute(name.size, s->name_slot);
      if (text.kind != Kind::kString) {
        return Error("column " + QuoteText(world_.IdOf(name.size)) +
                     " has no name");
      }
      symbol = text.size;
    } else if (name.kind != Kind::kString) {
      return Error("the column of a row is missing");
    }
    const std::string_view text = world_.Text(symbol);
    const Cell column = world_.ColumnNamed(resource_, *s, symbol);
    if (column == kNone || (name.kind == Kind::kEntity &&
                            (column & kEntityMask) != name.entity())) {
      return Error(QuoteText(world_.IdOf(resource_)) + " has no column " +
                   QuoteText(text));
    }
    FilterNode* n = new (world_.arena().New<FilterNode>(1)) FilterNode();
    n->op = FilterOp::kColumn;
    n->kind = TypeOf(column, *s);
    n->column = world_.arena().Copy(text);
    n->variable = "r";
    out->kind = Kind::kFilter;
    out->filter = n;
    return true;
  }

  Kind TypeOf(Cell column, const Schema::Selectable& s) {
    if (!world_.IsColumn(column, s)) return Kind::kMissing;
    return ColumnKind(world_.schema(), world_.Attribute(column, s.type_slot));
  }

  // A truth value: a predicate, a Bool column, or a constant.
  bool CheckTruth(const FilterNode* n) {
    if (n->kind == Kind::kBool || (IsConstant(n) && n->constant.missing())) {
      return true;
    }
    if (n->kind == Kind::kMissing) return UnknownType(n);
    return Error(Named(n) + " is " + std::string(KindName(n->kind)) +
                 " and stands where bool is needed");
  }
  bool UnknownType(const FilterNode* n) {
    return Error(Named(n) + " has no known type");
  }

  bool Junction(FilterOp op, std::span<const Value> operands, Value* out) {
    const bool absorbing = op == FilterOp::kOr;  // what decides it alone
    ArenaVector<const FilterNode*> rest(&world_.arena());
    bool decided = false;
    for (const Value& v : operands) {
      const FilterNode* n = AsNode(world_, v);
      if (!CheckTruth(n)) return false;
      if (IsConstant(n) && n->constant.kind == Kind::kBool) {
        decided |= (n->constant.number != 0) == absorbing;
      } else {
        rest.push_back(n);
      }
    }
    if (decided) {
      *out = Value::Bool(absorbing);
    } else if (rest.empty()) {
      *out = Value::Bool(!absorbing);
    } else if (rest.size() == 1) {
      *out = AsValue(rest[0]);
    } else {
      *out = AsValue(Make(world_, op, Kind::kBool, rest.span()));
    }
    return true;
  }

  bool Negation(FilterOp op, const Value& operand, Value* out) {
    const FilterNode* n = AsNode(world_, operand);
    if (!CheckTruth(n)) return false;
    if (op == FilterOp::kNotIn && n->op != FilterOp::kIn &&
        n->op != FilterOp::kInColumn) {
      op = FilterOp::kNot;  // the membership was decided
    }
    if (op == FilterOp::kKeep) {
      *out = operand;
    } else if (IsConstant(n) && n->constant.kind == Kind::kBool) {
      *out = Value::Bool(n->constant.number == 0);
    } else {
      *out = AsValue(Make(world_, op, Kind::kBool, {&n, 1}));
    }
    return true;
  }

  bool Presence(FilterOp op, const Value& operand, Value* out) {
    const FilterNode* n = AsNode(world_, operand);
    if (IsConstant(n)) {
      *out = Value::Bool(n->constant.missing() == (op == FilterOp::kIsMissing));
      return true;
    }
    *out = AsValue(Make(world_, op, Kind::kBool, {&n, 1}));
    return true;
  }

  // Gives two operands one known type, fitting a constant to a column.
  bool Unify(const FilterNode** a, const FilterNode** b, Kind* kind) {
    for (const FilterNode* n : {*a, *b}) {
      if (IsConstant(n)) continue;
      if (n->kind == Kind::kMissing) return UnknownType(n);
      if (n->kind == Kind::kRecord || n->kind == Kind::kList) {
        return Error(Named(n) + " is " + std::string(KindName(n->kind)) +
                     " and cannot be compared");
      }
    }
    if (IsConstant(*a) && IsConstant(*b)) {
      Value x = Plain(world_, (*a)->constant);
      Value y = Plain(world_, (*b)->constant);
      *kind = x.missing() ? y.kind : x.kind;
      if (x.kind == Kind::kDecimal || y.kind == Kind::kDecimal) {
        *kind = Kind::kDecimal;
      }
      return Fit(a, *kind) && Fit(b, *kind);
    }
    *kind = IsConstant(*a) ? (*b)->kind : (*a)->kind;
    return Fit(a, *kind) && Fit(b, *kind);
  }
  bool Fit(const FilterNode** n, Kind kind) {
    if (!IsConstant(*n)) {
      return (*n)->kind == kind || NoFit(*n, kind);
    }
    const std::optional<Value> v = FitConstant(world_, (*n)->constant, kind);
    if (!v.has_value()) return NoFit(*n, kind);
    *n = Constant(world_, *v);
    return true;
  }
  bool NoFit(const FilterNode* n, Kind kind) {
    return Error(
        (IsConstant(n) ? SpellLiteral(world_, n->constant) : Named(n)) +
        " is " + std::string(KindName(n->kind)) +
        " and does not fit a column of type " + std::string(KindName(kind)));
  }

  bool Compared(FilterOp op, const Value& left, const Value& right,
                Value* out) {
    if (IsOrder(op) &&
        (left.kind == Kind::kTerm || right.kind == Kind::kTerm)) {
      return Error("a column holds the path of a term, which has no order");
    }
    const FilterNode* a = AsNode(world_, left);
    const FilterNode* b = AsNode(world_, right);
    Kind kind = Kind::kMissing;
    if (!Unify(&a, &b, &kind)) return false;
    if (IsText(op) && kind != Kind::kString && kind != Kind::kMissing) {
      return Error(Named(IsConstant(a) ? b : a) + " is " +
                   std::string(KindName(kind)) + ", not string");
    }
    if (op == FilterOp::kLike && !IsConstant(b)) {
      return Error("the pattern of like must be a constant");
    }
    if (IsOrder(op) &&
        (kind == Kind::kBool || kind == Kind::kIp || kind == Kind::kVersion)) {
      return Error("columns of type " + std::string(KindName(kind)) +
                   " have no order in SQL");
    }
    if (IsConstant(a) && IsConstant(b)) {
      const Truth t = IsText(op)
                          ? TextTruth(world_, op, a->constant, b->constant)
                          : CompareTruth(world_, op, a->constant, b->constant);
      *out = t == Truth::kUnknown ? Value::Missing()
                                  : Value::Bool(t == Truth::kTrue);
      return true;
    }
    const FilterNode* operands[] = {a, b};
    *out = AsValue(Make(world_, op, Kind::kBool, operands));
    return true;
  }

  bool In(const Value& left, const Value& set, Value* out) {
    const FilterNode* a = AsNode(world_, left);
    if (set.kind != Kind::kSet && set.kind != Kind::kList) {
      return Error("the set to look in is missing");
    }
    Kind kind = IsConstant(a) ? Plain(world_, a->constant).kind : a->kind;
    if (!IsConstant(a)) {
      const FilterNode* same = a;
      if (!Unify(&a, &same, &kind)) return false;
    } else {
      a = Constant(world_, Plain(world_, a->constant));
    }
    // Elements in the order of their values, each once.
    Value* elements = world_.arena().New<Value>(set.size);
    for (uint32_t i = 0; i < set.size; ++i) {
      const FilterNode* element = Constant(world_, ElementOf(set, i));
      if (kind != Kind::kMissing && !Fit(&element, kind)) return false;
      elements[i] = Plain(world_, element->constant);
    }
    std::sort(elements, elements + set.size,
              [this](const Value& x, const Value& y) {
                return Compare(world_, x, y) < 0;
              });
    const Value* end = std::unique(elements, elements + set.size,
                                   [this](const Value& x, const Value& y) {
                                     return Compare(world_, x, y) == 0;
                                   });
    Value sorted;
    sorted.kind = Kind::kSet;
    sorted.size = static_cast<uint32_t>(end - elements);
    sorted.values = elements;
    if (IsConstant(a)) {
      const Truth t = InTruth(world_, a->constant, sorted);
      *out = t == Truth::kUnknown ? Value::Missing()
                                  : Value::Bool(t == Truth::kTrue);
      return true;
    }
    const FilterNode* operands[] = {a, Constant(world_, sorted)};
    *out = AsValue(Make(world_, FilterOp::kIn, Kind::kBool, operands));
    return true;
  }

  bool InColumn(std::span<const Value> operands, Value* out) {
    const FilterNode* a = AsNode(world_, operands[0]);
    const std::string_view id = operands[1].kind == Kind::kEntity
                                    ? world_.IdOf(operands[1].size)
                                    : world_.Text(operands[1].size);
    const Symbol column_name = operands[2].size;
    const Schema::Selectable* s = nullptr;
    const Cell dataset = FindDataset(id, &s);
    if (dataset == kNone) {
      return Error("dataset " + QuoteText(id) + " is not known");
    }
    const Cell column = world_.ColumnNamed(dataset, *s, column_name);
    if (column == kNone) {
      return Error(QuoteText(id) + " has no column " +
                   QuoteText(world_.Text(column_name)));
    }
    FilterNode* listed = new (world_.arena().New<FilterNode>(1)) FilterNode();
    listed->op = FilterOp::kColumn;
    listed->kind = TypeOf(column, *s);
    listed->column = world_.arena().Copy(world_.Text(column_name));
    if (listed->kind == Kind::kMissing) return UnknownType(listed);
    const FilterNode* other = listed;
    Kind kind = Kind::kMissing;
    if (!Unify(&a, &other, &kind)) return false;
    FilterNode* n = const_cast<FilterNode*>(
        Make(world_, FilterOp::kInColumn, Kind::kBool, {&a, 1}));
    n->column = listed->column;
    n->table = world_.arena().Copy(id);
    n->table_name = n->table;
    if (s->table_slot != kNone) {
      const Value table = world_.Attribute(dataset, s->table_slot);
      if (table.kind == Kind::kString) {
        n->table_name = world_.arena().Copy(world_.Text(table.size));
      }
    }
    *out = AsValue(n);
    return true;
  }

  // A known owner of columns: of the resource's own type before any other.
  Cell FindDataset(std::string_view id, const Schema::Selectable** s) {
    const uint32_t own = world_.TypeOf(resource_);
    for (const bool first : {true, false}) {
      for (const Schema::Selectable& candidate : world_.schema().selectables) {
        if ((candidate.entity == own) != first) continue;
        const Cell cell = world_.Resolve(candidate.entity, id);
        if (world_.Find(cell) != nullptr) {
          *s = &candidate;
          return cell;
        }
      }
    }
    return kNone;
  }

  bool Coalesce(const Value& left, const Value& right, Value* out) {
    const FilterNode* a = AsNode(world_, left);
    const FilterNode* b = AsNode(world_, right);
    if (IsConstant(a)) {
      *out = a->constant.missing() ? right : left;
      return true;
    }
    Kind kind = Kind::kMissing;
    if (!Unify(&a, &b, &kind)) return false;
    const FilterNode* operands[] = {a, b};
    *out = AsValue(Make(world_, FilterOp::kCoalesce, kind, operands));
    return true;
  }

  World& world_;
  const Cell resource_;
  std::string_view* const error_;
};

// --- Evaluating -------------------------------------------------------------

Value EvaluateValue(const FilterNode& n, const World& world,
                    const RowSource& row) {
  switch (n.op) {
    case FilterOp::kConstant:
      return n.constant;
    case FilterOp::kColumn: {
      Value v = row.cell ? row.cell(n.column) : Value::Missing();
      if (v.kind == Kind::kInt && n.kind == Kind::kDecimal) {
        int64_t d = 0;
        if (__builtin_mul_overflow(v.number, kDecimalOne, &d)) return Value();
        return Value::Number(Kind::kDecimal, d);
      }
      return v;
    }
    case FilterOp::kCoalesce: {
      const Value v = EvaluateValue(*n.operands[0], world, row);
      return v.missing() ? EvaluateValue(*n.operands[1], world, row) : v;
    }
    default: {
      const Truth t = EvaluateFilter(n, world, row);
      return t == Truth::kUnknown ? Value::Missing()
                                  : Value::Bool(t == Truth::kTrue);
    }
  }
}

// --- Text -------------------------------------------------------------------

// How tightly the text of a node binds.
enum Precedence {
  kLoosest,
  kOrs,
  kAnds,
  kNots,
  kComparisons,
  kDefaults,
  kTight
};

class TextWriter {
 public:
  explicit TextWriter(const World& world) : world_(world) {}

  void Write(const FilterNode& n, int least) {
    const bool brackets = Level(n) < least;
    if (brackets) out_ += '(';
    WriteBare(n);
    if (brackets) out_ += ')';
  }
  std::string Take() { return std::move(out_); }

 private:
  static int Level(const FilterNode& n) {
    switch (n.op) {
      case FilterOp::kOr:
        return kOrs;
      case FilterOp::kAnd:
        return kAnds;
      case FilterOp::kNot:
      case FilterOp::kDrop:
        return kNots;
      case FilterOp::kCoalesce:
        return kDefaults;
      case FilterOp::kColumn:
      case FilterOp::kConstant:
        return kTight;
      default:
        return kComparisons;
    }
  }

  void WriteBare(const FilterNode& n) {
    switch (n.op) {
      case FilterOp::kConstant:
        out_ += SpellLiteral(world_, n.constant);
        return;
      case FilterOp::kColumn:
        WriteColumn(n.column);
        return;
      case FilterOp::kAnd:
      case FilterOp::kOr:
        for (uint32_t i = 0; i < n.num_operands; ++i) {
          if (i > 0) out_ += n.op == FilterOp::kAnd ? " and " : " or ";
          Write(*n.operands[i], Level(n));
        }
        return;
      case FilterOp::kNot:
        out_ += "not ";
        Write(*n.operands[0], kNots);
        return;
      case FilterOp::kNotIn:
        return WriteIn(*n.operands[0], " not in ");
      case FilterOp::kDrop:
        out_ += "not (";
        Write(*n.operands[0], kLoosest);
        out_ += ')';
        return;
      case FilterOp::kIn:
      case FilterOp::kInColumn:
        return WriteIn(n, " in ");
      case FilterOp::kIsMissing:
      case FilterOp::kIsPresent:
        Write(*n.operands[0], kDefaults);
        out_ += n.op == FilterOp::kIsMissing ? " is missing" : " is present";
        return;
      default:
        Write(*n.operands[0], kDefaults);
        out_ += ' ';
        out_ += FilterOpName(n.op);
        out_ += ' ';
        Write(*n.operands[1], kDefaults);
    }
  }

  void WriteIn(const FilterNode& n, std::string_view in) {
    Write(*n.operands[0], kDefaults);
    out_ += in;
    if (n.op == FilterOp::kIn) {
      Write(*n.operands[1], kDefaults);
    } else {
      out_ += "column(" + QuoteText(n.table) + ", " + QuoteText(n.column) + ")";
    }
  }

  void WriteColumn(std::string_view name) {
    const auto letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool plain = !name.empty() && letter(name[0]) &&
                       std::all_of(name.begin(), name.end(), [&](char c) {
                         return letter(c) || digit(c);
                       });
    out_ += plain ? "r." + std::string(name) : "r[" + QuoteText(name) + "]";
  }

  const World& world_;
  std::string out_;
};

}  // namespace

bool BuildFilter(World& world, Cell resource, FilterOp op,
                 std::span<const Value> operands, Value* out,
                 std::string_view* error) {
  if (!Builder(world, resource, error).Build(op, operands, out)) return false;
  if (out->kind != Kind::kFilter || out->filter->depth <= kMaxFilterDepth) {
    return true;
  }
  return Fail(world, error,
              "a condition on rows is nested more than " +
                  std::to_string(kMaxFilterDepth) + " deep");
}

const FilterNode* FilterOf(World& world, const Value& v) {
  return AsNode(world, v);
}

const FilterNode* ConjoinFilters(World& world,
                                 std::span<const FilterNode* const> filters) {
  ArenaVector<const FilterNode*> rest(&world.arena());
  for (const FilterNode* n : filters) {
    if (!IsConstant(n) || n->constant.kind != Kind::kBool) {
      rest.push_back(n);
    } else if (n->constant.number == 0) {
      return n;
    }
  }
  if (rest.empty()) return nullptr;
  if (rest.size() == 1) return rest[0];
  return Make(world, FilterOp::kAnd, Kind::kBool, rest.span());
}

bool IsAlwaysTrue(const FilterNode& n) {
  return IsConstant(&n) && n.constant.kind == Kind::kBool &&
         n.constant.number != 0;
}

std::string_view FilterOpName(FilterOp op) {
  constexpr std::string_view kNames[] = {
      "column",     "constant",    "and",       "or",        "not",
      "not",        "==",          "!=",        "<",         "<=",
      ">",          ">=",          "in",        "in column", "is missing",
      "is present", "starts with", "ends with", "contains",  "like",
      "??",         "keep",        "not"};
  return kNames[static_cast<size_t>(op)];
}

Truth EvaluateFilter(const FilterNode& n, const World& world,
                     const RowSource& row) {
  const auto value = [&](uint32_t i) {
    return EvaluateValue(*n.operands[i], world, row);
  };
  switch (n.op) {
    case FilterOp::kAnd:
    case FilterOp::kOr: {
      const Truth decides =
          n.op == FilterOp::kAnd ? Truth::kFalse : Truth::kTrue;
      Truth result = Not(decides);
      for (uint32_t i = 0; i < n.num_operands; ++i) {
        const Truth t = EvaluateFilter(*n.operands[i], world, row);
        if (t == decides) return decides;
        if (t == Truth::kUnknown) result = t;
      }
      return result;
    }
    case FilterOp::kNot:
    case FilterOp::kNotIn:
    case FilterOp::kDrop:
      return Not(EvaluateFilter(*n.operands[0], world, row));
    case FilterOp::kIsMissing:
      return ToTruth(value(0).missing());
    case FilterOp::kIsPresent:
      return ToTruth(!value(0).missing());
    case FilterOp::kIn:
      return InTruth(world, value(0), n.operands[1]->constant);
    case FilterOp::kInColumn: {
      std::vector<Value> list;
      if (row.list) list = row.list(n.table, n.column);
      const Value x = value(0);
      if (list.empty()) return Truth::kFalse;
      if (x.missing()) return Truth::kUnknown;
      for (const Value& v : list) {
        if (CompareTruth(world, FilterOp::kEq, x, v) == Truth::kTrue) {
          return Truth::kTrue;
        }
      }
      return Truth::kFalse;
    }
    case FilterOp::kConstant:
    case FilterOp::kColumn:
    case FilterOp::kCoalesce: {
      const Value v = EvaluateValue(n, world, row);
      return v.kind != Kind::kBool ? Truth::kUnknown : ToTruth(v.number != 0);
    }
    case FilterOp::kStartsWith:
    case FilterOp::kEndsWith:
    case FilterOp::kContains:
    case FilterOp::kLike:
      return TextTruth(world, n.op, value(0), value(1));
    default:
      return CompareTruth(world, n.op, value(0), value(1));
  }
}

std::string FilterText(const FilterNode& filter, const World& world) {
  TextWriter writer(world);
  writer.Write(filter, kLoosest);
  return writer.Take();
}

}  // namespace bylaw
