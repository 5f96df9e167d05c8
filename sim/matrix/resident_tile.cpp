#include "sim/matrix/resident_tile.h"

#include <algorithm>
#include <bit>
#include <span>

#include "arch/isa/float_format.h"
#include "sim/arithmetic/operand_decoding.h"
#include "sim/matrix/fold_kernel.h"

namespace systole {

namespace {

/// Rows and columns of a tile in the kernels' order.
class Layout {
 public:
  explicit Layout(const ResidentTile& tile)
      : rows_(static_cast<std::size_t>(tile.rows)), cols_(static_cast<std::size_t>(tile.cols)) {}

  [[nodiscard]] std::size_t integers() const {
    return rounded_up(cols_, kKernelLanes) * rounded_up(rows_, kIntegerDepth);
  }
  [[nodiscard]] std::size_t integer(std::size_t k, std::size_t n) const {
    return n / kKernelLanes * kKernelLanes * rounded_up(rows_, kIntegerDepth) +
           (k / kIntegerDepth * kKernelLanes + n % kKernelLanes) * kIntegerDepth +
           k % kIntegerDepth;
  }
  [[nodiscard]] std::size_t floats() const { return rounded_up(cols_, kKernelLanes) * rows_; }
  [[nodiscard]] std::size_t floating(std::size_t k, std::size_t n) const {
    return (n / kKernelLanes * rows_ + k) * kKernelLanes + n % kKernelLanes;
  }

 private:
  std::size_t rows_;
  std::size_t cols_;
};

/// Elements of integers, less the zero point, or of floating types as binary32.
void decode_stored(const Tile& tile, std::span<const std::int8_t> bytes,
                   std::vector<float>& numbers) {
  if (is_float(tile.type)) {
    decode(tile.type, bytes, numbers);
    return;
  }
  std::vector<std::int16_t> integers(numbers.size());
  decode(tile.type, bytes, integers);
  std::transform(integers.begin(), integers.end(), numbers.begin(), [&](std::int16_t integer) {
    return static_cast<float>(integer - tile.zero_point);
  });
}

/// What the array gets in the place of a tile's elements (arch/isa/instruction.h).
void convert(const Tile& tile, std::vector<float>& numbers) {
  const TileConversion& conversion = tile.conversion;
  const auto cols = static_cast<std::size_t>(tile.cols);
  const auto element_bytes = static_cast<std::size_t>(bytes_of(tile.type, tile.rows * tile.cols));
  const std::span<const std::int8_t> bytes(tile.bytes);
  decode_stored(tile, bytes.first(element_bytes), numbers);
  std::vector<float> scales(static_cast<std::size_t>(conversion.groups(tile.rows) * tile.cols));
  decode(conversion.to,
         bytes.subspan(element_bytes,
                       scales.size() * static_cast<std::size_t>(bytes_of(conversion.to))),
         scales);
  const FloatFormat format = float_format(conversion.to);
  for (std::size_t row = 0; row < static_cast<std::size_t>(tile.rows); ++row) {
    const float* of_row =
        scales.empty()
            ? nullptr
            : scales.data() +
                  static_cast<std::size_t>(conversion.group_of(static_cast<std::int64_t>(row))) *
                      cols;
    for (std::size_t col = 0; col < cols; ++col) {
      float& number = numbers[row * cols + col];
      number = decoded(
          format, rounded(format, number * (of_row == nullptr ? conversion.scale : of_row[col])));
    }
  }
}

/// Numbers row by row to the kernels' order: `kDepth` neighbours of the reduction side by side in
/// panels of kKernelLanes columns. What `to` holds beyond the tile stays.
template <std::size_t kDepth, class Number>
void arrange(const std::vector<Number>& numbers, const ResidentTile& tile,
             std::vector<Number>& to) {
  const auto rows = static_cast<std::size_t>(tile.rows);
  const auto cols = static_cast<std::size_t>(tile.cols);
  const std::size_t depth = rounded_up(rows, kDepth);
  for (std::size_t n = 0; n < cols; n += kKernelLanes) {
    const std::size_t lanes = std::min(kKernelLanes, cols - n);
    for (std::size_t k = 0; k < rows; ++k) {
      const Number* const from = numbers.data() + k * cols + n;
      Number* const panel = to.data() + n * depth + k / kDepth * kDepth * kKernelLanes + k % kDepth;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        panel[lane * kDepth] = from[lane];
      }
    }
  }
}

}  // namespace

std::vector<std::int32_t> ResidentTile::patterns() const {
  std::vector<std::int32_t> result;
  if (!has_data()) {
    return result;
  }
  const Layout layout(*this);
  result.reserve(static_cast<std::size_t>(rows * cols));
  for (std::size_t k = 0; k < static_cast<std::size_t>(rows); ++k) {
    for (std::size_t n = 0; n < static_cast<std::size_t>(cols); ++n) {
      result.push_back(is_float(type) ? std::bit_cast<std::int32_t>(floats[layout.floating(k, n)])
                                      : std::int32_t{integers[layout.integer(k, n)]});
    }
  }
  return result;
}

ResidentTile resident_tile(const Tile& tile) {
  ResidentTile resident{.rows = tile.rows,
                        .cols = tile.cols,
                        .type = tile.entering_type(),
                        .integers = {},
                        .floats = {}};
  if (tile.bytes.empty()) {
    return resident;
  }
  const Layout layout(resident);
  const auto elements = static_cast<std::size_t>(tile.rows * tile.cols);
  if (is_float(resident.type)) {
    std::vector<float> numbers(elements);
    if (tile.conversion.converts()) {
      convert(tile, numbers);
    } else {
      decode(tile.type, tile.bytes, numbers);
    }
    resident.floats.assign(layout.floats(), 0.0F);
    arrange<1>(numbers, resident, resident.floats);
  } else {
    std::vector<std::int16_t> numbers(elements);
    decode(tile.type, tile.bytes, numbers);
    if (tile.zero_point != 0) {
      for (std::int16_t& number : numbers) {
        number = static_cast<std::int16_t>(number - tile.zero_point);
      }
    }
    resident.integers.assign(layout.integers(), 0);
    arrange<kIntegerDepth>(numbers, resident, resident.integers);
  }
  return resident;
}

ResidentTile resized(const ResidentTile& tile, std::int64_t rows, std::int64_t cols) {
  ResidentTile result{.rows = rows, .cols = cols, .type = tile.type, .integers = {}, .floats = {}};
  const Layout from(tile);
  const Layout to(result);
  if (is_float(tile.type)) {
    result.floats.assign(to.floats(), 0.0F);
  } else {
    result.integers.assign(to.integers(), 0);
  }
  const auto used_rows = static_cast<std::size_t>(std::min(rows, tile.rows));
  const auto used_cols = static_cast<std::size_t>(std::min(cols, tile.cols));
  for (std::size_t k = 0; k < used_rows; ++k) {
    for (std::size_t n = 0; n < used_cols; ++n) {
      if (is_float(tile.type)) {
        result.floats[to.floating(k, n)] = tile.floats[from.floating(k, n)];
      } else {
        result.integers[to.integer(k, n)] = tile.integers[from.integer(k, n)];
      }
    }
  }
  return result;
}

}  // namespace systole
