#include "reference/compare/summation_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <variant>

#include "arch/diag/check.h"

namespace systole {

namespace {

using Orders = std::vector<reference::SummationOrder>;

void read_parts(const Program& program, Orders& orders) {
  std::vector<std::map<std::int64_t, std::int64_t>> rows(orders.size());  // by first index
  for (const WeightTile& tile : program.tiles) {
    const auto [part, fresh] =
        rows.at(static_cast<std::size_t>(tile.layer)).emplace(tile.k_first, tile.rows);
    SYSTOLE_CHECK(fresh || part->second == tile.rows, "tiles of {} and {} rows begin at {}",
                  part->second, tile.rows, tile.k_first);
  }
  for (std::size_t layer = 0; layer < orders.size(); ++layer) {
    for (const auto& [first, length] : rows[layer]) {
      orders[layer].parts.push_back(length);
    }
  }
}

/// Which of the things that lie side by side in a layer's tiles have a product of their own at an
/// index of the tiles' reduction: of the groups one, of the positions those in whose window it is.
class SideBySide {
 public:
  /// `window`: that the tiles' reduction walks over.
  SideBySide(const Kernel& kernel, const GemmShape& gemm, const Window& window,
             std::int64_t reduction, std::int64_t out_cols)
      : kernel_(kernel),
        window_(window),
        channels_(gemm.k / kernel.positions()),
        groups_(gemm.groups > 1),
        ways_(groups_ ? reduction / gemm.k : out_cols / window.out_cols) {}

  [[nodiscard]] std::int64_t ways() const { return ways_; }
  [[nodiscard]] bool owns(std::int64_t way, std::int64_t k) const {
    const std::int64_t element = k / channels_;
    if (groups_) {
      return element % ways_ == way;
    }
    // Columns of the input from the first one of the first position's window on.
    const std::int64_t column = element % window_.kernel_cols * window_.dilation_cols;
    const std::int64_t own = column - way * kernel_.stride_cols;
    return own >= 0 && own % kernel_.dilation_cols == 0 &&
           own / kernel_.dilation_cols < kernel_.cols;
  }

 private:
  const Kernel& kernel_;
  const Window& window_;
  std::int64_t channels_;
  bool groups_;
  std::int64_t ways_;
};

/// Gives each of what lies side by side the parts that it has of the tiles' reduction.
void split_parts(const Graph& graph, const Node& node, const Window& window,
                 reference::SummationOrder& order) {
  const Work work = node.work();
  const auto* product = std::get_if<ProductWork>(&work);
  if (product == nullptr) {
    return;
  }
  const std::int64_t reduction =
      std::accumulate(order.parts.begin(), order.parts.end(), std::int64_t{0});
  const SideBySide beside(product->kernel, *gemm_shape(graph, node), window, reduction,
                          graph.tensor(node.output()).shape().cols);
  if (beside.ways() == 1) {
    return;
  }
  for (std::int64_t way = 0; way < beside.ways(); ++way) {
    std::vector<std::int64_t>& own = order.side_by_side.emplace_back();
    std::int64_t k = 0;
    for (const std::int64_t length : order.parts) {
      std::int64_t& count = own.emplace_back(0);
      for (const std::int64_t end = k + length; k < end; ++k) {
        count += beside.owns(way, k) ? 1 : 0;
      }
    }
  }
}

/// `count` sums from `first` on stay in the array.
void mark_sums(std::int64_t first, std::int64_t count, std::vector<bool>& stays) {
  SYSTOLE_CHECK(first >= 0 && first + count <= static_cast<std::int64_t>(stays.size()),
                "sums {} + {} of {}", first, count, stays.size());
  std::fill_n(stays.begin() + first, count, true);
}

/// Marks the sums of a fold's matrix that stay in the array.
void mark_rows(const Fold& fold, const Program& program, const MatmulWork& matmul,
               std::vector<bool>& stays) {
  const WeightTile& tile = program.tiles.at(static_cast<std::size_t>(fold.tile));
  const std::int64_t matrix = tile.n_first / matmul.n;
  const Window& window = *fold.window;
  const bool rows_are_images = matmul.a.images_axis == MatrixAxis::Row;
  std::int64_t first =
      rows_are_images ? window.source.offset / window.image_pitch : window.first_out_row;
  if (matmul.a.col != 1 && !matmul.image) {  // a position is a column as it is written
    first = window.source.offset / window.pixel_pitch -
            element_of(matmul.a, matrix / matmul.heads, matrix % matmul.heads, 0, 0);
  }
  stays.resize(static_cast<std::size_t>(matmul.images * matmul.heads * matmul.m * matmul.n));
  for (std::int64_t row = first + fold.first; row < first + fold.first + fold.count; ++row) {
    mark_sums((matrix * matmul.m + row) * matmul.n + tile.n_first % matmul.n, fold.cols, stays);
  }
}

/// Marks the sums of a fold that stay in the array.
void mark(const Fold& fold, const Program& program, const Shape& out, std::vector<bool>& stays) {
  const Window& window = *fold.window;
  const ProgramTensor& in = program.tensors.at(static_cast<std::size_t>(window.source.tensor));
  const std::int64_t first_image = window.source.offset / (in.bytes() / program.batch);
  const std::int64_t column = program.tiles.at(static_cast<std::size_t>(fold.tile)).n_first;
  const std::int64_t row_elements = out.cols * out.channels;
  stays.resize(static_cast<std::size_t>(out.elements()));
  for (std::int64_t position = fold.first; position < fold.first + fold.count; ++position) {
    const std::int64_t line = position / window.out_cols;
    const std::int64_t image = first_image + line / window.out_rows;
    const std::int64_t row = window.first_out_row + line % window.out_rows;
    const std::int64_t col = position % window.out_cols;  // of several positions side by side, one
    mark_sums(
        (image * out.rows + row) * row_elements + col * (row_elements / window.out_cols) + column,
        fold.cols, stays);
  }
}

}  // namespace

Orders summation_orders(const Graph& graph, const Program& program) {
  SYSTOLE_CHECK(program.layers.size() == graph.nodes.size(), "{} layers of a program for {} nodes",
                program.layers.size(), graph.nodes.size());
  Orders orders(graph.nodes.size());
  read_parts(program, orders);
  std::vector<bool> split(graph.nodes.size());  // one window tells it for all of a layer
  for (const Stream& stream : program.streams) {
    for (const StreamInstruction instruction : stream) {
      const auto* fold = instruction.get_if<Fold>();
      if (fold == nullptr) {
        continue;
      }
      const auto layer = static_cast<std::size_t>(instruction.layer());
      const Node& node = graph.nodes.at(layer);
      if (!split[layer]) {
        split_parts(graph, node, *fold->window, orders[layer]);
        split[layer] = true;
      }
      if (!fold->drain) {
        const Work work = node.work();
        if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
          mark_rows(*fold, program, *matmul, orders[layer].stays);
        } else {
          mark(*fold, program, graph.tensor(node.output()).shape(), orders[layer].stays);
        }
      }
    }
  }
  return orders;
}

}  // namespace systole
