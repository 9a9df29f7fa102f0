// A value at run time: 16 bytes, copied freely, pointing into facts, program
// constants or the request's arena. Built by facts.h and the VM.
//
// Strings are symbols (one number a text, so equality is an integer compare).
// Sets are sorted and unique; sets and lists of strings, terms and entities
// hold 32-bit cells, all others hold Values. An entity cell's top bit says
// that it was reached as facts know it (`previous`, the subject, the context)
// and not through the proposal; it never counts in a comparison.
#ifndef BYLAW_EVALUATOR_VALUE_H_
#define BYLAW_EVALUATOR_VALUE_H_

#include <cstdint>

#include "compiler/bytecode/kind.h"
#include "compiler/bytecode/scalar.h"

namespace bylaw {

using Symbol = uint32_t;
using Cell = uint32_t;
inline constexpr Cell kFactsView = 0x80000000u;
inline constexpr Cell kEntityMask = 0x7fffffffu;

struct MapEntry;
struct FilterNode;

struct Value {
  Kind kind = Kind::kMissing;
  Kind element = Kind::kMissing;  // kSet, kList: kind of the elements
  uint16_t reserved = 0;
  // kSet, kList, kMap, kRecord: number of elements. kString: symbol.
  // kTerm: term. kEntity: cell.
  uint32_t size = 0;
  union {
    int64_t number;  // kBool … kPeriod
    const Ip* ip;
    const Version* version;
    const Cell* cells;         // kSet, kList of strings, terms, entities
    const Value* values;       // other kSet, kList; kRecord
    const MapEntry* entries;   // kMap, sorted by key
    const FilterNode* filter;  // kFilter
  };

  Value() : number(0) {}
  static Value Missing() { return Value(); }
  static Value Number(Kind k, int64_t n) {
    Value v;
    v.kind = k;
    v.number = n;
    return v;
  }
  static Value Bool(bool b) { return Number(Kind::kBool, b ? 1 : 0); }
  static Value OfCell(Kind k, Cell c) {  // kString, kTerm, kEntity
    Value v;
    v.kind = k;
    v.size = c;
    return v;
  }
  bool missing() const { return kind == Kind::kMissing; }
  Cell entity() const { return size & kEntityMask; }
};
static_assert(sizeof(Value) == 16);

struct MapEntry {
  Symbol key;
  Value value;
};

// True if values of `k` hold values.
inline bool IsCompound(Kind k) {
  return k == Kind::kSet || k == Kind::kList || k == Kind::kMap ||
         k == Kind::kRecord;
}

// True if sets and lists of `k` hold cells.
inline bool IsCellKind(Kind k) {
  return k == Kind::kString || k == Kind::kTerm || k == Kind::kEntity;
}

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_VALUE_H_
