#include "compiler/graph/file_order.h"

#include <algorithm>
#include <cstring>

namespace systole {

namespace {

/// Elements that lie `stride` bytes apart, one behind the other; the compiler knows their size.
template <std::size_t kSize>
void copy_run(const char* from, std::size_t stride, std::size_t count, char* to) {
  for (std::size_t i = 0; i < count; ++i, from += stride, to += kSize) {
    std::memcpy(to, from, kSize);
  }
}

void copy_run(const char* from, std::size_t stride, std::size_t count, char* to, std::size_t size) {
  if (stride == size) {
    std::memcpy(to, from, count * size);
    return;
  }
  switch (size) {
    case 1:
      return copy_run<1>(from, stride, count, to);
    case 2:
      return copy_run<2>(from, stride, count, to);
    case 4:
      return copy_run<4>(from, stride, count, to);
    case 8:
      return copy_run<8>(from, stride, count, to);
    default:
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(to + i * size, from + i * stride, size);
      }
  }
}

}  // namespace

std::string permuted(const std::string& bytes, const std::vector<std::int64_t>& sizes,
                     const std::vector<std::size_t>& order, std::size_t size) {
  const std::size_t rank = sizes.size();
  if (bytes.empty() || rank < 2) {
    return bytes;
  }
  std::vector<std::size_t> strides(rank, size);
  for (std::size_t axis = rank; axis-- > 1;) {
    strides[axis - 1] = strides[axis] * static_cast<std::size_t>(sizes[axis]);
  }
  std::string result(bytes.size(), '\0');
  std::vector<std::size_t> index(rank, 0);
  const auto run = static_cast<std::size_t>(sizes[order.back()]);
  const std::size_t stride = strides[order.back()];
  const char* from = bytes.data();
  char* const end = result.data() + result.size();
  for (char* to = result.data(); to != end; to += run * size) {
    copy_run(from, stride, run, to, size);
    for (std::size_t axis = rank - 1; axis-- > 0;) {
      const std::size_t source = order[axis];
      from += strides[source];
      if (++index[axis] < static_cast<std::size_t>(sizes[source])) {
        break;
      }
      from -= strides[source] * index[axis];
      index[axis] = 0;
    }
  }
  return result;
}

std::string file_stem(std::string_view tensor) {
  while (tensor.starts_with('/')) {
    tensor.remove_prefix(1);
  }
  std::string stem(tensor);
  std::replace(stem.begin(), stem.end(), '/', '.');
  return stem;
}

std::string to_memory(const FileOrder& order, const std::string& in_file, std::size_t size) {
  return permuted(in_file, order.sizes, order.order, size);
}

std::string to_file(const FileOrder& order, const std::string& in_memory, std::size_t size) {
  std::vector<std::int64_t> sizes;
  std::vector<std::size_t> back(order.order.size());
  for (std::size_t axis = 0; axis < order.order.size(); ++axis) {
    sizes.push_back(order.sizes[order.order[axis]]);
    back[order.order[axis]] = axis;
  }
  return permuted(in_memory, sizes, back, size);
}

}  // namespace systole
