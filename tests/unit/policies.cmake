# The packs and the example pass their own tests, and every command that a
# document shows is run as a reader would.
foreach(repository IN ITEMS policies/mesh/tests policies/standard examples/acme)
  string(REPLACE "/" "_" name ${repository})
  add_test(NAME ${name} COMMAND bylaw test -C ${CMAKE_SOURCE_DIR}/${repository})
endforeach()
foreach(document IN ITEMS README.md examples/acme/README.md)
  string(MAKE_C_IDENTIFIER docs_${document} name)
  add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/docs/run
           ${CMAKE_SOURCE_DIR}/${document} ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
                       BYLAW_BIN=$<TARGET_FILE:bylaw>)
endforeach()
foreach(document IN ITEMS docs/tutorial.md docs/language.md docs/decisions.md)
  string(MAKE_C_IDENTIFIER ${document} name)
  add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/docs/run
           ${CMAKE_SOURCE_DIR}/${document})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
                       BYLAW_BIN=$<TARGET_FILE:bylaw>)
endforeach()
# Policies that ship are formatted.
foreach(repository IN ITEMS policies/mesh/tests policies/standard examples/acme)
  string(REPLACE "/" "_" name ${repository})
  add_test(NAME ${name}_formatted COMMAND bylaw fmt --check -C
           ${CMAKE_SOURCE_DIR}/${repository})
endforeach()
# What Acme has published passes its own gates.
file(GLOB acme_products CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/examples/acme/products/*.odcs.yaml)
add_test(NAME acme_products COMMAND bylaw check -C
         ${CMAKE_SOURCE_DIR}/examples/acme ${acme_products})
