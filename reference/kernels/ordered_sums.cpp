#include "reference/kernels/ordered_sums.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "arch/diag/check.h"

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
    SYSTOLE_CHECK(std::accumulate(order.parts.begin(), order.parts.end(), std::int64_t{0}) == k,
                  "the parts of the order are not a reduction of {}", k);
    SYSTOLE_CHECK(static_cast<std::int64_t>(weights.size()) == k * geometry.output.channels,
                  "{} weights", weights.size());
    values_.resize(static_cast<std::size_t>(kPixels * k));
    sums_.resize(static_cast<std::size_t>(geometry.output.elements()));
  }

  std::vector<float> sums() && {
    const std::int64_t pixels = geometry_.output.pixels();
    for (std::int64_t group = 0; group < geometry_.groups; ++group) {
      for (std::int64_t first = 0; first < pixels; first += kPixels) {
        const auto count = std::min(kPixels, pixels - first);
        for (std::int64_t p = 0; p < count; ++p) {
          gather_.gather(first + p, group, values_.data() + p * gather_.k());
        }
        sum_pixels(group, first, count);
      }
    }
    return std::move(sums_);
  }

 private:
  void sum_pixels(std::int64_t group, std::int64_t first, std::int64_t count) {
    const std::int64_t channels = geometry_.output.channels;
    const std::int64_t n = channels / geometry_.groups;
    for (std::int64_t column = 0; column < n; column += kColumns) {
      const std::int64_t columns = std::min(kColumns, n - column);
      const Products products{.values = values_.data(),
                              .k = gather_.k(),
                              .weights = weights_.data() + group * gather_.k() * n + column,
                              .pitch = n};
      const Block parts = in_parts(products, columns);
      Block whole;
      if (!order_.stays.empty()) {
        products.add(0, gather_.k(), columns, whole);
      }
      for (std::int64_t p = 0; p < count; ++p) {
        const std::int64_t at = (first + p) * channels + group * n + column;
        std::copy_n(parts.row(p), columns, sums_.data() + at);
        for (std::int64_t c = 0; c < columns && !order_.stays.empty(); ++c) {
          const auto element = static_cast<std::size_t>(at + c);
          sums_[element] = order_.stays[element] ? whole.row(p)[c] : sums_[element];
        }
      }
    }
  }

  [[nodiscard]] Block in_parts(const Products& products, std::int64_t columns) const {
    Block total;
    std::int64_t first = 0;
    for (const std::int64_t length : order_.parts) {
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
