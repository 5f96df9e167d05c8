#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"
#include "reference/kernels/dot_products.h"
#include "reference/kernels/node_numbers.h"

namespace systole::reference {

/// The arithmetic of int8 networks: exact integers, rounded where docs/numerics.md says so.
class IntegerNumbers {
 public:
  using Element = std::int8_t;
  using Sum = std::int32_t;
  using At = NodeInputs<Element>;
  using Layer = NodeNumbers<Element, Sum>;

  void check(const Graph& /*graph*/) const {}
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
};

}  // namespace systole::reference
