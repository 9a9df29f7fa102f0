# The patches of tests/mutants apply to the sources as they are. That the fast
# tests kill every mutant takes a build of its own: tests/mutants/run.
add_test(NAME mutants_apply
         COMMAND ${CMAKE_SOURCE_DIR}/tests/mutants/run --check)
set_tests_properties(mutants_apply PROPERTIES SKIP_RETURN_CODE 77
                     LABELS sources)
