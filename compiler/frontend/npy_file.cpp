#include "compiler/frontend/npy_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "arch/config/files_read.h"
#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/isa/float_format.h"

namespace systole {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied from the file as is");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::int64_t kMaxHeader = 65536;

/// Reads exactly `count` bytes or throws.
std::string take(std::ifstream& stream, std::int64_t count, const std::string& file) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  stream.read(bytes.data(), count);
  if (stream.gcount() != count) {
    fail_npy(file, "expected a whole .npy header, got a truncated one");
  }
  return bytes;
}

std::int64_t little_endian(std::string_view bytes) {
  std::int64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value * 256 + static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

/// Elements whose first axis was the contiguous one.
template <class T>
std::vector<T> in_c_order(const std::vector<T>& values, const std::vector<std::int64_t>& shape) {
  std::vector<T> ordered(values.size());
  std::vector<std::int64_t> index(shape.size());
  for (T& to : ordered) {
    std::int64_t from = 0;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      from = from * shape[axis] + index[axis];
    }
    to = values[static_cast<std::size_t>(from)];
    for (std::size_t axis = shape.size(); axis-- > 0 && ++index[axis] == shape[axis];) {
      index[axis] = 0;
    }
  }
  return ordered;
}

std::ifstream open(const std::string& file) {
  std::error_code error;
  std::ifstream stream;
  if (std::filesystem::is_regular_file(file, error)) {
    stream.open(file, std::ios::binary);
  }
  if (!stream.is_open()) {
    fail_npy(file, "expected a readable .npy file, got none");
  }
  note_file_read(file);
  return stream;
}

}  // namespace

NpyFile::NpyFile(std::string file) : file_(std::move(file)) {
  std::ifstream stream = open(file_);
  std::string magic(kMagic.size(), '\0');
  stream.read(magic.data(), static_cast<std::streamsize>(magic.size()));
  if (magic != kMagic) {
    fail_npy(file_, "expected a .npy file, got something else");
  }
  const std::string version = take(stream, 2, file_);
  if ((version[0] != 1 && version[0] != 2) || version[1] != 0) {
    fail_npy(file_, fmt::format("expected .npy version 1.0 or 2.0, got {}.{}",
                                static_cast<unsigned char>(version[0]),
                                static_cast<unsigned char>(version[1])));
  }
  const std::int64_t length_bytes = version[0] == 1 ? 2 : 4;
  const std::int64_t length = little_endian(take(stream, length_bytes, file_));
  if (length > kMaxHeader) {
    fail_npy(file_,
             fmt::format("expected a .npy header of at most {} bytes, got {}", kMaxHeader, length));
  }
  header_ = parse_npy_header(take(stream, length, file_), file_);
  data_offset_ = static_cast<std::int64_t>(kMagic.size()) + 2 + length_bytes + length;
  const std::int64_t expected = header_.elements() * bytes_of(header_.type);
  const auto actual = static_cast<std::int64_t>(std::filesystem::file_size(file_)) - data_offset_;
  if (actual != expected) {
    fail_npy(file_, fmt::format("expected {} bytes of data for {} {}, got {}", expected,
                                name_of(header_.type), shape_text(header_.shape), actual));
  }
}

void NpyFile::expect_type(const std::vector<NpyType>& types) const {
  if (std::find(types.begin(), types.end(), header_.type) != types.end()) {
    return;
  }
  std::string names;
  for (const NpyType type : types) {
    names += fmt::format("{}{}", names.empty() ? "" : " or ", name_of(type));
  }
  fail_npy(file_, fmt::format("expected {}, got {}", names, name_of(header_.type)));
}

void NpyFile::expect_shape(const std::vector<std::int64_t>& shape) const {
  if (header_.shape != shape) {
    fail_npy(file_, fmt::format("expected shape {}, got {}", shape_text(shape),
                                shape_text(header_.shape)));
  }
}

template <class T>
std::vector<T> NpyFile::elements() const {
  std::vector<T> values(static_cast<std::size_t>(header_.elements()));
  std::ifstream stream = open(file_);
  stream.seekg(data_offset_);
  const auto bytes = static_cast<std::streamsize>(values.size() * sizeof(T));
  stream.read(reinterpret_cast<char*>(values.data()), bytes);
  if (stream.gcount() != bytes) {
    fail_npy(file_, "expected the data that was there when the file was checked, got less");
  }
  return header_.fortran_order ? in_c_order(values, header_.shape) : values;
}

template <class T>
std::vector<double> NpyFile::widened() const {
  const auto values = elements<T>();
  return {values.begin(), values.end()};
}

std::vector<double> NpyFile::numbers(Infinities infinities) const {
  std::vector<double> values = [&]() -> std::vector<double> {
    switch (header_.type) {
      case NpyType::Float16: {
        std::vector<double> reals;
        for (const std::uint16_t pattern : elements<std::uint16_t>()) {
          reals.push_back(decoded(float_format(DataType::Fp16), pattern));
        }
        return reals;
      }
      case NpyType::Float32:
        return widened<float>();
      case NpyType::Float64:
        return elements<double>();
      case NpyType::Int8:
        return widened<std::int8_t>();
      case NpyType::Uint8:
      case NpyType::Bool:
        return widened<std::uint8_t>();
      case NpyType::Int16:
        return widened<std::int16_t>();
      case NpyType::Uint16:
        return widened<std::uint16_t>();
      case NpyType::Int32:
        return widened<std::int32_t>();
      case NpyType::Int64: {
        const auto integers = elements<std::int64_t>();
        std::vector<double> reals(integers.size());
        std::transform(integers.begin(), integers.end(), reals.begin(),
                       [](std::int64_t value) { return static_cast<double>(value); });
        return reals;
      }
    }
    return {};
  }();
  const auto odd = std::find_if_not(values.begin(), values.end(), [&](double value) {
    return std::isfinite(value) || (infinities == Infinities::Taken && std::isinf(value));
  });
  if (odd != values.end()) {
    fail_npy(file_, fmt::format("expected finite numbers, got {} at element {}", *odd,
                                odd - values.begin()));
  }
  return values;
}

std::vector<float> NpyFile::floats(Infinities infinities) const {
  SYSTOLE_CHECK(is_float(header_.type), "{} holds {}", file_, name_of(header_.type));
  const std::vector<double> reals = numbers(infinities);
  std::vector<float> values;
  values.reserve(reals.size());
  for (const double real : reals) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    if (std::isfinite(real) && std::abs(real) > kLargest) {
      fail_npy(file_, fmt::format("expected numbers that float32 holds, up to {:g}, got {:g} at "
                                  "element {}",
                                  kLargest, real, values.size()));
    }
    values.push_back(static_cast<float>(real));
  }
  return values;
}

std::vector<std::int8_t> NpyFile::int8s() const {
  SYSTOLE_CHECK(header_.type == NpyType::Int8, "{} holds {}", file_, name_of(header_.type));
  return elements<std::int8_t>();
}

std::vector<std::int32_t> NpyFile::int32s() const {
  if (header_.type == NpyType::Int32) {
    return elements<std::int32_t>();
  }
  SYSTOLE_CHECK(header_.type == NpyType::Int64, "{} holds {}", file_, name_of(header_.type));
  std::vector<std::int32_t> values;
  for (const std::int64_t wide : elements<std::int64_t>()) {
    if (wide < std::numeric_limits<std::int32_t>::min() ||
        wide > std::numeric_limits<std::int32_t>::max()) {
      fail_npy(file_, fmt::format("expected numbers that int32 holds, got {} at element {}", wide,
                                  values.size()));
    }
    values.push_back(static_cast<std::int32_t>(wide));
  }
  return values;
}

}  // namespace systole
