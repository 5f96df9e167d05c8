#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "arch/diag/check.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/tensor.h"

namespace systole {

/// The data of a tensor: packed elements as its type stores them, little-endian.
struct Value {
  TensorType type;
  std::vector<std::int8_t> bytes;

  /// Of elements as they are stored: int8, int32, patterns, or numbers of fp32.
  template <class Element>
  static Value of(TensorType type, const std::vector<Element>& elements) {
    Value value{.type = std::move(type), .bytes = {}};
    value.bytes.resize(elements.size() * sizeof(Element));
    if (!elements.empty()) {
      std::memcpy(value.bytes.data(), elements.data(), value.bytes.size());
    }
    value.check_size();
    return value;
  }
  /// Of numbers, each rounded to the nearest of the floating type, ties to even.
  static Value of_numbers(TensorType type, const std::vector<float>& numbers);

  /// As they are stored.
  template <class Element>
  [[nodiscard]] std::vector<Element> elements() const {
    SYSTOLE_CHECK(bytes_of(type.element) == static_cast<std::int64_t>(sizeof(Element)),
                  "elements of {} as {} bytes each", name_of(type.element), sizeof(Element));
    check_size();
    std::vector<Element> elements(bytes.size() / sizeof(Element));
    if (!elements.empty()) {
      std::memcpy(elements.data(), bytes.data(), bytes.size());
    }
    return elements;
  }
  /// Of a floating type.
  [[nodiscard]] std::vector<float> numbers() const;

  bool operator==(const Value&) const = default;

 private:
  void check_size() const;
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
/// it depends on the seed, the network file and names alone.
class NetworkData {
 public:
  virtual ~NetworkData() = default;
  /// Of an input or a parameter of the network.
  [[nodiscard]] virtual Value value(const Graph& graph, GraphTensorId tensor) const = 0;
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

/// What is stored, of integers and floating types, before any scale.
[[nodiscard]] std::vector<float> stored_numbers(const Value& value);

/// The numbers of one weighted layer of an int8 network.
struct LayerParameters {
  /// [group][k][n]: element (g, k, n) at (g * K + k) * N + n, with k = (ky * kernel_cols + kx) *
  /// channels_per_group + c, K and N from gemm_shape(). Row-major as the tiles in DRAM.
  std::vector<std::int8_t> weights;
  /// One per output channel over all groups, in units of input scale * weight scale, without any
  /// zero-point correction. Zeros for layers without bias and batch normalisation.
  std::vector<std::int32_t> biases;
  /// Of weights of int16 what `weights` leave: a weight is 256 * weights + low. Else empty.
  std::vector<std::int8_t> low = {};

  [[nodiscard]] std::int32_t weight(std::size_t i) const {
    constexpr std::int32_t kHigh = 256;
    return low.empty() ? weights[i] : kHigh * weights[i] + low[i];
  }
};
/// The largest weight of int16: both of its bytes are within -127..127.
inline constexpr std::int32_t kLargestWide = 127 * 256 + 127;
[[nodiscard]] LayerParameters layer_parameters(const Graph& graph, const NetworkData& data,
                                               const Node& node);

/// The same of a network of a floating type.
struct RealParameters {
  /// Numbers of the type, ordered as above; of stored weights what the array multiplies: element x
  /// scale as binary32, rounded to the type.
  std::vector<float> weights;
  std::vector<float> biases;  ///< fp32, one per output channel
};
[[nodiscard]] std::vector<float> real_biases(const Graph& graph, const NetworkData& data,
                                             const Node& node);
[[nodiscard]] RealParameters real_parameters(const Graph& graph, const NetworkData& data,
                                             const Node& node);

}  // namespace systole
