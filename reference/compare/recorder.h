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
/// simulator's observer, which this room may not see. Memory: a tensor's bytes, 4 bytes per element
/// of its accumulators, and one bit for each of both, from the first write on.
class Recorder {
 public:
  explicit Recorder(const Program& program);

  /// Bytes of `tensor`: `offset`, `cols` and `pitch` count bytes of the packed tensor. Throws
  /// InternalError, naming the tensor, when the block leaves it or it holds no results.
  void record_result(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                     std::int64_t pitch, std::span<const std::int8_t> values);
  /// The values (accumulator + bias; int32, or patterns of fp32) that became those results; here
  /// `offset`, `cols` and `pitch` count elements.
  void record_accumulators(TensorId tensor, std::int64_t offset, std::int64_t rows,
                           std::int64_t cols, std::int64_t pitch,
                           std::span<const std::int32_t> values);

  /// The bytes of a tensor that was written whole; empty of others.
  [[nodiscard]] std::optional<std::vector<std::int8_t>> results(TensorId tensor) const;

  /// Hands a recording over and forgets it; empty when nothing was written.
  [[nodiscard]] std::optional<RecordedTensor<std::int8_t>> take_results(TensorId tensor);
  [[nodiscard]] std::optional<RecordedTensor<std::int32_t>> take_accumulators(TensorId tensor);

 private:
  struct Recorded {
    std::string name;
    std::int64_t bytes = 0;  ///< 0: holds no results
    std::int64_t elements = 0;
    std::optional<RecordedTensor<std::int8_t>> results;
    std::optional<RecordedTensor<std::int32_t>> accumulators;
  };
  [[nodiscard]] std::size_t index_of(TensorId tensor) const;

  std::vector<Recorded> tensors_;  ///< by TensorId
};

}  // namespace systole
