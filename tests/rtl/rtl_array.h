#pragma once

#include <memory>

#include "tests/support_array/array_port.h"

namespace systole::testing {

/// The SystemVerilog array of this folder, Verilated to a SystemC module, behind the port of all
/// arrays. `reset` takes any active size up to the one the model was made for.
/// Hazards and broken rules that the hardware reports on its `error` output end in InternalError.
/// One SystemC elaboration per process: make the array once and reset it between cases.
class RtlArray : public ArrayPort {
 public:
  [[nodiscard]] virtual int physical_rows() const = 0;
  [[nodiscard]] virtual int physical_cols() const = 0;
};

/// The sizes that are elaborated; tests/rtl/README.md says how to add one.
enum class RtlSize : std::uint8_t { Square16x16, Wide5x19 };

[[nodiscard]] std::unique_ptr<RtlArray> make_rtl_array(RtlSize size = RtlSize::Square16x16);

}  // namespace systole::testing
