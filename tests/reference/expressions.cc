#include "tests/reference/expressions.h"

#include <algorithm>

#include "re2/re2.h"
#include "tests/reference/letters.h"

namespace bylaw::reference {
namespace {

using typed::Expr;
using typed::Op;

size_t CodePoints(const std::string& text) {
  size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

// The bytes of the letter that begins at `at`.
std::string LetterAt(const std::string& text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() &&
         (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    ++end;
  }
  return text.substr(at, end - at);
}

std::string InLowerCase(const std::string& text) {
  static const std::map<std::string, std::string> lower_of = [] {
    std::map<std::string, std::string> pairs;
    for (const auto& [upper, lower] : kLetters) {
      const std::string from = upper, to = lower;
      for (size_t i = 0, j = 0; i < from.size();) {
        const std::string a = LetterAt(from, i), b = LetterAt(to, j);
        pairs[a] = b;
        i += a.size();
        j += b.size();
      }
    }
    return pairs;
  }();
  std::string lower;
  for (size_t at = 0; at < text.size();) {
    const std::string letter = LetterAt(text, at);
    const auto it = lower_of.find(letter);
    lower += it == lower_of.end() ? letter : it->second;
    at += letter.size();
  }
  return lower;
}

// Days from 1970-01-01 to 0001-01-01 and to 10000-01-01.
constexpr __int128 kFirstDay = -719162, kPastDay = 2932897;
constexpr __int128 kDay = __int128{24} * 60 * 60 * 1'000'000;

Val Number(Kind kind, __int128 n) {
  if (n > INT64_MAX || n < INT64_MIN ||
      (kind == Kind::kDecimal && (n >= kDecimalLimit || n <= -kDecimalLimit)) ||
      (kind == Kind::kDate && (n < kFirstDay || n >= kPastDay)) ||
      (kind == Kind::kTime && (n < kFirstDay * kDay || n >= kPastDay * kDay))) {
    throw Failure{"out of range"};
  }
  Val v;
  v.kind = kind;
  v.number = static_cast<int64_t>(n);
  return v;
}

Val Checked(Kind kind, std::optional<int64_t> n) {
  if (!n) throw Failure{"out of range"};
  return Number(kind, *n);
}

// An Int may stand where a Decimal is.
Val AsDecimal(const Val& v) {
  return v.kind == Kind::kInt
             ? Number(Kind::kDecimal, __int128{v.number} * kDecimalOne)
             : v;
}

bool Ordered(Op op, int c) {
  switch (op) {
    case Op::kLt:
      return c < 0;
    case Op::kLe:
      return c <= 0;
    case Op::kGt:
      return c > 0;
    default:
      return c >= 0;
  }
}

bool TextTest(Op op, const std::string& a, const std::string& b) {
  switch (op) {
    case Op::kStartsWith:
      return a.starts_with(b);
    case Op::kEndsWith:
      return a.ends_with(b);
    case Op::kContains:
      return a.find(b) != std::string::npos;
    default:
      return LikeMatches(a, b);
  }
}

}  // namespace

bool LikeMatches(const std::string& text, const std::string& pattern) {
  // Plain recursion over the runs between stars, leftmost first.
  const size_t star = pattern.find('*');
  if (star == std::string::npos) return text == pattern;
  const std::string head = pattern.substr(0, star);
  if (!text.starts_with(head)) return false;
  const std::string rest = pattern.substr(star + 1);
  for (size_t i = head.size(); i <= text.size(); ++i) {
    if (LikeMatches(text.substr(i), rest)) return true;
  }
  return false;
}

bool Evaluator::Below(const Val& a, const Val& b) const {
  if (a.kind == Kind::kTerm && b.kind == Kind::kTerm) {
    // Is, or is below: along parents.
    for (uint32_t t = a.index; t != kNone;
         t = sight_.schema().terms[t].parent) {
      if (t == b.index) return true;
    }
    return false;
  }
  if (a.kind == Kind::kEntity && b.kind == Kind::kEntity) {
    return sight_.Within(a, b);
  }
  return Same(a, b);
}

bool Evaluator::Member(const Val& x, const Val& set, bool below) const {
  if (x.missing()) return false;
  for (const Val& e : set.elements) {
    if (below ? Below(x, e) : Same(x, e)) return true;
  }
  return false;
}

Val Evaluator::Evaluate(const Expr& e, const Locals& locals) const {
  const Schema& schema = sight_.schema();
  const auto arg = [&](size_t i) { return Evaluate(*e.args[i], locals); };
  switch (e.op) {
    case Op::kConstant:
      return FromConstant(e.constant);
    case Op::kLocal:
      if (broken_lets != nullptr && broken_lets->count(e.index)) {
        throw broken_lets->at(e.index);
      }
      return locals.at(e.index);
    case Op::kSubject:
      return roots_.subject;
    case Op::kResource:
      return roots_.resource;
    case Op::kPrevious:
      return roots_.previous;
    case Op::kNow:
      return Number(Kind::kTime, roots_.now);
    case Op::kContext: {
      Val v;
      v.kind = Kind::kRecord;
      v.elements = roots_.context;
      return v;
    }
    case Op::kAction:
      return MakeString(schema.actions[roots_.action].name);
    case Op::kAttribute: {
      Val v;
      if (e.args[0]->op == Op::kContext) {
        const auto& list = schema.actions[roots_.action].context;
        const uint32_t slot =
            e.index != kNone ? e.index : Schema::FindAttribute(list, e.name);
        if (slot != kNone) v = roots_.context[slot];
      } else {
        const Val object = arg(0);
        if (object.kind == Kind::kEntity) {
          const uint32_t slot =
              e.index != kNone
                  ? e.index
                  : Schema::FindAttribute(
                        schema.entities[object.index].attributes, e.name);
          v = sight_.Read(object, slot);
        } else if (object.kind == Kind::kRecord) {
          v = object.elements[e.index];
        }
      }
      const Kind want = schema.type(e.type).kind;
      if (v.missing() &&
          (want == Kind::kSet || want == Kind::kList || want == Kind::kMap)) {
        v.kind = want;
      }
      return v;
    }
    case Op::kId: {
      const Val v = arg(0);
      return v.missing() ? v : MakeString(v.text);
    }
    case Op::kMapGet: {
      const Val map = arg(0), key = arg(1);
      for (size_t i = 0; i < map.keys.size(); ++i) {
        if (map.keys[i] == key.text) return map.elements[i];
      }
      return Val();
    }
    case Op::kNot:
      return MakeBool(arg(0).number == 0);
    case Op::kAnd:
    case Op::kOr:
      for (size_t i = 0; i < e.args.size(); ++i) {
        const bool holds = arg(i).number != 0;
        if (holds == (e.op == Op::kOr)) return MakeBool(holds);
      }
      return MakeBool(e.op == Op::kAnd);
    case Op::kIf:
      return arg(0).number != 0 ? arg(1) : arg(2);
    case Op::kCoalesce: {
      Val v = arg(0);
      return v.missing() ? arg(1) : v;
    }
    case Op::kMatch: {
      const Val v = arg(0);
      for (size_t i = 0; i < e.arms.size(); ++i) {
        bool matches = e.arms[i].terms.empty();
        for (const uint32_t t : e.arms[i].terms) {
          Val term;
          term.kind = Kind::kTerm;
          term.index = t;
          matches |= !v.missing() && Below(v, term);
        }
        if (matches) return arg(i + 1);
      }
      throw Failure{"no arm"};
    }
    case Op::kEq:
    case Op::kNe: {
      Val a = arg(0), b = arg(1);
      if (a.kind == Kind::kDecimal) b = AsDecimal(b);
      if (b.kind == Kind::kDecimal) a = AsDecimal(a);
      const bool same = !a.missing() && !b.missing() && Same(a, b);
      return MakeBool(same == (e.op == Op::kEq));
    }
    case Op::kLt:
    case Op::kLe:
    case Op::kGt:
    case Op::kGe: {
      Val a = arg(0), b = arg(1);
      if (a.kind == Kind::kDecimal) b = AsDecimal(b);
      if (b.kind == Kind::kDecimal) a = AsDecimal(a);
      return MakeBool(Ordered(e.op, Compare(a, b)));
    }
    case Op::kIn:
    case Op::kInBelow: {
      const Val x = arg(0), set = arg(1);
      return MakeBool(Member(x, set, e.op == Op::kInBelow));
    }
    case Op::kHas:
    case Op::kHasBelow: {
      // `s has x`: some element of s is (below) x.
      const Val set = arg(0), x = arg(1);
      if (x.missing()) return MakeBool(false);
      for (const Val& element : set.elements) {
        if (e.op == Op::kHas ? Same(element, x) : Below(element, x)) {
          return MakeBool(true);
        }
      }
      return MakeBool(false);
    }
    case Op::kOverlaps:
    case Op::kOverlapsBelow: {
      const Val a = arg(0), b = arg(1);
      for (const Val& x : a.elements) {
        if (Member(x, b, e.op == Op::kOverlapsBelow)) return MakeBool(true);
      }
      return MakeBool(false);
    }
    case Op::kWithin: {
      const Val a = arg(0), b = arg(1);
      if (b.kind == Kind::kSet || b.kind == Kind::kList) {
        return MakeBool(Member(a, b, true));
      }
      if (a.kind == Kind::kSet || a.kind == Kind::kList) {
        for (const Val& x : a.elements) {
          if (!Below(x, b)) return MakeBool(false);
        }
        return MakeBool(true);
      }
      return MakeBool(Below(a, b));
    }
    case Op::kIpWithin: {
      const Val a = arg(0), b = arg(1);
      if (a.missing()) return MakeBool(false);
      bool within = b.kind == Kind::kIp && IpWithin(a.ip, b.ip);
      for (const Val& e : b.elements) within |= IpWithin(a.ip, e.ip);
      return MakeBool(within);
    }
    case Op::kHasKey: {
      const Val map = arg(0), key = arg(1);
      return MakeBool(std::count(map.keys.begin(), map.keys.end(), key.text));
    }
    case Op::kHasColumn:
      return MakeBool(HasColumn(arg(0), arg(1).text));
    case Op::kIsEmpty:
      return MakeBool(arg(0).elements.empty());
    case Op::kIsMissing:
      return MakeBool(arg(0).missing());
    case Op::kIsPresent:
      return MakeBool(!arg(0).missing());
    case Op::kIsType: {
      const Val v = arg(0);
      return MakeBool(!v.missing() && std::count(e.entities.begin(),
                                                 e.entities.end(), v.index));
    }
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kContains:
    case Op::kLike: {
      const Val a = arg(0), b = arg(1);
      return MakeBool(TextTest(e.op, a.text, b.text));
    }
    case Op::kMatches: {
      const Val a = arg(0), b = arg(1);
      return MakeBool(re2::RE2::FullMatch(a.text, re2::RE2(b.text)));
    }
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv: {
      const Val a = arg(0), b = arg(1);
      return Arithmetic(e, a, b);
    }
    case Op::kNegate: {
      const Val v = arg(0);
      return Number(v.kind, -__int128{v.number});
    }
    case Op::kLower: {
      Val v = arg(0);
      if (!v.missing()) v.text = InLowerCase(v.text);
      return v;
    }
    case Op::kLength:
      return Number(Kind::kInt, static_cast<__int128>(CodePoints(arg(0).text)));
    case Op::kToDecimal:
      return AsDecimal(arg(0));
    case Op::kHour:
    case Op::kMinute:
    case Op::kWeekday:
    case Op::kDate: {
      const Val time = arg(0), zone = arg(1);
      const auto civil = CivilAt(time.number, zone.text);
      if (!civil) throw Failure{"zone"};
      if (e.op == Op::kHour) return Number(Kind::kInt, civil->hour);
      if (e.op == Op::kMinute) return Number(Kind::kInt, civil->minute);
      if (e.op == Op::kDate) return Number(Kind::kDate, civil->date);
      Val v;
      v.kind = Kind::kTerm;
      v.index = schema.vocabularies[schema.weekday_vocabulary].first_term +
                static_cast<uint32_t>(civil->weekday);
      return v;
    }
    case Op::kAge: {
      const Val born = arg(0);
      Val at = arg(1);
      if (at.kind == Kind::kTime) {
        at.number = CivilAt(at.number, program_.settings.timezone)->date;
      }
      return Number(Kind::kInt, AgeInYears(born.number, at.number));
    }
    case Op::kMajor:
      return Number(Kind::kInt, static_cast<int64_t>(arg(0).version.major));
    case Op::kMinor:
      return Number(Kind::kInt, static_cast<int64_t>(arg(0).version.minor));
    case Op::kPatch:
      return Number(Kind::kInt, static_cast<int64_t>(arg(0).version.patch));
    case Op::kCall: {
      const typed::Def& def = program_.defs[e.index];
      Locals inner;
      for (size_t i = 0; i < e.args.size(); ++i) {
        inner[def.parameters[i]] = arg(i);
      }
      Evaluator callee(program_, sight_, roots_);
      return callee.Evaluate(*def.body, inner);
    }
    case Op::kAny:
    case Op::kNo:
    case Op::kAll:
    case Op::kCount:
    case Op::kSum:
    case Op::kMin:
    case Op::kMax:
      return Quantifier(e, locals);
    case Op::kSet: {
      std::vector<Val> elements;
      for (size_t i = 0; i < e.args.size(); ++i) elements.push_back(arg(i));
      return MakeSet(std::move(elements));
    }
    case Op::kList:
    case Op::kRecord: {
      Val v;
      v.kind = e.op == Op::kList ? Kind::kList : Kind::kRecord;
      for (size_t i = 0; i < e.args.size(); ++i) v.elements.push_back(arg(i));
      return v;
    }
    case Op::kAllOf:
      return sight_.All(e.index);
    case Op::kRowColumn:
    case Op::kRowIn:
      break;
  }
  throw Failure{"a row where none is"};
}

Val Evaluator::Quantifier(const Expr& e, const Locals& locals) const {
  const Val collection = Evaluate(*e.args[0], locals);
  std::optional<Failure> failure;
  bool any = false, all = true;
  int64_t count = 0;
  __int128 sum = 0;
  Kind sum_kind = sight_.schema().type(e.type).kind;
  std::optional<Val> best;
  for (const Val& element : collection.elements) {
    Locals inner = locals;
    inner[e.local] = element;
    try {
      if (!Test(e.where.get(), inner)) continue;
      any = true;
      ++count;
      if (e.op == Op::kAll && !Test(e.body.get(), inner)) all = false;
      if (e.op == Op::kSum || e.op == Op::kMin || e.op == Op::kMax) {
        const Val v = Evaluate(*e.body, inner);
        if (e.op == Op::kSum) {
          sum += v.number;
        } else if (!best || (e.op == Op::kMin ? Compare(v, *best) < 0
                                              : Compare(v, *best) > 0)) {
          best = v;
        }
      }
    } catch (const Failure& f) {
      failure = f;
    }
  }
  switch (e.op) {
    case Op::kAny:
      if (any) return MakeBool(true);
      break;
    case Op::kNo:
      if (any) return MakeBool(false);
      break;
    case Op::kAll:
      if (!all) return MakeBool(false);
      break;
    default:
      break;
  }
  if (failure) throw *failure;
  switch (e.op) {
    case Op::kAny:
      return MakeBool(false);
    case Op::kNo:
    case Op::kAll:
      return MakeBool(true);
    case Op::kCount:
      return Number(Kind::kInt, count);
    case Op::kSum:
      return Number(sum_kind, sum);
    default:
      return best.value_or(Val());
  }
}

Val Evaluator::Arithmetic(const Expr& e, const Val& a, const Val& b) const {
  // Rows compute what stands after `r`, narrowed or not.
  if (a.missing() || b.missing()) throw Failure{"a missing operand"};
  const __int128 x = a.number, y = b.number;
  const int sign = e.op == Op::kSub ? -1 : 1;
  if (a.kind == Kind::kString) return MakeString(a.text + b.text);
  if (e.op == Op::kAdd || e.op == Op::kSub) {
    if (b.kind == Kind::kPeriod && a.kind == Kind::kDate) {
      return Checked(Kind::kDate, AddMonthsToDate(a.number, sign * b.number));
    }
    if (b.kind == Kind::kPeriod && a.kind == Kind::kTime) {
      return Checked(Kind::kTime, AddMonthsToTime(a.number, sign * b.number));
    }
    if (a.kind == Kind::kDate && b.kind == Kind::kDuration) {
      throw Failure{"no such sum"};
    }
    Kind kind = sight_.schema().type(e.type).kind;
    if (kind == Kind::kDecimal) {
      return Number(kind, __int128{AsDecimal(a).number} +
                              sign * __int128{AsDecimal(b).number});
    }
    return Number(kind, x + sign * y);
  }
  if (e.op == Op::kMul) {
    if (a.kind == Kind::kInt && b.kind == Kind::kInt) {
      return Number(Kind::kInt, x * y);
    }
    const Kind kind = sight_.schema().type(e.type).kind;
    if (kind != Kind::kDecimal) return Number(kind, x * y);
    return Checked(Kind::kDecimal,
                   MultiplyDecimals(AsDecimal(a).number, AsDecimal(b).number));
  }
  if (y == 0) throw Failure{"division by zero"};
  // Two Ints need not fit Decimal; their quotient does, or it is an error.
  if (a.kind == Kind::kInt && b.kind == Kind::kInt) {
    return Checked(Kind::kDecimal, DivideDecimals(a.number, b.number));
  }
  return Checked(Kind::kDecimal,
                 DivideDecimals(AsDecimal(a).number, AsDecimal(b).number));
}

// --- Texts -------------------------------------------------------------------

std::string Evaluator::Print(const Val& v) const {
  switch (v.kind) {
    case Kind::kMissing:
      return "(none)";
    case Kind::kBool:
      return v.number ? "true" : "false";
    case Kind::kInt:
      return FormatInt(v.number);
    case Kind::kDecimal:
      return FormatDecimal(v.number);
    case Kind::kDate:
      return FormatDate(v.number);
    case Kind::kTime:
      return FormatTime(v.number);
    case Kind::kDuration:
      return FormatDuration(v.number);
    case Kind::kPeriod:
      return FormatPeriod(v.number);
    case Kind::kIp:
      return FormatIp(v.ip);
    case Kind::kVersion:
      return FormatVersion(v.version);
    case Kind::kTerm:
      return sight_.schema().terms[v.index].path;
    case Kind::kSet:
    case Kind::kList: {
      std::string text;
      for (const Val& e : v.elements) {
        text += (&e == v.elements.data() ? "" : ", ") + Print(e);
      }
      return text;
    }
    case Kind::kRecord: {
      std::string text;
      for (const Val& e : v.elements) {
        if (!e.missing()) text += (text.empty() ? "" : ", ") + Print(e);
      }
      return "{" + text + "}";
    }
    case Kind::kMap: {
      std::string text;
      for (size_t i = 0; i < v.keys.size(); ++i) {
        text += (i ? ", " : "") + v.keys[i] + ": " + Print(v.elements[i]);
      }
      return "{" + text + "}";
    }
    default:
      return v.text;
  }
}

std::pair<std::string, bool> Evaluator::Text(const typed::Text& text,
                                             const Locals& locals) const {
  std::string out = text.literals[0];
  bool erred = false;
  for (size_t i = 0; i < text.exprs.size(); ++i) {
    try {
      out += Print(Evaluate(*text.exprs[i], locals));
    } catch (const Failure&) {
      out += "<error>";
      erred = true;
    }
    out += text.literals[i + 1];
  }
  return {out, erred};
}

// --- Rows
// ----------------------------------------------------------------------

bool Evaluator::HasColumn(const Val& owner, const std::string& name) const {
  const Schema& schema = sight_.schema();
  const Schema::Selectable* s = schema.FindSelectable(owner.index);
  for (const Val& c : sight_.Read(owner, s->columns_slot).elements) {
    if (sight_.Read(c, s->name_slot).text == name) return true;
  }
  return false;
}

Val Evaluator::ColumnType(const Val& owner, const std::string& name) const {
  const Schema& schema = sight_.schema();
  const Schema::Selectable* s = schema.FindSelectable(owner.index);
  for (const Val& c : sight_.Read(owner, s->columns_slot).elements) {
    if (sight_.Read(c, s->name_slot).text == name) {
      return sight_.Read(c, s->type_slot);
    }
  }
  throw Failure{"no column " + name};
}

Kind Evaluator::KindOfColumn(const Val& type) const {
  if (type.missing()) throw Failure{"a column of unknown type"};
  static const std::map<std::string, Kind> kinds = {
      {"bool", Kind::kBool},       {"int", Kind::kInt},
      {"decimal", Kind::kDecimal}, {"string", Kind::kString},
      {"date", Kind::kDate},       {"time", Kind::kTime},
      {"ip", Kind::kIp},           {"duration", Kind::kDuration},
      {"version", Kind::kVersion}};
  const auto it = kinds.find(sight_.schema().terms[type.index].path);
  if (it == kinds.end()) throw Failure{"no comparison of such a column"};
  return it->second;
}

// The kind that an operand of a comparison has: a column's from its dataset
// (an unknown one fails), a constant's own; kMissing for a missing constant.
Kind Evaluator::RowKind(const Filter& operand) const {
  if (operand.op == Filter::Op::kColumn) {
    return KindOfColumn(ColumnType(roots_.resource, operand.column));
  }
  if (operand.op == Filter::Op::kOther &&
      operand.other == typed::Op::kCoalesce) {
    return RowKind(*operand.operands[0]);
  }
  if (operand.op != Filter::Op::kConstant) return Kind::kBool;
  const Val& v = operand.constant;
  const Val& one = v.kind == Kind::kSet || v.kind == Kind::kList
                       ? (v.elements.empty() ? Val() : v.elements[0])
                       : v;
  return one.kind == Kind::kTerm || one.kind == Kind::kEntity ? Kind::kString
                                                              : one.kind;
}

namespace {

// What an operand counts as: a constant, or a column (or `column ?? constant`).
const Val* ConstantOf(const Filter& f) {
  return f.op == Filter::Op::kConstant ? &f.constant : nullptr;
}

bool InRange(const Val& v) {
  if (v.kind == Kind::kSet || v.kind == Kind::kList) {
    return std::all_of(v.elements.begin(), v.elements.end(), InRange);
  }
  const int64_t most = (kDecimalLimit - 1) / kDecimalOne;
  return v.number >= -most && v.number <= most;
}

// One type, or an Int constant that a decimal column can hold.
bool Comparable(Kind a, Kind b, const Val* constant_a, const Val* constant_b) {
  if (a == Kind::kMissing || b == Kind::kMissing || a == b) return true;
  if (a == Kind::kDecimal && b == Kind::kInt && constant_b != nullptr) {
    return InRange(*constant_b);
  }
  return a == Kind::kInt && b == Kind::kDecimal && constant_a != nullptr &&
         InRange(*constant_a);
}

}  // namespace

void Evaluator::CheckRowTypes(const Filter& f) const {
  if (f.other == typed::Op::kIsMissing || f.other == typed::Op::kIsPresent) {
    return;
  }
  const Kind a = RowKind(*f.operands[0]), b = RowKind(*f.operands[1]);
  if (!Comparable(a, b, ConstantOf(*f.operands[0]),
                  ConstantOf(*f.operands[1]))) {
    throw Failure{"types do not fit"};
  }
  const bool order = f.other == typed::Op::kLt || f.other == typed::Op::kLe ||
                     f.other == typed::Op::kGt || f.other == typed::Op::kGe;
  for (const Kind kind : {a, b}) {
    if (order &&
        (kind == Kind::kBool || kind == Kind::kIp || kind == Kind::kVersion)) {
      throw Failure{"no order in SQL"};
    }
  }
}

void Evaluator::CheckList(const Filter& operand, const std::string& table,
                          const std::string& column) const {
  Val list;
  list.kind = Kind::kEntity;
  list.index = roots_.resource.index;
  list.text = table;
  // Of the resource's type, else of another that has columns.
  for (const Schema::Selectable& s : sight_.schema().selectables) {
    if (sight_.Knows(list)) break;
    list.index = s.entity;
  }
  if (!sight_.Knows(list)) throw Failure{"unknown dataset " + table};
  if (!HasColumn(list, column)) throw Failure{"no column " + column};
  const Kind a = RowKind(operand), b = KindOfColumn(ColumnType(list, column));
  if (!Comparable(a, b, ConstantOf(operand), nullptr)) {
    throw Failure{"types do not fit"};
  }
}

namespace {

FilterPtr ConstantFilter(Val v) {
  auto f = std::make_shared<Filter>();
  f->constant = std::move(v);
  return f;
}

bool IsBool(const Filter& f, bool value) {
  return f.op == Filter::Op::kConstant && f.constant.kind == Kind::kBool &&
         (f.constant.number != 0) == value;
}

FilterPtr Junction(Filter::Op op, FilterPtr a, FilterPtr b) {
  const bool absorbing = op == Filter::Op::kOr;
  if (IsBool(*a, absorbing) || IsBool(*b, absorbing)) {
    return ConstantFilter(MakeBool(absorbing));
  }
  if (IsBool(*a, !absorbing)) return b;
  if (IsBool(*b, !absorbing)) return a;
  auto f = std::make_shared<Filter>();
  f->op = op;
  f->operands = {std::move(a), std::move(b)};
  return f;
}

FilterPtr Negation(FilterPtr a, bool not_in) {
  if (IsBool(*a, true)) return ConstantFilter(MakeBool(false));
  if (IsBool(*a, false)) return ConstantFilter(MakeBool(true));
  auto f = std::make_shared<Filter>();
  f->op = Filter::Op::kNot;
  f->not_in =
      not_in && (a->op == Filter::Op::kInColumn || a->op == Filter::Op::kOther);
  f->operands = {std::move(a)};
  return f;
}

}  // namespace

FilterPtr Evaluator::Residual(const Expr& e, const Locals& locals) const {
  if (!e.has_row) return ConstantFilter(Evaluate(e, locals));
  switch (e.op) {
    case Op::kAnd:
    case Op::kOr: {
      FilterPtr joined;
      bool row_seen = false;
      for (const auto& operand : e.args) {
        FilterPtr next = Residual(*operand, locals);
        // Before any `r`, what decides makes the rest unnecessary.
        if (!row_seen && !operand->has_row && IsBool(*next, e.op == Op::kOr)) {
          return next;
        }
        row_seen |= operand->has_row;
        joined = joined == nullptr
                     ? next
                     : Junction(e.op == Op::kAnd ? Filter::Op::kAnd
                                                 : Filter::Op::kOr,
                                joined, next);
      }
      return joined;
    }
    case Op::kNot:
      return Negation(Residual(*e.args[0], locals), e.not_in);
    case Op::kRowColumn: {
      auto f = std::make_shared<Filter>();
      f->op = Filter::Op::kColumn;
      if (e.args.empty()) {
        f->column = e.name;
      } else {
        const Val column = Evaluate(*e.args[0], locals);
        const Schema& schema = sight_.schema();
        const Schema::Selectable* s =
            schema.FindSelectable(roots_.resource.index);
        f->column = sight_.Read(column, s->name_slot).text;
        // Not another dataset's column of the same name.
        bool own = false;
        for (const Val& c :
             sight_.Read(roots_.resource, s->columns_slot).elements) {
          own = own || (c.kind == Kind::kEntity && c.key() == column.key());
        }
        if (!own) throw Failure{"no column " + f->column};
      }
      (void)ColumnType(roots_.resource, f->column);
      return f;
    }
    case Op::kRowIn: {
      auto f = std::make_shared<Filter>();
      f->op = Filter::Op::kInColumn;
      f->operands = {Residual(*e.args[0], locals)};
      f->table = e.table;
      f->column = e.name;
      CheckList(*f->operands[0], f->table, f->column);
      return f;
    }
    default: {
      auto f = std::make_shared<Filter>();
      f->op = Filter::Op::kOther;
      f->other = e.op;
      for (const auto& a : e.args) f->operands.push_back(Residual(*a, locals));
      for (FilterPtr& operand : f->operands) {
        const Val& v = operand->constant;  // membership takes a list as a set
        if (v.kind == Kind::kList) {
          operand = ConstantFilter(MakeSet(v.elements));
        }
      }
      // What is known without a row is decided before there is one.
      const Filter& first = *f->operands[0];
      const bool known = first.op == Filter::Op::kConstant;
      if (known && e.op == Op::kCoalesce) {
        return f->operands[first.constant.missing() ? 1 : 0];
      }
      CheckRowTypes(*f);
      const bool alone = e.op == Op::kIsMissing || e.op == Op::kIsPresent;
      if (known && (alone || f->operands[1]->op == Filter::Op::kConstant)) {
        const auto truth = reference::Holds(*f, Row());
        return ConstantFilter(truth ? MakeBool(*truth) : Val());
      }
      return f;
    }
  }
}

namespace {

std::optional<Val> Cell(const Filter& f, const Row& row) {
  if (f.op == Filter::Op::kConstant) {
    return f.constant.missing() ? std::nullopt : std::optional(f.constant);
  }
  if (f.op == Filter::Op::kColumn) {
    const auto it = row.cells.find(f.column);
    if (it == row.cells.end() || it->second.missing()) return std::nullopt;
    return it->second;
  }
  if (f.op == Filter::Op::kOther && f.other == Op::kCoalesce) {
    auto a = Cell(*f.operands[0], row);
    return a ? a : Cell(*f.operands[1], row);
  }
  const auto truth = Holds(f, row);
  return truth ? std::optional(MakeBool(*truth)) : std::nullopt;
}

// Terms and entities are their texts in rows; an Int fits a Decimal.
Val RowForm(Val v, const Val& other) {
  if (v.kind == Kind::kInt && other.kind == Kind::kDecimal) return AsDecimal(v);
  if (v.kind == Kind::kEntity) return MakeString(v.text);
  return v;
}

}  // namespace

std::optional<bool> Holds(const Filter& f, const Row& row) {
  switch (f.op) {
    case Filter::Op::kConstant:
    case Filter::Op::kColumn: {
      const auto v = Cell(f, row);
      return v ? std::optional(v->number != 0) : std::nullopt;
    }
    case Filter::Op::kNot: {
      const auto a = Holds(*f.operands[0], row);
      return a ? std::optional(!*a) : std::nullopt;
    }
    case Filter::Op::kAnd:
    case Filter::Op::kOr: {
      const bool absorbing = f.op == Filter::Op::kOr;
      const auto a = Holds(*f.operands[0], row);
      const auto b = Holds(*f.operands[1], row);
      if (a == absorbing || b == absorbing) return absorbing;
      if (!a || !b) return std::nullopt;
      return !absorbing;
    }
    case Filter::Op::kInColumn: {
      const std::vector<Val> list = row.list(f.table, f.column);
      const auto x = Cell(*f.operands[0], row);
      if (list.empty()) return false;
      if (!x) return std::nullopt;
      for (const Val& v : list) {
        if (Same(RowForm(*x, v), RowForm(v, *x))) return true;
      }
      return false;
    }
    case Filter::Op::kOther:
      break;
  }
  const auto a = Cell(*f.operands[0], row);
  if (f.other == Op::kIsMissing) return !a.has_value();
  if (f.other == Op::kIsPresent) return a.has_value();
  if (f.other == Op::kCoalesce) {
    const auto v = Cell(f, row);
    return v ? std::optional(v->number != 0) : std::nullopt;
  }
  if (f.other == Op::kIn) {
    const Val& set = f.operands[1]->constant;
    if (set.elements.empty()) return false;
    if (!a) return std::nullopt;
    for (const Val& v : set.elements) {
      if (Same(RowForm(*a, v), RowForm(v, *a))) return true;
    }
    return false;
  }
  const auto b = Cell(*f.operands[1], row);
  if (!a || !b) return std::nullopt;
  switch (f.other) {
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kContains:
    case Op::kLike:
      return TextTest(f.other, a->text, b->text);
    case Op::kEq:
      return Same(RowForm(*a, *b), RowForm(*b, *a));
    case Op::kNe:
      return !Same(RowForm(*a, *b), RowForm(*b, *a));
    default:
      return Ordered(f.other, Compare(RowForm(*a, *b), RowForm(*b, *a)));
  }
}

namespace {

bool IsName(const std::string& text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
          (c >= 'A' && c <= 'Z'))) {
      return false;
    }
  }
  return true;
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr const char* kDigits = "0123456789ABCDEF";
      out += "\\u{";
      if (c >= 0x10) out += kDigits[c >> 4];
      out += std::string(1, kDigits[c & 0xf]) + "}";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string Literal(const Val& v, const Schema& schema) {
  switch (v.kind) {
    case Kind::kMissing:
      return "unknown";
    case Kind::kBool:
      return v.number ? "true" : "false";
    case Kind::kInt:
      return FormatInt(v.number);
    case Kind::kDecimal: {
      const std::string text = FormatDecimal(v.number);
      return text.find('.') == std::string::npos ? text : text;
    }
    case Kind::kDate:
      return "date(" + Quoted(FormatDate(v.number)) + ")";
    case Kind::kTime:
      return "time(" + Quoted(FormatTime(v.number)) + ")";
    case Kind::kDuration:
      return FormatDuration(v.number);
    case Kind::kPeriod:
      return FormatPeriod(v.number);
    case Kind::kIp:
      return "ip(" + Quoted(FormatIp(v.ip)) + ")";
    case Kind::kVersion:
      return "version(" + Quoted(FormatVersion(v.version)) + ")";
    case Kind::kTerm:
      return Quoted(schema.terms[v.index].path);
    case Kind::kSet:
    case Kind::kList: {
      std::string text = v.kind == Kind::kSet ? "{" : "[";
      std::vector<Val> elements = v.elements;
      for (Val& e : elements) {  // in rows a term is its path, an entity its id
        if (e.kind == Kind::kTerm) e = MakeString(schema.terms[e.index].path);
        if (e.kind == Kind::kEntity) e = MakeString(e.text);
      }
      if (v.kind == Kind::kSet) elements = MakeSet(elements).elements;
      for (size_t i = 0; i < elements.size(); ++i) {
        text += (i ? ", " : "") + Literal(elements[i], schema);
      }
      return text + (v.kind == Kind::kSet ? "}" : "]");
    }
    default:
      return Quoted(v.text);
  }
}

// Loosest binds 0; see Expressions in language.md.
int Precedence(const Filter& f) {
  switch (f.op) {
    case Filter::Op::kOr:
      return 1;
    case Filter::Op::kAnd:
      return 2;
    case Filter::Op::kNot:
      return f.not_in ? 4 : 3;
    case Filter::Op::kInColumn:
      return 4;
    case Filter::Op::kOther:
      return f.other == Op::kCoalesce ? 5 : 4;
    default:
      return 6;
  }
}

std::string At(const Filter& f, const Schema& schema, int least) {
  const std::string text = TextOf(f, schema);
  return Precedence(f) < least ? "(" + text + ")" : text;
}

const char* Word(Op op) {
  switch (op) {
    case Op::kEq:
      return "==";
    case Op::kNe:
      return "!=";
    case Op::kLt:
      return "<";
    case Op::kLe:
      return "<=";
    case Op::kGt:
      return ">";
    case Op::kGe:
      return ">=";
    case Op::kIn:
      return "in";
    case Op::kStartsWith:
      return "starts with";
    case Op::kEndsWith:
      return "ends with";
    case Op::kContains:
      return "contains";
    default:
      return "like";
  }
}

}  // namespace

std::string TextOf(const Filter& f, const Schema& schema) {
  switch (f.op) {
    case Filter::Op::kConstant:
      return Literal(f.constant, schema);
    case Filter::Op::kColumn:
      return IsName(f.column) ? "r." + f.column : "r[" + Quoted(f.column) + "]";
    case Filter::Op::kAnd:
      return At(*f.operands[0], schema, 2) + " and " +
             At(*f.operands[1], schema, 2);
    case Filter::Op::kOr:
      return At(*f.operands[0], schema, 1) + " or " +
             At(*f.operands[1], schema, 1);
    case Filter::Op::kNot:
      if (f.dropped) return "not (" + TextOf(*f.operands[0], schema) + ")";
      if (f.not_in) {
        // Between its operands, which hold no other ` in `.
        std::string text = TextOf(*f.operands[0], schema);
        return text.insert(text.find(" in "), " not");
      }
      return "not " + At(*f.operands[0], schema, 3);
    case Filter::Op::kInColumn:
      return At(*f.operands[0], schema, 5) + " in column(" + Quoted(f.table) +
             ", " + Quoted(f.column) + ")";
    case Filter::Op::kOther:
      break;
  }
  const std::string a = At(*f.operands[0], schema, 5);
  if (f.other == Op::kIsMissing) return a + " is missing";
  if (f.other == Op::kIsPresent) return a + " is present";
  if (f.other == Op::kCoalesce) {
    return a + " ?? " + At(*f.operands[1], schema, 6);
  }
  return a + " " + Word(f.other) + " " + At(*f.operands[1], schema, 5);
}

}  // namespace bylaw::reference
