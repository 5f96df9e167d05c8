// Max pooling whose rows come first: the same numbers, in fewer steps where channels are few.

#include "compiler/tiling/rows_first.h"

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

/// Negative numbers behind the first layer; windows with and without padding, that overlap and that
/// do not, larger in one direction; images of which an instruction does all rows, and some.
constexpr std::string_view kLayers =
    "network: n\nbatch: 3\ninputs: [{name: x, rows: 33, cols: 40, channels: 3}]\nlayers:\n"
    "- {name: a, op: conv2d, channels: 5, kernel: 3, padding: same}\n"
    "- {name: p, op: max_pool, kernel: 3, stride: 1, padding: 1}\n"
    "- {name: q, op: max_pool, kernel: 3, stride: 2, padding: 1}\n"
    "- {name: r, op: max_pool, kernel: [2, 5], stride: [1, 3]}\n"
    "- {name: s, op: max_pool, kernel: 2}\n";

Mapping rows_first(const ChipSpec& chip, const Graph& graph) {
  Mapping mapping = choose_mapping(chip, graph);
  const Graph mapped = mapped_graph(graph, mapping);
  for (std::size_t layer = 0; layer < mapped.nodes.size(); ++layer) {
    mapping.shares.front().layers[layer].rows_first =
        may_pool_rows_first(mapped, mapped.nodes[layer]);
  }
  return mapping;
}

struct Ran {
  std::int64_t cycles = 0;
  std::int64_t mismatches = 0;
};

Ran run(const ChipSpec& chip, const Network& network, const Mapping* mapping) {
  const ForkedResult forked = run_forked([&] {
    EvaluateOptions options{.check = true};
    options.mapping = mapping;
    const Result result = evaluate(chip, network, options);
    return fmt::format("{} {}", result.counters.elapsed.count(), result.check->mismatches);
  });
  EXPECT_EQ(forked.exit_code, 0) << forked.error;
  Ran ran;
  std::istringstream(forked.output) >> ran.cycles >> ran.mismatches;
  return ran;
}

class RowsFirst : public testing::TestWithParam<std::tuple<const char*, DataType>> {};

TEST_P(RowsFirst, ComputeTheSameNumbers) {
  const auto [name, type] = GetParam();
  const ChipSpec chip =
      read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
  const Network network = parse_network(std::string(kLayers), "n.yaml", {.type = type});
  const Mapping mapping = rows_first(chip, network.graph);
  EXPECT_FALSE(mapping == choose_mapping(chip, network.graph));
  ASSERT_FALSE(check_mapping(chip, network.graph, mapping));
  EXPECT_EQ(run(chip, network, &mapping).mismatches, 0);
}

INSTANTIATE_TEST_SUITE_P(Chips, RowsFirst,
                         testing::Values(std::tuple("edge", DataType::Int8),
                                         std::tuple("edge_os", DataType::Int8),
                                         std::tuple("tpu_v1", DataType::Int8),
                                         std::tuple("tpu_v3", DataType::Bf16)));

/// ResNet's: 112 x 112 x 64 to 56 x 56 under 3 x 3, 1,024 lanes. Of a row of 56 positions 504
/// slots, or 7 x 3 for 7,168 numbers and 56 x 3.
TEST(RowsFirstOnWideLanes, TakesFewerSteps) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v3.yaml");
  const Network network = parse_network(
      "network: n\nbatch: 2\ninputs: [{name: x, rows: 112, cols: 112, channels: 3}]\nlayers:\n"
      "- {name: a, op: conv2d, channels: 64, kernel: 1}\n"
      "- {name: b, op: max_pool, kernel: 3, stride: 2, padding: 1}\n"
      "- {name: c, op: global_average_pool}\n",
      "n.yaml", {.type = DataType::Bf16});
  const Mapping mapping = rows_first(chip, network.graph);
  const std::int64_t pace = chip.vector.pace_of(VectorClass::Pooling).count();
  const Ran plain = run(chip, network, nullptr);
  const Ran first = run(chip, network, &mapping);
  EXPECT_EQ(first.mismatches, 0);
  // What it costs that loops are more and shorter is less than a quarter of it.
  const std::int64_t saved = std::int64_t{2} * 56 * (504 - 189) * pace;
  EXPECT_LT(first.cycles, plain.cycles - saved * 3 / 4);
  EXPECT_GE(first.cycles, plain.cycles - saved);
}

}  // namespace
}  // namespace systole
