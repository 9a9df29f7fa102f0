# Libraries of generated code. They are compiled without our warnings, and their
# headers count as system headers for those who include them.
set(BYLAW_GENERATED ${CMAKE_BINARY_DIR}/generated)

# bylaw_antlr_library(NAME Grammar.g4): the lexer and parser of a combined
# grammar, with a visitor and no listener, in namespace bylaw::grammar. Included
# by the grammar's folder: #include "dsl/BylawParser.h".
function(bylaw_antlr_library name grammar)
  get_filename_component(stem ${grammar} NAME_WE)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(out ${BYLAW_GENERATED}/${folder})
  set(units ${stem}Lexer ${stem}Parser ${stem}Visitor ${stem}BaseVisitor)
  list(TRANSFORM units PREPEND ${out}/ OUTPUT_VARIABLE paths)
  list(TRANSFORM paths APPEND .cpp OUTPUT_VARIABLE sources)
  list(TRANSFORM paths APPEND .h OUTPUT_VARIABLE headers)
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND ${BYLAW_ANTLR} -Dlanguage=Cpp -visitor -no-listener -Werror
            -package bylaw::grammar -Xexact-output-dir -o ${out} ${grammar}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    DEPENDS ${grammar}
    COMMENT "ANTLR ${grammar}"
    VERBATIM)
  add_library(${name} STATIC ${sources} ${headers})
  target_include_directories(${name} SYSTEM PUBLIC ${BYLAW_GENERATED})
  target_link_libraries(${name} PUBLIC bylaw::antlr)
  # Debian 12's generator emits u8"" literals where a std::string is meant.
  target_compile_options(${name} PRIVATE -w -fno-char8_t)
endfunction()

# bylaw_proto_library(NAME path.proto...): messages and gRPC services of files
# below the calling folder, which is the root of their import paths:
# bylaw/v1/bylaw.proto is included as "bylaw/v1/bylaw.grpc.pb.h".
function(bylaw_proto_library name)
  set(out ${BYLAW_GENERATED}/proto)
  set(products)
  foreach(proto IN LISTS ARGN)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(files ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc
              ${out}/${stem}.grpc.pb.h)
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND ${BYLAW_PROTOC} -I ${CMAKE_CURRENT_SOURCE_DIR} --cpp_out=${out}
              --grpc_out=${out}
              --plugin=protoc-gen-grpc=${BYLAW_GRPC_CPP_PLUGIN} ${proto}
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
      DEPENDS ${proto}
      COMMENT "protoc ${proto}"
      VERBATIM)
    list(APPEND products ${files})
  endforeach()
  add_library(${name} STATIC ${products})
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC bylaw::grpc)
  target_compile_options(${name} PRIVATE -w)
endfunction()
