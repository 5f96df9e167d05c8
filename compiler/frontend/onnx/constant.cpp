#include "compiler/frontend/onnx/constant.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/isa/float_format.h"

namespace systole {

namespace {

static_assert(std::endian::native == std::endian::little, "values are little-endian");

template <class Stored, class Value, class Convert>
std::vector<Value> converted(const std::string& bytes, const Convert& convert) {
  std::vector<Value> values(bytes.size() / sizeof(Stored));
  const char* from = bytes.data();
  for (Value& value : values) {
    Stored stored;
    std::memcpy(&stored, from, sizeof stored);
    value = convert(stored);
    from += sizeof stored;
  }
  return values;
}

template <class Value, class Convert>
std::vector<Value> all_converted(OnnxType type, const std::string& bytes, const Convert& convert) {
  switch (type) {
    case OnnxType::Float:
      return converted<float, Value>(bytes, convert);
    case OnnxType::Double:
      return converted<double, Value>(bytes, convert);
    case OnnxType::Float16:
      return converted<std::uint16_t, Value>(bytes, [&](std::uint16_t pattern) {
        return convert(decoded(float_format(DataType::Fp16), pattern));
      });
    case OnnxType::Bfloat16:
      return converted<std::uint16_t, Value>(bytes, [&](std::uint16_t pattern) {
        return convert(decoded(float_format(DataType::Bf16), pattern));
      });
    case OnnxType::Uint8:
    case OnnxType::Bool:
      return converted<std::uint8_t, Value>(bytes, convert);
    case OnnxType::Int8:
      return converted<std::int8_t, Value>(bytes, convert);
    case OnnxType::Uint16:
      return converted<std::uint16_t, Value>(bytes, convert);
    case OnnxType::Int16:
      return converted<std::int16_t, Value>(bytes, convert);
    case OnnxType::Int32:
      return converted<std::int32_t, Value>(bytes, convert);
    case OnnxType::Uint32:
      return converted<std::uint32_t, Value>(bytes, convert);
    case OnnxType::Int64:
      return converted<std::int64_t, Value>(bytes, convert);
    case OnnxType::Uint64:
      return converted<std::uint64_t, Value>(bytes, convert);
    case OnnxType::Undefined:
    case OnnxType::String:
    case OnnxType::Complex64:
    case OnnxType::Complex128:
      break;
  }
  SYSTOLE_CHECK(false, "numbers of {}", name_of(type));
}

template <class Stored, class Value>
std::string packed(const std::vector<Value>& values) {
  std::string bytes(values.size() * sizeof(Stored), '\0');
  char* to = bytes.data();
  for (const Value value : values) {
    const auto stored = static_cast<Stored>(value);
    std::memcpy(to, &stored, sizeof stored);
    to += sizeof stored;
  }
  return bytes;
}

/// Towards zero; what does not fit ends at the limits, a NaN at 0.
struct ToInteger {
  template <class Stored>
  std::int64_t operator()(Stored value) const {
    if constexpr (std::is_floating_point_v<Stored>) {
      constexpr double kLimit = 0x1p63;
      if (std::isnan(value)) {
        return 0;
      }
      if (value >= kLimit) {
        return std::numeric_limits<std::int64_t>::max();
      }
      return value < -kLimit ? std::numeric_limits<std::int64_t>::min()
                             : static_cast<std::int64_t>(value);
    } else {
      return static_cast<std::int64_t>(value);
    }
  }
};

}  // namespace

std::int64_t elements_of(const OnnxShape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::string text_of(const OnnxShape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

OnnxConstant::OnnxConstant(OnnxType type, OnnxShape shape, std::string bytes)
    : type_(type),
      shape_(std::move(shape)),
      bytes_(std::make_shared<const std::string>(std::move(bytes))) {
  SYSTOLE_CHECK(static_cast<std::int64_t>(bytes_->size()) == elements() * bytes_of(type),
                "{} bytes of {} {}", bytes_->size(), elements(), name_of(type));
}

OnnxConstant OnnxConstant::deferred(OnnxType type, OnnxShape shape, Make make) {
  OnnxConstant constant;
  constant.type_ = type;
  constant.shape_ = std::move(shape);
  constant.make_ = std::make_shared<const Make>(std::move(make));
  return constant;
}

OnnxConstant OnnxConstant::external(OnnxType type, OnnxShape shape, std::string file,
                                    std::uint64_t offset) {
  const auto size = static_cast<std::size_t>(elements_of(shape) * bytes_of(type));
  return deferred(type, std::move(shape), [file = std::move(file), offset, size] {
    std::string read(size, '\0');
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    if (!stream.read(read.data(), static_cast<std::streamsize>(size))) {
      throw WorkloadError({.file = file}, "",
                          fmt::format("expected {} bytes from byte {} on, got a file that ends or "
                                      "cannot be read",
                                      size, offset));
    }
    return read;
  });
}

OnnxConstant OnnxConstant::of_floats(OnnxShape shape, const std::vector<float>& values) {
  return {OnnxType::Float, std::move(shape), packed<float>(values)};
}

OnnxConstant OnnxConstant::of_integers(OnnxType type, OnnxShape shape,
                                       const std::vector<std::int64_t>& values) {
  SYSTOLE_CHECK(is_integral(type), "integers of {}", name_of(type));
  std::string bytes;
  switch (bytes_of(type)) {
    case 1:
      bytes = packed<std::uint8_t>(values);
      break;
    case 2:
      bytes = packed<std::uint16_t>(values);
      break;
    case 4:
      bytes = packed<std::uint32_t>(values);
      break;
    default:
      bytes = packed<std::int64_t>(values);
      break;
  }
  return {type, std::move(shape), std::move(bytes)};
}

OnnxConstant OnnxConstant::reshaped(OnnxShape shape) const {
  SYSTOLE_CHECK(elements_of(shape) == elements(), "{} as {}", text_of(shape_), text_of(shape));
  OnnxConstant copy = *this;
  copy.shape_ = std::move(shape);
  return copy;
}

std::vector<float> OnnxConstant::floats() const {
  return all_converted<float>(type_, bytes(), [](auto value) { return static_cast<float>(value); });
}

std::vector<std::int64_t> OnnxConstant::integers() const {
  return all_converted<std::int64_t>(type_, bytes(), ToInteger{});
}

std::string OnnxConstant::bytes() const {
  if (make_ != nullptr) {
    return (*make_)();
  }
  return bytes_ == nullptr ? std::string{} : *bytes_;
}

}  // namespace systole
