#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/isa/program.h"
#include "arch/isa/recipes.h"

namespace systole::testing {

/// Writes programs by hand. Every instruction goes to layer 0 ("layer0") unless `in_layer` says
/// otherwise.
class ProgramBuilder {
 public:
  /// For a chip of one core with one matrix unit, or of more.
  explicit ProgramBuilder(EngineSet engines = {});

  /// Far memories are this large.
  ProgramBuilder& memories(std::int64_t dram_bytes, std::int64_t host_bytes);
  /// The instructions that follow belong to this layer, which is made if it does not exist.
  ProgramBuilder& in_layer(std::int32_t layer);
  TensorId tensor(std::int64_t pixels, std::int64_t channels, DataType type = DataType::Int8);
  /// A semaphore; use the number in `waits` and `signals`.
  std::int32_t semaphore(EngineId from, EngineId to, SemaphoreKind kind = SemaphoreKind::Data);

  struct Links {
    std::vector<std::int32_t> waits;
    std::vector<std::int32_t> signals;
  };
  ProgramBuilder& add(EngineId engine, const Operation& operation, const Links& links = {});

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] Program& program() { return program_; }

 private:
  Program program_;
  std::int32_t layer_ = 0;
};

/// Contiguous transfer of `bytes`.
[[nodiscard]] Transfer transfer_of(bool to_buffer, std::int64_t far, std::int64_t buffer,
                                   std::int64_t bytes);

/// A rows x cols int8 tile at `dram_address`.
[[nodiscard]] LoadTile load_of(std::int64_t rows, std::int64_t cols, std::int64_t dram_address = 0);

/// A fold over a plain matrix of int8: `count` rows of `rows` bytes from `address` on, packed.
[[nodiscard]] Fold fold_of(std::int64_t count, std::int64_t rows, std::int64_t cols,
                           bool next_tile = true, std::int64_t address = 0);

/// Accumulator rows from `accumulator` on to packed int8 rows at `out`; bias at `bias`.
[[nodiscard]] Requantize requantize_of(std::int64_t rows, std::int64_t cols, std::int64_t out,
                                       std::int64_t bias = 0, std::int64_t accumulator = 0);

/// Packed rows from `in` to `out`.
[[nodiscard]] Rescale rescale_of(std::int64_t rows, std::int64_t cols, std::int64_t in,
                                 std::int64_t out);

}  // namespace systole::testing
