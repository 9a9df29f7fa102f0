// The text cases of tests/lang: where they are, what they compile to, what they
// expect (lang_test.cc says how a case is written). Read by lang_test, and by
// the comparison of the engine with the oracle.
#ifndef BYLAW_TESTS_LANG_CASES_H_
#define BYLAW_TESTS_LANG_CASES_H_

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/compile.h"

namespace bylaw::lang {

inline constexpr char kRoot[] = BYLAW_SOURCE_DIR "/tests/lang";
inline constexpr char kNow[] = "2026-11-20T12:00:00Z";

// (file, line, code); the code may be FAILS.
using Finding = std::tuple<std::string, uint32_t, std::string>;

std::string ReadText(const std::filesystem::path& path);

// Folders that are repositories, and files outside of them; sorted.
std::vector<std::filesystem::path> FindCases();

// The case with the packs and, beside a file, the world. `expected` gets what
// stands in its comments.
CompileInput InputOf(const std::filesystem::path& path,
                     std::multiset<Finding>* expected);

// Some finding is an error, so that the case need not compile.
bool ExpectsError(const std::multiset<Finding>& expected);

}  // namespace bylaw::lang

#endif  // BYLAW_TESTS_LANG_CASES_H_
