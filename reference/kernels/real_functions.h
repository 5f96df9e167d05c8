#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole::reference {

/// Operators of networks of a floating type as docs/numerics.md states them: binary32 in a fixed
/// order, rounded to the type at the end. Plain code, which uses no function of the mathematics
/// library that machines may differ in.

/// e^x.
[[nodiscard]] float real_exponential(float x);

/// The activation of x, not yet rounded.
[[nodiscard]] float real_activation(ActivationKind kind, float x);

/// Activations of `values`, rounded.
[[nodiscard]] std::vector<float> activate(std::span<const float> values, ActivationKind kind,
                                          DataType type = DataType::Bf16);

/// Activation: none, relu or relu6.
[[nodiscard]] std::vector<float> add(std::span<const float> a, std::span<const float> b,
                                     ActivationKind kind, DataType type = DataType::Bf16);

/// Over the `channels` values of each pixel.
[[nodiscard]] std::vector<float> softmax(std::span<const float> values, std::int64_t channels,
                                         DataType type = DataType::Bf16);

}  // namespace systole::reference
