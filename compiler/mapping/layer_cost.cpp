#include "compiler/mapping/layer_cost.h"

#include <algorithm>

#include "arch/units/wide.h"
#include "compiler/mapping/gemm_cost.h"

namespace systole {

namespace {

struct Traffic {
  std::int64_t dram = 0;  ///< bytes
  std::int64_t host = 0;
};

class LayerEstimate {
 public:
  LayerEstimate(const ChipSpec& chip, const Graph& graph, const Node& node)
      : chip_(chip), graph_(graph), node_(node), output_(graph.tensor(node.output())) {}

  LayerCost of(const BandSize& size, const OperandHomes& homes) {
    for (const BandRun& run : band_runs(output_.shape(), size)) {
      add_streams(run, homes);
      add_work(run);
    }
    const CoreCycles streams = dram_cycles(chip_, Bytes(traffic_.dram),
                                           ceil_div(traffic_.dram, chip_.dma.request.count()));
    const CoreCycles memory = work_.weights + streams;
    return {.cycles = std::max({work_.array, work_.vector, memory, host_cycles()}),
            .memory = memory};
  }

 private:
  void add_stream(Home home, const GraphTensor& tensor, const Band& band, std::int64_t count) {
    const std::int64_t bytes =
        bytes_of(tensor.type.element, band_elements(tensor.shape(), band)) * count;
    switch (home) {
      case Home::None:
        break;
      case Home::Dram:
        traffic_.dram += bytes;
        break;
      case Home::Host:
        traffic_.host += bytes;
        break;
    }
  }

  void add_streams(const BandRun& run, const OperandHomes& homes) {
    for (std::size_t input = 0; input < graph_.data_inputs(node_).size(); ++input) {
      add_stream(homes.inputs[input], graph_.tensor(node_.inputs[input]),
                 input_band(graph_, node_, input, run.band), run.count);
    }
    add_stream(homes.output, output_, run.band, run.count);
  }

  void add_work(const BandRun& run) {
    const std::int64_t positions = run.band.images * run.band.rows * output_.shape().cols;
    const auto gemm = gemm_shape(graph_, node_);
    if (!gemm) {
      add_vector_work(positions, run.count);
      return;
    }
    if (grid_.k.empty()) {
      grid_ = tile_grid(chip_, *gemm);
    }
    if (positions != positions_) {
      const DataType type = graph_.operand_type(node_);
      cost_ = gemm_cost(chip_, grid_, type, positions, gemm_loops(chip_, grid_, type, positions));
      positions_ = positions;
    }
    work_.array += cost_.array * run.count;
    work_.vector += cost_.vector * run.count;
    work_.weights += cost_.weights * run.count;
  }

  void add_vector_work(std::int64_t positions, std::int64_t count) {
    const Work work = node_.work();
    const auto* pool = std::get_if<PoolWork>(&work);
    const std::int64_t passes = pool == nullptr ? 1 : pool->kernel.rows * pool->kernel.cols;
    const VectorUnitSpec& vector = chip_.vector;
    const CoreCycles pace =
        vector.pace_of(pool == nullptr ? VectorClass::Elementwise : VectorClass::Pooling);
    work_.vector +=
        pace * (count * passes * positions * ceil_div(output_.shape().channels, vector.lanes));
  }

  [[nodiscard]] CoreCycles host_cycles() const {
    const Wide bandwidth = chip_.host.bandwidth.count();
    const Wide wanted = static_cast<Wide>(traffic_.host) * chip_.frequency.count();
    return CoreCycles(static_cast<std::int64_t>((wanted + bandwidth - 1) / bandwidth));
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const Node& node_;
  const GraphTensor& output_;
  TileGrid grid_;
  std::int64_t positions_ = -1;  ///< that `cost_` is for: most bands are alike
  GemmCost cost_;
  Traffic traffic_;
  GemmCost work_;
};

}  // namespace

bool OperandHomes::any_streams() const {
  return output != Home::None ||
         std::any_of(inputs.begin(), inputs.end(), [](Home home) { return home != Home::None; });
}

LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                     const BandSize& size, const OperandHomes& homes) {
  return LayerEstimate(chip, graph, node).of(size, homes);
}

}  // namespace systole
