#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

std::vector<Transfer> transfers_of(const Program& program, EngineKind engine, bool to_buffer) {
  std::vector<Transfer> transfers;
  for (const StreamInstruction instruction : program.stream(engine)) {
    const auto& transfer = instruction.get<Transfer>();
    if (transfer.to_buffer == to_buffer) {
      transfers.push_back(transfer);
    }
  }
  return transfers;
}

std::vector<std::int64_t> row_bytes_of(const std::vector<Transfer>& transfers) {
  std::vector<std::int64_t> bytes;
  for (const Transfer& transfer : transfers) {
    bytes.push_back(transfer.row_bytes);
  }
  return bytes;
}

Program program_of(const std::string& text, IoMemory io = IoMemory::Host) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/asic_inference.yaml");
  chip.io = io;
  return compile(chip, parse_network("network: n\n" + text, "n.yaml").graph);
}

/// 80,000 bytes in pieces of 32,768, so that work begins before the last is there.
constexpr const char* kImage =
    "inputs: [{name: x, rows: 50, cols: 100, channels: 16}]\nlayers: [{name: l, op: relu}]\n";

TEST(EmitTransfers, AnImageComesInPieces) {
  const Program program = program_of(kImage);
  const auto in = transfers_of(program, EngineKind::Host, true);
  EXPECT_THAT(row_bytes_of(in), ElementsAre(32'768, 32'768, 14'464));
  EXPECT_EQ(in[1].buffer.offset, 32'768);
  EXPECT_EQ(in[1].far.offset, 32'768);
  EXPECT_EQ(in[1].far.address, in[0].far.address + 32'768);
  EXPECT_EQ(in[1].buffer.address, in[0].buffer.address + 32'768);
  EXPECT_THAT(row_bytes_of(transfers_of(program, EngineKind::Host, false)),
              ElementsAre(32'768, 32'768, 14'464));
}

TEST(EmitTransfers, InDeviceMemoryTheDmaEnginesMoveIt) {
  const Program program = program_of(kImage, IoMemory::Device);
  EXPECT_EQ(program.stream(EngineKind::Host).size(), 0U);
  EXPECT_THAT(row_bytes_of(transfers_of(program, EngineKind::DmaIn, true)),
              ElementsAre(32'768, 32'768, 14'464));
  EXPECT_THAT(row_bytes_of(transfers_of(program, EngineKind::DmaOut, false)),
              ElementsAre(32'768, 32'768, 14'464));
}

/// Of 4 vectors of 20,000 features slices of 32,768 / 4, as the array takes the reduction.
TEST(EmitTransfers, FeaturesComeSliceBySliceForAllImages) {
  const Program program =
      program_of("batch: 4\ninputs: [{name: x, features: 20000}]\nlayers: [{name: l, op: relu}]\n");
  const auto in = transfers_of(program, EngineKind::Host, true);
  EXPECT_THAT(row_bytes_of(in), ElementsAre(8'192, 8'192, 3'616));
  EXPECT_EQ(in[0].rows, 4);
  EXPECT_EQ(in[0].far_pitch, 20'000);
  EXPECT_EQ(in[0].buffer_pitch, 20'000);
  EXPECT_EQ(in[1].buffer.offset, 8'192);
}

/// 8 biases of 4 bytes; a table of int8 comes with those of the layer that looks it up, also where
/// that one is fused behind another.
TEST(EmitTransfers, ConstantsComeWithTheLayerThatNeedsThem) {
  const Program program = program_of(
      "inputs: [{name: x, rows: 4, cols: 4, channels: 8}]\nlayers:\n"
      "- {name: c, op: conv2d, channels: 8, kernel: 1}\n- {name: t, op: tanh}\n");
  ASSERT_TRUE(program.layers[1].fused);
  EXPECT_THAT(row_bytes_of(transfers_of(program, EngineKind::DmaIn, true)), ElementsAre(32, 256));
  for (const StreamInstruction instruction : program.stream(EngineKind::DmaIn)) {
    EXPECT_EQ(instruction.layer(), 0);
  }
}

}  // namespace
}  // namespace systole
