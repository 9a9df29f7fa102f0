# The naive evaluator, and what is compared with it.
add_library(bylaw_reference STATIC
  ${CMAKE_CURRENT_SOURCE_DIR}/reference/model.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/reference/expressions.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/reference/decide.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/reference/words.cc)
target_link_libraries(bylaw_reference PUBLIC bylaw_compiler bylaw_cli bylaw::re2)
target_compile_options(bylaw_reference PRIVATE ${optimised})
bylaw_test(differential ${CMAKE_CURRENT_SOURCE_DIR}/reference/differential_test.cc
           LIBS bylaw_reference bylaw_lang_cases)
