#include "study/kernel_slide.h"

namespace systole {

std::int64_t KernelSlide::meeting(std::int64_t begin, std::int64_t end) const {
  if (end - begin >= stride) {
    const std::int64_t beyond = std::max<std::int64_t>(begin + pad - (out - 1) * stride, 0);
    const std::int64_t last = std::min(kernel - 1, (end - 1 + pad) / dilation);
    return std::max<std::int64_t>(last - ceil_div(beyond, dilation) + 1, 0);
  }
  std::int64_t elements = 0;
  for (std::int64_t element = 0; element < kernel; ++element) {
    elements += meets(element, begin, end) ? 1 : 0;
  }
  return elements;
}

KernelReach reach_of(const KernelSlide& slide, std::int64_t length) {
  length = std::min(length, slide.in);
  KernelReach least{.elements = slide.kernel, .outputs = slide.out};
  for (std::int64_t begin = 0; begin + length <= slide.in; ++begin) {
    const std::int64_t end = begin + length;
    const std::int64_t elements = slide.meeting(begin, end);
    const std::int64_t before = std::max<std::int64_t>(begin + slide.pad - slide.kernel + 1, 0);
    const std::int64_t from = ceil_div(before, slide.stride);
    const std::int64_t to = std::min(slide.out - 1, (end - 1 + slide.pad) / slide.stride);
    const std::int64_t outputs = slide.dilation == 1 ? std::max<std::int64_t>(to - from + 1, 0)
                                                     : std::min<std::int64_t>(elements, 1);
    least.elements = std::min(least.elements, elements);
    least.outputs = std::min(least.outputs, elements == 0 ? 0 : outputs);
  }
  return least;
}

}  // namespace systole
