#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/isa/program.h"
#include "reference/compare/recording.h"

namespace systole {

/// Collects what a data-carrying run computes, for check_run(). The calls have the shape of the
/// simulator's observer, which this room may not see: `offset` and `pitch` count elements of the
/// packed tensor. Memory: a tensor's bytes (and its accumulators', four times that), plus one bit
/// per element, from the first write on.
class Recorder {
 public:
  explicit Recorder(const Program& program);

  /// int8 results of `tensor`. Throws InternalError, naming the tensor, when the block leaves it or
  /// it holds no results.
  void record_result(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                     std::int64_t pitch, std::span<const std::int8_t> values);
  /// The int32 values (accumulator + bias) that became those results.
  void record_accumulators(TensorId tensor, std::int64_t offset, std::int64_t rows,
                           std::int64_t cols, std::int64_t pitch,
                           std::span<const std::int32_t> values);

  /// Hands a recording over and forgets it; empty when nothing was written.
  [[nodiscard]] std::optional<Recording<std::int8_t>> take_results(TensorId tensor);
  [[nodiscard]] std::optional<Recording<std::int32_t>> take_accumulators(TensorId tensor);

 private:
  struct Recorded {
    std::string name;
    std::int64_t elements = 0;  ///< 0: holds no results
    std::optional<Recording<std::int8_t>> results;
    std::optional<Recording<std::int32_t>> accumulators;
  };
  [[nodiscard]] Recorded& recorded(TensorId tensor);

  std::vector<Recorded> tensors_;  ///< by TensorId
};

}  // namespace systole
