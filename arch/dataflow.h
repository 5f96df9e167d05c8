#pragma once

#include <array>
#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"

namespace systole {

/// Axes of the product C[m][n] = sum over k of A[m][k] * W[k][n].
enum class Axis : std::uint8_t { M, N, K };

/// How a dataflow lays a fold on the array, and what follows for its timing. The one table from
/// which compiler, simulator and reports take what differs between dataflows.
struct DataflowRule {
  Axis rows;             ///< along the rows of the array
  Axis cols;             ///< along its columns
  Axis time;             ///< streams through it, one step every `pace` cycles
  bool loads_weights;    ///< the weight tile is shifted into the PEs before the fold
  bool loads_inputs;     ///< the activations are
  bool unloads_outputs;  ///< the sums stay in the PEs and are shifted out after the fold

  [[nodiscard]] constexpr bool loads() const { return loads_weights || loads_inputs; }
};

inline constexpr std::array<DataflowRule, 3> kDataflowRules{{
    // rows     cols     time     weights  inputs  outputs
    {Axis::K, Axis::N, Axis::M, true, false, false},  // weight stationary
    {Axis::K, Axis::M, Axis::N, false, true, false},  // input stationary
    {Axis::M, Axis::N, Axis::K, false, false, true},  // output stationary
}};

[[nodiscard]] constexpr const DataflowRule& rule_of(Dataflow dataflow) {
  return kDataflowRules[static_cast<std::size_t>(dataflow)];
}

/// Size of a fold along an axis.
[[nodiscard]] constexpr std::int64_t extent(const Fold& fold, Axis axis) {
  switch (axis) {
    case Axis::M:
      return fold.count;
    case Axis::N:
      return fold.cols;
    case Axis::K:
      return fold.rows;
  }
  return 0;
}

/// The most output positions (m) of one fold; 0: any number.
[[nodiscard]] constexpr std::int64_t largest_count(const MatrixUnitSpec& spec) {
  const DataflowRule& rule = rule_of(spec.dataflow);
  if (rule.rows == Axis::M) {
    return spec.rows;
  }
  return rule.cols == Axis::M ? spec.cols : 0;
}

}  // namespace systole
