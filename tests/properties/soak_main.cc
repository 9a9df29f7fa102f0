// Random repositories and requests, decided by the engine and by the oracle;
// see tests/properties/README.md. Ends with 1 if the two ever differ, after
// printing the smallest case it could find.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "compiler/bytecode/opcode.h"
#include "tests/properties/compare.h"
#include "tests/properties/counted_vm.h"
#include "tests/properties/generate.h"
#include "tests/properties/laws.h"

namespace bylaw::properties {
namespace {

constexpr size_t kProgramsWithoutPairs = 1000;

struct Options {
  size_t pairs = 20000;
  size_t requests = 40;  // of a repository
  uint64_t seed = 1;
  size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  bool report = false;
  bool print = false;
  bool no_shrink = false;
  size_t failures = 1;  // then stop
  size_t laws = 8;      // of every so many repositories the laws are checked
};

// What one thread found, then what all did.
struct Findings {
  size_t pairs = 0, refused = 0, programs = 0, failures = 0;
  Counts counts;
  void Add(const Findings& other) {
    pairs += other.pairs;
    refused += other.refused;
    programs += other.programs;
    failures += other.failures;
    for (const auto& [key, n] : other.counts) counts[key] += n;
  }
};

void PrintCase(const std::vector<std::string>& paths,
               const std::vector<Piece>& files) {
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string text = Render(files[i]);
    if (text.find_first_not_of(" \n") == std::string::npos) continue;
    std::printf("---- %s\n%s\n", paths[i].c_str(), text.c_str());
  }
}

std::string CodeIn(const std::string& diagnostics) {
  const size_t at = diagnostics.find("error BL");
  return at == std::string::npos ? "" : diagnostics.substr(at, 12);
}

void PrintFailure(uint64_t seed, const Options& options,
                  const Comparison& found) {
  Case c = Generate(seed, options.requests);
  Comparison smallest = found;
  const auto fails = [&](const std::vector<Piece>& files) {
    Comparison again = Compare(InputOf(c.paths, files), nullptr);
    if (again.kind != found.kind) return false;
    // Shrinking makes mistakes of its own.
    if (found.kind == Comparison::Kind::kNotCompiled &&
        (again.text.size() > smallest.text.size() ||
         CodeIn(again.text) != CodeIn(found.text))) {
      return false;
    }
    smallest = std::move(again);
    return true;
  };
  if (!options.no_shrink) Shrink(&c.files, fails);
  std::printf("\n==== --case=%llu --requests=%zu %s\n%s\n",
              static_cast<unsigned long long>(seed), options.requests,
              found.kind == Comparison::Kind::kNotCompiled
                  ? "is not compiled"
                  : "is decided in two ways",
              smallest.text.c_str());
  PrintCase(c.paths, c.files);
  std::fflush(stdout);
}

void PrintBrokenLaw(uint64_t seed, const Options& options,
                    const std::string& found) {
  Case c = Generate(seed, options.requests);
  std::string smallest = found;
  const std::string law = found.substr(0, found.find(')'));
  const auto fails = [&](const std::vector<Piece>& files) {
    std::string again = BrokenLaw(c.paths, files, seed);
    if (!again.starts_with(law)) return false;
    smallest = std::move(again);
    return true;
  };
  if (!options.no_shrink) Shrink(&c.files, fails);
  std::printf("\n==== --case=%llu --requests=%zu breaks a law\n%s\n",
              static_cast<unsigned long long>(seed), options.requests,
              smallest.c_str());
  PrintCase(c.paths, c.files);
  std::fflush(stdout);
}

int Run(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  std::mutex mu;
  Findings all;
  std::atomic<uint64_t> next{0};
  std::atomic<bool> stop{false};
  auto said = begin;
  const auto work = [&] {
    executed = {};
    while (!stop) {
      const uint64_t number = next++;
      Random seeds(options.seed * 0x9e3779b97f4a7c15 + number);
      const uint64_t seed = seeds.Next();
      const Case c = Generate(seed, options.requests);
      Findings found;
      found.programs = 1;
      const Comparison comparison =
          Compare(InputOf(c.paths, c.files), &found.counts);
      found.pairs = comparison.pairs;
      found.refused = comparison.refused;
      found.failures = comparison.kind == Comparison::Kind::kNotCompiled
                           ? 1
                           : comparison.failures;
      std::string law;
      if (options.laws > 0 && number % options.laws == 0) {
        law = BrokenLaw(c.paths, c.files, seed, &found.counts);
        ++found.counts["laws checked"];
        if (!law.empty()) ++found.failures;
      }
      const std::lock_guard<std::mutex> lock(mu);
      if (stop) return;
      for (uint32_t op = 0; op < kNumOpcodes; ++op) {
        found.counts["opcode executed " + std::string(kOpcodes[op].name)] +=
            executed[op];
      }
      executed = {};
      all.Add(found);
      if (comparison.kind != Comparison::Kind::kEqual) {
        PrintFailure(seed, options, comparison);
      }
      if (!law.empty()) PrintBrokenLaw(seed, options, law);
      if (all.failures >= options.failures) stop = true;
      if (all.pairs >= options.pairs) stop = true;
      // What is never decided would go on without end.
      if (all.pairs == 0 && all.programs >= kProgramsWithoutPairs) {
        std::fprintf(stderr, "%zu repositories, and no request was decided\n",
                     all.programs);
        ++all.failures;
        stop = true;
      }
      const auto now = std::chrono::steady_clock::now();
      if (now - said >= std::chrono::seconds(10)) {
        said = now;
        std::fprintf(stderr, "%zu of %zu pairs, %zu failures, %.0f s\n",
                     all.pairs, options.pairs, all.failures,
                     std::chrono::duration<double>(now - begin).count());
      }
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  if (options.report) {
    for (const auto& [key, n] : all.counts) {
      std::printf("%12zu  %s\n", n, key.c_str());
    }
  }
  std::printf(
      "%zu pairs of %zu repositories compared, %zu failures; %zu requests "
      "were refused (seed %llu, %.0f s)\n",
      all.pairs, all.programs, all.failures, all.refused,
      static_cast<unsigned long long>(options.seed),
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
          .count());
  return all.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bylaw::properties

int main(int argc, char** argv) {
  using bylaw::properties::Comparison;
  bylaw::properties::Options options;
  uint64_t one = 0;
  CLI::App app{
      "Decides random requests on random repositories by the engine and by "
      "the oracle (tests/reference), until --pairs were compared."};
  app.add_option("--pairs", options.pairs, "requests to compare")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the whole run")
      ->capture_default_str();
  app.add_option("--requests", options.requests, "requests a repository")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app.add_option("--jobs", options.jobs, "threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--failures", options.failures, "stop after so many")
      ->capture_default_str();
  app.add_option("--laws", options.laws,
                 "check the laws on one of so many repositories; 0: on none")
      ->capture_default_str();
  app.add_flag("--report", options.report,
               "print how often each opcode, rule and outcome occurred");
  app.add_flag("--no-shrink", options.no_shrink, "print failures as generated");
  CLI::Option* single =
      app.add_option("--case", one, "only this repository, by its number");
  app.add_flag("--print", options.print, "with --case: print the repository");
  CLI11_PARSE(app, argc, argv);
  if (!*single) return bylaw::properties::Run(options);
  const auto c = bylaw::properties::Generate(one, options.requests);
  if (options.print) bylaw::properties::PrintCase(c.paths, c.files);
  const Comparison found = bylaw::properties::Compare(
      bylaw::properties::InputOf(c.paths, c.files), nullptr);
  if (found.kind != Comparison::Kind::kEqual) {
    bylaw::properties::PrintFailure(one, options, found);
  }
  const std::string law = bylaw::properties::BrokenLaw(c.paths, c.files, one);
  if (!law.empty()) bylaw::properties::PrintBrokenLaw(one, options, law);
  return found.kind == Comparison::Kind::kEqual && law.empty() ? 0 : 1;
}
