#include "sim/arithmetic/operand_decoding.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "arch/isa/float_format.h"

namespace systole {

namespace {

constexpr std::int32_t kNibbleSign = 8;

void check_size(DataType type, std::span<const std::int8_t> bytes, std::size_t count) {
  const std::int64_t needed = bytes_of(type, static_cast<std::int64_t>(count));
  SYSTOLE_CHECK(static_cast<std::int64_t>(bytes.size()) >= needed, "{} bytes for {} elements",
                bytes.size(), count);
}

/// Two's complement of the low four bits.
std::int16_t nibble(std::int32_t bits) {
  return static_cast<std::int16_t>(((bits & 15) ^ kNibbleSign) - kNibbleSign);
}

void decode_nibbles(std::span<const std::int8_t> bytes, std::span<std::int16_t> numbers) {
  const std::size_t pairs = numbers.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    numbers[2 * i] = nibble(bytes[i]);
    numbers[2 * i + 1] = nibble(bytes[i] >> 4);
  }
  if (numbers.size() % 2 != 0) {
    numbers.back() = nibble(bytes[pairs]);
  }
}

std::uint32_t byte_at(std::span<const std::int8_t> bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint32_t half_at(std::span<const std::int8_t> bytes, std::size_t index) {
  return byte_at(bytes, 2 * index) | byte_at(bytes, 2 * index + 1) << 8U;
}

/// A loop of its own for each format: its constants fold into the arithmetic.
template <DataType type>
void decode_floats(std::span<const std::int8_t> bytes, std::span<float> numbers) {
  constexpr FloatFormat kFormat = float_format(type);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = decoded(kFormat, bits_of(type) == 8 ? byte_at(bytes, i) : half_at(bytes, i));
  }
}

}  // namespace

void decode(DataType type, std::span<const std::int8_t> bytes, std::span<std::int16_t> numbers) {
  check_size(type, bytes, numbers.size());
  switch (type) {
    case DataType::Int4:
      decode_nibbles(bytes, numbers);
      return;
    case DataType::Int8:
      std::copy_n(bytes.begin(), numbers.size(), numbers.begin());
      return;
    case DataType::Int16:
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = static_cast<std::int16_t>(half_at(bytes, i));
      }
      return;
    case DataType::Fp8E4M3:
    case DataType::Fp8E5M2:
    case DataType::Fp16:
    case DataType::Bf16:
    case DataType::Int32:
    case DataType::Fp32:
      break;
  }
  SYSTOLE_CHECK(false, "integer operands of type {}", name_of(type));
}

void decode(DataType type, std::span<const std::int8_t> bytes, std::span<float> numbers) {
  check_size(type, bytes, numbers.size());
  switch (type) {
    case DataType::Fp8E4M3:
      return decode_floats<DataType::Fp8E4M3>(bytes, numbers);
    case DataType::Fp8E5M2:
      return decode_floats<DataType::Fp8E5M2>(bytes, numbers);
    case DataType::Fp16:
      return decode_floats<DataType::Fp16>(bytes, numbers);
    case DataType::Bf16:
      return decode_floats<DataType::Bf16>(bytes, numbers);
    case DataType::Int4:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
    case DataType::Fp32:
      break;
  }
  SYSTOLE_CHECK(false, "floating operands of type {}", name_of(type));
}

}  // namespace systole
