// The search against everything that is legal, on single small layers. The test takes a sample;
// `scripts/sweep` takes 200 cases (SYSTOLE_SWEEP=all).

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compilation.h"
#include "compiler/frontend/read_network.h"
#include "compiler/mapping/mapping_check.h"
#include "study/lower_bounds.h"
#include "study/mapping_search.h"
#include "tests/end_to_end/support/mapping_space.h"
#include "tests/end_to_end/support/simulated_mappings.h"

namespace systole {
namespace {

constexpr std::int64_t kSimulated = 32;  ///< by the search
constexpr std::size_t kMost = 800;       ///< mappings of a case; cases with more are left out
constexpr double kNear = 1.02;

bool sweeps_all() {
  const char* sweep = std::getenv("SYSTOLE_SWEEP");  // NOLINT(concurrency-mt-unsafe): no thread
  return sweep != nullptr && std::string(sweep) == "all";
}

/// docs/mapping.md has what was measured.
TEST(ExhaustiveMappings, AreNoFasterThanTheBoundAndTheSearchLiesBetweenThemAndTheRules) {
  const std::uint32_t wanted = sweeps_all() ? 200 : 8;
  std::uint32_t cases = 0;
  std::uint32_t near = 0;
  std::uint32_t rule = 0;
  double worst = 1;
  for (std::uint32_t seed = 0; cases < wanted; ++seed) {
    const SmallLayerCase one = small_layer_case(seed);
    const Network network = parse_network(one.network, "n.yaml");
    std::vector<Mapping> all;
    try {
      static_cast<void>(compile(one.chip, network.graph));
      all = all_mappings(one.chip, network.graph);
    } catch (const WorkloadError&) {
      continue;  // does not fit at all
    }
    if (all.size() > kMost) {
      continue;
    }
    ++cases;
    const std::int64_t least = fastest_mapping(one.chip, network.graph, all).cycles;
    const SearchedMappings searched = search_mappings(
        one.chip, network, {.simulated = kSimulated, .parallel = 2, .on_stage = {}});
    const std::int64_t found = searched.tried[searched.best].cycles.count();
    const double ratio = static_cast<double>(found) / static_cast<double>(least);
    const double own =
        static_cast<double>(searched.tried[0].cycles.count()) / static_cast<double>(least);
    EXPECT_GE(least, network_time_bound(one.chip, network.graph).cycles().count()) << one.text;
    EXPECT_LE(ratio, own) << one.text;
    near += ratio <= kNear ? 1 : 0;
    rule += own <= kNear ? 1 : 0;
    worst = std::max(worst, ratio);
    fmt::print("seed {}: {} mappings, least {}, search {:.3f}, rules {:.3f}\n", seed, all.size(),
               least, ratio, own);
    if (ratio > kNear) {
      fmt::print("{}", one.text);
    }
  }
  fmt::print("{} of {} within 2 %, worst {:.3f}; the rules alone {}\n", near, cases, worst, rule);
  EXPECT_GE(near * 100, cases * 95);
}

/// A way to have twice as much of something.
struct Twice {
  const char* what;
  void (*apply)(ChipSpec&);
};
constexpr std::array<Twice, 6> kTwice{{
    {"buffer", [](ChipSpec& chip) { chip.buffer.capacity = chip.buffer.capacity * 2; }},
    {"accumulators", [](ChipSpec& chip) { chip.accumulators.entries *= 2; }},
    {"weight FIFO", [](ChipSpec& chip) { chip.weight_fifo.tiles *= 2; }},
    {"channels", [](ChipSpec& chip) { chip.dram.channels *= 2; }},
    {"units", [](ChipSpec& chip) { chip.matrix.count *= 2; }},
    {"lanes", [](ChipSpec& chip) { chip.vector.lanes *= 2; }},
}};

/// What was found on a chip is found on one with more hardware, too, where it is worth anything
/// there. That the very same program is slower with more of something is another matter: with twice
/// the channels other requests meet in a bank. How often is printed.
TEST(ExhaustiveMappings, AreFoundNoSlowerWithMoreHardware) {
  const std::uint32_t wanted = sweeps_all() ? 100 : 4;
  std::uint32_t cases = 0;
  std::uint32_t slower = 0;
  std::uint32_t missed = 0;
  double worst = 1;
  for (std::uint32_t seed = 1000; cases < wanted; ++seed) {
    const SmallLayerCase one = small_layer_case(seed);
    const Network network = parse_network(one.network, "n.yaml");
    const auto search_on = [&](const ChipSpec& chip, std::vector<Mapping> also) {
      SearchedMappings searched = search_mappings(
          chip, network,
          {.simulated = kSimulated, .parallel = 2, .also = std::move(also), .on_stage = {}});
      return std::move(searched.tried[searched.best]);
    };
    try {
      static_cast<void>(compile(one.chip, network.graph));
    } catch (const WorkloadError&) {
      continue;
    }
    ++cases;
    const TriedMapping base = search_on(one.chip, {});
    for (const Twice& twice : kTwice) {
      ChipSpec better = one.chip;
      twice.apply(better);
      const std::int64_t found = search_on(better, {base.mapping}).cycles.count();
      const std::int64_t same = check_mapping(better, network.graph, base.mapping)
                                    ? found
                                    : fastest_mapping(better, network.graph, {base.mapping}).cycles;
      const double ratio = static_cast<double>(found) / static_cast<double>(base.cycles.count());
      worst = std::max(worst, ratio);
      missed += found > same ? 1 : 0;
      slower += ratio > 1 ? 1 : 0;
      if (found > same || ratio > 1) {
        fmt::print("seed {}, twice the {}: {} cycles became {}, the same mapping takes {}\n{}",
                   seed, twice.what, base.cycles.count(), found, same, one.text);
      }
    }
  }
  fmt::print("{} of {} slower, {} than with the same mapping, worst {:.4f}\n", slower,
             cases * kTwice.size(), missed, worst);
  EXPECT_EQ(missed, 0U);
  // With twice the channels a program of 847 cycles takes 894: its requests meet in other banks.
  EXPECT_LE(worst, sweeps_all() ? 1.06 : 1.03);
}

}  // namespace
}  // namespace systole
