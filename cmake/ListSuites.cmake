# cmake -DPROGRAM=FILE -DFILTER=-NEGATIVE:PATTERNS -DLABEL=fast -DOUTPUT=FILE.cmake -P ListSuites.cmake
# Writes a ctest for each suite of a GoogleTest program that has tests beside FILTER: all of these in one process.
execute_process(COMMAND "${PROGRAM}" --gtest_list_tests "--gtest_filter=${FILTER}"
  OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" "\\;" listed "${listed}")
string(REPLACE "\n" ";" listed "${listed}")
set(tests)
foreach(line IN LISTS listed)
  if(line MATCHES "^([A-Za-z0-9_/]+)\\.( *#.*)?$")  # its tests follow, indented
    set(suite "${CMAKE_MATCH_1}")
    string(APPEND tests "add_test([==[${suite}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${suite}.*${FILTER}]==])\n"
      "set_tests_properties([==[${suite}]==] PROPERTIES TIMEOUT 300 LABELS ${LABEL})\n")
  endif()
endforeach()
file(WRITE "${OUTPUT}" "${tests}")
