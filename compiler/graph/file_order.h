#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// How files order the numbers of a tensor that memory holds in another order or another shape, as
/// images that are channels first in files and channels last in memory.
struct FileOrder {
  std::vector<std::int64_t> shape;  ///< of files
  /// Memory holds the elements of files, seen as a tensor of `sizes`, transposed: its axis i is
  /// axis order[i].
  std::vector<std::int64_t> sizes;
  std::vector<std::size_t> order;

  bool operator==(const FileOrder&) const = default;
};

/// By name of the tensor; of others, files have memory's order.
using FileOrders = std::map<std::string, FileOrder, std::less<>>;

/// Null where files have memory's order.
[[nodiscard]] inline const FileOrder* find_order(const FileOrders& orders,
                                                 std::string_view tensor) {
  const auto found = orders.find(tensor);
  return found == orders.end() ? nullptr : &found->second;
}

/// Packed elements of `size` bytes of a tensor of `sizes`, transposed: axis i of the result is axis
/// order[i].
[[nodiscard]] std::string permuted(const std::string& bytes, const std::vector<std::int64_t>& sizes,
                                   const std::vector<std::size_t>& order, std::size_t size);

/// Packed elements in the other order.
[[nodiscard]] std::string to_memory(const FileOrder& order, const std::string& in_file,
                                    std::size_t size);
[[nodiscard]] std::string to_file(const FileOrder& order, const std::string& in_memory,
                                  std::size_t size);

/// What files of a tensor's numbers are called, without their extension: its name, in which slashes
/// are dots (`/conv1/Conv` is conv1.Conv).
[[nodiscard]] std::string file_stem(std::string_view tensor);

template <class Element>
std::vector<Element> to_memory(const FileOrder& order, const std::vector<Element>& in_file);
template <class Element>
std::vector<Element> to_file(const FileOrder& order, const std::vector<Element>& in_memory);

namespace file_order_detail {

template <class Element, class Reorder>
std::vector<Element> reordered(const std::vector<Element>& elements, const Reorder& reorder) {
  const auto* const bytes = reinterpret_cast<const char*>(elements.data());
  const std::string result = reorder(std::string(bytes, elements.size() * sizeof(Element)));
  const auto* const first = reinterpret_cast<const Element*>(result.data());
  return {first, first + elements.size()};
}

}  // namespace file_order_detail

template <class Element>
std::vector<Element> to_memory(const FileOrder& order, const std::vector<Element>& in_file) {
  return file_order_detail::reordered(
      in_file, [&](const std::string& bytes) { return to_memory(order, bytes, sizeof(Element)); });
}

template <class Element>
std::vector<Element> to_file(const FileOrder& order, const std::vector<Element>& in_memory) {
  return file_order_detail::reordered(
      in_memory, [&](const std::string& bytes) { return to_file(order, bytes, sizeof(Element)); });
}

}  // namespace systole
