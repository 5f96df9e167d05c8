#include "study/time_parts.h"

#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "study/array_bound.h"
#include "study/evaluate.h"
#include "study/lower_bounds.h"
#include "study/run_figures.h"

namespace systole {
namespace {

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

Network network_of(const std::string& inputs, const std::string& layers) {
  return parse_network("network: n\nbatch: 2\ninputs: [" + inputs + "]\nlayers: [" + layers + "]\n",
                       "n.yaml");
}

Network small() {
  return network_of("{name: x, rows: 16, cols: 16, channels: 8}",
                    "{name: conv, op: conv2d, channels: 48, kernel: 3, padding: 1},\n"
                    "{name: pool, op: max_pool, kernel: 2, stride: 2}, {name: flat, op: flatten},\n"
                    "{name: fc, op: dense, features: 10}");
}

CoreCycles sum_of(const std::array<CoreCycles, kTimePartCount>& cycles) {
  return std::accumulate(cycles.begin(), cycles.end(), CoreCycles(0));
}

TEST(TimeParts, OfARunAddUpToItsCyclesAndBeyondToTheDistance) {
  const Result result = evaluate(shipped("edge"), small());
  const RunFigures figures = run_figures(result);
  EXPECT_EQ(sum_of(figures.time), result.counters.elapsed);
  EXPECT_EQ(sum_of(figures.beyond), result.counters.elapsed - figures.bound_cycles);
  const TimeParts parts = time_parts(result);
  EXPECT_EQ(parts[TimePart::Least] + parts[TimePart::Edges] + parts[TimePart::Unpacked],
            total_of(result.counters.engines, EngineKind::Matrix)[Cause::Busy]);
  CoreCycles least{0};
  for (const Node& node : result.graph.nodes) {
    least += CoreCycles(array_steps(result.chip, result.graph, node));
  }
  EXPECT_EQ(parts[TimePart::Least], least);
}

TEST(TimeParts, OfALayerAddUpToItsCyclesAndBeyondToItsDistance) {
  const Result result = evaluate(shipped("edge"), small());
  for (std::size_t layer = 0; layer < result.graph.nodes.size(); ++layer) {
    const LayerReport report = layer_report(result, layer);
    EXPECT_EQ(sum_of(report.time), report.cycles) << report.name;
    EXPECT_EQ(sum_of(report.beyond), report.cycles - report.bound_cycles) << report.name;
  }
}

/// 72 products on 32 rows take three folds, 48 channels on 32 columns two, of 512 positions each:
/// 3,072 steps. The bound is 1,728: 72 x 48 products in slots of 1,024, or 2.25 folds of rows for
/// 1.5 of columns and the like; nothing that the compiler could put side by side is apart.
TEST(TimeParts, EdgesAreStepsOfTheClosestPackingBeyondTheLeast) {
  const Result result = evaluate(
      shipped("edge"), network_of("{name: x, rows: 16, cols: 16, channels: 8}",
                                  "{name: conv, op: conv2d, channels: 48, kernel: 3, padding: 1}"));
  const Node& node = result.graph.nodes.front();
  EXPECT_EQ(packed_steps(result.chip, result.graph, node), 3072);
  const TimeParts parts = time_parts(result);
  EXPECT_EQ(parts[TimePart::Least] + parts[TimePart::Edges], CoreCycles(3072));
  EXPECT_EQ(parts[TimePart::Unpacked], CoreCycles(0));
}

/// 8 channels on 32 columns: four positions at a time would take a quarter of the steps of one,
/// each of the kernel's widened window: 3 x 6 x 8 products, five folds of 32 rows, in place of
/// three. By the rules they lie apart.
TEST(TimeParts, PositionsThatAreApartAreNotInherent) {
  const Result result = evaluate(
      shipped("edge"), network_of("{name: x, rows: 16, cols: 16, channels: 8}",
                                  "{name: conv, op: conv2d, channels: 8, kernel: 3, padding: 1}"));
  const Node& node = result.graph.nodes.front();
  EXPECT_EQ(packed_steps(result.chip, result.graph, node), 5 * 512 / 4);
  const TimeParts parts = time_parts(result);
  EXPECT_EQ(parts[TimePart::Least] + parts[TimePart::Edges], CoreCycles(640));
  EXPECT_EQ(parts[TimePart::Unpacked], CoreCycles(3 * 512 - 640));
  EXPECT_FALSE(is_inherent(TimePart::Unpacked));
}

/// Weights of 16 MiB for one vector: all waits for them.
TEST(TimeParts, WaitsForWeightsAsLongAsTheDramTakesAreInherent) {
  const ChipSpec chip = shipped("tpu_v1");
  const Network network = parse_network(
      "network: n\nbatch: 1\ninputs: [{name: x, features: 4096}]\n"
      "layers: [{name: a, op: dense, features: 4096}]\n",
      "n.yaml");
  const Result result = evaluate(chip, network);
  const TimeParts parts = time_parts(result);
  EXPECT_EQ(parts[TimePart::Weights], CoreCycles(0));
  const CoreCycles least = network_time_bound(chip, network.graph).cycles();
  EXPECT_GT(parts[TimePart::LateWeights],
            least - parts[TimePart::Least] - parts[TimePart::Edges] -
                parts[TimePart::FillAndDrain] -
                CoreCycles(2 * (512 + 16 + 700)));  // the pipeline and the link
  const RunFigures figures = run_figures(result);
  EXPECT_EQ(figures.beyond[static_cast<std::size_t>(TimePart::LateWeights)], CoreCycles(0));
  EXPECT_LE(*figures.inherent_distance, *figures.distance);
}

}  // namespace
}  // namespace systole
