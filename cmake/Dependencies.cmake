# Every library that is not ours, under one name each: bylaw::antlr, bylaw::re2,
# bylaw::yaml, bylaw::json, bylaw::absl, bylaw::protobuf, bylaw::grpc,
# bylaw::grpcpp_reflection, bylaw::openssl, bylaw::cli11, bylaw::benchmark,
# bylaw::catch. All come from the packages in scripts/packages.txt, of Debian 12
# and of Debian 13; libraries without a CMake package in one of the two are
# looked up as files.
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)

# bylaw_system_library(NAME HEADER header LIBRARIES lib... [SUFFIXES dir...])
function(bylaw_system_library name)
  cmake_parse_arguments(arg "" "HEADER" "LIBRARIES;SUFFIXES" ${ARGN})
  add_library(bylaw_${name} INTERFACE)
  add_library(bylaw::${name} ALIAS bylaw_${name})
  find_path(BYLAW_${name}_INCLUDE ${arg_HEADER} PATH_SUFFIXES ${arg_SUFFIXES}
            REQUIRED)
  target_include_directories(bylaw_${name} SYSTEM
                             INTERFACE ${BYLAW_${name}_INCLUDE})
  foreach(library IN LISTS arg_LIBRARIES)
    find_library(BYLAW_LIB_${library} ${library} REQUIRED)
    target_link_libraries(bylaw_${name} INTERFACE ${BYLAW_LIB_${library}})
  endforeach()
  target_link_libraries(bylaw_${name} INTERFACE Threads::Threads)
endfunction()

# bylaw_alias_library(NAME target...)
function(bylaw_alias_library name)
  add_library(bylaw_${name} INTERFACE)
  add_library(bylaw::${name} ALIAS bylaw_${name})
  target_link_libraries(bylaw_${name} INTERFACE ${ARGN})
endfunction()

bylaw_system_library(antlr HEADER antlr4-runtime.h SUFFIXES antlr4-runtime
                     LIBRARIES antlr4-runtime)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # One of its headers, which nobody needs, calls a constructor that C++20
  # deletes: a copy of the list of its headers leaves that one out.
  file(READ ${BYLAW_antlr_INCLUDE}/antlr4-runtime.h headers)
  string(REPLACE "#include \"misc/InterpreterDataReader.h\"" "" headers
                 "${headers}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/antlr/antlr4-runtime.h
       CONTENT "${headers}" @ONLY)
  target_include_directories(bylaw_antlr SYSTEM BEFORE
                             INTERFACE ${CMAKE_BINARY_DIR}/antlr)
endif()
bylaw_system_library(re2 HEADER re2/re2.h LIBRARIES re2)
bylaw_system_library(grpc HEADER grpcpp/grpcpp.h LIBRARIES grpc++ grpc gpr)
bylaw_system_library(grpcpp_reflection
                     HEADER grpcpp/ext/proto_server_reflection_plugin.h
                     LIBRARIES grpc++_reflection)
bylaw_system_library(benchmark HEADER benchmark/benchmark.h LIBRARIES benchmark)

bylaw_system_library(httplib HEADER httplib.h LIBRARIES cpp-httplib)

# Its classes have other layouts without this, and Debian's library has it.
target_compile_definitions(bylaw_httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT)
target_link_libraries(bylaw_httplib INTERFACE OpenSSL::SSL OpenSSL::Crypto)

bylaw_alias_library(json nlohmann_json::nlohmann_json)
bylaw_alias_library(openssl OpenSSL::SSL OpenSSL::Crypto)
bylaw_alias_library(cli11 CLI11::CLI11)
bylaw_alias_library(protobuf protobuf::libprotobuf)
if(TARGET yaml-cpp::yaml-cpp)
  bylaw_alias_library(yaml yaml-cpp::yaml-cpp)
else()
  bylaw_alias_library(yaml yaml-cpp)
endif()
bylaw_alias_library(
  absl
  absl::base absl::core_headers absl::cord absl::flat_hash_map
  absl::flat_hash_set absl::hash absl::inlined_vector absl::int128
  absl::node_hash_map absl::span absl::status absl::statusor absl::str_format
  absl::strings absl::synchronization absl::time)
target_link_libraries(bylaw_grpc INTERFACE bylaw::protobuf bylaw::absl
                                           absl::optional)
target_link_libraries(bylaw_grpcpp_reflection INTERFACE bylaw::grpc)

# Catch2 is 2 on Debian 12 (headers alone) and 3 on Debian 13; tests/catch.h
# hides the difference.
find_package(Catch2 3 CONFIG QUIET)
if(Catch2_FOUND)
  bylaw_alias_library(catch Catch2::Catch2)
else()
  bylaw_system_library(catch HEADER catch2/catch.hpp)
endif()

find_program(BYLAW_PROTOC protoc REQUIRED)
find_program(BYLAW_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_program(BYLAW_ANTLR antlr4 REQUIRED)
