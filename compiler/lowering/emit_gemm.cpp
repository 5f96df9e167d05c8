#include <algorithm>

#include "arch/isa/fixed_point.h"
#include "compiler/lowering/emit.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/lowering/gemm_operands.h"
#include "compiler/lowering/quantize.h"
#include "compiler/lowering/tiles.h"

namespace systole {

namespace {

/// Emits the folds of one band, and what brings their sums to the unified buffer, output slice by
/// output slice.
class GemmEmitter {
 public:
  GemmEmitter(LoweringContext& context, const LayerBand& band)
      : context_(context),
        band_(band),
        node_(context.graph.node(band.layer)),
        operands_(gemm_operands(context, band)),
        grid_(tile_grid(context.chip, *gemm_shape(context.graph, node_), operands_->source())),
        clusters_(operands_->clusters()),
        loops_(gemm_loops(
            context.chip, grid_, type(),
            operands_->positions() * static_cast<std::int64_t>(clusters_.front().size()))) {}

  void emit() {
    for (const Cluster& cluster : clusters_) {
      const auto chunks = chunks_of(cluster);
      for (std::size_t n = 0; n < grid_.n.size(); ++n) {
        for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
          emit_chunk(cluster, n, chunks[chunk], chunk == 0);
        }
      }
    }
  }

 private:
  /// Groups whose positions meet the same tiles: those of one, then those of the next.
  using Cluster = std::vector<std::int64_t>;

  /// Sums that stay in the array are of one fold, so of one group.
  [[nodiscard]] std::vector<Slice> chunks_of(const Cluster& cluster) const {
    const std::int64_t positions = operands_->positions();
    const auto groups = static_cast<std::int64_t>(cluster.size());
    if (!loops_.sums_stay) {
      return slices(positions * groups, loops_.chunk);
    }
    std::vector<Slice> chunks;
    for (std::int64_t group = 0; group < groups; ++group) {
      for (const Slice& chunk : slices(positions, loops_.chunk)) {
        chunks.push_back({.first = group * positions + chunk.first, .size = chunk.size});
      }
    }
    return chunks;
  }

  /// Positions of one group.
  struct Piece {
    std::int64_t group = 0;
    Slice positions;
    std::int64_t entry = 0;  ///< of the chunk: its first
  };
  /// A chunk cut into folds.
  [[nodiscard]] std::vector<Piece> pieces_of(const Cluster& cluster, const Slice& chunk,
                                             std::int64_t largest) const {
    const std::int64_t positions = operands_->positions();
    std::vector<Piece> pieces;
    for (const Slice& piece : even_slices(chunk.size, largest)) {
      std::int64_t at = piece.first;
      while (at < piece.first + piece.size) {
        const std::int64_t position = chunk.first + at;
        const std::int64_t row = position % positions;
        const std::int64_t size = std::min(positions - row, piece.first + piece.size - at);
        pieces.push_back({.group = cluster[static_cast<std::size_t>(position / positions)],
                          .positions = {.first = row, .size = size},
                          .entry = at});
        at += size;
      }
    }
    return pieces;
  }

  /// All reduction slices of some output positions. The folds of the last slice are handed over
  /// one by one, so that the vector unit follows closely.
  void emit_chunk(const Cluster& cluster, std::size_t n, const Slice& chunk, bool first_chunk) {
    const std::int64_t accumulator = reserve_accumulators(chunk.size);
    const std::size_t last_k = grid_.k.size() - 1;
    const bool tile_stays = last_k == 0 && !first_chunk;
    for (std::size_t k = 0; k <= last_k; ++k) {
      const auto pieces = pieces_of(cluster, chunk, k < last_k ? loops_.fold : loops_.handover);
      if (!tile_stays) {
        emit_load(pieces.front().group, n, k);
      }
      bool next_tile = !tile_stays;
      for (const Piece& piece : pieces) {
        const std::int64_t entry = accumulator + piece.entry;
        emit_fold(piece.group, n, k, piece.positions, entry, next_tile);
        if (k == last_k) {
          emit_results(piece.group, n, piece.positions, entry);
        }
        next_tile = false;
      }
    }
  }

  std::int64_t reserve_accumulators(std::int64_t count) {
    if (context_.next_accumulator + count > context_.chip.accumulators.entries) {
      context_.next_accumulator = 0;
    }
    const std::int64_t first = context_.next_accumulator;
    context_.next_accumulator += count;
    return first;
  }

  [[nodiscard]] std::int32_t tile_id(std::int64_t group, std::size_t n, std::size_t k) const {
    return context_.tile_ids[static_cast<std::size_t>(band_.layer)] +
           static_cast<std::int32_t>(grid_.index(static_cast<std::size_t>(group), n, k));
  }

  void emit_load(std::int64_t group, std::size_t n, std::size_t k) {
    const std::int32_t id = tile_id(group, n, k);
    const WeightTile& tile = context_.builder.program().tiles[static_cast<std::size_t>(id)];
    LoadTile load = operands_->load(tile);
    load.tile = id;
    load.rows = tile.rows;
    load.cols = tile.cols;
    context_.builder.append(Engine::Weights, band_.layer, load,
                            {.reads = operands_->load_reads(load), .writes = {}});
  }

  void emit_fold(std::int64_t group, std::size_t n, std::size_t k, const Slice& rows,
                 std::int64_t accumulator, bool next_tile) {
    const Window window = operands_->window(group);
    const std::int64_t channels = window.channels;
    const Slice& reduction = grid_.k[k];
    const bool one_position =
        reduction.first / channels == (reduction.first + reduction.size - 1) / channels;
    const Region source = window_region(window, type(), rows.first, rows.size,
                                        one_position ? reduction.first % channels : 0,
                                        one_position ? reduction.size : channels);
    const bool accumulate = k > 0 && !loops_.sums_stay;
    const bool drain = k + 1 == grid_.k.size() || !loops_.sums_stay;
    const Region sums = accumulator_region(accumulator, rows.size);
    Accesses accesses{.reads = {source}, .writes = {}};
    if (accumulate) {
      accesses.reads.push_back(sums);
    }
    if (drain) {
      accesses.writes.push_back(sums);
    }
    context_.builder.append(Engine::Matrix, band_.layer,
                            Fold{.next_tile = next_tile,
                                 .tile = tile_id(group, n, k),
                                 .rows = reduction.size,
                                 .cols = grid_.n[n].size,
                                 .activation_type = type(),
                                 .weight_type = right().type.element,
                                 .window = window,
                                 .k_first = reduction.first,
                                 .first = rows.first,
                                 .count = rows.size,
                                 .accumulator = accumulator,
                                 .accumulate = accumulate,
                                 .zero_point = operands_->zero_point(),
                                 .drain = drain},
                            std::move(accesses));
  }

  /// Bias, scale and activation on the way from the accumulators to the unified buffer.
  void emit_results(std::int64_t group, std::size_t n, const Slice& rows,
                    std::int64_t accumulator) {
    const PlacedBand& output = band_.output;
    const GraphTensor& out = context_.graph.tensor(node_.output());
    const FusedActivation activation = node_.activation();
    const std::int64_t cols = grid_.n[n].size;
    const bool lookup = uses_lookup(activation, type());
    const Quantization& target = lookup ? activation.before : out.quantization;
    const std::int64_t channel = operands_->bias_of(group) + grid_.n[n].first;
    Operand bias = bias_operand(context_, band_.layer);
    bias.address += channel * bytes_of(DataType::Int32);
    bias.offset = channel * bytes_of(DataType::Int32);
    const Operand table = lookup ? table_operand(context_, band_.layer) : Operand{};
    const Operand place = operands_->place(group, rows.first, grid_.n[n].first);
    const std::int64_t pitch = output.bytes(operands_->place_pitch());
    Accesses accesses{.reads = {accumulator_region(accumulator, rows.size),
                                buffer_region(bias, 1, cols * bytes_of(DataType::Int32),
                                              cols * bytes_of(DataType::Int32))},
                      .writes = {buffer_region(place, rows.size, output.bytes(cols), pitch)}};
    if (lookup) {
      accesses.reads.push_back(buffer_region(table, 1, kLookupBytes, kLookupBytes));
    }
    const Destination to = destination_of(place, pitch, type(), activation.kind, target);
    if (is_float(type())) {
      append_results(Convert{.accumulator = accumulator,
                             .rows = rows.size,
                             .cols = cols,
                             .bias = bias,
                             .scale = static_cast<float>(operands_->real_scale()),
                             .to = to},
                     std::move(accesses));
    } else {
      append_results(Requantize{.accumulator = accumulator,
                                .rows = rows.size,
                                .cols = cols,
                                .bias = bias,
                                .scale = to_fixed_point(operands_->sum_scale() / target.scale),
                                .lookup = table,
                                .to = to},
                     std::move(accesses));
    }
  }

  void append_results(const Operation& operation, Accesses accesses) {
    context_.builder.append(Engine::Vector, band_.layer, operation, std::move(accesses));
  }

  [[nodiscard]] DataType type() const { return context_.graph.operand_type(node_); }
  [[nodiscard]] const GraphTensor& right() const {
    return context_.graph.tensor(node_.inputs.at(kRightInput));
  }

  [[nodiscard]] static Region accumulator_region(std::int64_t first, std::int64_t count) {
    return {.memory = Memory::Accumulators,
            .base = first,
            .rows = 1,
            .row_bytes = count,
            .pitch = count};
  }

  LoweringContext& context_;
  const LayerBand& band_;
  const Node& node_;
  std::unique_ptr<GemmOperands> operands_;
  TileGrid grid_;
  std::vector<Cluster> clusters_;
  GemmLoops loops_;
};

}  // namespace

void emit_gemm(LoweringContext& context, const LayerBand& band) {
  GemmEmitter(context, band).emit();
}

}  // namespace systole
