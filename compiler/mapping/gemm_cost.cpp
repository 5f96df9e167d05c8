#include "compiler/mapping/gemm_cost.h"

#include <algorithm>
#include <array>

#include "arch/dataflow.h"
#include "arch/units/wide.h"

namespace systole {

namespace {

/// A range cut into equal parts and perhaps a smaller one.
struct Part {
  std::int64_t count = 0;
  std::int64_t size = 0;
};
using Parts = std::array<Part, 2>;

Parts cut_into(std::int64_t total, std::int64_t size) {
  return {{{total / size, size}, {total % size == 0 ? 0 : 1, total % size}}};
}

Parts evenly(std::int64_t total, std::int64_t largest) {
  return cut_into(total, ceil_div(total, ceil_div(total, largest)));
}

const Part& first_of(const Parts& parts) {
  return parts[0].count > 0 ? parts[0] : parts[1];
}

/// The last slice by itself.
Parts parts_of(const std::vector<Slice>& slices) {
  const auto before = static_cast<std::int64_t>(slices.size()) - 1;
  return {{{before, slices.front().size}, {1, slices.back().size}}};
}

class GemmEstimate {
 public:
  GemmEstimate(const ChipSpec& chip, const TileGrid& grid, DataType type, const GemmLoops& loops)
      : chip_(chip),
        matrix_(chip.matrix),
        grid_(grid),
        type_(type),
        loops_(loops),
        pace_(matrix_.pace(type, type).count()),
        latency_(dram_latency(chip).count()) {}

  GemmCost of(std::int64_t positions) {
    GemmCost cost = sum(positions);
    cost.weights = dram_cycles(chip_, Bytes(loaded_), requests_);
    return cost;
  }

 private:
  GemmCost sum(std::int64_t positions) {
    const bool tile_stays = grid_.k.size() == 1;
    const Parts chunks = cut_into(positions, loops_.chunk);
    const Parts reduction = parts_of(grid_.k);
    for (const Part& n : parts_of(grid_.n)) {
      for (const Part& chunk : chunks) {
        for (const Part& k : reduction) {
          // The folds of the last slice of k are handed over piece by piece.
          pieces_ = &k == &reduction[1] ? ceil_div(chunk.size, loops_.handover) : 1;
          const std::int64_t tiles = grid_.groups * n.count * k.count;
          // Of the chunks that share a tile the first loads it.
          const std::int64_t first = &chunk == &first_of(chunks) ? tiles : 0;
          add(tiles * chunk.count, tile_stays ? first : tiles * chunk.count, chunk.size, k.size,
              n.size);
        }
      }
      add_results(grid_.groups * n.count, positions, n.size);
    }
    return cost_;
  }

  /// How long the array has a tile, and how much of it the tile keeps its place in the FIFO.
  struct Meeting {
    std::int64_t cycles = 0;
    std::int64_t held = 0;
  };

  void add(std::int64_t meetings, std::int64_t loads, std::int64_t positions, std::int64_t k,
           std::int64_t n) {
    if (meetings == 0) {
      return;
    }
    const std::int64_t scales = grid_.converted ? grid_.converted->scale_bytes(0, k, n) : 0;
    const std::int64_t bytes =
        (grid_.whole ? bytes_in_dram(chip_, stored(), k, n) : bytes_of(stored(), k * n)) + scales;
    const std::int64_t converting =
        grid_.converted ? chip_.weight_fifo.conversion_of(stored()).count() * k : 0;
    const std::int64_t bursts =
        round_up(bytes, chip_.dram.standard.organization.burst_bytes().count());
    const std::int64_t requests = ceil_div(bytes, chip_.dma.request.count());
    const std::int64_t delivery = dram_cycles(chip_, Bytes(bursts), requests).count();
    const Meeting fresh = meet(positions, k, n, true);
    if (grid_.source == TileSource::Buffer) {
      // Read run by run, the next tile while the array works on this one.
      const std::int64_t accesses =
          k * ceil_div(bytes_of(stored(), n), chip_.buffer.port_width.count());
      cost_.array += CoreCycles(loads * std::max({fresh.cycles, accesses, converting}));
      add_resting(meetings - loads, positions, k, n);
      return;
    }
    const std::int64_t through_fifo =
        ceil_div(latency_ + delivery + converting + fresh.held, chip_.weight_fifo.tiles);
    cost_.array += CoreCycles(loads * std::max({fresh.cycles, through_fifo, converting}));
    add_resting(meetings - loads, positions, k, n);
    cost_.weight_bytes += Bytes(loads * bytes);
    loaded_ += loads * bursts;
    requests_ += loads * requests;
  }

  /// Of a tile's elements in memory.
  [[nodiscard]] DataType stored() const {
    return grid_.converted ? grid_.converted->stored : type_;
  }

  /// Meetings with a tile that is there.
  void add_resting(std::int64_t meetings, std::int64_t positions, std::int64_t k, std::int64_t n) {
    if (meetings > 0) {
      cost_.array += CoreCycles(meetings * meet(positions, k, n, false).cycles);
    }
  }

  [[nodiscard]] std::int64_t buffer_accesses(std::int64_t positions, std::int64_t k) const {
    return positions * ceil_div(bytes_of(type_, k), chip_.buffer.port_width.count());
  }
  /// Cycles between two vectors of sums: each is written, read if it adds up, and read by the
  /// vector unit.
  [[nodiscard]] std::int64_t accumulator_step() const {
    const std::int64_t accesses = grid_.k.size() > 1 && !loops_.sums_stay ? 2 : 1;
    return ceil_div(accesses, chip_.accumulators.ports);
  }

  [[nodiscard]] Meeting meet(std::int64_t positions, std::int64_t k, std::int64_t n,
                             bool loads) const {
    switch (matrix_.dataflow) {
      case Dataflow::WeightStationary:
        return weights_stay(positions, k, loads);
      case Dataflow::InputStationary:
        return inputs_stay(positions, k, n);
      case Dataflow::OutputStationary:
        return outputs_stay(positions, k);
    }
    return {};
  }

  [[nodiscard]] std::int64_t drain() const { return matrix_.rows + matrix_.cols - 2; }
  [[nodiscard]] bool overlaps() const { return matrix_.overlap == Overlap::Shadow; }

  [[nodiscard]] Meeting weights_stay(std::int64_t positions, std::int64_t k, bool loads) const {
    const std::int64_t stream = std::max(
        {positions * pace_, buffer_accesses(positions, k), positions * accumulator_step()});
    const std::int64_t load = loads ? matrix_.rows : 0;
    if (overlaps()) {
      return {.cycles = std::max(stream, load), .held = load};
    }
    return {.cycles = load + stream + pieces_ * drain(), .held = load};
  }

  [[nodiscard]] Meeting inputs_stay(std::int64_t positions, std::int64_t k, std::int64_t n) const {
    std::int64_t cycles = 0;
    for (const Part& fold : evenly(positions, loops_.fold)) {
      const std::int64_t load = std::max(matrix_.rows, buffer_accesses(fold.size, k));
      const std::int64_t stream = n * std::max(pace_, accumulator_step());
      cycles += fold.count * (overlaps() ? std::max(stream, load) : load + stream + drain());
    }
    return {.cycles = cycles, .held = cycles};
  }

  [[nodiscard]] Meeting outputs_stay(std::int64_t positions, std::int64_t k) const {
    std::int64_t cycles = 0;
    const std::int64_t unload = loops_.sums_stay ? 0 : matrix_.rows;
    for (const Part& fold : evenly(positions, loops_.fold)) {
      const std::int64_t stream = std::max(k * pace_, buffer_accesses(fold.size, k));
      cycles += fold.count * (overlaps() ? std::max(stream, unload) : stream + unload + drain());
    }
    return {.cycles = cycles, .held = cycles};
  }

  /// As if every piece had the size of a handover.
  void add_results(std::int64_t slices, std::int64_t positions, std::int64_t n) {
    const VectorUnitSpec& vector = chip_.vector;
    const std::int64_t pieces = ceil_div(positions, loops_.handover);
    const std::int64_t steps = positions * ceil_div(n, vector.lanes);
    const std::int64_t pace = vector.pace_of(VectorClass::Activation).count();
    cost_.vector += CoreCycles(slices * (pieces * vector.latency.count() + steps * pace));
  }

  const ChipSpec& chip_;
  const MatrixUnitSpec& matrix_;
  const TileGrid& grid_;
  DataType type_;
  const GemmLoops& loops_;
  std::int64_t pace_;
  std::int64_t latency_;
  std::int64_t loaded_ = 0;  ///< bytes, whole bursts
  std::int64_t requests_ = 0;
  std::int64_t pieces_ = 1;
  GemmCost cost_;
};

}  // namespace

GemmCost gemm_cost(const ChipSpec& chip, const TileGrid& grid, DataType type,
                   std::int64_t positions, const GemmLoops& loops) {
  return GemmEstimate(chip, grid, type, loops).of(positions);
}

CoreCycles dram_latency(const ChipSpec& chip) {
  const DramTiming& timing = chip.dram.standard.timing;
  const Femtoseconds time = timing.tCK * (timing.nRCD + timing.nCL + timing.nBL).count();
  return chip.clock().edge_at_or_after(time);
}

CoreCycles dram_cycles(const ChipSpec& chip, Bytes bytes, std::int64_t requests) {
  const Wide peak = chip.dram.peak_bandwidth().count();
  const Wide wanted = static_cast<Wide>(bytes.count()) * chip.frequency.count();
  const auto at_peak = static_cast<std::int64_t>((wanted + peak - 1) / peak);
  return std::max(CoreCycles(at_peak), CoreCycles(ceil_div(requests * dram_latency(chip).count(),
                                                           chip.dma.outstanding)));
}

}  // namespace systole
