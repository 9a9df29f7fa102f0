# Random repositories and requests against the oracle; `soak` runs as long as
# asked.
add_library(bylaw_properties STATIC
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/piece.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/world.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/expressions.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/generate.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/compare.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/properties/laws.cc)
target_link_libraries(bylaw_properties PUBLIC bylaw_reference bylaw_cli)
add_executable(soak ${CMAKE_CURRENT_SOURCE_DIR}/properties/soak_main.cc)
set_target_properties(soak PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_link_libraries(soak PRIVATE bylaw_properties)
add_test(NAME properties_soak COMMAND soak --pairs=20000 --seed=1)
