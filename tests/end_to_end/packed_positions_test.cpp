// Neighbouring positions as one, groups side by side: the same numbers, in fewer steps where
// channels are few.

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/mapping/choose_mapping.h"
#include "compiler/mapping/mapping_check.h"
#include "study/evaluate.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

/// Strides of one and two, kernels of one column and several, a residual on the way out, a table,
/// and rows of 12 and 6 positions.
constexpr std::string_view kLayers =
    "network: n\nbatch: 2\ninputs: [{name: x, rows: 12, cols: 12, channels: 3}]\nlayers:\n"
    "- {name: a, op: conv2d, channels: 8, kernel: 3, padding: same, activation: relu}\n"
    "- {name: b, op: conv2d, channels: 8, kernel: 1}\n"
    "- {name: s, op: add, inputs: [b, a]}\n"
    "- {name: c, op: conv2d, channels: 8, kernel: 5, stride: 2, padding: same}\n"
    "- {name: d, op: conv2d, channels: 4, kernel: 1, stride: 2, activation: sigmoid}\n"
    "- {name: e, op: conv2d, channels: 12, kernel: 3, padding: 1}\n"
    "- {name: f, op: conv2d, channels: 12, kernel: 3, padding: same, groups: 12}\n"
    "- {name: g, op: conv2d, channels: 8, kernel: 3, padding: same, groups: 4}\n";

/// Each layer with the most, or the fewest but one, neighbouring positions or groups side by side
/// that there may be.
Mapping packed(const ChipSpec& chip, const Graph& graph, bool most) {
  Mapping mapping = choose_mapping(chip, graph);
  const Graph mapped = mapped_graph(graph, mapping);
  for (std::size_t layer = 0; layer < mapped.nodes.size(); ++layer) {
    LayerMapping& here = mapping.shares.front().layers[layer];
    const Node& node = mapped.nodes[layer];
    const std::vector<std::int64_t> choices = pixel_choices(chip, mapped, node);
    const std::vector<std::int64_t> groups = group_choices(chip, mapped, node);
    if (choices.size() > 1 || groups.size() > 1) {
      here.pixels = most ? choices.back() : choices[std::min<std::size_t>(1, choices.size() - 1)];
      here.side_by_side =
          most ? groups.back() : groups[std::min<std::size_t>(1, groups.size() - 1)];
      here.plans = band_plans(chip, mapped, node, here, TileSource::Dram);
    }
  }
  return mapping;
}

/// The chip; with the pace of int8 for the type where it has none.
ChipSpec with_pace_for(ChipSpec chip, DataType type) {
  const MacKind kind = *mac_kind(type, type);
  if (!chip.matrix.supports(kind)) {
    chip.matrix.pace_of_kind[static_cast<std::size_t>(kind)] =
        chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)];
  }
  return chip;
}

struct Ran {
  std::int64_t cycles = 0;
  std::int64_t mismatches = 0;
  std::int64_t macs = 0;
};

Ran run(const ChipSpec& chip, const Network& network, const Mapping* mapping) {
  const ForkedResult forked = run_forked([&] {
    EvaluateOptions options{.check = true};
    options.mapping = mapping;
    const Result result = evaluate(chip, network, options);
    std::int64_t macs = 0;
    for (const LayerCounters& layer : result.counters.layers) {
      macs += layer.macs;
    }
    return fmt::format("{} {} {}", result.counters.elapsed.count(), result.check->mismatches, macs);
  });
  EXPECT_EQ(forked.exit_code, 0) << forked.error;
  Ran ran;
  std::istringstream(forked.output) >> ran.cycles >> ran.mismatches >> ran.macs;
  return ran;
}

class PackedPositions : public testing::TestWithParam<std::tuple<const char*, DataType>> {};

TEST_P(PackedPositions, ComputeTheSameNumbersWithTheSameProducts) {
  const auto [name, type] = GetParam();
  const ChipSpec chip = with_pace_for(
      read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name)), type);
  const Network network = parse_network(std::string(kLayers), "n.yaml", {.type = type});
  const Ran plain = run(chip, network, nullptr);
  EXPECT_EQ(plain.mismatches, 0);
  for (const bool most : {false, true}) {
    const Mapping mapping = packed(chip, network.graph, most);
    ASSERT_FALSE(check_mapping(chip, network.graph, mapping));
    const Ran ran = run(chip, network, &mapping);
    EXPECT_EQ(ran.mismatches, 0);
    EXPECT_EQ(ran.macs, plain.macs);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Chips, PackedPositions,
    testing::Combine(testing::Values("edge", "edge_os", "edge_is", "tpu_v1", "asic_inference"),
                     testing::Values(DataType::Int8, DataType::Bf16, DataType::Fp16,
                                     DataType::Fp8E4M3, DataType::Fp8E5M2)));

/// 128 columns: two positions of 64 channels.
INSTANTIATE_TEST_SUITE_P(OfFloats, PackedPositions,
                         testing::Values(std::tuple("tpu_v3", DataType::Bf16)));

/// 64 channels of 256 columns: four positions as one take a quarter of the steps of a kernel of one
/// element.
TEST(PackedPositionsOfWideArrays, TakeFewerStepsWhereChannelsAreFew) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml");
  const Network network = parse_network(
      "network: n\nbatch: 8\ninputs: [{name: x, rows: 56, cols: 56, channels: 64}]\nlayers:\n"
      "- {name: a, op: conv2d, channels: 64, kernel: 1}\n"
      "- {name: b, op: conv2d, channels: 64, kernel: 3, padding: 1}\n"
      "- {name: c, op: max_pool, kernel: 56}\n",
      "n.yaml");
  const Mapping mapping = packed(chip, network.graph, true);
  EXPECT_EQ(mapping.shares[0].layers[0].pixels, 4);
  const std::int64_t plain = run(chip, network, nullptr).cycles;
  // Of 25,088 positions: 1 + 3 folds each, now a quarter and 5 quarters.
  EXPECT_LT(run(chip, network, &mapping).cycles, plain - 25'088);
}

}  // namespace
}  // namespace systole
