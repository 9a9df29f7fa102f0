foreach(name IN ITEMS mask filter sql sql_postgres)
  bylaw_test(${name}_test ${CMAKE_CURRENT_LIST_DIR}/${name}_test.cc
             LIBS bylaw_evaluator)
endforeach()
bylaw_test(decision_test ${CMAKE_CURRENT_LIST_DIR}/decision_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/decision_scopes_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/explain_test.cc
           ${CMAKE_CURRENT_LIST_DIR}/report_test.cc
           LIBS bylaw_test_runner bylaw_policies)
