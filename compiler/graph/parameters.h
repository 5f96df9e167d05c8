#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

/// A weighted layer as the user's float files hold it: not folded, not quantised, axes in the
/// files' order. A check of quantisation starts from here, so that it shares nothing with what
/// folds, reorders and rounds.
struct FloatParameters {
  std::vector<float> weights;  ///< [out][in / groups][kernel row][kernel col]; dense: [out][in]
  std::vector<float> biases;   ///< by output channel; empty: none
  struct BatchNorm {           ///< by output channel
    std::vector<float> gamma, beta, mean, variance;
    double epsilon = 0;
  };
  std::optional<BatchNorm> batch_norm;
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
  /// What float files say, of a graph of any type; empty where the layer's numbers come from int8
  /// files or a seed.
  [[nodiscard]] virtual std::optional<FloatParameters> float_parameters(const Graph& /*graph*/,
                                                                        NodeId /*node*/) const {
    return std::nullopt;
  }
  /// The same of an input: packed NHWC.
  [[nodiscard]] virtual std::optional<std::vector<float>> float_input(
      const Graph& /*graph*/, GraphTensorId /*tensor*/) const {
    return std::nullopt;
  }
};

}  // namespace systole
