// Internal to bind*.cc: the class that binds one request. bind.cc reads the
// request, bind_proposal.cc what it proposes.
#ifndef BYLAW_EVALUATOR_BINDER_H_
#define BYLAW_EVALUATOR_BINDER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/bind.h"
#include "evaluator/decode.h"
#include "evaluator/overlay.h"

namespace bylaw {

class Binder : public ValueDecoder {
 public:
  Binder(const Facts& facts, const Request& request, const BindOptions& options,
         Arena& arena, BoundRequest* bound, RequestError* error)
      : ValueDecoder(&facts.program().schema, &arena),
        facts_(facts),
        request_(request),
        options_(options),
        bound_(*bound),
        error_(*error),
        asserted_(&arena),
        column_errors_(&arena) {}

  bool Bind();

 protected:
  Symbol Intern(std::string_view text) override { return world_->Intern(text); }
  uint32_t FindTerm(uint32_t vocabulary, std::string_view path) override {
    return facts_.FindTerm(vocabulary, path);
  }
  bool Reference(uint32_t entity_type, std::string_view id, const Node& node,
                 Cell* out) override;
  Cell NameEntity(uint32_t entity_type, std::string_view id) override {
    return world_->Resolve(entity_type, id);
  }
  bool ReferenceMap(const Node& node, const TypeInfo& type, Cell* out) override;
  bool Nested(const Node& node, const TypeInfo& collection,
              Value* out) override;
  void Fail(DecodeProblem problem, const Node& at, std::string message,
            std::string suggestion) override;
  void Push(std::string_view name) override { PushPart({name, 0}); }
  void Push(size_t index) override { PushPart({{}, index}); }
  void Pop() override { --depth_; }

 private:
  struct PathPart {
    std::string_view name;  // empty: an index
    size_t index;
  };
  static constexpr int kMaxPath = 48;

  void PushPart(PathPart part) {
    if (depth_ >= 0 && depth_ < kMaxPath) path_[depth_] = part;
    ++depth_;
  }
  std::string Path() const;
  bool Refuse(const char* code, std::string message, std::string remedy = "");
  std::string Describe(Cell n) const;
  // Between back quotes, cut if it is long.
  static std::string Quoted(std::string_view text);

  bool FindTypes();
  bool BindSubject();
  bool BindResource();
  bool BindContext();
  bool BindColumns(const Node* names, Value* slot);
  // The decision will be DENY.
  void AddColumnError(const std::string& message) {
    column_errors_.push_back(arena_.Copy(message));
    bound_.column_errors = column_errors_.span();
  }
  void IncludeResource(const Attribute& attribute, Value* slot);
  bool Assert(Cell n, const Node& attributes);
  OverlayRecord* NewRecord(uint32_t type, Cell n);
  OverlayRecord* Patch(Cell n);
  Overlay& overlay();

  // Proposals.
  bool Propose();
  bool Declare(uint32_t type, Cell n, const Node& attributes, Cell owner,
               int depth);
  bool MayNest(uint32_t owner, const Attribute& attribute,
               uint32_t* child) const;
  std::string_view ChildId(Cell owner, std::string_view name);
  bool Fill(Cell n, const Node& attributes);
  bool ReadParents(OverlayRecord* r, const Node& node);
  bool CheckHeldElsewhere(Cell child, Cell owner);
  bool JoinInverses();
  bool Claim(Cell by, uint32_t slot, Cell target, uint32_t back);
  void DropInverses(Cell n);
  void RemoveChildren(Cell n);
  void CloseParents(OverlayRecord* r, Cell n);
  bool CheckCycles();
  bool CheckColumnNames();
  // Where the proposal nests it: "resource.attributes.columns.email".
  std::string PathOf(Cell proposed) const;
  OverlayRecord* Change(Cell n);
  bool IsProposed(Cell n) const {
    const Overlay* o = world_->overlay_;
    if (o == nullptr) return false;
    OverlayRecord** r = o->changed.Find(n);
    return r != nullptr && (*r)->proposed;
  }

  const Facts& facts_;
  const Request& request_;
  const BindOptions& options_;
  BoundRequest& bound_;
  RequestError& error_;
  World* world_ = nullptr;
  const Action* action_ = nullptr;
  Cell view_ = 0;  // given to references: kFactsView in a context
  bool in_context_ = false;
  Cell owner_ = kNone;  // whose attributes are being proposed
  uint32_t slot_ = kNone;
  int base_depth_ = 0;        // of that attribute
  ArenaMap<Value> asserted_;  // entity << 32 | slot
  ArenaVector<std::string_view> column_errors_;
  std::vector<Cell> proposed_;  // resource first
  std::vector<Cell> changed_;   // and those whose inverses changed
  PathPart path_[kMaxPath];
  int depth_ = 0;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_BINDER_H_
