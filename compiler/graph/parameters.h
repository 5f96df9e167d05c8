#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// The numbers of one weighted layer of an int8 network.
struct LayerParameters {
  /// [group][k][n]: element (g, k, n) at (g * K + k) * N + n, with k = (ky * kernel_cols + kx) *
  /// channels_per_group + c, K and N from gemm_shape(). Row-major as the tiles in DRAM.
  std::vector<std::int8_t> weights;
  /// One per output channel over all groups, in units of input scale * weight scale, without any
  /// zero-point correction. Zeros for layers without bias and batch normalisation.
  std::vector<std::int32_t> biases;
};

/// The same of a network of a floating type.
struct RealParameters {
  std::vector<float> weights;  ///< numbers of the type, ordered as above
  std::vector<float> biases;   ///< fp32, one per output channel
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
  /// Of a graph of a floating type.
  [[nodiscard]] virtual RealParameters real_parameters(const Graph& graph, NodeId node) const = 0;
  /// Packed NHWC values of an input of a floating type, numbers of that type.
  [[nodiscard]] virtual std::vector<float> real_input(const Graph& graph,
                                                      GraphTensorId tensor) const = 0;
};

}  // namespace systole
