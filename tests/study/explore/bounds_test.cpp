#include "study/explore/bounds.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "study/evaluate.h"
#include "study/limits.h"
#include "tests/study/explore/small_study.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

const Network& small_network() {
  static const TemporaryDirectory directory;
  static const Network network = read_network(directory.write("small.yaml", kSmallNetwork));
  return network;
}

ChipSpec shipped_chip(const std::string& name, const std::vector<ConfigOverride>& values = {}) {
  const StudyPlaces places = shipped_places();
  return read_chip(ConfigNode::open(places.chip_file(name)).with(values), places.dram_directories);
}

/// 160 x 96 and 160 x 160 weights on a 32 x 32 array: 5 * 3 and 5 * 5 folds of 4 rows each.
TEST(FoldBound, IsTheFoldsThatEveryCutNeeds) {
  const Network& network = small_network();
  const ChipSpec chip = shipped_chip("edge");
  EXPECT_EQ(fold_bound(chip, network.graph, network.graph.nodes[0]), CoreCycles(5 * 3 * 4));
  EXPECT_EQ(fold_bound(chip, network.graph, network.graph.nodes[1]), CoreCycles(5 * 5 * 4));
  // Output stationary: 4 rows fit once, 160 columns five times, and 96 steps of k.
  const ChipSpec output_stationary = shipped_chip("edge_os");
  EXPECT_EQ(fold_bound(output_stationary, network.graph, network.graph.nodes[0]),
            CoreCycles(((4 + output_stationary.matrix.rows - 1) / output_stationary.matrix.rows) *
                       5 * 96));
}

struct Case {
  const char* name;
  const char* chip;
  std::vector<ConfigOverride> values;
};

class FigureBound : public testing::TestWithParam<Case> {};

/// The law that makes skipping safe.
TEST_P(FigureBound, HoldsForTheRun) {
  const ChipSpec chip = shipped_chip(GetParam().chip, GetParam().values);
  const Network& network = small_network();
  const FigureBounds bounds = figure_bounds(chip, network, 10.0);
  const ForkedResult child = run_forked([&]() -> std::string {
    std::vector<Figure> figures = figures_of(evaluate(chip, network));
    add_load_figures(figures, 10.0);
    std::string broken;
    for (const auto& bound : bounds) {
      const auto figure = std::find_if(figures.begin(), figures.end(),
                                       [&](const Figure& each) { return each.key == bound.key; });
      const bool holds = bound.kind == BoundKind::None ||
                         (figure != figures.end() &&
                          (bound.kind == BoundKind::AtLeast  ? bound.value <= figure->value
                           : bound.kind == BoundKind::AtMost ? bound.value >= figure->value
                                                             : bound.value == figure->value));
      if (!holds) {
        broken += fmt::format("{}: bound {}, run {}\n", bound.key, bound.value,
                              figure == figures.end() ? 0.0 : figure->value);
      }
    }
    return broken.empty() ? "all hold" : broken;
  });
  EXPECT_EQ(child.error, "");
  EXPECT_EQ(child.output, "all hold");
}

INSTANTIATE_TEST_SUITE_P(
    Chips, FigureBound,
    testing::Values(Case{"edge", "edge", {}}, Case{"edge_os", "edge_os", {}},
                    Case{"edge_is", "edge_is", {}}, Case{"tpu_v1", "tpu_v1", {}},
                    Case{"asic_inference", "asic_inference", {}},
                    Case{"fpga", "fpga_overlay_u250", {}},
                    Case{"low_power", "edge", {{"dram.controller", "low_power", {}}}},
                    Case{"tall", "edge", {{"matrix_unit.rows", "128", {}}}},
                    Case{"slow", "edge", {{"clock", "100 MHz", {}}}}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(FigureBounds, TakeLessThanAMillisecondALayer) {
  const ChipSpec chip = shipped_chip("edge");
  constexpr int kTimes = 100;
  const std::clock_t begin = std::clock();  // of the processor: others may run on this machine
  for (int time = 0; time < kTimes; ++time) {
    static_cast<void>(figure_bounds(chip, small_network()));
  }
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_LT(took / kTimes, 2 * 1e-3) << "two layers";
}

}  // namespace
}  // namespace systole
