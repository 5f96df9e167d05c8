#include "compiler/mapping/parts_in_flight.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/mapping/choose_mapping.h"
#include "compiler/mapping/mapping_check.h"

namespace systole {
namespace {

/// Of a part 1,000 cycles, of which the array multiplies for 600.
const LayerTime kPart{.cycles = CoreCycles(1000),
                      .array = CoreCycles(600),
                      .vector = CoreCycles(400),
                      .dram = CoreCycles(100)};

/// Of two both are elsewhere for 0.4 x 0.4 of the time; of the first and the last 400 are alone.
TEST(PartsInFlight, TakeTheBusiestEnginesTimeAndWhatAllLeaveIt) {
  EXPECT_EQ(in_flight_time(kPart, {.parts = 4, .in_flight = 2}), CoreCycles(2400 * 25 / 21 + 400));
  EXPECT_EQ(in_flight_time(kPart, {.parts = 4, .in_flight = 4}), CoreCycles(2463 + 400));
  EXPECT_EQ(in_flight_time({.cycles = CoreCycles(10), .array = CoreCycles(10)},
                           {.parts = 4, .in_flight = 2}),
            CoreCycles(40));
}

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}
Graph resnet50(std::int64_t batch) {
  return read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/resnet50.yaml",
                      {.batch = batch})
      .graph;
}

TEST(PartsInFlight, AreLegalAndFasterByTheModel) {
  const ChipSpec chip = shipped("tpu_v1");
  const Graph graph = resnet50(8);
  const Mapping own = choose_mapping(chip, graph);
  const auto mapping = with_parts_in_flight(chip, graph, own, 4, 2, {});
  ASSERT_TRUE(mapping);
  EXPECT_FALSE(check_mapping(chip, graph, *mapping));
  const std::vector<Segment>& segments = mapping->shares.front().segments;
  ASSERT_FALSE(segments.empty());
  EXPECT_TRUE(std::all_of(segments.begin(), segments.end(), [](const Segment& segment) {
    return segment.parts == 4 && segment.in_flight == 2;
  }));
  EXPECT_LT(mapping_time(chip, graph, *mapping), mapping_time(chip, graph, own));
}

TEST(PartsInFlight, NeedSeveralParts) {
  const ChipSpec chip = shipped("tpu_v1");
  const Graph graph = resnet50(2);
  EXPECT_FALSE(with_parts_in_flight(chip, graph, choose_mapping(chip, graph), 2, 3, {}));
}

}  // namespace
}  // namespace systole
