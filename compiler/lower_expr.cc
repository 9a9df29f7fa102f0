// Expressions. `and`, `or`, `if`, `??` and `match` evaluate from the left and
// only what they need. Quantifiers are in lower_quantifiers.cc, predicates over
// rows in lower_rows.cc.
#include <algorithm>

#include "compiler/lower_chunk.h"

namespace bylaw {
namespace {

using typed::Expr;
using typed::Op;

bool NamesEntity(const bylaw::Constant& c) {
  return c.kind == Kind::kEntity ||
         std::any_of(c.elements.begin(), c.elements.end(), NamesEntity);
}

ReadMode ModeOf(const TypeInfo& type) {
  switch (type.kind) {
    case Kind::kSet:
      return ReadMode::kSet;
    case Kind::kList:
      return ReadMode::kList;
    case Kind::kMap:
      return ReadMode::kMap;
    default:
      return type.optional ? ReadMode::kOptional : ReadMode::kRequired;
  }
}

Opcode GetOpcode(ReadMode mode) {
  switch (mode) {
    case ReadMode::kOptional:
      return Opcode::GET;
    case ReadMode::kRequired:
      return Opcode::GET_REQUIRED;
    case ReadMode::kSet:
      return Opcode::GET_SET;
    case ReadMode::kList:
      return Opcode::GET_LIST;
    case ReadMode::kMap:
      return Opcode::GET_MAP;
  }
  return Opcode::GET;
}

}  // namespace

void CollectLocals(const Expr& e, std::set<uint32_t>* out) {
  if (e.op == Op::kLocal) out->insert(e.index);
  for (const typed::ExprPtr& a : e.args)
    if (a) CollectLocals(*a, out);
  if (e.where) CollectLocals(*e.where, out);
  if (e.body) CollectLocals(*e.body, out);
}

void ChunkLowerer::Constant(const bylaw::Constant& c, uint16_t dst) {
  if (!NamesEntity(c)) {
    code.EmitWide(Opcode::CONST, 0, dst, context_.builder->Add(c));
    return;
  }
  if (c.kind == Kind::kEntity) {
    code.EmitWide(Opcode::ENTITY, 0, dst, context_.builder->Add(c));
    return;
  }
  // Which entity a literal is depends on the request (a proposal may be new).
  const uint32_t mark = code.Mark();
  const uint32_t n = static_cast<uint32_t>(c.elements.size());
  const uint16_t run = code.NewRun(n);
  for (uint32_t i = 0; i < n; ++i)
    Constant(c.elements[i], static_cast<uint16_t>(run + i));
  code.Emit(c.kind == Kind::kSet    ? Opcode::MAKE_SET
            : c.kind == Kind::kList ? Opcode::MAKE_LIST
                                    : Opcode::MAKE_RECORD,
            0, dst, run, n);
  code.Release(mark);
}

void ChunkLowerer::Text(const std::string& text, uint16_t dst) {
  bylaw::Constant c;
  c.kind = Kind::kString;
  c.text = text;
  Constant(c, dst);
}

void ChunkLowerer::Bool(bool value, uint16_t dst) {
  bylaw::Constant c;
  c.kind = Kind::kBool;
  c.number = value;
  Constant(c, dst);
}

void ChunkLowerer::Missing(uint16_t dst) { Constant(bylaw::Constant(), dst); }

void ChunkLowerer::Let(const typed::Let& let) {
  const uint16_t reg = code.NewRegister();
  const uint32_t begin = code.here();
  Value(*let.value, reg);
  const uint32_t end = code.here();
  Label caught, done;
  code.EmitJump(Opcode::JUMP, 0, 0, 0, &done);
  code.Bind(&caught);
  code.Emit(Opcode::CATCH, 0, reg);
  code.Bind(&done);
  code.AddHandler(begin, end, &caught);
  locals_[let.local] = {reg, true};
}

uint16_t ChunkLowerer::Operand(const Expr& e) {
  switch (e.op) {
    case Op::kSubject:
      return code.subject();
    case Op::kResource:
      return code.resource();
    case Op::kLocal: {
      const LocalPlace& place = locals_[e.index];
      if (place.may_hold_error) code.Emit(Opcode::RAISE, 0, place.reg);
      return place.reg;
    }
    default: {
      const uint16_t reg = code.NewRegister();
      Value(e, reg);
      return reg;
    }
  }
}

uint16_t ChunkLowerer::Run(const std::vector<typed::ExprPtr>& args) {
  const uint16_t run = code.NewRun(static_cast<uint32_t>(args.size()));
  for (size_t i = 0; i < args.size(); ++i) {
    const uint16_t reg = static_cast<uint16_t>(run + i);
    if (args[i]) {
      Value(*args[i], reg);
    } else {
      Missing(reg);
    }
  }
  return run;
}

void ChunkLowerer::Unary(Opcode op, const Expr& e, uint16_t dst) {
  const uint32_t mark = code.Mark();
  const uint16_t a = Operand(*e.args[0]);
  code.Emit(op, 0, dst, a);
  code.Release(mark);
}

void ChunkLowerer::Binary(Opcode op, const Expr& e, uint16_t dst,
                          bool swapped) {
  const uint32_t mark = code.Mark();
  const uint16_t a = Operand(*e.args[0]), b = Operand(*e.args[1]);
  code.Emit(op, 0, dst, swapped ? b : a, swapped ? a : b);
  code.Release(mark);
}

void ChunkLowerer::Branch(Opcode op, const Expr& e, bool expected,
                          Label* target, bool swapped) {
  const uint32_t mark = code.Mark();
  const uint16_t a = Operand(*e.args[0]), b = Operand(*e.args[1]);
  code.EmitJump(op, expected, swapped ? b : a, swapped ? a : b, target);
  code.Release(mark);
}

void ChunkLowerer::Attribute(const Expr& e, uint16_t dst) {
  const Schema& schema = context_.schema();
  const Expr& of = *e.args[0];
  if (of.op == Op::kContext) {
    std::vector<uint32_t> table;
    for (const Action& action : schema.actions)
      table.push_back(Schema::FindAttribute(action.context, e.name));
    code.Emit(Opcode::CONTEXT, static_cast<uint32_t>(ModeOf(TypeOf(e))), dst,
              context_.builder->AddSlotTable(table));
    return;
  }
  const uint32_t mark = code.Mark();
  const uint16_t from = Operand(of);
  const TypeInfo& type = TypeOf(of);
  if (type.kind == Kind::kRecord) {
    const bylaw::Attribute& field = schema.records[type.id].fields[e.index];
    code.Emit(Opcode::FIELD,
              static_cast<uint32_t>(ModeOf(schema.type(field.type))), dst, from,
              e.index);
  } else if (type.entities.size() == 1) {
    const uint32_t entity = type.entities[0];
    const bylaw::Attribute& a = schema.entities[entity].attributes[e.index];
    code.Emit(GetOpcode(ModeOf(schema.type(a.type))),
              std::min<uint32_t>(entity, kAnyType), dst, from, e.index);
  } else {
    std::vector<uint32_t> table(schema.entities.size(), kNone);
    ReadMode mode = ReadMode::kOptional;
    for (uint32_t entity : type.entities) {
      const auto& list = schema.entities[entity].attributes;
      table[entity] = Schema::FindAttribute(list, e.name);
      if (table[entity] != kNone)
        mode = ModeOf(schema.type(list[table[entity]].type));
    }
    code.Emit(Opcode::GET_NAMED, static_cast<uint32_t>(mode), dst, from,
              context_.builder->AddSlotTable(table));
  }
  code.Release(mark);
}

void ChunkLowerer::Logic(const Expr& e, uint16_t dst) {
  Label done;
  for (size_t i = 0; i < e.args.size(); ++i) {
    Value(*e.args[i], dst);
    if (i + 1 < e.args.size())
      code.EmitJump(Opcode::JUMP_IF, e.op == Op::kOr, dst, 0, &done);
  }
  code.Bind(&done);
}

void ChunkLowerer::Match(const Expr& e, uint16_t dst) {
  const Schema& schema = context_.schema();
  const uint32_t mark = code.Mark();
  const uint16_t subject = Operand(*e.args[0]);
  const uint16_t terms = code.NewRegister();
  Label done;
  for (size_t i = 0; i < e.arms.size(); ++i) {
    const std::vector<uint32_t>& patterns = e.arms[i].terms;
    Label next;
    // The last arm takes what is left: the checker saw to it that it covers it.
    if (!patterns.empty() && i + 1 < e.arms.size()) {
      bylaw::Constant set;
      set.kind = Kind::kSet;
      for (uint32_t t : patterns) {
        bylaw::Constant term;
        term.kind = Kind::kTerm;
        term.index = t;
        set.elements.push_back(term);
      }
      std::sort(set.elements.begin(), set.elements.end(),
                [](const auto& a, const auto& b) { return a.index < b.index; });
      const Vocabulary& vocabulary =
          schema.vocabularies[schema.terms[patterns[0]].vocabulary];
      Constant(set, terms);
      code.EmitJump(vocabulary.kind == VocabularyKind::kTree
                        ? Opcode::UNLESS_IN_BELOW
                        : Opcode::UNLESS_IN,
                    true, subject, terms, &next);
    }
    Value(*e.args[i + 1], dst);
    code.EmitJump(Opcode::JUMP, 0, 0, 0, &done);
    code.Bind(&next);
  }
  code.Bind(&done);
  code.Release(mark);
}

void ChunkLowerer::InZone(Opcode op, const Expr& e, uint16_t dst) {
  const uint32_t mark = code.Mark();
  const uint16_t at = Operand(*e.args[0]);
  uint16_t zone;
  if (e.args.size() > 1) {
    zone = Operand(*e.args[1]);
  } else {
    zone = code.NewRegister();
    Text("UTC", zone);
  }
  code.Emit(op, 0, dst, at, zone);
  code.Release(mark);
}

void ChunkLowerer::Value(const Expr& e, uint16_t dst) {
  if (RowValue(e, dst)) return;
  const uint32_t mark = code.Mark();
  switch (e.op) {
    case Op::kConstant:
      Constant(e.constant, dst);
      break;
    case Op::kLocal:
    case Op::kSubject:
    case Op::kResource:
      code.Emit(Opcode::MOVE, 0, dst, Operand(e));
      break;
    case Op::kContext:  // read by its attributes alone
      Missing(dst);
      break;
    case Op::kNow:
      code.Emit(Opcode::NOW, 0, dst);
      break;
    case Op::kPrevious:
      code.Emit(Opcode::PREVIOUS, 0, dst);
      break;
    case Op::kAction:
      code.Emit(Opcode::ACTION, 0, dst);
      break;
    case Op::kAttribute:
      Attribute(e, dst);
      break;
    case Op::kId:
      Unary(Opcode::ID, e, dst);
      break;
    case Op::kMapGet:
      Binary(Opcode::MAP_GET, e, dst);
      break;
    case Op::kNot:
      Unary(Opcode::NOT, e, dst);
      break;
    case Op::kAnd:
    case Op::kOr:
      Logic(e, dst);
      break;
    case Op::kIf: {
      Label otherwise, done;
      Jump(*e.args[0], false, &otherwise);
      Value(*e.args[1], dst);
      code.EmitJump(Opcode::JUMP, 0, 0, 0, &done);
      code.Bind(&otherwise);
      Value(*e.args[2], dst);
      code.Bind(&done);
      break;
    }
    case Op::kCoalesce: {
      Label done;
      Value(*e.args[0], dst);
      code.EmitJump(Opcode::JUMP_IF_MISSING, false, dst, 0, &done);
      Value(*e.args[1], dst);
      code.Bind(&done);
      break;
    }
    case Op::kMatch:
      Match(e, dst);
      break;
    case Op::kEq:
      Binary(Opcode::EQ, e, dst);
      break;
    case Op::kNe:
      Binary(Opcode::EQ, e, dst);
      code.Emit(Opcode::NOT, 0, dst, dst);
      break;
    case Op::kLt:
      Binary(Opcode::LT, e, dst);
      break;
    case Op::kLe:
      Binary(Opcode::LE, e, dst);
      break;
    case Op::kGt:
      Binary(Opcode::LT, e, dst, true);
      break;
    case Op::kGe:
      Binary(Opcode::LE, e, dst, true);
      break;
    case Op::kIn:
      Binary(Opcode::IN, e, dst);
      break;
    case Op::kInBelow:
      Binary(Opcode::IN_BELOW, e, dst);
      break;
    case Op::kHas:
      Binary(Opcode::IN, e, dst, true);
      break;
    case Op::kHasBelow:
      Binary(Opcode::HAS_BELOW, e, dst);
      break;
    case Op::kOverlaps:
      Binary(Opcode::OVERLAPS, e, dst);
      break;
    case Op::kOverlapsBelow:
      Binary(Opcode::OVERLAPS_BELOW, e, dst);
      break;
    case Op::kWithin:
      Binary(Opcode::WITHIN, e, dst);
      break;
    case Op::kIpWithin:
      Binary(Opcode::IP_WITHIN, e, dst);
      break;
    case Op::kHasKey:
      Binary(Opcode::HAS_KEY, e, dst);
      break;
    case Op::kHasColumn:
      Binary(Opcode::HAS_COLUMN, e, dst);
      break;
    case Op::kIsEmpty:
      Unary(Opcode::IS_EMPTY, e, dst);
      break;
    case Op::kIsMissing:
      Unary(Opcode::IS_MISSING, e, dst);
      break;
    case Op::kIsPresent:
      Unary(Opcode::IS_PRESENT, e, dst);
      break;
    case Op::kIsType: {
      const uint16_t a = Operand(*e.args[0]);
      Label done;
      for (size_t i = 0; i < e.entities.size(); ++i) {
        code.Emit(Opcode::IS_TYPE, 0, dst, a, e.entities[i]);
        if (i + 1 < e.entities.size())
          code.EmitJump(Opcode::JUMP_IF, true, dst, 0, &done);
      }
      code.Bind(&done);
      break;
    }
    case Op::kStartsWith:
      Binary(Opcode::STARTS_WITH, e, dst);
      break;
    case Op::kEndsWith:
      Binary(Opcode::ENDS_WITH, e, dst);
      break;
    case Op::kContains:
      Binary(Opcode::CONTAINS, e, dst);
      break;
    case Op::kLike:
      Binary(Opcode::LIKE, e, dst);
      break;
    case Op::kMatches:
      Value(*e.args[0], dst);
      code.EmitWide(Opcode::MATCHES, 0, dst,
                    context_.builder->AddPattern(e.args[1]->constant.text));
      break;
    case Op::kAdd:
      Binary(Opcode::ADD, e, dst);
      break;
    case Op::kSub:
      Binary(Opcode::SUB, e, dst);
      break;
    case Op::kMul:
      Binary(Opcode::MUL, e, dst);
      break;
    case Op::kDiv:
      Binary(Opcode::DIV, e, dst);
      break;
    case Op::kNegate:
      Unary(Opcode::NEGATE, e, dst);
      break;
    case Op::kLower:
      Unary(Opcode::LOWER, e, dst);
      break;
    case Op::kLength:
      Unary(Opcode::LENGTH, e, dst);
      break;
    case Op::kToDecimal:
      Unary(Opcode::TO_DECIMAL, e, dst);
      break;
    case Op::kHour:
      InZone(Opcode::HOUR, e, dst);
      break;
    case Op::kMinute:
      InZone(Opcode::MINUTE, e, dst);
      break;
    case Op::kWeekday:
      InZone(Opcode::WEEKDAY, e, dst);
      break;
    case Op::kDate:
      InZone(Opcode::DATE, e, dst);
      break;
    case Op::kAge:
      Binary(Opcode::AGE, e, dst);
      break;
    case Op::kMajor:
      Unary(Opcode::MAJOR, e, dst);
      break;
    case Op::kMinor:
      Unary(Opcode::MINOR, e, dst);
      break;
    case Op::kPatch:
      Unary(Opcode::PATCH, e, dst);
      break;
    case Op::kCall: {
      const typed::Def& def = context_.typed->defs[e.index];
      if (def.body->op == Op::kConstant && e.args.empty()) {
        Constant(def.body->constant, dst);
        break;
      }
      code.Emit(Opcode::CALL, 0, dst, Run(e.args),
                context_.def_chunks[e.index]);
      break;
    }
    case Op::kAny:
    case Op::kNo:
    case Op::kAll:
    case Op::kCount:
    case Op::kSum:
    case Op::kMin:
    case Op::kMax:
      Quantifier(e, dst);
      break;
    case Op::kSet:
    case Op::kList:
    case Op::kRecord: {
      const uint16_t run = Run(e.args);
      code.Emit(e.op == Op::kSet    ? Opcode::MAKE_SET
                : e.op == Op::kList ? Opcode::MAKE_LIST
                                    : Opcode::MAKE_RECORD,
                0, dst, run, static_cast<uint32_t>(e.args.size()));
      break;
    }
    case Op::kAllOf:
      code.Emit(Opcode::ALL_OF, 0, dst, e.index);
      break;
    case Op::kRowColumn:
    case Op::kRowIn:
      break;  // has_row: done above
  }
  code.Release(mark);
}

void ChunkLowerer::Jump(const Expr& e, bool when, Label* target) {
  switch (e.op) {
    case Op::kConstant:
      if ((e.constant.number != 0) == when)
        code.EmitJump(Opcode::JUMP, 0, 0, 0, target);
      return;
    case Op::kNot:
      return Jump(*e.args[0], !when, target);
    case Op::kAnd:
    case Op::kOr: {
      // `or` jumps like `and` with everything turned round.
      const bool stop = e.op == Op::kOr;
      Label skip;
      for (size_t i = 0; i < e.args.size(); ++i) {
        const bool last = i + 1 == e.args.size();
        if (when == stop) {
          Jump(*e.args[i], when, target);
        } else if (last) {
          Jump(*e.args[i], when, target);
        } else {
          Jump(*e.args[i], stop, &skip);
        }
      }
      code.Bind(&skip);
      return;
    }
    case Op::kEq:
      return Branch(Opcode::UNLESS_EQ, e, !when, target);
    case Op::kNe:
      return Branch(Opcode::UNLESS_EQ, e, when, target);
    case Op::kLt:
      return Branch(Opcode::UNLESS_LT, e, !when, target);
    case Op::kLe:
      return Branch(Opcode::UNLESS_LE, e, !when, target);
    case Op::kGt:
      return Branch(Opcode::UNLESS_LT, e, !when, target, true);
    case Op::kGe:
      return Branch(Opcode::UNLESS_LE, e, !when, target, true);
    case Op::kIn:
      return Branch(Opcode::UNLESS_IN, e, !when, target);
    case Op::kInBelow:
      return Branch(Opcode::UNLESS_IN_BELOW, e, !when, target);
    case Op::kHas:
      return Branch(Opcode::UNLESS_IN, e, !when, target, true);
    case Op::kHasBelow:
      return Branch(Opcode::UNLESS_HAS_BELOW, e, !when, target);
    case Op::kOverlaps:
      return Branch(Opcode::UNLESS_OVERLAPS, e, !when, target);
    case Op::kOverlapsBelow:
      return Branch(Opcode::UNLESS_OVERLAPS_BELOW, e, !when, target);
    case Op::kWithin:
      return Branch(Opcode::UNLESS_WITHIN, e, !when, target);
    case Op::kIsMissing:
    case Op::kIsPresent: {
      const uint32_t mark = code.Mark();
      const uint16_t a = Operand(*e.args[0]);
      code.EmitJump(Opcode::JUMP_IF_MISSING, (e.op == Op::kIsMissing) == when,
                    a, 0, target);
      code.Release(mark);
      return;
    }
    default: {
      const uint32_t mark = code.Mark();
      const uint16_t a = Operand(e);
      code.EmitJump(Opcode::JUMP_IF, when, a, 0, target);
      code.Release(mark);
    }
  }
}

void ChunkLowerer::ReturnBoth(const Expr* when, const Expr* unless) {
  const uint16_t result = code.NewRegister();
  Label no;
  if (when != nullptr) Jump(*when, false, &no);
  if (unless != nullptr) Jump(*unless, true, &no);
  Bool(true, result);
  code.Emit(Opcode::RETURN, 0, result);
  if (when == nullptr && unless == nullptr) return;
  code.Bind(&no);
  Bool(false, result);
  code.Emit(Opcode::RETURN, 0, result);
}

}  // namespace bylaw
