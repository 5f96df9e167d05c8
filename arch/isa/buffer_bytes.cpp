#include "arch/isa/buffer_bytes.h"

#include <algorithm>

#include "arch/isa/program_operands.h"

namespace systole {

namespace {

using Runs = std::vector<ByteRun>;

void add(Runs& runs, std::int64_t begin, std::int64_t bytes) {
  if (bytes <= 0) {
    return;
  }
  if (!runs.empty() && runs.back().end == begin) {
    runs.back().end += bytes;
  } else {
    runs.push_back({.begin = begin, .end = begin + bytes});
  }
}

void add_rows(Runs& runs, std::int64_t address, const RowBlock& block) {
  for (std::int64_t row = 0; row < block.rows; ++row) {
    add(runs, address + row * block.pitch, block.row_bytes);
  }
}

/// Elements first .. last of the reduction axis that belong to one kernel position.
struct KernelPosition {
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t first_channel = 0;
  std::int64_t channels = 0;
};

/// What the output positions of a part read at one kernel position.
void add_position(Runs& runs, const WindowPart& part, std::int64_t address,
                  const KernelPosition& kernel) {
  const Window& window = *part.window;
  const std::int64_t bytes = bytes_of(part.type, kernel.channels);
  const std::int64_t shift_row = kernel.row * window.dilation_rows - window.pad_top;
  const std::int64_t shift_col = kernel.col * window.dilation_cols - window.pad_left;
  const std::int64_t end = part.first + part.count;
  for (std::int64_t position = part.first; position < end;) {
    // The outputs of one output row at a time.
    const std::int64_t ox = position % window.out_cols;
    const std::int64_t row = position / window.out_cols;
    const std::int64_t here = std::min(end - position, window.out_cols - ox);
    position += here;
    const std::int64_t image = row / window.out_rows;
    const std::int64_t oy = window.first_out_row + row % window.out_rows;
    const std::int64_t iy = oy * window.stride_rows + shift_row;
    if (iy < 0 || iy >= window.in_rows) {
      continue;
    }
    const std::int64_t start = address + image * window.image_pitch +
                               (iy - window.first_in_row) * window.row_pitch +
                               bytes_of(part.type, kernel.first_channel);
    for (std::int64_t x = ox; x < ox + here; ++x) {
      const std::int64_t ix = x * window.stride_cols + shift_col;
      if (ix >= 0 && ix < window.in_cols) {
        add(runs, start + ix * window.pixel_pitch, bytes);
      }
    }
  }
}

/// `address`: of the window's source.
void add_window(Runs& runs, const WindowPart& part, std::int64_t address) {
  const Window& window = *part.window;
  // Of a longer reduction it begins anew behind the last kernel element.
  const std::int64_t first =
      part.k_first % (window.channels * window.kernel_rows * window.kernel_cols);
  const std::int64_t end = first + part.depth;
  for (std::int64_t k = first; k < end;) {
    const std::int64_t channel = k % window.channels;
    const std::int64_t tap = k / window.channels;
    const std::int64_t channels = std::min(end - k, window.channels - channel);
    add_position(runs, part, address,
                 {.row = tap / window.kernel_cols,
                  .col = tap % window.kernel_cols,
                  .first_channel = channel,
                  .channels = channels});
    k += channels;
  }
}

void sort_and_join(Runs& runs) {
  const auto before = [](const ByteRun& a, const ByteRun& b) { return a.begin < b.begin; };
  if (!std::is_sorted(runs.begin(), runs.end(), before)) {
    std::sort(runs.begin(), runs.end(), before);
  }
  std::size_t kept = 0;
  for (const ByteRun& run : runs) {
    if (kept > 0 && run.begin <= runs[kept - 1].end) {
      runs[kept - 1].end = std::max(runs[kept - 1].end, run.end);
    } else {
      runs[kept++] = run;
    }
  }
  runs.resize(kept);
}

template <class Kind>
void find(const Kind& operation, BufferBytes& bytes) {
  const auto add_use = [&](const OperandUse& use) {
    if (use.memory != Memory::Buffer) {
      return;
    }
    Runs& runs = use.writes ? bytes.writes : bytes.reads;
    if (use.part) {
      add_window(runs, *use.part, use.where.address);
    } else {
      add_rows(runs, use.where.address, use.block);
    }
  };
  bytes.reads.clear();
  bytes.writes.clear();
  for_each_operand(operation, EngineKind::Host, add_use);  // whichever: it tells far memories apart
  sort_and_join(bytes.reads);
  sort_and_join(bytes.writes);
}

}  // namespace

void find_buffer_bytes(const Operation& operation, BufferBytes& bytes) {
  std::visit([&](const auto& any) { find(any, bytes); }, operation);
}

void find_buffer_bytes(const StreamInstruction& instruction, BufferBytes& bytes) {
  instruction.visit([&](const auto& any) { find(any, bytes); });
}

}  // namespace systole
