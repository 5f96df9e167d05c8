#include <algorithm>

#include "compiler/graph/kept_work.h"
#include "compiler/lowering/emit.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/fusion.h"

namespace systole {

namespace {

/// Transfers are cut so that work can begin before the last byte is there.
constexpr std::int64_t kPieceBytes = 32'768;

void emit_piece(LoweringContext& context, std::int32_t layer, const PlacedBand& band,
                bool to_buffer, Transfer transfer) {
  const ProgramTensor& tensor =
      context.builder.program().tensors[static_cast<std::size_t>(band.tensor)];
  const bool host = tensor.is_in_host_memory();
  transfer.to_buffer = to_buffer;
  transfer.far = {.address = tensor.home + transfer.buffer.offset,
                  .tensor = band.tensor,
                  .offset = transfer.buffer.offset};
  const EngineKind dma = to_buffer ? EngineKind::DmaIn : EngineKind::DmaOut;
  context.builder.append(host ? EngineKind::Host : dma, layer, transfer);
}

/// Some columns of each row: packed in the buffer, row by row; as many rows at a time as a piece
/// has room for.
void emit_columns(LoweringContext& context, std::int32_t layer, const PlacedBand& band,
                  bool to_buffer) {
  const std::int64_t width = band.part.cols * band.shape.channels;
  const std::int64_t piece = kPieceBytes / band.bytes(1);
  for (const Slice& rows : slices(band.part.rows, std::max<std::int64_t>(piece / width, 1))) {
    for (const Slice& slice : slices(width, piece)) {
      emit_piece(context, layer, band, to_buffer,
                 {.rows = static_cast<std::int32_t>(rows.size),
                  .far = {},
                  .far_pitch = rows.size == 1 ? band.bytes(slice.size) : band.row_pitch(),
                  .buffer = band.at(rows.first * width + slice.first),
                  .buffer_pitch = band.bytes(slice.size),
                  .row_bytes = band.bytes(slice.size)});
    }
  }
}

/// Feature vectors go by slices of channels, as the array takes them; images by rows.
void emit_transfer(LoweringContext& context, std::int32_t layer, const PlacedBand& band,
                   bool to_buffer) {
  const std::int64_t elements = band_elements(band.shape, band.part);
  const std::int64_t piece = kPieceBytes / band.bytes(1);
  if (band.shape.rows == 1 && band.shape.cols == 1 && band.part.images > 1) {
    const std::int64_t width = std::max(context.chip.matrix.rows, piece / band.part.images);
    for (const Slice& slice : slices(band.shape.channels, width)) {
      emit_piece(context, layer, band, to_buffer,
                 {.rows = static_cast<std::int32_t>(band.part.images),
                  .far = {},
                  .far_pitch = band.pixel_pitch(),
                  .buffer = band.at(slice.first),
                  .buffer_pitch = band.pixel_pitch(),
                  .row_bytes = band.bytes(slice.size)});
    }
    return;
  }
  if (band.part.cols != 0) {
    emit_columns(context, layer, band, to_buffer);
    return;
  }
  for (const Slice& slice : slices(elements, piece)) {
    emit_piece(context, layer, band, to_buffer,
               {.far = {},
                .far_pitch = band.bytes(slice.size),
                .buffer = band.at(slice.first),
                .buffer_pitch = band.bytes(slice.size),
                .row_bytes = band.bytes(slice.size)});
  }
}

void emit_constant(LoweringContext& context, std::int32_t layer, const Operand& target) {
  if (target.tensor == kNoTensor) {
    return;
  }
  const ProgramTensor& tensor =
      context.builder.program().tensors[static_cast<std::size_t>(target.tensor)];
  const Transfer transfer{.far = {.address = tensor.home, .tensor = target.tensor, .offset = 0},
                          .far_pitch = tensor.bytes(),
                          .buffer = target,
                          .buffer_pitch = tensor.bytes(),
                          .row_bytes = tensor.bytes()};
  context.builder.append(EngineKind::DmaIn, layer, transfer);
}

}  // namespace

void emit_constants(LoweringContext& context, std::int32_t layer) {
  const Node& node = context.graph.node(layer);
  if (node.fused) {
    return;  // came with those of the layer before
  }
  if (const std::optional<Operand> bias = bias_operand(context, layer)) {
    emit_constant(context, layer, *bias);
  }
  emit_constant(context, layer, factor_operand(context, layer));
  emit_constant(context, layer, table_operand(context, layer));
  if (fused_behind(context.graph, layer) != nullptr) {
    emit_constant(context, layer, table_operand(context, layer + 1));
  }
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (const auto* rows = std::get_if<RowWork>(&work)) {
    // Tables are one constant.
    const std::size_t end = node.inputs.size() + (rows->tables.empty() ? 0 : 1);
    for (std::size_t i = context.graph.data_inputs(node).size(); i < end; ++i) {
      emit_constant(context, layer, feature_operand(context, layer, i));
    }
  }
}

Operand gathered_row(const LoweringContext& context, const LayerBand& band, std::int64_t index) {
  const PlacedBand& table = band.inputs.front();
  const Band& part = band.output.part;
  const std::int64_t image = part.image + index / part.rows;
  const std::int64_t row = image * band.output.shape.rows + part.row + index % part.rows;
  const CopyWork copy = *gathering(context.graph.node(band.layer));
  const std::int64_t from = copy.source({.row = row, .col = 0}).at.row +
                            (table.shape.batch == 1 ? 0 : image * table.shape.rows);
  const std::int64_t width = row_elements(table.shape);
  return {.address = table.address + table.bytes(index * width),
          .tensor = table.tensor,
          .offset = table.bytes(from * width)};
}

void emit_gathered(LoweringContext& context, const LayerBand& band) {
  const PlacedBand& table = band.inputs.front();
  for (std::int64_t index = 0; index < table.part.rows; ++index) {
    emit_piece(context, band.layer, table, true,
               {.far = {},
                .far_pitch = table.row_pitch(),
                .buffer = gathered_row(context, band, index),
                .buffer_pitch = table.row_pitch(),
                .row_bytes = table.row_pitch()});
  }
}

void emit_load(LoweringContext& context, std::int32_t layer, const PlacedBand& band) {
  emit_transfer(context, layer, band, true);
}

void emit_store(LoweringContext& context, std::int32_t layer, const PlacedBand& band) {
  emit_transfer(context, layer, band, false);
}

}  // namespace systole
