#pragma once

#include <cstdint>
#include <vector>

namespace systole::verification {

/// `rows` runs of `row_bytes` bytes, `pitch` bytes from one to the next. Normal form, kept by
/// `rectangle()`: rows that touch are one row; a single row has pitch = row_bytes; otherwise
/// pitch > row_bytes. Empty when rows or row_bytes is 0.
struct Rectangle {
  std::int64_t base = 0;
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;
  std::int64_t pitch = 0;

  [[nodiscard]] std::int64_t end() const { return base + (rows - 1) * pitch + row_bytes; }
  [[nodiscard]] std::int64_t bytes() const { return rows * row_bytes; }
  bool operator==(const Rectangle&) const = default;
};

using Rectangles = std::vector<Rectangle>;

/// Where the rows of a rectangle lie between two multiples of its pitch.
struct Columns {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t pitch = 0;  ///< 0: one row alone, or rows over a multiple of the pitch; says nothing

  /// Of a row that begins that many bytes behind a multiple of the pitch.
  [[nodiscard]] static Columns of_row(std::int64_t begin, std::int64_t bytes, std::int64_t pitch) {
    return begin + bytes <= pitch ? Columns{begin, begin + bytes, pitch} : Columns{};
  }
};
[[nodiscard]] Columns columns_of(const Rectangle& rectangle);
/// Where they lie between two multiples of a pitch of which theirs is a multiple.
[[nodiscard]] inline Columns folded(const Columns& columns, std::int64_t pitch) {
  constexpr std::int64_t kQuick = std::int64_t{1} << 32U;  // to divide
  if (columns.pitch >= kQuick) {
    return {};
  }
  const auto by = static_cast<std::uint32_t>(pitch);
  return static_cast<std::uint32_t>(columns.pitch) % by == 0
             ? Columns::of_row(static_cast<std::uint32_t>(columns.begin) % by,
                               columns.end - columns.begin, pitch)
             : Columns{};
}
/// True where the columns alone show that two rectangles share no byte; constant and quick.
[[nodiscard]] inline bool are_beside(const Columns& one, const Columns& other) {
  if (one.pitch == 0 || other.pitch == 0) {
    return false;
  }
  if (one.pitch != other.pitch) {
    return one.pitch < other.pitch ? are_beside(one, folded(other, one.pitch))
                                   : are_beside(folded(one, other.pitch), other);
  }
  return one.end <= other.begin || other.end <= one.begin;
}

/// In normal form. Requires pitch >= row_bytes where rows > 1.
[[nodiscard]] Rectangle rectangle(std::int64_t base, std::int64_t rows, std::int64_t row_bytes,
                                  std::int64_t pitch);

/// The bytes that two rectangles share, as disjoint rectangles. Takes constant time unless both
/// have several rows and their pitches differ; then it is linear in the rows of one.
[[nodiscard]] Rectangles intersection(const Rectangle& one, const Rectangle& other);
[[nodiscard]] std::int64_t common_bytes(const Rectangle& one, const Rectangle& other);

/// The bytes of `from` that are not in `what`, as disjoint rectangles.
[[nodiscard]] Rectangles difference(const Rectangle& from, const Rectangle& what);

}  // namespace systole::verification
