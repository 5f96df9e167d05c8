#include "compiler/allocation/lifetimes.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(TensorLives, GoFromTheProducerToTheLastReaderThroughViews) {
  Graph graph;
  graph.tensors.resize(4);
  graph.nodes = {{.inputs = {0}, .outputs = {1}, .op = AddTensors{}},
                 {.inputs = {1}, .outputs = {2}, .op = Flatten{}},
                 {.inputs = {2}, .outputs = {3}, .op = Dense{}}};
  const TensorLives lives = tensor_lives(graph);
  EXPECT_EQ(lives.roots, (std::vector<GraphTensorId>{0, 1, 1, 3}));
  EXPECT_EQ(lives.of(0).first, 0);
  EXPECT_EQ(lives.of(0).last, 0);
  EXPECT_EQ(lives.of(1).first, 0);
  EXPECT_EQ(lives.of(1).last, 2);
  EXPECT_TRUE(lives.of(1).covers(1));
  EXPECT_FALSE(lives.of(3).covers(1));
}

}  // namespace
}  // namespace systole
