#include "compiler/mapping/layer_time.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "arch/dataflow.h"
#include "arch/units/wide.h"
#include "compiler/allocation/constants.h"
#include "compiler/mapping/band_gemm.h"
#include "compiler/mapping/gemm_cost.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/layer_cost.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

namespace {

constexpr std::int64_t kPieceBytes = 32'768;  ///< of transfers, as emit_transfers.cpp cuts them
constexpr std::int64_t kFollowed = 4;         ///< of what goes on alike

constexpr std::int64_t kFilling = 8;  ///< tiles of the FIFO, before it goes on alike

/// Up to which cycle everything is busy.
struct Clocks {
  std::int64_t asked = 0;  ///< of the host link: that the last transfer was
  std::int64_t host = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t tiles = 0;     ///< the last one has come
  std::int64_t dram = 0;      ///< the work of its buses so far
  std::int64_t stream = 0;    ///< of the array
  std::int64_t started = 0;   ///< the last fold: the shadow is free
  std::int64_t shifted = 0;   ///< the last load is over
  std::int64_t unloaded = 0;  ///< the last sums have left the PEs
  std::int64_t done = 0;      ///< the last fold's results are there
  std::int64_t vector = 0;
  std::int64_t multiplying = 0;  ///< the work of the array so far
  std::int64_t lanes = 0;        ///< and that of the vector unit
};
constexpr std::array kClocks{
    &Clocks::asked, &Clocks::host,   &Clocks::in,          &Clocks::out,     &Clocks::tiles,
    &Clocks::dram,  &Clocks::stream, &Clocks::started,     &Clocks::shifted, &Clocks::unloaded,
    &Clocks::done,  &Clocks::vector, &Clocks::multiplying, &Clocks::lanes};

/// What comes or goes: bytes of each way, from a first to a last cycle.
struct Transit {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t pieces = 1;

  /// When as much of it is there: numerator / denominator.
  [[nodiscard]] std::int64_t at(std::int64_t numerator, std::int64_t denominator) const {
    const std::int64_t piece = ceil_div(numerator * pieces, denominator);
    return first + (last - first) * std::min(piece, pieces) / pieces;
  }
};

/// The sums of some positions, until the vector unit has taken them.
struct Occupied {
  std::int64_t first = 0;
  std::int64_t size = 0;
  std::int64_t until = 0;
};

class LayerTimeline {
 public:
  LayerTimeline(const ChipSpec& chip, const Graph& graph, const Node& node,
                const LayerMapping& mapping, const OperandHomes& homes)
      : chip_(chip),
        matrix_(chip.matrix),
        graph_(graph),
        node_(node),
        mapping_(mapping),
        homes_(homes),
        output_(graph.tensor(node.output())),
        shape_(output_.shape()),
        latency_(dram_latency(chip).count()),
        gemm_(mapped_gemm(graph, node, mapping.packing())) {
    if (gemm_) {
      const bool from_buffer =
          takes_tiles(node, kRightInput) && homes.inputs[kRightInput] != Home::Tiles;
      grid_ = mapped_grid(chip, graph, node, *gemm_,
                          from_buffer ? TileSource::Buffer : TileSource::Dram);
      const DataType right = right_type(graph, node);
      stored_as_ = grid_.converted ? grid_.converted->stored : right;
      type_ = graph.operand_type(node);
      pace_ = matrix_.pace(type_, right).count();
      features_ = shape_.rows == 1 && shape_.cols == 1;
    } else {
      row_ = vector_cycles(chip, graph, node, mapping.rows_first).count();
    }
  }

  LayerTime run() {
    load_constants();
    load_whole();
    const std::vector<BandRun> runs = band_runs(graph_, node_, mapping_.band);
    std::vector<Band> bands;
    std::vector<std::int64_t> left_out;  ///< behind each of `bands`
    for (const BandRun& run : runs) {
      const std::int64_t some = std::min(run.count, kFollowed + 1);
      for (std::int64_t one = 0; one < some; ++one) {
        bands.push_back(run.band);
        left_out.push_back(one + 2 == some ? run.count - some : 0);
      }
    }
    run_bands(bands, left_out);
    store_whole();
    return {
        .cycles = CoreCycles(std::max({now_.host, now_.out, now_.done, now_.vector, now_.dram})),
        .array = CoreCycles(now_.multiplying),
        .vector = CoreCycles(now_.lanes),
        .dram = CoreCycles(now_.dram)};
  }

 private:
  void run_bands(const std::vector<Band>& bands, const std::vector<std::int64_t>& left_out) {
    std::array<Transit, 2> loads;
    loads[0] = load(bands.front(), 0);
    for (std::size_t index = 0; index < bands.size(); ++index) {
      const Clocks before = now_;
      const std::size_t half = index % 2;
      if (index + 1 < bands.size()) {
        loads[1 - half] = load(bands[index + 1], read_[1 - half]);
      }
      here_ = loads[half];
      if (whole_.last > 0) {
        // Of what comes whole its part.
        here_.first = std::max(here_.first, whole_.first);
        here_.last = std::max(here_.last, whole_.at(static_cast<std::int64_t>(index) + 1,
                                                    static_cast<std::int64_t>(bands.size())));
        here_.pieces = std::max(here_.pieces, whole_.pieces);
      }
      free_ = stored_[half];
      const std::int64_t begin = std::max(now_.vector, here_.first);
      if (gemm_) {
        multiply(bands[index]);
      } else {
        pass(bands[index]);
      }
      read_[half] = gemm_ ? now_.done : now_.vector;
      begun_ = index == 0 ? begin : begun_;
      store(bands[index], begin, half);
      if (left_out[index] > 0) {
        const Clocks changed = skip(before, left_out[index]);
        shift(read_, changed.done);
        shift(stored_, std::max(changed.out, changed.host));
        for (Transit& transit : loads) {
          transit.first += std::max(changed.in, changed.host);
          transit.last += std::max(changed.in, changed.host);
        }
      }
    }
  }

  static void shift(std::array<std::int64_t, 2>& times, std::int64_t by) {
    times[0] += by;
    times[1] += by;
  }

  /// As if `count` more went by as the one since `before` did; by how much each clock moved.
  Clocks skip(const Clocks& before, std::int64_t count) {
    Clocks by;
    for (const auto clock : kClocks) {
      by.*clock = (now_.*clock - before.*clock) * count;
      now_.*clock += by.*clock;
    }
    for (std::int64_t& place : places_) {
      place += matrix_.dataflow == Dataflow::WeightStationary ? by.shifted : by.done;
    }
    for (Occupied& entries : occupied_) {
      entries.until += by.vector;
    }
    return by;
  }

  // --- transfers ---

  [[nodiscard]] std::int64_t bus(std::int64_t bytes) const {
    return dram_cycles(chip_, Bytes(bytes), ceil_div(bytes, chip_.dma.request.count())).count();
  }

  [[nodiscard]] std::int64_t link(std::int64_t bytes) const {
    const Wide bandwidth = chip_.host.bandwidth.count();
    const Wide wanted = static_cast<Wide>(bytes) * chip_.frequency.count();
    return static_cast<std::int64_t>((wanted + bandwidth - 1) / bandwidth);
  }

  Transit by_host(std::int64_t bytes, std::int64_t ready) {
    now_.asked = std::max(now_.asked, ready);
    const std::int64_t first = std::max(now_.asked + chip_.host.latency.count(), now_.host);
    now_.host = first + link(bytes);
    return {.first = first, .last = now_.host, .pieces = pieces_of(bytes)};
  }

  Transit by_dma(std::int64_t Clocks::*engine, std::int64_t bytes, std::int64_t ready) {
    const std::int64_t cycles = bus(bytes);
    now_.dram += cycles;
    const std::int64_t access =
        ceil_div(std::min(bytes, chip_.dma.request.count()), chip_.buffer.port_width.count());
    const std::int64_t first = ready + chip_.dma.issue.count() + latency_ + access;
    now_.*engine = std::max({now_.*engine + cycles, first + cycles, now_.dram});
    return {.first = std::max(first, now_.*engine - cycles),
            .last = now_.*engine,
            .pieces = pieces_of(bytes)};
  }

  [[nodiscard]] std::int64_t pieces_of(std::int64_t bytes) const {
    return std::max<std::int64_t>(
        features_ ? std::min(ceil_div(shape_.channels, matrix_.cols), ceil_div(bytes, kPieceBytes))
                  : ceil_div(bytes, kPieceBytes),
        1);
  }

  /// Both, as one.
  static Transit joined(const Transit& a, const Transit& b) {
    if (a.last == 0 || b.last == 0) {
      return a.last == 0 ? b : a;
    }
    return {.first = std::max(a.first, b.first),
            .last = std::max(a.last, b.last),
            .pieces = std::max(a.pieces, b.pieces)};
  }

  void load_constants() {
    const std::int64_t bytes = constant_bytes(graph_, node_, mapping_.pixels).total();
    if (bytes > 0) {
      constants_ = by_dma(&Clocks::in, bytes, 0).last;
    }
  }

  void load_whole() {
    for (std::size_t input = 0; input < homes_.inputs.size(); ++input) {
      const std::int64_t bytes = graph_.tensor(graph_.operand(node_, input)).bytes();
      if (homes_.inputs[input] == Home::Passing) {
        whole_ = joined(whole_, by_host(bytes, 0));
      } else if (homes_.inputs[input] == Home::PassingDram) {
        whole_ = joined(whole_, by_dma(&Clocks::in, bytes, 0));
      }
    }
  }

  Transit load(const Band& band, std::int64_t ready) {
    Transit all;
    for (std::size_t input = 0; input < homes_.inputs.size(); ++input) {
      const GraphTensor& tensor = graph_.tensor(graph_.operand(node_, input));
      const std::int64_t bytes =
          bytes_of(tensor.type.element,
                   band_elements(tensor.shape(), input_band(graph_, node_, input, band)));
      if (homes_.inputs[input] == Home::Host) {
        all = joined(all, by_host(bytes, ready));
      } else if (homes_.inputs[input] == Home::Dram) {
        all = joined(all, by_dma(&Clocks::in, bytes, ready));
      }
    }
    return all;
  }

  /// The results of a band, which began to come at `begin`.
  void store(const Band& band, std::int64_t begin, std::size_t half) {
    if (streams(homes_.output)) {
      stored_[half] = send(homes_.output == Home::Host,
                           bytes_of(output_.type.element, band_elements(shape_, band)), begin);
    }
  }
  void store_whole() {
    if (homes_.output == Home::Passing || homes_.output == Home::PassingDram) {
      send(homes_.output == Home::Passing, output_.bytes(), begun_);
    }
  }

  std::int64_t send(bool host, std::int64_t bytes, std::int64_t begin) {
    const bool in_order = features_ || !gemm_ || grid_.n.size() == 1;
    const std::int64_t pieces = in_order ? pieces_of(bytes) : 1;
    std::int64_t last = 0;
    for (std::int64_t piece = 1; piece <= pieces; ++piece) {
      const std::int64_t ready = begin + (now_.vector - begin) * piece / pieces;
      last = host ? by_host(bytes / pieces, ready).last
                  : by_dma(&Clocks::out, bytes / pieces, ready).last;
    }
    return last;
  }

  // --- the vector unit by itself ---

  void pass(const Band& band) {
    const std::int64_t cycles = row_ * band.images * band.rows;
    const std::int64_t begin = std::max({now_.vector, here_.first, constants_, free_});
    now_.vector =
        std::max(begin + cycles, here_.last + cycles / here_.pieces) + chip_.vector.latency.count();
    now_.lanes += cycles + chip_.vector.latency.count();
  }

  // --- products ---

  /// Like loops, each step of which is told which one it is. The first few and the last are done,
  /// and the one before the last stands for the others.
  template <class Step>
  void follow(std::int64_t count, std::int64_t tiles, const Step& step) {
    // Until the FIFO is full tiles come earlier than afterwards.
    const std::int64_t filling =
        tiles == 0 ? 0 : ceil_div(std::min(chip_.weight_fifo.tiles, kFilling), tiles);
    const std::int64_t some = std::min(count, kFollowed + filling);
    for (std::int64_t index = 0; index < some; ++index) {
      const Clocks before = now_;
      step(index + 1 < some ? index : count - 1);
      if (index + 2 == some && count > some) {
        skip(before, count - some);
      }
    }
  }

  void multiply(const Band& band) {
    const BandGemm products = band_gemm(graph_, node_, gemm_->groups, band, mapping_.pixels);
    grid_.groups = products.groups;
    const GemmPlan* const given = mapping_.plan_of(products);
    const GemmPlan plan =
        given != nullptr ? *given : gemm_plan(chip_, grid_, type_, products.positions);
    for (const UnitShare* const share : {&plan.whole, &plan.rest}) {
      if (share->slices > 0) {
        const std::int64_t together = share->side_by_side(matrix_.count);
        round_ = {.share = *share, .jobs = std::min(share->slices, together) * share->parts};
        const std::int64_t rounds = ceil_div(share->slices, together);
        const bool ends = share == &plan.rest || plan.rest.slices == 0;
        follow(rounds, static_cast<std::int64_t>(grid_.k.size()), [&](std::int64_t index) {
          const bool last = ends && grid_.groups == 1 && index + 1 == rounds;
          round_.cols = last ? grid_.n.back().size : grid_.n.front().size;
          run_round(ceil_div(products.positions, share->parts));
        });
      }
    }
  }

  void run_round(std::int64_t positions) {
    const std::int64_t size = round_.share.loops.chunk;
    const std::int64_t chunks = ceil_div(positions, size);
    const auto slices = static_cast<std::int64_t>(grid_.k.size());
    follow(chunks, slices == 1 ? 0 : slices, [&](std::int64_t index) {
      const std::int64_t first = index * size;
      run_chunk(first, std::min(size, positions - first), positions);
    });
  }

  void run_chunk(std::int64_t first, std::int64_t size, std::int64_t positions) {
    if (entry_ + size > chip_.accumulators.entries) {
      entry_ = 0;
    }
    const std::int64_t entry = entry_;
    entry_ += size;
    const auto slices = static_cast<std::int64_t>(grid_.k.size());
    const bool stays = slices == 1 && first > 0;
    const GemmLoops& loops = round_.share.loops;
    follow(slices, stays ? 0 : 1, [&](std::int64_t k) {
      const bool last = k + 1 == slices;
      const std::int64_t rows = last ? grid_.k.back().size : grid_.k.front().size;
      if (!stays) {
        load_tile(rows);
      }
      const std::int64_t pieces = ceil_div(size, last ? loops.handover : loops.fold);
      const std::int64_t piece = ceil_div(size, pieces);
      follow(pieces, 0, [&](std::int64_t index) {
        const std::int64_t at = std::min(index * piece, size - 1);
        const std::int64_t count = std::min(piece, size - at);
        std::int64_t ready = here_.last == 0 ? 0
                             : features_     ? here_.at(k + 1, slices)
                                             : here_.at(first + at + count, positions);
        if (k == 0) {
          ready = std::max(ready, empty(entry + at, count));
        }
        fold(count, rows, ready, !stays && index == 0, last || !loops.sums_stay);
        if (last) {
          hand_over(entry + at, count);
        }
      });
    });
  }

  /// When the entries have been emptied.
  std::int64_t empty(std::int64_t first, std::int64_t size) {
    std::int64_t until = 0;
    for (std::size_t index = 0; index < occupied_.size();) {
      Occupied& one = occupied_[index];
      if (one.first < first + size && first < one.first + one.size) {
        until = std::max(until, one.until);
        one = occupied_.back();
        occupied_.pop_back();
      } else {
        ++index;
      }
    }
    return until;
  }

  void hand_over(std::int64_t entry, std::int64_t count) {
    const VectorUnitSpec& vector = chip_.vector;
    const std::int64_t steps = count * ceil_div(round_.cols, vector.lanes);
    const std::int64_t cycles =
        vector.latency.count() + steps * vector.pace_of(VectorClass::Activation).count();
    now_.vector = std::max({now_.vector, now_.done, constants_, free_}) + round_.jobs * cycles;
    now_.lanes += round_.jobs * cycles;
    occupied_.push_back({.first = entry, .size = count, .until = now_.vector});
  }

  void load_tile(std::int64_t rows) {
    if (places_.empty()) {
      places_.assign(static_cast<std::size_t>(chip_.weight_fifo.tiles), 0);
    }
    place_ = (place_ + 1) % places_.size();
    const std::int64_t free = places_[place_];
    if (grid_.source == TileSource::Buffer) {
      const std::int64_t accesses =
          rows * ceil_div(bytes_of(stored_as_, round_.cols), chip_.buffer.port_width.count());
      now_.tiles = std::max({now_.tiles, free, here_.last}) +
                   std::max(accesses * round_.jobs, converting(rows));
      return;
    }
    const std::int64_t scales =
        grid_.converted ? grid_.converted->scale_bytes(0, rows, round_.cols) : 0;
    const std::int64_t bytes = (grid_.whole ? bytes_in_dram(chip_, stored_as_, rows, round_.cols)
                                            : bytes_of(stored_as_, rows * round_.cols)) +
                               scales;
    const std::int64_t bursts = chip_.dram.standard.organization.burst_bytes().count();
    const std::int64_t cycles = std::max(bus(round_up(bytes, bursts)), converting(rows));
    now_.dram += cycles * round_.jobs;
    now_.tiles = std::max({now_.tiles + cycles, free + latency_ + cycles, now_.dram});
  }

  /// What comes as another type than the array multiplies is converted row by row.
  [[nodiscard]] std::int64_t converting(std::int64_t rows) const {
    return grid_.converted ? chip_.weight_fifo.conversion_of(stored_as_).count() * rows : 0;
  }

  [[nodiscard]] std::int64_t buffer_accesses(std::int64_t count, std::int64_t rows) const {
    return count * ceil_div(bytes_of(type_, rows), chip_.buffer.port_width.count());
  }
  [[nodiscard]] std::int64_t accumulator_step() const {
    const std::int64_t accesses = grid_.k.size() > 1 && !round_.share.loops.sums_stay ? 2 : 1;
    return ceil_div(accesses, chip_.accumulators.ports);
  }

  void fold(std::int64_t count, std::int64_t rows, std::int64_t ready, bool next_tile,
            bool unloads) {
    const bool alone = matrix_.overlap == Overlap::None;
    const std::int64_t free = alone ? now_.done : now_.stream;
    const std::int64_t pipeline = matrix_.rows + matrix_.cols - 2;
    std::int64_t start = std::max(free, ready);
    std::int64_t steps = 0;
    switch (matrix_.dataflow) {
      case Dataflow::WeightStationary:
        if (next_tile) {
          now_.shifted =
              std::max({now_.tiles, alone ? now_.done : now_.started, now_.shifted}) + matrix_.rows;
          places_[place_] = now_.shifted;
          start = std::max(start, now_.shifted);
        }
        steps = std::max({count * pace_, buffer_accesses(count, rows), count * accumulator_step()});
        break;
      case Dataflow::InputStationary:
        now_.shifted = std::max({alone ? now_.done : now_.started, now_.shifted, ready}) +
                       std::max(matrix_.rows, buffer_accesses(count, rows));
        start = std::max({start, now_.shifted, now_.tiles});
        steps = round_.cols * std::max(pace_, accumulator_step());
        break;
      case Dataflow::OutputStationary:
        start = std::max(start, now_.tiles);
        steps = std::max(rows * pace_, buffer_accesses(count, rows));
        break;
    }
    now_.started = start;
    now_.stream = start + steps;
    now_.multiplying += steps;
    now_.done = now_.stream + pipeline;
    if (matrix_.dataflow == Dataflow::OutputStationary && unloads) {
      now_.stream = std::max(now_.stream, now_.unloaded + matrix_.rows);
      now_.unloaded = now_.stream;
      now_.done = now_.stream + pipeline + matrix_.rows;
    }
    if (matrix_.dataflow != Dataflow::WeightStationary) {
      places_[place_] = alone ? now_.done : now_.stream;
    }
  }

  /// What the units do at a time.
  struct Round {
    UnitShare share;
    std::int64_t jobs = 1;
    std::int64_t cols = 0;
  };

  const ChipSpec& chip_;
  const MatrixUnitSpec& matrix_;
  const Graph& graph_;
  const Node& node_;
  const LayerMapping& mapping_;
  const OperandHomes& homes_;
  const GraphTensor& output_;
  Shape shape_;
  std::int64_t latency_;
  std::optional<GemmShape> gemm_;
  TileGrid grid_;
  DataType type_ = DataType::Int8;
  DataType stored_as_ = DataType::Int8;  ///< elements of tiles, where they come from
  std::int64_t pace_ = 1;
  /// Cycles of the vector unit for a row of positions, where nothing is multiplied.
  std::int64_t row_ = 0;
  bool features_ = false;
  Clocks now_;
  std::int64_t constants_ = 0;            ///< are there
  Transit whole_;                         ///< of inputs that stay
  Transit here_;                          ///< of what this band reads
  std::int64_t free_ = 0;                 ///< where this band's results go
  std::int64_t begun_ = 0;                ///< the first results
  std::array<std::int64_t, 2> read_{};    ///< the halves of what streams in
  std::array<std::int64_t, 2> stored_{};  ///< the halves of what streams out
  Round round_;
  std::vector<std::int64_t> places_;  ///< of the FIFO: when they are free
  std::size_t place_ = 0;
  std::vector<Occupied> occupied_;
  std::int64_t entry_ = 0;  ///< of the accumulators: the next
};

}  // namespace

LayerTime layer_times(const ChipSpec& chip, const Graph& graph, const Node& node,
                      const LayerMapping& mapping, const OperandHomes& homes) {
  return LayerTimeline(chip, graph, node, mapping, homes).run();
}

CoreCycles layer_time(const ChipSpec& chip, const Graph& graph, const Node& node,
                      const LayerMapping& mapping, const OperandHomes& homes) {
  return layer_times(chip, graph, node, mapping, homes).cycles;
}

}  // namespace systole
