# How own code is compiled: warnings are errors, ccache where it is found,
# sanitizers by BYLAW_SANITIZE (a value of -fsanitize=), fuzz targets by
# BYLAW_FUZZ (clang alone).
set(BYLAW_SANITIZE "" CACHE STRING "sanitizers: address,undefined or thread")
option(BYLAW_FUZZ "Build tests/fuzz; libraries count what inputs reach" OFF)

add_compile_options(-Wall -Wextra -Werror
                    -Wno-missing-field-initializers)  # {.a = 1} is the point
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)  # GCC 12 warns of its own std::string (PR105651)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    add_compile_options(-Wno-dangling-reference)  # fires on every view-taking getter
  endif()
endif()

if(BYLAW_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "BYLAW_FUZZ needs clang, for its libFuzzer: "
                        "cmake --preset fuzz")
  endif()
endif()

if(BYLAW_SANITIZE)
  add_compile_options(-fsanitize=${BYLAW_SANITIZE} -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)  # false under instrumentation
  endif()
  add_link_options(-fsanitize=${BYLAW_SANITIZE})
  # The distribution's abseil is not instrumented; without this its hash tables
  # would have another layout in our code than in its library.
  add_compile_definitions(NDEBUG_SANITIZER)
  add_library(bylaw_sanitizer_options OBJECT
              ${CMAKE_SOURCE_DIR}/cmake/sanitizer_options.cc)
  link_libraries(bylaw_sanitizer_options)
  if(BYLAW_SANITIZE MATCHES "thread")
    # What gRPC's server is made of, for sanitizer_options.cc.
    find_library(BYLAW_LIB_grpc++_reflection grpc++_reflection REQUIRED)
    execute_process(COMMAND ldd ${BYLAW_LIB_grpc++_reflection}
                    OUTPUT_VARIABLE loaded COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL
           "lib(grpc|gpr|upb|absl|protobuf|utf8|ssl|crypto|cares|address_sorting)[^ ]*[.]so"
           libraries "${loaded}")
    list(REMOVE_DUPLICATES libraries)
    list(TRANSFORM libraries REPLACE "(.+)" "\"called_from_lib:\\1\\\\n\"\n")
    list(JOIN libraries "" libraries)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/sanitizers/grpc_libraries.inc
         CONTENT "${libraries}" @ONLY)
    target_include_directories(bylaw_sanitizer_options
                               PRIVATE ${CMAKE_BINARY_DIR}/sanitizers)
    target_compile_definitions(bylaw_sanitizer_options
                               PRIVATE BYLAW_THREAD_SANITIZER)
    target_sources(bylaw_sanitizer_options
                   PRIVATE ${CMAKE_SOURCE_DIR}/cmake/abseil_mutex.cc)
    # protobuf's maps have another layout in code that says it is instrumented
    # than in the distribution's library, so it does not say so; only libstdc++
    # is told.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
  if(BYLAW_SANITIZE MATCHES "undefined")
    # vptr needs the RTTI of every library. With the three null checks GCC no
    # longer folds &function == nullptr, which Debian 13's abseil does in
    # constant expressions; the address sanitizer traps null all the same.
    add_compile_options(
      -fno-sanitize-recover=undefined
      -fno-sanitize=vptr,null,nonnull-attribute,returns-nonnull-attribute)
  endif()
endif()

# Paths below the build folder are hashed relative to it, so that all build
# folders of a machine share what was compiled from generated code.
find_program(BYLAW_CCACHE ccache)
if(BYLAW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
      CCACHE_BASEDIR=${CMAKE_BINARY_DIR} ${BYLAW_CCACHE})
endif()
