#include "compiler/lowering/gemm_operands.h"

#include <algorithm>
#include <map>
#include <utility>

#include "compiler/graph/kept_work.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/tiling/band.h"

namespace systole {

namespace {

/// The first operand and weights.
class WeightedOperands final : public GemmOperands {
 public:
  WeightedOperands(const LoweringContext& context, const LayerBand& band, const ProductWork& work)
      : context_(context),
        band_(band),
        node_(context.graph.node(band.layer)),
        pixels_(context.layer_mapping(band.layer).pixels),
        kernel_(widened(work.kernel, pixels_)),
        gemm_(context.layer_gemm(band.layer)) {}

  [[nodiscard]] std::vector<std::vector<std::int64_t>> clusters() const override {
    std::vector<std::vector<std::int64_t>> clusters;
    for (std::int64_t group = 0; group < gemm_.groups; ++group) {
      clusters.push_back({group});
    }
    return clusters;
  }
  [[nodiscard]] std::int64_t positions() const override { return band_.output.pixels() / pixels_; }
  [[nodiscard]] TileSource source() const override { return TileSource::Dram; }
  [[nodiscard]] Window window(std::int64_t group, std::int64_t /*part*/) const override {
    const PlacedBand& input = band_.inputs.front();
    const std::int64_t channels = input.shape.channels / gemm_.groups;
    PlacedBand output = band_.output;
    output.shape.cols /= pixels_;
    return make_window(kernel_, input, output, group * channels, channels,
                       input_quantization().zero_point);
  }
  [[nodiscard]] LoadTile load(const WeightTile& tile) const override {
    const DataType type = context_.graph.tensor(node_.inputs.at(kWeightsInput)).type.element;
    return {.source = {.address = tile.dram_address},
            .padding = bytes_in_dram(context_.chip, type, tile.rows, tile.cols) -
                       bytes_of(type, tile.rows * tile.cols),
            .type = type};
  }
  [[nodiscard]] Operand place(std::int64_t group, std::int64_t row,
                              std::int64_t col) const override {
    return band_.output.at(row * place_pitch() + group * gemm_.n + col);
  }
  [[nodiscard]] std::int64_t place_pitch() const override {
    return band_.output.shape.channels * pixels_;
  }
  [[nodiscard]] std::int64_t bias_of(std::int64_t group) const override { return group * gemm_.n; }
  [[nodiscard]] std::int32_t zero_point() const override { return 0; }  // it is in the biases
  [[nodiscard]] WeightScales sum_scales() const override {
    return weight_scales(context_.graph, node_) * input_quantization().scale;
  }
  [[nodiscard]] double real_scale() const override { return 1; }

 private:
  [[nodiscard]] const Quantization& input_quantization() const {
    return context_.graph.tensor(node_.inputs.front()).quantization;
  }

  const LoweringContext& context_;
  const LayerBand& band_;
  const Node& node_;
  std::int64_t pixels_;  ///< neighbouring positions that are one
  Kernel kernel_;        ///< over all of them
  GemmShape gemm_;
};

/// Two tensors.
class TensorOperands final : public GemmOperands {
 public:
  TensorOperands(const LoweringContext& context, const LayerBand& band, const MatmulWork& work)
      : context_(context),
        band_(band),
        node_(context.graph.node(band.layer)),
        work_(work),
        part_(matmul_part(work, band.output.part)) {}

  [[nodiscard]] std::vector<std::vector<std::int64_t>> clusters() const override {
    std::map<std::int64_t, std::vector<std::int64_t>> by_right;  // its first element
    for (std::int64_t image = part_.image; image < part_.image + part_.images; ++image) {
      for (std::int64_t head = part_.head; head < part_.head + part_.heads; ++head) {
        by_right[element_of(work_.b, image, head, 0, 0)].push_back(image * work_.heads + head);
      }
    }
    std::vector<std::vector<std::int64_t>> clusters;
    for (auto& [first, groups] : by_right) {
      clusters.push_back(std::move(groups));
    }
    return clusters;
  }
  [[nodiscard]] std::int64_t positions() const override { return part_.rows; }
  [[nodiscard]] TileSource source() const override {
    return context_.layer_plan(band_.layer).inputs[kRightInput].as_tiles ? TileSource::Dram
                                                                         : TileSource::Buffer;
  }
  [[nodiscard]] std::int64_t reduction_part() const override {
    return is_correlated() ? work_.k_part : 0;
  }
  [[nodiscard]] std::int64_t first_position() const override {
    return is_correlated() ? part_.row : 0;
  }
  [[nodiscard]] Window window(std::int64_t group, std::int64_t part) const override {
    const PlacedBand& a = band_.inputs.front();
    if (is_correlated()) {
      return correlation_window(a, group, part);
    }
    if (work_.image) {
      return make_window(work_.image->kernel, a, band_.output, 0, a.shape.channels, 0);
    }
    if (work_.a.col != 1) {
      return columns_window(a, group);
    }
    Window window{.source = at(a, work_.a, group, part_.row, 0),
                  .image_pitch = a.bytes(work_.a.row),
                  .row_pitch = a.bytes(work_.a.row),
                  .pixel_pitch = a.bytes(work_.a.row),
                  .channels = work_.k};
    if (work_.a.images_axis != MatrixAxis::Row) {
      window.in_rows = work_.m;
      window.first_in_row = window.first_out_row = part_.row;
      window.out_rows = part_.rows;
    }
    return window;
  }
  [[nodiscard]] LoadTile load(const WeightTile& tile) const override {
    const GraphTensor& right = context_.graph.tensor(node_.inputs[kRightInput]);
    const PlacedBand& b = band_.inputs[kRightInput];
    const bool from_dram = source() == TileSource::Dram;
    const std::int64_t start =
        from_dram ? context_.builder.program().tensors[static_cast<std::size_t>(tile.tensor)].home
                  : b.address - b.bytes(band_offset(b.shape, b.part));
    return {
        .from = from_dram ? TileSource::Dram : TileSource::Buffer,
        .source = {.address = start + tile.offset, .tensor = tile.tensor, .offset = tile.offset},
        .pitch = tile.pitch,
        .transposed = tile.transposed,
        .type = right.type.element,
        .zero_point = right.quantization.zero_point};
  }
  [[nodiscard]] Operand place(std::int64_t group, std::int64_t row,
                              std::int64_t col) const override {
    return at(band_.output, work_.c, group, part_.row + row, col);
  }
  [[nodiscard]] std::int64_t place_pitch() const override { return work_.c.row; }
  [[nodiscard]] std::int64_t bias_of(std::int64_t /*group*/) const override { return 0; }
  [[nodiscard]] std::int32_t zero_point() const override {
    return context_.graph.tensor(node_.inputs.front()).quantization.zero_point;
  }
  [[nodiscard]] WeightScales sum_scales() const override {
    return context_.graph.tensor(node_.inputs.front()).quantization.scale *
           context_.graph.tensor(node_.inputs[kRightInput]).quantization.scale * work_.scale;
  }
  [[nodiscard]] double real_scale() const override { return work_.scale; }

 private:
  [[nodiscard]] bool is_correlated() const { return work_.image && work_.image->is_correlated; }

  /// What one axis of an image is to a position of the kernel: the part of it behind the position's
  /// first pixel, or padding ahead of it.
  struct Seen {
    std::int64_t first = 0;
    std::int64_t size = 1;
    std::int64_t pad = 0;
  };
  [[nodiscard]] static Seen seen(std::int64_t size, std::int64_t first, std::int64_t reach) {
    if (first >= size) {
      return {.pad = reach + 1};  // nothing but padding
    }
    return {.first = std::max<std::int64_t>(first, 0),
            .size = size - std::max<std::int64_t>(first, 0),
            .pad = std::max<std::int64_t>(-first, 0)};
  }

  /// A channel is what an image is to others, with one position; the kernel are the positions of
  /// one image, as far apart as the stride says, that meet it at one kernel position.
  [[nodiscard]] Window correlation_window(const PlacedBand& a, std::int64_t tap,
                                          std::int64_t image) const {
    const Kernel& kernel = work_.image->kernel;
    const Shape& out = work_.image->out;
    const std::int64_t elements = a.shape.elements() / a.shape.batch;
    const Seen rows = seen(a.shape.rows, tap / kernel.cols * kernel.dilation_rows - kernel.pad_top,
                           (out.rows - 1) * kernel.stride_rows);
    const Seen cols = seen(a.shape.cols, tap % kernel.cols * kernel.dilation_cols - kernel.pad_left,
                           (out.cols - 1) * kernel.stride_cols);
    const std::int64_t first = rows.first * a.shape.cols + cols.first;
    return {.source = a.at(image * elements + first * a.shape.channels),
            .image_pitch = a.bytes(1),
            .row_pitch = a.row_pitch(),
            .pixel_pitch = a.pixel_pitch(),
            .in_rows = rows.size,
            .in_cols = cols.size,
            .kernel_rows = out.rows,
            .kernel_cols = out.cols,
            .dilation_rows = kernel.stride_rows,
            .dilation_cols = kernel.stride_cols,
            .pad_top = rows.pad,
            .pad_left = cols.pad};
  }

  /// Of an operand that is written transposed: a position is a column of it, and its rows are the
  /// reduction, like those of a kernel as high as the image.
  [[nodiscard]] Window columns_window(const PlacedBand& a, std::int64_t group) const {
    return {.source = at(a, work_.a, group, part_.row, 0),
            .row_pitch = a.bytes(work_.a.col),
            .pixel_pitch = a.bytes(work_.a.row),
            .in_rows = work_.k,
            .in_cols = part_.rows,
            .kernel_rows = work_.k,
            .out_cols = part_.rows};
  }

  [[nodiscard]] Operand at(const PlacedBand& band, const MatrixWalk& walk, std::int64_t group,
                           std::int64_t row, std::int64_t col) const {
    const std::int64_t element =
        element_of(walk, group / work_.heads, group % work_.heads, row, col);
    const Band& part = band.part;
    if (part.cols == 0) {
      return band.at(element - band_offset(band.shape, part));
    }
    const std::int64_t width = row_elements(band.shape);
    return band.at((element / width % band.shape.rows - part.row) * part.cols *
                       band.shape.channels +
                   element % width - part.col * band.shape.channels);
  }

  const LoweringContext& context_;
  const LayerBand& band_;
  const Node& node_;
  MatmulWork work_;
  MatmulPart part_;
};

}  // namespace

std::unique_ptr<GemmOperands> gemm_operands(const LoweringContext& context, const LayerBand& band) {
  const auto kept = kept_work(context.graph.node(band.layer));
  const Work& work = *kept;
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    return std::make_unique<TensorOperands>(context, band, *matmul);
  }
  return std::make_unique<WeightedOperands>(context, band, std::get<ProductWork>(work));
}

}  // namespace systole
