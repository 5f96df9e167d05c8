#include "sim/matrix/phase_plan.h"

namespace systole {

namespace {

std::vector<OperandSlice> slices_of(DataType type) {
  if (type == DataType::Int16) {
    return {OperandSlice::Low, OperandSlice::High};
  }
  return {OperandSlice::Whole};
}

}  // namespace

std::vector<PhaseSlices> phase_slices(DataType left, DataType other, CoreCycles pace) {
  std::vector<PhaseSlices> plan;
  for (const OperandSlice other_slice : slices_of(other)) {
    for (const OperandSlice left_slice : slices_of(left)) {
      plan.push_back({.left = left_slice, .other = other_slice});
    }
  }
  const auto phases = static_cast<std::size_t>(pace.count());
  if (plan.size() > phases) {
    plan.assign(1, PhaseSlices{});
  }
  plan.resize(phases, PhaseSlices{.multiplies = false});
  return plan;
}

}  // namespace systole
