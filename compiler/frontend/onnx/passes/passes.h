#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/frontend/onnx/import_graph.h"

namespace systole {

/// Rewrites of a graph whose values are inferred. Each says how many places it changed; one that
/// recognises nothing changes nothing.

/// Products of integers that DynamicQuantizeLinear makes, with constant weights, cast and times
/// both scales: products of reals, with weights that are dequantised (DequantizeLinear).
std::int64_t recognise_dynamic_quantization(ImportGraph& graph);

/// Other products of integers (MatMulInteger, ConvInteger) whose sums a Cast makes real numbers:
/// products of reals, zero points taken away before.
std::int64_t take_integer_products(ImportGraph& graph);

/// What rounds to int8 (QuantizeLinear and DequantizeLinear behind it) becomes a quantisation of
/// the value itself; constants that are dequantised become reals, whose scales are kept; QLinear
/// operators become those of reals, quantised before and behind. What is quantised otherwise
/// already is copied: systole.Requantize.
std::int64_t take_quantization(ImportGraph& graph);

/// Nodes that pass their input on: Identity, Dropout, casts among floating types, pads of nothing,
/// sums and concatenations of one tensor, expansions to the same shape.
std::int64_t remove_identities(ImportGraph& graph);

/// Batch normalisations, and products and sums with one number per channel, behind a Conv with
/// constant weights that nobody else reads: into its weights and biases.
/// factor = scale / sqrt(variance + epsilon): weights times factor, biases b * factor + shift.
std::int64_t fold_channel_scales(ImportGraph& graph);

/// Gemm and MatMul with a constant second matrix, with the sum of one number per column behind:
/// systole.Dense (input, weights [rows of the product, columns], biases).
std::int64_t make_dense(ImportGraph& graph);

/// Functions of one number that exporters spell out: x * Sigmoid(x); GELU by Erf or Tanh;
/// hard-swish by HardSigmoid or Clip: systole.Function, its attribute `function` by the name of
/// docs/workloads.md.
std::int64_t recognise_functions(ImportGraph& graph);

// --- of files that write in primitives, such as StableHLO ---

/// The larger or smaller of a value and a number: Relu, Clip, or nothing where the number is beyond
/// all others.
std::int64_t recognise_limits(ImportGraph& graph);

/// Transposes in front of what works element by element stand behind it, the constants beside
/// transposed the other way: what convolutions are followed by stands behind them.
std::int64_t sink_transposes(ImportGraph& graph);

/// A ReduceSum over its number of elements: ReduceMean. A product with a number and the quotient by
/// it are nothing.
std::int64_t recognise_means(ImportGraph& graph);

/// mean(x^2) - mean(x)^2 with x - mean(x) beside is the mean of the squares of that; norms whose
/// scale is a factor of the root have it behind the product: as recognise_normalisation looks for.
std::int64_t recognise_variance(ImportGraph& graph);

/// exp(x - m) / sum(exp(x - m)) with one m along the axis: Softmax; x - m - log(sum(exp(x - m))):
/// LogSoftmax.
std::int64_t recognise_softmax(ImportGraph& graph);

/// Layer and RMS norms along the last axis, spelled out in ReduceMean, Pow, Sqrt and Div, with the
/// product with weights and the sum with biases behind: systole.LayerNorm and systole.RmsNorm
/// (input, weights, biases; `epsilon`).
std::int64_t recognise_normalisation(ImportGraph& graph);

/// Numbers that a product of two tensors, or one of its operands, is multiplied with or divided by:
/// its attribute `scale`. Transposes and reshapes may stand in between.
std::int64_t fold_scales(ImportGraph& graph);

/// Constants that hide scores before a Softmax along the last axis, added to them or by Where:
/// nothing where they hide none, systole.Softmax with `causal` where each query sees the keys up to
/// its own, seen from the end.
std::int64_t recognise_masks(ImportGraph& graph);

/// x cos + (-second half of x, first half) sin, with constants that are cosines and sines of
/// positions one behind the other: systole.Rotary (`heads`, `base`, `first`) of the features side
/// by side.
std::int64_t recognise_rotary(ImportGraph& graph);

/// The numbers of an input of indices of so many rows.
using IndexNumbers =
    std::function<std::vector<std::int64_t>(const ImportValue& input, std::int64_t rows)>;

/// Inputs that say which rows of tables of the file are looked up, and nothing else: their numbers
/// are those of the run, `indices` of their values, and they are no inputs any more.
std::int64_t take_indices(ImportGraph& graph, const IndexNumbers& numbers);

/// A Split of a dense layer's results that nobody else reads: a dense layer for each part.
std::int64_t split_dense(ImportGraph& graph);

/// Keys and values that an Expand repeats for several heads, on the right of a product:
/// systole.MatMul, whose heads share them.
std::int64_t share_heads(ImportGraph& graph);

/// An input of [batch, heads, tokens, features], or with the tokens before the heads, behind which
/// a Concat puts new tokens or into which a systole.Update does, for an output and for the right
/// side of products alone: a state (`cache` of its value), systole.Append (`at`).
std::int64_t take_caches(ImportGraph& graph);

/// A systole.Update that is none: Slice and Concat.
void spell_updates(ImportGraph& graph);

/// Functions of one number that are the only reader of a Conv, a Dense or an Add: its attribute
/// `activation`, by the name of docs/workloads.md.
std::int64_t fuse_activations(ImportGraph& graph);

}  // namespace systole
