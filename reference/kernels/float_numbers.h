#pragma once

#include <vector>

#include "compiler/graph/graph.h"
#include "reference/kernels/dot_products.h"
#include "reference/kernels/node_numbers.h"

namespace systole::reference {

/// True where some layer's weights or some input come from files of floats: there is a float
/// network to compare with.
[[nodiscard]] bool has_float_files(const Graph& graph, const NetworkData& data);

/// The arithmetic of the network that the user's float files mean: nothing is quantised, nothing
/// folded, no scale of the graph is looked at. Layers and inputs without float files stand for the
/// real numbers that their int8 ones mean, scale * (q - zero_point). Sums are binary32 in a fixed
/// order, biases, batch normalisations and functions double, results binary32; far below the error
/// of int8 or bf16. The graph may be of any type.
class FloatNumbers {
 public:
  using Element = float;
  using Sum = float;  // none are kept
  using At = NodeInputs<Element>;
  using Layer = NodeNumbers<Element, Sum>;

  void check(const Graph& /*graph*/) const {}
  /// What an input holds, before the first layer is evaluated.
  [[nodiscard]] static std::vector<float> input(const Graph& graph, const NetworkData& data,
                                                GraphTensorId tensor);

  [[nodiscard]] Layer product(const At& at, const ConvolutionGeometry& geometry,
                              const FusedActivation& activation) const;
  [[nodiscard]] Layer matmul(const At& at, const Matmul& attributes) const;
  [[nodiscard]] Layer convolution(const At& at, const ConvolveTensors& op) const;
  [[nodiscard]] Layer add(const At& at, ActivationKind activation) const;
  [[nodiscard]] Layer activate(const At& at, ActivationKind activation) const;
  [[nodiscard]] Layer pool(const At& at, const PoolTensor& pooling) const;
  [[nodiscard]] Layer concatenate(const At& at) const;
  [[nodiscard]] Layer softmax(const At& at) const;
  [[nodiscard]] Layer rows(const At& at) const;
};

}  // namespace systole::reference
