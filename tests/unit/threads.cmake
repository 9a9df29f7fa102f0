bylaw_test(threads_test ${CMAKE_CURRENT_LIST_DIR}/threads_test.cc
           LIBS bylaw_server LABELS threads)
