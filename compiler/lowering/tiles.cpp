#include "compiler/lowering/tiles.h"

#include <algorithm>

#include "arch/units/units.h"

namespace systole {

std::vector<Slice> slices(std::int64_t total, std::int64_t size) {
  std::vector<Slice> result;
  for (std::int64_t first = 0; first < total; first += size) {
    result.push_back({.first = first, .size = std::min(size, total - first)});
  }
  return result;
}

std::vector<Slice> even_slices(std::int64_t total, std::int64_t size) {
  return slices(total, ceil_div(total, ceil_div(total, size)));
}

namespace {

/// Those of each part, one part behind the other.
std::vector<Slice> reduction_slices(const GemmShape& gemm, std::int64_t size) {
  if (gemm.k_part == 0) {
    return slices(gemm.k, size);
  }
  std::vector<Slice> result;
  for (const Slice& part : slices(gemm.k, gemm.k_part)) {
    for (const Slice& slice : slices(part.size, size)) {
      result.push_back({.first = part.first + slice.first, .size = slice.size});
    }
  }
  return result;
}

}  // namespace

TileConversion ConvertedElements::conversion(std::int64_t k_first, std::int64_t rows) const {
  TileConversion conversion{.to = entering, .scale = scale};
  if (group > 0) {
    conversion.group_rows = std::min(group, rows);
    conversion.first_rows = std::min(group - k_first % group, rows);
  }
  return conversion;
}

std::int64_t ConvertedElements::scale_bytes(std::int64_t k_first, std::int64_t rows,
                                            std::int64_t cols) const {
  return bytes_of(entering, conversion(k_first, rows).groups(rows) * cols);
}

std::optional<ConvertedElements> converted_elements(const Graph& graph, const Node& node) {
  if (node.inputs.size() <= kRightInput) {
    return std::nullopt;  // weights that are not written down are of the operand's type
  }
  const GraphTensor& right = graph.tensor(node.inputs[kRightInput]);
  const DataType entering = right_type(graph, node);
  if (right.type.element == entering) {
    return std::nullopt;
  }
  ConvertedElements elements{.stored = right.type.element, .entering = entering};
  if (right.stored.exist()) {
    elements.group = right.stored.group;
  } else {
    elements.scale = static_cast<float>(right.quantization.scale);
    elements.zero_point = right.quantization.zero_point;
  }
  return elements;
}

TileGrid tile_grid(const ChipSpec& chip, const GemmShape& gemm, TileSource source) {
  return {.k = reduction_slices(gemm, chip.matrix.rows),
          .n = slices(gemm.n, chip.matrix.cols),
          .groups = gemm.groups,
          .source = source};
}

std::int64_t bytes_in_dram(const ChipSpec& chip, DataType type, std::int64_t rows,
                           std::int64_t cols) {
  return chip.weight_fifo.whole_tiles ? bytes_of(type, chip.matrix.rows * chip.matrix.cols)
                                      : bytes_of(type, rows * cols);
}

}  // namespace systole
