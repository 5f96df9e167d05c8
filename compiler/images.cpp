#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <type_traits>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/isa/fixed_point.h"
#include "compiler/compile.h"
#include "compiler/graph/kept_work.h"
#include "compiler/lowering/quantize.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/group_packing.h"

namespace systole {

namespace {

static_assert(std::endian::native == std::endian::little, "images are little-endian");

using Image = std::vector<std::int8_t>;

template <class T>
void put(Image& image, std::int64_t address, const std::vector<T>& values) {
  const std::size_t bytes = values.size() * sizeof(T);
  SYSTOLE_CHECK(address >= 0 && static_cast<std::size_t>(address) + bytes <= image.size(),
                "{} bytes at {} in an image of {}", bytes, address, image.size());
  std::memcpy(image.data() + address, values.data(), bytes);
}

const ProgramTensor* find_tensor(const Program& program, const std::string& name, bool constant) {
  const auto found = std::find_if(
      program.tensors.begin(), program.tensors.end(), [&](const ProgramTensor& tensor) {
        return tensor.name == name && (tensor.role == TensorRole::Constant) == constant;
      });
  return found == program.tensors.end() ? nullptr : &*found;
}

/// Where the elements of a layer's tiles come from: weights in the order of the network's groups,
/// of which some, or some of whose positions, lie side by side in the tiles, zeros between them.
struct TileSourceMap {
  GemmShape gemm;  ///< of the network
  Packing packing;
  Kernel kernel;
  std::int64_t channels = 1;  ///< input channels of a group

  [[nodiscard]] std::int64_t rows() const {
    return packing.groups * channels * widened(kernel, packing.pixels).positions();
  }
  [[nodiscard]] std::int64_t cols() const { return packing.groups * packing.pixels * gemm.n; }
  /// The row of the network's weights that is row `k` of the tiles for one of what lies side by
  /// side; none where that one has zeros.
  [[nodiscard]] std::optional<std::int64_t> source_row(std::int64_t k, std::int64_t beside) const {
    if (packing.pixels > 1) {
      const std::int64_t wide = widened(kernel, packing.pixels).cols;
      const std::int64_t position = k / channels;
      const auto column = column_under(kernel, packing.pixels, position % wide, beside);
      return column ? std::optional((position / wide * kernel.cols + *column) * channels +
                                    k % channels)
                    : std::nullopt;
    }
    const std::int64_t position = k / (packing.groups * channels);
    const std::int64_t inside = k % (packing.groups * channels) / channels;
    return inside == beside ? std::optional(position * channels + k % channels) : std::nullopt;
  }
};

/// What lies side by side follows from the layer's tiles: those of the first of its groups cover
/// the outputs of all.
TileSourceMap tile_source_map(const Program& program, std::int32_t layer, const GemmShape& gemm,
                              const Node& node) {
  TileSourceMap map{.gemm = gemm};
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (const auto* product = std::get_if<ProductWork>(&work)) {
    map.kernel = product->kernel;
    map.channels = gemm.k / product->kernel.positions();
  }
  std::int64_t reduction = gemm.k;
  std::int64_t outputs = gemm.n;
  for (const WeightTile& tile : program.tiles) {
    if (tile.layer == layer) {
      reduction = std::max(reduction, tile.k_first + tile.rows);
      outputs = std::max(outputs, tile.n_first + tile.cols);
    }
  }
  if (gemm.groups == 1) {
    map.packing.pixels = outputs / gemm.n;
  } else {
    map.packing.groups = reduction / gemm.k;
  }
  return map;
}

/// A row of a tile: the elements of each of what lies side by side where they are, zeros elsewhere.
void put_row(Image& image, std::int64_t address, const TileSourceMap& map, std::int64_t group,
             std::int64_t k, const Slice& n, DataType type, const Image& weights) {
  std::memset(image.data() + address, 0, static_cast<std::size_t>(bytes_of(type, n.size)));
  const std::int64_t outputs = map.gemm.n;
  for (std::int64_t beside = n.first / outputs; beside * outputs < n.first + n.size; ++beside) {
    const std::optional<std::int64_t> row = map.source_row(k, beside);
    const std::int64_t first = std::max(n.first, beside * outputs);
    const std::int64_t end = std::min(n.first + n.size, (beside + 1) * outputs);
    if (row) {
      const std::int64_t own = map.packing.pixels > 1 ? 0 : group * map.packing.groups + beside;
      const std::int64_t source = (own * map.gemm.k + *row) * outputs + first - beside * outputs;
      std::memcpy(image.data() + address + bytes_of(type, first - n.first),
                  weights.data() + bytes_of(type, source),
                  static_cast<std::size_t>(bytes_of(type, end - first)));
    }
  }
}

/// `weights` are packed elements of `type`.
void put_tiles(Image& image, const Program& program, std::int32_t layer, const GemmShape& gemm,
               const Node& node, DataType type, const Image& weights) {
  SYSTOLE_CHECK(
      static_cast<std::int64_t>(weights.size()) == bytes_of(type, gemm.groups * gemm.k * gemm.n),
      "layer {}: {} bytes of weights", program.layers[static_cast<std::size_t>(layer)].name,
      weights.size());
  const TileSourceMap map = tile_source_map(program, layer, gemm, node);
  for (const WeightTile& tile : program.tiles) {
    if (tile.layer != layer) {
      continue;
    }
    const std::int64_t group = tile.n_first / map.cols();
    const Slice n{.first = tile.n_first % map.cols(), .size = tile.cols};
    SYSTOLE_CHECK(tile.rows > 0 && tile.cols > 0 && group * map.packing.groups < gemm.groups &&
                      tile.k_first + tile.rows <= map.rows() && n.first + n.size <= map.cols(),
                  "a tile of {} x {} in a layer of {} x {}", tile.rows, tile.cols, gemm.k, gemm.n);
    const std::int64_t row_bytes = bytes_of(type, tile.cols);
    SYSTOLE_CHECK(tile.dram_address >= 0 && tile.dram_address + tile.rows * row_bytes <=
                                                static_cast<std::int64_t>(image.size()),
                  "a tile at {} in an image of {}", tile.dram_address, image.size());
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      put_row(image, tile.dram_address + row * row_bytes, map, group, tile.k_first + row, n, type,
              weights);
    }
  }
}

/// Elements that are not whole bytes, one by one.
class NibbleWriter {
 public:
  NibbleWriter(Image& image, std::int64_t address) : image_(image), address_(address) {}

  void add(std::int32_t nibble) {
    auto& byte = image_[static_cast<std::size_t>(address_ + count_ / 2)];
    const auto bits = static_cast<std::uint32_t>(nibble) & 15U;
    byte = static_cast<std::int8_t>(
        count_ % 2 == 0 ? bits : (static_cast<std::uint8_t>(byte) | bits << 4U));
    ++count_;
  }

 private:
  Image& image_;
  std::int64_t address_;
  std::int64_t count_ = 0;
};

std::int32_t nibble_of(const Image& packed, std::int64_t element) {
  const auto byte = static_cast<std::uint8_t>(packed[static_cast<std::size_t>(element / 2)]);
  return element % 2 == 0 ? byte & 15 : byte >> 4;
}

/// Tiles of weights that are stored narrower than they are multiplied: elements, then the scales of
/// the groups that the tile's rows are in.
void put_stored_tiles(Image& image, const Program& program, std::int32_t layer,
                      const GemmShape& gemm, const GraphTensor& tensor, const Image& weights,
                      const Image& scales, DataType scale_type) {
  const DataType type = tensor.type.element;
  const std::int64_t scale_size = bytes_of(scale_type);
  for (const WeightTile& tile : program.tiles) {
    if (tile.layer != layer) {
      continue;
    }
    const std::int64_t group = tile.n_first / gemm.n;
    const std::int64_t first = (group * gemm.k + tile.k_first) * gemm.n + tile.n_first % gemm.n;
    NibbleWriter nibbles(image, tile.dram_address);
    std::int64_t at = tile.dram_address;
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      const std::int64_t source = first + row * gemm.n;
      if (bits_of(type) == 4) {
        for (std::int64_t col = 0; col < tile.cols; ++col) {
          nibbles.add(nibble_of(weights, source + col));
        }
      } else {
        std::memcpy(image.data() + at, weights.data() + source,
                    static_cast<std::size_t>(tile.cols));
        at += tile.cols;
      }
    }
    if (!tensor.stored.exist()) {
      continue;
    }
    at = tile.dram_address + bytes_of(type, tile.rows * tile.cols);
    const std::int64_t last = (tile.k_first + tile.rows - 1) / tensor.stored.group;
    for (std::int64_t part = tile.k_first / tensor.stored.group; part <= last; ++part) {
      const std::int64_t source = part * gemm.groups * gemm.n + tile.n_first;
      std::memcpy(image.data() + at, scales.data() + source * scale_size,
                  static_cast<std::size_t>(tile.cols * scale_size));
      at += tile.cols * scale_size;
    }
  }
}

/// acc = sum (x - zero) * w = sum x * w - zero * sum w: the second term goes into the bias.
std::vector<std::int32_t> corrected_biases(const GemmShape& gemm, const LayerParameters& parameters,
                                           std::int32_t zero_point) {
  std::vector<std::int32_t> biases = parameters.biases;
  for (std::int64_t group = 0; group < gemm.groups; ++group) {
    for (std::int64_t k = 0; k < gemm.k; ++k) {
      const std::int64_t row = (group * gemm.k + k) * gemm.n;
      for (std::int64_t n = 0; n < gemm.n; ++n) {
        // Modulo 2^32, as the accumulators count.
        auto& bias = biases[static_cast<std::size_t>(group * gemm.n + n)];
        const std::int32_t product =
            zero_point * parameters.weight(static_cast<std::size_t>(row + n));
        bias = static_cast<std::int32_t>(static_cast<std::uint32_t>(bias) -
                                         static_cast<std::uint32_t>(product));
      }
    }
  }
  return biases;
}

void put_table(Image& image, const Program& program, const Graph& graph, const Node& node) {
  const ProgramTensor* table = find_tensor(program, node.name + ".table", true);
  if (table == nullptr) {
    return;
  }
  const Quantization& in = graph.tensor(node.inputs.front()).quantization;
  if (node.does<SoftmaxWork>()) {
    put(image, table->home, softmax_table(in.scale));
    return;
  }
  const FusedActivation activation = node.activation();
  put(image, table->home,
      lookup_table(activation.kind, activation.before, graph.tensor(node.output()).quantization));
}

/// Parameters of what computes in rows.
void put_by_feature(Image& image, const Program& program, const Graph& graph,
                    const NetworkData& data, const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* rows = std::get_if<RowWork>(&work);
  if (rows == nullptr) {
    return;
  }
  // Tables of another layer, which are the same, have its name.
  if (const ProgramTensor* tables = find_tensor(program, node.name + ".tables", true)) {
    std::vector<float> numbers;
    for (const RowTable& table : rows->tables) {
      const std::vector<float> made = table.numbers();
      numbers.insert(numbers.end(), made.begin(), made.end());
    }
    put(image, tables->home, numbers);
  }
  for (const GraphTensorId input : node.inputs) {
    if (graph.is_parameter(input)) {
      const ProgramTensor* tensor = find_tensor(program, graph.tensor(input).name, true);
      SYSTOLE_CHECK(tensor != nullptr, "{} is not in the program", graph.tensor(input).name);
      put(image, tensor->home, data.value(graph, input).bytes);
    }
  }
}

/// As often as the tensor has room: once for each of the positions that lie side by side.
template <class T>
void put_repeated(Image& image, const ProgramTensor& tensor, const std::vector<T>& values) {
  const auto bytes = static_cast<std::int64_t>(values.size() * sizeof(T));
  for (std::int64_t at = 0; at + bytes <= tensor.bytes(); at += bytes) {
    put(image, tensor.home + at, values);
  }
}

template <class Bias>
void put_biases(Image& image, const Program& program, const Node& node, const GemmShape& gemm,
                const std::vector<Bias>& biases) {
  if (!has_biases(node) && std::is_floating_point_v<Bias>) {
    return;
  }
  const ProgramTensor* bias = find_tensor(program, node.name + ".bias", true);
  SYSTOLE_CHECK(bias != nullptr, "layer {}: no biases in the program", node.name);
  SYSTOLE_CHECK(static_cast<std::int64_t>(biases.size()) == gemm.groups * gemm.n,
                "layer {}: {} biases", node.name, biases.size());
  put_repeated(image, *bias, biases);
}

/// What scales the sums of each column, where the weights have a scale for each: multipliers and
/// shifts.
void put_factors(Image& image, const Program& program, const Graph& graph, const Node& node) {
  const WeightScales scales = weight_scales(graph, node);
  if (!scales.by_channel()) {
    return;
  }
  const ProgramTensor* tensor = find_tensor(program, node.name + ".factors", true);
  SYSTOLE_CHECK(tensor != nullptr, "layer {}: no factors in the program", node.name);
  const double input_scale = graph.tensor(node.inputs.front()).quantization.scale;
  std::vector<std::int32_t> factors;
  for (const double scale : scales.all()) {
    const FixedPoint factor = to_fixed_point(input_scale * scale / result_scale(graph, node));
    factors.push_back(static_cast<std::int32_t>(factor.multiplier));
    factors.push_back(factor.shift);
  }
  put_repeated(image, *tensor, factors);
}

void put_parameters(Image& image, const Program& program, const Graph& graph,
                    const NetworkData& data, NodeId layer, const GemmShape& gemm) {
  const Node& node = graph.node(layer);
  const DataType type = graph.operand_type(node);
  const GraphTensorId weights = node.inputs.at(kWeightsInput);
  if (is_float(type) && right_type(graph, node) != graph.tensor(weights).type.element) {
    const GraphTensor& tensor = graph.tensor(weights);
    const Image scales =
        tensor.stored.exist() ? data.value(graph, tensor.stored.tensor).bytes : Image{};
    put_stored_tiles(image, program, layer, gemm, tensor, data.value(graph, weights).bytes, scales,
                     type);
    put_biases(image, program, node, gemm, real_biases(graph, data, node));
    return;
  }
  if (is_float(type)) {
    put_tiles(image, program, layer, gemm, node, type,
              data.value(graph, node.inputs.at(kWeightsInput)).bytes);
    put_biases(image, program, node, gemm, real_biases(graph, data, node));
    return;
  }
  const LayerParameters parameters = layer_parameters(graph, data, node);
  if (parameters.low.empty()) {
    put_tiles(image, program, layer, gemm, node, type, parameters.weights);
  } else {
    put_tiles(image, program, layer, gemm, node, DataType::Int16, data.value(graph, weights).bytes);
  }
  put_factors(image, program, graph, node);
  put_biases(image, program, node, gemm,
             corrected_biases(gemm, parameters,
                              graph.tensor(node.inputs.front()).quantization.zero_point));
}

/// The network's inputs that are in that memory.
void put_inputs(Image& image, IoMemory memory, const Program& program, const Graph& graph,
                const NetworkData& data) {
  for (const GraphTensorId input : graph.inputs) {
    const ProgramTensor* tensor = find_tensor(program, graph.tensor(input).name, false);
    SYSTOLE_CHECK(tensor != nullptr, "input {} is not in the program", graph.tensor(input).name);
    if (tensor->io == memory) {
      put(image, tensor->home, data.value(graph, input).bytes);
    }
  }
}

}  // namespace

std::vector<std::int8_t> dram_image(const Program& program, const Graph& graph,
                                    const NetworkData& data) {
  Image image(static_cast<std::size_t>(program.dram_bytes));
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    const Node& node = graph.nodes[layer];
    put_table(image, program, graph, node);
    put_by_feature(image, program, graph, data, node);
    if (has_weights(node)) {
      put_parameters(image, program, graph, data, static_cast<NodeId>(layer),
                     *gemm_shape(graph, node));
    }
  }
  put_inputs(image, IoMemory::Device, program, graph, data);
  for (const GraphTensorId state : graph.states) {
    const ProgramTensor* tensor = find_tensor(program, graph.tensor(state).name, false);
    SYSTOLE_CHECK(tensor != nullptr, "state {} is not in the program", graph.tensor(state).name);
    put(image, tensor->home, data.value(graph, state).bytes);
  }
  return image;
}

std::vector<std::int8_t> host_image(const Program& program, const Graph& graph,
                                    const NetworkData& data) {
  Image image(static_cast<std::size_t>(program.host_bytes));
  put_inputs(image, IoMemory::Host, program, graph, data);
  return image;
}

}  // namespace systole
