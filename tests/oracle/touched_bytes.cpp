#include "tests/oracle/touched_bytes.h"

#include <algorithm>

#include "arch/isa/recipes.h"

namespace systole {

namespace {

using Addresses = std::set<std::int64_t>;

void touch(Addresses& addresses, std::int64_t first, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    addresses.insert(first + i);
  }
}

void touch_rows(Addresses& addresses, std::int64_t first, std::int64_t rows, std::int64_t bytes,
                std::int64_t pitch) {
  for (std::int64_t row = 0; row < rows; ++row) {
    touch(addresses, first + row * pitch, bytes);
  }
}

/// The element that output position p uses at reduction index k, unless it is padding.
void touch_element(Addresses& addresses, const Window& w, std::int64_t p, std::int64_t k,
                   std::int64_t bits) {
  const std::int64_t image = p / (w.out_rows * w.out_cols);
  const std::int64_t oy = w.first_out_row + (p / w.out_cols) % w.out_rows;
  const std::int64_t ox = p % w.out_cols;
  const std::int64_t c = k % w.channels;
  const std::int64_t kx = (k / w.channels) % w.kernel_cols;
  const std::int64_t ky = k / (w.channels * w.kernel_cols);
  const std::int64_t iy = oy * w.stride_rows - w.pad_top + ky * w.dilation_rows;
  const std::int64_t ix = ox * w.stride_cols - w.pad_left + kx * w.dilation_cols;
  if (iy < 0 || iy >= w.in_rows || ix < 0 || ix >= w.in_cols) {
    return;
  }
  touch(addresses,
        w.source.address + image * w.image_pitch + (iy - w.first_in_row) * w.row_pitch +
            ix * w.pixel_pitch + c * bits / 8,
        bits < 8 ? 1 : bits / 8);
}

void touch_window(Addresses& addresses, const Window& window, std::int64_t first,
                  std::int64_t count, std::int64_t k_first, std::int64_t depth, std::int64_t bits) {
  for (std::int64_t p = first; p < first + count; ++p) {
    for (std::int64_t k = k_first; k < k_first + depth; ++k) {
      touch_element(addresses, window, p, k, bits);
    }
  }
}

/// Whether stage `at` makes a single number.
bool ends_in_one(const std::vector<Stage>& stages, std::size_t at) {
  const Stage& stage = stages[at];
  const auto of = [&](std::int32_t other) {
    return ends_in_one(stages, static_cast<std::size_t>(other));
  };
  if (const auto* load = std::get_if<LoadStage>(&stage)) {
    return load->single;
  }
  if (const auto* pair = std::get_if<PairStage>(&stage)) {
    return of(pair->a) && of(pair->b);
  }
  if (const auto* function = std::get_if<FunctionStage>(&stage)) {
    return of(function->of);
  }
  if (const auto* scale = std::get_if<ScaleStage>(&stage)) {
    return of(scale->of);
  }
  return std::holds_alternative<NumberStage>(stage) || std::holds_alternative<ReduceStage>(stage);
}

class Toucher {
 public:
  [[nodiscard]] TouchedBytes take() { return std::move(bytes_); }

  void operator()(const Transfer& t) {
    touch_rows(t.to_buffer ? bytes_.written : bytes_.read, t.buffer.address, t.rows, t.row_bytes,
               t.buffer_pitch);
  }
  void operator()(const RowLoop& loop) {
    const auto address = [&](std::int32_t operand) { return loop.operand(operand).address; };
    const std::vector<Stage>& stages = loop.body->stages;
    for (const Stage& stage : stages) {
      if (const auto* load = std::get_if<LoadStage>(&stage)) {
        touch_rows(bytes_.read, address(load->operand), loop.rows,
                   bytes_of(load->type) * (load->single ? 1 : loop.cols), load->pitch);
      } else if (const auto* sums = std::get_if<SumsStage>(&stage);
                 sums != nullptr && sums->bias != kNoOperand) {
        touch(bytes_.read, address(sums->bias), 4 * loop.cols);
      } else if (const auto* lookup = std::get_if<LookupStage>(&stage)) {
        touch(bytes_.read, address(lookup->table), lookup->type == DataType::Int8 ? 256 : 1024);
      } else if (const auto* scale = std::get_if<ColumnScaleStage>(&stage)) {
        touch(bytes_.read, address(scale->factors), 8 * loop.cols);
      } else if (const auto* walk = std::get_if<WindowStage>(&stage)) {
        Window window = walk->window;
        window.source.address = address(walk->operand);
        touch_window(bytes_.read, window, loop.first, loop.rows, 0,
                     window.kernel_rows * window.kernel_cols * window.channels,
                     8 * bytes_of(walk->type));
      }
    }
    const Store& to = loop.body->to;
    const std::int64_t cols = ends_in_one(stages, stages.size() - 1) ? 1 : loop.cols;
    touch_rows(bytes_.written, loop.out.address, loop.rows, bytes_of(to.type) * cols, to.pitch);
  }
  void operator()(const LoadTile& l) {
    if (l.from == TileSource::Buffer) {
      touch_rows(bytes_.read, l.source.address, l.transposed ? l.cols : l.rows,
                 l.transposed ? l.rows : l.cols, l.pitch);
    }
  }
  void operator()(const Fold& f) {
    std::int64_t bits = 8;
    if (f.activation_type == DataType::Int4) {
      bits = 4;
    } else if (f.activation_type == DataType::Bf16) {
      bits = 16;
    }
    touch_window(bytes_.read, *f.window, f.first, f.count, f.k_first, f.rows, bits);
  }

 private:
  TouchedBytes bytes_;
};

class Dice {
 public:
  explicit Dice(std::mt19937_64& random) : random_(random) {}

  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    const auto choices = static_cast<std::uint64_t>(high - low + 1);
    return low + static_cast<std::int64_t>(random_() % choices);
  }
  Operand operand() { return {.address = (*this)(0, 400), .tensor = 0}; }
  Destination destination(std::int64_t cols, DataType type = DataType::Int8) {
    return {.out = operand(), .pitch = bytes_of(type) * cols + (*this)(0, 3), .type = type};
  }
  DataType real_type() { return (*this)(0, 1) == 0 ? DataType::Bf16 : DataType::Fp32; }
  /// Of a vector instruction that has both forms.
  DataType type() { return (*this)(0, 1) == 0 ? DataType::Int8 : real_type(); }
  Window window() {
    Window w;
    w.source = operand();
    w.channels = (*this)(1, 4);
    w.in_rows = (*this)(1, 5);
    w.in_cols = (*this)(1, 5);
    w.first_in_row = (*this)(0, w.in_rows - 1);
    w.pixel_pitch = w.channels + (*this)(0, 2);
    w.row_pitch = w.pixel_pitch * w.in_cols + (*this)(0, 2);
    w.image_pitch = w.row_pitch * w.in_rows;
    w.kernel_rows = (*this)(1, 3);
    w.kernel_cols = (*this)(1, 3);
    w.stride_rows = (*this)(1, 2);
    w.stride_cols = (*this)(1, 2);
    w.dilation_rows = (*this)(1, 2);
    w.dilation_cols = (*this)(1, 2);
    w.pad_top = (*this)(0, 2);
    w.pad_left = (*this)(0, 2);
    w.out_rows = (*this)(1, 4);
    w.out_cols = (*this)(1, 4);
    w.first_out_row = (*this)(0, 2);
    return w;
  }

 private:
  std::mt19937_64& random_;
};

}  // namespace

TouchedBytes touched_bytes(const Operation& operation) {
  Toucher toucher;
  std::visit(toucher, operation);
  return toucher.take();
}

Operation random_operation(std::mt19937_64& random) {
  Dice dice(random);
  const std::int64_t rows = dice(1, 5);
  const std::int64_t cols = dice(1, 9);
  const std::int64_t pitch = cols + dice(0, 3);
  const Operand lookup = dice(0, 3) == 0 ? dice.operand() : Operand{};
  switch (dice(0, 9)) {
    case 0:
      return Transfer{.to_buffer = dice(0, 1) == 1,
                      .rows = static_cast<std::int32_t>(rows),
                      .buffer = dice.operand(),
                      .buffer_pitch = pitch,
                      .row_bytes = cols};
    case 1:
      return LoadTile{.from = dice(0, 1) == 1 ? TileSource::Buffer : TileSource::Dram,
                      .source = dice.operand(),
                      .pitch = std::max(rows, cols) + dice(0, 3),
                      .rows = rows,
                      .cols = cols,
                      .transposed = dice(0, 1) == 1};
    case 2: {
      Fold fold{.window = dice.window()};
      Window& w = fold.window.edit();
      const std::int64_t type = dice(0, 2);
      if (type == 1) {
        fold.activation_type = DataType::Int4;
        w.channels *= 2;  // runs begin with whole bytes
      } else if (type == 2) {
        fold.activation_type = DataType::Bf16;
        w.pixel_pitch *= 2;
        w.row_pitch *= 2;
        w.image_pitch *= 2;
      }
      const std::int64_t depth = w.channels * w.kernel_rows * w.kernel_cols;
      fold.k_first = type == 1 ? 2 * dice(0, depth / 2 - 1) : dice(0, depth - 1);
      fold.rows = dice(1, depth - fold.k_first);
      fold.first = dice(0, 2 * w.out_rows * w.out_cols - 1);
      fold.count = dice(1, 2 * w.out_rows * w.out_cols - fold.first);
      return fold;
    }
    case 3:
      return Requantize{.rows = rows,
                        .cols = cols,
                        .bias = dice.operand(),
                        .lookup = lookup,
                        .to = dice.destination(cols)};
    case 4: {
      const DataType type = dice.type();
      return Rescale{.in = dice.operand(),
                     .in_pitch = bytes_of(type) * pitch,
                     .rows = rows,
                     .cols = cols,
                     .lookup = type == DataType::Int8 ? lookup : Operand{},
                     .to = dice.destination(cols, type)};
    }
    case 5: {
      const DataType type = dice.type();
      return Add{.a = dice.operand(),
                 .a_pitch = bytes_of(type) * pitch,
                 .b = dice.operand(),
                 .b_pitch = bytes_of(type) * pitch,
                 .rows = rows,
                 .cols = cols,
                 .to = dice.destination(cols, type)};
    }
    case 6: {
      const DataType type = dice.type();
      Pool pool{.window = dice.window()};
      pool.window.pixel_pitch *= bytes_of(type);
      pool.window.row_pitch *= bytes_of(type);
      pool.window.image_pitch *= bytes_of(type);
      const std::int64_t outputs = pool.window.out_rows * pool.window.out_cols;
      pool.first = dice(0, outputs - 1);
      pool.count = dice(1, outputs - pool.first);
      pool.to = dice.destination(pool.window.channels, type);
      return pool;
    }
    case 8: {
      const DataType type = dice.type();
      RowLoopWriter writer(rows, cols);
      const std::int32_t row = writer.add(LoadStage{.operand = writer.operand(dice.operand()),
                                                    .pitch = bytes_of(type) * pitch,
                                                    .type = type});
      const std::int32_t shared =
          writer.add(LoadStage{.operand = writer.operand(dice.operand()), .type = DataType::Fp32});
      const std::int32_t sum = writer.add(PairStage{.a = row, .b = shared});
      if (dice(0, 1) == 1) {
        writer.add(ReduceStage{.of = sum});
      }
      return std::move(writer).store(dice.destination(cols, dice.type()), LoopClass::Stages);
    }
    case 7:
      return Convert{.rows = rows,
                     .cols = cols,
                     .bias = dice.operand(),
                     .to = dice.destination(cols, dice.real_type())};
    default: {
      const DataType type = dice.type();
      return Softmax{.in = dice.operand(),
                     .in_pitch = bytes_of(type) * pitch,
                     .rows = rows,
                     .cols = cols,
                     .table = type == DataType::Int8 ? dice.operand() : Operand{},
                     .to = dice.destination(cols, type)};
    }
  }
}

}  // namespace systole
