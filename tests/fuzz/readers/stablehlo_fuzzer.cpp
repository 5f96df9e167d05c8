// Modules of StableHLO, every argument an input: text, translation, passes, graph.
#include "compiler/frontend/stablehlo/read_stablehlo_network.h"
#include "tests/fuzz/readers/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return systole::read_bytes(data, size, [](std::string_view bytes) {
    static_cast<void>(systole::parse_stablehlo_network(
        bytes, "m.mlir",
        {{.type = systole::DataType::Bf16, .numbers = false, .parameters = "none"}, {}, false}));
  });
}
