#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole::reference {

struct Pooling {
  PoolTensor attributes;
  Shape input;
  Shape output;
  Quantization input_quantization;
  Quantization output_quantization;
  DataType type = DataType::Bf16;  ///< that real results are rounded to
};

/// Max: the largest value inside the image; input and output share their quantisation. Average: the
/// sum of the counted values minus the zero point, scaled and divided by their count with a single
/// rounding. A window without a single pixel of the image is an internal error, as the graph must
/// not contain one. Plain code.
[[nodiscard]] std::vector<std::int8_t> pool(const Pooling& pooling,
                                            std::span<const std::int8_t> values);

/// The same of bf16, as docs/numerics.md says; the quantisations are not used.
[[nodiscard]] std::vector<float> pool(const Pooling& pooling, std::span<const float> values);

}  // namespace systole::reference
