bylaw_test(scopes_manifest_test
           ${CMAKE_CURRENT_LIST_DIR}/scopes_manifest_test.cc
           LIBS bylaw_compiler)
bylaw_test(scopes_compile_test
           ${CMAKE_CURRENT_LIST_DIR}/scopes_compile_test.cc
           LIBS bylaw_compiler bylaw_policies)
