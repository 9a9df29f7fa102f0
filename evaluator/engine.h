// The library's face: an engine holds one program and one set of facts and
// answers requests.
//
//   auto engine = Engine::Load(program, facts);
//   Arena arena;                        // one a thread, reused
//   BoundRequest bound;
//   RequestError error;
//   if (!(*engine)->Bind(request, arena, &bound, &error)) …INVALID_ARGUMENT…
//   Decision decision;
//   (*engine)->Decide(bound, arena, &decision);
//   DecisionReport report = MakeReport(**engine, bound, decision, …);
//
// Immutable, shareable between threads, no globals. A decision holds ids and
// spans into engine and arena: it is good until the arena is reset.
#ifndef BYLAW_EVALUATOR_ENGINE_H_
#define BYLAW_EVALUATOR_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "compiler/bytecode/program.h"
#include "evaluator/arena.h"
#include "evaluator/decision.h"
#include "evaluator/facts.h"
#include "evaluator/index.h"
#include "evaluator/patterns.h"
#include "evaluator/request.h"

namespace bylaw {

struct EngineOptions {
  // 0: what the program's settings say.
  VmOptions vm{0, 0};
  uint32_t max_columns = 0;  // asked for in one request
  std::string mask_key;      // of `keys: mask`; empty: hash has no key, is null
  bool is_verified = false;  // the caller ran Verify on this very program
};

class Engine {
 public:
  // Verifies the program, unless that is done, and builds the index. Fails if
  // the program is not valid bytecode or the facts were loaded for another
  // program.
  static absl::StatusOr<std::shared_ptr<const Engine>> Load(
      std::shared_ptr<const Program> program,
      std::shared_ptr<const Facts> facts, const EngineOptions& options = {});
  ~Engine();

  // Names to numbers. False with `error` for what is INVALID_ARGUMENT.
  bool Bind(const Request& request, Arena& arena, BoundRequest* bound,
            RequestError* error) const;
  void Decide(const BoundRequest& bound, Arena& arena,
              Decision* decision) const;

  const Program& program() const { return *program_; }
  const Facts& facts() const { return *facts_; }
  const EngineOptions& options() const { return options_; }
  const PolicyIndex& index() const { return index_; }

 private:
  Engine(std::shared_ptr<const Program> program,
         std::shared_ptr<const Facts> facts, const EngineOptions& options);

  const std::shared_ptr<const Program> program_;
  const std::shared_ptr<const Facts> facts_;
  const Patterns patterns_;
  const EngineOptions options_;  // its vm.patterns are patterns_
  const PolicyIndex index_;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_ENGINE_H_
