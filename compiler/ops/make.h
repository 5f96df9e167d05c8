#pragma once

#include <optional>
#include <string>

#include "compiler/ops/op.h"

namespace systole {

// Operators for who makes nodes without a file; each function stands beside its operator.

/// What a product says beside its operands.
struct ProductForm {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t heads = 0;
  double scale = 1;
  std::optional<DataType> element = std::nullopt;  ///< of the output; none: the left operand's
};
[[nodiscard]] Op product_of(const ProductForm& form);
/// Without parameters; `element` of its output, or that of its first input.
[[nodiscard]] Op formula_of(std::string of, std::optional<DataType> element = std::nullopt);
/// A state, the first input, becomes what the formula says.
[[nodiscard]] Op update_of(std::string of);
/// The same elements under other extents, all of which are given.
[[nodiscard]] Op view_of(const Extents& extents);
/// The mean of all pixels of an image.
[[nodiscard]] Op mean_of_pixels();
[[nodiscard]] Op function_node(ActivationKind kind);

}  // namespace systole
