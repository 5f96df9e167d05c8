#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"
#include "reference/kernels/ordered_sums.h"

namespace systole::reference {

/// The sums of a convolution by a tensor, or of one of its gradients, as docs/training.md states
/// them: written out as a product of two matrices, padding as zeros. `a`, `b`: the node's inputs.
[[nodiscard]] std::vector<float> convolution_sums(const ConvolveTensors& op, const Shape& image,
                                                  std::int64_t columns, std::span<const float> a,
                                                  std::span<const float> b,
                                                  const SummationOrder& order);

/// Products behind each of them.
[[nodiscard]] std::int64_t convolution_reduction(const ConvolveTensors& op, const Shape& image);

}  // namespace systole::reference
