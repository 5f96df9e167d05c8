#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole::reference {

/// What an operator that computes in rows reads, as numbers: inputs, parameters behind the others.
/// Packed.
template <class Number>
struct RowOperands {
  std::vector<std::span<const Number>> values;
  std::vector<TensorType> types;
  TensorType output;
};

// Operators as docs/numerics.md states them. In float every operation is binary32, in the order
// that is prescribed, and nothing is rounded further; in double they are the real functions. Plain
// code; one overload for each operator, which the evaluators find by it.

template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const NormalizeRows& norm,
                                             const RowOperands<Number>& operands);
/// Of the softmax that is scaled, causal or symmetric.
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const SoftmaxChannels& softmax,
                                             const RowOperands<Number>& operands);

template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const MaskScores& mask,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const AddShifted& sum,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const GatherRows& gather,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const CombineTensors& combine,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const ReduceRows& reduce,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const RotateRows& rotary,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const EmbedPositions& embedding,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const CombineConstant& combine,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const RowFormula& formula,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const Rearrange& rearrange,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const DepthToSpace& shuffle,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const TransposePixels& transpose,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const AppendRows& append,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const SliceTensor& slice,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const ResizeTensor& resize,
                                             const RowOperands<Number>& operands);
template <class Number>
[[nodiscard]] std::vector<Number> row_kernel(const Concat& concat,
                                             const RowOperands<Number>& operands);

/// Whether a node's kernel is one of these.
[[nodiscard]] inline bool computes_in_rows(const Node& node) {
  const Work work = node.work();
  return std::holds_alternative<RowWork>(work) || std::holds_alternative<CopyWork>(work);
}

/// The kernel of a node that computes in rows; `values`: of its inputs, in their order.
template <class Number>
[[nodiscard]] std::vector<Number> computed_rows(const Graph& graph, const Node& node,
                                                const std::vector<std::vector<Number>>& values);

/// The numbers that int8 values stand for: scale * (q - zero_point) in binary32, one rounding.
[[nodiscard]] std::vector<float> dequantized_row(std::span<const std::int8_t> stored,
                                                 const Quantization& quantization);
/// The int8 values of numbers: clamp(zero_point + round_half_away(number * (1 / scale))), the
/// factor and the product in binary32; what is no number is 0.
[[nodiscard]] std::vector<std::int8_t> quantized_row(std::span<const float> numbers,
                                                     const Quantization& quantization);

}  // namespace systole::reference
