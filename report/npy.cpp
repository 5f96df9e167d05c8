#include "report/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/check.h"

namespace systole {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

std::string shape_of(const RunTensor& tensor, const FileOrder* order) {
  if (order != nullptr) {
    const auto& axes = order->shape;  // of one axis: (3,)
    return fmt::format("({}{})", fmt::join(axes, ", "), axes.size() == 1 ? "," : "");
  }
  const Shape& shape = tensor.shape;
  if (shape.rows == 1 && shape.cols == 1) {
    return fmt::format("({}, {})", shape.batch, shape.channels);
  }
  return fmt::format("({}, {}, {}, {})", shape.batch, shape.rows, shape.cols, shape.channels);
}

/// Magic, version and header: blanks fill it so that the data begin at a multiple of 64 bytes.
std::string header_of(const RunTensor& tensor, const FileOrder* order, std::string_view type) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPrefix = 10;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type,
                                   shape_of(tensor, order));
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
  static constexpr auto kTypes =
      std::to_array<std::pair<DataType, std::string_view>>({{DataType::Int8, "|i1"},
                                                            {DataType::Bf16, "<u2"},
                                                            {DataType::Int32, "<i4"},
                                                            {DataType::Fp32, "<f4"}});
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const auto& each) { return each.first == type; });
  SYSTOLE_CHECK(found != kTypes.end(), "a tensor of {}", name_of(type));
  return found->second;
}

}  // namespace

std::string stored_npy(const RunTensor& tensor, const FileOrder* order) {
  std::string text = header_of(tensor, order, stored_type(tensor.type));
  const std::string_view stored = bytes_of_values(tensor.stored);
  if (order == nullptr) {
    return text.append(stored);
  }
  return text.append(
      to_file(*order, std::string(stored), static_cast<std::size_t>(bytes_of(tensor.type))));
}

std::string float32_npy(const RunTensor& tensor, const FileOrder* order) {
  const std::vector<double> reals = tensor.reals();
  std::vector<float> floats(reals.begin(), reals.end());
  if (order != nullptr) {
    floats = to_file(*order, floats);
  }
  std::string text = header_of(tensor, order, "<f4");
  return text.append(bytes_of_values(floats));
}

}  // namespace systole
