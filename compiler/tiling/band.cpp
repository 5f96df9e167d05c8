#include "compiler/tiling/band.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "arch/units/units.h"
#include "compiler/graph/kept_work.h"
#include "compiler/ops/joined_pixels.h"
#include "compiler/ops/listed_pixels.h"

namespace systole {

namespace {

/// The kernel of a sliding operator; none of operators that map row to row.
std::optional<Kernel> sliding_kernel(const Work& work) {
  const auto* matmul = std::get_if<MatmulWork>(&work);
  if (matmul != nullptr && matmul->image && !matmul->image->is_correlated) {
    return matmul->image->kernel;
  }
  if (const auto* product = std::get_if<ProductWork>(&work)) {
    return product->kernel;
  }
  if (const auto* pool = std::get_if<PoolWork>(&work)) {
    return pool->kernel;
  }
  return std::nullopt;
}

/// Whether band and operand are cut along the same axis, which both have.
bool follows(MatrixAxis operand, MatrixAxis output) {
  return operand != MatrixAxis::None && operand == output;
}

Band matmul_input(const MatmulWork& matmul, const MatrixWalk& walk, const Shape& shape,
                  const Band& output) {
  Band part = whole(shape);
  if (follows(walk.images_axis, matmul.c.images_axis)) {
    part.image = output.image;
    part.images = output.images;
  }
  if (follows(walk.rows_axis, matmul.c.rows_axis)) {
    const std::int64_t sharing = walk.rows_axis == MatrixAxis::Head ? walk.sharing : 1;
    part.row = output.row / sharing;
    part.rows = (output.row + output.rows - 1) / sharing - part.row + 1;
  }
  if (follows(walk.cols_axis, matmul.c.rows_axis) && output.rows < matmul.m) {
    part.col = output.row;
    part.cols = output.rows;
  }
  return part;
}

/// The rows of an image that a band of copied pixels comes from: of several images all, and where
/// the band is a whole image of many pixels, which then are not looked at.
Band copied_band(const Graph& graph, const Node& node, std::size_t input, const CopyWork& copy,
                 const Band& output) {
  const Shape in = graph.tensor(node.inputs[input]).shape();
  const Shape out = graph.tensor(node.output()).shape();
  constexpr std::int64_t kMostPixels = 4096;
  if (output.cols == 0 && output.rows == out.rows &&
      (output.images > 1 || out.rows * out.cols > kMostPixels)) {
    return {.image = output.image, .images = output.images, .row = 0, .rows = in.rows};
  }
  std::int64_t lowest = in.rows;
  std::int64_t highest = -1;
  const auto consider = [&](const Pixel& pixel) {
    const PixelSource source = copy.source(pixel);
    if (!source.filled && source.input == static_cast<std::int32_t>(input)) {
      lowest = std::min(lowest, source.at.row);
      highest = std::max(highest, source.at.row);
    }
  };
  const auto* joined = copy.source.target<JoinedPixels>();
  const auto* listed = copy.source.target<ListedPixels>();
  if (joined != nullptr || listed != nullptr) {
    const std::int64_t last = output.row + output.rows - 1;
    std::tie(lowest, highest) = joined != nullptr ? joined->rows_of(input, output.row, last)
                                                  : listed->rows_of(input, output.row, last);
    highest = highest < lowest ? -1 : highest;
  } else if (output.cols != 0) {  // some columns of some rows, whose sources come in their order
    for (const std::int64_t row : {output.row, output.row + output.rows - 1}) {
      for (std::int64_t col = output.col; col < output.col + output.cols; ++col) {
        consider({.row = row, .col = col});
      }
    }
  } else {
    for (std::int64_t row = output.row; row < output.row + output.rows; ++row) {
      for (std::int64_t col = 0; col < out.cols; ++col) {
        consider({.row = row, .col = col});
      }
    }
  }
  if (highest < 0) {
    lowest = highest = 0;  // a row that nobody reads
  }
  return {
      .image = output.image, .images = output.images, .row = lowest, .rows = highest - lowest + 1};
}

/// Whether bands of as many rows need as much of every operand, wherever they begin.
bool rows_are_alike(const Work& work) {
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    return (!matmul->image || matmul->image->is_correlated) &&
           matmul->c.rows_axis != MatrixAxis::Head;
  }
  return !sliding_kernel(work) && !std::holds_alternative<CopyWork>(work);
}

/// Rows of an image: as many full bands as there are at once, and the rest.
std::vector<BandRun> runs_of_rows(const Shape& shape, const BandSize& size) {
  const std::int64_t full = shape.rows / size.rows;
  const std::int64_t rest = shape.rows % size.rows;
  std::vector<BandRun> runs{
      {{.image = 0, .images = 1, .row = 0, .rows = size.rows}, full * shape.batch}};
  if (rest > 0) {
    runs.push_back({{.image = 0, .images = 1, .row = full * size.rows, .rows = rest}, shape.batch});
  }
  return runs;
}

/// What a node writes of each image: rows of its output from `first` on, or columns of some rows,
/// from `first` on. Bands are cut along these: `shape.rows` is how many.
struct Written {
  Shape shape;
  std::int64_t first = 0;
  bool partly = false;
  std::int64_t first_row = 0;  ///< of columns
  std::int64_t rows = 0;       ///< of columns; 0: rows are written

  [[nodiscard]] Band of(const Band& band) const {
    Band part = band;
    if (rows == 0) {
      part.row += first;
      return part;
    }
    part.row = first_row;
    part.rows = rows;
    part.col = first + band.row;
    part.cols = band.rows;
    return part;
  }
};

Written written_by(const Graph& graph, const Node& node) {
  Written written{.shape = graph.tensor(node.output()).shape()};
  const auto work = kept_work(node);
  const auto* copy = std::get_if<CopyWork>(work.get());
  if (copy != nullptr && copy->over) {
    const RowsOver& over = *copy->over;
    written.partly = true;
    if (over.cols == 0) {
      written.shape.rows = over.rows;
      written.first = over.first;
    } else {
      written.shape.rows = over.cols;
      written.first = over.first_col;
      written.first_row = over.first;
      written.rows = over.rows;
    }
  }
  return written;
}

}  // namespace

Band whole(const Shape& shape) {
  return {.image = 0, .images = shape.batch, .row = 0, .rows = shape.rows};
}

std::int64_t row_elements(const Shape& shape) {
  return shape.cols * shape.channels;
}

std::int64_t band_elements(const Shape& shape, const Band& band) {
  const std::int64_t row = band.cols == 0 ? row_elements(shape) : band.cols * shape.channels;
  return band.images * band.rows * row;
}

std::int64_t band_offset(const Shape& shape, const Band& band) {
  return (band.image * shape.rows + band.row) * row_elements(shape) + band.col * shape.channels;
}

std::vector<Band> cut(const Shape& shape, std::int64_t images, std::int64_t rows) {
  std::vector<Band> bands;
  for (std::int64_t image = 0; image < shape.batch; image += images) {
    for (std::int64_t row = 0; row < shape.rows; row += rows) {
      bands.push_back({.image = image,
                       .images = std::min(images, shape.batch - image),
                       .row = row,
                       .rows = std::min(rows, shape.rows - row)});
    }
  }
  return bands;
}

std::vector<BandSize> band_sizes(const Shape& shape) {
  std::vector<BandSize> sizes;
  for (std::int64_t bands = 1; bands <= shape.batch; ++bands) {
    const std::int64_t images = ceil_div(shape.batch, bands);
    if (sizes.empty() || sizes.back().images != images) {
      sizes.push_back({.images = images, .rows = shape.rows});
    }
  }
  for (std::int64_t bands = 2; bands <= shape.rows; ++bands) {
    const std::int64_t rows = ceil_div(shape.rows, bands);
    if (sizes.back().rows != rows) {
      sizes.push_back({.images = 1, .rows = rows});
    }
  }
  return sizes;
}

std::vector<BandRun> band_runs(const Shape& shape, const BandSize& size) {
  std::vector<BandRun> runs;
  if (size.rows == shape.rows) {
    const std::int64_t full = shape.batch / size.images;
    const std::int64_t rest = shape.batch % size.images;
    runs.push_back({{.image = 0, .images = size.images, .row = 0, .rows = shape.rows}, full});
    if (rest > 0) {
      runs.push_back(
          {{.image = full * size.images, .images = rest, .row = 0, .rows = shape.rows}, 1});
    }
    return runs;
  }
  for (std::int64_t row = 0; row < shape.rows; row += size.rows) {
    runs.push_back(
        {{.image = 0, .images = 1, .row = row, .rows = std::min(size.rows, shape.rows - row)},
         shape.batch});
  }
  return runs;
}

std::vector<Band> cut(const Graph& graph, const Node& node, const BandSize& size) {
  const Written written = written_by(graph, node);
  std::vector<Band> bands = cut(written.shape, size.images, size.rows);
  for (Band& band : bands) {
    band = written.of(band);
  }
  return bands;
}

std::vector<BandSize> band_sizes(const Graph& graph, const Node& node) {
  const Written written = written_by(graph, node);
  std::vector<BandSize> sizes = band_sizes(written.shape);
  if (written.partly) {
    std::erase_if(sizes, [](const BandSize& size) { return size.images > 1; });
  }
  return sizes;
}

std::vector<BandRun> band_runs(const Graph& graph, const Node& node, const BandSize& size) {
  const Written written = written_by(graph, node);
  const bool alike = size.rows != written.shape.rows && rows_are_alike(*kept_work(node));
  std::vector<BandRun> runs =
      alike ? runs_of_rows(written.shape, size) : band_runs(written.shape, size);
  for (BandRun& run : runs) {
    run.band = written.of(run.band);
  }
  return runs;
}

MatmulPart matmul_part(const MatmulWork& matmul, const Band& output) {
  MatmulPart part{.images = matmul.images, .heads = matmul.heads, .rows = matmul.m};
  if (matmul.image && !matmul.image->is_correlated) {
    const Shape& out = matmul.image->out;
    part.row = (output.image * out.rows + output.row) * out.cols;
    part.rows = output.images * output.rows * out.cols;
    return part;
  }
  if (matmul.c.images_axis == MatrixAxis::Row) {
    part.row = output.image;
    part.rows = output.images;
    return part;
  }
  part.image = output.image;
  part.images = output.images;
  if (matmul.c.rows_axis == MatrixAxis::Head) {
    part.head = output.row;
    part.heads = output.rows;
  } else {
    part.row = output.row;
    part.rows = output.rows;
  }
  return part;
}

Band input_band(const Graph& graph, const Node& node, std::size_t input, const Band& output) {
  if (input == graph.data_inputs(node).size()) {
    return output;  // what is added
  }
  const auto work = kept_work(node);
  const auto* matmul = std::get_if<MatmulWork>(work.get());
  const bool slides = matmul != nullptr && matmul->image && !matmul->image->is_correlated;
  if (matmul != nullptr && (!slides || input != 0)) {
    const Shape shape = graph.tensor(node.inputs[input]).shape();
    return matmul_input(*matmul, input == 0 ? matmul->a : matmul->b, shape, output);
  }
  if (const auto* copy = std::get_if<CopyWork>(work.get())) {
    if (copy->gathers) {  // one row for each, whichever
      return {.image = 0, .images = 1, .row = 0, .rows = output.images * output.rows};
    }
    return copied_band(graph, node, input, *copy, output);
  }
  const std::optional<Kernel> kernel = sliding_kernel(*work);
  const Shape shape = graph.tensor(node.inputs[input]).shape();
  if (!kernel) {
    // One row for all of an image: it goes with each of its bands.
    const bool shared = shape.rows != graph.tensor(node.output()).shape().rows;
    return shared
               ? Band{.image = output.image, .images = output.images, .row = 0, .rows = shape.rows}
               : output;
  }
  if (output.rows == graph.tensor(node.output()).shape().rows) {
    return {.image = output.image, .images = output.images, .row = 0, .rows = shape.rows};
  }
  const std::int64_t reach = kernel->dilation_rows * (kernel->rows - 1);
  const std::int64_t first = output.row * kernel->stride_rows - kernel->pad_top;
  const std::int64_t last =
      (output.row + output.rows - 1) * kernel->stride_rows - kernel->pad_top + reach;
  const std::int64_t lowest = std::clamp<std::int64_t>(first, 0, shape.rows - 1);
  const std::int64_t highest = std::clamp<std::int64_t>(last, lowest, shape.rows - 1);
  return {
      .image = output.image, .images = output.images, .row = lowest, .rows = highest - lowest + 1};
}

}  // namespace systole
