#include "app/program.h"

int main(int argc, char** argv) {
  return systole::run_program(argc, argv);
}
