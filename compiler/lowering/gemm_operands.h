#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/lowering/lowering_context.h"
#include "compiler/lowering/tiles.h"

namespace systole {

/// What the products of one band of a layer read and write, matrix by matrix: everything in which
/// weights differ from a second tensor.
class GemmOperands {
 public:
  virtual ~GemmOperands() = default;
  GemmOperands() = default;
  GemmOperands(const GemmOperands&) = delete;
  GemmOperands& operator=(const GemmOperands&) = delete;

  /// Numbers among the layer's groups (GemmShape); those that one right operand serves stand
  /// together.
  [[nodiscard]] virtual std::vector<std::vector<std::int64_t>> clusters() const = 0;
  /// Output positions of each of them.
  [[nodiscard]] virtual std::int64_t positions() const = 0;
  [[nodiscard]] virtual TileSource source() const = 0;
  /// `part`: of the reduction, where it has parts (reduction_part).
  [[nodiscard]] virtual Window window(std::int64_t group, std::int64_t part) const = 0;
  /// Reduction elements that share a window; 0: all do.
  [[nodiscard]] virtual std::int64_t reduction_part() const { return 0; }
  /// What windows call the first position.
  [[nodiscard]] virtual std::int64_t first_position() const { return 0; }
  /// Without `tile`, `rows` and `cols`; where it reads tensors, what.
  [[nodiscard]] virtual LoadTile load(const WeightTile& tile) const = 0;
  /// Results of position `row` of a group, from `col` on.
  [[nodiscard]] virtual Operand place(std::int64_t group, std::int64_t row,
                                      std::int64_t col) const = 0;
  /// Elements from one position to the next.
  [[nodiscard]] virtual std::int64_t place_pitch() const = 0;
  /// Of the first output column of a group.
  [[nodiscard]] virtual std::int64_t bias_of(std::int64_t group) const = 0;
  [[nodiscard]] virtual std::int32_t zero_point() const = 0;  ///< that folds take away
  /// Of int8: of the sums, the columns counted as for the bias.
  [[nodiscard]] virtual WeightScales sum_scales() const = 0;
  [[nodiscard]] virtual double real_scale() const = 0;  ///< of floating types: a factor
};

[[nodiscard]] std::unique_ptr<GemmOperands> gemm_operands(const LoweringContext& context,
                                                          const LayerBand& band);

}  // namespace systole
