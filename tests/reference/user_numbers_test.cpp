#include "reference/user_numbers.h"

#include <cmath>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/reference/small_network.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using Doubles = std::vector<double>;

/// A map of 1 x 2 pixels and 3 channels, and a vector of 2, of two images.
class UserNumbersOf : public testing::Test {
 protected:
  void SetUp() override {
    const auto map = builder.input("map", {2, 1, 2, 3}, {0.5, 1});
    builder.graph.outputs = {
        builder.node("scores", SoftmaxChannels{}, {map}, {2, 1, 1, 2}, {0.25, 0})};
    tensors = {{.name = "map",
                .shape = {2, 1, 2, 3},
                .type = DataType::Int8,
                .quantization = {0.5, 1},
                .stored = {1, 3, 5, 7, 9, 11, 1, 1, 1, 1, 1, 1}},  // 0 1 2 3 4 5, zeros
               {.name = "scores",
                .shape = {2, 1, 1, 2},
                .type = DataType::Int8,
                .quantization = {0.25, 0},
                .stored = {4, 2, 3, 3}}};  // 1 0.5, 0.75 0.75
  }

  [[nodiscard]] UserComparison compare(double tolerance = kDefaultTolerance) const {
    return UserNumbers(folder.path().string(), builder.graph).compare(tensors, tolerance);
  }
  void write(const std::string& name, const std::string& bytes) const {
    static_cast<void>(folder.write(name, bytes));
  }
  /// The message with the folder's name cut out of it.
  [[nodiscard]] std::string error() const {
    try {
      static_cast<void>(compare());
    } catch (const UserError& error) {
      std::string message = error.what();
      const std::string prefix = folder.path().string();
      for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
        message.replace(at, prefix.size(), "DIR");
      }
      return message;
    }
    return "";
  }

  GraphByHand builder;
  std::vector<RunTensor> tensors;
  TemporaryDirectory folder;
};

TEST_F(UserNumbersOf, FloatsAreRealNumbers) {
  write("map.npy", npy("(2, 1, 2, 3)", Doubles{0, 1, 2, 3, 4, 5.5, 0, 0, 0, 0, 0, 0}));
  const UserComparison comparison = compare(0.1);
  ASSERT_EQ(comparison.tensors.size(), 1U);
  const ComparedTensor& map = comparison.tensors.front();
  EXPECT_EQ(map.file, "map.npy");
  EXPECT_EQ(map.error.worst, 0.5);
  EXPECT_EQ(map.error.worst_at, 5);
  EXPECT_FALSE(map.top1);
  EXPECT_TRUE(map.passed);  // 0.5 / 5.5 = 9.1 %
  EXPECT_TRUE(comparison.passed());
  EXPECT_FALSE(compare(0.09).passed());
}

TEST_F(UserNumbersOf, IntegersAreStoredNumbers) {
  write("map.npy",
        npy("(2, 1, 2, 3)", std::vector<std::int64_t>{1, 3, 5, 7, 9, 11, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(compare().tensors.front().error.worst, 0);
  EXPECT_TRUE(compare(0).passed());
}

TEST_F(UserNumbersOf, Uint16ArePatternsOfBf16) {
  tensors[1] = {.name = "scores",
                .shape = {2, 1, 1, 2},
                .type = DataType::Bf16,
                .quantization = {},
                .stored = {0x20, 0x40, 0, 0, 0, 0, 0, 0}};
  const std::vector<std::uint16_t> patterns{0x4020, 0, 0, 0};
  write("scores.npy", npy_with_header(npy_header_text("<u2", "(2, 2)"), bytes_of_values(patterns)));
  EXPECT_TRUE(compare(0).passed());
}

TEST_F(UserNumbersOf, VectorsHaveATop1) {
  // Image 0: the first is the largest here too. Image 1: here both are.
  write("scores.npy", npy("(2, 2)", Doubles{1, 0.5, 0.5, 1}));
  EXPECT_EQ(compare().tensors.front().top1, 1);
  write("scores.npy", npy("(2, 2)", Doubles{0.5, 1, 0.5, 1}));
  EXPECT_EQ(compare().tensors.front().top1, 0.5);
}

TEST_F(UserNumbersOf, MoreImagesThanTheBatchAreLeftOut) {
  write("scores.npy", npy("(3, 2)", Doubles{1, 0.5, 0.75, 0.75, 9, 9}));
  EXPECT_TRUE(compare(0).passed());
}

TEST_F(UserNumbersOf, VectorsMayHaveFourAxes) {
  for (const std::string shape : {"(2, 2)", "(2, 1, 1, 2)", "(2, 2, 1, 1)"}) {
    write("scores.npy", npy(shape, Doubles{1, 0.5, 0.75, 0.75}));
    EXPECT_TRUE(compare(0).passed()) << shape;
  }
}

TEST_F(UserNumbersOf, TheStoredFileComesBeforeTheFloats) {
  write("scores.float32.npy", npy("(2, 2)", Doubles{9, 9, 9, 9}));
  EXPECT_FALSE(compare().passed());
  EXPECT_EQ(compare().tensors.front().file, "scores.float32.npy");
  write("scores.npy", npy("(2, 2)", Doubles{1, 0.5, 0.75, 0.75}));
  EXPECT_TRUE(compare(0).passed());
  EXPECT_TRUE(compare().ignored.empty());
}

TEST_F(UserNumbersOf, OtherNamesAreNamed) {
  write("scores.npy", npy("(2, 2)", Doubles{1, 0.5, 0.75, 0.75}));
  write("score.npy", "");
  write("notes.txt", "");
  EXPECT_EQ(compare().ignored, std::vector<std::string>{"score.npy"});
}

TEST_F(UserNumbersOf, NothingIsAMistake) {
  EXPECT_EQ(error(),
            "systole: --compare: expected files called as tensors of the network, such as "
            "scores.npy, in 'DIR', got none");
  write("score.npy", "");
  EXPECT_EQ(error(),
            "systole: --compare: expected files called as tensors of the network, such as "
            "scores.npy, in 'DIR', got 'score.npy'");
}

TEST_F(UserNumbersOf, WhatIsNoNumberIsNamedBeforeTheWork) {
  write("scores.npy", npy("(2, 2)", Doubles{1, 0.5, std::nan(""), 0}));
  EXPECT_EQ(error(), "DIR/scores.npy: expected finite numbers, got nan at element 2");
}

TEST_F(UserNumbersOf, AnotherShapeIsNamed) {
  write("map.npy", npy("(2, 2, 1, 3)", Doubles(12)));
  EXPECT_EQ(error(),
            "DIR/map.npy: expected shape (at least 2, 1, 2, 3), channels last, got (2, 2, "
            "1, 3)");
  write("map.npy", npy("(2, 3, 1, 2)", Doubles(12)));
  EXPECT_EQ(error(),
            "DIR/map.npy: expected shape (at least 2, 1, 2, 3), channels last, got (2, 3, 1, 2), "
            "channels first: numpy.transpose(x, (0, 2, 3, 1)) puts them last");
  write("map.npy", npy("(1, 1, 2, 3)", Doubles(6)));
  EXPECT_EQ(error(),
            "DIR/map.npy: expected shape (at least 2, 1, 2, 3), channels last, got (1, 1, "
            "2, 3)");
}

}  // namespace
}  // namespace systole
