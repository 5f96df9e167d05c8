#include "reference/cpu/layer_steps.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"

namespace systole::cpu {

namespace {

using Description = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Layout = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

constexpr std::int32_t kToUnsigned = 128;
constexpr float kSixth = 6;
constexpr float kLeakySlope = 0.01F;

Dims dims_of(const Shape& shape) {
  return {shape.batch, shape.channels, shape.rows, shape.cols};
}

Type float_type(DataType type) {
  return type == DataType::Bf16 ? Type::bf16 : Type::f32;
}

/// The same layout for another element type.
Description retyped(const Description& description, Type type) {
  Description other = description;
  other.data.data_type = dnnl::memory::convert_to_c(type);
  return other;
}

/// What fits the attributes of oneDNN: an element-wise function applied to the result.
struct Function {
  dnnl::algorithm algorithm;
  float alpha;
  float beta;
};

std::optional<Function> real_function(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::None:
      return std::nullopt;
    case ActivationKind::Relu:
      return Function{dnnl::algorithm::eltwise_relu, 0, 0};
    case ActivationKind::Relu6:
      return Function{dnnl::algorithm::eltwise_clip, 0, kSixth};
    case ActivationKind::Sigmoid:
      return Function{dnnl::algorithm::eltwise_logistic, 0, 0};
    case ActivationKind::Tanh:
      return Function{dnnl::algorithm::eltwise_tanh, 0, 0};
    case ActivationKind::Gelu:
      return Function{dnnl::algorithm::eltwise_gelu_erf, 0, 0};
    case ActivationKind::GeluTanh:
      return Function{dnnl::algorithm::eltwise_gelu_tanh, 0, 0};
    case ActivationKind::Silu:
      return Function{dnnl::algorithm::eltwise_swish, 1, 0};
    case ActivationKind::HardSwish:
      return Function{dnnl::algorithm::eltwise_hardswish, 0, 0};
    case ActivationKind::LeakyRelu:
      return Function{dnnl::algorithm::eltwise_relu, kLeakySlope, 0};
    case ActivationKind::Elu:
      return Function{dnnl::algorithm::eltwise_elu, 1, 0};
    case ActivationKind::Softplus:
      return Function{dnnl::algorithm::eltwise_soft_relu, 0, 0};
    case ActivationKind::Exp:
      return Function{dnnl::algorithm::eltwise_exp, 0, 0};
    case ActivationKind::Log:
      return Function{dnnl::algorithm::eltwise_log, 0, 0};
    case ActivationKind::Sqrt:
      return Function{dnnl::algorithm::eltwise_sqrt, 0, 0};
    case ActivationKind::Rsqrt:
      return Function{dnnl::algorithm::eltwise_pow, 1, -0.5F};
    case ActivationKind::Reciprocal:
      return Function{dnnl::algorithm::eltwise_pow, 1, -1};
    case ActivationKind::HardSigmoid:
      break;  // refused
  }
  return std::nullopt;
}

/// Between the pixels of a window; oneDNN counts them even where there is nothing between.
Dims skipped_pixels(const Kernel& kernel) {
  return {kernel.rows == 1 ? 0 : kernel.dilation_rows - 1,
          kernel.cols == 1 ? 0 : kernel.dilation_cols - 1};
}

class Builder {
 public:
  explicit Builder(const LayerSource& source)
      : source_(source),
        node_(source.graph.node(source.node)),
        is_int8_(source.type == DataType::Int8) {
    if (node_.activation().kind == ActivationKind::HardSigmoid) {
      refuse();
    }
    if (!has_weights(node_)) {
      return;
    }
    if (is_int8_) {
      integers_ = layer_parameters(source.graph, source.data, node_);
      if (!integers_.low.empty()) {
        throw WorkloadError(node_.location, node_.name,
                            "expected weights of int8 to be measured, got int16");
      }
    } else {
      reals_ = real_parameters(source.graph, source.data, node_);
    }
  }

  /// Features are a matrix product in oneDNN, images a convolution.
  LayerSteps operator()(const ProductWork& product) {
    return output().type.extents.size() == 2 ? contraction_steps(product)
                                             : convolution_steps(product);
  }

  /// Matrices where they stand, by strides. int8 wants a right operand that is stored as s8;
  /// others go through binary32.
  LayerSteps operator()(const MatmulWork& matmul) {
    const bool real = is_int8_ && storage(kRightInput).type != Type::s8;
    const dnnl::memory a = packed(real ? as_real(0) : source_.inputs[0], tensor(0).shape());
    const dnnl::memory b =
        packed(real ? as_real(kRightInput) : source_.inputs[kRightInput], tensor(1).shape());
    const dnnl::memory y = fresh(output().shape(), real ? Type::f32 : output_storage().type);
    const auto part = [&](const dnnl::memory& memory, const MatrixWalk& walk, std::int64_t rows,
                          std::int64_t cols) {
      return viewed(memory, matrices(matmul, walk, rows, cols, memory.get_desc().data_type()));
    };
    const dnnl::memory left = part(a, matmul.a, matmul.m, matmul.k);
    const dnnl::memory right = part(b, matmul.b, matmul.k, matmul.n);
    const dnnl::memory product = part(y, matmul.c, matmul.m, matmul.n);
    const dnnl::matmul::primitive_desc description(
        {left.get_desc(), right.get_desc(), product.get_desc()}, product_attributes(matmul, real),
        source_.engine);
    step(description, dnnl::matmul(description),
         {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, product}});
    return finished(real ? from_real(y) : y);
  }

  LayerSteps operator()(const AddWork& addition) {
    const dnnl::memory a = source_.inputs[0];
    const Description same = retyped(a.get_desc(), storage(1).type);
    const dnnl::memory b = in_layout(source_.inputs[1], same);
    const Description result = retyped(a.get_desc(), output_storage().type);
    dnnl::primitive_attr attributes;
    dnnl::post_ops operations;
    if (is_int8_) {
      // out = a * ratio_a + b * ratio_b + constant, all as stored
      const double ratio_a = tensor(0).quantization.scale / output().quantization.scale;
      const double ratio_b = tensor(1).quantization.scale / output().quantization.scale;
      attributes.set_scales(DNNL_ARG_SRC_0, 0, {static_cast<float>(ratio_a)});
      attributes.set_scales(DNNL_ARG_SRC_1, 0, {static_cast<float>(ratio_b)});
      const double constant = output_storage().zero_point - ratio_a * storage(0).zero_point -
                              ratio_b * storage(1).zero_point;
      operations.append_eltwise(1, dnnl::algorithm::eltwise_linear, 1,
                                static_cast<float>(constant));
      append_range(operations, addition.activation);
    } else if (const auto function = real_function(addition.activation)) {
      operations.append_eltwise(1, function->algorithm, function->alpha, function->beta);
    }
    attributes.set_post_ops(operations);
    const dnnl::binary::primitive_desc description(
        {dnnl::algorithm::binary_add, a.get_desc(), b.get_desc(), result}, attributes,
        source_.engine);
    const dnnl::memory y(result, source_.engine);
    step(description, dnnl::binary(description),
         {{DNNL_ARG_SRC_0, a}, {DNNL_ARG_SRC_1, b}, {DNNL_ARG_DST, y}});
    return finished(y);
  }

  LayerSteps operator()(const RescaleWork& rescale) {
    return rescale.activation == ActivationKind::None ? concatenation_steps()
                                                      : activation_steps(rescale.activation);
  }

  LayerSteps operator()(const PoolWork& pooling) {
    const bool same = tensor(0).quantization == output().quantization;
    const bool zero_padding = !pooling.count_padding || storage(0).zero_point == 0;
    if (!is_int8_ || (same && zero_padding)) {
      return finished(pooled(pooling, source_.inputs[0]));
    }
    return finished(from_real(pooled(pooling, as_real(0))));
  }

  LayerSteps operator()(const ViewWork& /*view*/) {
    const dnnl::memory x = packed(source_.inputs[0], tensor(0).shape());
    return finished(viewed(x, {dims_of(output().shape()), output_storage().type, Layout::nhwc}));
  }

  LayerSteps operator()(const RowWork& /*rows*/) { refuse(); }
  LayerSteps operator()(const CopyWork& /*copy*/) { refuse(); }

  LayerSteps operator()(const SoftmaxWork& /*softmax*/) {
    const dnnl::memory x = as_real(0);
    const dnnl::memory y(x.get_desc(), source_.engine);
    const dnnl::softmax_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, x.get_desc(), 1}, source_.engine);
    step(description, dnnl::softmax_forward(description), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
    return finished(from_real(y));
  }

 private:
  [[noreturn]] void refuse() const {
    throw WorkloadError(
        node_.location, node_.name,
        fmt::format("expected an operator that is measured on a CPU, got {}", node_.kind));
  }

  // --- operators ---
  LayerSteps convolution_steps(const ProductWork& convolution) {
    try {
      return finished(convolved(convolution, Result::Fused));
    } catch (const dnnl::error& error) {
      // oneDNN 2.6 offers grouped kernels with a fused sigmoid that it then cannot make. What it
      // offers next is for AVX2, whose int8 sums saturate.
      if (error.status != dnnl_runtime_error) {
        throw;
      }
    }
    result_ = {};
    dnnl::memory y = convolved(convolution, Result::Real);
    if (const auto function = real_function(convolution.activation.kind)) {
      y = applied(*function, y);
    }
    return finished(from_real(y));
  }

  LayerSteps contraction_steps(const ProductWork& product) {
    const std::int64_t batch = tensor(0).shape().batch;
    const std::int64_t k = tensor(0).shape().channels;
    const std::int64_t n = output().shape().channels;
    const Description x_flat({batch, k}, storage(0).type, Layout::ab);
    const Description y_flat({batch, n}, output_storage().type, Layout::ab);
    const dnnl::matmul::primitive_desc description(
        {x_flat, {{k, n}, weight_type(), Layout::any}, {{1, n}, bias_type(), Layout::ab}, y_flat},
        weighted_attributes(product.activation), source_.engine);
    const dnnl::memory x = packed(source_.inputs[0], tensor(0).shape());
    const dnnl::memory y = fresh(output().shape(), output_storage().type);
    step(description, dnnl::matmul(description),
         {{DNNL_ARG_SRC, viewed(x, x_flat)},
          {DNNL_ARG_WEIGHTS, weights({k, n}, Layout::ab, description.weights_desc())},
          {DNNL_ARG_BIAS, biases({1, n}, Layout::ab)},
          {DNNL_ARG_DST, viewed(y, y_flat)}});
    return finished(y);
  }

  /// Five axes: images, heads of B, heads of A that share one, rows, columns. Of a lone one any
  /// stride is right.
  [[nodiscard]] static Description matrices(const MatmulWork& matmul, const MatrixWalk& walk,
                                            std::int64_t rows, std::int64_t cols, Type type) {
    const std::int64_t sharing = matmul.b.sharing;
    const bool is_shared = walk.sharing > 1;
    const std::int64_t whole = matmul.heads * rows * cols;
    const auto stride = [&](std::int64_t step) { return step == 0 ? whole : step; };
    return {{walk.image == 0 ? 1 : matmul.images, matmul.heads / sharing, is_shared ? 1 : sharing,
             rows, cols},
            type,
            {stride(walk.image), stride(is_shared ? walk.head : sharing * walk.head),
             stride(walk.head), stride(walk.row), stride(walk.col)}};
  }

  [[nodiscard]] dnnl::primitive_attr product_attributes(const MatmulWork& matmul, bool real) const {
    dnnl::primitive_attr attributes;
    double scale = matmul.scale;
    if (is_int8_ && !real) {
      scale *= tensor(0).quantization.scale * tensor(kRightInput).quantization.scale /
               output().quantization.scale;
      set_zero_points(attributes, DNNL_ARG_SRC, storage(0).zero_point);
      set_zero_points(attributes, DNNL_ARG_DST, output_storage().zero_point);
    }
    if (scale != 1) {
      attributes.set_output_scales(0, {static_cast<float>(scale)});
    }
    return attributes;
  }

  LayerSteps activation_steps(ActivationKind activation) {
    const auto function = real_function(activation);
    SYSTOLE_CHECK(function.has_value(), "{}: an activation that does nothing", node_.name);
    return finished(from_real(applied(*function, as_real(0))));
  }

  LayerSteps concatenation_steps() {
    const dnnl::memory y = fresh(output().shape(), output_storage().type);
    result_.owners.push_back(y);
    Dims at{0, 0, 0, 0};
    for (std::size_t i = 0; i < source_.inputs.size(); ++i) {
      const Dims part = dims_of(tensor(i).shape());
      dnnl::primitive_attr attributes;
      if (is_int8_) {
        attributes.set_output_scales(
            0, {static_cast<float>(tensor(i).quantization.scale / output().quantization.scale)});
        set_zero_points(attributes, DNNL_ARG_SRC, storage(i).zero_point);
        set_zero_points(attributes, DNNL_ARG_DST, output_storage().zero_point);
      }
      const Description place = y.get_desc().submemory_desc(part, at);
      reorder(source_.inputs[i], dnnl::memory(place, source_.engine, y.get_data_handle()),
              attributes);
      at[1] += part[1];
    }
    return finished(y);
  }

  // --- what is known of the operands ---
  [[nodiscard]] const GraphTensor& tensor(std::size_t input) const {
    return source_.graph.tensor(node_.inputs.at(input));
  }
  [[nodiscard]] const GraphTensor& output() const { return source_.graph.tensor(node_.output()); }
  [[nodiscard]] Storage storage(std::size_t input) const {
    return storage_of(source_.type, tensor(input).quantization);
  }
  [[nodiscard]] Storage output_storage() const {
    return storage_of(source_.type, output().quantization);
  }
  [[nodiscard]] Type weight_type() const { return is_int8_ ? Type::s8 : float_type(source_.type); }
  [[nodiscard]] Type bias_type() const { return is_int8_ ? Type::s32 : Type::f32; }

  /// What a weighted kernel leaves behind.
  enum class Result : std::uint8_t {
    Fused,  ///< the layer's result
    Real,   ///< real numbers in binary32, in front of the activation
  };

  // --- attributes ---
  static void set_zero_points(dnnl::primitive_attr& attributes, int argument, std::int32_t value) {
    if (value != 0) {
      attributes.set_zero_points(argument, 0, {value});
    }
  }

  /// Limits to what the activation leaves, as stored and in steps of the output.
  void append_range(dnnl::post_ops& operations, ActivationKind kind) const {
    if (kind == ActivationKind::None) {
      return;
    }
    const reference::Range range = reference::activation_range(kind, output().quantization);
    const std::int32_t offset = output_storage().offset;
    operations.append_eltwise(1, dnnl::algorithm::eltwise_clip,
                              static_cast<float>(range.low + offset),
                              static_cast<float>(range.high + offset));
  }

  [[nodiscard]] dnnl::primitive_attr weighted_attributes(const FusedActivation& activation) const {
    dnnl::primitive_attr attributes;
    dnnl::post_ops operations;
    const auto function = real_function(activation.kind);
    if (!is_int8_) {
      if (function) {
        operations.append_eltwise(1, function->algorithm, function->alpha, function->beta);
      }
      attributes.set_post_ops(operations);
      return attributes;
    }
    const double step = output().quantization.scale;
    const bool looked_up = reference::is_looked_up(activation.kind);
    set_sum_scales(attributes, looked_up ? 1 : step);
    if (looked_up) {  // of the real number; then to steps
      operations.append_eltwise(static_cast<float>(1 / step), function->algorithm, 0, 0);
    } else if (activation.kind == ActivationKind::Relu) {
      operations.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    } else if (activation.kind == ActivationKind::Relu6) {
      const auto range = reference::activation_range(activation.kind, output().quantization);
      operations.append_eltwise(1, dnnl::algorithm::eltwise_clip, 0,
                                static_cast<float>(range.high - output().quantization.zero_point));
    }
    attributes.set_post_ops(operations);
    set_zero_points(attributes, DNNL_ARG_SRC, storage(0).zero_point);
    set_zero_points(attributes, DNNL_ARG_DST, output_storage().zero_point);
    return attributes;
  }

  /// From sums to numbers in units of `step`; channels are the axis behind the batch.
  void set_sum_scales(dnnl::primitive_attr& attributes, double step) const {
    constexpr int kOfChannels = 1 << 1;
    const WeightScales units = weight_scales(source_.graph, node_) * tensor(0).quantization.scale;
    std::vector<float> scales;
    for (const double unit : units.all()) {
      scales.push_back(static_cast<float>(unit / step));
    }
    attributes.set_output_scales(units.by_channel() ? kOfChannels : 0, scales);
  }

  [[nodiscard]] dnnl::primitive_attr real_attributes() const {
    dnnl::primitive_attr attributes;
    if (is_int8_) {
      set_sum_scales(attributes, 1);
      set_zero_points(attributes, DNNL_ARG_SRC, storage(0).zero_point);
    }
    return attributes;
  }

  // --- memory ---
  [[nodiscard]] dnnl::memory fresh(const Shape& shape, Type type) const {
    return {{dims_of(shape), type, Layout::nhwc}, source_.engine};
  }
  /// The same bytes under another description.
  [[nodiscard]] dnnl::memory viewed(const dnnl::memory& memory, const Description& as) {
    result_.owners.push_back(memory);
    return {as, source_.engine, memory.get_data_handle()};
  }
  [[nodiscard]] dnnl::memory packed(const dnnl::memory& memory, const Shape& shape) {
    return in_layout(memory, {dims_of(shape), memory.get_desc().data_type(), Layout::nhwc});
  }
  [[nodiscard]] dnnl::memory in_layout(const dnnl::memory& memory, const Description& wanted) {
    if (memory.get_desc() == wanted) {
      return memory;
    }
    dnnl::memory moved(wanted, source_.engine);
    reorder(memory, moved, {});
    return moved;
  }
  /// int8 input as real numbers in binary32; what is real already stays as it is.
  [[nodiscard]] dnnl::memory as_real(std::size_t input) {
    const dnnl::memory& x = source_.inputs[input];
    if (!is_int8_) {
      return x;
    }
    dnnl::memory real(retyped(x.get_desc(), Type::f32), source_.engine);
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(0, {static_cast<float>(tensor(input).quantization.scale)});
    set_zero_points(attributes, DNNL_ARG_SRC, storage(input).zero_point);
    reorder(x, real, attributes);
    return real;
  }
  [[nodiscard]] dnnl::memory from_real(const dnnl::memory& real) {
    const Description wanted = retyped(real.get_desc(), output_storage().type);
    if (real.get_desc() == wanted) {
      return real;
    }
    dnnl::memory y(wanted, source_.engine);
    dnnl::primitive_attr attributes;
    if (is_int8_) {
      attributes.set_output_scales(0, {static_cast<float>(1 / output().quantization.scale)});
      set_zero_points(attributes, DNNL_ARG_DST, output_storage().zero_point);
    }
    reorder(real, y, attributes);
    return y;
  }

  /// A memory that holds `values`, whose type is that of `given`, in the kernel's layout.
  template <class Value>
  [[nodiscard]] dnnl::memory placed(std::vector<Value> values, const Description& given,
                                    const Description& wanted) const {
    SYSTOLE_CHECK(given.get_size() == values.size() * sizeof(Value), "{}: {} values, expected {}",
                  node_.name, values.size(), given.get_size() / sizeof(Value));
    dnnl::memory from(given, source_.engine, values.data());
    dnnl::memory to(wanted, source_.engine);
    dnnl::stream stream = source_.stream;
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    return to;
  }
  [[nodiscard]] dnnl::memory weights(const Dims& dims, Layout layout,
                                     const Description& wanted) const {
    return is_int8_ ? placed(integers_.weights, {dims, Type::s8, layout}, wanted)
                    : placed(reals_.weights, {dims, Type::f32, layout}, wanted);
  }
  [[nodiscard]] dnnl::memory biases(const Dims& dims, Layout layout) const {
    const Description description(dims, bias_type(), layout);
    return is_int8_ ? placed(integers_.biases, description, description)
                    : placed(reals_.biases, description, description);
  }

  // --- steps ---
  void reorder(const dnnl::memory& from, const dnnl::memory& to,
               const dnnl::primitive_attr& attributes) {
    const dnnl::reorder::primitive_desc description(source_.engine, from.get_desc(), source_.engine,
                                                    to.get_desc(), attributes);
    step(description, dnnl::reorder(description), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  }

  [[nodiscard]] dnnl::memory convolved(const ProductWork& convolution, Result result) {
    const Kernel& kernel = convolution.kernel;
    const std::int64_t groups = convolution.groups;
    const Shape in = tensor(0).shape();
    const Shape out = output().shape();
    const Dims grouped{groups, out.channels / groups, in.channels / groups, kernel.rows,
                       kernel.cols};
    // Grouped or not is a different number of dimensions in oneDNN.
    const Dims dims = groups == 1 ? Dims(grouped.begin() + 1, grouped.end()) : grouped;
    const bool fused = result == Result::Fused;
    const dnnl::convolution_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference,
         dnnl::algorithm::convolution_direct,
         {dims_of(in), storage(0).type, Layout::any},
         {dims, weight_type(), Layout::any},
         {{out.channels}, bias_type(), Layout::x},
         {dims_of(out), fused ? output_storage().type : Type::f32, Layout::any},
         {kernel.stride_rows, kernel.stride_cols},
         skipped_pixels(kernel),
         {kernel.pad_top, kernel.pad_left},
         {kernel.pad_bottom, kernel.pad_right}},
        fused ? weighted_attributes(convolution.activation) : real_attributes(), source_.engine);
    const dnnl::convolution_forward primitive(description);
    const dnnl::memory x = in_layout(source_.inputs[0], description.src_desc());
    dnnl::memory y(description.dst_desc(), source_.engine);
    step(description, primitive,
         {{DNNL_ARG_SRC, x},
          {DNNL_ARG_WEIGHTS,
           weights(dims, groups == 1 ? Layout::hwio : Layout::ghwio, description.weights_desc())},
          {DNNL_ARG_BIAS, biases({out.channels}, Layout::x)},
          {DNNL_ARG_DST, y}});
    return y;
  }

  [[nodiscard]] dnnl::memory applied(const Function& function, const dnnl::memory& x) {
    dnnl::memory y(x.get_desc(), source_.engine);
    const dnnl::eltwise_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, function.algorithm, x.get_desc(), function.alpha,
         function.beta},
        source_.engine);
    step(description, dnnl::eltwise_forward(description), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
    return y;
  }

  [[nodiscard]] dnnl::memory pooled(const PoolWork& pooling, const dnnl::memory& x) {
    const Kernel& kernel = pooling.kernel;
    dnnl::algorithm algorithm = dnnl::algorithm::pooling_max;
    if (pooling.kind == PoolKind::Average) {
      algorithm = pooling.count_padding ? dnnl::algorithm::pooling_avg_include_padding
                                        : dnnl::algorithm::pooling_avg_exclude_padding;
    }
    const Description result(dims_of(output().shape()), x.get_desc().data_type(), Layout::any);
    const dnnl::pooling_v2_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference,
         algorithm,
         x.get_desc(),
         result,
         {kernel.stride_rows, kernel.stride_cols},
         {kernel.rows, kernel.cols},
         skipped_pixels(kernel),
         {kernel.pad_top, kernel.pad_left},
         {kernel.pad_bottom, kernel.pad_right}},
        source_.engine);
    dnnl::memory y(description.dst_desc(), source_.engine);
    step(description, dnnl::pooling_v2_forward(description),
         {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
    return y;
  }

  template <class PrimitiveDescription>
  void step(const PrimitiveDescription& description, dnnl::primitive primitive,
            std::unordered_map<int, dnnl::memory> arguments) {
    if (!result_.kernel.empty()) {
      result_.kernel += " + ";
    }
    result_.kernel += description.impl_info_str();
    result_.steps.push_back({.primitive = std::move(primitive), .arguments = std::move(arguments)});
  }
  LayerSteps finished(const dnnl::memory& output) {
    result_.output = output;
    return std::move(result_);
  }

  const LayerSource& source_;
  const Node& node_;
  bool is_int8_;
  LayerParameters integers_;  // of a weighted layer: these in int8,
  RealParameters reals_;      // those otherwise
  LayerSteps result_;
};

}  // namespace

Storage storage_of(DataType type, const Quantization& quantization) {
  switch (type) {
    case DataType::Int8:
      return quantization.zero_point == 0
                 ? Storage{.type = Type::s8, .offset = 0, .zero_point = 0}
                 : Storage{.type = Type::u8,
                           .offset = kToUnsigned,
                           .zero_point = quantization.zero_point + kToUnsigned};
    case DataType::Bf16:
      return {.type = Type::bf16};
    case DataType::Fp32:
      return {.type = Type::f32};
    default:
      SYSTOLE_CHECK(false, "{} is not measured on a CPU", name_of(type));
  }
  return {};
}

LayerSteps layer_steps(const LayerSource& source) {
  const Node& node = source.graph.node(source.node);
  try {
    return std::visit(Builder(source), node.work());
  } catch (const dnnl::error& error) {
    // Kernels of oneDNN have limits of their own, as memory has.
    throw WorkloadError(node.location, node.name,
                        fmt::format("expected a layer that oneDNN has a {} kernel for on this CPU, "
                                    "got {} ({})",
                                    name_of(source.type), node.kind, error.what()));
  }
}

}  // namespace systole::cpu
