#include <functional>

#include <gtest/gtest.h>

#include "arch/isa/recipes.h"
#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/gemm_program.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using testing::Gemm;
using testing::gemm_program;
using testing::OpenProgram;

ChipSpec chip_of(Dataflow dataflow) {
  ChipSpec chip = testing::small_chip(dataflow);
  chip.matrix.pace_of_kind.fill(CoreCycles(1));
  return chip;
}

Gemm gemm_of(DataType inputs, DataType weights) {
  Gemm gemm{.m = 5, .k = 10, .n = 6, .inputs = inputs, .weights = weights};
  gemm.outputs = is_float(inputs) ? DataType::Fp16 : DataType::Int8;
  return gemm;
}

struct Case {
  DataType inputs;
  DataType weights;
};

class VerifyTypes : public ::testing::TestWithParam<Case> {};

TEST_P(VerifyTypes, ProductsOfEveryKindAreSafeInEveryDataflow) {
  const Gemm gemm = gemm_of(GetParam().inputs, GetParam().weights);
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    const ChipSpec chip = chip_of(dataflow);
    EXPECT_EQ(verify(chip, gemm_program(chip, gemm)).value_or("safe"), "safe") << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, VerifyTypes,
    ::testing::Values(Case{DataType::Int8, DataType::Int8}, Case{DataType::Int8, DataType::Int16},
                      Case{DataType::Int16, DataType::Int8}, Case{DataType::Int16, DataType::Int16},
                      Case{DataType::Int4, DataType::Int4},
                      Case{DataType::Fp8E4M3, DataType::Fp8E5M2},
                      Case{DataType::Fp16, DataType::Fp16}, Case{DataType::Bf16, DataType::Bf16}));

/// The message for a bf16 product with one thing wrong.
std::string violation_after(const std::function<void(OpenProgram&)>& change,
                            const Gemm& gemm = gemm_of(DataType::Bf16, DataType::Bf16)) {
  const ChipSpec chip = chip_of(Dataflow::WeightStationary);
  OpenProgram program = gemm_program(chip, gemm);
  change(program);
  return verify(chip, program.closed()).value_or("safe");
}

Fold& fold_at(OpenProgram& program, std::size_t index) {
  return std::get<Fold>(program.stream(EngineKind::Matrix)[index].operation);
}

TEST(VerifyTypes, SumsAreReadAsWhatTheyAre) {
  EXPECT_EQ(violation_after([](OpenProgram& program) {
              const auto& convert =
                  std::get<RowLoop>(program.stream(EngineKind::Vector)[0].operation);
              Requantize requantize{.rows = convert.rows, .cols = convert.cols};
              requantize.bias = convert.operands[0];
              requantize.to = {.out = convert.out};
              program.tensors.push_back({"z", TensorRole::Intermediate, DataType::Int8, 5, 6, 0});
              requantize.to.out.tensor = 3;
              requantize.to.pitch = 6;
              program.stream(EngineKind::Vector)[0].operation = requantize;
            }),
            "vector[0] row_loop of layer 'gemm': takes accumulator 0 for int32 sums, but "
            "matrix[2] fold of layer 'gemm' has written fp32 sums");
}

TEST(VerifyTypes, SumsOfOneEntryAreOfOneType) {
  EXPECT_EQ(violation_after([](OpenProgram& program) {
              // The second slice multiplies integers: another input, and the tile read as int16.
              program.tensors.push_back({"z", TensorRole::Input, DataType::Int16, 5, 10, 160});
              program.host_bytes = 260;
              program.stream(EngineKind::Host)
                  .insert(program.stream(EngineKind::Host).begin() + 1,
                          {.signals = {{0, 1}},
                           .operation = Transfer{.far = {.address = 160, .tensor = 3},
                                                 .buffer = {.address = 512, .tensor = 3},
                                                 .row_bytes = 100}});
              program.stream(EngineKind::Matrix)[1].waits = {{0, 1}};
              Fold& fold = fold_at(program, 1);
              fold.activation_type = fold.weight_type = DataType::Int16;
              fold.window.edit().source = {.address = 512, .tensor = 3};
              std::get<LoadTile>(program.stream(EngineKind::Weights)[1].operation).type =
                  DataType::Int16;
            }),
            "matrix[1] fold of layer 'gemm': adds int32 sums to accumulator 0, which holds fp32 "
            "sums, of matrix[0] fold of layer 'gemm'");
}

TEST(VerifyTypes, ActivationsAreOfTheirTensorsType) {
  EXPECT_EQ(violation_after([](OpenProgram& program) {
              Fold& fold = fold_at(program, 0);
              fold.activation_type = fold.weight_type = DataType::Fp16;
            }),
            "matrix[0] fold of layer 'gemm': window source is of type fp16, but 'x' holds bf16");
}

TEST(VerifyTypes, WeightsAreOfTheirLoadsType) {
  EXPECT_EQ(violation_after([](OpenProgram& program) {
              std::get<LoadTile>(program.stream(EngineKind::Weights)[0].operation).type =
                  DataType::Fp16;
            }),
            "matrix[0] fold of layer 'gemm': takes bf16 weights, but weights[0] load_tile of "
            "layer 'gemm' loads fp16");
}

TEST(VerifyTypes, PaddingIsANumberOfTheType) {
  EXPECT_EQ(violation_after(
                [](OpenProgram& program) { fold_at(program, 0).window.edit().pad_value = 1; }),
            "matrix[0] fold of layer 'gemm': pad_value is 1, expected 0");
  const Gemm int4 = gemm_of(DataType::Int4, DataType::Int4);
  const auto padded = [&](std::int32_t value) {
    return violation_after(
        [&](OpenProgram& program) { fold_at(program, 0).window.edit().pad_value = value; }, int4);
  };
  EXPECT_EQ(padded(-8), "safe");
  EXPECT_EQ(padded(7), "safe");
  EXPECT_EQ(padded(8), "matrix[0] fold of layer 'gemm': pad_value is 8, expected -8..7");
}

TEST(VerifyTypes, ChannelsOfInt4ComeInPairs) {
  Gemm int4 = gemm_of(DataType::Int4, DataType::Int4);
  int4.k = 3;
  EXPECT_EQ(violation_after([](OpenProgram& /*program*/) {}, int4),
            "matrix[0] fold of layer 'gemm': channels is 3, expected an even number: two int4 "
            "share a byte");
}

TEST(VerifyTypes, PixelsAreAsFarApartAsTheirBytes) {
  EXPECT_EQ(violation_after(
                [](OpenProgram& program) { fold_at(program, 0).window.edit().pixel_pitch = 19; }),
            "matrix[0] fold of layer 'gemm': pixel_pitch is 19, expected 20..2147483647");
}

TEST(VerifyTypes, WhatAConversionReadsAndWritesIsWatched) {
  EXPECT_EQ(violation_after([](OpenProgram& program) {
              program.stream(EngineKind::Vector)[0].waits.pop_back();
              program.stream(EngineKind::DmaIn)[0].signals.clear();
            }),
            "vector[0] row_loop of layer 'gemm': bias reads 'bias' byte 0 at unified buffer 112, "
            "not ordered after dma_in[0] transfer of layer 'gemm', which writes it");
  EXPECT_EQ(violation_after([](OpenProgram& program) {
              std::get<RowLoop>(program.stream(EngineKind::Vector)[1].operation).out.address += 2;
            }),
            "host[1] transfer of layer 'gemm': buffer reads 'y' byte 10 at unified buffer 154, "
            "which holds 'y' byte 8 from vector[1] row_loop of layer 'gemm'");
}

}  // namespace
}  // namespace systole
