#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "arch/chip_spec.h"

namespace systole {

/// A row for each resource of the part: what the chip takes, what there is, the share.
[[nodiscard]] std::string fpga_table(const FpgaFit& fit, bool colour);

/// `DSP48E2 71 %, LUT 40 %, ...`, in one line.
[[nodiscard]] std::string fpga_line(const FpgaFit& fit);

/// `{"part": ..., "resources": [{"resource": ..., "used": ..., "available": ...}]}`
[[nodiscard]] nlohmann::ordered_json fpga_json(const FpgaFit& fit);

}  // namespace systole
