#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "arch/chip_spec.h"

namespace systole {

/// A convolution or dense layer on a chip, both drawn from a seed: any dataflow and overlap, arrays
/// of 8 to 64 rows and columns, small buffers, accumulators and FIFOs.
struct RandomLayerCase {
  ChipSpec chip;
  std::string network;  ///< YAML
  std::string text;     ///< what the chip is, for messages
};
[[nodiscard]] RandomLayerCase random_layer_case(std::uint32_t seed);

/// A way to have twice as much of something.
struct Improvement {
  std::string_view name;
  void (*apply)(ChipSpec&);
};
inline constexpr std::array<Improvement, 4> kImprovements{{
    {"buffer", [](ChipSpec& chip) { chip.buffer.capacity = chip.buffer.capacity * 2; }},
    {"accumulators", [](ChipSpec& chip) { chip.accumulators.entries *= 2; }},
    {"FIFO", [](ChipSpec& chip) { chip.weight_fifo.tiles *= 2; }},
    {"channels", [](ChipSpec& chip) { chip.dram.channels *= 2; }},
}};

}  // namespace systole
