#include "compiler/mapping/layer_time.h"

#include <gtest/gtest.h>

#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

/// `images` inputs of 16 features, 12 outputs each: 2 slices of k by 3 of n.
Graph dense(std::int64_t images) {
  Graph graph;
  graph.batch = images;
  graph.tensors = {
      {.name = "in", .type = image_type(DataType::Int8, {.batch = images, .channels = 16})},
      {.name = "out", .type = image_type(DataType::Int8, {.batch = images, .channels = 12})}};
  graph.nodes = {{.name = "fc", .kind = "dense", .inputs = {0}, .outputs = {1}, .op = Dense{}}};
  return graph;
}

std::int64_t time_of(std::int64_t images, std::int64_t band, const OperandHomes& homes) {
  const ChipSpec chip = round_chip();
  const Graph graph = dense(images);
  LayerMapping mapping{.band = {.images = band, .rows = 1}, .side_by_side = 1, .plans = {}};
  mapping.plans = band_plans(chip, graph, graph.node(0), mapping, TileSource::Dram);
  return layer_time(chip, graph, graph.node(0), mapping, homes).count();
}

/// A tile of 32 bytes comes 9 + 4 cycles after it was asked for, and shifts in 8. The first fold
/// starts at 21; six of 16 positions end at 117, their last sums 8 + 4 - 2 later, and the vector
/// unit takes 5 + 16 for them.
TEST(LayerTime, IsTheFirstTileTheFoldsTheDrainAndTheLastResults) {
  EXPECT_EQ(time_of(16, 16, {.inputs = {Home::None}}), 13 + 8 + 6 * 16 + 10 + 21);
}

/// 256 bytes come over the link from cycle 10 to 138, 192 leave 10 cycles behind the last result.
TEST(LayerTime, BeginsBehindItsInputsAndEndsWithItsOutputs) {
  EXPECT_EQ(time_of(16, 16, {.inputs = {Home::Host}, .output = Home::Host}),
            138 + 6 * 16 + 10 + 21 + 10 + 96);
  EXPECT_EQ(time_of(16, 16, {.inputs = {Home::Passing}, .output = Home::Passing}),
            time_of(16, 16, {.inputs = {Home::Host}, .output = Home::Host}));
}

/// From DRAM at 8 bytes a cycle, issue 3, latency 9, and 4 accesses of the last request: what stays
/// comes as late as what streams.
TEST(LayerTime, ChargesWhatPassesFromDeviceMemory) {
  // Constants, 48 bytes, come before.
  EXPECT_EQ(time_of(16, 16, {.inputs = {Home::PassingDram}}),
            3 + 9 + 4 + 6 + 32 + 6 * 16 + 10 + 21);
}

/// Bands hide transfers: half of the input is awaited, and half of the output left over.
TEST(LayerTime, BandsComeWhileOthersAreWorkedOn) {
  const OperandHomes homes{.inputs = {Home::Host}, .output = Home::Host};
  EXPECT_LT(time_of(16, 8, homes), time_of(16, 16, homes));
  // A band for each image pays the latency of its store 16 times.
  EXPECT_GT(time_of(16, 1, homes), time_of(16, 8, homes));
}

/// However many chunks there are, a few are followed, and each of the others costs as much.
TEST(LayerTime, GrowsWithTheWorkAlone) {
  const OperandHomes homes{.inputs = {Home::None}};
  const std::int64_t hundred = time_of(3'200, 3'200, homes);
  const std::int64_t thousand = time_of(32'000, 32'000, homes);
  const std::int64_t more = time_of(60'800, 60'800, homes);
  EXPECT_EQ(more - thousand, thousand - hundred);
  EXPECT_NEAR(static_cast<double>(thousand), 6.0 * 32'000, 0.01 * 6.0 * 32'000);
}

}  // namespace
}  // namespace systole
