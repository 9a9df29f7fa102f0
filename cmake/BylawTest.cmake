# bylaw_test(NAME file.cc... [LIBS target...] [LABELS label...]): one Catch2
# executable, registered with ctest under NAME. Tests run in the repository's
# root; BYLAW_SOURCE_DIR and BYLAW_BINARY_DIR name it and the build folder, and
# the environment variable BYLAW_BIN the command under test.
function(bylaw_test name)
  cmake_parse_arguments(arg "" "" "LIBS;LABELS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS}
                         $<TARGET_OBJECTS:bylaw_catch_main>)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                           ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} bylaw::catch)
  target_compile_definitions(
    ${name} PRIVATE BYLAW_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                    BYLAW_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(
    ${name} PROPERTIES TIMEOUT 600 LABELS "${arg_LABELS}" ENVIRONMENT
                       "BYLAW_BIN=${CMAKE_BINARY_DIR}/bin/bylaw")
endfunction()
