#include "tests/prove/pe_array_port.h"

namespace systole::testing {

namespace {

OperandSlice slice_of(bool sliced, int slice) {
  if (!sliced) {
    return OperandSlice::Whole;
  }
  return slice == 0 ? OperandSlice::Low : OperandSlice::High;
}

Phase phase_of(const PhaseInput& input, bool is_floating) {
  return {.flags = {.first = input.first,
                    .last = input.last,
                    .takes_shadow = input.takes_shadow,
                    .clears = input.clears,
                    .drains = input.drains},
          .sums = is_floating ? SumKind::Fp32 : SumKind::Int32,
          .left_slice = slice_of(input.sliced_left, input.left_slice),
          .other_slice = slice_of(input.sliced_other, input.other_slice),
          .left = input.left,
          .top = input.top};
}

}  // namespace

void PeArrayPort::reset(const ArrayConfig& config) {
  MatrixUnitSpec spec;
  spec.rows = config.rows;
  spec.cols = config.cols;
  spec.overlap = config.overlap_none ? Overlap::None : Overlap::Shadow;
  switch (config.dataflow) {
    case ArrayDataflow::WeightStationary:
      spec.dataflow = Dataflow::WeightStationary;
      break;
    case ArrayDataflow::InputStationary:
      spec.dataflow = Dataflow::InputStationary;
      break;
    case ArrayDataflow::OutputStationary:
      spec.dataflow = Dataflow::OutputStationary;
      break;
  }
  is_floating_ = config.floating;
  array_ = std::make_unique<PeArray>(spec);
}

CycleOutput PeArrayPort::cycle(const std::vector<std::uint32_t>* load_row,
                               const PhaseInput* phase) {
  const ArrayView& seen = array_->visible();
  CycleOutput output;
  for (const systole::ColumnResult& result : seen.results) {
    output.results.push_back({.column = static_cast<int>(result.column), .value = result.value});
  }
  output.fold_completed = seen.completes;
  output.undrained_fold_completed = seen.completes_in_place;
  Phase offered;
  if (phase != nullptr) {
    offered = phase_of(*phase, is_floating_);
  }
  const ArrayIntake taken =
      array_->cycle(load_row == nullptr ? std::span<const std::uint32_t>() : *load_row,
                    phase == nullptr ? nullptr : &offered);
  output.load_taken = taken.row;
  output.phase_taken = taken.phase;
  return output;
}

ArrayConfig port_config(const MatrixUnitSpec& spec, bool is_floating) {
  ArrayConfig config{.rows = static_cast<int>(spec.rows),
                     .cols = static_cast<int>(spec.cols),
                     .overlap_none = spec.overlap == Overlap::None,
                     .floating = is_floating};
  switch (spec.dataflow) {
    case Dataflow::WeightStationary:
      config.dataflow = ArrayDataflow::WeightStationary;
      break;
    case Dataflow::InputStationary:
      config.dataflow = ArrayDataflow::InputStationary;
      break;
    case Dataflow::OutputStationary:
      config.dataflow = ArrayDataflow::OutputStationary;
      break;
  }
  return config;
}

}  // namespace systole::testing
