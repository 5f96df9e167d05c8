#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "arch/isa/instruction.h"
#include "compiler/ops/copy.h"
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
/// What an axis of a tensor is to a product.
enum class MatrixAxis : std::uint8_t { None, Image, Head, Row };

/// Where an operand of MatmulWork has its elements: (image, head, row, col) is element image *
/// image
/// + head / sharing * head + row * row + col * col of the packed tensor. A step of 0 repeats.
struct MatrixWalk {
  std::int64_t image = 0;
  std::int64_t head = 0;
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t sharing = 1;  ///< heads of the product that share one of the operand
  /// Rows in parts of so many, the first of which begins at element `first` and each other one
  /// `part_step` elements behind the one before; 0: all in one.
  std::int64_t part = 0;
  std::int64_t part_step = 0;
  std::int64_t first = 0;
  /// What images, rows and columns of the tensor (image_of) are; bands are cut along them.
  MatrixAxis images_axis = MatrixAxis::None;
  MatrixAxis rows_axis = MatrixAxis::None;
  MatrixAxis cols_axis = MatrixAxis::None;
};

/// The element of the packed tensor.
[[nodiscard]] constexpr std::int64_t element_of(const MatrixWalk& walk, std::int64_t image,
                                                std::int64_t head, std::int64_t row,
                                                std::int64_t col) {
  const std::int64_t within = walk.part == 0 ? row : row % walk.part;
  const std::int64_t begin = walk.part == 0 ? 0 : row / walk.part * walk.part_step;
  return walk.first + begin + image * walk.image + head / walk.sharing * walk.head +
         within * walk.row + col * walk.col;
}

/// A left operand that is an image under a kernel that slides, m its positions on all images and k
/// what it covers: a convolution by a tensor. `is_correlated`: the other way round, a product
/// for each position of the kernel, in which m are the channels and k what the kernel slides over,
/// image by image: how the sums change with each of its elements.
struct ImageOperand {
  Kernel kernel;
  Shape in;
  Shape out;  ///< positions of the kernel
  bool is_correlated = false;
};

/// Products of two tensors: for each image and head, m x k times k x n. Folds on the array, like
/// those of ProductWork, with parts of the second tensor as tiles.
struct MatmulWork {
  std::int64_t images = 1;
  std::int64_t heads = 1;
  std::int64_t m = 1;
  std::int64_t k = 1;
  std::int64_t n = 1;
  MatrixWalk a;
  MatrixWalk b;
  MatrixWalk c;
  double scale = 1;         ///< of every sum
  std::int64_t k_part = 0;  ///< tiles end where parts of the reduction of this size do; 0: one part
  std::optional<ImageOperand> image = std::nullopt;
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
/// Behind ProductWork and MatmulWork stand folds, behind the others but views what the vector unit
/// does in rows.
using Work = std::variant<ProductWork, MatmulWork, ViewWork, RescaleWork, AddWork, PoolWork,
                          SoftmaxWork, RowWork, CopyWork>;

}  // namespace systole
