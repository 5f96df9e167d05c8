#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Channels become pixels: those of a pixel, in blocks of an output's channels, are `factor` x
/// `factor` neighbours, row by row. Behind a 1 x 1 convolution to factor^2 times the channels this
/// is a transposed convolution whose kernel is as large as its stride.
struct DepthToSpace {
  std::int64_t factor = 2;
  std::int64_t channels = 1;  ///< of the output, once they are known

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
