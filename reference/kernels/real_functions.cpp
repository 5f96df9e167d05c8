#include "reference/kernels/real_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/kernels/real_type.h"

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

/// x * share, but nothing of anything is 0.
float share_of(float x, float share) {
  if (share == 0) {
    return 0;
  }
  return x * share;
}

/// 2 artanh(z) by z^15 / 15 + ... + z^3 / 3 + z.
float twice_artanh(float z) {
  const float square = z * z;
  float sum = 1.0F / 15.0F;
  for (const float divisor : {13.0F, 11.0F, 9.0F, 7.0F, 5.0F, 3.0F, 1.0F}) {
    sum = sum * square + 1.0F / divisor;
  }
  const float series = z * sum;
  return 2.0F * series;
}

/// With the tail of the normal distribution by docs/numerics.md's polynomial.
float real_gelu(float x) {
  const float magnitude = x < 0 ? -x : x;
  const float z = magnitude * 0x1.6a09e6p-1F;
  const float half = 0.5F * z;
  const float t = 1.0F / (1.0F + half);
  float sum = 0x1.fef05p-6F;
  for (const float coefficient :
       {-0x1.507982p-3F, 0x1.40a102p-2F, -0x1.83903cp-3F, -0x1.d9a6c6p-4F, 0x1.7e3d98p-4F,
        0x1.fa9deap-6F, 0x1.8979e8p-3F, 0x1.f3d494p-3F, 0x1.21236cp-2F, 0x1.20da9cp-2F}) {
    sum = sum * t + coefficient;
  }
  sum = t * sum;
  const float square = z * z;
  const float tail = 0.5F * (sum * real_exponential(-square));
  return x < 0 ? share_of(x, tail) : x * (1.0F - tail);
}

float real_hard_sigmoid(float x) {
  const float line = x * (1.0F / 6.0F) + 0.5F;
  return line > 1 ? 1.0F : (line < 0 ? 0.0F : line);
}

float real_elu(float x) {
  if (x <= -0.25F) {
    return real_exponential(x) - 1.0F;
  }
  if (x < 0) {
    float sum = 1.0F / 720.0F;
    for (const float divisor : {120.0F, 24.0F, 6.0F, 2.0F, 1.0F}) {
      sum = sum * x + 1.0F / divisor;
    }
    return x * sum;
  }
  return x;
}

float real_softplus(float x) {
  const float t = real_exponential(x < 0 ? x : -x);
  const float rest = twice_artanh(t / (2.0F + t));
  return x > 0 ? x + rest : rest;
}

float real_logarithm(float x) {
  if (x == 0) {
    return -std::numeric_limits<float>::infinity();
  }
  if (!(x > 0)) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  if (std::isinf(x)) {
    return x;
  }
  // x = m * 2^n with m in sqrt(1/2) .. sqrt(2).
  int n = std::ilogb(x);
  float m = std::ldexp(x, -n);
  if (m >= 2 * 0x1.6a09e6p-1F) {
    m = m / 2;
    ++n;
  }
  const float of_m = twice_artanh((m - 1.0F) / (m + 1.0F));
  const auto power = static_cast<float>(n);
  const float low = power * 0x1.7f7d1cp-20F + of_m;
  return power * 0x1.62e4p-1F + low;
}

}  // namespace

float real_exponential(float x) {
  if (std::isnan(x)) {
    return x;
  }
  if (x > 0) {
    return 1.0F / real_exponential(-x);
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
    case ActivationKind::Gelu:
      return real_gelu(x);
    case ActivationKind::GeluTanh:
      return share_of(x, real_sigmoid(x * (0x1.988454p+0F + 0x1.2444f2p-4F * (x * x))));
    case ActivationKind::Silu:
      return share_of(x, real_sigmoid(x));
    case ActivationKind::HardSwish:
      return share_of(x, real_hard_sigmoid(x));
    case ActivationKind::HardSigmoid:
      return real_hard_sigmoid(x);
    case ActivationKind::LeakyRelu:
      return x < 0 ? x * 0.01F : x;
    case ActivationKind::Elu:
      return real_elu(x);
    case ActivationKind::Softplus:
      return real_softplus(x);
    case ActivationKind::Exp:
      return real_exponential(x);
    case ActivationKind::Log:
      return real_logarithm(x);
    case ActivationKind::Sqrt:
      return std::sqrt(x);
    case ActivationKind::Rsqrt:
      return 1.0F / std::sqrt(x);
    case ActivationKind::Reciprocal:
      return 1.0F / x;
  }
  return x;
}

std::vector<float> activate(std::span<const float> values, ActivationKind kind, DataType type) {
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(),
                 [&](float x) { return nearest(type, real_activation(kind, x)); });
  return out;
}

std::vector<float> add(std::span<const float> a, std::span<const float> b, ActivationKind kind,
                       DataType type) {
  std::vector<float> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(),
                 [&](float x, float y) { return nearest(type, real_activation(kind, x + y)); });
  return out;
}

std::vector<float> softmax(std::span<const float> values, std::int64_t channels, DataType type) {
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
      out.push_back(nearest(type, exponential / sum));
    }
  }
  return out;
}

}  // namespace systole::reference
