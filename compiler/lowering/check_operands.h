#pragma once

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Throws WorkloadError at the first layer whose operands the chip's matrix unit cannot multiply.
void check_operands(const ChipSpec& chip, const Graph& graph);

}  // namespace systole
