#include "arch/isa/fixed_point.h"
#include "compiler/lowering/emit.h"
#include "compiler/lowering/gemm_loops.h"
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
        layer_(std::get<ProductWork>(node_.work())),
        gemm_(*gemm_shape(context.graph, node_)),
        grid_(tile_grid(context.chip, gemm_)),
        loops_(gemm_loops(context.chip, grid_, type(), band.output.pixels())) {}

  void emit() {
    const auto chunks = slices(band_.output.pixels(), loops_.chunk);
    for (std::size_t group = 0; group < static_cast<std::size_t>(grid_.groups); ++group) {
      for (std::size_t n = 0; n < grid_.n.size(); ++n) {
        for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
          emit_chunk(group, n, chunks[chunk], chunk == 0);
        }
      }
    }
  }

 private:
  /// All reduction slices of some output positions. The folds of the last slice are handed over
  /// one by one, so that the vector unit follows closely.
  void emit_chunk(std::size_t group, std::size_t n, const Slice& chunk, bool first_chunk) {
    const std::int64_t accumulator = reserve_accumulators(chunk.size);
    const std::size_t last_k = grid_.k.size() - 1;
    const bool tile_stays = last_k == 0 && !first_chunk;
    for (std::size_t k = 0; k <= last_k; ++k) {
      if (!tile_stays) {
        emit_weights(group, n, k);
      }
      bool next_tile = !tile_stays;
      const std::int64_t largest = k < last_k ? loops_.fold : loops_.handover;
      for (const Slice& piece : even_slices(chunk.size, largest)) {
        const Slice positions{.first = chunk.first + piece.first, .size = piece.size};
        emit_fold(group, n, k, positions, accumulator + piece.first, next_tile);
        if (k == last_k) {
          emit_results(group, n, positions, accumulator + piece.first);
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

  [[nodiscard]] std::int32_t tile_id(std::size_t group, std::size_t n, std::size_t k) const {
    return context_.tile_ids[static_cast<std::size_t>(band_.layer)] +
           static_cast<std::int32_t>(grid_.index(group, n, k));
  }

  void emit_weights(std::size_t group, std::size_t n, std::size_t k) {
    const std::int32_t id = tile_id(group, n, k);
    const WeightTile& tile = context_.builder.program().tiles[static_cast<std::size_t>(id)];
    context_.builder.append(Engine::Weights, band_.layer,
                            LoadWeights{.tile = id,
                                        .dram_address = tile.dram_address,
                                        .rows = tile.rows,
                                        .cols = tile.cols,
                                        .type = weight_type()},
                            {});
  }

  void emit_fold(std::size_t group, std::size_t n, std::size_t k, const Slice& rows,
                 std::int64_t accumulator, bool next_tile) {
    const PlacedBand& input = band_.inputs.front();
    const std::int64_t channels = input.shape.channels / gemm_.groups;
    const auto& quantization = context_.graph.tensor(node_.inputs.front()).quantization;
    const Window window =
        make_window(layer_.kernel, input, band_.output, static_cast<std::int64_t>(group) * channels,
                    channels, quantization.zero_point);
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
                                 .weight_type = weight_type(),
                                 .window = window,
                                 .k_first = reduction.first,
                                 .first = rows.first,
                                 .count = rows.size,
                                 .accumulator = accumulator,
                                 .accumulate = accumulate,
                                 .drain = drain},
                            std::move(accesses));
  }

  /// Bias, scale and activation on the way from the accumulators to the unified buffer.
  void emit_results(std::size_t group, std::size_t n, const Slice& rows, std::int64_t accumulator) {
    const PlacedBand& output = band_.output;
    const GraphTensor& out = context_.graph.tensor(node_.output());
    const std::int64_t channel = static_cast<std::int64_t>(group) * gemm_.n + grid_.n[n].first;
    const std::int64_t cols = grid_.n[n].size;
    const bool lookup = uses_lookup(layer_.activation, type());
    const Quantization& target = lookup ? layer_.activation.before : out.quantization;
    Operand bias = bias_operand(context_, band_.layer);
    bias.address += channel * bytes_of(DataType::Int32);
    bias.offset = channel * bytes_of(DataType::Int32);
    const Operand table = lookup ? table_operand(context_, band_.layer) : Operand{};
    const Operand place = output.at(rows.first * output.shape.channels + channel);
    Accesses accesses{
        .reads = {accumulator_region(accumulator, rows.size),
                  buffer_region(bias, 1, cols * bytes_of(DataType::Int32),
                                cols * bytes_of(DataType::Int32))},
        .writes = {buffer_region(place, rows.size, output.bytes(cols), output.pixel_pitch())}};
    if (lookup) {
      accesses.reads.push_back(buffer_region(table, 1, kLookupBytes, kLookupBytes));
    }
    const Destination to =
        destination_of(place, output.pixel_pitch(), type(), layer_.activation.kind, target);
    if (is_float(type())) {
      append_results(
          Convert{
              .accumulator = accumulator, .rows = rows.size, .cols = cols, .bias = bias, .to = to},
          std::move(accesses));
    } else {
      append_results(
          Requantize{.accumulator = accumulator,
                     .rows = rows.size,
                     .cols = cols,
                     .bias = bias,
                     .scale = to_fixed_point(input_scale() * weight_scale(context_.graph, node_) /
                                             target.scale),
                     .lookup = table,
                     .to = to},
          std::move(accesses));
    }
  }

  void append_results(const Operation& operation, Accesses accesses) {
    context_.builder.append(Engine::Vector, band_.layer, operation, std::move(accesses));
  }

  [[nodiscard]] DataType type() const { return context_.graph.operand_type(node_); }
  [[nodiscard]] DataType weight_type() const {
    return context_.graph.tensor(node_.inputs.at(kWeightsInput)).type.element;
  }
  [[nodiscard]] double input_scale() const {
    return context_.graph.tensor(node_.inputs.front()).quantization.scale;
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
  ProductWork layer_;
  GemmShape gemm_;
  TileGrid grid_;
  GemmLoops loops_;
};

}  // namespace

void emit_gemm(LoweringContext& context, const LayerBand& band) {
  GemmEmitter(context, band).emit();
}

}  // namespace systole
