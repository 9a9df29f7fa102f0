// Internal to facts_builder.cc (what is said is decoded) and facts_build.cc
// (it is joined, closed and numbered).
#ifndef BYLAW_EVALUATOR_FACTS_BUILDER_IMPL_H_
#define BYLAW_EVALUATOR_FACTS_BUILDER_IMPL_H_

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "evaluator/decode.h"
#include "evaluator/facts_builder.h"
#include "evaluator/facts_storage.h"

namespace bylaw {

class FactsBuilder::Impl : public ValueDecoder {
 public:
  Impl(std::shared_ptr<const Program> program, Mode mode)
      : ValueDecoder(&program->schema, &scratch_),
        mode_(mode),
        facts_(new Facts()) {
    facts_->program_ = std::move(program);
    Storage& s = storage();
    for (const std::string& text : facts_->program_->symbols) {
      s.program_symbols.push_back(s.symbols.Intern(text));
    }
    BuildNames();
    BuildInverse();
  }

  uint32_t AddFile(std::string path) {
    storage().files.push_back(std::move(path));
    return static_cast<uint32_t>(storage().files.size() - 1);
  }
  void AddDocument(uint32_t file, const Node& root);
  void AddLine(uint32_t file, const Node& line);
  void AddEntity(uint32_t file, uint32_t type, std::string_view id,
                 NodePosition at, const Node& attributes);
  void AddGiven(uint32_t type, std::string_view id,
                std::span<const std::pair<uint32_t, Constant>> attributes,
                uint32_t parent_type, std::string_view parent_id);
  void AddError(FactError e);
  bool Defines(uint32_t type, std::string_view id) {
    const Symbol symbol = storage().symbols.Find(id);
    if (symbol == kNone) return false;
    const auto it = names_.find(uint64_t{type} << 32 | symbol);
    return it != names_.end() && pending_[it->second].defined;
  }
  std::shared_ptr<const Facts> Build();
  void CheckProposal(const Facts& known);

  std::vector<FactError> errors_;
  size_t num_errors_ = 0;
  bool expects_losses_ = false;
  std::set<uint32_t> lost_types_;

 protected:
  Symbol Intern(std::string_view text) override {
    return storage().symbols.Intern(text);
  }
  uint32_t FindTerm(uint32_t vocabulary, std::string_view path) override {
    return storage().terms.Find(vocabulary, path);
  }
  bool Reference(uint32_t entity_type, std::string_view id, const Node& node,
                 Cell* out) override;
  Cell NameEntity(uint32_t entity_type, std::string_view id) override {
    return Name(entity_type, id);
  }
  bool Nested(const Node& node, const TypeInfo& collection,
              Value* out) override;
  void Fail(DecodeProblem problem, const Node& at, std::string message,
            std::string suggestion) override;
  void Push(std::string_view) override { ++depth_; }
  void Push(size_t) override { ++depth_; }
  void Pop() override { --depth_; }

 private:
  using Storage = Facts::Storage;
  struct Pending {
    uint32_t type = kNone;
    Symbol id = 0;
    bool defined = false;
    FactPosition place;
    Value* slots = nullptr;  // once defined
    std::vector<Storage::SlotPlace> places;
    std::vector<Cell> parents;
  };
  struct NamedReference {
    Cell target;
    uint32_t file;
    NodePosition at;
    uint32_t length;
  };
  // `in: id` where the type may have parents of several types.
  struct OpenParent {
    Cell child;
    std::string id;
    uint32_t file;
    NodePosition at;
  };
  // The name of a nested entity, if nothing states another.
  struct ImpliedName {
    Cell entity;
    uint32_t slot;
    Symbol name;
    FactPosition at;
  };
  struct Addition {
    Cell target;
    uint32_t slot;
    Cell element;
  };

  Storage& storage() { return *facts_->storage_; }
  const Program& program() const { return *facts_->program_; }
  std::string_view IdText(Cell e) {
    return storage().symbols.Text(pending_[e].id);
  }
  static std::string Quote(std::string_view text) {
    return "`" + std::string(text) + "`";
  }
  std::string Describe(Cell e) {
    return schema_.entities[pending_[e].type].name + " " + Quote(IdText(e));
  }

  void BuildNames();
  void BuildInverse();
  Cell Name(uint32_t type, std::string_view id);
  Cell Define(uint32_t type, std::string_view id, FactPosition place);
  void State(Cell e, uint32_t slot, const Value& v, FactPosition at);
  bool ReadParents(Cell e, const Node& node);
  void Report(const char* code, FactPosition at, uint32_t length,
              std::string message, std::string suggestion = "");
  FactPosition At(const Node& node) const {
    return {file_, node.position.line, node.position.column};
  }
  FactPosition PlaceOf(Cell e, uint32_t slot) const {
    for (const Storage::SlotPlace& p : pending_[e].places) {
      if (p.slot == slot) return {p.file, p.line, p.column};
    }
    return pending_[e].place;
  }
  bool IsStated(Cell e, uint32_t slot) const {
    for (const Storage::SlotPlace& p : pending_[e].places) {
      if (p.slot == slot) return true;
    }
    return false;
  }
  std::string PlaceText(FactPosition p) {
    if (p.file >= storage().files.size()) return "";
    return storage().files[p.file] + ":" + std::to_string(p.line);
  }

  // An entity whose type is misspelt: references to it, and to what is nested
  // in it, are no errors more.
  void Lose(std::string_view id) { lost_ids_.insert(std::string(id)); }
  bool IsLost(std::string_view id) const {
    while (!lost_ids_.empty() && !lost_ids_.contains(std::string(id))) {
      const size_t dot = id.rfind('.');
      if (dot == std::string_view::npos) return false;
      id = id.substr(0, dot);
    }
    return !lost_ids_.empty();
  }

  // Whether an entity of the type may stand where nothing could be read.
  bool MayBeLost(uint32_t type) const {
    return expects_losses_ || lost_types_.contains(type);
  }
  void ResolveOpenParents(const Facts* known);
  void CheckReferences(const Facts* known);
  void FillInverse();
  void CloseParents();
  void CheckRequired();
  void FillDefaults();
  void Number();
  void CopyEntities();
  void CloseAncestors();
  void CloseTransitive();
  void CheckColumns();
  void Hash();
  Value CopyValue(const Value& v);
  void Canonical(std::string* out, const Value& v);

  const Mode mode_;
  Arena scratch_{256 * 1024};
  std::shared_ptr<Facts> facts_;
  std::vector<Pending> pending_;
  absl::flat_hash_set<std::string> lost_ids_;
  // Attributes that an unknown name was probably meant for.
  absl::flat_hash_set<std::pair<Cell, uint32_t>> misspelt_;
  absl::flat_hash_map<uint64_t, Cell> names_;  // type << 32 | id
  std::vector<NamedReference> references_;
  std::vector<OpenParent> open_parents_;
  std::vector<ImpliedName> implied_names_;
  absl::flat_hash_map<uint64_t, bool> nested_slots_;  // entity << 32 | slot
  std::vector<Cell> final_;  // provisional number -> final
  std::vector<Cell> order_;  // final -> provisional
  uint32_t num_suggestions_ = 0;

  // Where the decoder is.
  uint32_t file_ = kNone;
  Cell entity_ = kNone;
  uint32_t slot_ = kNone;
  int depth_ = 0;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_FACTS_BUILDER_IMPL_H_
