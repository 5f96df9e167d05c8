#include "compiler/mapping/core_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

Graph of_batch(std::int64_t batch) {
  Graph graph;
  graph.batch = batch;
  graph.tensors.resize(2);
  graph.tensors[0].type = feature_type(DataType::Int8, batch, 6);
  graph.tensors[1].type = feature_type(DataType::Int8, 5, 6);
  graph.tensors[1].role = GraphTensorRole::Parameter;
  return graph;
}

std::vector<std::int64_t> sizes(std::int64_t cores, const Graph& graph) {
  std::vector<std::int64_t> images;
  std::int64_t next = 0;
  for (const Slice& share : images_of_cores(cores, graph)) {
    EXPECT_EQ(share.first, next);
    next += share.size;
    images.push_back(share.size);
  }
  EXPECT_EQ(next, graph.batch);
  return images;
}

TEST(CoreSplit, GivesNeighbouringImagesAsEvenlyAsItGoes) {
  EXPECT_THAT(sizes(1, of_batch(7)), ElementsAre(7));
  EXPECT_THAT(sizes(2, of_batch(7)), ElementsAre(4, 3));
  EXPECT_THAT(sizes(3, of_batch(7)), ElementsAre(3, 2, 2));
  EXPECT_THAT(sizes(3, of_batch(2)), ElementsAre(1, 1, 0));
}

TEST(CoreSplit, LeavesANetworkWithoutABatchToTheFirstCore) {
  Graph graph = of_batch(4);
  graph.tensors[0].type = feature_type(DataType::Int8, 8, 3);
  EXPECT_THAT(sizes(2, graph), ElementsAre(4, 0));
}

/// Each row of the product takes the rows of all images as columns: a core has only its own.
TEST(CoreSplit, LeavesAProductOfAllImagesToTheFirstCore) {
  const std::string by_image =
      "network: n\nbatch: 4\ninputs: [{name: a, extents: [3, 8]}, {name: b, extents: [8, 5]}]\n"
      "layers: [{name: y, op: matmul, inputs: [a, b]}]\n";
  EXPECT_THAT(sizes(2, parse_network(by_image, "n.yaml", {}).graph), ElementsAre(2, 2));
  const std::string whole =
      "network: n\nbatch: 4\ninputs: [{name: x, extents: [8]}]\n"
      "layers: [{name: y, op: matmul, inputs: [x, x], transpose_b: true}]\n";
  EXPECT_THAT(sizes(2, parse_network(whole, "n.yaml", {}).graph), ElementsAre(4, 0));
}

TEST(CoreSplit, APartHasItsImagesAndTheSameParameters) {
  const Graph part = with_batch(of_batch(7), 3);
  EXPECT_EQ(part.batch, 3);
  EXPECT_EQ(part.tensors[0].type, feature_type(DataType::Int8, 3, 6));
  EXPECT_EQ(part.tensors[1].type, feature_type(DataType::Int8, 5, 6));
}

}  // namespace
}  // namespace systole
