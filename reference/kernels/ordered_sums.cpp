#include "reference/kernels/ordered_sums.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "arch/diag/check.h"
#include "arch/units/units.h"

namespace systole::reference {

namespace {

/// Pixels and output channels whose sums are made together: their partial sums fit the registers.
constexpr std::int64_t kPixels = 4;
constexpr std::int64_t kColumns = 16;

/// The input values behind output pixels, reduction index by reduction index.
class Gather {
 public:
  Gather(const ConvolutionGeometry& geometry, std::span<const float> input)
      : geometry_(geometry),
        input_(input),
        channels_(geometry.input.channels / geometry.groups),
        k_(geometry.kernel.rows * geometry.kernel.cols * channels_) {}

  [[nodiscard]] std::int64_t k() const { return k_; }

  /// to[k] for one output pixel and group.
  void gather(std::int64_t pixel, std::int64_t group, float* to) const {
    const Shape& in = geometry_.input;
    const Shape& out = geometry_.output;
    const Kernel& kernel = geometry_.kernel;
    const std::int64_t image = pixel / (out.rows * out.cols);
    const std::int64_t top = pixel / out.cols % out.rows * kernel.stride_rows - kernel.pad_top;
    const std::int64_t left = pixel % out.cols * kernel.stride_cols - kernel.pad_left;
    for (std::int64_t tap = 0; tap < kernel.rows * kernel.cols; ++tap, to += channels_) {
      const std::int64_t row = top + tap / kernel.cols * kernel.dilation_rows;
      const std::int64_t col = left + tap % kernel.cols * kernel.dilation_cols;
      if (row < 0 || row >= in.rows || col < 0 || col >= in.cols) {
        std::fill_n(to, channels_, 0.0F);
        continue;
      }
      const std::int64_t source = ((image * in.rows + row) * in.cols + col) * in.channels;
      std::copy_n(input_.data() + source + group * channels_, channels_, to);
    }
  }

 private:
  const ConvolutionGeometry& geometry_;
  std::span<const float> input_;
  std::int64_t channels_;
  std::int64_t k_;
};

struct Block {
  std::array<float, kPixels * kColumns> sums{};

  float* row(std::int64_t pixel) { return sums.data() + pixel * kColumns; }
  [[nodiscard]] const float* row(std::int64_t pixel) const {
    return sums.data() + pixel * kColumns;
  }
};

/// sums[p][c] += values[p][k] * weights[k][c] for k = first .. end - 1, one addition at a time.
/// `columns` is kColumns but at the right edge; the compiler knows the usual one.
struct Products {
  const float* values;
  std::int64_t k;
  const float* weights;
  std::int64_t pitch;

  void add(std::int64_t first, std::int64_t end, std::int64_t columns, Block& block) const {
    if (columns == kColumns) {
      add_columns(first, end, kColumns, block);
    } else {
      add_columns(first, end, columns, block);
    }
  }

 private:
  void add_columns(std::int64_t first, std::int64_t end, std::int64_t columns, Block& block) const {
    Block sums = block;
    for (std::int64_t at = first; at < end; ++at) {
      for (std::int64_t p = 0; p < kPixels; ++p) {
        const float value = values[p * k + at];
        for (std::int64_t c = 0; c < columns; ++c) {
          sums.row(p)[c] = sums.row(p)[c] + value * weights[at * pitch + c];
        }
      }
    }
    block = sums;
  }
};

class Summation {
 public:
  Summation(const ConvolutionGeometry& geometry, std::span<const float> input,
            std::span<const float> weights, const SummationOrder& order)
      : geometry_(geometry), gather_(geometry, input), weights_(weights), order_(order) {
    const std::int64_t k = gather_.k();
    const auto check_parts = [k](const std::vector<std::int64_t>& parts) {
      SYSTOLE_CHECK(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == k,
                    "the parts of the order are not a reduction of {}", k);
    };
    if (order.side_by_side.empty()) {
      check_parts(order.parts);
    }
    std::for_each(order.side_by_side.begin(), order.side_by_side.end(), check_parts);
    SYSTOLE_CHECK(static_cast<std::int64_t>(weights.size()) == k * geometry.output.channels,
                  "{} weights", weights.size());
    values_.resize(static_cast<std::size_t>(kPixels * k));
    sums_.resize(static_cast<std::size_t>(geometry.output.elements()));
  }

  std::vector<float> sums() && {
    const std::int64_t pixels = geometry_.output.pixels();
    const std::int64_t apart = geometry_.groups > 1 ? 1 : ways();
    for (std::int64_t group = 0; group < geometry_.groups; ++group) {
      for (std::int64_t offset = 0; offset < apart; ++offset) {
        const auto& parts = parts_of(geometry_.groups > 1 ? group % ways() : offset);
        for (std::int64_t first = offset; first < pixels; first += kPixels * apart) {
          sum_pixels(group, {first, std::min(kPixels, ceil_div(pixels - first, apart)), apart},
                     parts);
        }
      }
    }
    return std::move(sums_);
  }

 private:
  /// Pixels whose sums are made together, `apart` from one to the next.
  struct Pixels {
    std::int64_t first;
    std::int64_t count;
    std::int64_t apart;
  };

  /// In how many ways the reduction is cut.
  [[nodiscard]] std::int64_t ways() const {
    return std::max<std::int64_t>(std::ssize(order_.side_by_side), 1);
  }
  [[nodiscard]] const std::vector<std::int64_t>& parts_of(std::int64_t way) const {
    return order_.side_by_side.empty() ? order_.parts
                                       : order_.side_by_side[static_cast<std::size_t>(way)];
  }

  void sum_pixels(std::int64_t group, const Pixels& pixels,
                  const std::vector<std::int64_t>& lengths) {
    for (std::int64_t p = 0; p < pixels.count; ++p) {
      gather_.gather(pixels.first + p * pixels.apart, group, values_.data() + p * gather_.k());
    }
    const std::int64_t channels = geometry_.output.channels;
    const std::int64_t n = channels / geometry_.groups;
    for (std::int64_t column = 0; column < n; column += kColumns) {
      const std::int64_t columns = std::min(kColumns, n - column);
      const Products products{.values = values_.data(),
                              .k = gather_.k(),
                              .weights = weights_.data() + group * gather_.k() * n + column,
                              .pitch = n};
      const Block parts = in_parts(products, columns, lengths);
      Block whole;
      if (!order_.stays.empty()) {
        products.add(0, gather_.k(), columns, whole);
      }
      for (std::int64_t p = 0; p < pixels.count; ++p) {
        const std::int64_t at = (pixels.first + p * pixels.apart) * channels + group * n + column;
        std::copy_n(parts.row(p), columns, sums_.data() + at);
        for (std::int64_t c = 0; c < columns && !order_.stays.empty(); ++c) {
          const auto element = static_cast<std::size_t>(at + c);
          sums_[element] = order_.stays[element] ? whole.row(p)[c] : sums_[element];
        }
      }
    }
  }

  [[nodiscard]] static Block in_parts(const Products& products, std::int64_t columns,
                                      const std::vector<std::int64_t>& lengths) {
    Block total;
    std::int64_t first = 0;
    for (const std::int64_t length : lengths) {
      Block part;
      products.add(first, first + length, columns, part);
      for (std::size_t i = 0; i < part.sums.size(); ++i) {
        total.sums[i] = first == 0 ? part.sums[i] : total.sums[i] + part.sums[i];
      }
      first += length;
    }
    return total;
  }

  const ConvolutionGeometry& geometry_;
  Gather gather_;
  std::span<const float> weights_;
  const SummationOrder& order_;
  std::vector<float> values_;
  std::vector<float> sums_;
};

}  // namespace

std::vector<float> ordered_sums(const ConvolutionGeometry& geometry, std::span<const float> input,
                                std::span<const float> weights, const SummationOrder& order) {
  return Summation(geometry, input, weights, order).sums();
}

}  // namespace systole::reference
