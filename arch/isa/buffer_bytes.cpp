#include "arch/isa/buffer_bytes.h"

#include <algorithm>

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

void add_rows(Runs& runs, std::int64_t address, std::int64_t rows, std::int64_t row_bytes,
              std::int64_t pitch) {
  for (std::int64_t row = 0; row < rows; ++row) {
    add(runs, address + row * pitch, row_bytes);
  }
}

/// Elements first .. last of the reduction axis that belong to one kernel position.
struct KernelPosition {
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t first_channel = 0;
  std::int64_t channels = 0;
};

/// What output positions first .. first + count - 1 read at one kernel position.
void add_position(Runs& runs, const Window& window, const KernelPosition& kernel,
                  std::int64_t first, std::int64_t count, DataType type) {
  const std::int64_t bytes = bytes_of(type, kernel.channels);
  const std::int64_t shift_row = kernel.row * window.dilation_rows - window.pad_top;
  const std::int64_t shift_col = kernel.col * window.dilation_cols - window.pad_left;
  for (std::int64_t position = first; position < first + count;) {
    // The outputs of one output row at a time.
    const std::int64_t ox = position % window.out_cols;
    const std::int64_t row = position / window.out_cols;
    const std::int64_t here = std::min(first + count - position, window.out_cols - ox);
    position += here;
    const std::int64_t image = row / window.out_rows;
    const std::int64_t oy = window.first_out_row + row % window.out_rows;
    const std::int64_t iy = oy * window.stride_rows + shift_row;
    if (iy < 0 || iy >= window.in_rows) {
      continue;
    }
    const std::int64_t start = window.source.address + image * window.image_pitch +
                               (iy - window.first_in_row) * window.row_pitch +
                               bytes_of(type, kernel.first_channel);
    for (std::int64_t x = ox; x < ox + here; ++x) {
      const std::int64_t ix = x * window.stride_cols + shift_col;
      if (ix >= 0 && ix < window.in_cols) {
        add(runs, start + ix * window.pixel_pitch, bytes);
      }
    }
  }
}

/// Elements k_first .. k_first + depth - 1 of the reduction axis, at each output position.
void add_window(Runs& runs, const Window& window, std::int64_t first, std::int64_t count,
                std::int64_t k_first, std::int64_t depth, DataType type) {
  for (std::int64_t k = k_first; k < k_first + depth;) {
    const std::int64_t channel = k % window.channels;
    const std::int64_t tap = k / window.channels;
    const std::int64_t channels = std::min(k_first + depth - k, window.channels - channel);
    add_position(runs, window,
                 {.row = tap / window.kernel_cols,
                  .col = tap % window.kernel_cols,
                  .first_channel = channel,
                  .channels = channels},
                 first, count, type);
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

/// One overload for each operation.
class Finder {
 public:
  explicit Finder(BufferBytes& bytes) : reads_(bytes.reads), writes_(bytes.writes) {}

  void operator()(const Transfer& transfer) {
    add_rows(transfer.to_buffer ? writes_ : reads_, transfer.buffer.address, transfer.rows,
             transfer.row_bytes, transfer.buffer_pitch);
  }

  void operator()(const LoadTile& load) {
    if (load.from == TileSource::Buffer) {
      add_rows(reads_, load.source.address, load.runs(), load.run_bytes(), load.pitch);
    }
  }

  void operator()(const Fold& fold) {
    add_window(reads_, *fold.window, fold.first, fold.count, fold.k_first, fold.rows,
               fold.activation_type);
  }

  void operator()(const RowLoop& loop) {
    for (const Stage& stage : loop.stages()) {
      read(stage, loop);
    }
    const Store& to = loop.body->to;
    add_rows(writes_, loop.out.address, loop.rows, bytes_of(to.type, result_cols(loop)), to.pitch);
  }

 private:
  void read(const Stage& stage, const RowLoop& loop) {
    const StageRead of = read_of(stage, loop);
    switch (of.what) {
      case StageRead::What::Nothing:
        break;
      case StageRead::What::Rows:
      case StageRead::What::Parameter:
        add_rows(reads_, loop.operand(of.operand).address, of.rows, of.row_bytes, of.pitch);
        break;
      case StageRead::What::Window: {
        const auto& walk = std::get<WindowStage>(stage);
        Window window = walk.window;
        window.source = loop.operand(of.operand);
        add_window(reads_, window, loop.first, loop.rows, 0,
                   window.kernel_rows * window.kernel_cols * window.channels, walk.type);
        break;
      }
    }
  }

  Runs& reads_;
  Runs& writes_;
};

}  // namespace

void find_buffer_bytes(const Operation& operation, BufferBytes& bytes) {
  bytes.reads.clear();
  bytes.writes.clear();
  std::visit(Finder(bytes), operation);
  sort_and_join(bytes.reads);
  sort_and_join(bytes.writes);
}

void find_buffer_bytes(const StreamInstruction& instruction, BufferBytes& bytes) {
  bytes.reads.clear();
  bytes.writes.clear();
  instruction.visit(Finder(bytes));
  sort_and_join(bytes.reads);
  sort_and_join(bytes.writes);
}

}  // namespace systole
