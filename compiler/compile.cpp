#include "compiler/compile.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/allocation/memory_plan.h"
#include "compiler/allocation/placement.h"
#include "compiler/allocation/segment.h"
#include "compiler/compilation.h"
#include "compiler/graph/hold.h"
#include "compiler/graph/kept_work.h"
#include "compiler/lowering/check_operands.h"
#include "compiler/lowering/emit.h"
#include "compiler/lowering/lowering_context.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/choose_mapping.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/tile_source.h"
#include "compiler/network_type.h"
#include "compiler/schedule/interleave.h"
#include "compiler/schedule/program_builder.h"
#include "compiler/tiling/rows_first.h"
#include "compiler/verify/verify.h"

namespace systole {

namespace {

/// What is too large for a chip's DRAM is told when all of it is known.
constexpr std::int64_t kAnyCapacity = std::numeric_limits<std::int64_t>::max();

/// Hands out addresses of DRAM and host memory, burst by burst. What covers all channels begins at
/// the first: a request of such a block then asks the same of every channel.
class FarMemory {
 public:
  explicit FarMemory(const DramSpec& dram)
      : alignment_(dram.standard.organization.burst_bytes().count()),
        stripe_(std::max(alignment_, dram.channels * dram.interleave.count())) {}

  std::int64_t take(std::int64_t bytes) {
    begin_block(bytes);
    return append(bytes);
  }
  /// A block of `bytes` follows, part by part.
  void begin_block(std::int64_t bytes) {
    next_ = bytes < stripe_ ? next_ : round_up(next_, stripe_);
  }
  std::int64_t append(std::int64_t bytes) {
    const std::int64_t address = next_;
    next_ = round_up(next_ + bytes, alignment_);
    return address;
  }
  [[nodiscard]] std::int64_t used() const { return next_; }
  [[nodiscard]] std::int64_t stripe() const { return stripe_; }

 private:
  std::int64_t alignment_;
  std::int64_t stripe_;  ///< a block of each channel
  std::int64_t next_ = 0;
};

/// Bytes of weights that are not stored in fewer bits; 0 where the chip does not convert int4.
std::int64_t saved_by_int4(const ChipSpec& chip, const Graph& graph) {
  constexpr std::int64_t kGroup = 128;
  std::int64_t saved = 0;
  for (const Node& node : graph.nodes) {
    if (!chip.weight_fifo.converts(DataType::Int4) || !has_weights(node)) {
      continue;
    }
    const GraphTensor& weights = graph.tensor(node.inputs[kWeightsInput]);
    const bool is_wide =
        weights.type.element == DataType::Bf16 || weights.type.element == DataType::Fp16;
    const std::int64_t elements = weights.type.elements();
    saved += is_wide ? weights.bytes() - bytes_of(DataType::Int4, elements) -
                           bytes_of(weights.type.element, elements / kGroup)
                     : 0;
  }
  return saved;
}

[[noreturn]] void throw_full(const ChipSpec& chip, const Graph& graph, bool weights_alone,
                             std::int64_t needed) {
  const std::int64_t capacity = chip.dram.capacity.count();
  const std::string_view what = weights_alone          ? "weights"
                                : graph.states.empty() ? "weights and spilled tensors"
                                                       : "weights, states and spilled tensors";
  std::string message = fmt::format("expected {} that fit the {} bytes of DRAM of {}, got {} bytes",
                                    what, capacity, chip.name, needed);
  if (!weights_alone) {
    message += fmt::format(" at batch {}", graph.batch);
  }
  message += fmt::format(": {} too many", needed - capacity);
  if (bytes_of(graph.input_type()) > 1 && multiplies(chip, DataType::Int8)) {
    message += fmt::format("; --type int8 takes about {}", needed / bytes_of(graph.input_type()));
  }
  if (const std::int64_t saved = saved_by_int4(chip, graph); saved > 0) {
    message += fmt::format("; --weights int4 takes about {}", needed - saved);
  }
  throw CapacityError({.file = graph.file, .line = 1, .column = 1},
                      weights_alone ? "layers" : "batch", message, needed);
}

/// Throws before anything is planned where not even the parameters, packed, have room.
void check_parameters(const ChipSpec& chip, const Graph& graph) {
  std::int64_t bytes = 0;
  for (const GraphTensor& tensor : graph.tensors) {
    bytes += tensor.role == GraphTensorRole::Parameter ? tensor.bytes() : 0;
  }
  if (bytes > chip.dram.capacity.count()) {
    throw_full(chip, graph, true, bytes);
  }
}

/// Builds the header of the program (layers, tensors, tiles) and the tables that lead to it.
class Declarations {
 public:
  /// `plans`: of the cores, each for its images. `mapping`: of one of them, for tiles.
  Declarations(const ChipSpec& chip, const Graph& graph, const std::vector<MemoryPlan>& plans,
               const ShareMapping& mapping)
      : chip_(chip),
        graph_(graph),
        plans_(plans),
        mapping_(mapping),
        dram_(chip.dram),
        host_(chip.dram),
        sources_(plans.front().roots) {
    for (const Node& node : graph.nodes) {
      if (is_hold(graph, node)) {
        sources_[static_cast<std::size_t>(node.output())] = source_of(node.inputs.front());
      }
    }
    program_.network = graph.name;
    program_.chip = chip.name;
    program_.batch = graph.batch;
    program_.streams = PerEngine<Stream>(chip.engines());
  }

  [[nodiscard]] const std::vector<TensorId>& factor_ids() const { return factor_ids_; }
  [[nodiscard]] const std::vector<TensorId>& row_table_ids() const { return row_table_ids_; }
  [[nodiscard]] const std::vector<TensorId>& maxima_ids() const { return maxima_ids_; }

  Program declare(std::vector<TensorId>& tensor_ids, std::vector<TensorId>& bias_ids,
                  std::vector<TensorId>& table_ids, std::vector<std::int32_t>& tile_ids) {
    tensor_ids.assign(graph_.tensors.size(), kNoTensor);
    for (const Node& node : graph_.nodes) {
      program_.layers.push_back({.name = node.name,
                                 .kind = node.kind,
                                 .macs = macs_of(graph_, node),
                                 .fused = node.fused.has_value()});
    }
    program_.tiles.reserve(tile_count());
    for (std::size_t layer = 0; layer < graph_.nodes.size(); ++layer) {
      tile_ids.push_back(static_cast<std::int32_t>(program_.tiles.size()));
      declare_tiles(static_cast<std::int32_t>(layer));
      declare_constants(graph_.nodes[layer], mapping_.layers[layer].pixels, bias_ids, table_ids);
      declare_by_feature(graph_.nodes[layer], tensor_ids);
      declare_maxima(graph_.nodes[layer], mapping_.layers[layer].rows_first);
    }
    const std::int64_t parameters = dram_.used();
    place_spilled();
    declare_tensors(tensor_ids);
    name_parts(tensor_ids);
    program_.dram_bytes = dram_.used();
    program_.host_bytes = host_.used();
    check_capacity(parameters);
    return std::move(program_);
  }

 private:
  /// Of all layers.
  [[nodiscard]] std::size_t tile_count() const {
    std::size_t tiles = 0;
    for (std::size_t layer = 0; layer < graph_.nodes.size(); ++layer) {
      const Packing packed = mapping_.layers[layer].packing();
      if (const auto gemm = mapped_gemm(graph_, graph_.nodes[layer], packed)) {
        const TileGrid grid = tile_grid(chip_, *gemm);
        tiles += static_cast<std::size_t>(grid.groups) * grid.n.size() * grid.k.size();
      }
    }
    return tiles;
  }

  void declare_tiles(std::int32_t layer) {
    const auto kept = kept_work(graph_.node(layer));
    const Work& work = *kept;
    if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
      declare_parts(layer, *matmul);
      return;
    }
    const Packing packed = mapping_.layers[static_cast<std::size_t>(layer)].packing();
    const auto gemm = mapped_gemm(graph_, graph_.node(layer), packed);
    if (!gemm) {
      return;
    }
    const GraphTensorId weights_id = graph_.node(layer).inputs.at(kWeightsInput);
    const GraphTensor& weights = graph_.tensor(weights_id);
    const TileGrid grid = tile_grid(chip_, *gemm);
    const std::size_t first = program_.tiles.size();
    for (std::int64_t group = 0; group < grid.groups; ++group) {
      for (const Slice& n : grid.n) {
        for (const Slice& k : grid.k) {
          program_.tiles.push_back({.layer = layer,
                                    .k_first = k.first,
                                    .rows = k.size,
                                    .n_first = group * gemm->n + n.first,
                                    .cols = n.size,
                                    .zeros = zeros_between(layer, *gemm, packed, k, n)});
        }
      }
    }
    if (!share_tiles(first, weights_id)) {
      place_tiles(first, grid.k.size(), weights.type.element,
                  converted_elements(graph_, graph_.node(layer)));
    }
  }

  /// Layers that share weights, and cut them alike, have them in one place. `first`: of the tiles
  /// of the layer that is being declared, the last so far.
  bool share_tiles(std::size_t first, GraphTensorId weights) {
    const std::size_t count = program_.tiles.size() - first;
    const auto [known, is_new] = tiles_of_.try_emplace(weights, TileRange{first, count});
    const TileRange& other = known->second;
    if (is_new || other.count != count) {
      return false;
    }
    const auto alike = [](const WeightTile& a, const WeightTile& b) {
      return a.k_first == b.k_first && a.rows == b.rows && a.n_first == b.n_first &&
             a.cols == b.cols;
    };
    const auto begin = program_.tiles.begin();
    const auto own = begin + static_cast<std::ptrdiff_t>(first);
    const auto theirs = begin + static_cast<std::ptrdiff_t>(other.first);
    if (!std::equal(own, program_.tiles.end(), theirs, alike)) {
      return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      program_.tiles[first + i].dram_address = program_.tiles[other.first + i].dram_address;
    }
    return true;
  }

  /// Of groups side by side a row is of one group, and so is a column; of neighbouring positions a
  /// row is of those whose windows it lies in.
  [[nodiscard]] std::int64_t zeros_between(std::int32_t layer, const GemmShape& gemm,
                                           const Packing& packing, const Slice& k,
                                           const Slice& n) const {
    if (packing == Packing{}) {
      return 0;
    }
    const auto kept = kept_work(graph_.node(layer));
    const Kernel& kernel = std::get<ProductWork>(*kept).kernel;
    if (packing.pixels > 1) {
      return zeros_of_pixels(kernel, gemm, packing.pixels, k, n);
    }
    const std::int64_t packed = packing.groups;
    const std::int64_t channels = gemm.k / kernel.positions();
    std::int64_t products = 0;
    for (std::int64_t row = k.first; row < k.first + k.size; ++row) {
      const std::int64_t group = row % channels / (channels / packed);
      const std::int64_t first = std::max(n.first, group * (gemm.n / packed));
      const std::int64_t end = std::min(n.first + n.size, (group + 1) * (gemm.n / packed));
      products += std::max<std::int64_t>(end - first, 0);
    }
    return k.size * n.size - products;
  }

  [[nodiscard]] static std::int64_t zeros_of_pixels(const Kernel& kernel, const GemmShape& gemm,
                                                    std::int64_t pixels, const Slice& k,
                                                    const Slice& n) {
    const Kernel wide = widened(kernel, pixels);
    const std::int64_t channels = gemm.k / wide.positions();
    const std::int64_t outputs = gemm.n / pixels;
    std::int64_t products = 0;
    for (std::int64_t row = k.first; row < k.first + k.size; ++row) {
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        if (column_under(kernel, pixels, row / channels % wide.cols, pixel)) {
          products += std::max<std::int64_t>(std::min(n.first + n.size, (pixel + 1) * outputs) -
                                                 std::max(n.first, pixel * outputs),
                                             0);
        }
      }
    }
    return k.size * n.size - products;
  }

  /// In the order in which matrix units side by side want them: a slice of the reduction of each
  /// unit's output slice, then the next, so that they meet in open rows of the DRAM.
  void place_tiles(std::size_t first, std::size_t reduction, DataType type,
                   const std::optional<ConvertedElements>& converted) {
    const auto units = static_cast<std::size_t>(chip_.matrix.count);
    const auto bytes_of_tile = [&](const WeightTile& tile) {
      return bytes_in_dram(chip_, type, tile.rows, tile.cols) +
             (converted ? converted->scale_bytes(tile.k_first, tile.rows, tile.cols) : 0);
    };
    std::int64_t bytes = 0;
    for (std::size_t tile = first; tile < program_.tiles.size(); ++tile) {
      bytes += bytes_of_tile(program_.tiles[tile]);
    }
    dram_.begin_block(bytes);
    const std::size_t slices = (program_.tiles.size() - first) / reduction;
    for (std::size_t round = 0; round < slices; round += units) {
      for (std::size_t k = 0; k < reduction; ++k) {
        for (std::size_t n = round; n < std::min(round + units, slices); ++n) {
          WeightTile& tile = program_.tiles[first + n * reduction + k];
          tile.dram_address = dram_.append(bytes_of_tile(tile));
        }
      }
    }
  }

  /// Parts of a tensor, which gets its number later.
  void declare_parts(std::int32_t layer, const MatmulWork& matmul) {
    const Node& node = graph_.node(layer);
    const DataType type = graph_.tensor(node.inputs[kRightInput]).type.element;
    const GemmShape gemm = *gemm_shape(graph_, node);
    const TileGrid grid = tile_grid(chip_, gemm);
    const bool transposed = matmul.b.col != 1;
    for (std::int64_t group = 0; group < grid.groups; ++group) {
      for (const Slice& n : grid.n) {
        for (const Slice& k : grid.k) {
          const std::int64_t first =
              element_of(matmul.b, group / matmul.heads, group % matmul.heads, k.first, n.first);
          const std::int64_t pitch = transposed ? matmul.b.col : matmul.b.row;
          program_.tiles.push_back(
              {.layer = layer,
               .k_first = k.first,
               .rows = k.size,
               .n_first = group * gemm.n + n.first,
               .cols = n.size,
               .offset = bytes_of(type, first),
               // A lone run has no next one.
               .pitch = bytes_of(type, std::max(pitch, transposed ? k.size : n.size)),
               .transposed = transposed});
        }
      }
    }
  }

  void name_parts(const std::vector<TensorId>& tensor_ids) {
    for (WeightTile& tile : program_.tiles) {
      const Node& node = graph_.node(tile.layer);
      if (takes_tiles(node, kRightInput)) {
        tile.tensor = tensor_ids[static_cast<std::size_t>(node.inputs[kRightInput])];
      }
    }
  }

  TensorId add_constant(std::string name, DataType type, std::int64_t elements) {
    ProgramTensor tensor{.name = std::move(name),
                         .role = TensorRole::Constant,
                         .type = type,
                         .pixels = 1,
                         .channels = elements,
                         .home = 0};
    tensor.home = dram_.take(tensor.bytes());
    program_.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(program_.tensors.size() - 1);
  }

  void declare_constants(const Node& node, std::int64_t pixels, std::vector<TensorId>& bias_ids,
                         std::vector<TensorId>& table_ids) {
    const ConstantBytes bytes = constant_bytes(graph_, node, pixels);
    const bool softmax = node.does<SoftmaxWork>();
    const DataType table_type = softmax ? DataType::Int32 : DataType::Int8;
    const DataType bias_type =
        is_float(graph_.operand_type(node)) ? DataType::Fp32 : DataType::Int32;
    bias_ids.push_back(bytes.bias == 0 ? kNoTensor
                                       : add_constant(node.name + ".bias", bias_type,
                                                      bytes.bias / bytes_of(bias_type)));
    factor_ids_.push_back(bytes.factors == 0
                              ? kNoTensor
                              : add_constant(node.name + ".factors", DataType::Int32,
                                             bytes.factors / bytes_of(DataType::Int32)));
    table_ids.push_back(bytes.table == 0 ? kNoTensor
                                         : add_constant(node.name + ".table", table_type,
                                                        bytes.table / bytes_of(table_type)));
  }

  /// Parameters of what computes in rows are constants of the program, each by itself.
  void declare_by_feature(const Node& node, std::vector<TensorId>& tensor_ids) {
    const auto kept = kept_work(node);
    const Work& work = *kept;
    const auto* rows = std::get_if<RowWork>(&work);
    if (rows == nullptr) {
      row_table_ids_.push_back(kNoTensor);
      return;
    }
    for (const GraphTensorId input : node.inputs) {
      if (graph_.is_parameter(input)) {
        const GraphTensor& tensor = graph_.tensor(input);
        tensor_ids[static_cast<std::size_t>(input)] =
            add_constant(tensor.name, tensor.type.element, tensor.type.elements());
      }
    }
    row_table_ids_.push_back(rows->tables.empty() ? kNoTensor : row_tables(node, rows->tables));
  }

  /// The tables that rows of a layer take, as one constant; layers that take the same have one.
  TensorId row_tables(const Node& node, const std::vector<RowTable>& tables) {
    const auto same = std::find_if(row_tables_.begin(), row_tables_.end(),
                                   [&](const auto& each) { return each.first == tables; });
    if (same != row_tables_.end()) {
      return same->second;
    }
    std::int64_t numbers = 0;
    for (const RowTable& table : tables) {
      numbers += table.positions * table.cols;
    }
    return row_tables_
        .emplace_back(tables, add_constant(node.name + ".tables", DataType::Fp32, numbers))
        .second;
  }

  /// Some rows at a time are in the unified buffer, and nowhere else.
  void declare_maxima(const Node& node, bool rows_first) {
    maxima_ids_.push_back(rows_first ? static_cast<TensorId>(program_.tensors.size()) : kNoTensor);
    if (rows_first) {
      const Shape shape = shape_of_maxima(graph_, node);
      program_.tensors.push_back({.name = node.name + ".maxima",
                                  .role = TensorRole::Intermediate,
                                  .type = graph_.tensor(node.output()).type.element,
                                  .pixels = shape.pixels(),
                                  .channels = shape.channels});
    }
  }

  [[nodiscard]] TensorRole role_of(GraphTensorId root) const {
    const auto is_root = [&](GraphTensorId tensor) {
      return plans_.front().roots[static_cast<std::size_t>(tensor)] == root;
    };
    if (graph_.tensor(root).role == GraphTensorRole::State) {
      return TensorRole::State;
    }
    // What is input and output at once (an output that is a view of an input) is never written.
    if (std::any_of(graph_.inputs.begin(), graph_.inputs.end(), is_root)) {
      return TensorRole::Input;
    }
    return std::any_of(graph_.outputs.begin(), graph_.outputs.end(), is_root)
               ? TensorRole::Output
               : TensorRole::Intermediate;
  }

  [[nodiscard]] bool is_spilled(GraphTensorId root) const {
    return role_of(root) == TensorRole::Intermediate &&
           std::any_of(plans_.begin(), plans_.end(), [&](const MemoryPlan& plan) {
             return !plan.resident[static_cast<std::size_t>(root)];
           });
  }

  /// What the tensor of the program is called: what a view looks at, and what is held.
  [[nodiscard]] GraphTensorId source_of(GraphTensorId tensor) const {
    const GraphTensorId source = sources_[static_cast<std::size_t>(tensor)];
    return source == tensor ? source : source_of(source);
  }

  /// Tensors that stream through DRAM share addresses where no layer needs both.
  void place_spilled() {
    const TensorLives lives = tensor_lives(graph_);
    spilled_homes_.assign(graph_.tensors.size(), 0);
    std::vector<Lifetime> needed(graph_.tensors.size());  // of the home, by source
    std::vector<bool> is_needed(graph_.tensors.size(), false);
    for (std::size_t index = 0; index < graph_.tensors.size(); ++index) {
      const auto tensor = static_cast<GraphTensorId>(index);
      const Lifetime& life = lives.of(tensor);
      if (lives.root(tensor) == tensor && life.first >= 0) {
        const auto source = static_cast<std::size_t>(source_of(tensor));
        const Lifetime whole = in_whole_segments(plans_.front().segments, life);
        needed[source].touch(whole.first);
        needed[source].touch(whole.last);
        is_needed[source] = is_needed[source] || is_spilled(tensor);
      }
    }
    std::vector<GraphTensorId> spilled;
    std::vector<BlockRequest> blocks;
    for (std::size_t index = 0; index < graph_.tensors.size(); ++index) {
      if (is_needed[index]) {
        const auto tensor = static_cast<GraphTensorId>(index);
        spilled.push_back(tensor);
        blocks.push_back({.bytes = graph_.tensor(tensor).bytes(),
                          .first = needed[index].first,
                          .last = needed[index].last});
      }
    }
    const Placement placement = place(blocks, kAnyCapacity, dram_.stripe());
    std::int64_t bytes = 0;
    for (std::size_t index = 0; index < spilled.size(); ++index) {
      bytes = std::max(bytes, placement.addresses[index] + blocks[index].bytes);
    }
    const std::int64_t first = dram_.take(bytes);
    for (std::size_t index = 0; index < spilled.size(); ++index) {
      spilled_homes_[static_cast<std::size_t>(spilled[index])] = first + placement.addresses[index];
    }
  }

  void declare_tensors(std::vector<TensorId>& tensor_ids) {
    const TensorLives lives = tensor_lives(graph_);
    for (std::size_t index = 0; index < graph_.tensors.size(); ++index) {
      if (graph_.tensors[index].role == GraphTensorRole::Parameter) {
        continue;  // cut into tiles, or a constant
      }
      const auto tensor = static_cast<GraphTensorId>(index);
      if (graph_.tensors[index].role == GraphTensorRole::Intermediate &&
          lives.of(lives.root(tensor)).first < 0) {
        continue;  // nobody makes or reads it
      }
      const GraphTensorId root = source_of(tensor);
      auto& root_id = tensor_ids[static_cast<std::size_t>(root)];
      if (root_id == kNoTensor) {
        root_id = static_cast<TensorId>(program_.tensors.size());
        program_.tensors.push_back(declare_tensor(root));
      }
      tensor_ids[index] = root_id;
    }
  }

  ProgramTensor declare_tensor(GraphTensorId root) {
    const GraphTensor& tensor = graph_.tensor(root);
    const TensorRole role = role_of(root);
    ProgramTensor declared{.name = tensor.name,
                           .role = role,
                           .type = tensor.type.element,
                           .pixels = tensor.shape().pixels(),
                           .channels = tensor.shape().channels,
                           .home = spilled_homes_[static_cast<std::size_t>(root)]};
    if (role == TensorRole::State) {
      declared.home = dram_.take(tensor.bytes());
    } else if (role != TensorRole::Intermediate) {
      declared.io = chip_.io;
      declared.home = (chip_.io == IoMemory::Host ? host_ : dram_).take(tensor.bytes());
    }
    return declared;
  }

  void check_capacity(std::int64_t parameters) const {
    const std::int64_t capacity = chip_.dram.capacity.count();
    if (dram_.used() <= capacity) {
      return;
    }
    const bool weights_alone = parameters > capacity;
    throw_full(chip_, graph_, weights_alone, weights_alone ? parameters : dram_.used());
  }

  struct TileRange {
    std::size_t first = 0;
    std::size_t count = 0;
  };

  const ChipSpec& chip_;
  const Graph& graph_;
  const std::vector<MemoryPlan>& plans_;
  const ShareMapping& mapping_;
  std::map<GraphTensorId, TileRange> tiles_of_;  ///< by weights: of the first layer that has them
  FarMemory dram_;
  FarMemory host_;
  std::vector<TensorId> factor_ids_;     ///< by layer: of what scales its columns
  std::vector<TensorId> row_table_ids_;  ///< by layer: what its rows take beside its inputs
  std::vector<std::pair<std::vector<RowTable>, TensorId>> row_tables_;  ///< all that differ
  std::vector<std::int64_t> spilled_homes_;                             ///< by graph tensor
  std::vector<GraphTensorId> sources_;  ///< by graph tensor: one step of source_of()
  std::vector<TensorId> maxima_ids_;    ///< by layer: of rows that are pooled first
  Program program_;
};

/// The part of the batch that a segment's layers run for.
struct PartOfBatch {
  Segment segment;
  std::int64_t part = 0;
  std::int64_t place = 0;  ///< of those in flight

  [[nodiscard]] bool is_first() const { return part == 0; }
  [[nodiscard]] bool is_last() const { return part + 1 == segment.parts; }
};

/// The inputs of the network that a core has loaded.
struct LoadedInputs {
  struct Load {
    GraphTensorId tensor = 0;
    PartOfBatch part;
  };
  std::vector<Load> loads;

  /// Whether the part's images are there: all are that an earlier segment loaded.
  [[nodiscard]] bool has(GraphTensorId tensor, const PartOfBatch& part) const {
    return std::any_of(loads.begin(), loads.end(), [&](const Load& load) {
      return load.tensor == tensor &&
             (load.part.segment != part.segment || load.part.part == part.part);
    });
  }
};

/// Emits the loads, work and stores of each band of a layer, layer by layer, for one core and part
/// of its images.
class Lowering {
 public:
  Lowering(LoweringContext& context, const PartOfBatch& part, LoadedInputs& loaded)
      : context_(context), part_(part), loaded_(loaded) {}

  /// Biases and tables of the segment's layers, which all parts share.
  void load_constants() {
    for (std::int32_t layer = part_.segment.first; layer < part_.segment.end; ++layer) {
      if (layer == 0 || layer > part_.segment.first) {
        emit_constants(context_, layer);
      }
    }
  }
  /// Those of the first layer behind.
  void load_constants_behind() {
    if (part_.segment.end < static_cast<std::int32_t>(context_.graph.nodes.size())) {
      emit_constants(context_, part_.segment.end);
    }
  }

  void lower(std::int32_t layer) {
    const auto layers = static_cast<std::int32_t>(context_.graph.nodes.size());
    const bool by_layer = part_.segment.in_flight == 1;
    if (layer == 0 && part_.is_first() && by_layer) {
      emit_constants(context_, layer);
    }
    const bool next_is_behind = layer + 1 == part_.segment.end;
    if (layer + 1 < layers && by_layer && (next_is_behind ? part_.is_last() : part_.is_first())) {
      emit_constants(context_, layer + 1);
    }
    if (!context_.graph.node(layer).is_view()) {
      emit_bands(layer);
    }
  }

 private:
  void emit_bands(std::int32_t layer) {
    const Node& node = context_.graph.node(layer);
    const LayerPlan& plan = context_.layer_plan(layer);
    if (is_hold(context_.graph, node) && !(plan.inputs[0].resident && plan.output.resident)) {
      if (plan.inputs[0].resident) {
        emit_store(context_, layer, whole_of(node.inputs.front(), plan.inputs[0]));
      } else if (plan.output.resident) {
        emit_load(context_, layer, whole_of(node.output(), plan.output));
      }
      return;
    }
    load_resident_inputs(layer);
    const std::vector<Band>& bands = context_.layer_plan(layer).bands;
    LayerBand next = place(layer, bands.front(), 0);
    load_streamed_inputs(next);
    for (std::size_t index = 0; index < bands.size(); ++index) {
      const LayerBand band = std::move(next);
      // The next band comes while this one is worked on, and before it is stored: one engine may
      // do both.
      if (index + 1 < bands.size()) {
        next = place(layer, bands[index + 1], (index + 1) % 2);
        load_streamed_inputs(next);
      }
      if (gemm_shape(context_.graph, node)) {
        emit_gemm(context_, band);
      } else {
        emit_vector(context_, band);
      }
      if (!context_.layer_plan(layer).output.resident) {
        emit_store(context_, layer, band.output);
      }
    }
    if (context_.layer_plan(layer).output.resident && is_output(node.output())) {
      emit_store(context_, layer, whole_of(node.output(), context_.layer_plan(layer).output));
    }
  }

  [[nodiscard]] GraphTensorId root(GraphTensorId tensor) const {
    return context_.plan.roots[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] bool is_output(GraphTensorId tensor) const {
    const ProgramTensor& declared = context_.builder.program().tensors[static_cast<std::size_t>(
        context_.tensor_ids[static_cast<std::size_t>(tensor)])];
    return declared.role == TensorRole::Output;
  }
  [[nodiscard]] bool is_input(GraphTensorId tensor) const {
    return std::find(context_.graph.inputs.begin(), context_.graph.inputs.end(), root(tensor)) !=
           context_.graph.inputs.end();
  }

  /// Bands count images from the core's first.
  [[nodiscard]] PlacedBand placed(GraphTensorId tensor, Band part, std::int64_t address) const {
    part.image += context_.first_image;
    return {.tensor = context_.tensor_ids[static_cast<std::size_t>(tensor)],
            .shape = context_.graph.tensor(tensor).shape(),
            .type = context_.graph.tensor(tensor).type.element,
            .part = part,
            .address = address};
  }
  /// Of a resident tensor.
  [[nodiscard]] PlacedBand whole_of(GraphTensorId tensor, const OperandPlace& place) const {
    return placed(tensor, whole(context_.graph.tensor(tensor).shape()), first_byte(tensor, place));
  }
  /// From where the first of the parts in flight has the same.
  [[nodiscard]] std::int64_t shift(const OperandPlace& place) const {
    return part_.place * place.next_part;
  }
  /// Of the part's first image.
  [[nodiscard]] std::int64_t first_byte(GraphTensorId tensor, const OperandPlace& place) const {
    const GraphTensor& images = context_.graph.tensor(tensor);
    return place.addresses[0] + (place.all_parts ? part_.part * images.bytes() : shift(place));
  }

  [[nodiscard]] PlacedBand operand(GraphTensorId tensor, const OperandPlace& place,
                                   const Band& part, std::size_t parity) const {
    if (!place.resident) {
      return placed(tensor, part, place.addresses[parity] + shift(place));
    }
    // A part of a resident tensor is a band of its own, further on, with all columns.
    const GraphTensor& whole = context_.graph.tensor(tensor);
    Band here = part;
    here.col = here.cols = 0;
    const std::int64_t offset = bytes_of(whole.type.element, band_offset(whole.shape(), here));
    return placed(tensor, here, first_byte(tensor, place) + offset);
  }

  [[nodiscard]] LayerBand place(std::int32_t layer, const Band& part, std::size_t parity) const {
    const Node& node = context_.graph.node(layer);
    const LayerPlan& plan = context_.layer_plan(layer);
    LayerBand band{.layer = layer, .inputs = {}, .output = {}};
    for (std::size_t input = 0; input < plan.inputs.size(); ++input) {
      const Band needed = input_band(context_.graph, node, input, part);
      band.inputs.push_back(
          operand(context_.graph.operand(node, input), plan.inputs[input], needed, parity));
    }
    band.output = operand(node.output(), plan.output, part, parity);
    band.maxima = plan.maxima.addresses[0] + shift(plan.maxima);
    return band;
  }

  /// A network input that stays arrives once, before its first reader.
  void load_resident_inputs(std::int32_t layer) {
    const Node& node = context_.graph.node(layer);
    const std::vector<OperandPlace>& inputs = context_.layer_plan(layer).inputs;
    for (std::size_t input = 0; input < inputs.size(); ++input) {
      const GraphTensorId tensor = root(context_.graph.operand(node, input));
      const OperandPlace& place = inputs[input];
      if (place.resident && is_input(tensor) && !loaded_.has(tensor, part_)) {
        loaded_.loads.push_back({.tensor = tensor, .part = part_});
        emit_load(context_, layer, whole_of(tensor, place));
      }
    }
  }

  void load_streamed_inputs(const LayerBand& band) {
    const LayerPlan& plan = context_.layer_plan(band.layer);
    for (std::size_t input = 0; input < band.inputs.size(); ++input) {
      if (gathering(context_.graph.node(band.layer))) {
        emit_gathered(context_, band);
      } else if (!plan.inputs[input].resident && !plan.inputs[input].as_tiles) {
        emit_load(context_, band.layer, band.inputs[input]);
      }
    }
  }

  LoweringContext& context_;
  PartOfBatch part_;
  LoadedInputs& loaded_;
};

/// What a core computes.
struct Share {
  Slice images;
  std::unique_ptr<Graph> graph;  ///< of its images
  std::unique_ptr<PartGraphs> graphs;
  std::vector<std::int64_t> accumulators;  ///< where each matrix unit's go on
  LoadedInputs loaded;
};

/// From the network to the program's tables.
struct CoreTables {
  std::vector<TensorId> tensors;
  std::vector<TensorId> biases;
  std::vector<TensorId> tables;
  std::vector<std::int32_t> tiles;
};

Compilation lowered(const ChipSpec& chip, const Graph& network, const CompileOptions& options) {
  check_operands(chip, network);
  check_parameters(chip, network);
  ChosenMapping chosen = plan_mapping(chip, network, options);
  const Graph& graph = chosen.graph;
  const Mapping& mapping = chosen.mapping;
  std::vector<Share> shares;
  std::vector<MemoryPlan> plans;
  for (const Slice& images : images_of_cores(chip.cores, graph)) {
    if (images.size > 0) {
      shares.push_back(
          {.images = images, .graph = std::make_unique<Graph>(with_batch(graph, images.size))});
      plans.push_back(chosen.plan_of(images.size));
    }
  }
  CoreTables tables;
  Declarations declarations(chip, graph, plans, mapping.shares.front());
  ProgramBuilder builder(
      declarations.declare(tables.tensors, tables.biases, tables.tables, tables.tiles));
  for (std::size_t core = 0; core < shares.size(); ++core) {
    shares[core].graphs = std::make_unique<PartGraphs>(*shares[core].graph);
    shares[core].accumulators.assign(static_cast<std::size_t>(chip.matrix.count), 0);
  }
  // Segment by segment: addresses in DRAM may be a later tensor's when no core needs the earlier.
  const auto layers = static_cast<std::int32_t>(graph.nodes.size());
  for (std::int32_t layer = 0; layer < layers;) {
    const Segment segment = segment_of(plans.front().segments, layer);
    for (std::size_t core = 0; core < shares.size(); ++core) {
      builder.set_core(static_cast<std::uint16_t>(core));
      Share& share = shares[core];
      const auto context_of = [&](std::int64_t part, std::int64_t place, ProgramBuilder& into) {
        const Graph& images_of_part = share.graphs->of(segment.parts);
        const std::int64_t entries = chip.accumulators.entries / segment.in_flight;
        return LoweringContext{.chip = chip,
                               .graph = images_of_part,
                               .plan = plans[core],
                               .mapping = mapping.share(share.images.size),
                               .builder = into,
                               .tensor_ids = tables.tensors,
                               .bias_ids = tables.biases,
                               .factor_ids = declarations.factor_ids(),
                               .table_ids = tables.tables,
                               .row_table_ids = declarations.row_table_ids(),
                               .maxima_ids = declarations.maxima_ids(),
                               .tile_ids = tables.tiles,
                               .first_image = share.images.first + part * images_of_part.batch,
                               .accumulators = {.first = place * entries, .size = entries},
                               .next_accumulators = share.accumulators};
      };
      if (segment.in_flight > 1) {
        LoweringContext common = context_of(0, 0, builder);
        Lowering around(common, {.segment = segment, .part = 0}, share.loaded);
        around.load_constants();
        const auto lower_part = [&](std::int64_t part, std::int64_t place) {
          ProgramBuilder aside = builder.aside();
          LoweringContext context = context_of(part, place, aside);
          std::fill(context.next_accumulators.begin(), context.next_accumulators.end(), 0);
          Lowering lowering(context, {.segment = segment, .part = part, .place = place},
                            share.loaded);
          for (std::int32_t at = segment.first; at < segment.end; ++at) {
            lowering.lower(at);
          }
          return std::move(aside).finish();
        };
        append_interleaved(chip, segment.parts, segment.in_flight, lower_part, builder);
        around.load_constants_behind();
        continue;
      }
      for (std::int64_t part = 0; part < segment.parts; ++part) {
        LoweringContext context = context_of(part, 0, builder);
        Lowering lowering(context, {.segment = segment, .part = part}, share.loaded);
        for (std::int32_t at = segment.first; at < segment.end; ++at) {
          lowering.lower(at);
        }
        share.accumulators = context.next_accumulators;
      }
    }
    layer = segment.end;
  }
  return {.program = std::move(builder).finish(),
          .graph = std::move(chosen.graph),
          .mapping = std::move(chosen.mapping),
          .plans = std::move(plans)};
}

}  // namespace

Compilation compile_mapped(const ChipSpec& chip, const Graph& network,
                           const CompileOptions& options) {
  Compilation compiled = lowered(chip, network, options);
  const auto violation = verify(chip, compiled.program);
  SYSTOLE_CHECK(!violation, "the compiler wrote an unsafe program: {}", *violation);
  return compiled;
}

Program unverified_program(const ChipSpec& chip, const Graph& network,
                           const CompileOptions& options) {
  return lowered(chip, network, options).program;
}

Program compile(const ChipSpec& chip, const Graph& graph, const CompileOptions& options) {
  return compile_mapped(chip, graph, options).program;
}

}  // namespace systole
