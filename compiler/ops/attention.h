#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"

namespace systole {

struct OpEntry;

/// Scaled dot products of queries with keys, their softmax, and by that the sum of the values, head
/// by head: [batch, tokens, heads * features] of each. In parts (scores, probabilities, contexts),
/// or with `block` for blocks of queries and of keys at a time, so that no more than a block of the
/// scores is ever there: of each row a running maximum, a running sum and running contexts, all
/// fp32, which are scaled where the maximum grows. Blocks that nobody sees are left out.
/// Source: Dao et al., FlashAttention, NeurIPS 2022; Milakov and Gimelshein, Online normalizer
/// calculation for softmax, arXiv:1805.02867.
struct AttendTokens : ComposedOp {
  std::int64_t heads = 1;
  std::int64_t kv_heads = 0;  ///< of keys and values; 0: as many
  double scale = 0;           ///< of the scores; 0: 1 / sqrt(features of a head)
  bool causal = false;        ///< as softmax has it
  std::int64_t window = 0;    ///< the same
  bool alibi = false;         ///< the same
  std::int64_t block = 0;     ///< queries and keys at a time; 0: all

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
