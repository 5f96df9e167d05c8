#pragma once

#include <cstdint>
#include <optional>

#include <boost/container/small_vector.hpp>

#include "arch/isa/instruction.h"
#include "compiler/verify/rectangle.h"

namespace systole::verification {

/// Output positions first .. first + count - 1, reduction indices k_first .. k_first + depth - 1.
struct WindowSlice {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t k_first = 0;
  std::int64_t depth = 0;
};

/// Elements of the source: addresses, and where these bytes are in the packed tensor.
struct WindowRead {
  Rectangle where;
  std::int64_t delta = 0;  ///< tensor offset - address, for every byte of `where`
};

struct WindowReads {
  boost::container::small_vector<WindowRead, 4> reads;
  std::optional<std::int64_t> row_before_first;  ///< an input row read but not in the buffer
};

/// `tensor_channels` is the number of channels of the source tensor, `type` that of its elements.
/// An image of one pixel may be a flattened view: then its packed size is window.channels.
[[nodiscard]] WindowReads window_reads(const Window& window, const WindowSlice& slice,
                                       std::int64_t tensor_channels, DataType type);

}  // namespace systole::verification
