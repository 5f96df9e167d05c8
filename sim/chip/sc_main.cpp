#include <systemc>

/// The SystemC library refers to this function from its own `main`, which no program of ours uses.
int sc_main(int /*argc*/, char* /*argv*/[]) {
  return 1;
}
