#pragma once

#include "compiler/lowering/lowering_context.h"

namespace systole {

/// Convolution and dense layers: folds over the array, then requantisation.
void emit_gemm(LoweringContext& context, const LayerBand& band);

/// Everything that runs on the vector unit alone.
void emit_vector(LoweringContext& context, const LayerBand& band);

/// Brings the biases and tables of a layer, and of one that is fused behind it, into the unified
/// buffer.
void emit_constants(LoweringContext& context, std::int32_t layer);

/// Brings the rows that a band gathers, one by one, from where a table has them.
void emit_gathered(LoweringContext& context, const LayerBand& band);

/// Of a band that gathers rows: where row `index` of them lies in the buffer, and of which bytes of
/// the table it is.
[[nodiscard]] Operand gathered_row(const LoweringContext& context, const LayerBand& band,
                                   std::int64_t index);

/// Moves a band between the unified buffer and the home of its tensor.
void emit_load(LoweringContext& context, std::int32_t layer, const PlacedBand& band);
void emit_store(LoweringContext& context, std::int32_t layer, const PlacedBand& band);

}  // namespace systole
