#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"

namespace systole {

struct OpEntry;

/// Mixture of experts: gated pairs of dense layers, of which each token goes through `per_token`;
/// their results are added, each times what the router (the second input: a number for each token
/// and expert) gives it. Which tokens go where is stated: balanced, token i to experts (i *
/// per_token + s) modulo all, or by a list. Tokens of all images of the batch meet; experts without
/// tokens are not read.
struct MixExperts : ComposedOp {
  std::int64_t experts = 2;
  std::int64_t per_token = 2;
  std::int64_t features = 1;  ///< between the two layers of an expert
  /// `balanced`, or for one token after the other, over and over, the experts that it goes to:
  /// `0 1; 2 3`.
  std::string routing = "balanced";

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
