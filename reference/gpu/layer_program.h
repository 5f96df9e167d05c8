#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/gpu/element_ops.h"
#include "reference/gpu/matrix_product.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/fixed_scale.h"

namespace systole::gpu {

template <class T>
inline constexpr DataType kTypeOf = DataType::Int8;
template <>
inline constexpr DataType kTypeOf<Bf16> = DataType::Bf16;
template <>
inline constexpr DataType kTypeOf<Fp16> = DataType::Fp16;
template <>
inline constexpr DataType kTypeOf<float> = DataType::Fp32;

/// int8 from q, floating types from the real number.
template <class T>
T element_of(float value) {
  if constexpr (std::is_same_v<T, std::int8_t>) {
    return static_cast<std::int8_t>(value);
  } else {
    return FromFloat<T>::convert(value);
  }
}

template <class T>
std::vector<float> input_values(const Graph& graph, const NetworkData& data, GraphTensorId tensor) {
  if constexpr (std::is_same_v<T, std::int8_t>) {
    const std::vector<std::int8_t> stored = data.value(graph, tensor).bytes;
    return {stored.begin(), stored.end()};
  } else {
    return data.value(graph, tensor).numbers();
  }
}

/// What each layer launches, with its operands in the device's memory. Weighted layers without
/// groups are matrix products: a 1 x 1 convolution or dense layer directly, others behind Im2col,
/// or the library's own convolution where it has one for the type. Where the activation is none or
/// ReLU and the type is floating, bias and activation are fused into the product; otherwise Finish
/// follows. Convolutions in groups and everything else are plain kernels.
template <class Backend, class T>
class LayerProgram {
 public:
  LayerProgram(Backend& backend, const Graph& graph, const NetworkData& data)
      : backend_(backend), graph_(graph), data_(data), tensors_(graph.tensors.size()) {
    for (const GraphTensorId input : graph.inputs) {
      tensors_[index_of(input)] = room<T>(graph.tensor(input).shape().elements());
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      layers_.emplace_back();
      id_ = static_cast<NodeId>(i);
      std::visit([this](const auto& work) { build(work); }, node().work());
    }
    scratch_ = backend.allocate(static_cast<std::size_t>(scratch_bytes_));
    sums_ = static_cast<Accumulator<T>*>(backend.allocate(static_cast<std::size_t>(sums_bytes_)));
  }

  void issue(NodeId node) {
    for (const auto& launch : layers_[static_cast<std::size_t>(node)].launches) {
      launch();
    }
  }
  [[nodiscard]] const std::string& kernel(NodeId node) const {
    return layers_[static_cast<std::size_t>(node)].kernel;
  }
  [[nodiscard]] T* tensor(GraphTensorId tensor) const { return tensors_[index_of(tensor)]; }
  /// Libraries take a fused bias in the operands' type; all layers then hold it so.
  [[nodiscard]] static DataType bias_type() { return kIsInteger ? DataType::Fp32 : kTypeOf<T>; }

 private:
  static constexpr bool kIsInteger = std::is_same_v<T, std::int8_t>;
  using Parameters = std::conditional_t<kIsInteger, LayerParameters, RealParameters>;

  struct Layer {
    std::vector<std::function<void()>> launches;
    std::string kernel;
  };

  // --- layers ---
  [[nodiscard]] Parameters parameters() const {
    if constexpr (kIsInteger) {
      LayerParameters integers = layer_parameters(graph_, data_, node());
      if (!integers.low.empty()) {
        throw WorkloadError(node().location, node().name,
                            "expected weights of int8 to be measured, got int16");
      }
      return integers;
    } else {
      return real_parameters(graph_, data_, node());
    }
  }
  void build(const ProductWork& convolution) {
    const Parameters values = parameters();
    if (convolution.groups > 1) {
      build_grouped(convolution, values);
      return;
    }
    const Kernel& kernel = convolution.kernel;
    const bool is_point = kernel.rows == 1 && kernel.cols == 1 && kernel.stride_rows == 1 &&
                          kernel.stride_cols == 1 && kernel.pad_top + kernel.pad_bottom == 0 &&
                          kernel.pad_left + kernel.pad_right == 0;
    const std::int64_t k = kernel.rows * kernel.cols * in().channels;
    if (!is_point && build_library_convolution(convolution, values, k)) {
      return;
    }
    T* x = input(0);
    const std::int64_t depth = padded(k);
    const bool gather = !is_point || depth != k;
    if (gather) {
      gather_rows(kernel, depth);
    }
    build_product(values, convolution.activation,
                  {.m = out().pixels(), .k = k, .n = out().channels}, gather ? nullptr : x);
  }

  void build(const MatmulWork& /*matmul*/) {
    throw WorkloadError(node().location, node().name,
                        "expected a layer that is measured on GPUs, got a matmul of two tensors");
  }

  void build(const AddWork& addition) {
    T* y = make_output();
    Add<T> op{.a = input(0),
              .b = input(1),
              .output = y,
              .a_multiplier = 0,
              .b_multiplier = 0,
              .a_zero_point = zero_point(0),
              .b_zero_point = zero_point(1),
              .rule = rule(1, {.kind = addition.activation, .before = {}})};
    if constexpr (kIsInteger) {
      const double step = quantization().scale;
      const reference::FixedScalePair pair = reference::nearest_scale_pair(
          tensor_of(0).quantization.scale / step, tensor_of(1).quantization.scale / step);
      op.a_multiplier = pair.first;
      op.b_multiplier = pair.second;
      op.rule.shift = pair.shift;
    }
    launch(op, out().elements(), "add");
  }

  void build(const RescaleWork& rescale) {
    T* y = make_output();
    std::int64_t first = 0;
    const char* const name = rescale.activation == ActivationKind::None ? "concat" : "activate";
    for (std::size_t i = 0; i < node().inputs.size(); ++i) {
      move(i, node().activation(), y, out().channels, first, i == 0 ? name : "");
      first += tensor_of(i).shape().channels;
    }
  }

  void build(const ViewWork& /*view*/) { tensors_[index_of(node().output())] = input(0); }

  void build(const PoolWork& pooling) {
    T* y = make_output();
    launch(Pool<T>{.input = input(0),
                   .output = y,
                   .in = extent(in()),
                   .out = extent(out()),
                   .window = window_of(pooling.kernel),
                   .largest = pooling.kind == PoolKind::Max,
                   .count_padding = pooling.count_padding,
                   .zero_point = zero_point(0),
                   .rule = rule(tensor_of(0).quantization.scale, {})},
           out().elements(), "pool");
  }

  void build(const RowWork& /*rows*/) { refuse(); }
  void build(const CopyWork& /*copy*/) { refuse(); }
  [[noreturn]] void refuse() const {
    throw WorkloadError(
        node().location, node().name,
        fmt::format("expected an operator that is measured on a GPU, got {}", node().kind));
  }

  void build(const SoftmaxWork& /*softmax*/) {
    T* y = make_output();
    const std::int64_t* exponentials = nullptr;
    if constexpr (kIsInteger) {
      std::vector<std::int64_t> table;
      constexpr int kDistances = 256;
      for (int d = 0; d < kDistances; ++d) {
        table.push_back(std::llround(0x1p23 * std::exp(-d * tensor_of(0).quantization.scale)));
      }
      exponentials = placed(table);
    }
    launch(Softmax<T>{.input = input(0),
                      .output = y,
                      .channels = in().channels,
                      .exponentials = exponentials},
           in().pixels(), "softmax");
  }

  void build_grouped(const ProductWork& convolution, const Parameters& parameters) {
    T* y = make_output();
    launch(GroupedConvolution<T>{.input = input(0),
                                 .weights = placed(weights(parameters)),
                                 .biases = placed(biases(parameters, false)),
                                 .output = y,
                                 .in = extent(in()),
                                 .out = extent(out()),
                                 .window = window_of(convolution.kernel),
                                 .groups = convolution.groups,
                                 .zero_point = zero_point(0),
                                 .rule = rule(sum_scales(), convolution.activation)},
           out().elements(), "grouped convolution");
  }

  [[nodiscard]] static std::optional<Epilogue> fused(const FusedActivation& activation) {
    if (kIsInteger) {
      return std::nullopt;
    }
    switch (activation.kind) {
      case ActivationKind::None:
        return Epilogue::Bias;
      case ActivationKind::Relu:
        return Epilogue::BiasRelu;
      default:
        return std::nullopt;
    }
  }

  bool build_library_convolution(const ProductWork& convolution, const Parameters& parameters,
                                 std::int64_t k) {
    if constexpr (!kIsInteger) {
      const std::optional<Epilogue> epilogue = fused(convolution.activation);
      if (!epilogue) {
        return false;
      }
      auto call = backend_.convolve({.type = kTypeOf<T>,
                                     .input = in(),
                                     .output = out(),
                                     .kernel = convolution.kernel,
                                     .epilogue = *epilogue});
      if (!call) {
        return false;
      }
      T* y = make_output();
      const T* x = input(0);
      const T* w = placed(by_column(weights(parameters), k, out().channels, k, out().channels));
      const T* b = placed(typed(biases(parameters, false)));
      add(call->name, [run = call->run, x, w, b, y] { run(x, w, b, y); });
      return true;
    }
    return false;
  }

  /// From `x`, or from what gather_rows() left.
  void build_product(const Parameters& parameters, const FusedActivation& activation,
                     const GemmShape& shape, const T* x) {
    const std::int64_t depth = padded(shape.k);
    const std::int64_t columns = padded(shape.n);
    const std::optional<Epilogue> epilogue = columns == shape.n ? fused(activation) : std::nullopt;
    const auto call = backend_.multiply({.type = kTypeOf<T>,
                                         .m = shape.m,
                                         .k = depth,
                                         .n = columns,
                                         .epilogue = epilogue.value_or(Epilogue::Sums)});
    T* y = make_output();
    const T* w = placed(by_column(weights(parameters), shape.k, shape.n, depth, columns));
    if (epilogue) {
      const T* b = placed(typed(biases(parameters, true)));
      add(call.name,
          [this, run = call.run, x, w, b, y] { run(x == nullptr ? scratch_ : x, w, b, y); });
      return;
    }
    sums_bytes_ = std::max(sums_bytes_,
                           shape.m * columns * static_cast<std::int64_t>(sizeof(Accumulator<T>)));
    add(call.name,
        [this, run = call.run, x, w] { run(x == nullptr ? scratch_ : x, w, nullptr, sums_); });
    Finish<T> op{.sums = nullptr,
                 .biases = placed(biases(parameters, true)),
                 .output = y,
                 .columns = shape.n,
                 .pitch = columns,
                 .rule = rule(sum_scales(), activation)};
    add("finish", [this, op, count = shape.m * shape.n]() mutable {
      op.sums = sums_;
      backend_.launch(op, count);
    });
  }

  void gather_rows(const Kernel& kernel, std::int64_t depth) {
    const std::int64_t count = out().pixels() * depth;
    scratch_bytes_ = std::max(scratch_bytes_, count * static_cast<std::int64_t>(sizeof(T)));
    Im2col<T> op{.input = input(0),
                 .matrix = nullptr,
                 .in = extent(in()),
                 .out = extent(out()),
                 .window = window_of(kernel),
                 .depth = depth,
                 .padding = element_of<T>(static_cast<float>(zero_point(0)))};
    add("im2col", [this, op, count]() mutable {
      op.matrix = static_cast<T*>(scratch_);
      backend_.launch(op, count);
    });
  }

  void move(std::size_t from, const FusedActivation& activation, T* to, std::int64_t pitch,
            std::int64_t first, const char* name) {
    Move<T> op{.input = input(from),
               .output = to,
               .columns = tensor_of(from).shape().channels,
               .pitch = pitch,
               .first = first,
               .zero_point = zero_point(from),
               .rule = rule(tensor_of(from).quantization.scale, activation)};
    if constexpr (kIsInteger) {
      if (reference::is_looked_up(activation.kind)) {  // by q itself: no rescaling in front
        op.zero_point = 0;
        op.rule = {.multiplier = 1,
                   .shift = 0,
                   .zero_point = 0,
                   .low = -128,
                   .high = 127,
                   .table = op.rule.table,
                   .by_column = nullptr};
      }
    }
    launch(op, tensor_of(from).shape().elements(), name);
  }

  // --- rules and parameters ---
  [[nodiscard]] WeightScales sum_scales() const {
    return weight_scales(graph_, node()) * tensor_of(0).quantization.scale;
  }
  /// From sums in units of `steps` to the output.
  [[nodiscard]] FinishRule<T> rule(const WeightScales& steps, const FusedActivation& activation) {
    if constexpr (kIsInteger) {
      const bool by_table = reference::is_looked_up(activation.kind);
      const Quantization& to = by_table ? activation.before : quantization();
      const reference::FixedScale scale = reference::nearest_scale(steps.at(0) / to.scale);
      const reference::Range range = reference::activation_range(activation.kind, to);
      const std::int8_t* table = nullptr;
      if (by_table) {
        const reference::ActivationTable values =
            reference::activation_table(activation.kind, activation.before, quantization());
        table = placed(std::vector<std::int8_t>(values.begin(), values.end()));
      }
      return {.multiplier = scale.multiplier,
              .shift = scale.shift,
              .zero_point = to.zero_point,
              .low = range.low,
              .high = range.high,
              .table = table,
              .by_column = steps.by_channel() ? factors(steps, to) : nullptr};
    } else {
      return {.function = function_of(activation.kind)};
    }
  }

  /// Multipliers and shifts of the columns.
  [[nodiscard]] const std::int64_t* factors(const WeightScales& steps, const Quantization& to) {
    std::vector<std::int64_t> factors;
    for (const double step : steps.all()) {
      const reference::FixedScale scale = reference::nearest_scale(step / to.scale);
      factors.push_back(scale.multiplier);
      factors.push_back(scale.shift);
    }
    return placed(factors);
  }

  [[nodiscard]] static Function function_of(ActivationKind kind) {
    switch (kind) {
      case ActivationKind::None:
        return Function::None;
      case ActivationKind::Relu:
        return Function::Relu;
      case ActivationKind::Relu6:
        return Function::Relu6;
      case ActivationKind::Sigmoid:
        return Function::Sigmoid;
      case ActivationKind::Tanh:
        return Function::Tanh;
      case ActivationKind::Gelu:
        return Function::Gelu;
      case ActivationKind::GeluTanh:
        return Function::GeluTanh;
      case ActivationKind::Silu:
        return Function::Silu;
      case ActivationKind::HardSwish:
        return Function::HardSwish;
      case ActivationKind::HardSigmoid:
        return Function::HardSigmoid;
      case ActivationKind::LeakyRelu:
        return Function::LeakyRelu;
      case ActivationKind::Elu:
        return Function::Elu;
      case ActivationKind::Softplus:
        return Function::Softplus;
      case ActivationKind::Exp:
        return Function::Exp;
      case ActivationKind::Log:
        return Function::Log;
      case ActivationKind::Sqrt:
        return Function::Sqrt;
      case ActivationKind::Rsqrt:
        return Function::Rsqrt;
      case ActivationKind::Reciprocal:
        return Function::Reciprocal;
    }
    return Function::None;
  }

  /// [group][k][n].
  [[nodiscard]] static std::vector<T> weights(const Parameters& parameters) {
    std::vector<T> typed(parameters.weights.size());
    std::transform(parameters.weights.begin(), parameters.weights.end(), typed.begin(),
                   [](auto w) { return element_of<T>(static_cast<float>(w)); });
    return typed;
  }

  /// k x n becomes columns x depth, the rest zero.
  [[nodiscard]] static std::vector<T> by_column(const std::vector<T>& weights, std::int64_t k,
                                                std::int64_t n, std::int64_t depth,
                                                std::int64_t columns) {
    std::vector<T> turned(static_cast<std::size_t>(depth * columns), T{});
    for (std::int64_t row = 0; row < k; ++row) {
      for (std::int64_t column = 0; column < n; ++column) {
        turned[static_cast<std::size_t>(column * depth + row)] =
            weights[static_cast<std::size_t>(row * n + column)];
      }
    }
    return turned;
  }

  /// int8: of a matrix product with `corrected`, less what the input's zero point adds to it.
  [[nodiscard]] std::vector<Accumulator<T>> biases(const Parameters& parameters,
                                                   bool corrected) const {
    const std::size_t n = parameters.biases.size();
    std::vector<Accumulator<T>> typed(n);
    for (std::size_t column = 0; column < n; ++column) {
      if constexpr (kIsInteger) {
        std::int64_t sum = 0;
        for (std::size_t at = column; corrected && at < parameters.weights.size(); at += n) {
          sum += parameters.weights[at];
        }
        typed[column] = static_cast<std::int32_t>(parameters.biases[column] - zero_point(0) * sum);
      } else {
        typed[column] = to_float(element_of<T>(parameters.biases[column]));
      }
    }
    return typed;
  }
  [[nodiscard]] static std::vector<T> typed(const std::vector<Accumulator<T>>& values) {
    std::vector<T> typed(values.size());
    std::transform(values.begin(), values.end(), typed.begin(),
                   [](Accumulator<T> value) { return element_of<T>(static_cast<float>(value)); });
    return typed;
  }

  // --- memory and launches ---
  template <class Value>
  [[nodiscard]] Value* room(std::int64_t count) {
    return static_cast<Value*>(backend_.allocate(static_cast<std::size_t>(count) * sizeof(Value)));
  }
  template <class Value>
  [[nodiscard]] Value* placed(const std::vector<Value>& values) {
    auto* const place = room<Value>(static_cast<std::int64_t>(values.size()));
    backend_.upload(place, values.data(), values.size() * sizeof(Value));
    return place;
  }
  [[nodiscard]] T* make_output() {
    return tensors_[index_of(node().output())] = room<T>(out().elements());
  }
  void add(const std::string& name, std::function<void()> work) {
    Layer& layer = layers_.back();
    if (!name.empty()) {
      layer.kernel += layer.kernel.empty() ? name : " + " + name;
    }
    layer.launches.push_back(std::move(work));
  }
  template <class Op>
  void launch(const Op& op, std::int64_t count, const char* name) {
    add(name, [this, op, count] { backend_.launch(op, count); });
  }

  // --- the layer that is being built ---
  [[nodiscard]] const Node& node() const { return graph_.node(id_); }
  [[nodiscard]] const GraphTensor& tensor_of(std::size_t input) const {
    return graph_.tensor(node().inputs.at(input));
  }
  [[nodiscard]] Shape in() const { return tensor_of(0).shape(); }
  [[nodiscard]] Shape out() const { return graph_.tensor(node().output()).shape(); }
  [[nodiscard]] const Quantization& quantization() const {
    return graph_.tensor(node().output()).quantization;
  }
  [[nodiscard]] T* input(std::size_t index) const {
    return tensors_[index_of(node().inputs.at(index))];
  }
  [[nodiscard]] std::int32_t zero_point(std::size_t input) const {
    return kIsInteger ? tensor_of(input).quantization.zero_point : 0;
  }

  [[nodiscard]] static std::size_t index_of(GraphTensorId tensor) {
    return static_cast<std::size_t>(tensor);
  }
  [[nodiscard]] static std::int64_t padded(std::int64_t size) {
    return (size + kMatrixStep - 1) / kMatrixStep * kMatrixStep;
  }
  [[nodiscard]] static Extent extent(const Shape& shape) {
    return {
        .batch = shape.batch, .rows = shape.rows, .cols = shape.cols, .channels = shape.channels};
  }
  [[nodiscard]] static WindowShape window_of(const Kernel& kernel) {
    return {.rows = kernel.rows,
            .cols = kernel.cols,
            .stride_rows = kernel.stride_rows,
            .stride_cols = kernel.stride_cols,
            .pad_top = kernel.pad_top,
            .pad_left = kernel.pad_left,
            .dilation_rows = kernel.dilation_rows,
            .dilation_cols = kernel.dilation_cols};
  }

  Backend& backend_;
  const Graph& graph_;
  const NetworkData& data_;
  NodeId id_ = 0;
  std::vector<T*> tensors_;
  std::vector<Layer> layers_;
  std::int64_t scratch_bytes_ = 0;  ///< the largest matrix that Im2col makes
  std::int64_t sums_bytes_ = 0;
  void* scratch_ = nullptr;
  Accumulator<T>* sums_ = nullptr;
};

}  // namespace systole::gpu
