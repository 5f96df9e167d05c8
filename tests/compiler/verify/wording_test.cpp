#include "compiler/verify/wording.h"

#include <gtest/gtest.h>

#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole::verification {
namespace {

TEST(Wording, NamesEngineIndexOperationAndLayer) {
  const Program program = testing::two_layer_program();
  EXPECT_EQ(name_of(program, Place{EngineKind::Matrix, 4}), "matrix[4] fold of layer 'fc'");
  EXPECT_EQ(name_of(program, Place{EngineKind::Weights, 0}),
            "weights[0] load_tile of layer 'conv1'");
}

TEST(Wording, NumbersALayerThatDoesNotExist) {
  Program program = testing::two_layer_program();
  program.layers.pop_back();
  EXPECT_EQ(name_of(program, Place{EngineKind::Matrix, 4}), "matrix[4] fold of layer 1");
}

TEST(Wording, LabelsAreTensorsOrTiles) {
  const Program program = testing::two_layer_program();
  EXPECT_EQ(name_of(program, Label::of_tensor(testing::kA)), "'a'");
  EXPECT_EQ(name_of(program, Label::of_tile(0)), "tile 0");
  EXPECT_EQ(Label::of_tile(5).tile(), 5);
  EXPECT_FALSE(Label::of_tile(0).is_tensor());
  EXPECT_TRUE(Label::of_tensor(0).is_tensor());
  EXPECT_NE(Label::of_tile(0), Label());
  EXPECT_FALSE(Label().is_tensor());
}

}  // namespace
}  // namespace systole::verification
