#include "reference/kernels/softmax.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "reference/kernels/activation.h"

namespace systole::reference {

std::vector<std::int8_t> softmax(std::span<const std::int8_t> values, std::int64_t channels,
                                 double input_scale) {
  std::array<std::int64_t, 256> exponential{};
  for (std::size_t distance = 0; distance < exponential.size(); ++distance) {
    exponential[distance] =
        std::llround(0x1p23 * std::exp(-(static_cast<double>(distance) * input_scale)));
  }
  std::vector<std::int8_t> out(values.size());
  const auto width = static_cast<std::size_t>(channels);
  for (std::size_t first = 0; first < values.size(); first += width) {
    const auto pixel = values.subspan(first, width);
    const std::int8_t largest = *std::max_element(pixel.begin(), pixel.end());
    const auto weight = [&](std::int8_t value) {
      return exponential[static_cast<std::size_t>(largest - value)];
    };
    std::int64_t sum = 0;
    for (const std::int8_t value : pixel) {
      sum += weight(value);
    }
    std::transform(pixel.begin(), pixel.end(), out.begin() + static_cast<std::ptrdiff_t>(first),
                   [&](std::int8_t value) {
                     // Everything is positive, so that the division rounds down.
                     return clamp_to({}, -128 + (512 * weight(value) + sum) / (2 * sum));
                   });
  }
  return out;
}

}  // namespace systole::reference
