#include "reference/kernels/real_functions.h"

#include <algorithm>
#include <cmath>

#include "reference/kernels/bf16.h"

namespace systole::reference {

namespace {

constexpr float kRelu6 = 6.0F;

float real_sigmoid(float x) {
  const float t = real_exponential(x < 0 ? x : -x);
  const float numerator = x < 0 ? t : 1.0F;
  return numerator / (1.0F + t);
}

float real_tanh(float x) {
  if (x < 0) {
    return -real_tanh(-x);
  }
  if (x < 0.25F) {
    const float z = x * x;
    const float series = ((-17.0F / 315.0F * z + 2.0F / 15.0F) * z - 1.0F / 3.0F) * z + 1.0F;
    return x * series;
  }
  const float t = real_exponential(-2.0F * x);
  return (1.0F - t) / (1.0F + t);
}

}  // namespace

float real_exponential(float x) {
  if (std::isnan(x)) {
    return x;
  }
  if (x < -87.0F) {
    return 0.0F;
  }
  const float n = std::rint(x * 0x1.715476p+0F);
  float r = x - n * 0x1.62e4p-1F;
  r = r - n * 0x1.7f7d1cp-20F;
  float sum = 1.0F / 5040.0F;
  for (const float divisor : {720.0F, 120.0F, 24.0F, 6.0F, 2.0F, 1.0F, 1.0F}) {
    sum = sum * r + 1.0F / divisor;
  }
  return std::ldexp(sum, static_cast<int>(n));  // exact: the result is a normal number
}

float real_activation(ActivationKind kind, float x) {
  switch (kind) {
    case ActivationKind::None:
      return x;
    case ActivationKind::Relu:
      return x < 0 ? 0.0F : x;
    case ActivationKind::Relu6:
      return x < 0 ? 0.0F : (x > kRelu6 ? kRelu6 : x);
    case ActivationKind::Sigmoid:
      return real_sigmoid(x);
    case ActivationKind::Tanh:
      return real_tanh(x);
  }
  return x;
}

std::vector<float> activate(std::span<const float> values, ActivationKind kind) {
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(),
                 [&](float x) { return bf16_nearest(real_activation(kind, x)); });
  return out;
}

std::vector<float> add(std::span<const float> a, std::span<const float> b, ActivationKind kind) {
  std::vector<float> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(),
                 [&](float x, float y) { return bf16_nearest(real_activation(kind, x + y)); });
  return out;
}

std::vector<float> softmax(std::span<const float> values, std::int64_t channels) {
  std::vector<float> out;
  out.reserve(values.size());
  const auto width = static_cast<std::size_t>(channels);
  std::vector<float> exponentials(width);
  for (std::size_t first = 0; first < values.size(); first += width) {
    const auto pixel = values.subspan(first, width);
    float largest = pixel.front();
    for (const float x : pixel) {
      if (std::isnan(x) || x > largest) {
        largest = x;
      }
    }
    float sum = 0;
    for (std::size_t channel = 0; channel < width; ++channel) {
      exponentials[channel] = real_exponential(pixel[channel] - largest);
      sum = sum + exponentials[channel];
    }
    for (const float exponential : exponentials) {
      out.push_back(bf16_nearest(exponential / sum));
    }
  }
  return out;
}

}  // namespace systole::reference
