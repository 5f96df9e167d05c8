#include "study/mapping_search.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

using testing::ElementsAre;

ChipSpec edge() {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
}

Network small() {
  return parse_network(
      "network: small\nbatch: 4\ninputs: [{name: x, rows: 32, cols: 32, channels: 16}]\n"
      "layers: [{name: conv, op: conv2d, channels: 64, kernel: 3, padding: 1},\n"
      "{name: flat, op: flatten}, {name: fc, op: dense, features: 10}]\n",
      "n.yaml");
}

TriedMapping tried(std::int64_t cycles, std::int64_t dram, double joules) {
  return {.how = "", .cycles = CoreCycles(cycles), .dram_bytes = dram, .joules = joules};
}

TEST(MappingSearch, ObjectivesAreWhatTheySay) {
  const TriedMapping one = tried(100, 7, 2.5);
  EXPECT_EQ(objective_of(one, MappingObjective::Latency), 100);
  EXPECT_EQ(objective_of(one, MappingObjective::Energy), 2.5);
  EXPECT_EQ(objective_of(one, MappingObjective::Dram), 7);
  EXPECT_EQ(objective_of(one, MappingObjective::Edp), 250);
}

TEST(MappingSearch, TheFrontIsInTheOrderOfCyclesAndHasEqualsOnce) {
  EXPECT_THAT(mapping_front({tried(10, 5, 3), tried(9, 6, 3), tried(10, 5, 4), tried(11, 5, 2),
                             tried(9, 6, 3)}),
              ElementsAre(1, 0, 3));
}

TEST(MappingSearch, IsNeverWorseThanTheCompilersOwn) {
  for (const auto& [objective, name] : kEnumNames<MappingObjective>) {
    for (const std::int64_t simulated : {0, 1, 6}) {
      const SearchedMappings searched =
          search_mappings(edge(), small(), {.objective = objective, .simulated = simulated});
      ASSERT_FALSE(searched.tried.empty());
      EXPECT_EQ(searched.tried[0].how, "the compiler's rules");
      EXPECT_LE(objective_of(searched.tried[searched.best], objective),
                objective_of(searched.tried[0], objective))
          << name;
      if (simulated > 0) {
        EXPECT_LE(searched.tried.size(), static_cast<std::size_t>(simulated));
        EXPECT_TRUE(searched.tried[0].simulated);
      }
    }
  }
}

/// Energy that nobody simulated is an estimate: the compiler's own may be better by it. (CNN0 took
/// 4 % more energy times time than by the rules.)
TEST(MappingSearch, SimulatesForEnergyEvenWhereTheBudgetIsNone) {
  const Network network = read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/cnn0.yaml");
  const ChipSpec chip = read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/tpu_v1.yaml");
  for (const MappingObjective objective : {MappingObjective::Energy, MappingObjective::Edp}) {
    const SearchedMappings searched =
        search_mappings(chip, network, {.objective = objective, .also = {}, .on_stage = {}});
    const TriedMapping& best = searched.tried[searched.best];
    EXPECT_TRUE(searched.tried[0].simulated);
    EXPECT_TRUE(best.simulated);
    EXPECT_LE(objective_of(best, objective), objective_of(searched.tried[0], objective));
  }
}

/// What is best for latency is among what is simulated for energy, and for energy times time.
TEST(MappingSearch, OfEnergyIsNotBeatenByTheMappingForLatency) {
  const Network network =
      read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/resnet50.yaml", {.batch = 4});
  const ChipSpec chip =
      read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/asic_inference.yaml");
  const SearchedMappings fast = search_mappings(chip, network, {.also = {}, .on_stage = {}});
  for (const MappingObjective objective : {MappingObjective::Energy, MappingObjective::Edp}) {
    const SearchedMappings searched =
        search_mappings(chip, network, {.objective = objective, .also = {}, .on_stage = {}});
    const auto same = std::find_if(
        searched.tried.begin(), searched.tried.end(),
        [&](const TriedMapping& one) { return one.mapping == fast.tried[fast.best].mapping; });
    ASSERT_NE(same, searched.tried.end());
    EXPECT_TRUE(same->simulated);
    EXPECT_LE(objective_of(searched.tried[searched.best], objective),
              objective_of(*same, objective));
  }
}

TEST(MappingSearch, NeedsATechnologyForEnergy) {
  ChipSpec chip = edge();
  chip.silicon.reset();
  EXPECT_EQ(
      message_of([&] {
        static_cast<void>(search_mappings(chip, small(), {.objective = MappingObjective::Edp}));
      }),
      "systole: --objective: expected latency or dram, as edge has no technology, got edp");
  EXPECT_FALSE(search_mappings(chip, small(), {}).tried[0].joules);
}

}  // namespace
}  // namespace systole
