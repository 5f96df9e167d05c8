#include "study/array_bound.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "arch/dataflow.h"
#include "arch/units/wide.h"
#include "compiler/mapping/group_packing.h"
#include "study/limits.h"

namespace systole {

namespace {

std::int64_t extent(const GemmShape& gemm, Axis axis) {
  switch (axis) {
    case Axis::M:
      return gemm.m;
    case Axis::N:
      return gemm.n;
    case Axis::K:
      break;
  }
  return gemm.k;
}

/// Products as the array may see them: matrices that share their right operand are one, as long as
/// all of them.
GemmShape joined_matrices(const Node& node, GemmShape gemm) {
  const Work work = node.work();
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    const std::int64_t images = matmul->b.image == 0 ? 1 : matmul->images;
    const std::int64_t matrices = images * ceil_div(matmul->heads, matmul->b.sharing);
    gemm.m *= gemm.groups / matrices;
    gemm.groups = matrices;
  }
  return gemm;
}

/// What the outputs of one group read.
struct GroupReads {
  Kernel kernel;
  std::int64_t channels = 1;  ///< of a group
  std::int64_t width = 1;     ///< output positions of a row

  /// Elements that `count` different positions read together at least, if they lie in `run`
  /// neighbouring ones.
  [[nodiscard]] std::int64_t elements(std::int64_t count, std::int64_t run) const {
    // From left to right each position reads columns that none before it did.
    const std::int64_t further =
        kernel.dilation_cols == 1 ? std::min(kernel.stride_cols, kernel.cols) : 1;
    const std::int64_t in_a_row =
        rows_may_meet(run) ? ceil_div(count, ceil_div(run - 1, width) + 1) : count;
    return kernel.rows * (kernel.cols + (in_a_row - 1) * further) * channels;
  }

 private:
  /// Windows of the end of a row and of the begin of the next, in a narrow image.
  [[nodiscard]] bool rows_may_meet(std::int64_t run) const {
    const std::int64_t wide = (kernel.cols - 1) * kernel.dilation_cols + 1;
    const std::int64_t high = (kernel.rows - 1) * kernel.dilation_rows + 1;
    return high > kernel.stride_rows && wide > (width - run) * kernel.stride_cols;
  }
};

/// Steps of all outputs of a layer with weights that stay.
std::int64_t steps_of_neighbours(const ChipSpec& chip, const Graph& graph, const Node& node,
                                 const ProductWork& product, const GemmShape& gemm) {
  const GroupReads reads{.kernel = product.kernel,
                         .channels = gemm.k / product.kernel.positions(),
                         .width = graph.tensor(node.output()).shape().cols};
  const std::int64_t cols = chip.matrix.cols;
  // So many positions of one group have outputs in `cols` neighbours at most.
  const std::int64_t run = (cols + gemm.n - 2) / (gemm.groups * gemm.n) + 1;
  const Wide outputs = static_cast<Wide>(gemm.groups) * gemm.m * gemm.n;
  // Of several groups each has positions of its own, which read no less than the best number does.
  std::int64_t best = 1;
  for (std::int64_t count = 2; gemm.groups > 1 && count <= run; ++count) {
    best = reads.elements(count, run) * best < reads.elements(best, run) * count ? count : best;
  }
  const auto together = [&](std::int64_t count) {
    return gemm.groups == 1 ? reads.elements(count, run)
                            : ceil_div(count * reads.elements(best, run), best);
  };
  const std::int64_t most = gemm.groups == 1 ? std::min(run, cols) : cols;
  std::int64_t least = 0;
  for (std::int64_t count = 1; count <= most; ++count) {
    const std::int64_t steps = ceil_div(together(count), chip.matrix.rows);
    const std::int64_t sums = std::min(cols, count * gemm.n);
    const auto all = static_cast<std::int64_t>((outputs * steps + sums - 1) / sums);
    least = count == 1 ? all : std::min(least, all);
  }
  return least;
}

}  // namespace

std::int64_t uses_of_an_element(const Node& node) {
  const Work work = node.work();
  const auto* product = std::get_if<ProductWork>(&work);
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    if (matmul->image) {
      return matmul->image->kernel.positions();
    }
    return matmul->a.sharing * (matmul->a.image == 0 ? matmul->images : 1) *
           (matmul->a.head == 0 ? matmul->heads : 1);
  }
  if (product == nullptr) {
    return 1;
  }
  const Kernel& kernel = product->kernel;
  return ceil_div(kernel.rows, kernel.stride_rows) * ceil_div(kernel.cols, kernel.stride_cols);
}

std::int64_t right_elements(const Node& node, const GemmShape& gemm) {
  const GemmShape matrices = joined_matrices(node, gemm);
  return matrices.groups * matrices.k * matrices.n;
}

std::int64_t array_steps(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> shape = gemm_shape(graph, node);
  if (!shape) {
    return 0;
  }
  const GemmShape gemm = joined_matrices(node, *shape);
  const DataflowRule& rule = rule_of(chip.matrix.dataflow);
  const std::int64_t rows = extent(gemm, rule.rows);
  const std::int64_t cols = extent(gemm, rule.cols);
  const std::int64_t time = extent(gemm, rule.time);
  const auto steps = [&](std::int64_t busy, std::int64_t side) {
    return ceil_div(gemm.groups * busy * time, side);
  };
  std::int64_t least = ceil_div(gemm.macs(), chip.matrix.macs_per_cycle());
  least = std::max(least, steps(ceil_div(rows, chip.matrix.rows) * cols, chip.matrix.cols));
  const bool activations_lie_along_rows = rule.rows == Axis::M || rule.time == Axis::M;
  if (!activations_lie_along_rows || uses_of_an_element(node) == 1) {
    least = std::max(least, steps(ceil_div(cols, chip.matrix.cols) * rows, chip.matrix.rows));
  }
  const Work work = node.work();
  const auto* product = std::get_if<ProductWork>(&work);
  if (product != nullptr && rule.loads_weights) {
    least = std::max(least, steps_of_neighbours(chip, graph, node, *product, gemm));
  }
  const DataType type = graph.operand_type(node);
  return chip.matrix.pace(type, type).count() * least;
}

std::int64_t packed_steps(const ChipSpec& chip, const Graph& graph, const Node& node) {
  if (!gemm_shape(graph, node)) {
    return 0;
  }
  const auto vectors = [&](const Packing& packing) {
    return fold_vectors(chip, *mapped_gemm(graph, node, packing));
  };
  std::int64_t fewest = vectors({});
  for (const std::int64_t groups : group_choices(chip, graph, node)) {
    fewest = std::min(fewest, vectors({.groups = groups}));
  }
  for (const std::int64_t pixels : pixel_choices(chip, graph, node)) {
    fewest = std::min(fewest, vectors({.pixels = pixels}));
  }
  const DataType type = graph.operand_type(node);
  return chip.matrix.pace(type, type).count() * fewest;
}

CoreCycles array_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  return CoreCycles(ceil_div(array_steps(chip, graph, node), chip.matrix_units()));
}

}  // namespace systole
