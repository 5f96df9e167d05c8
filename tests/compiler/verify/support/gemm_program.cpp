#include "tests/compiler/verify/support/gemm_program.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "arch/dataflow.h"
#include "arch/isa/mac_kind.h"
#include "arch/isa/recipes.h"
#include "arch/units/units.h"

namespace systole::testing {

namespace {

constexpr TensorId kX = 0;
constexpr TensorId kBias = 1;
constexpr TensorId kY = 2;

enum Link : std::int32_t { kInputs, kBiases, kSums, kRead, kResults };

struct Block {
  std::int64_t first = 0;
  std::int64_t size = 0;
};

std::vector<Block> blocks_of(std::int64_t extent, std::int64_t largest) {
  std::vector<Block> blocks;
  for (std::int64_t first = 0; first < extent; first += largest) {
    blocks.push_back({.first = first, .size = std::min(largest, extent - first)});
  }
  return blocks;
}

class Writer {
 public:
  Writer(const ChipSpec& chip, const Gemm& gemm)
      : chip_(chip),
        gemm_(gemm),
        x_row_(bytes_of(gemm.inputs, gemm.k)),
        y_row_(bytes_of(gemm.outputs, gemm.n)),
        bias_address_(ceil_div(gemm.m * x_row_, 16) * 16),
        y_address_(bias_address_ + ceil_div(gemm.n * 4, 16) * 16) {}

  Program write() {
    write_tables();
    add(EngineKind::Host, copy(true, kX, 0, 0, gemm_.m * x_row_), {}, {{kInputs, 1}});
    add(EngineKind::DmaIn, copy(true, kBias, 0, bias_address_, gemm_.n * 4), {}, {{kBiases, 1}});
    const std::int64_t most = largest_count(chip_.matrix);
    const std::vector<Block> positions = blocks_of(gemm_.m, most == 0 ? gemm_.m : most);
    std::int64_t results = 0;
    for (const Block& n : blocks_of(gemm_.n, chip_.matrix.cols)) {
      for (const Block& m : positions) {
        write_block(n, m, results++);
      }
    }
    add(EngineKind::Host, copy(false, kY, gemm_.m * x_row_, y_address_, gemm_.m * y_row_),
        {{kResults, results}}, {});
    return std::move(program_);
  }

 private:
  void add(EngineKind engine, Operation operation, std::vector<SemaphoreUse> waits,
           std::vector<SemaphoreUse> signals) {
    program_.stream(engine).push_back({.layer = 0,
                                       .waits = std::move(waits),
                                       .signals = std::move(signals),
                                       .operation = std::move(operation)});
  }

  static Transfer copy(bool to_buffer, TensorId tensor, std::int64_t far, std::int64_t buffer,
                       std::int64_t bytes) {
    return {.to_buffer = to_buffer,
            .far = {.address = far, .tensor = tensor, .offset = 0},
            .buffer = {.address = buffer, .tensor = tensor, .offset = 0},
            .row_bytes = bytes};
  }

  void write_tables() {
    const bool floats = is_float(gemm_.outputs);
    program_.network = "gemm";
    program_.chip = chip_.name;
    program_.layers = {{.name = "gemm", .kind = "dense", .macs = gemm_.m * gemm_.k * gemm_.n}};
    const DataType sums = floats ? DataType::Fp32 : DataType::Int32;
    program_.tensors = {
        {"x", TensorRole::Input, gemm_.inputs, gemm_.m, gemm_.k, 0},
        {"bias", TensorRole::Constant, sums, 1, gemm_.n, 0},
        {"y", TensorRole::Output, gemm_.outputs, gemm_.m, gemm_.n, gemm_.m * x_row_}};
    program_.semaphores = {{EngineKind::Host, EngineKind::Matrix, SemaphoreKind::Data},
                           {EngineKind::DmaIn, EngineKind::Vector, SemaphoreKind::Data},
                           {EngineKind::Matrix, EngineKind::Vector, SemaphoreKind::Data},
                           {EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Space},
                           {EngineKind::Vector, EngineKind::Host, SemaphoreKind::Data}};
    program_.dram_bytes = gemm_.n * 4;
    for (const Block& n : blocks_of(gemm_.n, chip_.matrix.cols)) {
      for (const Block& k : blocks_of(gemm_.k, chip_.matrix.rows)) {
        program_.tiles.push_back({.layer = 0,
                                  .k_first = k.first,
                                  .rows = k.size,
                                  .n_first = n.first,
                                  .cols = n.size,
                                  .dram_address = program_.dram_bytes});
        program_.dram_bytes += bytes_of(gemm_.weights, k.size * n.size);
      }
    }
    program_.host_bytes = gemm_.m * (x_row_ + y_row_);
  }

  /// The whole reduction of one block of outputs. Blocks of one n share accumulators with the next.
  void write_block(const Block& n, const Block& m, std::int64_t index) {
    const bool holds = rule_of(chip_.matrix.dataflow).unloads_outputs;
    const std::vector<Block> slices = blocks_of(gemm_.k, chip_.matrix.rows);
    for (std::size_t slice = 0; slice < slices.size(); ++slice) {
      const auto tile = static_cast<std::int32_t>(
          static_cast<std::size_t>(n.first / chip_.matrix.cols) * slices.size() + slice);
      const WeightTile& described = program_.tiles[static_cast<std::size_t>(tile)];
      add(EngineKind::Weights,
          LoadTile{.tile = tile,
                   .source = {.address = described.dram_address},
                   .rows = described.rows,
                   .cols = described.cols,
                   .type = gemm_.weights},
          {}, {});
      Fold fold = fold_of(m, slices[slice], n);
      const bool last = slice + 1 == slices.size();
      fold.tile = tile;
      fold.accumulate = !holds && slice > 0;
      fold.drain = !holds || last;
      std::vector<SemaphoreUse> waits;
      if (slice == 0) {
        waits.push_back(index == 0 ? SemaphoreUse{kInputs, 1} : SemaphoreUse{kRead, 1});
      }
      add(EngineKind::Matrix, fold, std::move(waits),
          last ? std::vector<SemaphoreUse>{{kSums, 1}} : std::vector<SemaphoreUse>{});
    }
    std::vector<SemaphoreUse> waits{{kSums, 1}};
    if (index == 0) {
      waits.push_back({kBiases, 1});
    }
    std::vector<SemaphoreUse> signals{{kResults, 1}};
    if (m.first + m.size < gemm_.m || n.first + n.size < gemm_.n) {
      signals.push_back({kRead, 1});
    }
    add(EngineKind::Vector, result_of(m, n), std::move(waits), std::move(signals));
  }

  [[nodiscard]] Fold fold_of(const Block& m, const Block& k, const Block& n) const {
    Fold fold;
    fold.rows = k.size;
    fold.cols = n.size;
    fold.activation_type = gemm_.inputs;
    fold.weight_type = gemm_.weights;
    fold.k_first = k.first;
    fold.first = m.first;
    fold.count = m.size;
    fold.accumulator = m.first;
    Window& window = fold.window.edit();
    window.source = {.address = 0, .tensor = kX, .offset = 0};
    window.channels = gemm_.k;
    window.in_cols = window.out_cols = gemm_.m;
    window.pixel_pitch = x_row_;
    window.row_pitch = window.image_pitch = gemm_.m * x_row_;
    return fold;
  }

  [[nodiscard]] Operation result_of(const Block& m, const Block& n) const {
    const Operand bias{
        .address = bias_address_ + n.first * 4, .tensor = kBias, .offset = n.first * 4};
    const std::int64_t offset = m.first * y_row_ + bytes_of(gemm_.outputs, n.first);
    const Operand out{.address = y_address_ + offset, .tensor = kY, .offset = offset};
    if (is_float(gemm_.outputs)) {
      return Convert{.accumulator = m.first,
                     .rows = m.size,
                     .cols = n.size,
                     .bias = bias,
                     .to = {.out = out,
                            .pitch = y_row_,
                            .type = gemm_.outputs,
                            .low = gemm_.low,
                            .high = gemm_.high}};
    }
    return Requantize{.accumulator = m.first,
                      .rows = m.size,
                      .cols = n.size,
                      .bias = bias,
                      .scale = {.multiplier = 1, .shift = 0},
                      .lookup = {},
                      .to = {.out = out, .pitch = y_row_}};
  }

  const ChipSpec& chip_;
  Gemm gemm_;
  std::int64_t x_row_;
  std::int64_t y_row_;
  std::int64_t bias_address_;
  std::int64_t y_address_;
  Program program_;
};

}  // namespace

Program gemm_program(const ChipSpec& chip, const Gemm& gemm) {
  return Writer(chip, gemm).write();
}

}  // namespace systole::testing
