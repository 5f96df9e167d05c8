#include <systemc>

#include <gtest/gtest.h>

/// The SystemC library refers to it; its own `main`, where the linker takes that, calls it.
int sc_main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
