#include "compiler/graph/tensor.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(TensorType, CountsElementsAndBytes) {
  EXPECT_EQ((TensorType{.element = DataType::Int32, .extents = {2, 3, 5}}).elements(), 30);
  EXPECT_EQ((TensorType{.element = DataType::Int32, .extents = {2, 3, 5}}).bytes(), 120);
  EXPECT_EQ((TensorType{.element = DataType::Int8, .extents = {}}).elements(), 1);  // a scalar
}

TEST(ImageOf, IsTheExtentsOfAnImage) {
  const Shape shape{.batch = 2, .rows = 3, .cols = 5, .channels = 7};
  EXPECT_EQ(image_of(image_type(DataType::Int8, shape)), shape);
}

TEST(ImageOf, FeaturesHaveNoRowsAndColumns) {
  EXPECT_EQ(image_of(feature_type(DataType::Int8, 4, 10)), (Shape{.batch = 4, .channels = 10}));
}

TEST(ImageOf, OtherRanksPutWhatIsLeftIntoRows) {
  const auto image = [](const Extents& extents) {
    return image_of({.element = DataType::Int8, .extents = extents});
  };
  EXPECT_EQ(image({}), Shape{});
  EXPECT_EQ(image({7}), (Shape{.channels = 7}));
  EXPECT_EQ(image({2, 128, 64}), (Shape{.batch = 2, .rows = 128, .channels = 64}));
  EXPECT_EQ(image({2, 3, 4, 5, 6}), (Shape{.batch = 2, .rows = 12, .cols = 5, .channels = 6}));
}

TEST(ImageOf, KeepsTheNumberOfElements) {
  const TensorType type{.element = DataType::Int8, .extents = {2, 3, 4, 5, 6, 7}};
  EXPECT_EQ(image_of(type).elements(), type.elements());
}

TEST(BlockScales, BelongToTheBlockOfAnElement) {
  GraphTensor tensor{.name = "w",
                     .type = {.element = DataType::Int8, .extents = {5, 4}},
                     .role = GraphTensorRole::Parameter,
                     .quantization = {.scale = 7}};
  EXPECT_EQ(tensor.scale_of(19), 7);
  // By axis: one for each of the 4 columns.
  tensor.blocks = {.block = blocks_along(tensor.type, {1}), .scales = {1, 2, 3, 4}};
  EXPECT_EQ(tensor.blocks.block, (Extents{5, 1}));
  EXPECT_EQ(tensor.scale_of(0), 1);
  EXPECT_EQ(tensor.scale_of(4 * 3 + 2), 3);
  // In groups of 2 rows, the last of one row: 3 x 4 blocks.
  tensor.blocks = {.block = {2, 1}, .scales = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}};
  EXPECT_EQ(tensor.scale_of(4 * 1 + 3), 3);
  EXPECT_EQ(tensor.scale_of(4 * 2 + 3), 13);
  EXPECT_EQ(tensor.scale_of(4 * 4 + 1), 21);
}

}  // namespace
}  // namespace systole
