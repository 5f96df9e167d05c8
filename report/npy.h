#pragma once

#include <string>

#include "compiler/graph/file_order.h"
#include "reference/run_tensor.h"

namespace systole {

/// Files of NumPy's .npy format, version 1.0, in C order: images, rows, columns, channels, or of a
/// vector (1 x 1 pixels) images and channels; or in the order and shape given, null for none.

/// Elements as they are stored: `|i1`, or of bf16 its 16 bits as `<u2`, for NumPy has no such type.
[[nodiscard]] std::string stored_npy(const RunTensor& tensor, const FileOrder* order = nullptr);

/// The real numbers that they stand for, as `<f4`.
[[nodiscard]] std::string float32_npy(const RunTensor& tensor, const FileOrder* order = nullptr);

}  // namespace systole
