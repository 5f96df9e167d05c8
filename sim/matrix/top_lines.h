#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace systole {

/// The registers in which rows of C lanes move down through an array of R x C PEs: column c is
/// entered c cycles late, and every cycle takes a lane one PE further down. What enters in cycle i
/// is at PE (r, c) in cycle i + r + c. Each lane carries a tag: the number of its row in a tile.
///
/// The lanes that are side by side in row r of the array in cycle t have entered row 0 in cycle
/// t - r: they are one line of memory, which row after row looks at.
class TopLines {
 public:
  static constexpr std::uint32_t kNoTag = ~0U;

  TopLines(std::size_t rows, std::size_t cols);

  /// One clock edge.
  void step();
  /// Lets a row enter in this cycle.
  void enter(std::span<const std::uint32_t> lanes, std::uint32_t tag);

  /// Lanes of the PEs (row, 0), (row, 1), ... in this cycle, and their tags.
  [[nodiscard]] const std::uint32_t* values(std::size_t row) const {
    return values_.data() + line_at(row) * cols_;
  }
  [[nodiscard]] const std::uint32_t* tags(std::size_t row) const {
    return tags_.data() + line_at(row) * cols_;
  }
  [[nodiscard]] bool is_empty(std::size_t row) const { return lanes_in_[line_at(row)] == 0; }

 private:
  [[nodiscard]] std::size_t line_at(std::size_t row) const {
    return now_ >= row ? now_ - row : now_ + lines_ - row;
  }

  std::size_t cols_;
  std::size_t lines_;    // as many as can have a lane in the array or ahead of it: rows + cols
  std::size_t now_ = 0;  // line of row 0
  std::vector<std::uint32_t> values_;
  std::vector<std::uint32_t> tags_;
  std::vector<std::size_t> lanes_in_;  // of each line
};

}  // namespace systole
