#include "tests/end_to_end/support/random_case.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/frontend/read_network.h"
#include "compiler/frontend/real_network.h"
#include "compiler/frontend/stored_weights.h"

namespace systole {

namespace {

/// Draws without std distributions, whose results differ between libraries.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::int64_t between(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low + 1);
    return low + static_cast<std::int64_t>(engine_() % span);
  }
  bool chance(std::int64_t percent) { return between(1, 100) <= percent; }
  std::int64_t one_of(std::initializer_list<std::int64_t> values) {
    return *(values.begin() + between(0, static_cast<std::int64_t>(values.size()) - 1));
  }
  template <class Enum>
  Enum choice() {
    const auto last = static_cast<std::int64_t>(kEnumNames<Enum>.size()) - 1;
    return kEnumNames<Enum>[static_cast<std::size_t>(between(0, last))].first;
  }

 private:
  std::mt19937_64 engine_;
};

ChipSpec random_chip(Dice& dice) {
  static const ChipSpec published = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml");
  ChipSpec chip = published;
  chip.name = "random";
  chip.matrix.rows = dice.one_of({1, 2, 3, 7, 8, 16, 17});
  chip.matrix.cols = dice.one_of({1, 2, 5, 8, 13, 16});
  chip.matrix.dataflow = dice.choice<Dataflow>();
  chip.matrix.overlap = dice.chance(25) ? Overlap::None : Overlap::Shadow;
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] =
      CoreCycles(dice.one_of({1, 1, 1, 2, 3}));
  chip.frequency = Hertz(dice.one_of({200, 700, 2'000}) * 1'000'000);
  chip.accumulators.entries = dice.one_of({2, 3, 8, 31, 64, 256});
  chip.accumulators.banks = dice.between(1, 6);
  chip.accumulators.ports = dice.between(1, chip.accumulators.banks);
  chip.weight_fifo.tiles = dice.between(1, 4);
  chip.weight_fifo.whole_tiles = chip.weight_fifo.tiles == 2;
  chip.buffer.port_width = Bytes(dice.one_of({8, 16, 32}));
  chip.buffer.banks = dice.between(1, 8);
  chip.buffer.ports = dice.between(1, chip.buffer.banks);
  chip.buffer.capacity = Bytes(dice.one_of({3, 4, 6, 8, 16, 64}) * 1024);
  chip.vector.lanes = dice.one_of({1, 3, 8, 16});
  chip.vector.latency = CoreCycles(dice.between(1, 20));
  for (CoreCycles& pace : chip.vector.pace) {
    pace = CoreCycles(dice.between(1, 4));
  }
  chip.dma.request = Bytes(dice.one_of({64, 128, 4096}));
  chip.dma.outstanding = dice.between(1, 8);
  chip.dma.issue = CoreCycles(dice.between(1, 6));
  chip.dram.channels = dice.one_of({1, 2, 4});
  // From 341 bytes for each core cycle down to a third of a byte.
  chip.dram.standard.timing.tCK = chip.dram.standard.timing.tCK * dice.one_of({1, 1, 5, 25});
  chip.dram.capacity = chip.dram.standard.organization.capacity() * chip.dram.channels;
  chip.host.latency = CoreCycles(dice.between(1, 300));
  chip.sequencer.depth = dice.between(1, 8);
  chip.sequencer.issue = CoreCycles(dice.between(1, 4));
  chip.io = dice.choice<IoMemory>();
  return chip;
}

std::int64_t output_size(std::int64_t in, std::int64_t pads, std::int64_t kernel,
                         std::int64_t dilation, std::int64_t stride) {
  return (in + pads - dilation * (kernel - 1) - 1) / stride + 1;
}

/// Random integers keyed by layer or tensor, so that they do not depend on the order of asking.
class RandomData final : public NetworkData {
 public:
  explicit RandomData(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override {
    const TensorType& type = graph.tensor(tensor).type;
    if (!graph.is_parameter(tensor)) {
      return is_float(type.element) ? Value::of_numbers(type, real_input(type, tensor))
                                    : Value::of(type, input(type, tensor));
    }
    const Node& node = reader_of(graph, tensor);
    if (!has_weights(node)) {
      return Value::of_numbers(type, by_feature(type, tensor));
    }
    const LayerParameters integers = parameters(graph, node);
    const bool weights = node.inputs[kWeightsInput] == tensor;
    if (is_float(type.element)) {
      return Value::of_numbers(
          type, weights ? real_weights(graph, node, integers) : real_biases(integers));
    }
    return weights ? Value::of(type, integers.weights) : Value::of(type, integers.biases);
  }

 private:
  static const Node& reader_of(const Graph& graph, GraphTensorId tensor) {
    return *std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
      return std::find(node.inputs.begin(), node.inputs.end(), tensor) != node.inputs.end();
    });
  }

  [[nodiscard]] LayerParameters parameters(const Graph& graph, const Node& node) const {
    const auto gemm = gemm_shape(graph, node);
    Dice dice(seed_ * 1000003 + static_cast<std::uint64_t>(&node - graph.nodes.data()));
    LayerParameters parameters;
    for (std::int64_t i = 0; i < gemm->groups * gemm->k * gemm->n; ++i) {
      parameters.weights.push_back(static_cast<std::int8_t>(dice.between(-128, 127)));
    }
    for (std::int64_t i = 0; i < gemm->groups * gemm->n; ++i) {
      parameters.biases.push_back(static_cast<std::int32_t>(dice.between(-5000, 5000)));
    }
    return parameters;
  }

  [[nodiscard]] std::vector<std::int8_t> input(const TensorType& type, GraphTensorId tensor) const {
    Dice dice(seed_ * 7919 + static_cast<std::uint64_t>(tensor));
    std::vector<std::int8_t> values;
    for (std::int64_t i = 0; i < type.elements(); ++i) {
      values.push_back(static_cast<std::int8_t>(dice.between(-128, 127)));
    }
    return values;
  }

  [[nodiscard]] std::vector<float> by_feature(const TensorType& type, GraphTensorId tensor) const {
    std::vector<float> numbers;
    for (const std::int8_t value : input(type, tensor)) {
      numbers.push_back(static_cast<float>(value / 64.0));
    }
    return numbers;
  }

  /// Of the size at which sums of k products stay about as large as the inputs.
  static std::vector<float> real_weights(const Graph& graph, const Node& node,
                                         const LayerParameters& integers) {
    const auto gemm = gemm_shape(graph, node);
    const double size = 1 / (64 * std::sqrt(static_cast<double>(gemm->k)));
    std::vector<float> weights;
    for (const std::int8_t weight : integers.weights) {
      weights.push_back(static_cast<float>(weight * size));
    }
    return weights;
  }

  static std::vector<float> real_biases(const LayerParameters& integers) {
    std::vector<float> biases;
    for (const std::int32_t bias : integers.biases) {
      biases.push_back(static_cast<float>(bias / 5000.0));
    }
    return biases;
  }

  [[nodiscard]] std::vector<float> real_input(const TensorType& type, GraphTensorId tensor) const {
    std::vector<float> values;
    for (const std::int8_t value : input(type, tensor)) {
      values.push_back(static_cast<float>(value / 31.0));
    }
    return values;
  }

  std::uint64_t seed_;
};

/// Grows a graph node by node; each takes the latest tensor, joins take an earlier one too.
class GraphGrower {
 public:
  explicit GraphGrower(Dice& dice) : dice_(dice) {
    graph_.name = "random";
    graph_.file = "random.yaml";
    graph_.batch = dice.between(1, 3);
    const Shape shape{.batch = graph_.batch,
                      .rows = dice.between(1, 11),
                      .cols = dice.between(1, 11),
                      .channels = dice.between(1, 20)};
    current_ = add_tensor("in", shape, random_quantization());
    graph_.inputs = {current_};
  }

  /// Blocks whose results meet earlier ones, or a function, behind a convolution.
  Graph grow_residuals() {
    const std::int64_t blocks = dice_.between(1, 4);
    for (std::int64_t i = 0; i < blocks; ++i) {
      add_convolution();
      const std::int64_t ways = dice_.between(1, 2);
      for (std::int64_t way = 0; way < ways; ++way) {
        add_residual();
      }
    }
    graph_.outputs = {current_};
    return std::move(graph_);
  }

  Graph grow() {
    const std::int64_t nodes = dice_.between(1, 8);
    for (std::int64_t i = 0; i < nodes; ++i) {
      add_random_node();
    }
    if (graph_.nodes.back().is_view()) {
      add_activation();  // an output must be computed, not be a view of an input
    }
    graph_.outputs = {current_};
    return std::move(graph_);
  }

 private:
  [[nodiscard]] const GraphTensor& current() const { return graph_.tensor(current_); }

  GraphTensorId add_tensor(std::string name, const Shape& shape, const Quantization& quantization) {
    graph_.tensors.push_back({.name = std::move(name),
                              .type = image_type(DataType::Int8, shape),
                              .role = GraphTensorRole::Intermediate,
                              .quantization = quantization});
    return static_cast<GraphTensorId>(graph_.tensors.size() - 1);
  }

  Quantization random_quantization() {
    return {.scale = 0.01 * static_cast<double>(dice_.between(1, 9)),
            .zero_point = static_cast<std::int32_t>(dice_.between(-40, 40))};
  }

  void add_node(std::string kind, std::vector<GraphTensorId> inputs, const Shape& shape,
                const Quantization& quantization, Op op) {
    std::string name = fmt::format("{}{}", kind, graph_.nodes.size());
    current_ = add_tensor(name, shape, quantization);
    graph_.nodes.push_back({.name = std::move(name),
                            .kind = std::move(kind),
                            .inputs = std::move(inputs),
                            .outputs = {current_},
                            .op = std::move(op),
                            .location = {.file = "random.yaml", .line = 1, .column = 1}});
    add_parameters(graph_, graph_.nodes.back(), weight_scales());
  }

  /// One, or one for each output channel, of about its size.
  WeightScales weight_scales() {
    if (!has_weights(graph_.nodes.back()) || dice_.chance(50)) {
      return weight_scale_;
    }
    std::vector<double> scales;
    for (std::int64_t channel = 0; channel < current().shape().channels; ++channel) {
      scales.push_back(weight_scale_ * 0.1 * static_cast<double>(dice_.between(5, 15)));
    }
    return WeightScales(std::move(scales));
  }

  void add_random_node() {
    switch (dice_.between(0, 14)) {
      case 0:
      case 1:
      case 2:
        return add_convolution();
      case 3:
        return add_dense();
      case 4:
        return add_pool();
      case 5:
        return add_sum();
      case 6:
        return add_concat();
      case 7:
        return add_activation();
      case 8:
        return add_flatten();
      case 9:
        return add_norm();
      case 10:
        return add_pair();
      case 11:
        return add_part();
      case 12:
        return add_by_row();
      default:
        return add_softmax();
    }
  }

  Kernel random_kernel() {
    Kernel kernel;
    const Shape in = current().shape();
    kernel.pad_top = dice_.between(0, 2);
    kernel.pad_bottom = dice_.between(0, 2);
    kernel.pad_left = dice_.between(0, 2);
    kernel.pad_right = dice_.between(0, 2);
    kernel.stride_rows = dice_.between(1, 3);
    kernel.stride_cols = dice_.between(1, 3);
    kernel.rows = dice_.between(1, 4);
    kernel.cols = dice_.between(1, 4);
    kernel.dilation_rows = dice_.between(1, 2);
    kernel.dilation_cols = dice_.between(1, 2);
    const auto fit = [](std::int64_t in_size, std::int64_t pads, std::int64_t& size,
                        std::int64_t& dilation) {
      while (dilation * (size - 1) + 1 > in_size + pads) {
        size > 1 ? --size : --dilation;
      }
    };
    fit(in.rows, kernel.pad_top + kernel.pad_bottom, kernel.rows, kernel.dilation_rows);
    fit(in.cols, kernel.pad_left + kernel.pad_right, kernel.cols, kernel.dilation_cols);
    return kernel;
  }

  [[nodiscard]] Shape slid(const Kernel& kernel, std::int64_t channels) const {
    const Shape in = current().shape();
    return {.batch = in.batch,
            .rows = output_size(in.rows, kernel.pad_top + kernel.pad_bottom, kernel.rows,
                                kernel.dilation_rows, kernel.stride_rows),
            .cols = output_size(in.cols, kernel.pad_left + kernel.pad_right, kernel.cols,
                                kernel.dilation_cols, kernel.stride_cols),
            .channels = channels};
  }

  FusedActivation random_activation() {
    return {
        .kind = dice_.choice<ActivationKind>(),
        .before = {.scale = 0.05, .zero_point = static_cast<std::int32_t>(dice_.between(-9, 9))}};
  }

  /// An output scale that spreads sums of `k` products over the int8 range.
  Quantization spread(double product_scale, std::int64_t k, const FusedActivation& activation) {
    Quantization target = random_quantization();
    if (activation.is_looked_up()) {
      return {.scale = 1.0 / 128, .zero_point = target.zero_point};
    }
    target.scale = product_scale * std::sqrt(static_cast<double>(k)) * 120.0;
    return target;
  }

  void add_convolution() {
    Conv2d conv;
    conv.kernel = random_kernel();
    const std::int64_t in_channels = current().shape().channels;
    conv.groups = dice_.chance(25) ? in_channels : 1;
    const std::int64_t out_channels = conv.groups * dice_.between(1, conv.groups > 1 ? 2 : 24);
    weight_scale_ = 0.002 * static_cast<double>(dice_.between(1, 5));
    conv.activation = random_activation();
    const std::int64_t k = conv.kernel.rows * conv.kernel.cols * in_channels / conv.groups;
    add_node("conv2d", {current_}, slid(conv.kernel, out_channels),
             spread(current().quantization.scale * weight_scale_, k, conv.activation), conv);
  }

  void add_dense() {
    if (current().shape().rows * current().shape().cols > 1) {
      add_flatten();
    }
    Dense dense;
    weight_scale_ = 0.003;
    dense.activation = random_activation();
    const std::int64_t k = current().shape().channels;
    add_node("dense", {current_}, {.batch = graph_.batch, .channels = dice_.between(1, 40)},
             spread(current().quantization.scale * weight_scale_, k, dense.activation), dense);
  }

  void add_pool() {
    PoolTensor pool;
    pool.kind = dice_.chance(50) ? PoolKind::Max : PoolKind::Average;
    pool.count_padding = dice_.chance(50);
    pool.global = pool.kind == PoolKind::Average && dice_.chance(30);
    pool.kernel = pool.global
                      ? Kernel{.rows = current().shape().rows, .cols = current().shape().cols}
                      : random_kernel();
    // A window that lies in the padding alone has no maximum and no mean.
    if (!pool.global) {
      pool.kernel.dilation_rows = 1;
      pool.kernel.dilation_cols = 1;
      for (auto [pad, size] : {std::pair{&pool.kernel.pad_top, pool.kernel.rows},
                               {&pool.kernel.pad_bottom, pool.kernel.rows},
                               {&pool.kernel.pad_left, pool.kernel.cols},
                               {&pool.kernel.pad_right, pool.kernel.cols}}) {
        *pad = std::min(*pad, size - 1);
      }
      pool.kernel.rows = std::min(pool.kernel.rows, current().shape().rows);
      pool.kernel.cols = std::min(pool.kernel.cols, current().shape().cols);
      pool.kernel.pad_top = std::min(pool.kernel.pad_top, pool.kernel.rows - 1);
      pool.kernel.pad_bottom = std::min(pool.kernel.pad_bottom, pool.kernel.rows - 1);
      pool.kernel.pad_left = std::min(pool.kernel.pad_left, pool.kernel.cols - 1);
      pool.kernel.pad_right = std::min(pool.kernel.pad_right, pool.kernel.cols - 1);
    }
    const Quantization out =
        pool.kind == PoolKind::Max ? current().quantization : random_quantization();
    add_node(pool.kind == PoolKind::Max ? "max_pool" : "average_pool", {current_},
             slid(pool.kernel, current().shape().channels), out, pool);
  }

  /// An earlier tensor that `fits`, else the current one.
  template <class Predicate>
  GraphTensorId partner(Predicate fits) {
    std::vector<GraphTensorId> candidates{current_};
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      if (!graph_.is_parameter(static_cast<GraphTensorId>(tensor)) &&
          fits(graph_.tensors[tensor].shape())) {
        candidates.push_back(static_cast<GraphTensorId>(tensor));
      }
    }
    return candidates[static_cast<std::size_t>(
        dice_.between(0, static_cast<std::int64_t>(candidates.size()) - 1))];
  }

  void add_sum() {
    const Shape shape = current().shape();
    const GraphTensorId other = partner([&](const Shape& candidate) { return candidate == shape; });
    AddTensors add;
    add.activation.kind = static_cast<ActivationKind>(dice_.between(0, 2));
    add_node("add", {current_, other}, shape, random_quantization(), add);
  }

  /// A convolution that keeps the shape, and what may be done on its sums' way out.
  void add_residual() {
    Conv2d conv;
    conv.kernel.rows = conv.kernel.cols = dice_.one_of({1, 1, 3});
    conv.kernel.pad_top = conv.kernel.pad_bottom = conv.kernel.pad_left = conv.kernel.pad_right =
        conv.kernel.rows / 2;
    weight_scale_ = 0.003;
    conv.activation = random_activation();
    if (dice_.chance(70)) {
      conv.activation.kind = static_cast<ActivationKind>(dice_.between(0, 2));
    }
    const Shape shape = current().shape();
    const std::int64_t k = conv.kernel.positions() * shape.channels;
    add_node("conv2d", {current_}, shape,
             spread(current().quantization.scale * weight_scale_, k, conv.activation), conv);
    const GraphTensorId result = current_;
    const GraphTensorId other = partner([&](const Shape& candidate) { return candidate == shape; });
    std::vector<GraphTensorId> inputs{result, other};
    if (dice_.chance(30)) {
      std::swap(inputs[0], inputs[1]);
    }
    switch (dice_.between(0, 3)) {
      case 0:
        return add_activation();
      case 1:
        return add_inferred("mul", std::move(inputs), CombineTensors{.kind = PairKind::Multiply});
      default: {
        AddTensors add;
        add.activation.kind = static_cast<ActivationKind>(dice_.between(0, 2));
        add_node("add", std::move(inputs), shape, random_quantization(), add);
      }
    }
  }

  void add_concat() {
    Shape shape = current().shape();
    const GraphTensorId other = partner([&](const Shape& candidate) {
      return candidate.rows == shape.rows && candidate.cols == shape.cols;
    });
    shape.channels += graph_.tensor(other).shape().channels;
    add_node("concat", {current_, other}, shape, random_quantization(), Concat{});
  }

  void add_activation() {
    const Activate activate{
        .activation = {.kind = static_cast<ActivationKind>(dice_.between(1, kActivationCount - 1)),
                       .before = current().quantization}};
    add_node(std::string(name_of(activate.activation.kind)), {current_}, current().shape(),
             random_quantization(), activate);
  }

  void add_flatten() {
    const Shape in = current().shape();
    add_node("flatten", {current_},
             {.batch = in.batch, .channels = in.rows * in.cols * in.channels},
             current().quantization, Flatten{});
  }

  void add_softmax() {
    const Shape shape = current().shape();
    SoftmaxChannels softmax{.scale = dice_.chance(50) ? 1 : 0.125,
                            .causal = shape.channels >= shape.cols && dice_.chance(30),
                            .symmetric = dice_.chance(30),
                            .queries = shape.cols,
                            .keys = shape.channels};
    const Quantization out = softmax.symmetric
                                 ? Quantization{.scale = 1.0 / 127, .zero_point = 0}
                                 : Quantization{.scale = 1.0 / 256, .zero_point = -128};
    add_node("softmax", {current_}, shape, out, softmax);
  }

  /// A node whose operator says what its output is.
  void add_inferred(std::string kind, std::vector<GraphTensorId> inputs, Op op) {
    std::vector<TensorType> types;
    std::vector<Quantization> quantizations;
    for (const GraphTensorId input : inputs) {
      types.push_back(graph_.tensor(input).type);
      quantizations.push_back(graph_.tensor(input).quantization);
    }
    const QuantizationDefaults defaults;
    const OpPlace where{.op = {.location = {.file = "random.yaml", .line = 1, .column = 1}}};
    const Inferred inferred = infer(op, {.types = types,
                                         .quantizations = quantizations,
                                         .defaults = defaults,
                                         .before = {},
                                         .where = where});
    const Quantization out = dice_.chance(50) ? inferred.quantization : random_quantization();
    add_node(std::move(kind), std::move(inputs), image_of(inferred.type), out, std::move(op));
  }

  /// With one of the same shape, one pixel for an image, or one channel for a pixel.
  void add_pair() {
    constexpr std::array kKinds{
        std::pair{"mul", PairKind::Multiply}, std::pair{"sub", PairKind::Subtract},
        std::pair{"div", PairKind::Divide}, std::pair{"maximum", PairKind::Larger},
        std::pair{"minimum", PairKind::Smaller}};
    const auto& [name, kind] = kKinds[static_cast<std::size_t>(dice_.between(0, 4))];
    const GraphTensorId whole = current_;
    if (dice_.chance(40)) {
      PoolTensor mean{.kind = PoolKind::Average, .global = true};
      mean.kernel = {.rows = current().shape().rows, .cols = current().shape().cols};
      add_node("average_pool", {current_},
               {.batch = graph_.batch, .channels = current().shape().channels},
               random_quantization(), mean);
    } else if (dice_.chance(40)) {
      add_inferred("reduce", {current_}, random_reduction());
    }
    const Shape shape = graph_.tensor(whole).shape();
    const GraphTensorId other =
        current_ == whole ? partner([&](const Shape& candidate) { return candidate == shape; })
                          : current_;
    std::vector<GraphTensorId> inputs{whole, other};
    if (dice_.chance(30)) {
      std::swap(inputs[0], inputs[1]);
    }
    add_inferred(name, std::move(inputs), CombineTensors{.kind = kind});
  }

  ReduceRows random_reduction() {
    const bool largest = dice_.chance(30);
    const bool mean = dice_.chance(50);
    return {.kind = largest ? ReduceKind::Largest : ReduceKind::Sum, .mean = mean && !largest};
  }

  void add_part() {
    const Shape shape = current().shape();
    const Shape small{.rows = 30, .cols = 30};
    if (dice_.chance(20)) {
      return add_inferred("transpose", {current_}, TransposePixels{});
    }
    if (shape.channels % 4 == 0 && shape.rows <= small.rows && shape.cols <= small.cols &&
        dice_.chance(30)) {
      return add_inferred("depth_to_space", {current_}, DepthToSpace{.factor = 2});
    }
    switch (dice_.between(0, 2)) {
      case 0: {
        const std::array sizes{shape.rows, shape.cols, shape.channels};
        const std::int64_t axis = dice_.between(1, 3);
        const std::int64_t extent = sizes[static_cast<std::size_t>(axis - 1)];
        const std::int64_t first = dice_.between(0, extent - 1);
        const std::int64_t step = axis == 3 ? 1 : dice_.between(1, 2);
        return add_inferred("slice", {current_},
                            SliceTensor{.axis = axis,
                                        .first = first,
                                        .size = dice_.between(1, (extent - 1 - first) / step + 1),
                                        .step = step});
      }
      case 1:
        if (shape.rows <= small.rows && shape.cols <= small.cols) {
          return add_inferred("resize", {current_}, ResizeTensor{.factor = dice_.between(1, 3)});
        }
        [[fallthrough]];
      default: {
        const std::int64_t axis = dice_.between(1, 2);
        const GraphTensorId other = partner([&](const Shape& candidate) {
          return candidate.channels == shape.channels &&
                 (axis == 1 ? candidate.cols == shape.cols : candidate.rows == shape.rows);
        });
        return add_inferred("concat", {current_, other}, Concat{.axis = axis});
      }
    }
  }

  /// The pixels of an image in another order, some twice, a border of one column.
  void add_rearranged() {
    const Shape shape = current().shape();
    Rearrange op;
    op.map = fmt::format("{}..0*{} 0..{},-", shape.rows - 1, shape.cols, shape.cols - 1);
    if (dice_.chance(50)) {
      op.map = fmt::format("0..{} 0..{},0*{}", shape.cols - 1, shape.rows - 1, shape.cols);
    }
    op.fill = 0.5;
    add_inferred("rearrange", {current_}, op);
  }

  void add_formula() {
    RowFormula op;
    constexpr auto kTexts = std::to_array<const char*>(
        {"max(a, p) * q", "(a - largest(a)) / (sum(abs(a)) + 1)", "where(positive(a), a, p + q)",
         "round(a * 2) * 0.5 + p", "exp(min(a, 0)) - floor(a) * p", "a[0] + sum(a * p) * 0.01"});
    op.of = kTexts[static_cast<std::size_t>(dice_.between(0, 5))];
    const Shape shape = current().shape();
    if (op.of.find('p') != std::string::npos) {
      op.positions = {shape.rows * shape.cols};
    }
    if (op.of.find('q') != std::string::npos) {
      op.positions.push_back(shape.cols);
    }
    add_inferred("formula", {current_}, op);
  }

  void add_by_row() {
    const std::int64_t channels = current().shape().channels;
    if (dice_.chance(35)) {
      return add_constant();
    }
    if (dice_.chance(30)) {
      return add_formula();
    }
    if (current().type.extents.size() == 4 && dice_.chance(20)) {
      return add_rearranged();
    }
    if (channels % 2 == 0 && dice_.chance(60)) {
      const std::int64_t heads = channels % 4 == 0 && dice_.chance(50) ? 2 : 1;
      const std::int64_t rotated = dice_.chance(30) ? 2 : 0;
      return add_inferred(
          "rotary", {current_},
          RotateRows{.heads = heads, .rotated = rotated, .first = dice_.between(0, 50)});
    }
    return dice_.chance(50) ? add_inferred("reduce", {current_}, random_reduction())
                            : add_inferred("position_embedding", {current_}, EmbedPositions{});
  }

  /// A number, or one for each feature, position, or both.
  void add_constant() {
    constexpr std::array kKinds{PairKind::Add,    PairKind::Subtract, PairKind::Multiply,
                                PairKind::Larger, PairKind::Smaller,  PairKind::Divide};
    const Shape shape = current().shape();
    CombineConstant op{.kind = kKinds[static_cast<std::size_t>(dice_.between(0, 5))],
                       .reversed = dice_.chance(30)};
    const std::int64_t last = dice_.chance(50) ? shape.channels : 1;
    switch (dice_.between(0, 3)) {
      case 0:
        op.number = static_cast<double>(dice_.between(-8, 8)) / 4;
        break;
      case 1:
        op.extents = {last};
        break;
      case 2:
        op.extents = {shape.cols, last};
        break;
      default:
        op.extents = {shape.rows, shape.cols, last};
    }
    add_inferred("constant", {current_}, op);
  }

  void add_norm() {
    const bool centred = dice_.chance(60);
    const NormalizeRows norm{.centred = centred,
                             .bias = centred && dice_.chance(80),
                             .features = current().shape().channels};
    add_node(centred ? "layer_norm" : "rms_norm", {current_}, current().shape(),
             random_quantization(), norm);
  }

  Dice& dice_;
  Graph graph_;
  double weight_scale_ = 1.0;
  GraphTensorId current_ = -1;
};

/// Writes a network file around products of two tensors.
class ProductNetwork {
 public:
  explicit ProductNetwork(Dice& dice) : dice_(dice), batch_(dice.between(1, 3)) {}

  std::string write() {
    switch (dice_.between(0, 3)) {
      case 0:
      case 1:
        add_attention();
        break;
      case 2:
        add_plain_product();
        break;
      default:
        add_chain();
    }
    return fmt::format("network: products\nbatch: {}\ninputs:\n{}layers:\n{}", batch_, inputs_,
                       layers_);
  }

 private:
  std::string input(const std::string& name, const std::string& extents) {
    inputs_ +=
        fmt::format("- {{name: {}, extents: [{}], quantization: {{scale: {}, zero_point: {}}}}}\n",
                    name, extents, 0.01 * static_cast<double>(dice_.between(1, 4)),
                    dice_.chance(50) ? 0 : dice_.between(-30, 30));
    return name;
  }
  /// The name of the new layer.
  std::string layer(const std::string& op, const std::string& inputs, const std::string& keys) {
    const std::string name = fmt::format("l{}", count_++);
    layers_ += fmt::format("- {{name: {}, op: {}, inputs: [{}]{}}}\n", name, op, inputs, keys);
    return name;
  }
  std::string output() {
    return fmt::format(", output: {{scale: {}, zero_point: {}}}",
                       0.02 * static_cast<double>(dice_.between(1, 9)),
                       dice_.chance(50) ? 0 : dice_.between(-30, 30));
  }
  std::string dense(const std::string& from, std::int64_t features) {
    return layer("dense", from, fmt::format(", features: {}{}", features, output()));
  }

  /// Queries, keys and values from one input; scores, probabilities, contexts.
  void add_attention() {
    const std::int64_t kv_heads = dice_.one_of({1, 1, 2, 3});
    const std::int64_t heads = kv_heads * dice_.one_of({1, 1, 2});
    const std::int64_t wide = dice_.between(1, 19);
    const std::int64_t tokens = dice_.between(1, 23);
    const std::string x = input("x", fmt::format("{}, {}", tokens, dice_.between(1, 30)));
    const std::string q = dense(x, heads * wide);
    const std::string k = dense(x, kv_heads * wide);
    const std::string v = dice_.chance(20) ? k : dense(x, kv_heads * wide);
    const std::string groups = fmt::format(", heads: {}, kv_heads: {}", heads, kv_heads);
    const std::string scores =
        layer("matmul", q + ", " + k,
              fmt::format("{}, transpose_b: true, scale: {}{}", groups,
                          0.25 * static_cast<double>(dice_.between(1, 4)), output()));
    const std::string p = dice_.chance(70) ? layer("softmax", scores, "") : scores;
    const std::string context = layer("matmul", p + ", " + v, groups + output());
    if (dice_.chance(50)) {
      layer("add", context + ", " + dense(context, heads * wide), output());
    }
  }

  void add_plain_product() {
    const std::int64_t m = dice_.between(1, 40);
    const std::int64_t k = dice_.between(1, 40);
    const std::int64_t n = dice_.between(1, 40);
    const std::int64_t heads = dice_.between(1, 3);
    const bool transposed = dice_.chance(50);
    const std::string right =
        transposed ? fmt::format("{}, {}", n, k) : fmt::format("{}, {}", k, n);
    const std::string keys = (transposed ? ", transpose_b: true" : "") + output();
    std::string a;
    std::string b;
    switch (dice_.between(0, 3)) {
      case 0:
        a = input("a", fmt::format("{}, {}", m, k));
        b = input("b", right);
        break;
      case 1:
        a = input("a", fmt::format("{}, {}, {}", heads, m, k));
        b = input("b", fmt::format("{}, {}", dice_.chance(50) ? heads : 1, right));
        break;
      case 2:
        a = input("a", fmt::format("{}, {}, {}", heads, m, k));
        b = input("b", right);
        break;
      default:  // one matrix for all images, with the batch as its columns
        a = input("a", fmt::format("{}, {}", m, k));
        b = input("b", fmt::format("{}", k));
        layer("matmul", layer("relu", a, "") + ", " + layer("relu", b, ""),
              ", transpose_b: true" + output());
        return;
    }
    layer("matmul", a + ", " + (dice_.chance(60) ? layer("relu", b, "") : b), keys);
  }

  /// A tensor with itself, and products of products.
  void add_chain() {
    const std::int64_t rows = dice_.between(1, 25);
    const std::string x =
        layer("relu", input("x", fmt::format("{}, {}", rows, dice_.between(1, 25))), "");
    const std::string square = layer("matmul", x + ", " + x, ", transpose_b: true" + output());
    const std::string again =
        layer("matmul", square + ", " + (dice_.chance(50) ? square : x), output());
    if (dice_.chance(50)) {
      layer("matmul", square + ", " + again, output());
    }
  }

  Dice& dice_;
  std::int64_t batch_;
  std::string inputs_;
  std::string layers_;
  int count_ = 0;
};

/// Tensors that nobody reads would be outputs in a network file.
void complete_outputs(Graph& graph) {
  for (std::size_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
    const auto id = static_cast<GraphTensorId>(tensor);
    bool used = id == graph.outputs.front();
    for (const Node& node : graph.nodes) {
      for (const GraphTensorId input : node.inputs) {
        used = used || input == id;
      }
    }
    if (!used) {
      graph.outputs.push_back(id);
    }
  }
}

void add_units_and_cores(ChipSpec& chip, std::uint64_t seed) {
  Dice machines(seed + 0x9e3779b97f4a7c15);
  chip.matrix.count = machines.one_of({1, 1, 2, 3, 4});
  chip.cores = machines.one_of({1, 1, 1, 2, 3});
}

}  // namespace

RandomCase random_product_case(std::uint64_t seed, DataType type) {
  Dice dice(seed ^ 0x9e3779b97f4a7c15U);
  ChipSpec chip = random_chip(dice);
  chip.matrix.pace_of_kind[static_cast<std::size_t>(*mac_kind(type, type))] =
      chip.matrix.pace(MacKind::Int8);
  chip.weight_fifo.from_buffer = dice.chance(50);
  chip.weight_fifo.transpose = CoreCycles(dice.between(0, 3));
  const std::string text = ProductNetwork(dice).write();
  const Network network =
      parse_network(text, fmt::format("products{}.yaml", seed), {.seed = seed, .type = type});
  add_units_and_cores(chip, seed);
  return {.chip = std::move(chip), .graph = network.graph, .data = network.data};
}

namespace {

RandomCase grown(std::uint64_t seed, Graph (GraphGrower::*grow)()) {
  Dice dice(seed);
  ChipSpec chip = random_chip(dice);
  GraphGrower grower(dice);
  RandomCase result{.chip = std::move(chip),
                    .graph = (grower.*grow)(),
                    .data = std::make_shared<RandomData>(seed)};
  complete_outputs(result.graph);
  add_units_and_cores(result.chip, seed);
  return result;
}

RandomCase with_real_tensors(RandomCase integers, DataType type = DataType::Bf16) {
  auto& paces = integers.chip.matrix.pace_of_kind;
  paces[static_cast<std::size_t>(*mac_kind(type, type))] =
      paces[static_cast<std::size_t>(MacKind::Int8)];
  integers.chip.buffer.capacity = integers.chip.buffer.capacity * 2;
  integers.graph = with_reals(std::move(integers.graph), type);
  return integers;
}

}  // namespace

RandomCase random_case(std::uint64_t seed) {
  return grown(seed, &GraphGrower::grow);
}

RandomCase random_real_case(std::uint64_t seed) {
  return with_real_tensors(random_case(seed));
}

RandomCase random_typed_case(std::uint64_t seed) {
  Dice dice(seed * 2862933555777941757U + 3);
  constexpr auto kTypes =
      std::to_array<DataType>({DataType::Fp16, DataType::Fp8E4M3, DataType::Fp8E5M2});
  const DataType type = kTypes[static_cast<std::size_t>(dice.between(0, 2))];
  RandomCase products = random_product_case(seed, DataType::Int8);
  return with_real_tensors(dice.chance(30) ? std::move(products) : random_case(seed), type);
}

RandomCase random_residual_case(std::uint64_t seed, DataType type) {
  RandomCase integers = grown(seed, &GraphGrower::grow_residuals);
  return type == DataType::Int8 ? integers : with_real_tensors(std::move(integers));
}

RandomCase random_stored_case(std::uint64_t seed) {
  RandomCase random = random_real_case(seed);
  Dice dice(seed * 6364136223846793005U + 1);
  for (const DataType type :
       {DataType::Int8, DataType::Int4, DataType::Fp8E4M3, DataType::Fp8E5M2}) {
    random.chip.weight_fifo.convert[static_cast<std::size_t>(type)] =
        CoreCycles(dice.one_of({1, 1, 2, 7}));
  }
  Network network = with_stored_weights(
      {.graph = std::move(random.graph), .data = std::move(random.data)}, [&](const Node&) {
        return std::optional(WeightStorage{.type = dice.choice<StorageType>(),
                                           .group = dice.one_of({0, 1, 2, 3, 5, 8, 16, 40})});
      });
  random.graph = std::move(network.graph);
  random.data = std::move(network.data);
  return random;
}

}  // namespace systole
