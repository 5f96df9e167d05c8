#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::Each;
using testing::ElementsAre;

/// On a chip whose buffer holds all of it.
Program program_of(const std::string& text, DataType type = DataType::Int8) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/asic_inference.yaml");
  return compile(chip, parse_network("network: n\n" + text, "n.yaml", {.type = type}).graph);
}

std::vector<RowLoop> loops_of(const Program& program) {
  std::vector<RowLoop> loops;
  for (const StreamInstruction instruction : program.stream(EngineKind::Vector)) {
    loops.push_back(instruction.get<RowLoop>());
  }
  return loops;
}

std::vector<std::int64_t> rows_of(const std::vector<RowLoop>& loops) {
  std::vector<std::int64_t> rows;
  for (const RowLoop& loop : loops) {
    rows.push_back(loop.rows);
  }
  return rows;
}

/// 600 pixels are two loops of 300, of no more than 512 each.
constexpr const char* kTwo =
    "inputs:\n- {name: x, rows: 20, cols: 30, channels: 4}\n"
    "- {name: y, rows: 20, cols: 30, channels: 4}\nlayers:\n";

TEST(EmitVector, PixelsGoInEvenPieces) {
  const auto loops =
      loops_of(program_of(std::string(kTwo) + "- {name: l, op: add, inputs: [x, y]}\n"));
  EXPECT_THAT(rows_of(loops), ElementsAre(300, 300));
  const RowLoop& first = loops[0];
  const RowLoop& second = loops[1];
  EXPECT_EQ(first.cols, 4);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(second.out.address - first.out.address, 300 * 4);
  EXPECT_EQ(second.out.offset, 300 * 4);
  for (const std::int32_t operand : {0, 1}) {
    EXPECT_EQ(second.operand(operand).address - first.operand(operand).address, 300 * 4);
    EXPECT_EQ(second.operand(operand).offset, 300 * 4);
  }
}

TEST(EmitVector, PixelsOfBf16AreTwoBytesAChannel) {
  const auto loops = loops_of(
      program_of(std::string(kTwo) + "- {name: l, op: add, inputs: [x, y]}\n", DataType::Bf16));
  ASSERT_EQ(loops.size(), 2U);
  EXPECT_EQ(loops[1].out.address - loops[0].out.address, 300 * 8);
  EXPECT_EQ(loops[0].body->to.pitch, 8);
}

/// Each piece of pixels once for every input, into its own channels.
TEST(EmitVector, AConcatPutsOneInputBehindTheOther) {
  const auto loops =
      loops_of(program_of(std::string(kTwo) + "- {name: l, op: concat, inputs: [x, y]}\n"));
  EXPECT_THAT(rows_of(loops), ElementsAre(300, 300, 300, 300));
  EXPECT_EQ(loops[0].cols, 4);
  EXPECT_EQ(loops[0].body->to.pitch, 8);
  EXPECT_EQ(loops[1].out.offset - loops[0].out.offset, 4);
  EXPECT_EQ(loops[2].out.offset - loops[0].out.offset, 300 * 8);
}

TEST(EmitVector, APoolWalksFromTheFirstPositionOfEachPiece) {
  const auto loops =
      loops_of(program_of("inputs: [{name: x, rows: 40, cols: 60, channels: 4}]\nlayers:\n"
                          "- {name: l, op: max_pool, kernel: 2, stride: 2}\n"));
  EXPECT_THAT(rows_of(loops), ElementsAre(300, 300));
  EXPECT_EQ(loops[0].first, 0);
  EXPECT_EQ(loops[1].first, 300);
  EXPECT_EQ(loops[0].operand(0), loops[1].operand(0));  // the window's source
}

/// An input of one pixel is the same for all of an image: loops end where images do.
TEST(EmitVector, RowsThatShareAPixelEndWithTheImage) {
  const auto loops = loops_of(
      program_of("batch: 2\ninputs: [{name: x, rows: 10, cols: 30, channels: 4}]\nlayers:\n"
                 "- {name: g, op: global_average_pool}\n- {name: l, op: mul, inputs: [x, g]}\n"));
  std::vector<RowLoop> products(loops.end() - 2, loops.end());
  EXPECT_THAT(rows_of(products), Each(300));
  EXPECT_EQ(products[1].operand(0).offset - products[0].operand(0).offset, 300 * 4);
  EXPECT_EQ(products[1].operand(1).offset - products[0].operand(1).offset, 4);
}

}  // namespace
}  // namespace systole
