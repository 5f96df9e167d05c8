#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/data_type.h"
#include "arch/units/units.h"
#include "sim/matrix/array_phase.h"

namespace systole {

/// What one of the phases of a step multiplies.
struct PhaseSlices {
  OperandSlice left = OperandSlice::Whole;
  OperandSlice other = OperandSlice::Whole;
  bool multiplies = true;
};

/// The phases of each step of a fold that takes `pace` cycles a step. 16-bit integers go slice by
/// slice: the left operand's low and high slice with the other's low one, then with its high one.
/// Where the pace leaves no cycle for that, PEs multiply whole operands in the first phase; phases
/// left over multiply nothing. `left` is the operand that streams from the left.
[[nodiscard]] std::vector<PhaseSlices> phase_slices(DataType left, DataType other, CoreCycles pace);

}  // namespace systole
