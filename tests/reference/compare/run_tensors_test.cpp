#include "reference/compare/run_tensors.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/reference/small_network.h"

namespace systole {
namespace {

using Bytes = std::vector<std::int8_t>;

/// x -> conv -> flat, a view, and the output prob.
class RunTensors : public testing::Test {
 protected:
  void SetUp() override {
    const auto x = builder.input("x", {1, 1, 2, 1}, {0.5, 1});
    const auto conv = builder.node("conv", Conv2d{}, {x}, {1, 1, 2, 1}, {0.25, 0});
    const auto flat = builder.node("flat", Flatten{}, {conv}, {1, 1, 1, 2}, {0.25, 0});
    builder.graph.outputs = {
        builder.node("prob", SoftmaxChannels{}, {flat}, {1, 1, 1, 2}, {1.0 / 256, -128})};
    program.tensors = {
        {.name = "x", .role = TensorRole::Input, .pixels = 2, .channels = 1, .home = 4},
        {.name = "conv", .role = TensorRole::Intermediate, .pixels = 2, .channels = 1},
        {.name = "prob", .role = TensorRole::Output, .pixels = 1, .channels = 2, .home = 0}};
    host = {-128, 127, 0, 0, 3, 5};
  }

  [[nodiscard]] std::vector<RunTensor> tensors(const Recorder& recorder,
                                               const std::set<std::string>& names) const {
    return run_tensors(builder.graph, program, recorder, {.host = host, .dram = {}}, names);
  }

  GraphByHand builder;
  Program program;
  Bytes host;
};

TEST_F(RunTensors, AreThoseOfTheNamesInTheGraphsOrder) {
  Recorder recorder(program);
  recorder.record_result(1, 0, 1, 2, 2, Bytes{7, -8});
  const auto all = tensors(recorder, {"prob", "flat", "conv", "x"});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].name, "x");
  EXPECT_EQ(all[0].stored, (Bytes{3, 5}));
  EXPECT_EQ(all[0].reals(), (std::vector<double>{1, 2}));  // 0.5 * (q - 1)
  EXPECT_EQ(all[1].stored, (Bytes{7, -8}));
  EXPECT_EQ(all[2].name, "flat");  // what it views, in its own shape
  EXPECT_EQ(all[2].stored, (Bytes{7, -8}));
  EXPECT_EQ(all[2].shape, (Shape{1, 1, 1, 2}));
  EXPECT_EQ(all[3].reals(), (std::vector<double>{0, 255.0 / 256}));
  EXPECT_EQ(tensors(recorder, {"conv"}).size(), 1U);
  EXPECT_TRUE(tensors(recorder, {}).empty());
}

TEST_F(RunTensors, MustHaveBeenWrittenWhole) {
  Recorder recorder(program);
  recorder.record_result(1, 1, 1, 1, 1, Bytes{7});
  EXPECT_THROW(static_cast<void>(tensors(recorder, {"conv"})), InternalError);
  EXPECT_EQ(tensors(recorder, {"prob"}).size(), 1U);
}

}  // namespace
}  // namespace systole
