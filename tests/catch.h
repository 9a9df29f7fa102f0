// Catch2, as version 2 (Debian 12) or 3 (Debian 13). Tests write version 3's
// names: Catch::Approx, Catch::Matchers::ContainsSubstring.
#ifndef BYLAW_TESTS_CATCH_H_
#define BYLAW_TESTS_CATCH_H_

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#include <string>

namespace Catch::Matchers {

inline StdString::ContainsMatcher ContainsSubstring(const std::string& text) {
  return Contains(text);
}

}  // namespace Catch::Matchers
#endif

#endif  // BYLAW_TESTS_CATCH_H_
