#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "arch/enum_names.h"
#include "arch/isa/data_type.h"
#include "arch/isa/engine.h"
#include "arch/isa/operand.h"
#include "arch/isa/row_loop.h"
#include "arch/isa/shared.h"
#include "arch/isa/window.h"

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

/// How the elements of a tile become what the array multiplies, before the tile stands in the FIFO:
/// each is the nearest number of `to` (ties to even) of element x scale, a product of binary32.
struct TileConversion {
  DataType to = DataType::Bf16;
  float scale = 0;  ///< of all elements; 0: none is converted; with groups 1
  /// Rows whose elements of a column share a scale, a number of `to`; 0: no scales come with the
  /// tile. They stand behind the elements, group by group, one for each column.
  std::int64_t group_rows = 0;
  std::int64_t first_rows = 0;  ///< of the tile, in its first group

  [[nodiscard]] bool converts() const { return scale != 0; }
  /// That rows 0 .. rows - 1 of a tile are in.
  [[nodiscard]] std::int64_t groups(std::int64_t rows) const {
    return group_rows == 0 ? 0 : 1 + (rows - first_rows + group_rows - 1) / group_rows;
  }
  [[nodiscard]] std::int64_t group_of(std::int64_t row) const {
    return row < first_rows ? 0 : 1 + (row - first_rows) / group_rows;
  }
  bool operator==(const TileConversion&) const = default;
};

/// Brings one tile (rows x cols elements: reduction x output channel) into the weight FIFO, run by
/// run. A run is a row of the tile, of a `transposed` one a column; its elements are neighbours in
/// memory. `source` is element (0, 0). Parameters are no tensors: their source has an address
/// alone, and they are packed, with scales of their groups behind them where they are converted so;
/// on chips that keep whole tiles (arch/chip_spec.h) `padding` bytes stand behind them in memory
/// and come with them, to no use.
struct LoadTile {
  std::int32_t tile = 0;  ///< indexes Program::tiles
  TileSource from = TileSource::Dram;
  Operand source;
  std::int64_t pitch = 0;  ///< bytes from one run to the next; 0: packed
  std::int64_t padding = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  bool transposed = false;
  DataType type = DataType::Int8;  ///< in memory
  std::int32_t zero_point = 0;     ///< of int8: taken from each element as it enters the array
  Shared<TileConversion> conversion;

  /// That the array multiplies.
  [[nodiscard]] DataType entering_type() const {
    return conversion->converts() ? conversion->to : type;
  }
  [[nodiscard]] std::int64_t scale_bytes() const {
    return bytes_of(conversion->to, conversion->groups(rows) * cols);
  }
  /// With scales, without padding.
  [[nodiscard]] std::int64_t bytes() const { return bytes_of(type, rows * cols) + scale_bytes(); }
  /// In memory; a packed tile is one.
  [[nodiscard]] std::int64_t runs() const { return pitch == 0 ? 1 : (transposed ? cols : rows); }
  [[nodiscard]] std::int64_t run_bytes() const {
    return pitch == 0 ? bytes() + padding : bytes_of(type, transposed ? rows : cols);
  }
  bool operator==(const LoadTile&) const = default;
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

using Operation = std::variant<Transfer, LoadTile, Fold, RowLoop>;

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
