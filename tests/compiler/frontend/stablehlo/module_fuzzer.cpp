// libFuzzer: any bytes are a module or a message. scripts/fuzz_modules builds and runs it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "arch/diag/error.h"
#include "compiler/frontend/stablehlo/module.h"
#include "compiler/frontend/stablehlo/translate_module.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const systole::HloModule module = systole::parse_hlo_module(text, "m.mlir");
    static_cast<void>(systole::translate_hlo_module(
        module, [](std::size_t) -> std::optional<systole::OnnxConstant> { return std::nullopt; }));
  } catch (const systole::UserError&) {  // what is wrong is told
  }
  return 0;
}
