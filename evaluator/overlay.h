// What one request lays over the facts, in its arena: patched entities (a
// subject that facts do not know, asserted attributes), and a proposal with
// what it changes elsewhere. Filled by bind.cc, read by world.cc; nobody else
// includes this.
#ifndef BYLAW_EVALUATOR_OVERLAY_H_
#define BYLAW_EVALUATOR_OVERLAY_H_

#include <cstdint>
#include <string_view>

#include "evaluator/arena.h"
#include "evaluator/hash.h"
#include "evaluator/world.h"

namespace bylaw {

// A hash map in an arena: keys are numbers, values are trivial.
template <typename V>
class ArenaMap {
 public:
  explicit ArenaMap(Arena* arena) : arena_(arena) {}
  V* Find(uint64_t key) const {
    if (capacity_ == 0) return nullptr;
    for (size_t i = Slot(key);; i = (i + 1) & (capacity_ - 1)) {
      if (entries_[i].key == key) return &entries_[i].value;
      if (entries_[i].key == kFree) return nullptr;
    }
  }
  bool contains(uint64_t key) const { return Find(key) != nullptr; }
  // The value of the key, made from `fresh` if it is new.
  V* Insert(uint64_t key, const V& fresh, bool* added = nullptr) {
    if ((size_ + 1) * 3 > capacity_ * 2) Grow();
    size_t i = Slot(key);
    while (entries_[i].key != kFree && entries_[i].key != key) {
      i = (i + 1) & (capacity_ - 1);
    }
    if (added != nullptr) *added = entries_[i].key == kFree;
    if (entries_[i].key == kFree) {
      entries_[i].key = key;
      entries_[i].value = fresh;
      ++size_;
    }
    return &entries_[i].value;
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  struct Entry {
    uint64_t key;
    V value;
  };
  size_t Slot(uint64_t key) const {
    return HashMix(key ^ 0x9e3779b97f4a7c15ull, 0xe7037ed1a0b428dbull) &
           (capacity_ - 1);
  }
  void Grow() {
    Entry* old = entries_;
    const size_t n = capacity_;
    capacity_ = n == 0 ? 16 : n * 2;
    entries_ = arena_->New<Entry>(capacity_);
    for (size_t i = 0; i < capacity_; ++i) entries_[i].key = kFree;
    for (size_t k = 0; k < n; ++k) {
      if (old[k].key == kFree) continue;
      size_t i = Slot(old[k].key);
      while (entries_[i].key != kFree) i = (i + 1) & (capacity_ - 1);
      entries_[i] = old[k];
    }
  }
  Arena* arena_;
  Entry* entries_ = nullptr;
  size_t capacity_ = 0, size_ = 0;
};

// An entity as the request says it is. In a proposal transitive slots hold
// what was written; world.cc closes them when asked.
struct OverlayRecord {
  EntityRecord record;
  Value* slots = nullptr;  // = record.slots
  FactPosition place;
  const FactPosition* slot_places = nullptr;  // one a slot, or none
  bool proposed = false;  // itself proposed, not only changed by inverses
  Cell nested_in = kNone;
  const Cell* stated_parents = nullptr;  // `in`
  uint32_t num_stated_parents = 0;
  bool states_parents = false;
};

struct Overlay {
  explicit Overlay(Arena* arena)
      : patched(arena),
        changed(arena),
        removed(arena),
        values(arena),
        ancestors(arena),
        all(arena) {}

  bool proposal = false;
  ArenaMap<OverlayRecord*> patched;  // seen in both views
  // Of the proposal's view: proposed entities and those whose inverses
  // changed; and what the proposal left out.
  ArenaMap<OverlayRecord*> changed;
  ArenaMap<bool> removed;
  // What was computed once: (cell, slot) -> value, entity -> ancestors,
  // entity type -> all of it.
  mutable ArenaMap<Value> values;
  struct Cells {
    const Cell* cells;
    uint32_t size;
  };
  mutable ArenaMap<Cells> ancestors;
  mutable ArenaMap<Cells> all;
};

// Texts and entity names of one request.
struct World::Extra {
  explicit Extra(Arena* arena) : texts(arena), text_ids(arena), named(arena) {}
  struct Named {
    uint32_t type;
    std::string_view id;
  };
  ArenaVector<std::string_view> texts;
  // Hash of the text -> newest of its chain; chains by `next`.
  ArenaMap<uint32_t> text_ids;
  ArenaVector<Named> named;
  ArenaMap<uint32_t>* named_ids = nullptr;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_OVERLAY_H_
