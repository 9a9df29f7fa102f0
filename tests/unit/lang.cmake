# The text cases of tests/lang; the runner of the language's tests is the
# command's own.
add_library(bylaw_lang_cases STATIC ${CMAKE_SOURCE_DIR}/tests/lang/cases.cc)
target_link_libraries(bylaw_lang_cases PUBLIC bylaw_compiler bylaw_policies)
target_compile_definitions(bylaw_lang_cases
  PUBLIC BYLAW_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
bylaw_test(lang_test ${CMAKE_SOURCE_DIR}/tests/lang/lang_test.cc
           LIBS bylaw_test_runner bylaw_lang_cases)
