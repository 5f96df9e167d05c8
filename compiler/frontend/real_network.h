#pragma once

#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// The same network with tensors of a floating type: no quantisations, no weight scales.
[[nodiscard]] Graph with_reals(Graph quantized, DataType type);

/// The real numbers that parameters and an input of an int8 network stand for: scale * (q -
/// zero_point) in double precision, rounded to binary32.
[[nodiscard]] RealParameters dequantized(const LayerParameters& parameters, const Graph& quantized,
                                         const Node& node);
[[nodiscard]] std::vector<float> dequantized(const std::vector<std::int8_t>& values,
                                             const Quantization& quantization);

/// Each the nearest number of the type, ties to even.
void round_to(DataType type, std::vector<float>& numbers);

}  // namespace systole
