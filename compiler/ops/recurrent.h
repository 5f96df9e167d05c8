#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"

namespace systole {

struct OpEntry;

/// A layer of LSTM cells or of gated recurrent units over a sequence, or one step of it. Products
/// with the input are of all steps at once, those with the last output of one step after the other,
/// which share their weights. Begins with zeros, or with what further inputs say: the last output
/// and, of LSTM cells, the cells.
///   LSTM: i, f, o = sigmoid(W x + U h + b), n = tanh(W x + U h + b); c' = f c + i n,
///         h' = o tanh(c'). Source: Hochreiter and Schmidhuber 1997, gates as Wu et al. 2016.
///   GRU:  u, r = sigmoid(W x + U h + b), n = tanh(W x + b + r (U h + p)); h' = n + u (h - n).
///         Source: Cho et al. 2014, the reset gate behind the product as cuDNN has it.
struct RunCells : ComposedOp {
  bool is_gru = false;
  std::int64_t cells = 1;
  bool reverse = false;  ///< from the last step to the first
  bool last = false;     ///< gives the output of the step that is done last alone
  bool state = false;    ///< gives the output of that step and its cells side by side

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
