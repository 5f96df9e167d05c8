#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/enum_names.h"
#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// What of a convolution is computed.
enum class ConvolutionPart : std::uint8_t { Output, Input, Weights };

/// A convolution whose weights are a tensor, and its two gradients. x is an image, w has rows
/// (kernel row, kernel column, channel of x) and a column for each channel of y.
///  - Output: y of x and w.
///  - Input: dx of dy and w. `kernel` has stride 1 and pads so that dx has x's size: dilation x
///    (size - 1) - pad. A stride has to be in dy already, as pixels of zeros.
///  - Weights: dw of x and dy (its rows of features), a matrix of rows (channel of x) for each
///  kernel
///    position.
/// Not in files: layers of networks have weights of their own.
struct ConvolveTensors {
  ConvolutionPart part = ConvolutionPart::Output;
  Kernel kernel;
  Shape result;                                    ///< of Input: dx; of Weights: y
  std::optional<DataType> element = std::nullopt;  ///< of the output; none: the left operand's
  MatmulWork settled;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
