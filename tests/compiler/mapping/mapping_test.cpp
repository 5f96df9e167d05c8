#include "compiler/mapping/mapping.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/compilation.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

const std::string kRoot = SYSTOLE_SOURCE_DIR;

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(kRoot + "/configs/chips/" + name + ".yaml");
}
Graph shipped_network(const std::string& name, std::int64_t batch) {
  return read_network(kRoot + "/workloads/" + name + ".yaml", {.batch = batch}).graph;
}

/// Placing what was chosen finds what choosing found.
TEST(Mapping, OfAShareLeadsToItsMemoryPlan) {
  for (const std::int64_t batch : {1, 4}) {
    const ChipSpec chip = shipped_chip("edge");
    const Graph graph = shipped_network("resnet50", batch);
    const MemoryPlan plan = plan_memory(chip, graph);
    const ShareMapping share = share_mapping(chip, graph, plan);
    const PlacedMemory placed = place_memory(chip, graph, share.residency(graph));
    ASSERT_TRUE(placed.plan);
    EXPECT_EQ(placed.plan->buffer_bytes, plan.buffer_bytes);
    EXPECT_EQ(placed.plan->segments, plan.segments);
    ASSERT_EQ(placed.plan->blocks.size(), plan.blocks.size());
    for (std::size_t block = 0; block < plan.blocks.size(); ++block) {
      EXPECT_EQ(placed.plan->blocks[block].address, plan.blocks[block].address);
      EXPECT_EQ(placed.plan->blocks[block].bytes, plan.blocks[block].bytes);
    }
  }
}

TEST(Mapping, ThatDoesNotFitNamesTheLayer) {
  const ChipSpec chip = shipped_chip("edge");
  const Graph graph = shipped_network("vgg16", 1);
  ShareMapping share = share_mapping(chip, graph, plan_memory(chip, graph));
  for (std::size_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
    const auto id = static_cast<GraphTensorId>(tensor);
    if (!graph.is_parameter(id)) {
      share.resident.push_back(id);
    }
  }
  const PlacedMemory placed = place_memory(chip, graph, share.residency(graph));
  EXPECT_FALSE(placed.plan);
  EXPECT_EQ(graph.node(placed.failed).name, "conv1_1");  // 224 x 224 x 64 of 1 MiB
}

/// Of a network whose bands are of two sizes each has a plan, and a depthwise layer its packing.
TEST(Mapping, HasAPlanForEverySizeOfBand) {
  const ChipSpec chip = shipped_chip("edge");
  const Compilation compiled = compile_mapped(chip, shipped_network("mobilenet_v2", 1));
  ASSERT_EQ(compiled.mapping.shares.size(), 1);
  const ShareMapping& share = compiled.mapping.shares.front();
  ASSERT_EQ(share.layers.size(), compiled.program.layers.size());
  std::int64_t packed = 0;
  for (const LayerMapping& layer : share.layers) {
    packed += layer.side_by_side > 1 ? 1 : 0;
    for (const BandPlan& plan : layer.plans) {
      EXPECT_EQ(layer.plan_of(plan.products), &plan.plan);
      EXPECT_GT(plan.plan.whole.slices + plan.plan.rest.slices, 0);
    }
    EXPECT_EQ(layer.plan_of({.groups = 1, .positions = -1}), nullptr);
  }
  EXPECT_EQ(packed, 17);  // its depthwise layers
}

TEST(Mapping, HasAShareForEachNumberOfImages) {
  ChipSpec chip = shipped_chip("edge");
  chip.cores = 2;
  const Compilation compiled = compile_mapped(chip, shipped_network("mlp0", 5));
  ASSERT_EQ(compiled.mapping.shares.size(), 2);
  EXPECT_EQ(compiled.mapping.shares[0].images, 3);
  EXPECT_EQ(compiled.mapping.shares[1].images, 2);
  EXPECT_EQ(&compiled.mapping.share(2), &compiled.mapping.shares[1]);
  EXPECT_EQ(compiled.plans.size(), 2);
}

}  // namespace
}  // namespace systole
