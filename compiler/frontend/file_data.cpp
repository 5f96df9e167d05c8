#include "compiler/frontend/file_data.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/frontend/real_network.h"
#include "compiler/frontend/weight_quantization.h"
#include "compiler/graph/kept_work.h"

namespace systole {

namespace {

const std::vector<NpyType> kFloats{NpyType::Float16, NpyType::Float32, NpyType::Float64};
const std::vector<NpyType> kFloatsOrInt8{NpyType::Float16, NpyType::Float32, NpyType::Float64,
                                         NpyType::Int8};

WeightInfo weights_of(const Node& node) {
  return std::get<ProductWork>(*kept_work(node)).weights;
}

/// The axes of a weight file: as PyTorch keeps them.
std::vector<std::int64_t> weight_shape(const Graph& graph, const Node& node) {
  const GemmShape gemm = *gemm_shape(graph, node);
  const std::int64_t out = gemm.groups * gemm.n;
  constexpr std::size_t kImageAxes = 4;
  if (graph.tensor(node.output()).type.extents.size() < kImageAxes) {
    return {out, gemm.k};
  }
  const Kernel kernel = std::get<ProductWork>(*kept_work(node)).kernel;
  return {out, gemm.k / kernel.positions(), kernel.rows, kernel.cols};
}

/// Reorders [out][channel][position] to [group][position][channel][out of the group].
template <class Value>
std::vector<Value> to_gemm_order(const std::vector<Value>& values, const GemmShape& gemm,
                                 const std::vector<std::int64_t>& shape) {
  const std::int64_t channels = shape[1];
  const std::int64_t positions = gemm.k / channels;
  std::vector<Value> ordered(values.size());
  auto from = values.begin();
  for (std::int64_t out = 0; out < gemm.groups * gemm.n; ++out) {
    const std::int64_t first = out / gemm.n * gemm.k * gemm.n + out % gemm.n;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      for (std::int64_t position = 0; position < positions; ++position) {
        const std::int64_t k = position * channels + channel;
        ordered[static_cast<std::size_t>(first + k * gemm.n)] = *from++;
      }
    }
  }
  return ordered;
}

void check_bias(double value, std::int64_t k, std::size_t channel, const std::string& file) {
  if (!is_bias(value, k)) {
    const std::int64_t most = most_bias_steps(k);
    fail_npy(
        file,
        fmt::format("expected biases within {} steps of input scale times weight scale, got {:g} "
                    "at channel {}",
                    most == kMaxBias ? "2^29" : fmt::format("{}", most), value, channel));
  }
}

/// Float weights and biases after folding, in the order of the file.
struct FoldedLayer {
  std::vector<float> weights;
  std::vector<double> biases;
  std::string bias_file;

  /// Products of a sum.
  [[nodiscard]] std::int64_t k() const {
    return static_cast<std::int64_t>(weights.size() / biases.size());
  }
  [[nodiscard]] double largest_weight(std::size_t channel) const {
    const auto size = static_cast<std::size_t>(k());
    double largest = 0;
    for (std::size_t i = channel * size; i < (channel + 1) * size; ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(weights[i])));
    }
    return largest;
  }
};

std::vector<float> channel_floats(const std::string& path, std::int64_t channels) {
  const NpyFile file(path);
  file.expect_type(kFloats);
  file.expect_shape({channels});
  return file.floats();
}

/// A number of a layer whose batch normalisation is folded; both types of networks hold it as fp32.
void check_float(double value, std::string_view what, std::size_t channel,
                 const std::string& file) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (!(std::abs(value) <= kLargest)) {
    fail_npy(file,
             fmt::format("expected a batch normalisation after which float32 holds every {}, got "
                         "{:g} at channel {}",
                         what, value, channel));
  }
}

/// Scales each output channel's weights by gamma / sqrt(variance + epsilon) and makes the biases
/// beta + (bias - mean) * that.
void fold_batch_norm(const std::string& stem, double epsilon, FoldedLayer& layer) {
  const auto channels = static_cast<std::int64_t>(layer.biases.size());
  const auto gamma = channel_floats(stem + "gamma.npy", channels);
  const auto beta = channel_floats(stem + "beta.npy", channels);
  const auto mean = channel_floats(stem + "mean.npy", channels);
  layer.bias_file = stem + "variance.npy";
  const auto variance = channel_floats(layer.bias_file, channels);
  const std::size_t per_channel = layer.weights.size() / layer.biases.size();
  for (std::size_t channel = 0; channel < layer.biases.size(); ++channel) {
    if (variance[channel] < 0) {
      fail_npy(layer.bias_file,
               fmt::format("expected variances of at least 0, got {} at channel {}",
                           variance[channel], channel));
    }
    const double factor = gamma[channel] / std::sqrt(variance[channel] + epsilon);
    layer.biases[channel] = beta[channel] + (layer.biases[channel] - mean[channel]) * factor;
    check_float(layer.biases[channel], "bias", channel, layer.bias_file);
    for (std::size_t i = channel * per_channel; i < (channel + 1) * per_channel; ++i) {
      const double weight = layer.weights[i] * factor;
      check_float(weight, "weight", channel, layer.bias_file);
      layer.weights[i] = static_cast<float>(weight);
    }
  }
}

/// In units of input scale * weight scale.
std::vector<std::int32_t> quantized_biases(const FoldedLayer& layer, const WeightScales& units) {
  std::vector<std::int32_t> biases;
  for (const double bias : layer.biases) {
    const double steps = std::round(bias / units.at(static_cast<std::int64_t>(biases.size())));
    check_bias(steps, layer.k(), biases.size(), layer.bias_file);
    biases.push_back(static_cast<std::int32_t>(steps));
  }
  return biases;
}

/// Of a layer whose weights have the axes `shape`.
std::vector<std::int32_t> int32_biases(const std::string& path,
                                       const std::vector<std::int64_t>& shape) {
  const std::int64_t channels = shape.front();
  const std::int64_t k =
      std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
  const NpyFile file(path);
  file.expect_type({NpyType::Int32, NpyType::Int64});
  file.expect_shape({channels});
  auto biases = file.int32s();
  for (std::size_t i = 0; i < biases.size(); ++i) {
    check_bias(biases[i], k, i, path);
  }
  return biases;
}

NpyFile weight_file(const std::string& path, const std::vector<std::int64_t>& shape) {
  NpyFile file(path);
  file.expect_type(kFloatsOrInt8);
  file.expect_shape(shape);
  return file;
}

/// Beside a batch normalisation a bias is optional.
bool has_float_biases(const std::string& stem, const WeightInfo& weights) {
  return weights.bias && (!weights.batch_norm || std::filesystem::exists(stem + "bias.npy"));
}

/// `stem` is the path up to and including `<layer>.`.
FoldedLayer folded_layer(const NpyFile& file, const std::string& stem, const WeightInfo& weights,
                         double epsilon) {
  FoldedLayer layer;
  layer.weights = file.floats();
  layer.biases.assign(static_cast<std::size_t>(file.shape().front()), 0.0);
  if (has_float_biases(stem, weights)) {
    layer.bias_file = stem + "bias.npy";
    const auto biases = channel_floats(layer.bias_file, file.shape().front());
    layer.biases.assign(biases.begin(), biases.end());
  }
  if (weights.batch_norm) {
    fold_batch_norm(stem + "batch_norm.", epsilon, layer);
  }
  return layer;
}

/// For each output channel.
std::vector<double> fitting_weight_scales(const FoldedLayer& layer, double input_scale,
                                          double output_scale) {
  std::vector<double> scales;
  for (std::size_t channel = 0; channel < layer.biases.size(); ++channel) {
    scales.push_back(fitting_weight_scale({.largest_weight = layer.largest_weight(channel),
                                           .largest_bias = std::abs(layer.biases[channel]),
                                           .products = layer.k()},
                                          input_scale, output_scale));
  }
  return scales;
}

WeightScales accumulator_units(const Graph& graph, const Node& node, const WeightScales& scales) {
  return scales * graph.tensor(node.inputs.front()).quantization.scale;
}

/// What the description says by itself.
std::optional<WeightScales> described_scales(const LayerDescription& layer) {
  if (!layer.channel_scales.empty()) {
    return WeightScales(layer.channel_scales);
  }
  return layer.weight_scale ? std::optional(WeightScales(*layer.weight_scale)) : std::nullopt;
}

/// Beside int8 weights.
WeightScales scale_file(const std::string& path, std::int64_t channels) {
  constexpr double kLeast = 1e-12;
  constexpr double kMost = 1e12;
  const std::vector<float> scales = channel_floats(path, channels);
  for (std::size_t channel = 0; channel < scales.size(); ++channel) {
    if (!(scales[channel] >= kLeast && scales[channel] <= kMost)) {
      fail_npy(path, fmt::format("expected scales in {:g}..{:g}, got {:g} at channel {}", kLeast,
                                 kMost, scales[channel], channel));
    }
  }
  return WeightScales(std::vector<double>(scales.begin(), scales.end()));
}

/// What to do about (images, channels, rows, columns) where the channels are expected last.
std::string channels_first_hint(const std::vector<std::int64_t>& axes,
                                const std::vector<std::int64_t>& got) {
  const bool channels_first = axes.size() == 3 && got.size() == 4 &&
                              !std::equal(axes.begin(), axes.end(), got.begin() + 1) &&
                              got[1] == axes[2] && got[2] == axes[0] && got[3] == axes[1];
  return channels_first ? ", channels first: numpy.transpose(x, (0, 2, 3, 1)) puts them last" : "";
}

std::vector<std::int64_t> axes_of(const Shape& shape) {
  if (shape.rows == 1 && shape.cols == 1) {
    return {shape.channels};
  }
  return {shape.rows, shape.cols, shape.channels};
}

}  // namespace

ParameterFiles::ParameterFiles(std::string directory, double batch_norm_epsilon)
    : directory_(std::move(directory)), epsilon_(batch_norm_epsilon) {}

std::string ParameterFiles::stem(const Node& node) const {
  return fmt::format("{}/{}.", directory_, node.name);
}

WeightScales ParameterFiles::check(const LayerDescription& layer, bool per_channel,
                                   const Graph& graph, const Node& node) const {
  const WeightInfo weights = weights_of(node);
  const std::string weight_path = stem(node) + "weight.npy";
  const NpyFile file = weight_file(weight_path, weight_shape(graph, node));
  if (file.type() == NpyType::Int8) {
    const auto described = described_scales(layer);
    if (!described && !per_channel) {
      layer.place().fail(fmt::format(
          "expected weights.scale, as {} holds int8 weights, got nothing", weight_path));
    }
    if (weights.bias || weights.batch_norm) {
      static_cast<void>(int32_biases(stem(node) + "bias.npy", file.shape()));
    }
    return described ? *described : scale_file(stem(node) + "scale.npy", file.shape().front());
  }
  const FoldedLayer folded = folded_layer(file, stem(node), weights, epsilon_);
  const auto scales = [&]() -> WeightScales {
    if (const auto described = described_scales(layer)) {
      return *described;
    }
    std::vector<double> fitting = fitting_weight_scales(
        folded, graph.tensor(node.inputs.front()).quantization.scale, result_scale(graph, node));
    return per_channel ? WeightScales(std::move(fitting))
                       : WeightScales(*std::max_element(fitting.begin(), fitting.end()));
  }();
  static_cast<void>(quantized_biases(folded, accumulator_units(graph, node, scales)));
  return scales;
}

LayerParameters ParameterFiles::parameters(const Graph& graph, const Node& node) const {
  const WeightInfo weights = weights_of(node);
  const auto gemm = gemm_shape(graph, node);
  const auto shape = weight_shape(graph, node);
  const NpyFile file = weight_file(stem(node) + "weight.npy", shape);
  LayerParameters parameters;
  if (file.type() == NpyType::Int8) {
    parameters.weights = to_gemm_order(file.int8s(), *gemm, shape);
    parameters.biases = weights.bias || weights.batch_norm
                            ? int32_biases(stem(node) + "bias.npy", shape)
                            : std::vector<std::int32_t>(static_cast<std::size_t>(shape.front()));
    return parameters;
  }
  const FoldedLayer folded = folded_layer(file, stem(node), weights, epsilon_);
  const WeightScales scales = weight_scales(graph, node);
  std::vector<std::int8_t> values;
  values.reserve(folded.weights.size());
  for (std::size_t channel = 0; channel < folded.biases.size(); ++channel) {
    const double scale = scales.at(static_cast<std::int64_t>(channel));
    const auto first = folded.weights.begin() + static_cast<std::ptrdiff_t>(values.size());
    std::transform(first, first + gemm->k, std::back_inserter(values),
                   [&](float weight) { return quantized_weight(weight, scale); });
  }
  parameters.weights = to_gemm_order(values, *gemm, shape);
  parameters.biases = quantized_biases(folded, accumulator_units(graph, node, scales));
  return parameters;
}

RealParameters ParameterFiles::real_parameters(const Graph& graph, const Node& node) const {
  const auto shape = weight_shape(graph, node);
  const NpyFile file = weight_file(stem(node) + "weight.npy", shape);
  if (file.type() == NpyType::Int8) {
    return dequantized(parameters(graph, node), graph, node);
  }
  const FoldedLayer folded = folded_layer(file, stem(node), weights_of(node), epsilon_);
  return {.weights = to_gemm_order(folded.weights, *gemm_shape(graph, node), shape),
          .biases = std::vector<float>(folded.biases.begin(), folded.biases.end())};
}

std::vector<float> ParameterFiles::by_feature(const Graph& graph, GraphTensorId parameter,
                                              Infinities infinities) const {
  const GraphTensor& tensor = graph.tensor(parameter);
  const NpyFile file(fmt::format("{}/{}.npy", directory_, tensor.name));
  file.expect_type(kFloats);
  file.expect_shape({tensor.type.extents.begin(), tensor.type.extents.end()});
  return file.floats(infinities);
}

std::optional<FloatParameters> ParameterFiles::float_parameters(const Graph& graph,
                                                                const Node& node) const {
  const NpyFile file = weight_file(stem(node) + "weight.npy", weight_shape(graph, node));
  if (file.type() == NpyType::Int8) {
    return std::nullopt;
  }
  const WeightInfo& weights = weights_of(node);
  const std::int64_t channels = file.shape().front();
  FloatParameters parameters{.weights = file.floats()};
  if (has_float_biases(stem(node), weights)) {
    parameters.biases = channel_floats(stem(node) + "bias.npy", channels);
  }
  if (weights.batch_norm) {
    const auto read = [&](std::string_view name) {
      return channel_floats(fmt::format("{}batch_norm.{}.npy", stem(node), name), channels);
    };
    parameters.batch_norm = {.gamma = read("gamma"),
                             .beta = read("beta"),
                             .mean = read("mean"),
                             .variance = read("variance"),
                             .epsilon = epsilon_};
  }
  return parameters;
}

void check_input_file(const std::string& file, const Shape& shape) {
  const NpyFile array(file);
  array.expect_type(kFloatsOrInt8);
  const std::vector<std::int64_t> axes = axes_of(shape);
  const std::vector<std::int64_t>& got = array.shape();
  if (got.size() != axes.size() + 1 || got.front() < shape.batch ||
      !std::equal(axes.begin(), axes.end(), got.begin() + 1)) {
    fail_npy(file,
             fmt::format("expected shape (at least {}, {}), got {}{}", shape.batch,
                         fmt::join(axes, ", "), shape_text(got), channels_first_hint(axes, got)));
  }
  if (is_float(array.type())) {
    static_cast<void>(array.floats());
  }
}

std::vector<std::int8_t> read_input_file(const std::string& file, const GraphTensor& tensor) {
  check_input_file(file, tensor.shape());
  const NpyFile array(file);
  std::vector<std::int8_t> values;
  if (array.type() == NpyType::Int8) {
    values = array.int8s();
  } else {
    const auto [scale, zero_point] = tensor.quantization;
    for (const float value : array.floats()) {
      const double stored = std::round(value / scale) + zero_point;
      values.push_back(static_cast<std::int8_t>(std::clamp(stored, -128.0, 127.0)));
    }
  }
  values.resize(static_cast<std::size_t>(tensor.shape().elements()));
  return values;
}

std::optional<std::vector<float>> read_float_input_file(const std::string& file,
                                                        const GraphTensor& tensor) {
  check_input_file(file, tensor.shape());
  const NpyFile array(file);
  if (array.type() == NpyType::Int8) {
    return std::nullopt;
  }
  std::vector<float> values = array.floats();
  values.resize(static_cast<std::size_t>(tensor.shape().elements()));
  return values;
}

std::vector<float> read_real_input_file(const std::string& file, const GraphTensor& tensor) {
  check_input_file(file, tensor.shape());
  const NpyFile array(file);
  std::vector<float> values = array.type() == NpyType::Int8
                                  ? dequantized(array.int8s(), tensor.quantization)
                                  : array.floats();
  values.resize(static_cast<std::size_t>(tensor.shape().elements()));
  return values;
}

}  // namespace systole
