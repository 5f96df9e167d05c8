#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Transposed convolution: each pixel adds the kernel, scaled, to the output, `stride` apart; pads
/// are taken off, `output_padding` is added behind. Made of the image spread with zeros and a
/// convolution of stride 1 over it, whose products with these zeros count. Size = (in - 1) * stride
/// - pads + dilation * (kernel - 1) + output_padding + 1.
struct ConvTranspose : ComposedOp {
  Kernel kernel;
  std::int64_t groups = 1;
  std::int64_t output_padding = 0;
  WeightInfo weights;
  FusedActivation activation;
  std::int64_t channels = 1;  ///< of the output

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
