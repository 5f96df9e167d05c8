#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/units/units.h"

namespace systole {

/// A kernel along one axis of the image that it slides over: of `in` places, at `out` positions.
struct KernelSlide {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;  ///< elements, `dilation` places apart
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad = 0;  ///< in front of the image

  /// What neighbouring outputs read is one stretch.
  [[nodiscard]] bool is_plain() const { return dilation == 1 && kernel >= stride; }
  /// Where the kernel begins, perhaps outside the image.
  [[nodiscard]] std::int64_t first(std::int64_t output) const { return output * stride - pad; }
  /// Whether an element of the kernel comes to a place of the stretch [begin, end).
  [[nodiscard]] bool meets(std::int64_t element, std::int64_t begin, std::int64_t end) const {
    const std::int64_t from = std::max<std::int64_t>(begin + pad - element * dilation, 0);
    const std::int64_t output = ceil_div(from, stride);
    return output < out && first(output) + element * dilation < end;
  }
  /// Elements of the kernel that do. A stretch as long as the stride is met by every one that
  /// reaches it from between the first output and the last.
  [[nodiscard]] std::int64_t meeting(std::int64_t begin, std::int64_t end) const;
};

/// What a stretch of places reaches at least, wherever in the image it is.
struct KernelReach {
  std::int64_t elements = 0;  ///< of the kernel
  std::int64_t outputs = 0;
};
[[nodiscard]] KernelReach reach_of(const KernelSlide& slide, std::int64_t length);

}  // namespace systole
