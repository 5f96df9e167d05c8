#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/isa/instruction.h"
#include "arch/isa/io_memory.h"
#include "arch/isa/stream.h"

namespace systole {

/// What a tensor of the program is, which says where its bytes are when the program starts or ends.
enum class TensorRole : std::uint8_t {
  Input,         ///< filled before the run, in the memory that `io` names
  Output,        ///< found there after the run
  Intermediate,  ///< between two layers; `home` is its DRAM address if it is spilled, else unused
  Constant,      ///< bias or table, in DRAM before the run
  State,         ///< in DRAM before and after the run, which may change some of it
};

template <>
inline constexpr auto kEnumNames<TensorRole> = std::to_array<EnumName<TensorRole>>({
    {TensorRole::Input, "input"},
    {TensorRole::Output, "output"},
    {TensorRole::Intermediate, "intermediate"},
    {TensorRole::Constant, "constant"},
    {TensorRole::State, "state"},
});

/// Packed row-major pixels x channels elements. Shape (batch, height, width) is folded in pixels.
struct ProgramTensor {
  std::string name;
  TensorRole role = TensorRole::Intermediate;
  DataType type = DataType::Int8;
  std::int64_t pixels = 0;
  std::int64_t channels = 0;
  std::int64_t home = 0;         ///< address in host memory (inputs and outputs there) or DRAM
  IoMemory io = IoMemory::Host;  ///< of inputs and outputs; the others are in DRAM and say `host`

  [[nodiscard]] bool is_in_host_memory() const {
    return (role == TensorRole::Input || role == TensorRole::Output) && io == IoMemory::Host;
  }
  [[nodiscard]] std::int64_t bytes() const { return bytes_of(type, pixels * channels); }
  bool operator==(const ProgramTensor&) const = default;
};

/// A block of the right operand of one layer's products (reduction x output channels): of its
/// weights, packed row-major in DRAM, or of a tensor. Element (0, 0) is then byte `offset` of the
/// packed tensor; the next of the same row (of the same column, where it is transposed) follows it,
/// and the next row (or column) begins `pitch` bytes further.
struct WeightTile {
  std::int32_t layer = 0;
  std::int64_t k_first = 0;  ///< reduction index within the group: (ky, kx, c) flattened
  std::int64_t rows = 0;
  std::int64_t n_first = 0;  ///< output channel, counted over all groups
  std::int64_t cols = 0;
  std::int64_t dram_address = 0;  ///< of weights
  TensorId tensor = kNoTensor;
  std::int64_t offset = 0;
  std::int64_t pitch = 0;
  bool transposed = false;
  /// Elements of weights that stand between groups packed side by side and belong to none: no
  /// product of the network.
  std::int64_t zeros = 0;

  /// Products with one position that the network asks for.
  [[nodiscard]] std::int64_t products() const { return rows * cols - zeros; }
  bool operator==(const WeightTile&) const = default;
};

/// What a semaphore carries, for the names of stalls: `Data` says that operands are ready, `Space`
/// that a buffer may be overwritten.
enum class SemaphoreKind : std::uint8_t { Data, Space };

template <>
inline constexpr auto kEnumNames<SemaphoreKind> = std::to_array<EnumName<SemaphoreKind>>({
    {SemaphoreKind::Data, "data"},
    {SemaphoreKind::Space, "space"},
});

/// Counting, starts at 0; signalled by one engine only and waited for by one engine only.
struct Semaphore {
  EngineId from;
  EngineId to;
  SemaphoreKind kind = SemaphoreKind::Data;

  bool operator==(const Semaphore&) const = default;
};

struct ProgramLayer {
  std::string name;
  std::string kind;
  std::int64_t macs = 0;  ///< of the network's arithmetic, padding included as zeros
  bool fused = false;  ///< computed by the row loops of the layer before, whose result it replaces

  bool operator==(const ProgramLayer&) const = default;
};

/// What the compiler writes and the simulator executes: the contract between the two.
struct Program {
  std::string network;
  std::string chip;
  std::int64_t batch = 1;
  std::int64_t dram_bytes = 0;  ///< DRAM used, from address 0
  std::int64_t host_bytes = 0;  ///< host memory used, from address 0
  std::vector<ProgramLayer> layers;
  std::vector<ProgramTensor> tensors;
  std::vector<WeightTile> tiles;
  std::vector<Semaphore> semaphores;
  PerEngine<Stream> streams;

  [[nodiscard]] const EngineSet& engines() const { return streams.engines(); }
  [[nodiscard]] Stream& stream(EngineId engine) { return streams[engine]; }
  [[nodiscard]] const Stream& stream(EngineId engine) const { return streams[engine]; }
  bool operator==(const Program&) const = default;
};

}  // namespace systole
