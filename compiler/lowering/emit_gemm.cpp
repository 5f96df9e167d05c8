#include <algorithm>

#include "arch/isa/fixed_point.h"
#include "arch/isa/recipes.h"
#include "compiler/lowering/emit.h"
#include "compiler/lowering/fused_results.h"
#include "compiler/lowering/gemm_operands.h"
#include "compiler/lowering/quantize.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/gemm_plan.h"
#include "compiler/mapping/mapping.h"

namespace systole {

namespace {

/// Emits the folds of one band, and what brings their sums to the unified buffer, output slice by
/// output slice, those of several matrix units side by side.
class GemmEmitter {
 public:
  GemmEmitter(LoweringContext& context, const LayerBand& band)
      : context_(context),
        band_(band),
        node_(context.graph.node(band.layer)),
        operands_(gemm_operands(context, band)),
        sum_scales_(operands_->sum_scales()),
        grid_(mapped_grid(context.chip, context.graph, node_, context.layer_gemm(band.layer),
                          operands_->source())),
        clusters_(operands_->clusters()),
        plan_(plan_of_band()) {}

  void emit() {
    for (const Cluster& cluster : clusters_) {
      for (std::size_t n = 0; n < grid_.n.size(); ++n) {
        add_slice(cluster, n);
      }
    }
  }

 private:
  [[nodiscard]] GemmPlan plan_of_band() const {
    const BandGemm products{
        .groups = static_cast<std::int64_t>(clusters_.size()),
        .positions = operands_->positions() * static_cast<std::int64_t>(clusters_.front().size())};
    const GemmPlan* const mapped = context_.layer_mapping(band_.layer).plan_of(products);
    return mapped != nullptr
               ? *mapped
               : gemm_plan(context_.chip, grid_of_clusters(), type(), products.positions);
  }

  /// Groups whose positions meet the same tiles: those of one, then those of the next.
  using Cluster = std::vector<std::int64_t>;

  /// What one matrix unit has to do: an output slice for some of a cluster's positions.
  struct Job {
    std::uint8_t unit = 0;
    const Cluster* cluster = nullptr;
    std::size_t n = 0;
    Slice positions;
  };

  /// As costs see it: groups that share tiles are one.
  [[nodiscard]] TileGrid grid_of_clusters() const {
    TileGrid grid = grid_;
    grid.groups = static_cast<std::int64_t>(clusters_.size());
    return grid;
  }

  /// Takes the next output slice; when no unit is left for another, emits all of the round.
  void add_slice(const Cluster& cluster, std::size_t n) {
    const UnitShare& share = slices_done_ < plan_.whole.slices ? plan_.whole : plan_.rest;
    const std::int64_t positions =
        operands_->positions() * static_cast<std::int64_t>(cluster.size());
    for (const Slice& part : slices(positions, ceil_div(positions, share.parts))) {
      round_.push_back({.unit = static_cast<std::uint8_t>(round_.size()),
                        .cluster = &cluster,
                        .n = n,
                        .positions = part});
    }
    ++slices_done_;
    ++slices_of_round_;
    const bool last = slices_done_ == plan_.whole.slices ||
                      slices_done_ == plan_.whole.slices + plan_.rest.slices;
    if (last || slices_of_round_ == share.side_by_side(context_.chip.matrix.count)) {
      loops_ = share.loops;
      emit_round();
      round_.clear();
      slices_of_round_ = 0;
    }
  }

  void emit_round() {
    std::vector<std::vector<Slice>> chunks;
    std::size_t most = 0;
    for (const Job& job : round_) {
      chunks.push_back(chunks_of(job.positions));
      most = std::max(most, chunks.back().size());
    }
    for (std::size_t chunk = 0; chunk < most; ++chunk) {
      std::vector<Job> jobs;
      for (std::size_t job = 0; job < round_.size(); ++job) {
        if (chunk < chunks[job].size()) {
          jobs.push_back(round_[job]);
          jobs.back().positions = chunks[job][chunk];
        }
      }
      emit_chunks(jobs, chunk == 0);
    }
  }

  /// Sums that stay in the array are of one fold, so of one group.
  [[nodiscard]] std::vector<Slice> chunks_of(const Slice& part) const {
    const std::int64_t positions = operands_->positions();
    const std::int64_t end = part.first + part.size;
    std::vector<Slice> chunks;
    for (std::int64_t at = part.first; at < end; at += chunks.back().size) {
      const std::int64_t of_group = loops_.sums_stay ? positions - at % positions : end - at;
      chunks.push_back({.first = at, .size = std::min({loops_.chunk, of_group, end - at})});
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

  /// All reduction slices of some output positions of each unit. The folds of the last slice are
  /// handed over one by one, unit by unit, so that the vector unit follows closely.
  void emit_chunks(const std::vector<Job>& jobs, bool first_chunk) {
    std::vector<std::int64_t> accumulators;
    for (const Job& job : jobs) {
      accumulators.push_back(reserve_accumulators(job));
    }
    const std::size_t last_k = grid_.k.size() - 1;
    const bool tile_stays = last_k == 0 && !first_chunk;
    for (std::size_t k = 0; k <= last_k; ++k) {
      std::vector<std::vector<Piece>> pieces;
      std::size_t most = 0;
      for (const Job& job : jobs) {
        pieces.push_back(
            pieces_of(*job.cluster, job.positions, k < last_k ? loops_.fold : loops_.handover));
        most = std::max(most, pieces.back().size());
        if (!tile_stays) {
          emit_load(job, pieces.back().front().group, k);
        }
      }
      for (std::size_t index = 0; index < most; ++index) {
        for (std::size_t job = 0; job < jobs.size(); ++job) {
          if (index < pieces[job].size()) {
            emit_piece(jobs[job], k, pieces[job][index], accumulators[job],
                       !tile_stays && index == 0);
          }
        }
      }
    }
  }

  void emit_piece(const Job& job, std::size_t k, const Piece& piece, std::int64_t accumulator,
                  bool next_tile) {
    const std::int64_t entry = accumulator + piece.entry;
    emit_fold(job, piece.group, k, piece.positions, entry, next_tile);
    if (k + 1 == grid_.k.size()) {
      emit_results(piece.group, job.n, piece.positions, entry);
    }
  }

  /// Of the unit's own.
  std::int64_t reserve_accumulators(const Job& job) {
    const Slice& ring = context_.accumulators;
    std::int64_t& next = context_.next_accumulators[job.unit];
    if (next + job.positions.size > ring.size) {
      next = 0;
    }
    const std::int64_t first = job.unit * context_.chip.accumulators.entries + ring.first + next;
    next += job.positions.size;
    return first;
  }

  [[nodiscard]] std::int32_t tile_id(std::int64_t group, std::size_t n, std::size_t k) const {
    return context_.tile_ids[static_cast<std::size_t>(band_.layer)] +
           static_cast<std::int32_t>(grid_.index(static_cast<std::size_t>(group), n, k));
  }

  void emit_load(const Job& job, std::int64_t group, std::size_t k) {
    const std::int32_t id = tile_id(group, job.n, k);
    const WeightTile& tile = context_.builder.program().tiles[static_cast<std::size_t>(id)];
    LoadTile load = operands_->load(tile);
    load.tile = id;
    load.rows = tile.rows;
    load.cols = tile.cols;
    if (grid_.converted) {
      load.zero_point = grid_.converted->zero_point;
      load.conversion = grid_.converted->conversion(grid_.k[k].first, tile.rows);
      load.conversion.share_with(conversion_);
      conversion_ = load.conversion;
    }
    context_.builder.append({EngineKind::Weights, job.unit}, band_.layer, load);
  }

  void emit_fold(const Job& job, std::int64_t group, std::size_t k, const Slice& rows,
                 std::int64_t accumulator, bool next_tile) {
    const std::size_t n = job.n;
    const Slice& reduction = grid_.k[k];
    const std::int64_t part = operands_->reduction_part();
    const std::int64_t number = part == 0 ? 0 : reduction.first / part;
    context_.builder.append({EngineKind::Matrix, job.unit}, band_.layer,
                            Fold{.next_tile = next_tile,
                                 .tile = tile_id(group, n, k),
                                 .rows = reduction.size,
                                 .cols = grid_.n[n].size,
                                 .activation_type = type(),
                                 .weight_type = right_type(context_.graph, node_),
                                 .accumulate = k > 0 && !loops_.sums_stay,
                                 .drain = k + 1 == grid_.k.size() || !loops_.sums_stay,
                                 .zero_point = operands_->zero_point(),
                                 .window = window_of(group, number),
                                 .k_first = reduction.first,
                                 .first = rows.first + operands_->first_position(),
                                 .count = rows.size,
                                 .accumulator = accumulator});
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
    std::optional<Operand> bias = bias_operand(context_, band_.layer);
    if (bias) {
      bias->address += channel * bytes_of(DataType::Int32);
      bias->offset = channel * bytes_of(DataType::Int32);
    }
    const Operand table = lookup ? table_operand(context_, band_.layer) : Operand{};
    const Operand place = operands_->place(group, rows.first, grid_.n[n].first);
    const std::int64_t pitch = output.bytes(operands_->place_pitch());
    const Destination to = destination_of(place, pitch, out.type.element, activation.kind, target);
    Operand factors;
    FixedPoint scale;
    if (sum_scales_.by_channel()) {
      factors = factor_operand(context_, band_.layer);
      factors.address += channel * kColumnFactorBytes;
      factors.offset = channel * kColumnFactorBytes;
    } else if (!is_float(type())) {
      scale = to_fixed_point(sum_scales_.at(0) / target.scale);
    }
    if (const Node* behind = fused_behind(context_.graph, band_.layer)) {
      append_fused(*behind, {.accumulator = accumulator,
                             .rows = rows.size,
                             .cols = cols,
                             .bias = bias,
                             .scale = scale,
                             .factors = factors,
                             .factor = static_cast<float>(operands_->real_scale()),
                             .first = to,
                             .table = {},
                             .other = {},
                             .other_pitch = pitch});
    } else if (is_float(type())) {
      append_results(Convert{.accumulator = accumulator,
                             .rows = rows.size,
                             .cols = cols,
                             .bias = bias,
                             .scale = static_cast<float>(operands_->real_scale()),
                             .to = to});
    } else {
      append_results(Requantize{.accumulator = accumulator,
                                .rows = rows.size,
                                .cols = cols,
                                .bias = bias,
                                .scale = scale,
                                .factors = factors,
                                .lookup = table,
                                .to = to});
    }
  }

  /// The results of the layer behind, in the place of this one's.
  void append_fused(const Node& behind, FusedSums sums) {
    if (node_.added) {
      // As far into its band as the results are into theirs.
      const std::int64_t further = sums.first.out.address - band_.output.address;
      sums.other = band_.inputs.back().at(0);
      sums.other.address += further;
      sums.other.offset += further;
    }
    if (uses_lookup(behind.activation(), type())) {
      sums.table = table_operand(context_, band_.layer + 1);
    }
    append_results(fused_loop(context_.graph, behind, sums));
  }

  void append_results(RowLoop loop) {
    context_.builder.append(EngineKind::Vector, band_.layer, std::move(loop));
  }

  /// That all folds of the group share.
  const Shared<Window>& window_of(std::int64_t group, std::int64_t part) {
    if (window_group_ != group || window_part_ != part) {
      window_ = operands_->window(group, part);
      window_group_ = group;
      window_part_ = part;
    }
    return window_;
  }

  [[nodiscard]] DataType type() const { return context_.graph.operand_type(node_); }

  LoweringContext& context_;
  const LayerBand& band_;
  const Node& node_;
  std::unique_ptr<GemmOperands> operands_;
  WeightScales sum_scales_;
  TileGrid grid_;
  std::vector<Cluster> clusters_;
  GemmPlan plan_;
  GemmLoops loops_;         ///< of the present round
  std::vector<Job> round_;  ///< what the units do side by side
  std::int64_t slices_of_round_ = 0;
  std::int64_t slices_done_ = 0;
  Shared<TileConversion> conversion_;  ///< of the last load
  Shared<Window> window_;              ///< of the group below
  std::int64_t window_group_ = -1;
  std::int64_t window_part_ = -1;
};

}  // namespace

void emit_gemm(LoweringContext& context, const LayerBand& band) {
  GemmEmitter(context, band).emit();
}

}  // namespace systole
