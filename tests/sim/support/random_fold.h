#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "arch/isa/instruction.h"

namespace systole::testing {

/// The same numbers on every machine for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::int64_t in(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::int64_t chances) { return in(1, chances) == 1; }
  std::vector<std::int8_t> bytes(std::int64_t count);

 private:
  std::mt19937_64 engine_;
};

/// A convolution window over one or two images with some channels to spare, and a fold over a slice
/// of its reduction and some of its outputs.
[[nodiscard]] Fold random_fold(Random& random, DataType activations, DataType weights);

/// Bytes of the buffer that such a fold may read.
[[nodiscard]] std::int64_t buffer_bytes(const Fold& fold);

/// Element `index` of packed elements, by the definition of the type alone: exact in double.
[[nodiscard]] double element(const std::vector<std::int8_t>& bytes, std::int64_t byte,
                             std::int64_t index, DataType type);

/// Output position p, reduction index k, by the definition of a Window alone.
[[nodiscard]] double activation(const Fold& fold, const std::vector<std::int8_t>& buffer,
                                std::int64_t p, std::int64_t k);

}  // namespace systole::testing
