#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "compiler/graph/graph.h"

namespace systole {

/// A part of a range that was cut to fit.
struct Slice {
  std::int64_t first = 0;
  std::int64_t size = 0;
};

/// 0 .. total cut into slices of `size`, the last one smaller.
[[nodiscard]] std::vector<Slice> slices(std::int64_t total, std::int64_t size);

/// 0 .. total cut into the fewest slices of at most `size`, as equal as they can be.
[[nodiscard]] std::vector<Slice> even_slices(std::int64_t total, std::int64_t size);

/// Pixels per vector instruction: short enough that neighbours overlap with other engines.
inline constexpr std::int64_t kPixelsPerInstruction = 512;

/// The elements of a layer's tiles, where the array takes others than memory holds.
struct ConvertedElements {
  DataType stored = DataType::Int8;
  DataType entering = DataType::Bf16;
  float scale = 1;
  std::int32_t zero_point = 0;
  /// Elements of the reduction that share a scale, which each column has and which comes with the
  /// tile; 0: `scale` alone.
  std::int64_t group = 0;

  /// Of a tile whose rows begin there in the reduction of its group of channels.
  [[nodiscard]] TileConversion conversion(std::int64_t k_first, std::int64_t rows) const;
  [[nodiscard]] std::int64_t scale_bytes(std::int64_t k_first, std::int64_t rows,
                                         std::int64_t cols) const;
  bool operator==(const ConvertedElements&) const = default;
};
/// Of the right operand of a node's products; none where the array multiplies what memory holds.
[[nodiscard]] std::optional<ConvertedElements> converted_elements(const Graph& graph,
                                                                  const Node& node);

/// How a layer's weight matrix is cut to the array: per group, output slices of array columns; per
/// output slice, reduction slices of array rows.
struct TileGrid {
  std::vector<Slice> k;
  std::vector<Slice> n;
  std::int64_t groups = 1;
  TileSource source = TileSource::Dram;
  bool whole = false;                          ///< DRAM holds each tile padded to the array
  std::optional<ConvertedElements> converted;  ///< left to those who know the layer

  /// Index of a tile within its layer.
  [[nodiscard]] std::int64_t index(std::size_t group, std::size_t n_slice,
                                   std::size_t k_slice) const {
    return static_cast<std::int64_t>((group * n.size() + n_slice) * k.size() + k_slice);
  }
};
/// `whole` is left to those who know that the tiles are weights.
[[nodiscard]] TileGrid tile_grid(const ChipSpec& chip, const GemmShape& gemm,
                                 TileSource source = TileSource::Dram);

/// What the elements of a tile of weights take in DRAM.
[[nodiscard]] std::int64_t bytes_in_dram(const ChipSpec& chip, DataType type, std::int64_t rows,
                                         std::int64_t cols);

}  // namespace systole
