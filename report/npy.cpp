#include "report/npy.h"

#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/check.h"

namespace systole {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

std::string shape_of(const RunTensor& tensor) {
  const Shape& shape = tensor.shape;
  if (shape.rows == 1 && shape.cols == 1) {
    return fmt::format("({}, {})", shape.batch, shape.channels);
  }
  return fmt::format("({}, {}, {}, {})", shape.batch, shape.rows, shape.cols, shape.channels);
}

/// Magic, version and header: blanks fill it so that the data begin at a multiple of 64 bytes.
std::string header_of(const RunTensor& tensor, std::string_view type) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPrefix = 10;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type,
                                   shape_of(tensor));
  const std::size_t used = (kPrefix + header.size() + 1) % kAlignment;
  header.append(used == 0 ? 0 : kAlignment - used, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\0", kPrefix - 2);
  text += static_cast<char>(header.size() % 256);
  text += static_cast<char>(header.size() / 256);
  return text + header;
}

template <class T>
std::string_view bytes_of_values(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string_view stored_type(DataType type) {
  SYSTOLE_CHECK(type == DataType::Int8 || type == DataType::Bf16, "a tensor of {}", name_of(type));
  return type == DataType::Int8 ? "|i1" : "<u2";
}

}  // namespace

std::string stored_npy(const RunTensor& tensor) {
  std::string text = header_of(tensor, stored_type(tensor.type));
  return text.append(bytes_of_values(tensor.stored));
}

std::string float32_npy(const RunTensor& tensor) {
  const std::vector<double> reals = tensor.reals();
  const std::vector<float> floats(reals.begin(), reals.end());
  std::string text = header_of(tensor, "<f4");
  return text.append(bytes_of_values(floats));
}

}  // namespace systole
