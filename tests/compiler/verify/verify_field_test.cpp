#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/isa/recipes.h"
#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using testing::OpenProgram;
using testing::small_chip;
using testing::two_layer_program;

using Change = std::function<void(OpenProgram&)>;

std::string violation_after(const Change& change) {
  OpenProgram program = two_layer_program();
  change(program);
  return verify(small_chip(), program.closed()).value_or("safe");
}

template <class Operation>
Change with(EngineKind engine, std::size_t index, void (*change)(Operation&)) {
  return [=](OpenProgram& program) {
    change(std::get<Operation>(program.stream(engine)[index].operation));
  };
}

/// The message for `operation` in place of the last vector instruction.
std::string violation_of(Operation operation) {
  return violation_after(
      [&](OpenProgram& program) { program.stream(EngineKind::Vector)[1].operation = operation; });
}

Destination to_y(std::int64_t pitch) {
  return {.out = {.address = 0, .tensor = testing::kY, .offset = 0}, .pitch = pitch};
}

constexpr Operand kA{.address = 64, .tensor = testing::kA, .offset = 0};

TEST(VerifyFields, Tables) {
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.batch = 0; }),
            "program: batch is 0, expected 1..2147483647");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.dram_bytes = 1025; }),
            "program: dram_bytes is 1025, expected 0..1024");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.host_bytes = -1; }),
            "program: host_bytes is -1, expected 0..281474976710656");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tensors[0].pixels = 0; }),
            "tensor 'x': pixels is 0, expected 1..35184372088832");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tensors[0].channels = 0; }),
            "tensor 'x': channels is 0, expected 1..2147483647");
  EXPECT_EQ(violation_after([](OpenProgram& p) {
              p.tensors[0].pixels = p.tensors[0].channels = (std::int64_t{1} << 31) - 1;
            }),
            "tensor 'x': pixels is 2147483647, expected 1..32768");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tensors[0].home = -1; }),
            "tensor 'x': home is -1, expected 0..281474976710656");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tensors[testing::kA].io = IoMemory::Device; }),
            "tensor 'a': io is device, expected host for what is no input and no output");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[1].layer = 2; }),
            "tile 1: layer is 2, but the program has 2 of them");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[1].rows = 5; }),
            "tile 1: rows is 5, expected 1..4");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[1].cols = 5; }),
            "tile 1: cols is 5, expected 1..4");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[1].k_first = -4; }),
            "tile 1: k_first is -4, expected 0..2147483647");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[1].n_first = -1; }),
            "tile 1: n_first is -1, expected 0..2147483647");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[1].dram_address = -1; }),
            "tile 1: dram_address is -1, expected 0..281474976710656");
}

TEST(VerifyFields, AFusedLayerIsBehindAnotherAndHasNoInstructions) {
  EXPECT_EQ(
      violation_after([](OpenProgram& p) { p.layers[0].fused = true; }),
      "layer '" + two_layer_program().layers[0].name + "': is fused, but no layer is before it");
  EXPECT_THAT(violation_after([](OpenProgram& p) { p.layers[1].fused = true; }),
              ::testing::HasSubstr(": layer is 1, which is fused and has no instructions"));
}

TEST(VerifyFields, PlacesBeforeTheRun) {
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.dram_bytes = 143; }),
            "tile 5: lies at DRAM 132..143, which has 143 bytes");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tensors[testing::kX].home = 4; }),
            "'x': lies at host memory 4..35, which has 35 bytes");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tensors[testing::kBias2].home = 12; }),
            "'bias2': overlaps 'bias1' at DRAM 12");
  EXPECT_EQ(violation_after([](OpenProgram& p) {
              p.tiles[1].dram_address = 79;
              std::get<LoadTile>(p.stream(EngineKind::Weights)[1].operation).source.address = 79;
            }),
            "tile 1: overlaps tile 0 at DRAM 79");
  // At one address, but not the same part of weights that layers share.
  EXPECT_EQ(violation_after([](OpenProgram& p) {
              const std::int64_t first = p.tiles[0].dram_address;
              p.tiles[1].dram_address = first;
              std::get<LoadTile>(p.stream(EngineKind::Weights)[1].operation).source.address = first;
            }),
            "tile 1: overlaps tile 0 at DRAM 64");
}

TEST(VerifyFields, TilesOfALayer) {
  EXPECT_EQ(violation_after([](OpenProgram& p) {
              p.tiles[5].k_first = 13;
              std::get<Fold>(p.stream(EngineKind::Matrix)[6].operation).k_first = 13;
              std::get<Fold>(p.stream(EngineKind::Matrix)[6].operation).window.edit().channels = 17;
            }),
            "tile 5: starts at reduction 13 of channels 0..2 of layer 'fc', expected its tiles to "
            "continue at reduction 12");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.tiles[5].n_first = 2; }),
            "tile 5: starts at reduction 12 of channels 2..4 of layer 'fc', expected new tiles to "
            "continue at reduction 0");
  EXPECT_EQ(violation_after(with<Fold>(EngineKind::Matrix, 3,
                                       [](Fold& fold) { fold.window.edit().channels = 15; })),
            "matrix[3] fold of layer 'fc': the window has 15 reduction elements, the tiles of the "
            "layer have 16");
}

TEST(VerifyFields, EnginesAndLayers) {
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.stream(EngineKind::Host)[0].layer = 2; }),
            "host[0] transfer of layer 2: layer is 2, but the program has 2 of them");
  EXPECT_EQ(violation_after([](OpenProgram& p) { p.stream(EngineKind::Host)[0].layer = -1; }),
            "host[0] transfer of layer -1: layer is -1, but the program has 2 of them");
  for (const auto& [engine, name] : kEnumNames<EngineKind>) {
    const EngineKind here = engine;
    EXPECT_EQ(violation_after([here](OpenProgram& p) {
                Operation wrong = Softmax{};
                if (here == EngineKind::Vector) {
                  wrong = Fold{};
                }
                auto& stream = p.stream(here);
                stream.insert(stream.begin(), {0, {}, {}, wrong});
              }),
              std::string(name) + "[0] " + (here == EngineKind::Vector ? "fold" : "row_loop") +
                  " of layer 'conv1': the engine does not execute this operation");
  }
}

TEST(VerifyFields, Semaphores) {
  EXPECT_EQ(violation_after(
                [](OpenProgram& p) { p.stream(EngineKind::Host)[0].signals[0].semaphore = 5; }),
            "host[0] transfer of layer 'conv1': semaphore is 5, but the program has 5 of them");
  EXPECT_EQ(
      violation_after([](OpenProgram& p) { p.stream(EngineKind::Host)[0].signals[0].count = 0; }),
      "host[0] transfer of layer 'conv1': signal count is 0, expected 1..2147483647");
  EXPECT_EQ(violation_after(
                [](OpenProgram& p) { p.stream(EngineKind::Host)[0].signals[0].semaphore = 1; }),
            "host[0] transfer of layer 'conv1': signal of semaphore 1 belongs to dma_in");
  EXPECT_EQ(
      violation_after([](OpenProgram& p) { p.stream(EngineKind::Host)[2].waits[0].semaphore = 0; }),
      "host[2] transfer of layer 'fc': wait of semaphore 0 belongs to matrix");
}

TEST(VerifyFields, Transfers) {
  const auto host = [](void (*change)(Transfer&)) {
    return violation_after(with<Transfer>(EngineKind::Host, 0, change));
  };
  const std::string where = "host[0] transfer of layer 'conv1': ";
  EXPECT_EQ(host([](Transfer& t) { t.rows = 0; }), where + "rows is 0, expected 1..2147483647");
  EXPECT_EQ(host([](Transfer& t) { t.row_bytes = 0; }),
            where + "row_bytes is 0, expected 1..2147483647");
  EXPECT_EQ(host([](Transfer& t) {
              t.rows = 2;
              t.far_pitch = 15;
            }),
            where + "far_pitch is 15, expected 16..2147483647");
  EXPECT_EQ(host([](Transfer& t) {
              t.rows = 2;
              t.far_pitch = 16;
            }),
            where + "buffer_pitch is 0, expected 16..2147483647");
  EXPECT_EQ(host([](Transfer& t) { t.far.tensor = kNoTensor; }),
            where + "far tensor is -1, but the program has 5 of them");
  EXPECT_EQ(host([](Transfer& t) { t.buffer.address = -1; }),
            where + "buffer is -1, expected 0..281474976710656");
  EXPECT_EQ(host([](Transfer& t) { t.far.offset = -1; }),
            where + "offset is -1, expected 0..281474976710656");
  EXPECT_EQ(host([](Transfer& t) { t.buffer.offset = 1; }),
            where + "far is byte 0 of 'x', but buffer is byte 1 of 'x'");
  EXPECT_EQ(host([](Transfer& t) { t.far.address = 1; }),
            where + "far has byte 0 of 'x' at host memory 1, but its home is 0");
  EXPECT_EQ(host([](Transfer& t) { t.row_bytes = 33; }),
            where + "far is bytes 0..32 of 'x', which has 32");
  EXPECT_EQ(violation_after(
                with<Transfer>(EngineKind::DmaIn, 0, [](Transfer& t) { t.to_buffer = false; })),
            "dma_in[0] transfer of layer 'conv1': to_buffer is false");
}

TEST(VerifyFields, ATransferGivesEachRowItsOwnPlace) {
  EXPECT_EQ(violation_after([](OpenProgram& p) {  // rows of 8 bytes of x, 8 and 16 bytes apart
              auto& load = std::get<Transfer>(p.stream(EngineKind::Host)[0].operation);
              load.rows = 2;
              load.row_bytes = load.far_pitch = 8;
              load.buffer_pitch = 16;
            }),
            "matrix[2] fold of layer 'conv1': window reads 'x' byte 8 at unified buffer 8, which "
            "was never written");
}

TEST(VerifyFields, TilesOfInstructions) {
  const auto load = [](void (*change)(LoadTile&)) {
    return violation_after(with<LoadTile>(EngineKind::Weights, 0, change));
  };
  const std::string where = "weights[0] load_tile of layer 'conv1': ";
  EXPECT_EQ(load([](LoadTile& l) { l.tile = 6; }),
            where + "tile is 6, but the program has 6 of them");
  EXPECT_EQ(load([](LoadTile& l) { l.tile = 2; }), where + "tile 2 belongs to layer 'fc'");
  EXPECT_EQ(load([](LoadTile& l) { l.rows = 3; }), where + "rows is 3, expected 4");
  EXPECT_EQ(load([](LoadTile& l) { l.cols = 3; }), where + "cols is 3, expected 4");
  EXPECT_EQ(load([](LoadTile& l) { l.source.address = 65; }),
            where + "source address is 65, expected 64");
  EXPECT_EQ(load([](LoadTile& l) { l.padding = 1; }), where + "padding is 1, expected 0");
  EXPECT_EQ(violation_after(with<Fold>(EngineKind::Matrix, 0,
                                       [](Fold& fold) { fold.weight_type = DataType::Int16; })),
            "matrix[0] fold of layer 'conv1': takes int16 weights, but weights[0] load_tile of "
            "layer 'conv1' loads int8");
}

TEST(VerifyFields, ConversionsOfTiles) {
  const auto violation = [](const TileConversion& conversion, bool chip_converts = true) {
    ChipSpec chip = small_chip();
    if (chip_converts) {
      chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Int8)] = CoreCycles(1);
    }
    OpenProgram program = two_layer_program();
    auto& load = std::get<LoadTile>(program.stream(EngineKind::Weights)[0].operation);
    load.conversion = conversion;
    return verify(chip, program.closed()).value_or("safe");
  };
  const std::string where = "weights[0] load_tile of layer 'conv1': ";
  EXPECT_EQ(violation({.scale = 1}, false), where + "the way into the array converts no int8");
  EXPECT_EQ(violation({.to = DataType::Fp32, .scale = 1}),
            where + "elements are converted to fp32, expected bf16 or fp16");
  EXPECT_EQ(violation({.scale = -1}), where + "conversion scale is -1, expected a positive number");
  EXPECT_EQ(violation({.scale = 0, .first_rows = 1}),
            where + "conversion scale is 0, expected a positive number");
  EXPECT_EQ(violation({.scale = 2, .group_rows = 4, .first_rows = 4}),
            where + "conversion scale is 2, expected 1");
  EXPECT_EQ(violation({.scale = 1, .group_rows = -1, .first_rows = 1}),
            where + "conversion group_rows is -1, expected 1..2147483647");
  EXPECT_EQ(violation({.scale = 1, .group_rows = 2, .first_rows = 3}),
            where + "conversion first_rows is 3, expected 1..2");
  EXPECT_EQ(violation({.scale = 1, .first_rows = 1}),
            where + "conversion first_rows is 1, expected 0");
  EXPECT_EQ(violation({.scale = 1}),
            "matrix[0] fold of layer 'conv1': takes int8 weights, but weights[0] load_tile of "
            "layer 'conv1' loads bf16");
}

TEST(VerifyFields, Folds) {
  const auto fold = [](void (*change)(Fold&)) {
    return violation_after(with<Fold>(EngineKind::Matrix, 0, change));
  };
  const std::string where = "matrix[0] fold of layer 'conv1': ";
  EXPECT_EQ(fold([](Fold& f) { f.rows = 3; }), where + "rows is 3, expected 4");
  EXPECT_EQ(fold([](Fold& f) { f.cols = 3; }), where + "cols is 3, expected 4");
  EXPECT_EQ(fold([](Fold& f) { f.k_first = 1; }), where + "k_first is 1, expected 0");
  EXPECT_EQ(fold([](Fold& f) { f.count = 0; }), where + "count is 0, expected 1..2147483647");
  EXPECT_EQ(fold([](Fold& f) { f.first = -1; }), where + "first is -1, expected 0..2147483647");
  EXPECT_EQ(fold([](Fold& f) { f.accumulator = 16; }), where + "accumulator is 16, expected 0..15");
  EXPECT_EQ(fold([](Fold& f) { f.count = 17; }),
            where + "accumulator entries is 17, expected 1..16");
  EXPECT_EQ(fold([](Fold& f) { f.window.edit().kernel_rows = f.window.edit().kernel_cols = 1; }),
            where + "k_first + rows is 4, expected 1..2");
}

TEST(VerifyFields, Windows) {
  const auto window = [](void (*change)(Window&)) {
    return violation_after([=](OpenProgram& program) {
      change(std::get<Fold>(program.stream(EngineKind::Matrix)[0].operation).window.edit());
    });
  };
  const std::string where = "matrix[0] fold of layer 'conv1': ";
  const std::string count = ", expected 1..2147483647";
  const std::string step = ", expected 1..65536";
  EXPECT_EQ(window([](Window& w) { w.in_rows = 0; }), where + "in_rows is 0" + count);
  EXPECT_EQ(window([](Window& w) { w.in_cols = 0; }), where + "in_cols is 0" + count);
  EXPECT_EQ(window([](Window& w) { w.first_in_row = 4; }),
            where + "first_in_row is 4, expected 0..3");
  EXPECT_EQ(window([](Window& w) { w.channels = 0; }), where + "channels is 0" + count);
  EXPECT_EQ(window([](Window& w) { w.out_rows = 0; }), where + "out_rows is 0" + count);
  EXPECT_EQ(window([](Window& w) { w.out_cols = 0; }), where + "out_cols is 0" + count);
  EXPECT_EQ(window([](Window& w) { w.first_out_row = -1; }),
            where + "first_out_row is -1, expected 0..2147483647");
  EXPECT_EQ(window([](Window& w) { w.kernel_rows = 0; }), where + "kernel_rows is 0" + step);
  EXPECT_EQ(window([](Window& w) { w.kernel_cols = 0; }), where + "kernel_cols is 0" + step);
  EXPECT_EQ(window([](Window& w) { w.stride_rows = 0; }), where + "stride_rows is 0" + step);
  EXPECT_EQ(window([](Window& w) { w.stride_cols = 0; }), where + "stride_cols is 0" + step);
  EXPECT_EQ(window([](Window& w) { w.dilation_rows = 0; }), where + "dilation_rows is 0" + step);
  EXPECT_EQ(window([](Window& w) { w.dilation_cols = 0; }), where + "dilation_cols is 0" + step);
  EXPECT_EQ(window([](Window& w) { w.pad_top = -1; }), where + "pad_top is -1, expected 0..65536");
  EXPECT_EQ(window([](Window& w) { w.pad_left = -1; }),
            where + "pad_left is -1, expected 0..65536");
  EXPECT_EQ(window([](Window& w) { w.pad_value = 128; }),
            where + "pad_value is 128, expected -128..127");
  EXPECT_EQ(window([](Window& w) { w.image_pitch = -1; }),
            where + "image_pitch is -1, expected 0..2147483647");
  EXPECT_EQ(window([](Window& w) { w.row_pitch = -1; }),
            where + "row_pitch is -1, expected 0..2147483647");
  EXPECT_EQ(window([](Window& w) { w.pixel_pitch = 1; }),
            where + "pixel_pitch is 1, expected 2..2147483647");
  EXPECT_EQ(window([](Window& w) {
              w.image_pitch = 1025;
              w.out_rows = w.out_cols = 1;
            }),
            where + "last image x image_pitch is 1025, expected 0..1024");
  EXPECT_EQ(window([](Window& w) {
              w.in_cols = std::int64_t{1} << 30;
              w.pixel_pitch = std::int64_t{1} << 30;
            }),
            where + "in_cols x pixel_pitch is 1152921504606846976, expected 0..281474976710656");
  EXPECT_EQ(window([](Window& w) {
              w.in_rows = std::int64_t{1} << 30;
              w.row_pitch = std::int64_t{1} << 30;
            }),
            where + "in_rows x row_pitch is 1152921504606846976, expected 0..281474976710656");
}

TEST(VerifyFields, Requantizations) {
  const auto requantize = [](void (*change)(Requantize&)) {
    Requantize fc{.rows = 1, .cols = 3, .to = to_y(3)};
    fc.bias = Operand{.address = 48, .tensor = testing::kBias2, .offset = 0};
    fc.scale = {.multiplier = 1, .shift = 0};
    change(fc);
    return violation_of(fc);
  };
  const std::string where = "vector[1] row_loop of layer 'fc': ";
  EXPECT_EQ(requantize([](Requantize& r) { r.rows = 0; }),
            where + "rows is 0, expected 1..2147483647");
  EXPECT_EQ(requantize([](Requantize& r) { r.rows = 17; }),
            where + "accumulator entries is 17, expected 1..16");
  EXPECT_EQ(requantize([](Requantize& r) { r.cols = 5; }), where + "cols is 5, expected 1..4");
  EXPECT_EQ(requantize([](Requantize& r) { r.bias->tensor = kNoTensor; }),
            where + "bias tensor is -1, but the program has 5 of them");
  EXPECT_EQ(requantize([](Requantize& r) { r.scale.multiplier = -1; }),
            where + "scale multiplier is -1, expected 0..2147483647");
  EXPECT_EQ(requantize([](Requantize& r) { r.scale.shift = 63; }),
            where + "scale shift is 63, expected 0..62");
  EXPECT_EQ(requantize([](Requantize& r) { r.factors.tensor = 5; }),
            where + "factors tensor is 5, but the program has 5 of them");
  EXPECT_EQ(
      requantize([](Requantize& r) { r.factors = {.address = 64, .tensor = 1, .offset = 0}; }),
      where + "factors is bytes 0..23 of 'a', which has 16");
  EXPECT_EQ(requantize([](Requantize& r) { r.lookup.tensor = 5; }),
            where + "table tensor is 5, but the program has 5 of them");
  EXPECT_EQ(requantize([](Requantize& r) { r.lookup = {.address = 64, .tensor = 1, .offset = 0}; }),
            where + "table is bytes 0..255 of 'a', which has 16");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.low = -129; }),
            where + "low is -129, expected -128..127");
  EXPECT_EQ(requantize([](Requantize& r) {
              r.to.low = 5;
              r.to.high = 4;
            }),
            where + "high is 4, expected 5..127");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.high = 0.5F; }),
            where + "high is 0.5, expected -128..127");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.low = std::numeric_limits<float>::infinity(); }),
            where + "low is inf, expected -128..127");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.low = std::nanf(""); }),
            where + "low is nan, expected -128..127");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.function = RealFunction::Tanh; }),
            where + "function is tanh, but the type is int8");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.type = DataType::Bf16; }),
            where + "type is bf16, but the numbers are integers");
  EXPECT_EQ(requantize([](Requantize& r) { r.to.type = DataType::Int32; }),
            where + "type is int32, expected int8 or a floating type");
  EXPECT_EQ(requantize([](Requantize& r) {
              r.rows = 2;
              r.to.pitch = 2;
            }),
            where + "to pitch is 2, expected 3..2147483647");
}

TEST(VerifyFields, Conversions) {
  const auto violation = [](void (*change)(Convert&)) {
    Convert convert{.rows = 1, .cols = 3};
    convert.bias = Operand{.address = 48, .tensor = testing::kBias2, .offset = 0};
    convert.to = {.out = {.address = 0, .tensor = testing::kY, .offset = 0},
                  .type = DataType::Bf16};
    change(convert);
    return violation_after([&](OpenProgram& program) {
      program.tensors[testing::kY].type = DataType::Bf16;
      program.stream(EngineKind::Vector)[1].operation = convert;
    });
  };
  const std::string where = "vector[1] row_loop of layer 'fc': ";
  EXPECT_EQ(violation([](Convert& c) { c.rows = 17; }),
            where + "accumulator entries is 17, expected 1..16");
  EXPECT_EQ(violation([](Convert& c) { c.cols = 5; }), where + "cols is 5, expected 1..4");
  // Without a bias there is nothing to say of it.
  EXPECT_EQ(
      violation([](Convert& c) { c.bias.reset(); }),
      "vector[1] row_loop of layer 'fc': takes accumulator 0 for fp32 sums, but matrix[6] fold "
      "of layer 'fc' has written int32 sums");
  EXPECT_EQ(violation([](Convert& c) { c.bias->tensor = 5; }),
            where + "bias tensor is 5, but the program has 5 of them");
  EXPECT_EQ(violation([](Convert& c) { c.to.type = DataType::Int8; }),
            where + "to is of type int8, but 'y' holds bf16");
  EXPECT_EQ(violation([](Convert& c) { c.to.low = 1, c.to.high = 0.5F; }),
            where + "low is 1, expected a number up to high, 0.5");
  EXPECT_EQ(violation([](Convert& c) { c.to.low = std::nanf(""); }),
            where + "low is nan, expected a number up to high, inf");
  EXPECT_EQ(violation([](Convert& c) { c.rows = 2, c.to.pitch = 5; }),
            where + "to pitch is 5, expected 6..2147483647");
  EXPECT_EQ(violation([](Convert& c) { c.to.out.address = 1019; }),
            where + "end of to is 1025, expected 0..1024");
  EXPECT_EQ(violation([](Convert& c) { c.to.type = DataType::Fp16; }),
            where + "to is of type fp16, but 'y' holds bf16");
  EXPECT_EQ(violation([](Convert& c) { c.to.zero_point = 1; }),
            where + "zero_point is given, but the type is bf16");
  EXPECT_EQ(violation([](Convert& /*convert*/) {}),
            where +
                "takes accumulator 0 for fp32 sums, but matrix[6] fold of layer 'fc' has "
                "written int32 sums");
}

TEST(VerifyFields, ElementWise) {
  Rescale rescale;
  rescale.in = kA;
  rescale.rows = 0;
  rescale.cols = 3;
  rescale.to = to_y(3);
  EXPECT_EQ(violation_of(rescale),
            "vector[1] row_loop of layer 'fc': rows is 0, expected 1..2147483647");
  Add add;
  add.a = add.b = kA;
  add.rows = 2;
  add.cols = 3;
  add.a_pitch = 3;
  add.b_pitch = 2;
  add.to = to_y(3);
  EXPECT_EQ(violation_of(add),
            "vector[1] row_loop of layer 'fc': load pitch is 2, expected 3..2147483647");
  add.b_pitch = 3;
  add.shift = 63;
  EXPECT_EQ(violation_of(add),
            "vector[1] row_loop of layer 'fc': scale shift is 63, expected 0..62");
}

TEST(VerifyFields, PoolAndSoftmax) {
  Pool pool;
  pool.window.source = kA;
  pool.window.channels = 4;
  pool.count = 0;
  pool.to = to_y(4);
  EXPECT_EQ(violation_of(pool),
            "vector[1] row_loop of layer 'fc': rows is 0, expected 1..2147483647");
  Softmax softmax;
  softmax.in = kA;
  softmax.rows = 1;
  softmax.cols = 3;
  softmax.to = to_y(3);
  EXPECT_EQ(violation_of(softmax),
            "vector[1] row_loop of layer 'fc': table tensor is -1, but the program has 5 of them");
}

}  // namespace
}  // namespace systole
