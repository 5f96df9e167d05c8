#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/frontend/onnx/constant.h"
#include "compiler/graph/file_order.h"

namespace systole {

/// How memory holds a value of the file: which of its axes stand where. Sizes are factored into
/// atoms, numbered in the order in which memory holds them (the last is contiguous); an axis of the
/// value is some atoms, the major first, and an axis of size 1 is none. So a transpose and most
/// reshapes change nothing but this, an image may lie with its channels last, and transposes behind
/// one another cancel by themselves. Equal orders of memory are equal layouts. Sizes are above 0.
class Layout {
 public:
  Layout() = default;
  /// The axes one behind the other, as the file has them.
  static Layout plain(const OnnxShape& shape);
  /// Memory holds the axes in this order: {0, 2, 3, 1} of an image with its channels last.
  static Layout ordered(const OnnxShape& shape, const std::vector<std::size_t>& order);

  [[nodiscard]] std::size_t rank() const { return axes_.size(); }
  [[nodiscard]] OnnxShape shape() const;

  /// Axis i of the result is axis order[i].
  [[nodiscard]] Layout transposed(const std::vector<std::size_t>& order) const;
  /// Empty where the new axes cut across those of memory.
  [[nodiscard]] std::optional<Layout> reshaped(const OnnxShape& shape) const;

  /// Whether memory holds the axes one behind the other in this order.
  [[nodiscard]] bool is_ordered(const std::vector<std::size_t>& order) const;
  [[nodiscard]] bool is_plain() const;
  /// The same where the elements of the last of them may be in any order among themselves.
  [[nodiscard]] bool is_ordered_but_last(const std::vector<std::size_t>& order) const;
  bool operator==(const Layout&) const = default;

  /// What its shape in files and the order of memory are to one another. Neighbours that stay
  /// neighbours are one axis.
  [[nodiscard]] FileOrder file_order() const;
  /// A part of an axis in memory: so many, each so many elements behind the one before.
  struct Step {
    std::int64_t size = 1;
    std::int64_t stride = 1;
  };
  /// Of one axis, the major first.
  [[nodiscard]] std::vector<Step> steps(std::size_t axis) const;
  /// Of the one axis alone.
  [[nodiscard]] Layout axis(std::size_t axis) const;
  /// The axes in the order in which memory holds them, each whole; empty where it holds none so. An
  /// axis of size 1 is where it may be: the first in front, others before the next.
  [[nodiscard]] std::optional<std::vector<std::size_t>> axis_order() const;

 private:
  /// Cuts an atom in two, the second of size `inner`.
  void split(std::size_t atom, std::int64_t inner);
  /// Atoms of one axis that stand behind one another become one.
  void merge();
  [[nodiscard]] Layout as_one_axis() const;
  [[nodiscard]] std::vector<std::size_t> sequence() const;

  std::vector<std::int64_t> atoms_;
  std::vector<std::vector<std::size_t>> axes_;
};

}  // namespace systole
