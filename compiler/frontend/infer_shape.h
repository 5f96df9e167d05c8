#pragma once

#include <string>
#include <vector>

#include "compiler/frontend/network_description.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Largest number of elements of a tensor, so that no product of sizes overflows.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
/// Most input values (kernel positions x channels, or pooled values) behind one output value: the
/// products of 65536 int8 pairs and their zero-point correction stay within int32.
inline constexpr std::int64_t kMaxReduction = 65536;

/// `56 x 56 x 64`: rows, columns, channels.
[[nodiscard]] std::string shape_text(const Shape& shape);

/// Throws unless the tensor of `place` has a bearable size.
void check_size(const Shape& shape, const Place& place);

/// The layer's kernel with `same` padding worked out and global pooling's size filled in; the unit
/// kernel for operators without one.
[[nodiscard]] Kernel infer_kernel(const LayerDescription& layer, const Shape& input);

/// The shape of the layer's output. Throws WorkloadError where its inputs do not fit it.
[[nodiscard]] Shape infer_shape(const LayerDescription& layer, const Kernel& kernel,
                                const std::vector<Shape>& inputs);

}  // namespace systole
