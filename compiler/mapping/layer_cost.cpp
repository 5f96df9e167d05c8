#include "compiler/mapping/layer_cost.h"

#include <algorithm>
#include <optional>

#include "arch/units/wide.h"
#include "compiler/graph/hold.h"
#include "compiler/graph/kept_work.h"
#include "compiler/mapping/band_gemm.h"
#include "compiler/mapping/gemm_plan.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/mapping.h"
#include "compiler/mapping/tile_source.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

/// Bytes that come or go.
struct Traffic {
  std::int64_t dram = 0;
  std::int64_t host = 0;
  std::int64_t host_starts = 0;  ///< transfers that wait for others: nothing hides their latency

  Traffic& operator+=(const Traffic& other) {
    dram += other.dram;
    host += other.host;
    host_starts += other.host_starts;
    return *this;
  }
  [[nodiscard]] Traffic times(std::int64_t count) const {
    return {dram * count, host * count, host_starts * count};
  }
};

class LayerEstimate {
 public:
  LayerEstimate(const ChipSpec& chip, const Graph& graph, const Node& node,
                const LayerMapping* given, const Weights& weights)
      : chip_(chip),
        graph_(graph),
        node_(node),
        output_(graph.tensor(node.output())),
        shape_(output_.shape()),
        given_(given),
        weights_(weights),
        gemm_(given == nullptr ? mapped_gemm(chip, graph, node, weights)
                               : mapped_gemm(graph, node, given->packing())),
        is_hold_(is_hold(graph, node)) {
    if (gemm_) {
      grid_ = mapped_grid(chip, graph, node, *gemm_, TileSource::Dram);
    } else {
      row_ = vector_cycles(chip, graph, node, given != nullptr && given->rows_first);
    }
  }

  LayerCost of(const BandSize& size, const OperandHomes& homes) {
    if (takes_tiles(node_, kRightInput) && homes.inputs[kRightInput] != Home::Tiles) {
      grid_.source = TileSource::Buffer;
    }
    if (is_hold_ && streams(homes.inputs.front()) && streams(homes.output)) {
      return {};
    }
    moves_ = is_hold_ && homes.any_moves();
    CoreCycles exposed{0};
    for (const BandRun& run : band_runs(graph_, node_, size)) {
      const Traffic load = loaded(run.band, homes);
      const Traffic store = traffic(homes.output, output_, run.band);
      const GemmCost work = work_of(run.band);
      exposed = std::max(exposed, waits(load, work.cycles(), store));
      traffic_ += load.times(run.count);
      traffic_ += store.times(run.count);
      work_.array += work.array * run.count;
      work_.vector += work.vector * run.count;
      work_.weights += work.weights * run.count;
      work_.weight_bytes += work.weight_bytes * run.count;
    }
    const CoreCycles memory = work_.weights + dram_cycles(traffic_.dram);
    const CoreCycles busiest = std::max({work_.array, work_.vector, memory, host_cycles(traffic_)});
    return {.cycles = busiest + exposed + outside_bands(size, homes),
            .memory = memory,
            .dram = work_.weight_bytes + Bytes(traffic_.dram)};
  }

 private:
  [[nodiscard]] static Traffic traffic(Home home, const GraphTensor& tensor, const Band& band) {
    const std::int64_t bytes = bytes_of(tensor.type.element, band_elements(tensor.shape(), band));
    switch (home) {
      case Home::None:
      case Home::Tiles:  // among the array's own
        return {};
      case Home::Dram:
      case Home::PassingDram:
        return {.dram = bytes};
      case Home::Passing:
      case Home::Host:
        return {.host = bytes, .host_starts = 1};
    }
    return {};
  }

  [[nodiscard]] Traffic loaded(const Band& band, const OperandHomes& homes) const {
    Traffic sum;
    for (std::size_t input = 0; input < homes.inputs.size(); ++input) {
      // What arrives whole brings no row twice; its bands are as good as the output's.
      sum += traffic(homes.inputs[input], graph_.tensor(graph_.operand(node_, input)),
                     input_band(graph_, node_, input, band));
    }
    return sum;
  }

  GemmCost work_of(const Band& band) {
    if (moves_) {
      return {};
    }
    if (!gemm_) {
      return {.vector = row_ * (band.images * band.rows)};
    }
    const BandGemm products = band_gemm(graph_, node_, gemm_->groups, band,
                                        given_ == nullptr ? 1 : given_->packing().pixels);
    if (products != products_) {
      const DataType type = graph_.operand_type(node_);
      grid_.groups = products.groups;
      cost_ = plan_cost(chip_, grid_, type, products.positions, plan_of(products));
      products_ = products;
    }
    return cost_;
  }

  [[nodiscard]] GemmPlan plan_of(const BandGemm& products) const {
    const GemmPlan* const given = given_ == nullptr ? nullptr : given_->plan_of(products);
    return given != nullptr
               ? *given
               : gemm_plan(chip_, grid_, graph_.operand_type(node_), products.positions, weights_);
  }

  /// How much longer a band by itself takes than the longest of its load, work and store.
  [[nodiscard]] CoreCycles waits(const Traffic& load, CoreCycles work, const Traffic& store) const {
    if (!gemm_) {
      return CoreCycles(0);  // piece by piece
    }
    const auto slices = static_cast<std::int64_t>(grid_.n.size()) * grid_.groups;
    const CoreCycles in = transfer_cycles(load);
    const CoreCycles out = transfer_cycles(store);
    const CoreCycles first = std::max(in, work / slices);
    const bool features = shape_.rows == 1 && shape_.cols == 1;
    const CoreCycles last = features || slices == 1 ? out / slices : out;
    const CoreCycles alone = std::max(first + (work - work / slices), out) + last;
    return alone - std::min(alone, std::max({in, work, out}));
  }

  /// What passes as a whole comes before the first of several bands and goes after the last.
  [[nodiscard]] CoreCycles outside_bands(const BandSize& size, const OperandHomes& homes) const {
    Traffic whole_tensors;
    if (size.images == shape_.batch && size.rows == shape_.rows) {
      return CoreCycles(0);
    }
    const auto add = [&](Home home, const GraphTensor& tensor) {
      whole_tensors.host += home == Home::Passing ? tensor.bytes() : 0;
      whole_tensors.dram += home == Home::PassingDram ? tensor.bytes() : 0;
    };
    for (std::size_t input = 0; input < homes.inputs.size(); ++input) {
      add(homes.inputs[input], graph_.tensor(graph_.operand(node_, input)));
    }
    add(homes.output, output_);
    return host_cycles(whole_tensors) + dram_cycles(whole_tensors.dram);
  }

  [[nodiscard]] CoreCycles transfer_cycles(const Traffic& traffic) const {
    return std::max(dram_cycles(traffic.dram), host_cycles(traffic));
  }

  [[nodiscard]] CoreCycles dram_cycles(std::int64_t bytes) const {
    return systole::dram_cycles(chip_, Bytes(bytes), ceil_div(bytes, chip_.dma.request.count()));
  }

  [[nodiscard]] CoreCycles host_cycles(const Traffic& traffic) const {
    const Wide bandwidth = chip_.host.bandwidth.count();
    const Wide wanted = static_cast<Wide>(traffic.host) * chip_.frequency.count();
    return CoreCycles(static_cast<std::int64_t>((wanted + bandwidth - 1) / bandwidth)) +
           chip_.host.latency * traffic.host_starts;
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const Node& node_;
  const GraphTensor& output_;
  Shape shape_;
  const LayerMapping* given_;  ///< null: the rules'
  Weights weights_;
  std::optional<GemmShape> gemm_;
  TileGrid grid_;
  bool is_hold_;
  bool moves_ = false;  ///< a hold that nobody computes
  CoreCycles row_{0};   ///< of the vector unit for a row of positions, where nothing is multiplied
  BandGemm products_;   ///< that `cost_` is for: most bands are alike
  GemmCost cost_;
  Traffic traffic_;
  GemmCost work_;
};

}  // namespace

CoreCycles vector_cycles(const ChipSpec& chip, const Graph& graph, const Node& node,
                         bool rows_first) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* pool = std::get_if<PoolWork>(&work);
  const auto* rows = std::get_if<RowWork>(&work);
  const Shape shape = graph.tensor(node.output()).shape();
  if (pool != nullptr && rows_first) {
    const std::int64_t row = row_elements(shape_of_maxima(graph, node));
    return chip.vector.pace_of(VectorClass::Pooling) *
           (pool->kernel.rows * ceil_div(row, chip.vector.lanes) +
            pool->kernel.cols * shape.cols * ceil_div(shape.channels, chip.vector.lanes));
  }
  const std::int64_t passes =
      pool != nullptr ? pool->kernel.rows * pool->kernel.cols
                      : (rows != nullptr ? passes_of(rows->pieces.front().stages).back() + 1 : 1);
  const VectorUnitSpec& vector = chip.vector;
  const CoreCycles pace =
      vector.pace_of(pool == nullptr ? VectorClass::Elementwise : VectorClass::Pooling);
  return pace * (passes * shape.cols * ceil_div(shape.channels, vector.lanes));
}

LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                     const BandSize& size, const OperandHomes& homes, const Weights& weights) {
  return LayerEstimate(chip, graph, node, nullptr, weights).of(size, homes);
}

LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                     const LayerMapping& mapping, const OperandHomes& homes) {
  return LayerEstimate(chip, graph, node, &mapping, {}).of(mapping.band, homes);
}

}  // namespace systole
