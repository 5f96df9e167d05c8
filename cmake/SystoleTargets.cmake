# systole_library(NAME [OWN_OPTIONS] SOURCES ... DEPENDS ...): the one library of a top folder.
#   OWN_OPTIONS: sources with options of their own (-fopenmp, -ffp-contract=off): a precompiled header does not fit
#   them, or, worse, brings its own.
# systole_test(NAME SOURCES ... DEPENDS ...): one GoogleTest program; every TEST is a ctest of its own
#   (one SystemC elaboration per process). Sources named *_test.cpp are optimised little: most of their
#   time goes to compiling them, and what counts cycles or bytes beside them is in other files.

# Designated initialisers leave members at their defaults on purpose; gcc 12 sees overlaps and
# overreads in std::string and boost::container that are not there (its bug 105651 and kin).
set(SYSTOLE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wno-missing-field-initializers -Wno-restrict -Wno-stringop-overread)
if(SYSTOLE_WERROR)
  list(APPEND SYSTOLE_WARNINGS -Werror)
endif()

include(SystolePrecompiled)

function(systole_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "OWN_OPTIONS" "" "SOURCES;DEPENDS")
  add_library(systole_${name} STATIC ${ARG_SOURCES})
  target_include_directories(systole_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_options(systole_${name} PRIVATE ${SYSTOLE_WARNINGS})
  target_link_libraries(systole_${name} PUBLIC ${ARG_DEPENDS})
  if(NOT ARG_OWN_OPTIONS)
    systole_precompiled(systole_${name} standard)
  endif()
endfunction()

function(systole_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${SYSTOLE_WARNINGS})
  target_compile_definitions(${name} PRIVATE SYSTOLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  systole_precompiled(${name} tests)
  list(FILTER ARG_SOURCES INCLUDE REGEX "_test\\.cpp$")
  set_property(SOURCE ${ARG_SOURCES} APPEND PROPERTY COMPILE_OPTIONS "$<$<CONFIG:Release>:-O1>")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
