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

  void operator()(const Requantize& requantize) {
    add(reads_, requantize.bias.address, requantize.cols * bytes_of(DataType::Int32));
    read_lookup(requantize.lookup);
    write(requantize.to, requantize.rows, requantize.cols);
  }

  void operator()(const Rescale& rescale) {
    add_rows(reads_, rescale.in.address, rescale.rows, bytes_of(rescale.to.type, rescale.cols),
             rescale.in_pitch);
    read_lookup(rescale.lookup);
    write(rescale.to, rescale.rows, rescale.cols);
  }

  void operator()(const Add& sum) {
    const std::int64_t row_bytes = bytes_of(sum.to.type, sum.cols);
    add_rows(reads_, sum.a.address, sum.rows, row_bytes, sum.a_pitch);
    add_rows(reads_, sum.b.address, sum.rows, row_bytes, sum.b_pitch);
    write(sum.to, sum.rows, sum.cols);
  }

  void operator()(const Pool& pool) {
    const Window& window = pool.window;
    add_window(reads_, window, pool.first, pool.count, 0,
               window.kernel_rows * window.kernel_cols * window.channels, pool.to.type);
    write(pool.to, pool.count, window.channels);
  }

  void operator()(const Softmax& softmax) {
    add_rows(reads_, softmax.in.address, softmax.rows, bytes_of(softmax.to.type, softmax.cols),
             softmax.in_pitch);
    if (!is_float(softmax.to.type)) {
      add(reads_, softmax.table.address, kSoftmaxTableBytes);
    }
    write(softmax.to, softmax.rows, softmax.cols);
  }

  void operator()(const Convert& convert) {
    add(reads_, convert.bias.address, convert.cols * bytes_of(DataType::Fp32));
    write(convert.to, convert.rows, convert.cols);
  }

  void operator()(const RowLoop& loop) {
    for (const Stage& stage : loop.stages) {
      if (const auto* load = std::get_if<LoadStage>(&stage)) {
        add_rows(reads_, load->from.address, load->pitch == 0 ? 1 : loop.rows,
                 bytes_of(load->type, load->single ? 1 : loop.cols), load->pitch);
      }
    }
    write(loop.to, loop.rows, result_cols(loop));
  }

 private:
  void read_lookup(const Operand& lookup) {
    if (lookup.tensor != kNoTensor) {
      add(reads_, lookup.address, kLookupBytes);
    }
  }

  void write(const Destination& to, std::int64_t rows, std::int64_t cols) {
    add_rows(writes_, to.out.address, rows, bytes_of(to.type, cols), to.pitch);
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
