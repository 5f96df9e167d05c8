#pragma once

#include <cstdint>

namespace systole {

/// Most rows or columns of a kernel, of a stride, of a dilation or of padding, in networks and in
/// instructions alike; also of rows, columns and images of a tensor that a network file describes.
inline constexpr std::int64_t kMaxSize = 65536;

}  // namespace systole
