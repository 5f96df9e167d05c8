#include "reference/compare/summation_order.h"

#include <algorithm>
#include <map>
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
  stays.resize(static_cast<std::size_t>(out.elements()));
  for (std::int64_t position = fold.first; position < fold.first + fold.count; ++position) {
    const std::int64_t line = position / window.out_cols;
    const std::int64_t image = first_image + line / window.out_rows;
    const std::int64_t row = window.first_out_row + line % window.out_rows;
    const std::int64_t col = position % window.out_cols;
    mark_sums(((image * out.rows + row) * out.cols + col) * out.channels + column, fold.cols,
              stays);
  }
}

}  // namespace

Orders summation_orders(const Graph& graph, const Program& program) {
  SYSTOLE_CHECK(program.layers.size() == graph.nodes.size(), "{} layers of a program for {} nodes",
                program.layers.size(), graph.nodes.size());
  Orders orders(graph.nodes.size());
  read_parts(program, orders);
  for (const Stream& stream : program.streams) {
    for (const StreamInstruction instruction : stream) {
      const auto* fold = instruction.get_if<Fold>();
      if (fold != nullptr && !fold->drain) {
        const auto layer = static_cast<std::size_t>(instruction.layer());
        const Node& node = graph.nodes.at(layer);
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
