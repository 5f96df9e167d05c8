#include <gtest/gtest.h>

#include "arch/isa/recipes.h"
#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using testing::OpenProgram;
using testing::small_chip;

constexpr TensorId kX = 0;
constexpr TensorId kY = 1;
constexpr TensorId kTable = 2;
constexpr TensorId kSpilled = 3;

constexpr std::int64_t kXAddress = 0;   ///< x is 4 x 4 pixels of 4 channels
constexpr std::int64_t kYAddress = 64;  ///< y is as large as x, or smaller
constexpr std::int64_t kTableAddress = 128;
constexpr std::int64_t kTableBytes = 1024;

/// x comes from the host, a table from DRAM, one vector instruction makes y, which goes back.
struct OneOperation {
  ChipSpec chip = small_chip();
  Program program;
  Operation operation;
  std::int64_t y_pixels = 16;
  std::int64_t y_address = kYAddress;

  explicit OneOperation(Operation of) : operation(std::move(of)) {
    chip.buffer.capacity = Bytes(2048);
    chip.dram.capacity = Bytes(4096);
  }

  [[nodiscard]] std::string violation() {
    program.layers = {{"layer", "kind", 0}};
    program.dram_bytes = 2048;
    program.host_bytes = 128;
    program.tensors = {{"x", TensorRole::Input, DataType::Int8, 16, 4, 0},
                       {"y", TensorRole::Output, DataType::Int8, y_pixels, 4, 64},
                       {"table", TensorRole::Constant, DataType::Int8, 1, kTableBytes, 0}};
    program.semaphores = {{EngineKind::Host, EngineKind::Vector, SemaphoreKind::Data},
                          {EngineKind::DmaIn, EngineKind::Vector, SemaphoreKind::Data},
                          {EngineKind::Vector, EngineKind::Host, SemaphoreKind::Data}};
    auto& host = program.stream(EngineKind::Host);
    host.push_back({0, {}, {{0, 1}}, copy(true, kX, 0, kXAddress, 64)});
    host.push_back({0, {{2, 1}}, {}, copy(false, kY, 64, y_address, y_pixels * 4)});
    program.stream(EngineKind::DmaIn)
        .push_back({0, {}, {{1, 1}}, copy(true, kTable, 0, kTableAddress, kTableBytes)});
    program.stream(EngineKind::Vector).push_back({0, {{0, 1}, {1, 1}}, {{2, 1}}, operation});
    return verify(chip, program).value_or("safe");
  }

  static Transfer copy(bool to_buffer, TensorId tensor, std::int64_t far, std::int64_t buffer,
                       std::int64_t bytes) {
    return {.to_buffer = to_buffer,
            .far = {.address = far, .tensor = tensor, .offset = 0},
            .buffer = {.address = buffer, .tensor = tensor, .offset = 0},
            .row_bytes = bytes};
  }
};

constexpr Operand operand(TensorId tensor, std::int64_t address, std::int64_t offset = 0) {
  return {.address = address, .tensor = tensor, .offset = offset};
}

Destination to(std::int64_t address) {
  return {.out = operand(kY, address), .pitch = 4};
}

Rescale rescale(std::int64_t in, std::int64_t out) {
  Rescale result;
  result.in = operand(kX, in);
  result.in_pitch = 4;
  result.rows = 16;
  result.cols = 4;
  result.scale.multiplier = 1;
  result.to = to(out);
  return result;
}

Add add(std::int64_t out) {
  Add result;
  result.a = result.b = operand(kX, kXAddress);
  result.a_pitch = result.b_pitch = 4;
  result.a_multiplier = 1;
  result.rows = 16;
  result.cols = 4;
  result.to = to(out);
  return result;
}

/// 2 x 2 with stride 2.
Pool pool(std::int64_t out) {
  Pool result;
  result.window.source = operand(kX, kXAddress);
  result.window.image_pitch = 64;
  result.window.row_pitch = 16;
  result.window.pixel_pitch = result.window.channels = 4;
  result.window.in_rows = result.window.in_cols = 4;
  result.window.kernel_rows = result.window.kernel_cols = 2;
  result.window.stride_rows = result.window.stride_cols = 2;
  result.window.out_rows = result.window.out_cols = 2;
  result.count = 4;
  result.to = to(out);
  return result;
}

Softmax softmax(std::int64_t out) {
  Softmax result;
  result.in = operand(kX, kXAddress);
  result.in_pitch = 4;
  result.rows = 16;
  result.cols = 4;
  result.table = operand(kTable, kTableAddress);
  result.to = to(out);
  return result;
}

std::string violation_of(Operation operation, std::int64_t y_address, std::int64_t y_pixels = 16) {
  OneOperation one(std::move(operation));
  one.y_address = y_address;
  one.y_pixels = y_pixels;
  return one.violation();
}

TEST(VerifyOperation, ElementWiseWorkIsSafeElsewhereAndInPlace) {
  for (const std::int64_t out : {kYAddress, kXAddress}) {
    EXPECT_EQ(violation_of(rescale(kXAddress, out), out), "safe");
    EXPECT_EQ(violation_of(add(out), out), "safe");
    EXPECT_EQ(violation_of(softmax(out), out), "safe");
  }
}

TEST(VerifyOperation, ElementWiseWorkIsNotSafeBesideItsPlace) {
  EXPECT_EQ(violation_of(rescale(kXAddress, 4), 4),
            "vector[0] row_loop of layer 'layer': to overwrites 'y' byte 0 at unified buffer 4 "
            "before load has been read");
  EXPECT_EQ(
      violation_of(add(60), 60),
      "vector[0] row_loop of layer 'layer': to overwrites 'y' byte 0 at unified buffer 60 before "
      "load has been read");
  EXPECT_EQ(violation_of(softmax(kTableAddress), kTableAddress),
            "vector[0] row_loop of layer 'layer': to overwrites 'y' byte 0 at unified buffer 128 "
            "before table has been read");
}

TEST(VerifyOperation, PoolingIsSafeElsewhereOnly) {
  EXPECT_EQ(violation_of(pool(kYAddress), kYAddress, 4), "safe");
  EXPECT_EQ(
      violation_of(pool(kXAddress), kXAddress, 4),
      "vector[0] row_loop of layer 'layer': to overwrites 'y' byte 0 at unified buffer 0 before "
      "window has been read");
}

TEST(VerifyOperation, TablesMustLieWhereTheyAreLookedUp) {
  Rescale with_table = rescale(kXAddress, kYAddress);
  with_table.lookup = operand(kTable, kTableAddress + 256, 256);
  EXPECT_EQ(violation_of(with_table, kYAddress), "safe");
  with_table.lookup = operand(kTable, kTableAddress + 256, 0);
  EXPECT_EQ(
      violation_of(with_table, kYAddress),
      "vector[0] row_loop of layer 'layer': table reads 'table' byte 0 at unified buffer 384, "
      "which holds 'table' byte 256 from dma_in[0] transfer of layer 'layer'");
  Softmax softmax_of_x = softmax(kYAddress);
  softmax_of_x.table = operand(kTable, kTableAddress + 4, 4);
  EXPECT_EQ(
      violation_of(softmax_of_x, kYAddress),
      "vector[0] row_loop of layer 'layer': table is bytes 4..1027 of 'table', which has 1024");
}

/// What the first instruction makes goes to DRAM and comes back for the second.
TEST(VerifyOperation, ASpilledTensorComesBackFromDram) {
  OneOperation one(rescale(kXAddress, kYAddress));
  ASSERT_EQ(one.violation(), "safe");
  OpenProgram program = one.program;
  const TensorId spilled = kSpilled;
  program.tensors.push_back({"s", TensorRole::Intermediate, DataType::Int8, 16, 4, 1024});
  std::get<RowLoop>(program.stream(EngineKind::Vector)[0].operation).out.tensor = spilled;
  program.semaphores.push_back({EngineKind::Vector, EngineKind::DmaOut, SemaphoreKind::Data});
  program.semaphores.push_back({EngineKind::DmaOut, EngineKind::DmaIn, SemaphoreKind::Data});
  program.semaphores.push_back({EngineKind::DmaIn, EngineKind::Vector, SemaphoreKind::Data});
  auto& vector = program.stream(EngineKind::Vector);
  vector[0].signals = {{3, 1}};
  program.stream(EngineKind::DmaOut)
      .push_back({0, {{3, 1}}, {{4, 1}}, OneOperation::copy(false, spilled, 1024, kYAddress, 64)});
  program.stream(EngineKind::DmaIn)
      .push_back({0, {{4, 1}}, {{5, 1}}, OneOperation::copy(true, spilled, 1024, kXAddress, 64)});
  Rescale back = rescale(kXAddress, kYAddress);
  back.in.tensor = spilled;
  vector.push_back({0, {{5, 1}}, {{2, 1}}, back});
  EXPECT_EQ(verify(one.chip, program.closed()), std::nullopt);

  program.stream(EngineKind::DmaIn)[1].waits.clear();
  program.stream(EngineKind::DmaOut)[0].signals.clear();
  EXPECT_EQ(verify(one.chip, program.closed()),
            "dma_in[1] transfer of layer 'layer': far reads 's' byte 0 at DRAM 1024, which was "
            "never written");
}

}  // namespace
}  // namespace systole
