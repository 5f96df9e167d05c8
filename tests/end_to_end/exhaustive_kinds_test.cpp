// How much of a distance is inherent: layers of the kinds whose distance is large, each in every
// legal mapping. docs/performance.md has what comes out.

#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "study/lower_bounds.h"
#include "study/mapping_search.h"
#include "tests/end_to_end/support/mapping_space.h"
#include "tests/end_to_end/support/simulated_mappings.h"

namespace systole {
namespace {

constexpr double kNear = 1.02;

struct Kind {
  std::string name;
  std::string chip;
  void (*change)(ChipSpec&);  ///< of the chip that ships
  std::int64_t batch;
  DataType type;
  std::string input;
  std::string layer;
  double most;  ///< of the best over the bound
};

void PrintTo(const Kind& kind, std::ostream* stream) {
  *stream << kind.name;
}

void as_it_ships(ChipSpec& /*chip*/) {}

/// With a link that costs next to nothing: inside of a network a layer's input is there.
ChipSpec chip_of(const Kind& kind) {
  ChipSpec chip = read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, kind.chip));
  kind.change(chip);
  chip.host.bandwidth = chip.host.bandwidth * 1000;
  chip.host.latency = CoreCycles(1);
  return chip;
}

Network network_of(const Kind& kind) {
  return parse_network(fmt::format("network: n\nbatch: {}\ninputs: [{{name: x, {}}}]\n"
                                   "layers: [{{name: a, {}}}]\n",
                                   kind.batch, kind.input, kind.layer),
                       "n.yaml", {.type = kind.type});
}

class ExhaustiveKinds : public testing::TestWithParam<Kind> {};

TEST_P(ExhaustiveKinds, AreFoundWithinTwoPercentOfTheBest) {
  const ChipSpec chip = chip_of(GetParam());
  const Network network = network_of(GetParam());
  const std::vector<Mapping> all = all_mappings(chip, network.graph);
  const std::int64_t bound = network_time_bound(chip, network.graph).cycles().count();
  ASSERT_FALSE(all.empty());
  const FastestMapping fastest = fastest_mapping(chip, network.graph, all);
  const std::int64_t least = fastest.cycles;
  const auto search = [&](std::int64_t simulated) {
    return search_mappings(chip, network,
                           {.simulated = simulated, .parallel = 2, .also = {}, .on_stage = {}});
  };
  const SearchedMappings searched = search(16);
  const std::int64_t found = searched.tried[searched.best].cycles.count();
  const std::int64_t own = searched.tried[0].cycles.count();
  const SearchedMappings quick = search(0);
  const std::int64_t modelled =
      fastest_mapping(chip, network.graph, {quick.tried[quick.best].mapping}).cycles;
  const auto over = [](std::int64_t cycles, std::int64_t base) {
    return static_cast<double>(cycles) / static_cast<double>(base);
  };
  fmt::print(
      "{}: {} mappings; bound {}, best {} ({:.3f}); over the best: search {:.3f}, quick "
      "{:.3f}, rules {:.3f}\n",
      GetParam().name, all.size(), bound, least, over(least, bound), over(found, least),
      over(modelled, least), over(own, least));
  EXPECT_GE(least, bound);
  EXPECT_LE(over(least, bound), GetParam().most);
  EXPECT_LE(over(found, least), kNear);
  EXPECT_LE(found, own);
}

INSTANTIATE_TEST_SUITE_P(
    Layers, ExhaustiveKinds,
    testing::Values(Kind{"dense_4096_1000_batch_8", "tpu_v1", as_it_ships, 8, DataType::Int8,
                         "features: 4096", "op: dense, features: 1000", 1.05},
                    Kind{"dense_4096_4096_batch_8", "tpu_v1", as_it_ships, 8, DataType::Int8,
                         "features: 4096", "op: dense, features: 4096", 1.01},
                    Kind{"conv_64_64_int8", "tpu_v1", as_it_ships, 8, DataType::Int8,
                         "rows: 28, cols: 28, channels: 64",
                         "op: conv2d, kernel: 3, padding: same, channels: 64", 1.3},
                    Kind{"strided_conv", "tpu_v1", as_it_ships, 8, DataType::Int8,
                         "rows: 56, cols: 56, channels: 128",
                         "op: conv2d, kernel: 3, stride: 2, padding: 1, channels: 128", 1.3},
                    Kind{"stem", "tpu_v1", as_it_ships, 1, DataType::Int8,
                         "rows: 112, cols: 112, channels: 3",
                         "op: conv2d, kernel: 7, stride: 2, padding: 3, channels: 64", 2.5},
                    Kind{"depthwise", "edge", as_it_ships, 1, DataType::Int8,
                         "rows: 14, cols: 14, channels: 32",
                         "op: conv2d, kernel: 3, padding: same, channels: 32, groups: 32", 1.2},
                    Kind{"large_weights", "edge",
                         [](ChipSpec& chip) { chip.buffer.capacity = Bytes(64 * 1024); }, 1,
                         DataType::Int8, "rows: 7, cols: 7, channels: 128",
                         "op: conv2d, kernel: 3, padding: same, channels: 128", 1.08}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace systole
