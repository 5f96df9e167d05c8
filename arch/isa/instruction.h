#pragma once

#include <cstdint>
#include <limits>
#include <variant>
#include <vector>

#include "arch/enum_names.h"
#include "arch/isa/data_type.h"
#include "arch/isa/engine.h"
#include "arch/isa/operand.h"
#include "arch/isa/row_loop.h"
#include "arch/isa/shared.h"

namespace systole {

/// Moves `rows` x `row_bytes` bytes between the unified buffer and far memory.
/// The engine decides the far side: DmaIn reads DRAM, DmaOut writes DRAM, Host reads or writes host
/// memory as `to_buffer` says (DmaIn: always true, DmaOut: always false).
struct Transfer {
  bool to_buffer = true;
  std::int32_t rows = 1;
  Operand far;
  std::int64_t far_pitch = 0;  ///< bytes from one row to the next
  Operand buffer;
  std::int64_t buffer_pitch = 0;
  std::int64_t row_bytes = 0;

  bool operator==(const Transfer&) const = default;
};

/// Where tiles come from; a chip says whether it has the second way.
enum class TileSource : std::uint8_t { Dram, Buffer };

template <>
inline constexpr auto kEnumNames<TileSource> = std::to_array<EnumName<TileSource>>({
    {TileSource::Dram, "dram"},
    {TileSource::Buffer, "buffer"},
});

/// Brings one tile (rows x cols elements: reduction x output channel) into the weight FIFO, run by
/// run. A run is a row of the tile, of a `transposed` one a column; its elements are neighbours in
/// memory. `source` is element (0, 0). Parameters are no tensors: their source has an address
/// alone, and they are packed.
struct LoadTile {
  std::int32_t tile = 0;  ///< indexes Program::tiles
  TileSource from = TileSource::Dram;
  Operand source;
  std::int64_t pitch = 0;  ///< bytes from one run to the next; 0: packed
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  bool transposed = false;
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;  ///< of int8: taken from each element as it enters the array

  [[nodiscard]] std::int64_t bytes() const { return bytes_of(type, rows * cols); }
  /// In memory; a packed tile is one.
  [[nodiscard]] std::int64_t runs() const { return pitch == 0 ? 1 : (transposed ? cols : rows); }
  [[nodiscard]] std::int64_t run_bytes() const {
    return pitch == 0 ? bytes() : bytes_of(type, transposed ? rows : cols);
  }
  bool operator==(const LoadTile&) const = default;
};

/// How a kernel slides over an activation tensor in the unified buffer: the implicit im2col.
///
/// Output position p decodes as image = p / (out_rows * out_cols), oy = first_out_row +
/// (p / out_cols) % out_rows, ox = p % out_cols. Reduction index k decodes as c = k % channels,
/// kx = (k / channels) % kernel_cols, ky = k / (channels * kernel_cols). The element is at
///   address + image * image_pitch + (iy - first_in_row) * row_pitch + ix * pixel_pitch + c * bytes
/// with iy = oy * stride_rows - pad_top + ky * dilation_rows (ix alike), or is `pad_value` when
/// iy is outside [0, in_rows) or ix outside [0, in_cols). Pitches are in bytes.
struct Window {
  Operand source;  ///< element (image 0, row first_in_row, column 0, channel 0 of this group)
  std::int64_t image_pitch = 0;
  std::int64_t row_pitch = 0;
  std::int64_t pixel_pitch = 0;
  std::int64_t in_rows = 1;  ///< height of the whole input image, not of the part in the buffer
  std::int64_t in_cols = 1;
  std::int64_t first_in_row = 0;  ///< first input row that lies in the buffer
  std::int64_t channels = 1;      ///< per kernel position
  std::int64_t kernel_rows = 1;
  std::int64_t kernel_cols = 1;
  std::int64_t stride_rows = 1;
  std::int64_t stride_cols = 1;
  std::int64_t dilation_rows = 1;
  std::int64_t dilation_cols = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_left = 0;
  std::int64_t out_rows = 1;  ///< output rows per image covered by this window
  std::int64_t out_cols = 1;
  std::int64_t first_out_row = 0;
  std::int32_t pad_value = 0;  ///< the zero point of the input

  bool operator==(const Window&) const = default;
};

/// Multiplies activations (output positions first .. first + count - 1 of `window`, reduction slice
/// k_first .. k_first + rows - 1) with a weight tile of rows x cols and writes the sums, or adds
/// them, to accumulator entries accumulator .. accumulator + count - 1, `cols` values each. Each
/// matrix unit has accumulators of its own: those of unit u of a core are the entries u * entries
/// .. (u + 1) * entries - 1, `entries` being the chip's.
///
/// The chip's dataflow (arch/dataflow.h) decides how: what is loaded into the PEs, what streams
/// (`tile` from the weight FIFO, activations from the unified buffer), and how large a fold may be.
/// PEs multiply differences from zero points, which are taken away as operands enter the array.
/// rows and cols never exceed the array's rows and columns; count is free (weight stationary), at
/// most the array's columns (input stationary) or at most its rows (output stationary).
/// Sums are int32 modulo 2^32 for integer operands, fp32 for floating ones (docs/numerics.md has
/// the order of the additions).
struct Fold {
  bool next_tile = true;  ///< take the next tile from the weight FIFO; false: the tile of before
  std::int32_t tile = 0;  ///< the tile that must be at hand; indexes Program::tiles
  std::int64_t rows = 0;  ///< reduction elements used
  std::int64_t cols = 0;  ///< outputs used
  DataType activation_type = DataType::Int8;
  DataType weight_type = DataType::Int8;
  bool accumulate = false;
  /// Output stationary alone: false leaves the sums in the PEs; the next fold, of the same entries
  /// and columns, goes on with them. The other dataflows always drain.
  bool drain = true;
  std::int32_t zero_point = 0;  ///< of int8: taken from each activation as it enters the array
  Shared<Window> window;        ///< one for all folds of a part of a layer
  std::int64_t k_first = 0;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t accumulator = 0;

  bool operator==(const Fold&) const = default;
};

/// real = multiplier / 2^shift; applied to an int64 value v as
/// round_half_away_from_zero(v * multiplier / 2^shift). multiplier >= 0, shift in 0..62.
struct FixedPoint {
  std::int64_t multiplier = 0;
  std::int32_t shift = 0;

  bool operator==(const FixedPoint&) const = default;
};

/// Sizes of the tables that vector instructions read: int8 results of a lookup, and int32
/// exponentials of a softmax, each for all 256 stored values.
inline constexpr std::int64_t kLookupBytes = 256;
inline constexpr std::int64_t kSoftmaxTableBytes = 256 * bytes_of(DataType::Int32);

/// Where a vector instruction puts its results, rows x cols of them, and what becomes of each. What
/// the instruction reads from the unified buffer is of `type`, too (but for biases and tables).
///  - int8: q = clamp(zero_point + v), v the integer that the instruction defines; low and high are
///    whole numbers of -128..127, or infinite, and the range of int8 limits q in any case.
///  - fp32, fp16, bf16, fp8: function(clamp(v)), v a binary32, rounded to the nearest number of the
///    type, ties to even. What is too large becomes infinity, in fp8_e4m3 the largest number of its
///    sign; a NaN the quiet NaN of the type. zero_point is 0.
/// clamp gives `low` for what is below, `high` for what is above; low = 0 is a ReLU of reals.
struct Destination {
  Operand out;
  std::int64_t pitch = 0;  ///< bytes from row to row
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  RealFunction function = RealFunction::None;  ///< of floating types alone

  bool operator==(const Destination&) const = default;
};

/// accumulators -> unified buffer: q = clamp(zero_point + scale(acc + bias[col])); with a lookup
/// table (256 int8 entries at `lookup`, when lookup.tensor != kNoTensor) the stored value is
/// table[q + 128] instead. `bias` points at `cols` little-endian int32 values.
struct Requantize {
  std::int64_t accumulator = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Operand bias;
  FixedPoint scale;
  Operand lookup;
  Destination to;

  bool operator==(const Requantize&) const = default;
};

/// unified buffer -> unified buffer, element by element. int8:
/// q = clamp(zero_point + scale(x - in_zero_point)), then the lookup table as in Requantize.
/// Floating: v = x; in_zero_point, scale and lookup stay at their defaults.
struct Rescale {
  Operand in;
  std::int64_t in_pitch = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int32_t in_zero_point = 0;
  FixedPoint scale;
  Operand lookup;
  Destination to;

  bool operator==(const Rescale&) const = default;
};

/// int8: q = clamp(zero_point + round_half_away(((a - a_zero) * a_multiplier + (b - b_zero) *
/// b_multiplier) / 2^shift)); one rounding for the sum. Floating: v = a + b in binary32; the zero
/// points, multipliers and shift stay at their defaults.
struct Add {
  Operand a;
  std::int64_t a_pitch = 0;
  std::int32_t a_zero_point = 0;
  std::int64_t a_multiplier = 0;
  Operand b;
  std::int64_t b_pitch = 0;
  std::int32_t b_zero_point = 0;
  std::int64_t b_multiplier = 0;
  std::int32_t shift = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Destination to;

  bool operator==(const Add&) const = default;
};

enum class PoolKind : std::uint8_t { Max, Average };

template <>
inline constexpr auto kEnumNames<PoolKind> = std::to_array<EnumName<PoolKind>>({
    {PoolKind::Max, "max"},
    {PoolKind::Average, "average"},
});

/// Pools output positions first .. first + count - 1 of `window`, `window.channels` channels each.
/// Max ignores padding (output quantised as the input; scale and in_zero_point unused).
/// Average of int8: s = sum over the n counted elements of (x - in_zero_point);
/// q = clamp(zero_point + round_half_away(s * multiplier / (n * 2^shift))). n counts the elements
/// inside the image, or the whole kernel when count_padding is set (padding adds zero).
/// Floating: elements are taken row by row of the kernel. Max keeps the first of equal ones (of the
/// two zeros, too) and a NaN. Average: v = s / n, s = ((0 + x_0) + x_1) + ... in binary32, one
/// division; in_zero_point and scale stay at their defaults.
struct Pool {
  PoolKind kind = PoolKind::Max;
  Window window;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int32_t in_zero_point = 0;
  FixedPoint scale;
  bool count_padding = false;
  Destination to;

  bool operator==(const Pool&) const = default;
};

/// Row-wise softmax over `cols` values. int8: d = max - x, e = table[d] (256 little-endian int32
/// entries at `table`), q = clamp(zero_point + floor((2 * 256 * e + sum) / (2 * sum))). Output
/// scale 1/256. Floating, without a table: e_i = exp(x_i - max) as docs/numerics.md computes it,
/// v_i = e_i / s, s = ((0 + e_0) + e_1) + ...
struct Softmax {
  Operand in;
  std::int64_t in_pitch = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Operand table;
  Destination to;

  bool operator==(const Softmax&) const = default;
};

/// accumulators of fp32 sums -> unified buffer: v = (acc + bias[col]) * scale, one addition and one
/// multiplication in binary32, to a destination of a floating type. `bias` points at `cols`
/// little-endian fp32 values.
struct Convert {
  std::int64_t accumulator = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Operand bias;
  float scale = 1;
  Destination to;

  bool operator==(const Convert&) const = default;
};

/// A loop over rows of `cols` numbers whose body is `stages` (row_loop.h): what the last of them
/// makes goes to `to`, a row of numbers or, where it is a single one, one. Everything is binary32,
/// each operation rounded once, to the nearest, ties to even. Floating destinations: v = the
/// number. int8: v = round_half_away(steps * number), limited to what int64 holds; a NaN gives 0.
struct RowLoop {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<Stage> stages;
  float steps = 1;  ///< of int8 results: how many of them 1.0 is
  Destination to;

  bool operator==(const RowLoop&) const = default;
};

/// Numbers of a row that the loop writes: one where the last stage makes a single one.
[[nodiscard]] inline std::int64_t result_cols(const RowLoop& loop) {
  return !loop.stages.empty() && singles_of(loop.stages).back() ? 1 : loop.cols;
}

using Operation = std::variant<Transfer, LoadTile, Fold, Requantize, Rescale, Add, Pool, Softmax,
                               Convert, RowLoop>;

/// Waits until the semaphore's count is at least `count`, then takes it away (waits), or adds
/// `count` when the instruction has completed and its results are visible (signals).
struct SemaphoreUse {
  std::int32_t semaphore = 0;  ///< index into Program::semaphores
  std::int64_t count = 1;

  auto operator<=>(const SemaphoreUse&) const = default;
};

/// One instruction with all that it says. Streams keep it in fewer bytes (stream.h).
struct Instruction {
  std::int32_t layer = 0;  ///< index into Program::layers: who pays for the cycles
  std::vector<SemaphoreUse> waits;
  std::vector<SemaphoreUse> signals;
  Operation operation;

  bool operator==(const Instruction&) const = default;
};

}  // namespace systole
