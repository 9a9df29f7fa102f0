// Random stores and requests in the manner of Cedar's OOPSLA 2024 benchmark:
// N entities of each type, each possible edge there with one probability. The
// same seed gives the same store.
#ifndef BYLAW_BENCH_STORES_H_
#define BYLAW_BENCH_STORES_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "evaluator/facts_builder.h"

namespace bylaw {

struct BenchRequest {
  std::string subject_type, subject, action, resource_type, resource;
};

struct StoreOptions {
  uint32_t entities = 50;  // of each type
  double edges = 0.05;
  uint32_t requests = 500;
  uint64_t seed = 1;
};

struct Store {
  std::shared_ptr<const Facts> facts;
  std::vector<BenchRequest> requests;
  std::string error;
};

Store MakeGdrive(std::shared_ptr<const Program> program,
                 const StoreOptions& options);
Store MakeGithub(std::shared_ptr<const Program> program,
                 const StoreOptions& options);

}  // namespace bylaw

#endif  // BYLAW_BENCH_STORES_H_
