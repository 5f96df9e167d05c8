# cmake -DOUTPUT=FILE.cpp -DHEADER=INCLUDE -DNAMES="kA;kB" -DFILES="a;b" -P EmbedText.cmake
# Writes a C++ source that defines each name of namespace systole as the text of its file.
set(source "// Made by cmake/EmbedText.cmake.\n#include \"${HEADER}\"\n\nnamespace systole {\n\n")
foreach(name file IN ZIP_LISTS NAMES FILES)
  file(READ "${file}" text)
  string(FIND "${text}" ")embedded\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${file} holds the end of a raw string: choose another delimiter")
  endif()
  string(APPEND source "const std::string_view ${name} = R\"embedded(${text})embedded\";\n\n")
endforeach()
string(APPEND source "}  // namespace systole\n")
file(WRITE "${OUTPUT}" "${source}")
