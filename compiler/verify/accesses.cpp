#include "compiler/verify/accesses.h"

#include <fmt/format.h>

#include "compiler/verify/stages.h"
#include "compiler/verify/window_reads.h"

namespace systole::verification {

namespace {

constexpr std::int64_t kBiasBytes = 4;
constexpr std::int64_t kFactorBytes = 8;
constexpr std::int64_t kTableEntries = 256;

}  // namespace

/// Row by row: a scale for each column where a group begins.
std::int64_t bytes_of_scales(const LoadTile& load) {
  const TileConversion& conversion = *load.conversion;
  std::int64_t groups = 0;
  if (conversion.group_rows > 0) {
    for (std::int64_t row = 0; row < load.rows;
         row += row == 0 ? conversion.first_rows : conversion.group_rows) {
      ++groups;
    }
  }
  return groups * load.cols * bytes_of(conversion.to);
}

namespace {

class Deriver {
 public:
  Deriver(const Program& program, Place place, Accesses& accesses)
      : program_(program), place_(place), accesses_(accesses) {}

  std::optional<std::string> operator()(const Transfer& transfer) {
    const Space far = place_.engine.kind == EngineKind::Host ? Space::Host : Space::Dram;
    auto& far_list = transfer.to_buffer ? accesses_.reads : accesses_.writes;
    auto& buffer_list = transfer.to_buffer ? accesses_.writes : accesses_.reads;
    add(far_list, "far", far, transfer.far, transfer.rows, transfer.row_bytes, transfer.far_pitch);
    if (transfer.rows == 1 || transfer.far_pitch == transfer.buffer_pitch) {
      add(buffer_list, "buffer", Space::Buffer, transfer.buffer, transfer.rows, transfer.row_bytes,
          transfer.buffer_pitch);
      return {};
    }
    // Far memory is packed, so its pitch is that of the tensor; in the buffer each row has a
    // distance of its own between address and offset.
    for (std::int64_t row = 0; row < transfer.rows; ++row) {
      const Operand operand{.address = transfer.buffer.address + row * transfer.buffer_pitch,
                            .tensor = transfer.buffer.tensor,
                            .offset = transfer.buffer.offset + row * transfer.far_pitch};
      add(buffer_list, "buffer", Space::Buffer, operand, 1, transfer.row_bytes, 0);
    }
    return {};
  }

  std::optional<std::string> operator()(const LoadTile& load) {
    if (load.source.tensor == kNoTensor) {
      accesses_.reads.push_back({.operand = "source",
                                 .space = Space::Dram,
                                 .where = rectangle(load.source.address, 1,
                                                    bytes_of(load.type, load.rows * load.cols) +
                                                        bytes_of_scales(load) + load.padding,
                                                    0),
                                 .label = Label::of_tile(load.tile),
                                 .delta = -load.source.address});
      return {};
    }
    const Space space = load.from == TileSource::Buffer ? Space::Buffer : Space::Dram;
    const std::int64_t runs = load.transposed ? load.cols : load.rows;
    const std::int64_t bytes = bytes_of(load.type, load.transposed ? load.rows : load.cols);
    const std::int64_t packed = program_.tiles[static_cast<std::size_t>(load.tile)].pitch;
    if (runs == 1 || load.pitch == packed) {
      add(accesses_.reads, "source", space, load.source, runs, bytes, load.pitch);
      return {};
    }
    for (std::int64_t run = 0; run < runs; ++run) {
      const Operand operand{.address = load.source.address + run * load.pitch,
                            .tensor = load.source.tensor,
                            .offset = load.source.offset + run * packed};
      add(accesses_.reads, "source", space, operand, 1, bytes, 0);
    }
    return {};
  }

  std::optional<std::string> operator()(const Fold& fold) {
    return read_window(
        *fold.window,
        {.first = fold.first, .count = fold.count, .k_first = fold.k_first, .depth = fold.rows},
        fold.activation_type);
  }

  std::optional<std::string> operator()(const RowLoop& loop) {
    std::optional<std::string> violation;
    for (const Stage& stage : loop.body->stages) {
      if (!violation) {
        std::visit([&](const auto& any) { violation = read_stage(loop, any); }, stage);
      }
    }
    const Store& to = loop.body->to;
    const std::int64_t cols = check_stages(loop).result == Made::Row ? loop.cols : 1;
    add(accesses_.writes, "to", Space::Buffer, loop.out, loop.rows, bytes_of(to.type, cols),
        to.pitch);
    return violation;
  }

 private:
  // What a stage reads of the unified buffer; one overload for each.
  std::optional<std::string> read_stage(const RowLoop& loop, const LoadStage& load) {
    read(kLoadedRows, operand_of(loop, load.operand), load.pitch == 0 ? 1 : loop.rows,
         bytes_of(load.type, load.single ? 1 : loop.cols), load.pitch);
    return {};
  }
  std::optional<std::string> read_stage(const RowLoop& loop, const SumsStage& sums) {
    if (sums.bias != kNoOperand) {
      read("bias", operand_of(loop, sums.bias), 1, loop.cols * kBiasBytes, 0);
    }
    return {};
  }
  std::optional<std::string> read_stage(const RowLoop& loop, const WindowStage& walk) {
    Window window = walk.window;
    window.source = operand_of(loop, walk.operand);
    return read_window(window,
                       {.first = loop.first,
                        .count = loop.rows,
                        .k_first = 0,
                        .depth = window.kernel_rows * window.kernel_cols * window.channels},
                       walk.type);
  }
  std::optional<std::string> read_stage(const RowLoop& loop, const LookupStage& lookup) {
    read("table", operand_of(loop, lookup.table), 1, kTableEntries * bits_of(lookup.type) / 8, 0);
    return {};
  }
  std::optional<std::string> read_stage(const RowLoop& loop, const ColumnScaleStage& scale) {
    read("factors", operand_of(loop, scale.factors), 1, loop.cols * kFactorBytes, 0);
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const NumberStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const PairStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/,
                                               const FunctionStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const ReduceStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const MaskStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const ScaleStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const ClampStage& /*s*/) {
    return {};
  }
  static std::optional<std::string> read_stage(const RowLoop& /*loop*/, const RoundStage& /*s*/) {
    return {};
  }

  static const Operand& operand_of(const RowLoop& loop, std::int32_t index) {
    return loop.operands[static_cast<std::size_t>(index)];
  }

  static void add(AccessList& list, std::string_view name, Space space, const Operand& operand,
                  std::int64_t rows, std::int64_t row_bytes, std::int64_t pitch) {
    list.push_back({.operand = name,
                    .space = space,
                    .where = rectangle(operand.address, rows, row_bytes, pitch),
                    .label = Label::of_tensor(operand.tensor),
                    .delta = operand.offset - operand.address});
  }

  void read(std::string_view name, const Operand& operand, std::int64_t rows,
            std::int64_t row_bytes, std::int64_t pitch) {
    add(accesses_.reads, name, Space::Buffer, operand, rows, row_bytes, pitch);
  }

  /// A window may look at a view, of which whole pixels, rows and images make up the tensor; one of
  /// images of one pixel says by their distance what an image has, else it is one of the batch's.
  [[nodiscard]] std::int64_t channels_seen(const Window& window, const ProgramTensor& declared,
                                           DataType type) const {
    if (window.in_rows == 1 && window.in_cols == 1) {
      const std::int64_t pitch = window.image_pitch;
      const bool is_packed = pitch == window.pixel_pitch &&
                             pitch >= bytes_of(type, window.channels) &&
                             declared.bytes() % pitch == 0;
      return is_packed ? pitch * 8 / bits_of(type)
                       : declared.pixels * declared.channels / program_.batch;
    }
    const std::int64_t row = window.in_cols * window.pixel_pitch;
    const bool is_view = window.pixel_pitch >= bytes_of(type, window.channels) &&
                         window.row_pitch == row && declared.bytes() % (window.in_rows * row) == 0;
    return is_view ? window.pixel_pitch * 8 / bits_of(type) : declared.channels;
  }

  std::optional<std::string> read_window(const Window& window, const WindowSlice& slice,
                                         DataType type) {
    const TensorId tensor = window.source.tensor;
    const ProgramTensor& declared = program_.tensors[static_cast<std::size_t>(tensor)];
    const std::int64_t channels = channels_seen(window, declared, type);
    const WindowReads result = window_reads(window, slice, channels, type);
    if (result.row_before_first) {
      return fmt::format("{}: reads input row {} of {}, but the first in the unified buffer is {}",
                         name_of(program_, place_), *result.row_before_first,
                         name_of(program_, Label::of_tensor(tensor)), window.first_in_row);
    }
    for (const WindowRead& read : result.reads) {
      accesses_.reads.push_back({.operand = "window",
                                 .space = Space::Buffer,
                                 .where = read.where,
                                 .label = Label::of_tensor(tensor),
                                 .delta = read.delta});
    }
    return {};
  }

  const Program& program_;
  Place place_;
  Accesses& accesses_;
};

}  // namespace

std::optional<std::string> derive_accesses(const Program& program, Place place,
                                           Accesses& accesses) {
  accesses.reads.clear();
  accesses.writes.clear();
  return instruction_at(program, place).visit(Deriver(program, place, accesses));
}

}  // namespace systole::verification
