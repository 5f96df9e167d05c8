#pragma once

#include <cstdint>
#include <string>

#include "arch/chip_spec.h"
#include "compiler/training/training_graph.h"

namespace systole {

/// A small network to train, how, and a small chip, all drawn from a seed: images (convolutions of
/// groups, strides, dilations and pads, normalisations, poolings, transposed and enlarged ones,
/// residuals, concatenations), tokens (norms, attention with shared heads and in blocks, tables,
/// gates, sums) or vectors; every optimiser and loss, batches that are added up, recomputation,
/// clipping, scaled losses, operands in parts; bf16, now and then fp16.
struct RandomTraining {
  ChipSpec chip;
  std::string network;  ///< YAML
  std::int64_t batch = 1;
  DataType type = DataType::Bf16;
  TrainingOptions options;
};
[[nodiscard]] RandomTraining random_training(std::uint64_t seed);

}  // namespace systole
