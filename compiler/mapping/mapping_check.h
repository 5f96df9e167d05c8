#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// What is wrong with a mapping: where it is decided, and `expected ..., got ...`.
struct MappingFault {
  std::optional<std::size_t> share;
  std::optional<std::size_t> segment;
  std::optional<std::size_t> layer;
  std::optional<std::size_t> plan;
  std::string key;  ///< of what is nearest above; empty: that itself
  std::string message;
};

/// Whether the chip can run the network in this way; what is wrong first, from the top of the
/// mapping's text (mapping_text.h) to its end, or nothing. Legal are
///  - fused layers: those that `with_fusions` fuses, or some of them;
///  - shares: one for each number of images that cores have; parts of the batch where all have as
///    many, as `parts_of_batch` and `goes_by_image` allow, of layers apart and in order;
///  - tensors that stay: any but views, parameters and `kept_in_dram`;
///  - bands: some images, or some rows of one image;
///  - groups side by side: a divisor of the layer's groups, where `may_pack` and the array has
///    columns for all of them; neighbouring positions as one: `pixel_choices`;
///  - plans: one for each size of band; all output slices, in at most as many parts as there are
///    units and positions; chunks that the accumulators hold, folds that the dataflow allows,
///    pieces no larger; sums that stay only where an array unloads them, and then a chunk is a
///    fold;
/// and all blocks have to find room in the unified buffer.
[[nodiscard]] std::optional<MappingFault> check_mapping(const ChipSpec& chip, const Graph& network,
                                                        const Mapping& mapping);

}  // namespace systole
