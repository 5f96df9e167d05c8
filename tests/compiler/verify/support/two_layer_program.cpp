#include "tests/compiler/verify/support/two_layer_program.h"

#include "arch/isa/recipes.h"
#include "tests/arch/isa/open_program.h"

namespace systole::testing {

namespace {

constexpr std::int32_t kConv = 0;
constexpr std::int32_t kDense = 1;

Instruction instruction(std::int32_t layer, Operation operation, std::vector<SemaphoreUse> waits,
                        std::vector<SemaphoreUse> signals) {
  return {.layer = layer,
          .waits = std::move(waits),
          .signals = std::move(signals),
          .operation = std::move(operation)};
}

Transfer copy(bool to_buffer, TensorId tensor, std::int64_t offset, std::int64_t far,
              std::int64_t buffer, std::int64_t bytes) {
  return {.to_buffer = to_buffer,
          .far = {.address = far, .tensor = tensor, .offset = offset},
          .buffer = {.address = buffer, .tensor = tensor, .offset = offset},
          .row_bytes = bytes};
}

Fold convolve(std::int32_t tile, std::int64_t first, std::int64_t count) {
  return {.next_tile = true,
          .tile = tile,
          .rows = 4,
          .cols = 4,
          .accumulate = tile > 0,
          .window = Window{.source = {.address = 0, .tensor = kX, .offset = 0},
                           .image_pitch = 32,
                           .row_pitch = 8,
                           .pixel_pitch = 2,
                           .in_rows = 4,
                           .in_cols = 4,
                           .channels = 2,
                           .kernel_rows = 2,
                           .kernel_cols = 2,
                           .stride_rows = 2,
                           .stride_cols = 2,
                           .out_rows = 2,
                           .out_cols = 2},
          .k_first = 4 * tile,
          .first = first,
          .count = count,
          .accumulator = first};
}

Fold contract(std::int32_t tile) {
  const std::int64_t k_first = 4 * (tile - 2);
  return {.next_tile = true,
          .tile = tile,
          .rows = 4,
          .cols = 3,
          .accumulate = k_first > 0,
          .window = Window{.source = {.address = 64, .tensor = kA, .offset = 0},
                           .image_pitch = 16,
                           .row_pitch = 16,
                           .pixel_pitch = 16,
                           .channels = 16},
          .k_first = k_first,
          .first = 0,
          .count = 1,
          .accumulator = 0};
}

Requantize requantize(std::int64_t rows, std::int64_t cols, TensorId bias,
                      std::int64_t bias_address, TensorId out, std::int64_t address) {
  return {.accumulator = 0,
          .rows = rows,
          .cols = cols,
          .bias = Operand{.address = bias_address, .tensor = bias, .offset = 0},
          .scale = {.multiplier = std::int64_t{1} << 30, .shift = 37},
          .lookup = {},
          .to = {.out = {.address = address, .tensor = out, .offset = 0}, .pitch = cols}};
}

void add_tables(Program& program) {
  program.layers = {{.name = "conv1", .kind = "conv2d", .macs = 4 * 8 * 4},
                    {.name = "fc", .kind = "dense", .macs = 16 * 3}};
  program.tensors = {
      {"x", TensorRole::Input, DataType::Int8, 16, 2, 0},
      {"a", TensorRole::Intermediate, DataType::Int8, 4, 4, 0},
      {"y", TensorRole::Output, DataType::Int8, 1, 3, 32},
      {"bias1", TensorRole::Constant, DataType::Int32, 1, 4, 0},
      {"bias2", TensorRole::Constant, DataType::Int32, 1, 3, 16},
  };
  program.tiles = {{kConv, 0, 4, 0, 4, 64},   {kConv, 4, 4, 0, 4, 80},
                   {kDense, 0, 4, 0, 3, 96},  {kDense, 4, 4, 0, 3, 108},
                   {kDense, 8, 4, 0, 3, 120}, {kDense, 12, 4, 0, 3, 132}};
  program.semaphores = {{EngineKind::Host, EngineKind::Matrix, SemaphoreKind::Data},
                        {EngineKind::DmaIn, EngineKind::Vector, SemaphoreKind::Data},
                        {EngineKind::Matrix, EngineKind::Vector, SemaphoreKind::Data},
                        {EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Data},
                        {EngineKind::Vector, EngineKind::Host, SemaphoreKind::Data}};
}

}  // namespace

ChipSpec small_chip(Dataflow dataflow) {
  ChipSpec chip;
  chip.name = "small";
  chip.matrix.rows = 4;
  chip.matrix.cols = 4;
  chip.matrix.dataflow = dataflow;
  chip.matrix.pace_of_kind = {CoreCycles(1), CoreCycles(2), CoreCycles(4)};
  chip.accumulators.entries = 16;
  chip.weight_fifo.tiles = 2;
  chip.buffer.capacity = Bytes(1024);
  chip.dram.capacity = Bytes(1024);
  return chip;
}

Program two_layer_program() {
  Program program;
  program.network = "two layers";
  program.chip = "small";
  program.dram_bytes = 144;
  program.host_bytes = 35;
  add_tables(program);

  auto& host = program.stream(EngineKind::Host);
  host.push_back(instruction(kConv, copy(true, kX, 0, 0, 0, 16), {}, {{0, 1}}));
  host.push_back(instruction(kConv, copy(true, kX, 16, 16, 16, 16), {}, {{0, 1}}));
  host.push_back(instruction(kDense, copy(false, kY, 0, 32, 0, 3), {{4, 1}}, {}));

  auto& dma_in = program.stream(EngineKind::DmaIn);
  dma_in.push_back(instruction(kConv, copy(true, kBias1, 0, 0, 32, 16), {}, {{1, 1}}));
  dma_in.push_back(instruction(kDense, copy(true, kBias2, 0, 16, 48, 12), {}, {{1, 1}}));

  for (std::int32_t index = 0; index < 6; ++index) {
    const WeightTile& tile = program.tiles[static_cast<std::size_t>(index)];
    const LoadTile load{.tile = index,
                        .source = {.address = tile.dram_address},
                        .rows = tile.rows,
                        .cols = tile.cols};
    program.stream(EngineKind::Weights).push_back(instruction(tile.layer, load, {}, {}));
  }

  auto& matrix = program.stream(EngineKind::Matrix);
  Fold second_band = convolve(0, 2, 2);
  second_band.next_tile = false;
  matrix.push_back(instruction(kConv, convolve(0, 0, 2), {{0, 1}}, {}));
  matrix.push_back(instruction(kConv, second_band, {{0, 1}}, {}));
  matrix.push_back(instruction(kConv, convolve(1, 0, 4), {}, {{2, 1}}));
  matrix.push_back(instruction(kDense, contract(2), {{3, 1}}, {}));
  matrix.push_back(instruction(kDense, contract(3), {}, {}));
  matrix.push_back(instruction(kDense, contract(4), {}, {}));
  matrix.push_back(instruction(kDense, contract(5), {}, {{2, 1}}));

  auto& vector = program.stream(EngineKind::Vector);
  vector.push_back(
      instruction(kConv, requantize(4, 4, kBias1, 32, kA, 64), {{2, 1}, {1, 1}}, {{3, 1}}));
  vector.push_back(
      instruction(kDense, requantize(1, 3, kBias2, 48, kY, 0), {{2, 1}, {1, 1}}, {{4, 1}}));
  return program;
}

Program held_sums_program() {
  OpenProgram program = two_layer_program();
  auto& matrix = program.stream(EngineKind::Matrix);
  matrix.erase(matrix.begin() + 1);  // the second band of conv1's first reduction slice
  matrix[0].waits = {{0, 2}};
  std::get<Fold>(matrix[0].operation).count = 4;
  for (Instruction& instruction : matrix) {
    auto& fold = std::get<Fold>(instruction.operation);
    fold.accumulate = false;
    fold.drain = fold.tile == 1 || fold.tile == 5;
  }
  return program.closed();
}

}  // namespace systole::testing
