foreach(name IN ITEMS facts bind descriptors)
  bylaw_test(${name}_test ${CMAKE_CURRENT_LIST_DIR}/${name}_test.cc
             LIBS bylaw_descriptors bylaw_evaluator)
endforeach()
