#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/cost/cost_spec.h"
#include "arch/dram_spec.h"
#include "arch/enum_names.h"
#include "arch/fact.h"
#include "arch/fpga/fpga_part.h"
#include "arch/isa/data_type.h"
#include "arch/isa/engine.h"
#include "arch/isa/io_memory.h"
#include "arch/isa/mac_kind.h"
#include "arch/silicon_spec.h"
#include "arch/units/clock.h"
#include "arch/units/units.h"

namespace systole {

class ConfigNode;

/// Which operand stays in the PEs (arch/dataflow.h has what follows from it).
enum class Dataflow : std::uint8_t { WeightStationary, InputStationary, OutputStationary };

template <>
inline constexpr auto kEnumNames<Dataflow> = std::to_array<EnumName<Dataflow>>({
    {Dataflow::WeightStationary, "weight_stationary"},
    {Dataflow::InputStationary, "input_stationary"},
    {Dataflow::OutputStationary, "output_stationary"},
});

/// What of neighbouring folds overlaps. `Shadow`: a shadow register in each PE takes the next
/// stationary tile, or the sums on their way out, while the array goes on. `None`: a fold has the
/// array to itself from its first load to its last result, as simulators without overlap count.
enum class Overlap : std::uint8_t { Shadow, None };

template <>
inline constexpr auto kEnumNames<Overlap> = std::to_array<EnumName<Overlap>>({
    {Overlap::Shadow, "shadow"},
    {Overlap::None, "none"},
});

/// How the array is simulated: by closed rules, or by moving every operand through every PE in
/// every cycle. Both give the same cycles and the same numbers.
enum class ArrayModel : std::uint8_t { Tile, Pe };

template <>
inline constexpr auto kEnumNames<ArrayModel> = std::to_array<EnumName<ArrayModel>>({
    {ArrayModel::Tile, "tile"},
    {ArrayModel::Pe, "pe"},
});

/// Systolic arrays of rows x cols PEs each: `count` of them in a core, which share its unified
/// buffer and its vector unit. Each has a weight FIFO and accumulators of its own.
struct MatrixUnitSpec {
  std::int64_t count = 1;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Dataflow dataflow = Dataflow::WeightStationary;
  Overlap overlap = Overlap::Shadow;
  ArrayModel model = ArrayModel::Tile;
  /// Core cycles per step of the streamed axis by kind of operands; 0: the PEs cannot multiply it.
  std::array<CoreCycles, kMacKindCount> pace_of_kind{};

  [[nodiscard]] bool supports(MacKind kind) const { return pace(kind) > CoreCycles(0); }
  [[nodiscard]] CoreCycles pace(MacKind kind) const {
    return pace_of_kind[static_cast<std::size_t>(kind)];
  }
  /// Throws InternalError for types that the PEs cannot multiply.
  [[nodiscard]] CoreCycles pace(DataType activation, DataType weight) const;
  /// Of one unit.
  [[nodiscard]] std::int64_t macs_per_cycle() const { return rows * cols; }
};

/// Of each matrix unit: entries of `cols` partial sums of 4 bytes each, in `banks` banks of one
/// access per cycle each, interleaved by entry; `ports` accesses per cycle in all (ports <= banks).
struct AccumulatorSpec {
  std::int64_t entries = 0;
  std::int64_t banks = 0;
  std::int64_t ports = 0;
};

/// Of each matrix unit: tiles of up to rows x cols elements each. They come from DRAM, and where
/// the chip has the way from the unified buffer.
struct WeightFifoSpec {
  std::int64_t tiles = 0;
  bool from_buffer = false;
  /// DRAM holds the tiles of weights padded to rows x cols, and the padding is read with them.
  bool whole_tiles = false;
  /// How long a transposed tile takes to turn, for each of its rows; none: no tile can be.
  std::optional<CoreCycles> transpose;
  /// By type in memory: how long a row of a tile takes to become what the array multiplies; 0: the
  /// way into the array does not convert such elements.
  std::array<CoreCycles, kDataTypeCount> convert{};

  [[nodiscard]] CoreCycles conversion_of(DataType type) const {
    return convert[static_cast<std::size_t>(type)];
  }
  [[nodiscard]] bool converts(DataType type) const { return conversion_of(type) > CoreCycles(0); }
};

/// `banks` banks of one access per cycle each, interleaved by `port_width` bytes; `ports` accesses
/// of up to `port_width` bytes per cycle in all (ports <= banks).
struct UnifiedBufferSpec {
  Bytes capacity{0};
  std::int64_t banks = 0;
  std::int64_t ports = 0;
  Bytes port_width{0};
};

/// Classes of vector work; the throughput of each is data. The last two are of stages of row loops:
/// reductions, which take as long as element-wise work unless a chip says otherwise, and functions,
/// which take as long as activations.
enum class VectorClass : std::uint8_t {
  Activation,
  Elementwise,
  Pooling,
  Softmax,
  Reduction,
  Transcendental
};
inline constexpr int kVectorClassCount = 6;

template <>
inline constexpr auto kEnumNames<VectorClass> = std::to_array<EnumName<VectorClass>>({
    {VectorClass::Activation, "activation"},
    {VectorClass::Elementwise, "elementwise"},
    {VectorClass::Pooling, "pooling"},
    {VectorClass::Softmax, "softmax"},
    {VectorClass::Reduction, "reduction"},
    {VectorClass::Transcendental, "transcendental"},
});

/// A step handles one vector of up to `lanes` elements; a class takes `pace` cycles per step.
struct VectorUnitSpec {
  std::int64_t lanes = 0;
  CoreCycles latency{0};  ///< pipeline depth: first operand in to first result visible
  std::int64_t alus = 4;  ///< element-wise stages of a row loop that issue together
  std::array<CoreCycles, kVectorClassCount> pace{};

  [[nodiscard]] CoreCycles pace_of(VectorClass kind) const {
    return pace[static_cast<std::size_t>(kind)];
  }
};

/// Each DMA engine splits its descriptors into requests of at most `request` bytes and keeps up to
/// `outstanding` of them in flight; a descriptor costs `issue` cycles before its first request.
struct DmaSpec {
  Bytes request{0};
  std::int64_t outstanding = 0;
  CoreCycles issue{0};
};

struct HostLinkSpec {
  BytesPerSecond bandwidth{0};  ///< each transfer, either direction
  CoreCycles latency{0};        ///< before the first byte of a transfer (rounded up to cycles)
};

/// Per-engine queues of `depth` instructions, filled at one instruction per `issue` cycles.
struct SequencerSpec {
  std::int64_t depth = 0;
  CoreCycles issue{0};
};

struct ChipSpec {
  std::string name;
  std::string description;
  std::string file;  ///< where it was read, for messages
  Hertz frequency{0};
  /// Each has all that follows but DRAM and host link, which they share.
  std::int64_t cores = 1;
  MatrixUnitSpec matrix;
  AccumulatorSpec accumulators;
  WeightFifoSpec weight_fifo;
  UnifiedBufferSpec buffer;
  VectorUnitSpec vector;
  DmaSpec dma;
  DramSpec dram;
  HostLinkSpec host;
  IoMemory io = IoMemory::Host;  ///< where a network's inputs and outputs are, unless a run says
  SequencerSpec sequencer;
  std::optional<FpgaPart> fpga;        ///< that it is built in; the chip fits
  std::optional<SiliconSpec> silicon;  ///< without it neither energy nor area is known
  std::optional<CostSpec> cost;
  std::vector<Fact> facts;  ///< in file order

  [[nodiscard]] Clock<CoreCycles> clock() const { return Clock<CoreCycles>(frequency); }
  [[nodiscard]] EngineSet engines() const {
    return {.cores = static_cast<std::int32_t>(cores),
            .matrix_units = static_cast<std::int32_t>(matrix.count)};
  }
  /// Of all cores.
  [[nodiscard]] std::int64_t matrix_units() const { return cores * matrix.count; }
  [[nodiscard]] std::int64_t macs_per_cycle() const {
    return matrix_units() * matrix.macs_per_cycle();
  }
};

/// Reads and cross-checks configs/chips/*.yaml. `dram_directories` are searched in order for
/// NAME.yaml of the DRAM standard (the chip file's own ../dram first). Throws ConfigError.
[[nodiscard]] ChipSpec read_chip(const std::string& file,
                                 const std::vector<std::string>& dram_directories = {});
/// The same for a chip's file that is open, some of its values replaced perhaps; `node` then knows
/// every key that a chip may have.
[[nodiscard]] ChipSpec read_chip(const ConfigNode& node,
                                 const std::vector<std::string>& dram_directories);

}  // namespace systole
