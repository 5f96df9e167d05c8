# systole_precompiled_header(NAME LIBRARIES...): parses precompiled/NAME.h, of these libraries, once a build.
# systole_precompiled(TARGET NAME): TARGET's sources begin with it.
#
# Not CMake's own target_precompile_headers: there the header's path is also the parsed file's, so that
# clang-tidy takes gcc's file for one of its own, and ccache looks at the file, different in each build,
# instead of at the headers, so that no two builds share anything. Here the parsed file stands in a
# directory of its own, searched before the header's. gcc finds it there, every other tool finds the header;
# so does gcc where the parsed file does not fit the options of a source, and warns. Inlined from a parsed
# header, std::string brings gcc 12 more of the overreads that are not there (SystoleTargets.cmake): they are
# silenced here alone, and a build with SYSTOLE_PRECOMPILED=OFF still looks for them.

option(SYSTOLE_PRECOMPILED "Parse the headers of other libraries once a build" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU OR CMAKE_GENERATOR MATCHES "Makefiles|Multi|Visual|Xcode")
  set(SYSTOLE_PRECOMPILED OFF)
endif()
set(SYSTOLE_PRECOMPILED_FROM "${CMAKE_CURRENT_LIST_DIR}/precompiled")

function(systole_precompiled_header name)
  if(NOT SYSTOLE_PRECOMPILED)
    return()
  endif()
  set(header "${SYSTOLE_PRECOMPILED_FROM}/${name}.h")
  set(parsed "${PROJECT_BINARY_DIR}/precompiled/${name}.h.gch")
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  separate_arguments(options UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
  list(APPEND options ${SYSTOLE_WARNINGS})  # -Wpedantic defines macros
  if(name STREQUAL standard)
    list(APPEND options ${SYSTOLE_LIBRARY_CODE})
  endif()
  foreach(library IN LISTS ARGN)
    foreach(kind IN ITEMS "COMPILE_DEFINITIONS -D" "INCLUDE_DIRECTORIES -I" "COMPILE_OPTIONS ")
      string(REGEX MATCH "^([A-Z_]+) (.*)" kind "${kind}")
      set(values "$<TARGET_PROPERTY:${library},INTERFACE_${CMAKE_MATCH_1}>")
      list(APPEND options "$<$<BOOL:${values}>:${CMAKE_MATCH_2}$<JOIN:${values},$<SEMICOLON>${CMAKE_MATCH_2}>>")
    endforeach()
  endforeach()
  add_custom_command(OUTPUT "${parsed}" DEPENDS "${header}" DEPFILE "${parsed}.d"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${PROJECT_BINARY_DIR}/precompiled"
    COMMAND "${CMAKE_CXX_COMPILER}" ${options} -std=c++${CMAKE_CXX_STANDARD}
            -MD -MT "${parsed}" -MF "${parsed}.d" -x c++-header -o "${parsed}" "${header}"
    COMMENT "Parsing ${name}.h" COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(systole_precompiled_${name} DEPENDS "${parsed}")
endfunction()

function(systole_precompiled target name)
  if(SYSTOLE_PRECOMPILED)
    add_dependencies(${target} systole_precompiled_${name})
    target_compile_options(${target} PRIVATE "-I${PROJECT_BINARY_DIR}/precompiled"
      "-I${SYSTOLE_PRECOMPILED_FROM}" -include ${name}.h -Winvalid-pch -Wno-error=invalid-pch
      -Wno-array-bounds -Wno-stringop-overflow)
  endif()
endfunction()
