#include "study/lower_bounds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "arch/dataflow.h"
#include "arch/units/wide.h"
#include "compiler/allocation/lifetimes.h"
#include "silicon/energy/activity.h"
#include "silicon/energy/energy.h"
#include "study/weights_behind.h"

namespace systole {

namespace {

std::int64_t tiles_of(const ChipSpec& chip, const Node& node, const GemmShape& gemm) {
  return rule_of(chip.matrix.dataflow).loads_weights
             ? ceil_div(right_elements(node, gemm), chip.matrix.macs_per_cycle())
             : 0;
}

/// Cycles of the data bus that a refresh of all banks costs: from the last column command before it
/// to the first one behind it, but for the burst that it could have had.
DramCycles lost_by_refresh(const DramTiming& timing) {
  const DramCycles to_precharge = std::min(timing.nRTP, timing.nCWL + timing.nBL + timing.nWR);
  const DramCycles to_column =
      timing.nRCDWR > DramCycles(0) ? std::min(timing.nRCD, timing.nRCDWR) : timing.nRCD;
  return to_precharge + timing.nRP + timing.nRFC + to_column - timing.nBL;
}

/// Elements that all memories on the chip hold, if all had the smallest type in use.
double elements_on_chip(const ChipSpec& chip, std::int64_t element_bytes) {
  const std::int64_t sums = chip.accumulators.entries * chip.matrix.cols;
  const std::int64_t tiles = (chip.weight_fifo.tiles + 2) * chip.matrix.macs_per_cycle();
  const std::int64_t buffer = chip.buffer.capacity.count() / element_bytes;
  return static_cast<double>(chip.cores * buffer + chip.matrix_units() * (sums + tiles));
}

bool contains(const std::vector<GraphTensorId>& tensors, GraphTensorId tensor) {
  return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end();
}

/// What a single product needs beyond each of its operands once.
Bytes bytes_again(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm || !contains(graph.inputs, node.inputs.front()) ||
      !contains(graph.outputs, node.output())) {
    return Bytes(0);
  }
  const GraphTensorId right = node.inputs[kRightInput];
  if ((!graph.is_parameter(right) && !contains(graph.inputs, right)) ||
      graph.tensor(right).type.element != graph.operand_type(node)) {
    return Bytes(0);
  }
  const std::int64_t size = bytes_of(graph.operand_type(node));
  const double held = elements_on_chip(chip, size);
  const double volume =
      static_cast<double>(gemm->macs()) / std::sqrt(static_cast<double>(uses_of_an_element(node)));
  const double elements = 2.0 * volume / std::sqrt(held) - 2.0 * held;
  const std::int64_t once = graph.tensor(node.inputs.front()).bytes() +
                            graph.tensor(right).bytes() + graph.tensor(node.output()).bytes();
  const auto least = static_cast<std::int64_t>(std::max(elements, 0.0)) * size;
  return Bytes(std::max<std::int64_t>(least - once, 0));
}

CoreCycles vector_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  // A row is an entry of the accumulators, which has a sum for each column.
  const std::int64_t lanes =
      chip.cores * std::max<std::int64_t>(std::min(chip.vector.lanes, chip.matrix.cols), 1);
  return CoreCycles(gemm ? gemm->groups * gemm->m * gemm->n / lanes : 0);
}

/// Of the array: from the end of a stream to its last sum.
CoreCycles drain_of(const ChipSpec& chip) {
  return CoreCycles(chip.matrix.rows + chip.matrix.cols - 2);
}

/// The most products of which each waits for the one before.
std::int64_t longest_chain(const Graph& graph) {
  std::vector<std::int64_t> products(graph.tensors.size(), 0);
  std::int64_t longest = 0;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    const Node& node = graph.nodes[index];
    std::int64_t before = 0;
    for (const GraphTensorId input : graph.data_inputs(node)) {
      before = std::max(before, products[static_cast<std::size_t>(input)]);
    }
    const bool counts = gemm_shape(graph, node) && !graph.is_made_again(index);
    const std::int64_t here = before + (counts ? 1 : 0);
    for (const GraphTensorId output : node.outputs) {
      products[static_cast<std::size_t>(output)] = here;
    }
    longest = std::max(longest, here);
  }
  return longest;
}

/// Whether an output of the network waits for each product.
bool all_lead_to_outputs(const Graph& graph) {
  std::vector<bool> leads(graph.tensors.size(), false);
  for (const GraphTensorId output : graph.outputs) {
    leads[static_cast<std::size_t>(output)] = true;
  }
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool any = std::any_of(node->outputs.begin(), node->outputs.end(), [&](auto output) {
      return leads[static_cast<std::size_t>(output)];
    });
    if (!any && gemm_shape(graph, *node)) {
      return false;
    }
    for (const GraphTensorId input : node->inputs) {
      leads[static_cast<std::size_t>(input)] = leads[static_cast<std::size_t>(input)] || any;
    }
  }
  return true;
}

/// Bytes of inputs and of outputs that are written.
struct InputsOutputs {
  std::int64_t bytes = 0;
};
InputsOutputs inputs_outputs(const Graph& graph) {
  return {(compulsory_bytes(graph, IoMemory::Device) - compulsory_bytes(graph, IoMemory::Host))
              .count()};
}

CoreCycles host_cycles(const ChipSpec& chip, std::int64_t bytes) {
  if (bytes == 0) {
    return CoreCycles(0);
  }
  const double seconds =
      static_cast<double>(bytes) / static_cast<double>(chip.host.bandwidth.count());
  const auto moving =
      static_cast<std::int64_t>(seconds * static_cast<double>(chip.frequency.count()));
  return chip.host.latency + CoreCycles(moving);
}

}  // namespace

CoreCycles TimeBound::cycles() const {
  return std::max({array, dram, vector, host, chain, behind});
}

Bound TimeBound::by() const {
  const CoreCycles most = cycles();
  if (most == CoreCycles(0)) {
    return Bound::None;
  }
  if (most == array || most == chain) {
    return Bound::Compute;
  }
  if (most == dram || most == behind) {
    return Bound::Dram;
  }
  return most == vector ? Bound::Vector : Bound::Host;
}

CoreCycles dram_bound(const ChipSpec& chip, Bytes bytes) {
  const CoreCycles peak = memory_bound(chip, bytes);
  const DramSpec& dram = chip.dram;
  const DramTiming& timing = dram.standard.timing;
  if (dram.controller.refresh == RefreshKind::Off || dram.standard.organization.ranks > 1 ||
      refreshes_banks(dram.controller, dram.standard) || timing.nREFI == DramCycles(0)) {
    return peak;
  }
  const DramCycles lost = lost_by_refresh(timing);
  if (lost <= DramCycles(0) || lost >= timing.nREFI) {
    return peak;
  }
  // Of n intervals as many refreshes are done but for one whose interval is not over, those that
  // may be owed, one that is forced, and one before the first and behind the last burst.
  const std::int64_t not_done = dram.controller.postponed_refreshes + 4;
  const Wide interval = static_cast<Wide>(timing.nREFI.count()) * timing.tCK.count();
  const Wide period = chip.clock().period().count();
  const Wide least = (peak.count() * period * timing.nREFI.count() -
                      static_cast<Wide>(not_done * lost.count()) * interval) /
                     ((timing.nREFI - lost).count() * period);
  return std::max(peak, CoreCycles(static_cast<std::int64_t>(least)));
}

Bytes least_dram_bytes(const ChipSpec& chip, const Graph& graph) {
  Bytes again{0};
  if (chip.io == IoMemory::Device) {
    for (const Node& node : graph.nodes) {
      again = std::max(again, bytes_again(chip, graph, node));
    }
  }
  return compulsory_bytes(graph, chip.io) + again;
}

TimeBound layer_time_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  TimeBound bound;
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm) {
    return bound;
  }
  // Of a unit's tiles the first may shift in under another layer's fold.
  const std::int64_t shifts = ceil_div(tiles_of(chip, node, *gemm), chip.matrix_units()) - 1;
  bound.array = std::max(array_bound(chip, graph, node),
                         CoreCycles(std::max<std::int64_t>(shifts, 0) * chip.matrix.rows));
  if (has_weights(node)) {
    bound.dram = dram_bound(chip, Bytes(stored_weight_bytes(graph, node)));
  }
  bound.vector = vector_bound(chip, graph, node);
  return bound;
}

TimeBound network_time_bound(const ChipSpec& chip, const Graph& graph) {
  TimeBound bound;
  std::int64_t tiles = 0;
  std::int64_t steps = 0;  // of all units
  bool multiplies_something = false;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    if (graph.is_made_again(index)) {
      continue;
    }
    const Node& node = graph.nodes[index];
    steps += array_steps(chip, graph, node);
    bound.vector += vector_bound(chip, graph, node);
    if (const std::optional<GemmShape> gemm = gemm_shape(graph, node)) {
      tiles += tiles_of(chip, node, *gemm);
      multiplies_something = true;
    }
  }
  bound.array = CoreCycles(std::max(ceil_div(steps, chip.matrix_units()),
                                    ceil_div(tiles, chip.matrix_units()) * chip.matrix.rows));
  bound.dram = dram_bound(chip, least_dram_bytes(chip, graph));
  const bool over_link = chip.io == IoMemory::Host;
  bound.host = over_link ? host_cycles(chip, inputs_outputs(graph).bytes) : CoreCycles(0);
  if (!multiplies_something) {
    return bound;
  }
  // Nothing is multiplied before an input is there and, where weights stay, a tile has shifted in;
  // behind the last product comes the pipeline, then the vector unit, then the way to the host.
  const CoreCycles load(rule_of(chip.matrix.dataflow).loads_weights ? chip.matrix.rows : 0);
  const CoreCycles fill = std::max(over_link ? chip.host.latency : CoreCycles(0), load);
  const CoreCycles pipeline = drain_of(chip) + chip.vector.latency;
  const CoreCycles behind =
      pipeline + (over_link && all_lead_to_outputs(graph) ? chip.host.latency : CoreCycles(0));
  bound.behind = weights_behind_bound(
      chip, graph, std::max({bound.array, bound.dram, bound.vector, bound.host}));
  bound.behind += bound.behind > CoreCycles(0) ? fill + pipeline + behind : CoreCycles(0);
  // What is read last is a bias at best, which its sums meet in the vector unit; writes may be
  // last.
  bound.dram = std::max(bound.dram, dram_bound(chip, bytes_of_products(graph)) +
                                        chip.vector.latency + (behind - pipeline));
  bound.array += fill + behind;
  bound.vector += fill + behind;
  bound.chain = fill + (pipeline + CoreCycles(1)) * longest_chain(graph) + (behind - pipeline);
  return bound;
}

Counters least_counters(const ChipSpec& chip, const Graph& graph) {
  Counters counters;
  counters.layers.resize(graph.nodes.size());
  CoreCycles array{0};
  CoreCycles vector{0};
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    if (graph.is_made_again(layer)) {
      continue;
    }
    const Node& node = graph.nodes[layer];
    LayerCounters& counted = counters.layers[layer];
    const DataType type = graph.operand_type(node);
    const auto kind = static_cast<std::size_t>(mac_kind(type, type).value_or(MacKind::Int8));
    counted.macs = macs_of(graph, node);
    counted.actions.macs = counted.macs;
    counted.actions.macs_of_kind[kind] = counted.macs;
    counters.actions.macs += counted.macs;
    counters.actions.macs_of_kind[kind] += counted.macs;
    array += array_bound(chip, graph, node);
    vector += vector_bound(chip, graph, node);
  }
  counters.elapsed = std::max(network_time_bound(chip, graph).cycles(), CoreCycles(1));
  counters.engines[EngineKind::Matrix][Cause::Busy] = array;
  counters.engines[EngineKind::Vector][Cause::Busy] = vector;
  // What an output in device memory writes is left out: a bound may be lower.
  const Bytes compulsory = compulsory_bytes(graph, IoMemory::Host);
  counters.dram.read_bytes = compulsory.count();
  counters.dram.reads = compulsory.count() / chip.dram.standard.organization.burst_bytes().count();
  if (chip.dram.controller.power_down > DramCycles(0)) {
    counters.dram.precharged_power_down = dram_run_of(chip, counters).rank_cycles;
  }
  return counters;
}

std::optional<Joules> least_energy(const ChipSpec& chip, const Graph& graph) {
  if (!chip.silicon) {
    return std::nullopt;
  }
  return energy_report(chip, least_counters(chip, graph), graph.batch).total.total();
}

}  // namespace systole
