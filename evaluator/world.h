// What a decision can see: the facts, and over them what one request brings
// (a subject facts do not know, asserted attributes, a proposal, texts of its
// own). Made by bind.h, read by the VM (vm.h) and composition (decide.h).
//
// Lives in the request's arena; one thread. The facts under it are shared.
//
// Entities are numbered 0 .. facts.size()-1; numbers from facts.size() on are
// the request's own. Without a proposal a World adds nothing on the hot path:
// `overlay == nullptr`.
#ifndef BYLAW_EVALUATOR_WORLD_H_
#define BYLAW_EVALUATOR_WORLD_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/bytecode/program.h"
#include "evaluator/arena.h"
#include "evaluator/facts.h"
#include "evaluator/value.h"

namespace bylaw {

struct Overlay;  // of a proposal and of asserted attributes: world.cc

class World {
 public:
  World(const Facts* facts, Arena* arena) : facts_(facts), arena_(arena) {}

  const Facts& facts() const { return *facts_; }
  const Program& program() const { return facts_->program(); }
  const Schema& schema() const { return facts_->program().schema; }
  Arena& arena() const { return *arena_; }

  // The entity's record; nullptr if it is not known (neither facts nor the
  // request hold it): reading its attributes is an error.
  const EntityRecord* Find(Cell entity) const {
    if (overlay_ == nullptr) [[likely]] {
      return facts_->Find(entity & kEntityMask);
    }
    return FindInOverlay(entity);
  }
  // The value of an attribute, entity cells in it carrying the view of
  // `entity`; what a proposal removed is left out. Missing if there is none.
  // REQUIRES: Find(entity) != nullptr and slot is one of its type's.
  Value Attribute(Cell entity, uint32_t slot) const {
    if (overlay_ == nullptr) [[likely]] {
      return facts_->Find(entity & kEntityMask)->slots[slot];
    }
    return AttributeInOverlay(entity, slot);
  }
  // True if a is b or below b along parents. Never fails; an unknown entity
  // is below itself alone.
  bool IsWithin(Cell a, Cell b) const {
    if (overlay_ == nullptr) [[likely]] {
      return facts_->IsWithin(a & kEntityMask, b & kEntityMask);
    }
    return IsWithinInOverlay(a, b);
  }
  // The closed ancestors of `a` with itself, sorted by number.
  std::span<const Cell> Ancestors(Cell a) const;
  // The known entities of a type (`all T`), sorted by number.
  std::span<const Cell> AllOf(uint32_t entity_type) const;
  // Type and id of any entity number, known or not.
  uint32_t TypeOf(Cell entity) const;
  std::string_view IdOf(Cell entity) const;
  // The known entity of that type and id or, for a literal facts lack, a
  // number of its own for this request (Find gives nullptr for it).
  Cell Resolve(uint32_t entity_type, std::string_view id);

  // Texts: those of program and facts, then those of this request.
  std::string_view Text(Symbol s) const;
  Symbol Intern(std::string_view text);

  // Children of a dataset-like resource by their name attribute; kNone.
  Cell ColumnNamed(Cell owner, const Schema::Selectable& s, Symbol name) const;
  // Whether it is a known entity of the type of columns: references may be to
  // unknown ones, and code may name any entity.
  bool IsColumn(Cell entity, const Schema::Selectable& s) const;
  // Its name or, where it has none that is known, its id. `s` may be null.
  std::string_view ColumnName(Cell column, const Schema::Selectable* s) const;

  // Where the entity, or an attribute of it, was read; of the proposal for
  // what it proposes (kProposalFile).
  FactPosition PositionOf(Cell entity) const;
  FactPosition PositionOf(Cell entity, uint32_t slot) const;

  bool has_overlay() const { return overlay_ != nullptr; }

 private:
  friend class Binder;
  struct Extra;
  const EntityRecord* FindInOverlay(Cell entity) const;
  Value AttributeInOverlay(Cell entity, uint32_t slot) const;
  bool IsWithinInOverlay(Cell a, Cell b) const;
  bool IsChanged(Cell number) const;
  // Of the proposal's view, as written.
  Value Raw(Cell number, uint32_t slot) const;
  Value CloseAttribute(Cell number, uint32_t type, uint32_t slot) const;
  Value WithView(const Value& v) const;
  Value WithoutRemoved(const Value& v) const;
  std::span<const Cell> ParentsInProposal(Cell number) const;
  Extra& extra();

  const Facts* facts_;
  Arena* arena_;
  Overlay* overlay_ = nullptr;
  // Texts and unknown literals of this request, in the arena.
  Extra* extra_ = nullptr;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_WORLD_H_
