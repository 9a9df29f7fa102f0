foreach(name IN ITEMS scalar serialize verifier)
  bylaw_test(bytecode_${name}_test
             ${CMAKE_CURRENT_LIST_DIR}/bytecode_${name}_test.cc
             LIBS bylaw_bytecode)
endforeach()
bylaw_test(vm_test ${CMAKE_CURRENT_LIST_DIR}/vm_test.cc LIBS bylaw_evaluator)
