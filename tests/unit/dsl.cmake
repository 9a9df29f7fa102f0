bylaw_test(dsl_source_test ${CMAKE_CURRENT_LIST_DIR}/dsl_source_test.cc
           LIBS bylaw_dsl LABELS unit)
bylaw_test(dsl_parser_test ${CMAKE_CURRENT_LIST_DIR}/dsl_parser_test.cc
           LIBS bylaw_dsl LABELS unit)
bylaw_test(dsl_errors_test ${CMAKE_CURRENT_LIST_DIR}/dsl_errors_test.cc
           LIBS bylaw_dsl LABELS unit)
bylaw_test(dsl_format_test ${CMAKE_CURRENT_LIST_DIR}/dsl_format_test.cc
           LIBS bylaw_dsl LABELS unit)
