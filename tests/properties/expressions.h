// Random expressions of a wanted type over what is in scope. They are well
// typed by construction: a text that the checker refuses is a defect of one of
// the two.
#ifndef BYLAW_TESTS_PROPERTIES_EXPRESSIONS_H_
#define BYLAW_TESTS_PROPERTIES_EXPRESSIONS_H_

#include <string>
#include <vector>

#include "tests/properties/piece.h"
#include "tests/properties/world.h"

namespace bylaw::properties {

struct Path {
  std::string text;
  Type type;
};

struct Def {
  std::string name;
  std::vector<Type> parameters;
  Type result;
};

// What an expression may speak of.
struct Sight {
  std::vector<Path> paths;           // variables, roots, and what is reached
  std::vector<Path> selected;        // Cell variables of loops over d.columns
  std::vector<std::string> owners;   // expressions with has_column(…)
  std::vector<std::string> actions;  // of the head
  bool gate = false;                 // `all T` may stand
  bool total = false;                // `governs`: nothing that can fail
};

class Expressions {
 public:
  Expressions(const World& world, const std::vector<Def>& defs, Random& random)
      : world_(world), defs_(defs), random_(random) {}

  // Adds a variable and the attributes reached from it.
  void Add(Sight* sight, const std::string& text, const Type& type,
           size_t depth = 2) const;

  // `bare`: the place expects the type, so that terms need no vocabulary.
  Piece Make(const Type& type, const Sight& sight, size_t depth, bool bare);
  Piece Condition(const Sight& sight, size_t depth) {
    return Make(Type{}, sight, depth, true);
  }
  // A predicate of rows.
  Piece Row(const Sight& sight, size_t depth);

  // A collection to loop over, and its element's type.
  Piece Collection(const Sight& sight, size_t depth, Type* element);

  // A type that some path has.
  Type SomeType(const Sight& sight);

 private:
  Piece Bool(const Sight& sight, size_t depth);
  Piece Value(const Type& type, const Sight& sight, size_t depth, bool bare);
  Piece Structural(const Type& type, const Sight& sight, size_t depth,
                   bool bare);
  Piece Quantifier(const Sight& sight, size_t depth, const std::string& kind);
  Piece RowOperand(const Type& type);
  const Path* Pick(const Sight& sight, const Type& type, bool optional_too);
  Piece LiteralOf(const Type& type, bool bare);
  Piece Tag(Piece piece, const Type& type);

  const World& world_;
  const std::vector<Def>& defs_;
  Random& random_;
  size_t next_variable_ = 0;
};

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_EXPRESSIONS_H_
