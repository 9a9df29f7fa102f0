// Internal to the checker: cycles among declarations, without recursion.
#ifndef BYLAW_COMPILER_CHECK_GRAPH_H_
#define BYLAW_COMPILER_CHECK_GRAPH_H_

#include <cstdint>
#include <vector>

namespace bylaw {

// `edges[i]` lists what i uses. True for every node that lies on a cycle or
// between two cycles: what remains after taking away, again and again, all
// nodes that use nothing or are used by nothing that is left.
inline std::vector<bool> OnCycle(
    const std::vector<std::vector<uint32_t>>& edges) {
  const size_t n = edges.size();
  std::vector<uint32_t> outgoing(n, 0), incoming(n, 0);
  std::vector<std::vector<uint32_t>> users(n);
  for (size_t i = 0; i < n; ++i) {
    outgoing[i] = static_cast<uint32_t>(edges[i].size());
    for (const uint32_t used : edges[i]) {
      ++incoming[used];
      users[used].push_back(static_cast<uint32_t>(i));
    }
  }
  std::vector<bool> left(n, true);
  std::vector<uint32_t> work;
  const auto drop = [&](uint32_t i) {
    if (left[i] && (outgoing[i] == 0 || incoming[i] == 0)) {
      left[i] = false;
      work.push_back(i);
    }
  };
  for (uint32_t i = 0; i < n; ++i) drop(i);
  while (!work.empty()) {
    const uint32_t i = work.back();
    work.pop_back();
    for (const uint32_t user : users[i]) {
      --outgoing[user];
      drop(user);
    }
    for (const uint32_t used : edges[i]) {
      --incoming[used];
      drop(used);
    }
  }
  return left;
}

}  // namespace bylaw

#endif  // BYLAW_COMPILER_CHECK_GRAPH_H_
