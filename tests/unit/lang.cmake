# The text cases of tests/lang; the runner of the language's tests is the
# command's own.
bylaw_test(lang_test ${CMAKE_SOURCE_DIR}/tests/lang/lang_test.cc
           ${CMAKE_SOURCE_DIR}/cli/test_runner.cc
           LIBS bylaw_compiler bylaw_evaluator bylaw_policies)
