#include "evaluator/engine.h"

#include "compiler/bytecode/verifier.h"
#include "evaluator/bind.h"
#include "evaluator/decide.h"

namespace bylaw {
namespace {

EngineOptions Complete(EngineOptions options, const Patterns* patterns,
                       const Limits& limits) {
  options.vm.patterns = patterns;
  if (options.vm.budget == 0) options.vm.budget = limits.decision_steps;
  if (options.vm.text_bytes == 0) options.vm.text_bytes = limits.text_bytes;
  if (options.max_columns == 0) options.max_columns = limits.asked_columns;
  return options;
}

}  // namespace

Engine::Engine(std::shared_ptr<const Program> program,
               std::shared_ptr<const Facts> facts, const EngineOptions& options)
    : program_(std::move(program)),
      facts_(std::move(facts)),
      patterns_(*program_),
      options_(Complete(options, &patterns_, program_->settings.limits)),
      index_(*program_) {}

Engine::~Engine() = default;

absl::StatusOr<std::shared_ptr<const Engine>> Engine::Load(
    std::shared_ptr<const Program> program, std::shared_ptr<const Facts> facts,
    const EngineOptions& options) {
  if (program == nullptr || facts == nullptr) {
    return absl::InvalidArgumentError("an engine needs a program and facts");
  }
  if (!options.is_verified) {
    const absl::Status valid = Verify(*program);
    if (!valid.ok()) return valid;
  }
  if (&facts->program() != program.get()) {
    return absl::InvalidArgumentError(
        "the facts were loaded for another program");
  }
  return std::shared_ptr<const Engine>(
      new Engine(std::move(program), std::move(facts), options));
}

bool Engine::Bind(const Request& request, Arena& arena, BoundRequest* bound,
                  RequestError* error) const {
  return BindRequest(*facts_, request, {options_.max_columns, options_.vm},
                     arena, bound, error);
}

void Engine::Decide(const BoundRequest& bound, Arena& arena,
                    Decision* decision) const {
  Compose(index_, bound, options_.vm, arena, decision);
}

}  // namespace bylaw
