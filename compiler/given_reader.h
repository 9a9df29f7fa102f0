// Internal to compiler/: what tests give and propose, from syntax to
// typed::GivenEntity. Used by check_tests.cc. One thread.
#ifndef BYLAW_COMPILER_GIVEN_READER_H_
#define BYLAW_COMPILER_GIVEN_READER_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/checker.h"

namespace bylaw {

// Entities of one level (a module's, a test's, a proposal's), each once. An
// entity that is nested in another stands after it.
class GivenEntities {
 public:
  explicit GivenEntities(Checker& checker) : checker_(&checker) {}

  // Adds `User "ana" { … }` with all that is nested in it. Reports.
  void Add(const Module& module, const ast::Expr& entity);
  // Adds fields of an entity: what `proposing` says of a resource.
  void AddFields(const Module& module, uint32_t entity, const std::string& id,
                 const std::vector<ast::Field>& fields, const Span& span);
  // What may stand where an entity is expected in the context of a request.
  NestedEntities InContext(const Module& module);

  // Takes over what `own` says: an attribute that both give is that of `own`,
  // whole, with all that is nested in it.
  void Override(const GivenEntities& own);

  const std::vector<typed::GivenEntity>& list() const { return list_; }
  const typed::GivenEntity* Find(uint32_t entity, const std::string& id) const;

 private:
  using Key = std::pair<uint32_t, std::string>;

  typed::GivenEntity& Entity(uint32_t entity, const std::string& id,
                             const Span& span);
  // Sets an attribute; false (after a report) if it is set already.
  void Set(uint32_t entity, const std::string& id, uint32_t slot,
           Constant value, const Span& span);
  void ReadField(const Module& module, const Key& owner,
                 const ast::Field& field);
  void ReadParents(const Module& module, const Key& owner,
                   const ast::Expr& value);
  std::optional<Constant> ReadNested(const Module& module, const Key* owner,
                                     const ast::Expr& e, TypeId expected,
                                     std::string_view name);
  std::optional<Constant> ReadNamed(const Module& module, const Key& owner,
                                    const ast::Expr& map, TypeId expected);
  std::optional<std::string> NameOf(const Module& module, const ast::Expr& e);
  void Remove(const Key& key, uint32_t slot);

  Checker* checker_;
  std::vector<typed::GivenEntity> list_;
  std::map<Key, size_t> index_;
};

}  // namespace bylaw

#endif  // BYLAW_COMPILER_GIVEN_READER_H_
