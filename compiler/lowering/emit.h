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

/// Moves a band between the unified buffer and the home of its tensor.
void emit_load(LoweringContext& context, std::int32_t layer, const PlacedBand& band);
void emit_store(LoweringContext& context, std::int32_t layer, const PlacedBand& band);

}  // namespace systole
