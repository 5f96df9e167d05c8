#pragma once

#include <vector>

#include "compiler/graph/graph.h"
#include "reference/kernels/node_numbers.h"
#include "reference/kernels/ordered_sums.h"

namespace systole::reference {

/// The arithmetic of networks of bf16 and other floating types: sums in binary32, in the order of
/// the array that they are compared with, results rounded to the type. Of a state of int8 the
/// elements are the stored integers.
class Bf16Numbers {
 public:
  using Element = float;  ///< a number of the type
  using Sum = float;
  using At = NodeInputs<Element>;
  using Layer = NodeNumbers<Element, Sum>;

  /// By node; used of those with products. Must outlive the numbers.
  Bf16Numbers(const std::vector<SummationOrder>& orders)  // NOLINT(google-explicit-constructor)
      : orders_(orders) {}

  void check(const Graph& graph) const;
  [[nodiscard]] static std::vector<Element> input(const Graph& graph, const NetworkData& data,
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

 private:
  [[nodiscard]] const SummationOrder& order(const At& at) const {
    return orders_[static_cast<std::size_t>(at.id)];
  }

  const std::vector<SummationOrder>& orders_;
};

/// Numbers that need no scaling, the channels of one input behind those of the one before.
[[nodiscard]] std::vector<float> side_by_side(const NodeInputs<float>& at);

/// Of a node without accumulators.
[[nodiscard]] inline Bf16Numbers::Layer plain(std::vector<float> values) {
  return {.values = share(std::move(values)), .accumulators = {}};
}

}  // namespace systole::reference
