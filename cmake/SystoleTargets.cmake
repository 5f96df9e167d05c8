# systole_library(NAME [OWN_OPTIONS] SOURCES ... DEPENDS ...): the one library of a top folder.
#   OWN_OPTIONS: sources with options of their own (-fopenmp, -ffp-contract=off): a precompiled header does not fit
#   them, or, worse, brings its own.
#   With SYSTOLE_UNITY its sources are compiled by folder, twelve at a time (SystoleUnity.cmake).
# systole_test(NAME SOURCES ... DEPENDS ...): one GoogleTest program; a suite of fast tests is a ctest, every other
#   TEST one of its own. Sources named *_test.cpp are optimised little: most of their time goes to compiling
#   them, and what counts cycles or bytes beside them is in other files.

# Designated initialisers leave members at their defaults on purpose; gcc 12 sees overlaps and
# overreads in std::string and boost::container that are not there (its bug 105651 and kin).
set(SYSTOLE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wno-missing-field-initializers -Wno-restrict -Wno-stringop-overread)
if(SYSTOLE_WERROR)
  list(APPEND SYSTOLE_WARNINGS -Werror)
endif()

# Libraries can become part of a shared object, such as a module of Python.
set(SYSTOLE_LIBRARY_CODE -fPIC -fno-semantic-interposition)

include(SystolePrecompiled)
include(SystoleUnity)
set(SYSTOLE_LIST_SUITES "${CMAKE_CURRENT_LIST_DIR}/ListSuites.cmake")

function(systole_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "OWN_OPTIONS" "" "SOURCES;DEPENDS")
  add_library(systole_${name} STATIC ${ARG_SOURCES})
  target_include_directories(systole_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_options(systole_${name} PRIVATE ${SYSTOLE_WARNINGS} ${SYSTOLE_LIBRARY_CODE})
  target_link_libraries(systole_${name} PUBLIC ${ARG_DEPENDS})
  if(NOT ARG_OWN_OPTIONS)
    systole_precompiled(systole_${name} standard)
  endif()
  systole_unite(systole_${name} ${ARG_SOURCES})
endfunction()

# SLOW and TOOL: patterns of tests, as --gtest_filter has them, that take long, or run another program (a
# browser, a compiler of its own). Their label says so; all others have the label `fast`.
# ALONE: patterns of fast tests that take a process each: those that simulate in it, since SystemC elaborates once.
function(systole_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;DEPENDS;SLOW;TOOL;ALONE")
  set(tests "${ARG_SOURCES}")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER ARG_SOURCES EXCLUDE REGEX "_test\\.cpp$")
  systole_united_tests(${name} tests ${tests})
  add_executable(${name} ${ARG_SOURCES} ${tests})
  target_compile_options(${name} PRIVATE ${SYSTOLE_WARNINGS})
  target_compile_definitions(${name} PRIVATE SYSTOLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  systole_precompiled(${name} tests)
  set_property(SOURCE ${tests} APPEND PROPERTY COMPILE_OPTIONS "$<$<CONFIG:Release>:-O1>")
  string(JOIN : slow ${ARG_SLOW})
  string(JOIN : tool ${ARG_TOOL})
  string(JOIN : alone ${ARG_ALONE})
  if(NOT slow STREQUAL "*" AND NOT alone STREQUAL "*")
    string(JOIN : others ${ARG_SLOW} ${ARG_TOOL} ${ARG_ALONE})
    systole_list_suites(${name} fast "-${others}")
  endif()
  if(alone)
    systole_discover(${name} fast "${alone}:-${slow}:${tool}")
  endif()
  if(slow)
    systole_discover(${name} slow "${slow}:-${tool}")
  endif()
  if(tool)
    systole_discover(${name} tool "${tool}")
  endif()
endfunction()

function(systole_discover name label filter)
  gtest_discover_tests(${name} TEST_FILTER "${filter}" TEST_LIST ${name}_${label} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 300 LABELS ${label})
endfunction()

# A ctest for each suite, written when the program is built.
function(systole_list_suites name label filter)
  set(suites "${CMAKE_CURRENT_BINARY_DIR}/${name}_suites.cmake")
  add_custom_command(TARGET ${name} POST_BUILD BYPRODUCTS "${suites}"
    COMMAND ${CMAKE_COMMAND} "-DPROGRAM=$<TARGET_FILE:${name}>" "-DFILTER=${filter}" "-DLABEL=${label}"
            "-DOUTPUT=${suites}" -P "${SYSTOLE_LIST_SUITES}" VERBATIM)
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${name}_suites_include.cmake")
  file(WRITE "${include}" "if(EXISTS [==[${suites}]==])\n  include([==[${suites}]==])\n"
    "else()\n  add_test(${name}_NOT_BUILT ${name}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()
