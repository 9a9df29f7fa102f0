bylaw_test(check_test
           ${CMAKE_CURRENT_LIST_DIR}/check_samples_test.cc
           LIBS bylaw_compiler LABELS unit)
