#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/formula_text.h"
#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Elements of up to six tensors by a formula (compiler/ops/formula_text.h), in one pass through
/// the vector unit and one more for each sum or largest of a row: `max(min(a, 6), 0) / 6 * b`.
///  - An input may have a single pixel where others have more for each image, or a single channel.
///  - A formula whose result is one number for a row makes a single channel.
///  - Parameters are numbers of the network for each channel of each of so many positions, the
///    pixels in their order, over and over: `positions: [1, 12]` are p, the same for all, and q.
struct RowFormula {
  std::string of;
  Extents positions;
  std::optional<DataType> element;  ///< of the output; none: the first input's of its shape
  std::int64_t columns = 0;         ///< of the output where inputs have one; 0: as many as inputs
  std::array<double, kFormulaParameters> middles{};  ///< what generated parameters lie around
  bool updates = false;            ///< the output is the first input, a state, written over
  std::vector<FormulaTerm> terms;  ///< once they are known, as what follows
  std::size_t inputs = 1;
  std::int64_t channels = 0;                  ///< of the rows that stream
  std::array<bool, kFormulaInputs> single{};  ///< which inputs have one where there are more

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  [[nodiscard]] bool changes_state() const { return updates; }
  GraphTensorId train(Forward& forward) const;
  void gradient(Backward& backward) const;
};

/// Which terms are one number for a row.
[[nodiscard]] std::vector<bool> single_terms(const RowFormula& formula);

}  // namespace systole
