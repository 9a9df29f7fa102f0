# Documents that are made from tables, and a test that they are up to date:
# build generate_docs and run it on docs/ after a change of a table.
add_executable(generate_docs ${CMAKE_SOURCE_DIR}/docs/generate_docs.cc)
target_link_libraries(generate_docs PRIVATE bylaw_policies bylaw_dsl
                                            bylaw_bytecode)
add_test(NAME generated_docs COMMAND generate_docs --check
                                     ${CMAKE_SOURCE_DIR}/docs)

add_test(NAME named_tests COMMAND
         ${CMAKE_CURRENT_SOURCE_DIR}/docs/named_tests
         ${CMAKE_SOURCE_DIR}/docs/security.md)
set_tests_properties(named_tests PROPERTIES LABELS sources)
