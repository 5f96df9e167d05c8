#pragma once

#include <string_view>

#include "compiler/ops/gradient.h"

namespace systole {

/// A tensor in 8 bits, by a scale of its own that brings its largest number to the largest of the
/// type: x = narrow / scale. Just in time, of the numbers that are there: two passes, one for the
/// largest and one that rounds. Sources: Micikevicius et al., FP8 Formats for Deep Learning,
/// arXiv:2209.05433, section 3 (E4M3 forward, E5M2 of gradients, a scale a tensor, fp32 sums).
struct NarrowTensor {
  GraphTensorId of = -1;
  GraphTensorId narrow = -1;   ///< of the extents of `of`
  GraphTensorId inverse = -1;  ///< 1 / scale, a single number of fp32
};
[[nodiscard]] NarrowTensor narrowed(StepNodes& nodes, std::string_view what, GraphTensorId of,
                                    DataType type);

/// A product of two narrow tensors, with their scales.
struct NarrowProduct {
  NarrowTensor left;
  NarrowTensor right;
  GraphTensorId result = -1;
};
/// The gradients of the product `op` by what its operands were made of. `backward` is that of the
/// result without the scales, in whatever extents.
void narrow_gradients(const Op& op, const NarrowProduct& product, Backward& backward);

}  // namespace systole
