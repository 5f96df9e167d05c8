# systole_unite(TARGET SOURCES...): with SYSTOLE_UNITY the sources of a folder are compiled together, twelve at a
# time; folders of few sources share a file. Headers are then parsed once for twelve sources: a build from nothing
# takes a third of the time, one of a changed source longer, so that it is OFF where engineers work (presets) and
# ON where a build starts from nothing (scripts/).
#   Sources of a folder are one namespace then: what two of them need is one helper in a header, what only looks
#   alike has two names.
# systole_united_tests(NAME RESULT SOURCES...): in RESULT the sources to compile for these tests: with SYSTOLE_UNITY
# files made of twelve of them, in which each has its namespace (UniteTests.cmake).

option(SYSTOLE_UNITY "Compile several sources at a time" OFF)
set(SYSTOLE_UNITED 12)  # sources at a time
set(SYSTOLE_FEW 6)      # a folder's sources start a file of their own behind so many
set(SYSTOLE_UNITE_TESTS "${CMAKE_CURRENT_LIST_DIR}/UniteTests.cmake")

# Sets PREFIX_0 ... PREFIX_n to the sources of each file, and PREFIX to these names.
function(systole_groups prefix)
  set(by_folder)
  foreach(source IN LISTS ARGN)
    cmake_path(GET source PARENT_PATH folder)
    list(APPEND by_folder "${folder}|${source}")
  endforeach()
  list(SORT by_folder)
  set(groups)
  set(group)
  set(before)
  foreach(entry IN LISTS by_folder)
    string(REGEX MATCH "^([^|]*)\\|(.*)$" entry "${entry}")
    list(LENGTH group count)
    if(count GREATER_EQUAL SYSTOLE_UNITED OR (count GREATER_EQUAL SYSTOLE_FEW AND NOT CMAKE_MATCH_1 STREQUAL before))
      list(LENGTH groups number)
      set(${prefix}_${number} "${group}" PARENT_SCOPE)
      list(APPEND groups ${prefix}_${number})
      set(group)
    endif()
    list(APPEND group "${CMAKE_MATCH_2}")
    set(before "${CMAKE_MATCH_1}")
  endforeach()
  list(LENGTH groups number)
  set(${prefix}_${number} "${group}" PARENT_SCOPE)
  list(APPEND groups ${prefix}_${number})
  set(${prefix} "${groups}" PARENT_SCOPE)
endfunction()

function(systole_unite target)
  if(NOT SYSTOLE_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # An included source is no header: its types may have members of its anonymous namespace.
  target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  systole_groups(united ${ARGN})
  foreach(group IN LISTS united)
    string(REGEX REPLACE "^united_" "" number "${group}")
    set_property(SOURCE ${${group}} PROPERTY UNITY_GROUP ${number})
  endforeach()
endfunction()

function(systole_united_tests name result)
  list(LENGTH ARGN count)
  if(NOT SYSTOLE_UNITY OR count LESS 2)
    set(${result} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  systole_groups(${name} ${ARGN})
  set(files)
  foreach(group IN LISTS ${name})
    set(sources)
    foreach(source IN LISTS ${group})
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
      list(APPEND sources "${source}")
    endforeach()
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${group}.cpp")
    add_custom_command(OUTPUT "${file}" DEPENDS ${sources} "${SYSTOLE_UNITE_TESTS}"
      COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${file}" "-DSOURCES=${sources}" -P "${SYSTOLE_UNITE_TESTS}"
      COMMENT "Uniting the tests of ${group}" VERBATIM)
    list(APPEND files "${file}")
  endforeach()
  set(${result} ${files} PARENT_SCOPE)
endfunction()
