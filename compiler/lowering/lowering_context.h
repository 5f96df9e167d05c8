#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "compiler/allocation/memory_plan.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"
#include "compiler/schedule/program_builder.h"
#include "compiler/tiling/band.h"

namespace systole {

/// A band of an operand as it lies in the unified buffer: packed, rows `part.row` .. of images
/// `part.image` .. (of these perhaps some columns), first byte at `address`.
struct PlacedBand {
  TensorId tensor = kNoTensor;  ///< of the program
  Shape shape;                  ///< of the whole tensor
  DataType type = DataType::Int8;
  Band part;
  std::int64_t address = 0;

  [[nodiscard]] std::int64_t bytes(std::int64_t elements) const { return bytes_of(type, elements); }
  [[nodiscard]] std::int64_t row_pitch() const { return bytes(row_elements(shape)); }
  [[nodiscard]] std::int64_t pixel_pitch() const { return bytes(shape.channels); }
  [[nodiscard]] std::int64_t image_pitch() const { return part.rows * row_pitch(); }
  [[nodiscard]] std::int64_t cols() const { return part.cols == 0 ? shape.cols : part.cols; }
  [[nodiscard]] std::int64_t pixels() const { return part.images * part.rows * cols(); }
  /// The operand `elements` further than the band's first element.
  [[nodiscard]] Operand at(std::int64_t elements) const {
    std::int64_t offset = band_offset(shape, part) + elements;
    if (part.cols != 0) {  // what is left out between its rows
      const std::int64_t width = part.cols * shape.channels;
      offset += elements / width * (row_elements(shape) - width);
    }
    return {.address = address + bytes(elements), .tensor = tensor, .offset = bytes(offset)};
  }
};

/// Everything the emitters of one core's part of a compilation share.
struct LoweringContext {
  const ChipSpec& chip;
  const Graph& graph;
  const MemoryPlan& plan;
  const ShareMapping& mapping;
  ProgramBuilder& builder;
  const std::vector<TensorId>& tensor_ids;     ///< by graph tensor: of its root in the program
  const std::vector<TensorId>& bias_ids;       ///< by layer, kNoTensor where there is none
  const std::vector<TensorId>& factor_ids;     ///< by layer
  const std::vector<TensorId>& table_ids;      ///< by layer
  const std::vector<TensorId>& row_table_ids;  ///< by layer: its tables (RowWork), as one constant
  /// By layer: rows' maxima of what is pooled rows first.
  const std::vector<TensorId>& maxima_ids;
  /// By layer: its first tile; tiles go k fastest, then n.
  const std::vector<std::int32_t>& tile_ids;
  /// Of the batch: `graph` is for the core's images, or a part of them.
  std::int64_t first_image = 0;
  Slice accumulators;                           ///< of each matrix unit: that may be used
  std::vector<std::int64_t> next_accumulators;  ///< by matrix unit: these are used as a ring

  [[nodiscard]] const LayerPlan& layer_plan(std::int32_t layer) const {
    return plan.layers[static_cast<std::size_t>(layer)];
  }
  [[nodiscard]] const LayerMapping& layer_mapping(std::int32_t layer) const {
    return mapping.layers[static_cast<std::size_t>(layer)];
  }
  /// The layer's products as the array computes them.
  [[nodiscard]] GemmShape layer_gemm(std::int32_t layer) const;
};

/// One layer and one band of it.
struct LayerBand {
  std::int32_t layer = 0;
  std::vector<PlacedBand> inputs;  ///< by operand (Graph::operand)
  PlacedBand output;
  std::int64_t maxima = 0;  ///< address of rows' maxima, of what is pooled rows first
};

/// The program's biases, factors and tables of a layer in the unified buffer.
[[nodiscard]] std::optional<Operand> bias_operand(const LoweringContext& context,
                                                  std::int32_t layer);
[[nodiscard]] Operand factor_operand(const LoweringContext& context, std::int32_t layer);
[[nodiscard]] Operand table_operand(const LoweringContext& context, std::int32_t layer);
/// Of input `input` of a layer that computes in rows, a parameter that they take by feature, or
/// behind the inputs one of its tables of angles.
[[nodiscard]] Operand feature_operand(const LoweringContext& context, std::int32_t layer,
                                      std::size_t input);

/// The window of a sliding operator over a placed band; channels as given, starting at channel
/// `first_channel` of the tensor.
[[nodiscard]] Window make_window(const Kernel& kernel, const PlacedBand& input,
                                 const PlacedBand& output, std::int64_t first_channel,
                                 std::int64_t channels, std::int32_t pad_value);

}  // namespace systole
