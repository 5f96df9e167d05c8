#pragma once

#include <memory>

#include "sim/matrix/pe_array.h"
#include "tests/support_array/array_port.h"

namespace systole::testing {

/// The PE-level array of the simulator behind the port of all arrays.
class PeArrayPort : public ArrayPort {
 public:
  void reset(const ArrayConfig& config) override;
  CycleOutput cycle(const std::vector<std::uint32_t>* load_row, const PhaseInput* phase) override;

 private:
  bool is_floating_ = false;
  std::unique_ptr<PeArray> array_;
};

/// What an array of the simulator is to an ArrayPort.
[[nodiscard]] ArrayConfig port_config(const MatrixUnitSpec& spec, bool is_floating);

}  // namespace systole::testing
