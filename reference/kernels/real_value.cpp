#include "reference/kernels/real_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/matmul.h"

namespace systole::reference {

namespace {

constexpr double kSumError = 0x1p-23;       // of a term's magnitude, for each addition
constexpr double kFunctionError = 0x1p-14;  // of the result of exp, sigmoid, tanh

struct FloatFormat {
  int precision;  ///< bits of the significand, the hidden one included
  int least_exponent;
};

FloatFormat format_of(DataType type) {
  switch (type) {
    case DataType::Fp32:
      return {.precision = 24, .least_exponent = -126};
    case DataType::Bf16:
      return {.precision = 8, .least_exponent = -126};
    case DataType::Fp16:
      return {.precision = 11, .least_exponent = -14};
    default:
      SYSTOLE_CHECK(false, "{} is not measured as a floating type", name_of(type));
  }
  return {};
}

/// A sum with what bounds its error.
class Sum {
 public:
  void add(double term) {
    value_ += term;
    magnitude_ += std::fabs(term);
    ++terms_;
  }
  [[nodiscard]] RealValue result() const {
    return {.value = value_, .slack = static_cast<double>(terms_) * kSumError * magnitude_};
  }

 private:
  double value_ = 0;
  double magnitude_ = 0;
  std::int64_t terms_ = 0;
};

/// What the function makes of a sum that is off by its slack at most: as far as it moves within the
/// slack (each is monotonic or curved no more than that), and its own error where it is no clamp.
RealValue activated(RealValue sum, ActivationKind kind) {
  const double value = exact_activation(sum.value, kind);
  const auto moved = [&](double by) {
    return std::fabs(exact_activation(sum.value + by, kind) - value);
  };
  const double own = is_looked_up(kind) ? kFunctionError * std::fabs(value) : 0;
  return {.value = value, .slack = std::max(moved(sum.slack), moved(-sum.slack)) + own};
}

class Element {
 public:
  Element(const Graph& graph, const Node& node, const RealOperands& operands,
          const ElementIndex& at)
      : graph_(graph), node_(node), operands_(operands), at_(at) {}

  [[nodiscard]] RealValue operator()(const Conv2d& convolution) const {
    const Shape in = shape(0);
    const std::int64_t channels = in.channels / convolution.groups;
    const std::int64_t columns = output().channels / convolution.groups;
    const std::int64_t group = at_.channel / columns;
    Sum sum;
    for_window(convolution.kernel, [&](std::int64_t ky, std::int64_t kx, std::int64_t pixel) {
      const std::int64_t k = (ky * convolution.kernel.cols + kx) * channels;
      const std::int64_t depth = convolution.kernel.rows * convolution.kernel.cols * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const double x = input(0, pixel * in.channels + group * channels + c);
        sum.add(x * weight((group * depth + k + c) * columns + at_.channel % columns));
      }
    });
    sum.add(bias());
    return activated(sum.result(), convolution.activation.kind);
  }

  [[nodiscard]] RealValue operator()(const Dense& dense) const {
    const std::int64_t depth = shape(0).channels;
    const std::int64_t first = flat(output(), 0) / output().channels * depth;
    Sum sum;
    for (std::int64_t k = 0; k < depth; ++k) {
      sum.add(static_cast<double>(input(0, first + k)) *
              weight(k * output().channels + at_.channel));
    }
    sum.add(bias());
    return activated(sum.result(), dense.activation.kind);
  }

  [[nodiscard]] RealValue operator()(const Matmul& matmul) const {
    const MatmulLayout layout = matmul_layout(graph_, node_, matmul);
    const ExactSum sum =
        exact_sum(layout, operands_.inputs[0], operands_.inputs[1], flat(output()));
    return {.value = sum.value * matmul.scale,
            .slack = static_cast<double>(layout.a.cols) * kSumError * sum.size * matmul.scale};
  }

  [[nodiscard]] RealValue operator()(const AddTensors& addition) const {
    Sum sum;
    sum.add(input(0, flat(output())));
    sum.add(input(1, flat(output())));
    return activated(sum.result(), addition.activation.kind);
  }

  [[nodiscard]] RealValue operator()(const Activate& activation) const {
    return activated({.value = input(0, flat(output()))}, activation.activation.kind);
  }

  [[nodiscard]] RealValue operator()(const PoolTensor& pooling) const {
    const std::int64_t channels = shape(0).channels;
    double largest = -std::numeric_limits<double>::infinity();
    Sum sum;
    std::int64_t pixels = 0;
    for_window(pooling.kernel, [&](std::int64_t /*ky*/, std::int64_t /*kx*/, std::int64_t pixel) {
      const double value = input(0, pixel * channels + at_.channel);
      largest = std::max(largest, value);
      sum.add(value);
      ++pixels;
    });
    SYSTOLE_CHECK(pixels > 0, "{}: a window without a pixel", node_.name);
    if (pooling.kind == PoolKind::Max) {
      return {.value = largest};
    }
    const auto count = static_cast<double>(
        pooling.count_padding ? pooling.kernel.rows * pooling.kernel.cols : pixels);
    const RealValue total = sum.result();
    const double mean = total.value / count;
    return {.value = mean, .slack = total.slack / count + kSumError * std::fabs(mean)};
  }

  [[nodiscard]] RealValue operator()(const Concat& /*concat*/) const {
    std::int64_t channel = at_.channel;
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
      const Shape in = shape(i);
      if (channel < in.channels) {
        return {.value = input(i, flat(in, channel))};
      }
      channel -= in.channels;
    }
    SYSTOLE_CHECK(false, "{}: no input has channel {}", node_.name, at_.channel);
    return {};
  }

  [[nodiscard]] RealValue operator()(const Flatten& /*flatten*/) const { return viewed(); }
  [[nodiscard]] RealValue operator()(const ReshapeTensor& /*reshape*/) const { return viewed(); }

  // No device measures what computes in rows.
  [[nodiscard]] RealValue operator()(const NormalizeRows& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const CombineTensors& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const CombineConstant& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const ReduceRows& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const RotateRows& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const SliceTensor& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const ResizeTensor& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const RowFormula& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const Rearrange& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const EmbedPositions& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const DepthToSpace& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const TransposePixels& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const AppendRows& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const ConvolveTensors& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const MaskScores& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const AddShifted& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const GatherRows& /*op*/) const { by_rows(); }
  [[nodiscard]] RealValue operator()(const ComposedOp& /*op*/) const { by_rows(); }

  /// exp(x - largest) / sum of the same.
  [[nodiscard]] RealValue operator()(const SoftmaxChannels& /*softmax*/) const {
    const Shape in = shape(0);
    const std::int64_t first = flat(in, 0);
    double largest = -std::numeric_limits<double>::infinity();
    double least = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < in.channels; ++c) {
      largest = std::max<double>(largest, input(0, first + c));
      least = std::min<double>(least, input(0, first + c));
    }
    double sum = 0;
    for (std::int64_t c = 0; c < in.channels; ++c) {
      sum += std::exp(input(0, first + c) - largest);
    }
    const double value = std::exp(input(0, first + at_.channel) - largest) / sum;
    // A difference off by 2^-24 of itself moves exp by as much of its result; exp twice, the sum.
    const double share = (largest - least) * 0x1p-23 + 2 * kFunctionError +
                         static_cast<double>(in.channels) * kSumError;
    return {.value = value, .slack = value * share};
  }

 private:
  [[noreturn]] void by_rows() const {
    SYSTOLE_CHECK(false, "{}: {} computes in rows, which no device measures", node_.name,
                  node_.kind);
  }
  [[nodiscard]] RealValue viewed() const { return {.value = input(0, flat(output()))}; }
  [[nodiscard]] Shape shape(std::size_t input) const {
    return graph_.tensor(node_.inputs.at(input)).shape();
  }
  [[nodiscard]] Shape output() const { return graph_.tensor(node_.output()).shape(); }
  [[nodiscard]] float input(std::size_t index, std::int64_t element) const {
    return operands_.inputs[index][static_cast<std::size_t>(element)];
  }
  [[nodiscard]] double weight(std::int64_t element) const {
    return operands_.weights[static_cast<std::size_t>(element)];
  }
  [[nodiscard]] double bias() const {
    return operands_.biases[static_cast<std::size_t>(at_.channel)];
  }
  [[nodiscard]] std::int64_t flat(const Shape& shape, std::int64_t channel) const {
    return ((at_.batch * shape.rows + at_.row) * shape.cols + at_.col) * shape.channels + channel;
  }
  [[nodiscard]] std::int64_t flat(const Shape& shape) const { return flat(shape, at_.channel); }

  /// Calls visit(ky, kx, pixel of the input) where the window lies inside the image.
  template <class Visit>
  void for_window(const Kernel& kernel, const Visit& visit) const {
    const Shape in = shape(0);
    for (std::int64_t ky = 0; ky < kernel.rows; ++ky) {
      const std::int64_t row =
          at_.row * kernel.stride_rows + ky * kernel.dilation_rows - kernel.pad_top;
      for (std::int64_t kx = 0; kx < kernel.cols; ++kx) {
        const std::int64_t col =
            at_.col * kernel.stride_cols + kx * kernel.dilation_cols - kernel.pad_left;
        if (row >= 0 && row < in.rows && col >= 0 && col < in.cols) {
          visit(ky, kx, (at_.batch * in.rows + row) * in.cols + col);
        }
      }
    }
  }

  const Graph& graph_;
  const Node& node_;
  const RealOperands& operands_;
  const ElementIndex& at_;
};

}  // namespace

float held_as(DataType type, double value) {
  const FloatFormat format = format_of(type);
  if (value == 0) {
    return 0;
  }
  const int exponent = std::max(std::ilogb(value), format.least_exponent);
  const int last_bit = exponent - (format.precision - 1);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(value, -last_bit)), last_bit));
}

double unit_roundoff(DataType type) {
  return std::ldexp(1.0, -format_of(type).precision);
}

RealValue real_value(const Graph& graph, const Node& node, const RealOperands& operands,
                     const ElementIndex& at) {
  return std::visit(Element(graph, node, operands, at), node.op);
}

}  // namespace systole::reference
