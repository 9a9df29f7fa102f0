// A snapshot: one consistent version of policies and facts, ready to decide.
// Loaded from a governance repository's folder or from a bundle; used by the
// service (which swaps one for the next) and by every verb of the command.
//
// A Snapshot is immutable and shared between threads. Loading never throws:
// what the authors got wrong comes back as diagnostics, and then there is no
// snapshot.
#ifndef BYLAW_SERVER_SNAPSHOT_H_
#define BYLAW_SERVER_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "dsl/diagnostics.h"
#include "evaluator/engine.h"
#include "evaluator/facts_builder.h"

namespace bylaw {

struct Snapshot {
  std::shared_ptr<const Engine> engine;
  // What was compiled, with sources and tests; null for a bundle, and where
  // sources are not kept.
  std::shared_ptr<const CompileResult> compiled;
  std::string origin;  // the folder or the bundle's path
};

struct SnapshotSource {
  std::string root;    // a repository's folder, or
  std::string bundle;  // a bundle's path
  // Facts to load in place of the manifest's (or the bundle's); globs.
  std::vector<std::string> facts;
  int64_t now = 0;  // for lint of waivers; 0: the clock
  // Whether texts, typed trees and tests stay in memory, and facts are linted.
  // The service, which needs none of that, says no.
  bool keep_sources = true;
};

struct SnapshotResult {
  std::shared_ptr<const Snapshot> snapshot;  // null if any diagnostic is error
  std::vector<Diagnostic> diagnostics;       // sorted; of policies and facts
  std::shared_ptr<const CompileResult> compiled;  // keeps the spans alive
  // What whoever runs the service should know and no author can mend, such as
  // an environment variable that is not set.
  std::vector<std::string> warnings;
};

SnapshotResult LoadSnapshot(const SnapshotSource& source);

// A finding about facts or a descriptor, as a diagnostic.
Diagnostic DiagnosticOf(const FactError& error);

// Whether a finding says that facts may be missing: a pattern that matches no
// file, a file that is empty.
bool LacksFacts(const Diagnostic& diagnostic);

// Compile with the packs that ship (mesh, standard) at hand.
CompileResult CompileWithPacks(CompileInput input,
                               const CompileOptions& options = {});

// The bytes of a bundle: program and facts in one file. The same snapshot
// gives the same bytes.
std::string WriteBundle(const Snapshot& snapshot);

// The folder that holds bylaw.yaml, walking up from `start`; "" if none does.
std::string FindRepository(const std::string& start);

}  // namespace bylaw

#endif  // BYLAW_SERVER_SNAPSHOT_H_
