// SCALE-Sim's topologies.
#include "compiler/frontend/read_network.h"
#include "compiler/frontend/scale_sim.h"
#include "tests/fuzz/readers/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return systole::read_bytes(data, size, [](std::string_view bytes) {
    const std::string description = systole::scale_sim_description(bytes, "t.csv");
    static_cast<void>(systole::parse_network(description, "t.csv", {}));
  });
}
