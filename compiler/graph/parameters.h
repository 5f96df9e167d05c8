#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// The numbers of one weighted layer.
struct LayerParameters {
  /// [group][k][n]: element (g, k, n) at (g * K + k) * N + n, with k = (ky * kernel_cols + kx) *
  /// channels_per_group + c, K and N from gemm_shape(). Row-major as the tiles in DRAM.
  std::vector<std::int8_t> weights;
  /// One per output channel over all groups, in units of input scale * weight scale, without any
  /// zero-point correction. Zeros for layers without bias and batch normalisation.
  std::vector<std::int32_t> biases;
};

/// Provides the data of a network: generated from a seed, or read from .npy files. Deterministic:
/// a layer's numbers depend on the seed, the network file and the layer's name alone.
class NetworkData {
 public:
  virtual ~NetworkData() = default;
  [[nodiscard]] virtual LayerParameters parameters(const Graph& graph, NodeId node) const = 0;
  /// Packed NHWC int8 values of a network input.
  [[nodiscard]] virtual std::vector<std::int8_t> input(const Graph& graph,
                                                       GraphTensorId tensor) const = 0;
};

}  // namespace systole
