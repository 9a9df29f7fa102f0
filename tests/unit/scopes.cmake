bylaw_test(scopes_manifest_test
           ${CMAKE_CURRENT_LIST_DIR}/scopes_manifest_test.cc
           LIBS bylaw_compiler)
