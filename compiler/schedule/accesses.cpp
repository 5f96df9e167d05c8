#include "compiler/schedule/accesses.h"

#include <algorithm>

namespace systole {

namespace {

/// Rows of the input that an output position touches, within the image.
struct InputRows {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

InputRows input_rows(const Window& window, std::int64_t position) {
  const std::int64_t out = window.first_out_row + position / window.out_cols % window.out_rows;
  const std::int64_t first = out * window.stride_rows - window.pad_top;
  const std::int64_t last = first + window.dilation_rows * (window.kernel_rows - 1);
  return {.first = std::clamp<std::int64_t>(first, 0, window.in_rows - 1),
          .last = std::clamp<std::int64_t>(last, 0, window.in_rows - 1)};
}

Region region_of(const OperandUse& use) {
  if (use.part) {
    return region_of(*use.part, use.where);
  }
  return {.memory = use.memory,
          .base = use.where.address,
          .rows = use.block.rows,
          .row_bytes = use.block.row_bytes,
          .pitch = use.block.pitch};
}

void add(std::vector<Region>& regions, const Region& region) {
  if (std::find(regions.begin(), regions.end(), region) == regions.end()) {
    regions.push_back(region);
  }
}

}  // namespace

Region region_of(const WindowPart& part, const Operand& where) {
  const Window& window = *part.window;
  const std::int64_t k_last = part.k_first + part.depth - 1;
  const bool one_position = part.k_first / window.channels == k_last / window.channels;
  const std::int64_t channel = one_position ? part.k_first % window.channels : 0;
  const std::int64_t channels = one_position ? part.depth : window.channels;
  const std::int64_t image_positions = window.out_rows * window.out_cols;
  const std::int64_t last = part.first + part.count - 1;
  // Within an image the last position reaches furthest down, and the first furthest up.
  const auto pitches_to = [&](std::int64_t position, std::int64_t row) {
    return position / image_positions * window.image_pitch +
           (row - window.first_in_row) * window.row_pitch;
  };
  const std::int64_t begin = pitches_to(part.first, input_rows(window, part.first).first);
  const std::int64_t end = pitches_to(last, input_rows(window, last).last + 1);
  const std::int64_t pitch = window.pixel_pitch;
  if (window.image_pitch > 0 && window.image_pitch < pitch) {
    // Images are channels: those from the first to the last, of all pixels from the first to the
    // last of the part of the image that the window sees.
    const std::int64_t first_byte = part.first / image_positions * window.image_pitch;
    return {.memory = Memory::Buffer,
            .base = where.address + first_byte,
            .rows = (window.in_rows - 1) * (window.row_pitch / pitch) + window.in_cols,
            .row_bytes = (last / image_positions + 1) * window.image_pitch - first_byte,
            .pitch = pitch};
  }
  if (pitch == 0 || window.row_pitch % pitch != 0 || window.image_pitch % pitch != 0) {
    return {.base = where.address + begin,
            .rows = 1,
            .row_bytes = std::max(end - begin, bytes_of(part.type, window.channels)),
            .pitch = 0};  // pixels that are not all so far apart
  }
  return {.memory = Memory::Buffer,
          .base = where.address + begin + bytes_of(part.type, channel),
          .rows = (end - begin) / pitch,
          .row_bytes = bytes_of(part.type, channels),
          .pitch = pitch};
}

void find_accesses(const Operation& operation, EngineKind engine, Accesses& accesses) {
  accesses.reads.clear();
  accesses.writes.clear();
  const auto add_use = [&](const OperandUse& use) {
    if (use.memory == Memory::Dram && use.where.tensor == kNoTensor && !use.writes) {
      return;  // weights
    }
    const Region region = region_of(use);
    if (use.reads) {
      add(accesses.reads, region);
    }
    if (use.writes) {
      add(accesses.writes, region);
    }
  };
  std::visit([&](const auto& any) { for_each_operand(any, engine, add_use); }, operation);
}

}  // namespace systole
