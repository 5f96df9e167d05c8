#include "study/time_parts.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <vector>

#include "study/array_bound.h"
#include "study/lower_bounds.h"

namespace systole {

namespace {

/// Steps of all matrix units together.
struct Steps {
  std::int64_t least = 0;
  std::int64_t packed = 0;
};

void add(Steps& steps, const ChipSpec& chip, const Graph& graph, const Node& node) {
  steps.least += array_steps(chip, graph, node);
  steps.packed += packed_steps(chip, graph, node);
}

/// Parts in the order in which a bound's cycles are taken from them.
std::vector<TimePart> order_under(Bound bound) {
  std::vector<TimePart> first{TimePart::Least};
  if (bound == Bound::Compute) {
    first.insert(first.end(), {TimePart::FillAndDrain, TimePart::Host});
  } else {
    first.insert(first.end(), {TimePart::Edges, TimePart::FillAndDrain, TimePart::LateWeights});
  }
  if (bound == Bound::Vector) {
    first.push_back(TimePart::Vector);
  } else if (bound == Bound::Host) {
    first.push_back(TimePart::Host);
  }
  for (const auto& [part, name] : kEnumNames<TimePart>) {
    if (std::find(first.begin(), first.end(), part) == first.end()) {
      first.push_back(part);
    }
  }
  return first;
}

/// `cycles`: elapsed, or active.
TimeParts parts_of(const ChipSpec& chip, const EngineCounters& matrix, const Steps& steps,
                   CoreCycles cycles, const TimeBound& bound) {
  const std::int64_t units = std::max<std::int64_t>(chip.matrix_units(), 1);
  const auto of = [&](std::initializer_list<Cause> causes) {
    CoreCycles sum{0};
    for (const Cause cause : causes) {
      sum += matrix[cause];
    }
    return sum / units;
  };
  TimeParts parts;
  const auto set = [&](TimePart part, CoreCycles value) {
    parts.cycles[static_cast<std::size_t>(part)] = value;
  };
  const CoreCycles busy = of({Cause::Busy});
  const CoreCycles least = std::min(busy, CoreCycles(ceil_div(steps.least, units)));
  const CoreCycles packed = std::clamp(CoreCycles(ceil_div(steps.packed, units)), least, busy);
  const CoreCycles pipeline = of({Cause::Issue, Cause::Shift, Cause::Drain});
  const CoreCycles weights = of({Cause::Weights});
  const CoreCycles beside = bound.by() == Bound::Dram ? bound.cycles() : CoreCycles(0);
  const CoreCycles late = std::clamp(beside - busy - pipeline, CoreCycles(0), weights);
  set(TimePart::Least, least);
  set(TimePart::Edges, packed - least);
  set(TimePart::FillAndDrain, pipeline);
  set(TimePart::LateWeights, late);
  set(TimePart::Unpacked, busy - packed);
  set(TimePart::Weights, weights - late);
  set(TimePart::Dram, of({Cause::WaitDma}));
  set(TimePart::Host, of({Cause::WaitHost}));
  set(TimePart::Vector, of({Cause::WaitVector, Cause::WaitSpace}));
  set(TimePart::Ports, of({Cause::Port, Cause::Accumulator}));
  const CoreCycles sum = std::accumulate(parts.cycles.begin(), parts.cycles.end(), CoreCycles(0));
  set(TimePart::Idle, cycles - std::min(sum, cycles));
  // A layer is active once an instruction of it is at the head of its engine; the wait until it is
  // issued is the layer's, too, but before that.
  const CoreCycles before = std::min(sum - std::min(sum, cycles), of({Cause::Issue}));
  set(TimePart::FillAndDrain, pipeline - before);
  parts.beyond = parts.cycles;
  CoreCycles left = bound.cycles();
  for (const TimePart part : order_under(bound.by())) {
    CoreCycles& beyond = parts.beyond[static_cast<std::size_t>(part)];
    const CoreCycles taken = std::min(left, beyond);
    beyond = beyond - taken;
    left = left - taken;
  }
  return parts;
}

}  // namespace

std::string_view meaning_of(TimePart part) {
  switch (part) {
    case TimePart::Least:
      return "steps of the array that no mapping does without";
    case TimePart::Edges:
      return "steps more: extents that rows and columns do not divide";
    case TimePart::FillAndDrain:
      return "operands shift in, sums leave, instructions come";
    case TimePart::LateWeights:
      return "tiles that the DRAM cannot bring beside these steps, in any order";
    case TimePart::Unpacked:
      return "steps more: groups and positions apart, products that are computed again";
    case TimePart::Weights:
      return "the next tile is still to come from DRAM";
    case TimePart::Dram:
      return "operands are still to come from DRAM, or to go there";
    case TimePart::Host:
      return "operands are still to come over the host link";
    case TimePart::Vector:
      return "the vector unit is behind";
    case TimePart::Ports:
      return "ports and banks are shared";
    case TimePart::Idle:
      break;
  }
  return "nothing left to multiply, or other waits";
}

bool is_inherent(TimePart part) {
  return part <= TimePart::LateWeights;
}

CoreCycles TimeParts::inherent_beyond() const {
  CoreCycles sum{0};
  for (const auto& [part, name] : kEnumNames<TimePart>) {
    sum += is_inherent(part) ? beyond[static_cast<std::size_t>(part)] : CoreCycles(0);
  }
  return sum;
}

TimeParts time_parts(const Result& result) {
  Steps steps;
  for (std::size_t index = 0; index < result.graph.nodes.size(); ++index) {
    if (!result.graph.is_made_again(index)) {
      add(steps, result.chip, result.graph, result.graph.nodes[index]);
    }
  }
  return parts_of(result.chip, total_of(result.counters.engines, EngineKind::Matrix), steps,
                  result.counters.elapsed, network_time_bound(result.chip, result.graph));
}

TimeParts layer_time_parts(const Result& result, std::size_t layer) {
  const Node& node = result.graph.nodes[layer];
  const LayerCounters& counted = result.counters.layers.at(layer);
  Steps steps;
  add(steps, result.chip, result.graph, node);
  return parts_of(result.chip, total_of(counted.engines, EngineKind::Matrix), steps, counted.active,
                  layer_time_bound(result.chip, result.graph, node));
}

}  // namespace systole
