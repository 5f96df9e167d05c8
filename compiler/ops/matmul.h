#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// C = A x B of two tensors, matrix by matrix over batch and heads.
///  - Two axes are one matrix, rows x columns; three a matrix for each of the batch; four a matrix
///    for each of the batch and head: [batch, heads, rows, columns].
///  - With `heads`, an operand of three axes holds all heads in its last one, side by side:
///    [batch, rows, heads * columns]. Of B these are `kv_heads`, each shared by heads / kv_heads
///    neighbours among those of A (grouped queries).
///  - B may have a single head or a batch of 1 (or no such axis): all of A's share it.
///  - C has A's axes. With `heads` it is [batch, heads, rows, columns], but [batch, rows, heads *
///    columns] where A has four axes and B three, or `merge_heads` says so.
/// Scores are matmul(Q, K, heads, transpose_b), contexts matmul(P, V, heads): no transpose in
/// memory.
struct Matmul {
  bool transpose_a = false;  ///< of the left operand as it is written: columns x rows
  bool transpose_b = false;
  std::int64_t heads = 0;     ///< 0: as the axes say
  std::int64_t kv_heads = 0;  ///< 0: as many as heads
  bool merge_heads = false;
  std::int64_t used = 0;     ///< rows of the right operand as it is written, from the first; 0: all
  double scale = 1;          ///< of all products
  bool split_heads = false;  ///< the output's heads are an axis, whatever the operands'
  std::optional<DataType> element;  ///< of the output; none: the left operand's
  MatmulWork settled;

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
