#pragma once

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/measured/device_network.h"
#include "reference/measured_run.h"

namespace systole {

/// Elements of each layer that are compared in floating types; int8 compares every one.
inline constexpr std::int64_t kComparedElements = 1024;

/// Runs the network layer by layer, in int8 each on the reference's tensors, in floating types on
/// what the device computed in the layers before, and compares what comes out:
///  - int8, all elements, with the reference kernels (docs/numerics.md): equal bit for bit where
///    the device requantises exactly. Where it does so in binary32, weighted layers must lie within
///    half a step + 2^-12 of the exact real result (binary32 rounds three times, and of at most 383
///    steps that makes 383 * 3 * 2^-24), other layers within one step. A layer that looks up its
///    activation rounds in front of it too: one step and what half a step of that makes.
///  - floating types, kComparedElements of each layer, spread evenly: with real_value() of the
///    operands as the type holds them, within its slack and one rounding to the type; softmax
///    may hold exp(x) in the type and is allowed two.
/// Every layer's elements are also checked to have been written by this very layer.
[[nodiscard]] MeasuredNumerics compare_numbers(const Graph& graph, const NetworkData& data,
                                               DataType type, DeviceNetwork& network);

}  // namespace systole
