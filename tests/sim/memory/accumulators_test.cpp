#include "sim/memory/accumulators.h"

#include <bit>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "sim/memory/byte_memory.h"

namespace systole::testing {
namespace {

using Values = std::vector<std::int32_t>;

Values patterns(std::initializer_list<float> values) {
  Values result;
  for (const float value : values) {
    result.push_back(std::bit_cast<std::int32_t>(value));
  }
  return result;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Accumulators, StoreReplacesOrAdds) {
  Accumulators accumulators(4, 3);
  accumulators.store(1, 2, Values{1, 2, 3, 4}, DataType::Int32, false);
  accumulators.store(2, 2, Values{10, 20}, DataType::Int32, true);
  EXPECT_THAT(accumulators.row(1, 2, DataType::Int32), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(accumulators.row(2, 2, DataType::Int32), ::testing::ElementsAre(13, 24));
}

TEST(Accumulators, IntegersWrapAround) {
  Accumulators accumulators(1, 1);
  accumulators.store(0, 1, Values{std::numeric_limits<std::int32_t>::max()}, DataType::Int32,
                     false);
  accumulators.store(0, 1, Values{1}, DataType::Int32, true);
  EXPECT_THAT(accumulators.row(0, 1, DataType::Int32),
              ::testing::ElementsAre(std::numeric_limits<std::int32_t>::min()));
}

TEST(Accumulators, FloatsRoundToEvenAndKeepSubnormals) {
  Accumulators accumulators(1, 4);
  accumulators.store(0, 4, patterns({0x1p24F, 0x1.000002p24F, 0x1p-149F, -1.0F}), DataType::Fp32,
                     false);
  accumulators.store(0, 4, patterns({1.0F, 1.0F, 0x1p-149F, 1.0F}), DataType::Fp32, true);
  // 2^24 + 1 lies between 2^24 and 2^24 + 2, 2^24 + 3 between + 2 and + 4; -1 + 1 is +0.
  EXPECT_THAT(accumulators.row(0, 4, DataType::Fp32),
              ::testing::ElementsAreArray(patterns({0x1p24F, 0x1.000004p24F, 0x1p-148F, 0.0F})));
}

TEST(Accumulators, FloatsOverflowAndHaveOneNan) {
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Accumulators accumulators(1, 3);
  accumulators.store(0, 3, patterns({kMax, kInfinity, std::bit_cast<float>(0xffc00001U)}),
                     DataType::Fp32, false);
  accumulators.store(0, 3, patterns({kMax, -kInfinity, 1.0F}), DataType::Fp32, true);
  EXPECT_THAT(accumulators.row(0, 3, DataType::Fp32),
              ::testing::ElementsAre(0x7f800000, 0x7fc00000, 0x7fc00000));
}

TEST(Accumulators, DoNotStartAsZero) {
  for (const DataType type : {DataType::Int32, DataType::Fp32}) {
    EXPECT_THAT(Accumulators(1, 2).row(0, 2, type), ::testing::Each(0x55555555));
  }
}

TEST(Accumulators, SumsOfTheOtherTypeAreAnError) {
  Accumulators accumulators(2, 1);
  accumulators.store(0, 1, Values{1, 2}, DataType::Int32, false);
  accumulators.store(1, 1, patterns({1.0F}), DataType::Fp32, false);
  const auto read = [&](std::int64_t entry, DataType type) {
    return error_of([&] { static_cast<void>(accumulators.row(entry, 1, type)); });
  };
  EXPECT_EQ(read(0, DataType::Int32), "no error");
  EXPECT_EQ(read(0, DataType::Fp32), "accumulator 0 holds int32 sums, expected fp32");
  EXPECT_EQ(read(1, DataType::Int32), "accumulator 1 holds fp32 sums, expected int32");
  EXPECT_EQ(read(1, DataType::Fp32), "no error");
  EXPECT_EQ(error_of([&] { accumulators.store(1, 1, Values{1}, DataType::Int32, true); }),
            "accumulator 1 holds fp32 sums, expected int32");
  EXPECT_THROW(accumulators.store(0, 1, Values{1}, DataType::Int8, false), InternalError);
}

TEST(Accumulators, NewSumsReplaceTheTypeOfTheWholeEntry) {
  Accumulators accumulators(1, 2);
  accumulators.store(0, 2, Values{1, 2}, DataType::Int32, false);
  accumulators.store(0, 1, patterns({1.0F}), DataType::Fp32, false);
  EXPECT_THAT(accumulators.row(0, 2, DataType::Fp32),
              ::testing::ElementsAre(0x3f800000, 0x55555555));
}

TEST(Accumulators, EntryThatDoesNotExistIsAnError) {
  Accumulators accumulators(4, 3);
  accumulators.store(2, 1, Values{1, 2}, DataType::Int32, false);
  EXPECT_EQ(error_of([&] {
              accumulators.store(3, 1, Values{1, 2}, DataType::Int32, false);
            }),
            "accumulators 3..5 of 1 columns are outside 0..4 of 3 columns");
  EXPECT_THROW(static_cast<void>(accumulators.row(4, 1, DataType::Int32)), InternalError);
  EXPECT_THROW(static_cast<void>(accumulators.row(0, 4, DataType::Int32)), InternalError);
}

TEST(ByteMemory, ChecksBothEnds) {
  std::vector<std::int8_t> bytes(10);
  const ByteMemory memory("buffer", bytes);
  EXPECT_EQ(memory.at(7, 3).data(), bytes.data() + 7);
  EXPECT_THROW(static_cast<void>(memory.at(8, 3)), InternalError);
  EXPECT_THROW(static_cast<void>(memory.at(-1, 3)), InternalError);
  EXPECT_THROW(static_cast<void>(memory.at(std::numeric_limits<std::int64_t>::max(), 3)),
               InternalError);
}

TEST(ByteMemory, ReadsLittleEndianValues) {
  const std::vector<std::int8_t> bytes{1, 0, 0, 0, -2, -1, -1, -1, 0, 1, 0, -128};
  EXPECT_EQ(int32_at(bytes, 0), 1);
  EXPECT_EQ(int32_at(bytes, 1), -2);
  EXPECT_EQ(int32_at(bytes, 2), std::numeric_limits<std::int32_t>::min() + 256);
}

}  // namespace
}  // namespace systole::testing
