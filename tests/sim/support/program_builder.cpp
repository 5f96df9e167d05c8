#include "tests/sim/support/program_builder.h"

#include <fmt/format.h>

namespace systole::testing {

ProgramBuilder::ProgramBuilder(EngineSet engines) {
  program_.streams = PerEngine<Stream>(engines);
  program_.network = "by hand";
  memories(4096, 4096);
  in_layer(0);
}

ProgramBuilder& ProgramBuilder::memories(std::int64_t dram_bytes, std::int64_t host_bytes) {
  program_.dram_bytes = dram_bytes;
  program_.host_bytes = host_bytes;
  return *this;
}

ProgramBuilder& ProgramBuilder::in_layer(std::int32_t layer) {
  layer_ = layer;
  for (auto next = program_.layers.size(); next <= static_cast<std::size_t>(layer); ++next) {
    program_.layers.push_back({.name = fmt::format("layer{}", next), .kind = "test"});
  }
  return *this;
}

TensorId ProgramBuilder::tensor(std::int64_t pixels, std::int64_t channels, DataType type) {
  program_.tensors.push_back({.name = fmt::format("tensor{}", program_.tensors.size()),
                              .type = type,
                              .pixels = pixels,
                              .channels = channels});
  return static_cast<TensorId>(program_.tensors.size() - 1);
}

std::int32_t ProgramBuilder::semaphore(EngineId from, EngineId to, SemaphoreKind kind) {
  program_.semaphores.push_back({.from = from, .to = to, .kind = kind});
  return static_cast<std::int32_t>(program_.semaphores.size() - 1);
}

ProgramBuilder& ProgramBuilder::add(EngineId engine, const Operation& operation,
                                    const Links& links) {
  Instruction instruction;
  instruction.layer = layer_;
  instruction.operation = operation;
  for (const std::int32_t semaphore : links.waits) {
    instruction.waits.push_back({.semaphore = semaphore, .count = 1});
  }
  for (const std::int32_t semaphore : links.signals) {
    instruction.signals.push_back({.semaphore = semaphore, .count = 1});
  }
  program_.stream(engine).push_back(instruction);
  return *this;
}

Transfer transfer_of(bool to_buffer, std::int64_t far, std::int64_t buffer, std::int64_t bytes) {
  Transfer transfer;
  transfer.to_buffer = to_buffer;
  transfer.far.address = far;
  transfer.far_pitch = bytes;
  transfer.buffer.address = buffer;
  transfer.buffer_pitch = bytes;
  transfer.row_bytes = bytes;
  return transfer;
}

LoadTile load_of(std::int64_t rows, std::int64_t cols, std::int64_t dram_address) {
  LoadTile load;
  load.source.address = dram_address;
  load.rows = rows;
  load.cols = cols;
  return load;
}

Fold fold_of(std::int64_t count, std::int64_t rows, std::int64_t cols, bool next_tile,
             std::int64_t address) {
  Fold fold;
  fold.next_tile = next_tile;
  fold.rows = rows;
  fold.cols = cols;
  fold.count = count;
  Window& window = fold.window.edit();
  window.source.address = address;
  window.channels = rows;
  window.pixel_pitch = rows;
  window.in_cols = count;
  window.out_cols = count;
  window.row_pitch = count * rows;
  window.image_pitch = count * rows;
  return fold;
}

Requantize requantize_of(std::int64_t rows, std::int64_t cols, std::int64_t out, std::int64_t bias,
                         std::int64_t accumulator) {
  Requantize requantize;
  requantize.accumulator = accumulator;
  requantize.rows = rows;
  requantize.cols = cols;
  requantize.bias = Operand{.address = bias};
  requantize.scale = {.multiplier = 1, .shift = 0};
  requantize.to.out.address = out;
  requantize.to.pitch = cols;
  return requantize;
}

Rescale rescale_of(std::int64_t rows, std::int64_t cols, std::int64_t in, std::int64_t out) {
  Rescale rescale;
  rescale.in.address = in;
  rescale.in_pitch = cols;
  rescale.rows = rows;
  rescale.cols = cols;
  rescale.scale = {.multiplier = 1, .shift = 0};
  rescale.to.out.address = out;
  rescale.to.pitch = cols;
  return rescale;
}

}  // namespace systole::testing
