systole_test(compiler_activations_test
  SOURCES
    frontend/activations_test.cpp
  DEPENDS systole_compiler systole_reference)
