foreach(name IN ITEMS scalar schema serialize verifier)
  bylaw_test(bytecode_${name}_test
             ${CMAKE_CURRENT_LIST_DIR}/bytecode_${name}_test.cc
             LIBS bylaw_bytecode)
endforeach()
foreach(name IN ITEMS vm vm_random)
  bylaw_test(${name}_test ${CMAKE_CURRENT_LIST_DIR}/${name}_test.cc
             LIBS bylaw_evaluator)
endforeach()
bylaw_test(lower_test ${CMAKE_CURRENT_LIST_DIR}/lower_test.cc
           LIBS bylaw_compiler bylaw_policies)
