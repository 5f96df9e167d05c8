#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// A convolution along the tokens of [batch, tokens, channels]: of an image of one column.
struct ConvTokens : ComposedOp {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t padding = 0;  ///< at either end
  bool causal = false;       ///< all of it in front, as much as no later token needs
  std::int64_t groups = 1;
  WeightInfo weights;
  FusedActivation activation;
  std::int64_t channels = 1;  ///< of the output

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
