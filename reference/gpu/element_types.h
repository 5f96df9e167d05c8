#pragma once

#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#include <cuda_fp16.h>
#define SYSTOLE_DEVICE __host__ __device__
#else
#define SYSTOLE_DEVICE
#endif

namespace systole::gpu {

// What CUDA kernels and their tests on the host share: no headers that a device compiler chokes on.

struct Bf16 {
  std::uint16_t bits;
};
struct Fp16 {
  std::uint16_t bits;
};

SYSTOLE_DEVICE inline std::uint32_t bits_of_float(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
SYSTOLE_DEVICE inline float float_of_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

SYSTOLE_DEVICE inline float to_float(float value) {
  return value;
}
SYSTOLE_DEVICE inline float to_float(std::int8_t value) {
  return value;
}
SYSTOLE_DEVICE inline float to_float(Bf16 value) {
  return float_of_bits(static_cast<std::uint32_t>(value.bits) << 16U);
}
SYSTOLE_DEVICE inline float to_float(Fp16 value) {
#ifdef __CUDA_ARCH__
  return __half2float(__ushort_as_half(value.bits));
#else
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000U) << 16U;
  const std::uint32_t exponent = value.bits >> 10U & 0x1FU;
  const std::uint32_t fraction = value.bits & 0x3FFU;
  if (exponent == 0) {  // a subnormal is so many times 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 0x1FU ? 0xFFU : exponent + 112;
  return float_of_bits(sign | wide << 23U | fraction << 13U);
#endif
}

/// To the nearest, ties to even.
template <class T>
struct FromFloat;
template <>
struct FromFloat<float> {
  SYSTOLE_DEVICE static float convert(float value) { return value; }
};
template <>
struct FromFloat<Bf16> {
  SYSTOLE_DEVICE static Bf16 convert(float value) {
    const std::uint32_t bits = bits_of_float(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
      return {static_cast<std::uint16_t>(bits >> 16U | 0x40U)};  // stays not a number
    }
    return {static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U)};
  }
};
template <>
struct FromFloat<Fp16> {
  SYSTOLE_DEVICE static Fp16 convert(float value) {
#ifdef __CUDA_ARCH__
    return {__half_as_ushort(__float2half_rn(value))};
#else
    const std::uint32_t bits = bits_of_float(value);
    const std::uint32_t sign = bits >> 16U & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) {
      return {static_cast<std::uint16_t>(sign | 0x7E00U)};
    }
    if (magnitude >= 0x477FF000U) {  // 65520 and above
      return {static_cast<std::uint16_t>(sign | 0x7C00U)};
    }
    if (magnitude < 0x38800000U) {  // below 2^-14: steps of 2^-24; adding 0.5 rounds to them
      const std::uint32_t steps = bits_of_float(float_of_bits(magnitude) + 0.5F) - 0x3F000000U;
      return {static_cast<std::uint16_t>(sign | steps)};
    }
    const std::uint32_t rounded = magnitude + 0xFFFU + (magnitude >> 13U & 1U);
    return {static_cast<std::uint16_t>(sign | ((rounded - 0x38000000U) >> 13U))};
#endif
  }
};

/// What sums of products of T are held in.
template <class T>
struct AccumulatorOf {
  using Type = float;
};
template <>
struct AccumulatorOf<std::int8_t> {
  using Type = std::int32_t;
};
template <class T>
using Accumulator = typename AccumulatorOf<T>::Type;

}  // namespace systole::gpu
