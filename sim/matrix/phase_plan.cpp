#include "sim/matrix/phase_plan.h"

namespace systole {

namespace {

std::vector<Slice> slices_of(DataType type) {
  if (type == DataType::Int16) {
    return {Slice::Low, Slice::High};
  }
  return {Slice::Whole};
}

}  // namespace

std::vector<PhaseSlices> phase_slices(DataType left, DataType other, CoreCycles pace) {
  std::vector<PhaseSlices> plan;
  for (const Slice other_slice : slices_of(other)) {
    for (const Slice left_slice : slices_of(left)) {
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
