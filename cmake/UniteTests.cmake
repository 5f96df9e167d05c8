# cmake -DOUTPUT=FILE.cpp -DSOURCES="a;b" -P UniteTests.cmake
# Writes the tests of several sources into one, each source's anonymous namespace in a namespace of its own, so
# that tests name their helpers as if they were alone. Lines keep their file and number.
set(text "// Made by cmake/UniteTests.cmake.\nnamespace testing {}\nnamespace systole::testing {\nusing namespace ::testing;\n}\n")
set(number 0)
foreach(source IN LISTS SOURCES)
  file(READ "${source}" one)
  string(REPLACE "\nnamespace {\n" "\nnamespace united_${number} { namespace {\n" one "${one}")
  string(REPLACE "\n}  // namespace\n" "\n}} using namespace united_${number};\n" one "${one}")
  string(APPEND text "#line 1 \"${source}\"\n${one}")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
