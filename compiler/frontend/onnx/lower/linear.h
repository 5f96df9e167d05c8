#pragma once

#include <cstdint>

#include "compiler/frontend/onnx/lower/lowering.h"

namespace systole {

/// Two or three axes, of which the last is that of the order.
[[nodiscard]] GraphTensorId feature_rows(Lowering& in, const Held& from, const Axes& order);

/// The last axis times a matrix of the file, its numbers by row and column: a dense layer without
/// biases.
[[nodiscard]] GraphTensorId dense_of(Lowering& in, const Held& from, std::int64_t columns,
                                     ParameterNumbers numbers);

/// The same along any axis, which is the last of the result's memory.
[[nodiscard]] Held linear(Lowering& in, const Held& from, std::size_t axis, std::int64_t columns,
                          ParameterNumbers numbers);

}  // namespace systole
