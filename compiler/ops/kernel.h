#pragma once

#include <cstdint>

#include "compiler/graph/tensor.h"

namespace systole {

struct OpPlace;

/// Kernel geometry shared by convolution and pooling. Output size = (in + pads - dilation *
/// (kernel - 1) - 1) / stride + 1, rounded down, at least 1.
struct Kernel {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  std::int64_t stride_rows = 1;
  std::int64_t stride_cols = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_bottom = 0;
  std::int64_t pad_left = 0;
  std::int64_t pad_right = 0;
  std::int64_t dilation_rows = 1;
  std::int64_t dilation_cols = 1;
  bool same_padding = false;  ///< pads follow from the input: as few as make ceil(size / stride)

  [[nodiscard]] std::int64_t positions() const { return rows * cols; }
};

/// Works out the pads of `same`, the odd one behind. Throws WorkloadError at `padding` where they
/// are more than others may be.
void settle_pads(Kernel& kernel, const Shape& in, const OpPlace& where);

/// What the kernel makes of an image. Throws WorkloadError at `kernel` where it does not fit.
[[nodiscard]] Shape window_shape(const Kernel& kernel, const Shape& in, std::int64_t channels,
                                 const OpPlace& where);

}  // namespace systole
