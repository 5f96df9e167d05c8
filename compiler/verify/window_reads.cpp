#include "compiler/verify/window_reads.h"

#include <algorithm>

#include "arch/units/units.h"

namespace systole::verification {

namespace {

/// Both ends included.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = -1;

  [[nodiscard]] bool empty() const { return first > last; }
  [[nodiscard]] std::int64_t size() const { return last - first + 1; }
};

/// One axis of a window.
struct Axis {
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad = 0;
  std::int64_t size = 1;  ///< of the image
};

/// From the first to the last input coordinate that outputs `out` and kernel positions `kernel`
/// touch within the image; some between may not be touched.
Range touched(Range out, Range kernel, const Axis& axis) {
  Range range{axis.size, -1};
  for (std::int64_t position = kernel.first; position <= kernel.last; ++position) {
    const std::int64_t shift = position * axis.dilation - axis.pad;
    const std::int64_t lowest = ceil_div(std::max(-shift, std::int64_t{0}), axis.stride);
    const std::int64_t beyond = ceil_div(std::max(axis.size - shift, std::int64_t{0}), axis.stride);
    const Range inside{std::max(out.first, lowest), std::min(out.last, beyond - 1)};
    if (!inside.empty()) {
      range.first = std::min(range.first, inside.first * axis.stride + shift);
      range.last = std::max(range.last, inside.last * axis.stride + shift);
    }
  }
  return range;
}

/// The part of a kernel that a reduction slice covers.
struct KernelPart {
  Range rows;
  Range cols;
  Range channels;
};

KernelPart kernel_part(const Window& window, const WindowSlice& slice) {
  const std::int64_t k_first =
      slice.k_first % (window.channels * window.kernel_rows * window.kernel_cols);
  const std::int64_t k_last = k_first + slice.depth - 1;
  const Range positions{k_first / window.channels, k_last / window.channels};
  KernelPart part{
      .rows = {positions.first / window.kernel_cols, positions.last / window.kernel_cols},
      .cols = {0, window.kernel_cols - 1},
      .channels = {0, window.channels - 1}};
  if (part.rows.size() == 1) {
    part.cols = {positions.first % window.kernel_cols, positions.last % window.kernel_cols};
  }
  if (positions.size() == 1) {
    part.channels = {k_first % window.channels, k_last % window.channels};
  }
  return part;
}

class Collector {
 public:
  Collector(const Window& window, const KernelPart& part, std::int64_t tensor_channels,
            DataType type)
      : window_(window), part_(part), type_(type) {
    const bool one_pixel = window.in_rows == 1 && window.in_cols == 1;
    by_column_ = window.channels == 1 && (window.kernel_rows > 1 || window.in_cols > 1) &&
                 tensor_channels > 1 && window.pixel_pitch == bytes_of(type, 1);
    images_are_channels_ =
        window.channels == 1 && window.image_pitch == bytes_of(type, 1) &&
        (tensor_channels > 1 || (!one_pixel && window.kernel_rows * window.kernel_cols > 1));
    packed_pixel_ =
        bytes_of(type, one_pixel ? std::max(tensor_channels, window.channels) : tensor_channels);
  }

  /// Output rows `rows` x columns `cols` of image `image`; rows count from the window's first.
  void add(std::int64_t image, Range rows, Range cols) {
    const Range out_rows{window_.first_out_row + rows.first, window_.first_out_row + rows.last};
    const Range in_rows = touched(out_rows, part_.rows,
                                  {.stride = window_.stride_rows,
                                   .dilation = window_.dilation_rows,
                                   .pad = window_.pad_top,
                                   .size = window_.in_rows});
    Range in_cols = touched(cols, part_.cols,
                            {.stride = window_.stride_cols,
                             .dilation = window_.dilation_cols,
                             .pad = window_.pad_left,
                             .size = window_.in_cols});
    if (in_rows.empty() || in_cols.empty()) {
      return;  // nothing but padding
    }
    if (in_rows.first < window_.first_in_row) {
      result_.row_before_first = in_rows.first;
      return;
    }
    if (cols.size() == window_.out_cols) {
      in_cols = {0, window_.in_cols - 1};
    }
    for (std::int64_t row = in_rows.first; row <= in_rows.last; ++row) {
      add_pixels(image, row, in_cols);
    }
  }

  /// All images from `first` to `last` at once: they are channels of the same pixels.
  void add_channels(std::int64_t first, std::int64_t last) {
    channels_ = {first, last};
    add(first, {0, window_.out_rows - 1}, {0, window_.out_cols - 1});
  }
  [[nodiscard]] bool images_are_channels() const { return images_are_channels_; }

  WindowReads take() { return std::move(result_); }

 private:
  void add_pixels(std::int64_t image, std::int64_t row, Range cols) {
    const std::int64_t channel = bytes_of(type_, part_.channels.first);
    const std::int64_t first_row = row - window_.first_in_row;
    const std::int64_t address = window_.source.address + image * window_.image_pitch +
                                 first_row * window_.row_pitch + cols.first * window_.pixel_pitch +
                                 channel;
    const std::int64_t pixel = (image * window_.in_rows + first_row) * window_.in_cols + cols.first;
    const std::int64_t offset = window_.source.offset + pixel * packed_pixel_ + channel;
    const std::int64_t bytes = bytes_of(type_, part_.channels.size());
    if (images_are_channels_) {  // of a tensor that lies there as it is
      const std::int64_t whole = bytes_of(type_, channels_.size());
      append(rectangle(address, cols.size(), whole, window_.pixel_pitch),
             window_.source.offset - window_.source.address);
      return;
    }
    if (by_column_) {  // columns of a packed matrix side by side: rows of it, as they are
      append(rectangle(address, 1, cols.size() * bytes, 0),
             window_.source.offset - window_.source.address);
      return;
    }
    if (cols.size() == 1 || window_.pixel_pitch == packed_pixel_) {
      append(rectangle(address, cols.size(), bytes, window_.pixel_pitch), offset - address);
      return;
    }
    for (std::int64_t col = 0; col < cols.size(); ++col) {
      const std::int64_t at = address + col * window_.pixel_pitch;
      append(rectangle(at, 1, bytes, 0), offset + col * packed_pixel_ - at);
    }
  }

  /// Joins what continues the read before it: image rows without gaps, images of one pixel.
  void append(const Rectangle& where, std::int64_t delta) {
    if (!result_.reads.empty() && result_.reads.back().delta == delta) {
      Rectangle& last = result_.reads.back().where;
      const bool touches = last.rows == 1 && where.rows == 1 && last.end() == where.base;
      const std::int64_t pitch = last.rows > 1    ? last.pitch
                                 : where.rows > 1 ? where.pitch
                                                  : where.base - last.base;
      const bool same_shape = last.row_bytes == where.row_bytes && pitch >= where.row_bytes &&
                              (where.rows == 1 || where.pitch == pitch) &&
                              where.base == last.base + last.rows * pitch;
      if (touches) {
        last = rectangle(last.base, 1, last.row_bytes + where.row_bytes, 0);
        return;
      }
      if (same_shape) {
        last = rectangle(last.base, last.rows + where.rows, last.row_bytes, pitch);
        return;
      }
    }
    result_.reads.push_back({where, delta});
  }

  const Window& window_;
  KernelPart part_;
  DataType type_;
  std::int64_t packed_pixel_ = 1;
  Range channels_;
  bool by_column_ = false;  ///< a position is a column of a matrix, not a pixel
  bool images_are_channels_ = false;
  WindowReads result_;
};

/// Splits positions [begin, end) of one image into at most three blocks of rows x columns.
void add_image(Collector& collector, std::int64_t image, std::int64_t begin, std::int64_t end,
               std::int64_t out_cols) {
  while (begin < end) {
    const std::int64_t row = begin / out_cols;
    const std::int64_t col = begin % out_cols;
    const std::int64_t whole_rows = col == 0 ? (end - begin) / out_cols : 0;
    if (whole_rows > 0) {
      collector.add(image, {row, row + whole_rows - 1}, {0, out_cols - 1});
      begin += whole_rows * out_cols;
    } else {
      const std::int64_t here = std::min(end - begin, out_cols - col);
      collector.add(image, {row, row}, {col, col + here - 1});
      begin += here;
    }
  }
}

}  // namespace

WindowReads window_reads(const Window& window, const WindowSlice& slice,
                         std::int64_t tensor_channels, DataType type) {
  Collector collector(window, kernel_part(window, slice), tensor_channels, type);
  const std::int64_t image_positions = window.out_rows * window.out_cols;
  const std::int64_t end = slice.first + slice.count;
  if (collector.images_are_channels()) {
    collector.add_channels(slice.first / image_positions, (end - 1) / image_positions);
    return collector.take();
  }
  for (std::int64_t begin = slice.first; begin < end;) {
    const std::int64_t image = begin / image_positions;
    const std::int64_t image_first = image * image_positions;
    const std::int64_t stop = std::min(end, image_first + image_positions);
    add_image(collector, image, begin - image_first, stop - image_first, window.out_cols);
    begin = stop;
  }
  return collector.take();
}

}  // namespace systole::verification
