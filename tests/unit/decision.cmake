foreach(name IN ITEMS mask filter sql sql_postgres)
  bylaw_test(${name}_test ${CMAKE_CURRENT_LIST_DIR}/${name}_test.cc
             LIBS bylaw_evaluator)
endforeach()
