# The text cases of tests/lang; the runner of the language's tests is the
# command's own.
bylaw_test(lang_test ${CMAKE_SOURCE_DIR}/tests/lang/lang_test.cc
           LIBS bylaw_test_runner bylaw_policies)
