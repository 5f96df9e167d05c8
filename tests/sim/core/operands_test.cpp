#include "sim/core/operands.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

std::string complaint(EngineKind engine, const Operation& operation) {
  ProgramBuilder builder;
  builder.memories(1000, 500);
  try {
    check_operation(engine, operation);
    check_operands(small_chip(), builder.program(), engine, operation);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

TEST(Operands, EachEngineExecutesItsOwnKinds) {
  EXPECT_EQ(complaint(EngineKind::Host, transfer_of(true, 0, 0, 1)), "");
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer_of(true, 0, 0, 1)), "");
  EXPECT_EQ(complaint(EngineKind::DmaOut, transfer_of(false, 0, 0, 1)), "");
  EXPECT_EQ(complaint(EngineKind::Weights, load_of(1, 1)), "");
  EXPECT_EQ(complaint(EngineKind::Matrix, fold_of(1, 1, 1)), "");
  EXPECT_EQ(complaint(EngineKind::Vector, rescale_of(1, 1, 0, 0)), "");
  EXPECT_EQ(complaint(EngineKind::Matrix, load_of(1, 1)), "matrix cannot execute operation kind 1");
  EXPECT_EQ(complaint(EngineKind::Vector, fold_of(1, 1, 1)),
            "vector cannot execute operation kind 2");
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer_of(false, 0, 0, 1)),
            "transfer in the wrong direction");
}

TEST(Operands, LastByteOfEachMemoryIsIn) {
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer_of(true, 990, 4086, 10)), "");
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer_of(true, 991, 0, 10)),
            "DRAM bytes 991..1001 are outside 0..1000");
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer_of(true, 0, 4087, 10)),
            "unified buffer bytes 4087..4097 are outside 0..4096");
  EXPECT_EQ(complaint(EngineKind::Host, transfer_of(true, 491, 0, 10)),
            "host memory bytes 491..501 are outside 0..500");
  EXPECT_EQ(complaint(EngineKind::Host, transfer_of(true, 0, -1, 10)),
            "unified buffer bytes -1..9 are outside 0..4096");
  EXPECT_EQ(complaint(EngineKind::Weights, load_of(8, 4, 969)),
            "DRAM bytes 969..1001 are outside 0..1000");
}

TEST(Operands, AllRowsCount) {
  Transfer transfer = transfer_of(true, 0, 0, 10);
  transfer.rows = 3;
  transfer.far_pitch = 495;
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer), "");
  transfer.far_pitch = 496;
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer), "DRAM bytes 0..1002 are outside 0..1000");
  transfer.rows = 0;
  EXPECT_EQ(complaint(EngineKind::DmaIn, transfer), "0 rows of 10 bytes");
}

TEST(Operands, TilesAndSumsFitTheArray) {
  EXPECT_EQ(complaint(EngineKind::Matrix, fold_of(64, 8, 4)), "");
  EXPECT_EQ(complaint(EngineKind::Matrix, fold_of(1, 9, 4)), "tile of 9 x 4 on an array of 8 x 4");
  EXPECT_EQ(complaint(EngineKind::Weights, load_of(8, 5)), "tile of 8 x 5 on an array of 8 x 4");
  EXPECT_EQ(complaint(EngineKind::Matrix, fold_of(65, 8, 4)),
            "accumulators 0..65 are outside 0..64");
  EXPECT_EQ(complaint(EngineKind::Matrix, fold_of(0, 8, 4)), "0 rows");
  EXPECT_EQ(complaint(EngineKind::Vector, requantize_of(1, 5, 0)), "5 columns of 4");
  EXPECT_EQ(complaint(EngineKind::Vector, requantize_of(2, 4, 0, 0, 63)),
            "accumulators 63..65 are outside 0..64");
}

TEST(Operands, VectorOperandsAreInTheBuffer) {
  EXPECT_EQ(complaint(EngineKind::Vector, requantize_of(1, 4, 0, 4081)),
            "unified buffer bytes 4081..4097 are outside 0..4096");
  Rescale rescale = rescale_of(1, 4, 0, 4093);
  EXPECT_EQ(complaint(EngineKind::Vector, rescale),
            "unified buffer bytes 4093..4097 are outside 0..4096");
  rescale = rescale_of(1, 4, 0, 0);
  rescale.lookup = {.address = 3841, .tensor = 0};
  EXPECT_EQ(complaint(EngineKind::Vector, rescale),
            "unified buffer bytes 3841..4097 are outside 0..4096");
  rescale = rescale_of(1, 4, 0, 0);
  rescale.to.out.tensor = 0;
  EXPECT_EQ(complaint(EngineKind::Vector, rescale), "tensor 0 of 0");
  Softmax softmax;
  softmax.rows = 1;
  softmax.cols = 1;
  softmax.table.address = 3073;
  EXPECT_EQ(complaint(EngineKind::Vector, softmax),
            "unified buffer bytes 3073..4097 are outside 0..4096");
  Add add;
  add.rows = 1;
  add.cols = 4;
  add.b.address = 4093;
  EXPECT_EQ(complaint(EngineKind::Vector, add),
            "unified buffer bytes 4093..4097 are outside 0..4096");
  Pool pool;
  pool.count = 1;
  pool.to.out.address = 4096;
  EXPECT_EQ(complaint(EngineKind::Vector, pool),
            "unified buffer bytes 4096..4097 are outside 0..4096");
}

TEST(Operands, ConvertReachesAsFarAsItsTypeIsWide) {
  Convert convert{.rows = 2, .cols = 3, .bias = Operand{.address = 4084}};
  convert.to = {.out = {.address = 4096 - 6 - 6}, .pitch = 6, .type = DataType::Bf16};
  EXPECT_EQ(complaint(EngineKind::Vector, convert), "");
  convert.bias->address = 4085;
  EXPECT_EQ(complaint(EngineKind::Vector, convert),
            "unified buffer bytes 4085..4097 are outside 0..4096");
  convert.bias->address = 0;
  convert.to.type = DataType::Fp32;
  EXPECT_EQ(complaint(EngineKind::Vector, convert),
            "unified buffer bytes 4084..4102 are outside 0..4096");
  convert.to.type = DataType::Int8;
  convert.to.out.address = 0;
  EXPECT_EQ(complaint(EngineKind::Vector, convert), "");
  convert.to.type = DataType::Bf16;
  convert.to.low = 1;
  convert.to.high = 0;
  EXPECT_EQ(complaint(EngineKind::Vector, convert), "clamp to 1..0");
  convert.to.high = 1;
  convert.accumulator = 63;
  EXPECT_EQ(complaint(EngineKind::Vector, convert), "accumulators 63..65 are outside 0..64");
  convert.accumulator = 62;
  convert.cols = 5;
  EXPECT_EQ(complaint(EngineKind::Vector, convert), "5 columns of 4");
  EXPECT_EQ(complaint(EngineKind::Matrix, convert), "matrix cannot execute operation kind 3");
}

TEST(Operands, RealsReachAsFarAsTheirTypeIsWide) {
  Rescale rescale = rescale_of(1, 4, 4089, 0);
  EXPECT_EQ(complaint(EngineKind::Vector, rescale), "");
  rescale.to.type = DataType::Bf16;
  EXPECT_EQ(complaint(EngineKind::Vector, rescale),
            "unified buffer bytes 4089..4097 are outside 0..4096");
  Add add{.rows = 1, .cols = 4, .to = {.type = DataType::Bf16}};
  add.b.address = 4089;
  EXPECT_EQ(complaint(EngineKind::Vector, add),
            "unified buffer bytes 4089..4097 are outside 0..4096");
  Pool pool{.count = 1, .to = {.out = {.address = 4095}, .type = DataType::Bf16}};
  EXPECT_EQ(complaint(EngineKind::Vector, pool),
            "unified buffer bytes 4095..4097 are outside 0..4096");
  Softmax softmax{.rows = 1, .cols = 1, .to = {.type = DataType::Bf16}};
  softmax.table.address = 4096;  // reals need none
  EXPECT_EQ(complaint(EngineKind::Vector, softmax), "");
  softmax.in.address = 4095;
  EXPECT_EQ(complaint(EngineKind::Vector, softmax),
            "unified buffer bytes 4095..4097 are outside 0..4096");
  softmax.in.address = 0;
  softmax.table.address = 0;
  softmax.to.type = DataType::Int32;
  EXPECT_EQ(complaint(EngineKind::Vector, softmax), "results of type int32");
  Requantize requantize = requantize_of(1, 1, 0);
  requantize.to.type = DataType::Bf16;
  EXPECT_EQ(complaint(EngineKind::Vector, requantize), "integers to bf16");
}

}  // namespace
}  // namespace systole::testing
