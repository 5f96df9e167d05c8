#include "compiler/verify/window_reads.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace systole::verification {
namespace {

struct Touched {
  std::map<std::int64_t, std::int64_t> offset_of;  ///< tensor offset by address
  std::set<std::int64_t> rows;                     ///< (image, input row) pairs, flattened
};

/// Element by element, as the comment of Window defines it. Offsets are packed.
Touched exact_reads(const Window& window, const WindowSlice& slice, std::int64_t channels) {
  Touched touched;
  for (std::int64_t p = slice.first; p < slice.first + slice.count; ++p) {
    const std::int64_t image = p / (window.out_rows * window.out_cols);
    const std::int64_t oy = window.first_out_row + p / window.out_cols % window.out_rows;
    const std::int64_t ox = p % window.out_cols;
    for (std::int64_t k = slice.k_first; k < slice.k_first + slice.depth; ++k) {
      const std::int64_t c = k % window.channels;
      const std::int64_t kx = k / window.channels % window.kernel_cols;
      const std::int64_t ky = k / (window.channels * window.kernel_cols);
      const std::int64_t iy = oy * window.stride_rows - window.pad_top + ky * window.dilation_rows;
      const std::int64_t ix = ox * window.stride_cols - window.pad_left + kx * window.dilation_cols;
      if (iy < 0 || iy >= window.in_rows) {
        continue;
      }
      touched.rows.insert(image * window.in_rows + iy);
      if (ix < 0 || ix >= window.in_cols) {
        continue;
      }
      const std::int64_t row = iy - window.first_in_row;
      const std::int64_t address = window.source.address + image * window.image_pitch +
                                   row * window.row_pitch + ix * window.pixel_pitch + c;
      touched.offset_of[address] =
          window.source.offset + ((image * window.in_rows + row) * window.in_cols + ix) * channels +
          c;
    }
  }
  return touched;
}

Window random_window(std::mt19937_64& random, std::int64_t channels) {
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  Window window;
  const std::int64_t groups = channels % 2 == 0 ? 1 + below(2) : 1;
  window.channels = channels / groups;
  window.in_rows = 1 + below(6);
  window.in_cols = 1 + below(6);
  window.kernel_rows = 1 + below(3);
  window.kernel_cols = 1 + below(3);
  window.stride_rows = 1 + below(2);
  window.stride_cols = 1 + below(2);
  window.dilation_rows = 1 + below(2);
  window.dilation_cols = 1 + below(2);
  window.pad_top = below(2);
  window.pad_left = below(2);
  window.out_rows = 1 + below(4);
  window.out_cols = 1 + below(4);
  window.first_out_row = below(2);
  window.pixel_pitch = channels + (random() % 4 == 0 ? 1 : 0);
  window.row_pitch = window.in_cols * window.pixel_pitch + (random() % 3 == 0 ? 3 : 0);
  window.image_pitch = window.in_rows * window.row_pitch + (random() % 2 == 0 ? 5 : 0);
  window.source = {.address = 1000, .tensor = 0, .offset = below(3)};
  return window;
}

/// Nothing that is read is missing, every address carries its own offset, and whatever is read
/// beyond that lies in rows between the first and the last that are needed.
TEST(WindowReads, CoverTheKernelAndStayWithinItsRows) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20000; ++round) {
    const auto channels = static_cast<std::int64_t>(1 + random() % 4);
    const Window window = random_window(random, channels);
    const std::int64_t depth = window.kernel_rows * window.kernel_cols * window.channels;
    WindowSlice slice;
    slice.first = static_cast<std::int64_t>(random() % 9);
    slice.count = static_cast<std::int64_t>(1 + random() % 20);
    slice.k_first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(depth));
    slice.depth =
        static_cast<std::int64_t>(1 + random() % static_cast<std::uint64_t>(depth - slice.k_first));

    const Touched exact = exact_reads(window, slice, channels);
    const WindowReads reads = window_reads(window, slice, channels, DataType::Int8);
    ASSERT_FALSE(reads.row_before_first);
    std::map<std::int64_t, std::int64_t> found;
    for (const WindowRead& read : reads.reads) {
      for (std::int64_t row = 0; row < read.where.rows; ++row) {
        for (std::int64_t byte = 0; byte < read.where.row_bytes; ++byte) {
          const std::int64_t address = read.where.base + row * read.where.pitch + byte;
          found[address] = address + read.delta;
        }
      }
    }
    for (const auto& [address, offset] : exact.offset_of) {
      const auto at = found.find(address);
      ASSERT_NE(at, found.end()) << "round " << round << " misses " << address;
      ASSERT_EQ(at->second, offset) << "round " << round << " at " << address;
    }
    if (found.empty()) {
      continue;
    }
    const std::int64_t row_bytes = window.in_cols * channels;
    const auto row_of = [&](std::int64_t offset) {
      return (offset - window.source.offset) / row_bytes;
    };
    const std::int64_t first = row_of(found.begin()->second);
    const std::int64_t last = row_of(found.rbegin()->second);
    ASSERT_GE(first, *exact.rows.begin()) << "round " << round;
    ASSERT_LE(last, *exact.rows.rbegin()) << "round " << round;
  }
}

TEST(WindowReads, AreOneRunForAWholePackedImage) {
  Window window;
  window.source = {.address = 64, .tensor = 0, .offset = 0};
  window.in_rows = window.in_cols = window.out_rows = window.out_cols = 8;
  window.channels = window.pixel_pitch = 4;
  window.row_pitch = 8 * 4;
  window.image_pitch = 8 * 8 * 4;
  window.kernel_rows = window.kernel_cols = 3;
  window.pad_top = window.pad_left = 1;
  const WindowSlice two_images{.first = 0, .count = 2 * 64, .k_first = 0, .depth = 9 * 4};
  const WindowReads reads = window_reads(window, two_images, 4, DataType::Int8);
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads[0].where, rectangle(64, 1, 2 * 8 * 8 * 4, 0));
}

TEST(WindowReads, TakeAChannelSliceAsOneRectangle) {
  Window window;
  window.source = {.address = 0, .tensor = 0, .offset = 0};
  window.channels = 1024;
  window.image_pitch = 1024;
  const WindowSlice second_quarter{.first = 0, .count = 200, .k_first = 256, .depth = 256};
  const WindowReads reads = window_reads(window, second_quarter, 1024, DataType::Int8);
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads[0].where, rectangle(256, 200, 256, 1024));
}

TEST(WindowReads, TellOfARowBeforeTheFirstInTheBuffer) {
  Window window;
  window.in_rows = window.in_cols = window.out_rows = window.out_cols = 4;
  window.channels = window.pixel_pitch = 1;
  window.row_pitch = 4;
  window.first_in_row = 2;
  const WindowSlice second_row{.first = 4, .count = 4, .k_first = 0, .depth = 1};
  EXPECT_EQ(window_reads(window, second_row, 1, DataType::Int8).row_before_first, 1);
  const WindowSlice third_row{.first = 8, .count = 4, .k_first = 0, .depth = 1};
  EXPECT_EQ(window_reads(window, third_row, 1, DataType::Int8).row_before_first, std::nullopt);
}

}  // namespace
}  // namespace systole::verification
