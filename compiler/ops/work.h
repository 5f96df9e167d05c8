#pragma once

#include <cstdint>
#include <variant>

#include "arch/isa/instruction.h"
#include "compiler/ops/functions.h"
#include "compiler/ops/kernel.h"
#include "compiler/ops/row_recipe.h"

namespace systole {

/// What is added to products. A batch normalisation behind the layer is folded into weights and
/// biases and counts as 2 parameters per output channel; a bias counts as 1.
struct WeightInfo {
  bool bias = true;
  bool batch_norm = false;
};

/// Products of what the kernel covers with weights, in groups of channels, then biases and an
/// activation: folds on the array.
struct ProductWork {
  Kernel kernel;
  std::int64_t groups = 1;
  WeightInfo weights;
  FusedActivation activation;
};
/// The bytes of the input under another name; moves nothing.
struct ViewWork {};
/// Each input in turn, requantised, the channels of one behind those of the one before. An
/// activation of int8 that is looked up is looked up for the input as it is stored.
struct RescaleWork {
  ActivationKind activation = ActivationKind::None;
};
/// Element by element.
struct AddWork {
  ActivationKind activation = ActivationKind::None;
};
struct PoolWork {
  PoolKind kind = PoolKind::Max;
  Kernel kernel;
  bool count_padding = false;
};
/// Over the channels of each pixel.
struct SoftmaxWork {};

/// What an operator does, whatever it is called: what lowering, limits and device models ask for.
/// Behind ProductWork stand folds, behind the others but views what the vector unit does in rows.
using Work =
    std::variant<ProductWork, ViewWork, RescaleWork, AddWork, PoolWork, SoftmaxWork, RowWork>;

}  // namespace systole
