bylaw_test(bytecode_scalar_test ${CMAKE_CURRENT_LIST_DIR}/bytecode_scalar_test.cc
           LIBS bylaw_bytecode)
