bylaw_test(pitfalls ${CMAKE_CURRENT_SOURCE_DIR}/unit/pitfalls_test.cc
           LIBS bylaw_properties)
