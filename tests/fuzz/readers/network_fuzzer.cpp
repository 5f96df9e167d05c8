// Layer descriptions, and Timeloop's problems, which are YAML too.
#include "compiler/frontend/read_network.h"
#include "tests/fuzz/readers/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return systole::read_bytes(data, size, [](std::string_view bytes) {
    const std::string file = systole::file_of(bytes, ".yaml");
    static_cast<void>(systole::read_network(file, {.numbers = false}));
  });
}
