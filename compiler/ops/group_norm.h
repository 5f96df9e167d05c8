#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"

namespace systole {

struct OpEntry;

/// All pixels of an image and the channels of a group are moved and scaled to mean 0 and variance
/// 1, then each channel gets a factor and a summand. Of an instance norm each channel is a group.
/// Made of a copy that brings a group's numbers side by side, the norm, a copy back, and the
/// factors.
struct NormalizeGroups : ComposedOp {
  std::int64_t groups = 0;  ///< 0: as many as channels
  double epsilon = 1e-5;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// A batch normalisation that stands alone: a factor and a summand for each channel.
struct ScaleChannels : ComposedOp {
  static std::vector<OpEntry> entries();
  [[nodiscard]] static GraphTensorId compose(Composer& composer);
};

}  // namespace systole
