// The world of a generated repository: its vocabularies, entities, actions and
// obligations, random within a fixed frame (people and machines look at the
// sheets of folders, and keep folders), and the literals of its types. Made by
// MakeWorld, read by the generators of expressions, policies and facts.
#ifndef BYLAW_TESTS_PROPERTIES_WORLD_H_
#define BYLAW_TESTS_PROPERTIES_WORLD_H_

#include <string>
#include <vector>

#include "tests/properties/piece.h"

namespace bylaw::properties {

enum class Base {
  kBool,
  kInt,
  kDecimal,
  kString,
  kDate,
  kTime,
  kDuration,
  kPeriod,
  kIp,
  kVersion,
  kTerm,    // index: vocabulary
  kEntity,  // index: entity
  kUnion,   // Person | Robot
  kRecord,  // index: record
};
enum class Shape { kOne, kSet, kList, kMap };

struct Type {
  Base base = Base::kBool;
  size_t index = 0;
  Shape shape = Shape::kOne;
  bool optional = false;
  friend bool operator==(const Type&, const Type&) = default;
};

inline Type Present(Type t) {
  t.optional = false;
  return t;
}
inline Type Maybe(Type t) {
  t.optional = t.shape == Shape::kOne;
  return t;
}
inline Type Element(Type t) {
  t.shape = Shape::kOne;
  return t;
}
inline Type SetOf(Type t) {
  t.shape = Shape::kSet;
  return t;
}

struct Attribute {
  std::string name;
  Type type;
  bool asserted = false;
  std::string marks;  // default, inverse, transitive: as written
};

struct Vocabulary {
  enum class Kind { kPlain, kOrdered, kTree };
  std::string name;
  Kind kind = Kind::kPlain;
  std::vector<std::string> terms;  // whole paths
  bool languages_own = false;      // ColumnType, Weekday
};

struct Entity {
  std::string name;
  std::string parents;  // "Team"; ""
  std::vector<Attribute> attributes;
  std::vector<std::string> ids;  // what requests and facts speak of
};

struct Record {
  std::string name;
  std::vector<Attribute> fields;
};

struct Action {
  std::string name;
  size_t resource = 0;
  bool robots = true;  // taken by Robot too
  bool gate = false, selects = false, proposes = false;
  std::vector<Attribute> context;
};

struct Obligation {
  std::string name;
  std::vector<Attribute> parameters;
};

// The frame's entities.
enum : size_t {
  kTeam,
  kPerson,
  kRobot,
  kPlace,
  kFolder,
  kSheet,
  kCell,
  kNumEntities
};
enum : size_t { kColumnType = 0, kWeekday = 1 };  // vocabularies

struct World {
  // Most is stated, little errs and little denies, so that permits with masks
  // and filters are met; without it the edges are.
  bool calm = false;
  bool masking = false;  // calm, and most is masked: many masks meet
  std::vector<Vocabulary> vocabularies;
  std::vector<Entity> entities;  // kNumEntities
  std::vector<Record> records;
  std::vector<Action> actions;
  std::vector<std::pair<std::string, std::vector<size_t>>> groups;
  std::vector<Obligation> obligations;

  std::string Name(const Type& type) const;
  bool Ordered(const Type& type) const;
};

World MakeWorld(Random& random);

// The declarations as text, a piece each.
std::vector<Piece> Declare(const World& world);

// Instants at which things begin and end, so that equal ones are met.
const std::vector<std::string>& Instants();
const std::vector<std::string>& Dates();

// A literal of a type without shape, biased to the edges. `bare`: a term may
// stand without its vocabulary, since its type is expected.
std::string Literal(const World& world, const Type& type, Random& random,
                    bool bare);

// The n-th of many Ints or Dates.
std::string NumberedLiteral(Base base, size_t n);

// A random type of one value; never an entity, union or record.
Type RandomScalar(const World& world, Random& random);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_WORLD_H_
