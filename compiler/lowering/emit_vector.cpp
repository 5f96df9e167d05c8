#include <algorithm>
#include <numeric>

#include "arch/diag/check.h"
#include "arch/isa/fixed_point.h"
#include "arch/isa/recipes.h"
#include "compiler/graph/kept_work.h"
#include "compiler/lowering/emit.h"
#include "compiler/lowering/fused_results.h"
#include "compiler/lowering/quantize.h"
#include "compiler/lowering/tiles.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

/// Emits one vector layer over one band, some pixels per instruction.
class VectorEmitter {
 public:
  VectorEmitter(LoweringContext& context, const LayerBand& band)
      : context_(context),
        band_(band),
        node_(context.graph.node(band.layer)),
        kept_(kept_work(node_)),
        work_(*kept_),
        out_(context.graph.tensor(node_.output())) {}

  void emit() {
    if (const auto* rows = std::get_if<RowWork>(&work_)) {
      emit_rows(*rows);
      return;
    }
    if (const auto* copy = std::get_if<CopyWork>(&work_)) {
      emit_copy(*copy);
      return;
    }
    if (context_.layer_mapping(band_.layer).rows_first) {
      emit_rows_first(std::get<PoolWork>(work_));
      return;
    }
    for (const Slice& pixels : even_slices(band_.output.pixels(), kPixelsPerInstruction)) {
      std::visit([&](const auto& work) { emit_pixels(work, pixels); }, work_);
    }
  }

 private:
  [[nodiscard]] const GraphTensor& in(std::size_t input) const {
    return context_.graph.tensor(node_.inputs[input]);
  }

  /// The pixels of a band as an operand, from `channel` on.
  [[nodiscard]] static Operand pixels_of(const PlacedBand& band, const Slice& pixels,
                                         std::int64_t channel = 0) {
    return band.at(pixels.first * band.shape.channels + channel);
  }

  [[nodiscard]] Destination destination(const Operand& place, const Quantization& target,
                                        ActivationKind activation) const {
    return systole::destination_of(place, band_.output.pixel_pitch(), out_.type.element, activation,
                                   target);
  }

  /// From one quantisation to another; reals need none.
  [[nodiscard]] FixedPoint scale(const Quantization& from, const Quantization& to) const {
    return is_float(out_.type.element) ? FixedPoint{} : to_fixed_point(from.scale / to.scale);
  }

  void append(RowLoop loop) {
    context_.builder.append(EngineKind::Vector, band_.layer, std::move(loop));
  }

  void emit_pixels(const AddWork& add, const Slice& pixels) {
    const std::int64_t channels = out_.shape().channels;
    const Operand a = pixels_of(band_.inputs[0], pixels);
    const Operand b = pixels_of(band_.inputs[1], pixels);
    const Operand place = pixels_of(band_.output, pixels);
    const SharedShift scale =
        is_float(out_.type.element) ? SharedShift{} : shared_shift(context_.graph, node_);
    append(Add{.a = a,
               .a_pitch = band_.inputs[0].pixel_pitch(),
               .a_zero_point = in(0).quantization.zero_point,
               .a_multiplier = scale.a_multiplier,
               .b = b,
               .b_pitch = band_.inputs[1].pixel_pitch(),
               .b_zero_point = in(1).quantization.zero_point,
               .b_multiplier = scale.b_multiplier,
               .shift = scale.shift,
               .rows = pixels.size,
               .cols = channels,
               .to = destination(place, out_.quantization, add.activation)});
  }

  /// One input of the layer requantised into some channels of the output.
  void emit_rescale(std::size_t input, const Slice& pixels, std::int64_t channel,
                    ActivationKind activation) {
    const PlacedBand& source = band_.inputs[input];
    const std::int64_t channels = source.shape.channels;
    const Operand from = pixels_of(source, pixels);
    const Operand place = pixels_of(band_.output, pixels, channel);
    const bool lookup = uses_lookup({.kind = activation, .before = {}}, out_.type.element);
    // A lookup indexes with the input's own stored value: the identity before the table.
    const Quantization& target = lookup ? in(input).quantization : out_.quantization;
    const Operand table = lookup ? table_operand(context_, band_.layer) : Operand{};
    append(Rescale{.in = from,
                   .in_pitch = source.pixel_pitch(),
                   .rows = pixels.size,
                   .cols = channels,
                   .in_zero_point = in(input).quantization.zero_point,
                   .scale = scale(in(input).quantization, target),
                   .lookup = table,
                   .to = destination(place, target, activation)});
  }

  void emit_pixels(const RescaleWork& rescale, const Slice& pixels) {
    std::int64_t channel = 0;
    for (std::size_t input = 0; input < band_.inputs.size(); ++input) {
      emit_rescale(input, pixels, channel, rescale.activation);
      channel += band_.inputs[input].shape.channels;
    }
  }

  void emit_pixels(const PoolWork& pool, const Slice& pixels) {
    const PlacedBand& source = band_.inputs[0];
    const std::int64_t channels = source.shape.channels;
    const Quantization& from = in(0).quantization;
    const Window window =
        make_window(pool.kernel, source, band_.output, 0, channels, from.zero_point);
    const Operand place = pixels_of(band_.output, pixels);
    RowLoop loop = Pool{.kind = pool.kind,
                        .window = window,
                        .first = pixels.first,
                        .count = pixels.size,
                        .in_zero_point = from.zero_point,
                        .scale = scale(from, out_.quantization),
                        .count_padding = pool.count_padding,
                        .to = destination(place, out_.quantization, ActivationKind::None)};
    if (in(0).type.element != out_.type.element) {
      RowBody body = *loop.body;
      std::get<WindowStage>(body.stages.front()).type = in(0).type.element;
      loop.body = std::move(body);
    }
    append(std::move(loop));
  }

  /// Some rows of an image at a time: their maxima, then what a window covers of these.
  void emit_rows_first(const PoolWork& pool) {
    const Kernel& kernel = pool.kernel;
    const Kernel down{.rows = kernel.rows,
                      .stride_rows = kernel.stride_rows,
                      .pad_top = kernel.pad_top,
                      .pad_bottom = kernel.pad_bottom,
                      .dilation_rows = kernel.dilation_rows};
    const Kernel across{.cols = kernel.cols,
                        .stride_cols = kernel.stride_cols,
                        .pad_left = kernel.pad_left,
                        .pad_right = kernel.pad_right,
                        .dilation_cols = kernel.dilation_cols};
    const PlacedBand& output = band_.output;
    const PlacedBand input = whole_rows(band_.inputs[0]);
    PlacedBand lines = output;
    lines.shape.cols = 1;
    const Band& part = output.part;
    for (std::int64_t image = 0; image < part.images; ++image) {
      for (const Slice& rows : even_slices(part.rows, rows_at_once(context_.graph, node_))) {
        PlacedBand maxima{
            .tensor = context_.maxima_ids[static_cast<std::size_t>(band_.layer)],
            .shape = shape_of_maxima(context_.graph, node_),
            .type = out_.type.element,
            .part = {.image = part.image + image, .row = part.row + rows.first, .rows = rows.size},
            .address = band_.maxima};
        PlacedBand done = output;
        done.part = maxima.part;
        const std::int64_t first = image * part.rows + rows.first;
        const Slice pixels{.first = first * output.shape.cols,
                           .size = rows.size * output.shape.cols};
        append_maximum(make_window(down, input, lines, 0, input.shape.channels, zero_point()),
                       {.first = first, .size = rows.size}, maxima.at(0), maxima.row_pitch());
        append_maximum(make_window(across, maxima, done, 0, maxima.shape.channels, zero_point()),
                       {.first = 0, .size = pixels.size}, pixels_of(output, pixels),
                       output.pixel_pitch());
      }
    }
  }

  /// A row as one pixel with the channels of all.
  [[nodiscard]] static PlacedBand whole_rows(PlacedBand band) {
    band.shape.channels *= band.shape.cols;
    band.shape.cols = 1;
    return band;
  }

  [[nodiscard]] std::int32_t zero_point() const { return in(0).quantization.zero_point; }

  void append_maximum(const Window& window, const Slice& positions, const Operand& place,
                      std::int64_t pitch) {
    append(Pool{.kind = PoolKind::Max,
                .window = window,
                .first = positions.first,
                .count = positions.size,
                .in_zero_point = zero_point(),
                .to = systole::destination_of(place, pitch, out_.type.element, ActivationKind::None,
                                              out_.quantization)});
  }

  void emit_pixels(const SoftmaxWork& /*work*/, const Slice& pixels) {
    const Operand place = pixels_of(band_.output, pixels);
    const Operand table = table_operand(context_, band_.layer);
    append(Softmax{.in = pixels_of(band_.inputs[0], pixels),
                   .in_pitch = band_.inputs[0].pixel_pitch(),
                   .rows = pixels.size,
                   .cols = out_.shape().channels,
                   .table = table.tensor == kNoTensor ? Operand{} : table,
                   .to = destination(place, out_.quantization, ActivationKind::None)});
  }

  /// Pixels from where on a load begins anew: images where an input has one row for each, positions
  /// where there are numbers for each of them.
  [[nodiscard]] std::int64_t period_of(const RowWork& rows) const {
    const Shape shape = out_.shape();
    std::int64_t period = shape.pixels();
    for (const RowTable& table : rows.tables) {
      if (table.positions > 1) {
        period = std::gcd(period, table.each > 1 ? table.each : table.positions);
      }
    }
    for (const RowParameter& parameter : rows.parameters) {
      if (parameter.positions > 1) {
        period = std::gcd(period, parameter.positions);
      }
    }
    for (std::size_t i = 0; i < band_.inputs.size(); ++i) {
      if (is_shared(i)) {
        period = std::gcd(period, shape.rows * shape.cols);
      }
    }
    return period;
  }

  void emit_rows(const RowWork& rows) {
    const std::int64_t period = period_of(rows);
    const std::int64_t end = band_.output.pixels();
    for (std::int64_t first = 0; first < end;) {
      const std::int64_t next = std::min(end, first + period - (first_pixel() + first) % period);
      for (const Slice& slice : even_slices(next - first, kPixelsPerInstruction)) {
        for (const RowPiece& piece : rows.pieces) {
          emit_row_loop(rows, piece, {.first = first + slice.first, .size = slice.size});
        }
      }
      first = next;
    }
  }

  /// The band's first pixel in the whole tensor.
  [[nodiscard]] std::int64_t first_pixel() const {
    return band_offset(band_.output.shape, band_.output.part) / out_.shape().channels;
  }

  /// One row for all pixels of an image.
  [[nodiscard]] bool is_shared(std::size_t input) const {
    const Shape shape = in(input).shape();
    return shape.rows * shape.cols == 1 && out_.shape().rows * out_.shape().cols > 1;
  }

  void emit_row_loop(const RowWork& rows, const RowPiece& piece, const Slice& pixels) {
    RowLoop loop{.rows = pixels.size, .cols = piece.cols};
    RowBody body{.stages = piece.stages};
    std::vector<LoadStage> forms;  // of loads, by operand
    for (const RowSource& source : piece.sources) {
      Operand operand;
      forms.push_back(form_of(source, rows, pixels, operand));
      loop.operands.push_back(operand);
    }
    for (Stage& stage : body.stages) {
      if (auto* load = std::get_if<LoadStage>(&stage)) {
        fill_in(forms[static_cast<std::size_t>(load->operand)], *load);
      } else if (const auto* mask = std::get_if<MaskStage>(&stage)) {
        loop.first = (first_pixel() + pixels.first) % mask->period;
      }
    }
    append_row_loop(std::move(loop), std::move(body), pixels_of(band_.output, pixels, piece.first));
  }

  /// `step`: pixels of the output from one row to the next.
  void append_row_loop(RowLoop loop, RowBody body, const Operand& place, std::int64_t step = 1) {
    const std::int64_t pitch = step * band_.output.pixel_pitch();
    const float steps =
        is_float(out_.type.element) ? 1 : static_cast<float>(1 / out_.quantization.scale);
    body.to = destination(place, out_.quantization, ActivationKind::None).store(steps);
    body.to.pitch = pitch;
    loop.out = place;
    loop.body = std::move(body);
    append(std::move(loop));
  }

  /// As the input is stored.
  void set_type(LoadStage& load, const GraphTensor& tensor) const {
    load.type = tensor.type.element;
    if (load.type == DataType::Int8) {
      load.zero_point = tensor.quantization.zero_point;
      load.scale = static_cast<float>(tensor.quantization.scale);
    }
  }

  /// How the elements of an operand are read; a load keeps which one it is.
  static void fill_in(const LoadStage& form, LoadStage& load) {
    load.pitch = form.pitch;
    load.type = form.type;
    load.zero_point = form.zero_point;
    load.scale = form.scale;
  }

  /// A row of fp32 numbers for all pixels, or one for each position, or for `each` pixels one
  /// behind the other.
  [[nodiscard]] LoadStage constant_form(std::size_t input, std::int64_t positions,
                                        std::int64_t each, std::int64_t numbers,
                                        const Slice& pixels, Operand& operand) const {
    const std::int64_t row_bytes = bytes_of(DataType::Fp32, numbers);
    const std::int64_t row = (first_pixel() + pixels.first) / each % positions;
    operand = feature_operand(context_, band_.layer, input);
    operand.address += row * row_bytes;
    operand.offset += row * row_bytes;
    return {.pitch = positions > 1 && each == 1 ? row_bytes : 0, .type = DataType::Fp32};
  }

  /// Where a source of the rows `pixels` lies, and how its elements are read.
  [[nodiscard]] LoadStage form_of(const RowSource& source, const RowWork& rows, const Slice& pixels,
                                  Operand& operand) const {
    const auto input = static_cast<std::size_t>(source.input);
    if (input >= node_.inputs.size()) {
      const RowTable& table = rows.tables[input - node_.inputs.size()];
      LoadStage form =
          constant_form(input, table.positions, table.each, table.cols, pixels, operand);
      operand.address += bytes_of(DataType::Fp32, source.first_column);
      operand.offset += bytes_of(DataType::Fp32, source.first_column);
      return form;
    }
    if (input >= band_.inputs.size()) {
      const RowParameter& parameter = rows.parameters[input - band_.inputs.size()];
      return constant_form(input, parameter.positions, 1, parameter.features, pixels, operand);
    }
    LoadStage form;
    set_type(form, in(input));
    const PlacedBand& band = band_.inputs[input];
    if (is_shared(input)) {
      const std::int64_t image = pixels.first / (band_.output.part.rows * band_.output.shape.cols);
      operand = band.at(image * band.shape.channels + source.first_column);
    } else {
      operand = pixels_of(band, pixels, source.first_column);
      form.pitch = band.pixel_pitch();
    }
    return form;
  }

  /// Pixels of the output's band that come from one input, `stride` pixels of
  /// it from one to the next.
  struct Run {
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t step = 1;  ///< pixels of the output from one to the next
    std::int32_t input = 0;
    std::int64_t from = 0;  ///< pixel of the input's band
    std::int64_t stride = 0;
    std::int64_t channel = 0;  ///< of the input, the first
    bool filled = false;       ///< comes from nowhere
  };

  /// Rows that came one by one: each is copied by itself.
  void emit_gathered_rows() {
    const PlacedBand& table = band_.inputs.front();
    const std::int64_t cols = out_.shape().cols;
    LoadStage load{.pitch = table.pixel_pitch()};
    set_type(load, in(0));
    for (std::int64_t index = 0; index < table.part.rows; ++index) {
      append_row_loop({.rows = cols,
                       .cols = out_.shape().channels,
                       .operands = {gathered_row(context_, band_, index)}},
                      {.stages = {load}, .to = {}},
                      pixels_of(band_.output, {.first = index * cols, .size = cols}));
    }
  }

  void emit_copy(const CopyWork& copy) {
    if (copy.gathers) {
      emit_gathered_rows();
      return;
    }
    const Band& part = band_.output.part;
    const std::int64_t cols = band_.output.cols();
    Run run;
    for (std::int64_t image = 0; image < part.images; ++image) {
      for (std::int64_t row = part.row; row < part.row + part.rows; ++row) {
        const std::int64_t line = (image * part.rows + row - part.row) * cols;
        for (std::int64_t begin = 0; begin < copy.period; ++begin) {
          // These do not stand behind those before them, in the buffer or in the tensor.
          if (copy.period > 1 || part.cols != 0) {
            emit_run(run, copy.fill);
            run = {.first = line + begin, .step = copy.period};
          }
          for (std::int64_t col = begin; col < cols; col += copy.period) {
            take(run, copy.source({.row = row, .col = part.col + col}), image, copy.fill);
          }
        }
      }
    }
    emit_run(run, copy.fill);
  }

  /// Makes the run longer by the next pixel, or emits it and begins another.
  void take(Run& run, const PixelSource& source, std::int64_t image, double fill) {
    const PlacedBand& band = band_.inputs[static_cast<std::size_t>(source.input)];
    const std::int64_t row = image * band.part.rows + source.at.row - band.part.row;
    const std::int64_t from = source.filled ? 0 : row * band.shape.cols + source.at.col;
    const std::int64_t stride = from - (run.from + (run.count - 1) * run.stride);
    const bool fits = run.count > 0 && run.count < kPixelsPerInstruction &&
                      run.input == source.input && run.channel == source.channel &&
                      run.filled == source.filled &&
                      (run.count == 1 ? stride >= 0 : stride == run.stride);
    if (fits) {
      run.stride = stride;
      ++run.count;
      return;
    }
    emit_run(run, fill);
    run = {.first = run.first + run.count * run.step,
           .count = 1,
           .step = run.step,
           .input = source.input,
           .from = from,
           .stride = 0,
           .channel = source.channel,
           .filled = source.filled};
  }

  void emit_run(const Run& run, double fill) {
    if (run.count == 0) {
      return;
    }
    const auto input = static_cast<std::size_t>(run.input);
    const PlacedBand& band = band_.inputs[input];
    LoadStage load{.pitch = run.stride * band.pixel_pitch()};
    set_type(load, in(input));
    RowBody body{.stages = {load}};
    if (run.filled) {  // whatever stands there becomes -infinity, and the number is larger
      constexpr std::int32_t kMasked = 1;
      constexpr std::int32_t kNumber = 2;
      body.stages.emplace_back(MaskStage{.of = 0, .offset = -1});
      body.stages.emplace_back(NumberStage{static_cast<float>(fill)});
      body.stages.emplace_back(PairStage{.kind = PairKind::Larger, .a = kMasked, .b = kNumber});
    }
    append_row_loop({.rows = run.count,
                     .cols = out_.shape().channels,
                     .operands = {band.at(run.from * band.shape.channels + run.channel)}},
                    std::move(body),
                    pixels_of(band_.output, {.first = run.first, .size = run.count}), run.step);
  }

  // Not all pixels alike.
  void emit_pixels(const RowWork& /*work*/, const Slice& /*pixels*/) { not_here(); }
  void emit_pixels(const CopyWork& /*work*/, const Slice& /*pixels*/) { not_here(); }
  // Lowered elsewhere: products on the array; views move nothing.
  void emit_pixels(const ProductWork& /*work*/, const Slice& /*pixels*/) { not_here(); }
  void emit_pixels(const MatmulWork& /*work*/, const Slice& /*pixels*/) { not_here(); }
  void emit_pixels(const ViewWork& /*work*/, const Slice& /*pixels*/) { not_here(); }
  void not_here() const { SYSTOLE_CHECK(false, "{} is not a vector layer", node_.kind); }

  LoweringContext& context_;
  const LayerBand& band_;
  const Node& node_;
  std::shared_ptr<const Work> kept_;
  const Work& work_;
  const GraphTensor& out_;
};

}  // namespace

void emit_vector(LoweringContext& context, const LayerBand& band) {
  VectorEmitter(context, band).emit();
}

}  // namespace systole
