#pragma once

#include <cstdint>
#include <random>
#include <set>

#include "arch/isa/instruction.h"

namespace systole {

/// Addresses of the unified buffer, one by one.
struct TouchedBytes {
  std::set<std::int64_t> read;
  std::set<std::int64_t> written;
};

/// What an operation reads and writes, element by element from the formulas of
/// arch/isa/instruction.h: slow, and written apart from arch/isa/buffer_bytes.
/// Knows folds of int4, int8 and bf16, and conversions to bf16 and fp32.
[[nodiscard]] TouchedBytes touched_bytes(const Operation& operation);

/// An operation of any kind with small odd sizes, somewhere in the first 512 bytes of the buffer;
/// windows with strides, dilations, padding, several images and slices of the reduction.
[[nodiscard]] Operation random_operation(std::mt19937_64& random);

}  // namespace systole
