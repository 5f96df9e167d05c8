#pragma once

#include <cstdint>

#include "compiler/graph/graph.h"

namespace systole {

/// Bytes of the constants that a layer keeps in the unified buffer: biases (int32 or fp32), then
/// what scales the sums of each column, then lookup tables of int8, then what its rows take by
/// feature (fp32).
struct ConstantBytes {
  std::int64_t bias = 0;
  std::int64_t factors = 0;
  std::int64_t table = 0;
  std::int64_t by_feature = 0;
  [[nodiscard]] std::int64_t total() const { return bias + factors + table + by_feature; }
};
/// Something is added to the sums: biases, or what integers' zero points ask for. Nothing to those
/// of two tensors.
[[nodiscard]] bool needs_biases(const Graph& graph, const Node& node);
/// `pixels`: neighbouring positions that are one (mapping/group_packing.h); each has its own biases
/// and factors.
[[nodiscard]] ConstantBytes constant_bytes(const Graph& graph, const Node& node,
                                           std::int64_t pixels = 1);

}  // namespace systole
