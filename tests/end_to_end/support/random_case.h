#pragma once

#include <cstdint>
#include <memory>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// A small network and a small chip drawn from a seed: every dataflow, with and without overlap,
/// odd sizes, one-off-the-boundary tiles, buffers too small for the network, few ports, short
/// FIFOs, cores slow and fast against the DRAM. Every operator occurs.
struct RandomCase {
  ChipSpec chip;
  Graph graph;
  std::shared_ptr<const NetworkData> data;
};
[[nodiscard]] RandomCase random_case(std::uint64_t seed);

/// Products of two tensors: attention with heads and groups of queries, plain ones of 2 to 4 axes,
/// transposed or not, of inputs, of what layers compute, of a tensor with itself; on chips that
/// take tiles from the unified buffer and chips that take them from DRAM alone, with one matrix
/// unit or several, on one core or several.
[[nodiscard]] RandomCase random_product_case(std::uint64_t seed, DataType type);

/// Convolutions, and behind each an addition, a product or a function that may be done on its sums'
/// way out of the accumulators. int8 or bf16.
[[nodiscard]] RandomCase random_residual_case(std::uint64_t seed, DataType type);

/// random_case(), or random_product_case(), in fp16 or one of the types of fp8.
[[nodiscard]] RandomCase random_typed_case(std::uint64_t seed);

/// random_real_case() with weights that are stored in any type, with scales of any groups, on a
/// chip that converts them as fast as it happens to.
[[nodiscard]] RandomCase random_stored_case(std::uint64_t seed);

/// random_case() with bf16 tensors, on the same chip with a pace for them and twice the buffer.
[[nodiscard]] RandomCase random_real_case(std::uint64_t seed);

}  // namespace systole
