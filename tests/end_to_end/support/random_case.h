#pragma once

#include <cstdint>
#include <memory>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/parameters.h"

namespace systole {

/// A small network and a small chip drawn from a seed: odd sizes, one-off-the-boundary tiles,
/// buffers too small for the network, few ports, short FIFOs. Every operator occurs.
struct RandomCase {
  ChipSpec chip;
  Graph graph;
  std::shared_ptr<const NetworkData> data;
};
[[nodiscard]] RandomCase random_case(std::uint64_t seed);

}  // namespace systole
