bylaw_test(check_test
           ${CMAKE_CURRENT_LIST_DIR}/check_samples_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/check_schema_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/check_expr_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/check_policies_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/check_typed_test.cc
           LIBS bylaw_compiler LABELS unit)
