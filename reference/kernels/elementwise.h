#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole::reference {

/// Operators that treat every element alike. Plain code; the arithmetic is that of
/// docs/numerics.md.

/// A weighted layer's int32 accumulators become int8. Their units: one for all, or one for each
/// output channel, which are the last axis.
[[nodiscard]] std::vector<std::int8_t> requantize(std::span<const std::int32_t> accumulators,
                                                  const WeightScales& units,
                                                  const FusedActivation& activation,
                                                  const Quantization& output);

/// The same real numbers in another quantisation, clamped by ReLU or ReLU6, or looked up.
[[nodiscard]] std::vector<std::int8_t> activate(std::span<const std::int8_t> values,
                                                const Quantization& input, ActivationKind kind,
                                                const Quantization& output);

/// One rounding for the sum. Activation: none, relu or relu6.
[[nodiscard]] std::vector<std::int8_t> add(std::span<const std::int8_t> a,
                                           const Quantization& a_quantization,
                                           std::span<const std::int8_t> b,
                                           const Quantization& b_quantization, ActivationKind kind,
                                           const Quantization& output);

/// Writes `values` (pixels x channels) into channels first_channel .. of every pixel of `output`,
/// which has output_channels of them, in its quantisation.
void concatenate(std::span<const std::int8_t> values, std::int64_t channels,
                 const Quantization& input, std::vector<std::int8_t>& output,
                 std::int64_t output_channels, std::int64_t first_channel,
                 const Quantization& output_quantization);

}  // namespace systole::reference
