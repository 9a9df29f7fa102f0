# Random repositories and requests against the oracle; `soak` runs as long as
# asked.
add_library(bylaw_properties STATIC
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/piece.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/world.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/expressions.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/generate.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/compare.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/laws.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/laws_requests.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/laws_rules.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/looser.cc)
target_link_libraries(bylaw_properties PUBLIC bylaw_reference bylaw_cli)
target_compile_options(bylaw_properties PRIVATE ${optimised})
# The counting machine stands in for the library's, which is not linked then.
add_executable(soak ${CMAKE_CURRENT_SOURCE_DIR}/properties/soak_main.cc
                    ${CMAKE_CURRENT_SOURCE_DIR}/properties/counted_vm.cc)
set_target_properties(soak PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_link_libraries(soak PRIVATE bylaw_properties)
target_compile_options(soak PRIVATE ${optimised})
# Sanitizers make it ten times as slow.
set(soak_pairs 20000)
if(BYLAW_SANITIZE)
  set(soak_pairs 2000)
endif()
add_test(NAME properties_soak COMMAND soak --pairs=${soak_pairs} --seed=1)
