#pragma once

#include "compiler/ops/infer.h"

namespace systole {

/// Whether `small` has a number for every element of `large`, its own or one that elements share.
[[nodiscard]] inline bool reaches(const Shape& small, const Shape& large) {
  const bool pixels = small.rows == large.rows && small.cols == large.cols;
  return small.batch == large.batch && (pixels || small.rows * small.cols == 1) &&
         (small.channels == large.channels || small.channels == 1);
}

}  // namespace systole
